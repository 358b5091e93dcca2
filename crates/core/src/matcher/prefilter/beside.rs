//! What stands beside a word: the cheapest look that tells most of them from anchors.
//!
//! Most words that pass the sieve are the right word in the wrong place, so what stands beside a
//! word is looked at before the word itself is: two letters of the word behind and two of the word before,
//! each against a filter of 64 bits, of all anchors whose hashes share a [slot](Slots). No branch depends on
//! the text until both said that it is worth one.

use super::{
    context::Context,
    sieve::{HIGH, ONES, hash},
};

/// A word of the block. The vector forms rely on its layout, and on that of [`Sides`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Word {
    pub(super) at: u32,
    /// Its bytes, at most [`MOST`].
    pub(super) length: u8,
    /// Bytes between the word before and this one, 0 when it is too far away.
    pub(super) before: u8,
    /// Bytes between this word and the one behind, 0 when it is too far away.
    pub(super) behind: u8,
}

/// Lengths are told up to here: so many, or more.
pub(super) const MOST: u8 = 64;

/// What may stand beside a word for one of its phrases to be here.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct Sides {
    /// For phrases that end with the word before it: what that may be, by its last two letters.
    before: u64,
    /// For those that begin with it: what the word behind may be, by its first two.
    behind: u64,
    /// For those that go on at either side, both.
    either: Beside,
}

/// The filters' bits for what stands before a word and behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Beside {
    pub(super) before: u64,
    pub(super) behind: u64,
}

/// What may stand beside the anchors, by their hashes: a power of two of them.
#[derive(Clone, Debug)]
pub(super) struct Slots(Vec<Sides>);

impl Slots {
    /// Of anchors by their first eight bytes and their length.
    pub(super) fn new(anchors: impl ExactSizeIterator<Item = (u64, u8, Sides)>) -> Slots {
        let size = (anchors.len() * 2).next_power_of_two();
        let mut slots = vec![Sides::default(); size];
        for (key, length, sides) in anchors {
            slots[home(key, u64::from(length)) as usize & (size - 1)].add(sides);
        }
        Slots(slots)
    }

    /// Whatever stands there.
    #[cfg(test)]
    pub(super) fn anything() -> Slots {
        Slots(vec![Sides::ANY])
    }

    /// What may stand beside the anchors that such a word may be.
    #[inline(always)]
    pub(super) fn sides(&self, key: u64, length: u8) -> &Sides {
        self.at(self.home(key, u64::from(length)))
    }

    /// The slot of such a word.
    #[inline(always)]
    pub(super) fn home(&self, key: u64, length: u64) -> u64 {
        home(key, length) & self.most()
    }

    /// What is in a slot.
    #[inline(always)]
    pub(super) fn at(&self, slot: u64) -> &Sides {
        &self.0[slot as usize]
    }

    /// The number of the last one, of which a slot's number is bits.
    #[inline(always)]
    pub(super) fn most(&self) -> u64 {
        self.0.len() as u64 - 1
    }
}

/// A filter that lets everything through, and what a text has that says nothing.
const ALL: u64 = u64::MAX;

impl Beside {
    /// What a phrase asks for beside its anchor; every bit where it does not go on.
    pub(super) fn asked_by(phrase: &Context) -> Beside {
        let (behind, before) = phrase.beside();
        let behind = behind.map(|word| bit_of_letters(word[0], word.get(1).copied()));
        let before = before.and_then(|word| {
            let mut backwards = word.iter().rev().copied();
            backwards.next().map(|near| bit_of_letters(near, backwards.next()))
        });
        Beside { before: before.unwrap_or(ALL), behind: behind.unwrap_or(ALL) }
    }

    /// Whether a phrase that asks for this may have its anchor where the text has that.
    #[inline]
    pub(super) fn admits(self, text: Beside) -> bool {
        (self.before & text.before != 0) & (self.behind & text.behind != 0)
    }

    /// What the text has beside a word; every bit where it says nothing.
    #[inline(always)]
    pub(super) fn of(block: &[u8], word: Word) -> Beside {
        let start = word.at as usize;
        let end = start + usize::from(word.length);
        let behind = block.get(end..end + BESIDE).and_then(|beside| beside.first_chunk());
        let before = start.checked_sub(BESIDE).and_then(|from| block[from..start].first_chunk());
        let (Some(&behind), Some(&before)) = (behind, before) else {
            return Beside { before: ALL, behind: ALL };
        };
        // Seen from the word, both sides look alike.
        Beside {
            before: bit_beside(u64::from_be_bytes(before), u64::from(word.before)),
            behind: bit_beside(u64::from_le_bytes(behind), u64::from(word.behind)),
        }
    }
}

impl Sides {
    /// For words that count whatever stands beside them.
    pub(super) const ANY: Sides =
        Sides { before: ALL, behind: 0, either: Beside { before: 0, behind: 0 } };

    /// What a phrase admits beside its anchor.
    pub(super) fn of(asked: Beside) -> Sides {
        match (asked.before, asked.behind) {
            (ALL, ALL) => Sides::ANY,
            (before, ALL) => Sides { before, ..Sides::default() },
            (ALL, behind) => Sides { behind, ..Sides::default() },
            _ => Sides { either: asked, ..Sides::default() },
        }
    }

    pub(super) fn add(&mut self, other: Sides) {
        self.before |= other.before;
        self.behind |= other.behind;
        self.either.before |= other.either.before;
        self.either.behind |= other.either.behind;
    }

    /// Whether what stands beside the word may belong to one of the phrases.
    #[inline(always)]
    pub(super) fn admit(&self, Beside { before, behind }: Beside) -> bool {
        let either = (self.either.before & before != 0) & (self.either.behind & behind != 0);
        (self.before & before | self.behind & behind != 0) | either
    }
}

/// Bytes beside a word that are looked at.
pub(super) const BESIDE: usize = 8;
/// The widest gap to a word beside of which two letters are among them.
pub(super) const FARTHEST: u64 = BESIDE as u64 - 2;

/// How two letters become one of 64 bits: the highest six of the lowest 32 of this product (Fibonacci hashing, Knuth,
/// TAOCP 6.4).
pub(super) const BESIDE_FACTOR: u64 = 0x9E37_79B1;
pub(super) const BESIDE_SHIFT: u32 = 26;

/// The filter's bit for the two nearest letters of the word beside, with so many bytes between; all
/// bits when the text says nothing. In sums and shifts of 64 bits only, which the compiler does for several words
/// at once.
#[inline(always)]
pub(super) fn bit_beside(bytes: u64, gap: u64) -> u64 {
    let shift = 8 * gap.min(FARTHEST);
    let letters = bytes >> shift;
    let (near, far) = (letters & 0xFF, letters >> 8 & 0xFF);
    let between = bytes & !(u64::MAX << shift);
    // A line feed, or a byte beyond ASCII: only the analyzer knows what lies between. (The sum is
    // exact up to the lowest byte that is a line feed.)
    let feeds = (between ^ (ONES * 0x0A)).wrapping_sub(ONES) & !(between ^ (ONES * 0x0A)) & HIGH;
    let beyond = (between | letters & 0xFFFF) & HIGH;
    // A run of nothing but `_` is no token, so one that has a `_` there settles nothing.
    let settled =
        (gap.wrapping_sub(1) < FARTHEST) & (feeds | beyond == 0) & (near != u64::from(b'_'));
    let is_within = |byte: u64, first: u8, count: u64| byte.wrapping_sub(u64::from(first)) < count;
    let goes_on =
        is_within(far | 0x20, b'a', 26) | is_within(far, b'0', 10) | (far == u64::from(b'_'));
    let bit = bit_of(near, if goes_on { far } else { 0 }, goes_on);
    if settled { bit } else { ALL }
}

fn bit_of_letters(near: u8, far: Option<u8>) -> u64 {
    bit_of(u64::from(near), u64::from(far.unwrap_or_default()), far.is_some())
}

/// The filter's bit for the letters of a word nearest to the anchor; one of a single letter has no
/// second.
#[inline(always)]
fn bit_of(near: u64, far: u64, has_far: bool) -> u64 {
    let far = if has_far { far | 0x20 } else { 0 };
    let letters = near | 0x20 | far << 8;
    1 << (((letters * BESIDE_FACTOR) & u64::from(u32::MAX)) >> BESIDE_SHIFT)
}

/// What tells the place of an anchor among others.
#[inline(always)]
pub(super) fn home(key: u64, length: u64) -> u64 {
    // Other bits than the sieve's, or all its false alarms would meet here again.
    hash(key ^ length << 56) >> 32
}

#[cfg(test)]
mod tests {
    use super::{super::sieve::is_word_byte, *};

    fn sides(phrase: &[&str], anchor: &str) -> Sides {
        let terms: Vec<String> = phrase.iter().map(|term| (*term).to_owned()).collect();
        let rarity = |word: &[u8]| if word == anchor.as_bytes() { 0.0 } else { 9.0 };
        let phrase = Context::new(&terms, true, rarity).expect("the phrase has a word");
        Sides::of(Beside::asked_by(&phrase))
    }

    /// Whether `sides` admit what `text` has beside its `anchor`.
    fn admit(sides: Sides, text: &str, anchor: &str) -> bool {
        let at = text.find(anchor).expect("the anchor is in the text");
        let length = anchor.len();
        let before = text[..at].bytes().rev().position(is_word_byte).unwrap_or(0) as u8;
        let behind = text[at + length..].bytes().position(is_word_byte).unwrap_or(0) as u8;
        let word = Word { at: at as u32, length: length as u8, before, behind };
        sides.admit(Beside::of(text.as_bytes(), word))
    }

    #[test]
    fn words_on_both_sides_must_fit_where_the_phrase_goes_on_at_both() {
        let middle = sides(&["no", "more", "mirrors"], "more");
        assert!(admit(middle, "[Errno 256] No more Mirrors to try.", "more"));
        assert!(!admit(middle, "[Errno 256] No more packages to try.", "more"));
        assert!(!admit(middle, "[Errno 256] Any more mirrors to try.", "more"));
        let (first, last) = (sides(&["more", "mirrors"], "more"), sides(&["no", "more"], "more"));
        assert!(admit(first, "[Errno 256] Any more mirrors to try.", "more"));
        assert!(!admit(first, "[Errno 256] No more packages to try.", "more"));
        assert!(admit(last, "[Errno 256] No more packages to try.", "more"));
        assert!(!admit(last, "[Errno 256] Any more mirrors to try.", "more"));
    }

    #[test]
    fn what_the_text_does_not_tell_is_admitted() {
        let middle = sides(&["no", "more", "mirrors"], "more");
        assert!(admit(middle, "more packages", "more"));
        assert!(!admit(middle, "[Errno 256] No\nmore packages to try.\n", "more"));
        assert!(admit(middle, "[Errno 256] Any\nmore mirrors to try.\n", "more"));
        assert!(admit(middle, "[Errno 256] \u{2013} more mirrors to try.\n", "more"));
        assert!(admit(middle, "[Errno 256] Any         more mirrors to try.\n", "more"));
        assert!(admit(middle, "[Errno 256] Any __ more mirrors to try.\n", "more"));
        assert!(admit(sides(&["more"], "more"), "[Errno 256] Any more packages to try.", "more"));
    }
}
