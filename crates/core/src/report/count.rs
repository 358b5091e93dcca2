//! Counting: which runs a fingerprint could have hit, and which it did.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use crate::{fields::FieldValues, fingerprint::Fingerprint, matcher::Matcher, run::ResultClass};

use super::{
    facts::{HitFact, RunFact, Scanned, Window},
    proportion::Proportion,
    row::By,
};

/// Runs that are alike in every field that decides which fingerprints can hit them, and in those
/// that a report groups by.
#[derive(Debug)]
pub(super) struct Group {
    /// Its place among the slices.
    pub(super) slice: usize,
    /// Its place among the classes.
    class: usize,
}

/// The groups of a set of runs.
#[derive(Debug)]
pub(super) struct Groups {
    pub(super) all: Vec<Group>,
    /// The group of each run.
    pub(super) of: Vec<usize>,
    /// What a report groups by: the values of [`By::ALL`], in that order, that runs had together.
    pub(super) slices: Vec<[String; By::ALL.len()]>,
    /// Which fingerprints can hit a run. There are few of these, however many groups there are.
    classes: Vec<Vec<bool>>,
}

impl Groups {
    /// Sorts runs into groups.
    pub(super) fn new(matcher: &Matcher, set: &[Fingerprint], runs: &[RunFact]) -> Groups {
        let mut known: HashMap<Vec<Option<&str>>, usize> = HashMap::new();
        let mut known_slices: HashMap<[&str; By::ALL.len()], usize> = HashMap::new();
        let mut known_classes: HashMap<Vec<bool>, usize> = HashMap::new();
        let asked: Vec<&str> = matcher.fields().filter(|name| *name != "build_status").collect();
        let (mut all, mut of, mut slices) =
            (Vec::new(), Vec::with_capacity(runs.len()), Vec::new());
        for run in runs {
            let values = By::ALL.map(|by| run.field(by.field()));
            let slice = *known_slices.entry(values).or_insert_with(|| {
                slices.push(values.map(str::to_owned));
                slices.len() - 1
            });
            let mut key = vec![run.meta.is_voting().then_some("voting")];
            key.extend(values.map(Some));
            for name in &asked {
                key.extend(run.meta.fields().values(name).iter().map(Some));
                // Between the values of two fields.
                key.push(None);
            }
            let group = *known.entry(key).or_insert_with(|| {
                let next = known_classes.len();
                let class = *known_classes.entry(eligible(matcher, set, run)).or_insert(next);
                all.push(Group { slice, class });
                all.len() - 1
            });
            of.push(group);
        }
        let mut classes: Vec<_> = known_classes.into_iter().collect();
        classes.sort_by_key(|(_, place)| *place);
        let classes = classes.into_iter().map(|(eligible, _)| eligible).collect();
        Groups { all, of, slices, classes }
    }

    /// What a group has of one of [`By::ALL`].
    pub(super) fn part(&self, group: usize, place: usize) -> &str {
        &self.slices[self.all[group].slice][place]
    }

    /// Whether a fingerprint can hit a run.
    pub(super) fn is_eligible(&self, run: usize, fingerprint: u32) -> bool {
        self.admits(&self.all[self.of[run]], fingerprint)
    }

    /// Whether a fingerprint can hit the runs of a group.
    pub(super) fn admits(&self, group: &Group, fingerprint: u32) -> bool {
        self.classes[group.class][fingerprint as usize]
    }
}

/// Which fingerprints can hit a run.
fn eligible(matcher: &Matcher, set: &[Fingerprint], run: &RunFact) -> Vec<bool> {
    let mut eligible = matcher.narrow_run(&run.meta).may_match();
    for (eligible, fingerprint) in eligible.iter_mut().zip(set) {
        *eligible &= fingerprint.allow_nonvoting || run.meta.is_voting();
    }
    eligible
}

/// Runs of one group that could have been hit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Eligible {
    pub(super) runs: u64,
    pub(super) passed_scanned: u64,
}

/// What one fingerprint hit within a window.
#[derive(Clone, Debug, Default)]
pub(super) struct Hits {
    pub(super) events: u64,
    pub(super) failed: u64,
    pub(super) passed: u64,
    /// Failed runs of the window's last 24 hours.
    pub(super) recent: u64,
    /// Hits that count for want of knowledge.
    pub(super) unchecked: u64,
    /// Hits of the query as it was before a change.
    pub(super) outdated: u64,
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
    /// Changes by project and number; commits where there is no number.
    pub(super) changes: HashSet<(String, String)>,
    pub(super) reruns: Proportion,
    /// Failed and passed runs by group.
    pub(super) groups: BTreeMap<usize, (u64, u64)>,
    /// When each run was, whether it failed, and its group.
    pub(super) times: Vec<(Timestamp, bool, usize)>,
}

/// The counts of one window.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) hits: Vec<Hits>,
    /// By group.
    pub(super) eligible: Vec<Eligible>,
}

/// The runs of a report with what is the same for each window.
#[derive(Clone, Copy)]
pub(super) struct Runs<'a> {
    pub(super) set: &'a [Fingerprint],
    pub(super) facts: &'a [RunFact],
    pub(super) groups: &'a Groups,
    /// The next run of the same job on the same commit or patch set.
    pub(super) next: &'a [Option<usize>],
}

impl Runs<'_> {
    /// Counts one window.
    pub(super) fn count(&self, window: Window) -> Counts {
        let mut counts = Counts {
            hits: vec![Hits::default(); self.set.len()],
            eligible: vec![Eligible::default(); self.groups.all.len()],
        };
        for (at, run) in self.final_runs(window) {
            let failed = match run.class() {
                ResultClass::Passed => false,
                ResultClass::Failed => true,
                ResultClass::Other => continue,
            };
            let eligible = &mut counts.eligible[self.groups.of[at]];
            eligible.runs += 1;
            eligible.passed_scanned += u64::from(!failed && run.scanned != Scanned::None);
            for hit in self.counting(at) {
                let hits = &mut counts.hits[hit.fingerprint as usize];
                self.add(hits, hit, at, window);
            }
        }
        counts
    }

    /// The final runs of a window.
    pub(super) fn final_runs(&self, window: Window) -> impl Iterator<Item = (usize, &RunFact)> {
        let runs = self.facts.iter().enumerate();
        runs.filter(move |(_, run)| run.is_final && window.contains(run.time))
    }

    /// The hits of a run that count: of fingerprints that can hit it, and general ones only where
    /// nothing specific hit.
    pub(super) fn counting(&self, run: usize) -> impl Iterator<Item = &HitFact> {
        let is_general = |hit: &HitFact| self.set[hit.fingerprint as usize].fallback;
        let all = move || {
            let hits = self.facts[run].hits.iter();
            hits.filter(move |hit| self.groups.is_eligible(run, hit.fingerprint))
        };
        let specific = all().any(|hit| !is_general(hit));
        all().filter(move |hit| !(specific && is_general(hit)))
    }

    fn add(&self, hits: &mut Hits, hit: &HitFact, at: usize, window: Window) {
        let run = &self.facts[at];
        let failed = run.class() == ResultClass::Failed;
        let recent = jiff::SignedDuration::from_hours(24);
        hits.events += hit.events;
        hits.failed += u64::from(failed);
        hits.passed += u64::from(!failed);
        hits.recent += u64::from(failed && window.until.duration_since(run.time) <= recent);
        hits.unchecked += u64::from(!hit.checked);
        hits.outdated += u64::from(!hit.current);
        hits.first = Some(hits.first.map_or(run.time, |first| first.min(run.time)));
        hits.last = Some(hits.last.map_or(run.time, |last| last.max(run.time)));
        if let Some(change) = run.meta.change().or(run.meta.sha()) {
            hits.changes.insert((run.field("project").to_owned(), change.to_owned()));
        }
        if let Some(next) = self.next[at] {
            hits.reruns.of += 1;
            hits.reruns.hits += u64::from(self.facts[next].class() == ResultClass::Passed);
        }
        let group = hits.groups.entry(self.groups.of[at]).or_default();
        group.0 += u64::from(failed);
        group.1 += u64::from(!failed);
        hits.times.push((run.time, failed, self.groups.of[at]));
    }
}

impl Hits {
    /// Runs hit, failed or passed.
    pub(super) fn runs(&self) -> u64 {
        self.failed + self.passed
    }
}

impl Counts {
    /// The runs that a fingerprint could have hit, in the slices that `admits` names.
    pub(super) fn eligible(
        &self,
        groups: &Groups,
        fingerprint: u32,
        admits: impl Fn(usize) -> bool,
    ) -> Eligible {
        let mut sum = Eligible::default();
        for (group, eligible) in groups.all.iter().zip(&self.eligible) {
            if groups.admits(group, fingerprint) && admits(group.slice) {
                sum.runs += eligible.runs;
                sum.passed_scanned += eligible.passed_scanned;
            }
        }
        sum
    }
}
