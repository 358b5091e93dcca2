//! Writing into an index of ours.
//!
//! A cluster has no transactions, so the order makes it safe to be killed at any moment:
//!
//! 1. The runs whose events follow are marked in the history as scanned in part.
//! 2. The events go in, each under a name that it gets again when its run is ingested again: so they
//!    replace each other, and nothing is there twice.
//! 3. In the end what a run had more than now is removed, and then its facts are written.
//!
//! Who is killed leaves runs that are marked; the next writer counts their events anew.

use std::{
    collections::{HashMap, HashSet},
    panic::resume_unwind,
    thread::{self, JoinHandle},
};

use jiff::{SignedDuration, Timestamp};
use recheck_core::Known;
use serde_json::{Value, json};

use super::{
    Elastic, Outcome,
    bulk::{Bulk, Refusal, refused},
    document::{self, Order, run_term, server_id},
    mapping::META,
};
use crate::{
    error::IndexError,
    event::{IndexedEvent, RunKey, Window},
    history::{Batch, History, KnownRun, Question, RunFacts, RunRow, RunSelection},
    index::{Horizon, Pruned, Writer, WriterOptions},
    pending::{Pending, size},
    run::Run,
};

/// Runs that are named in one search.
const MOST_RUNS: usize = 200;
/// A run that ended later than this behind its beginning is not looked for by when it began.
const LONGEST_RUN: SignedDuration = SignedDuration::from_hours(48);
/// Documents on a page whose names are all that is read.
const PAGE: usize = 5_000;
/// Refusals of which the reasons are kept.
const MOST_REFUSALS: usize = 10_000;

/// A writer into an index of ours.
pub(super) struct ElasticWriter<'a> {
    index: &'a Elastic,
    name: String,
    bulk: Bulk,
    /// The batch that is on its way while the next one is gathered.
    sending: Option<JoinHandle<Outcome<Vec<Refusal>>>>,
    questions: Vec<Question>,
    pending: Pending,
    /// Bytes of events after which a batch is committed.
    batch_bytes: usize,
    /// The number of the next event.
    seq: u64,
    /// Tells this writer from others.
    writer: String,
    /// Batches that were named.
    batches: u64,
    /// Runs of which events came, with their number.
    begun: HashMap<RunKey, u64>,
    /// Those among them that the history does not know to be incomplete.
    unmarked: HashSet<RunKey>,
    /// Runs of which only their fields came.
    told: HashSet<RunKey>,
    refusals: Vec<Refusal>,
}

impl<'a> ElasticWriter<'a> {
    pub(super) fn new(index: &'a Elastic, options: &WriterOptions) -> Outcome<ElasticWriter<'a>> {
        let name = index.address.all();
        index.make_history()?;
        let writer = ElasticWriter {
            index,
            bulk: Bulk::new(&index.client, &name),
            sending: None,
            name,
            questions: Vec::new(),
            pending: Pending::default(),
            batch_bytes: options.memory / 2,
            seq: next_seq(index)?,
            writer: format!("{}-{}", Timestamp::now().as_microsecond(), std::process::id()),
            batches: 0,
            begun: HashMap::new(),
            unmarked: HashSet::new(),
            told: HashSet::new(),
            refusals: Vec::new(),
        };
        index.recover()?;
        Ok(writer)
    }

    fn add_run(&mut self, run: &Run) -> Outcome<()> {
        let row = RunRow::of(run);
        self.pending.bytes += row.size();
        self.pending.run(&run.key).told = Some(row);
        self.told.insert(run.key.clone());
        self.commit_when_full()
    }

    fn add_event(&mut self, event: &IndexedEvent, hits: &[u32]) -> Outcome<()> {
        let mut number = 0;
        if let Some(run) = &event.run {
            if !self.begun.contains_key(run) {
                self.pending.run(run).anew = true;
                self.begun.insert(run.clone(), 0);
                self.unmarked.insert(run.clone());
            }
            let next = self.begun.entry(run.clone()).or_default();
            number = *next;
            *next += 1;
            self.pending.add_event(run, event, hits);
        }
        let order = Order { seq: self.seq, number };
        let id = server_id(event, order, &self.writer);
        self.bulk.index(&id, |body| document::write(event, order, body))?;
        self.seq += 1;
        self.pending.events += 1;
        self.pending.bytes += size(event);
        if self.bulk.is_full() {
            self.send()?;
        }
        self.commit_when_full()
    }

    /// Sends the events that are there, while more may be gathered.
    fn send(&mut self) -> Outcome<()> {
        if !self.unmarked.is_empty() {
            let mark = |key: RunKey| RunFacts { unfinished: true, ..RunFacts::new(&key) };
            let runs = self.unmarked.drain().map(mark).collect();
            let name = self.batch_name();
            let batch = Batch { questions: Vec::new(), runs };
            self.index.apply((&batch, &name), &HashMap::new())?;
        }
        self.wait()?;
        let mut bulk = std::mem::replace(&mut self.bulk, Bulk::new(&self.index.client, &self.name));
        self.sending = Some(thread::spawn(move || bulk.send()));
        Ok(())
    }

    /// Waits until the batch that is on its way is taken.
    fn wait(&mut self) -> Outcome<()> {
        let Some(sending) = self.sending.take() else { return Ok(()) };
        let refusals = sending.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        let room = MOST_REFUSALS.saturating_sub(self.refusals.len());
        self.refusals.extend(refusals.into_iter().take(room));
        Ok(())
    }

    fn commit_when_full(&mut self) -> Outcome<()> {
        match self.pending.bytes >= self.batch_bytes {
            true => self.commit_batch(false),
            false => Ok(()),
        }
    }

    /// Commits; what is `last` says of the runs that they are complete.
    fn commit_batch(&mut self, last: bool) -> Outcome<()> {
        if last {
            for run in self.begun.keys() {
                self.pending.run(run);
            }
        }
        if self.pending.is_empty() {
            return Ok(());
        }
        self.send()?;
        self.wait()?;
        self.index.refresh(&self.name)?;
        if last && self.remove_surplus()? {
            self.index.refresh(&self.name)?;
        }
        let Pending { runs, .. } = std::mem::take(&mut self.pending);
        let unfinished = |facts: RunFacts| RunFacts { unfinished: !last, ..facts };
        let runs = runs.into_values().map(unfinished).collect();
        let batch = Batch { questions: self.questions.clone(), runs };
        let name = self.batch_name();
        match last {
            true => self.index.apply((&batch, &name), &self.begun)?,
            false => self.index.apply((&batch, &name), &HashMap::new())?,
        }
        self.index.refresh(&self.index.history)
    }

    /// A name that no batch had.
    fn batch_name(&mut self) -> String {
        self.batches += 1;
        format!("{}-{}", self.writer, self.batches)
    }

    /// Removes what the runs had more than they have now. True where there was something.
    fn remove_surplus(&mut self) -> Outcome<bool> {
        let begun: Vec<(&RunKey, &u64)> = self.begun.iter().collect();
        let mut removed = 0;
        for chunk in begun.chunks(MOST_RUNS) {
            let surplus = |(run, count): &(&RunKey, &u64)| {
                let run = json!({"term": {(format!("{META}.run")): run_term(run)}});
                let number = json!({"range": {(format!("{META}.number")): {"gte": count}}});
                json!({"bool": {"filter": [run, number]}})
            };
            let any: Vec<Value> = chunk.iter().map(surplus).collect();
            let query = json!({"bool": {"should": any, "minimum_should_match": 1}});
            removed += self.index.remove(&self.name, &query)?;
        }
        Ok(removed > 0)
    }

    /// Runs whose fields came without their events: the events in the index take the new fields.
    fn inherit(&mut self) -> Outcome<()> {
        let told: Vec<RunKey> =
            self.told.drain().filter(|run| !self.begun.contains_key(run)).collect();
        let mut is_changed = false;
        for known in self.index.known_runs(&told)? {
            if known.events > 0 {
                is_changed |= self.inherit_run(&known.run)?;
            }
        }
        if is_changed {
            self.send()?;
            self.wait()?;
            self.index.refresh(&self.name)?;
        }
        Ok(())
    }

    fn inherit_run(&mut self, run: &Run) -> Outcome<bool> {
        let term = json!({"term": {(format!("{META}.run")): run_term(&run.key)}});
        let body = json!({"query": {"bool": {"filter": [term]}}, "sort": ["_doc"], "size": 1_000});
        let (index, name) = (self.index, self.name.clone());
        let mut is_changed = false;
        index.scroll(&name, &body, &mut |page| {
            for found in page {
                let Some(source) = found.source.as_deref() else { continue };
                let (event, order) = document::read(source)?;
                // Fields of its own hide those of the run: what it has of these is not written.
                let mut inherited = run.fields.clone();
                event.fields.iter().for_each(|(name, _)| inherited.remove(name));
                if event.inherited == inherited {
                    continue;
                }
                let time = event.time.or(run.time());
                let event = IndexedEvent { inherited, time, ..event };
                self.bulk.index(&found.id, |body| document::write(&event, order, body))?;
                is_changed = true;
                if self.bulk.is_full() {
                    self.send()?;
                }
            }
            Ok(())
        })?;
        Ok(is_changed)
    }

    fn prune_all(&mut self, horizon: &Horizon) -> Outcome<Pruned> {
        self.commit_batch(false)?;
        let mut pruned = Pruned::default();
        if let Some(before) = horizon.events {
            self.events_gone(before)?;
            self.index.refresh(&self.index.history)?;
            let range = json!({"lt": before.as_microsecond()});
            let query = json!({"range": {(format!("{META}.time")): range}});
            pruned.events = self.index.remove(&self.name, &query)?;
            self.index.refresh(&self.name)?;
        }
        if let Some(before) = horizon.history {
            self.index.keep_first_seen(before)?;
            let query = json!({"range": {"time": {"lt": before.as_microsecond()}}});
            pruned.runs = self.index.remove(&self.index.history, &query)?;
            self.index.refresh(&self.index.history)?;
        }
        Ok(pruned)
    }
}

impl ElasticWriter<'_> {
    /// Tells the history which runs lose events: those that began before, as far as it knows when.
    fn events_gone(&self, before: Timestamp) -> Outcome<()> {
        let window = Window { from: None, to: before.checked_add(LONGEST_RUN).ok() };
        let selection = RunSelection { window, ..RunSelection::default() };
        let is_hit = |known: &KnownRun| {
            let began = known.run.start_time.or(known.time);
            known.events > 0 && began.is_some_and(|time| time < before)
        };
        let runs = History::runs(self.index, &selection).map_err(|error| *error.kind)?;
        let runs: Vec<RunKey> =
            runs.into_iter().filter(is_hit).map(|known| known.run.key).collect();
        runs.chunks(MOST_RUNS).try_for_each(|chunk| self.index.events_gone(chunk))
    }
}

impl Elastic {
    /// Removes what a query finds, by its names, as deleting by query may be missing; returns how
    /// many documents that were.
    fn remove(&self, index: &str, query: &Value) -> Outcome<u64> {
        let body = json!({"query": query, "sort": ["_doc"], "size": PAGE, "_source": false});
        let mut removed = 0;
        let mut bulk = Bulk::new(&self.client, index);
        self.scroll(index, &body, &mut |page| {
            for found in &page {
                bulk.delete(&found.index, &found.id)?;
            }
            removed += page.len() as u64;
            refused(&bulk.send()?)
        })?;
        Ok(removed)
    }

    /// Counts the events of runs that a writer left incomplete.
    fn recover(&self) -> Outcome<()> {
        // Who was killed a moment ago left what no search sees yet.
        self.refresh(&self.history)?;
        let unfinished = self.unfinished()?;
        if !unfinished.is_empty() {
            self.refresh(&self.address.all())?;
        }
        for chunk in unfinished.chunks(MOST_RUNS) {
            let field = format!("{META}.run");
            let terms: Vec<String> = chunk.iter().map(run_term).collect();
            let body = json!({
                "size": 0, "query": {"terms": {(field.clone()): terms}},
                "aggs": {"runs": {"terms": {"field": field, "size": chunk.len()}}},
            });
            let page = self.page(&Window::ALWAYS, &body)?;
            let buckets = page.aggregations["runs"]["buckets"].as_array().into_iter().flatten();
            let counts: HashMap<&str, u64> = buckets
                .filter_map(|bucket| Some((bucket["key"].as_str()?, bucket["doc_count"].as_u64()?)))
                .collect();
            self.count_anew(chunk, &counts)?;
        }
        Ok(())
    }
}

impl Writer for ElasticWriter<'_> {
    fn fingerprints(&mut self, known: Known<'_>) {
        self.questions = known.fingerprints.iter().map(Question::of).collect();
    }

    fn run(&mut self, run: &Run) -> Result<(), IndexError> {
        let outcome = self.add_run(run);
        self.index.told(outcome)
    }

    fn event(&mut self, event: &IndexedEvent, hits: &[u32]) -> Result<(), IndexError> {
        let outcome = self.add_event(event, hits);
        self.index.told(outcome)
    }

    fn commit(&mut self) -> Result<(), IndexError> {
        let outcome = self.commit_batch(false);
        self.index.told(outcome)
    }

    fn finish(mut self: Box<Self>) -> Result<(), IndexError> {
        let index = self.index;
        let mut finish = || -> Outcome<()> {
            self.commit_batch(true)?;
            self.inherit()?;
            // Everything else is in.
            refused(&self.refusals)
        };
        index.told(finish())
    }

    fn prune(&mut self, horizon: &Horizon) -> Result<Pruned, IndexError> {
        let outcome = self.prune_all(horizon);
        self.index.told(outcome)
    }
}

/// The number behind those of all events that are there.
fn next_seq(index: &Elastic) -> Outcome<u64> {
    let body = json!({"size": 0, "aggs": {"last": {"max": {"field": format!("{META}.seq")}}}});
    let page = index.page(&Window::ALWAYS, &body)?;
    // A float of JSON, exact up to 2^53 events.
    Ok(page.aggregations["last"]["value"].as_f64().map_or(0, |last| last as u64 + 1))
}
