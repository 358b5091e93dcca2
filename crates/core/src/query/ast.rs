//! The syntax tree. It keeps what was *written*: conjunctions and modifiers per clause. What they
//! mean (Lucene's required, optional and excluded clauses) depends on how the text is analysed,
//! so it is decided later, in [`bind`](crate::bind).
//!
//! Equality is equality of meaning: spans do not take part, so that a tree equals the tree of its
//! printed form.

use std::sync::Arc;

use crate::span::Span;

/// A parsed query: its source text and its tree.
///
/// Two queries are equal when their trees are; the source text and the spans do not take part.
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) source: Arc<str>,
    pub(crate) clauses: Vec<Clause>,
}

impl Query {
    /// The text as the author wrote it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The top-level clauses, in order; empty for a blank query, which matches nothing.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }
}

impl PartialEq for Query {
    fn eq(&self, other: &Query) -> bool {
        self.clauses == other.clauses
    }
}

/// One operand with what stands before it.
#[derive(Clone, Debug)]
pub struct Clause {
    /// The word between this clause and the one before it.
    pub conjunction: Conjunction,
    /// The sign before the operand.
    pub modifier: Modifier,
    /// The operand.
    pub node: Node,
    /// Where the operand stands, modifier included. Not part of equality.
    pub span: Span,
}

impl PartialEq for Clause {
    fn eq(&self, other: &Clause) -> bool {
        self.conjunction == other.conjunction
            && self.modifier == other.modifier
            && self.node == other.node
    }
}

/// The word between two clauses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conjunction {
    /// Nothing: the clauses stand side by side (or this is the first).
    #[default]
    None,
    /// `AND` or `&&`.
    And,
    /// `OR` or `||`.
    Or,
}

/// The sign before an operand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Modifier {
    /// Nothing.
    #[default]
    None,
    /// `+`.
    Must,
    /// `-`, `!` or `NOT`.
    Not,
}

/// An operand.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `( … )`, or `field:( … )`.
    Group {
        /// The field the group's own clauses search unless they name one.
        field: Option<String>,
        /// The clauses inside; never empty.
        clauses: Vec<Clause>,
        /// `^2.5` as written; it never changes what matches.
        boost: Option<f32>,
    },
    /// A single condition.
    Leaf(Leaf),
}

/// A single condition on one field.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The field as named in front of a colon, unescaped; `None` takes the surrounding default.
    /// A name that contains `*` stands for every field it matches (`build_\*:x`, `*:x`).
    pub field: Option<String>,
    /// The condition.
    pub kind: LeafKind,
    /// `^2.5` as written; it never changes what matches.
    pub boost: Option<f32>,
    /// Where the condition stands, field and boost included. Not part of equality.
    pub span: Span,
    /// Where the value stands: quotes, slashes and brackets included, field, `~` and `^` not. Not
    /// part of equality.
    pub value: Span,
}

impl PartialEq for Leaf {
    fn eq(&self, other: &Leaf) -> bool {
        self.field == other.field && self.kind == other.kind && self.boost == other.boost
    }
}

/// What a leaf asks of its field. Texts are unescaped.
#[derive(Clone, Debug, PartialEq)]
pub enum LeafKind {
    /// One bare term: `foo`, `foo-bar`, `a\ b`.
    Term(String),
    /// Two or more bare terms side by side: `foo bar`. Lucene hands them to the analyser as one
    /// text with blanks between them; on an analysed field each token becomes a clause of its own,
    /// on a keyword field the whole is one term.
    Terms(Vec<String>),
    /// `"…"`, with `~slop` (0 when absent).
    Phrase {
        /// The text between the quotes.
        text: String,
        /// How far the words may be moved.
        slop: u32,
    },
    /// A term with unescaped `*` or `?`.
    Wildcard(Vec<WildcardPart>),
    /// `/…/`: a regular expression in Lucene's own syntax, without the slashes, not unescaped and
    /// not checked: whether it is valid depends on the field (a text field lower-cases it first).
    Regex(String),
    /// `term~`, `term~1`.
    Fuzzy {
        /// The term.
        text: String,
        /// The allowed distance.
        fuzziness: Fuzziness,
    },
    /// `[a TO b]`, `{a TO b}`, `>=a` and their mixtures.
    Range {
        /// The lower end.
        lower: Bound,
        /// The upper end.
        upper: Bound,
    },
    /// `_exists_:field`: the field has a value. The name stands here, not in [`Leaf::field`].
    Exists(String),
    /// `*:*`.
    All,
}

/// A piece of a wildcard pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WildcardPart {
    /// Text that stands for itself; a text field lower-cases it, as it does its terms.
    Literal(String),
    /// A letter behind a backslash whose case would change: OpenSearch lower-cases what stands
    /// between escapes, and leaves the escaped character alone. Other escaped characters are part
    /// of a [`Literal`](WildcardPart::Literal).
    Escaped(char),
    /// `*`: any characters, also none.
    Any,
    /// `?`: exactly one character.
    One,
}

/// How many edits a fuzzy term allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fuzziness {
    /// A bare `~` or `~AUTO`: by the term's length.
    Auto,
    /// `~N` as written; finite, and above -1. OpenSearch cuts off the fraction and takes more than
    /// 2 as 2.
    Number(f32),
}

/// One end of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// `*`: no limit.
    Open,
    /// The value itself is inside.
    Inclusive(String),
    /// The value itself is outside.
    Exclusive(String),
}
