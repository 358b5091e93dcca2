//! Fingerprints in, known bugs out.

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used))]
#![deny(unsafe_code)]

mod analysis;
mod bind;
mod document;
mod fields;
mod fingerprint;
mod log;
mod matcher;
mod query;
#[cfg(feature = "render")]
pub mod render;
mod schema;
mod span;

pub use crate::{
    analysis::{Token, Tokens, analyze, lowercase_into, tokens},
    bind::{
        BoundBool, BoundLeaf, BoundQuery, Fuzzy, LeafTest, LuceneRegex, LuceneRegexError,
        TermRange, Wildcard, phrase_matches,
    },
    document::{Document, DocumentError, DocumentErrorKind},
    fields::{FieldValues, Fields, Values},
    fingerprint::{Category, Fingerprint},
    matcher::reference,
    query::{
        Bound, Clause, Conjunction, Fuzziness, Leaf, LeafKind, Modifier, Node, Query, WildcardPart,
    },
    schema::{FieldKind, Schema},
    span::Span,
};
