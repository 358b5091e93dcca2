use recheck_core::{Fields, RunMeta};
use reqwest::Url;
use thiserror::Error;

use super::http::{HttpError, shown};

/// The file that a source's own words about a run stand in.
pub(crate) const RUN_FILE: &str = "run";

/// One run that lies on a server: what is known of it, and the files that its logs are in.
#[derive(Clone, Debug, Default)]
pub(crate) struct RemoteRun {
    /// What the user gave, or for a change one build's own page.
    pub(crate) target: String,
    /// What is known of the run.
    pub(crate) meta: RunMeta,
    /// Where its logs lie.
    pub(crate) files: Vec<RemoteFile>,
    /// What the source says of the run without any log: events of the file `run`.
    pub(crate) events: Vec<Fields>,
    /// What could not be had, by file or target: makes an unexplained run `incomplete`.
    pub(crate) errors: Vec<(String, String)>,
    /// What was noticed and does no harm.
    pub(crate) notes: Vec<(String, String)>,
}

/// A file that a run's logs are in.
#[derive(Clone, Debug)]
pub(crate) struct RemoteFile {
    /// Relative to the run's root; a label, never a path. A compression's suffix may stand at its
    /// end.
    pub(crate) name: String,
    /// Where it lies.
    pub(crate) url: Url,
    /// Its size as it is stored, where the source tells it.
    pub(crate) size: Option<u64>,
}

impl RemoteRun {
    /// A run of which nothing is known but its name.
    pub(crate) fn new(target: impl Into<String>) -> RemoteRun {
        RemoteRun { target: target.into(), ..RemoteRun::default() }
    }
}

/// A target of which nothing can be had.
#[derive(Debug, Error)]
pub(crate) enum RemoteError {
    /// A request failed.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// What was had is not what it should be.
    #[error("{}: {reason}", shown(.url))]
    Content {
        /// Where it lies.
        url: Url,
        /// What is wrong and what to do.
        reason: String,
    },
}

impl RemoteError {
    /// A request's error with what helps against it.
    pub(crate) fn with_cure(error: HttpError, cure: &str) -> RemoteError {
        let reason = format!("{}; {cure}", error.reason(&error.url));
        RemoteError::Content { url: *error.url, reason }
    }

    /// What went wrong, with its address only where that is another one than what was asked for.
    pub(crate) fn reason(&self, asked: &Url) -> String {
        match self {
            RemoteError::Http(error) => error.reason(asked),
            RemoteError::Content { url, reason } if url == asked => reason.clone(),
            RemoteError::Content { .. } => self.to_string(),
        }
    }
}
