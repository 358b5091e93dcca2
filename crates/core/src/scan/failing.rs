//! The failure lines of one block.
//!
//! A log may be full of them, and only those nearest its end are ever shown: the block is looked at
//! from its end, and for each text no further than a few are found that say different things.

use memchr::{memchr, memchr_iter, memrchr};

use crate::{
    failure::{self, Failure, IGNORED, Line, Needs, RESULT_LINES, Said},
    fields::FieldValues,
    log::{LogFormat, without_returns},
    matcher::Sighting,
};

use super::{
    around::{Context, lines_after},
    block::BlockScan,
};

/// Failure lines kept of each signal, in a block and in a log; no more are shown of a run.
pub(super) const KEPT: usize = 5;
/// What tells a failure stands at most so many bytes behind the start of its line: farther behind it
/// is quoted, as in the arguments of a command.
const NEAR: usize = 512;
/// Bytes of a line that are read.
const MAX_LINE: usize = 64 * 1024;

/// What a block says of failures.
#[derive(Debug, Default)]
pub(super) struct Failures {
    /// The failure lines, the last first.
    pub(super) found: Vec<Found>,
    /// The task at work at the block's end, if one began in the block.
    pub(super) task: Option<String>,
    /// The block's first lines, where a result that began before may go on in them.
    pub(super) head: Vec<String>,
}

/// One failure line.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The line of its signal, from the block's first, which is 0.
    pub(super) line: u64,
    pub(super) timestamp: Option<String>,
    pub(super) failure: Failure,
    /// The task at work, where the block tells.
    pub(super) task: Option<String>,
    /// The lines round it, as far as they are in the block.
    pub(super) context: Context,
}

/// Reads the lines of a block's sightings.
pub(super) struct Failing<'a> {
    pub(super) scan: &'a BlockScan<'a>,
    pub(super) block: &'a [u8],
    pub(super) sightings: &'a [Sighting],
    /// The number of the line at an offset.
    pub(super) line_at: &'a dyn Fn(usize) -> u64,
}

impl Failing<'_> {
    /// All that the block says.
    pub(super) fn find(&self) -> Failures {
        let mut failures = Failures::default();
        if self.scan.splitter.format() == LogFormat::ZuulConsole {
            failures.head = self.lines_from(0, RESULT_LINES);
        } else {
            failures.head = self.lines_from(0, 1);
            failures.head.retain(|line| line.starts_with(IGNORED));
        }
        // Texts of which the block can tell nothing more.
        let mut done = vec![false; failure::texts().len()];
        for (index, sighting) in self.sightings.iter().enumerate().rev() {
            let done = &mut done[usize::from(sighting.text)];
            if *done {
                continue;
            }
            match self.read(sighting) {
                None => {}
                Some(Said::Task(task)) => {
                    failures.task.get_or_insert(task);
                    *done = failure::signals(sighting.text).count() == 1;
                }
                Some(Said::Failure(failure)) => {
                    failures.found.extend(self.found(index, failure, &failures.found));
                    *done = failure::told_signals(sighting.text).all(|signal| {
                        let same = failures.found.iter();
                        same.filter(|found| found.failure.signal == signal).count() >= KEPT
                    });
                }
            }
        }
        failures
    }

    /// A failure with what stands round it, unless it is one of those found already.
    fn found(&self, index: usize, failure: Failure, found: &[Found]) -> Option<Found> {
        let same = found.iter().filter(|other| other.failure.signal == failure.signal);
        if same.clone().count() >= KEPT {
            return None;
        }
        let position = self.sightings[index].position as usize;
        let before = &self.sightings[..index];
        let task = match failure.needs {
            Needs::None => None,
            Needs::Task | Needs::NextAndTask | Needs::RestAndTask(_) => self.task(before),
        };
        let is_same =
            |other: &Found| other.failure.message == failure.message && other.task == task;
        if same.clone().any(is_same) {
            return None;
        }
        let (start, raw) = self.line(position)?;
        let mut record = self.scan.splitter.read_record(raw);
        record.resolve_time(self.scan.time);
        let timestamp = record.values("@timestamp").iter().next().map(str::to_owned);
        let line = (self.line_at)(start);
        let context = self.context(start, failure.lines_behind);
        Some(Found { line, timestamp, failure, task, context })
    }

    /// The last task that began before.
    fn task(&self, before: &[Sighting]) -> Option<String> {
        let mut before = before.iter().rev().filter(|sighting| failure::is_task(sighting.text));
        before.find_map(|sighting| match self.read(sighting) {
            Some(Said::Task(task)) => Some(task),
            _ => None,
        })
    }

    fn read(&self, sighting: &Sighting) -> Option<Said> {
        let (start, raw) = self.line(sighting.position as usize)?;
        let record = self.scan.splitter.read_record(raw);
        let lines = || self.record(start);
        let behind = |count: usize| self.lines_from(start + raw.len() + 1, count);
        let line =
            Line { text: &record.message, node: record.node, record: &lines, behind: &behind };
        failure::read(sighting.text, &line)
    }

    /// The line round a position, and where it starts; nothing where that is too far before.
    fn line(&self, position: usize) -> Option<(usize, &[u8])> {
        let from = position.saturating_sub(NEAR);
        let start = match memrchr(b'\n', &self.block[from..position]) {
            Some(at) => from + at + 1,
            None if from == 0 => 0,
            None => return None,
        };
        let rest = &self.block[start..];
        let rest = &rest[..rest.len().min(MAX_LINE)];
        Some((start, &rest[..memchr(b'\n', rest).unwrap_or(rest.len())]))
    }

    /// The lines round the line that is so many behind the one at `start`.
    fn context(&self, start: usize, lines_behind: u64) -> Context {
        let end_from = |from: usize| {
            memchr(b'\n', &self.block[from..]).map_or(self.block.len(), |at| from + at + 1)
        };
        let start = (0..lines_behind).fold(start, |start, _| end_from(start));
        let BlockScan { splitter, keep, .. } = self.scan;
        Context::within(splitter, self.block, (start, end_from(start)), keep.context)
    }

    /// The texts of so many lines, fewer at the block's end.
    fn lines_from(&self, start: usize, count: usize) -> Vec<String> {
        lines_after(self.scan.splitter, self.block.get(start..).unwrap_or_default(), count)
    }

    /// The texts of the lines from this one to the end of its event.
    fn record(&self, start: usize) -> Vec<String> {
        let event = self.scan.splitter.cursor(self.block).event_at(start);
        let raw = without_returns(&self.block[start..event.end]);
        let text = raw.strip_suffix(b"\n").unwrap_or(&raw);
        let lines = text.split(|&byte| byte == b'\n');
        let texts = lines.map(|line| &line[self.scan.splitter.prefix_len(line)..]);
        texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    }
}

/// The number of lines before an offset, counted: for blocks that were not looked at as a whole.
pub(super) fn count_lines(block: &[u8], at: usize) -> u64 {
    memchr_iter(b'\n', &block[..at]).count() as u64
}
