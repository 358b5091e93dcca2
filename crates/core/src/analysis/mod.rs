//! The `standard` analyzer: UAX #29 words, lower-cased, cut at 255 UTF-16 units.

/// One token of a text, before lower-casing: its bytes in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// First byte in the text.
    pub start: usize,
    /// One past the last byte in the text.
    pub end: usize,
}
