use std::fmt;
use std::io::{self, Read};

use crate::log::{Compression, Decompressor, Limits};

/// What a file holds, as far as its first 8 KiB of unpacked bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text, or nothing.
    Text,
    /// An image, a program, or something else that is no text.
    Binary,
    /// A tar archive.
    Archive,
}

/// Bytes that are looked at.
const SAMPLE: usize = 8 * 1024;

impl Content {
    /// What data is that begins with `start`.
    pub fn detect(start: &[u8]) -> Content {
        if is_tar(start) {
            return Content::Archive;
        }
        if MAGICS.iter().any(|magic| start.starts_with(magic)) {
            return Content::Binary;
        }
        // UTF-16 has zeros, and says so.
        let is_utf16 = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
        if is_utf16 || start.is_empty() {
            return Content::Text;
        }
        // A twentieth of control characters: random bytes have twice that, no encoding of text does.
        let controls = start.iter().filter(|&&byte| is_control(byte)).count();
        if controls * 20 > start.len() { Content::Binary } else { Content::Text }
    }
}

/// ELF, PNG, JPEG, GIF, zip, PDF, Java classes, SQLite, WebAssembly, WebP and WAV.
const MAGICS: [&[u8]; 10] = [
    b"\x7fELF",
    b"\x89PNG\r\n",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"%PDF-",
    b"\xca\xfe\xba\xbe",
    b"SQLite format 3\0",
    b"\0asm",
    b"RIFF",
];

/// Control characters that logs do not have; backspace, escape and form feed they do.
fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x08 | 0x0c | 0x1b)
}

/// The magic of POSIX and GNU archives, and the header's own checksum.
fn is_tar(start: &[u8]) -> bool {
    let Some(header) = start.get(..512) else { return false };
    let field: String = header[148..156].iter().map(|&byte| char::from(byte)).collect();
    let told = u32::from_str_radix(field.trim_matches(['\0', ' ']), 8);
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let own = sum(&header[..148]) + 8 * u32::from(b' ') + sum(&header[156..]);
    &header[257..262] == b"ustar" && told == Ok(own)
}

/// Reads one file's unpacked bytes, and knows what they are.
///
/// Errors are given where the reading meets them, after all bytes before them.
pub struct LogReader<R: Read> {
    sample: Vec<u8>,
    start: usize,
    content: Content,
    /// An error met while the sample was read.
    error: Option<io::Error>,
    rest: Decompressor<R>,
}

impl<R: Read> LogReader<R> {
    /// Begins to read. Does not fail: the first error is given behind the bytes before it.
    pub fn new(input: R, limits: Limits) -> LogReader<R> {
        let mut rest = Decompressor::new(input, limits);
        let mut sample = Vec::with_capacity(SAMPLE);
        let error = rest.by_ref().take(SAMPLE as u64).read_to_end(&mut sample).err();
        let content = Content::detect(&sample);
        if content == Content::Archive {
            rest.unbind_plain();
        }
        LogReader { sample, start: 0, content, error, rest }
    }

    /// What the file holds.
    pub fn content(&self) -> Content {
        self.content
    }

    /// The first bytes of the file, unpacked: 8 KiB, or all where it has fewer. They are still to be
    /// read.
    pub fn start(&self) -> &[u8] {
        &self.sample
    }

    /// How the file is compressed; `None` for not at all.
    pub fn compression(&self) -> Option<Compression> {
        self.rest.compression()
    }

    /// True when something that is no compressed data stood behind the compressed data, and was
    /// left out. Known at the end.
    pub fn has_trailing_junk(&self) -> bool {
        self.rest.has_trailing_junk()
    }
}

impl<R: Read> fmt::Debug for LogReader<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("LogReader");
        shown.field("content", &self.content).field("rest", &self.rest).finish_non_exhaustive()
    }
}

impl<R: Read> Read for LogReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let held = &self.sample[self.start..];
        if !held.is_empty() {
            let length = held.len().min(out.len());
            out[..length].copy_from_slice(&held[..length]);
            self.start += length;
            return Ok(length);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.rest.read(out),
        }
    }
}
