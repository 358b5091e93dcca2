//! The hashes of words, and what the Bloom filter has of them: eight words at a time, four to a vector.

use std::arch::x86_64::*;

use super::{
    super::super::{
        super::sieve::{BLOOM_FACTOR, BLOOM_SHIFT, Bloom, FOLDED, HIGH, ONES},
        EIGHT, EightPlaces, Room,
        ahead::{STEPS, Step},
    },
    super::eights::{Eight, WideHomes},
    all, to_the_front,
};

/// Moves those of the first so many places that the filter admits to the front and returns their number. In two steps,
/// as each waits for memory in the middle: the less there is of one, the more of it is under way at once.
#[inline(never)]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[expect(clippy::needless_range_loop, reason = "an iterator over each array is a count of its own")]
pub(super) fn hash<const COLD: bool>(bloom: &Bloom, room: &mut Room, count: usize) -> usize {
    let Room { ahead, text, places, homes, .. } = room;
    let homes = &mut homes.wide;
    // The lesser only tells the compiler that all are there.
    let turns = count.div_ceil(EIGHT).min(homes.len());
    for turn in 0..turns {
        ahead.fetch::<COLD>(Step::Homes, turn * STEPS);
        let eight: &EightPlaces = &places.as_chunks().0[turn];
        tell_homes(bloom, &eight.map(|place| text.load(place)), &mut homes[turn]);
    }
    let (mut kept, mut last) = (0, 0_u8);
    for turn in 0..turns {
        ahead.fetch::<COLD>(Step::Keep, turn * STEPS);
        last = admitted(bloom, &homes[turn]);
        let own: EightPlaces = places.as_chunks().0[turn];
        let to = places[kept..][..EIGHT].as_mut_array();
        move_to_the_front(&own, last, to.expect("the slice has that length"));
        kept += last.count_ones() as usize;
    }
    // What is behind the last place was hashed with it, and is dropped.
    let dropped = turns * EIGHT - count;
    kept - (u32::from(last) >> (EIGHT - dropped)).count_ones() as usize
}

/// Tells where the bits of eight words are.
#[inline]
#[target_feature(enable = "avx2")]
fn tell_homes(bloom: &Bloom, codes: &Eight, homes: &mut WideHomes) {
    let within = all(bloom.mask >> 3 & !7);
    let fours = homes.bytes.as_chunks_mut::<4>().0.iter_mut().zip(homes.bits.as_chunks_mut().0);
    for (codes, (bytes, bits)) in codes.as_chunks().0.iter().zip(fours) {
        let product = product(bloom, codes);
        let byte = _mm256_srli_epi64::<{ BLOOM_SHIFT as i32 + 3 }>(product);
        let bit = _mm256_srli_epi64::<{ BLOOM_SHIFT as i32 }>(product);
        let bits: &mut [u64; 4] = bits;
        // SAFETY: four numbers of eight bytes each.
        unsafe {
            _mm256_storeu_si256(bytes.as_mut_ptr().cast(), _mm256_and_si256(byte, within));
            _mm256_storeu_si256(bits.as_mut_ptr().cast(), bit);
        }
    }
}

/// Of four words, what the number of their bit is part of; see [`Bloom::bit`].
#[inline]
#[target_feature(enable = "avx2")]
fn product(bloom: &Bloom, codes: &[u64; 4]) -> __m256i {
    // SAFETY: four codes of eight bytes.
    let codes = unsafe { _mm256_loadu_si256(codes.as_ptr().cast()) };
    let ends = _mm256_and_si256(_mm256_sub_epi64(codes, all(ONES)), all(HIGH));
    let up_to_end = _mm256_xor_si256(ends, _mm256_sub_epi64(ends, all(1)));
    let key = _mm256_and_si256(_mm256_and_si256(codes, all(bloom.counting)), up_to_end);
    let folded = _mm256_xor_si256(key, _mm256_srli_epi64::<{ FOLDED as i32 }>(key));
    _mm256_mul_epu32(folded, all(BLOOM_FACTOR))
}

/// Which of eight words the filter admits, a bit each.
#[inline]
#[target_feature(enable = "avx2")]
fn admitted(bloom: &Bloom, homes: &WideHomes) -> u8 {
    let eights = homes.bytes.map(|byte| bloom.eight(byte as u16));
    let (eights, bits) = (eights.as_chunks::<4>().0, homes.bits.as_chunks::<4>().0);
    let four = |four: usize| {
        // SAFETY: four numbers of eight bytes each.
        let (eights, bits) = unsafe {
            let [eights, bits] = [&eights[four], &bits[four]].map(|four| four.as_ptr().cast());
            (_mm256_loadu_si256(eights), _mm256_loadu_si256(bits))
        };
        // The bit is moved up to be the highest.
        let counting = _mm256_sllv_epi64(eights, _mm256_andnot_si256(bits, all(63)));
        _mm256_movemask_pd(_mm256_castsi256_pd(counting)) as u8
    };
    four(0) | four(1) << 4
}

/// Writes those of eight places that a bit each admits, one behind the other.
#[inline]
#[target_feature(enable = "avx2")]
fn move_to_the_front(places: &EightPlaces, admitted: u8, to: &mut EightPlaces) {
    let order = &TO_THE_FRONT[usize::from(admitted)];
    // SAFETY: sixteen bytes each.
    unsafe {
        let places = _mm_loadu_si128(places.as_ptr().cast());
        let order = _mm_loadu_si128(order.as_ptr().cast());
        _mm_storeu_si128(to.as_mut_ptr().cast(), _mm_shuffle_epi8(places, order));
    }
}

static TO_THE_FRONT: [[u8; 2 * EIGHT]; 1 << EIGHT] = to_the_front::orders::<EIGHT, _, _>();
