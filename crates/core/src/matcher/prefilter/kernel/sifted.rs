//! The words that are left when the sieve has let them through: what stands beside them decides which are kept.

use super::{
    super::{
        beside::{Beside, Slots, Word},
        sieve::key_at,
    },
    EIGHT, Room,
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
    pub(super) words: Vec<Word>,
    pub(super) keys: Vec<u64>,
    pub(super) before: Vec<u64>,
    pub(super) behind: Vec<u64>,
    pub(super) count: usize,
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
    pub(super) fn reserve(&mut self, more: usize) {
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
    pub(super) fn add(&mut self, Sifted { word, key, beside }: Sifted, is_kept: bool) {
        let at = self.count;
        (self.words[at], self.keys[at]) = (word, key);
        (self.before[at], self.behind[at]) = (beside.before, beside.behind);
        self.count += usize::from(is_kept);
    }
}

/// The part of a block that a group is.
#[derive(Clone, Copy)]
pub(super) struct Part<'b> {
    pub(super) block: &'b [u8],
    /// Where the group begins.
    pub(super) start: usize,
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

    #[inline(always)]
    pub(super) fn sifted_one_by_one(
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
}
