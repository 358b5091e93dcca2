use std::{fmt, time::Duration};

use recheck_core::{
    FieldValues, Fields, LogReport, LogScan,
    log::{Compression, LogFormat},
    render::{bytes, counted, escape},
    results::ResultsKind,
};

/// What became of one log, for `--explain`.
pub(crate) struct Explained {
    name: String,
    tags: Vec<String>,
    /// How it was read; `None` where no fingerprint can match and it was not fetched.
    read: Option<Reading>,
}

/// How a file was read.
pub(super) struct Reading {
    how: How,
    compression: Option<Compression>,
    lines: u64,
    events: u64,
    bytes: u64,
    elapsed: Duration,
}

/// As what a file was read.
pub(super) enum How {
    /// Text.
    Log { format: LogFormat, live: usize, every_event: bool },
    /// Results, with the number of tests and of those that failed.
    Results { kind: ResultsKind, tests: Option<(u64, u64)> },
}

impl Explained {
    /// A log that is not fetched.
    pub(super) fn not_fetched(log: &LogScan<'_>) -> Explained {
        let name = values(log.fields(), "filename").pop().unwrap_or_default();
        Explained { name, tags: tags(log.fields()), read: None }
    }

    /// A file that was read.
    pub(super) fn new(name: String, tags: Vec<String>, read: Reading) -> Explained {
        Explained { name, tags, read: Some(read) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Reading {
    pub(super) fn new(
        report: &LogReport,
        how: How,
        (compression, elapsed): (Option<Compression>, Duration),
    ) -> Reading {
        let LogReport { lines, events, bytes, .. } = *report;
        Reading { how, compression, lines, events, bytes, elapsed }
    }
}

/// A file's tags.
pub(super) fn tags(fields: &Fields) -> Vec<String> {
    values(fields, "tags")
}

fn values(fields: &Fields, field: &str) -> Vec<String> {
    fields.values(field).iter().map(str::to_owned).collect()
}

impl fmt::Display for Explained {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, tags) = (escape(&self.name), self.tags.join(", "));
        let Some(read) = &self.read else {
            return write!(
                formatter,
                "{name}: not fetched, tags [{tags}], no fingerprint can match"
            );
        };
        write!(formatter, "{name}: ")?;
        if let Some(compression) = read.compression {
            write!(formatter, "{compression}, ")?;
        }
        match &read.how {
            How::Log { format, live, every_event } => {
                let live = counted(*live as u64, "fingerprint");
                let how = if *every_event { "some on every event" } else { "by literals" };
                write!(formatter, "{format}, tags [{tags}], {live} can match ({how}); ")?;
            }
            How::Results { kind, tests: Some((tests, failed)) } => {
                let told = counted(*tests, "test");
                write!(
                    formatter,
                    "{kind}, tags [{}], {told}, {failed} failed; ",
                    self.tags.join(", ")
                )?;
            }
            How::Results { kind, tests: None } => write!(formatter, "{kind}, tags [{tags}]; ")?,
        }
        write!(formatter, "{}, ", bytes(read.bytes))?;
        if matches!(read.how, How::Log { .. }) {
            write!(formatter, "{}, ", counted(read.lines, "line"))?;
        }
        let elapsed = read.elapsed.as_secs_f64() * 1000.0;
        write!(formatter, "{} in {elapsed:.1} ms", counted(read.events, "event"))
    }
}
