//! The nearest bytes round a phrase's anchor: one comparison for most places that lack the phrase.

use super::sieve::is_word_byte;

/// The bytes round a phrase's anchor, so that most places that don't have it are told by one comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Window {
    /// From [`BEFORE`](Window::BEFORE) bytes before the anchor on, lower-cased.
    wanted: [u64; Window::WORDS],
    /// The bits that count: none outside the phrase, and of a letter all but its case.
    care: [u64; Window::WORDS],
    /// A bit for each byte that decides: if it is the first, seen from the anchor, that differs, and an ASCII
    /// letter or digit stands in its place, then the phrase's next word is not there.
    decides: u32,
}

impl Window {
    const WORDS: usize = 4;
    const SIZE: usize = 8 * Window::WORDS;
    const BEFORE: usize = 8;

    /// Of a phrase as it stands most often, with its anchor at this place.
    pub(super) fn new(joined: &[u8], anchor: usize) -> Window {
        let (mut wanted, mut care) = ([0; Window::SIZE], [0; Window::SIZE]);
        let mut decides = 0;
        for at in 0..Window::SIZE {
            let place = |at: usize| (anchor + at).checked_sub(Window::BEFORE);
            let Some(&byte) = place(at).and_then(|place| joined.get(place)) else { continue };
            wanted[at] = byte;
            care[at] = if byte.is_ascii_alphabetic() { !0x20 } else { !0 };
            // Within a word, or next to the end of one: there it would be a longer word. Farther between two
            // words, a byte may be missing.
            let nearer = if at < Window::BEFORE { at + 1 } else { at - 1 };
            let beside = place(nearer).and_then(|place| joined.get(place));
            let is_decisive = is_word_byte(byte) || beside.is_some_and(|&byte| is_word_byte(byte));
            decides |= u32::from(is_decisive) << at;
        }
        Window { wanted: words_of(&wanted), care: words_of(&care), decides }
    }

    /// Whether the phrase is surely not round `at`.
    #[inline]
    pub(super) fn excludes(&self, text: &[u8], at: usize) -> bool {
        let Some(here) =
            at.checked_sub(Window::BEFORE).and_then(|start| text[start..].first_chunk())
        else {
            return false;
        };
        let words = words_of(here);
        let differs: [u64; Window::WORDS] =
            std::array::from_fn(|word| (words[word] ^ self.wanted[word]) & self.care[word]);
        let decides = |at: usize| self.decides >> at & 1 != 0 && here[at].is_ascii_alphanumeric();
        let [before, behind @ ..] = differs;
        let first = (1..).zip(behind).find(|(_, differs)| *differs != 0);
        first.is_some_and(|(word, differs)| {
            decides(8 * word + differs.trailing_zeros() as usize / 8)
        }) || before != 0 && decides(7 - before.leading_zeros() as usize / 8)
    }
}

fn words_of(bytes: &[u8; Window::SIZE]) -> [u64; Window::WORDS] {
    let (words, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|word| u64::from_le_bytes(words[word]))
}
