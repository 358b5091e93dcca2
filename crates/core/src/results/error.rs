use std::{fmt, io};

/// A file of results that can't be read to its end.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct ResultsError {
    /// Where in the unpacked file.
    pub place: ResultsPlace,
    /// What is wrong there.
    #[source]
    pub kind: ResultsErrorKind,
}

/// A place in a file of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultsPlace {
    /// A line, from 1.
    Line(u64),
    /// A byte, from 0.
    Byte(u64),
}

impl fmt::Display for ResultsPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResultsPlace::Line(line) => write!(formatter, "line {line}"),
            ResultsPlace::Byte(byte) => write!(formatter, "byte {byte}"),
        }
    }
}

/// What is wrong with a file of results.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsErrorKind {
    /// The reader's error.
    #[error(transparent)]
    Io(io::Error),
    /// It is no XML.
    #[error("this is not XML: {0}")]
    Xml(#[source] quick_xml::Error),
    /// It is no JSON, or not what Zuul writes.
    #[error("this is not what Zuul writes: {0}")]
    Json(#[source] serde_json::Error),
    /// It ends where more must follow.
    #[error("the file ends too early; it was cut, or its writer was stopped")]
    Truncated,
    /// Packets of a subunit stream are broken.
    #[error(
        "{count} packet(s) of the subunit stream are broken or not of version 2, this is the first; \
         the others count"
    )]
    BrokenPackets {
        /// How many.
        count: u64,
    },
    /// So many packets are broken that the rest is not read.
    #[error("more than {limit} broken packets; this is hardly a subunit stream")]
    TooManyBroken {
        /// The limit.
        limit: u64,
    },
    /// Something is larger than any honest file has it.
    #[error("{what} of more than {limit}; the rest is not read")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// The limit, with its unit.
        limit: &'static str,
    },
}

impl ResultsError {
    pub(super) fn at_line(line: u64, kind: ResultsErrorKind) -> ResultsError {
        ResultsError { place: ResultsPlace::Line(line), kind }
    }

    pub(super) fn at_byte(byte: u64, kind: ResultsErrorKind) -> ResultsError {
        ResultsError { place: ResultsPlace::Byte(byte), kind }
    }
}
