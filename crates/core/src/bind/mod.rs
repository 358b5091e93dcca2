//! A query bound to a schema: texts analysed, Lucene's required, optional and excluded clauses
//! decided. This is the tree every executor runs: the reference evaluator, the streaming matcher,
//! the embedded index.

mod any_field;
mod error;
mod fuzzy;
mod lower;
mod phrase;
mod range;
mod regex;
mod tree;
mod wildcard;

pub use any_field::BoundAnyField;
pub use error::{BindError, BindErrorKind, BindErrors};
pub use fuzzy::Fuzzy;
pub use phrase::phrase_matches;
pub use range::TermRange;
pub use regex::{LuceneRegex, LuceneRegexError};
pub use tree::{BoundBool, BoundLeaf, BoundQuery, LeafTest};
pub use wildcard::Wildcard;
