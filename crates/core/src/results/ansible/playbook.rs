//! One playbook with its plays and tasks, down to the results on hosts.

use std::fmt;

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::host::{HostResult, Value};
use crate::fields::Fields;

/// Bytes of failures held of one playbook.
const MAX_HELD: usize = 64 << 20;

/// What an event takes beside its texts, about.
const EVENT_BYTES: usize = 512;

/// Reads one playbook into the events of its failures. The names of what they belong to may stand
/// behind them, so they are held until it is read.
pub(super) struct PlaybookSeed<'f> {
    pub(super) failures: &'f mut Failures,
}

/// The failures of a playbook so far.
#[derive(Default)]
pub(super) struct Failures {
    events: Vec<Fields>,
    bytes: usize,
}

impl Failures {
    pub(super) fn into_events(self) -> Vec<Fields> {
        self.events
    }

    fn push<E: Error>(&mut self, event: Fields) -> Result<(), E> {
        let bytes = |(_, values): (_, &[String])| values.iter().map(String::len).sum::<usize>();
        self.bytes += event.iter().map(bytes).sum::<usize>() + EVENT_BYTES;
        if self.bytes > MAX_HELD {
            return Err(E::custom("failures of more than 64 MiB in one playbook"));
        }
        self.events.push(event);
        Ok(())
    }

    /// Gives the events from `first` on what they have in common; it is shared, not copied.
    fn name(&mut self, first: usize, common: &Fields) {
        self.events[first..].iter_mut().for_each(|event| event.lay_over(common));
    }
}

/// The name and the time of a play or a task.
#[derive(Default, Deserialize)]
#[serde(default)]
struct About {
    name: Value,
    duration: Duration,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Duration {
    end: Value,
}

/// A field, if it has a value.
fn put(fields: &mut Fields, field: &str, value: Value) {
    let text = value.into_text();
    if !text.is_empty() {
        fields.set(field, text);
    }
}

/// The parts of a playbook that are lists or objects of their own.
#[derive(Clone, Copy)]
enum Part {
    Playbook,
    Plays,
    Play,
    Tasks,
    Task,
    Hosts,
}

struct PartSeed<'f> {
    part: Part,
    failures: &'f mut Failures,
}

impl<'de> DeserializeSeed<'de> for PlaybookSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        PartSeed { part: Part::Playbook, failures: self.failures }.deserialize(deserializer)
    }
}

impl<'de> DeserializeSeed<'de> for PartSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.part {
            Part::Plays | Part::Tasks => deserializer.deserialize_seq(self),
            Part::Playbook | Part::Play | Part::Task | Part::Hosts => {
                deserializer.deserialize_map(self)
            }
        }
    }
}

impl<'de> Visitor<'de> for PartSeed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.part {
            Part::Playbook => "a playbook",
            Part::Plays => "a list of plays",
            Part::Play => "a play",
            Part::Tasks => "a list of tasks",
            Part::Task => "a task",
            Part::Hosts => "results by host",
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let part = if matches!(self.part, Part::Plays) { Part::Play } else { Part::Task };
        let failures = self.failures;
        while seq.next_element_seed(PartSeed { part, failures: &mut *failures })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let (first, failures) = (self.failures.events.len(), self.failures);
        let mut common = Fields::new();
        let outcome = match self.part {
            Part::Play => read_play(map, failures, &mut common),
            Part::Task => read_task(map, failures, &mut common),
            Part::Hosts => read_hosts(map, failures),
            _ => read_playbook(map, failures, &mut common),
        };
        failures.name(first, &common);
        outcome
    }
}

fn read_playbook<'de, A: MapAccess<'de>>(
    mut map: A,
    failures: &mut Failures,
    common: &mut Fields,
) -> Result<(), A::Error> {
    while let Some(key) = map.next_key::<String>()? {
        match key.as_str() {
            "playbook" | "phase" => put(common, &key, map.next_value()?),
            "plays" => map.next_value_seed(PartSeed { part: Part::Plays, failures })?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
    }
    Ok(())
}

fn read_play<'de, A: MapAccess<'de>>(
    mut map: A,
    failures: &mut Failures,
    common: &mut Fields,
) -> Result<(), A::Error> {
    let mut about = About::default();
    let first = failures.events.len();
    while let Some(key) = map.next_key::<String>()? {
        match key.as_str() {
            "play" => about = map.next_value()?,
            "tasks" => map.next_value_seed(PartSeed { part: Part::Tasks, failures })?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
    }
    let name = about.name.into_text();
    // So Zuul's executor tells of a playbook that it had to stop: as a play without tasks.
    if failures.events.len() == first && name.starts_with("This playbook ") {
        let mut event = Fields::new();
        event.set("message", name.as_str());
        put(&mut event, "@timestamp", about.duration.end);
        failures.push(event)?;
    }
    common.set("play", name);
    Ok(())
}

fn read_task<'de, A: MapAccess<'de>>(
    mut map: A,
    failures: &mut Failures,
    common: &mut Fields,
) -> Result<(), A::Error> {
    while let Some(key) = map.next_key::<String>()? {
        match key.as_str() {
            "task" => {
                let about: About = map.next_value()?;
                put(common, "task", about.name);
                put(common, "@timestamp", about.duration.end);
            }
            "hosts" => map.next_value_seed(PartSeed { part: Part::Hosts, failures })?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
    }
    Ok(())
}

fn read_hosts<'de, A: MapAccess<'de>>(mut map: A, failures: &mut Failures) -> Result<(), A::Error> {
    while let Some((host, result)) = map.next_entry::<String, HostResult>()? {
        if result.is_failure() {
            let mut event = Fields::new();
            event.set("host", host);
            event.set("task_status", result.status());
            event.set("message", result.message());
            if !result.action.is_empty() {
                event.set("action", result.action);
            }
            failures.push(event)?;
        }
    }
    Ok(())
}
