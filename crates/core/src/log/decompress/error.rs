use std::{fmt, io};

use super::reader::Compression;

/// A file could not be read to its end.
#[derive(Debug, thiserror::Error)]
#[error("{}{kind}", Place(self))]
pub struct DecompressError {
    /// How the file is compressed; `None` for plain text.
    pub compression: Option<Compression>,
    /// The bytes that were decoded before, and given to the reader.
    pub decoded: u64,
    /// What is wrong.
    pub kind: DecompressErrorKind,
}

/// Where it happened, for compressed data.
struct Place<'a>(&'a DecompressError);

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DecompressError { compression, decoded, .. } = self.0;
        match compression {
            Some(compression) => {
                write!(formatter, "{compression} data, after {decoded} bytes of text: ")
            }
            None => Ok(()),
        }
    }
}

/// What is wrong with a file, and what helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecompressErrorKind {
    /// The file ends within the compressed data.
    #[error("the file ends too early; it was probably cut on its way here, fetch it again")]
    Truncated,
    /// The compressed data is damaged, or needs more memory than is allowed.
    #[error("the data is damaged ({0}); fetch it again, or unpack it with the tool that packed it")]
    Corrupt(String),
    /// The decoded text is longer than allowed.
    #[error(
        "it unpacks to more than {limit} bytes: a bomb, or a log that went wild; cut it, or allow \
         more"
    )]
    TooLarge {
        /// [`Limits::max_output`](super::Limits::max_output).
        limit: u64,
    },
    /// The decoded text is much longer than the compressed data.
    #[error(
        "it unpacks to more than 1 GiB, and to more than {ratio} times its size: a bomb, or a log \
         that went wild; cut it, or allow more"
    )]
    TooDense {
        /// [`Limits::max_ratio`](super::Limits::max_ratio).
        ratio: u64,
    },
    /// The text, which is not compressed, is longer than allowed.
    #[error("it has more than {limit} bytes: a log that went wild; cut it, or allow more")]
    TooLong {
        /// [`Limits::max_output`](super::Limits::max_output).
        limit: u64,
    },
    /// This program was built without decompression.
    #[error("this program was built without decompression; unpack the file first")]
    Unsupported,
}

impl DecompressError {
    /// The decompression error within an error of reading, if it is one.
    pub fn of(error: &io::Error) -> Option<&DecompressError> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<DecompressError> for io::Error {
    fn from(error: DecompressError) -> io::Error {
        let kind = match error.kind {
            DecompressErrorKind::Truncated => io::ErrorKind::UnexpectedEof,
            DecompressErrorKind::Unsupported => io::ErrorKind::Unsupported,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}
