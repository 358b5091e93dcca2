use std::fmt;
use std::io::{self, Read};

use super::codec::Codec;
use super::error::{DecompressError, DecompressErrorKind};
use super::source::Source;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// The .xz format of XZ Utils.
    Xz,
    /// bzip2.
    Bzip2,
}

impl fmt::Display for Compression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Xz => "xz",
            Compression::Bzip2 => "bzip2",
        })
    }
}

/// Magic bytes are no longer than this.
const MAX_MAGIC: usize = 10;

impl Compression {
    /// Recognises compressed data by its first bytes (ten are enough).
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::log::Compression;
    /// assert_eq!(Compression::detect(b"\x1f\x8b\x08\x00\x00"), Some(Compression::Gzip));
    /// assert_eq!(Compression::detect(b"BZh90 is how this line begins"), None);
    /// ```
    pub fn detect(start: &[u8]) -> Option<Compression> {
        const BZIP2_BLOCK: &[u8] = b"\x31\x41\x59\x26\x53\x59";
        const BZIP2_END: &[u8] = b"\x17\x72\x45\x38\x50\x90";
        match start {
            [0x1f, 0x8b, 0x08, ..] => Some(Compression::Gzip),
            // A frame, or one to skip.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                Some(Compression::Zstd)
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Compression::Xz),
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
                if rest.starts_with(BZIP2_BLOCK) || rest.starts_with(BZIP2_END) =>
            {
                Some(Compression::Bzip2)
            }
            _ => None,
        }
    }
}

/// Bounds on how much text one file may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The bytes of text, compressed or not. By default 64 GiB: a minute of scanning.
    pub max_output: u64,
    /// The bytes of text for each compressed byte, beyond the first GiB of text. By default 500:
    /// logs reach 10 to 50, a few pathological ones 200, while gzip could reach 1,030 and the
    /// others far more.
    pub max_ratio: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { max_output: 64 << 30, max_ratio: 500 }
    }
}

impl Limits {
    /// The ratio does not matter below so many bytes of text.
    const FREE: u64 = 1 << 30;

    /// Which bound so much text from so many compressed bytes is beyond.
    fn exceeded(&self, decoded: u64, taken: u64) -> Option<DecompressErrorKind> {
        if decoded > self.max_output {
            return Some(DecompressErrorKind::TooLarge { limit: self.max_output });
        }
        let dense = decoded > Limits::FREE && decoded / self.max_ratio.max(1) > taken;
        dense.then_some(DecompressErrorKind::TooDense { ratio: self.max_ratio })
    }
}

/// Reads a file's text, compressed or not.
///
/// Errors of the compressed data are [`DecompressError`]s inside the [`io::Error`]; all text before
/// them has been read by then. After an error there is no more text.
///
/// # Example
///
/// ```
/// use std::io::Read;
/// use recheck_core::log::{Decompressor, Limits};
/// let mut text = String::new();
/// Decompressor::new(&b"plain"[..], Limits::default()).read_to_string(&mut text).unwrap();
/// assert_eq!(text, "plain");
/// ```
pub struct Decompressor<R: Read> {
    state: State<R>,
    compression: Option<Compression>,
    limits: Limits,
    decoded: u64,
    trailing_junk: bool,
    /// Plain text has no bound: it is an archive, whose entries have theirs.
    plain_unbounded: bool,
}

enum State<R: Read> {
    /// Nothing was read yet.
    Start(Source<R>),
    Plain(Source<R>),
    Packed(Box<Codec<R>>),
    /// At the end, or behind an error.
    End,
}

impl<R: Read> Decompressor<R> {
    /// A reader of the text of `input`.
    pub fn new(input: R, limits: Limits) -> Decompressor<R> {
        Decompressor {
            state: State::Start(Source::new(input)),
            compression: None,
            limits,
            decoded: 0,
            trailing_junk: false,
            plain_unbounded: false,
        }
    }

    /// How the file is compressed; known once something was read, `None` for plain text.
    pub fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// True when something that is no compressed data stood behind the compressed data. It was
    /// left out.
    pub fn has_trailing_junk(&self) -> bool {
        self.trailing_junk
    }

    /// The bytes of text read so far.
    pub fn decoded(&self) -> u64 {
        self.decoded
    }

    /// Lifts the bound where the file is not compressed.
    #[cfg(feature = "fs")]
    pub(in crate::log) fn unbind_plain(&mut self) {
        self.plain_unbounded = true;
    }

    /// Looks at the magic bytes of what comes next.
    fn begin(&mut self, mut source: Source<R>) -> io::Result<()> {
        let found = loop {
            match source.peek(MAX_MAGIC) {
                Ok(start) => break Compression::detect(start),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        self.compression = found;
        self.state = match found {
            None => State::Plain(source),
            Some(compression) => self.packed(compression, source)?,
        };
        Ok(())
    }

    fn packed(&self, compression: Compression, source: Source<R>) -> io::Result<State<R>> {
        let codec = Codec::new(compression, source).map_err(|error| self.error(error))?;
        Ok(State::Packed(Box::new(codec)))
    }

    fn error(&self, kind: DecompressErrorKind) -> io::Error {
        DecompressError { compression: self.compression, decoded: self.decoded, kind }.into()
    }

    /// One of several compressed files behind each other has ended.
    fn next_member(&mut self, mut source: Source<R>) -> io::Result<()> {
        // Tapes and xz pad with zeros.
        while source.peek(1)? == [0] {
            io::BufRead::consume(&mut source, 1);
        }
        let start = source.peek(MAX_MAGIC)?;
        if start.is_empty() {
            return Ok(());
        }
        match Compression::detect(start) {
            Some(next) if Some(next) == self.compression => {
                self.state = self.packed(next, source)?
            }
            _ => self.trailing_junk = true,
        }
        Ok(())
    }

    /// Reads plain text up to the bound. That there is more is told only when it is asked for.
    fn read_plain(&mut self, mut source: Source<R>, out: &mut [u8]) -> io::Result<usize> {
        let limit = if self.plain_unbounded { u64::MAX } else { self.limits.max_output };
        let left = usize::try_from(limit - self.decoded).unwrap_or(usize::MAX);
        let read = if left > 0 {
            let length = out.len().min(left);
            source.read(&mut out[..length])
        } else if source.peek(1)?.is_empty() {
            Ok(0)
        } else {
            return Err(self.error(DecompressErrorKind::TooLong { limit }));
        };
        self.state = State::Plain(source);
        self.decoded += *read.as_ref().unwrap_or(&0) as u64;
        read
    }

    fn read_packed(&mut self, mut codec: Box<Codec<R>>, out: &mut [u8]) -> io::Result<usize> {
        match codec.read(out) {
            Ok(0) => {
                self.next_member(codec.into_source())?;
                Ok(0)
            }
            Ok(read) => {
                self.decoded += read as u64;
                if let Some(kind) = self.limits.exceeded(self.decoded, codec.source().taken()) {
                    self.decoded -= read as u64;
                    return Err(self.error(kind));
                }
                self.state = State::Packed(codec);
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.state = State::Packed(codec);
                Err(error)
            }
            Err(error) if codec.source().failed => Err(error),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.error(DecompressErrorKind::Truncated))
            }
            Err(error) => Err(self.error(DecompressErrorKind::Corrupt(error.to_string()))),
        }
    }
}

impl<R: Read> fmt::Debug for Decompressor<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Decompressor");
        shown.field("compression", &self.compression).field("decoded", &self.decoded);
        shown.field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl<R: Read> Read for Decompressor<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::End) {
                State::End => return Ok(0),
                State::Start(source) => self.begin(source)?,
                State::Plain(source) => return self.read_plain(source, out),
                State::Packed(codec) => match self.read_packed(codec, out)? {
                    0 => {}
                    read => return Ok(read),
                },
            }
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
