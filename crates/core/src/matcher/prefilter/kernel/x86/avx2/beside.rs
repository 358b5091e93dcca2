//! What stands beside eight words at once: [`Room::sifted`] step by step, so that the compiler uses vectors. That pays
//! where lanes of 64 bits are shifted each by a number of its own.

use std::array;

use super::super::super::{
    super::{
        beside::{BESIDE, Beside, MOST, Slots, Word, bit_beside},
        sieve::key_of_load,
    },
    EIGHT, Eight, EightPlaces, GROUP_BYTES, LOAD, Part, Room, SiftedWords,
    sifted::Sifted,
};
use super::super::eights::Round;

impl Room {
    /// [`Room::sifted`], eight words at a time where that is possible.
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
