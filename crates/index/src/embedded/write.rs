//! Writing in batches that are in both stores or in none.
//!
//! 1. The batch's facts are staged in the history, under the batch's name.
//! 2. Tantivy commits the events, with that name as the commit's payload.
//! 3. The history puts the staged facts among the others.
//!
//! Who is killed before 2 has added nothing: the next writer finds facts of a batch that tantivy
//! does not have, and drops them. Who is killed between 2 and 3 has added everything: the next one
//! finds that tantivy has the batch, and does 3.

use std::{
    collections::{BTreeSet, HashSet},
    fs::File,
    num::NonZeroUsize,
    process, thread,
};

use jiff::Timestamp;
use recheck_core::Known;
use tantivy::{
    DocAddress, IndexWriter, Searcher, Term,
    columnar::Column,
    query::{RangeQuery, TermQuery},
    schema::IndexRecordOption,
};

use super::{
    Embedded, Outcome,
    search::{Columns, RunNames, StoredEvents, docs},
};
use crate::{
    error::IndexError,
    event::{IndexedEvent, RunKey},
    history::{Batch, Question, RunFacts, RunRow},
    index::{Horizon, Pruned, Writer, WriterOptions},
    pending::{Pending, size},
    run::Run,
};

/// Tantivy wants this much memory for each of its threads.
const LEAST_MEMORY: usize = 16 << 20;
/// And takes no more.
const MOST_MEMORY: usize = 4_000_000_000;
/// More threads than this wait for each other.
const MAX_THREADS: usize = 8;

/// The one writer of an index.
pub(super) struct EmbeddedWriter<'a> {
    index: &'a Embedded,
    events: IndexWriter,
    /// Held as long as the writer lives.
    _lock: File,
    questions: Vec<Question>,
    pending: Pending,
    /// The names of events without a run that are pending.
    names: HashSet<String>,
    /// What is there but for what is pending.
    committed: Searcher,
    /// Bytes of events after which a batch is committed.
    batch_bytes: usize,
    /// The number of the next event.
    seq: u64,
    /// Runs of which events came: what was there of them before is gone.
    begun: HashSet<RunKey>,
    /// Those of them that were told again since, with how much of them was scanned: all is here.
    complete: HashSet<RunKey>,
    /// Runs of which only their fields came.
    told: HashSet<RunKey>,
    /// Names of committed batches must differ.
    batches: u64,
}

impl<'a> EmbeddedWriter<'a> {
    pub(super) fn new(
        index: &'a Embedded,
        lock: File,
        options: &WriterOptions,
    ) -> Outcome<EmbeddedWriter<'a>> {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = cores.min(options.memory / LEAST_MEMORY).clamp(1, MAX_THREADS);
        let memory = options.memory.clamp(LEAST_MEMORY, threads * MOST_MEMORY);
        let events = index.index.writer_with_num_threads(threads, memory)?;
        Ok(EmbeddedWriter {
            index,
            events,
            _lock: lock,
            questions: Vec::new(),
            pending: Pending::default(),
            names: HashSet::new(),
            committed: index.searcher()?,
            batch_bytes: memory / 2,
            seq: next_seq(index)?,
            begun: HashSet::new(),
            complete: HashSet::new(),
            told: HashSet::new(),
            batches: 0,
        })
    }

    fn add_run(&mut self, run: &Run) -> Outcome<()> {
        let row = RunRow::of(run);
        self.pending.bytes += row.size();
        self.pending.run(&run.key).told = Some(row);
        self.told.insert(run.key.clone());
        if run.scanned.is_some() && self.begun.contains(&run.key) {
            self.complete.insert(run.key.clone());
        }
        self.commit_when_full()
    }

    fn add_event(&mut self, event: &IndexedEvent, hits: &[u32]) -> Outcome<()> {
        match (&event.run, &event.id) {
            // What was complete and comes once more is read anew.
            (Some(run), _) if self.complete.remove(run) || !self.begun.contains(run) => {
                self.events.delete_term(self.index.layout.run_term(run));
                self.pending.begin(run);
                self.begun.insert(run.clone());
            }
            (None, Some(id)) => self.replace(id)?,
            _ => {}
        }
        let document = self.index.layout.document(event, &self.index.schema, self.seq);
        self.events.add_document(document)?;
        self.seq += 1;
        self.pending.events += 1;
        self.pending.bytes += size(event);
        if let Some(run) = &event.run {
            self.pending.add_event(run, event, hits);
        }
        self.commit_when_full()
    }

    /// Removes the event without a run that has this name, if there is one: tantivy looks for what is
    /// deleted in every segment, so it is not asked in vain.
    fn replace(&mut self, id: &str) -> Outcome<()> {
        let term = self.index.layout.replaces_term(id);
        let is_pending = !self.names.insert(id.to_owned());
        if is_pending || self.committed.doc_freq(&term)? > 0 {
            self.events.delete_term(term);
        }
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
            for run in &self.begun {
                self.pending.run(run);
            }
        }
        if self.pending.is_empty() {
            return Ok(());
        }
        let Pending { runs, .. } = std::mem::take(&mut self.pending);
        self.names.clear();
        let unfinished = |(key, mut facts): (RunKey, RunFacts)| {
            facts.unfinished = !last && !self.complete.contains(&key);
            facts
        };
        let runs = runs.into_iter().map(unfinished).collect();
        let batch = Batch { questions: self.questions.clone(), runs };
        let name = self.batch_name();
        self.index.history.stage(&name, &batch)?;
        let mut prepared = self.events.prepare_commit()?;
        prepared.set_payload(&name);
        prepared.commit()?;
        self.index.history.settle(Some(&name))?;
        self.committed = self.index.searcher()?;
        Ok(())
    }

    fn batch_name(&mut self) -> String {
        self.batches += 1;
        format!("{}-{}-{}", Timestamp::now().as_nanosecond(), process::id(), self.batches)
    }

    /// Runs whose fields came without their events: the events in the index take the new fields.
    fn inherit(&mut self) -> Outcome<()> {
        let told: Vec<RunKey> = self.told.drain().filter(|run| !self.begun.contains(run)).collect();
        for key in told {
            let known = self.index.history.attempts(&key.build_uuid)?;
            let Some(run) = known.into_iter().find(|known| known.run.key == key) else { continue };
            if run.events > 0 {
                self.inherit_run(&key, &run.run)?;
            }
        }
        self.commit_batch(false)
    }

    fn inherit_run(&mut self, key: &RunKey, run: &Run) -> Outcome<()> {
        let layout = self.index.layout;
        let searcher = self.index.searcher()?;
        let term = layout.run_term(key);
        let found = docs(&searcher, &TermQuery::new(term.clone(), IndexRecordOption::Basic))?;
        let columns = Columns::of(&searcher)?;
        let mut stored = StoredEvents::new(&searcher, layout);
        let mut is_new = |address: &DocAddress| Ok(stored.event(*address)?.inherited != run.fields);
        let any = found.iter().map(&mut is_new).collect::<Outcome<Vec<bool>>>()?.contains(&true);
        if !any {
            return Ok(());
        }
        self.events.delete_term(term);
        for address in found {
            let event = stored.event(address)?;
            let inherited = run.fields.clone();
            let time = columns.time(address).or(run.time());
            let event = IndexedEvent { run: Some(key.clone()), time, inherited, ..event };
            let document = layout.document(&event, &self.index.schema, columns.seq(address));
            self.events.add_document(document)?;
            self.pending.events += 1;
        }
        Ok(())
    }

    fn prune_all(&mut self, horizon: &Horizon) -> Outcome<Pruned> {
        self.commit_batch(false)?;
        let mut pruned = Pruned::default();
        if let Some(before) = horizon.events {
            let end = Term::from_field_i64(self.index.layout.time, before.as_microsecond());
            let old = RangeQuery::new(std::ops::Bound::Unbounded, std::ops::Bound::Excluded(end));
            let searcher = self.index.searcher()?;
            let found = docs(&searcher, &old)?;
            pruned.events = found.len() as u64;
            if pruned.events > 0 {
                // Before the events go: what is left of a run must never be taken for all of it.
                self.index.history.events_gone(&runs_of(&searcher, &found)?)?;
                self.events.delete_query(Box::new(old))?;
                self.events.commit()?;
            }
        }
        if let Some(before) = horizon.history {
            pruned.runs = self.index.history.prune(before)?;
        }
        Ok(pruned)
    }
}

/// The runs of these events.
fn runs_of(searcher: &Searcher, found: &[DocAddress]) -> Outcome<BTreeSet<RunKey>> {
    let (columns, mut names) = (Columns::of(searcher)?, RunNames::default());
    let names = found.iter().map(|address| names.name(&columns, *address));
    names.filter_map(Result::transpose).collect()
}

impl Writer for EmbeddedWriter<'_> {
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
        let finish = || -> Outcome<()> {
            self.commit_batch(true)?;
            self.inherit()?;
            self.events.wait_merging_threads()?;
            Ok(())
        };
        index.told(finish())
    }

    fn prune(&mut self, horizon: &Horizon) -> Result<Pruned, IndexError> {
        let outcome = self.prune_all(horizon);
        self.index.told(outcome)
    }
}

/// The number behind those of all events that are there.
fn next_seq(index: &Embedded) -> Outcome<u64> {
    let mut next = 0;
    for reader in index.searcher()?.segment_readers() {
        let seq: Column<u64> = reader.fast_fields().u64("seq")?;
        if reader.max_doc() > 0 {
            next = next.max(seq.max_value() + 1);
        }
    }
    Ok(next)
}
