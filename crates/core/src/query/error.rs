//! Why a text is no query.

use std::fmt;

use crate::span::Span;

/// Everything that is wrong with a query text: at least one error, in the order of their places.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxErrors {
    errors: Vec<SyntaxError>,
}

impl SyntaxErrors {
    /// Sorts what was found by place.
    ///
    /// # Panics
    ///
    /// When there is nothing: a text without an error is a query.
    pub(crate) fn new(mut errors: Vec<SyntaxError>) -> SyntaxErrors {
        assert!(!errors.is_empty(), "a text without an error is a query");
        errors.sort_by_key(|error| error.span);
        SyntaxErrors { errors }
    }

    /// The errors in the order of their places; never empty.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// The error that stands first in the text.
    pub fn first(&self) -> &SyntaxError {
        &self.errors[0]
    }
}

impl fmt::Display for SyntaxErrors {
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

impl std::error::Error for SyntaxErrors {}

/// One thing that is wrong, where it is, and what to write instead.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{kind}")]
#[non_exhaustive]
pub struct SyntaxError {
    /// What is wrong.
    pub kind: SyntaxErrorKind,
    /// Where: bytes of the query text.
    pub span: Span,
    /// The cure, as one sentence without an end mark.
    pub help: String,
}

impl SyntaxError {
    pub(crate) fn new(kind: SyntaxErrorKind, span: Span) -> SyntaxError {
        let help = kind.usual_help().to_owned();
        SyntaxError { kind, span, help }
    }

    pub(crate) fn with_help(kind: SyntaxErrorKind, span: Span, help: String) -> SyntaxError {
        SyntaxError { kind, span, help }
    }
}

/// What can be wrong with a query text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// The text is longer than [`Query::MAX_LENGTH`](crate::Query::MAX_LENGTH).
    #[error("query is {length} characters long, at most {limit} are allowed")]
    TooLong {
        /// Its length in UTF-16 code units.
        length: usize,
        /// The limit in UTF-16 code units.
        limit: usize,
    },
    /// Groups are nested deeper than [`Query::MAX_DEPTH`](crate::Query::MAX_DEPTH).
    #[error("groups are nested deeper than {limit} levels")]
    TooDeep {
        /// The deepest nesting allowed.
        limit: usize,
    },
    /// A `"` without its partner.
    #[error("quote is never closed")]
    UnclosedQuote,
    /// A `/` without its partner.
    #[error("a lone `/` begins a regular expression that is never closed")]
    UnclosedRegex,
    /// A backslash with nothing behind it.
    #[error("backslash at the end escapes nothing")]
    DanglingEscape,
    /// `\u` without four hexadecimal digits.
    #[error("`\\u` needs four hexadecimal digits")]
    BadUnicodeEscape,
    /// A character that cannot stand here.
    #[error("unexpected `{0}`")]
    UnexpectedCharacter(char),
    /// An operator without the clause that should follow.
    #[error("`{0}` has nothing to its right")]
    MissingOperand(String),
    /// `AND` or `OR` without the clause that should precede.
    #[error("`{0}` has nothing to its left")]
    MissingLeftOperand(String),
    /// Two signs before one operand: `--a`, `NOT NOT a`, `+!a`.
    #[error("`{0}` follows another modifier, and a clause takes only one")]
    DoubledModifier(String),
    /// `()`.
    #[error("group is empty")]
    EmptyGroup,
    /// The text holds no clause.
    #[error("query holds no clause")]
    NoClause,
    /// A `(` without its partner.
    #[error("group is never closed")]
    UnclosedGroup,
    /// A `)` without its partner.
    #[error("`)` closes no group")]
    UnopenedGroup,
    /// A field's name and colon without a value.
    #[error("field `{0}` has no value")]
    MissingValue(String),
    /// A colon that follows no field name.
    #[error("`:` does not follow a field's name")]
    StrayColon,
    /// A `~` or `^` that follows nothing it could belong to.
    #[error("`{0}` does not follow a term it could belong to")]
    StraySuffix(String),
    /// `[…]` or `{…}` that is no `FROM TO TO`.
    #[error("range is not of the form `[FROM TO TO]`")]
    BadRange,
    /// What follows `^` is no number.
    #[error("boost is not a number")]
    BadBoost,
    /// What follows a term's `~` is no edit distance.
    #[error("`{0}` is not an edit distance")]
    BadFuzziness(String),
    /// What follows a phrase's `~` is negative.
    #[error("`{0}` is not a phrase's slop")]
    BadSlop(String),
}

impl SyntaxErrorKind {
    /// The error's stable code: it never changes its meaning.
    pub fn code(&self) -> &'static str {
        match self {
            SyntaxErrorKind::TooLong { .. } => "Q001",
            SyntaxErrorKind::TooDeep { .. } => "Q002",
            SyntaxErrorKind::UnclosedQuote => "Q003",
            SyntaxErrorKind::UnclosedRegex => "Q004",
            SyntaxErrorKind::DanglingEscape => "Q005",
            SyntaxErrorKind::BadUnicodeEscape => "Q006",
            SyntaxErrorKind::UnexpectedCharacter(_) => "Q007",
            SyntaxErrorKind::MissingOperand(_) => "Q008",
            SyntaxErrorKind::MissingLeftOperand(_) => "Q009",
            SyntaxErrorKind::DoubledModifier(_) => "Q010",
            SyntaxErrorKind::EmptyGroup => "Q011",
            SyntaxErrorKind::NoClause => "Q012",
            SyntaxErrorKind::UnclosedGroup => "Q013",
            SyntaxErrorKind::UnopenedGroup => "Q014",
            SyntaxErrorKind::MissingValue(_) => "Q015",
            SyntaxErrorKind::StrayColon => "Q016",
            SyntaxErrorKind::StraySuffix(_) => "Q017",
            SyntaxErrorKind::BadRange => "Q018",
            SyntaxErrorKind::BadBoost => "Q019",
            SyntaxErrorKind::BadFuzziness(_) => "Q020",
            SyntaxErrorKind::BadSlop(_) => "Q021",
        }
    }

    /// The cure that fits wherever the error stands.
    fn usual_help(&self) -> &'static str {
        match self {
            SyntaxErrorKind::TooLong { .. } => {
                "write a shorter query, or a list of queries of which any may match"
            }
            SyntaxErrorKind::TooDeep { .. } => "remove parentheses that are not needed",
            SyntaxErrorKind::UnclosedQuote => {
                "close the phrase with `\"`, or write `\\\"` for the character itself"
            }
            SyntaxErrorKind::UnclosedRegex => {
                "put the value in double quotes, or write `\\/` for the character itself"
            }
            SyntaxErrorKind::DanglingEscape => "write `\\\\` for the character itself",
            SyntaxErrorKind::BadUnicodeEscape => {
                "write `\\u0041` for the letter A, or `\\\\u` for a backslash and a u"
            }
            SyntaxErrorKind::UnexpectedCharacter(_) => {
                "put the value in double quotes, or a backslash before the character"
            }
            SyntaxErrorKind::MissingOperand(_) => {
                "write what it applies to, remove it, or quote it to search for it as text"
            }
            SyntaxErrorKind::MissingLeftOperand(_) => {
                "remove it, or quote it to search for it as a word"
            }
            SyntaxErrorKind::DoubledModifier(_) => {
                "remove one, or put the inner one in parentheses: `NOT (NOT a)`"
            }
            SyntaxErrorKind::EmptyGroup => "write a clause between the parentheses, or remove them",
            SyntaxErrorKind::NoClause => "write at least one clause",
            SyntaxErrorKind::UnclosedGroup => "add the missing `)`",
            SyntaxErrorKind::UnopenedGroup => "remove it, or write `\\)` for the character itself",
            SyntaxErrorKind::MissingValue(_) => {
                "write a value behind the colon, in double quotes if it begins with a sign"
            }
            SyntaxErrorKind::StrayColon => {
                "put the value in double quotes, or write `\\:` for the character itself"
            }
            SyntaxErrorKind::StraySuffix(_) => {
                "write it directly behind a term or a phrase, or a backslash before it"
            }
            SyntaxErrorKind::BadRange => {
                "write `[a TO b]`, with `*` for an open end and quotes round an end with blanks"
            }
            SyntaxErrorKind::BadBoost => "write a number such as `^2` or `^0.5`, or remove it",
            SyntaxErrorKind::BadFuzziness(_) => "write `~`, `~1` or `~2`",
            SyntaxErrorKind::BadSlop(_) => "write a number such as `~3`",
        }
    }
}
