//! From a place in a scalar's value back to its place in the file.
//!
//! YAML moves text: folding joins lines, block scalars lose their indentation, quoted ones their
//! escapes. All of this changes blanks only, except the escapes; so the two texts are walked side
//! by side, blanks skipped, and any difference we do not know ends the attempt. A place is thus
//! either exactly right or not given.

use crate::span::Span;

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Without quotes, or a block scalar after its header.
    Verbatim,
    /// `'…'`, where `''` is a quote.
    Single,
    /// `"…"`, where a backslash escapes.
    Double,
}

/// Where the bytes `part` of `value` stand in `file`, when `value` is the scalar at `scalar`.
///
/// `None` when the scalar is written with escapes that are not simply the character itself.
pub(super) fn in_file(file: &str, scalar: Span, value: &str, part: Span) -> Option<Span> {
    let (style, body) = body(file, scalar)?;
    let mut source = Walk { text: file, at: body, end: scalar.end as usize, style };
    let (mut start, mut end) = (None, None);
    let mut last_end = body;
    for (offset, expected) in value.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let offset = offset as u32;
        if offset >= part.end && offset != part.start {
            break;
        }
        let found = source.next(expected)?;
        if offset >= part.start {
            start.get_or_insert(found.start as usize);
        }
        last_end = found.end as usize;
        if offset < part.end {
            end = Some(last_end);
        }
    }
    // Nothing but blanks, or the end: right after the character before.
    let start = start.unwrap_or(last_end);
    Some(Span::new(start, end.unwrap_or(start).max(start)))
}

/// The scalar's style and where its text begins.
fn body(file: &str, scalar: Span) -> Option<(Style, usize)> {
    let start = scalar.start as usize;
    let text = file.get(scalar.range())?;
    match text.bytes().next()? {
        b'"' => Some((Style::Double, start + 1)),
        b'\'' => Some((Style::Single, start + 1)),
        b'|' | b'>' => Some((Style::Verbatim, start + text.find('\n')? + 1)),
        _ => Some((Style::Verbatim, start)),
    }
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    style: Style,
}

impl Walk<'_> {
    /// The next character that is not blank, which must stand for `expected`.
    fn next(&mut self, expected: char) -> Option<Span> {
        loop {
            let rest = self.text.get(self.at..self.end)?;
            let found = rest.chars().next()?;
            let escaped = rest[found.len_utf8()..].chars().next();
            let (meant, len) = match (self.style, found, escaped) {
                (Style::Double, '\\', Some('\n')) => (' ', 2),
                (Style::Double, '\\', Some(same @ ('"' | '\\' | '/'))) => (same, 2),
                (Style::Double, '\\', _) => return None,
                (Style::Single, '\'', Some('\'')) => ('\'', 2),
                _ => (found, found.len_utf8()),
            };
            let start = self.at;
            self.at += len;
            if meant.is_whitespace() {
                continue;
            }
            return (meant == expected).then(|| Span::new(start, self.at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::yaml::{Document, Scalar, Value, read};
    use super::*;

    /// What stands in the file where `needle` stands in the value of the file's only key.
    fn found<'a>(file: &'a str, needle: &str) -> Option<&'a str> {
        let Ok(Document::Mapping(entries)) = read(file) else { panic!("{file}") };
        let Value::Scalar(Scalar::Text(value)) = &entries[0].value else { panic!("{file}") };
        let at = value.find(needle).expect("the needle is in the value");
        in_file(file, entries[0].span, value, Span::new(at, at + needle.len()))
            .map(|span| &file[span.range()])
    }

    #[test]
    fn every_way_to_write_a_scalar() {
        for file in [
            "query: foo AND bar\n",
            "query: foo\n  AND bar\n",
            "query: >\n  foo\n  AND bar\n",
            "query: >-\n\n\n    foo AND\n\n    bar\n\n# end\n",
            "query: |\n  foo\n  AND bar\n",
            "query: |2\n    foo\n  AND bar\n",
            "query: 'foo AND bar'\n",
            "query: \"foo AND bar\"\n",
            "query: \"foo\n   AND \\\n  bar\"\n",
            "query: \"foo \\\"x\\\\ AND bar\"\n",
            "query: 'it''s foo AND bar'\n",
            "query: &anchor foo AND bar\n",
            "query: !!str foo AND bar\n",
            "query: \"é ü AND bar\"\n",
        ] {
            assert_eq!(found(file, "AND"), Some("AND"), "{file}");
            assert_eq!(found(file, "bar"), Some("bar"), "{file}");
        }
    }

    #[test]
    fn unknown_escapes_give_no_place() {
        assert_eq!(found("query: \"\\u0041ND foo\"\n", "foo"), None);
    }

    #[test]
    fn empty_places_stand_right_after_what_is_before() {
        let file = "query: >\n  foo\n  (bar\n";
        let Ok(Document::Mapping(entries)) = read(file) else { panic!() };
        let at = |offset| in_file(file, entries[0].span, "foo (bar\n", Span::at(offset));
        assert_eq!(at(8), Some(Span::at(21)));
        assert_eq!(at(9), Some(Span::at(21)));
        assert_eq!(at(4), Some(Span::at(17)));
        assert_eq!(at(3), Some(Span::at(14)));
        assert_eq!(at(0), Some(Span::at(11)));
    }
}
