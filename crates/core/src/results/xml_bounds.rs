//! Keeps an XML parser from holding more of a hostile file than a bound, and counts lines for it.

use std::io::{self, BufRead, Read};

/// Bytes that one token (a tag, a text between tags, a CDATA section, a comment) may have.
const MAX_TOKEN: usize = 32 << 20;

/// A reader that fails once more than [`MAX_TOKEN`] bytes were taken since the last token began.
#[derive(Debug)]
pub(super) struct XmlBounds<R> {
    inner: R,
    token: usize,
    lines: u64,
    too_long: bool,
}

impl<R: BufRead> XmlBounds<R> {
    pub(super) fn new(inner: R) -> XmlBounds<R> {
        XmlBounds { inner, token: 0, lines: 1, too_long: false }
    }

    /// Tells that a token begins.
    pub(super) fn begin(&mut self) {
        self.token = 0;
    }

    /// The line, from 1, up to which the parser has read.
    pub(super) fn line(&self) -> u64 {
        self.lines
    }

    /// Whether a token was too long.
    pub(super) fn is_too_long(&self) -> bool {
        self.too_long
    }
}

impl<R: BufRead> Read for XmlBounds<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(out.len());
        out[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for XmlBounds<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.token > MAX_TOKEN {
            self.too_long = true;
            return Err(io::Error::other("a token is too long"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.token += count;
        if let Ok(taken) = self.inner.fill_buf() {
            let taken = &taken[..count.min(taken.len())];
            self.lines += memchr::memchr_iter(b'\n', taken).count() as u64;
        }
        self.inner.consume(count);
    }
}
