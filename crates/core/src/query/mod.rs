//! The query language: Lucene's classic syntax as `query_string` reads it. Knows no field names.
//!
//! [`Query::parse`] makes a tree of a text and prints (`Display`) as a normal form of it; parsing
//! what was printed gives an equal tree. The tree keeps what was written: which clauses are
//! required is decided when it is [bound](crate::bind) to a schema.

mod ast;
mod error;
mod escape;
mod lexer;
mod parser;
mod print;
#[cfg(test)]
mod tests;
mod value;

pub use ast::{
    Bound, Clause, Conjunction, Fuzziness, Leaf, LeafKind, Modifier, Node, Query, WildcardPart,
};
pub use error::{SyntaxError, SyntaxErrorKind, SyntaxErrors};
