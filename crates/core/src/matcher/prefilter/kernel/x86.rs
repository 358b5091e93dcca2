//! The kernel's steps on x86-64: with AVX-512 64 bytes at a time, with AVX2 twice 32.

use std::arch::x86_64::*;

use super::{
    super::sieve::{CLASS, MIXES, normal_byte},
    Block, Filters, Form, Found, Masks, Starts, Text, WINDOW, Window, no_pairs, place_bits, run,
};

pub(super) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("gfni")
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
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,gfni,bmi1,bmi2,lzcnt,popcnt")]
pub(super) unsafe fn find_avx512(filters: Filters<'_>, block: Block<'_>, found: &mut Found) {
    let table = |table: &[u8; 128]| {
        let bytes = table.as_ptr();
        // SAFETY: the table has 128 bytes, two loads of 64 without alignment.
        unsafe { (_mm512_loadu_si512(bytes.cast()), _mm512_loadu_si512(bytes.add(64).cast())) }
    };
    let kinds = table(&KINDS);
    let word_bits = _mm512_set1_epi8(0x7F);
    let feed = _mm512_set1_epi8(b'\n' as i8);
    let read = |window: &Window, normal: &mut Window| {
        // SAFETY: a window has 64 bytes.
        let bytes = unsafe { _mm512_loadu_si512(window.as_ptr().cast()) };
        let beyond = _mm512_movepi8_mask(bytes);
        let kind = _mm512_maskz_permutex2var_epi8(!beyond, kinds.0, bytes, kinds.1);
        let of_words = _mm512_and_si512(kind, word_bits);
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(normal.as_mut_ptr().cast(), of_words) };
        Masks {
            word: _mm512_test_epi8_mask(kind, word_bits),
            chain: _mm512_movepi8_mask(kind) | beyond,
            high: beyond,
            feed: _mm512_cmpeq_epi8_mask(bytes, feed),
        }
    };
    let matrices = MIXES.map(|mix| _mm512_set1_epi64(mix.matrix() as i64));
    let pair = |text: &mut Text, windows: usize| {
        let Text { normal, pairs } = text;
        for at in (0..=windows).map(|window| window * WINDOW) {
            // SAFETY: there are no more windows than a group has, and both have two more.
            unsafe {
                let first = _mm512_loadu_si512(normal.as_ptr().add(at).cast());
                let second = _mm512_loadu_si512(normal.as_ptr().add(at + 1).cast());
                let mixed = _mm512_xor_si512(
                    _mm512_gf2p8affine_epi64_epi8::<0>(first, matrices[0]),
                    _mm512_gf2p8affine_epi64_epi8::<0>(second, matrices[1]),
                );
                _mm512_storeu_si512(pairs.as_mut_ptr().add(at).cast(), mixed);
            }
        }
    };
    let [[short_1, short_2, short_3], [long_1, long_2, long_3]] =
        [&filters.sieve.short, &filters.sieve.long].map(|tables| tables.0.each_ref().map(table));
    let sift = |text: &Text, offset: usize, Starts { left, long }: Starts| {
        let at = |look: usize| {
            let pairs = text.pairs[offset + 2 * look..][..WINDOW].as_ptr();
            // SAFETY: the slice has 64 bytes.
            unsafe { _mm512_loadu_si512(pairs.cast()) }
        };
        let look = |table: (__m512i, __m512i), pairs| {
            // One instruction looks 64 bytes up by their low seven bits.
            _mm512_permutex2var_epi8(table.0, pairs, table.1)
        };
        let (first, second, third) = (at(0), at(1), at(2));
        let both = _mm512_and_si512(look(short_1, first), look(short_2, second));
        let short = _mm512_test_epi8_mask(both, look(short_3, third));
        let both = _mm512_and_si512(look(long_1, first), look(long_2, second));
        let long_ones = _mm512_test_epi8_mask(both, look(long_3, third));
        left & ((short & !long) | (long_ones & long))
    };
    let bit_numbers: [u8; WINDOW] = std::array::from_fn(|bit| bit as u8);
    // SAFETY: the array has 64 bytes.
    let bit_numbers = unsafe { _mm512_loadu_si512(bit_numbers.as_ptr().cast()) };
    let place = |bits: u64, offset: u16, places: &mut [u16; WINDOW]| {
        let numbers = _mm512_maskz_compress_epi8(bits, bit_numbers);
        let offset = _mm256_set1_epi16(offset as i16);
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
    run(filters, block, found, Form { read, pair, sift, place });
}

/// # Safety
///
/// The machine must have the features named here; see [`has_avx2`].
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) unsafe fn find_avx2(filters: Filters<'_>, block: Block<'_>, found: &mut Found) {
    let read = |window: &Window, normal: &mut Window| {
        // SAFETY: both have 64 bytes, twice 32.
        let (a, b) = unsafe {
            let (from, to) = (window.as_ptr(), normal.as_mut_ptr());
            let at = |offset: usize| _mm256_loadu_si256(from.add(offset).cast());
            let ((first, a), (second, b)) = (half(at(0)), half(at(32)));
            _mm256_storeu_si256(to.cast(), first);
            _mm256_storeu_si256(to.add(32).cast(), second);
            (a, b)
        };
        let join = |low: u32, high: u32| u64::from(low) | (u64::from(high) << 32);
        Masks {
            word: join(a[0], b[0]),
            chain: join(a[1], b[1]),
            high: join(a[2], b[2]),
            feed: join(a[3], b[3]),
        }
    };
    let both_lanes = |table: &[u8; 16]| {
        // SAFETY: the table has 16 bytes.
        _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
    };
    let tables =
        filters.sieve.halves.0.each_ref().map(|[low, high]| (both_lanes(low), both_lanes(high)));
    let (low_half, none) = (_mm256_set1_epi8(0x0F), _mm256_setzero_si256());
    // Where a short word may be of some bucket, of 32 places.
    let may_be_short = |text: &Text, offset: usize| {
        let mut buckets = _mm256_set1_epi8(-1);
        for (place, (low, high)) in tables.iter().enumerate() {
            let bytes = text.normal[offset + place..][..WINDOW / 2].as_ptr();
            // SAFETY: the slice has 32 bytes.
            let bytes = unsafe { _mm256_loadu_si256(bytes.cast()) };
            let high_half = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low_half);
            // One instruction looks 32 bytes up, by their low halves as none is above 127.
            let low = _mm256_shuffle_epi8(*low, bytes);
            let high = _mm256_shuffle_epi8(*high, high_half);
            buckets = _mm256_and_si256(buckets, _mm256_and_si256(low, high));
        }
        !_mm256_movemask_epi8(_mm256_cmpeq_epi8(buckets, none)) as u32
    };
    // Long words all go to the hash.
    let sift = |text: &Text, offset: usize, Starts { left, long }: Starts| {
        let first = may_be_short(text, offset);
        let second = may_be_short(text, offset + WINDOW / 2);
        left & (long | u64::from(first) | u64::from(second) << 32)
    };
    run(filters, block, found, Form { read, pair: no_pairs, sift, place: place_bits });
}

/// The [`normal_byte`] of each byte of ASCII, and the highest bit where a token can go on.
const KINDS: [u8; 128] = {
    let mut kinds = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        kinds[byte] = normal_byte(byte as u8) | (CLASS[byte] >> 1) << 7;
        byte += 1;
    }
    kinds
};

/// The normal bytes of 32, and their masks: word, chain, high, feed.
#[inline]
#[target_feature(enable = "avx2")]
fn half(bytes: __m256i) -> (__m256i, [u32; 4]) {
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
    let masks = [mask(word), mask(or(word, glue)) | high, high, mask(equal(b'\n'))];
    (_mm256_and_si256(bytes, word), masks)
}
