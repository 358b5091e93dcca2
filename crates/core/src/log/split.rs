//! The splitter: clean text to events.
//!
//! Where an event ends is a function of the stream alone. It is defined by the [walk](Walk): read
//! line after line from an event's start, until one does not belong to it. Whoever wants the event
//! round some byte far inside a block need not walk there from its start: between most pairs of
//! lines an event begins whatever came before ([`Shape`]), so the cursor looks backwards for such a
//! pair and walks from there.

use std::ops::Range;

use memchr::{memchr_iter, memrchr};

use super::fold::{Fold, Shape, Step};
use super::format::{LogFormat, Prefix, Profile};
use super::formats::Head;
use super::formats::Role;
use super::lines::Lines;

/// An event ends after this many bytes of clean text, so that memory stays bounded: after the last
/// line that fits, or within a line that is longer than this by itself. The rest is an event too.
pub const MAX_EVENT: usize = 1024 * 1024;

/// Cuts one log into events. Immutable and small; made once per file.
///
/// # Example
///
/// ```
/// use recheck_core::log::{Profile, Splitter};
/// let log = b"start\nTraceback (most recent call last):\n  File \"a.py\"\nKeyError: 1\nend\n";
/// let splitter = Splitter::detect(log, Profile::Records);
/// assert_eq!(splitter.count_events(log), 3);
/// let mut cursor = splitter.cursor(log);
/// let event = cursor.event_at(30);
/// assert!(log[event].ends_with(b"KeyError: 1\n"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Splitter {
    format: LogFormat,
    profile: Profile,
    pub(super) max_event: usize,
}

/// How many events a block holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCount {
    /// The events.
    pub events: u64,
    /// Those of them that were cut, see [`Splitter::is_cut`].
    pub cut: u64,
}

impl Splitter {
    /// A splitter for a log of this format.
    pub fn new(format: LogFormat, profile: Profile) -> Splitter {
        Splitter { format, profile, max_event: MAX_EVENT }
    }

    /// A splitter for the log that begins with this sample of clean text. For answers that do not
    /// depend on how the log is read, give the same number of bytes (or the whole log) each time:
    /// 64 KiB.
    pub fn detect(sample: &[u8], profile: Profile) -> Splitter {
        Splitter::new(LogFormat::detect(sample), profile)
    }

    /// The format it was made for.
    pub fn format(&self) -> LogFormat {
        self.format
    }

    /// The profile it was made for.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// A lower bound than [`MAX_EVENT`], for tests.
    #[cfg(test)]
    pub(super) fn with_max_event(self, max_event: usize) -> Splitter {
        Splitter { max_event, ..self }
    }

    /// The bytes at the start of a line that its format puts before the text.
    pub fn prefix_len(&self, line: &[u8]) -> usize {
        self.format.prefix(line).map_or(0, |prefix| prefix.len)
    }

    /// An offset such that everything before it is whole events and an event begins there; 0 when
    /// more must be read first. An event begins at `buffer[0]`, and with `last` the stream ends at
    /// the buffer's end. What stands before the offset is a block; ask again for the rest until
    /// the answer is 0, as a piece of a line that is too long makes a block of its own.
    pub fn complete(&self, buffer: &[u8], last: bool) -> usize {
        self.cut(buffer, last).0
    }

    /// The same, and where the lines begin that tell it: whatever whole lines stand before those instead, an
    /// event begins there.
    pub(crate) fn cut(&self, buffer: &[u8], last: bool) -> (usize, usize) {
        if last {
            return (buffer.len(), 0);
        }
        let end = memrchr(b'\n', buffer).map_or(0, |at| at + 1);
        let (settled, told) = match self.profile {
            Profile::Lines => (end, end),
            Profile::Records if end == 0 => (0, 0),
            Profile::Records => Walk::new(self, Lines::of(&buffer[..end])).told_start(0, end - 1),
        };
        if settled > 0 { (settled, told) } else { (self.walked(buffer), 0) }
    }

    /// The end of the last event that is whole whatever follows the buffer.
    fn walked(&self, buffer: &[u8]) -> usize {
        let mut walk = Walk::new(self, Lines::of(buffer)).unfinished();
        let mut complete = 0;
        while let Some(event) = walk.next() {
            if buffer[event.end - 1] != b'\n' {
                // Beside other events, this piece would look like a short line of its own.
                return if complete == 0 { event.end } else { complete };
            }
            complete = event.end;
        }
        complete
    }

    /// A cursor over a block of whole events.
    pub fn cursor<'b>(&self, block: &'b [u8]) -> EventCursor<'b> {
        self.cursor_over(Lines::of(block))
    }

    /// The same where the block's lines are known.
    pub(super) fn cursor_over<'b>(&self, lines: Lines<'b>) -> EventCursor<'b> {
        EventCursor { walk: Walk::new(self, lines), last: 0..0 }
    }

    /// The number of events in a block of whole events.
    pub fn count_events(&self, block: &[u8]) -> u64 {
        self.count(block).events
    }

    /// The number of events in a block of whole events, and how many of them were cut.
    pub fn count(&self, block: &[u8]) -> EventCount {
        if self.profile == Profile::Lines && !self.has_long_line(block) {
            let ends = memchr_iter(b'\n', block).count() as u64;
            let open = u64::from(block.last().is_some_and(|&byte| byte != b'\n'));
            return EventCount { events: ends + open, cut: 0 };
        }
        let mut count = EventCount::default();
        let mut walk = Walk::new(self, Lines::of(block));
        while let Some(event) = walk.next() {
            count.events += 1;
            count.cut += u64::from(self.is_cut(&event));
        }
        count
    }

    /// True when the event ends because of [`MAX_EVENT`], as far as its length tells: it fills more
    /// than 15/16 of that.
    pub fn is_cut(&self, event: &Range<usize>) -> bool {
        event.len() > self.max_event - self.max_event / 16
    }

    /// True when some line is longer than an event may be; looks at one line in as many bytes.
    fn has_long_line(&self, block: &[u8]) -> bool {
        let mut start = 0;
        while block.len() - start > self.max_event {
            match memrchr(b'\n', &block[start..start + self.max_event]) {
                Some(end) => start += end + 1,
                None => return true,
            }
        }
        false
    }
}

/// Finds events in a block of whole events, from its start to its end.
#[derive(Clone, Debug)]
pub struct EventCursor<'b> {
    walk: Walk<'b>,
    last: Range<usize>,
}

impl EventCursor<'_> {
    /// The event that holds the byte at `position`. Positions must not decrease from call to call;
    /// all calls together take time linear in the block.
    ///
    /// # Panics
    ///
    /// When `position` lies beyond the block, or before the last event returned.
    pub fn event_at(&mut self, position: usize) -> Range<usize> {
        assert!(position < self.walk.block.len(), "the position lies in the block");
        assert!(position >= self.last.start, "positions do not decrease");
        if position < self.last.end {
            return self.last.clone();
        }
        self.walk.start = self.walk.sure_start(self.last.end, position);
        while let Some(event) = self.walk.next() {
            if event.end > position {
                return self.returned(event);
            }
        }
        unreachable!("the walk reaches the block's end");
    }

    /// The event after the one returned last (by either method).
    pub fn next_event(&mut self) -> Option<Range<usize>> {
        self.walk.start = self.last.end;
        let event = self.walk.next()?;
        Some(self.returned(event))
    }

    fn returned(&mut self, event: Range<usize>) -> Range<usize> {
        self.last = event;
        self.last.clone()
    }
}

/// One line of a block.
#[derive(Clone, Copy, Debug)]
struct Line<'b> {
    start: usize,
    /// Behind the line feed.
    end: usize,
    prefix: Option<Prefix>,
    /// What stands behind the prefix, without the line's end.
    text: &'b [u8],
    /// The line is longer than an event may be; `text` and `end` are those of its beginning.
    long: bool,
}

/// What a line does to the event before it.
enum Verdict {
    /// It begins another one, or does not fit.
    Begins,
    /// It belongs to it, up to this offset, and leaves it in this state.
    Joins(usize, Fold),
    /// More must be read to know.
    Unknown,
}

/// The definition of events: from a start, line by line.
#[derive(Clone, Debug)]
struct Walk<'b> {
    splitter: Splitter,
    block: &'b [u8],
    lines: Lines<'b>,
    start: usize,
    /// The stream may go on behind the block.
    unfinished: bool,
    /// The lines read last, as they are often asked for again: an event's own, and its neighbours.
    read: [Option<Line<'b>>; 3],
    /// Which of them gives way next.
    oldest: usize,
}

impl<'b> Walk<'b> {
    /// From the block's start.
    fn new(splitter: &Splitter, lines: Lines<'b>) -> Walk<'b> {
        let (splitter, block) = (*splitter, lines.block);
        Walk { splitter, block, lines, start: 0, unfinished: false, read: [None; 3], oldest: 0 }
    }

    fn unfinished(self) -> Walk<'b> {
        Walk { unfinished: true, ..self }
    }

    /// The last place at or before `position`, and not before `floor`, where an event surely
    /// begins. One does at `floor`.
    fn sure_start(&mut self, floor: usize, position: usize) -> usize {
        self.told_start(floor, position).0
    }

    /// The same, and where the lines begin that tell it.
    fn told_start(&mut self, floor: usize, position: usize) -> (usize, usize) {
        let lines = self.lines;
        let start_of = |end: usize| lines.last_feed(floor..end).map_or(floor, |feed| feed + 1);
        let mut start = start_of(position);
        if self.splitter.profile == Profile::Lines || start == floor {
            return (start, start);
        }
        let own = self.shape(start).and_then(|(_, own)| own);
        let mut candidate = own.map(|shape| (start, shape));
        while start > floor {
            let end = start - 1;
            start = start_of(end);
            // A line too long to be an event may have been cut anywhere.
            if end - start >= self.splitter.max_event {
                candidate = None;
                continue;
            }
            let Some((shape, own)) = self.shape(start) else { continue };
            if let Some((at, wanted)) = candidate
                && wanted.surely_begins_behind(shape)
            {
                return (at, start);
            }
            candidate = own.map(|shape| (start, shape));
        }
        (floor, floor)
    }

    /// The shape of the line at `start` as a predecessor, and as a possible first line of an event;
    /// nothing when it joins the event before without changing its state.
    fn shape(&mut self, start: usize) -> Option<(Shape, Option<Shape>)> {
        let line = self.line(start)?;
        let role = match line.prefix {
            Some(prefix) => prefix.role,
            None if self.splitter.format.wraps() => return None,
            None => Role::Any,
        };
        let shape = Shape::of(line.text);
        match role {
            Role::Continuation => None,
            Role::Any | Role::Context => Some((shape, Some(shape))),
            Role::Trace | Role::Exception => Some((shape, None)),
        }
    }

    /// The next event; nothing at the block's end, or where more must be read.
    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.start;
        let first = self.line(start)?;
        if first.long {
            return Some(self.found(self.cut_within(start)));
        }
        if self.splitter.profile == Profile::Lines {
            return Some(self.found(first.end));
        }
        let (mut end, mut fold) = (first.end, self.open(&first));
        loop {
            match self.judge(&first, end, fold) {
                Verdict::Joins(joined, state) => (end, fold) = (joined, state),
                Verdict::Begins => return Some(self.found(end)),
                Verdict::Unknown => return None,
            }
        }
    }

    fn found(&mut self, end: usize) -> Range<usize> {
        let start = std::mem::replace(&mut self.start, end);
        start..end
    }

    /// The line that begins at `start`, if the block surely holds all of it that matters.
    #[inline]
    fn line(&mut self, start: usize) -> Option<Line<'b>> {
        if let Some(line) = self.read.iter().flatten().find(|line| line.start == start) {
            return Some(*line);
        }
        let rest = &self.block[start..];
        let window = &rest[..rest.len().min(self.splitter.max_event)];
        let (length, long) = match self.lines.first_feed(start..start + window.len()) {
            Some(feed) => (feed + 1 - start, false),
            None if rest.len() > window.len() => (window.len(), true),
            None if self.unfinished || rest.is_empty() => return None,
            None => (window.len(), false),
        };
        let bytes = without_end(&rest[..length]);
        let prefix = self.splitter.format.prefix(bytes);
        let text = &bytes[prefix.map_or(0, |prefix| prefix.len)..];
        let line = Line { start, end: start + length, prefix, text, long };
        self.read[self.oldest] = Some(line);
        self.oldest = (self.oldest + 1) % self.read.len();
        Some(line)
    }

    /// The state behind the first line of an event.
    #[inline]
    fn open(&self, first: &Line<'_>) -> Fold {
        match &first.prefix {
            None if self.splitter.format.wraps() => Fold::Closed,
            Some(prefix) if prefix.role == Role::Continuation => Fold::Closed,
            _ => Fold::open(first.text),
        }
    }

    /// What the line at `at` does to the event that began with `first`.
    #[inline]
    fn judge(&mut self, first: &Line<'b>, at: usize, fold: Fold) -> Verdict {
        let Some(line) = self.line(at) else { return self.at_end(at) };
        match self.step(first, &line, fold) {
            Step::Begin => Verdict::Begins,
            Step::Join(state) => self.fitting(first, &line, state),
            Step::JoinWithNext(state) => self.judge_pair(first, &line, state),
        }
    }

    /// `line` joins only together with the line behind it.
    fn judge_pair(&mut self, first: &Line<'b>, line: &Line<'b>, state: Fold) -> Verdict {
        if line.long {
            return Verdict::Begins;
        }
        let Some(next) = self.line(line.end) else {
            return match self.at_end(line.end) {
                Verdict::Unknown => Verdict::Unknown,
                _ => Verdict::Begins,
            };
        };
        if next.prefix.is_none() && self.splitter.format.wraps() {
            return Verdict::Begins;
        }
        match self.step(first, &next, state) {
            Step::Join(state) => self.fitting(first, &next, state),
            Step::Begin | Step::JoinWithNext(_) => Verdict::Begins,
        }
    }

    fn at_end(&self, at: usize) -> Verdict {
        if at == self.block.len() && !self.unfinished { Verdict::Begins } else { Verdict::Unknown }
    }

    fn fitting(&self, first: &Line<'_>, line: &Line<'_>, state: Fold) -> Verdict {
        if line.long || line.end - first.start > self.splitter.max_event {
            return Verdict::Begins;
        }
        Verdict::Joins(line.end, state)
    }

    #[inline]
    fn step(&self, first: &Line<'_>, line: &Line<'_>, fold: Fold) -> Step {
        let Some(prefix) = &line.prefix else {
            return match &first.prefix {
                _ if self.splitter.format.wraps() => Step::Join(fold),
                None => fold.step(line.text),
                Some(_) => Step::Begin,
            };
        };
        // Most lines are decided here; a different source could only part them.
        match prefix.role {
            Role::Context => Step::Begin,
            Role::Any if fold.step(line.text) == Step::Begin => Step::Begin,
            _ => self.step_prefixed(first, line, fold),
        }
    }

    fn step_prefixed(&self, first: &Line<'_>, line: &Line<'_>, fold: Fold) -> Step {
        let head = self.head(line);
        if head.role == Role::Continuation {
            return Step::Join(fold);
        }
        if first.prefix.is_none() {
            return Step::Begin;
        }
        let record = self.head(first);
        if let Some(state) = goes_on(&record, &head, fold, line.text) {
            return Step::Join(state);
        }
        if record.same_source(&head) {
            return fold.step(line.text);
        }
        Step::Begin
    }

    fn head(&self, line: &Line<'_>) -> Head<'b> {
        let bytes = without_end(&self.block[line.start..line.end]);
        self.splitter.format.head(bytes).unwrap_or_default()
    }

    /// Where a line that is too long by itself is cut: at the last character that fits.
    fn cut_within(&self, start: usize) -> usize {
        let end = start + self.splitter.max_event;
        let continues = |at: &usize| self.block[*at] & 0xc0 == 0x80;
        (start + 1..=end).rev().take(4).find(|at| !continues(at)).unwrap_or(end)
    }
}

/// A line without what ends it.
pub(crate) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The state behind a line whose prefix says that it belongs to the record.
fn goes_on(record: &Head<'_>, head: &Head<'_>, fold: Fold, text: &[u8]) -> Option<Fold> {
    if record.pid != head.pid || record.module != head.module || record.program != head.program {
        return None;
    }
    match head.role {
        Role::Trace => Some(Fold::Closed),
        Role::Exception if record.role == Role::Context => Some(Fold::Closed),
        Role::Exception => match Fold::open(text) {
            opened @ Fold::Frames(_) if record.level == head.level && fold == Fold::Closed => {
                Some(opened)
            }
            _ => None,
        },
        Role::Any | Role::Context | Role::Continuation => None,
    }
}

#[cfg(test)]
#[path = "split_tests.rs"]
pub(super) mod tests;
