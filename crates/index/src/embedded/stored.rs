//! An event as it is kept beside the index: what is needed to answer with it, or to index it anew.

use std::{borrow::Cow, fmt};

use recheck_core::{FieldValues, Fields};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};

use crate::event::IndexedEvent;

/// What is written; the id, the run and the time have fields of their own.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Raw<'a>>,
    fields: &'a Fields,
    #[serde(skip_serializing_if = "Fields::is_empty")]
    inherited: &'a Fields,
}

/// What is read.
#[derive(Deserialize)]
struct Read<'a> {
    #[serde(default)]
    line: Option<u64>,
    #[serde(default, borrow)]
    raw: Option<Raw<'a>>,
    #[serde(deserialize_with = "fields")]
    fields: Fields,
    #[serde(default, deserialize_with = "fields")]
    inherited: Fields,
}

/// An event as it stands in its log: itself, or what stands there round its message.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Raw<'a> {
    Round(#[serde(borrow)] Cow<'a, str>, #[serde(borrow)] Cow<'a, str>),
    Whole(#[serde(borrow)] Cow<'a, str>),
}

impl<'a> Raw<'a> {
    /// The raw text of an event, if it has one; in parts where its message stands in it and does
    /// not begin or end within a word.
    pub(crate) fn of(event: &'a IndexedEvent) -> Option<Raw<'a>> {
        let raw = event.raw.as_deref()?;
        let message = event.fields.values("message").iter().next().unwrap_or_default();
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let round = raw.split_once(message).filter(|(before, behind)| {
            !is_word(before.chars().next_back()) && !is_word(behind.chars().next())
        });
        Some(match round {
            Some((before, behind)) => Raw::Round(before.into(), behind.into()),
            None => Raw::Whole(raw.into()),
        })
    }

    pub(crate) fn join(self, fields: &Fields) -> String {
        let message = fields.values("message").iter().next().unwrap_or_default();
        match self {
            Raw::Round(before, behind) => format!("{before}{message}{behind}"),
            Raw::Whole(raw) => raw.into_owned(),
        }
    }
}

/// The event's fields as JSON.
pub(super) fn write(event: &IndexedEvent) -> String {
    let IndexedEvent { line, fields, inherited, .. } = event;
    let written = Written { line: *line, raw: Raw::of(event), fields, inherited };
    // Maps of strings to lists of strings always are JSON.
    serde_json::to_string(&written).unwrap_or_default()
}

/// The event with its fields; everything else is left empty.
pub(super) fn read(text: &str) -> Result<IndexedEvent, serde_json::Error> {
    let Read { line, raw, fields, inherited } = serde_json::from_str(text)?;
    let raw = raw.map(|raw| raw.join(&fields));
    Ok(IndexedEvent { line, raw, fields, inherited, ..IndexedEvent::default() })
}

fn fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
    deserializer.deserialize_map(FieldsVisitor)
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("fields, each with its values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::new();
        while let Some((name, values)) = map.next_entry::<String, Vec<String>>()? {
            for value in values {
                fields.push(name.as_str(), value);
            }
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut event = IndexedEvent::default();
        event.fields.push("message", "a \"quoted\" \0 text");
        event.fields.push("tags", "");
        event.fields.push("tags", "b");
        assert_eq!(read(&write(&event)).unwrap(), event);
        event.inherited.push("voting", "1");
        event.line = Some(7);
        assert_eq!(read(&write(&event)).unwrap(), event);
        for raw in ["12:00 a \"quoted\" \0 text\n", "12:00a \"quoted\" \0 text", "else"] {
            event.raw = Some(raw.to_owned());
            assert_eq!(read(&write(&event)).unwrap(), event);
        }
        assert_eq!(Raw::of(&event), Some(Raw::Whole("else".into())));
    }
}
