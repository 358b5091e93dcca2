use std::{fmt, time::Duration};

use recheck_core::{
    FieldValues, LogReport, LogScan,
    log::{Compression, LogFormat},
    render::{bytes, counted, escape},
};

/// What became of one log, for `--explain`.
pub(crate) struct Explained {
    name: String,
    tags: Vec<String>,
    /// How it was read; `None` where no fingerprint can match and it was not fetched.
    read: Option<Reading>,
}

/// How a log was read.
#[derive(Default)]
struct Reading {
    compression: Option<Compression>,
    format: LogFormat,
    live: usize,
    every_event: bool,
    lines: u64,
    events: u64,
    bytes: u64,
    elapsed: Duration,
}

impl Explained {
    /// A log that is not fetched.
    pub(super) fn not_fetched(log: &LogScan<'_>) -> Explained {
        let name = values(log, "filename").pop().unwrap_or_default();
        Explained { name, tags: values(log, "tags"), read: None }
    }

    /// A log that is about to be read.
    pub(super) fn new(
        name: &str,
        log: &LogScan<'_>,
        compression: Option<Compression>,
    ) -> Explained {
        let live = log.narrowed().live();
        let every_event = log.narrowed().needs_every_event();
        let read = Some(Reading { compression, live, every_event, ..Reading::default() });
        Explained { name: name.to_owned(), tags: values(log, "tags"), read }
    }

    pub(super) fn finish(&mut self, report: &LogReport, elapsed: Duration) {
        if let Some(read) = &mut self.read {
            read.format = report.format;
            (read.lines, read.events, read.bytes) = (report.lines, report.events, report.bytes);
            read.elapsed = elapsed;
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

fn values(log: &LogScan<'_>, field: &str) -> Vec<String> {
    log.fields().values(field).iter().map(str::to_owned).collect()
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
        let compression = match read.compression {
            Some(compression) => format!("{compression}, "),
            None => String::new(),
        };
        let every_event = if read.every_event { "some on every event" } else { "by literals" };
        write!(
            formatter,
            "{name}: {compression}{}, tags [{tags}], {} can match ({every_event}); {}, {}, {} in \
             {:.1} ms",
            read.format,
            counted(read.live as u64, "fingerprint"),
            bytes(read.bytes),
            counted(read.lines, "line"),
            counted(read.events, "event"),
            read.elapsed.as_secs_f64() * 1000.0,
        )
    }
}
