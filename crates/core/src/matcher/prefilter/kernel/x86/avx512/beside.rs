//! What stands beside eight words at once: [`Room::sifted`] in vectors of eight lanes.

use std::{arch::x86_64::*, array};

use super::super::super::{
    super::{
        beside::{BESIDE, BESIDE_FACTOR, BESIDE_SHIFT, FARTHEST, MOST, Slots},
        sieve::{HASH_FACTOR, HIGH, ONES, SMALL},
    },
    EIGHT, EightPlaces, GROUP, GROUP_BYTES, LOAD, Part, Room, SiftedWords, WINDOW,
};
use super::super::eights::{ADMITS, Eight, RoomForEight, Round, assert_layout};

/// See [`Room::sifted`].
#[inline(never)]
#[target_feature(
    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt"
)]
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
    let eights = room.places.as_chunks().0.iter().take(places.div_ceil(EIGHT));
    for (turn, eight) in eights.enumerate() {
        let words = EightWords::of(room, round, eight);
        // What is behind the last place is looked at with it, and dropped.
        let counting = u8::MAX >> (EIGHT - EIGHT.min(places - turn * EIGHT));
        let admitted = words.admitted(slots) & counting;
        kept.add_of_eight(|next| words.write(part.start, admitted, next));
    }
}

/// Of eight words, a lane each.
struct EightWords {
    /// Where they begin in the group.
    starts: __m512i,
    lengths: __m512i,
    /// Bytes to the words beside, 0 where these are too far away.
    before_gaps: __m512i,
    behind_gaps: __m512i,
    keys: __m512i,
    before: __m512i,
    behind: __m512i,
}

impl EightWords {
    /// The words at these places of the group in the middle of `round`.
    #[inline]
    #[target_feature(
        enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt"
    )]
    fn of(room: &Room, round: &Round, places: &EightPlaces) -> EightWords {
        // SAFETY: eight numbers of two bytes.
        let starts = _mm512_cvtepu16_epi64(unsafe { _mm_loadu_si128(places.as_ptr().cast()) });
        let [lengths, before_gaps, behind_gaps] = lengths_and_gaps(room, (starts, places));
        // The remainder only tells the compiler that a place lies within the group.
        let place = |lane: usize| usize::from(places[lane]) % GROUP_BYTES;
        let load = |at: usize| -> u64 {
            let bytes: [u8; LOAD] =
                round[at..at + LOAD].try_into().expect("the slice has that length");
            u64::from_le_bytes(bytes)
        };
        let text = eight(array::from_fn(|lane| load(BESIDE + place(lane))));
        // Seen from the word, both sides look alike.
        let before = eight(array::from_fn(|lane| load(place(lane)).swap_bytes()));
        let ends = numbers(lengths);
        let behind = eight(array::from_fn(|lane| {
            load(BESIDE + place(lane) + ends[lane].min(u64::from(MOST)) as usize)
        }));
        // See `key_of_load`.
        let missing = _mm512_subs_epu16(all(LOAD as u64), lengths);
        let own = _mm512_srlv_epi64(all(u64::MAX), _mm512_slli_epi64::<3>(missing));
        let keys = _mm512_and_si512(_mm512_or_si512(text, all(SMALL)), own);
        let before = bit_beside(before, before_gaps);
        let behind = bit_beside(behind, behind_gaps);
        EightWords { starts, lengths, before_gaps, behind_gaps, keys, before, behind }
    }

    /// Which of them are kept; see `Sides::admit`.
    #[inline]
    #[target_feature(
        enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt"
    )]
    fn admitted(&self, slots: &Slots) -> u8 {
        let whole = _mm512_xor_si512(self.keys, _mm512_slli_epi64::<56>(self.lengths));
        let folded = _mm512_xor_si512(whole, _mm512_srli_epi64::<32>(whole));
        let hash = _mm512_srli_epi64::<32>(_mm512_mullo_epi64(folded, all(HASH_FACTOR)));
        let homes = numbers(_mm512_and_si512(hash, all(slots.most())));
        // What stands before and behind each word, side by side.
        let even = numbers(_mm512_unpacklo_epi64(self.before, self.behind));
        let odd = numbers(_mm512_unpackhi_epi64(self.before, self.behind));
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
            let fits = _mm256_test_epi64_mask(_mm256_broadcastsi128_si256(beside), sides);
            admitted |= (u32::from(ADMITS) >> fits & 1) << lane;
        }
        admitted as u8
    }

    /// Writes those of this mask to the front of the room for them, and tells how many they are.
    #[inline]
    #[target_feature(
        enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt"
    )]
    fn write(&self, start: usize, admitted: u8, next: RoomForEight<'_>) -> usize {
        const { assert_layout() };
        let at = _mm512_add_epi64(self.starts, all(start as u64));
        let lengths = _mm512_slli_epi64::<32>(self.lengths);
        let before = _mm512_slli_epi64::<40>(self.before_gaps);
        let behind = _mm512_slli_epi64::<48>(self.behind_gaps);
        let words = _mm512_or_si512(_mm512_or_si512(at, lengths), _mm512_or_si512(before, behind));
        let RoomForEight { words: own, keys, before, behind } = next;
        let columns = [
            (own.as_mut_ptr().cast(), words),
            (keys.as_mut_ptr().cast(), self.keys),
            (before.as_mut_ptr().cast(), self.before),
            (behind.as_mut_ptr().cast(), self.behind),
        ];
        for (to, column) in columns {
            // SAFETY: each has room for eight words of eight bytes, of which any are valid.
            unsafe { _mm512_storeu_si512(to, _mm512_maskz_compress_epi64(admitted, column)) };
        }
        admitted.count_ones() as usize
    }
}

/// See `WordMasks::word`.
#[inline]
#[target_feature(
    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt"
)]
fn lengths_and_gaps(room: &Room, (starts, places): (__m512i, &EightPlaces)) -> [__m512i; 3] {
    let masks = |shift: usize| {
        eight(array::from_fn(|lane| {
            room.masks.0[usize::from(places[lane]) / WINDOW % GROUP + shift]
        }))
    };
    let (before, own, behind) = (masks(0), masks(1), masks(2));
    // The number of a byte in its window is the lowest six bits, which are all that counts in a shift.
    let up_to = _mm512_shrdv_epi64(before, own, starts);
    let from = _mm512_shrdv_epi64(own, behind, starts);
    // Trailing ones, and behind them trailing zeros.
    let lengths = _mm512_popcnt_epi64(_mm512_andnot_si512(_mm512_add_epi64(from, all(1)), from));
    let rest = _mm512_srlv_epi64(from, lengths);
    let zeros = _mm512_andnot_si512(rest, _mm512_sub_epi64(rest, all(1)));
    let behind = _mm512_maskz_popcnt_epi64(_mm512_test_epi64_mask(rest, rest), zeros);
    let before = _mm512_maskz_lzcnt_epi64(_mm512_test_epi64_mask(up_to, up_to), up_to);
    [lengths, before, behind]
}

/// See `bit_beside`.
#[inline]
#[target_feature(
    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt"
)]
fn bit_beside(bytes: __m512i, gaps: __m512i) -> __m512i {
    let shifts = _mm512_slli_epi64::<3>(_mm512_min_epu64(gaps, all(FARTHEST)));
    let letters = _mm512_srlv_epi64(bytes, shifts);
    let near = _mm512_and_si512(letters, all(0xFF));
    let far = _mm512_and_si512(_mm512_srli_epi64::<8>(letters), all(0xFF));
    let outside = _mm512_sllv_epi64(all(u64::MAX), shifts);
    let between = _mm512_andnot_si512(outside, bytes);
    let no_feeds = _mm512_xor_si512(between, all(ONES * 0x0A));
    let feeds = _mm512_andnot_si512(no_feeds, _mm512_sub_epi64(no_feeds, all(ONES)));
    let beyond = _mm512_or_si512(between, _mm512_and_si512(letters, all(0xFFFF)));
    let plain = _mm512_testn_epi64_mask(_mm512_or_si512(feeds, beyond), all(HIGH));
    let one = all(1);
    let is_near = _mm512_cmplt_epu64_mask(_mm512_sub_epi64(gaps, one), all(FARTHEST));
    let underscore = all(b'_'.into());
    let settled = is_near & plain & _mm512_cmpneq_epu64_mask(near, underscore);
    let small = |letters| _mm512_or_si512(letters, all(0x20));
    let is_within = |byte, first: u8, count| {
        _mm512_cmplt_epu64_mask(_mm512_sub_epi64(byte, all(first.into())), all(count))
    };
    let goes_on = is_within(small(far), b'a', 26)
        | is_within(far, b'0', 10)
        | _mm512_cmpeq_epu64_mask(far, underscore);
    let far = _mm512_maskz_slli_epi64::<8>(goes_on, small(far));
    let product = _mm512_mul_epu32(_mm512_or_si512(small(near), far), all(BESIDE_FACTOR));
    let number = _mm512_srli_epi64::<BESIDE_SHIFT>(_mm512_and_si512(product, all(u32::MAX.into())));
    _mm512_mask_sllv_epi64(all(u64::MAX), settled, one, number)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn all(word: u64) -> __m512i {
    _mm512_set1_epi64(word as i64)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn eight(words: Eight) -> __m512i {
    // SAFETY: eight words of eight bytes.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn numbers(lanes: __m512i) -> Eight {
    let mut numbers = [0; EIGHT];
    // SAFETY: eight words of eight bytes.
    unsafe { _mm512_storeu_si512(numbers.as_mut_ptr().cast(), lanes) };
    numbers
}
