//! An event as a document of the cluster, and back.
//!
//! The fields of the event and of its run stand at the top, each value as a string. Everything else
//! stands under `recheck`, where no query looks:
//!
//! | key | what |
//! |---|---|
//! | `run` | the attempt and the id of the run, `1/7f3a…` |
//! | `id`, `time`, `line` | the event's name, its time in microseconds since 1970, its line |
//! | `seq`, `number` | its place among all events, and among those of its run |
//! | `raw` | what its log has round its message |
//! | `inherited` | the names of the fields that are the run's |
//! | `aside` | fields that the server can't index: their names, or values over 32,766 bytes |

use std::{borrow::Cow, collections::BTreeMap};

use jiff::Timestamp;
use recheck_core::{Document, FieldValues, Fields, Values};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    Outcome,
    mapping::{META, is_meta},
};
use crate::{
    embedded::{Raw, cut},
    error::IndexErrorKind,
    event::{IndexedEvent, RunKey},
};

/// Lucene's longest term in bytes.
const LONGEST_TERM: usize = 32_766;
/// The servers' longest `_id` in bytes.
const LONGEST_ID: usize = 512;

/// Where an event stands among others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    /// Among all.
    pub(super) seq: u64,
    /// Among those of its run.
    pub(super) number: u64,
}

/// The run as it stands in a document.
pub(super) fn run_term(run: &RunKey) -> String {
    format!("{}/{}", run.attempt, cut(&run.build_uuid))
}

/// The run of a term.
pub(super) fn run_of_term(term: &str) -> Option<RunKey> {
    let (attempt, build_uuid) = term.split_once('/')?;
    Some(RunKey { build_uuid: build_uuid.to_owned(), attempt: attempt.parse().ok()? })
}

/// The digest of a text, short enough for an `_id`.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The name that the server knows the event by; the same event gets the same again. `writer` tells
/// events without any name apart.
pub(super) fn server_id(event: &IndexedEvent, order: Order, writer: &str) -> String {
    match (&event.run, &event.id) {
        (Some(run), _) => format!("r:{}:{}", digest(&run_term(run)), order.number),
        (None, Some(id)) if id.len() < LONGEST_ID - 2 => format!("e:{id}"),
        (None, Some(id)) => format!("d:{}", digest(id)),
        (None, None) => format!("u:{writer}:{}", order.seq),
    }
}

/// The event as JSON, for one line of a bulk request.
pub(super) fn write(event: &IndexedEvent, order: Order, out: &mut Vec<u8>) -> Outcome<()> {
    serde_json::to_writer(out, &Written { event, order })?;
    Ok(())
}

struct Written<'a> {
    event: &'a IndexedEvent,
    order: Order,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut aside = BTreeMap::new();
        let mut names = Vec::new();
        self.event.for_each_name(&mut |name| names.push(name.to_owned()));
        for name in &names {
            let values = Listed(self.event.values(name));
            match is_indexable(name, values.0) {
                true => map.serialize_entry(name, &values)?,
                false => {
                    aside.insert(name.as_str(), values);
                }
            }
        }
        map.serialize_entry(META, &self.meta(aside))?;
        map.end()
    }
}

impl<'a> Written<'a> {
    fn meta(&self, aside: BTreeMap<&'a str, Listed<'a>>) -> WrittenMeta<'a> {
        let event = self.event;
        let mut inherited = Vec::new();
        event.inherited.for_each_name(&mut |name| {
            if event.fields.values(name).is_empty() {
                inherited.push(name.to_owned());
            }
        });
        WrittenMeta {
            run: event.run.as_ref().map(run_term),
            id: event.id.as_deref().map(cut),
            time: event.time.map(Timestamp::as_microsecond),
            seq: self.order.seq,
            number: event.run.as_ref().map(|_| self.order.number),
            line: event.line,
            raw: Raw::of(event),
            inherited,
            aside,
        }
    }
}

/// The values of a field as JSON: a string, or a list of them.
struct Listed<'a>(Values<'a>);

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Values::One(one) => serializer.serialize_str(one),
            Values::Many([one]) => serializer.serialize_str(one),
            many => serializer.collect_seq(many.iter()),
        }
    }
}

/// Whether the server can index a field under its name.
fn is_indexable(name: &str, values: Values<'_>) -> bool {
    let is_name = !is_meta(name)
        && name != "id"
        && name.split('.').all(|part| !part.trim().is_empty() && !part.contains('\0'));
    // A text is cut into words, of which none is that long.
    is_name && (name == "message" || values.iter().all(|value| value.len() <= LONGEST_TERM))
}

#[derive(Serialize)]
#[serde(bound(deserialize = ""))]
struct WrittenMeta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Raw<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inherited: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    aside: BTreeMap<&'a str, Listed<'a>>,
}

/// What is read of `recheck`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta<'a> {
    run: Option<String>,
    id: Option<String>,
    time: Option<i64>,
    seq: u64,
    number: u64,
    line: Option<u64>,
    #[serde(borrow)]
    raw: Option<Raw<'a>>,
    inherited: Vec<String>,
    #[serde(borrow)]
    aside: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow)]
    recheck: Option<Meta<'a>>,
}

/// Reads the `_source` of an index of ours.
pub(super) fn read(source: &RawValue) -> Outcome<(IndexedEvent, Order)> {
    let damaged = |error: &dyn std::fmt::Display| IndexErrorKind::Answer(error.to_string());
    let document = Document::from_json_line(source.get()).map_err(|error| damaged(&error))?;
    let Source { recheck } = serde_json::from_str(source.get())?;
    let meta = recheck.unwrap_or_default();
    let mut event = IndexedEvent {
        id: meta.id,
        run: meta.run.as_deref().and_then(run_of_term),
        time: meta.time.and_then(|micros| Timestamp::from_microsecond(micros).ok()),
        line: meta.line,
        ..IndexedEvent::default()
    };
    let mut add = |name: &str, values: &[String]| {
        let inherited = meta.inherited.iter().any(|one| one == name);
        let fields = if inherited { &mut event.inherited } else { &mut event.fields };
        values.iter().for_each(|value| fields.push(name, value.as_str()));
    };
    let aside: BTreeMap<String, Many> = match meta.aside {
        Some(aside) => serde_json::from_str(aside.get())?,
        None => BTreeMap::new(),
    };
    document
        .fields
        .iter()
        .filter(|(name, _)| !is_meta(name))
        .for_each(|(name, values)| add(name, values));
    aside.into_iter().for_each(|(name, values)| add(&name, &values.into_vec()));
    event.raw = meta.raw.map(|raw| raw.join(&event.fields));
    Ok((event, Order { seq: meta.seq, number: meta.number }))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Many {
    One(String),
    Several(Vec<String>),
}

impl Many {
    fn into_vec(self) -> Vec<String> {
        match self {
            Many::One(one) => vec![one],
            Many::Several(several) => several,
        }
    }
}

/// Reads a document of an index that somebody else fills.
pub(super) fn read_foreign(id: &str, source: &RawValue) -> Outcome<IndexedEvent> {
    let document = Document::from_json_line(source.get())
        .map_err(|error| IndexErrorKind::Answer(error.to_string()))?;
    let first = |fields: &Fields, name| fields.first(name).map(str::to_owned);
    Ok(IndexedEvent {
        id: document.id.or_else(|| Some(id.to_owned())),
        run: first(&document.fields, "build_uuid").map(RunKey::first),
        time: first(&document.fields, "@timestamp").and_then(|text| text.parse().ok()),
        fields: document.fields,
        ..IndexedEvent::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut event = IndexedEvent {
            id: Some("a".to_owned()),
            run: Some(RunKey { build_uuid: "u/v".to_owned(), attempt: 2 }),
            time: Timestamp::from_microsecond(1_500_000).ok(),
            line: Some(3),
            raw: Some("12:00 boom\n".to_owned()),
            ..IndexedEvent::default()
        };
        event.fields.push("message", "boom");
        event.fields.push("tags", "a");
        event.fields.push("tags", "");
        event.fields.push("node.n", "1.0");
        event.fields.push("recheck.run", "mine");
        event.fields.push("_x", "y");
        event.fields.push("path", "é".repeat(20_000));
        event.inherited.push("voting", "1");
        let mut line = Vec::new();
        write(&event, Order { seq: 7, number: 2 }, &mut line).unwrap();
        let source: Box<RawValue> = serde_json::from_slice(&line).unwrap();
        let (read, order) = read(&source).unwrap();
        assert_eq!(read, event);
        assert_eq!((order.seq, order.number), (7, 2));
    }

    #[test]
    fn names_are_the_same_again_and_differ() {
        let order = Order { seq: 9, number: 1 };
        let event = |run: Option<&str>, id: Option<&str>| IndexedEvent {
            run: run.map(RunKey::first),
            id: id.map(str::to_owned),
            ..IndexedEvent::default()
        };
        assert_eq!(server_id(&event(None, Some("a")), order, "w"), "e:a");
        assert_eq!(server_id(&event(None, None), order, "w"), "u:w:9");
        let of_run = server_id(&event(Some("r"), Some("a")), order, "w");
        assert!(of_run.starts_with("r:") && of_run.ends_with(":1"));
        assert!(server_id(&event(None, Some(&"é".repeat(300))), order, "w").len() < 64);
    }
}
