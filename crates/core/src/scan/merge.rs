//! Blocks' reports to a log's report, in whatever order they come.

use std::collections::BTreeMap;

use crate::log::Splitter;

use super::{
    block::{BlockReport, Place, Places},
    log_scan::Log,
    report::{LogHits, LogReport},
};

/// What the blocks of one log gave so far.
#[derive(Debug, Default)]
pub(super) struct Merge {
    /// Lines of each block, in the log's order.
    lines: Vec<u64>,
    events: u64,
    cut_events: u64,
    hits: BTreeMap<u32, Merged>,
}

/// A block and its place in the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'b> {
    pub(super) place: usize,
    pub(super) block: &'b [u8],
    pub(super) splitter: Splitter,
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
}

impl Merge {
    /// Takes in what a block gave. With `all` every hit is kept, else the first and the last.
    pub(super) fn add(&mut self, source: Source<'_>, report: BlockReport, all: bool) {
        let Source { place, .. } = source;
        if self.lines.len() <= place {
            self.lines.resize(place + 1, 0);
        }
        self.lines[place] = report.lines;
        self.events += report.events;
        self.cut_events += report.cut_events;
        for (fingerprint, places) in report.hits {
            let merged = self.hits.entry(fingerprint).or_default();
            merged.count += places.count;
            if all {
                merged.kept.extend(places.kept().map(|event| Kept::new(&source, event)));
            } else {
                merged.keep_ends(&source, &places);
            }
        }
    }

    /// Completes the log's report.
    pub(super) fn finish(self, log: &Log<'_>, report: &mut LogReport) {
        let mut line = 1;
        let mut first_lines = Vec::with_capacity(self.lines.len());
        for lines in &self.lines {
            first_lines.push(line);
            line += lines;
        }
        let evidence = |kept: &Kept| {
            log.evidence(&kept.splitter, first_lines[kept.place] + kept.line, &kept.raw)
        };
        let hits = self.hits.into_iter().map(|(fingerprint, mut hits)| {
            // What one block gave is in order already.
            hits.kept.sort_by_key(|kept| kept.place);
            let evidence = hits.kept.iter().map(evidence).collect();
            LogHits { fingerprint, count: hits.count, evidence }
        });
        report.hits = hits.collect();
        report.lines = line - 1;
        report.events = self.events;
        report.cut_events = self.cut_events;
    }
}

impl Merged {
    /// Keeps the first and the last event of all blocks so far.
    fn keep_ends(&mut self, source: &Source<'_>, places: &Places) {
        for event in places.kept() {
            match &mut self.kept[..] {
                [] | [_] => {
                    self.kept.push(Kept::new(source, event));
                    self.kept.sort_by_key(|kept| (kept.place, kept.line));
                }
                [first, last, ..] => {
                    let at = (source.place, event.line);
                    if at < (first.place, first.line) {
                        first.replace(source, event);
                    } else if at >= (last.place, last.line) {
                        last.replace(source, event);
                    }
                }
            }
        }
    }
}

impl Kept {
    fn new(source: &Source<'_>, event: &Place) -> Kept {
        let raw = source.block[event.event.clone()].to_vec();
        Kept { place: source.place, splitter: source.splitter, line: event.line, raw }
    }

    fn replace(&mut self, source: &Source<'_>, event: &Place) {
        self.raw.clear();
        self.raw.extend_from_slice(&source.block[event.event.clone()]);
        (self.place, self.splitter, self.line) = (source.place, source.splitter, event.line);
    }
}
