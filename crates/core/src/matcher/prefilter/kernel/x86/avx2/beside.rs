//! What stands beside eight words: [`Room::sifted`] in vectors of four lanes.

use std::{arch::x86_64::*, array};

use super::{
    super::{
        super::{
            super::{
                beside::{BESIDE, BESIDE_FACTOR, BESIDE_SHIFT, FARTHEST, MOST, Slots},
                sieve::{HASH_FACTOR, HIGH, ONES, SMALL},
            },
            GROUP, GROUP_BYTES, LOAD, Part, Room, SiftedWords, WINDOW,
        },
        eights::{ADMITS, RoomForEight, Round, assert_layout},
    },
    all, both_lanes, to_the_front,
};

/// Lanes of a vector.
const FOUR: usize = 4;
type Four = [u64; FOUR];
type FourPlaces = [u16; FOUR];

/// See [`Room::sifted`].
#[inline(never)]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn beside(
    slots: &Slots,
    room: &Room,
    (part, places): (Part<'_>, usize),
    kept: &mut SiftedWords,
) {
    let Some(round) = part.round() else {
        return room.sifted(slots, (part, places), kept);
    };
    kept.reserve(places);
    let fours = room.places.as_chunks().0.iter().take(places.div_ceil(FOUR));
    for (turn, four) in fours.enumerate() {
        let words = FourWords::of(room, round, four);
        // What is behind the last place is looked at with it, and dropped.
        let counting = !(usize::MAX << FOUR.min(places - turn * FOUR));
        let admitted = words.admitted(slots) & counting;
        kept.add_of_eight(|next| words.write(part.start, admitted, next));
    }
}

/// Of four words, a lane each.
struct FourWords {
    /// Where they begin in the group.
    starts: __m256i,
    lengths: __m256i,
    /// Bytes to the words beside, 0 where these are too far away.
    before_gaps: __m256i,
    behind_gaps: __m256i,
    keys: __m256i,
    before: __m256i,
    behind: __m256i,
}

impl FourWords {
    /// The words at these places of the group in the middle of `round`.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn of(room: &Room, round: &Round, places: &FourPlaces) -> FourWords {
        // SAFETY: four numbers of two bytes.
        let starts = _mm256_cvtepu16_epi64(unsafe { _mm_loadl_epi64(places.as_ptr().cast()) });
        let [lengths, before_gaps, behind_gaps] = lengths_and_gaps(room, (starts, places));
        // The remainder only tells the compiler that a place lies within the group.
        let place = |lane: usize| usize::from(places[lane]) % GROUP_BYTES;
        let load = |at: usize| -> u64 {
            let bytes: [u8; LOAD] =
                round[at..at + LOAD].try_into().expect("the slice has that length");
            u64::from_le_bytes(bytes)
        };
        let text = four(array::from_fn(|lane| load(BESIDE + place(lane))));
        let before = four(array::from_fn(|lane| load(place(lane))));
        let ends = numbers(lengths);
        let behind = four(array::from_fn(|lane| {
            load(BESIDE + place(lane) + ends[lane].min(u64::from(MOST)) as usize)
        }));
        // See `key_of_load`; lengths are less than what 16 bits hold.
        let missing = _mm256_subs_epu16(all(LOAD as u64), lengths);
        let own = _mm256_srlv_epi64(all(u64::MAX), _mm256_slli_epi64::<3>(missing));
        let keys = _mm256_and_si256(_mm256_or_si256(text, all(SMALL)), own);
        // Seen from the word, both sides look alike.
        let backwards = both_lanes(&[7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8]);
        let before = bit_beside(_mm256_shuffle_epi8(before, backwards), before_gaps);
        let behind = bit_beside(behind, behind_gaps);
        FourWords { starts, lengths, before_gaps, behind_gaps, keys, before, behind }
    }

    /// Which of them are kept; see `Sides::admit`.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn admitted(&self, slots: &Slots) -> usize {
        let whole = _mm256_xor_si256(self.keys, _mm256_slli_epi64::<56>(self.lengths));
        let folded = _mm256_xor_si256(whole, _mm256_srli_epi64::<32>(whole));
        let hash = _mm256_srli_epi64::<32>(times(folded, HASH_FACTOR));
        let homes = numbers(_mm256_and_si256(hash, all(slots.most())));
        // What stands before and behind each word, side by side.
        let even = numbers(_mm256_unpacklo_epi64(self.before, self.behind));
        let odd = numbers(_mm256_unpackhi_epi64(self.before, self.behind));
        let mut admitted = 0;
        for (lane, home) in homes.into_iter().enumerate() {
            let (beside, sides) = (if lane % 2 == 0 { &even } else { &odd }, slots.at(home));
            let beside: &[u64; 2] = &beside.as_chunks().0[lane / 2];
            // SAFETY: two words of eight bytes, and four of them.
            let (beside, sides) = unsafe {
                (
                    _mm_loadu_si128(beside.as_ptr().cast()),
                    _mm256_loadu_si256((&raw const *sides).cast()),
                )
            };
            let common = _mm256_and_si256(_mm256_broadcastsi128_si256(beside), sides);
            let unfit = _mm256_cmpeq_epi64(common, _mm256_setzero_si256());
            let fits = !_mm256_movemask_pd(_mm256_castsi256_pd(unfit)) & 0b1111;
            admitted |= (usize::from(ADMITS) >> fits & 1) << lane;
        }
        admitted
    }

    /// Writes those of this mask to the front of the room for them, and tells how many they are.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn write(&self, start: usize, admitted: usize, next: RoomForEight<'_>) -> usize {
        const { assert_layout() };
        let at = _mm256_add_epi64(self.starts, all(start as u64));
        let lengths = _mm256_slli_epi64::<32>(self.lengths);
        let before = _mm256_slli_epi64::<40>(self.before_gaps);
        let behind = _mm256_slli_epi64::<48>(self.behind_gaps);
        let words = _mm256_or_si256(_mm256_or_si256(at, lengths), _mm256_or_si256(before, behind));
        let RoomForEight { words: own, keys, before, behind } = next;
        let columns = [
            (own.as_mut_ptr().cast(), words),
            (keys.as_mut_ptr().cast(), self.keys),
            (before.as_mut_ptr().cast(), self.before),
            (behind.as_mut_ptr().cast(), self.behind),
        ];
        // SAFETY: eight numbers of a byte.
        let order = unsafe { _mm_loadl_epi64(TO_THE_FRONT[admitted].as_ptr().cast()) };
        let order = _mm256_cvtepu8_epi32(order);
        for (to, column) in columns {
            let column = _mm256_permutevar8x32_epi32(column, order);
            // SAFETY: each has room for four words of eight bytes, of which any are valid.
            unsafe { _mm256_storeu_si256(to, column) };
        }
        admitted.count_ones() as usize
    }
}

static TO_THE_FRONT: [[u8; 2 * FOUR]; 1 << FOUR] = to_the_front::orders::<FOUR, _, _>();

/// See `WordMasks::word`.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn lengths_and_gaps(room: &Room, (starts, places): (__m256i, &FourPlaces)) -> [__m256i; 3] {
    let masks = |shift: usize| {
        four(array::from_fn(|lane| {
            room.masks.0[usize::from(places[lane]) / WINDOW % GROUP + shift]
        }))
    };
    let (before, own, behind) = (masks(0), masks(1), masks(2));
    // In two steps, as the number of a byte may be 0.
    let bit = _mm256_and_si256(starts, all(WINDOW as u64 - 1));
    let rest = _mm256_xor_si256(bit, all(WINDOW as u64 - 1));
    let joined = |low, high| {
        let high = _mm256_sllv_epi64(_mm256_add_epi64(high, high), rest);
        _mm256_or_si256(_mm256_srlv_epi64(low, bit), high)
    };
    let (up_to, from) = (joined(before, own), joined(own, behind));
    // Trailing ones, and behind them trailing zeros.
    let lengths = ones(_mm256_andnot_si256(_mm256_add_epi64(from, all(1)), from));
    let rest = _mm256_srlv_epi64(from, lengths);
    let zeros = _mm256_andnot_si256(rest, _mm256_sub_epi64(rest, all(1)));
    let nothing = |masks| _mm256_cmpeq_epi64(masks, _mm256_setzero_si256());
    let behind = _mm256_andnot_si256(nothing(rest), ones(zeros));
    // Leading zeros: those that are left when every one is spread over all below it.
    let mut spread = up_to;
    spread = _mm256_or_si256(spread, _mm256_srli_epi64::<1>(spread));
    spread = _mm256_or_si256(spread, _mm256_srli_epi64::<2>(spread));
    spread = _mm256_or_si256(spread, _mm256_srli_epi64::<4>(spread));
    spread = _mm256_or_si256(spread, _mm256_srli_epi64::<8>(spread));
    spread = _mm256_or_si256(spread, _mm256_srli_epi64::<16>(spread));
    spread = _mm256_or_si256(spread, _mm256_srli_epi64::<32>(spread));
    // Where there is no one at all it is no word: all zeros become none.
    let zeros = _mm256_andnot_si256(spread, _mm256_andnot_si256(nothing(up_to), all(u64::MAX)));
    [lengths, ones(zeros), behind]
}

/// The number of ones of each lane, by halves of bytes (Muła, "SSSE3: fast popcount", 2008).
#[inline]
#[target_feature(enable = "avx2")]
fn ones(masks: __m256i) -> __m256i {
    let of_half = both_lanes(&[0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4]);
    let half = _mm256_set1_epi8(0x0F);
    let low = _mm256_shuffle_epi8(of_half, _mm256_and_si256(masks, half));
    let high = _mm256_and_si256(_mm256_srli_epi64::<4>(masks), half);
    let of_bytes = _mm256_add_epi8(low, _mm256_shuffle_epi8(of_half, high));
    _mm256_sad_epu8(of_bytes, _mm256_setzero_si256())
}

/// The low halves of the products with a number.
#[inline]
#[target_feature(enable = "avx2")]
fn times(lanes: __m256i, factor: u64) -> __m256i {
    let (low, high) = (all(factor), all(factor >> 32));
    let crossed = _mm256_add_epi64(
        _mm256_mul_epu32(_mm256_srli_epi64::<32>(lanes), low),
        _mm256_mul_epu32(lanes, high),
    );
    _mm256_add_epi64(_mm256_mul_epu32(lanes, low), _mm256_slli_epi64::<32>(crossed))
}

/// See `bit_beside`. No gap and no letter is above what the signed comparison tells right.
#[inline]
#[target_feature(enable = "avx2")]
fn bit_beside(bytes: __m256i, gaps: __m256i) -> __m256i {
    // What is above the lowest 32 bits of a gap is nothing.
    let shifts = _mm256_slli_epi64::<3>(_mm256_min_epu32(gaps, all(FARTHEST)));
    let letters = _mm256_srlv_epi64(bytes, shifts);
    let near = _mm256_and_si256(letters, all(0xFF));
    let far = _mm256_and_si256(_mm256_srli_epi64::<8>(letters), all(0xFF));
    let outside = _mm256_sllv_epi64(all(u64::MAX), shifts);
    let between = _mm256_andnot_si256(outside, bytes);
    let no_feeds = _mm256_xor_si256(between, all(ONES * 0x0A));
    let feeds = _mm256_andnot_si256(no_feeds, _mm256_sub_epi64(no_feeds, all(ONES)));
    let beyond = _mm256_or_si256(between, _mm256_and_si256(letters, all(0xFFFF)));
    let special = _mm256_and_si256(_mm256_or_si256(feeds, beyond), all(HIGH));
    let is_plain = _mm256_cmpeq_epi64(special, _mm256_setzero_si256());
    let is_within = |number, first: u64, count: u64| {
        let above = _mm256_cmpgt_epi32(number, all(first - 1));
        _mm256_and_si256(above, _mm256_cmpgt_epi32(all(first + count), number))
    };
    let underscore = all(b'_'.into());
    let is_near = is_within(gaps, 1, FARTHEST);
    let is_unclear = _mm256_cmpeq_epi32(near, underscore);
    // All of a lane's bits, or only those of its lower half.
    let settled = _mm256_andnot_si256(is_unclear, _mm256_and_si256(is_near, is_plain));
    let small = |letters| _mm256_or_si256(letters, all(0x20));
    let goes_on = _mm256_or_si256(
        _mm256_or_si256(is_within(small(far), b'a'.into(), 26), is_within(far, b'0'.into(), 10)),
        _mm256_cmpeq_epi32(far, underscore),
    );
    let far = _mm256_slli_epi64::<8>(_mm256_and_si256(small(far), goes_on));
    let product = _mm256_mul_epu32(_mm256_or_si256(small(near), far), all(BESIDE_FACTOR));
    // Of the product's lowest 32 bits the highest.
    let number = _mm256_srli_epi64::<32>(_mm256_slli_epi64::<32>(product));
    let bit = _mm256_sllv_epi64(all(1), _mm256_srli_epi64::<{ BESIDE_SHIFT as i32 }>(number));
    let settled = _mm256_shuffle_epi32::<0b10_10_00_00>(settled);
    _mm256_or_si256(bit, _mm256_andnot_si256(settled, all(u64::MAX)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn four(words: Four) -> __m256i {
    // SAFETY: four words of eight bytes.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn numbers(lanes: __m256i) -> Four {
    let mut numbers = [0; FOUR];
    // SAFETY: four words of eight bytes.
    unsafe { _mm256_storeu_si256(numbers.as_mut_ptr().cast(), lanes) };
    numbers
}
