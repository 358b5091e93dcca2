//! Blocks' reports to a log's report, in whatever order they come.

use std::collections::BTreeMap;

use super::{
    block::BlockReport,
    report::{Evidence, LogHits, LogReport},
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

/// One fingerprint's hits.
#[derive(Debug, Default)]
struct Merged {
    count: u64,
    /// The evidence with its block's place in the log.
    evidence: Vec<(usize, Evidence)>,
}

impl Merge {
    /// Takes in what the block at this place of the log gave. With `all` every hit is kept, else
    /// the first and the last.
    pub(super) fn add(&mut self, place: usize, block: BlockReport, all: bool) {
        if self.lines.len() <= place {
            self.lines.resize(place + 1, 0);
        }
        self.lines[place] = block.lines;
        self.events += block.events;
        self.cut_events += block.cut_events;
        for (fingerprint, hits) in block.hits {
            let merged = self.hits.entry(fingerprint).or_default();
            merged.count += hits.count;
            merged.evidence.extend(hits.evidence.into_iter().map(|hit| (place, hit)));
            if !all {
                merged.keep_ends();
            }
        }
    }

    /// Completes the log's report.
    pub(super) fn finish(self, report: &mut LogReport) {
        let mut line = 1;
        let first_lines: Vec<u64> = self
            .lines
            .iter()
            .map(|lines| {
                let first = line;
                line += lines;
                first
            })
            .collect();
        let placed = |(place, mut hit): (usize, Evidence)| {
            hit.line += first_lines[place];
            hit
        };
        report.lines = line - 1;
        report.events = self.events;
        report.cut_events = self.cut_events;
        let hits = self.hits.into_iter().map(|(fingerprint, mut hits)| {
            hits.sort();
            let evidence = hits.evidence.into_iter().map(placed).collect();
            LogHits { fingerprint, count: hits.count, evidence }
        });
        report.hits = hits.collect();
    }
}

impl Merged {
    /// Into the log's order; what one block gave is in order already.
    fn sort(&mut self) {
        self.evidence.sort_by_key(|(place, _)| *place);
    }

    /// Drops all but the first and the last.
    fn keep_ends(&mut self) {
        self.sort();
        let count = self.evidence.len();
        if count > 2 {
            self.evidence.drain(1..count - 1);
        }
    }
}
