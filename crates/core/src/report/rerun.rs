//! Does a recheck help? The same job again on the same commit or patch set.

use std::collections::HashMap;

use crate::run::ResultClass;

use super::facts::RunFact;

/// What a run was of; runs that agree are attempts at the same thing.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Subject<'a> {
    project: &'a str,
    job: &'a str,
    /// Change and patch set, or commit.
    tested: (&'a str, &'a str),
}

impl<'a> Subject<'a> {
    /// Nothing where the run tells neither patch set nor commit.
    fn of(run: &'a RunFact) -> Option<Subject<'a>> {
        let tested = match (run.meta.change(), run.meta.patch_set(), run.meta.sha()) {
            (Some(change), Some(patch_set), _) => (change, patch_set),
            (_, _, Some(sha)) => ("", sha),
            _ => return None,
        };
        Some(Subject { project: run.field("project"), job: run.field("build_name"), tested })
    }
}

/// For each of the runs the next one of the same subject, if there is one. Runs that are not final,
/// or that did not really run, neither have nor are one.
pub(super) fn next_runs(runs: &[RunFact]) -> Vec<Option<usize>> {
    let has_ended = |run: &RunFact| run.is_final && run.class() != ResultClass::Other;
    let mut order: Vec<usize> = (0..runs.len()).filter(|at| has_ended(&runs[*at])).collect();
    order.sort_by_key(|at| runs[*at].time);
    let mut last: HashMap<Subject<'_>, usize> = HashMap::new();
    let mut next = vec![None; runs.len()];
    for at in order {
        let Some(subject) = Subject::of(&runs[at]) else { continue };
        if let Some(before) = last.insert(subject, at) {
            next[before] = Some(at);
        }
    }
    next
}
