//! How often each bug bites: the statistics of runs over a window.
//!
//! Pure functions over [facts](RunFact) that somebody else keeps. Counts stay counts until they are
//! shown; what is a proportion, which interval it has and when a change is more than chance is in
//! [`proportion`](Proportion) and [`significance`](p_value), each with its source.

mod count;
mod facts;
mod overall;
mod proportion;
mod rerun;
mod row;
mod significance;
#[cfg(test)]
mod tests;
mod trend;

pub use self::{
    facts::{HitFact, RunFact, Scanned, Seen, Window},
    overall::{Overall, UnclassifiedJob, UnclassifiedRun},
    proportion::Proportion,
    row::{By, Cell, Part, Report, Reruns, Row, SeriesPoint},
    significance::{benjamini_hochberg, p_value},
    trend::{Status, Trend},
};
