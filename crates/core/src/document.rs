//! Exported events: one JSON document a line, flat or as Elasticsearch gives it.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::fields::Fields;

/// Objects within objects. Elasticsearch itself stops at 20 (`index.mapping.depth.limit`).
const MAX_DEPTH: usize = 64;

/// One event as a JSON document, with the fields Elasticsearch would index.
///
/// | in the document | here |
/// |---|---|
/// | a string | its text |
/// | a number, `true`, `false` | its text, just as written |
/// | a list | its values; lists within lists are joined |
/// | an object | its fields, as `outer.inner` |
/// | `null`, `[]`, `{}` | nothing |
/// | `id`, else `_id` | [`Document::id`], no field |
/// | other keys that begin with `_` | nothing: they describe the document |
/// | `_source` with an object | the document is a search hit: its fields are in there alone |
///
/// # Example
///
/// ```
/// use recheck_core::{Document, FieldValues};
/// let hit = r#"{"_id": "7", "_index": "logs", "_source": {"tags": ["console"], "node": {"n": 1.0}}}"#;
/// let document = Document::from_json_line(hit)?;
/// assert_eq!(document.id.as_deref(), Some("7"));
/// assert_eq!(document.fields.values("tags").iter().next(), Some("console"));
/// assert_eq!(document.fields.values("node.n").iter().next(), Some("1.0"));
/// assert!(document.fields.values("_index").is_empty());
/// # Ok::<(), recheck_core::DocumentError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The event's name, if the document has one.
    pub id: Option<String>,
    /// The event's fields.
    pub fields: Fields,
}

/// A line that is no event.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct DocumentError {
    /// The 1-based column in bytes where the trouble is, if it has one place.
    pub column: Option<usize>,
    /// What is wrong.
    #[source]
    pub kind: DocumentErrorKind,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentErrorKind {
    /// The line is not JSON.
    #[error("this is not JSON: {0}")]
    Json(#[source] serde_json::Error),
    /// The line is JSON, but no object.
    #[error("a document must be a JSON object")]
    NotAnObject,
    /// The line looks like a search hit, but its `_source` is no object.
    #[error("`_source` must be a JSON object")]
    SourceNotAnObject,
    /// Objects are nested too deep.
    #[error("objects are nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

impl From<DocumentErrorKind> for DocumentError {
    fn from(kind: DocumentErrorKind) -> DocumentError {
        let column = match &kind {
            DocumentErrorKind::Json(error) => Some(error.column()),
            _ => None,
        };
        DocumentError { column, kind }
    }
}

impl Document {
    /// Reads one line.
    ///
    /// # Errors
    ///
    /// When the line is not JSON, or not an object, or nested deeper than 64 objects.
    pub fn from_json_line(line: &str) -> Result<Document, DocumentError> {
        let whole: &RawValue = serde_json::from_str(line).map_err(DocumentErrorKind::Json)?;
        let outer = object(whole)?.ok_or(DocumentErrorKind::NotAnObject)?;
        let source = match outer.iter().find(|(key, _)| key == "_source") {
            None => None,
            Some((_, source)) => Some(object(source)?.ok_or(DocumentErrorKind::SourceNotAnObject)?),
        };
        let members = source.as_ref().unwrap_or(&outer);
        let id = ["id", "_id"].into_iter().find_map(|key| name(members, key).or(name(&outer, key)));
        let mut document = Document { id, fields: Fields::new() };
        for (key, value) in members {
            if key != "id" && !key.starts_with('_') {
                document.add(key, value, 0)?;
            }
        }
        Ok(document)
    }

    /// Adds what one key holds.
    fn add(&mut self, key: &str, value: &RawValue, depth: usize) -> Result<(), DocumentErrorKind> {
        if depth > MAX_DEPTH {
            return Err(DocumentErrorKind::TooDeep);
        }
        match value.get().as_bytes().first() {
            Some(b'{') => {
                for (inner, value) in object(value)?.unwrap_or_default() {
                    self.add(&format!("{key}.{inner}"), value, depth + 1)?;
                }
            }
            Some(b'[') => {
                let values: Vec<&RawValue> =
                    serde_json::from_str(value.get()).map_err(DocumentErrorKind::Json)?;
                for value in values {
                    self.add(key, value, depth + 1)?;
                }
            }
            _ => {
                if let Some(text) = scalar(value) {
                    self.fields.push(key, text);
                }
            }
        }
        Ok(())
    }
}

type Members<'a> = Vec<(String, &'a RawValue)>;

/// The members of an object in order; `None` when the value is something else.
fn object(value: &RawValue) -> Result<Option<Members<'_>>, DocumentErrorKind> {
    if !value.get().starts_with('{') {
        return Ok(None);
    }
    let object: Object<'_> = serde_json::from_str(value.get()).map_err(DocumentErrorKind::Json)?;
    Ok(Some(object.0))
}

/// The text of a member that names the document.
fn name(members: &Members<'_>, key: &str) -> Option<String> {
    members.iter().find(|(found, _)| found == key).and_then(|(_, value)| scalar(value))
}

/// The text of a string, a number or a boolean; `None` for anything else.
fn scalar(value: &RawValue) -> Option<String> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).ok().map(|Text(text)| text),
        Some(b'{' | b'[' | b'n') | None => None,
        Some(_) => Some(text.to_owned()),
    }
}

/// A string in which half a surrogate pair becomes U+FFFD, as in Lucene's index. Python writes such
/// escapes for the bytes of a log that were not UTF-8 (`surrogateescape`).
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        // Asked for bytes, serde_json hands out such a half as the three bytes it would be.
        deserializer.deserialize_bytes(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                let mut bytes = bytes.to_vec();
                for at in 0..bytes.len().saturating_sub(2) {
                    if bytes[at] == 0xED && bytes[at + 1] >= 0xA0 {
                        bytes[at..at + 3].copy_from_slice("\u{fffd}".as_bytes());
                    }
                }
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        Ok(Text(text))
    }
}

/// An object's members as they stand: order kept, a key that stands twice kept twice, numbers not
/// turned into floats.
struct Object<'a>(Members<'a>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<'de>, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::FieldValues;

    fn read(line: &str) -> Document {
        Document::from_json_line(line).unwrap()
    }

    #[track_caller]
    fn check(line: &str, field: &str, expected: &[&str]) {
        let document = read(line);
        let values: Vec<&str> = document.fields.values(field).iter().collect();
        assert_eq!(values, expected, "{field} of {line}");
    }

    #[test]
    fn values_become_strings() {
        let line = r#"{"s": "a\nb", "i": 1, "f": 1.0, "e": 1e3, "n": -10, "t": true, "z": "",
            "big": 123456789012345678901234567890, "l": ["x", null, 2, ["y"]]}"#;
        check(line, "s", &["a\nb"]);
        check(line, "i", &["1"]);
        check(line, "f", &["1.0"]);
        check(line, "e", &["1e3"]);
        check(line, "n", &["-10"]);
        check(line, "t", &["true"]);
        check(line, "z", &[""]);
        check(line, "big", &["123456789012345678901234567890"]);
        check(line, "l", &["x", "2", "y"]);
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        check(r#"{"m": "a\udcffb"}"#, "m", &["a\u{fffd}b"]);
        check(r#"{"m": "\ud83d\ude00 \ud83d"}"#, "m", &["\u{1f600} \u{fffd}"]);
    }

    #[test]
    fn nothing_is_no_value() {
        let document = read(r#"{"a": null, "b": [], "c": {}, "d": [null, []]}"#);
        assert!(document.fields.is_empty());
    }

    #[test]
    fn objects_are_flattened() {
        let line = r#"{"a": {"b": {"c": 1}, "_d": 2}, "l": [{"x": 1}, {"x": [2, 3]}], "p.q": 4}"#;
        check(line, "a.b.c", &["1"]);
        check(line, "a._d", &["2"]);
        check(line, "l.x", &["1", "2", "3"]);
        check(line, "p.q", &["4"]);
    }

    #[test]
    fn ids_and_metadata_are_no_fields() {
        let line = r#"{"_id": "x", "id": 7, "_index": "i", "message": "m", "my_id": "k"}"#;
        let document = read(line);
        assert_eq!(document.id.as_deref(), Some("7"));
        let fields: Vec<&str> = document.fields.iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["message", "my_id"]);
        assert_eq!(read(r#"{"_id": "x"}"#).id.as_deref(), Some("x"));
        assert_eq!(read(r#"{"id": null, "_id": "x"}"#).id.as_deref(), Some("x"));
        assert_eq!(read("{}").id, None);
    }

    #[test]
    fn a_search_hit_holds_its_fields_in_source() {
        let line = r#"{"_id": "x", "sort": [1], "fields": {"f": [1]}, "_source": {"message": "m", "_x": 1}}"#;
        let document = read(line);
        assert_eq!(document.id.as_deref(), Some("x"));
        let fields: Vec<&str> = document.fields.iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["message"]);
        assert_eq!(read(r#"{"_id": "x", "_source": {"id": "y"}}"#).id.as_deref(), Some("y"));
        assert_eq!(read(r#"{"_id": "x", "_source": {"_id": "y"}}"#).id.as_deref(), Some("y"));
    }

    #[test]
    fn broken_lines_are_refused() {
        let kind = |line: &str| Document::from_json_line(line).unwrap_err();
        let error = kind(r#"{"a": }"#);
        assert!(matches!(error.kind, DocumentErrorKind::Json(_)));
        assert_eq!(error.column, Some(7));
        assert!(matches!(kind("").kind, DocumentErrorKind::Json(_)));
        assert!(matches!(kind(r#"{"a": 1} x"#).kind, DocumentErrorKind::Json(_)));
        assert!(matches!(kind("[1]").kind, DocumentErrorKind::NotAnObject));
        assert!(matches!(kind(r#"{"_source": 1}"#).kind, DocumentErrorKind::SourceNotAnObject));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth| format!("{{\"a\":{}1{}}}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert!(Document::from_json_line(&nested(64)).is_ok());
        let error = Document::from_json_line(&nested(65)).unwrap_err();
        assert!(matches!(error.kind, DocumentErrorKind::TooDeep));
        for open in ["[", "{\"a\":"] {
            assert!(
                Document::from_json_line(&format!("{{\"a\":{}", open.repeat(1_000_000))).is_err()
            );
            let closed = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
            assert!(Document::from_json_line(&closed).is_err());
        }
    }
}
