//! Backslashes: taken away when a text is read, put back when it is printed.

use super::error::{SyntaxError, SyntaxErrorKind};
use crate::span::Span;

/// The four blanks and the ideographic one: what Lucene's grammar takes as white space. No other
/// character is, not even a no-break space or a form feed.
pub(crate) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{3000}')
}

/// True for a character that a term may hold only behind a backslash.
pub(crate) fn is_special(c: char) -> bool {
    is_blank(c)
        || matches!(c, '!' | '(' | ')' | ':' | '^' | '[' | ']' | '"' | '{' | '}' | '~')
        || matches!(c, '*' | '?' | '\\' | '/')
}

/// Removes backslashes as Lucene's `discardEscapeChar` does: `\x` is `x` for every x but `u`, and
/// `\u0041` is the UTF-16 unit 0041, so that two of them can spell a character beyond the BMP. A
/// surrogate without its partner becomes U+FFFD, as it does when Lucene writes it as UTF-8.
///
/// `offset` is where `text` stands in the query; it places the error.
pub(crate) fn unescape(text: &str, offset: usize) -> Result<String, SyntaxError> {
    if !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let mut units = Vec::with_capacity(text.len());
    let mut buffer = [0; 2];
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            units.extend_from_slice(c.encode_utf16(&mut buffer));
            continue;
        }
        match chars.next() {
            None => {
                let span = Span::new(offset + at, offset + at + 1);
                return Err(SyntaxError::new(SyntaxErrorKind::DanglingEscape, span));
            }
            Some((_, 'u')) => {
                units.push(hex_unit(&text[at + 2..]).ok_or_else(|| {
                    let digits = text[at + 2..].bytes().take(4).take_while(u8::is_ascii_hexdigit);
                    let span = Span::new(offset + at, offset + at + 2 + digits.count());
                    SyntaxError::new(SyntaxErrorKind::BadUnicodeEscape, span)
                })?);
                chars.nth(3);
            }
            Some((_, escaped)) => units.extend_from_slice(escaped.encode_utf16(&mut buffer)),
        }
    }
    Ok(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

/// The UTF-16 unit that the first four hexadecimal digits spell.
fn hex_unit(text: &str) -> Option<u16> {
    let digits = text.get(..4).filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

/// Appends `text` so that the lexer reads it as one bare term, or as part of one.
///
/// Control characters get a backslash too: a query of nothing else would be taken as blank.
///
/// `at_start` says that nothing of the term stands before it: there `+` and `-` would be signs.
pub(crate) fn escape_term_into(text: &str, at_start: bool, out: &mut String) {
    for (at, c) in text.char_indices() {
        let sign = at_start && at == 0 && matches!(c, '+' | '-');
        if sign || is_special(c) || c < ' ' {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Appends `text` for the inside of a phrase's quotes.
pub(crate) fn escape_phrase_into(text: &str, out: &mut String) {
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Appends `text` for the inside of the quotes of a range's end.
///
/// There a quote behind a backslash may both end the text and not end it, whichever makes the
/// token longer; so neither of the two characters is written as such.
pub(crate) fn escape_bound_into(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\u0022"),
            '\\' => out.push_str("\\u005C"),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_only_removes_itself() {
        assert_eq!(unescape(r"a\n\+\\", 0).as_deref(), Ok(r"an+\"));
        assert_eq!(unescape(r"\u0041\u00e9", 0).as_deref(), Ok("Aé"));
    }

    #[test]
    fn surrogates_pair_up_or_are_replaced() {
        assert_eq!(unescape(r"\ud83d\ude00!", 0).as_deref(), Ok("😀!"));
        assert_eq!(unescape(r"\ud83dx", 0).as_deref(), Ok("\u{fffd}x"));
        assert_eq!(unescape(r"\ude00", 0).as_deref(), Ok("\u{fffd}"));
    }

    #[test]
    fn broken_escapes_are_placed() {
        let error = unescape(r"ab\u12", 10).unwrap_err();
        assert_eq!(
            (error.kind, error.span),
            (SyntaxErrorKind::BadUnicodeEscape, Span::new(12, 16))
        );
        let error = unescape(r"\u00é1", 0).unwrap_err();
        assert_eq!((error.kind, error.span), (SyntaxErrorKind::BadUnicodeEscape, Span::new(0, 4)));
        let error = unescape("ab\\", 1).unwrap_err();
        assert_eq!((error.kind, error.span), (SyntaxErrorKind::DanglingEscape, Span::new(3, 4)));
    }
}
