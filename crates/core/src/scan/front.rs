//! The sequential front of a log's scan: bytes in, cleaned and cut into blocks of whole events.
//!
//! Most logs hold no terminal traffic at all. Their text is never copied: a reader reads it straight
//! into the block, and a caller's own bytes are scanned where they are; only what lies between two
//! blocks moves. Nor is it looked at here: of a block that is [not swept](Sweep) only the lines that tell
//! where it ends are known to be clean, and whoever scans it finds out about the others. It consists of
//! whole lines, and those can be [cleaned](crate::log::clean_lines) by themselves.

use std::{
    io::{self, ErrorKind, Read},
    ops::Range,
};

use memchr::memrchr;

use super::doubt::Doubt;
use crate::{
    log::{Cleaner, LogFormat, Profile, Splitter, TAKE_BACK, first_dirt, is_clean},
    matcher::Sweep,
};

/// Bytes of a block, but for what the one before left over: small enough to stay in a core's L2 cache between
/// cleaning and scanning, large enough that per-block work does not show.
pub(super) const BLOCK: usize = 256 * 1024;

/// Bytes of clean text that tell a log's format.
const SAMPLE: usize = 64 * 1024;

/// Bytes of a caller's text that are first looked at for the end of an event begun before them.
const JOINT: usize = 4 * 1024;

/// The longest byte order mark.
const MARK: usize = 3;

/// Bytes before the text in a buffer. A large buffer begins 16 bytes behind the start of a page, and a
/// file is read from the start of one: to copy a page there takes AMD's `rep movsb` two to five times as
/// long up to 31 bytes behind it (measured on Zen 4), and most of what a block leaves over is short.
const MARGIN: usize = 64;

/// Reads, cleans and cuts one log.
#[derive(Debug)]
pub(super) struct Front {
    profile: Profile,
    block: usize,
    cleaning: Cleaning,
    splitter: Option<Splitter>,
    /// Clean text that was not cut yet is `buffer[start..end]`; what follows is room.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes before `end` that nothing has looked at: they may need cleaning.
    unswept: usize,
    /// The text begins inside a line that was too long for one event.
    mid_line: bool,
    doubt: Doubt,
    /// Bytes from `start` on that are known to hold no end of an event.
    tried: usize,
    /// Bytes that need cleaning.
    raw: Vec<u8>,
    bytes: u64,
}

/// A block of whole events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'b> {
    pub(super) text: &'b [u8],
    pub(super) splitter: Splitter,
    pub(super) sweep: Sweep,
}

/// The block at the front of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    splitter: Splitter,
    length: usize,
    sweep: Sweep,
    /// Bytes of the text behind it that nothing has looked at.
    unswept: usize,
}

/// A block in a buffer of its own.
#[cfg(feature = "parallel")]
#[derive(Debug)]
pub(super) struct Cut {
    splitter: Splitter,
    sweep: Sweep,
    pub(super) buffer: Vec<u8>,
    text: Range<usize>,
}

#[cfg(feature = "parallel")]
impl Cut {
    pub(super) fn block(&self) -> Block<'_> {
        let Cut { splitter, sweep, .. } = *self;
        Block { text: &self.buffer[self.text.clone()], splitter, sweep }
    }
}

/// What stands between the log's bytes and clean text.
#[derive(Debug)]
struct Cleaning {
    cleaner: Cleaner,
    /// Bytes are clean as they come, and were not shown to the cleaner since the last line feed it
    /// read. Nothing is pending in it then.
    plain: bool,
    /// While `plain`: the bytes since the last line feed.
    line: usize,
    /// The log's first two bytes.
    first: [u8; 2],
    /// How many bytes the cleaner was fed.
    seen: usize,
}

impl Front {
    pub(super) fn new(profile: Profile, doubt: Doubt) -> Front {
        let cleaning =
            Cleaning { cleaner: Cleaner::new(), plain: false, line: 0, first: [0; 2], seen: 0 };
        Front {
            profile,
            block: BLOCK,
            cleaning,
            splitter: None,
            buffer: vec![0; MARGIN],
            start: MARGIN,
            end: MARGIN,
            unswept: 0,
            mid_line: false,
            doubt,
            tried: 0,
            raw: Vec::new(),
            bytes: 0,
        }
    }

    /// Blocks of this size instead of [`BLOCK`].
    pub(super) fn set_block(&mut self, bytes: usize) {
        self.block = bytes.max(1);
    }

    /// Bytes of a block, about.
    #[cfg(feature = "parallel")]
    pub(super) fn block(&self) -> usize {
        self.block
    }

    /// The log's format, once enough was read to tell.
    pub(super) fn format(&self) -> Option<LogFormat> {
        self.splitter.map(|splitter| splitter.format())
    }

    /// Bytes of the log taken in so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads a block's worth of the log; false at its end. What was read before an error is kept.
    pub(super) fn fill(&mut self, reader: &mut dyn Read) -> io::Result<bool> {
        self.compact();
        if self.cleaning.plain {
            if self.buffer.len() < self.end + self.block {
                self.buffer.resize(self.end + self.block, 0);
            }
            let room = &mut self.buffer[self.end..self.end + self.block];
            let (read, outcome) = read_full(reader, room);
            self.bytes += read as u64;
            self.arrived(read);
            // The text that tells the log's format must be clean.
            if self.splitter.is_none() || self.mid_line || self.doubt.is_raised() {
                self.sweep();
            }
            outcome
        } else {
            let mut raw = std::mem::take(&mut self.raw);
            raw.resize(self.block, 0);
            let (read, outcome) = read_full(reader, &mut raw);
            self.bytes += read as u64;
            self.clean(&raw[..read]);
            self.raw = raw;
            outcome
        }
    }

    /// The next block of whole events, from what was read before and from the front of `rest`;
    /// nothing when more must be read: then all of `rest` was taken in.
    pub(super) fn next<'a, 'rest: 'a>(&'a mut self, rest: &mut &'rest [u8]) -> Option<Block<'a>> {
        loop {
            if let Some(whole) = self.whole(false) {
                return Some(self.take(whole));
            }
            if rest.is_empty() {
                return None;
            }
            let in_place = self.cleaning.plain && rest.len() >= self.block;
            let Some(splitter) = self.splitter.filter(|_| in_place) else {
                self.append(rest, self.block);
                continue;
            };
            if self.start < self.end {
                if let Some(length) = self.join(&splitter, rest) {
                    let whole = Whole { splitter, length, sweep: Sweep::Done, unswept: 0 };
                    return Some(self.take(whole));
                }
            } else if let Some((length, sweep)) = self.whole_of(&splitter, &rest[..self.block]) {
                let text;
                (text, *rest) = rest.split_at(length);
                self.bytes += length as u64;
                self.cleaning.passed(text);
                self.mid_line = !text.ends_with(b"\n");
                return Some(Block { text, splitter, sweep });
            } else {
                self.append(rest, self.block);
            }
        }
    }

    /// Tells that the log has ended. What is left then comes from [`Front::whole`].
    pub(super) fn finish(&mut self) {
        self.sweep();
        self.buffer.truncate(self.end);
        self.cleaning.finish(&mut self.buffer);
        self.end = self.buffer.len();
    }

    /// The block at the front of the text, if enough was read. With `last` the log has ended.
    pub(super) fn whole(&mut self, last: bool) -> Option<Whole> {
        if self.mid_line {
            self.sweep();
        }
        loop {
            let (splitter, length, told) = self.cut(last)?;
            let (start, swept) = (self.start, self.end - self.unswept);
            let (from, to) = (swept.max(start + told.start), start + told.end);
            if from >= to || is_clean(&self.buffer[from..to]) {
                let sweep = if start + length <= swept { Sweep::Done } else { Sweep::Due };
                let unswept = self.unswept.min(self.end - to);
                return Some(Whole { splitter, length, sweep, unswept });
            }
            // Once more, when it is clean.
            self.sweep();
        }
    }

    /// The length of the block at the front of the text, and the part of the text that told it.
    fn cut(&mut self, last: bool) -> Option<(Splitter, usize, Range<usize>)> {
        let settled = (self.end - self.start).saturating_sub(self.cleaning.unsettled());
        let splitter = self.detected(settled, last)?;
        let text = &self.buffer[self.start..self.start + settled];
        loop {
            // A little less than is read at once, as the last line may not be settled: two blocks' worth is
            // cut in two, and the second moved.
            let least = (self.block - self.block / 8).max(self.tried * 2);
            if least > settled && !last {
                return None;
            }
            // What is left over must be moved before more is read.
            let window = if settled < 2 * least { settled } else { least };
            match splitter.cut(&text[..window], last && window == settled) {
                (0, _) if window == settled && last => return None,
                (0, _) => self.tried = window,
                (length, told) => return Some((splitter, length, told..window)),
            }
        }
    }

    /// Takes the block at the front of the text.
    pub(super) fn take(&mut self, Whole { splitter, length, sweep, unswept }: Whole) -> Block<'_> {
        let start = self.start;
        self.start += length;
        (self.tried, self.unswept) = (0, unswept);
        let text = &self.buffer[start..self.start];
        self.mid_line = !text.ends_with(b"\n");
        Block { text, splitter, sweep }
    }

    /// Takes the block at the front of the text with the buffer that it lies in, and goes on in
    /// `spare`.
    #[cfg(feature = "parallel")]
    pub(super) fn hand_over(&mut self, whole: Whole, spare: Vec<u8>) -> Cut {
        let text = self.start..self.start + whole.length;
        let Block { splitter, sweep, .. } = self.take(whole);
        Cut { splitter, sweep, buffer: self.go_on_in(spare), text }
    }

    /// Moves the text into another buffer, and gives the one it was in.
    #[cfg(feature = "parallel")]
    pub(super) fn go_on_in(&mut self, mut buffer: Vec<u8>) -> Vec<u8> {
        let end = MARGIN + self.end - self.start;
        if buffer.len() < end {
            buffer.resize(end, 0);
        }
        buffer[MARGIN..end].copy_from_slice(&self.buffer[self.start..self.end]);
        (self.start, self.end) = (MARGIN, end);
        std::mem::replace(&mut self.buffer, buffer)
    }

    fn detected(&mut self, settled: usize, last: bool) -> Option<Splitter> {
        if self.splitter.is_none() && (last || settled >= SAMPLE) {
            let sample = &self.buffer[self.start..self.start + settled.min(SAMPLE)];
            self.splitter = Some(Splitter::detect(sample, self.profile));
        }
        self.splitter
    }

    /// Moves the text to the buffer's start.
    fn compact(&mut self) {
        if self.start > MARGIN {
            self.buffer.copy_within(self.start..self.end, MARGIN);
            (self.start, self.end) = (MARGIN, MARGIN + self.end - self.start);
        }
    }

    /// Takes up to `most` bytes of `rest` in.
    fn append(&mut self, rest: &mut &[u8], most: usize) {
        self.compact();
        let (piece, after) = rest.split_at(most.min(rest.len()));
        *rest = after;
        self.bytes += piece.len() as u64;
        if self.cleaning.plain {
            self.buffer.truncate(self.end);
            self.buffer.extend_from_slice(piece);
            self.arrived(piece.len());
            self.sweep();
        } else {
            self.clean(piece);
        }
    }

    /// The whole events at the front of a caller's bytes, where they need no cleaning or that is not known.
    fn whole_of(&mut self, splitter: &Splitter, window: &[u8]) -> Option<(usize, Sweep)> {
        let settled = memrchr(b'\n', window)? + 1;
        let (length, told) = splitter.cut(&window[..settled], false);
        let trusts = !(self.mid_line || self.doubt.is_raised());
        if length == 0 || !is_clean(&window[if trusts { told } else { 0 }..settled]) {
            return None;
        }
        Some((length, if trusts { Sweep::DueInMemory } else { Sweep::Done }))
    }

    /// Looks for the end of the event that the buffer begins and `rest` goes on with, so that what
    /// follows it need not be copied.
    fn join(&mut self, splitter: &Splitter, rest: &mut &[u8]) -> Option<usize> {
        let (all, before, line) = (*rest, self.end - self.start, self.cleaning.line);
        let joint = JOINT.min(self.block);
        self.append(rest, joint);
        if !self.cleaning.plain {
            return None;
        }
        let settled = self.end - self.start - self.cleaning.unsettled();
        let text = &self.buffer[self.start..self.start + settled];
        let length = splitter.complete(text, false);
        if length == 0 {
            // The event is longer; gather a block.
            self.append(rest, self.block);
            return None;
        }
        if length > before {
            let joined;
            (joined, *rest) = all.split_at(length - before);
            self.end = self.start + length;
            self.bytes -= (joint - joined.len()) as u64;
            self.cleaning.line = line;
            self.cleaning.passed(joined);
        }
        Some(length)
    }

    /// Bytes were put behind the text as they are.
    fn arrived(&mut self, length: usize) {
        let before = self.end;
        self.end += length;
        self.unswept += length;
        self.cleaning.passed(&self.buffer[before..self.end]);
    }

    /// Looks at what nothing has looked at, and cleans it from the first line on that needs it.
    fn sweep(&mut self) {
        let from = self.end - std::mem::take(&mut self.unswept);
        let Some(at) = first_dirt(&self.buffer[from..self.end]) else { return };
        self.doubt.raise();
        // The cleaner must see the whole line: a carriage return may take it back.
        let line = memrchr(b'\n', &self.buffer[self.start..from + at])
            .map_or(self.start, |feed| self.start + feed + 1);
        let mut raw = std::mem::take(&mut self.raw);
        raw.clear();
        raw.extend_from_slice(&self.buffer[line..self.end]);
        self.buffer.truncate(line);
        self.end = line;
        self.cleaning.resume(line == self.start && self.mid_line);
        self.clean(&raw);
        self.raw = raw;
    }

    /// Cleans bytes and puts them behind the text.
    fn clean(&mut self, raw: &[u8]) {
        self.buffer.truncate(self.end);
        self.cleaning.feed(raw, &mut self.buffer);
        self.end = self.buffer.len();
    }
}

impl Cleaning {
    /// See [`Cleaner::unsettled`].
    fn unsettled(&self) -> usize {
        match self.plain {
            true if self.line < TAKE_BACK => self.line,
            true => 0,
            false => self.cleaner.unsettled(),
        }
    }

    /// Takes note of clean bytes that went past the cleaner.
    fn passed(&mut self, bytes: &[u8]) {
        self.line = match memrchr(b'\n', bytes) {
            Some(feed) => bytes.len() - feed - 1,
            None => self.line + bytes.len(),
        };
    }

    /// From here on the cleaner reads again, from the start of a line; or, where that is gone, from
    /// inside a line so long that nothing takes it back.
    fn resume(&mut self, inside: bool) {
        (self.plain, self.line) = (false, 0);
        if inside {
            self.cleaner.feed(&[b'a'; TAKE_BACK], &mut Vec::new());
        }
    }

    fn feed(&mut self, raw: &[u8], out: &mut Vec<u8>) {
        let before = self.seen;
        for (slot, &byte) in self.first.iter_mut().skip(before).zip(raw) {
            *slot = byte;
        }
        self.seen = before.saturating_add(raw.len());
        let Some(feed) = memrchr(b'\n', raw).filter(|feed| self.may_pass(before + feed, raw))
        else {
            return self.cleaner.feed(raw, out);
        };
        // Behind a line feed nothing is pending: it ends every escape sequence.
        let (lines, rest) = raw.split_at(feed + 1);
        self.cleaner.feed(lines, out);
        out.extend_from_slice(rest);
        (self.plain, self.line) = (true, rest.len());
    }

    /// Whether clean bytes mean themselves, once the cleaner has read so many.
    fn may_pass(&self, read: usize, raw: &[u8]) -> bool {
        let utf16 = matches!(self.first, [0xff, 0xfe] | [0xfe, 0xff]);
        read > MARK && !utf16 && is_clean(raw)
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.plain {
            self.cleaner.finish(out);
        }
        (self.plain, self.line) = (true, 0);
    }
}

/// Reads until the room is full, the input ends (false) or fails.
fn read_full(reader: &mut dyn Read, room: &mut [u8]) -> (usize, io::Result<bool>) {
    let mut filled = 0;
    while filled < room.len() {
        match reader.read(&mut room[filled..]) {
            Ok(0) => return (filled, Ok(false)),
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (filled, Err(error)),
        }
    }
    (filled, Ok(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_block_only_a_line_is_left_over() {
        let block = 4 * SAMPLE;
        let text = format!("{}\n", "a".repeat(99)).repeat(10 * block / 100);
        let mut front = Front::new(Profile::Lines, Doubt::default());
        front.set_block(block);
        let (mut reader, mut blocks) = (text.as_bytes(), 0);
        while front.fill(&mut reader).expect("memory can be read") {
            while let Some(whole) = front.whole(false) {
                front.take(whole);
                let left = front.end - front.start;
                assert!(left < 100, "{left} bytes behind block {blocks}");
                blocks += 1;
            }
        }
        assert!(blocks > 8);
    }
}
