//! Where the lines of a block end.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memrchr};

/// A block of text, and where its line feeds are, if somebody has looked already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines<'b> {
    pub(super) block: &'b [u8],
    /// A bit for each byte, the lowest of a word first, set where it is a line feed; empty where that is not
    /// known.
    feeds: &'b [u64],
}

const BITS: usize = u64::BITS as usize;

impl<'b> Lines<'b> {
    /// Those of a block that nobody has looked at.
    pub(crate) fn of(block: &'b [u8]) -> Lines<'b> {
        Lines { block, feeds: &[] }
    }

    /// Those of a block whose line feeds are known: a bit for each byte, the lowest of a word first.
    pub(crate) fn known(block: &'b [u8], feeds: &'b [u64]) -> Lines<'b> {
        debug_assert_eq!(feeds.len(), block.len().div_ceil(BITS));
        Lines { block, feeds }
    }

    /// The word and the bit in it that tell of the byte at `at`.
    pub(super) fn place(at: usize) -> (usize, usize) {
        (at / BITS, at % BITS)
    }

    /// Writes into `out` where the line feeds are, as [`known`](Lines::known) takes it.
    pub(super) fn copy_feeds(self, out: &mut Vec<u64>) {
        out.clear();
        if self.feeds.is_empty() {
            out.resize(self.block.len().div_ceil(BITS), 0);
            self.each_feed(|feed| out[feed / BITS] |= 1 << (feed % BITS));
        } else {
            out.extend_from_slice(self.feeds);
        }
    }

    /// The first line feed in a range.
    #[inline]
    pub(crate) fn first_feed(self, range: Range<usize>) -> Option<usize> {
        let (first, bit) = (range.start / BITS, range.start % BITS);
        let Some((own, further)) = self.feeds.get(first..).and_then(<[u64]>::split_first) else {
            return memchr(b'\n', &self.block[range.clone()]).map(|at| range.start + at);
        };
        let mut word = own >> bit << bit;
        let mut at = first * BITS;
        let mut further = further.iter();
        while word == 0 {
            at += BITS;
            if at >= range.end {
                return None;
            }
            word = *further.next()?;
        }
        let feed = at + word.trailing_zeros() as usize;
        (feed < range.end).then_some(feed)
    }

    /// The last line feed in a range.
    #[inline]
    pub(super) fn last_feed(self, range: Range<usize>) -> Option<usize> {
        let (last, bit) = (range.end / BITS, range.end % BITS);
        if self.feeds.is_empty() {
            return memrchr(b'\n', &self.block[range.clone()]).map(|at| range.start + at);
        }
        let own = self.feeds.get(last).copied().unwrap_or_default();
        let mut word = own & !(u64::MAX << bit);
        let mut at = last * BITS;
        while word == 0 {
            if at <= range.start {
                return None;
            }
            at -= BITS;
            word = self.feeds[at / BITS];
        }
        let feed = at + BITS - 1 - word.leading_zeros() as usize;
        (feed >= range.start).then_some(feed)
    }

    /// Calls `each` with every line feed, in order.
    #[inline]
    pub(super) fn each_feed(self, mut each: impl FnMut(usize)) {
        if self.feeds.is_empty() {
            return memchr_iter(b'\n', self.block).for_each(each);
        }
        for (index, &feeds) in self.feeds.iter().enumerate() {
            let mut left = feeds;
            while left != 0 {
                each(index * BITS + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn feeds_that_are_known_are_those_that_are_found(
            text in proptest::collection::vec(
                prop_oneof![9 => Just(b'a'), 1 => Just(b'\n')], 0..400),
            places in proptest::collection::vec(any::<prop::sample::Index>(), 2)
        ) {
            let mut feeds = vec![0; text.len().div_ceil(BITS)];
            for at in memchr_iter(b'\n', &text) {
                feeds[at / BITS] |= 1 << (at % BITS);
            }
            let mut ends: Vec<usize> = places.iter().map(|at| at.index(text.len() + 1)).collect();
            ends.sort_unstable();
            let range = ends[0]..ends[1];
            let (known, sought) = (Lines::known(&text, &feeds), Lines::of(&text));
            prop_assert_eq!(known.first_feed(range.clone()), sought.first_feed(range.clone()));
            prop_assert_eq!(known.last_feed(range.clone()), sought.last_feed(range));
            let (mut all, mut found) = (Vec::new(), Vec::new());
            known.each_feed(|at| all.push(at));
            sought.each_feed(|at| found.push(at));
            prop_assert_eq!(all, found);
        }
    }
}
