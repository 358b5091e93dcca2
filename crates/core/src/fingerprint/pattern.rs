//! `regex:` patterns: the `regex` crate's syntax over bytes, checked with the place of an error.

use regex_syntax::ParserBuilder;

use crate::span::Span;

/// The most memory, in bytes, a compiled `regex:` pattern may take: 1 MiB.
pub const REGEX_SIZE_LIMIT: usize = 1 << 20;

/// How deep groups and repetitions of a pattern may be nested.
const NEST_LIMIT: u32 = 64;

/// What is wrong with a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PatternError {
    /// In the `regex` crate's words.
    pub(super) message: String,
    /// Where in the pattern; `None` when it is as a whole too large.
    pub(super) span: Option<Span>,
}

/// What a pattern that compiles is like.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// It matches the empty text, hence every event.
    pub(super) matches_empty: bool,
}

/// Compiles a pattern to see whether it can be.
///
/// # Errors
///
/// When its syntax is wrong, or it would take more than [`REGEX_SIZE_LIMIT`].
pub(super) fn check(pattern: &str) -> Result<Pattern, PatternError> {
    let parsed = ParserBuilder::new().nest_limit(NEST_LIMIT).utf8(false).build().parse(pattern);
    let matches_empty = match parsed {
        Ok(hir) => {
            hir.properties().minimum_len() == Some(0)
                && !hir.properties().look_set().contains_word()
        }
        Err(error) => return Err(placed(&error, pattern)),
    };
    let built = regex::bytes::RegexBuilder::new(pattern)
        .nest_limit(NEST_LIMIT)
        .size_limit(REGEX_SIZE_LIMIT)
        .build();
    match built {
        Ok(_) => Ok(Pattern { matches_empty }),
        Err(regex::Error::CompiledTooBig(limit)) => Err(PatternError {
            message: format!("it would take more than {limit} bytes when compiled"),
            span: None,
        }),
        Err(other) => Err(PatternError { message: other.to_string(), span: None }),
    }
}

fn placed(error: &regex_syntax::Error, pattern: &str) -> PatternError {
    let (message, span) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), Some(error.span())),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), Some(error.span())),
        other => (other.to_string(), None),
    };
    let span = span.map(|span| {
        let end = span.end.offset.min(pattern.len());
        Span::new(span.start.offset.min(end), end)
    });
    PatternError { message, span }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_place() {
        let error = check("ab(c").unwrap_err();
        assert_eq!(error.span, Some(Span::new(2, 3)));
        assert_eq!(error.message, "unclosed group");
        let error = check(r"x\p{Nope}").unwrap_err();
        assert_eq!(error.span, Some(Span::new(1, 9)));
    }

    #[test]
    fn size_and_depth_are_bounded() {
        assert!(check(r"(?:\w{1000}){1000}").unwrap_err().message.contains("1048576"));
        let deep = format!("{}a{}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(check(&deep).is_err());
    }

    #[test]
    fn tells_what_matches_everything() {
        assert!(check("a*").unwrap().matches_empty);
        assert!(check("").unwrap().matches_empty);
        assert!(!check("a+").unwrap().matches_empty);
        assert!(!check(r"\b").unwrap().matches_empty);
    }
}
