//! With AVX-512: 64 bytes, or eight words, are one vector.

mod beside;

use std::{arch::x86_64::*, cell::Cell};

use super::super::{
    super::sieve::{
        BLOOM_FACTOR, BLOOM_SHIFT, BRIEF_BUCKETS, Bloom, CLASS, FOLDED, HIGH, LOOKED_AT, Looks,
        ONES, Sieve, code_of,
    },
    EIGHT, ESCAPE, EightPlaces, Filters, Form, Found, GROUP, Group, Haystack, Look, Masks, Part,
    Rare, Read, Room, SiftedWords, Starts, State, Text, WINDOW, Window, run,
};
use super::eights::{Eight, EightHomes};

/// # Safety
///
/// The machine must have the features named here; see [`has_avx512`](super::has_avx512).
#[target_feature(
    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt"
)]
pub(in super::super) unsafe fn find(filters: Filters<'_>, block: Haystack<'_>, found: &mut Found) {
    if block.is_cold() {
        search::<true>(filters, block, found);
    } else {
        search::<false>(filters, block, found);
    }
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt"
)]
fn search<const COLD: bool>(filters: Filters<'_>, block: Haystack<'_>, found: &mut Found) {
    let read = |state: &mut State, text: &Group, windows, room: &mut Room| {
        read::<COLD>(state, text, windows, room)
    };
    let Sieve { looks, bloom, .. } = filters.sieve;
    let starts = |room: &mut Room, windows| starts::<COLD>(looks, room, windows);
    let hash = |room: &mut Room, count| hash::<COLD>(bloom, room, count);
    let slots = filters.slots;
    let beside = |room: &Room, places: (Part<'_>, usize), kept: &mut SiftedWords| {
        beside::beside(slots, room, places, kept);
    };
    run(block, found, Form { read, starts, hash, beside });
}

/// See [`State::read`].
#[inline(never)]
#[target_feature(
    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt"
)]
fn read<const COLD: bool>(
    state: &mut State,
    text: &Group,
    windows: usize,
    room: &mut Room,
) -> Read {
    // SAFETY: the table has 64 bytes.
    let table = |table: &[u8; 64]| unsafe { _mm512_loadu_si512(table.as_ptr().cast()) };
    let kinds = KINDS.as_chunks().0;
    let kinds = (table(&kinds[0]), table(&kinds[1]));
    let word_bits = _mm512_set1_epi8(0x7F);
    let each = |byte: u8| _mm512_set1_epi8(byte as i8);
    let (feed, escape, returns) = (each(b'\n'), each(ESCAPE), each(b'\r'));
    // All bytes, and how near one came to an escape at each place.
    let (high, nearest) = (Cell::new(_mm512_setzero_si512()), Cell::new(each(u8::MAX)));
    let read = |window: &Window, codes: &mut Window, look| {
        // SAFETY: a window has 64 bytes.
        let bytes = unsafe { _mm512_loadu_si512(window.as_ptr().cast()) };
        let ascii = _mm512_testn_epi8_mask(bytes, each(0x80));
        high.set(_mm512_or_si512(high.get(), bytes));
        nearest.set(_mm512_min_epu8(nearest.get(), _mm512_xor_si512(bytes, escape)));
        let kind = _mm512_maskz_permutex2var_epi8(ascii, kinds.0, bytes, kinds.1);
        let of_words = _mm512_and_si512(kind, word_bits);
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(codes.as_mut_ptr().cast(), of_words) };
        let is_full =
            look == Look::Full && _mm512_movepi8_mask(_mm512_or_si512(kind, bytes)) == u64::MAX;
        Masks {
            word: _mm512_test_epi8_mask(kind, word_bits),
            feed: _mm512_cmpeq_epi8_mask(bytes, feed),
            returns: _mm512_cmpeq_epi8_mask(bytes, returns),
            is_full,
        }
    };
    let rare = || Rare {
        beyond_ascii: _mm512_movepi8_mask(high.get()) != 0,
        escape: _mm512_testn_epi8_mask(nearest.get(), nearest.get()) != 0,
    };
    state.read::<COLD>(text, windows, (&read, &rare), room)
}

/// See [`Room::starts`].
#[inline(never)]
#[target_feature(
    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt"
)]
fn starts<const COLD: bool>(looks: &Looks, room: &mut Room, windows: usize) -> usize {
    // SAFETY: the table has 64 bytes.
    let table = |table: &[u8; 64]| unsafe { _mm512_loadu_si512(table.as_ptr().cast()) };
    let looks = looks.0.each_ref().map(table);
    let brief_buckets = _mm512_set1_epi8(BRIEF_BUCKETS as i8);
    let longer_buckets = _mm512_set1_epi8(!BRIEF_BUCKETS as i8);
    let sift = |text: &Text, offset: usize, Starts { brief, longer }: Starts| {
        let look = |look: usize| {
            let codes = text.codes[offset + LOOKED_AT[look]..][..WINDOW].as_ptr();
            // SAFETY: the slice has 64 bytes.
            let codes = unsafe { _mm512_loadu_si512(codes.cast()) };
            // One instruction looks 64 bytes up by their low six bits.
            _mm512_permutexvar_epi8(codes, looks[look])
        };
        let buckets = _mm512_and_si512(_mm512_and_si512(look(0), look(1)), look(2));
        _mm512_mask_test_epi8_mask(brief, buckets, brief_buckets)
            | _mm512_mask_test_epi8_mask(longer, buckets, longer_buckets)
    };
    let bit_numbers: [u8; WINDOW] = std::array::from_fn(|bit| bit as u8);
    // SAFETY: the array has 64 bytes.
    let bit_numbers = unsafe { _mm512_loadu_si512(bit_numbers.as_ptr().cast()) };
    let place = |bits: u64, offset: u16, places: &mut [u16; WINDOW]| {
        let numbers = _mm512_maskz_compress_epi8(bits, bit_numbers);
        // From memory, as that is one instruction.
        let offset = _mm256_set1_epi32(TWICE[usize::from(offset) / WINDOW % GROUP] as i32);
        let widen = |sixteen| _mm256_or_si256(_mm256_cvtepu8_epi16(sixteen), offset);
        let places = places.as_mut_ptr();
        // SAFETY: the slice has room for 64; no more than every second bit starts a word.
        unsafe {
            _mm256_storeu_si256(places.cast(), widen(_mm512_castsi512_si128(numbers)));
            if bits.count_ones() > 16 {
                let second = _mm512_extracti32x4_epi32::<1>(numbers);
                _mm256_storeu_si256(places.add(16).cast(), widen(second));
            }
        }
    };
    room.starts::<COLD>(windows, &sift, &place)
}

/// See [`Room::hash`].
#[inline(never)]
#[target_feature(
    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt"
)]
fn hash<const COLD: bool>(bloom: &Bloom, room: &mut Room, count: usize) -> usize {
    let all = |word: u64| _mm512_set1_epi64(word as i64);
    let load = |eight: Eight| {
        // SAFETY: eight words of eight bytes.
        unsafe { _mm512_loadu_si512(eight.as_ptr().cast()) }
    };
    // See `Bloom::bit`.
    let homes = |codes: Eight| {
        let codes = load(codes);
        let ends = _mm512_and_si512(_mm512_sub_epi64(codes, all(ONES)), all(HIGH));
        let up_to_end = _mm512_xor_si512(ends, _mm512_sub_epi64(ends, all(1)));
        let key = _mm512_and_si512(_mm512_and_si512(codes, all(bloom.counting)), up_to_end);
        let folded = _mm512_xor_si512(key, _mm512_srli_epi64::<FOLDED>(key));
        let product = _mm512_mul_epu32(folded, all(BLOOM_FACTOR));
        let bit = _mm512_and_si512(_mm512_srli_epi64::<BLOOM_SHIFT>(product), all(bloom.mask));
        let word = _mm512_slli_epi64::<3>(_mm512_srli_epi64::<6>(bit));
        let byte = _mm512_cvtepi64_epi16(word);
        let bit = _mm512_cvtepi64_epi16(_mm512_and_si512(bit, all(63)));
        let mut homes = EightHomes::default();
        // SAFETY: twice eight numbers of two bytes.
        unsafe { _mm256_storeu_si256((&raw mut homes).cast(), _mm256_set_m128i(bit, byte)) };
        homes
    };
    let keep = |places: &mut EightPlaces, homes: &EightHomes, among: usize| {
        let eights = load(homes.bytes.map(|byte| bloom.eight(byte)));
        // SAFETY: eight numbers of two bytes each.
        let (bits, own) = unsafe {
            let [bits, own] = [&homes.bits, &*places].map(|eight| eight.as_ptr().cast());
            (_mm512_cvtepu16_epi64(_mm_loadu_si128(bits)), _mm_loadu_si128(own))
        };
        let admitted = _mm512_test_epi64_mask(eights, _mm512_sllv_epi64(all(1), bits));
        let admitted = admitted & (u8::MAX >> (EIGHT - among));
        // SAFETY: as above.
        unsafe {
            let kept = _mm_maskz_compress_epi16(admitted, own);
            _mm_storeu_si128(places.as_mut_ptr().cast(), kept);
        }
        admitted.count_ones() as usize
    };
    room.hash_eights::<COLD>(count, &homes, &keep)
}

/// The offset of each window in both halves.
static TWICE: [u32; GROUP] = {
    let mut twice = [0; GROUP];
    let mut index = 0;
    while index < GROUP {
        twice[index] = (index * WINDOW) as u32 * 0x0001_0001;
        index += 1;
    }
    twice
};

/// The [code](code_of) of each byte of ASCII, and the highest bit where a token can go on.
const KINDS: [u8; 128] = {
    let mut kinds = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        kinds[byte] = code_of(byte as u8) | (CLASS[byte] >> 1) << 7;
        byte += 1;
    }
    kinds
};
