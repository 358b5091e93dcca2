//! The matcher: a set of fingerprints compiled into one program, and four stages that keep nearly
//! all text from ever being read closely.
//!
//! 1. *Per set* ([`literals`]): which words an event must contain for a query to match.
//! 2. *Per file* ([`Narrowed`]): conditions on constant fields, answered once.
//! 3. *Per block* ([`prefilter`]): one look over raw bytes for those words.
//! 4. *Per candidate* ([`evaluate`]): the query on the event round a word.
//!
//! Beside them stands [`mod@reference`], the slow evaluator that is obviously right; tests hold both
//! equal.

mod compiled;
mod evaluate;
mod literals;
mod prefilter;
mod program;
mod rarity;
pub mod reference;

pub(crate) use compiled::Seen;
pub use compiled::{
    CompileError, CompileErrorKind, Event, Matcher, MatcherBuilder, Narrowed, Scratch,
};
pub(crate) use evaluate::EventText;
pub(crate) use prefilter::{Haystack, Sighting, Sweep};
