//! Why a query cannot be bound to a schema.

use std::fmt;

use crate::{bind::LuceneRegexError, span::Span};

/// Everything that keeps a query from being bound: at least one error, in the order of their
/// places.
#[derive(Clone, Debug, PartialEq)]
pub struct BindErrors {
    errors: Vec<BindError>,
}

impl BindErrors {
    /// `None` when there is no error.
    pub(crate) fn new(mut errors: Vec<BindError>) -> Option<BindErrors> {
        errors.sort_by_key(|error| error.span);
        (!errors.is_empty()).then_some(BindErrors { errors })
    }

    /// The errors in the order of their places; never empty.
    pub fn errors(&self) -> &[BindError] {
        &self.errors
    }

    /// The error that stands first in the text.
    pub fn first(&self) -> &BindError {
        &self.errors[0]
    }
}

impl fmt::Display for BindErrors {
    /// The first error with its place, and how many follow.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first();
        write!(f, "{first} (at byte {})", first.span.start)?;
        match self.errors.len() - 1 {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}

impl std::error::Error for BindErrors {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.first())
    }
}

/// One thing that keeps a query from being bound, where it is, and what to write instead.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{kind}")]
#[non_exhaustive]
pub struct BindError {
    /// What is wrong.
    #[source]
    pub kind: BindErrorKind,
    /// Where: bytes of the query text.
    pub span: Span,
    /// The cure, as one sentence without an end mark.
    pub help: String,
}

impl BindError {
    pub(crate) fn new(kind: BindErrorKind, span: Span) -> BindError {
        let help = match kind {
            BindErrorKind::BadRegex(_) => {
                "write it in Lucene's syntax, or put the value in double quotes if it is no \
                 regular expression"
            }
            BindErrorKind::TooManyClauses { .. } => {
                "write a shorter query, or a list of queries of which any may match"
            }
            BindErrorKind::ExistsOnEveryField => "write `*:*` for every event",
        };
        BindError { kind, span, help: help.to_owned() }
    }
}

/// What can keep a query from being bound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindErrorKind {
    /// A regular expression that Lucene refuses, or that is too big.
    #[error("not a regular expression: {0}")]
    BadRegex(#[source] LuceneRegexError),
    /// The query has more than [`BoundQuery::MAX_LEAVES`](crate::BoundQuery::MAX_LEAVES) leaves.
    #[error("query has more than {limit} conditions, each unquoted word counted")]
    TooManyClauses {
        /// How many are allowed.
        limit: usize,
    },
    /// `_exists_:\*`, which OpenSearch refuses.
    #[error("`_exists_` cannot be asked of every field at once")]
    ExistsOnEveryField,
}

impl BindErrorKind {
    /// The error's stable code: it never changes its meaning.
    pub fn code(&self) -> &'static str {
        match self {
            BindErrorKind::BadRegex(_) => "B001",
            BindErrorKind::TooManyClauses { .. } => "B002",
            BindErrorKind::ExistsOnEveryField => "B003",
        }
    }
}
