//! Fingerprints in, known bugs out.

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used))]
#![deny(unsafe_code)]

mod analysis;
mod bind;
mod document;
mod fields;
mod fingerprint;
pub mod log;
mod matcher;
mod query;
#[cfg(feature = "render")]
pub mod render;
mod run;
mod scan;
mod schema;
mod span;

#[cfg(feature = "fs")]
pub use crate::fingerprint::load_dirs;
pub use crate::{
    analysis::{Token, Tokens, analyze, lowercase_into, tokens},
    bind::{
        BindError, BindErrorKind, BindErrors, BoundAnyField, BoundBool, BoundLeaf, BoundQuery,
        Fuzzy, LeafTest, LuceneRegex, LuceneRegexError, TermRange, Wildcard, phrase_matches,
    },
    document::{Document, DocumentError, DocumentErrorKind},
    fields::{FieldValues, Fields, Values},
    fingerprint::{
        Category, Diagnostic, Excerpt, Fingerprint, FingerprintId, FingerprintSet, Label,
        LoadError, LoadErrorKind, Loaded, MAX_FILE_BYTES, Position, REGEX_SIZE_LIMIT, Severity,
    },
    matcher::{
        CompileError, CompileErrorKind, Event, Matcher, MatcherBuilder, Narrowed, Scratch,
        reference,
    },
    query::{
        Bound, Clause, Conjunction, Fuzziness, Leaf, LeafKind, Modifier, Node, Query, SyntaxError,
        SyntaxErrorKind, SyntaxErrors, WildcardPart,
    },
    run::{ResultClass, RunMeta, RunSource, Verdict},
    scan::{
        Bug, Evidence, Known, LogHits, LogReport, LogScan, RunError, RunReport, RunScan, RunStats,
        ScanOptions, StopFn, TestIds,
    },
    schema::{FieldKind, Schema},
    span::Span,
};
