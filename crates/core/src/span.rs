//! Byte positions in a source text: the one currency of every diagnostic.

use serde::Serialize;

/// A half-open range of byte offsets, `start..end`, in some source text.
///
/// Offsets are `u32`: queries and fingerprint files are bounded far below 4 GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// First byte of the range.
    pub start: u32,
    /// One past the last byte of the range.
    pub end: u32,
}

impl Span {
    /// A span from byte offsets.
    ///
    /// # Panics
    ///
    /// When `start > end` or an offset does not fit `u32`.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::Span;
    /// assert_eq!(Span::new(2, 5).range(), 2..5);
    /// ```
    pub fn new(start: usize, end: usize) -> Span {
        assert!(start <= end, "a span starts before it ends");
        let narrow = |offset: usize| u32::try_from(offset).expect("source texts are below 4 GiB");
        Span { start: narrow(start), end: narrow(end) }
    }

    /// The empty span at one offset: "something is missing here".
    pub fn at(offset: usize) -> Span {
        Span::new(offset, offset)
    }

    /// The span as a range that slices its source.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}
