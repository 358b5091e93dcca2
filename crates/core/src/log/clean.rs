//! The cleaner: text as a reader of the log sees it, without the terminal's control traffic.
//!
//! ```text
//!   "10 %\r20 %\r\x1b[32mok\x1b[0m\r\n"   ->   "ok\r\n"
//! ```
//!
//! Removed are ANSI escape sequences (ECMA-48 CSI, OSC ended by BEL or ST, charset selections and
//! the other short ones) and the byte order mark of UTF-8; UTF-16 with a mark becomes UTF-8. A
//! line feed is never removed, so line numbers stay those of the file; nor is the carriage return
//! directly before one, so that logs with such line ends need not be copied. Whoever reads a line
//! leaves it out.

use std::borrow::Cow;

use memchr::{memchr, memrchr};

use super::format::any_prefix_len;
use super::sweep::first_dirt;

/// A line shorter than this many bytes may still be taken back by a carriage return (progress
/// bars); in a longer one the carriage return becomes a blank.
pub const TAKE_BACK: usize = 64 * 1024;

/// An escape sequence longer than this many bytes is not one: it is let through as text.
pub const MAX_ESCAPE: usize = 256;

pub(super) const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// The text without the carriage returns that end its lines.
pub(crate) fn without_returns(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr(b'\r', text) else { return Cow::Borrowed(text) };
    let mut rest = Vec::with_capacity(text.len());
    rest.extend_from_slice(&text[..first]);
    // Clean text has them nowhere else.
    rest.extend(text[first..].iter().filter(|byte| **byte != b'\r'));
    Cow::Owned(rest)
}

/// The clean text of whole lines from inside a log. A line feed ends whatever is pending, so that they can be
/// cleaned by themselves.
pub(crate) fn clean_lines(lines: &[u8]) -> Vec<u8> {
    debug_assert!(lines.ends_with(b"\n"));
    let mut cleaner = Cleaner { encoding: Encoding::Bytes, ..Cleaner::default() };
    let mut out = Vec::with_capacity(lines.len());
    cleaner.feed(lines, &mut out);
    out
}

/// Removes terminal control traffic from a stream of bytes, piece by piece.
///
/// The output is a function of the stream alone: however it is cut into [`feed`](Cleaner::feed)s,
/// the bytes in `out` are the same.
///
/// # Example
///
/// ```
/// use recheck_core::log::Cleaner;
/// let (mut cleaner, mut out) = (Cleaner::new(), Vec::new());
/// cleaner.feed(b" 10 %\r 20 %\r\x1b[3", &mut out);
/// cleaner.feed(b"2mdone\x1b[0m\r\n", &mut out);
/// cleaner.finish(&mut out);
/// assert_eq!(out, b"done\r\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cleaner {
    encoding: Encoding,
    /// The first bytes of the file, until they tell the encoding.
    head: Vec<u8>,
    /// An escape sequence that has begun and not ended, from its ESC on.
    held: Vec<u8>,
    /// Carriage returns were read, and what follows will tell what they mean.
    pending_return: bool,
    /// Bytes of the current line at the end of `out`.
    line: usize,
    /// Bytes at the line's start (a time stamp) that were kept when the rest was taken back. When
    /// the new text brings a time stamp of its own, they go.
    kept: usize,
}

#[derive(Clone, Debug, Default)]
enum Encoding {
    /// Fewer bytes than a byte order mark are known.
    #[default]
    Unknown,
    /// UTF-8, or whatever bytes they are.
    Bytes,
    Utf16(Utf16),
}

impl Cleaner {
    /// A cleaner at the start of a file.
    pub fn new() -> Cleaner {
        Cleaner::default()
    }

    /// Reads more of the stream and appends the clean text to `out`.
    ///
    /// The last [`unsettled`](Cleaner::unsettled) bytes of `out` must still be there, at its end,
    /// when the next piece is fed; what stands before them may be taken away.
    pub fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) {
        match &mut self.encoding {
            Encoding::Unknown => self.feed_head(input, out),
            Encoding::Bytes => self.text(input, out),
            Encoding::Utf16(decoder) => {
                let mut decoded = Vec::with_capacity(input.len());
                decoder.feed(input, &mut decoded);
                self.text(&decoded, out);
            }
        }
    }

    /// Tells that the stream has ended: what was held back is appended to `out`.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if matches!(self.encoding, Encoding::Unknown) {
            let head = std::mem::take(&mut self.head);
            self.encoding = Encoding::Bytes;
            self.text(&head, out);
        }
        if let Encoding::Utf16(decoder) = &mut self.encoding {
            let mut decoded = Vec::new();
            decoder.finish(&mut decoded);
            self.text(&decoded, out);
        }
        while !self.held.is_empty() {
            self.let_through(out);
        }
        self.pending_return = false;
        self.resolve_kept(out);
        self.line = 0;
    }

    /// The number of bytes at the end of `out` that what follows may still take back: the current
    /// line, unless it is too long for that. After [`finish`](Cleaner::finish) nothing is.
    pub fn unsettled(&self) -> usize {
        if self.line < TAKE_BACK { self.line } else { 0 }
    }

    /// The start of the file: waits for three bytes, then decides on the encoding.
    fn feed_head(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let taken = input.len().min(3 - self.head.len());
        self.head.extend_from_slice(&input[..taken]);
        if self.head.len() < 3 {
            return;
        }
        let head = std::mem::take(&mut self.head);
        let (encoding, mark) = match *head {
            [0xef, 0xbb, 0xbf] => (Encoding::Bytes, 3),
            [0xff, 0xfe, _] => (Encoding::Utf16(Utf16::new(u16::from_le_bytes)), 2),
            [0xfe, 0xff, _] => (Encoding::Utf16(Utf16::new(u16::from_be_bytes)), 2),
            _ => (Encoding::Bytes, 0),
        };
        self.encoding = encoding;
        self.feed(&head[mark..], out);
        self.feed(&input[taken..], out);
    }

    fn text(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let mut rest = input;
        while !self.held.is_empty() && !rest.is_empty() {
            rest = self.resume(rest, out);
        }
        self.run(rest, out);
        if self.kept > 0 && self.line >= TAKE_BACK {
            self.resolve_kept(out);
        }
    }

    /// Goes on with the escape sequence that an earlier piece began.
    fn resume<'i>(&mut self, input: &'i [u8], out: &mut Vec<u8>) -> &'i [u8] {
        let before = self.held.len();
        let taken = input.len().min(MAX_ESCAPE + 1 - before);
        self.held.extend_from_slice(&input[..taken]);
        match escape(&self.held) {
            Escape::Complete(length) => {
                let moves = moves_right(&self.held[..length]);
                self.held.clear();
                self.at_sequence(moves, out);
                &input[length - before..]
            }
            Escape::Unfinished => &input[taken..],
            Escape::Broken => {
                self.held.truncate(before);
                self.let_through(out);
                input
            }
        }
    }

    /// What was held is no escape sequence: its ESC is text, and what follows is read again.
    fn let_through(&mut self, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        self.settle_return(out);
        out.push(ESC);
        self.line += 1;
        self.run(&held[1..], out);
    }

    fn run(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while let Some(&first) = input.first() {
            if self.pending_return {
                match first {
                    b'\n' => {
                        input = self.at_line_end(&input[1..], out);
                        continue;
                    }
                    b'\r' => {
                        input = &input[1..];
                        continue;
                    }
                    ESC => {}
                    _ => self.settle_return(out),
                }
            }
            let Some(stop) = first_dirt(input) else {
                self.copy(input, out);
                return;
            };
            self.copy(&input[..stop], out);
            input = if input[stop] == ESC {
                self.at_escape(&input[stop..], out)
            } else {
                self.at_return(&input[stop + 1..], out)
            };
        }
    }

    /// Appends text without ESC, and with CR only before LF.
    fn copy(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let mut text = text;
        if self.kept > 0
            && let Some(feed) = memchr(b'\n', text)
        {
            let end = text[..feed].strip_suffix(b"\r").map_or(feed, <[u8]>::len);
            out.extend_from_slice(&text[..end]);
            self.line += end;
            self.resolve_kept(out);
            text = &text[end..];
        }
        out.extend_from_slice(text);
        match memrchr(b'\n', text) {
            Some(end) => self.line = text.len() - end - 1,
            None => self.line += text.len(),
        }
    }

    /// `input` begins with ESC; returns what follows the sequence.
    fn at_escape<'i>(&mut self, input: &'i [u8], out: &mut Vec<u8>) -> &'i [u8] {
        match escape(input) {
            Escape::Complete(length) => {
                self.at_sequence(moves_right(&input[..length]), out);
                &input[length..]
            }
            Escape::Unfinished => {
                self.held.extend_from_slice(input);
                &[]
            }
            Escape::Broken => {
                self.settle_return(out);
                out.push(ESC);
                self.line += 1;
                &input[1..]
            }
        }
    }

    /// An escape sequence was removed. Behind a carriage return it may move to a column (` * Start
    /// …  \r\x1b[74G[ OK ]`): then nothing is overwritten.
    fn at_sequence(&mut self, moves_right: bool, out: &mut Vec<u8>) {
        if self.pending_return && moves_right && self.line > 0 {
            self.pending_return = false;
            out.push(b' ');
            self.line += 1;
        }
    }

    /// A carriage return was read, and `input` follows it; returns what is left of it.
    fn at_return<'i>(&mut self, input: &'i [u8], out: &mut Vec<u8>) -> &'i [u8] {
        self.pending_return = true;
        match input.split_first() {
            Some((b'\n', rest)) => self.at_line_end(rest, out),
            _ => input,
        }
    }

    /// A line feed ends the line behind a carriage return, and `rest` follows it.
    fn at_line_end<'i>(&mut self, rest: &'i [u8], out: &mut Vec<u8>) -> &'i [u8] {
        self.pending_return = false;
        self.resolve_kept(out);
        out.extend_from_slice(b"\r\n");
        self.line = 0;
        rest
    }

    /// Text follows the carriage return: the text before it is overwritten.
    fn settle_return(&mut self, out: &mut Vec<u8>) {
        if !self.pending_return {
            return;
        }
        self.pending_return = false;
        self.resolve_kept(out);
        if self.line >= TAKE_BACK {
            out.push(b' ');
            self.line += 1;
            return;
        }
        let start = out.len() - self.line;
        self.kept = any_prefix_len(&out[start..]);
        self.line = self.kept;
        out.truncate(start + self.kept);
    }

    /// The line that began with a kept time stamp is known: drops the stamp if another follows.
    fn resolve_kept(&mut self, out: &mut Vec<u8>) {
        let kept = std::mem::take(&mut self.kept);
        if kept == 0 {
            return;
        }
        let start = out.len() - self.line;
        if any_prefix_len(&out[start + kept..]) > 0 {
            out.drain(start..start + kept);
            self.line -= kept;
        }
    }
}

/// What the bytes from an ESC on are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    /// A sequence of this many bytes.
    Complete(usize),
    /// It may become one.
    Unfinished,
    /// No sequence: a control character within, or too long.
    Broken,
}

/// True for CHA and CUF (ECMA-48 §8.3.9, §8.3.20).
fn moves_right(sequence: &[u8]) -> bool {
    sequence.starts_with(b"\x1b[") && matches!(sequence.last(), Some(b'G' | b'C'))
}

/// Reads an escape sequence; `input` begins with ESC.
fn escape(input: &[u8]) -> Escape {
    let bounded = &input[..input.len().min(MAX_ESCAPE)];
    let found = match bounded.get(1) {
        None => None,
        Some(b'[') => control_sequence(bounded),
        // OSC; DCS, SOS, PM and APC have the same shape.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => control_string(bounded),
        // Charset selections and the like: intermediates, then one final byte.
        Some(0x20..=0x2f) => short_sequence(bounded),
        Some(0x30..=0x7e) => Some(Escape::Complete(2)),
        Some(_) => Some(Escape::Broken),
    };
    match found {
        Some(found) => found,
        None if input.len() >= MAX_ESCAPE => Escape::Broken,
        None => Escape::Unfinished,
    }
}

/// ECMA-48 §5.4: parameter bytes, intermediate bytes, a final byte.
fn control_sequence(input: &[u8]) -> Option<Escape> {
    let end = input[2..].iter().position(|byte| !(0x20..=0x3f).contains(byte))? + 2;
    Some(match input[end] {
        0x40..=0x7e => Escape::Complete(end + 1),
        _ => Escape::Broken,
    })
}

/// A string up to BEL or ST (`ESC \`), within one line.
fn control_string(input: &[u8]) -> Option<Escape> {
    let is_end = |byte: &u8| matches!(*byte, BEL | ESC | b'\n' | b'\r');
    let end = input[2..].iter().position(is_end)? + 2;
    match input[end] {
        BEL => Some(Escape::Complete(end + 1)),
        ESC => match input.get(end + 1)? {
            b'\\' => Some(Escape::Complete(end + 2)),
            _ => Some(Escape::Broken),
        },
        _ => Some(Escape::Broken),
    }
}

/// `ESC` intermediates final, as in `ESC ( B`.
fn short_sequence(input: &[u8]) -> Option<Escape> {
    let end = input[1..].iter().position(|byte| !(0x20..=0x2f).contains(byte))? + 1;
    Some(match input[end] {
        0x30..=0x7e => Escape::Complete(end + 1),
        _ => Escape::Broken,
    })
}

/// Decodes UTF-16 in pieces; what is no character becomes U+FFFD.
#[derive(Clone, Debug)]
struct Utf16 {
    unit: fn([u8; 2]) -> u16,
    /// The first byte of a unit whose second has not come yet.
    odd: Option<u8>,
    /// A high surrogate that waits for its low one.
    high: Option<u16>,
}

impl Utf16 {
    fn new(unit: fn([u8; 2]) -> u16) -> Utf16 {
        Utf16 { unit, odd: None, high: None }
    }

    fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let mut units = Vec::with_capacity(input.len() / 2 + 2);
        units.extend(self.high.take());
        let mut input = input;
        if let (Some(first), Some((&second, rest))) = (self.odd, input.split_first()) {
            units.push((self.unit)([first, second]));
            (self.odd, input) = (None, rest);
        }
        let (pairs, odd) = input.as_chunks::<2>();
        units.extend(pairs.iter().map(|&pair| (self.unit)(pair)));
        self.odd = odd.first().copied().or(self.odd);
        if let Some(high) = units.pop_if(|unit| (0xd800..0xdc00).contains(unit)) {
            self.high = Some(high);
        }
        push_utf16(&units, out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let broken =
            usize::from(self.high.take().is_some()) + usize::from(self.odd.take().is_some());
        out.extend_from_slice("\u{fffd}".repeat(broken).as_bytes());
    }
}

fn push_utf16(units: &[u16], out: &mut Vec<u8>) {
    for character in char::decode_utf16(units.iter().copied()) {
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

#[cfg(test)]
#[path = "clean_tests.rs"]
mod tests;
