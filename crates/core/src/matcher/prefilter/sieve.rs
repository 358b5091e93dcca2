//! What the [kernel](super::kernel) keeps of a text's words: their first bytes decide, by small tables and
//! a Bloom filter.
//!
//! Most words are in no phrase, and are to be dropped for as little as can be. Most are shorter than
//! [`BRIEF`] bytes too, and few phrases are found by such a word. So the brief words are looked at apart
//! from the longer ones, 64 places at a time: three looks, each at [one byte](LOOKED_AT), by a table that
//! has a bit for each bucket of words (the idea of Hyperscan's Teddy). That leaves one brief word in fifteen; of the
//! longer ones it drops a third with 963 fingerprints, and less the more words are sought. They are told
//! apart by the Bloom filter, which costs the same for one fingerprint and for ten thousand.

use std::ops::{Range, RangeInclusive};

/// Words below this length have buckets of their own.
pub(super) const BRIEF: usize = 5;

/// Bytes of a word that are looked at, counted from its first. Words that share a bucket begin alike, so the fourth
/// byte tells more of them than the third: 69 % of a log's longer words are left with it and 80 % with that.
pub(super) const LOOKED_AT: [usize; 3] = [0, 1, 3];

/// The buckets of brief words, a bit each; the other bits are those of the longer words.
pub(super) const BRIEF_BUCKETS: u8 = 0b0000_0001;

const BUCKETS: usize = u8::BITS as usize;

/// The words to keep.
#[derive(Clone, Debug)]
pub(super) struct Sieve {
    /// Of all words, by their first eight bytes.
    pub(super) bloom: Bloom,
    pub(super) looks: Looks,
    #[cfg(target_arch = "x86_64")]
    pub(super) halves: Halves,
}

/// For each look and each [code](code_of) but for its case, the buckets whose words may have it there.
#[derive(Clone, Debug)]
pub(super) struct Looks(pub(super) [[u8; 64]; LOOKED_AT.len()]);

/// A word to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sought<'a> {
    /// With its first letter as it is written: a word that is in every line in small letters may be rare
    /// in capitals.
    AsWritten(&'a [u8]),
    /// Lower-cased, in any case.
    AnyCase(&'a [u8]),
}

impl<'a> Sought<'a> {
    fn bytes(self) -> &'a [u8] {
        match self {
            Sought::AsWritten(word) | Sought::AnyCase(word) => word,
        }
    }
}

impl Sieve {
    /// A sieve for the given words, each ASCII.
    pub(super) fn new<'a>(words: impl Iterator<Item = Sought<'a>>) -> Sieve {
        let mut words: Vec<_> = words.collect();
        words.sort_unstable_by_key(|word| (word.bytes(), *word));
        words.dedup();
        let by_length = BriefAndLonger::of(&words);
        Sieve {
            bloom: Bloom::new(&words),
            looks: Looks::new(&by_length.bucketed()),
            #[cfg(target_arch = "x86_64")]
            halves: Halves::new(&by_length.brief),
        }
    }
}

/// Marks a capital in a [code](code_of).
const CAPITAL: u8 = 0x40;
/// A code without that mark.
const CASELESS: u8 = 0x3F;

/// A byte as the sieve sees it, in seven bits: 0 for what is no part of a word, the lowest six bits else,
/// the same for a letter in either case, and a bit above them for a capital.
///
/// Small letters have 1 to 26, digits 0x30 to 0x39, and `_` 0x5F.
pub(super) const fn code_of(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => byte & 0x1F,
        b'A'..=b'Z' | b'0'..=b'9' | b'_' => byte,
        _ => 0,
    }
}

/// Words in the alphabet's order, those below [`BRIEF`] bytes apart.
struct BriefAndLonger<'w> {
    brief: Vec<&'w [u8]>,
    longer: Vec<&'w [u8]>,
}

impl<'w> BriefAndLonger<'w> {
    fn of(words: &[Sought<'w>]) -> BriefAndLonger<'w> {
        let mut words: Vec<&[u8]> = words.iter().map(|word| word.bytes()).collect();
        words.sort_unstable_by_key(|word| word.to_ascii_lowercase());
        let (brief, longer) = words.into_iter().partition(|word| word.len() < BRIEF);
        BriefAndLonger { brief, longer }
    }

    /// Each in a bucket. Neighbours in the alphabet share first bytes, so they share a bucket.
    fn bucketed(&self) -> Vec<(&'w [u8], u8)> {
        let most = BRIEF_BUCKETS.trailing_ones() as usize;
        spread(&self.brief, 0..most).chain(spread(&self.longer, most..BUCKETS)).collect()
    }
}

/// As many words in each of the buckets.
fn spread<'w>(words: &[&'w [u8]], buckets: Range<usize>) -> impl Iterator<Item = (&'w [u8], u8)> {
    let count = words.len();
    let bucket = move |index: usize| 1 << (buckets.start + index * buckets.len() / count);
    words.iter().enumerate().map(move |(index, &word)| (word, bucket(index)))
}

impl Looks {
    fn new(words: &[(&[u8], u8)]) -> Looks {
        let mut looks = Looks([[0; 64]; LOOKED_AT.len()]);
        for &(word, bucket) in words {
            for (look, place) in looks.0.iter_mut().zip(LOOKED_AT) {
                fitting(word, place).for_each(|code| look[usize::from(code)] |= bucket);
            }
        }
        looks
    }

    /// The buckets that a word may be of, by the codes at its start.
    #[inline(always)]
    pub(super) fn buckets(&self, codes: [u8; 8]) -> u8 {
        let looks = self.0.iter().zip(LOOKED_AT);
        let fitting = looks.map(|(look, place)| look[usize::from(codes[place] & CASELESS)]);
        fitting.fold(u8::MAX, |all, buckets| all & buckets)
    }
}

/// The same for machines that look up 16 bytes and not 64: by the lower half of a code, so that a table fits and case
/// is nothing to it. Of brief words only, in all the buckets: of the longer ones even looks at both halves leave nine
/// of ten, so that the Bloom filter alone costs less.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Debug)]
pub(super) struct Halves(pub(super) [[u8; 16]; HALVES_LOOKED_AT.len()]);

/// Bytes of a brief word that are looked at there.
#[cfg(target_arch = "x86_64")]
pub(super) const HALVES_LOOKED_AT: [usize; 3] = [0, 1, 2];

#[cfg(target_arch = "x86_64")]
impl Halves {
    fn new(brief: &[&[u8]]) -> Halves {
        let mut halves = Halves([[0; 16]; HALVES_LOOKED_AT.len()]);
        for (word, bucket) in spread(brief, 0..BUCKETS) {
            for (half, place) in halves.0.iter_mut().zip(HALVES_LOOKED_AT) {
                fitting(word, place).for_each(|code| half[usize::from(code & 0x0F)] |= bucket);
            }
        }
        halves
    }
}

/// The codes, but for their case, that may stand at a place counted from the start of a word.
fn fitting(word: &[u8], place: usize) -> RangeInclusive<u8> {
    match word.get(place) {
        Some(&byte) => {
            let code = code_of(byte) & CASELESS;
            code..=code
        }
        None if place == word.len() => 0..=0,
        None => 0..=CASELESS,
    }
}

/// A Bloom filter of one hash: 128 bits a word keep false alarms below 1 %. Beyond 2,048 words they become
/// more, as 32 KiB are all that still fits beside the text in a 48 KiB L1 cache.
#[derive(Clone, Debug)]
pub(super) struct Bloom {
    /// The first [`MOST_BITS`] may be set, in sets of few words fewer. The rest is there so that no [home](Home)
    /// has to be checked.
    bits: Box<[u8; BLOOM_BYTES]>,
    /// Of a hash, what numbers a bit; no more than there are.
    pub(super) mask: u64,
    /// The bits of eight codes that count. Case does not; where some words are sought
    /// [as they are written](Sought::AsWritten), that of the first byte does.
    pub(super) counting: u64,
}

const MOST_BITS: usize = 1 << 18;
/// As many as can be numbered in 16 bits, and the eight at the last of them.
const BLOOM_BYTES: usize = 1 << u16::BITS | size_of::<u64>();

/// Where a bit of the filter is: at which byte eight of them begin, on a multiple of eight so that they are in
/// one line of the cache, and which bit of those.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home {
    pub(super) byte: u16,
    pub(super) bit: u16,
}

impl Home {
    /// Of the bit with this number, below [`MOST_BITS`].
    #[inline(always)]
    pub(super) fn of(bit: u64) -> Home {
        Home { byte: (bit >> 6 << 3) as u16, bit: (bit & 63) as u16 }
    }
}

impl Bloom {
    fn new(words: &[Sought<'_>]) -> Bloom {
        let size = (words.len() * 128).next_power_of_two().clamp(1 << 12, MOST_BITS);
        let is_cased = words.iter().any(|word| matches!(word, Sought::AsWritten(_)));
        let first = if is_cased { CASELESS | CAPITAL } else { CASELESS };
        let mut counting = [CASELESS; 8];
        counting[0] = first;
        let mut bloom = Bloom {
            bits: Box::new([0; BLOOM_BYTES]),
            mask: size as u64 - 1,
            counting: u64::from_le_bytes(counting),
        };
        for word in words {
            let codes = u64::from_le_bytes(first_eight(word.bytes()).map(code_of));
            bloom.add(codes);
            if let Sought::AnyCase([b'a'..=b'z', ..]) = word {
                bloom.add(codes | u64::from(CAPITAL));
            }
        }
        bloom
    }

    fn add(&mut self, codes: u64) {
        let Home { byte, bit } = Home::of(self.bit(codes));
        let bits = &mut self.bits[usize::from(byte) + usize::from(bit) / 8];
        *bits |= 1 << (bit % 8);
    }

    /// Whether a word whose bit is there may be one of those to keep.
    #[inline(always)]
    pub(super) fn has(&self, Home { byte, bit }: Home) -> bool {
        (self.eight(byte) >> (bit & 63)) & 1 != 0
    }

    /// Eight bytes of the filter.
    #[inline(always)]
    pub(super) fn eight(&self, byte: u16) -> u64 {
        let at = usize::from(byte);
        let eight = self.bits[at..at + size_of::<u64>()].try_into();
        u64::from_le_bytes(eight.expect("the slice has that length"))
    }

    /// The number of a word's bit, by its first eight codes.
    #[inline(always)]
    pub(super) fn bit(&self, codes: u64) -> u64 {
        // Up to the first code that is 0: it tells where a shorter word ends. No code is above 127, so only
        // a zero borrows, and up to the first that is exact.
        let ends = codes.wrapping_sub(ONES) & HIGH;
        let key = codes & self.counting & (ends ^ ends.wrapping_sub(1));
        // Multiplied as 32 bits, for that is one instruction for eight words too.
        let product = u64::from((key ^ (key >> FOLDED)) as u32) * BLOOM_FACTOR;
        (product >> BLOOM_SHIFT) & self.mask
    }
}

pub(super) const ONES: u64 = 0x0101_0101_0101_0101;
pub(super) const HIGH: u64 = 0x8080_8080_8080_8080;

/// Eight bytes with their ASCII letters lower-cased, all at once: a byte's high bit tells whether it
/// lies in a range, and no sum carries into its neighbour.
pub(super) fn lower(bytes: u64) -> u64 {
    let seven = bytes & !HIGH;
    let from_a = seven + ONES * (0x80 - b'A' as u64);
    let beyond_z = seven + ONES * (0x80 - b'[' as u64);
    let upper = from_a & !beyond_z & !bytes & HIGH;
    bytes | (upper >> 2)
}
/// How far the last codes are moved onto the first ones: not by whole bytes, or words like `testtest` would
/// come out empty.
pub(super) const FOLDED: u32 = 29;
/// The golden ratio in 32 bits (Knuth, TAOCP 6.4).
pub(super) const BLOOM_FACTOR: u64 = 0x9E37_79B1;
/// The product's middle bits depend on all of both factors.
pub(super) const BLOOM_SHIFT: u32 = 28;

/// The first eight bytes of a word, a shorter one padded with zeros.
fn first_eight(word: &[u8]) -> [u8; 8] {
    let mut bytes = [0; 8];
    let taken = word.len().min(8);
    bytes[..taken].copy_from_slice(&word[..taken]);
    bytes
}

/// The first eight bytes of a word, folded, shorter words padded with zeros.
#[inline(always)]
pub(super) fn key_of(word: &[u8]) -> u64 {
    key_of_load(u64::from_le_bytes(first_eight(word)), word.len() as u64)
}

/// The same of the word of this length at a place of the text.
#[inline(always)]
pub(super) fn key_at(text: &[u8], at: usize, length: usize) -> u64 {
    match text[at..].first_chunk() {
        Some(bytes) => key_of_load(u64::from_le_bytes(*bytes), length as u64),
        None => key_of(&text[at..at + length]),
    }
}

/// The same from an eight-byte load at the word's first byte.
#[inline(always)]
pub(super) fn key_of_load(load: u64, length: u64) -> u64 {
    let missing = 8 - length.clamp(1, 8);
    (load | SMALL) & u64::MAX >> (8 * missing)
}

/// Moves capitals onto small letters, keeps digits, and moves `_` to a code no word byte has.
pub(super) const SMALL: u64 = 0x2020_2020_2020_2020;

/// The golden ratio in 64 bits.
pub(super) const HASH_FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Fibonacci hashing (Knuth, TAOCP 6.4).
#[inline(always)]
pub(super) fn hash(key: u64) -> u64 {
    // Folding the high half down first: the product alone would ignore it in its low bits.
    (key ^ (key >> 32)).wrapping_mul(HASH_FACTOR)
}

/// Byte classes: 1 word, 2 chain.
pub(super) const CLASS: [u8; 128] = {
    let mut class = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() || b == b'_' {
            class[byte] = 3;
        } else if matches!(b, b'.' | b':' | b'\'' | b',' | b';') {
            class[byte] = 2;
        }
        byte += 1;
    }
    class
};

/// True for the bytes of a word.
pub(crate) fn is_word_byte(byte: u8) -> bool {
    byte < 128 && CLASS[byte as usize] & 1 != 0
}
