//! Term ranges: `[a TO b]`, `>=a`.

use crate::query::Bound;

/// A range of terms, ordered as Lucene orders them: by their UTF-8 bytes.
///
/// Both ends open means every term. Numbers and dates have no order of their own here: in the
/// built-in schemas every value is a string, so `"9" > "10"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermRange {
    /// The lower end.
    pub lower: Bound,
    /// The upper end.
    pub upper: Bound,
}

impl TermRange {
    /// Whether the term lies inside.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::{Bound, TermRange};
    /// let range = TermRange { lower: Bound::Inclusive("10".into()), upper: Bound::Open };
    /// assert!(range.contains("10") && range.contains("9"));
    /// assert!(!range.contains("1"));
    /// ```
    pub fn contains(&self, term: &str) -> bool {
        let above = match &self.lower {
            Bound::Open => true,
            Bound::Inclusive(end) => term >= end.as_str(),
            Bound::Exclusive(end) => term > end.as_str(),
        };
        let below = match &self.upper {
            Bound::Open => true,
            Bound::Inclusive(end) => term <= end.as_str(),
            Bound::Exclusive(end) => term < end.as_str(),
        };
        above && below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(lower: Bound, upper: Bound) -> TermRange {
        TermRange { lower, upper }
    }

    #[test]
    fn ends_are_inside_or_outside_as_written() {
        let inclusive = range(Bound::Inclusive("b".into()), Bound::Inclusive("d".into()));
        assert!(inclusive.contains("b") && inclusive.contains("d"));
        assert!(!inclusive.contains("a") && !inclusive.contains("da"));
        let exclusive = range(Bound::Exclusive("b".into()), Bound::Exclusive("d".into()));
        assert!(exclusive.contains("ba") && exclusive.contains("c"));
        assert!(!exclusive.contains("b") && !exclusive.contains("d"));
    }

    #[test]
    fn open_ends_and_the_empty_term() {
        assert!(range(Bound::Open, Bound::Open).contains(""));
        assert!(range(Bound::Open, Bound::Exclusive("a".into())).contains(""));
        assert!(!range(Bound::Inclusive("a".into()), Bound::Open).contains(""));
    }

    #[test]
    fn order_is_by_utf8_bytes_not_utf16() {
        // U+FFFD is below U+1F600 by code point and by UTF-8, above it by UTF-16 unit.
        let above = range(Bound::Exclusive("\u{fffd}".into()), Bound::Open);
        assert!(above.contains("\u{1f600}"));
        assert!(!above.contains("Z"));
    }

    #[test]
    fn ends_the_wrong_way_round_hold_nothing() {
        let none = range(Bound::Inclusive("b".into()), Bound::Inclusive("a".into()));
        assert!(!none.contains("a") && !none.contains("b") && !none.contains("aa"));
    }
}
