//! One block of whole events: candidates to events to hits.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use super::{
    failing::{Failing, Failures, count_lines},
    log_scan::Keep,
};
use crate::{
    fields::{FieldValues, Fields, Values},
    log::{self, EventCount, Lines, MAX_EVENT, Record, Splitter, TimeContext},
    matcher::{EventText, Haystack, Matcher, Narrowed, Scratch, Seen, Sighting, Sweep},
};

/// What blocks of one log share.
#[derive(Clone, Copy)]
pub(super) struct BlockScan<'a> {
    pub(super) matcher: &'a Matcher,
    pub(super) narrowed: &'a Narrowed,
    pub(super) splitter: &'a Splitter,
    /// Its constant fields.
    pub(super) file: &'a Fields,
    pub(super) time: &'a TimeContext,
    pub(super) keep: Keep,
    /// Whether the failure lines are of use, if the matcher was built to look for them.
    pub(super) wants_failures: bool,
    /// Whether their texts are looked for: see [`Settled::pays_at`](super::settled::Settled::pays_at).
    pub(super) has_texts: bool,
}

/// What one block gave.
#[derive(Debug, Default)]
pub(super) struct BlockReport {
    pub(super) lines: u64,
    pub(super) events: u64,
    pub(super) cut_events: u64,
    /// The fingerprints that hit, in the order of their first hits.
    pub(super) hits: Vec<(u32, Places)>,
    /// What it says of failures, if the matcher looks for that.
    pub(super) failures: Failures,
}

/// Where one fingerprint hit within a block.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) count: u64,
    pub(super) first: Place,
    /// The last event, if there is more than one.
    pub(super) last: Option<Place>,
    /// The events between those two, where all are kept.
    pub(super) between: Vec<Place>,
}

impl Places {
    pub(super) fn new(first: Place) -> Places {
        Places { count: 1, first, last: None, between: Vec::new() }
    }

    pub(super) fn add(&mut self, place: Place, all: bool) {
        self.count += 1;
        let before = self.last.replace(place);
        self.between.extend(before.filter(|_| all));
    }

    /// The events kept, in order.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Place> {
        [&self.first].into_iter().chain(&self.between).chain(&self.last)
    }

    fn kept_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        [&mut self.first].into_iter().chain(&mut self.between).chain(&mut self.last)
    }
}

/// One event of a block. Places in a block are below 4 GiB, as candidates are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    start: u32,
    end: u32,
    /// Its first line, from the block's first, which is 0.
    pub(super) line: u32,
}

impl Place {
    pub(super) fn new(event: Range<usize>) -> Place {
        Place { start: event.start as u32, end: event.end as u32, line: 0 }
    }

    /// Its bytes in the block.
    pub(super) fn range(&self) -> (usize, usize) {
        (self.start as usize, self.end as usize)
    }
}

impl BlockScan<'_> {
    /// Scans a block that begins and ends at event borders; there is no report if nothing looked for terminal
    /// traffic in it before and it has some. Nothing in the report depends on what stands before the block: its
    /// lines count from 0.
    pub(super) fn scan(&self, block: Haystack<'_>, scratch: &mut Scratch) -> Option<BlockReport> {
        let Haystack { bytes, sweep } = block;
        let mut walk = Walk::new(self, bytes);
        let found = if bytes.len() < MAX_EVENT {
            let lines = walk.find(block, 0, scratch)?;
            (lines, walk.events_at_once(lines, scratch))
        } else if sweep == Sweep::Done || log::is_clean(bytes) {
            (walk.events_apart(scratch), self.splitter.count(bytes))
        } else {
            return None;
        };
        Some(self.report(walk, found, scratch))
    }

    /// What a block gave, given the number of its line feeds and of its events.
    fn report(
        &self,
        mut walk: Walk<'_>,
        (lines, count): (u64, EventCount),
        scratch: &mut Scratch,
    ) -> BlockReport {
        let block = walk.block;
        if !self.narrowed.always().is_empty() {
            walk.every_event_hits(count.events);
        }
        let Walk { mut hits, sightings, .. } = walk;
        for place in hits.iter_mut().flat_map(|(_, places)| places.kept_mut()) {
            place.line = self.line_at(block, place.start as usize, scratch) as u32;
        }
        scratch.forget_slots(hits.iter().map(|(fingerprint, _)| *fingerprint));
        let failures = self.failures(block, &sightings, scratch);
        BlockReport { lines, events: count.events, cut_events: count.cut, hits, failures }
    }

    /// What a block says of failures.
    fn failures(&self, block: &[u8], sightings: &[Sighting], scratch: &Scratch) -> Failures {
        if !(self.wants_failures && self.matcher.has_failure_lines()) {
            return Failures::default();
        }
        let line_at = |at: usize| self.line_at(block, at, scratch);
        Failing::new(self, block, sightings, &line_at).find()
    }

    /// The number of the line that begins at `start`. It is asked of few places only: to keep count
    /// from hit to hit would count all lines.
    fn line_at(&self, block: &[u8], start: usize, scratch: &Scratch) -> u64 {
        if block.len() < MAX_EVENT {
            scratch.feeds_before(start)
        } else {
            count_lines(block, start)
        }
    }
}

/// The way through one block.
struct Walk<'a> {
    scan: &'a BlockScan<'a>,
    block: &'a [u8],
    hits: Vec<(u32, Places)>,
    sightings: Vec<Sighting>,
}

impl<'a> Walk<'a> {
    fn new(scan: &'a BlockScan<'a>, block: &'a [u8]) -> Walk<'a> {
        Walk { scan, block, hits: Vec::new(), sightings: Vec::new() }
    }

    /// Fingerprints that match whatever an event says: their hits are counted, not found.
    fn every_event_hits(&mut self, events: u64) {
        let splitter = self.scan.splitter;
        let mut cursor = splitter.cursor(self.block);
        let mut ranges = Vec::new();
        if self.scan.keep.all {
            ranges.extend(std::iter::from_fn(|| cursor.next_event()));
        } else if let Some(last) = self.block.len().checked_sub(1) {
            ranges.extend(cursor.next_event());
            ranges.push(splitter.cursor(self.block).event_at(last));
            ranges.dedup();
        }
        let mut places = ranges.into_iter().map(Place::new);
        let Some(first) = places.next() else { return };
        let last = places.next_back();
        let between: Vec<Place> = places.collect();
        for &fingerprint in self.scan.narrowed.always() {
            let between = between.clone();
            self.hits.push((fingerprint, Places { count: events, first, last, between }));
        }
    }

    /// Evaluates the events of a block that was looked over as a whole, given the number of its line feeds;
    /// returns the number of its events.
    fn events_at_once(&mut self, lines: u64, scratch: &mut Scratch) -> EventCount {
        let (feeds, mut room) = scratch.take_feeds();
        let known = Lines::known(self.block, &feeds);
        let marks = scratch.stack_trace_words();
        let ends = self.scan.splitter.ends((known, lines), marks, &mut room);
        let mut next = 0;
        let mut end = 0;
        loop {
            let position = if self.scan.narrowed.needs_every_event() {
                Some(end).filter(|&end| end < self.block.len())
            } else {
                scratch.candidates().get(next).map(|candidate| candidate.position as usize)
            };
            let Some(position) = position else { break };
            let event = ends.event_at(position);
            end = event.end;
            let candidates = &scratch.candidates()[next..];
            let inside =
                candidates.iter().take_while(|candidate| (candidate.position as usize) < end);
            let due = next..next + inside.count();
            next = due.end;
            let feed = known.first_feed(event.clone());
            let is_line = feed.is_none_or(|feed| feed + 1 == end);
            self.event(0, (event, is_line), due, scratch);
        }
        let count = ends.count;
        scratch.give_feeds((feeds, room));
        count
    }

    /// Where an event fills the block, its borders may lie inside a word: look at events one by one,
    /// so that the words at their borders are whole. Returns the number of line feeds.
    fn events_apart(&mut self, scratch: &mut Scratch) -> u64 {
        let mut cursor = self.scan.splitter.cursor(self.block);
        let mut lines = 0;
        while let Some(event) = cursor.next_event() {
            let text = &self.block[event.clone()];
            lines += self.find(Haystack::swept(text), event.start, scratch).unwrap_or_default();
            let due = 0..scratch.candidates().len();
            if !due.is_empty() || self.scan.narrowed.needs_every_event() {
                let feed = Lines::of(text).first_feed(0..text.len());
                let is_line = feed.is_none_or(|feed| feed + 1 == text.len());
                self.event(event.start, (0..text.len(), is_line), due, scratch);
            }
        }
        lines
    }

    /// Looks for candidates in the part of the block that begins at `start`, and for what tells a failure;
    /// returns the number of line feeds.
    fn find(&mut self, part: Haystack<'_>, start: usize, scratch: &mut Scratch) -> Option<u64> {
        let BlockScan { matcher, narrowed, has_texts, .. } = *self.scan;
        let lines = matcher.find((narrowed, has_texts), part, scratch)?;
        let moved = |sighting: &Sighting| sighting.moved(start);
        self.sightings.extend(scratch.sightings().iter().map(moved));
        Some(lines)
    }

    /// Evaluates one event; `event` is relative to `base`, as the candidates are. `is_line` tells whether it
    /// is a single line.
    fn event(
        &mut self,
        base: usize,
        (event, is_line): (Range<usize>, bool),
        due: Range<usize>,
        scratch: &mut Scratch,
    ) {
        let range = base + event.start..base + event.end;
        let text = OnceCell::new();
        let raw = &self.block[range.clone()];
        let event = LogEvent::new(self.scan, (raw, event.start, is_line), &text);
        let seen = Seen { candidates: due, fields: &event, text: &event };
        let mut hits = scratch.take_hits();
        self.scan.matcher.evaluate(self.scan.narrowed, &seen, (scratch, &mut hits));
        for &fingerprint in &hits {
            let slot = scratch.slot(fingerprint, self.hits.len());
            self.hit((slot, fingerprint), range.clone());
        }
        scratch.give_hits(hits);
    }

    fn hit(&mut self, (slot, fingerprint): (usize, u32), event: Range<usize>) {
        let place = Place::new(event);
        match self.hits.get_mut(slot) {
            Some((_, places)) => places.add(place, self.scan.keep.all),
            None => self.hits.push((fingerprint, Places::new(place))),
        }
    }
}

/// An event of a block, read as far as a query asks.
struct LogEvent<'a> {
    scan: &'a BlockScan<'a>,
    /// Its bytes in the block.
    raw: &'a [u8],
    /// Where they begin there.
    start: usize,
    is_line: bool,
    /// Bytes before the message of a single line.
    prefix: OnceCell<usize>,
    /// The bytes without carriage returns at the ends of lines.
    text: &'a OnceCell<Cow<'a, [u8]>>,
    record: OnceCell<Record<'a>>,
    /// The record with its time: few queries ask for that, and it takes long to write.
    timed: OnceCell<Record<'a>>,
}

impl<'a> LogEvent<'a> {
    fn new(
        scan: &'a BlockScan<'a>,
        (raw, start, is_line): (&'a [u8], usize, bool),
        text: &'a OnceCell<Cow<'a, [u8]>>,
    ) -> LogEvent<'a> {
        let (prefix, record, timed) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        LogEvent { scan, raw, start, is_line, prefix, text, record, timed }
    }

    fn text(&self) -> &'a [u8] {
        self.text.get_or_init(|| log::without_returns(self.raw))
    }

    /// Bytes before the message of a single line.
    fn prefix(&self) -> usize {
        *self.prefix.get_or_init(|| self.scan.splitter.prefix_len(log::without_end(self.raw)))
    }

    fn record(&self) -> &Record<'_> {
        self.record.get_or_init(|| self.scan.splitter.read_record(self.text()))
    }

    fn timed(&self) -> &Record<'_> {
        self.timed.get_or_init(|| {
            let mut record = self.scan.splitter.read_record(self.text());
            record.resolve_time(self.scan.time);
            record
        })
    }
}

impl EventText for LogEvent<'_> {
    fn is_message_at(&self, position: u32) -> bool {
        let at = position as usize - self.start;
        if self.is_line {
            return at >= self.prefix();
        }
        let start = memchr::memrchr(b'\n', &self.raw[..at]).map_or(0, |feed| feed + 1);
        at - start >= self.scan.splitter.prefix_len(&self.raw[start..])
    }

    fn line(&self) -> Option<&[u8]> {
        self.is_line.then(|| log::without_end(self.raw))
    }

    fn message(&self) -> &[u8] {
        &log::without_end(self.raw)[self.prefix()..]
    }

    fn raw(&self) -> Option<&[u8]> {
        Some(self.text())
    }
}

impl FieldValues for LogEvent<'_> {
    fn values(&self, field: &str) -> Values<'_> {
        if field == "@timestamp" {
            self.timed().values(field)
        } else if Record::varies(field) {
            self.record().values(field)
        } else {
            self.scan.file.values(field)
        }
    }

    fn for_each_name(&self, each: &mut dyn FnMut(&str)) {
        self.timed().for_each_name(each);
        self.scan.file.for_each_name(each);
    }
}

#[cfg(test)]
#[path = "block_tests.rs"]
mod tests;
