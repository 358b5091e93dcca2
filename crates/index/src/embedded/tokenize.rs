//! Our analyser as a tokenizer of tantivy's.
//!
//! A tokenizer sees one string. The one of a text field holds the field's name and all its values:
//!
//! ```text
//! name NUL  length,length,…  NUL  value value …
//! ```
//!
//! so that each term begins with the name, and the values lie apart by the same distance as in core.

use recheck_core::{Tokens, Values, lowercase_into, tokens};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// The distance between two values of a field: Elasticsearch's `position_increment_gap`.
const VALUE_GAP: usize = 100;

/// Splits the text of a field into terms.
#[derive(Clone, Default)]
pub(super) struct FieldTokenizer {
    token: Token,
}

impl FieldTokenizer {
    /// What a field's terms begin with, and its values, as one string.
    pub(super) fn encode(prefix: &str, values: Values<'_>) -> String {
        let mut encoded = prefix.to_owned();
        let lengths: Vec<String> = values.iter().map(|value| value.len().to_string()).collect();
        encoded.push_str(&lengths.join(","));
        encoded.push('\0');
        values.iter().for_each(|value| encoded.push_str(value));
        encoded
    }
}

impl Tokenizer for FieldTokenizer {
    type TokenStream<'a> = FieldTokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> FieldTokens<'a> {
        let (name, rest) = text.split_once('\0').unwrap_or_default();
        let (lengths, values) = rest.split_once('\0').unwrap_or_default();
        self.token.reset();
        self.token.text.push_str(name);
        self.token.text.push('\0');
        FieldTokens {
            prefix: self.token.text.len(),
            token: &mut self.token,
            lengths,
            values,
            value: "",
            tokens: tokens(""),
            base: None,
            position: 0,
        }
    }
}

/// The terms of a field.
pub(super) struct FieldTokens<'a> {
    token: &'a mut Token,
    /// How many bytes of the token are the field's name.
    prefix: usize,
    /// The lengths of the values that are left.
    lengths: &'a str,
    /// The values that are left.
    values: &'a str,
    /// The current value and what is left of its tokens.
    value: &'a str,
    tokens: Tokens<'a>,
    /// The position of the current value's first token; `None` before the first value.
    base: Option<usize>,
    /// The position of the next token in the current value.
    position: usize,
}

impl FieldTokens<'_> {
    /// Goes on to the next value; false behind the last.
    fn next_value(&mut self) -> bool {
        let (length, lengths) = self.lengths.split_once(',').unwrap_or((self.lengths, ""));
        let Ok(length) = length.parse::<usize>() else { return false };
        let Some((value, values)) = self.values.split_at_checked(length) else { return false };
        (self.lengths, self.values, self.value) = (lengths, values, value);
        self.base = Some(self.base.map_or(0, |base| base + self.position + VALUE_GAP));
        self.position = 0;
        self.tokens = tokens(value);
        true
    }
}

impl TokenStream for FieldTokens<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if let Some(token) = self.tokens.next() {
                self.token.text.truncate(self.prefix);
                lowercase_into(token.of(self.value), &mut self.token.text);
                self.token.position = self.base.unwrap_or(0) + self.position;
                self.position += 1;
                return true;
            }
            if !self.next_value() {
                return false;
            }
        }
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(values: &[&str]) -> Vec<(String, usize)> {
        let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
        let encoded = FieldTokenizer::encode("f\0", Values::Many(&values));
        let mut tokenizer = FieldTokenizer::default();
        let mut stream = tokenizer.token_stream(&encoded);
        let mut terms = Vec::new();
        stream.process(&mut |token| terms.push((token.text.clone(), token.position)));
        terms
    }

    #[test]
    fn terms_begin_with_the_field() {
        assert_eq!(terms(&["One tWo"]), [("f\0one".to_owned(), 0), ("f\0two".to_owned(), 1)]);
        assert_eq!(terms(&[]), []);
    }

    #[test]
    fn values_lie_a_hundred_positions_apart_even_empty_ones() {
        let positions: Vec<usize> =
            terms(&["a b", "", "-\0,1\0", "c"]).iter().map(|(_, position)| *position).collect();
        assert_eq!(positions, [0, 1, 202, 303]);
    }
}
