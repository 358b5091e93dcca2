//! What a writer gathers until it commits.

use std::collections::{BTreeMap, HashMap};

use recheck_core::{FieldValues, Fields, RunMeta};

use crate::{
    event::{IndexedEvent, RunKey},
    history::{HitFact, RunFacts, RunRow},
    index::Place,
    run::Run,
};

/// What is not yet committed.
#[derive(Default)]
pub(crate) struct Pending {
    pub(crate) runs: BTreeMap<RunKey, RunFacts>,
    /// By run and question, the place of its hits in the run's facts.
    hits: HashMap<(RunKey, u32), usize>,
    pub(crate) bytes: usize,
    pub(crate) events: u64,
}

impl Pending {
    pub(crate) fn run(&mut self, key: &RunKey) -> &mut RunFacts {
        self.runs.entry(key.clone()).or_insert_with(|| RunFacts::new(key))
    }

    /// The first event of a run comes: what was gathered of it goes.
    pub(crate) fn begin(&mut self, key: &RunKey) {
        self.hits.retain(|(run, _), _| run != key);
        self.run(key).begin();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.events == 0
    }

    pub(crate) fn add_event(&mut self, run: &RunKey, event: &IndexedEvent, hits: &[u32]) {
        let facts = self.run(run);
        facts.events += 1;
        facts.last_event = facts.last_event.max(event.time);
        if facts.told.is_none() && facts.guessed.is_empty() {
            facts.guessed = run_fields(event);
        }
        for &question in hits {
            self.add_hit(run, question, event);
        }
    }

    fn add_hit(&mut self, run: &RunKey, question: u32, event: &IndexedEvent) {
        let place = || Place {
            file: event.values("filename").iter().next().map(str::to_owned),
            line: event.line,
            event: event.id.clone(),
            time: event.time,
        };
        let known = self.hits.get(&(run.clone(), question)).copied();
        let facts = self.run(run);
        match known {
            Some(known) => {
                let hit = &mut facts.hits[known];
                hit.count += 1;
                let is_earlier = match (event.time, hit.first.time) {
                    (Some(own), Some(first)) => own < first,
                    (Some(_), None) => true,
                    (None, _) => false,
                };
                if is_earlier {
                    hit.first = place();
                }
            }
            None => {
                facts.hits.push(HitFact { question, count: 1, first: place() });
                let at = facts.hits.len() - 1;
                self.hits.insert((run.clone(), question), at);
            }
        }
    }
}

/// The fields of an event that are fields of a run.
fn run_fields(event: &IndexedEvent) -> BTreeMap<String, Vec<String>> {
    let mut fields = BTreeMap::new();
    for name in RunMeta::known_keys() {
        let values: Vec<String> = event.values(name).iter().map(str::to_owned).collect();
        if !values.is_empty() {
            fields.insert((*name).to_owned(), values);
        }
    }
    fields
}

impl RunRow {
    /// A run as its source tells it.
    pub(crate) fn of(run: &Run) -> RunRow {
        let fields = run.fields.iter();
        RunRow {
            fields: fields.map(|(name, values)| (name.to_owned(), values.to_vec())).collect(),
            start_time: run.start_time,
            end_time: run.end_time,
            scanned: run.scanned,
            failed_tests: run.failed_tests.clone(),
        }
    }

    /// About how much memory it takes.
    pub(crate) fn size(&self) -> usize {
        self.fields.values().flatten().map(|value| value.len() + 64).sum()
    }
}

/// About how much memory an event takes on its way.
pub(crate) fn size(event: &IndexedEvent) -> usize {
    let bytes = |fields: &Fields| -> usize {
        fields.iter().flat_map(|(_, values)| values).map(|value| value.len() + 64).sum()
    };
    bytes(&event.fields) + bytes(&event.inherited)
}
