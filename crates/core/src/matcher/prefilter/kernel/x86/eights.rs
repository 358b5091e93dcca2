//! What it takes to look at eight words at a time: the text round a group in one piece, and room for the eight.

use std::mem::offset_of;

use super::super::{
    super::beside::{BESIDE, MOST, Sides, Word},
    EIGHT, EightPlaces, GROUP_BYTES, PLACES, Part, Room, SiftedWords,
    ahead::{STEPS, Step},
};

/// Of each of eight words a number, or eight bytes.
pub(super) type Eight = [u64; EIGHT];

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

/// For each set of the four things that may fit, in the order of `Sides`, whether a word with those is kept: what
/// stands before or behind, or what stands on either side of a phrase that goes on at both.
pub(super) const ADMITS: u16 = 0b1111_1110_1110_1110;

/// Holds [`Word`] and [`Sides`] to how they lie in memory, as vectors read and write them.
pub(super) const fn assert_layout() {
    assert!(size_of::<Word>() == size_of::<u64>());
    assert!(offset_of!(Word, length) == 4);
    assert!(offset_of!(Word, before) == 5 && offset_of!(Word, behind) == 6);
    assert!(size_of::<Sides>() == 4 * size_of::<u64>());
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

/// Of each eight words that start at the places of a group, where their bits of the filter are.
#[derive(Debug)]
pub(in super::super) struct Homes {
    pub(super) narrow: [EightHomes; PLACES / EIGHT],
    pub(super) wide: [WideHomes; PLACES / EIGHT],
}

/// Of eight words, where their bits of the filter are; see [`Home`](super::super::super::sieve::Home).
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct EightHomes {
    pub(super) bytes: EightPlaces,
    pub(super) bits: EightPlaces,
}

/// The same as wide as the lanes that it is reckoned in, where more instructions make it narrower than are saved by
/// that.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WideHomes {
    pub(super) bytes: Eight,
    /// The lowest six bits count.
    pub(super) bits: Eight,
}

impl Default for Homes {
    fn default() -> Homes {
        Homes {
            narrow: [EightHomes::default(); PLACES / EIGHT],
            wide: [WideHomes::default(); PLACES / EIGHT],
        }
    }
}

impl Room {
    /// Moves those of so many places that the filter admits to the front and returns their number: [`Room::hash`] where
    /// instructions look at eight words at a time. Of each eight `homes` tells where in the filter they are, and
    /// `keep` moves those of the first so many to the front that it admits, and tells how many they are.
    ///
    /// In two steps, as each waits for memory in the middle: the less there is of one, the more of it is under
    /// way at once. Both loads of a word, of its codes and of the filter's bits, are loads like any other: to
    /// gather eight by one instruction made all this take twice as long on an AMD EPYC (Zen 4), and Intel's
    /// machines that are mended against Downfall (CVE-2022-40982) are slow at it too.
    #[inline(always)]
    pub(super) fn hash_eights<const COLD: bool>(
        &mut self,
        count: usize,
        homes: &impl Fn(Eight) -> EightHomes,
        keep: &impl Fn(&mut EightPlaces, &EightHomes, usize) -> usize,
    ) -> usize {
        // What is behind the last place is hashed with it, and dropped.
        let eights = count.div_ceil(EIGHT);
        let places = self.places.as_chunks().0.iter();
        for (turn, (own, eight)) in
            self.homes.narrow.iter_mut().zip(places).take(eights).enumerate()
        {
            self.ahead.fetch::<COLD>(Step::Homes, turn * STEPS);
            let eight: &EightPlaces = eight;
            *own = homes(eight.map(|place| self.text.load(place)));
        }
        let mut kept = 0;
        for (index, homes) in self.homes.narrow.iter().enumerate().take(eights) {
            self.ahead.fetch::<COLD>(Step::Keep, index * STEPS);
            let mut eight: EightPlaces = self.places.as_chunks().0[index];
            let admitted = keep(&mut eight, homes, EIGHT.min(count - index * EIGHT));
            self.places[kept..kept + EIGHT].copy_from_slice(&eight);
            kept += admitted;
        }
        kept
    }
}
