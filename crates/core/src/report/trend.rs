//! This window against the one before.

use std::fmt;

use serde::Serialize;

use super::{
    proportion::Proportion,
    significance::{benjamini_hochberg, p_value},
};

/// The share of false "worse" and "better" that is put up with among all that are told.
const FALSE_DISCOVERY_RATE: f64 = 0.05;

/// How a bug fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It hit, and never had before this window.
    New,
    /// It hit, had hit before, but nothing that counts in the window before; or its bug is closed.
    Back,
    /// It hits significantly more often than in the window before.
    Worse,
    /// It hits significantly less often.
    Better,
    /// It hits about as often.
    Steady,
    /// It hit in the window before and not in this one.
    Gone,
    /// It hit in neither.
    Quiet,
}

impl fmt::Display for Status {
    /// The word that the JSON has.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Status::New => "new",
            Status::Back => "back",
            Status::Worse => "worse",
            Status::Better => "better",
            Status::Steady => "steady",
            Status::Gone => "gone",
            Status::Quiet => "quiet",
        })
    }
}

/// The comparison with the window before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// What came of it.
    pub status: Status,
    /// The test that decided between worse, better and steady: `fisher-mid-p`, corrected for the
    /// number of fingerprints by Benjamini and Hochberg; none where no test was needed.
    pub test: Option<&'static str>,
    /// Its p value, not corrected.
    pub p_value: Option<f64>,
    /// Whether the fingerprint's query was changed between the two windows, or in one of them: then
    /// they are not compared.
    pub query_changed: bool,
}

/// What a trend is told from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared {
    pub(super) now: Proportion,
    pub(super) before: Proportion,
    /// It hit before this window, be it a run that does not count.
    pub(super) earlier: bool,
    pub(super) closed: bool,
    pub(super) query_changed: bool,
}

impl Compared {
    /// The status where the counts alone decide.
    fn without_test(&self) -> Option<Status> {
        match (self.now.hits, self.before.hits) {
            (0, 0) => Some(Status::Quiet),
            (0, _) => Some(Status::Gone),
            (_, 0) if self.earlier => Some(Status::Back),
            (_, 0) if self.closed => Some(Status::Back),
            (_, 0) => Some(Status::New),
            _ if self.query_changed || self.before.of == 0 || self.now.of == 0 => {
                Some(Status::Steady)
            }
            _ => None,
        }
    }
}

/// The trends of all fingerprints. Together, as the more are tested the stronger each must differ.
pub(super) fn trends(compared: &[Compared]) -> Vec<Trend> {
    let is_tested = |one: &&Compared| one.without_test().is_none();
    let p_values: Vec<f64> =
        compared.iter().filter(is_tested).map(|one| p_value(one.now, one.before)).collect();
    let significant = benjamini_hochberg(&p_values, FALSE_DISCOVERY_RATE);
    let mut tested = p_values.into_iter().zip(significant);
    let trend = |one: &Compared| {
        let query_changed = one.query_changed;
        if let Some(status) = one.without_test() {
            return Trend { status, test: None, p_value: None, query_changed };
        }
        let (p_value, significant) = tested.next().unwrap_or((1.0, false));
        let status = match (significant, one.now.percentage() > one.before.percentage()) {
            (false, _) => Status::Steady,
            (true, true) => Status::Worse,
            (true, false) => Status::Better,
        };
        Trend { status, test: Some("fisher-mid-p"), p_value: Some(p_value), query_changed }
    };
    compared.iter().map(trend).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(now: u64, before: u64) -> Compared {
        Compared {
            now: Proportion { hits: now, of: 1_000 },
            before: Proportion { hits: before, of: 1_000 },
            earlier: false,
            closed: false,
            query_changed: false,
        }
    }

    fn status(one: Compared) -> Status {
        trends(&[one])[0].status
    }

    #[test]
    fn counts_alone_decide_at_the_edges() {
        assert_eq!(status(compared(0, 0)), Status::Quiet);
        assert_eq!(status(compared(0, 1)), Status::Gone);
        assert_eq!(status(compared(1, 0)), Status::New);
        assert_eq!(status(Compared { earlier: true, ..compared(1, 0) }), Status::Back);
        assert_eq!(status(Compared { closed: true, ..compared(1, 0) }), Status::Back);
    }

    #[test]
    fn only_what_is_significant_is_worse_or_better() {
        assert_eq!(status(compared(12, 10)), Status::Steady);
        assert_eq!(status(compared(40, 10)), Status::Worse);
        assert_eq!(status(compared(10, 40)), Status::Better);
        let changed = Compared { query_changed: true, ..compared(40, 10) };
        let trend = &trends(&[changed])[0];
        assert_eq!((trend.status, trend.p_value), (Status::Steady, None));
    }

    #[test]
    fn many_fingerprints_make_each_harder_to_call() {
        assert_eq!(status(compared(22, 10)), Status::Worse);
        let mut all = vec![compared(10, 10); 200];
        all.push(compared(22, 10));
        assert!(trends(&all).iter().all(|trend| trend.status == Status::Steady));
    }
}
