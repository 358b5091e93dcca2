//! With AVX2: 32 bytes, or four words, are one vector.

mod beside;

use std::{arch::x86_64::*, cell::Cell};

use super::super::{
    super::sieve::{
        BLOOM_FACTOR, BLOOM_SHIFT, BRIEF_BUCKETS, Bloom, FOLDED, HIGH, Halves, LOOKED_AT, ONES,
        Sieve,
    },
    EIGHT, ESCAPE, Eight, EightHomes, EightPlaces, Filters, Form, Found, Group, Haystack, Look,
    Masks, Part, Rare, Read, Room, SiftedWords, Starts, State, Text, WINDOW, Window, keep_admitted,
    place_bits, run,
};

/// # Safety
///
/// The machine must have the features named here; see [`has_avx2`](super::has_avx2).
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(in super::super) unsafe fn find(filters: Filters<'_>, block: Haystack<'_>, found: &mut Found) {
    if block.is_cold() {
        search::<true>(filters, block, found);
    } else {
        search::<false>(filters, block, found);
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn search<const COLD: bool>(filters: Filters<'_>, block: Haystack<'_>, found: &mut Found) {
    let read = |state: &mut State, text: &Group, windows, room: &mut Room| {
        read::<COLD>(state, text, windows, room)
    };
    let Sieve { halves, bloom, .. } = filters.sieve;
    let starts = |room: &mut Room, windows| starts::<COLD>(halves, room, windows);
    let hash = |room: &mut Room, count| hash::<COLD>(bloom, room, count);
    let beside = |room: &Room, places: (Part<'_>, usize), kept: &mut SiftedWords| {
        room.sifted_in_eights(filters.slots, places, kept);
    };
    run(block, found, Form { read, starts, hash, beside });
}

/// See [`State::read`].
#[inline(never)]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn read<const COLD: bool>(
    state: &mut State,
    text: &Group,
    windows: usize,
    room: &mut Room,
) -> Read {
    // All bytes, and how near one came to an escape at each place.
    let escape = _mm256_set1_epi8(ESCAPE as i8);
    let (high, nearest) = (Cell::new(_mm256_setzero_si256()), Cell::new(_mm256_set1_epi8(-1)));
    let read = |window: &Window, codes: &mut Window, look| {
        // SAFETY: both have 64 bytes, twice 32.
        let (a, b) = unsafe {
            let (from, to) = (window.as_ptr(), codes.as_mut_ptr());
            let at = |offset: usize| _mm256_loadu_si256(from.add(offset).cast());
            let (low, up) = (at(0), at(32));
            let seen = _mm256_or_si256(high.get(), _mm256_or_si256(low, up));
            high.set(seen);
            let near = |bytes: __m256i| _mm256_xor_si256(bytes, escape);
            let nearer = _mm256_min_epu8(near(low), near(up));
            nearest.set(_mm256_min_epu8(nearest.get(), nearer));
            let ((first, a), (second, b)) = (half(low), half(up));
            _mm256_storeu_si256(to.cast(), first);
            _mm256_storeu_si256(to.add(32).cast(), second);
            (a, b)
        };
        let join = |low: u32, high: u32| u64::from(low) | (u64::from(high) << 32);
        Masks {
            word: join(a[0], b[0]),
            feed: join(a[2], b[2]),
            returns: join(a[3], b[3]),
            is_full: look == Look::Full && join(a[1], b[1]) == u64::MAX,
        }
    };
    let rare = || {
        let escapes = _mm256_cmpeq_epi8(nearest.get(), _mm256_setzero_si256());
        Rare {
            beyond_ascii: _mm256_movemask_epi8(high.get()) != 0,
            escape: _mm256_movemask_epi8(escapes) != 0,
        }
    };
    state.read::<COLD>(text, windows, (&read, &rare), room)
}

/// See [`Room::starts`].
#[inline(never)]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn starts<const COLD: bool>(halves: &Halves, room: &mut Room, windows: usize) -> usize {
    let both_lanes = |table: &[u8; 16]| {
        // SAFETY: the table has 16 bytes.
        _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
    };
    let tables = halves.0.each_ref().map(|[low, high]| (both_lanes(low), both_lanes(high)));
    let (low_half, none) = (_mm256_set1_epi8(0x0F), _mm256_setzero_si256());
    let [of_brief, of_longer] =
        [BRIEF_BUCKETS, !BRIEF_BUCKETS].map(|buckets| _mm256_set1_epi8(buckets as i8));
    // Where a brief word may start, and where a longer one, of 32 places.
    let may_be = |text: &Text, offset: usize| {
        let mut buckets = _mm256_set1_epi8(-1);
        for ((low, high), place) in tables.iter().zip(LOOKED_AT) {
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
    room.starts::<COLD>(windows, &sift, &place_bits)
}

/// See [`Room::hash`].
#[inline(never)]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn hash<const COLD: bool>(bloom: &Bloom, room: &mut Room, count: usize) -> usize {
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
    let homes = |codes: Eight| {
        let mut bits = [0_u64; EIGHT];
        for (codes, bits) in codes.as_chunks::<4>().0.iter().zip(bits.as_chunks_mut::<4>().0) {
            // SAFETY: four codes of eight bytes.
            let codes = unsafe { _mm256_loadu_si256(codes.as_ptr().cast()) };
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(bits.as_mut_ptr().cast(), bits_of_four(codes)) };
        }
        EightHomes::of(bits)
    };
    let keep = |eight: &mut EightPlaces, homes: &EightHomes, among| {
        keep_admitted(bloom, eight, homes, among)
    };
    room.hash::<COLD>(count, &homes, &keep)
}

/// The codes of 32 bytes, and their masks: word, chain, line feed, carriage return.
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
    let chain = or(or(word, glue), bytes);
    let masks = [mask(word), mask(chain), mask(equal(b'\n')), mask(equal(b'\r'))];
    (_mm256_andnot_si256(small, _mm256_and_si256(bytes, word)), masks)
}
