//! Text to terms: tokens, lower-cased and counted.

use super::{lowercase_into, token::Token, tokens};

/// Calls `each` with every term of a text: the lower-cased token, where it stands, its position.
///
/// Positions count the tokens from 0 without gaps, as the `standard` analyzer does; a phrase means
/// consecutive positions. One buffer is used for all terms.
///
/// # Example
///
/// ```
/// let mut terms = Vec::new();
/// recheck_core::analyze("details.FATAL: 17:39", &mut |term, token, position| {
///     terms.push((term.to_owned(), token.start, position));
/// });
/// let expected = [("details.fatal".to_owned(), 0, 0), ("17".to_owned(), 15, 1), ("39".to_owned(), 18, 2)];
/// assert_eq!(terms, expected);
/// ```
pub fn analyze(text: &str, each: &mut dyn FnMut(&str, Token, u32)) {
    let mut term = String::new();
    for (position, token) in (0..).zip(tokens(text)) {
        term.clear();
        lowercase_into(token.of(text), &mut term);
        each(&term, token, position);
    }
}
