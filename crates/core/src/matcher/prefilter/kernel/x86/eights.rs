//! What it takes to look at eight words at a time: the text round a group in one piece, and room for the eight.

use super::super::{
    super::beside::{BESIDE, MOST, Word},
    EIGHT, Eight, GROUP_BYTES, Part, SiftedWords,
};

/// Bytes of a group with what may stand beside its words: bytes before it, and behind it the longest word and as
/// many bytes.
const ROUND: usize = BESIDE + GROUP_BYTES + MOST as usize + BESIDE;

/// A group with these bytes; it begins [`BESIDE`] bytes behind their start.
pub(super) type Round = [u8; ROUND];

impl<'b> Part<'b> {
    /// The group with what stands round it, unless it is too near an end of the block.
    #[inline(always)]
    pub(super) fn round(self) -> Option<&'b Round> {
        self.block[self.start.checked_sub(BESIDE)?..].first_chunk()
    }
}

/// Where the next eight words go, of which some are kept.
pub(super) struct RoomForEight<'a> {
    pub(super) words: &'a mut [Word; EIGHT],
    pub(super) keys: &'a mut Eight,
    pub(super) before: &'a mut Eight,
    pub(super) behind: &'a mut Eight,
}

impl SiftedWords {
    /// Adds as many of eight words as `add` writes to the front of their room, and tells.
    #[inline(always)]
    pub(super) fn add_of_eight(&mut self, add: impl FnOnce(RoomForEight<'_>) -> usize) {
        fn eight<T>(column: &mut [T], at: usize) -> &mut [T; EIGHT] {
            column[at..at + EIGHT].as_mut_array().expect("the slice has that length")
        }
        let at = self.count;
        self.count += add(RoomForEight {
            words: eight(&mut self.words, at),
            keys: eight(&mut self.keys, at),
            before: eight(&mut self.before, at),
            behind: eight(&mut self.behind, at),
        });
    }
}
