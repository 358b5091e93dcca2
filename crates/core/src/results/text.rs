//! Texts that are gathered piece by piece and held within bounds.

use crate::log::MAX_EVENT;

/// The beginning of a text: no more than an event may have, and a byte that tells that there was
/// more.
#[derive(Debug, Default)]
pub(super) struct Head(Vec<u8>);

impl Head {
    /// Adds a piece; what is beyond the bound is dropped. Returns the number of bytes kept.
    pub(super) fn push(&mut self, piece: &[u8]) -> usize {
        let kept = piece.len().min((MAX_EVENT + 1).saturating_sub(self.0.len()));
        self.0.extend_from_slice(&piece[..kept]);
        kept
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text without blanks at its ends, bytes that are no UTF-8 replaced.
    pub(super) fn to_text(&self) -> String {
        String::from_utf8_lossy(&self.0).trim().to_owned()
    }
}

/// The end of a text, cut at the beginning of a line where there is one, and without blanks at its
/// ends.
pub(super) fn tail(text: &str, limit: usize) -> &str {
    let text = text.trim();
    if text.len() <= limit {
        return text;
    }
    let rest = &text[text.ceil_char_boundary(text.len() - limit)..];
    rest.find('\n').map_or(rest, |feed| &rest[feed + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_bounded() {
        let mut head = Head::default();
        assert_eq!(head.push(b" a"), 2);
        assert_eq!(head.push(&vec![b'x'; 2 * MAX_EVENT]), MAX_EVENT - 1);
        assert_eq!(head.push(b"y"), 0);
        assert_eq!((head.len(), head.to_text().len()), (MAX_EVENT + 1, MAX_EVENT));
    }

    #[test]
    fn tails_begin_with_a_line() {
        assert_eq!(tail("  one\ntwo \n", 100), "one\ntwo");
        assert_eq!(tail("one\ntwo\nthree", 9), "three");
        assert_eq!(tail("äöü", 3), "ü");
    }
}
