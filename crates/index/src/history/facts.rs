//! Facts on their way into the history.

use std::collections::BTreeMap;

use jiff::Timestamp;
use recheck_core::{Fields, Fingerprint, ResultClass};
use serde::{Deserialize, Serialize};

use crate::{digest::digest, event::RunKey, index::Place, run::Scanned};

/// A fingerprint and what it asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Question {
    /// The fingerprint's id.
    pub id: String,
    /// The digest of what it asks.
    pub digest: String,
}

impl Question {
    /// What a fingerprint asks now.
    pub fn of(fingerprint: &Fingerprint) -> Question {
        Question { id: fingerprint.id.clone(), digest: digest(fingerprint) }
    }
}

/// One question's hits in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitFact {
    /// The place of the question among those it was recorded with.
    pub question: u32,
    /// Number of events that match.
    pub count: u64,
    /// The first of them.
    pub first: Place,
}

/// What a run was asked, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Every question; one without hits has a count of 0.
    pub answers: BTreeMap<Question, (u64, Place)>,
}

/// What one run answered to the questions of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunAnswers {
    /// The run.
    pub run: RunKey,
    /// The questions that it was never asked, by their places.
    pub unasked: Vec<u32>,
    /// What hit it.
    pub hits: Vec<Answer>,
}

/// One question's hits in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question's place.
    pub question: u32,
    /// Number of events that match.
    pub count: u64,
    /// Whether the fingerprint asks the same now; false where only an earlier query was asked.
    pub current: bool,
}

/// When a fingerprint hit, in all history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeenTimes {
    /// The time of the first run that was hit, also of one that was pruned since.
    pub first: Option<Timestamp>,
    /// The time of the last run that was hit.
    pub last: Option<Timestamp>,
}

/// The facts of one batch.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) questions: Vec<Question>,
    pub(crate) runs: Vec<RunFacts>,
}

/// What a batch has to say of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunFacts {
    pub(crate) build_uuid: String,
    pub(crate) attempt: u32,
    /// Everything known of it goes first.
    pub(crate) anew: bool,
    /// What its source says of it; `None`: only its events are known.
    pub(crate) told: Option<RunRow>,
    /// Fields that its events give, where nobody else says anything.
    pub(crate) guessed: BTreeMap<String, Vec<String>>,
    /// Events of this batch.
    pub(crate) events: u64,
    /// The time of the last event.
    pub(crate) last_event: Option<Timestamp>,
    /// More events may follow, or are missing after a crash.
    pub(crate) unfinished: bool,
    /// Hits of this batch.
    pub(crate) hits: Vec<HitFact>,
}

/// A run's fields, from how a store keeps them.
pub(crate) fn fields_of(values: &BTreeMap<String, Vec<String>>) -> Fields {
    let mut fields = Fields::new();
    for (name, values) in values {
        values.iter().for_each(|value| fields.push(name.as_str(), value.as_str()));
    }
    fields
}

/// The word by which a store keeps how a run ended.
pub(crate) fn result_word(class: ResultClass) -> &'static str {
    match class {
        ResultClass::Passed => "passed",
        ResultClass::Failed => "failed",
        ResultClass::Other => "other",
    }
}

/// A run as its source tells it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RunRow {
    pub(crate) fields: BTreeMap<String, Vec<String>>,
    pub(crate) start_time: Option<Timestamp>,
    pub(crate) end_time: Option<Timestamp>,
    pub(crate) scanned: Option<Scanned>,
    pub(crate) failed_tests: Option<Vec<String>>,
}

impl RunFacts {
    /// Its first event comes: what was there of it goes.
    pub(crate) fn begin(&mut self) {
        self.anew = true;
        self.events = 0;
        self.last_event = None;
        self.hits.clear();
    }

    /// Nothing yet.
    pub(crate) fn new(run: &RunKey) -> RunFacts {
        RunFacts {
            build_uuid: run.build_uuid.clone(),
            attempt: run.attempt,
            anew: false,
            told: None,
            guessed: BTreeMap::new(),
            events: 0,
            last_event: None,
            unfinished: false,
            hits: Vec::new(),
        }
    }
}
