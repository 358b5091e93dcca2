//! The texts that are told for their own sake, by the word that they are found by.
//!
//! Some of these words are among the most frequent there are (`error`), and many texts share one. So
//! the eight bytes round each occurrence are held against all of its texts at once, without a
//! branch, before any of them is looked at.

use super::{LiteralId, context::Context};

/// Bytes before the word that are compared.
const BEFORE: usize = 2;

/// The texts that share an anchor's first bytes and length.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// Bytes that must stand round the word, and which of the eight they are.
    windows: Vec<(u64, u64)>,
    ids: Vec<LiteralId>,
}

impl Gate {
    /// Lets a text through.
    pub(super) fn push(&mut self, id: LiteralId, context: &Context) {
        let (text, anchor) = context.joined();
        let (mut bytes, mut mask) = ([0; 8], [0; 8]);
        for place in 0..8 {
            let byte = (anchor + place).checked_sub(BEFORE).and_then(|at| text.get(at));
            if let Some(&byte) = byte {
                (bytes[place], mask[place]) = (byte, 0xff);
            }
        }
        self.windows.push((u64::from_le_bytes(bytes), u64::from_le_bytes(mask)));
        self.ids.push(id);
    }

    /// Whether one of the texts may stand round the word at `at`.
    #[inline]
    pub(super) fn admits(&self, block: &[u8], at: usize) -> bool {
        let window = at.checked_sub(BEFORE).and_then(|from| block[from..].first_chunk());
        let Some(window) = window else { return true };
        let window = u64::from_le_bytes(*window);
        let differs = |(bytes, mask): &(u64, u64)| (window ^ bytes) & mask != 0;
        self.windows.iter().fold(false, |any, text| any | !differs(text))
    }

    /// The texts.
    pub(super) fn ids(&self) -> &[LiteralId] {
        &self.ids
    }
}
