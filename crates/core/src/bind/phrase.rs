//! Whether the terms of a phrase stand where it wants them.
//!
//! Every executor that knows the positions of the terms asks here, so that they cannot disagree.

mod sloppy;

/// Whether a phrase matches, given where each of its terms stands in a field.
///
/// `positions[i]` holds the positions of the phrase's `i`-th term, ascending; a term that occurs
/// twice in the phrase has its list there twice. With `slop` 0 the terms must stand at consecutive
/// positions. Otherwise they may be moved, by `slop` positions in all, as Lucene's sloppy phrase
/// counts: swapping two neighbours takes 2.
///
/// Time is linear in the number of positions, times the length of the phrase.
///
/// # Example
///
/// ```
/// use recheck_core::phrase_matches;
/// let (connection, refused) = ([0, 7], [3, 8]);
/// assert!(phrase_matches(&[&connection, &refused], 0));
/// assert!(!phrase_matches(&[&refused, &connection], 1));
/// assert!(phrase_matches(&[&refused, &connection], 2));
/// ```
pub fn phrase_matches(positions: &[&[u32]], slop: u32) -> bool {
    match positions {
        [] => false,
        _ if positions.iter().any(|of_term| of_term.is_empty()) => false,
        [_] => true,
        _ if slop == 0 => exact(positions),
        _ => sloppy::matches(positions, slop),
    }
}

/// Starts from the rarest term and looks the others up around it.
fn exact(positions: &[&[u32]]) -> bool {
    let rarest = (0..positions.len()).min_by_key(|&i| positions[i].len()).unwrap_or(0);
    positions[rarest].iter().any(|&at| {
        (at as usize).checked_sub(rarest).is_some_and(|first| {
            let stands = |(i, of_term): (usize, &&[u32])| {
                u32::try_from(first + i).is_ok_and(|wanted| of_term.binary_search(&wanted).is_ok())
            };
            positions.iter().enumerate().all(stands)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The phrase's words in a text of words, by blanks.
    fn matches(phrase: &str, slop: u32, text: &str) -> bool {
        let at = |word: &str| -> Vec<u32> {
            let words = text.split(' ').enumerate().filter(|(_, found)| *found == word);
            words.map(|(at, _)| at as u32).collect()
        };
        let positions: Vec<Vec<u32>> = phrase.split(' ').map(at).collect();
        phrase_matches(&positions.iter().map(Vec::as_slice).collect::<Vec<_>>(), slop)
    }

    #[test]
    fn an_exact_phrase_stands_side_by_side_in_order() {
        assert!(matches("a b c", 0, "x a b c y"));
        assert!(matches("a a b", 0, "a a a b"));
        assert!(!matches("a b c", 0, "a b x c"));
        assert!(!matches("a b", 0, "b a"));
        assert!(!matches("a a", 0, "a b a"));
        assert!(!matches("b a", 0, "a"));
    }

    #[test]
    fn slop_counts_moves() {
        assert!(!matches("a b", 1, "a x x b"));
        assert!(matches("a b", 2, "a x x b"));
        assert!(!matches("a b", 1, "b a"));
        assert!(matches("a b", 2, "b a"));
        assert!(!matches("a b c", 3, "c b a"));
        assert!(matches("a b c", 4, "c b a"));
    }

    #[test]
    fn a_repeated_term_needs_as_many_places() {
        assert!(!matches("a a", 5, "a"));
        assert!(matches("a a", 1, "a x a"));
        assert!(!matches("a b a", 9, "a b"));
        assert!(matches("a b a", 1, "a b x a"));
    }
}
