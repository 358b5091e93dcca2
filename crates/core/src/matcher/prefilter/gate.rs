//! The texts that are told for their own sake, by the word that they are found by.
//!
//! Some of these words are among the most frequent there are (`error`), and many texts share one. So
//! the bytes on either side of an occurrence choose the few texts that may stand there, and eight
//! bytes round it are held against those.

use super::{LiteralId, beside::MOST, context::Context};

/// Bytes before the word that are compared.
const BEFORE: usize = 2;
/// Texts that a mask has a bit for.
const MOST_TEXTS: usize = u64::BITS as usize;

/// The texts that share an anchor's first bytes and length.
#[derive(Debug)]
pub(super) struct Gate {
    texts: Vec<Text>,
    /// The texts that admit this byte before the word.
    before: Masks,
    /// Those that admit this byte before that one, if that is no line feed.
    further: Masks,
    /// Those that admit this byte behind the word.
    behind: Masks,
    /// The texts that have no bit in these masks.
    more: Option<Box<Gate>>,
}

/// For each byte, a bit for each text.
type Masks = [u64; 256];

/// One text.
#[derive(Debug)]
struct Text {
    id: LiteralId,
    /// Bytes that must stand round the word, and which of the eight they are.
    bytes: u64,
    mask: u64,
}

impl Default for Gate {
    fn default() -> Gate {
        let none = [0; 256];
        Gate { texts: Vec::new(), before: none, further: none, behind: none, more: None }
    }
}

impl Gate {
    /// Lets a text through.
    pub(super) fn push(&mut self, id: LiteralId, context: &Context) {
        if self.texts.len() == MOST_TEXTS {
            return self.more.get_or_insert_default().push(id, context);
        }
        let (text, anchor) = context.joined();
        let bit = 1 << self.texts.len();
        let stands_before = |by: usize| anchor.checked_sub(by).map(|at| text[at]);
        match context.leads() && anchor == 0 {
            true => {
                admit(&mut self.before, bit, |byte| matches!(byte, b'\n' | b' ' | b'\t'));
                admit(&mut self.further, bit, |byte| !byte.is_ascii_lowercase());
            }
            false => {
                admit(&mut self.before, bit, is_or_free(stands_before(1)));
                admit(&mut self.further, bit, is_or_free(stands_before(2)));
            }
        }
        let length = context.anchor().len().min(usize::from(MOST));
        admit(&mut self.behind, bit, is_or_free(text.get(anchor + length).copied()));
        let (mut bytes, mut mask) = ([0; 8], [0; 8]);
        for place in 0..8 {
            let byte = (anchor + place).checked_sub(BEFORE).and_then(|at| text.get(at));
            if let Some(&byte) = byte {
                (bytes[place], mask[place]) = (byte, 0xff);
            }
        }
        let (bytes, mask) = (u64::from_le_bytes(bytes), u64::from_le_bytes(mask));
        self.texts.push(Text { id, bytes, mask });
    }

    /// Tells the texts that may stand round the word of this range.
    #[inline]
    pub(super) fn admitted(
        &self,
        block: &[u8],
        (start, end): (usize, usize),
        each: &mut impl FnMut(LiteralId),
    ) {
        if let Some(more) = &self.more {
            more.admitted(block, (start, end), each);
        }
        let any = u64::MAX;
        let behind = block.get(end).map_or(any, |byte| self.behind[usize::from(*byte)]);
        let before = match block[..start] {
            [.., further, before] if before != b'\n' => {
                self.before[usize::from(before)] & self.further[usize::from(further)]
            }
            _ => any,
        };
        match before & behind {
            0 => {}
            left => self.compared(block, start, left, each),
        }
    }

    /// Of these texts tells those that agree with the bytes round the word.
    fn compared(
        &self,
        block: &[u8],
        start: usize,
        mut left: u64,
        each: &mut impl FnMut(LiteralId),
    ) {
        let window = start.checked_sub(BEFORE).and_then(|from| block[from..].first_chunk());
        let window = window.map(|window| u64::from_le_bytes(*window));
        while left != 0 {
            if let Some(text) = self.texts.get(left.trailing_zeros() as usize)
                && window.is_none_or(|window| (window ^ text.bytes) & text.mask == 0)
            {
                each(text.id);
            }
            left &= left - 1;
        }
    }
}

/// Marks the bytes that a text admits.
fn admit(masks: &mut Masks, bit: u64, is_admitted: impl Fn(u8) -> bool) {
    for (byte, mask) in (0..=u8::MAX).zip(masks) {
        *mask |= if is_admitted(byte) { bit } else { 0 };
    }
}

/// The byte that a text has at a place, or every byte where the text does not reach it.
fn is_or_free(byte: Option<u8>) -> impl Fn(u8) -> bool {
    move |other| byte.is_none_or(|byte| byte == other)
}
