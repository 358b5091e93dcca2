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
//! codes     2026.11.24...ERROR.deadlock.found..1213.   what is no part of a word is 0
//! word      1111011011000111110111111110111110011110
//! starts    1000010010000100000100000000100000010000
//! longer    .............1.....1........1...........   5 bytes or more
//! worth     .............1.....1........1...........   three of its bytes in the same bucket?
//! ```
//!
//! The steps are apart, a [group](GROUP) of windows at a time, so that none waits for a mispredicted branch
//! of another: codes and masks; the places that are worth a hash; the hashes; what stands beside the words
//! that are left. Which are kept is the [sieve](super::sieve)'s to say. On the way it is told where line feeds are
//! and whether the text needs [cleaning](crate::log::is_clean), so that nothing else has to look at every byte.
//!
//! Beside [the sweep for control traffic](crate::log::is_clean) this is the one module of the crate with
//! `unsafe`: vector loads and stores behind run-time detection of the instruction set. The portable form below it
//! is the specification; a test holds them equal. What it buys for a whole scan of real CI logs with 963
//! on one core of an AMD EPYC (Zen 4): 4.4 GB/s with AVX-512; where the host hides that, 2.9 with AVX2 and 0.7 in the
//! portable form.
#![allow(unsafe_code)]

use std::{array, cell::Cell};

use ahead::{Ahead, Step};
pub(super) use sifted::Sifted;
use sifted::{Part, SiftedWords};

use super::{
    beside::{Slots, Word},
    sieve::{BRIEF, BRIEF_BUCKETS, Bloom, Home, Sieve},
};

/// What one pass over a block found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Words that may be anchors, in order.
    words: SiftedWords,
    /// Offsets inside chains so long that the analyzer may cut a token in them.
    pub(super) chains: Vec<u32>,
    /// Where the line feeds are: a bit for each byte, the lowest of a word first.
    pub(super) feeds: Vec<u64>,
    /// Their number before each [run](RUN) of windows.
    run_feeds: Vec<u32>,
    /// Number of line feeds in the block.
    pub(super) lines: u64,
    /// Where the groups begin that have bytes outside ASCII.
    beyond_ascii: Vec<u32>,
    /// The block needs cleaning.
    is_dirty: bool,
    /// Room for a group, kept for the next block.
    group: Option<Box<Room>>,
}

/// What decides which words are kept.
#[derive(Clone, Copy)]
pub(super) struct Filters<'a> {
    /// By the word itself.
    pub(super) sieve: &'a Sieve,
    /// By what stands beside it.
    pub(super) slots: &'a Slots,
}

impl Found {
    fn clear(&mut self) {
        self.words.clear();
        self.chains.clear();
        self.run_feeds.clear();
        self.feeds.clear();
        self.lines = 0;
        self.beyond_ascii.clear();
        self.is_dirty = false;
    }

    /// Words that may be anchors of what may stand here, in order.
    pub(super) fn words(&self) -> impl Iterator<Item = Sifted> {
        self.words.iter()
    }

    /// Tells where code points beyond ASCII lower-case to an ASCII letter, in order: U+212A KELVIN SIGN and
    /// U+0130 LATIN CAPITAL LETTER I WITH DOT ABOVE (Unicode Character Database, UnicodeData.txt).
    pub(super) fn folding_into_ascii<'b>(&'b self, block: &'b [u8]) -> impl Iterator<Item = u32> {
        self.beyond_ascii.iter().flat_map(move |&start| {
            let rest = &block[start as usize..];
            let group = &rest[..rest.len().min(GROUP_BYTES)];
            let leads = memchr::memchr2_iter(0xE2, 0xC4, group);
            let folding = leads.filter(|at| {
                let text = &rest[*at..];
                text.starts_with("\u{212A}".as_bytes()) || text.starts_with("\u{130}".as_bytes())
            });
            folding.map(move |at| start + at as u32)
        })
    }

    /// Whether the block has an escape, or a carriage return that no line feed follows.
    pub(super) fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    /// The number of line feeds before a place of the block.
    pub(super) fn feeds_before(&self, at: usize) -> u64 {
        let (run, window) = (at / WINDOW / RUN, at / WINDOW);
        let Some(own) = self.feeds.get(window) else { return self.lines };
        let within: u32 =
            self.feeds[run * RUN..window].iter().map(|feeds| feeds.count_ones()).sum();
        let own = own & !(u64::MAX << (at % WINDOW));
        u64::from(self.run_feeds[run] + within + own.count_ones())
    }
}

/// Masks of one window of 64 bytes, bit `i` for byte `i`.
#[derive(Clone, Copy, Default)]
struct Masks {
    /// `[A-Za-z0-9_]`.
    word: u64,
    /// Line feeds.
    feed: u64,
    /// Carriage returns.
    returns: u64,
    /// All of it is [chain](is_chain), where that was [looked for](Look::Full).
    is_full: bool,
}

/// What is seldom in a group: whether it is there at all, as its masks would cost each window more.
#[derive(Clone, Copy, Default)]
struct Rare {
    beyond_ascii: bool,
    escape: bool,
}

/// What else is looked for in a window.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Nothing,
    /// Whether all of it is a chain. Of three windows that follow each other one at least is at an even place, so
    /// only there it is asked.
    Full,
}

/// Bytes inside which a token can go on: words, `. : ' , ;` and everything beyond ASCII.
#[inline(always)]
fn is_chain(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let glue = (byte == b'.') | (byte == b'\'') | (byte == b',');
    // Digits, and the two that follow them.
    letter | (byte.wrapping_sub(b'0') < 12) | (byte == b'_') | (byte >= 0x80) | glue
}

/// Whether a window is one chain.
#[inline(always)]
fn is_full(window: &Window) -> bool {
    window.iter().fold(true, |all, &byte| all & is_chain(byte))
}

const ESCAPE: u8 = b'\x1b';

/// A text in which words are looked for: a block, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Haystack<'b> {
    pub(crate) bytes: &'b [u8],
    pub(crate) sweep: Sweep,
}

/// Whether a text was looked at for terminal traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sweep {
    /// It was, and is clean.
    Done,
    /// It was not: it is looked at while words are looked for, which ends where something is found.
    Due,
    /// It was not, and lies in a caller's memory, of which no cache may have anything: it is fetched ahead too.
    DueInMemory,
}

impl<'b> Haystack<'b> {
    /// One that is clean, or that is taken as it is.
    pub(crate) fn swept(bytes: &'b [u8]) -> Haystack<'b> {
        Haystack { bytes, sweep: Sweep::Done }
    }

    /// Whether it has to come from memory.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    fn is_cold(&self) -> bool {
        self.sweep == Sweep::DueInMemory
    }
}

/// Finds the words of a block that pass the sieve.
pub(super) fn find(filters: Filters<'_>, block: Haystack<'_>, found: &mut Found) {
    found.clear();
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        if x86::has_avx512() {
            // SAFETY: the instruction set was detected on this machine just above.
            return unsafe { x86::find_avx512(filters, block, found) };
        }
        if x86::has_avx2() {
            // SAFETY: as above.
            return unsafe { x86::find_avx2(filters, block, found) };
        }
    }
    find_portable(filters, block, found);
}

/// The same without vector instructions: the specification of the others.
pub(super) fn find_portable(filters: Filters<'_>, block: Haystack<'_>, found: &mut Found) {
    let sift = |text: &Text, offset: usize, Starts { brief, longer }: Starts| {
        let mut left = brief | longer;
        let mut kept = left;
        while left != 0 {
            let bit = left.trailing_zeros();
            let codes = text.load((offset + bit as usize) as u16).to_le_bytes();
            let own = if longer >> bit & 1 != 0 { !BRIEF_BUCKETS } else { BRIEF_BUCKETS };
            let is_kept = filters.sieve.looks.buckets(codes) & own != 0;
            kept &= !(u64::from(!is_kept) << bit);
            left &= left - 1;
        }
        kept
    };
    let bloom = &filters.sieve.bloom;
    let form = Form {
        read: |state: &mut State, text: &Group, windows, room: &mut Room| {
            let (high, escape) = (Cell::new(0), Cell::new(0));
            let read = |window: &Window, codes: &mut Window, look| {
                let (masks, rare) = read_portable(window, codes);
                high.set(high.get() | rare[0]);
                escape.set(escape.get() | rare[1]);
                Masks { is_full: look == Look::Full && is_full(window), ..masks }
            };
            let rare = || Rare { beyond_ascii: high.get() != 0, escape: escape.get() != 0 };
            state.read::<false>(text, windows, (&read, &rare), room)
        },
        starts: |room: &mut Room, windows| room.starts::<false>(windows, &sift, &place_bits),
        hash: |room: &mut Room, count| room.hash(count, bloom),
        beside: |room: &Room, places: (Part<'_>, usize), kept: &mut SiftedWords| {
            room.sifted(filters.slots, places, kept);
        },
    };
    run(block, found, form);
}

/// Each step is a loop that the compiler turns into whatever vector instructions every machine of the kind
/// has. Beside the masks it tells two more: beyond ASCII, and escapes.
#[inline(always)]
fn read_portable(window: &Window, codes: &mut Window) -> (Masks, [u64; 2]) {
    let all = |is: bool| 0_u8.wrapping_sub(u8::from(is));
    let (mut feed, mut escape, mut returns) = ([0; WINDOW], [0; WINDOW], [0; WINDOW]);
    for (index, &byte) in window.iter().enumerate() {
        let letter = all((byte | 0x20).wrapping_sub(b'a') < 26);
        let word = letter | all(byte.wrapping_sub(b'0') < 10) | all(byte == b'_');
        // See `code_of`: a small letter loses two bits.
        let small = letter & all(byte & 0x20 != 0) & 0x60;
        codes[index] = byte & word & !small;
        feed[index] = all(byte == b'\n');
        escape[index] = all(byte == ESCAPE);
        returns[index] = all(byte == b'\r');
    }
    let mut word = [0; WINDOW];
    for (word, code) in word.iter_mut().zip(codes) {
        *word = all(*code != 0);
    }
    let masks = Masks {
        word: highest_bits(&word),
        feed: highest_bits(&feed),
        returns: highest_bits(&returns),
        is_full: false,
    };
    (masks, [highest_bits(window), highest_bits(&escape)])
}

/// The highest bit of each byte.
#[inline(always)]
fn highest_bits(bytes: &Window) -> u64 {
    let eights = bytes.as_chunks::<8>().0.iter().enumerate();
    eights.fold(0, |mask, (index, eight)| {
        let bits = (u64::from_le_bytes(*eight) >> 7) & 0x0101_0101_0101_0101;
        // Each bit is moved to a place of its own in the highest byte.
        mask | (bits.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index)
    })
}

/// How one kind of machine takes the steps.
struct Form<R, S, H, B> {
    /// Reads a group's windows: see [`State::read`].
    read: R,
    /// Notes where words start that are worth a hash, and tells how many there are: see [`Room::starts`].
    starts: S,
    /// Keeps of so many places those that the Bloom filter admits: see [`Room::hash`].
    hash: H,
    /// Adds those of the words at the first so many places that have the right surroundings: see [`Room::sifted`].
    beside: B,
}

/// Where words start in a window: those of fewer than [`BRIEF`] bytes, and the others.
#[derive(Clone, Copy)]
struct Starts {
    brief: u64,
    longer: u64,
}

/// Places that are written together, or words whose bits of the Bloom filter are told together.
const EIGHT: usize = 8;
/// Of each where it starts.
type EightPlaces = [u16; EIGHT];

const WINDOW: usize = 64;
/// Bytes from a place on that are looked at together.
const LOAD: usize = 8;
type Window = [u8; WINDOW];
/// Windows between two rounds of hashing: their bytes stay in L1.
const GROUP: usize = 64;
/// Windows whose line feeds are counted as one.
const RUN: usize = 8;
/// Bytes of a group.
const GROUP_BYTES: usize = GROUP * WINDOW;

/// A group with the window behind it.
type Group = [u8; GROUP_BYTES + WINDOW];

/// A group as the sieve sees it, byte by byte a [code](super::sieve::code_of), with the window behind it
/// and what may be read behind that. Windows begin where lines of the cache do.
///
/// The rest is never used: with it every place of 16 bits lies within, and none has to be checked.
#[derive(Debug)]
#[repr(align(64))]
struct Text {
    codes: [u8; CODES],
}

/// As many as 16 bits can number, and what is read at the last of them.
const CODES: usize = 1 << u16::BITS | WINDOW;

/// Places of a group where words start, at every second byte at most. Behind them is room for what is
/// written in whole vectors.
const PLACES: usize = GROUP_BYTES / 2 + WINDOW;

impl Text {
    fn window(&mut self, index: usize) -> &mut Window {
        let at = index * WINDOW;
        (&mut self.codes[at..at + WINDOW]).try_into().expect("the slice has that length")
    }

    /// The eight codes at a place of the group.
    #[inline(always)]
    fn load(&self, at: u16) -> u64 {
        let at = usize::from(at);
        u64::from_le_bytes(self.codes[at..at + LOAD].try_into().expect("the slice has that length"))
    }
}

/// The loop all forms share.
#[inline(always)]
fn run<R, S, H, B>(
    Haystack { bytes: block, sweep }: Haystack<'_>,
    found: &mut Found,
    form: Form<R, S, H, B>,
) where
    R: Fn(&mut State, &Group, usize, &mut Room) -> Read,
    S: Fn(&mut Room, usize) -> usize,
    H: Fn(&mut Room, usize) -> usize,
    B: Fn(&Room, (Part<'_>, usize), &mut SiftedWords),
{
    let mut state = State::default();
    let mut group = found.group.take().unwrap_or_default();
    let room = &mut *group;
    let mut padded = [0; size_of::<Group>()];
    for start in (0..block.len()).step_by(GROUP_BYTES) {
        let rest = &block[start..];
        let text: &Group = match rest.first_chunk() {
            Some(text) => text,
            None => {
                // What the last groups read past the block's end is nothing.
                padded.fill(0);
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            }
        };
        let windows = rest.len().div_ceil(WINDOW).min(GROUP);
        room.ahead = Ahead::of(rest);
        let read = (form.read)(&mut state, text, windows, room);
        let places = (form.starts)(room, windows);
        read.told(room, start, found);
        if found.is_dirty && sweep != Sweep::Done {
            break;
        }
        let kept = (form.hash)(room, places);
        (form.beside)(room, (Part { block, start }, kept), &mut found.words);
    }
    found.is_dirty |= state.returns >> (WINDOW - 1) != 0;
    found.group = Some(group);
}

#[inline(always)]
fn window(text: &Group, index: usize) -> &Window {
    let at = index * WINDOW;
    text[at..at + WINDOW].try_into().expect("the slice has that length")
}

/// What one group hands to the next.
#[derive(Default)]
struct State {
    /// The word bytes of the window before.
    last: u64,
    /// Its carriage returns.
    returns: u64,
    /// The windows of the group before that are [full](is_full), a bit each: the last, and all where they matter.
    full: u64,
}

/// Room for what is known of a group.
#[derive(Debug)]
struct Room {
    /// The text that will be read soon.
    ahead: Ahead,
    text: Text,
    /// The places where words start that are worth a hash.
    places: [u16; PLACES],
    /// Where in the filter words that start there are.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    homes: x86::Homes,
    masks: WordMasks,
    /// The masks of line feeds.
    feeds: [u64; GROUP],
    /// Carriage returns; the first are those of the window before the group.
    returns: [u64; GROUP + 1],
    /// Where brief words start, and where longer ones do.
    brief: [u64; GROUP],
    longer: [u64; GROUP],
}

/// The masks of word bytes of the window before, of the group's windows, and of the one that follows.
#[derive(Debug)]
struct WordMasks([u64; GROUP + 2]);

impl Default for Room {
    fn default() -> Room {
        Room {
            ahead: Ahead::default(),
            text: Text { codes: [0; CODES] },
            places: [0; PLACES],
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            homes: x86::Homes::default(),
            masks: WordMasks([0; GROUP + 2]),
            feeds: [0; GROUP],
            returns: [0; GROUP + 1],
            brief: [0; GROUP],
            longer: [0; GROUP],
        }
    }
}

/// What a group's masks told.
#[derive(Clone, Copy, Default)]
struct Read {
    windows: usize,
    /// The line feeds of each run.
    lines: [u32; GROUP / RUN],
    rare: Rare,
    /// There is an escape, or a byte that follows a carriage return and is no line feed.
    is_dirty: bool,
    /// The windows that made a chain too long, a bit each.
    chains: u64,
}

impl State {
    /// Reads a group's windows, and the one behind them. Of each `read` writes the codes and tells the masks; `rare`
    /// tells what it has seen besides.
    #[inline(always)]
    fn read<const COLD: bool>(
        &mut self,
        text: &Group,
        windows: usize,
        (read, rare): (&impl Fn(&Window, &mut Window, Look) -> Masks, &impl Fn() -> Rare),
        room: &mut Room,
    ) -> Read {
        let mut all = Read { windows, ..Read::default() };
        room.masks.0[0] = self.last;
        room.returns[0] = self.returns;
        let mut has_full = false;
        for even in (0..windows).step_by(2) {
            room.ahead.fetch::<COLD>(Step::Read, even);
            has_full |= room.read(text, (even, Look::Full), read);
            if even + 1 < windows {
                room.read(text, (even + 1, Look::Nothing), read);
            }
        }
        // Apart, as the compiler does this for several windows at once.
        room.feeds[windows..].fill(0);
        let (runs, _) = room.feeds.as_chunks::<RUN>();
        all.lines = array::from_fn(|run| runs[run].iter().map(|feeds| feeds.count_ones()).sum());
        all.rare = rare();
        let mut full = |index: usize| {
            let masks = read(window(text, index), room.text.window(index), Look::Full);
            u64::from(masks.is_full) << index
        };
        // All of them where it matters, and the last for the next group.
        let first = if has_full { 0 } else { windows - 1 };
        let full = (first..windows).fold(0, |all, index| all | full(index));
        all.chains = chains_too_long(self.full, full);
        self.full = full;
        self.last = room.masks.0[windows];
        all.is_dirty = all.rare.escape || room.has_lone_return(windows);
        self.returns = room.returns[windows];
        let behind = read(window(text, windows), room.text.window(windows), Look::Nothing);
        room.masks.0[windows + 1] = behind.word;
        all
    }
}

/// The windows that are the third of a chain, given which are all chain in the group before and in this
/// one: a token is cut after 255 units, and a chain of 256 bytes fills at least three windows.
#[inline(always)]
fn chains_too_long(before: u64, full: u64) -> u64 {
    let behind = |by: u32| full << by | before >> (GROUP as u32 - by);
    full & behind(1) & behind(2) & !behind(3)
}

impl Room {
    /// Reads a window and tells whether it is full.
    #[inline(always)]
    fn read(
        &mut self,
        text: &Group,
        (index, look): (usize, Look),
        read: &impl Fn(&Window, &mut Window, Look) -> Masks,
    ) -> bool {
        let masks = read(window(text, index), self.text.window(index), look);
        self.masks.0[index + 1] = masks.word;
        self.feeds[index] = masks.feed;
        self.returns[index + 1] = masks.returns;
        masks.is_full
    }

    /// Whether a byte of so many windows follows a carriage return and is no line feed. What the last byte is,
    /// the next group tells.
    #[inline(always)]
    fn has_lone_return(&self, windows: usize) -> bool {
        let returns = &self.returns[..=windows];
        if returns.iter().fold(0, |any, returns| any | returns) == 0 {
            return false;
        }
        let pairs = returns.windows(2).zip(&self.feeds);
        let lone =
            pairs.map(|(returns, feeds)| (returns[1] << 1 | returns[0] >> (WINDOW - 1)) & !feeds);
        lone.fold(0, |all, lone| all | lone) != 0
    }

    /// Notes where words start that are worth a hash, and tells how many there are.
    #[inline(always)]
    fn starts<const COLD: bool>(
        &mut self,
        windows: usize,
        sift: &impl Fn(&Text, usize, Starts) -> u64,
        place: &impl Fn(u64, u16, &mut [u16; WINDOW]),
    ) -> usize {
        self.tell_starts();
        let mut count = 0;
        for index in 0..windows {
            self.ahead.fetch::<COLD>(Step::Starts, index);
            let offset = index * WINDOW;
            let starts = Starts { brief: self.brief[index], longer: self.longer[index] };
            let worth = sift(&self.text, offset, starts);
            let room = &mut self.places[count..count + WINDOW];
            place(worth, offset as u16, room.try_into().expect("the slice has that length"));
            count += worth.count_ones() as usize;
        }
        count
    }

    /// Tells where words start. Apart from what is done with it, as the compiler does this for several windows at
    /// once.
    #[inline(always)]
    fn tell_starts(&mut self) {
        for index in 0..GROUP {
            let starts = Starts::of(self.masks.round(index));
            (self.brief[index], self.longer[index]) = (starts.brief, starts.longer);
        }
    }

    /// Moves those of so many places that the filter admits to the front and returns their number. Without a branch
    /// on each: it would be mispredicted.
    #[inline(always)]
    fn hash(&mut self, count: usize, bloom: &Bloom) -> usize {
        let mut kept = 0;
        for index in 0..count {
            let place = self.places[index];
            self.places[kept] = place;
            kept += usize::from(bloom.has(Home::of(bloom.bit(self.text.load(place)))));
        }
        kept
    }
}

impl Read {
    /// Adds what the group's masks told to `found`; the group begins at `start`.
    #[inline(always)]
    fn told(self, room: &Room, start: usize, found: &mut Found) {
        for lines in self.lines {
            found.run_feeds.push(found.lines as u32);
            found.lines += u64::from(lines);
        }
        found.feeds.extend_from_slice(&room.feeds[..self.windows]);
        found.is_dirty |= self.is_dirty;
        if self.rare.beyond_ascii {
            found.beyond_ascii.push(start as u32);
        }
        let mut chains = self.chains;
        while chains != 0 {
            found.chains.push((start + chains.trailing_zeros() as usize * WINDOW) as u32);
            chains &= chains - 1;
        }
    }
}

impl WordMasks {
    /// Those of the window before, of the window, and of the one behind.
    #[inline(always)]
    fn round(&self, window: usize) -> [u64; 3] {
        self.0[window..window + 3].try_into().expect("the slice has that length")
    }

    /// The word at a place, with its surroundings as far as 64 bytes tell.
    #[inline(always)]
    fn word(&self, at: u16) -> Word {
        let (window, bit) = (usize::from(at) / WINDOW % GROUP, u32::from(at) % WINDOW as u32);
        let [before, own, behind] = self.round(window);
        let up_to = (own << 1) << (WINDOW as u32 - 1 - bit) | before >> bit;
        let from = (own >> bit) | ((behind << 1) << (WINDOW as u32 - 1 - bit));
        let length = from.trailing_ones();
        let rest = from.checked_shr(length).unwrap_or(0);
        let behind = if rest == 0 { 0 } else { rest.trailing_zeros() };
        let before = if up_to == 0 { 0 } else { up_to.leading_zeros() };
        Word { at: 0, length: length as u8, before: before as u8, behind: behind as u8 }
    }
}

/// Writes the places of the set bits, eight at a time whether there are that many or not: a branch on
/// each would be mispredicted in nearly every window, and one on four in every second.
#[inline(always)]
fn place_bits(bits: u64, offset: u16, places: &mut [u16; WINDOW]) {
    let (eights, _) = places.as_chunks_mut();
    let mut bits = place_eight(bits, offset, &mut eights[0]);
    for eight in &mut eights[1..] {
        if bits == 0 {
            return;
        }
        bits = place_eight(bits, offset, eight);
    }
}

/// Writes the places of the eight lowest set bits, and tells which bits are left.
#[inline(always)]
fn place_eight(mut bits: u64, offset: u16, places: &mut EightPlaces) -> u64 {
    for four in places.as_chunks_mut::<4>().0 {
        // All four in one number, or the compiler would put them together in a vector, which takes longer.
        let mut all = u64::from(offset) * 0x0001_0001_0001_0001;
        for lane in 0..4 {
            all += u64::from(bits.trailing_zeros()) << (u16::BITS * lane);
            bits &= bits.wrapping_sub(1);
        }
        *four = array::from_fn(|lane| (all >> (u16::BITS as usize * lane)) as u16);
    }
    bits
}

impl Starts {
    /// By the word bytes of the window before, of the window, and of the one behind.
    #[inline(always)]
    fn of([before, word, behind]: [u64; 3]) -> Starts {
        let starts = word & !((word << 1) | (before >> 63));
        let longer = longer_runs(word, behind);
        Starts { brief: starts & !longer, longer: starts & longer }
    }
}

/// Where a run of at least [`BRIEF`] word bytes begins or goes on. Halving steps: bit `i` of `two` says
/// that bytes `i` and `i + 1` are word bytes, and so on.
#[inline(always)]
fn longer_runs(word: u64, next: u64) -> u64 {
    let two = word & ((word >> 1) | (next << 63));
    let two_next = next & (next >> 1);
    let four = two & ((two >> 2) | (two_next << 62));
    const { assert!(BRIEF == 5) };
    four & ((word >> 4) | (next << 60))
}

mod ahead;
mod sifted;
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86;

#[cfg(test)]
mod tests;
