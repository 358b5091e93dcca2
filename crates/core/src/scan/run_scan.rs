//! One run: its logs' reports merged into bugs and a verdict.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{
    fields::Fields,
    fingerprint::Fingerprint,
    matcher::Matcher,
    run::{ResultClass, RunMeta, Verdict},
};

use super::{
    ScanOptions,
    choice::choose,
    event_scan::EventScan,
    log_scan::{LogScan, file_fields},
    report::{Bug, Evidence, LogReport, RunError, RunReport, RunStats},
    settled::{Settled, counts},
    test_ids::{FailedTests, Wanted},
};

/// Everything a scan needs that stays the same from run to run; share it between threads.
#[derive(Clone, Copy, Debug)]
pub struct Known<'m> {
    /// The compiled fingerprints.
    pub matcher: &'m Matcher,
    /// The fingerprints themselves, in the order they were compiled in.
    pub fingerprints: &'m [Fingerprint],
}

/// Gathers the logs of one run.
///
/// # Example
///
/// ```
/// use recheck_core::{Fingerprint, Known, Matcher, Query, RunMeta, RunScan, ScanOptions, Verdict};
///
/// let fingerprints = [Fingerprint {
///     id: "disk-full".to_owned(),
///     queries: vec![Query::parse(r#"message:"No space left on device""#).unwrap()],
///     ..Fingerprint::default()
/// }];
/// let (matcher, _) = Matcher::builder().build(&fingerprints);
/// let known = Known { matcher: &matcher, fingerprints: &fingerprints };
/// let options = ScanOptions::default();
///
/// let mut run = RunScan::new(known, RunMeta::default(), &options);
/// let mut log = run.log("job-output.txt");
/// log.feed(b"building\ncp: No space left on dev");
/// log.feed(b"ice\nfailed\n");
/// let report = log.finish();
/// run.add(report);
///
/// let report = run.finish("my-run");
/// assert_eq!(report.verdict, Verdict::Known);
/// assert_eq!(report.bugs[0].evidence[0].line, 2);
/// ```
#[derive(Debug)]
pub struct RunScan<'m> {
    known: Known<'m>,
    meta: RunMeta,
    options: &'m ScanOptions,
    logs: Vec<LogReport>,
    errors: Vec<RunError>,
    notes: Vec<RunError>,
    wanted: Wanted<'m>,
    settled: Arc<Settled>,
}

impl<'m> RunScan<'m> {
    /// A run with what is known of it so far.
    pub fn new(known: Known<'m>, meta: RunMeta, options: &'m ScanOptions) -> RunScan<'m> {
        let (logs, errors, notes) = (Vec::new(), Vec::new(), Vec::new());
        let wanted = Wanted::new(known.fingerprints);
        let settled = Arc::new(Settled::new(known.fingerprints, &meta));
        RunScan { known, meta, options, logs, errors, notes, wanted, settled }
    }

    /// Starts one of its logs. `name` is relative to the run's root; a compression suffix is
    /// dropped. Logs may be scanned side by side.
    pub fn log(&self, name: &str) -> LogScan<'m> {
        let name = crate::log::log_name(name);
        self.log_with_fields(name, file_fields(&self.meta, name, self.options))
    }

    /// Starts a log whose constant fields the caller knows better than its name tells: `filename`,
    /// `tags` and whatever else its events share are taken as they stand, and nothing is added,
    /// not even the run's own fields.
    pub fn log_with_fields(&self, name: &str, fields: Fields) -> LogScan<'m> {
        let time = self.options.time.in_year(self.meta.year());
        let settled = Arc::clone(&self.settled);
        LogScan::new((self.known.matcher, settled), (name, fields), time, self.options)
    }

    /// Starts a file of events that have no log text; see [`EventScan`]. What a CI service says of
    /// a run is in the file `run`. `name` is relative to the run's root, as for a log.
    pub fn events(&self, name: &str) -> EventScan<'m> {
        let name = crate::log::log_name(name);
        let file = file_fields(&self.meta, name, self.options);
        self.events_with_fields(name, file)
    }

    /// Starts such a file with exactly these constant fields, as
    /// [`log_with_fields`](RunScan::log_with_fields) does for a log.
    pub fn events_with_fields(&self, name: &str, fields: Fields) -> EventScan<'m> {
        let time = self.options.time.in_year(self.meta.year());
        let (matcher, wanted) = (self.known.matcher, self.wanted.clone());
        EventScan::new(matcher, wanted, (name, fields), time, self.options)
    }

    /// Whether a fingerprint asks which tests failed (`test_ids`): results of tests are then worth
    /// having, even where no query can match them.
    pub fn asks_for_tests(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Takes a finished log in. The order of the calls decides nothing but the order of evidence
    /// that has neither a time nor a place to sort by.
    pub fn add(&mut self, log: LogReport) {
        self.logs.push(log);
    }

    /// Records something that could not be read: without a hit the run is then `incomplete`.
    pub fn error(&mut self, file: impl Into<String>, message: impl Into<String>) {
        self.errors.push(RunError { file: file.into(), message: message.into() });
    }

    /// Records something worth telling that does no harm.
    pub fn note(&mut self, file: impl Into<String>, message: impl Into<String>) {
        self.notes.push(RunError { file: file.into(), message: message.into() });
    }

    /// The run's metadata.
    pub fn meta(&self) -> &RunMeta {
        &self.meta
    }

    /// The verdict with its reasons. Secrets in its texts are replaced, unless
    /// [`ScanOptions::keep_secrets`] says otherwise.
    pub fn finish(mut self, target: &str) -> RunReport {
        let mut complete = true;
        for log in &self.logs {
            complete &= log.complete;
            let entry =
                |message: &String| RunError { file: log.file.clone(), message: message.clone() };
            self.errors.extend(log.problems.iter().map(entry));
            self.notes.extend(log.notes.iter().map(entry));
        }
        complete &= self.errors.is_empty();
        let (bugs, untested) = self.bugs();
        self.notes.extend(untested);
        let verdict = self.verdict(&bugs, complete);
        let failure = match verdict {
            Verdict::Passed | Verdict::Known => Vec::new(),
            Verdict::Fallback | Verdict::Unclassified | Verdict::Incomplete => choose(&self.logs),
        };
        let stats = RunStats {
            files: self.logs.len() as u64,
            bytes: self.logs.iter().map(|log| log.bytes).sum(),
            events: self.logs.iter().map(|log| log.events).sum(),
        };
        let mut report = RunReport {
            target: target.to_owned(),
            run: self.meta.fields().clone(),
            verdict,
            bugs,
            failure,
            stats,
            errors: self.errors,
            notes: self.notes,
        };
        if !self.options.keep_secrets {
            report.hide_secrets();
        }
        report
    }

    fn verdict(&self, bugs: &[Bug], complete: bool) -> Verdict {
        if self.meta.result_class() == ResultClass::Passed {
            Verdict::Passed
        } else if bugs.iter().any(|bug| !bug.fallback) {
            Verdict::Known
        } else if !bugs.is_empty() {
            Verdict::Fallback
        } else if !complete {
            Verdict::Incomplete
        } else {
            Verdict::Unclassified
        }
    }

    /// The bugs that hit, general ones only where nothing specific did; and a note for each
    /// fingerprint that hit and does not count, as none of its tests failed.
    fn bugs(&self) -> (Vec<Bug>, Vec<RunError>) {
        let mut bugs: BTreeMap<u32, (Bug, Vec<(Nearness, Evidence)>)> = BTreeMap::new();
        let tests = FailedTests::new(&self.meta, &self.logs, &self.wanted);
        let mut untested = BTreeMap::new();
        for log in &self.logs {
            for hits in &log.hits {
                let fingerprint = &self.known.fingerprints[hits.fingerprint as usize];
                if !counts(fingerprint, &self.meta) {
                    continue;
                }
                let Ok(test_ids) = tests.check(fingerprint) else {
                    let note = || none_failed(fingerprint, log);
                    untested.entry(hits.fingerprint).or_insert_with(note);
                    continue;
                };
                let new = || (Bug::new(fingerprint, test_ids), Vec::new());
                let (bug, evidence) = bugs.entry(hits.fingerprint).or_insert_with(new);
                bug.hits += hits.count;
                let placed = hits.evidence.iter().map(|hit| (Nearness::new(hit, log), hit.clone()));
                evidence.extend(placed);
            }
        }
        let specific = bugs.values().any(|(bug, _)| !bug.fallback);
        let mut bugs: Vec<_> = bugs.into_values().collect();
        bugs.retain(|(bug, _)| !(specific && bug.fallback));
        for (_, evidence) in &mut bugs {
            evidence.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        bugs.sort_by(|(_, a), (_, b)| {
            a.first().map(|hit| &hit.0).cmp(&b.first().map(|hit| &hit.0))
        });
        let strip = |(mut bug, evidence): (Bug, Vec<(Nearness, Evidence)>)| {
            bug.evidence = evidence.into_iter().map(|(_, hit)| hit).collect();
            bug
        };
        (bugs.into_iter().map(strip).collect(), untested.into_values().collect())
    }
}

/// The note that a fingerprint hit a log and does not count.
fn none_failed(fingerprint: &Fingerprint, log: &LogReport) -> RunError {
    let id = &fingerprint.id;
    let message = format!("{id} matches here and does not count: none of its `test_ids` failed");
    RunError { file: log.file.clone(), message }
}

/// How near a hit is to the end of its run; the least is the nearest.
///
/// By time where the log tells it, else by the lines that follow in its log.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Nearness {
    untimed: bool,
    timestamp: Reverse<Option<String>>,
    lines_left: u64,
    file: String,
}

impl Nearness {
    fn new(hit: &Evidence, log: &LogReport) -> Nearness {
        Nearness {
            untimed: hit.timestamp.is_none(),
            timestamp: Reverse(hit.timestamp.clone()),
            lines_left: log.lines.saturating_sub(hit.line),
            file: hit.file.clone(),
        }
    }
}
