//! The compiled pattern and its errors.

use std::sync::Arc;

use super::{dfa::Dfa, literals, nfa::Nfa, parse};
use crate::span::Span;

/// The longest pattern in UTF-16 units: OpenSearch's `index.max_regex_length`.
const MAX_LENGTH: usize = 1_000;

/// A regular expression in Lucene's syntax, compared with whole terms.
///
/// Compiled once to a bounded table, shared by its clones; matching is linear in the term. On a
/// text field OpenSearch lower-cases the pattern before it is read (`\D` becomes `\d`): that is
/// for the caller to do.
#[derive(Clone, Debug)]
pub struct LuceneRegex {
    pattern: Arc<str>,
    dfa: Arc<Dfa>,
    literals: Arc<[String]>,
}

/// A pattern that Lucene refuses, or that is too big to compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LuceneRegexError {
    /// What is wrong, in one sentence without an end mark.
    pub message: String,
    /// Where it is wrong: bytes of the pattern.
    pub span: Span,
}

impl LuceneRegex {
    /// Compiles a pattern (the text between the slashes).
    ///
    /// # Errors
    ///
    /// When Lucene refuses the pattern, when it is longer than 1,000 UTF-16 units (OpenSearch's
    /// `index.max_regex_length`) or nests more than 250 groups, and when it would need too many
    /// states: about where OpenSearch gives up too (`max_determinized_states`).
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::LuceneRegex;
    /// let regex = LuceneRegex::new("req-<1-30>(a|b)*")?;
    /// assert!(regex.matches("req-7abba"));
    /// assert!(!regex.matches("req-31"));
    /// assert!(!regex.matches("the req-7"), "a pattern covers the whole term");
    /// # Ok::<(), recheck_core::LuceneRegexError>(())
    /// ```
    pub fn new(pattern: &str) -> Result<LuceneRegex, LuceneRegexError> {
        let whole =
            |message: String| LuceneRegexError { message, span: Span::new(0, pattern.len()) };
        let length = pattern.encode_utf16().count();
        if length > MAX_LENGTH {
            return Err(whole(format!(
                "the regular expression has {length} characters, more than the {MAX_LENGTH} allowed"
            )));
        }
        let ast = parse::parse(pattern)?;
        let too_complex = || "the regular expression is too complex: it needs too many states";
        let dfa = Nfa::compile(&ast)
            .and_then(|nfa| Dfa::determinize(&nfa))
            .map_err(|_| whole(too_complex().to_owned()))?;
        Ok(LuceneRegex {
            pattern: pattern.into(),
            dfa: Arc::new(dfa),
            literals: literals::required(&ast).unwrap_or_default().into(),
        })
    }

    /// The pattern as given.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Texts of which every matching term contains at least one; empty when none are known.
    ///
    /// For prefilters: a term without any of them cannot match.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::LuceneRegex;
    /// let literals = |pattern: &str| Ok(LuceneRegex::new(pattern)?.literals().to_vec());
    /// assert_eq!(literals("(timeout|refused)[0-9]*")?, ["timeout", "refused"]);
    /// assert!(literals(".*")?.is_empty());
    /// # Ok::<(), recheck_core::LuceneRegexError>(())
    /// ```
    pub fn literals(&self) -> &[String] {
        &self.literals
    }

    /// Whether the whole term matches.
    pub fn matches(&self, term: &str) -> bool {
        self.dfa.matches(term)
    }
}
