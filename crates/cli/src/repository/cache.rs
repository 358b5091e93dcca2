//! Copies of fingerprint files, by repository and commit.
//!
//! ```text
//!   $XDG_CACHE_HOME/recheck/fingerprints/https_3A_2F_2Fhost_2Frepo.git/
//!     lock                 held while something is fetched
//!     trees/COMMIT-DIR/    the files of a commit, whole since it was renamed into its place
//!     good/REV-DIR         the commit that REV was when it was last fetched
//! ```

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use recheck_core::MAX_FILE_BYTES;

use super::{
    RepositoryErrorKind,
    git::{Entry, Git},
    spec::Spec,
};

/// Fingerprint files of one repository.
const MAX_FILES: usize = 20_000;

/// Bytes of them.
const MAX_BYTES: u64 = 256 << 20;

/// For how long the files of a commit stay that nothing uses any more: another process may read
/// them.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// The copies of one repository.
pub(super) struct Cache {
    root: PathBuf,
    /// What the files of this directory and revision are called by.
    good: PathBuf,
    directory: String,
}

/// The files that were used last.
pub(super) struct Tree {
    pub(super) path: PathBuf,
    pub(super) commit: String,
    /// When they were fetched, in words.
    pub(super) age: String,
}

impl Cache {
    /// The place of the repository's copies; it is made where it is missing.
    pub(super) fn open(spec: &Spec) -> Result<Cache, RepositoryErrorKind> {
        let root = user_cache().ok_or(RepositoryErrorKind::NoCache)?;
        let root = root.join("recheck").join("fingerprints").join(encoded(&spec.public_url()));
        for part in ["trees", "good"] {
            let path = root.join(part);
            fs::create_dir_all(&path).map_err(wrong(&path))?;
        }
        let directory = encoded(&spec.directory);
        let good = root.join("good").join(format!("{}-{directory}", encoded(&spec.rev)));
        Ok(Cache { root, good, directory })
    }

    /// The files that REV named when the server was last asked.
    pub(super) fn last_good(&self) -> Option<Tree> {
        let commit = fs::read_to_string(&self.good).ok()?.trim().to_owned();
        let path = self.tree(&commit);
        let fetched = fs::metadata(&self.good).and_then(|good| good.modified()).ok()?;
        path.is_dir().then(|| Tree { path, commit, age: age(fetched) })
    }

    /// Asks the server what REV is, and fetches its files if they are not here.
    pub(super) fn update(&self, spec: &Spec) -> Result<PathBuf, RepositoryErrorKind> {
        let lock = self.root.join("lock");
        let locked = File::create(&lock).map_err(wrong(&lock))?;
        locked.lock().map_err(wrong(&lock))?;
        self.clear_up();
        // Only one process at a time is here, so the name need not be its own.
        let work = self.root.join("tmp");
        let fetched = self.fetch(spec, &work);
        let _ = fs::remove_dir_all(&work);
        fetched
    }

    fn fetch(&self, spec: &Spec, work: &Path) -> Result<PathBuf, RepositoryErrorKind> {
        fs::create_dir_all(work).map_err(wrong(work))?;
        let git = Git::init(work.join("repository"), &spec.url)?;
        let commit = git.fetch(&spec.rev)?;
        let tree = self.tree(&commit);
        if !tree.is_dir() {
            let files = work.join("files");
            copy_files(&git, (&commit, &spec.directory), &files)?;
            fs::rename(&files, &tree).map_err(wrong(&tree))?;
        }
        let good = work.join("good");
        fs::write(&good, &commit).map_err(wrong(&good))?;
        fs::rename(&good, &self.good).map_err(wrong(&self.good))?;
        Ok(tree)
    }

    fn tree(&self, commit: &str) -> PathBuf {
        self.root.join("trees").join(format!("{commit}-{}", self.directory))
    }

    /// Removes what a process left that was killed, and old files that no revision names. That some
    /// can't be removed harms nobody.
    fn clear_up(&self) {
        let _ = fs::remove_dir_all(self.root.join("tmp"));
        let entries = |part| fs::read_dir(self.root.join(part)).into_iter().flatten().flatten();
        let commits: Vec<_> =
            entries("good").filter_map(|good| fs::read_to_string(good.path()).ok()).collect();
        for tree in entries("trees") {
            let name = tree.file_name();
            let named = commits.iter().any(|commit| begins_with(&name, commit.trim()));
            let modified = tree.metadata().and_then(|tree| tree.modified());
            let old = modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > KEEP));
            if old && !named {
                let _ = fs::remove_dir_all(tree.path());
            }
        }
    }
}

fn begins_with(name: &OsStr, commit: &str) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(commit))
}

/// Writes the fingerprint files of a commit into a new directory.
fn copy_files(
    git: &Git<'_>,
    (commit, directory): (&str, &str),
    files: &Path,
) -> Result<(), RepositoryErrorKind> {
    let wanted = |path: &str| is_fingerprint(relative(path, directory));
    let entries = git.files((commit, directory), (MAX_FILES, &wanted))?;
    let too_many = || RepositoryErrorKind::TooMany { commit: commit.to_owned(), limit: MAX_FILES };
    if entries.is_empty() {
        return Err(RepositoryErrorKind::Empty { commit: commit.to_owned() });
    } else if entries.len() > MAX_FILES {
        return Err(too_many());
    }
    git.fetch_blobs(&entries)?;
    let mut bytes = 0;
    let mut cannot_write = None;
    let copied = git.blobs(&entries, &mut |entry: &Entry, content: &mut dyn Read| {
        // One byte more than a fingerprint may have: the loader tells that it is too large.
        let mut content = content.take(MAX_FILE_BYTES as u64 + 1);
        let path = files.join(relative(&entry.path, directory));
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
            let mut file = File::create_new(&path)?;
            io::copy(&mut content, &mut file)
        });
        match written {
            Ok(more) => bytes += more,
            Err(error) => {
                cannot_write = Some((path, error.kind()));
                return Err(error);
            }
        }
        if bytes > MAX_BYTES { Err(io::Error::other("too large")) } else { Ok(()) }
    });
    if let Some((path, kind)) = cannot_write {
        return Err(RepositoryErrorKind::Cache { path, error: kind.into() });
    }
    if bytes > MAX_BYTES { Err(too_many()) } else { copied }
}

/// A YAML file whose path can't lead anywhere else, on any system.
fn is_fingerprint(path: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0'])
    };
    (path.ends_with(".yaml") || path.ends_with(".yml")) && path.split('/').all(part)
}

/// A path within the directory asked for; a file that was asked for itself has its own name.
fn relative<'p>(path: &'p str, directory: &str) -> &'p str {
    let inside = path.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/'));
    match inside {
        Some(rest) => rest,
        None if directory.is_empty() => path,
        None => path.rsplit('/').next().unwrap_or(path),
    }
}

/// A name for a directory that stands for the text and for no other, also where upper and lower case
/// are one.
fn encoded(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' => name.push(char::from(byte)),
            _ => name.push_str(&format!("_{byte:02X}")),
        }
    }
    name
}

/// `$XDG_CACHE_HOME`, else what the system has for it.
fn user_cache() -> Option<PathBuf> {
    let named = |variable| env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    named("XDG_CACHE_HOME").or_else(|| match env::consts::OS {
        "windows" => named("LOCALAPPDATA"),
        "macos" => Some(env::home_dir()?.join("Library").join("Caches")),
        _ => Some(env::home_dir()?.join(".cache")),
    })
}

fn age(fetched: SystemTime) -> String {
    let seconds = fetched.elapsed().unwrap_or_default().as_secs();
    match seconds {
        0..120 => format!("{seconds} s ago"),
        120..7200 => format!("{} min ago", seconds / 60),
        7200..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

fn wrong(path: &Path) -> impl FnOnce(io::Error) -> RepositoryErrorKind {
    let path = path.to_owned();
    move |error| RepositoryErrorKind::Cache { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_yaml_files_are_copied() {
        for path in ["a.yaml", "queries/a.yml", "ä b.yaml"] {
            assert!(is_fingerprint(path), "{path}");
        }
        for path in
            ["a.txt", "../a.yaml", "/a.yaml", "a/./b.yaml", ".git/a.yaml", "a\\b.yaml", "c:a.yaml"]
        {
            assert!(!is_fingerprint(path), "{path}");
        }
    }

    #[test]
    fn paths_are_those_within_the_directory() {
        assert_eq!(relative("q/a.yaml", ""), "q/a.yaml");
        assert_eq!(relative("q/a.yaml", "q"), "a.yaml");
        assert_eq!(relative("q/r/a.yaml", "q/r/a.yaml"), "a.yaml");
    }

    #[test]
    fn names_are_unlike_for_unlike_texts() {
        assert_eq!(encoded("https://h/r.git"), "https_3A_2F_2Fh_2Fr.git");
        assert_ne!(encoded("a_2F"), encoded("a/"));
        assert_eq!(encoded("Main"), "_4Dain");
    }
}
