//! Fingerprint files from directories.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{LoadError, LoadErrorKind};
use super::load::{self, Loaded, Loader, MAX_FILE_BYTES, Outcome, id_of, too_large, whole_file};

#[cfg(feature = "parallel")]
use rayon::prelude::*;

/// So many files are read by all threads.
#[cfg(feature = "parallel")]
const MANY: usize = 64;

/// How deep sub-directories are followed.
const MAX_DEPTH: usize = 32;

/// Loads the `*.yaml` and `*.yml` files of directories and their sub-directories, and files that
/// are given themselves (whatever their suffix).
///
/// Links are followed; what begins with a dot is skipped. Within a directory the order is that of
/// the paths, and of several good files with the same id the first stays. Whatever cannot be read
/// is in [`Loaded::rejected`]: a path that is missing, a directory without fingerprint files, a
/// link loop, an unreadable file. Many files are read by the threads of the current rayon pool (feature
/// `parallel`).
///
/// # Example
///
/// ```no_run
/// let loaded = recheck_core::load_dirs(&["queries".into()]);
/// for error in &loaded.rejected {
///     let _words = error.to_string();
/// }
/// ```
pub fn load_dirs(paths: &[PathBuf]) -> Loaded {
    let mut walk = Walk::default();
    for path in paths {
        walk.path(path);
    }
    walk.loader.finish()
}

#[derive(Default)]
struct Walk {
    loader: Loader,
    /// Real paths of the directories seen, so that links cannot multiply the work.
    visited: HashSet<PathBuf>,
}

/// A directory that waits to be read.
struct Pending {
    path: PathBuf,
    /// Its real path's ancestors on the way here, to tell a loop from a second link.
    above: Vec<PathBuf>,
}

impl Walk {
    fn path(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let before = self.loader.seen();
                let new = self.directory(path);
                if new && self.loader.seen() == before {
                    self.loader.reject(empty_directory(path));
                }
            }
            Ok(metadata) => self.loader.add(read(path, &metadata)),
            Err(error) => self.loader.reject(unreadable(path, error)),
        }
    }

    /// Reads a tree; false when it was read before.
    fn directory(&mut self, root: &Path) -> bool {
        let mut new = false;
        let mut files: HashMap<PathBuf, fs::Metadata> = HashMap::new();
        let mut pending = vec![Pending { path: root.to_owned(), above: Vec::new() }];
        while let Some(Pending { path, above }) = pending.pop() {
            let real = match fs::canonicalize(&path) {
                Ok(real) => real,
                Err(error) => {
                    self.loader.reject(unreadable(&path, error));
                    continue;
                }
            };
            if above.contains(&real) {
                self.loader.reject(link_loop(&path));
            } else if above.len() >= MAX_DEPTH {
                self.loader.reject(too_deep(&path));
            } else if self.visited.insert(real.clone()) {
                new = true;
                let mut above = above;
                above.push(real);
                self.entries(&path, &above, &mut pending, &mut files);
            }
        }
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by_cached_key(|(path, _)| order_of(path));
        read_all(&files).into_iter().for_each(|outcome| self.loader.add(outcome));
        new
    }

    /// Notes the entries of one directory.
    fn entries(
        &mut self,
        directory: &Path,
        above: &[PathBuf],
        pending: &mut Vec<Pending>,
        files: &mut HashMap<PathBuf, fs::Metadata>,
    ) {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => return self.loader.reject(unreadable(directory, error)),
        };
        for entry in entries {
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(error) => {
                    self.loader.reject(unreadable(directory, error));
                    continue;
                }
            };
            if is_hidden(&path) {
                continue;
            }
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => {
                    pending.push(Pending { path, above: above.to_vec() });
                }
                Ok(metadata) if is_yaml(&path) => {
                    files.insert(path, metadata);
                }
                Err(error) if is_yaml(&path) => self.loader.reject(unreadable(&path, error)),
                Ok(_) | Err(_) => {} // a README, a broken link to something that is not ours
            }
        }
    }
}

/// By this paths are ordered as by their components: of these each ends with a byte that none has. (`Path::cmp`
/// takes them apart anew each time.)
fn order_of(path: &Path) -> Vec<u8> {
    path.components()
        .flat_map(|part| [part.as_os_str().as_encoded_bytes(), b"\0"])
        .flatten()
        .copied()
        .collect()
}

/// Reads the files, in their order.
fn read_all(files: &[(PathBuf, fs::Metadata)]) -> Vec<Outcome> {
    let read = |(path, metadata): &(PathBuf, fs::Metadata)| read(path, metadata);
    // A thread for all of them, where there is no other, would only cost its start.
    #[cfg(feature = "parallel")]
    if files.len() >= MANY
        && std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1)
    {
        return files.par_iter().map(read).collect();
    }
    files.iter().map(read).collect()
}

fn read(path: &Path, metadata: &fs::Metadata) -> Outcome {
    let origin = path.to_string_lossy();
    if path.file_name().is_some_and(|name| name.to_str().is_none()) {
        let message = "the file's name is not UTF-8".to_owned();
        let error = whole_file("F007", &origin, LoadErrorKind::BadName, message)
            .with_help("rename the file: its stem is the fingerprint's id");
        return Err(Box::new(error));
    }
    if !metadata.is_file() {
        // A pipe would block, a device never end.
        let message = "not a regular file".to_owned();
        let error = whole_file("F003", &origin, LoadErrorKind::NotAFile, message)
            .with_help("put the fingerprint into an ordinary file");
        return Err(Box::new(named(error)));
    }
    if metadata.len() > MAX_FILE_BYTES as u64 {
        return Err(Box::new(named(too_large(&origin, metadata.len()))));
    }
    match bytes(path, metadata.len()) {
        Ok(bytes) => load::read(&origin, &bytes),
        Err(error) => Err(Box::new(unreadable(path, error))),
    }
}

/// Reads a file, one byte more than the limit at most: it may have grown.
fn bytes(path: &Path, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0).min(MAX_FILE_BYTES) + 1);
    File::open(path)?.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|suffix| {
        suffix.eq_ignore_ascii_case("yaml") || suffix.eq_ignore_ascii_case("yml")
    })
}

/// The same with the id that the file's name gives.
fn named(error: LoadError) -> LoadError {
    let id = id_of(&error.origin).map(str::to_owned);
    match id {
        Ok(id) => error.with_id(&id),
        Err(_) => error,
    }
}

fn unreadable(path: &Path, error: io::Error) -> LoadError {
    let origin = path.to_string_lossy();
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let rejected = match error.kind() {
        io::ErrorKind::NotFound if is_link => {
            let message = "the link points to nothing".to_owned();
            whole_file("F001", &origin, LoadErrorKind::Missing, message)
                .with_help("remove the link, or restore what it points to")
        }
        io::ErrorKind::NotFound => {
            let message = "no such file or directory".to_owned();
            whole_file("F001", &origin, LoadErrorKind::Missing, message)
                .with_help("check the path: it is taken relative to the current directory")
        }
        _ if is_loop(&error) => link_loop(path),
        _ => {
            let message = format!("cannot read: {error}");
            whole_file("F003", &origin, LoadErrorKind::Unreadable(error), message)
                .with_help("check that you may read it: `ls -l` shows owner and mode")
        }
    };
    if is_yaml(path) { named(rejected) } else { rejected }
}

/// ELOOP has no stable `ErrorKind` yet (`FilesystemLoop`), but its name is there.
fn is_loop(error: &io::Error) -> bool {
    format!("{:?}", error.kind()) == "FilesystemLoop"
}

fn link_loop(path: &Path) -> LoadError {
    let message = "the link leads back to where it lies: a loop".to_owned();
    whole_file("F008", &path.to_string_lossy(), LoadErrorKind::LinkLoop, message)
        .with_help("remove the link; everything else in the directory was read")
}

fn too_deep(path: &Path) -> LoadError {
    let message = format!("more than {MAX_DEPTH} directories deep: not looked at");
    whole_file("F009", &path.to_string_lossy(), LoadErrorKind::TooDeep, message)
        .with_help("give this directory by itself, or move the files up")
}

fn empty_directory(path: &Path) -> LoadError {
    let message = "no `*.yaml` or `*.yml` file in this directory".to_owned();
    whole_file("F002", &path.to_string_lossy(), LoadErrorKind::EmptyDirectory, message)
        .with_help("give the directory that holds the fingerprint files, often `queries`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, name: &str, text: &[u8]) {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn codes(loaded: &Loaded) -> Vec<&'static str> {
        loaded.rejected.iter().map(|error| error.diagnostics[0].code).collect()
    }

    #[test]
    fn reads_trees_and_single_files_and_skips_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "q/1.yaml", b"contains: a\n");
        write(dir.path(), "q/sub/2.YML", b"contains: a\n");
        write(dir.path(), "q/.git/3.yaml", b"contains: a\n");
        write(dir.path(), "q/README.md", b"contains: a\n");
        write(dir.path(), "single.txt", b"contains: a\n");
        let loaded = load_dirs(&[dir.path().join("q"), dir.path().join("single.txt")]);
        let ids: Vec<_> = loaded.set.iter().map(|(_, f)| f.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "single.txt"]);
        assert!(loaded.rejected.is_empty(), "{:?}", loaded.rejected);
    }

    #[test]
    fn paths_are_ordered_by_their_components() {
        let paths = ["q/a/b.yaml", "q/a/b/c.yaml", "q/a-b.yaml", "q/a.yaml", "q/A.yaml", "q/a b"];
        for (one, other) in paths.iter().flat_map(|one| paths.iter().map(move |other| (one, other)))
        {
            let (one, other) = (Path::new(one), Path::new(other));
            assert_eq!(order_of(one).cmp(&order_of(other)), one.cmp(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn missing_and_empty_places_are_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("empty")).unwrap();
        let loaded = load_dirs(&[dir.path().join("absent"), dir.path().join("empty")]);
        assert_eq!(codes(&loaded), ["F001", "F002"]);
        assert!(loaded.rejected.iter().all(|error| error.diagnostics[0].help.is_some()));
    }

    #[test]
    fn of_two_files_with_one_id_the_first_path_stays() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "b/1.yaml", b"contains: b\n");
        write(dir.path(), "a/1.yml", b"contains: a\n");
        let loaded = load_dirs(&[dir.path().to_owned()]);
        assert_eq!(loaded.set.by_name("1").unwrap().1.contains, ["a"]);
        let message = &loaded.rejected[0].diagnostics[0].message;
        assert!(message.contains("a/1.yml"), "{message}");
        assert!(loaded.rejected[0].origin.ends_with("b/1.yaml"));
    }

    #[test]
    fn large_and_misencoded_files_leave_the_others() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "big.yaml", &vec![b'#'; MAX_FILE_BYTES + 1]);
        write(dir.path(), "good.yaml", b"contains: a\n");
        write(dir.path(), "latin1.yaml", b"contains: a\nquery: caf\xe9\n");
        let loaded = load_dirs(&[dir.path().to_owned()]);
        assert_eq!(codes(&loaded), ["F004", "F005"]);
        assert_eq!(loaded.rejected[0].id.as_deref(), Some("big"));
        assert_eq!(loaded.set.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_loops_told() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "real/1.yaml", b"contains: a\n");
        fs::create_dir(dir.path().join("q")).unwrap();
        symlink("../real", dir.path().join("q/linked")).unwrap();
        symlink("../real", dir.path().join("q/linked-again")).unwrap();
        symlink("../real/1.yaml", dir.path().join("q/2.yaml")).unwrap();
        symlink("../q", dir.path().join("q/loop")).unwrap();
        symlink("nowhere", dir.path().join("q/broken.yaml")).unwrap();
        symlink("self.yaml", dir.path().join("q/self.yaml")).unwrap();
        let loaded = load_dirs(&[dir.path().join("q")]);
        let ids: Vec<_> = loaded.set.iter().map(|(_, f)| f.id.as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
        assert_eq!(codes(&loaded), ["F001", "F008", "F008"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_in_place_of_a_file_is_walked() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "odd.yaml/1.yaml", b"contains: a\n");
        let loaded = load_dirs(&[dir.path().to_owned()]);
        assert_eq!(loaded.set.len(), 1);
    }
}
