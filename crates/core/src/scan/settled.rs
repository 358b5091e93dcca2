//! Whether a run's verdict is settled while its logs are still scanned.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::{
    fingerprint::Fingerprint,
    run::{ResultClass, RunMeta},
};

/// Blocks of a log that are scanned for the texts of failures in any case: to build a search without
/// them takes half a millisecond or more, which only a log that goes on as long again wins back.
const EARLY: usize = 32;

/// Tells as soon as a run is known, or has passed: no failure lines are told of it then, so that they
/// need not be looked for in what is left of its logs.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// The fingerprints whose hits make a run known, whatever else there is in it.
    by: Vec<bool>,
    is_settled: AtomicBool,
}

impl Settled {
    pub(super) fn new(fingerprints: &[Fingerprint], meta: &RunMeta) -> Settled {
        let settles = |fingerprint: &Fingerprint| {
            // Which tests failed is known when all logs were read.
            let is_certain = !fingerprint.fallback && fingerprint.test_ids.is_empty();
            is_certain && counts(fingerprint, meta)
        };
        Settled {
            by: fingerprints.iter().map(settles).collect(),
            is_settled: AtomicBool::new(meta.result_class() == ResultClass::Passed),
        }
    }

    /// Takes note of fingerprints that hit.
    pub(super) fn see(&self, hits: impl IntoIterator<Item = u32>) {
        let settles = |hit: u32| self.by.get(hit as usize).is_some_and(|settles| *settles);
        if !self.is_settled() && hits.into_iter().any(settles) {
            self.is_settled.store(true, Relaxed);
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        self.is_settled.load(Relaxed)
    }

    /// Whether a block at this place of its log is worth a search of its own kind.
    pub(super) fn pays_at(&self, place: usize) -> bool {
        place >= EARLY && self.is_settled()
    }
}

/// Whether a hit of this fingerprint counts: runs that do not vote count only for fingerprints that say so
/// (elastic-recheck's rule; unknown counts as voting).
pub(super) fn counts(fingerprint: &Fingerprint, meta: &RunMeta) -> bool {
    fingerprint.allow_nonvoting || meta.is_voting()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint() -> Fingerprint {
        Fingerprint { id: "a".to_owned(), ..Fingerprint::default() }
    }

    #[test]
    fn only_what_makes_a_run_known_for_certain_settles_it() {
        let all = [
            Fingerprint { fallback: true, ..fingerprint() },
            Fingerprint { test_ids: vec!["t".to_owned()], ..fingerprint() },
            fingerprint(),
        ];
        let settled = Settled::new(&all, &RunMeta::default());
        settled.see([0, 1, 3]);
        assert!(!settled.is_settled());
        settled.see([0, 2]);
        assert!(settled.is_settled());
    }

    #[test]
    fn what_does_not_vote_and_what_has_passed() {
        let voting = |voting: &str, allow_nonvoting| {
            let mut meta = RunMeta::default();
            meta.push("voting", voting);
            let settled = Settled::new(&[Fingerprint { allow_nonvoting, ..fingerprint() }], &meta);
            settled.see([0]);
            settled.is_settled()
        };
        assert_eq!(
            [voting("1", false), voting("0", false), voting("0", true)],
            [true, false, true]
        );
        let mut meta = RunMeta::default();
        meta.push("build_status", "SUCCESS");
        assert!(Settled::new(&[], &meta).is_settled());
    }
}
