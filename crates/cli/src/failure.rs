//! What ends the program before its work is done. Each message says what to do.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::{repository::RepositoryError, settings::SettingsError};

/// Why nothing could be done.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// Standard output is full or closed.
    #[error("cannot write the output")]
    Output(#[from] io::Error),
    /// A settings file or variable is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A repository of fingerprints can't be read, and there is no copy.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// Not one fingerprint works.
    #[error("no fingerprint could be loaded from {place}\n  help: {help}")]
    NoFingerprints {
        /// Where they were looked for.
        place: String,
        /// The cure.
        help: &'static str,
    },
    /// The documents can't be read at all.
    #[error("cannot read the events in {}\n  help: give a file with one JSON object a line, or `-` for standard input", .path.display())]
    Events {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: io::Error,
    },
    /// The index can't be used.
    #[error(transparent)]
    Index(#[from] recheck_index::IndexError),
    /// What is told of a run is wrong.
    #[error("{target}: {reason}\n  help: tell it with `--meta KEY=VALUE`")]
    Run {
        /// What was to be read.
        target: String,
        /// What is wrong.
        reason: String,
    },
    /// A place whose runs can't be listed.
    #[error(
        "{given}: no place that lists runs is known by this address\n  help: give a tenant of a Zuul (https://HOST/t/TENANT) or a repository on GitHub (https://github.com/OWNER/NAME)"
    )]
    RunList {
        /// What was given.
        given: String,
    },
    /// A query that is none.
    #[error(
        "there is no fingerprint `{text}`, and as a query it is wrong: {reason}\n  help: give the id of a fingerprint, or a query such as 'message:\"no space left\"'"
    )]
    Query {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A query by which logs are known to have arrived can't be asked.
    #[error("{reason}\n  help: give `--arrived` a query that can be asked of this index")]
    Arrival {
        /// Which, and what is wrong with it.
        reason: String,
    },
    /// A report's window holds nothing.
    #[error(
        "the window ends at {until}, before it begins at {from}\n  help: give `--until` a later time than `--since`"
    )]
    EmptyWindow {
        /// Its beginning.
        from: jiff::Timestamp,
        /// Its end.
        until: jiff::Timestamp,
    },
    /// The man pages can't be written.
    #[error("cannot write the man pages into {}\n  help: give a directory that exists with `--dir DIR`", .path.display())]
    Pages {
        /// The directory.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: io::Error,
    },
    /// No server can be asked.
    #[error(
        "cannot set up what asks servers: {0}\n  help: check the proxy and the system's certificates"
    )]
    Http(String),
    /// The threads can't be started.
    #[error("cannot start the threads\n  help: ask for fewer with `--jobs`")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl Failure {
    /// True when the reader of our output has gone.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
