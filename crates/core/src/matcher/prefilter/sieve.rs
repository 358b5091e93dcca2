//! What the [kernel](super::kernel) keeps of a text's words: a few bytes of each word decide, by tables
//! and a Bloom filter.
//!
//! Most words are in no phrase, and are to be dropped for as little as can be. So they are thinned out
//! before they are hashed, 64 places at a time: three [looks](LOOKS), each at two neighbouring bytes
//! [mixed](Mix) to seven bits, each into a table that has a bit for each bucket of words. The buckets are
//! the idea of Hyperscan's Teddy, which looks at single bytes; two letters together say much more than the
//! two say one by one. Long words have tables of their own, or they would fill those of the short ones.

/// Words from this length on are known by their first bytes alone.
pub(super) const LONG: usize = 8;

/// Looks at a word: at its first two bytes, at the two behind them, and at the next two.
pub(super) const LOOKS: usize = 3;

/// Buckets of words, a bit each.
const BUCKETS: usize = u8::BITS as usize;
/// Words below these lengths have a bucket of their own: they leave most of what is looked at open, and
/// would let through by mixture whatever begins like one of their bucket.
const TINY: usize = 3;
const BRIEF: usize = 5;

/// The words to keep.
#[derive(Clone, Debug)]
pub(super) struct Sieve {
    /// Of all words, by their first eight bytes.
    pub(super) bloom: Bloom,
    /// Of the words below [`LONG`] bytes.
    pub(super) short: Tables,
    /// Of the others.
    pub(super) long: Tables,
    /// Of the short ones again.
    #[cfg(target_arch = "x86_64")]
    pub(super) halves: Halves,
}

/// For each look and each mixture of its two bytes the buckets whose words may have it there.
#[derive(Clone, Debug)]
pub(super) struct Tables(pub(super) [[u8; 128]; LOOKS]);

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

/// The bit that a small letter has and a capital has not.
const SMALL: u8 = 0x20;

impl Sieve {
    /// A sieve for the given words, each ASCII.
    pub(super) fn new<'a>(words: impl Iterator<Item = Sought<'a>>) -> Sieve {
        let mut words: Vec<_> = words.collect();
        words.sort_unstable_by_key(|word| (word.bytes(), *word));
        words.dedup();
        let all = words.iter().map(|word| word.bytes());
        let (short, long): (Vec<&[u8]>, Vec<&[u8]>) = all.partition(|word| word.len() < LONG);
        Sieve {
            bloom: Bloom::new(&words),
            short: Tables::new(&short),
            long: Tables::new(&long),
            #[cfg(target_arch = "x86_64")]
            halves: Halves::new(&short),
        }
    }

    /// Whether a word may be one of those to keep, by the eight [normal bytes](normal_byte) at its start.
    #[inline(always)]
    pub(super) fn admits(&self, normal: u64) -> bool {
        self.bloom.admits(key_of_normal(normal, self.bloom.fold))
    }
}

/// A byte as the sieve sees it: itself where it is part of a word, else 0.
pub(super) const fn normal_byte(byte: u8) -> u8 {
    if byte < 128 && CLASS[byte as usize] & 1 != 0 { byte } else { 0 }
}

/// How a byte goes into a mixture: for each of seven bits, which of the byte's bits are added to it
/// modulo 2. None asks for the bit that tells small letters from capitals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mix([u8; 7]);

/// For the two bytes of a look. Drawn at random; of sixty draws the one that let least of real logs
/// through for the fingerprints of the reference data.
pub(super) const MIXES: [Mix; 2] = [
    Mix([0x1d, 0x53, 0x5f, 0x03, 0x41, 0x11, 0x13]),
    Mix([0x0c, 0x1c, 0x0b, 0x52, 0x56, 0x06, 0x46]),
];

impl Mix {
    /// The byte's part in the mixture.
    const fn of(self, byte: u8) -> u8 {
        let (mut mixed, mut bit) = (0, 0);
        while bit < self.0.len() {
            mixed |= ((self.0[bit] & byte).count_ones() as u8 & 1) << bit;
            bit += 1;
        }
        mixed
    }

    /// The same as a matrix for the instruction GF2P8AFFINEQB: its highest byte makes the lowest bit.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn matrix(self) -> u64 {
        let rows = (0..).zip(self.0);
        rows.fold(0, |matrix, (bit, row)| matrix | u64::from(row) << (8 * (7 - bit)))
    }
}

/// Both for every byte, where there is no such instruction.
const MIXED: [[u8; 128]; 2] = {
    let mut table = [[0; 128]; 2];
    let mut byte = 0;
    while byte < 128 {
        table[0][byte] = MIXES[0].of(byte as u8);
        table[1][byte] = MIXES[1].of(byte as u8);
        byte += 1;
    }
    table
};

/// Two normal bytes mixed to seven bits.
#[inline(always)]
fn mixed([first, second]: [u8; 2]) -> u8 {
    MIXED[0][usize::from(first & 0x7F)] ^ MIXED[1][usize::from(second & 0x7F)]
}

/// Sorts words, which are in order, into buckets.
fn bucketed<'w>(words: &[&'w [u8]]) -> Vec<(&'w [u8], u8)> {
    let (tiny, rest): (Vec<&[u8]>, Vec<&[u8]>) = words.iter().partition(|word| word.len() < TINY);
    let (brief, usual): (Vec<&[u8]>, Vec<&[u8]>) = rest.iter().partition(|word| word.len() < BRIEF);
    let own = [tiny, brief].into_iter().filter(|words| !words.is_empty());
    let mut sorted = Vec::new();
    let mut free = 0..BUCKETS;
    for words in own {
        let bucket = 1 << free.next().unwrap_or_default();
        sorted.extend(words.into_iter().map(|word| (word, bucket)));
    }
    // Neighbours in the alphabet share first bytes, so they share a bucket.
    let count = usual.len();
    let bucket = |index: usize| 1 << (free.start + index * free.len() / count);
    sorted.extend(usual.into_iter().enumerate().map(|(index, word)| (word, bucket(index))));
    sorted
}

impl Tables {
    fn new(words: &[&[u8]]) -> Tables {
        let mut tables = Tables([[0; 128]; LOOKS]);
        bucketed(words).into_iter().for_each(|(word, bucket)| tables.admit(word, bucket));
        tables
    }

    /// Enters a word.
    fn admit(&mut self, word: &[u8], bucket: u8) {
        for (look, table) in self.0.iter_mut().enumerate() {
            for first in fitting(word, 2 * look) {
                for second in fitting(word, 2 * look + 1) {
                    table[usize::from(mixed([first, second]))] |= bucket;
                }
            }
        }
    }

    /// The buckets that a word may be of, by the normal bytes at its start.
    #[inline(always)]
    pub(super) fn buckets(&self, normal: [u8; 8]) -> u8 {
        let look = |look: usize| {
            let pair = [normal[2 * look], normal[2 * look + 1]];
            self.0[look][usize::from(mixed(pair) & 0x7F)]
        };
        look(0) & look(1) & look(2)
    }
}

/// First bytes of a short word that are looked at by their halves.
#[cfg(target_arch = "x86_64")]
const HALVED: usize = 4;

/// The buckets of short words for machines that look up 16 bytes and not 128: for each of the first bytes
/// by its low half, and by its high one.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Debug)]
pub(super) struct Halves(pub(super) [[[u8; 16]; 2]; HALVED]);

#[cfg(target_arch = "x86_64")]
impl Halves {
    fn new(words: &[&[u8]]) -> Halves {
        let mut halves = Halves([[[0; 16]; 2]; HALVED]);
        for (word, bucket) in bucketed(words) {
            for (place, [low, high]) in halves.0.iter_mut().enumerate() {
                for byte in fitting(word, place) {
                    let other = if byte.is_ascii_alphabetic() { byte ^ SMALL } else { byte };
                    low[usize::from(byte & 0x0F)] |= bucket;
                    high[usize::from(byte >> 4)] |= bucket;
                    high[usize::from(other >> 4)] |= bucket;
                }
            }
        }
        halves
    }
}

/// The normal bytes that may stand at a place counted from the start of a word, but for their case.
fn fitting(word: &[u8], place: usize) -> impl Iterator<Item = u8> {
    let known = match word.get(place) {
        Some(&letter) => Some(letter),
        None if place == word.len() => Some(0),
        None => None,
    };
    (0..128).filter(move |byte| *byte == known.unwrap_or(normal_byte(*byte)))
}

/// A Bloom filter of one hash: 128 bits a word keep false alarms below 1 %, and 32 KiB still fit beside
/// the text in a 48 KiB L1 cache.
#[derive(Clone, Debug)]
pub(super) struct Bloom {
    /// All of it is used only by large sets.
    bits: Box<[u64; BLOOM_WORDS]>,
    shift: u32,
    /// The bits that make small letters of capitals; where some words are sought
    /// [as they are written](Sought::AsWritten), not in the first byte.
    fold: u64,
}

const BLOOM_WORDS: usize = 1 << 12;

impl Bloom {
    fn new(words: &[Sought<'_>]) -> Bloom {
        let log2 = (words.len() * 128)
            .next_power_of_two()
            .clamp(1 << 12, 64 * BLOOM_WORDS)
            .trailing_zeros();
        let is_cased = words.iter().any(|word| matches!(word, Sought::AsWritten(_)));
        let fold = if is_cased { FOLD & !u64::from(SMALL) } else { FOLD };
        let mut bloom = Bloom { bits: Box::new([0; BLOOM_WORDS]), shift: 64 - log2, fold };
        for word in words {
            let normal = first_eight(word.bytes());
            bloom.add(key_of_normal(normal, fold));
            if let Sought::AnyCase([b'a'..=b'z', ..]) = word {
                bloom.add(key_of_normal(normal & !u64::from(SMALL), fold));
            }
        }
        bloom
    }

    fn add(&mut self, key: u64) {
        let bit = hash(key) >> self.shift;
        self.bits[(bit >> 6) as usize] |= 1 << (bit & 63);
    }

    #[inline(always)]
    fn admits(&self, key: u64) -> bool {
        let bit = hash(key) >> self.shift;
        (self.bits[(bit >> 6) as usize % BLOOM_WORDS] >> (bit & 63)) & 1 != 0
    }
}

/// Moves capitals onto small letters, keeps digits, and moves `_` to a code no word byte has.
const FOLD: u64 = 0x2020_2020_2020_2020;

/// A word's first eight bytes, folded, up to the first that is 0 and that one: it tells where a shorter
/// word ends.
#[inline(always)]
fn key_of_normal(normal: u64, fold: u64) -> u64 {
    // No byte is above 127, so only a zero borrows, and up to the first that is exact.
    let ends = normal.wrapping_sub(0x0101_0101_0101_0101) & 0x8080_8080_8080_8080;
    (normal | fold) & (ends ^ ends.wrapping_sub(1))
}

/// The first eight bytes of a word, a shorter one padded with zeros.
fn first_eight(word: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let taken = word.len().min(8);
    bytes[..taken].copy_from_slice(&word[..taken]);
    u64::from_le_bytes(bytes)
}

/// The first eight bytes of a word, folded, shorter words padded with zeros.
#[inline(always)]
pub(super) fn key_of(word: &[u8]) -> u64 {
    key_of_load(first_eight(word), word.len())
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
    (load | FOLD) & KEEP[length.min(8)]
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
