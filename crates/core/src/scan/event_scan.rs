//! One file of events that have no text: each comes as its fields.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use crate::{
    fields::{FieldValues, Fields, Values},
    log::{LogFormat, MAX_EVENT, TimeContext, parse_stamp, rfc3339},
    matcher::{Event, Matcher, Narrowed, Scratch},
    results::{ResultsError, ResultsKind, read_results},
};

use super::{
    ScanOptions,
    around::Context,
    report::{Evidence, LogHits, LogReport},
    test_ids::{TestResults, Wanted},
};

/// Scans events that are structured from the start: what a CI service says of a run, test results,
/// tasks. They are matched as a log's records are and give evidence as those do; an event's line is
/// its number, from 1.
///
/// An event has its own fields and, behind them, those of its file: the run's, `filename` and
/// `tags`. Where both have a field, the event's own counts.
///
/// # Example
///
/// ```
/// use recheck_core::{Fields, Known, Loaded, Matcher, RunMeta, RunScan, ScanOptions, Verdict};
///
/// let loaded = Loaded::from_sources([(
///     "no-node.yaml",
///     "query: filename:run AND message:\"unable to satisfy the request\"\n",
/// )]);
/// let fingerprints: Vec<_> = loaded.set.iter().map(|(_, known)| known.clone()).collect();
/// let (matcher, _) = Matcher::builder().build(&fingerprints);
/// let options = ScanOptions::default();
/// let known = Known { matcher: &matcher, fingerprints: &fingerprints };
/// let mut run = RunScan::new(known, RunMeta::new(), &options);
///
/// let mut events = run.events("run");
/// let mut event = Fields::new();
/// event.set("message", "Unable to satisfy the request");
/// events.push(event);
/// let report = events.finish();
/// run.add(report);
///
/// let report = run.finish("my run");
/// assert_eq!(report.verdict, Verdict::Known);
/// assert_eq!(report.bugs[0].evidence[0].file, "run");
/// ```
#[derive(Debug)]
pub struct EventScan<'m> {
    matcher: &'m Matcher,
    options: &'m ScanOptions,
    narrowed: Narrowed,
    wanted: Wanted<'m>,
    time: TimeContext,
    file: Fields,
    scratch: Scratch,
    found: Vec<u32>,
    hits: BTreeMap<u32, LogHits>,
    report: LogReport,
}

impl<'m> EventScan<'m> {
    pub(super) fn new(
        matcher: &'m Matcher,
        wanted: Wanted<'m>,
        (name, file): (&str, Fields),
        time: TimeContext,
        options: &'m ScanOptions,
    ) -> EventScan<'m> {
        let report = LogReport {
            file: name.to_owned(),
            format: LogFormat::Structured,
            complete: true,
            ..LogReport::default()
        };
        EventScan {
            matcher,
            options,
            // An event may bring any field, so that none is constant.
            narrowed: matcher.narrow_nothing(),
            wanted,
            time,
            file,
            scratch: matcher.scratch(),
            found: Vec::new(),
            hits: BTreeMap::new(),
            report,
        }
    }

    /// Takes the next event. False once the scan was told to stop: nothing is taken in any more.
    ///
    /// `@timestamp` may have any shape that a log may have it in; one that is no instant is dropped.
    /// A `message` longer than [`MAX_EVENT`] is cut. An event with the fields `test_id` and
    /// `test_status` is a test's result; see [`RunReport`](super::RunReport).
    pub fn push(&mut self, event: Fields) -> bool {
        if self.stopped() {
            return false;
        }
        self.report.events += 1;
        self.report.lines += 1;
        let event = self.tidy(event);
        self.note_result(&event);
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        let fields = Layered { event: &event, file: &self.file };
        let subject = Event { fields: &fields, raw: None };
        self.matcher.matches_event(&self.narrowed, subject, &mut self.scratch, &mut found);
        if !found.is_empty() {
            let evidence = self.evidence(&event);
            found.iter().for_each(|fingerprint| self.keep(*fingerprint, &evidence));
        }
        self.found = found;
        true
    }

    /// Reads a file of results to its end, or until the scan is told to stop.
    ///
    /// # Errors
    ///
    /// What is wrong with the file; the events before it were taken in. Tell the report why the rest
    /// is missing with [`cut_short`](EventScan::cut_short).
    pub fn read(&mut self, kind: ResultsKind, reader: &mut dyn Read) -> Result<(), ResultsError> {
        let mut counted = Counted { reader, bytes: 0 };
        let outcome = read_results(kind, &mut counted, &mut |event| self.push(event));
        self.report.bytes += counted.bytes;
        outcome
    }

    /// Records why there are fewer events than there should be (`complete` becomes false).
    pub fn cut_short(&mut self, problem: impl Into<String>) {
        self.report.complete = false;
        self.report.problems.push(problem.into());
    }

    /// Records something noticed that did no harm.
    pub fn note(&mut self, note: impl Into<String>) {
        self.report.notes.push(note.into());
    }

    /// The constant fields: those of the run, the file's name and its tags.
    pub fn fields(&self) -> &Fields {
        &self.file
    }

    /// Tells what was found.
    pub fn finish(self) -> LogReport {
        let EventScan { mut report, hits, .. } = self;
        report.hits = hits.into_values().collect();
        if report.cut_events > 0 {
            let (count, limit) = (report.cut_events, MAX_EVENT / 1024 / 1024);
            report.notes.push(format!("{count} event(s) longer than {limit} MiB were cut"));
        }
        report
    }

    fn stopped(&mut self) -> bool {
        let told = self.options.stop.as_ref().is_some_and(|stop| stop());
        if told && self.report.complete {
            self.cut_short("the scan was stopped before the last event");
        }
        told
    }

    /// The event with its time as the field holds it, and no longer than an event may be.
    fn tidy(&mut self, mut event: Fields) -> Fields {
        if let Some(stamp) = event.first("@timestamp") {
            match parse_stamp(stamp, &self.time).map(rfc3339) {
                Some(instant) => event.set("@timestamp", instant),
                None => event.remove("@timestamp"),
            }
        }
        if let Some(text) = event.first("message").filter(|text| text.len() > MAX_EVENT) {
            let cut = text[..text.floor_char_boundary(MAX_EVENT)].to_owned();
            event.set("message", cut);
            self.report.cut_events += 1;
        }
        event
    }

    fn note_result(&mut self, event: &Fields) {
        if let (Some(id), Some(status)) = (event.first("test_id"), event.first("test_status")) {
            let results = self.report.tests.get_or_insert_with(TestResults::default);
            results.add(id, status, &self.wanted);
        }
    }

    fn evidence(&self, event: &Fields) -> Evidence {
        let value = |field| event.first(field).map(str::to_owned);
        let mut fields = self.file.clone();
        fields.lay_over(event);
        fields.remove("message");
        fields.remove("@timestamp");
        Evidence {
            file: self.report.file.clone(),
            line: self.report.events,
            timestamp: value("@timestamp"),
            message: value("message").unwrap_or_default(),
            fields,
            context: Context::default(),
            structured: true,
        }
    }

    fn keep(&mut self, fingerprint: u32, evidence: &Evidence) {
        let new = || LogHits { fingerprint, count: 0, evidence: Vec::new() };
        let hits = self.hits.entry(fingerprint).or_insert_with(new);
        hits.count += 1;
        if !self.options.all {
            hits.evidence.truncate(1);
        }
        hits.evidence.push(evidence.clone());
    }
}

/// Counts the bytes read.
struct Counted<'r> {
    reader: &'r mut dyn Read,
    bytes: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(out)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// An event's own fields, and behind them those of its file.
struct Layered<'a> {
    event: &'a Fields,
    file: &'a Fields,
}

impl FieldValues for Layered<'_> {
    fn values(&self, field: &str) -> Values<'_> {
        match self.event.values(field) {
            own if !own.is_empty() => own,
            _ => self.file.values(field),
        }
    }

    fn for_each_name(&self, each: &mut dyn FnMut(&str)) {
        self.event.for_each_name(each);
        self.file.for_each_name(each);
    }
}

#[cfg(test)]
#[path = "event_scan_tests.rs"]
mod tests;
