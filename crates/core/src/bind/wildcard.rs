//! Wildcard patterns: `*` and `?`.

use crate::query::WildcardPart;

/// A pattern of literals, `*` (any characters, also none) and `?` (exactly one code point),
/// compared with whole terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard {
    parts: Vec<WildcardPart>,
    /// What stands between the stars: one segment more than there are stars.
    segments: Vec<Segment>,
}

impl Wildcard {
    /// A pattern from its parts.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::{Wildcard, WildcardPart};
    /// let pattern = Wildcard::new(vec![
    ///     WildcardPart::Any,
    ///     WildcardPart::Literal("-cpu.".to_owned()),
    ///     WildcardPart::One,
    ///     WildcardPart::Literal("xt".to_owned()),
    /// ]);
    /// assert!(pattern.matches("screen-n-cpu.txt"));
    /// assert!(!pattern.matches("screen-n-cpu.txt.gz"));
    /// ```
    pub fn new(parts: Vec<WildcardPart>) -> Wildcard {
        let mut segments = vec![Segment::default()];
        for part in &parts {
            let last = segments.len() - 1;
            match part {
                WildcardPart::Any => segments.push(Segment::default()),
                WildcardPart::One => segments[last].push_one(),
                WildcardPart::Literal(text) => segments[last].push_literal(text),
                WildcardPart::Escaped(c) => {
                    segments[last].push_literal(c.encode_utf8(&mut [0; 4]));
                }
            }
        }
        Wildcard { parts, segments }
    }

    /// The parts as given.
    pub fn parts(&self) -> &[WildcardPart] {
        &self.parts
    }

    /// Whether the whole term matches.
    ///
    /// The first and the last segment stand at the term's ends; each one between goes to the
    /// first place that is left for it, which never spoils a later one. Time is linear in the
    /// term, times the pattern's length at worst.
    pub fn matches(&self, term: &str) -> bool {
        let (first, rest) = self.segments.split_first().expect("there is always a segment");
        let Some(taken) = first.match_at(term) else { return false };
        let mut left = &term[taken..];
        let Some((last, middle)) = rest.split_last() else { return left.is_empty() };
        for segment in middle {
            let Some(end) = segment.find_end(left) else { return false };
            left = &left[end..];
        }
        last.ends(left)
    }
}

/// A run of literals and `?` without a star: it matches a fixed number of code points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Segment {
    /// Each `?` is `None`; literals side by side are joined.
    pieces: Vec<Option<String>>,
    /// How many code points the segment takes.
    length: usize,
}

impl Segment {
    fn push_one(&mut self) {
        self.pieces.push(None);
        self.length += 1;
    }

    fn push_literal(&mut self, text: &str) {
        self.length += text.chars().count();
        match self.pieces.last_mut() {
            Some(Some(literal)) => literal.push_str(text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Some(text.to_owned())),
        }
    }

    /// How many bytes the segment takes at the start of `text`, if it matches there.
    fn match_at(&self, text: &str) -> Option<usize> {
        let mut left = text;
        for piece in &self.pieces {
            left = match piece {
                Some(literal) => left.strip_prefix(literal.as_str())?,
                None => {
                    let mut chars = left.chars();
                    chars.next()?;
                    chars.as_str()
                }
            };
        }
        Some(text.len() - left.len())
    }

    /// The end of the segment's first match in `text`.
    fn find_end(&self, text: &str) -> Option<usize> {
        if let [Some(literal)] = self.pieces.as_slice() {
            return text.find(literal.as_str()).map(|start| start + literal.len());
        }
        let starts = text.char_indices().map(|(start, _)| start).chain([text.len()]);
        starts.into_iter().find_map(|start| Some(start + self.match_at(&text[start..])?))
    }

    /// Whether `text` ends with the segment.
    fn ends(&self, text: &str) -> bool {
        let start = match self.length {
            0 => Some(text.len()),
            length => text.char_indices().rev().nth(length - 1).map(|(start, _)| start),
        };
        start.is_some_and(|start| self.match_at(&text[start..]) == Some(text.len() - start))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(pattern: &str) -> Wildcard {
        let part = |c| match c {
            '*' => WildcardPart::Any,
            '?' => WildcardPart::One,
            _ => WildcardPart::Literal(String::from(c)),
        };
        Wildcard::new(pattern.chars().map(part).collect())
    }

    #[test]
    fn patterns_cover_the_whole_term() {
        for (pattern, term) in [
            ("foo", "foo"),
            ("foo*", "foo"),
            ("*foo", "foo"),
            ("f*o", "foo"),
            ("*a*b", "aabab"),
            ("?", "é"),
            ("??", "東京"),
            ("*?", "x"),
            ("a*?b", "axb"),
            ("**", ""),
            ("", ""),
        ] {
            assert!(parse(pattern).matches(term), "{pattern} {term}");
        }
        for (pattern, term) in [
            ("foo", "foobar"),
            ("foo*", "xfoo"),
            ("f?o", "fo"),
            ("a*a", "a"),
            ("?", ""),
            ("?", "ab"),
            ("*?", ""),
            ("a*?b", "ab"),
            ("", "a"),
        ] {
            assert!(!parse(pattern).matches(term), "{pattern} {term}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_no_more_than_its_length_times_the_term() {
        let pattern = format!("{}b", "*a".repeat(2_000));
        assert!(!parse(&pattern).matches(&"a".repeat(30_000)));
    }

    /// The textbook recursion.
    fn naive(pattern: &[char], term: &[char]) -> bool {
        match pattern.split_first() {
            None => term.is_empty(),
            Some(('*', rest)) => (0..=term.len()).any(|skip| naive(rest, &term[skip..])),
            Some((wanted, rest)) => term.split_first().is_some_and(|(found, left)| {
                (*wanted == '?' || wanted == found) && naive(rest, left)
            }),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_recursion(pattern in "[aé*?]{0,8}", term in "[aéb]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = naive(&chars(&pattern), &chars(&term));
            prop_assert_eq!(parse(&pattern).matches(&term), expected);
        }
    }
}
