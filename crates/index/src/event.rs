//! What goes into an index: events, and the runs they belong to.

use std::fmt;

use jiff::Timestamp;
use recheck_core::{Event, FieldValues, Fields, Values};

/// What tells one run from all others: the source's id and the attempt, so that a rerun never takes
/// the place of the failure before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunKey {
    /// The source's id of the run.
    pub build_uuid: String,
    /// The attempt, from 1.
    pub attempt: u32,
}

impl RunKey {
    /// The first attempt of a run.
    pub fn first(build_uuid: impl Into<String>) -> RunKey {
        RunKey { build_uuid: build_uuid.into(), attempt: 1 }
    }
}

impl fmt::Display for RunKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attempt {
            1 => formatter.write_str(&self.build_uuid),
            attempt => write!(formatter, "{} (attempt {attempt})", self.build_uuid),
        }
    }
}

/// One event on its way into an index or out of it.
///
/// A field is answered from the event itself, else from its run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexedEvent {
    /// Its name. Of events without a run, a later one of the same name replaces an earlier one.
    pub id: Option<String>,
    /// The run it belongs to.
    pub run: Option<RunKey>,
    /// When it happened: what windows ask for.
    pub time: Option<Timestamp>,
    /// Its first line in its log, from 1.
    pub line: Option<u64>,
    /// The event as it stands in its log, where that is more than its message: what `contains` and
    /// `regex` look at.
    pub raw: Option<String>,
    /// Its own fields.
    pub fields: Fields,
    /// The fields of its run.
    pub inherited: Fields,
}

impl IndexedEvent {
    /// The event as the matcher looks at it.
    pub fn to_match(&self) -> Event<'_> {
        Event { fields: self, raw: self.raw.as_ref().map(String::as_bytes) }
    }
}

impl FieldValues for IndexedEvent {
    fn values(&self, field: &str) -> Values<'_> {
        match self.fields.values(field) {
            Values::None => self.inherited.values(field),
            own => own,
        }
    }

    fn for_each_name(&self, each: &mut dyn FnMut(&str)) {
        self.fields.for_each_name(each);
        self.inherited.for_each_name(&mut |name| {
            if self.fields.values(name).is_empty() {
                each(name);
            }
        });
    }
}

/// A half-open stretch of time, `[from, to)`; an end that is `None` is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The first moment inside.
    pub from: Option<Timestamp>,
    /// The first moment behind.
    pub to: Option<Timestamp>,
}

impl Window {
    /// All time, events without a time included.
    pub const ALWAYS: Window = Window { from: None, to: None };

    /// True for the window that has no end on either side.
    pub fn is_always(&self) -> bool {
        *self == Window::ALWAYS
    }

    /// Whether a moment lies inside.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_takes_from_its_run_what_it_lacks() {
        let mut event = IndexedEvent::default();
        event.fields.push("build_name", "own");
        event.inherited.push("build_name", "the run's");
        event.inherited.push("voting", "1");
        let first = |field| event.values(field).iter().next().map(str::to_owned);
        assert_eq!(first("build_name").as_deref(), Some("own"));
        assert_eq!(first("voting").as_deref(), Some("1"));
        let mut names = Vec::new();
        event.for_each_name(&mut |name| names.push(name.to_owned()));
        assert_eq!(names, ["build_name", "voting"]);
    }

    #[test]
    fn windows_are_half_open() {
        let time = |text: &str| Some(text.parse().unwrap());
        let window =
            Window { from: time("2026-01-01T00:00:00Z"), to: time("2026-01-02T00:00:00Z") };
        assert!(window.contains(window.from.unwrap()));
        assert!(!window.contains(window.to.unwrap()));
        assert!(Window::ALWAYS.contains(window.to.unwrap()));
    }
}
