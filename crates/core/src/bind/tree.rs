//! The bound tree: what every executor runs.

use crate::{
    bind::{BoundAnyField, Fuzzy, LuceneRegex, TermRange, Wildcard},
    schema::FieldKind,
};

/// A query whose every leaf can be tested against one event.
#[derive(Clone, Debug)]
pub enum BoundQuery {
    /// Matches every event.
    All,
    /// Matches no event.
    Nothing,
    /// A combination of clauses.
    Bool(BoundBool),
    /// A single condition.
    Leaf(BoundLeaf),
    /// A condition on every field whose name matches.
    AnyField(BoundAnyField),
}

/// Lucene's boolean query.
///
/// Matches when every `must` matches, no `must_not` does, and, where there is no `must`, at least
/// one `should` does. With neither `must` nor `should` it matches everything but `must_not`
/// (OpenSearch's reading of a purely negative group, at every depth).
#[derive(Clone, Debug, Default)]
pub struct BoundBool {
    /// All of these must match.
    pub must: Vec<BoundQuery>,
    /// Without a `must`, one of these must match.
    pub should: Vec<BoundQuery>,
    /// None of these may match.
    pub must_not: Vec<BoundQuery>,
}

/// A single condition on one field.
#[derive(Clone, Debug)]
pub struct BoundLeaf {
    /// The field's name.
    pub field: String,
    /// How the field is analysed.
    pub kind: FieldKind,
    /// The condition.
    pub test: LeafTest,
}

/// A condition in terms of the field's indexed terms: the tokens of a text field, the whole values
/// of a keyword field.
#[derive(Clone, Debug)]
pub enum LeafTest {
    /// Some term equals this one.
    Term(String),
    /// The terms stand at consecutive positions (`slop` 0) or within that many moves.
    Phrase {
        /// The terms, in order; at least two.
        terms: Vec<String>,
        /// How far the terms may be moved, as Lucene's sloppy phrase counts.
        slop: u32,
        /// The text that they are the terms of, as the query has it.
        text: String,
    },
    /// Some term begins with this text.
    Prefix(String),
    /// Some term matches the wildcard pattern, from its first character to its last.
    Wildcard(Wildcard),
    /// Some term matches the regular expression, from its first character to its last.
    Regex(LuceneRegex),
    /// Some term is within the edit distance.
    Fuzzy(Fuzzy),
    /// Some term lies in the range.
    Range(TermRange),
    /// The field has a value (an empty string is one, null and an empty list are none).
    Exists,
}

impl LeafTest {
    /// Whether one indexed term meets the condition by itself.
    ///
    /// A phrase is never met by one term, and [`LeafTest::Exists`] asks for a value rather than
    /// for a term: both answer `false`.
    pub fn matches_term(&self, term: &str) -> bool {
        match self {
            LeafTest::Term(wanted) => term == wanted,
            LeafTest::Prefix(prefix) => term.starts_with(prefix.as_str()),
            LeafTest::Wildcard(wildcard) => wildcard.matches(term),
            LeafTest::Regex(regex) => regex.matches(term),
            LeafTest::Fuzzy(fuzzy) => fuzzy.matches(term),
            LeafTest::Range(range) => range.contains(term),
            LeafTest::Phrase { .. } | LeafTest::Exists => false,
        }
    }
}
