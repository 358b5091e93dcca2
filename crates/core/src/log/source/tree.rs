use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::content::LogReader;
use super::error::{SourceError, SourceErrorKind, SourceNote, SourceNoteKind};
use crate::log::{Limits, log_name};

/// One run's logs, as the user names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard input.
    Stdin,
    /// A file (a log, or an archive of logs) or a directory.
    Path(PathBuf),
}

impl Target {
    /// What an argument means: `-` is standard input, all else a path.
    pub fn parse(argument: &str) -> Target {
        match argument {
            "-" => Target::Stdin,
            path => Target::Path(PathBuf::from(path)),
        }
    }
}

/// The logs of one target, in the order of their names.
#[derive(Debug, Default)]
pub struct Listing {
    /// What can be opened.
    pub logs: Vec<LogSource>,
    /// What was left out on purpose.
    pub notes: Vec<SourceNote>,
    /// What could not be read, beside what can.
    pub errors: Vec<SourceError>,
}

/// One log that can be opened.
#[derive(Clone, Debug)]
pub struct LogSource {
    /// Relative to the run's root, with slashes, without the suffix of a compression: the field
    /// `filename`.
    pub name: String,
    /// The file's size as it is stored, in bytes; 0 when unknown. Good for beginning with the
    /// largest.
    pub size: u64,
    place: Target,
}

impl LogSource {
    /// Opens the log.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened. Errors of reading come from the reader.
    pub fn open(&self, limits: Limits) -> Result<LogReader<Box<dyn Read + Send>>, SourceError> {
        let input: Box<dyn Read + Send> = match &self.place {
            Target::Stdin => Box::new(io::stdin()),
            Target::Path(path) => {
                Box::new(File::open(path).map_err(|error| SourceError::from_io(show(path), error))?)
            }
        };
        Ok(LogReader::new(input, limits))
    }

    /// Where the file lies; `None` for standard input.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Target::Stdin => None,
            Target::Path(path) => Some(path),
        }
    }
}

/// Lists the logs of a target: one for a file or standard input, all files below a directory,
/// links followed.
///
/// # Errors
///
/// When the target itself cannot be read. What cannot be read below a directory is listed beside
/// the rest.
pub fn open_target(target: &Target) -> Result<Listing, SourceError> {
    let Target::Path(path) = target else {
        let log = LogSource { name: "stdin".to_owned(), size: 0, place: Target::Stdin };
        return Ok(Listing { logs: vec![log], ..Listing::default() });
    };
    let metadata = fs::metadata(path).map_err(|error| dead_link_or(path, error))?;
    if !metadata.is_dir() {
        let name = path.file_name().map_or_else(|| show(path), |name| show(Path::new(name)));
        return Ok(Listing {
            logs: vec![log(name, path.clone(), &metadata)],
            ..Listing::default()
        });
    }
    let mut walk = Walk::default();
    walk.enter(path, "").map_err(|error| SourceError::from_io(show(path), error))?;
    while let Some((name, directory)) = walk.pending.pop().or_else(|| walk.links.pop_first()) {
        if let Err(error) = walk.enter(&directory, &name) {
            walk.listing.errors.push(SourceError::from_io(name, error));
        }
    }
    let Listing { logs, notes, errors } = &mut walk.listing;
    logs.sort_by(|one, other| one.name.cmp(&other.name));
    notes.sort_by(|one, other| one.name.cmp(&other.name));
    errors.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(walk.listing)
}

/// A walk through a directory tree, with a stack of its own: trees may be deep.
#[derive(Default)]
struct Walk {
    listing: Listing,
    /// Directories to enter, by name.
    pending: Vec<(String, PathBuf)>,
    /// Links to directories. They wait until the directories proper were entered, so that a file's
    /// name does not depend on the order in which the system lists them.
    links: BTreeMap<String, PathBuf>,
    /// The real path of each directory entered.
    entered: HashSet<PathBuf>,
}

impl Walk {
    fn enter(&mut self, directory: &Path, name: &str) -> io::Result<()> {
        let real = fs::canonicalize(directory)?;
        if !self.entered.insert(real.clone()) {
            self.note(name.to_owned(), SourceNoteKind::ReadAlready);
            return Ok(());
        }
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let own = entry.file_name().to_string_lossy().into_owned();
            let name = if name.is_empty() { own } else { format!("{name}/{own}") };
            self.visit(&real, entry.path(), name);
        }
        Ok(())
    }

    fn visit(&mut self, parent: &Path, path: PathBuf, name: String) {
        match fs::metadata(&path) {
            Err(error) => self
                .listing
                .errors
                .push(SourceError { name, kind: dead_link_or(&path, error).kind }),
            Ok(metadata) if metadata.is_dir() => self.visit_directory(parent, path, name),
            Ok(metadata) if metadata.is_file() => {
                self.listing.logs.push(log(name, path, &metadata));
            }
            Ok(_) => self.note(name, SourceNoteKind::Special),
        }
    }

    fn visit_directory(&mut self, parent: &Path, path: PathBuf, name: String) {
        if !path.is_symlink() {
            self.pending.push((name, path));
            return;
        }
        match fs::canonicalize(&path) {
            Ok(real) if parent.starts_with(&real) => self.note(name, SourceNoteKind::Loop),
            Ok(_) => {
                self.links.insert(name, path);
            }
            Err(error) => self.listing.errors.push(SourceError::from_io(name, error)),
        }
    }

    fn note(&mut self, name: String, kind: SourceNoteKind) {
        self.listing.notes.push(SourceNote { name, kind });
    }
}

fn log(name: String, path: PathBuf, metadata: &Metadata) -> LogSource {
    LogSource {
        name: log_name(&name).to_owned(),
        size: if metadata.is_file() { metadata.len() } else { 0 },
        place: Target::Path(path),
    }
}

/// The error of a path that does not lead to a file: there may be a link that leads nowhere.
fn dead_link_or(path: &Path, error: io::Error) -> SourceError {
    match error.kind() {
        io::ErrorKind::NotFound if !path.is_symlink() => SourceError::from_io(show(path), error),
        _ if path.is_symlink() => SourceError::new(show(path), SourceErrorKind::DeadLink),
        _ => SourceError::from_io(show(path), error),
    }
}

fn show(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
