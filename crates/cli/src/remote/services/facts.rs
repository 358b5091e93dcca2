//! What services say of a run, as fields and events.

use std::fmt;

use jiff::{Timestamp, tz::Offset};
use recheck_core::{
    Fields, RunMeta,
    log::{TimeContext, parse_stamp, rfc3339},
};
use serde::{Deserialize, Deserializer, de};

use crate::remote::run::RemoteRun;

pub(super) use crate::remote::run::RUN_FILE;

/// The longest text that is taken from an answer as one event.
const MAX_TEXT: usize = 64 << 10;

/// A value that is a string in one release of a service and a number in the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

impl de::Visitor<'_> for WordVisitor {
    type Value = Word;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string, a number or a boolean")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Word, E> {
        Ok(Word(value.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Word, E> {
        Ok(Word(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Word, E> {
        Ok(Word(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Word, E> {
        Ok(Word(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Word, E> {
        Ok(Word(value.to_string()))
    }
}

/// Sets a field where there is something to set: an absent or empty value says nothing.
pub(super) fn set(meta: &mut RunMeta, key: &str, value: Option<impl AsRef<str>>) {
    if let Some(value) = value.as_ref().map(AsRef::as_ref).filter(|value| !value.is_empty()) {
        meta.set(key, value);
    }
}

/// Adds the fields of `known` that the run does not have.
pub(super) fn fill(meta: &mut RunMeta, known: &RunMeta) {
    for (key, values) in known.fields().iter() {
        if meta.get(key).is_none() {
            values.iter().for_each(|value| meta.push(key, value));
        }
    }
}

/// Tells that `what` has not ended, so that its logs are not whole.
pub(super) fn still_running(run: &mut RemoteRun, what: &str) {
    let message = format!("{what} has not ended; ask again when it has");
    run.errors.push((RUN_FILE.to_owned(), message));
}

/// Sets a field of numbers.
pub(super) fn set_number(meta: &mut RunMeta, key: &str, value: Option<u64>) {
    set(meta, key, value.map(|value| value.to_string()));
}

/// Sets `voting`, which is 1 or 0 in the documents of OpenStack's log shipper.
pub(super) fn set_voting(meta: &mut RunMeta, voting: Option<bool>) {
    set(meta, "voting", voting.map(|voting| if voting { "1" } else { "0" }));
}

/// Sets a field that holds an instant.
pub(super) fn set_time(meta: &mut RunMeta, key: &str, stamp: Option<&str>) {
    set(meta, key, stamp.and_then(time));
}

/// A time as a service writes it, which is UTC where it names no zone.
pub(super) fn instant(stamp: &str) -> Option<Timestamp> {
    parse_stamp(stamp, &TimeContext::default())
}

fn time(stamp: &str) -> Option<String> {
    instant(stamp).map(rfc3339)
}

/// Milliseconds since 1970, as Jenkins and Prow count.
pub(super) fn from_millis(millis: i64) -> Option<String> {
    let instant = Timestamp::from_millisecond(millis).ok()?;
    // Beyond that, years have no four digits.
    (0..=9999).contains(&Offset::UTC.to_datetime(instant).year()).then(|| rfc3339(instant))
}

/// An event of the file `run`: what the service says where no log does.
///
/// `stamp` is a time in any of the shapes that logs have.
pub(super) fn event(message: &str, stamp: Option<&str>) -> Fields {
    let mut fields = Fields::new();
    fields.push("message", shortened(message.trim()));
    if let Some(time) = stamp.and_then(time) {
        fields.push("@timestamp", time);
    }
    fields.push("filename", RUN_FILE);
    fields.push("tags", RUN_FILE);
    fields
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use recheck_core::FieldValues;

    fn first(fields: &Fields, name: &str) -> Option<String> {
        fields.values(name).iter().next().map(str::to_owned)
    }

    #[test]
    fn words_are_read_whatever_they_are() {
        let words: Vec<Option<Word>> = serde_json::from_str(r#"["7", 7, true, null]"#).unwrap();
        let words: Vec<_> = words.iter().map(|word| word.as_ref().map(|word| &*word.0)).collect();
        assert_eq!(words, [Some("7"), Some("7"), Some("true"), None]);
        assert!(serde_json::from_str::<Word>("[]").is_err());
    }

    #[test]
    fn times_are_instants() {
        let mut meta = RunMeta::new();
        set_time(&mut meta, "start_time", Some("2026-11-24T11:23:42"));
        assert_eq!(meta.get("start_time"), Some("2026-11-24T11:23:42.000Z"));
        set_time(&mut meta, "end_time", Some("soon"));
        assert_eq!(meta.get("end_time"), None);
        assert_eq!(from_millis(1_595_278_460_500).as_deref(), Some("2020-07-20T20:54:20.500Z"));
        assert_eq!(from_millis(i64::MAX), None);
    }

    #[test]
    fn an_event_of_the_run() {
        let event = event(" lost the runner\n", Some("2026-11-24T11:23:42Z"));
        assert_eq!(first(&event, "message").as_deref(), Some("lost the runner"));
        assert_eq!(first(&event, "@timestamp").as_deref(), Some("2026-11-24T11:23:42.000Z"));
        assert_eq!(first(&event, "filename").as_deref(), Some("run"));
        assert_eq!(first(&event, "tags").as_deref(), Some("run"));
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let event = event(&"é".repeat(MAX_TEXT), None);
        assert_eq!(first(&event, "message").unwrap().len(), MAX_TEXT);
    }
}
