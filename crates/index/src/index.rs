//! What every index can do, wherever it keeps its events.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use recheck_core::{Known, Schema};

use crate::{
    error::IndexError,
    event::{IndexedEvent, RunKey, Window},
    history::History,
    run::Run,
};

/// Events, to search and to add to, with the history beside them.
///
/// Nothing here is asynchronous: a backend over the network waits on a runtime of its own. `known`
/// is always the fingerprints together with their matcher, bound to the index's schema; what a
/// backend's own query language can't answer, it has the matcher decide on the events it finds.
pub trait Index: Send + Sync {
    /// How fields are analysed.
    fn schema(&self) -> Schema;

    /// What there is to say of the index.
    ///
    /// # Errors
    ///
    /// When the index can't be read.
    fn info(&self) -> Result<Info, IndexError>;

    /// The names of all fields that some event has.
    ///
    /// # Errors
    ///
    /// When the index can't be read.
    fn field_names(&self) -> Result<Vec<String>, IndexError>;

    /// Calls `each` with every hit, fingerprint by fingerprint, in the order the events came in.
    ///
    /// # Errors
    ///
    /// When the index can't be read. Whatever `each` was called with until then is not all.
    fn hits(
        &self,
        known: Known<'_>,
        scope: &Scope,
        each: &mut dyn FnMut(&Hit),
    ) -> Result<(), IndexError>;

    /// How often each fingerprint hit each run, and where first. Events without a run do not count.
    ///
    /// # Errors
    ///
    /// When the index can't be read.
    fn run_hits(&self, known: Known<'_>, scope: &Scope) -> Result<Vec<RunHits>, IndexError>;

    /// The tests that failed in some of these runs, as an index of test results beside this one has
    /// them. A run of which it has no result is left out; no test is told of one in which none failed.
    ///
    /// # Errors
    ///
    /// When the results can't be read.
    fn failed_tests(&self, _runs: &[RunKey]) -> Result<BTreeMap<RunKey, Vec<String>>, IndexError> {
        Ok(BTreeMap::new())
    }

    /// The hits of the fingerprint at this place of `known`, looked at from all sides.
    ///
    /// # Errors
    ///
    /// When the index can't be read.
    fn overview(
        &self,
        known: Known<'_>,
        fingerprint: u32,
        request: &OverviewRequest,
    ) -> Result<Overview, IndexError>;

    /// Runs and what hit them.
    fn history(&self) -> &dyn History;

    /// Starts to write. There is one writer at a time.
    ///
    /// # Errors
    ///
    /// When another process writes and does not end, or the index can't be written.
    fn writer(&self, options: &WriterOptions) -> Result<Box<dyn Writer + '_>, IndexError>;
}

/// Which events are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Those of this time. Events without a time are only in [`Window::ALWAYS`].
    pub window: Window,
    /// Those of these runs; `None`: all, also those without a run.
    pub runs: Option<Vec<RunKey>>,
}

/// One fingerprint on one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The fingerprint's place in the matcher.
    pub fingerprint: u32,
    /// What the event is called.
    pub id: String,
    /// Its run.
    pub run: Option<RunKey>,
    /// When it happened.
    pub time: Option<Timestamp>,
}

/// A fingerprint's hits in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHits {
    /// The run.
    pub run: RunKey,
    /// The fingerprint's place in the matcher.
    pub fingerprint: u32,
    /// Number of events that match.
    pub count: u64,
    /// The first of them.
    pub first: Place,
}

/// Where an event stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The log, relative to the run's root.
    pub file: Option<String>,
    /// The event's first line in it, from 1.
    pub line: Option<u64>,
    /// What the event is called.
    pub event: Option<String>,
    /// When it happened.
    pub time: Option<Timestamp>,
}

/// What to look at in an overview.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverviewRequest {
    /// Which events.
    pub scope: Scope,
    /// The fields whose values are counted.
    pub facets: Vec<String>,
    /// How many values of a field are told at most.
    pub top: usize,
    /// How many of the newest events are shown.
    pub examples: usize,
}

/// The hits of one fingerprint from all sides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    /// Number of events that match.
    pub hits: u64,
    /// Number of runs they are of.
    pub runs: u64,
    /// The time of the first.
    pub first_seen: Option<Timestamp>,
    /// The time of the last.
    pub last_seen: Option<Timestamp>,
    /// For each field that was asked for, its most frequent values.
    pub facets: BTreeMap<String, Facet>,
    /// Hits over time.
    pub histogram: Histogram,
    /// Some of the newest.
    pub examples: Vec<IndexedEvent>,
}

/// The values of one field among hits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facet {
    /// The most frequent values, each with the number of hits that have it.
    pub values: Vec<(String, u64)>,
    /// How many other values there are.
    pub others: u64,
}

/// Hits over time, in steps of equal length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The length of a step.
    pub step: SignedDuration,
    /// The beginning of each step in which there are hits, and their number.
    pub counts: Vec<(Timestamp, u64)>,
}

/// What there is to say of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// What answers, with its version.
    pub backend: String,
    /// Where it is.
    pub place: String,
    /// Number of events.
    pub events: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// The time of the first event and of the last.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterOptions {
    /// Bytes of memory to gather events in.
    pub memory: usize,
    /// How long to wait for another writer to end.
    pub patience: std::time::Duration,
}

impl Default for WriterOptions {
    fn default() -> WriterOptions {
        WriterOptions { memory: 256 << 20, patience: std::time::Duration::from_secs(60) }
    }
}

/// Adds events and facts in batches. What was not committed is lost with the process; what was is
/// there once, events and facts alike.
pub trait Writer {
    /// Names the fingerprints whose hits are told with the events that follow.
    fn fingerprints(&mut self, known: Known<'_>);

    /// What is known of a run, in the place of what was known before.
    ///
    /// # Errors
    ///
    /// When the index can't be written.
    fn run(&mut self, run: &Run) -> Result<(), IndexError>;

    /// Adds an event, and tells which fingerprints hit it, by their places. The first event of a run
    /// takes the place of all events and hits of that run that there were before.
    ///
    /// # Errors
    ///
    /// When the index can't be written.
    fn event(&mut self, event: &IndexedEvent, hits: &[u32]) -> Result<(), IndexError>;

    /// Makes everything until here last: when this returns, it is acknowledged.
    ///
    /// # Errors
    ///
    /// When the index can't be written.
    fn commit(&mut self) -> Result<(), IndexError>;

    /// Commits, and says of the runs whose events came that these were all: until then they count
    /// as scanned in part.
    ///
    /// # Errors
    ///
    /// When the index can't be written.
    fn finish(self: Box<Self>) -> Result<(), IndexError>;

    /// Removes the events before a moment, and the facts of runs before another.
    ///
    /// # Errors
    ///
    /// When the index can't be written.
    fn prune(&mut self, horizon: &Horizon) -> Result<Pruned, IndexError>;
}

/// What is too old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Horizon {
    /// Events before this go.
    pub events: Option<Timestamp>,
    /// Runs before this go, with all that is known of them.
    pub history: Option<Timestamp>,
}

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Number of events.
    pub events: u64,
    /// Number of runs.
    pub runs: u64,
}
