//! Blocks' reports to a log's report, in whatever order they come.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::{
    failure::{Needs, RESULT_LINES},
    log::Splitter,
};

use super::{
    around::{Context, Edges},
    block::{BlockReport, Place, Places},
    failing::{Failures, Found, KEPT},
    log_scan::{Keep, Log},
    report::{Evidence, FailureLine, LogHits, LogReport},
};

/// What the blocks of one log gave so far.
#[derive(Debug, Default)]
pub(super) struct Merge {
    /// Lines of each block, in the log's order.
    lines: Vec<u64>,
    events: u64,
    cut_events: u64,
    hits: Vec<(u32, Merged)>,
    /// For each fingerprint its place in `hits`, or [`NONE`]; of no more of them than needed.
    slots: Vec<u32>,
    failures: MergedFailures,
    edges: Edges,
}

const NONE: u32 = u32::MAX;

/// What a block gave, and its place in the log.
#[derive(Debug)]
pub(super) struct Scanned<'b> {
    pub(super) place: usize,
    /// Its clean text.
    pub(super) text: Cow<'b, [u8]>,
    pub(super) splitter: Splitter,
    pub(super) report: BlockReport,
}

/// A block's clean text and its place in the log.
#[derive(Clone, Copy, Debug)]
struct Source<'b> {
    place: usize,
    block: &'b [u8],
    splitter: Splitter,
}

/// One fingerprint's hits.
#[derive(Debug, Default)]
struct Merged {
    count: u64,
    /// The first and the last event so far, or all, in the order in which their blocks came.
    kept: Vec<Kept>,
}

/// An event's bytes, kept until the log is done: most of them give way to a later event, so they are
/// read into evidence only then.
#[derive(Debug)]
struct Kept {
    place: usize,
    splitter: Splitter,
    line: u64,
    raw: Vec<u8>,
    context: Context,
}

impl Merge {
    /// Takes in what a block gave.
    pub(super) fn add(&mut self, scanned: Scanned<'_>, keep: Keep) {
        let Scanned { place, text, splitter, report } = scanned;
        let block = &*text;
        let source = Source { place, block, splitter };
        self.edges.keep(place, &splitter, block, keep.context);
        if self.lines.len() <= place {
            self.lines.resize(place + 1, 0);
        }
        self.lines[place] = report.lines;
        self.events += report.events;
        self.cut_events += report.cut_events;
        self.failures.add(place, report.failures);
        for (fingerprint, places) in report.hits {
            let merged = self.merged(fingerprint);
            merged.count += places.count;
            if keep.all {
                let kept = places.kept().map(|event| Kept::new(&source, event, keep.context));
                merged.kept.extend(kept);
            } else {
                merged.keep_ends(&source, &places, keep.context);
            }
        }
    }

    fn merged(&mut self, fingerprint: u32) -> &mut Merged {
        let index = fingerprint as usize;
        if self.slots.len() <= index {
            self.slots.resize(index + 1, NONE);
        }
        let slot = &mut self.slots[index];
        if *slot == NONE {
            *slot = self.hits.len() as u32;
            self.hits.push((fingerprint, Merged::default()));
        }
        &mut self.hits[*slot as usize].1
    }

    /// Completes the log's report.
    pub(super) fn finish(mut self, log: &Log<'_>, report: &mut LogReport) {
        let mut line = 1;
        let mut first_lines = Vec::with_capacity(self.lines.len());
        for lines in &self.lines {
            first_lines.push(line);
            line += lines;
        }
        let edges = &self.edges;
        let evidence = |kept: Kept| {
            let line = first_lines[kept.place] + kept.line;
            let mut context = kept.context;
            edges.complete(kept.place, &mut context, log.keep.context);
            Evidence { context, ..log.evidence(&kept.splitter, line, &kept.raw) }
        };
        self.hits.sort_unstable_by_key(|(fingerprint, _)| *fingerprint);
        let hits = self.hits.into_iter().map(|(fingerprint, mut hits)| {
            // What one block gave is in order already.
            hits.kept.sort_by_key(|kept| kept.place);
            let evidence = hits.kept.into_iter().map(evidence).collect();
            LogHits { fingerprint, count: hits.count, evidence }
        });
        report.hits = hits.collect();
        // Whichever blocks were still looked at for them: nothing depends on the order of the threads.
        if !log.settled.is_settled() {
            report.failures = self.failures.finish(&first_lines, &report.file, |place, context| {
                edges.complete(place, context, log.keep.context);
            });
        }
        report.lines = line - 1;
        report.events = self.events;
        report.cut_events = self.cut_events;
    }
}

/// What the blocks of one log said of failures so far.
#[derive(Debug, Default)]
struct MergedFailures {
    /// By signal: the last ones, each message once.
    found: BTreeMap<u16, Vec<(usize, Found)>>,
    /// The task at work at the end of a block, where one began in it.
    tasks: BTreeMap<usize, String>,
    /// The first lines of a block, where they may be needed.
    heads: BTreeMap<usize, Vec<String>>,
}

impl MergedFailures {
    fn add(&mut self, place: usize, failures: Failures) {
        let Failures { found, task, head } = failures;
        self.tasks.extend(task.map(|task| (place, task)));
        if !head.is_empty() {
            self.heads.insert(place, head);
        }
        for failure in found {
            let same = self.found.entry(failure.failure.signal).or_default();
            same.push((place, failure));
            if same.len() > 8 * KEPT {
                keep_last(same, 4 * KEPT);
            }
        }
    }

    /// The log's failure lines, given the first line of each block, the last first. `complete` adds
    /// to the context of a place in a block what stands in others.
    fn finish(
        self,
        first_lines: &[u64],
        file: &str,
        complete: impl Fn(usize, &mut Context),
    ) -> Vec<FailureLine> {
        let MergedFailures { found, tasks, heads } = self;
        let mut lines = Vec::new();
        for mut same in found.into_values() {
            keep_last(&mut same, usize::MAX);
            // Which task was at work is known only now, and with it what says the same.
            let mut told: Vec<FailureLine> = Vec::with_capacity(KEPT);
            for (place, found) in same {
                let rest = (place + 1..).map_while(|next| heads.get(&next)).flatten();
                let rest = rest.take(RESULT_LINES).cloned().collect();
                let before = tasks.range(..place).next_back().map(|(_, task)| task.as_str());
                let Some(mut line) = found.told(file, rest, before) else { continue };
                line.line += first_lines[place];
                complete(place, &mut line.context);
                if told.len() < KEPT && !told.iter().any(|other| other.message == line.message) {
                    told.push(line);
                }
            }
            lines.extend(told);
        }
        lines.sort_by_key(|line| Reverse(line.line));
        lines
    }
}

impl Found {
    /// The failure as it is told, its line from the block's first; nothing where the rest of its
    /// result says that it was none. `before` is the task at work at the block's start.
    fn told(self, file: &str, rest: Vec<String>, before: Option<&str>) -> Option<FailureLine> {
        let Found { timestamp, failure, task, context, line } = self;
        let failure = failure.with_rest(rest)?;
        let task = match failure.needs {
            Needs::None => None,
            Needs::Task | Needs::NextAndTask | Needs::RestAndTask(_) => task.as_deref().or(before),
        };
        let message = match task {
            Some(task) => format!("TASK [{task}] {}", failure.message),
            None => failure.message,
        };
        Some(FailureLine {
            file: file.to_owned(),
            line: line + failure.lines_behind,
            message,
            kind: failure.kind,
            context,
            weight: failure.weight,
            words: failure.words,
            timestamp,
        })
    }
}

/// Leaves the last failures, no more than so many, of which each may say something that the others
/// do not.
fn keep_last(same: &mut Vec<(usize, Found)>, most: usize) {
    same.sort_by_key(|(place, found)| Reverse((*place, found.line)));
    let mut kept: Vec<(usize, Found)> = Vec::new();
    for (place, found) in same.drain(..) {
        // Two failures of tasks that began before their blocks may be of different tasks.
        let is_settled = found.task.is_some() || found.failure.needs == Needs::None;
        let says = |(other_place, other): &(usize, Found)| {
            other.failure.message == found.failure.message
                && other.task == found.task
                && (is_settled || *other_place == place)
        };
        if kept.len() < most && !kept.iter().any(says) {
            kept.push((place, found));
        }
    }
    *same = kept;
}

impl Merged {
    /// Keeps the first and the last event of all blocks so far.
    fn keep_ends(&mut self, source: &Source<'_>, places: &Places, context: usize) {
        let goes_on = matches!(&self.kept[..], [_, last] if last.place < source.place);
        // As blocks nearly always come: only the last event counts.
        let kept = places.kept().skip(if goes_on { places.kept().count() - 1 } else { 0 });
        for event in kept {
            match &mut self.kept[..] {
                [] | [_] => {
                    self.kept.push(Kept::new(source, event, context));
                    self.kept.sort_by_key(|kept| (kept.place, kept.line));
                }
                [first, last, ..] => {
                    let at = (source.place, u64::from(event.line));
                    if at < (first.place, first.line) {
                        first.replace(source, event, context);
                    } else if at >= (last.place, last.line) {
                        last.replace(source, event, context);
                    }
                }
            }
        }
    }
}

impl Kept {
    fn new(source: &Source<'_>, event: &Place, context: usize) -> Kept {
        let Source { place, block, splitter } = *source;
        let (start, end) = event.range();
        let raw = block[start..end].to_vec();
        let context = Context::within(&splitter, block, (start, end), context);
        Kept { place, splitter, line: event.line.into(), raw, context }
    }

    fn replace(&mut self, source: &Source<'_>, event: &Place, context: usize) {
        let (start, end) = event.range();
        self.context = Context::within(&source.splitter, source.block, (start, end), context);
        self.raw.clear();
        self.raw.extend_from_slice(&source.block[start..end]);
        (self.place, self.splitter, self.line) = (source.place, source.splitter, event.line.into());
    }
}

#[cfg(test)]
mod tests {
    use crate::log::{LogFormat, Profile};

    use super::*;

    /// A block whose events of one byte each, at these places, hit.
    fn add(merged: &mut Merged, place: usize, hits: &[usize]) {
        let event = |&at: &usize| {
            let mut event = Place::new(at..at + 1);
            event.line = at as u32;
            event
        };
        let mut places = Places::new(event(&hits[0]));
        hits[1..].iter().for_each(|at| places.add(event(at), false));
        let splitter = Splitter::new(LogFormat::Plain, Profile::Lines);
        merged.keep_ends(&Source { place, block: b"0123456789", splitter }, &places, 0);
    }

    #[test]
    fn the_first_and_the_last_event_are_kept_in_whatever_order_blocks_come() {
        let blocks: [(usize, &[usize]); 4] =
            [(0, &[3]), (1, &[1, 4, 8]), (2, &[2, 5]), (3, &[0, 9])];
        let orders =
            [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 1, 3], [1, 0, 3, 2], [2, 1, 0, 3], [1, 3, 2, 0]];
        for order in orders {
            for count in 1..=order.len() {
                let mut merged = Merged::default();
                let taken = &order[..count];
                taken.iter().for_each(|&index| add(&mut merged, blocks[index].0, blocks[index].1));
                let events = taken.iter().flat_map(|&index| {
                    blocks[index].1.iter().map(move |&at| (blocks[index].0, at as u64))
                });
                let (first, last) = (events.clone().min(), events.clone().max());
                let kept: Vec<_> = merged.kept.iter().map(|kept| (kept.place, kept.line)).collect();
                let expected: Vec<_> =
                    if events.count() == 1 { vec![first] } else { vec![first, last] };
                assert_eq!(kept, Vec::from_iter(expected.into_iter().flatten()), "{taken:?}");
                for kept in &merged.kept {
                    assert_eq!(kept.raw, kept.line.to_string().as_bytes());
                }
            }
        }
    }
}
