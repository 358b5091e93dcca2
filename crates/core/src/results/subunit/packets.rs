//! Finds the packets of a stream, which may have other output between them.

use std::io::{self, Read};

use super::packet::{self, HEADER, SIGNATURE};

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// What stands next in a stream.
pub(super) enum Item<'a> {
    /// A whole packet whose checksum is right.
    Packet(&'a [u8]),
    /// What began like a packet is none, or is damaged.
    Broken,
    /// The stream ends within a packet.
    Truncated,
}

pub(super) struct Packets<'r> {
    reader: &'r mut dyn Read,
    buffer: Vec<u8>,
    /// Where the bytes begin that were not looked at yet.
    start: usize,
    /// The place of `buffer` in the stream.
    base: u64,
    /// Whether a packet may begin here: at the start, behind a packet, behind a line feed.
    synchronised: bool,
    ended: bool,
    /// The reader's error, told behind what was read before it.
    error: Option<io::Error>,
}

impl<'r> Packets<'r> {
    pub(super) fn new(reader: &'r mut dyn Read) -> Packets<'r> {
        let (buffer, start, base, synchronised) = (Vec::new(), 0, 0, true);
        Packets { reader, buffer, start, base, synchronised, ended: false, error: None }
    }

    /// The next packet and its place; `None` at the end.
    ///
    /// # Errors
    ///
    /// The reader's, with the place.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Item<'_>)>, (u64, io::Error)> {
        loop {
            if !self.hold(1) {
                return self.end(None);
            }
            if !self.synchronised || self.buffer[self.start] != SIGNATURE {
                self.skip_line();
                continue;
            }
            let offset = self.base + self.start as u64;
            let has_header = self.hold(HEADER);
            let Some(length) = packet::length(&self.buffer[self.start..]) else {
                if !has_header {
                    return self.end(Some(offset));
                }
                self.start += 1;
                self.synchronised = false;
                return Ok(Some((offset, Item::Broken)));
            };
            if !self.hold(length) {
                return self.end(Some(offset));
            }
            let end = self.start + length;
            if packet::is_intact(&self.buffer[self.start..end]) {
                let packet = self.start..end;
                self.start = end;
                return Ok(Some((offset, Item::Packet(&self.buffer[packet]))));
            }
            self.skip_damaged(length);
            return Ok(Some((offset, Item::Broken)));
        }
    }

    /// Goes on behind a packet whose content is damaged: where it ends, if another begins there,
    /// else at the next line.
    fn skip_damaged(&mut self, length: usize) {
        self.hold(length + HEADER);
        let behind = &self.buffer[self.start + length..];
        if packet::length(behind).is_some() {
            self.start += length;
        } else {
            self.start += 1;
            self.synchronised = false;
        }
    }

    /// Leaves out what is no packet, to the end of its line or of what was read.
    fn skip_line(&mut self) {
        let held = &self.buffer[self.start..];
        let feed = memchr::memchr(b'\n', held);
        self.synchronised = feed.is_some();
        self.start += feed.map_or(held.len(), |feed| feed + 1);
    }

    /// The end of the stream, or of what can be read of it; `within` is the place of a packet that
    /// is not whole.
    fn end(&mut self, within: Option<u64>) -> Result<Option<(u64, Item<'_>)>, (u64, io::Error)> {
        self.start = self.buffer.len();
        match self.error.take() {
            Some(error) => Err((self.base + self.buffer.len() as u64, error)),
            None => Ok(within.map(|offset| (offset, Item::Truncated))),
        }
    }

    /// Reads until `count` bytes are held; false where the stream has fewer.
    fn hold(&mut self, count: usize) -> bool {
        while self.buffer.len() - self.start < count {
            if self.ended {
                return false;
            }
            if self.start >= CHUNK || self.start == self.buffer.len() {
                self.buffer.drain(..self.start);
                self.base += self.start as u64;
                self.start = 0;
            }
            match (&mut *self.reader).take(CHUNK as u64).read_to_end(&mut self.buffer) {
                Ok(read) => self.ended = read == 0,
                Err(error) => {
                    self.ended = true;
                    self.error = Some(error);
                }
            }
        }
        true
    }
}
