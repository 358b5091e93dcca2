//! The kernel's steps on x86-64: with AVX-512 64 bytes at a time, with AVX2 twice 32.

use std::arch::x86_64::*;

use super::{
    super::sieve::{BLOOM_FACTOR, BLOOM_SHIFT, BRIEF_BUCKETS, CLASS, FOLDED, HIGH, ONES, code_of},
    Block, EIGHT, Eight, Filters, Form, Found, GROUP, Masks, Starts, Text, WINDOW, Window,
    place_bits, run,
};

pub(super) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("avx512vl")
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
#[target_feature(
    enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt"
)]
pub(super) unsafe fn find_avx512(filters: Filters<'_>, block: Block<'_>, found: &mut Found) {
    // SAFETY: the table has 64 bytes.
    let table = |table: &[u8; 64]| unsafe { _mm512_loadu_si512(table.as_ptr().cast()) };
    let kinds = KINDS.as_chunks().0;
    let kinds = (table(&kinds[0]), table(&kinds[1]));
    let word_bits = _mm512_set1_epi8(0x7F);
    let feed = _mm512_set1_epi8(b'\n' as i8);
    let read = |window: &Window, codes: &mut Window| {
        // SAFETY: a window has 64 bytes.
        let bytes = unsafe { _mm512_loadu_si512(window.as_ptr().cast()) };
        let beyond = _mm512_movepi8_mask(bytes);
        let kind = _mm512_maskz_permutex2var_epi8(!beyond, kinds.0, bytes, kinds.1);
        let of_words = _mm512_and_si512(kind, word_bits);
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(codes.as_mut_ptr().cast(), of_words) };
        Masks {
            word: _mm512_test_epi8_mask(kind, word_bits),
            chain: _mm512_movepi8_mask(kind) | beyond,
            high: beyond,
            feed: _mm512_cmpeq_epi8_mask(bytes, feed),
        }
    };
    let looks = filters.sieve.looks.0.each_ref().map(table);
    let brief_buckets = _mm512_set1_epi8(BRIEF_BUCKETS as i8);
    let longer_buckets = _mm512_set1_epi8(!BRIEF_BUCKETS as i8);
    let sift = |text: &Text, offset: usize, Starts { brief, longer }: Starts| {
        let look = |place: usize| {
            let codes = text.codes[offset + place..][..WINDOW].as_ptr();
            // SAFETY: the slice has 64 bytes.
            let codes = unsafe { _mm512_loadu_si512(codes.cast()) };
            // One instruction looks 64 bytes up by their low six bits.
            _mm512_permutexvar_epi8(codes, looks[place])
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
    let bloom = &filters.sieve.bloom;
    let all = |word: u64| _mm512_set1_epi64(word as i64);
    // See `Bloom::bit`.
    let bits = |codes: Eight| {
        // SAFETY: eight codes of eight bytes.
        let codes = unsafe { _mm512_loadu_si512(codes.as_ptr().cast()) };
        let ends = _mm512_and_si512(_mm512_sub_epi64(codes, all(ONES)), all(HIGH));
        let up_to_end = _mm512_xor_si512(ends, _mm512_sub_epi64(ends, all(1)));
        let key = _mm512_and_si512(_mm512_and_si512(codes, all(bloom.counting)), up_to_end);
        let folded = _mm512_xor_si512(key, _mm512_srli_epi64::<FOLDED>(key));
        let product = _mm512_mul_epu32(folded, all(BLOOM_FACTOR));
        let own = _mm512_and_si512(_mm512_srli_epi64::<BLOOM_SHIFT>(product), all(bloom.mask));
        let mut bits = [0; EIGHT];
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(bits.as_mut_ptr().cast(), own) };
        bits
    };
    run(filters, block, found, Form { read, sift, place, bits, eights: true });
}

/// # Safety
///
/// The machine must have the features named here; see [`has_avx2`].
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) unsafe fn find_avx2(filters: Filters<'_>, block: Block<'_>, found: &mut Found) {
    let read = |window: &Window, codes: &mut Window| {
        // SAFETY: both have 64 bytes, twice 32.
        let (a, b) = unsafe {
            let (from, to) = (window.as_ptr(), codes.as_mut_ptr());
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
    let [of_brief, of_longer] =
        [BRIEF_BUCKETS, !BRIEF_BUCKETS].map(|buckets| _mm256_set1_epi8(buckets as i8));
    // Where a brief word may start, and where a longer one, of 32 places.
    let may_be = |text: &Text, offset: usize| {
        let mut buckets = _mm256_set1_epi8(-1);
        for (place, (low, high)) in tables.iter().enumerate() {
            let bytes = text.codes[offset + place..][..WINDOW / 2].as_ptr();
            // SAFETY: the slice has 32 bytes.
            let bytes = unsafe { _mm256_loadu_si256(bytes.cast()) };
            let high_half = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low_half);
            // One instruction looks 32 bytes up, by their low halves as none is above 127.
            let low = _mm256_shuffle_epi8(*low, bytes);
            let high = _mm256_shuffle_epi8(*high, high_half);
            buckets = _mm256_and_si256(buckets, _mm256_and_si256(low, high));
        }
        [of_brief, of_longer].map(|own| {
            let own = _mm256_and_si256(buckets, own);
            u64::from(!_mm256_movemask_epi8(_mm256_cmpeq_epi8(own, none)) as u32)
        })
    };
    let sift = |text: &Text, offset: usize, Starts { brief, longer }: Starts| {
        let first = may_be(text, offset);
        let second = may_be(text, offset + WINDOW / 2);
        let [is_brief, is_longer] = [0, 1].map(|kind| first[kind] | second[kind] << 32);
        is_brief & brief | is_longer & longer
    };
    let bloom = &filters.sieve.bloom;
    let all = |word: u64| _mm256_set1_epi64x(word as i64);
    // See `Bloom::bit`.
    let bits_of_four = |codes: __m256i| {
        let ends = _mm256_and_si256(_mm256_sub_epi64(codes, all(ONES)), all(HIGH));
        let up_to_end = _mm256_xor_si256(ends, _mm256_sub_epi64(ends, all(1)));
        let key = _mm256_and_si256(_mm256_and_si256(codes, all(bloom.counting)), up_to_end);
        let folded = _mm256_xor_si256(key, _mm256_srli_epi64::<{ FOLDED as i32 }>(key));
        let product = _mm256_mul_epu32(folded, all(BLOOM_FACTOR));
        let bit = _mm256_srli_epi64::<{ BLOOM_SHIFT as i32 }>(product);
        _mm256_and_si256(bit, all(bloom.mask))
    };
    let bits = |codes: Eight| {
        let mut bits = [0; EIGHT];
        for (codes, bits) in codes.as_chunks::<4>().0.iter().zip(bits.as_chunks_mut::<4>().0) {
            // SAFETY: four codes of eight bytes.
            let codes = unsafe { _mm256_loadu_si256(codes.as_ptr().cast()) };
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(bits.as_mut_ptr().cast(), bits_of_four(codes)) };
        }
        bits
    };
    run(filters, block, found, Form { read, sift, place: place_bits, bits, eights: true });
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

/// The codes of 32 bytes, and their masks: word, chain, high, feed.
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
    let letter = between(folded, b'a', b'z');
    let word = or(or(letter, between(bytes, b'0', b'9')), equal(b'_'));
    // A small letter is above all capitals; it loses two bits.
    let is_small = _mm256_and_si256(letter, _mm256_cmpgt_epi8(bytes, set(b'_')));
    let small = _mm256_and_si256(is_small, set(0x60));
    let glue = or(or(equal(b'.'), equal(b'\'')), or(equal(b','), between(bytes, b':', b';')));
    let mask = |value| _mm256_movemask_epi8(value) as u32;
    let high = mask(bytes);
    let masks = [mask(word), mask(or(word, glue)) | high, high, mask(equal(b'\n'))];
    (_mm256_andnot_si256(small, _mm256_and_si256(bytes, word)), masks)
}
