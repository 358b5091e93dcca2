//! The value of a leaf: what stands behind a field's colon, with its `~`.

use super::{
    ast::{Bound, Fuzziness, LeafKind, WildcardPart},
    error::SyntaxErrorKind,
    lexer::{Token, TokenKind},
    parser::Parser,
};
use crate::span::Span;

/// The field whose "value" is the name of a field that must have one.
const EXISTS_FIELD: &str = "_exists_";

/// A value as read.
pub(super) struct Value {
    pub(super) kind: LeafKind,
    pub(super) boost: Option<f32>,
    /// Without `~` and `^`.
    pub(super) span: Span,
}

impl Parser<'_> {
    /// Reads a value and its suffixes. `field` is the one it is about, if any is named.
    ///
    /// This assumes that the parser stands at a token that begins a value.
    pub(super) fn value(&mut self, field: Option<String>) -> Value {
        let token = self.next();
        if token.kind == TokenKind::RangeStart {
            let kind = self.range(token);
            let span = Span::new(token.span.start as usize, self.end());
            return Value { kind, boost: self.boost(), span };
        }
        let mut boost = self.boost();
        let tilde = self.accept(TokenKind::Tilde);
        if boost.is_none() && tilde.is_some() {
            boost = self.boost();
        }
        let suffix =
            tilde.map(|tilde| Span::new(tilde.span.start as usize + 1, tilde.span.end as usize));
        let kind = self.value_kind(token, suffix, field.as_deref());
        Value { kind, boost, span: token.span }
    }

    /// What a token with what follows its `~` asks for.
    fn value_kind(&mut self, token: Token, suffix: Option<Span>, field: Option<&str>) -> LeafKind {
        let span = token.span;
        match token.kind {
            TokenKind::Star if field == Some("*") => LeafKind::All,
            TokenKind::Star => LeafKind::Wildcard(vec![WildcardPart::Any]),
            TokenKind::Quoted => {
                let text = self.unescaped(inside(span));
                if field == Some(EXISTS_FIELD) {
                    return LeafKind::Exists(text);
                }
                let slop = suffix.map_or(0, |suffix| self.slop(suffix));
                LeafKind::Phrase { text, slop }
            }
            TokenKind::Prefix => {
                let literal = self.unescaped(Span::new(span.start as usize, span.end as usize - 1));
                LeafKind::Wildcard(vec![WildcardPart::Literal(literal), WildcardPart::Any])
            }
            TokenKind::Wildcard => {
                // Lucene unescapes the text, throws the result away, and keeps only its errors.
                self.unescaped(span);
                LeafKind::Wildcard(wildcard_parts(self.text(span)))
            }
            TokenKind::Regex => {
                self.unescaped(span);
                LeafKind::Regex(self.text(inside(span)).to_owned())
            }
            // Its error is recorded already.
            TokenKind::Invalid => LeafKind::Term(String::new()),
            _ => self.bare(token, suffix, field),
        }
    }

    /// A term or a bare operator.
    fn bare(&mut self, token: Token, suffix: Option<Span>, field: Option<&str>) -> LeafKind {
        let text = match token.kind {
            TokenKind::BareOperator => self.text(token.span)[..1].to_owned(),
            _ => self.unescaped(token.span),
        };
        match suffix {
            Some(suffix) => LeafKind::Fuzzy { text, fuzziness: self.fuzziness(suffix) },
            None => of_terms(vec![text], field),
        }
    }

    fn fuzziness(&mut self, suffix: Span) -> Fuzziness {
        let text = self.text(suffix);
        if text.is_empty() || text.eq_ignore_ascii_case("auto") {
            return Fuzziness::Auto;
        }
        match java_float(text) {
            Some(number) if number > -1.0 => Fuzziness::Number(number.min(f32::MAX)),
            _ => {
                self.error(SyntaxErrorKind::BadFuzziness(text.to_owned()), suffix);
                Fuzziness::Auto
            }
        }
    }

    /// A phrase's slop. What is no number is ignored, as Lucene ignores it.
    fn slop(&mut self, suffix: Span) -> u32 {
        let text = self.text(suffix);
        let number = match text.trim_start_matches(['+', '-']) {
            "Infinity" if text.starts_with('-') => f32::MIN,
            "Infinity" => f32::MAX,
            _ => java_float(text).unwrap_or(0.0),
        };
        // The cast saturates as Java's does.
        match number as i32 {
            slop @ 0.. => slop.unsigned_abs(),
            _ => {
                self.error(SyntaxErrorKind::BadSlop(text.to_owned()), suffix);
                0
            }
        }
    }

    /// Reads a range from behind its opening bracket to its closing one.
    fn range(&mut self, open: Token) -> LeafKind {
        let lower = self.range_end();
        let to = self.accept(TokenKind::RangeTo);
        let upper = self.range_end();
        let close = self.accept(TokenKind::RangeEnd);
        let (Some(lower), Some(_), Some(upper), Some(close)) = (lower, to, upper, close) else {
            self.skip_range();
            self.error(SyntaxErrorKind::BadRange, Span::new(open.span.start as usize, self.end()));
            return LeafKind::All;
        };
        let inclusive = |token: Token, bracket| self.text(token.span) == bracket;
        let (from, up_to) = (inclusive(open, "["), inclusive(close, "]"));
        LeafKind::Range { lower: bound(lower, from), upper: bound(upper, up_to) }
    }

    /// Reads one end of a range.
    fn range_end(&mut self) -> Option<String> {
        match self.peek() {
            TokenKind::RangeGoop | TokenKind::RangeTo => {
                let span = self.next().span;
                Some(self.unescaped(span))
            }
            TokenKind::RangeQuoted => {
                let span = inside(self.next().span);
                Some(self.unescaped(span))
            }
            _ => None,
        }
    }

    /// Steps over the rest of a range that is none.
    fn skip_range(&mut self) {
        use TokenKind::{RangeGoop, RangeQuoted, RangeTo};
        while let RangeGoop | RangeQuoted | RangeTo = self.peek() {
            self.next();
        }
        self.accept(TokenKind::RangeEnd);
    }
}

/// A token's span without its two delimiters.
fn inside(span: Span) -> Span {
    Span::new(span.start as usize + 1, span.end as usize - 1)
}

/// What bare text asks for: OpenSearch looks for `<`, `<=`, `>` and `>=` at its start, also where
/// they were escaped.
pub(super) fn of_terms(mut words: Vec<String>, field: Option<&str>) -> LeafKind {
    if field == Some(EXISTS_FIELD) {
        return LeafKind::Exists(words.join(" "));
    }
    if words[0].starts_with(['<', '>'])
        && let Some(range) = comparison(&words.join(" "))
    {
        return range;
    }
    match words.len() {
        1 => LeafKind::Term(words.swap_remove(0)),
        _ => LeafKind::Terms(words),
    }
}

/// The range that `>a`, `>=a`, `<a` or `<=a` names. A sign alone is a term, and `>=` alone asks for
/// what is greater than `=`.
fn comparison(text: &str) -> Option<LeafKind> {
    let upwards = text.starts_with('>');
    let rest = text.get(1..).filter(|rest| !rest.is_empty())?;
    let (end, inclusive) = match rest.strip_prefix('=').filter(|end| !end.is_empty()) {
        Some(end) => (end, true),
        None => (rest, false),
    };
    let end = bound(end.to_owned(), inclusive);
    Some(match upwards {
        true => LeafKind::Range { lower: end, upper: Bound::Open },
        false => LeafKind::Range { lower: Bound::Open, upper: end },
    })
}

/// One end of a range. OpenSearch takes a `*` as open however it is written.
fn bound(text: String, inclusive: bool) -> Bound {
    match inclusive {
        _ if text == "*" => Bound::Open,
        true => Bound::Inclusive(text),
        false => Bound::Exclusive(text),
    }
}

/// The parts of a wildcard term. Here a backslash only takes the meaning of the next character
/// away: `\u0041` is `u0041`.
fn wildcard_parts(text: &str) -> Vec<WildcardPart> {
    let mut parts = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => parts.push(WildcardPart::Any),
            '?' => parts.push(WildcardPart::One),
            '\\' => match chars.next() {
                Some(escaped) if changes_case(escaped) => {
                    parts.push(WildcardPart::Escaped(escaped))
                }
                Some(escaped) => push_literal(&mut parts, escaped),
                None => {}
            },
            _ => push_literal(&mut parts, c),
        }
    }
    parts
}

fn push_literal(parts: &mut Vec<WildcardPart>, c: char) {
    match parts.last_mut() {
        Some(WildcardPart::Literal(literal)) => literal.push(c),
        _ => parts.push(WildcardPart::Literal(c.into())),
    }
}

/// True when lower-casing would make another character of this one.
fn changes_case(c: char) -> bool {
    c.to_lowercase().next() != Some(c)
}

/// A number as Java's `Float.parseFloat` reads it, hexadecimal, `NaN` and `Infinity` left out.
fn java_float(text: &str) -> Option<f32> {
    let text = text.trim_matches(|c| c <= ' ');
    let digits = text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text);
    let decimal =
        digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E'));
    digits.parse().ok().filter(|_| decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_java_reads_them() {
        let cases = [
            ("1", 1.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("+1", 1.0),
            ("1e1", 10.0),
            ("1f", 1.0),
            ("1\u{b}", 1.0),
        ];
        for (text, number) in cases {
            assert_eq!(java_float(text), Some(number), "{text}");
        }
        for text in ["", ".", "1.5.5", "inf", "NaN", "1ff", "1,", "x"] {
            assert_eq!(java_float(text), None, "{text}");
        }
    }

    #[test]
    fn comparisons_need_something_to_compare_with() {
        let term = |text: &str| of_terms(vec![text.to_owned()], None);
        let lower = |lower| LeafKind::Range { lower, upper: Bound::Open };
        assert_eq!(term(">"), LeafKind::Term(">".into()));
        assert_eq!(term(">="), lower(Bound::Exclusive("=".into())));
        assert_eq!(term(">=="), lower(Bound::Inclusive("=".into())));
        assert_eq!(term(">*"), lower(Bound::Open));
        assert_eq!(
            term("<é"),
            LeafKind::Range { lower: Bound::Open, upper: Bound::Exclusive("é".into()) }
        );
    }
}
