//! Which failure lines of a run are told.

use std::cmp::Reverse;

use crate::failure::FailureWeight;

use super::report::{FailureLine, LogReport};

/// Lines told of a run.
const MOST: usize = 5;

/// A failure line and how near it is to the end of its run.
struct Placed<'a> {
    line: &'a FailureLine,
    /// Its time, or that of the timed one before it in its log: lines without a time stand among
    /// those that have one.
    timestamp: Option<&'a str>,
    lines_left: u64,
}

/// The lines that say most, the most telling first, and of equal ones that nearest the end of the
/// run. What says little is told only where nothing says more.
pub(super) fn choose(logs: &[LogReport]) -> Vec<FailureLine> {
    let mut lines: Vec<Placed<'_>> = logs.iter().flat_map(placed).collect();
    let Some(best) = lines.iter().map(|placed| placed.line.weight).min() else {
        return Vec::new();
    };
    lines.retain(|placed| placed.line.weight <= best.max(FailureWeight::Likely));
    lines.sort_by(|one, other| one.rank().cmp(&other.rank()));
    let mut chosen: Vec<FailureLine> = Vec::with_capacity(MOST);
    for Placed { line, .. } in lines {
        if chosen.len() < MOST && !chosen.iter().any(|other| says_the_same(other, line)) {
            chosen.push(line.clone());
        }
    }
    chosen
}

impl<'a> Placed<'a> {
    fn rank(&self) -> impl Ord + use<'a> {
        let FailureLine { weight, ref file, .. } = *self.line;
        (weight, self.timestamp.is_none(), Reverse(self.timestamp), self.lines_left, file)
    }
}

/// The failure lines of a log with their places.
fn placed(log: &LogReport) -> Vec<Placed<'_>> {
    let mut before = None;
    let mut lines = Vec::with_capacity(log.failures.len());
    for line in log.failures.iter().rev() {
        before = line.timestamp.as_deref().or(before);
        let lines_left = log.lines.saturating_sub(line.line);
        lines.push(Placed { line, timestamp: before, lines_left });
    }
    lines
}

/// Whether a line adds nothing to another one: one says all that the other says.
fn says_the_same(one: &FailureLine, other: &FailureLine) -> bool {
    one.message.contains(&other.message) || other.message.contains(&one.message)
}
