use std::{
    io::{self, Read},
    ops::ControlFlow,
    time::Instant,
};

use recheck_core::{
    EventScan, LogReport, LogScan, RunScan,
    log::{
        ArchiveItem, Content, DecompressErrorKind, LogReader, SourceError, SourceErrorKind,
        log_name, walk_archive,
    },
    render::counted,
    results::{ResultsError, ResultsErrorKind, ResultsKind},
};

use crate::{
    gather::{Source, Zip, open, words},
    remote::Http,
};

use super::{
    Scanner,
    explained::{Explained, How, Reading, tags},
};

/// What one file gave: a log's report, or those of an archive's entries.
#[derive(Default)]
pub(super) struct Scanned {
    pub(super) logs: Vec<LogReport>,
    pub(super) errors: Vec<(String, String)>,
    pub(super) notes: Vec<(String, String)>,
    pub(super) explained: Vec<Explained>,
    /// Why it was not even begun, as all others were not from then on.
    pub(super) not_begun: Option<String>,
}

/// A file, or an archive's entry.
struct Entry<'a, R: Read> {
    name: &'a str,
    reader: &'a mut LogReader<R>,
    /// It was named itself, and is read even where it does not look like text.
    is_explicit: bool,
    /// How the pool's threads share the work on a large log.
    read: Reads<R>,
}

type Reads<R> = fn(&Scanner<'_>, &mut LogScan<'_>, &mut LogReader<R>) -> io::Result<()>;

impl<'a, R: Read> Entry<'a, R> {
    /// One of an archive.
    fn within(name: &'a str, reader: &'a mut LogReader<R>) -> Entry<'a, R> {
        Entry { name, reader, is_explicit: false, read: read_alone }
    }
}

impl Scanned {
    pub(super) fn merge_into(self, run: &mut RunScan<'_>) -> Vec<Explained> {
        self.logs.into_iter().for_each(|log| run.add(log));
        self.errors.into_iter().for_each(|(file, message)| run.error(file, message));
        self.notes.into_iter().for_each(|(file, message)| run.note(file, message));
        self.explained
    }
}

impl Scanner<'_> {
    /// Scans one file. What is named itself is read even where it does not look like text.
    pub(super) fn file(&self, run: &RunScan<'_>, source: &Source, is_explicit: bool) -> Scanned {
        let mut scanned = Scanned::default();
        if matches!(source, Source::Remote(_)) {
            let spent = self.http.as_ref().and_then(Http::spent);
            scanned.not_begun = spent.map(|reason| reason.to_string());
        }
        if scanned.not_begun.is_some() {
            return scanned;
        }
        let name = source.name();
        match open(source, self.http.as_ref(), self.limits, &self.progress) {
            Err(error) => scanned.errors.push((name.to_owned(), error)),
            Ok(mut reader) if is_explicit && Zip::is_start(reader.start()) => {
                self.zip(run, name, &mut reader, &mut scanned);
            }
            Ok(mut reader) => match reader.content() {
                Content::Archive => self.archive(run, name, &mut reader, &mut scanned),
                _ => {
                    let is_file = matches!(source, Source::Local(log) if log.path().is_some());
                    let read = if is_file { read_in_turns } else { read_alone };
                    let reader = &mut reader;
                    self.entry(run, Entry { name, reader, is_explicit, read }, &mut scanned);
                }
            },
        }
        self.progress.file_done(if let Source::Local(log) = source { log.size } else { 0 });
        scanned
    }

    /// Scans a file that is no archive: results by their format, text as a log. What is neither is
    /// left out, unless it was asked for.
    fn entry<R: Read>(&self, run: &RunScan<'_>, entry: Entry<'_, R>, scanned: &mut Scanned) {
        let Entry { name, ref reader, is_explicit, .. } = entry;
        if let Some(kind) = ResultsKind::detect(reader.start()) {
            self.results(run.events(name), kind, (name, entry.reader), scanned);
        } else if reader.content() == Content::Text || is_explicit {
            self.log(run.log(name), entry, scanned);
        } else {
            let what = match reader.content() {
                Content::Archive => "an archive within the archive, left out",
                _ => "not text, left out",
            };
            scanned.notes.push((name.to_owned(), what.to_owned()));
        }
    }

    fn archive(&self, run: &RunScan<'_>, name: &str, reader: &mut dyn Read, scanned: &mut Scanned) {
        let walked = walk_archive(name, reader, self.limits, &mut |item| {
            match item {
                ArchiveItem::Note(note) => scanned.notes.push((note.name.clone(), words(&note))),
                ArchiveItem::Log(entry) if !self.filter.wants(&entry.name) => {}
                ArchiveItem::Log(entry) => {
                    let (name, reader) = (&entry.name, entry.reader);
                    self.entry(run, Entry::within(name, reader), scanned);
                }
            }
            match self.is_stopped() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        if let Err(error) = walked {
            scanned.errors.push((error.name, error.kind.to_string()));
        } else if self.is_stopped() {
            let message = "the scan was stopped before the archive's end";
            scanned.errors.push((name.to_owned(), message.to_owned()));
        }
    }

    fn zip(&self, run: &RunScan<'_>, name: &str, reader: &mut dyn Read, scanned: &mut Scanned) {
        let mut archive = match Zip::spool(reader, self.limits) {
            Ok(archive) => archive,
            Err(reason) => return scanned.errors.push((name.to_owned(), reason)),
        };
        for index in 0..archive.len() {
            if self.is_stopped() {
                let message = "the scan was stopped before the archive's end";
                return scanned.errors.push((name.to_owned(), message.to_owned()));
            }
            match archive.entry(index) {
                Ok(None) => {}
                Ok(Some(entry)) if !self.filter.wants(log_name(&entry.name)) => {}
                Ok(Some(entry)) => {
                    let name = log_name(&entry.name).to_owned();
                    let mut reader = LogReader::new(entry, self.limits);
                    self.entry(run, Entry::within(&name, &mut reader), scanned);
                }
                Err(error) => scanned.errors.push(error),
            }
        }
        if archive.repeated() > 0 {
            let steps = counted(archive.repeated() as u64, "log");
            let note =
                format!("{steps} of steps left out, as those of their jobs have the same lines");
            scanned.notes.push((name.to_owned(), note));
        }
    }

    fn is_stopped(&self) -> bool {
        self.options.stop.as_ref().is_some_and(|stop| stop())
    }

    fn log<R: Read>(
        &self,
        mut log: LogScan<'_>,
        Entry { name, reader, read, .. }: Entry<'_, R>,
        scanned: &mut Scanned,
    ) {
        let started = Instant::now();
        if let Err(error) = read(self, &mut log, reader) {
            log.cut_short(reason(&SourceError::from_io(name, error)));
        }
        if reader.content() == Content::Binary {
            log.note("does not look like text");
        }
        if reader.has_trailing_junk() {
            log.note("junk behind the compressed data was left out");
        }
        let (live, every_event) = (log.narrowed().live(), log.narrowed().needs_every_event());
        let (tags, compression) = (tags(log.fields()), reader.compression());
        let report = log.finish();
        let how = How::Log { format: report.format, live, every_event };
        let read = Reading::new(&report, how, (compression, started.elapsed()));
        self.done(report, (tags, read), scanned);
    }

    fn results<R: Read>(
        &self,
        mut events: EventScan<'_>,
        kind: ResultsKind,
        (name, reader): (&str, &mut LogReader<R>),
        scanned: &mut Scanned,
    ) {
        let started = Instant::now();
        if let Err(error) = events.read(kind, &mut self.progress.counted(&mut *reader)) {
            events.cut_short(results_reason(name, error));
        }
        if reader.has_trailing_junk() {
            events.note("junk behind the compressed data was left out");
        }
        let (tags, compression) = (tags(events.fields()), reader.compression());
        let report = events.finish();
        let tests = report.tests.as_ref().map(|results| (results.tests, results.failed));
        let how = How::Results { kind, tests };
        let read = Reading::new(&report, how, (compression, started.elapsed()));
        self.done(report, (tags, read), scanned);
    }

    /// Takes in what one file gave.
    pub(super) fn done(
        &self,
        report: LogReport,
        (tags, read): (Vec<String>, Reading),
        scanned: &mut Scanned,
    ) {
        self.progress.hits(report.hits.iter().map(|hits| hits.count).sum());
        scanned.explained.push(Explained::new(report.file.clone(), tags, read));
        scanned.logs.push(report);
    }
}

/// Reads a file of this machine: all threads of the pool take turns.
fn read_in_turns<R: Read + Send>(
    scanner: &Scanner<'_>,
    log: &mut LogScan<'_>,
    reader: &mut LogReader<R>,
) -> io::Result<()> {
    scanner.pool.install(|| log.par_read(&mut scanner.progress.counted(reader)))
}

/// Reads on this thread what may keep its reader waiting, or can't go to another one.
fn read_alone<R: Read>(
    scanner: &Scanner<'_>,
    log: &mut LogScan<'_>,
    reader: &mut LogReader<R>,
) -> io::Result<()> {
    log.par_read_in(&scanner.pool, &mut scanner.progress.counted(reader))
}

/// Why a log can't be read, with the flag that helps.
fn reason(error: &SourceError) -> String {
    use DecompressErrorKind::{TooDense, TooLarge, TooLong};
    let told = error.kind.to_string();
    match &error.kind {
        SourceErrorKind::Decompress(inner)
            if matches!(inner.kind, TooLarge { .. } | TooDense { .. } | TooLong { .. }) =>
        {
            format!("{told} with --max-output")
        }
        _ => told,
    }
}

/// Why a file of results can't be read.
fn results_reason(name: &str, error: ResultsError) -> String {
    match error.kind {
        ResultsErrorKind::Io(error) => reason(&SourceError::from_io(name, error)),
        _ => error.to_string(),
    }
}
