//! Fuzzy terms: `term~2`.

/// A term with an edit distance around it.
///
/// The distance counts insertions, deletions, substitutions and swaps of two neighbours, each as
/// one, by code point, and edits no part twice: what Lucene's Levenshtein automata with
/// transpositions accept. Unlike a server, which looks at the 50 best terms of its index
/// (`fuzzy_max_expansions`), every term within the distance matches: the 50 depend on the whole
/// index and not on the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fuzzy {
    text: String,
    chars: Vec<char>,
    max_edits: u8,
}

impl Fuzzy {
    /// A fuzzy term that allows up to `max_edits` edits (Lucene knows 0, 1 and 2).
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::Fuzzy;
    /// let fuzzy = Fuzzy::new("connection".to_owned(), 1);
    /// assert!(fuzzy.matches("conenction"));
    /// assert!(!fuzzy.matches("conections"));
    /// ```
    pub fn new(text: String, max_edits: u8) -> Fuzzy {
        let chars = text.chars().collect();
        Fuzzy { text, chars, max_edits }
    }

    /// The term as given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many edits are allowed.
    pub fn max_edits(&self) -> u8 {
        self.max_edits
    }

    /// Whether `term` is within the distance.
    pub fn matches(&self, term: &str) -> bool {
        let edits = usize::from(self.max_edits);
        // A code point is at most four bytes: refuse far longer terms before decoding them.
        if term.len() > 4 * (self.chars.len() + edits) {
            return false;
        }
        let other: Vec<char> = term.chars().collect();
        self.chars.len().abs_diff(other.len()) <= edits && within(&self.chars, &other, edits)
    }
}

/// Whether the restricted Damerau-Levenshtein distance of `a` and `b` is at most `edits`.
///
/// Three rows of the usual table, of which only the band `|i - j| <= edits` is filled: every path
/// outside it costs more. O(length × edits).
fn within(a: &[char], b: &[char], edits: usize) -> bool {
    let far = edits + 1;
    let mut before: Vec<usize> = vec![far; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).map(|j| j.min(far)).collect();
    let mut row: Vec<usize> = vec![far; b.len() + 1];
    for i in 1..=a.len() {
        let (first, last) = (i.saturating_sub(edits).max(1), (i + edits).min(b.len()));
        // Beside the band stand the border of the table and what this row held three rows ago.
        row[first - 1] = if first == 1 { i.min(far) } else { far };
        if let Some(beyond) = row.get_mut(last + 1) {
            *beyond = far;
        }
        for j in first..=last {
            let substituted = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substituted.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row[j] = best.min(far);
        }
        std::mem::swap(&mut before, &mut above);
        std::mem::swap(&mut above, &mut row);
    }
    above[b.len()] <= edits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(text: &str, edits: u8, term: &str) -> bool {
        Fuzzy::new(text.to_owned(), edits).matches(term)
    }

    #[test]
    fn each_kind_of_edit_counts_one() {
        for term in ["timeout", "imeout", "timeouts", "timeoux", "itmeout"] {
            assert!(matches("timeout", 1, term), "{term}");
        }
        for term in ["meout", "timeoutss", "timexux", "itmeuot", ""] {
            assert!(!matches("timeout", 1, term), "{term}");
        }
        assert!(matches("timeout", 2, "itmeuot"));
        assert!(!matches("timeout", 0, "timeouts"));
        assert!(matches("timeout", 0, "timeout"));
    }

    #[test]
    fn a_swapped_pair_is_not_edited_again() {
        // "ca" -> "ac" -> "abc" would be two edits of the unrestricted distance.
        assert!(!matches("ca", 2, "abc"));
        assert!(matches("ca", 3, "abc"));
    }

    #[test]
    fn long_texts_cost_their_length() {
        let long = "ab".repeat(100_000);
        assert!(matches(&long, 2, &format!("x{}", &long[..199_999])));
        assert!(!matches(&long, 1, &long.replace("aba", "xyz")));
    }

    #[test]
    fn counts_code_points() {
        assert!(matches("東京都", 1, "東京"));
        assert!(matches("écran", 1, "ecran"));
        assert!(matches("a\u{1f600}", 1, "a"));
    }

    /// The whole table, by the book.
    fn distance(a: &[char], b: &[char]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let substituted = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    let moved = table[i - 1][j].min(table[i][j - 1]) + 1;
                    let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                    let best = substituted.min(moved);
                    if swapped { best.min(table[i - 2][j - 2] + 1) } else { best }
                };
            }
        }
        table[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn the_band_loses_nothing(a in "[abc]{0,7}", b in "[abc]{0,7}", edits in 0u8..4) {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = distance(&chars(&a), &chars(&b)) <= usize::from(edits);
            prop_assert_eq!(matches(&a, edits, &b), expected);
        }
    }
}
