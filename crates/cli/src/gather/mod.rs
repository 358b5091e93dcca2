//! From a target to its runs: what is known of each, and the files that its logs lie in.
//!
//! ```text
//!   target -> RunTarget -> Gathered: fields, events, sources -> open -> logs
//!                                                                 +-> scan: verdicts
//!                                                                 +-> ingest: events for an index
//! ```

mod filter;
mod run;
mod source;
mod zip;

use recheck_core::log::{Target, open_target};

use crate::remote::{self, Credentials, Http};

pub(crate) use self::{
    filter::Filter,
    run::{Gathered, words},
    source::{Source, open},
    zip::Zip,
};

/// What the user named, as it may be shown, and what it means.
pub(crate) enum RunTarget {
    /// A file, a directory, or `-`.
    Local(String),
    /// An address.
    Remote(reqwest::Url),
}

impl RunTarget {
    /// What an argument means; a password in an address is kept for its host and not shown.
    pub(crate) fn parse(target: &str, credentials: &mut Credentials) -> RunTarget {
        match remote::parse_url(target) {
            Some(mut url) => {
                credentials.take_from(&mut url);
                RunTarget::Remote(url)
            }
            None => RunTarget::Local(target.to_owned()),
        }
    }

    /// How it is told.
    pub(crate) fn shown(&self) -> &str {
        match self {
            RunTarget::Local(path) => path,
            RunTarget::Remote(url) => url.as_str(),
        }
    }

    /// Its runs. `http` is there wherever a target is an address.
    ///
    /// # Errors
    ///
    /// What nothing can be had of, by its name, and why.
    pub(crate) fn runs(&self, http: Option<&Http>) -> Result<Vec<Gathered>, (String, String)> {
        match (self, http) {
            (RunTarget::Local(path), _) => match open_target(&Target::parse(path)) {
                Ok(listing) => Ok(vec![Gathered::local(path, listing)]),
                Err(error) => Err((error.name, error.kind.to_string())),
            },
            (RunTarget::Remote(url), Some(http)) => match remote::resolve(http, url) {
                Ok(runs) => Ok(runs.into_iter().map(Gathered::remote).collect()),
                Err(error) => Err((url.to_string(), error.reason(url))),
            },
            (RunTarget::Remote(url), None) => {
                Err((url.to_string(), "no server can be asked".to_owned()))
            }
        }
    }
}
