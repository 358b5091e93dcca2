//! Whether a log's text is scanned before anything has looked for terminal traffic in it.
//!
//! Most logs have none, and a look at every byte to learn that would cost a tenth of a scan. So a block is
//! scanned as it is, and the scan tells on its way whether it should have been cleaned first: then it is, and
//! scanned again. That costs as much as a look at a [few](LOOKS) blocks. Where it happens more seldom nothing is
//! looked at; where it happens more often, as in a log with colours, all is.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// So many blocks can be looked at in the time that is lost with one that is scanned twice. Measured: a look takes 5
/// to 8 % of a scan, and the first scan ends where it meets the traffic, half way through the block as a rule.
const LOOKS: usize = 8;

/// What was paid for blocks that were scanned twice and makes looks worthwhile: two do not yet, as few logs that
/// have traffic have it all over.
const ENOUGH: usize = 2 * LOOKS;

/// What is paid at most: so doubt ends [`LOOKS`] blocks behind the last that had traffic.
const MOST: usize = ENOUGH + LOOKS;

/// Shared by who reads a log and who scans it: a bucket into which each block that has traffic pours the price
/// of a scan, and out of which each block takes the price of a look.
#[derive(Clone, Debug, Default)]
pub(super) struct Doubt(Arc<AtomicUsize>);

impl Doubt {
    /// A block had to be cleaned.
    pub(super) fn raise(&self) {
        let more = |paid: usize| Some((paid + LOOKS).min(MOST));
        // It cannot fail, as there is always more.
        let _ = self.0.fetch_update(Relaxed, Relaxed, more);
    }

    /// Whether the next block is looked at first. To ask counts it.
    pub(super) fn is_raised(&self) -> bool {
        let less = |paid: usize| paid.checked_sub(1);
        self.0.fetch_update(Relaxed, Relaxed, less).is_ok_and(|paid| paid > ENOUGH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many blocks are looked at, of so many of which every so manieth has traffic.
    fn looks(blocks: usize, every: usize) -> usize {
        let doubt = Doubt::default();
        let (reads, scans) = (doubt.clone(), doubt);
        let look = |block: usize| {
            let looks = reads.is_raised();
            if block.is_multiple_of(every) {
                scans.raise();
            }
            usize::from(looks)
        };
        (0..blocks).map(look).sum()
    }

    #[test]
    fn blocks_are_looked_at_where_that_is_cheaper_than_to_scan_some_twice() {
        assert_eq!(looks(1000, LOOKS + 1), 0);
        assert_eq!(looks(1000, 1000), 0);
        assert!(looks(1000, LOOKS / 2) > 950);
        assert_eq!(looks(1000, 1), 997);
    }

    #[test]
    fn doubt_ends_so_many_blocks_behind_the_last_that_had_traffic() {
        let doubt = Doubt::default();
        (0..1000).for_each(|_| doubt.raise());
        assert_eq!((0..1000).filter(|_| doubt.is_raised()).count(), LOOKS);
    }
}
