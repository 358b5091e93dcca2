use std::{fmt, io};

use crate::log::DecompressError;

/// A log, or a whole target, could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {kind}")]
pub struct SourceError {
    /// The path as given, or the log's name.
    pub name: String,
    /// What is wrong.
    #[source]
    pub kind: SourceErrorKind,
}

/// What is wrong with a log or target, and what helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// There is nothing of that name.
    #[error("no such file or directory; check the path")]
    NotFound,
    /// Reading is not allowed.
    #[error("permission denied; make it readable")]
    Denied,
    /// A link leads nowhere, or round in circles.
    #[error("the link leads nowhere; mend or remove it")]
    DeadLink,
    /// The compressed data is damaged.
    #[error(transparent)]
    Decompress(DecompressError),
    /// The archive is damaged.
    #[error("the archive is damaged ({0}); pack it again, or unpack it and give the directory")]
    Archive(String),
    /// Anything else that the system tells.
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl SourceError {
    pub(super) fn new(name: impl Into<String>, kind: SourceErrorKind) -> SourceError {
        SourceError { name: name.into(), kind }
    }

    /// The error of reading the log with this name.
    pub fn from_io(name: impl Into<String>, error: io::Error) -> SourceError {
        SourceError::new(name, SourceErrorKind::from(error))
    }
}

impl From<io::Error> for SourceErrorKind {
    fn from(error: io::Error) -> SourceErrorKind {
        if error.get_ref().is_some_and(|inner| inner.is::<DecompressError>()) {
            let inner = error.into_inner().and_then(|inner| inner.downcast().ok());
            return SourceErrorKind::Decompress(*inner.expect("it was just looked at"));
        }
        match error.kind() {
            io::ErrorKind::NotFound => SourceErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => SourceErrorKind::Denied,
            _ => SourceErrorKind::Io(error),
        }
    }
}

/// Something of a target that was left out or changed, and is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceNote {
    /// The log's name, relative to the run's root.
    pub name: String,
    /// What was done.
    pub kind: SourceNoteKind,
}

/// Why something was left out or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceNoteKind {
    /// A link to a directory that contains it.
    Loop,
    /// A link to a directory that is read anyway.
    ReadAlready,
    /// A device, socket or pipe within a directory.
    Special,
    /// A link within an archive.
    LinkInArchive,
    /// A sparse file or another rarity within an archive.
    RareInArchive,
    /// The name in the archive, which led out of it, was normalised. It is only a label: nothing
    /// is written to disk.
    Renamed {
        /// The name as the archive has it.
        from: String,
    },
}

impl fmt::Display for SourceNote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.kind {
            SourceNoteKind::Loop => write!(formatter, "{name}: a link in a circle, not followed"),
            SourceNoteKind::ReadAlready => {
                write!(formatter, "{name}: a link to a directory that is read anyway, left out")
            }
            SourceNoteKind::Special => {
                write!(formatter, "{name}: a device, socket or pipe, left out")
            }
            SourceNoteKind::LinkInArchive => {
                write!(formatter, "{name}: a link in the archive, left out")
            }
            SourceNoteKind::RareInArchive => {
                write!(formatter, "{name}: neither file nor directory in the archive, left out")
            }
            SourceNoteKind::Renamed { from } => {
                write!(
                    formatter,
                    "{name}: is called {from:?} in the archive, which leads out of it"
                )
            }
        }
    }
}
