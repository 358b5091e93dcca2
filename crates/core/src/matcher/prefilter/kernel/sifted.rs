//! The words that are left when the sieve has let them through: what stands beside them decides which are kept.

use std::array;

use super::{
    super::{
        beside::{BESIDE, Beside, MOST, Slots, Word, bit_beside},
        sieve::{key_at, key_of_load},
    },
    EIGHT, Eight, EightPlaces, GROUP_BYTES, LOAD, Room,
};

/// A word of the block with what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Sifted {
    pub(in super::super) word: Word,
    /// Its first eight bytes; see [`key_at`].
    pub(in super::super) key: u64,
    pub(in super::super) beside: Beside,
}

/// Words in order, each kind of knowledge in a column of its own, so that eight are added as vectors. Behind the
/// first so many there is room.
#[derive(Debug, Default)]
pub(super) struct SiftedWords {
    words: Vec<Word>,
    keys: Vec<u64>,
    before: Vec<u64>,
    behind: Vec<u64>,
    count: usize,
}

/// Where the next eight words go, of which some are kept.
pub(super) struct RoomForEight<'a> {
    pub(super) words: &'a mut [Word; EIGHT],
    pub(super) keys: &'a mut Eight,
    pub(super) before: &'a mut Eight,
    pub(super) behind: &'a mut Eight,
}

impl SiftedWords {
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Sifted> {
        let count = self.count;
        let beside = self.before[..count].iter().zip(&self.behind[..count]);
        let words = self.words[..count].iter().zip(&self.keys[..count]);
        words.zip(beside).map(|((&word, &key), (&before, &behind))| {
            let beside = Beside { before, behind };
            Sifted { word, key, beside }
        })
    }

    /// Makes room for so many more, and for eight behind them.
    fn reserve(&mut self, more: usize) {
        let most = self.count + more + EIGHT;
        if self.words.len() < most {
            let size = most.next_power_of_two();
            self.words.resize(size, Word::default());
            for column in [&mut self.keys, &mut self.before, &mut self.behind] {
                column.resize(size, 0);
            }
        }
    }

    /// Writes a word behind the others, to stay there only if it `is_kept`: a branch would be mispredicted.
    #[inline(always)]
    fn add(&mut self, Sifted { word, key, beside }: Sifted, is_kept: bool) {
        let at = self.count;
        (self.words[at], self.keys[at]) = (word, key);
        (self.before[at], self.behind[at]) = (beside.before, beside.behind);
        self.count += usize::from(is_kept);
    }

    /// Adds as many of eight words as `add` writes to the front of their room, and tells.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
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

/// The part of a block that a group is.
#[derive(Clone, Copy)]
pub(super) struct Part<'b> {
    pub(super) block: &'b [u8],
    /// Where the group begins.
    pub(super) start: usize,
}

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

impl Room {
    /// Adds those of the words at the first so many places to `kept` that have the right surroundings.
    #[inline(always)]
    pub(super) fn sifted(
        &self,
        slots: &Slots,
        (part, places): (Part<'_>, usize),
        kept: &mut SiftedWords,
    ) {
        kept.reserve(places);
        self.sifted_one_by_one(slots, (part, &self.places[..places]), kept);
    }

    /// The same, eight words at a time where that is possible, and step by step, so that the compiler uses vectors:
    /// that pays where lanes of 64 bits are shifted each by a number of its own.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    #[inline(always)]
    pub(super) fn sifted_in_eights(
        &self,
        slots: &Slots,
        (part, places): (Part<'_>, usize),
        kept: &mut SiftedWords,
    ) {
        kept.reserve(places);
        let mut rest = &self.places[..places];
        if let Some(round) = part.round() {
            let (eights, behind) = rest.as_chunks();
            for eight in eights {
                self.sifted_eight(slots, (round, part.start), eight, kept);
            }
            rest = behind;
        }
        self.sifted_one_by_one(slots, (part, rest), kept);
    }

    /// The same by a form's own `eight`, which is told how many of the eight places count: all but the last time
    /// all of them.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    #[inline(always)]
    pub(super) fn sifted_by(
        &self,
        slots: &Slots,
        (part, places): (Part<'_>, usize),
        kept: &mut SiftedWords,
        eight: &impl Fn(&Round, &EightPlaces, usize, &mut SiftedWords),
    ) {
        let Some(round) = part.round() else {
            return self.sifted(slots, (part, places), kept);
        };
        kept.reserve(places);
        let eights = self.places.as_chunks().0.iter().take(places.div_ceil(EIGHT));
        for (turn, own) in eights.enumerate() {
            eight(round, own, EIGHT.min(places - turn * EIGHT), kept);
        }
    }

    #[inline(always)]
    fn sifted_one_by_one(
        &self,
        slots: &Slots,
        (part, places): (Part<'_>, &[u16]),
        kept: &mut SiftedWords,
    ) {
        let Part { block, start } = part;
        for &at in places {
            let word = Word { at: (start + usize::from(at)) as u32, ..self.masks.word(at) };
            let key = key_at(block, word.at as usize, usize::from(word.length));
            let beside = Beside::of(block, word);
            let is_kept = slots.sides(key, word.length).admit(beside);
            kept.add(Sifted { word, key, beside }, is_kept);
        }
    }

    #[cfg(all(target_arch = "x86_64", not(miri)))]
    #[inline(always)]
    fn sifted_eight(
        &self,
        slots: &Slots,
        (round, start): (&Round, usize),
        eight: &EightPlaces,
        kept: &mut SiftedWords,
    ) {
        // In a loop: what `map` calls would be compiled without the form's instructions.
        let mut words = [Word::default(); EIGHT];
        for (word, &at) in words.iter_mut().zip(eight) {
            *word = self.masks.word(at);
        }
        let load = |at: usize| -> [u8; LOAD] {
            round[at..at + LOAD].try_into().expect("the slice has that length")
        };
        // The remainder only tells the compiler that a place lies within the group.
        let start_of = |lane: usize| usize::from(eight[lane]) % GROUP_BYTES;
        let own: Eight = array::from_fn(|lane| u64::from_le_bytes(load(BESIDE + start_of(lane))));
        // Seen from the word, both sides look alike.
        let before: Eight = array::from_fn(|lane| u64::from_be_bytes(load(start_of(lane))));
        let behind: Eight = array::from_fn(|lane| {
            let length = usize::from(words[lane].length.min(MOST));
            u64::from_le_bytes(load(BESIDE + start_of(lane) + length))
        });
        let lengths = words.map(|word| u64::from(word.length));
        let before_gaps = words.map(|word| u64::from(word.before));
        let behind_gaps = words.map(|word| u64::from(word.behind));
        let keys: Eight = array::from_fn(|lane| key_of_load(own[lane], lengths[lane]));
        let before: Eight = array::from_fn(|lane| bit_beside(before[lane], before_gaps[lane]));
        let behind: Eight = array::from_fn(|lane| bit_beside(behind[lane], behind_gaps[lane]));
        let homes: Eight = array::from_fn(|lane| slots.home(keys[lane], lengths[lane]));
        for lane in 0..EIGHT {
            let word = Word { at: (start + usize::from(eight[lane])) as u32, ..words[lane] };
            let beside = Beside { before: before[lane], behind: behind[lane] };
            let is_kept = slots.at(homes[lane]).admit(beside);
            kept.add(Sifted { word, key: keys[lane], beside }, is_kept);
        }
    }
}
