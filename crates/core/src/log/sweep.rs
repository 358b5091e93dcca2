//! Whether text needs cleaning: a look at every byte of every log, so it has to cost nearly nothing.
//!
//! The loop is plain Rust that the compiler turns into vector instructions; `unsafe` is only the call
//! of the copies compiled for machines with wider ones, behind detection of the machine.
#![allow(unsafe_code)]

use super::clean::ESC;

/// Bytes between two looks at the outcome.
const STRIDE: usize = 256;

/// True when the bytes pass the cleaner unchanged, seen from anywhere but the start of a file
/// (where a byte order mark may stand): they hold no escape, and carriage returns only directly
/// before a line feed.
///
/// # Example
///
/// ```
/// use recheck_core::log::is_clean;
/// assert!(is_clean(b"plain text\r\n"));
/// assert!(!is_clean(b"10 %\r20 %\n"));
/// assert!(!is_clean(b"\x1b[31mred\x1b[0m\n"));
/// ```
pub fn is_clean(bytes: &[u8]) -> bool {
    first_dirt(bytes).is_none()
}

/// The place of the first byte that needs cleaning. A carriage return at the very end is one, for
/// what follows is not known.
pub(crate) fn first_dirt(bytes: &[u8]) -> Option<usize> {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
            // SAFETY: the instruction set was detected on this machine just above.
            return unsafe { sweep_avx512(bytes) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { sweep_avx2(bytes) };
        }
    }
    sweep(bytes)
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[target_feature(enable = "avx512f,avx512bw")]
fn sweep_avx512(bytes: &[u8]) -> Option<usize> {
    sweep(bytes)
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[target_feature(enable = "avx2")]
fn sweep_avx2(bytes: &[u8]) -> Option<usize> {
    sweep(bytes)
}

#[inline(always)]
fn sweep(bytes: &[u8]) -> Option<usize> {
    let (_, before) = bytes.split_last()?;
    let (strides, _) = before.as_chunks::<STRIDE>();
    let (nexts, _) = bytes[1..].as_chunks::<STRIDE>();
    let swept = strides.iter().zip(nexts).take_while(|(stride, nexts)| {
        // Nearly all strides have neither byte: zero is the least that can be left of one.
        let nearest = |byte: &u8| (byte ^ ESC).min(byte ^ b'\r');
        let nearest = stride.iter().map(nearest).fold(u8::MAX, u8::min);
        nearest != 0 || !is_stride_dirty(stride, nexts)
    });
    // It is in the next stride, or the rest is shorter than one. Where every line has colours each call
    // comes here.
    let swept = swept.count() * STRIDE;
    let rest = &bytes[swept..];
    let next = |at: usize| rest.get(at + 1).copied().unwrap_or_default();
    let mut dirt = memchr::memchr2_iter(ESC, b'\r', rest);
    dirt.find(|&at| is_dirty(rest[at], next(at))).map(|at| swept + at)
}

/// Whether one of the bytes is dirty, given the one behind each.
#[inline(always)]
fn is_stride_dirty(stride: &[u8; STRIDE], nexts: &[u8; STRIDE]) -> bool {
    let pairs = stride.iter().zip(nexts);
    pairs.fold(0, |dirty, (byte, next)| dirty | u8::from(is_dirty(*byte, *next))) != 0
}

#[inline(always)]
fn is_dirty(byte: u8, next: u8) -> bool {
    (byte == ESC) | ((byte == b'\r') & (next != b'\n'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_place_is_looked_at(
            mut text in proptest::collection::vec(
                prop_oneof![30 => Just(b'a'), 1 => Just(b'\n')], 0..1200),
            dirt in proptest::collection::vec((any::<prop::sample::Index>(),
                prop_oneof![Just(ESC), Just(b'\r')]), 0..2)
        ) {
            for (at, byte) in &dirt {
                let at = at.index(text.len().max(1));
                if let Some(place) = text.get_mut(at) {
                    *place = *byte;
                }
            }
            let text = text.as_slice();
            let lone = |at: usize| text[at] == b'\r' && text.get(at + 1) != Some(&b'\n');
            let dirt = (0..text.len()).find(|&at| text[at] == ESC || lone(at));
            prop_assert_eq!(first_dirt(text), dirt);
            prop_assert_eq!(sweep(text), dirt);
        }
    }
}
