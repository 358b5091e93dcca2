//! What fingerprints find in the events of runs, recorded in the history.

use std::collections::BTreeMap;

use recheck_core::Known;

use crate::{
    error::IndexError,
    event::RunKey,
    history::{HitFact, KnownRun, Question, RunFindings},
    index::{Index, Scope},
};

/// What hit each of some runs.
pub(crate) type FoundByRun = BTreeMap<RunKey, Vec<HitFact>>;

/// Runs all fingerprints over the events of these runs, and records what they found. Where a
/// fingerprint that hit asks which tests failed, and the run does not know, the index is asked for that
/// too.
pub(crate) fn ask(
    index: &dyn Index,
    known: Known<'_>,
    runs: &mut [&mut KnownRun],
) -> Result<FoundByRun, IndexError> {
    if runs.is_empty() {
        // As at most looks of `attach --wait`: nothing is asked, and no history made.
        return Ok(FoundByRun::new());
    }
    let keys: Vec<RunKey> = runs.iter().map(|known| known.run.key.clone()).collect();
    let mut found: FoundByRun = keys.iter().map(|key| (key.clone(), Vec::new())).collect();
    let scope = Scope { runs: Some(keys), ..Scope::default() };
    for hits in index.run_hits(known, &scope)? {
        let fact = HitFact { question: hits.fingerprint, count: hits.count, first: hits.first };
        found.entry(hits.run).or_default().push(fact);
    }
    let learned = failed_tests(index, known, (runs, &found))?;
    for known in &mut *runs {
        if let Some(tests) = learned.get(&known.run.key) {
            known.run.failed_tests = Some(tests.clone());
        }
    }
    let questions: Vec<Question> = known.fingerprints.iter().map(Question::of).collect();
    let findings = |(run, hits): (&RunKey, &Vec<HitFact>)| RunFindings {
        run: run.clone(),
        hits: hits.clone(),
        failed_tests: learned.get(run).cloned(),
    };
    let findings: Vec<RunFindings> = found.iter().map(findings).collect();
    index.history().record(&questions, &findings)?;
    Ok(found)
}

/// The failed tests of the runs of which that matters and is not known yet, as far as the index has
/// them.
fn failed_tests(
    index: &dyn Index,
    known: Known<'_>,
    (runs, found): (&[&mut KnownRun], &FoundByRun),
) -> Result<BTreeMap<RunKey, Vec<String>>, IndexError> {
    let asks = |hit: &HitFact| !known.fingerprints[hit.question as usize].test_ids.is_empty();
    let matters = |known: &&&mut KnownRun| {
        known.run.failed_tests.is_none() && found[&known.run.key].iter().any(asks)
    };
    let unknown: Vec<RunKey> =
        runs.iter().filter(matters).map(|known| known.run.key.clone()).collect();
    match unknown.is_empty() {
        true => Ok(BTreeMap::new()),
        false => index.failed_tests(&unknown),
    }
}
