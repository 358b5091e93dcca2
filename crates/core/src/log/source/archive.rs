use std::cell::Cell;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use tar::{Archive, Entry, EntryType};

use super::content::LogReader;
use super::error::{SourceError, SourceErrorKind, SourceNote, SourceNoteKind};
use crate::log::{Limits, log_name};

/// Bytes that may stand between two entries' data: headers, long names, extended attributes.
const MAX_HEADERS: u64 = 1 << 20;

/// What a walk through an archive comes upon.
#[derive(Debug)]
pub enum ArchiveItem<'a, 'r> {
    /// A file, to be read now or never.
    Log(ArchiveEntry<'a, 'r>),
    /// Something that was left out or renamed.
    Note(SourceNote),
}

/// A file within an archive.
#[derive(Debug)]
pub struct ArchiveEntry<'a, 'r> {
    /// Relative to the archive's root, without the suffix of a compression.
    pub name: String,
    /// Its unpacked bytes.
    pub reader: &'a mut LogReader<&'r mut dyn Read>,
}

/// Reads a tar archive from its start to its end and shows its entries in order. Nothing is
/// written to disk, and no more is held than an entry's header and name. `name` is the archive's
/// own, for errors; `reader` is its unpacked bytes.
///
/// # Errors
///
/// When the archive is damaged, cut or cannot be read. All entries before were shown; an error
/// within an entry's own compression is given by its reader and is no error of the archive.
pub fn walk_archive(
    name: &str,
    reader: impl Read,
    limits: Limits,
    visit: &mut dyn FnMut(ArchiveItem<'_, '_>) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    let budget = Rc::new(Cell::new(MAX_HEADERS));
    let input = Budgeted { input: reader, budget: Rc::clone(&budget) };
    let mut archive = Archive::new(input);
    let error = |error: io::Error| SourceError::new(name, archive_kind(error));
    let mut entries = archive.entries().map_err(error)?;
    loop {
        budget.set(MAX_HEADERS);
        let Some(entry) = entries.next() else { return Ok(()) };
        let mut entry = entry.map_err(error)?;
        budget.set(u64::MAX);
        let size = entry.size();
        let mut data = Counted { input: &mut entry, count: 0, error: None };
        let flow = visit_entry(&mut data, limits, visit);
        if flow.is_break() {
            return Ok(());
        }
        io::copy(&mut data, &mut io::sink()).map_err(error)?;
        let Counted { count, error: failed, .. } = data;
        if let Some(failed) = failed {
            return Err(error(failed));
        }
        if count < size && entry.header().entry_type() != EntryType::GNUSparse {
            return Err(error(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

fn archive_kind(error: io::Error) -> SourceErrorKind {
    match error.kind() {
        io::ErrorKind::UnexpectedEof if error.get_ref().is_none() => {
            SourceErrorKind::Archive("it ends within an entry".to_owned())
        }
        _ => match SourceErrorKind::from(error) {
            SourceErrorKind::Io(error) => SourceErrorKind::Archive(error.to_string()),
            kind => kind,
        },
    }
}

fn visit_entry<R: Read>(
    data: &mut Counted<'_, '_, R>,
    limits: Limits,
    visit: &mut dyn FnMut(ArchiveItem<'_, '_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let raw = String::from_utf8_lossy(&data.input.path_bytes()).into_owned();
    let name = normalised(&raw);
    let note = |name: &str, kind| ArchiveItem::Note(SourceNote { name: name.to_owned(), kind });
    let kind = match data.input.header().entry_type() {
        EntryType::Directory => return ControlFlow::Continue(()),
        EntryType::Regular | EntryType::Continuous => None,
        EntryType::Symlink | EntryType::Link => Some(SourceNoteKind::LinkInArchive),
        // A sparse file may claim any number of zeros without having them.
        _ => Some(SourceNoteKind::RareInArchive),
    };
    if let Some(kind) = kind {
        return visit(note(&name, kind));
    }
    if leads_out(&raw) {
        visit(note(&name, SourceNoteKind::Renamed { from: raw }))?;
    }
    let name = log_name(&name).to_owned();
    let input: &mut dyn Read = data;
    let mut reader = LogReader::new(input, limits);
    visit(ArchiveItem::Log(ArchiveEntry { name, reader: &mut reader }))
}

/// The name without what would lead out of the archive or nowhere.
fn normalised(name: &str) -> String {
    let parts: Vec<&str> =
        name.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | "..")).collect();
    if parts.is_empty() { "unnamed".to_owned() } else { parts.join("/") }
}

fn leads_out(name: &str) -> bool {
    name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..")
}

/// Gives no more than its budget: the archive's reader holds long names in memory.
struct Budgeted<R> {
    input: R,
    budget: Rc<Cell<u64>>,
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.budget.get();
        if left == 0 {
            return Err(io::Error::other("an entry's header is larger than 1 MiB"));
        }
        let length = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.input.read(&mut out[..length])?;
        if left != u64::MAX {
            self.budget.set(left - read as u64);
        }
        Ok(read)
    }
}

/// Counts an entry's bytes, and keeps an error of the archive itself from those of the entry.
struct Counted<'e, 'a, R: Read> {
    input: &'e mut Entry<'a, R>,
    count: u64,
    error: Option<io::Error>,
}

impl<R: Read> Read for Counted<'_, '_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.error.is_some() {
            return Ok(0);
        }
        match self.input.read(out) {
            Ok(read) => {
                self.count += read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::new(error.kind(), error.to_string());
                self.error = Some(error);
                Err(told)
            }
        }
    }
}
