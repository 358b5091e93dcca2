//! Lines of JSON as events and runs for an index.

use std::collections::HashMap;

use jiff::{Timestamp, civil, tz::TimeZone};
use recheck_core::{FieldValues, Fields, RunMeta, RunSource};
use recheck_index::{
    History, IndexError, IndexedEvent, MAX_FIELD_NAME, Run, RunKey, RunSelection, Scanned,
};
use serde::Deserialize;

use crate::documents::InputLine;

/// Runs kept in memory while events look theirs up.
const KEPT_RUNS: usize = 20_000;

/// Reads an event; without the fields of its run.
pub(crate) fn read_event(line: &InputLine) -> Result<IndexedEvent, String> {
    let document = line.document()?;
    if let Some((name, _)) = document.fields.iter().find(|(name, _)| name.len() > MAX_FIELD_NAME) {
        let start: String = name.chars().take(20).collect();
        return Err(format!(
            " the name of the field `{start}…` is longer than {MAX_FIELD_NAME} bytes; shorten it"
        ));
    }
    let fields = document.fields;
    Ok(IndexedEvent {
        run: run_key(&fields)?,
        time: time(&fields, "@timestamp")?,
        id: document.id,
        fields,
        ..IndexedEvent::default()
    })
}

/// Reads a run.
pub(crate) fn read_run(line: &InputLine) -> Result<Run, String> {
    let document = line.document()?;
    let extra: Extra = serde_json::from_str(line.text()?).map_err(|error| {
        format!("{}: {error}; `failed_tests` is a list of strings", error.column())
    })?;
    let scanned = match first(&document.fields, "scanned") {
        None => None,
        Some(word) => Some(Scanned::from_word(word).ok_or_else(|| {
            format!(" `scanned` is `{word}`; it must be `full`, `partial` or `none`")
        })?),
    };
    let mut fields = Fields::new();
    for (name, values) in document.fields.iter() {
        if !["scanned", "failed_tests"].contains(&name) {
            values.iter().for_each(|value| fields.push(name, value.as_str()));
        }
    }
    Ok(Run { scanned, failed_tests: extra.failed_tests, ..run_with(fields)? })
}

/// The run that metadata are of. Zuul gives each attempt an id of its own, and only some of what it
/// says of a run tells which attempt that is: there the id alone names the run.
pub(crate) fn run_of(meta: &RunMeta) -> Result<Run, String> {
    let mut run = run_with(meta.fields().clone())?;
    if meta.source() == Some(RunSource::Zuul) {
        run.key.attempt = 1;
    }
    Ok(run)
}

fn run_with(fields: Fields) -> Result<Run, String> {
    let key = run_key(&fields)?
        .ok_or_else(|| " a run needs a `build_uuid`, the id its source gave it".to_owned())?;
    Ok(Run {
        start_time: time(&fields, "start_time")?,
        end_time: time(&fields, "end_time")?,
        fields,
        ..Run::new(key)
    })
}

/// What of a run is more than fields.
#[derive(Deserialize)]
struct Extra {
    failed_tests: Option<Vec<String>>,
}

fn first<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.values(name).iter().next()
}

fn run_key(fields: &Fields) -> Result<Option<RunKey>, String> {
    let Some(build_uuid) = first(fields, "build_uuid").filter(|id| !id.is_empty()) else {
        return Ok(None);
    };
    let attempt = match first(fields, "attempt") {
        None => 1,
        Some(text) => text
            .parse()
            .ok()
            .filter(|attempt| *attempt > 0)
            .ok_or_else(|| format!(" `attempt` is `{text}`; it must be a number from 1"))?,
    };
    Ok(Some(RunKey { build_uuid: build_uuid.to_owned(), attempt }))
}

/// A time by RFC 3339; one without a zone is in UTC, as a search server takes it.
fn time(fields: &Fields, name: &str) -> Result<Option<Timestamp>, String> {
    let Some(text) = first(fields, name) else { return Ok(None) };
    let zoneless = || -> Option<Timestamp> {
        let time: civil::DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(time).ok()
    };
    let time = text.parse().ok().or_else(zoneless);
    time.map(Some).ok_or_else(|| {
        format!(" `{name}` is `{text}`; write the time as RFC 3339 does: 2026-01-31T12:00:00Z")
    })
}

/// The runs that events belong to.
pub(crate) struct Runs<'a> {
    history: &'a dyn History,
    known: HashMap<String, Vec<Run>>,
}

impl<'a> Runs<'a> {
    /// Runs as the history knows them.
    pub(crate) fn new(history: &'a dyn History) -> Runs<'a> {
        Runs { history, known: HashMap::new() }
    }

    /// Gives an event what it lacks and its run has: fields, and the time.
    ///
    /// An event that names no attempt belongs to the last one that is known.
    ///
    /// # Errors
    ///
    /// When the history can't be read.
    pub(crate) fn join(&mut self, mut event: IndexedEvent) -> Result<IndexedEvent, IndexError> {
        let Some(key) = &mut event.run else { return Ok(event) };
        let attempts = self.attempts(&key.build_uuid)?;
        let run = match first(&event.fields, "attempt") {
            Some(_) => attempts.iter().find(|run| run.key == *key),
            None => attempts.iter().max_by_key(|run| run.key.attempt),
        };
        if let Some(run) = run {
            *key = run.key.clone();
            event.inherited = run.fields.clone();
            event.time = event.time.or(run.time());
        }
        Ok(event)
    }

    fn attempts(&mut self, build_uuid: &str) -> Result<&[Run], IndexError> {
        if !self.known.contains_key(build_uuid) {
            if self.known.len() >= KEPT_RUNS {
                self.known.clear();
            }
            let selection =
                RunSelection { build_uuid: Some(build_uuid.to_owned()), ..RunSelection::default() };
            let runs = self.history.runs(&selection)?;
            let told = runs.into_iter().filter(|known| known.told);
            let runs = told.map(|known| known.run).collect();
            self.known.insert(build_uuid.to_owned(), runs);
        }
        Ok(&self.known[build_uuid])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> InputLine {
        InputLine { number: 1, text: Ok(text.as_bytes().to_vec()) }
    }

    #[test]
    fn a_run_is_read() {
        let run = read_run(&line(
            r#"{"build_uuid": "u", "attempt": 2, "voting": 1, "end_time": "2026-01-31T12:00:00Z",
                "scanned": "none", "failed_tests": []}"#,
        ))
        .unwrap();
        assert_eq!(run.key, RunKey { build_uuid: "u".to_owned(), attempt: 2 });
        assert_eq!(run.get("voting"), Some("1"));
        assert_eq!(
            (run.scanned, run.failed_tests.as_deref()),
            (Some(Scanned::None), Some(&[][..]))
        );
        assert_eq!(run.get("scanned"), None, "that is no field of events");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_cure() {
        for (text, told) in [
            ("{}", "needs a `build_uuid`"),
            (r#"{"build_uuid": "u", "scanned": "all"}"#, "`full`, `partial` or `none`"),
            (r#"{"build_uuid": "u", "attempt": 0}"#, "a number from 1"),
            (r#"{"build_uuid": "u", "start_time": "yesterday"}"#, "2026-01-31T12:00:00Z"),
            (r#"{"build_uuid": "u", "failed_tests": "t"}"#, "a list of strings"),
            ("{", "this is not JSON"),
        ] {
            let error = read_run(&line(text)).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
        assert!(read_event(&line(r#"{"@timestamp": "12 o'clock"}"#)).is_err());
        let long = format!("{{\"{}\": 1}}", "n".repeat(2_000));
        assert!(read_event(&line(&long)).unwrap_err().contains("shorten it"));
    }

    #[test]
    fn times_without_a_zone_are_utc() {
        let event = read_event(&line(r#"{"@timestamp": "2026-01-31T12:00:00.5"}"#)).unwrap();
        assert_eq!(event.time.unwrap().to_string(), "2026-01-31T12:00:00.5Z");
    }
}
