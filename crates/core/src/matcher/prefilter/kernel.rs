//! The inner loop of the prefilter: finds the words of a block, 64 bytes at a time, and keeps those
//! that may be a literal.
//!
//! A *word* here is a maximal run of `[A-Za-z0-9_]`. The analyzer never splits inside such a run
//! (UAX #29 glues letters, digits and `_`), so every ASCII run of a query's term is a whole word of
//! any text that contains the term. Two exceptions are told to the caller instead of being handled
//! here: very long chains, which the analyzer cuts at 255 UTF-16 units, and bytes beyond ASCII, of
//! which a few lower-case into ASCII.
//!
//! ```text
//! bytes     2026-11-24 | ERROR Deadlock found (1213)
//! word      1111011011000111110111111110111110011110
//! starts    1000010010000100000100000000100000010000
//! 8 or more ...................1....................   first 8 bytes hashed: in the Bloom filter?
//! shorter   1....1..1....1..............1......1....   first 5 bytes in the same bucket of a table?
//! ```
//!
//! The two steps are apart: first the masks of a [group](GROUP) of windows and the places that are
//! worth a hash, then the hashes, so that neither waits for a mispredicted branch of the other.
//!
//! Most fingerprints have a word of eight letters or more, and such words are rare enough to hash
//! each. Shorter ones are everywhere, so a table look-up on their first bytes thins them out first,
//! 64 places at a time. Which words are kept is the [sieve](super::sieve)'s to say.
//!
//! Beside [the sweep for control traffic](crate::log::is_clean) this is the one module of the crate with
//! `unsafe`: vector loads behind run-time detection of the instruction set. The portable form below it
//! is the specification; a test holds them equal. What it buys: on one core of an AMD EPYC with AVX-512, 622 words over real CI logs, 5.7 GB/s against
//! 0.53 GB/s for the portable form.
#![allow(unsafe_code)]

use super::sieve::{CLASS, FRONTED, LONG, PLACES, Sieve, key_of_load, key_of_short};

/// What one pass over a block found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Words that may be literals, in order within each [group](GROUP) of windows, the long ones
    /// first.
    pub(super) words: Vec<Word>,
    /// Offsets inside chains so long that the analyzer may cut a token in them.
    pub(super) chains: Vec<u32>,
    /// The number of line feeds before each group of windows.
    group_feeds: Vec<u32>,
    /// And from there to each of its windows.
    window_feeds: Vec<u16>,
    /// Number of line feeds in the block.
    pub(super) lines: u64,
    /// Whether any byte was outside ASCII.
    pub(super) beyond_ascii: bool,
}

/// A word of the block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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

impl Found {
    fn clear(&mut self) {
        self.words.clear();
        self.chains.clear();
        self.group_feeds.clear();
        self.window_feeds.clear();
        self.lines = 0;
        self.beyond_ascii = false;
    }
}

impl Found {
    /// The number of line feeds before a place of the block.
    pub(super) fn feeds_before(&self, block: &[u8], at: usize) -> u64 {
        let (group, window) = (at / GROUP_BYTES, at / WINDOW);
        let (before, from) = match (self.group_feeds.get(group), self.window_feeds.get(window)) {
            (Some(&before), Some(&within)) => (before + u32::from(within), window * WINDOW),
            _ => (0, 0),
        };
        let rest = block[from..at].iter().filter(|byte| **byte == b'\n').count();
        u64::from(before) + rest as u64
    }
}

/// Windows of 64 bytes a chain must fill before it is told: a token is cut after 255 units, and a
/// chain of 256 bytes fills at least three whole windows.
const CHAIN_WINDOWS: u32 = 3;

/// Masks of one window of 64 bytes, bit `i` for byte `i`.
#[derive(Clone, Copy, Default)]
struct Masks {
    /// `[A-Za-z0-9_]`.
    word: u64,
    /// Bytes inside which a token can go on: words, `. : ' , ;` and everything beyond ASCII.
    chain: u64,
    /// Beyond ASCII.
    high: u64,
    /// Line feeds.
    feed: u64,
    /// Where a short word may begin, by its first bytes.
    short: u64,
    /// The same of those that are kept only behind certain bytes.
    fronted: u64,
}

/// A block of text, and how many bytes stand directly behind it that will be looked at next.
///
/// They are fetched into the cache meanwhile: this look computes, and would leave the memory idle; the
/// next thing to be done with them, to see whether they are clean, only waits for the memory.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) text: &'a [u8],
    pub(super) ahead: usize,
}

/// Finds the words of a block that pass the sieve.
pub(super) fn find(sieve: &Sieve, block: Block<'_>, found: &mut Found) {
    found.clear();
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        if x86::has_avx512() {
            // SAFETY: the instruction set was detected on this machine just above.
            return unsafe { x86::find_avx512(sieve, block, found) };
        }
        if x86::has_avx2() {
            // SAFETY: as above.
            return unsafe { x86::find_avx2(sieve, block, found) };
        }
    }
    find_portable(sieve, block, found);
}

/// The same without vector instructions: the specification of the others.
pub(super) fn find_portable(sieve: &Sieve, block: Block<'_>, found: &mut Found) {
    let classify = |window: &Window| {
        let entry = |place: usize, byte: u8| sieve.tables[place][usize::from(byte & 0x7F)];
        let mut masks = Masks::default();
        for (index, &byte) in window[..WINDOW].iter().enumerate() {
            let class = if byte < 128 { CLASS[byte as usize] } else { 2 };
            let places = 1..PLACES;
            let later = places.fold(0xFF, |all, place| all & entry(place, window[index + place]));
            masks.word |= u64::from(class & 1) << index;
            masks.chain |= u64::from(class >> 1) << index;
            masks.high |= u64::from(byte >> 7) << index;
            masks.feed |= u64::from(byte == b'\n') << index;
            let buckets = entry(0, byte) & later;
            masks.short |= u64::from(buckets & !FRONTED != 0) << index;
            masks.fronted |= u64::from(buckets & FRONTED != 0) << index;
        }
        masks
    };
    run(sieve, block, found, classify, place_bits);
}

const WINDOW: usize = 64;
/// Bytes a key or a table look-up may read past its window.
const LOAD: usize = 8;
/// A window with what may be read behind it.
type Window = [u8; WINDOW + LOAD];
/// Windows between two rounds of hashing: their words' offsets stay in L1.
const GROUP: usize = 64;
/// Bytes of a group.
const GROUP_BYTES: usize = GROUP * WINDOW;

/// A group with what may be read behind it.
type Group = [u8; GROUP_BYTES + WINDOW + LOAD];

/// The loop all forms share. What differs: `classify`, and `place`, which writes the places of a
/// mask's set bits to the front of a slice, each with an offset added.
#[inline(always)]
fn run(
    sieve: &Sieve,
    Block { text: block, ahead }: Block<'_>,
    found: &mut Found,
    classify: impl Fn(&Window) -> Masks,
    place: impl Fn(u64, u32, &mut [u32; WINDOW]),
) {
    let mut state = State { last: 0, full: 0, fetched: block.as_ptr() };
    let mut room = Room::default();
    let mut start = 0;
    while let Some(text) = block[start..].first_chunk::<{ size_of::<Group>() }>() {
        // Lines that are here already cost less to ask for than a branch in each window.
        state.fetched = match start + GROUP_BYTES <= ahead {
            true => block.as_ptr_range().end.wrapping_add(start),
            false => text.as_ptr(),
        };
        let noted = state.group(sieve, text, GROUP, (&classify, &place), &mut room);
        noted.told(sieve, text, &mut room, start, found);
        start += GROUP_BYTES;
    }
    // The last groups and what they read past the end come from a padded copy.
    let rest = &block[start..];
    let mut padded = [0; 2 * GROUP_BYTES + 2 * WINDOW + LOAD];
    padded[..rest.len()].copy_from_slice(rest);
    for group in (0..rest.len()).step_by(GROUP_BYTES) {
        let text: &Group = padded[group..].first_chunk().expect("two groups fit");
        state.fetched = text.as_ptr();
        let windows = (rest.len() - group).div_ceil(WINDOW).min(GROUP);
        let noted = state.group(sieve, text, windows, (&classify, &place), &mut room);
        noted.told(sieve, text, &mut room, start + group, found);
    }
}

#[inline(always)]
fn window(text: &Group, index: usize) -> &Window {
    let at = index * WINDOW;
    text[at..at + WINDOW + LOAD].try_into().expect("the slice has that length")
}

/// The eight bytes at a place of the group.
#[inline(always)]
fn load(text: &Group, at: u32) -> u64 {
    // The place lies within the group: the remainder only tells the compiler so.
    let at = at as usize % GROUP_BYTES;
    u64::from_le_bytes(text[at..at + 8].try_into().expect("the slice has that length"))
}

/// What one group hands to the next.
struct State {
    /// The word bytes of the window before.
    last: u64,
    /// Whole windows of chain bytes up to here.
    full: u32,
    /// What is fetched into the cache while a group is looked at: so many bytes from here on.
    fetched: *const u8,
}

/// Room for the places where words start, from the group's own start on, until they are hashed.
struct Room {
    long: [u32; GROUP_BYTES / (LONG + 1) + 2 * WINDOW],
    short: [u32; GROUP_BYTES / 2 + WINDOW],
    masks: WordMasks,
    /// The line feeds of the group before each window.
    feeds: [u16; GROUP],
}

/// The masks of word bytes of the window before, of the group's windows, and of the one that follows.
struct WordMasks([u64; GROUP + 2]);

impl Default for Room {
    fn default() -> Room {
        Room {
            long: [0; GROUP_BYTES / (LONG + 1) + 2 * WINDOW],
            short: [0; GROUP_BYTES / 2 + WINDOW],
            masks: WordMasks([0; GROUP + 2]),
            feeds: [0; GROUP],
        }
    }
}

/// What a group's masks told.
#[derive(Clone, Copy, Default)]
struct Noted {
    windows: usize,
    long: usize,
    short: usize,
    lines: u32,
    high: u64,
    /// The windows that made a chain too long, a bit each.
    chains: u64,
}

impl State {
    /// Notes where words start that are worth a hash.
    #[inline(always)]
    fn group(
        &mut self,
        sieve: &Sieve,
        text: &Group,
        windows: usize,
        (classify, place): (&impl Fn(&Window) -> Masks, &impl Fn(u64, u32, &mut [u32; WINDOW])),
        room: &mut Room,
    ) -> Noted {
        let mut noted = Noted::default();
        room.masks.0[0] = self.last;
        let mut now = classify(window(text, 0));
        for index in 0..windows {
            let next = classify(window(text, index + 1));
            fetch(self.fetched.wrapping_add(index * WINDOW));
            let word = now.word;
            room.masks.0[index + 1] = word;
            let starts = word & !((word << 1) | (self.last >> 63));
            self.last = word;
            room.feeds[index] = noted.lines as u16;
            noted.lines += now.feed.count_ones();
            noted.high |= now.high;
            if now.chain != u64::MAX {
                self.full = 0;
            } else if self.is_chain_too_long() {
                noted.chains |= 1 << index;
            }
            let offset = (index * WINDOW) as u32;
            let long = long_runs(word, next.word);
            let worth = starts & long;
            place(worth, offset, room_for(&mut room.long, noted.long));
            noted.long += worth.count_ones() as usize;
            if sieve.any_short {
                // The tables know seven bits: beside bytes beyond ASCII every short word is kept.
                let short = if now.high | next.high == 0 { now.short } else { u64::MAX };
                let starts = starts & !long;
                let mut worth = starts & short;
                let fronted = starts & now.fronted;
                if fronted != 0 {
                    worth |= sieve.fronts.kept(text, offset, fronted);
                }
                place(worth, offset, room_for(&mut room.short, noted.short));
                noted.short += worth.count_ones() as usize;
            }
            now = next;
        }
        room.masks.0[windows + 1] = now.word;
        noted.windows = windows;
        noted
    }

    #[cold]
    fn is_chain_too_long(&mut self) -> bool {
        self.full += 1;
        self.full == CHAIN_WINDOWS
    }
}

/// Asks for a line of memory in the second cache. Nothing else comes of it, wherever it points.
#[inline(always)]
fn fetch(at: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch of any address is allowed, and has no effect but on the caches.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}

/// Room for the places of one more window.
#[inline(always)]
fn room_for(places: &mut [u32], count: usize) -> &mut [u32; WINDOW] {
    (&mut places[count..count + WINDOW]).try_into().expect("the slice has that length")
}

impl Noted {
    /// Hashes the words noted, keeps what the filters admit, and adds all to `found`; the group
    /// begins at `start`.
    #[inline(always)]
    fn told(self, sieve: &Sieve, text: &Group, room: &mut Room, start: usize, found: &mut Found) {
        found.group_feeds.push(found.lines as u32);
        found.window_feeds.extend_from_slice(&room.feeds[..self.windows]);
        found.lines += u64::from(self.lines);
        found.beyond_ascii |= self.high != 0;
        let mut chains = self.chains;
        while chains != 0 {
            found.chains.push((start + chains.trailing_zeros() as usize * WINDOW) as u32);
            chains &= chains - 1;
        }
        let Room { long, short, masks, .. } = room;
        let word = |at: &u32| Word { at: start as u32 + at, ..masks.word(*at) };
        let passes = |at| {
            let load = load(text, at);
            sieve.long.admits(sieve.cased(key_of_load(load, LONG), load))
        };
        let kept = keep(&mut long[..self.long], passes);
        found.words.extend(long[..kept].iter().map(word));
        let passes = |at| {
            let load = load(text, at);
            sieve.short.admits(sieve.cased(key_of_short(load, masks.length(at)), load))
        };
        let kept = keep(&mut short[..self.short], passes);
        found.words.extend(short[..kept].iter().map(word));
    }
}

/// Moves the places that pass to the front and returns their number, without a branch on each: it
/// would be mispredicted.
#[inline(always)]
fn keep(places: &mut [u32], passes: impl Fn(u32) -> bool) -> usize {
    let mut kept = 0;
    for index in 0..places.len() {
        let at = places[index];
        places[kept] = at;
        kept += usize::from(passes(at));
    }
    kept
}

impl WordMasks {
    /// The word bytes from a place on, 64 bits.
    #[inline(always)]
    fn from(&self, at: u32) -> u64 {
        let (window, bit) = (at as usize / WINDOW % GROUP + 1, at % WINDOW as u32);
        (self.0[window] >> bit) | ((self.0[window + 1] << 1) << (WINDOW as u32 - 1 - bit))
    }

    /// How many word bytes there are from a place on: 64 for 64 or more.
    #[inline(always)]
    fn length(&self, at: u32) -> usize {
        self.from(at).trailing_ones() as usize
    }

    /// The word at a place, with its surroundings as far as 64 bytes tell.
    #[inline(always)]
    fn word(&self, at: u32) -> Word {
        let (window, bit) = (at as usize / WINDOW % GROUP + 1, at % WINDOW as u32);
        let up_to = (self.0[window] << 1) << (WINDOW as u32 - 1 - bit) | self.0[window - 1] >> bit;
        let from = self.from(at);
        let length = from.trailing_ones();
        let rest = from.checked_shr(length).unwrap_or(0);
        let behind = if rest == 0 { 0 } else { rest.trailing_zeros() };
        let before = if up_to == 0 { 0 } else { up_to.leading_zeros() };
        Word { at, length: length as u8, before: before as u8, behind: behind as u8 }
    }
}

/// Writes the places of the set bits, four at a time whether there are that many or not: a branch on
/// each would be mispredicted in nearly every window.
#[inline(always)]
fn place_bits(mut bits: u64, offset: u32, places: &mut [u32; WINDOW]) {
    for four in places.as_chunks_mut::<4>().0 {
        for place in four {
            *place = offset.wrapping_add(bits.trailing_zeros());
            bits &= bits.wrapping_sub(1);
        }
        if bits == 0 {
            return;
        }
    }
}

/// Where a run of at least [`LONG`] word bytes begins or goes on. Halving steps: bit `i` of `two`
/// says that bytes `i` and `i + 1` are word bytes, and so on.
#[inline(always)]
fn long_runs(word: u64, next: u64) -> u64 {
    let two = word & ((word >> 1) | (next << 63));
    let two_next = next & (next >> 1);
    let four = two & ((two >> 2) | (two_next << 62));
    let four_next = two_next & (two_next >> 2);
    four & ((four >> 4) | (four_next << 60))
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Block, CLASS, FRONTED, Found, Masks, Sieve, WINDOW, Window, place_bits, run};

    pub(super) fn has_avx512() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && has_scalar()
    }

    pub(super) fn has_avx2() -> bool {
        is_x86_feature_detected!("avx2") && has_scalar()
    }

    fn has_scalar() -> bool {
        is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
    }

    /// # Safety
    ///
    /// The machine must have the features named here; see [`has_avx512`].
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) unsafe fn find_avx512(sieve: &Sieve, block: Block<'_>, found: &mut Found) {
        let table = |table: &[u8; 128]| {
            let bytes = table.as_ptr();
            // SAFETY: the table has 128 bytes, two loads of 64 without alignment.
            unsafe { (_mm512_loadu_si512(bytes.cast()), _mm512_loadu_si512(bytes.add(64).cast())) }
        };
        let (class, [first, rest @ ..]) = (table(&CLASS), sieve.tables.each_ref().map(table));
        let look_up = |(low, high): (__m512i, __m512i), bytes: __m512i| {
            // One instruction looks 64 bytes up by their low seven bits.
            _mm512_permutex2var_epi8(low, bytes, high)
        };
        let (one, two) = (_mm512_set1_epi8(1), _mm512_set1_epi8(2));
        let feed = _mm512_set1_epi8(b'\n' as i8);
        let fronted = _mm512_set1_epi8(FRONTED as i8);
        let others = _mm512_set1_epi8(!FRONTED as i8);
        let classify = |window: &Window| {
            // SAFETY: a window has 72 bytes; the loads read 64 from offsets below PLACES.
            let at =
                |offset: usize| unsafe { _mm512_loadu_si512(window.as_ptr().add(offset).cast()) };
            let bytes = at(0);
            let kind = look_up(class, bytes);
            let beyond = _mm512_movepi8_mask(bytes);
            let mut buckets = look_up(first, bytes);
            for (place, table) in (1..).zip(rest) {
                buckets = _mm512_and_si512(buckets, look_up(table, at(place)));
            }
            Masks {
                word: _mm512_test_epi8_mask(kind, one) & !beyond,
                chain: _mm512_test_epi8_mask(kind, two) | beyond,
                high: beyond,
                feed: _mm512_cmpeq_epi8_mask(bytes, feed),
                short: _mm512_test_epi8_mask(buckets, others),
                fronted: _mm512_test_epi8_mask(buckets, fronted),
            }
        };
        let bit_numbers: [u8; WINDOW] = std::array::from_fn(|bit| bit as u8);
        // SAFETY: the array has 64 bytes.
        let bit_numbers = unsafe { _mm512_loadu_si512(bit_numbers.as_ptr().cast()) };
        let place = |bits: u64, offset: u32, places: &mut [u32; WINDOW]| {
            let numbers = _mm512_maskz_compress_epi8(bits, bit_numbers);
            let offset = _mm512_set1_epi32(offset as i32);
            let widen = |sixteen| _mm512_add_epi32(_mm512_cvtepu8_epi32(sixteen), offset);
            let places = places.as_mut_ptr();
            // SAFETY: the slice has room for 64; no more than every second bit starts a word.
            unsafe {
                _mm512_storeu_si512(places.cast(), widen(_mm512_castsi512_si128(numbers)));
                if bits.count_ones() > 16 {
                    let second = _mm512_extracti32x4_epi32::<1>(numbers);
                    _mm512_storeu_si512(places.add(16).cast(), widen(second));
                }
            }
        };
        run(sieve, block, found, classify, place);
    }

    /// # Safety
    ///
    /// The machine must have the features named here; see [`has_avx2`].
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) unsafe fn find_avx2(sieve: &Sieve, block: Block<'_>, found: &mut Found) {
        let classify = |window: &Window| {
            // SAFETY: a window has 72 bytes, two loads of 32.
            let (first, second) = unsafe {
                let bytes = window.as_ptr();
                (_mm256_loadu_si256(bytes.cast()), _mm256_loadu_si256(bytes.add(32).cast()))
            };
            let (a, b) = (half(first), half(second));
            let join = |low: u32, high: u32| u64::from(low) | (u64::from(high) << 32);
            Masks {
                word: join(a[0], b[0]),
                chain: join(a[1], b[1]),
                high: join(a[2], b[2]),
                feed: join(a[3], b[3]),
                // Without a 128-byte look-up every start goes to the hash.
                short: u64::MAX,
                fronted: 0,
            }
        };
        run(sieve, block, found, classify, place_bits);
    }

    /// Masks of 32 bytes: word, chain, high, feed.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn half(bytes: __m256i) -> [u32; 4] {
        let set = |byte: u8| _mm256_set1_epi8(byte as i8);
        let equal = |byte: u8| _mm256_cmpeq_epi8(bytes, set(byte));
        // Signed comparison: bytes beyond ASCII are negative and fall below every range.
        let between = |value: __m256i, low: u8, high: u8| {
            let above = _mm256_cmpgt_epi8(value, set(low - 1));
            _mm256_andnot_si256(_mm256_cmpgt_epi8(value, set(high)), above)
        };
        let folded = _mm256_or_si256(bytes, set(0x20));
        let or = |a, b| _mm256_or_si256(a, b);
        let alphanumeric = or(between(folded, b'a', b'z'), between(bytes, b'0', b'9'));
        let word = or(alphanumeric, equal(b'_'));
        let glue = or(or(equal(b'.'), equal(b'\'')), or(equal(b','), between(bytes, b':', b';')));
        let mask = |value| _mm256_movemask_epi8(value) as u32;
        let high = mask(bytes);
        [mask(word), mask(or(word, glue)) | high, high, mask(equal(b'\n'))]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::sieve::{Front, Sought},
        *,
    };

    fn block(text: &[u8]) -> Block<'_> {
        Block { text, ahead: 0 }
    }

    fn words(sieve: &Sieve, text: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Found::default();
        find(sieve, block(text), &mut found);
        let words = found.words.iter().map(|word| (word.at as usize, usize::from(word.length)));
        let mut all: Vec<_> = words.collect();
        all.sort_unstable();
        all
    }

    fn sieve(words: &[&str]) -> Sieve {
        Sieve::new(words.iter().map(|word| Sought::AnyCase(word.as_bytes())))
    }

    #[test]
    fn whole_words_in_any_case_are_found() {
        let sieve = sieve(&["deadlock", "503", "mirrors"]);
        assert_eq!(
            words(&sieve, b"x DeadLock; HTTP 503\nNo more mirrors"),
            [(2, 8), (17, 3), (29, 7)]
        );
        assert_eq!(words(&sieve, b"dead-lock 5030 mirror s _503"), []);
    }

    #[test]
    fn words_as_written_keep_those_in_another_case_out() {
        let words_of = |text: &str| {
            let sought =
                [&b"TASK"[..], b"panic", b"UNEXPECTED", b"Exception"].map(Sought::AsWritten);
            let sieve = Sieve::new(sought.into_iter().chain([Sought::AnyCase(b"killed")]));
            words(&sieve, text.as_bytes()).len()
        };
        assert_eq!(words_of("[task 2025] Panic unexpected exception"), 0);
        assert_eq!(words_of("TASK panic UNEXPECTED Exception Killed killed"), 6);
    }

    #[test]
    fn words_behind_other_bytes_are_kept_out() {
        let sought = [
            Sought::Fronted(b"error", Front::Lead),
            Sought::Fronted(b"error", Front::Byte(b':')),
            Sought::Fronted(b"FAIL", Front::Lead),
            Sought::AnyCase(b"mirrors"),
        ];
        let sieve = Sieve::new(sought.into_iter());
        let text =
            b"xx: error ::error a error -error Error FAIL-FAIL x FAIL\nerror Mirrors z\terror";
        // Only tables of 128 bytes thin out.
        let expected = [4, 12, 56, 62];
        if kernel_is_exact() {
            let all: Vec<usize> = words(&sieve, text).into_iter().map(|(at, _)| at).collect();
            assert_eq!(all, expected);
        }
        let mut found = Found::default();
        find_portable(&sieve, block(text), &mut found);
        let mut all: Vec<usize> = found.words.iter().map(|word| word.at as usize).collect();
        all.sort_unstable();
        assert_eq!(all, expected);
        // What stands before a group is not looked at, and text beyond ASCII is left to the hash.
        assert_eq!(words(&sieve, b"error"), [(0, 5)]);
        assert_eq!(words(&sieve, "é a error".as_bytes()), [(5, 5)]);
    }

    /// Whether [`find`] keeps no more than the specification does.
    fn kernel_is_exact() -> bool {
        #[cfg(target_arch = "x86_64")]
        return x86::has_avx512() || !x86::has_avx2();
        #[cfg(not(target_arch = "x86_64"))]
        return true;
    }

    #[test]
    fn words_are_found_at_every_offset_of_the_windows() {
        let sieve = sieve(&["timeout", "libvirterror"]);
        for gap in 0..200 {
            let text = format!("{}timeout{}LibvirtError", " ".repeat(gap), "-".repeat(gap + 1));
            let expected = [(gap, 7), (2 * gap + 8, 12)];
            assert_eq!(words(&sieve, text.as_bytes()), expected, "gap {gap}");
        }
    }

    #[test]
    fn a_long_chain_is_told_once() {
        let sieve = sieve(&["mirrors"]);
        let mut found = Found::default();
        find(&sieve, block("a.b:c'é,".repeat(100).as_bytes()), &mut found);
        assert_eq!(found.chains.len(), 1);
        assert!(found.beyond_ascii);
        find(&sieve, block("a.b:c'd, ".repeat(100).as_bytes()), &mut found);
        assert_eq!((found.chains.len(), found.beyond_ascii), (0, false));
    }

    proptest! {
        #[test]
        fn the_vector_forms_equal_the_portable_one(
            text in proptest::collection::vec(
                prop_oneof![4 => Just(b'a'), 2 => Just(b'B'), 1 => Just(b'_'), 1 => Just(b' '),
                    1 => Just(b'.'), 1 => Just(b'\n'), 1 => any::<u8>()], 0..9000)
        ) {
            let words = ["a", "ab", "aba", "aaaa", "aabab", "aaaaaa", "aaaaaaaabb"];
            let any_case = words.iter().map(|word| Sought::AnyCase(word.as_bytes()));
            let fronted = [
                Sought::Fronted(b"BaB", Front::Byte(b'.')),
                Sought::Fronted(b"Ba", Front::Lead),
                Sought::Fronted(b"BBaa", Front::Lead),
            ];
            let sieve = Sieve::new(any_case.chain(fronted));
            let (mut fast, mut plain) = (Found::default(), Found::default());
            find(&sieve, block(&text), &mut fast);
            find_portable(&sieve, block(&text), &mut plain);
            prop_assert_eq!(&fast.words, &plain.words);
            prop_assert_eq!(&fast.window_feeds, &plain.window_feeds);
            for at in (0..text.len()).step_by(7) {
                let feeds = text[..at].iter().filter(|byte| **byte == b'\n').count();
                prop_assert_eq!(fast.feeds_before(&text, at), feeds as u64);
            }
            prop_assert_eq!(&fast.chains, &plain.chains);
            prop_assert_eq!((fast.lines, fast.beyond_ascii), (plain.lines, plain.beyond_ascii));
            #[cfg(target_arch = "x86_64")]
            if x86::has_avx2() {
                let mut narrow = Found::default();
                // SAFETY: detected just above.
                unsafe { x86::find_avx2(&sieve, block(&text), &mut narrow) };
                prop_assert!(plain.words.iter().all(|word| narrow.words.contains(word)));
                prop_assert_eq!(&narrow.chains, &plain.chains);
                prop_assert_eq!(narrow.lines, plain.lines);
            }
        }
    }
}
