//! Which run was hit by which bug: small facts that outlive the events they were found in.

mod facts;
mod sqlite;

pub use facts::{Answer, Asked, HitFact, Question, RunAnswers, SeenTimes};
pub(crate) use facts::{Batch, RunFacts, RunRow, fields_of, result_word};
pub(crate) use sqlite::Sqlite;

use std::collections::BTreeMap;

use crate::{
    error::IndexError,
    event::{RunKey, Window},
    run::{Run, Scanned},
};

/// The history of an index, for reports and for what is found later.
pub trait History: Send + Sync {
    /// Runs of a window, the oldest first.
    ///
    /// # Errors
    ///
    /// When the history can't be read.
    fn runs(&self, selection: &RunSelection) -> Result<Vec<KnownRun>, IndexError>;

    /// What hit a run, and what it was asked.
    ///
    /// # Errors
    ///
    /// When the history can't be read.
    fn facts(&self, run: &RunKey) -> Result<Asked, IndexError>;

    /// What the runs of a window answered to these questions, all at once: what a report reads.
    ///
    /// # Errors
    ///
    /// When the history can't be read.
    fn answers(
        &self,
        window: &Window,
        questions: &[Question],
    ) -> Result<Vec<RunAnswers>, IndexError>;

    /// When each fingerprint was seen, by its id, whatever its query said then.
    ///
    /// # Errors
    ///
    /// When the history can't be read.
    fn seen(&self) -> Result<BTreeMap<String, SeenTimes>, IndexError>;

    /// Records what these questions found in these runs; what was recorded for the same questions
    /// is replaced. Runs that the history does not know are left out.
    ///
    /// # Errors
    ///
    /// When the history can't be written.
    fn record(&self, questions: &[Question], found: &[RunFindings]) -> Result<(), IndexError>;

    /// How much there is.
    ///
    /// # Errors
    ///
    /// When the history can't be read.
    fn size(&self) -> Result<HistorySize, IndexError>;
}

/// What some questions found in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFindings {
    /// The run.
    pub run: RunKey,
    /// The questions that hit.
    pub hits: Vec<HitFact>,
    /// The tests that failed in it; `None` leaves what is known of them.
    pub failed_tests: Option<Vec<String>>,
}

/// Which runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunSelection {
    /// Those of this time.
    pub window: Window,
    /// Every attempt of the run with this id.
    pub build_uuid: Option<String>,
    /// Only those that failed.
    pub failed: bool,
}

/// A run of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRun {
    /// The run.
    pub run: Run,
    /// False where its fields were read off its events, as nobody told them: no event takes them.
    pub told: bool,
    /// How much of its logs was looked at.
    pub scanned: Scanned,
    /// How many of its events came into the index.
    pub events: u64,
    /// The moment by which it belongs to a window.
    pub time: Option<jiff::Timestamp>,
}

impl KnownRun {
    /// Whether a writer is still at it, or ended before it was: it did not say that all events came.
    pub fn is_unfinished(&self) -> bool {
        self.events > 0 && self.scanned == Scanned::Partial && self.run.scanned.is_none()
    }
}

/// How much a history holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistorySize {
    /// Number of runs.
    pub runs: u64,
    /// Number of pairs of a run and a fingerprint that hit it.
    pub hits: u64,
}
