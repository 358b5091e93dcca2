//! Where logs come from on this machine: a file, a directory tree, a tar archive, standard input.
//!
//! Each target is one run. Its logs are listed first ([`open_target`]) and opened one by one, side
//! by side if one likes. Only when a log is opened its bytes tell what it is ([`Content`]): text to
//! scan, something else to leave out, or an archive whose entries come in order
//! ([`walk_archive`]).

mod archive;
mod content;
mod error;
mod tree;

pub use self::{
    archive::{ArchiveEntry, ArchiveItem, walk_archive},
    content::{Content, LogReader},
    error::{SourceError, SourceErrorKind, SourceNote, SourceNoteKind},
    tree::{Listing, LogSource, Target, open_target},
};

#[cfg(test)]
mod tests;
