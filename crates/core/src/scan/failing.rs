//! The failure lines of one block.
//!
//! A log may be full of them, and only those nearest its end are ever shown: the block is looked at
//! from its end, and for each text no further than a few are found that say different things.

use std::{
    cell::{OnceCell, RefCell},
    ops::Range,
};

use memchr::{memchr, memchr_iter, memmem, memrchr};

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

/// Of most lines no more is read: twice what their pattern is held against, for what their format puts
/// before the message.
const FAR: usize = 2 * failure::MAX_LOOK;

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
    scan: &'a BlockScan<'a>,
    block: &'a [u8],
    sightings: &'a [Sighting],
    /// The number of the line at an offset.
    line_at: &'a dyn Fn(usize) -> u64,
    /// The events that more than one line is read of, in order. They are found in one walk: where an
    /// event begins may depend on all that stands before it.
    events: OnceCell<Vec<Range<usize>>>,
    /// The event whose last line was told last.
    told: RefCell<Range<usize>>,
    /// The sightings that tell of a task, by their places, and the tasks; read once, when a failure
    /// first asks for its task.
    tasks: OnceCell<Vec<(usize, String)>>,
}

impl<'a> Failing<'a> {
    pub(super) fn new(
        scan: &'a BlockScan<'a>,
        block: &'a [u8],
        sightings: &'a [Sighting],
        line_at: &'a dyn Fn(usize) -> u64,
    ) -> Failing<'a> {
        let (events, tasks) = (OnceCell::new(), OnceCell::new());
        Failing { scan, block, sightings, line_at, events, told: RefCell::default(), tasks }
    }

    /// All that the block says.
    pub(super) fn find(&self) -> Failures {
        let mut failures = Failures::default();
        if self.scan.splitter.format() == LogFormat::ZuulConsole {
            failures.head = self.lines_from(0, RESULT_LINES);
        } else {
            let first = &self.block[..memchr(b'\n', self.block).unwrap_or(self.block.len())];
            if memmem::find(&first[..first.len().min(FAR)], IGNORED.as_bytes()).is_some() {
                failures.head = self.lines_from(0, 1);
                failures.head.retain(|line| line.starts_with(IGNORED));
            }
        }
        // Texts of which the block can tell nothing more.
        let mut done = vec![false; failure::texts().len()];
        for (index, sighting) in self.sightings.iter().enumerate().rev() {
            let done = &mut done[usize::from(sighting.text)];
            let is_told = || {
                let position = sighting.position as usize;
                failure::tells_record(sighting.text) && self.told.borrow().contains(&position)
            };
            if *done || is_told() {
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
        let task = match failure.needs {
            Needs::None => None,
            Needs::Task | Needs::NextAndTask | Needs::RestAndTask(_) => self.task(index),
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

    /// The last task that began before a sighting.
    fn task(&self, index: usize) -> Option<String> {
        let tasks = self.tasks.get_or_init(|| {
            let all = self.sightings.iter().enumerate();
            let tasks = all.filter(|(_, sighting)| failure::is_task(sighting.text));
            let read = |(index, sighting)| match self.read(sighting) {
                Some(Said::Task(task)) => Some((index, task)),
                _ => None,
            };
            tasks.filter_map(read).collect()
        });
        let before = tasks.partition_point(|(place, _)| *place < index);
        tasks[..before].last().map(|(_, task)| task.clone())
    }

    fn read(&self, sighting: &Sighting) -> Option<Said> {
        let (start, raw) = self.line(sighting.position as usize)?;
        let record = self.scan.splitter.read_record(match failure::reads_far(sighting.text) {
            true => raw,
            false => &raw[..raw.len().min(FAR)],
        });
        let behind = |count: usize| self.lines_from(start + raw.len() + 1, count);
        let line = Line {
            text: &record.message,
            node: record.node,
            next: &|| self.next_of_record(start),
            last: &|| self.last_of_record(start),
            behind: &behind,
        };
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

    /// The event that the line at `start` is of.
    fn event(&self, start: usize) -> Option<&Range<usize>> {
        let events = self.events.get_or_init(|| {
            let read =
                self.sightings.iter().filter(|sighting| failure::reads_record(sighting.text));
            let mut cursor = self.scan.splitter.cursor(self.block);
            let mut events: Vec<Range<usize>> = Vec::new();
            for (start, _) in read.filter_map(|sighting| self.line(sighting.position as usize)) {
                if events.last().is_none_or(|last| last.end <= start) {
                    events.push(cursor.event_at(start));
                }
            }
            events
        });
        let place = events.partition_point(|event| event.end <= start);
        events.get(place).filter(|event| event.contains(&start))
    }

    /// The rest of the event from the line at `start` on, without the feed at its end.
    fn rest_of_record(&self, start: usize) -> &[u8] {
        let end = self.event(start).map_or(start, |event| event.end);
        let rest = &self.block[start..end];
        rest.strip_suffix(b"\n").unwrap_or(rest)
    }

    fn next_of_record(&self, start: usize) -> Option<String> {
        let rest = self.rest_of_record(start);
        let next = &rest[memchr(b'\n', rest)? + 1..];
        Some(self.text(&next[..memchr(b'\n', next).unwrap_or(next.len())]))
    }

    fn last_of_record(&self, start: usize) -> (u64, String) {
        let rest = self.rest_of_record(start);
        let last = memrchr(b'\n', rest).map_or(0, |feed| feed + 1);
        self.told.replace(self.event(start).cloned().unwrap_or_default());
        (count_lines(rest, last), self.text(&rest[last..]))
    }

    /// A line without what the log's format puts before it.
    fn text(&self, line: &[u8]) -> String {
        let line = without_returns(line);
        String::from_utf8_lossy(&line[self.scan.splitter.prefix_len(&line)..]).into_owned()
    }
}

/// The number of lines before an offset, counted: for blocks that were not looked at as a whole.
pub(super) fn count_lines(block: &[u8], at: usize) -> u64 {
    memchr_iter(b'\n', &block[..at]).count() as u64
}
