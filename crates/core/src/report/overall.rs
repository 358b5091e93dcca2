//! The window as a whole: how many failed runs are explained, and which are not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::run::{ResultClass, Verdict};

use super::{
    count::Runs,
    facts::{RunFact, Scanned, Window},
    row::By,
};

/// The window's final runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Overall {
    /// All of them.
    pub runs: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that passed.
    pub passed: u64,
    /// Those that did not really run.
    pub other: u64,
    /// Failed runs that a specific fingerprint hit.
    pub known: u64,
    /// Failed runs that only general ones hit.
    pub fallback: u64,
    /// Failed runs, read in full, that none hit.
    pub unclassified: u64,
    /// Failed runs that none hit in what was read of them.
    pub incomplete: u64,
    /// Known ÷ failed, 0 to 1; none without a failed run.
    pub classification_rate: Option<f64>,
    /// Passed ÷ (passed + failed), 0 to 1; none without such a run.
    pub pass_rate: Option<f64>,
    /// Failed runs that nothing but the first fingerprint of the ranking hit: what its cure saves.
    pub avoidable: u64,
}

/// A job with failed runs that no fingerprint explains.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnclassifiedJob {
    /// Its name.
    pub job: String,
    /// Its failed runs.
    pub failed: u64,
    /// Known ÷ failed, 0 to 1.
    pub classification_rate: f64,
    /// The unexplained ones, the latest first.
    pub runs: Vec<UnclassifiedRun>,
}

/// A failed run that no fingerprint explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnclassifiedRun {
    /// Its id.
    pub build_uuid: String,
    /// When it ended.
    pub time: Timestamp,
    /// The project it was for.
    pub project: Option<String>,
    /// Where its logs are.
    pub log_url: Option<String>,
    /// `unclassified` or `incomplete`.
    pub verdict: Verdict,
}

impl Overall {
    /// Counts the window. `top` is the first fingerprint of the ranking.
    pub(super) fn new(runs: &Runs<'_>, window: Window, top: Option<u32>) -> Overall {
        let mut overall = Overall::default();
        for (at, run) in runs.final_runs(window) {
            overall.runs += 1;
            match run.class() {
                ResultClass::Passed => overall.passed += 1,
                ResultClass::Other => overall.other += 1,
                ResultClass::Failed => overall.add_failed(runs, at, top),
            }
        }
        let rate = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        overall.classification_rate = rate(overall.known, overall.failed);
        overall.pass_rate = rate(overall.passed, overall.passed + overall.failed);
        overall
    }

    fn add_failed(&mut self, runs: &Runs<'_>, at: usize, top: Option<u32>) {
        self.failed += 1;
        match verdict(runs, at) {
            Verdict::Known => self.known += 1,
            Verdict::Fallback => self.fallback += 1,
            Verdict::Incomplete => self.incomplete += 1,
            Verdict::Unclassified | Verdict::Passed => self.unclassified += 1,
        }
        let mut hits = runs.counting(at).map(|hit| hit.fingerprint).peekable();
        let only_top = hits.peek().is_some() && hits.all(|hit| Some(hit) == top);
        self.avoidable += u64::from(only_top);
    }
}

/// The verdict on a failed run: however many bugs hit it, it is known once.
fn verdict(runs: &Runs<'_>, at: usize) -> Verdict {
    let mut hits = runs.counting(at);
    match hits.next() {
        Some(hit) if runs.set[hit.fingerprint as usize].fallback => Verdict::Fallback,
        Some(_) => Verdict::Known,
        None if runs.facts[at].scanned == Scanned::Full => Verdict::Unclassified,
        None => Verdict::Incomplete,
    }
}

impl UnclassifiedJob {
    /// The jobs of the window with unexplained failures, those with most first.
    pub(super) fn all(runs: &Runs<'_>, window: Window) -> Vec<UnclassifiedJob> {
        let mut jobs: BTreeMap<&str, (u64, u64, Vec<UnclassifiedRun>)> = BTreeMap::new();
        for (at, run) in runs.final_runs(window) {
            if run.class() != ResultClass::Failed {
                continue;
            }
            let (failed, known, unexplained) = jobs.entry(run.field(By::Job.field())).or_default();
            *failed += 1;
            match verdict(runs, at) {
                Verdict::Known => *known += 1,
                Verdict::Fallback | Verdict::Passed => {}
                verdict => unexplained.push(UnclassifiedRun::new(run, verdict)),
            }
        }
        let mut jobs: Vec<UnclassifiedJob> = jobs
            .into_iter()
            .filter(|(_, (_, _, runs))| !runs.is_empty())
            .map(|(job, (failed, known, mut runs))| {
                runs.sort_by(|a, b| b.time.cmp(&a.time).then(a.build_uuid.cmp(&b.build_uuid)));
                let classification_rate = known as f64 / failed as f64;
                UnclassifiedJob { job: job.to_owned(), failed, classification_rate, runs }
            })
            .collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.runs.len()));
        jobs
    }
}

impl UnclassifiedRun {
    fn new(run: &RunFact, verdict: Verdict) -> UnclassifiedRun {
        let told = |name| run.meta.get(name).map(str::to_owned);
        UnclassifiedRun {
            build_uuid: run.field("build_uuid").to_owned(),
            time: run.time,
            project: told("project"),
            log_url: told("log_url"),
            verdict,
        }
    }
}
