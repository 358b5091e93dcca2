//! Writing the history. A document is read, changed and written back only where nobody else has
//! changed it since; else it is done again.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Elastic, Outcome,
    row::{PackDoc, QuestionDoc, RunDoc},
    run_id,
};
use crate::{
    elastic::{
        bulk::{Bulk, refused},
        client::Ask,
        document::digest,
    },
    event::{RunKey, Window},
    history::{Batch, Question, RunFindings},
    index::Scope,
};

/// Documents that are changed at once.
const CHUNK: usize = 500;
/// How often others may come between.
const TRIES: usize = 10;

/// A document as it is read before it is changed.
#[derive(Deserialize)]
struct Version<T> {
    #[serde(rename = "_source")]
    source: Option<T>,
    #[serde(rename = "_seq_no")]
    seq_no: Option<u64>,
    #[serde(rename = "_primary_term")]
    primary_term: Option<u64>,
}

#[derive(Deserialize)]
struct Versions<T> {
    docs: Vec<Version<T>>,
}

/// How a document is changed: from what is there, at its place; `None` leaves it.
type Change<'c, T> = &'c mut dyn FnMut(usize, Option<T>) -> Option<T>;

impl Elastic {
    /// Adds the facts of a batch, to each run once: the batch has a name of its own. `whole` has the
    /// number of events of the runs that are complete with it.
    pub(in crate::elastic) fn apply(
        &self,
        (batch, name): (&Batch, &str),
        whole: &HashMap<RunKey, u64>,
    ) -> Outcome<()> {
        let pack = match batch.runs.iter().any(|run| run.events > 0) {
            true => self.pack(&batch.questions)?,
            false => String::new(),
        };
        let key = |build_uuid: &String, attempt| RunKey { build_uuid: build_uuid.clone(), attempt };
        let keys: Vec<RunKey> =
            batch.runs.iter().map(|facts| key(&facts.build_uuid, facts.attempt)).collect();
        self.change_runs(&keys, &mut |at, run| {
            let mut run = run.unwrap_or_else(|| RunDoc::new(&keys[at]));
            if run.batch == name {
                // It was written, and the answer that said so did not arrive.
                return None;
            }
            run.batch = name.to_owned();
            run.apply(&batch.runs[at], (&batch.questions, &pack));
            if let Some(events) = whole.get(&keys[at]) {
                // Another writer may have counted those of this batch before.
                run.count(*events);
            }
            Some(run)
        })
    }

    /// See [`History::record`](crate::History::record).
    pub(super) fn record_all(&self, questions: &[Question], found: &[RunFindings]) -> Outcome<()> {
        self.make_history()?;
        let pack = self.pack(questions)?;
        let keys: Vec<RunKey> = found.iter().map(|found| found.run.clone()).collect();
        let mut live: HashMap<RunKey, RunDoc> = HashMap::new();
        if !self.shape.is_ours {
            for chunk in keys.chunks(CHUNK) {
                let scope = Scope { runs: Some(chunk.to_vec()), ..Scope::default() };
                live.extend(self.live(&scope)?.into_iter().map(|run| (run.run_key(), run)));
            }
        }
        self.change_runs(&keys, &mut |at, run| {
            let mut run = run.or_else(|| live.get(&keys[at]).cloned())?;
            if run.unfinished {
                // What was found may be of events whose own facts are just coming.
                return None;
            }
            run.record(&found[at], (questions, &pack));
            Some(run)
        })?;
        self.refresh(&self.history)
    }

    /// Writes down how many events these runs have, that were unfinished when they were counted. A writer
    /// that was at work all the while may have finished one since, and knows better.
    pub(in crate::elastic) fn count_anew(
        &self,
        runs: &[RunKey],
        counts: &HashMap<&str, u64>,
    ) -> Outcome<()> {
        self.change_runs(runs, &mut |at, run| {
            let mut run = run.filter(|run| run.unfinished)?;
            let term = crate::elastic::document::run_term(&runs[at]);
            run.count(counts.get(term.as_str()).copied().unwrap_or_default());
            Some(run)
        })
    }

    /// Events of these runs are about to go: of what may be left nothing more is asked.
    pub(in crate::elastic) fn events_gone(&self, runs: &[RunKey]) -> Outcome<()> {
        self.change_runs(runs, &mut |_, run| {
            let mut run = run?;
            run.forget_events();
            Some(run)
        })
    }

    /// Writes a set of questions down; returns its name.
    fn pack(&self, questions: &[Question]) -> Outcome<String> {
        if questions.is_empty() {
            return Ok(String::new());
        }
        let mut sorted: Vec<&Question> = questions.iter().collect();
        sorted.sort();
        let mut hasher = Sha256::new();
        for question in sorted {
            hasher.update(format!("{}\0{}\0", question.id, question.digest));
        }
        let name: String =
            hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let path = format!("{}/_doc/p:{name}?_source=false", self.history);
        if self.client.find::<Value>(Ask::get(&path))?.is_some() {
            return Ok(name);
        }
        let names: Vec<String> = questions.iter().map(question_id).collect();
        self.change(&names, &mut |at, known: Option<QuestionDoc>| match known {
            Some(_) => None,
            None => Some(new_question(&questions[at])),
        })?;
        let pack = PackDoc { kind: "pack".to_owned(), questions: questions.to_vec() };
        let mut bulk = Bulk::new(&self.client, &self.history);
        bulk.act(&json!({"index": {"_id": format!("p:{name}")}}), &pack)?;
        refused(&bulk.send()?)?;
        Ok(name)
    }

    /// The runs before a moment are about to go: keeps when each fingerprint first hit one.
    pub(in crate::elastic) fn keep_first_seen(&self, before: Timestamp) -> Outcome<()> {
        let gone = self.seen_in(&Window { from: None, to: Some(before) })?;
        let first = |question: &Question| gone.get(&question.id)?.first;
        let known = self.questions()?;
        let questions: Vec<Question> = known
            .into_iter()
            .map(|QuestionDoc { id, digest, .. }| Question { id, digest })
            .filter(|question| first(question).is_some())
            .collect();
        let names: Vec<String> = questions.iter().map(question_id).collect();
        self.change(&names, &mut |at, known: Option<QuestionDoc>| {
            let (known, first) = (known?, first(&questions[at])?);
            let is_earlier = known.first_seen.is_none_or(|known| first < known);
            is_earlier.then_some(QuestionDoc { first_seen: Some(first), ..known })
        })
    }

    fn change_runs(&self, runs: &[RunKey], change: Change<'_, RunDoc>) -> Outcome<()> {
        let names: Vec<String> = runs.iter().map(run_id).collect();
        self.change(&names, change)
    }

    /// Changes the documents of these names.
    fn change<T>(&self, names: &[String], change: Change<'_, T>) -> Outcome<()>
    where
        T: DeserializeOwned + serde::Serialize,
    {
        let mut left: Vec<usize> = (0..names.len()).collect();
        for attempt in 0..TRIES {
            let mut conflicts = Vec::new();
            for chunk in left.chunks(CHUNK) {
                conflicts.extend(self.change_once((names, chunk), change, attempt + 1 == TRIES)?);
            }
            left = conflicts;
            if left.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Changes some; returns those that somebody else has changed meanwhile.
    fn change_once<T>(
        &self,
        (names, places): (&[String], &[usize]),
        change: Change<'_, T>,
        is_last: bool,
    ) -> Outcome<Vec<usize>>
    where
        T: DeserializeOwned + serde::Serialize,
    {
        let ids: Vec<&String> = places.iter().map(|place| &names[*place]).collect();
        let path = format!("{}/_mget", self.history);
        let known: Versions<T> = self.client.ask(Ask::post(&path, &json!({"ids": ids})))?;
        let mut bulk = Bulk::new(&self.client, &self.history);
        let (mut written, mut conflicts) = (Vec::new(), Vec::new());
        for (&place, Version { source, seq_no, primary_term }) in places.iter().zip(known.docs) {
            let before = source.as_ref().map(serde_json::to_vec).transpose()?;
            let Some(changed) = change(place, source) else { continue };
            if before.as_ref() == Some(&serde_json::to_vec(&changed)?) {
                // As where it was written, and the answer that said so did not arrive.
                continue;
            }
            let action = match before.is_none() {
                true => json!({"create": {"_id": names[place]}}),
                false => json!({"index": {
                    "_id": names[place], "if_seq_no": seq_no, "if_primary_term": primary_term,
                }}),
            };
            bulk.act(&action, &changed)?;
            written.push(place);
        }
        for refusal in bulk.send()? {
            match refusal.status {
                409 if !is_last => conflicts.push(written[refusal.at]),
                _ => refused(&[refusal])?,
            }
        }
        Ok(conflicts)
    }
}

fn question_id(question: &Question) -> String {
    format!("q:{}", digest(&format!("{}\0{}", question.id, question.digest)))
}

fn new_question(question: &Question) -> QuestionDoc {
    QuestionDoc {
        kind: "question".to_owned(),
        id: question.id.clone(),
        digest: question.digest.clone(),
        known_since: Some(Timestamp::now()),
        first_seen: None,
    }
}
