//! The `standard` analyzer, as OpenSearch 3.4 (Lucene 10.3) runs it: words by UAX #29, lower-cased,
//! cut at 255 UTF-16 units.
//!
//! ```text
//! text ── word_break ──► classes ── scan ──► Token (bytes) ── lowercase ──► term, position
//!         (one per code point)      (longest match; `tokens` has a short cut for ASCII)
//! ```
//!
//! The rules are those of UAX #29 with Lucene's additions: a run of a South-East Asian script is one
//! token, Han and Hiragana are one token per character, emoji sequences are tokens, a Hebrew letter
//! may keep a quote. The properties are those of Unicode 12.1, for which Lucene's grammar was
//! compiled: newer letters separate words, there as here. No crate gives these answers, because all
//! follow the newest Unicode and plain UAX #29.
//!
//! # What the prefilter may rely on
//!
//! Call a *run* a longest stretch of `[A-Za-z0-9_]` bytes in a text.
//!
//! 1. A token never begins or ends inside a run, unless the cut at 255 units fell there.
//! 2. A token that no cut touched therefore consists of whole runs and of what lies between them:
//!    every stretch of `[A-Za-z0-9_]` that is longest within the token is a run of the raw text.
//!
//! So a term can only match where its longest ASCII stretch stands in the text with no other
//! `[A-Za-z0-9_]` byte at its two sides (or within reach of a cut: beside 255 units or more that
//! hold no separator). The property tests of this module hold both.

mod analyze;
mod lowercase;
mod scan;
mod token;
mod word_break;
mod word_break_table;

#[cfg(test)]
mod tests;

#[expect(unused_imports, reason = "the matcher's prefilter is the first to use it")]
pub(crate) use self::token::is_ascii_word_byte;
pub use self::{
    analyze::analyze,
    lowercase::lowercase_into,
    token::{Token, Tokens, tokens},
};
