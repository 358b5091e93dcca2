//! Fingerprints from a git repository: `https://host/repo.git@REV#DIRECTORY`.
//!
//! The YAML files of one commit are kept as plain files in the user's cache directory; the repository
//! itself is not. Each use asks the server which commit REV is now, and fetches the files of a commit
//! once. Where the server can't be reached, the files that were used last stand in, and that is told.
//!
//! The work is done by the program `git`, not by a crate: it knows the user's proxies, credentials
//! and keys, speaks every transport, and adds nothing to the program. It runs without prompts, hooks,
//! `ext::` and templates; nothing is checked out: blobs are read one by one and written here, and of
//! them only regular files whose names end in `.yaml` or `.yml`.

mod cache;
mod git;
mod spec;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub(crate) use self::spec::is_repository;
use self::{cache::Cache, spec::Spec};
use crate::output::Output;

/// A repository that can't be used, and no copy of it.
#[derive(Debug, Error)]
#[error("cannot read fingerprints from {source_text}: {kind}")]
pub(crate) struct RepositoryError {
    /// The repository as it was given, secrets replaced.
    source_text: String,
    /// What is wrong.
    kind: RepositoryErrorKind,
}

/// What is wrong with a repository.
#[derive(Debug, Error)]
pub(crate) enum RepositoryErrorKind {
    /// The address is none.
    #[error(
        "{0}\n  help: write it as https://host/repo.git@REV#DIRECTORY; REV and DIRECTORY may be left out"
    )]
    Spec(&'static str),
    /// There is no place for the copy.
    #[error("there is no cache directory\n  help: set XDG_CACHE_HOME or HOME")]
    NoCache,
    /// The cache can't be written.
    #[error("cannot write the copy in {}: {error}\n  help: make room, or name another place with XDG_CACHE_HOME", .path.display())]
    Cache {
        /// The file or directory.
        path: PathBuf,
        /// The operating system's reason.
        error: std::io::Error,
    },
    /// The program is missing.
    #[error(
        "the program `git` is not there: {0}\n  help: install git, or clone the repository elsewhere and give the directory"
    )]
    NoGit(std::io::Error),
    /// The program says no.
    #[error(
        "git {action}: {words}\n  help: check the address and REV, and that git may read it without asking"
    )]
    Git {
        /// What was asked of it.
        action: &'static str,
        /// Its own words.
        words: String,
    },
    /// The program takes too long.
    #[error("git {action}: no end after {seconds} s\n  help: check that the server can be reached")]
    Slow {
        /// What was asked of it.
        action: &'static str,
        /// How long it had.
        seconds: u64,
    },
    /// It has no fingerprints.
    #[error(
        "commit {commit} has no *.yaml file there\n  help: name the directory that has them with #DIRECTORY"
    )]
    Empty {
        /// The commit.
        commit: String,
    },
    /// It has too many.
    #[error(
        "commit {commit} has more than {limit} fingerprint files or 256 MiB of them there\n  help: name a directory with #DIRECTORY"
    )]
    TooMany {
        /// The commit.
        commit: String,
        /// The limit.
        limit: usize,
    },
}

/// The directories of fingerprints, those of repositories fetched. What else there is to say goes to
/// standard error.
///
/// # Errors
///
/// When a repository can't be read and there is no copy of it.
pub(crate) fn fetched(
    places: &[PathBuf],
    output: &Output,
) -> Result<Vec<PathBuf>, RepositoryError> {
    places.iter().map(|place| directory(place, output)).collect()
}

fn directory(place: &Path, output: &Output) -> Result<PathBuf, RepositoryError> {
    let Some(text) = place.to_str().filter(|text| is_repository(text)) else {
        return Ok(place.to_owned());
    };
    let shown = recheck_core::redact(text).into_owned();
    let told = |kind| RepositoryError { source_text: shown.clone(), kind };
    let spec = Spec::parse(text).map_err(|wrong| told(RepositoryErrorKind::Spec(wrong)))?;
    let cache = Cache::open(&spec).map_err(told)?;
    if let Some(tree) = spec.commit().and_then(|_| cache.last_good()) {
        return Ok(tree.path);
    }
    match cache.update(&spec) {
        Ok(path) => Ok(path),
        Err(kind) => match cache.last_good() {
            None => Err(told(kind)),
            Some(tree) => {
                let reason = kind.to_string();
                let reason = reason.lines().next().unwrap_or_default();
                output.say(&format!(
                    "warning: cannot update the fingerprints from {shown}: {reason}\n  using the copy of commit {}, fetched {}",
                    tree.commit, tree.age
                ));
                Ok(tree.path)
            }
        },
    }
}
