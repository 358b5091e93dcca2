//! What a scan found: per log, per run.

use std::ops::Range;

use serde::Serialize;

use crate::{
    failure::{FailureKind, FailureWeight},
    fields::Fields,
    fingerprint::{Category, Fingerprint},
    log::LogFormat,
    run::Verdict,
};

use super::{around::Context, test_ids::TestResults};

/// One place where a fingerprint hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The log's name, relative to the run's root.
    pub file: String,
    /// The event's first line, from 1.
    pub line: u64,
    /// The event's time in RFC 3339, where the log tells it.
    pub timestamp: Option<String>,
    /// The event's text without what the log's format puts before it.
    pub message: String,
    /// The event's other fields.
    pub fields: Fields,
    /// The lines round the event, where they were [asked for](super::ScanOptions::context).
    #[serde(skip_serializing_if = "Context::is_empty")]
    pub context: Context,
    /// Whether the event never was a text, as a test's result: `line` is its number, then, and the
    /// lines of its message are none of the file's.
    #[serde(skip)]
    pub structured: bool,
}

/// A line that says what went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureLine {
    /// The log's name, relative to the run's root.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// What went wrong, on one line, without what the log's format puts before it; at most 1000
    /// characters of the log.
    pub message: String,
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// The lines round it, where they were [asked for](super::ScanOptions::context).
    #[serde(skip_serializing_if = "Context::is_empty")]
    pub context: Context,
    /// How much it says about the cause.
    #[serde(skip)]
    pub(super) weight: FailureWeight,
    /// The words that tell it.
    #[serde(skip)]
    pub(super) words: &'static str,
    /// The line's time in RFC 3339, where the log tells it.
    #[serde(skip)]
    pub(super) timestamp: Option<String>,
}

impl FailureLine {
    /// The bytes of the message that tell the failure: what to show of a long one.
    pub fn focus(&self) -> Option<Range<usize>> {
        let start = self.message.find(self.words)?;
        Some(start..start + self.words.len())
    }
}

/// A fingerprint's hits in one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogHits {
    /// The fingerprint's place in the matcher.
    pub fingerprint: u32,
    /// Number of events that match.
    pub count: u64,
    /// The first and the last of them, or all.
    pub evidence: Vec<Evidence>,
}

/// What one log gave. Its texts are the log's own, secrets included: [`RunScan::finish`] replaces
/// them.
///
/// [`RunScan::finish`]: super::RunScan::finish
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogReport {
    /// The log's name, relative to the run's root.
    pub file: String,
    /// The format that was recognised; plain lines for a log that was not looked at.
    pub format: LogFormat,
    /// Decompressed bytes read.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// Events read.
    pub events: u64,
    /// Events that were cut because they were too long.
    pub cut_events: u64,
    /// Hits by fingerprint, in the matcher's order.
    pub hits: Vec<LogHits>,
    /// The lines that say what went wrong, the last first, if the matcher looks for them; many more
    /// than a report of a run tells. None of a log that ends after its run has turned out to be
    /// known, or that is of a run that passed: no failure is told of such a run.
    pub failures: Vec<FailureLine>,
    /// What kept the log from being read to its end, in words; see [`LogReport::complete`].
    pub problems: Vec<String>,
    /// What was noticed and does no harm.
    pub notes: Vec<String>,
    /// Whether the log was read to its end.
    pub complete: bool,
    /// The results of tests that were among the events; `None` where there were none.
    pub tests: Option<TestResults>,
}

/// A known bug in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bug {
    /// The fingerprint's id.
    pub fingerprint: String,
    /// The bug's URL or tracker id.
    pub bug: Option<String>,
    /// One line that names it.
    pub title: Option<String>,
    /// Whose failure it is.
    pub category: Option<Category>,
    /// What to do.
    pub advice: Option<String>,
    /// Whether the fingerprint is a general one.
    pub fallback: bool,
    /// Set when the bug counts as closed: it is back.
    pub resolved_at: Option<String>,
    /// Whether one of the fingerprint's `test_ids` failed: `null` without such ids, else whether it
    /// was checked.
    pub test_ids: Option<TestIds>,
    /// Number of events that match.
    pub hits: u64,
    /// Where; the hit nearest the end of the run first.
    pub evidence: Vec<Evidence>,
}

/// What is known of a fingerprint's `test_ids` in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestIds {
    /// The run has no test results to check them against; the hit counts.
    NotChecked,
    /// One of the tests failed in the run.
    Failed,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunError {
    /// The log, archive or directory.
    pub file: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// What a run's logs amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunStats {
    /// Logs read.
    pub files: u64,
    /// Decompressed bytes.
    pub bytes: u64,
    /// Events.
    pub events: u64,
}

/// A run, classified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunReport {
    /// What was asked for: a path, `-`, a URL; a secret in it is replaced as in every text here.
    pub target: String,
    /// The run's own fields.
    pub run: Fields,
    /// The verdict.
    pub verdict: Verdict,
    /// The known bugs, the one nearest the end of the run first.
    pub bugs: Vec<Bug>,
    /// At most five lines that say what went wrong: those that tell most of the cause first, of
    /// these the one nearest the end of the run. None for a run that is `known` or `passed`, and none
    /// unless the matcher was built with [`failure_lines`](crate::MatcherBuilder::failure_lines).
    pub failure: Vec<FailureLine>,
    /// What was read.
    pub stats: RunStats,
    /// What could not be read. Any entry makes an otherwise unexplained run `incomplete`.
    pub errors: Vec<RunError>,
    /// What was noticed and does no harm.
    pub notes: Vec<RunError>,
}

impl Bug {
    /// A bug without hits yet.
    pub(super) fn new(fingerprint: &Fingerprint, test_ids: Option<TestIds>) -> Bug {
        Bug {
            fingerprint: fingerprint.id.clone(),
            bug: fingerprint.bug.clone(),
            title: fingerprint.title.clone(),
            category: fingerprint.category,
            advice: fingerprint.advice.clone(),
            fallback: fingerprint.fallback,
            resolved_at: fingerprint.resolved_at.clone(),
            test_ids,
            hits: 0,
            evidence: Vec::new(),
        }
    }
}
