//! A query bound to a schema: texts analysed, Lucene's required, optional and excluded clauses
//! decided. This is the tree every executor runs: the reference evaluator, the streaming matcher,
//! the embedded index.

use crate::schema::FieldKind;

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
    },
    /// The field has a value.
    Exists,
}
