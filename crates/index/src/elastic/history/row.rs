//! A run as a document, and how a batch changes it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    embedded::cut,
    event::RunKey,
    history::{HitFact, KnownRun, Question, RunFacts, RunFindings, RunRow, fields_of, result_word},
    index::Place,
    run::{Run, Scanned},
};

/// A run with what it was asked, and what hit it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RunDoc {
    kind: String,
    /// What the id is found by, however long it is.
    key: String,
    build_uuid: String,
    attempt: u32,
    result: String,
    told: bool,
    row: RunRow,
    last_event: Option<Timestamp>,
    /// The moment by which it belongs to a window, in microseconds since 1970.
    time: Option<i64>,
    scanned: Scanned,
    pub(super) unfinished: bool,
    /// The batch that it was changed by last.
    pub(super) batch: String,
    pub(super) events: u64,
    /// The sets of questions it was asked.
    pub(super) asked: BTreeSet<String>,
    pub(super) hits: Vec<HitRow>,
    /// What of `hits` the server is asked for.
    hit_ids: BTreeSet<String>,
    hit_count: u64,
}

/// A question that hit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct HitRow {
    pub(super) question: Question,
    pub(super) count: u64,
    pub(super) first: Place,
}

impl RunDoc {
    /// A run of which nothing is known.
    pub(super) fn new(run: &RunKey) -> RunDoc {
        RunDoc {
            kind: "run".to_owned(),
            key: cut(&run.build_uuid).into_owned(),
            build_uuid: run.build_uuid.clone(),
            attempt: run.attempt,
            ..RunDoc::default()
        }
    }

    pub(super) fn run_key(&self) -> RunKey {
        RunKey { build_uuid: self.build_uuid.clone(), attempt: self.attempt }
    }

    pub(super) fn known(self) -> KnownRun {
        let mut run = Run::new(self.run_key());
        run.fields = fields_of(&self.row.fields);
        run.start_time = self.row.start_time;
        run.end_time = self.row.end_time;
        run.scanned = self.row.scanned;
        run.failed_tests = self.row.failed_tests.map(|tests| {
            let sorted: BTreeSet<String> = tests.into_iter().collect();
            sorted.into_iter().collect()
        });
        KnownRun {
            run,
            told: self.told,
            scanned: self.scanned,
            events: self.events,
            time: self.time.and_then(|micros| Timestamp::from_microsecond(micros).ok()),
        }
    }

    /// What a batch has to say of the run.
    pub(super) fn apply(&mut self, facts: &RunFacts, (questions, pack): (&[Question], &str)) {
        match &facts.told {
            Some(told) => {
                self.row = told.clone();
                self.told = true;
            }
            None if facts.anew && !self.told => {
                self.row = RunRow { fields: facts.guessed.clone(), ..RunRow::default() };
            }
            None => {}
        }
        if facts.anew {
            self.hits.clear();
            self.asked.clear();
            self.events = 0;
            self.last_event = None;
        }
        self.events += facts.events;
        self.last_event = self.last_event.max(facts.last_event);
        if facts.events > 0 && !questions.is_empty() {
            self.asked.insert(pack.to_owned());
        }
        self.add_hits(&facts.hits, questions);
        self.settle(facts.unfinished);
    }

    /// What these questions found, in the place of what they found before.
    pub(super) fn record(&mut self, found: &RunFindings, (questions, pack): (&[Question], &str)) {
        let asked: BTreeSet<&Question> = questions.iter().collect();
        self.hits.retain(|hit| !asked.contains(&hit.question));
        self.asked.insert(pack.to_owned());
        self.add_hits(&found.hits, questions);
        if let Some(tests) = &found.failed_tests {
            self.row.failed_tests = Some(tests.clone());
        }
        self.settle(self.unfinished);
    }

    /// Counts the events anew.
    pub(super) fn count(&mut self, events: u64) {
        self.events = events;
        self.settle(self.unfinished);
    }

    /// Its events are gone; what was found in them stays.
    pub(super) fn forget_events(&mut self) {
        self.events = 0;
    }

    /// Adds hits to those that are there; the first place is the one with the earliest time.
    fn add_hits(&mut self, hits: &[HitFact], questions: &[Question]) {
        for HitFact { question, count, first } in hits {
            let Some(question) = questions.get(*question as usize) else { continue };
            match self.hits.iter_mut().find(|hit| hit.question == *question) {
                Some(hit) => {
                    hit.count += count;
                    let both = first.time.zip(hit.first.time);
                    if both.is_some_and(|(new, old)| new < old) {
                        hit.first = first.clone();
                    }
                }
                None => self.hits.push(HitRow {
                    question: question.clone(),
                    count: *count,
                    first: first.clone(),
                }),
            }
        }
    }

    /// What follows from the rest.
    fn settle(&mut self, unfinished: bool) {
        self.unfinished = unfinished;
        let time = self.row.end_time.or(self.row.start_time).or(self.last_event);
        self.time = time.map(Timestamp::as_microsecond);
        self.scanned = match self.row.scanned {
            _ if unfinished && self.events > 0 => Scanned::Partial,
            Some(told) => told,
            None if self.events > 0 => Scanned::Full,
            // Its events are gone, and were looked at while they were there.
            None if self.last_event.is_some() => self.scanned,
            None => Scanned::None,
        };
        let run = Run { fields: fields_of(&self.row.fields), ..Run::new(self.run_key()) };
        self.result = result_word(run.result_class()).to_owned();
        self.hit_ids = self.hits.iter().map(|hit| hit.question.id.clone()).collect();
        self.hit_count = self.hits.len() as u64;
    }
}

/// One question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct QuestionDoc {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) digest: String,
    pub(super) known_since: Option<Timestamp>,
    pub(super) first_seen: Option<Timestamp>,
}

/// A set of questions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PackDoc {
    pub(super) kind: String,
    pub(super) questions: Vec<Question>,
}
