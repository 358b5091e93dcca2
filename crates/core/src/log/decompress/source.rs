use std::io::{self, BufRead, Read};

/// Bytes read from the file at a time.
const CHUNK: usize = 64 * 1024;

/// A buffered reader that can look ahead, counts, and remembers its own errors.
pub(super) struct Source<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    /// Bytes taken out.
    taken: u64,
    /// The file itself could not be read: not the decoder's error.
    pub(super) failed: bool,
}

impl<R: Read> Source<R> {
    pub(super) fn new(input: R) -> Source<R> {
        Source { input, buffer: Vec::new(), start: 0, taken: 0, failed: false }
    }

    /// The compressed bytes that were consumed.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// The next bytes without taking them: as many as wanted, fewer only at the end.
    pub(super) fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.buffer.len() - self.start < wanted {
            if self.refill()? == 0 {
                break;
            }
        }
        let held = &self.buffer[self.start..];
        Ok(&held[..held.len().min(wanted)])
    }

    /// Reads a chunk behind what is held; the number of bytes, 0 at the end.
    fn refill(&mut self) -> io::Result<usize> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let held = self.buffer.len();
        self.buffer.resize(held + CHUNK, 0);
        let read = self.input.read(&mut self.buffer[held..]);
        self.buffer.truncate(held + *read.as_ref().unwrap_or(&0));
        // An interrupted read is tried again by whoever asked.
        self.failed = read.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        read
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start == self.buffer.len() && out.len() >= CHUNK {
            let read = self.input.read(out)?;
            self.taken += read as u64;
            return Ok(read);
        }
        let held = self.fill_buf()?;
        let length = held.len().min(out.len());
        out[..length].copy_from_slice(&held[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.buffer.len() {
            self.refill()?;
        }
        Ok(&self.buffer[self.start..])
    }

    fn consume(&mut self, amount: usize) {
        self.start += amount;
        self.taken += amount as u64;
    }
}
