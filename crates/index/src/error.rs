//! What goes wrong with an index, always with the place and the cure.

use std::{io, time::Duration};

/// An index that can't do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct IndexError {
    /// The directory or the address.
    pub place: String,
    /// What is wrong. It is part of the text, and so no source: that would tell it twice.
    pub kind: Box<IndexErrorKind>,
}

/// What is wrong with an index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexErrorKind {
    /// There is none.
    #[error(
        "there is no index here\n  help: `recheck ingest` makes one; `--index PATH` names another place"
    )]
    Missing,
    /// Something else is there.
    #[error(
        "this directory holds something else than an index\n  help: give a new or an empty directory with `--index PATH`"
    )]
    NotAnIndex,
    /// An index of another version of the program.
    #[error(
        "the index has format {found}, this program reads format {wanted}\n  help: ingest into a new directory, or use the version of recheck that made this one"
    )]
    OtherFormat {
        /// The format of the index.
        found: u64,
        /// The format that can be read.
        wanted: u64,
    },
    /// The manifest can't be understood.
    #[error("`recheck-index.json` is damaged: {0}\n  help: ingest into a new directory")]
    Manifest(#[source] serde_json::Error),
    /// The index was made with another schema.
    #[error(
        "the index has the schema `{found}`, not `{wanted}`\n  help: leave `--schema` out, or ingest into a new directory"
    )]
    OtherSchema {
        /// The schema of the index.
        found: &'static str,
        /// The schema that was asked for.
        wanted: &'static str,
    },
    /// Another process writes.
    #[error("another process is writing to the index, for more than {} s now\n  help: wait until it is done", .0.as_secs())]
    Busy(Duration),
    /// The event store fails.
    #[error(
        "the event index cannot be used: {0}\n  help: check the disk; a damaged index is made anew by ingesting into a new directory"
    )]
    Events(#[source] tantivy::TantivyError),
    /// The history fails.
    #[error(
        "the history cannot be used: {0}\n  help: check the disk and the rights on `history.sqlite`"
    )]
    History(#[source] rusqlite::Error),
    /// A staged batch or a stored event can't be read.
    #[error("something in the index is damaged: {0}\n  help: ingest into a new directory")]
    Damaged(#[source] serde_json::Error),
    /// An address that leads to no index.
    #[error(
        "this is not the address of an index: {0}\n  help: write it as `http://HOST:9200/NAME`, or with a pattern: `…/logstash-*`, `…/logstash-%Y.%m.%d`"
    )]
    Address(String),
    /// A credential or a certificate that can't be used.
    #[error("{0}")]
    Credential(String),
    /// What is to name the indices with test results names none.
    #[error(
        "`{0}` names no indices with test results\n  help: set RECHECK_INDEX_TESTS to a name or a pattern such as `subunit-*`, or to nothing"
    )]
    TestResults(String),
    /// The server can't be reached.
    #[error("the server cannot be reached: {0}\n  help: check the address, and that it runs")]
    Unreachable(String),
    /// The server's certificate is not accepted.
    #[error(
        "the server's certificate is not accepted: {0}\n  help: it has to be valid for this name and today; RECHECK_INDEX_CA names a PEM file with an authority of your own"
    )]
    Certificate(String),
    /// The server does not answer.
    #[error(
        "the server did not answer within {} s\n  help: see whether it is overloaded or hangs; RECHECK_INDEX_TIMEOUT=120s gives it more time", .0.as_secs()
    )]
    Silent(Duration),
    /// The server says no.
    #[error("the server refuses ({status}): {reason}{}", refusal_help(*status))]
    Refused {
        /// HTTP's status.
        status: u16,
        /// The server's own words.
        reason: String,
    },
    /// The server has not looked at everything.
    #[error(
        "the answer is not complete: {0}\n  help: look at the cluster's health; the same command again asks anew"
    )]
    Incomplete(String),
    /// The server did not take all documents.
    #[error("the server refused {count} of the documents, the first one with: {reason}")]
    Documents {
        /// How many.
        count: usize,
        /// The server's own words.
        reason: String,
    },
    /// What the server says can't be understood.
    #[error("the server's answer cannot be understood: {0}")]
    Answer(String),
    /// An index that somebody else fills.
    #[error(
        "this index was not made by recheck and is only read\n  help: give the name of a new index to write to"
    )]
    ReadOnly,
    /// A question that would read too much of a cluster.
    #[error(
        "the cluster cannot answer this by itself, and {events} events are too many to be read: {reason}\n  help: narrow it, by a window or by a query beside it"
    )]
    TooMany {
        /// Events that would be read.
        events: u64,
        /// Why.
        reason: String,
    },
    /// The file system refuses.
    #[error("the index cannot be used: {0}")]
    Io(#[source] io::Error),
}

fn refusal_help(status: u16) -> &'static str {
    match status {
        401 | 403 => {
            "\n  help: set RECHECK_INDEX_API_KEY, or RECHECK_INDEX_TOKEN, or RECHECK_INDEX_USER and RECHECK_INDEX_PASSWORD, to what may do this"
        }
        413 => {
            "\n  help: a proxy before the server may take less than it does (nginx: `client_max_body_size 64m`)"
        }
        429 => "\n  help: the cluster has too much to do; wait, or give it more memory",
        _ => "",
    }
}

impl IndexErrorKind {
    /// The error at its place.
    pub(crate) fn at(self, place: &str) -> IndexError {
        IndexError { place: place.to_owned(), kind: Box::new(self) }
    }
}

impl From<tantivy::TantivyError> for IndexErrorKind {
    fn from(error: tantivy::TantivyError) -> IndexErrorKind {
        IndexErrorKind::Events(error)
    }
}

impl From<rusqlite::Error> for IndexErrorKind {
    fn from(error: rusqlite::Error) -> IndexErrorKind {
        IndexErrorKind::History(error)
    }
}

impl From<io::Error> for IndexErrorKind {
    fn from(error: io::Error) -> IndexErrorKind {
        IndexErrorKind::Io(error)
    }
}

impl From<serde_json::Error> for IndexErrorKind {
    fn from(error: serde_json::Error) -> IndexErrorKind {
        IndexErrorKind::Damaged(error)
    }
}
