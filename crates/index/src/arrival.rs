//! Whether a run's logs are all in the index.

use std::collections::{BTreeSet, HashMap};

use recheck_core::{CompileError, Fingerprint, Known, Matcher, Query, Schema};

use crate::{
    error::IndexError,
    event::RunKey,
    history::KnownRun,
    index::{Index, Scope},
};

/// What the events of a run tell when all of them are there: each of some queries hits one. A log's
/// last line is such a query, or the name of a file that every run has.
///
/// elastic-recheck waited for `console.html` and a list of files in the same way.
#[derive(Debug)]
pub struct Arrival {
    fingerprints: Vec<Fingerprint>,
    matcher: Matcher,
}

impl Arrival {
    /// All of these queries have to hit.
    ///
    /// # Errors
    ///
    /// When a query can't be asked with this schema.
    pub fn new(queries: Vec<Query>, schema: Schema) -> Result<Arrival, CompileError> {
        let fingerprint = |(place, query): (usize, Query)| Fingerprint {
            id: format!("{} of those that have to hit", place + 1),
            queries: vec![query],
            ..Fingerprint::default()
        };
        let fingerprints: Vec<Fingerprint> =
            queries.into_iter().enumerate().map(fingerprint).collect();
        let (matcher, errors) = Matcher::builder().schema(schema).build(&fingerprints);
        match errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(Arrival { fingerprints, matcher }),
        }
    }

    /// For each run the places of the queries that hit none of its events yet.
    ///
    /// # Errors
    ///
    /// When the index can't be read.
    pub fn lacking(
        &self,
        index: &dyn Index,
        runs: &[KnownRun],
    ) -> Result<Vec<Vec<usize>>, IndexError> {
        if self.fingerprints.is_empty() {
            return Ok(vec![Vec::new(); runs.len()]);
        }
        let known = Known { matcher: &self.matcher, fingerprints: &self.fingerprints };
        let keys = runs.iter().map(|run| run.run.key.clone()).collect();
        let scope = Scope { runs: Some(keys), ..Scope::default() };
        let mut hit: HashMap<RunKey, BTreeSet<u32>> = HashMap::new();
        for hits in index.run_hits(known, &scope)? {
            hit.entry(hits.run).or_default().insert(hits.fingerprint);
        }
        let lacking = |run: &KnownRun| {
            let hit = hit.get(&run.run.key);
            let is_hit = |at: &usize| hit.is_some_and(|hit| hit.contains(&(*at as u32)));
            (0..self.fingerprints.len()).filter(|at| !is_hit(at)).collect()
        };
        Ok(runs.iter().map(lacking).collect())
    }

    /// A query as it is written.
    pub fn query(&self, place: usize) -> String {
        let queries = self.fingerprints.get(place).map(|fingerprint| &fingerprint.queries[..]);
        queries.unwrap_or_default().first().map(Query::to_string).unwrap_or_default()
    }
}
