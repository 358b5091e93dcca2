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
//! 1. No token begins or ends inside a run, unless a cut fell there: then 255 bytes or more around
//!    that place are all `[A-Za-z0-9_.:,;'"]` or not ASCII.
//! 2. So every stretch of `[A-Za-z0-9_]` that is longest within a token is a run of the text, but for
//!    that same case: a term can only be found where its ASCII stretches stand with no such byte at
//!    either side.
//! 3. Two code points beyond ASCII lower-case into it, and may stand in the text for the letter in
//!    the term: U+0130 for `i` and U+212A for `k`. Runs are of the text, so these two end one.
//!
//! The tests of this module hold all three.

mod analyze;
mod lowercase;
mod scan;
mod token;
mod word_break;
mod word_break_table;

#[cfg(test)]
mod tests;

#[allow(unused_imports, reason = "for the prefilter of the matcher")]
pub(crate) use self::token::is_ascii_word_byte;
pub use self::{
    analyze::analyze,
    lowercase::lowercase_into,
    token::{Token, Tokens, tokens},
};
