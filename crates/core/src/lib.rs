//! Fingerprints in, known bugs out.

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used))]
#![deny(unsafe_code)]

mod analysis;
mod bind;
mod fields;
mod fingerprint;
pub mod log;
mod matcher;
mod query;
#[cfg(feature = "render")]
pub mod render;
mod run;
mod schema;
mod span;

pub use crate::{
    analysis::Token,
    bind::{BoundBool, BoundLeaf, BoundQuery, LeafTest},
    fields::{FieldValues, Fields, Values},
    fingerprint::{Category, Fingerprint},
    query::{
        Bound, Clause, Conjunction, Fuzziness, Leaf, LeafKind, Modifier, Node, Query, WildcardPart,
    },
    run::{ResultClass, RunMeta, RunSource, Verdict},
    schema::{FieldKind, Schema},
    span::Span,
};
