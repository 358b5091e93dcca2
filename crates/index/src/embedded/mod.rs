//! An index in a directory of its own: events in tantivy, history in SQLite.
//!
//! ```text
//! recheck-index.json   format and schema; written last, so a directory without it is no index yet
//! events/              tantivy
//! history.sqlite       the history
//! writer.lock          held by the one process that writes
//! ```

mod candidates;
mod layout;
mod leaf;
mod manifest;
mod overview;
mod phrase;
mod query;
mod search;
mod stored;
mod tokenize;
mod write;

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use recheck_core::{Known, Schema};
use tantivy::{
    IndexReader, ReloadPolicy, Searcher, TantivyError, columnar::Column, directory::MmapDirectory,
};

use self::{layout::Layout, manifest::Manifest, search::Search, write::EmbeddedWriter};
pub(crate) use self::{
    layout::{LONGEST_NAME, LONGEST_TWIN, cut},
    manifest::schema_word,
    overview::{histogram, step},
    stored::Raw,
};
use crate::{
    error::{IndexError, IndexErrorKind},
    history::{History, Sqlite},
    index::{Hit, Index, Info, Overview, OverviewRequest, RunHits, Scope, Writer, WriterOptions},
};

/// Between two looks whether another writer is done.
const PAUSE: Duration = Duration::from_millis(50);

type Outcome<T> = Result<T, IndexErrorKind>;

/// An index in a directory.
pub struct Embedded {
    dir: PathBuf,
    schema: Schema,
    layout: Layout,
    index: tantivy::Index,
    reader: IndexReader,
    history: Sqlite,
}

impl Embedded {
    /// Opens the index in a directory.
    ///
    /// # Errors
    ///
    /// When there is none, when it is of another version, or can't be read.
    pub fn open(dir: &Path) -> Result<Embedded, IndexError> {
        Embedded::opened(dir).map_err(|kind| kind.at(&dir.display().to_string()))
    }

    /// Opens the index in a directory, or makes it. `schema` is that of a new index; an old one must
    /// have it.
    ///
    /// # Errors
    ///
    /// When the directory holds something else, or an index of another version or schema, or can't
    /// be written.
    pub fn open_or_create(
        dir: &Path,
        schema: Option<Schema>,
        patience: Duration,
    ) -> Result<Embedded, IndexError> {
        let open = || -> Outcome<Embedded> {
            if Manifest::read(dir)?.is_none() {
                create(dir, schema.unwrap_or_default(), patience)?;
            }
            let index = Embedded::opened(dir)?;
            match schema {
                Some(wanted) if wanted != index.schema => Err(IndexErrorKind::OtherSchema {
                    found: manifest::schema_word(index.schema),
                    wanted: manifest::schema_word(wanted),
                }),
                _ => Ok(index),
            }
        };
        open().map_err(|kind| kind.at(&dir.display().to_string()))
    }

    fn opened(dir: &Path) -> Outcome<Embedded> {
        let manifest = Manifest::read(dir)?.ok_or_else(|| match is_free(dir) {
            Ok(true) => IndexErrorKind::Missing,
            _ => IndexErrorKind::NotAnIndex,
        })?;
        let index = tantivy::Index::open_in_dir(dir.join("events"))?;
        let (layout, fields) = Layout::new();
        if index.schema() != fields {
            let text = "its fields are not those of its format".to_owned();
            return Err(TantivyError::SchemaError(text).into());
        }
        Layout::register(&index);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let history = Sqlite::open(&dir.join("history.sqlite"), false)?;
        let schema = manifest.schema();
        let opened = Embedded { dir: dir.to_owned(), schema, layout, index, reader, history };
        opened.recover()?;
        Ok(opened)
    }

    /// Finishes what a writer that was killed between its two commits left, unless one is at work.
    fn recover(&self) -> Outcome<()> {
        if self.history.staged()?.is_some()
            && let Some(_lock) = try_lock(&self.dir)?
        {
            self.settle()?;
        }
        Ok(())
    }

    /// Keeps or drops the staged facts, as the event index has their batch or not. Only for who
    /// holds the lock.
    fn settle(&self) -> Outcome<()> {
        let committed = self.index.load_metas()?.payload;
        self.history.settle(committed.as_deref())?;
        Ok(())
    }

    /// The events as they were last committed.
    fn searcher(&self) -> Outcome<Searcher> {
        self.reader.reload()?;
        Ok(self.reader.searcher())
    }

    fn search<'a>(&'a self, known: Known<'a>, scope: &'a Scope) -> Outcome<Search<'a>> {
        Search::new(self.searcher()?, (self.layout, self.schema), known, scope)
    }

    fn told<T>(&self, outcome: Outcome<T>) -> Result<T, IndexError> {
        outcome.map_err(|kind| kind.at(&self.dir.display().to_string()))
    }

    fn info_of(&self) -> Outcome<Info> {
        let searcher = self.searcher()?;
        let mut span: Option<(i64, i64)> = None;
        for reader in searcher.segment_readers() {
            let times: Column<i64> = reader.fast_fields().i64("time")?;
            if times.values.num_vals() > 0 {
                let (first, last) = (times.min_value(), times.max_value());
                span = Some(span.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
            }
        }
        let time = |micros| Timestamp::from_microsecond(micros).ok();
        Ok(Info {
            backend: tantivy::version_string().to_owned(),
            place: self.dir.display().to_string(),
            events: searcher.num_docs(),
            bytes: size_of(&self.dir)?,
            span: span.and_then(|(first, last)| Some((time(first)?, time(last)?))),
        })
    }
}

impl Index for Embedded {
    fn schema(&self) -> Schema {
        self.schema
    }

    fn info(&self) -> Result<Info, IndexError> {
        self.told(self.info_of())
    }

    fn field_names(&self) -> Result<Vec<String>, IndexError> {
        let names = || search::field_names(&self.searcher()?, self.layout);
        self.told(names())
    }

    fn hits(
        &self,
        known: Known<'_>,
        scope: &Scope,
        each: &mut dyn FnMut(&Hit),
    ) -> Result<(), IndexError> {
        let mut run = || self.search(known, scope)?.hits(each);
        self.told(run())
    }

    fn run_hits(&self, known: Known<'_>, scope: &Scope) -> Result<Vec<RunHits>, IndexError> {
        let run = || self.search(known, scope)?.run_hits();
        self.told(run())
    }

    fn overview(
        &self,
        known: Known<'_>,
        fingerprint: u32,
        request: &OverviewRequest,
    ) -> Result<Overview, IndexError> {
        let run = || self.search(known, &request.scope)?.overview(fingerprint, request);
        self.told(run())
    }

    fn history(&self) -> &dyn History {
        &self.history
    }

    fn writer(&self, options: &WriterOptions) -> Result<Box<dyn Writer + '_>, IndexError> {
        let writer = || -> Outcome<Box<dyn Writer + '_>> {
            let lock = lock(&self.dir, options.patience)?;
            self.settle()?;
            Ok(Box::new(EmbeddedWriter::new(self, lock, options)?))
        };
        self.told(writer())
    }
}

/// Makes an index. Who comes second finds it made.
fn create(dir: &Path, schema: Schema, patience: Duration) -> Outcome<()> {
    fs::create_dir_all(dir)?;
    if !is_free(dir)? {
        return Err(IndexErrorKind::NotAnIndex);
    }
    let _lock = lock(dir, patience)?;
    if Manifest::read(dir)?.is_some() {
        return Ok(());
    }
    let events = dir.join("events");
    fs::create_dir_all(&events)?;
    let directory = MmapDirectory::open(&events).map_err(TantivyError::from)?;
    tantivy::Index::open_or_create(directory, Layout::new().1)?;
    Sqlite::open(&dir.join("history.sqlite"), true)?;
    Manifest::new(schema).write(dir)
}

/// Whether a directory is missing, empty, or holds what creating an index leaves when it is killed. Another
/// process may be creating it, and be done by now.
fn is_free(dir: &Path) -> Outcome<bool> {
    if !dir.exists() {
        return Ok(true);
    }
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let ours = ["events", "writer.lock", manifest::DRAFT, manifest::NAME]
            .contains(&name.as_ref())
            || name.starts_with("history.sqlite");
        if !ours {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The lock of the one writer, if it is free. It ends with the process, however that ends.
fn try_lock(dir: &Path) -> Outcome<Option<File>> {
    let file = File::options().create(true).append(true).open(dir.join("writer.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn lock(dir: &Path, patience: Duration) -> Outcome<File> {
    let started = Instant::now();
    loop {
        if let Some(lock) = try_lock(dir)? {
            return Ok(lock);
        }
        if started.elapsed() >= patience {
            return Err(IndexErrorKind::Busy(patience));
        }
        thread::sleep(PAUSE);
    }
}

/// Bytes of all files. One that is gone by the time it is looked at counts nothing.
fn size_of(dir: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        bytes += match path.is_dir() {
            true => size_of(&path)?,
            false => path.metadata().map_or(0, |data| data.len()),
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who makes an index looks first whether there is one, and another may make it just then.
    #[test]
    fn who_comes_second_finds_the_index_made() {
        let dir = tempfile::tempdir().unwrap();
        let make = || create(dir.path(), Schema::Logstash, Duration::ZERO);
        make().unwrap();
        make().unwrap();
        fs::write(dir.path().join("letter.txt"), "").unwrap();
        assert!(matches!(make(), Err(IndexErrorKind::NotAnIndex)));
    }
}
