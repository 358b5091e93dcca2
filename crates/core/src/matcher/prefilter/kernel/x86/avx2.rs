//! With AVX2: 32 bytes, or four words, are one vector.

mod beside;
mod classes;
mod hash;
mod to_the_front;

use std::{arch::x86_64::*, cell::Cell};

use classes::{Classes, ESCAPES, is_chain};

use super::super::{
    super::sieve::{HALVES_LOOKED_AT, Halves, Sieve},
    Filters, Form, Found, Group, Haystack, Look, Masks, Part, Rare, Read, Room, SiftedWords, State,
    Step, Text, WINDOW, Window, place_bits, run,
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
    let hash = |room: &mut Room, count| hash::hash::<COLD>(bloom, room, count);
    let slots = filters.slots;
    let beside = |room: &Room, places: (Part<'_>, usize), kept: &mut SiftedWords| {
        beside::beside(slots, room, places, kept);
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
    let classes = Classes::new();
    // All bytes, and all their classes.
    let (high, seen) = (Cell::new(_mm256_setzero_si256()), Cell::new(_mm256_setzero_si256()));
    let read = |window: &Window, codes: &mut Window, look| {
        let half = |offset: usize, codes: &mut [u8; WINDOW / 2]| {
            // SAFETY: a window has 64 bytes, twice 32.
            let bytes = unsafe { _mm256_loadu_si256(window.as_ptr().add(offset).cast()) };
            let half = classes.half(bytes);
            high.set(_mm256_or_si256(high.get(), bytes));
            seen.set(_mm256_or_si256(seen.get(), half.classes));
            // SAFETY: the slice has 32 bytes.
            unsafe { _mm256_storeu_si256(codes.as_mut_ptr().cast(), half.codes) };
            let is = |byte: u8| {
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8))) as u32
            };
            let is_full = look == Look::Full && is_chain(bytes, half.classes);
            (half.word, is(b'\n'), is(b'\r'), is_full)
        };
        let (first, second) = codes.split_at_mut(WINDOW / 2);
        let first = half(0, first.try_into().expect("half a window"));
        let second = half(WINDOW / 2, second.try_into().expect("half a window"));
        let join = |low: u32, high: u32| u64::from(low) | (u64::from(high) << 32);
        Masks {
            word: join(first.0, second.0),
            feed: join(first.1, second.1),
            returns: join(first.2, second.2),
            is_full: first.3 & second.3,
        }
    };
    let rare = || {
        let escapes = _mm256_and_si256(seen.get(), _mm256_set1_epi8(ESCAPES as i8));
        Rare {
            beyond_ascii: _mm256_movemask_epi8(high.get()) != 0,
            escape: _mm256_testz_si256(escapes, escapes) == 0,
        }
    };
    state.read::<COLD>(text, windows, (&read, &rare), room)
}

/// See [`Room::starts`].
#[inline(never)]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn starts<const COLD: bool>(halves: &Halves, room: &mut Room, windows: usize) -> usize {
    let tables = halves.0.each_ref().map(|table| both_lanes(table));
    // Where no brief word may start, of 32 places.
    let is_no_brief = |text: &Text, offset: usize| {
        let looks = tables.iter().zip(HALVES_LOOKED_AT).map(|(table, place)| {
            let codes = text.codes[offset + place..][..WINDOW / 2].as_ptr();
            // SAFETY: the slice has 32 bytes.
            let codes = unsafe { _mm256_loadu_si256(codes.cast()) };
            // One instruction looks 32 bytes up, by their lower halves as none is above 127.
            _mm256_shuffle_epi8(*table, codes)
        });
        let buckets = looks.fold(_mm256_set1_epi8(-1), |all, look| _mm256_and_si256(all, look));
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(buckets, _mm256_setzero_si256())) as u32
    };
    room.tell_starts();
    let mut count = 0;
    for index in 0..windows {
        room.ahead.fetch::<COLD>(Step::Starts, index);
        let offset = index * WINDOW;
        let [first, second] =
            [0, WINDOW / 2].map(|half| u64::from(is_no_brief(&room.text, offset + half)));
        let worth = room.longer[index] | room.brief[index] & !(first | second << 32);
        let places = room.places[count..][..WINDOW].as_mut_array();
        place_bits(worth, offset as u16, places.expect("the slice has that length"));
        count += worth.count_ones() as usize;
    }
    count
}

#[inline]
#[target_feature(enable = "avx2")]
fn all(word: u64) -> __m256i {
    _mm256_set1_epi64x(word as i64)
}

/// A table for each half of a vector, as instructions look up within them.
#[inline]
#[target_feature(enable = "avx2")]
fn both_lanes(table: &[u8; 16]) -> __m256i {
    // SAFETY: the table has 16 bytes.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}
