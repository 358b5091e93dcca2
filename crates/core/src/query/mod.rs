//! The query language: Lucene's classic syntax as `query_string` reads it. Knows no field names.

mod ast;

pub use ast::{
    Bound, Clause, Conjunction, Fuzziness, Leaf, LeafKind, Modifier, Node, Query, WildcardPart,
};
