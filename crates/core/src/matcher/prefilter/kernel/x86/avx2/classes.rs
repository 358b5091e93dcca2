//! What kind of byte each of 32 is: for words, for what else a token can go on in, and for escapes.

use std::arch::x86_64::*;

use super::{super::super::ESCAPE, both_lanes};

/// What 32 bytes are.
pub(super) struct Half {
    /// Of each its class.
    pub(super) classes: __m256i,
    /// Of each its [code](super::super::super::super::sieve::code_of).
    pub(super) codes: __m256i,
    /// Where bytes of words are.
    pub(super) word: u32,
}

/// The class of escapes; those below it are of what else a token can go on in.
pub(super) const ESCAPES: u8 = 0x04;
/// The lowest class of bytes of words.
const WORDS: u8 = 0x08;

/// The class of a byte, a bit. Each consists of all bytes with certain high halves and certain low ones, so that two
/// tables of 16 tell it. None is the highest bit: that would be below nothing.
const fn class(byte: u8) -> u8 {
    match byte {
        b'\'' | b',' | b'.' => 0x01,
        b':' | b';' => 0x02,
        ESCAPE => ESCAPES,
        b'0'..=b'9' => WORDS,
        b'A'..=b'O' | b'a'..=b'o' => 0x10,
        b'P'..=b'Z' | b'p'..=b'z' => 0x20,
        b'_' => 0x40,
        _ => 0,
    }
}

/// Classes by the halves of bytes: a byte is of the class that both its halves may be of.
struct Halves {
    low: [u8; 16],
    high: [u8; 16],
    /// What letters lose to become codes, by their high halves.
    lost: [u8; 16],
}

impl Halves {
    const fn new() -> Halves {
        let (mut low, mut high, mut lost) = ([0; 16], [0; 16], [0; 16]);
        let mut byte = 0;
        while byte < 128_u8 {
            low[byte as usize & 0x0F] |= class(byte);
            high[byte as usize >> 4] |= class(byte);
            byte += 1;
        }
        // A small letter loses two bits.
        (lost[b'a' as usize >> 4], lost[b'z' as usize >> 4]) = (0x60, 0x60);
        Halves { low, high, lost }
    }
}

/// The same in vectors.
pub(super) struct Classes {
    low: __m256i,
    high: __m256i,
    lost: __m256i,
}

impl Classes {
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn new() -> Classes {
        let halves = const { &Halves::new() };
        Classes {
            low: both_lanes(&halves.low),
            high: both_lanes(&halves.high),
            lost: both_lanes(&halves.lost),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn half(&self, bytes: __m256i) -> Half {
        let high_half = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0F));
        // Of bytes beyond ASCII the low halves are of no class.
        let low = _mm256_shuffle_epi8(self.low, bytes);
        let classes = _mm256_and_si256(low, _mm256_shuffle_epi8(self.high, high_half));
        let word = _mm256_cmpgt_epi8(classes, _mm256_set1_epi8(WORDS as i8 - 1));
        let codes = _mm256_andnot_si256(_mm256_shuffle_epi8(self.lost, high_half), bytes);
        Half {
            classes,
            codes: _mm256_and_si256(codes, word),
            word: _mm256_movemask_epi8(word) as u32,
        }
    }
}

/// Whether a token can go on in all of 32 bytes of these classes.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn is_chain(bytes: __m256i, classes: __m256i) -> bool {
    let classes = _mm256_andnot_si256(_mm256_set1_epi8(ESCAPES as i8), classes);
    let chain = _mm256_adds_epu8(classes, _mm256_set1_epi8(0x7F));
    _mm256_movemask_epi8(_mm256_or_si256(chain, bytes)) == -1
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::super::{super::sieve::is_word_byte, is_chain},
        *,
    };

    #[test]
    fn the_halves_of_a_byte_tell_its_class() {
        let Halves { low, high, .. } = Halves::new();
        for byte in 0..128 {
            let told = low[usize::from(byte & 0x0F)] & high[usize::from(byte >> 4)];
            assert_eq!(told, class(byte), "{byte:#x}");
            assert_eq!(told >= WORDS, is_word_byte(byte), "{byte:#x}");
            assert_eq!(told & !ESCAPES != 0, is_chain(byte), "{byte:#x}");
        }
    }
}
