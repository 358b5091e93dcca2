//! What the [kernel](super::kernel) keeps of a text's words: a few bytes of each word decide, by tables
//! and Bloom filters.
//!
//! Most words are in no phrase, and are to be dropped for as little as can be. Long ones are rare enough
//! to hash each. The short are everywhere, so their first bytes are looked up before: a table for each
//! place, a bit for each bucket of words (the idea of Hyperscan's Teddy). Which words share a bucket
//! decides what passes by mixture, so words that would let much through have buckets of their own.

/// Words from this length on are known by their first bytes alone.
pub(super) const LONG: usize = 8;

/// Buckets of short words, a bit each.
const BUCKETS: usize = u8::BITS as usize;
/// The bucket of words of one or two bytes, which leave most places open.
const TINY: u8 = 1 << 7;
/// Of those a little longer, which leave some open. With the tiny ones they would let half of what passes
/// through by mixture: any number that begins like one of these, wherever `0` is sought.
const BRIEF: u8 = 1 << 4;
/// Of those kept only behind certain bytes.
pub(super) const FRONTED: u8 = 1 << 6;
/// Of those in capitals, that they do not let through words in small letters.
const CAPITAL: u8 = 1 << 5;

/// Bytes at the start of a short word that the bucket tables look at.
pub(super) const PLACES: usize = 5;

/// The words to keep.
#[derive(Clone, Debug)]
pub(super) struct Sieve {
    pub(super) long: Bloom,
    pub(super) short: Bloom,
    /// For each of the first bytes of a word, the buckets whose short words have that byte
    /// there; a byte that is no part of a word stands for the end of a shorter one.
    pub(super) tables: [[u8; 128]; PLACES],
    pub(super) any_short: bool,
    /// What may stand before a word of the bucket [`FRONTED`].
    pub(super) fronts: Fronts,
    /// The bit of a first byte that tells a capital, where some words are [sought as they are
    /// written](Sought::AsWritten); else nothing.
    case: u64,
}

/// A word to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sought<'a> {
    /// As it is written: a word that is in every line in small letters may be rare in capitals.
    AsWritten(&'a [u8]),
    /// The same, only behind such bytes.
    Fronted(&'a [u8], Front),
    /// Lower-cased, in any case.
    AnyCase(&'a [u8]),
}

/// What stands before a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Front {
    /// This byte.
    Byte(u8),
    /// A line feed, or a blank that follows no small letter.
    Lead,
}

impl<'a> Sought<'a> {
    fn bytes(self) -> &'a [u8] {
        match self {
            Sought::AsWritten(word) | Sought::Fronted(word, _) | Sought::AnyCase(word) => word,
        }
    }

    /// Whether it begins with a capital, and may not begin with a small letter.
    fn is_capital(self) -> bool {
        matches!(self, Sought::AsWritten([first, ..]) if first & SMALL == 0)
    }

    /// Whether a byte of the text may be this one of the word.
    fn fits(self, byte: u8, letter: u8) -> bool {
        match self {
            Sought::AsWritten(_) | Sought::Fronted(..) => byte == letter,
            Sought::AnyCase(_) => byte.to_ascii_lowercase() == letter,
        }
    }
}

/// What may stand before some words, by the byte that does.
#[derive(Clone, Debug)]
pub(super) struct Fronts([Fronting; 256]);

/// Whether a word may stand behind a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fronting {
    No,
    /// Where no small letter stands before the byte.
    Lead,
    Yes,
}

impl Fronts {
    fn new(fronts: impl Iterator<Item = Front>) -> Fronts {
        let mut table = [Fronting::No; 256];
        for front in fronts {
            match front {
                Front::Byte(byte) => table[usize::from(byte)] = Fronting::Yes,
                Front::Lead => {
                    table[usize::from(b'\n')] = Fronting::Yes;
                    for blank in [b' ', b'\t'] {
                        let known = &mut table[usize::from(blank)];
                        *known = Fronting::Lead.max(*known);
                    }
                }
            }
        }
        Fronts(table)
    }

    /// Leaves of the places of a window, which begins at `offset` of the text, those that have such bytes
    /// before them. What stands before the text is not known.
    #[inline(always)]
    pub(super) fn kept(&self, text: &[u8], offset: u32, places: u64) -> u64 {
        let (mut left, mut kept) = (places, places);
        while left != 0 {
            let bit = left.trailing_zeros();
            if let Some([.., further, byte]) = text.get(..(offset + bit) as usize) {
                let is_kept = match self.0[usize::from(*byte)] {
                    Fronting::No => false,
                    Fronting::Lead => !further.is_ascii_lowercase(),
                    Fronting::Yes => true,
                };
                kept &= !(u64::from(!is_kept) << bit);
            }
            left &= left - 1;
        }
        kept
    }
}

/// The bit that a small letter has and a capital has not.
const SMALL: u8 = 0x20;

impl Sieve {
    /// A sieve for the given words, each ASCII.
    pub(super) fn new<'a>(words: impl Iterator<Item = Sought<'a>>) -> Sieve {
        let (long, mut short): (Vec<_>, Vec<_>) =
            words.partition(|word| word.bytes().len() >= LONG);
        let as_written = |word: &Sought<'_>| !matches!(word, Sought::AnyCase(_));
        let case = if long.iter().chain(&short).any(as_written) { u64::from(SMALL) } else { 0 };
        short.sort_unstable_by_key(|word| (word.bytes(), *word));
        short.dedup();
        let tables = bucket_tables(&short);
        let front = |word: &Sought<'_>| match word {
            Sought::Fronted(_, front) => Some(*front),
            _ => None,
        };
        Sieve {
            long: Bloom::new(&long, case),
            short: Bloom::new(&short, case),
            tables,
            any_short: !short.is_empty(),
            fronts: Fronts::new(short.iter().filter_map(front)),
            case,
        }
    }

    /// Marks the key of a word that begins with a capital, where that makes a difference: bit 7 is
    /// free in ASCII.
    #[inline(always)]
    pub(super) fn cased(&self, key: u64, load: u64) -> u64 {
        key | (!load & self.case) << 2
    }
}

/// Sorts short words, which are in order, into buckets.
fn bucket_tables(short: &[Sought<'_>]) -> [[u8; 128]; PLACES] {
    let mut tables = [[0; 128]; PLACES];
    let mut usual = Vec::new();
    let mut taken = FRONTED;
    for word in short {
        let bucket = match word {
            _ if word.bytes().len() < PLACES - 2 => TINY,
            Sought::Fronted(..) => FRONTED,
            _ if word.is_capital() => CAPITAL,
            _ if word.bytes().len() < PLACES => BRIEF,
            _ => {
                usual.push(*word);
                continue;
            }
        };
        taken |= bucket;
        admit(&mut tables, *word, bucket);
    }
    // Neighbours in the alphabet share first bytes, so they share a bucket.
    let free: Vec<u8> = (0..BUCKETS).map(|bit| 1 << bit).filter(|bit| bit & taken == 0).collect();
    for (index, word) in usual.iter().enumerate() {
        admit(&mut tables, *word, free[index * free.len() / usual.len()]);
    }
    tables
}

/// Enters a short word's first bytes into the tables.
fn admit(tables: &mut [[u8; 128]; PLACES], word: Sought<'_>, bucket: u8) {
    for (place, table) in tables.iter_mut().enumerate() {
        for byte in 0..128_u8 {
            let fits = match word.bytes().get(place) {
                Some(letter) => word.fits(byte, *letter),
                None if place == word.bytes().len() => !is_word_byte(byte),
                None => true,
            };
            if fits {
                table[byte as usize] |= bucket;
            }
        }
    }
}

/// A Bloom filter of one hash: 128 bits a word keep false alarms below 1 %, and 32 KiB still fit beside
/// the text in a 48 KiB L1 cache.
#[derive(Clone, Debug)]
pub(super) struct Bloom {
    /// All of it is used only by large sets.
    bits: Box<[u64; BLOOM_WORDS]>,
    shift: u32,
}

const BLOOM_WORDS: usize = 1 << 12;

impl Bloom {
    /// With `case`, by the case of the words' first bytes as well; see [`Sieve::case`].
    fn new(words: &[Sought<'_>], case: u64) -> Bloom {
        let log2 = (words.len() * 128)
            .next_power_of_two()
            .clamp(1 << 12, 64 * BLOOM_WORDS)
            .trailing_zeros();
        let mut bloom = Bloom { bits: Box::new([0; BLOOM_WORDS]), shift: 64 - log2 };
        for word in words {
            let key = key_of(word.bytes());
            let capital = key | case << 2;
            match word {
                Sought::AsWritten([first, ..]) | Sought::Fronted([first, ..], _)
                    if first & SMALL == 0 =>
                {
                    bloom.add(capital);
                }
                Sought::AsWritten(_) | Sought::Fronted(..) => bloom.add(key),
                Sought::AnyCase(_) => {
                    bloom.add(key);
                    bloom.add(capital);
                }
            }
        }
        bloom
    }

    fn add(&mut self, key: u64) {
        let bit = hash(key) >> self.shift;
        self.bits[(bit >> 6) as usize] |= 1 << (bit & 63);
    }

    #[inline(always)]
    pub(super) fn admits(&self, key: u64) -> bool {
        let bit = hash(key) >> self.shift;
        (self.bits[(bit >> 6) as usize % BLOOM_WORDS] >> (bit & 63)) & 1 != 0
    }
}

/// The first eight bytes of a word, folded, shorter words padded with zeros.
#[inline(always)]
pub(super) fn key_of(word: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let taken = word.len().min(8);
    bytes[..taken].copy_from_slice(&word[..taken]);
    key_of_load(u64::from_le_bytes(bytes), taken)
}

/// The same of the word of this length at a place of the text.
#[inline(always)]
pub(super) fn key_at(text: &[u8], at: usize, length: usize) -> u64 {
    match text[at..].first_chunk() {
        Some(bytes) => key_of_load(u64::from_le_bytes(*bytes), length),
        None => key_of(&text[at..at + length]),
    }
}

/// The same from an eight-byte load at the word's first byte.
#[inline(always)]
pub(super) fn key_of_load(load: u64, length: usize) -> u64 {
    // `| 0x20` folds A-Z onto a-z, keeps digits, and moves `_` to a code no word byte has.
    (load | 0x2020_2020_2020_2020) & KEEP[length.min(8)]
}

/// The same for words shorter than eight bytes.
#[inline(always)]
pub(super) fn key_of_short(load: u64, length: usize) -> u64 {
    (load | 0x2020_2020_2020_2020) & !(u64::MAX << (8 * (length as u32 % 8)))
}

const KEEP: [u64; 9] = {
    let mut keep = [u64::MAX; 9];
    let mut length = 0;
    while length < 8 {
        keep[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    keep
};

/// Fibonacci hashing (Knuth, TAOCP 6.4).
#[inline(always)]
pub(super) fn hash(key: u64) -> u64 {
    // Folding the high half down first: the product alone would ignore it in its low bits.
    (key ^ (key >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
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
