//! From a path to a run: its logs opened, fed to the scan side by side, merged.

use std::{
    fmt,
    io::{self, Read},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rayon::{ThreadPool, ThreadPoolBuilder, prelude::*};
use recheck_core::{
    EventScan, FieldValues, Fields, Known, LogReport, LogScan, RunMeta, RunReport, RunScan,
    ScanOptions, StopFn,
    log::{
        ArchiveItem, Compression, Content, DecompressErrorKind, Limits, Listing, LogFormat,
        LogReader, LogSource, Profile, SourceError, SourceErrorKind, TagTable, Target, TimeContext,
        open_target, walk_archive,
    },
    render::{bytes, counted, escape},
    results::{ResultsError, ResultsErrorKind, ResultsKind},
};

use crate::{
    args::ProfileArg,
    cmd::classify::ClassifyArgs,
    failure::Failure,
    fingerprints::Fingerprints,
    progress::Progress,
    settings::{Settings, SettingsError},
};

/// What a zip archive begins with: GitHub packs its logs that way.
const ZIP: &[u8] = b"PK\x03\x04";

/// Scans runs and their logs side by side, in a pool of its own.
pub(crate) struct Scanner<'a> {
    known: Known<'a>,
    meta: RunMeta,
    options: ScanOptions,
    limits: Limits,
    pool: ThreadPool,
    progress: Progress,
}

/// One run, scanned.
pub(crate) struct ScannedRun {
    /// What was found.
    pub(crate) report: RunReport,
    /// The files that its logs lie in.
    pub(crate) logs: Vec<LogSource>,
    /// How each of its logs was read.
    pub(crate) explained: Vec<Explained>,
}

/// What one file gave: a log's report, or those of an archive's entries.
#[derive(Default)]
struct Scanned {
    logs: Vec<LogReport>,
    errors: Vec<(String, String)>,
    notes: Vec<(String, String)>,
    explained: Vec<Explained>,
}

impl<'a> Scanner<'a> {
    /// A scanner as flags and settings say. The deadline counts from `started`.
    ///
    /// # Errors
    ///
    /// When a zone or a tag rule of the settings is wrong, or threads can't be started.
    pub(crate) fn new(
        args: &ClassifyArgs,
        settings: &Settings,
        fingerprints: &'a Fingerprints,
        started: Instant,
    ) -> Result<Scanner<'a>, Failure> {
        let Fingerprints { matcher, list, .. } = fingerprints;
        let mut meta = RunMeta::new();
        for (key, value) in &args.meta {
            // A key given twice has both values.
            meta.push(key, value);
        }
        let rules = settings.tags.iter().map(|rule| (&rule.glob, &rule.tags));
        let zone = settings.zone(args.timezone.as_deref())?;
        let options = ScanOptions {
            profile: match args.profile.or(settings.profile) {
                Some(ProfileArg::Lines) => Profile::Lines,
                Some(ProfileArg::Records) | None => Profile::Records,
            },
            time: TimeContext { zone, year: meta.year() },
            all: args.all,
            keep_secrets: args.no_redact,
            tags: TagTable::default().with_rules(rules).map_err(SettingsError::from)?,
            stop: args.deadline.map(|deadline| stop_after(started, deadline)),
        };
        let mut limits = Limits::default();
        if let Some(max_output) = args.max_output {
            // Who allows so much text takes it from however few bytes.
            limits = Limits { max_output, max_ratio: u64::MAX };
        }
        let threads = args.jobs.map_or(0, std::num::NonZeroUsize::get);
        let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
        let known = Known { matcher, fingerprints: list };
        let progress = Progress::default();
        Ok(Scanner { known, meta, options, limits, pool, progress })
    }

    /// Scans the runs. Shows how far it is, where wanted.
    pub(crate) fn runs(&self, paths: &[String], watched: bool) -> Vec<ScannedRun> {
        let one = |path: &String| self.run(path);
        let all = || paths.par_iter().with_max_len(1).map(one).collect();
        self.progress.watch(watched, || self.pool.install(all))
    }

    fn run(&self, path: &str) -> ScannedRun {
        let mut run = RunScan::new(self.known, self.meta.clone(), &self.options);
        let mut explained = Vec::new();
        let mut files = Vec::new();
        match open_target(&Target::parse(path)) {
            Err(error) => run.error(error.name, error.kind.to_string()),
            Ok(Listing { mut logs, notes, errors }) => {
                let explicit = !Path::new(path).is_dir();
                let mut failed = !errors.is_empty();
                errors.into_iter().for_each(|error| run.error(error.name, error.kind.to_string()));
                notes.into_iter().for_each(|note| run.note(note.name.clone(), words(&note)));
                // The largest first, so that no thread is left alone with it at the end.
                logs.sort_by_key(|log| std::cmp::Reverse(log.size));
                logs.iter().for_each(|log| self.progress.file(log.size));
                let one = |log: &LogSource| {
                    let scanned = self.file(&run, log, explicit);
                    self.progress.file_done(log.size);
                    scanned
                };
                let scanned: Vec<_> = logs.par_iter().with_max_len(1).map(one).collect();
                let mut read = 0;
                for file in scanned {
                    read += file.logs.len();
                    failed |= !file.errors.is_empty();
                    explained.extend(file.merge_into(&mut run));
                }
                if read == 0 && !failed {
                    run.error(path, "no log in there; give the directory that holds the logs");
                }
                files = logs;
            }
        }
        explained.sort_by(|one, other| one.name.cmp(&other.name));
        ScannedRun { report: run.finish(path), logs: files, explained }
    }

    /// Scans one file. What is named itself is read even where it does not look like text.
    fn file(&self, run: &RunScan<'_>, source: &LogSource, explicit: bool) -> Scanned {
        let mut scanned = Scanned::default();
        match source.open(self.limits) {
            Err(error) => scanned.errors.push((source.name.clone(), error.kind.to_string())),
            Ok(mut reader) => match reader.content() {
                Content::Archive => self.archive(run, &source.name, &mut reader, &mut scanned),
                _ => self.entry(run, &source.name, (&mut reader, explicit), &mut scanned),
            },
        }
        scanned
    }

    /// Scans a file that is no archive: results by their format, text as a log. What is neither is
    /// left out, unless it was asked for.
    fn entry<R: Read>(
        &self,
        run: &RunScan<'_>,
        name: &str,
        (reader, explicit): (&mut LogReader<R>, bool),
        scanned: &mut Scanned,
    ) {
        if let Some(kind) = ResultsKind::detect(reader.start()) {
            self.results(run.events(name), kind, (name, reader), scanned);
        } else if reader.content() == Content::Text || explicit {
            self.log(run.log(name), name, reader, scanned);
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
                ArchiveItem::Log(entry) => {
                    self.entry(run, &entry.name, (entry.reader, false), scanned);
                }
            }
            match self.options.stop.as_ref().is_some_and(|stop| stop()) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        if let Err(error) = walked {
            scanned.errors.push((error.name, error.kind.to_string()));
        } else if self.options.stop.as_ref().is_some_and(|stop| stop()) {
            let message = "the scan was stopped before the archive's end";
            scanned.errors.push((name.to_owned(), message.to_owned()));
        }
    }

    fn log<R: Read>(
        &self,
        mut log: LogScan<'_>,
        name: &str,
        reader: &mut LogReader<R>,
        scanned: &mut Scanned,
    ) {
        let started = Instant::now();
        if let Err(error) = read(&mut log, reader, &self.progress) {
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
        scanned
            .explained
            .push(Explained::new(&report, how, started.elapsed()).of(tags, compression));
        self.done(report, scanned);
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
        scanned
            .explained
            .push(Explained::new(&report, how, started.elapsed()).of(tags, compression));
        self.done(report, scanned);
    }

    fn done(&self, report: LogReport, scanned: &mut Scanned) {
        self.progress.hits(report.hits.iter().map(|hits| hits.count).sum());
        scanned.logs.push(report);
    }
}

/// Feeds the log's text to its scan.
fn read<R: Read>(
    log: &mut LogScan<'_>,
    reader: &mut LogReader<R>,
    progress: &Progress,
) -> io::Result<()> {
    if reader.content() == Content::Binary {
        let mut start = Vec::new();
        let outcome = reader.by_ref().take(ZIP.len() as u64).read_to_end(&mut start);
        if start == ZIP {
            log.cut_short("a zip archive; unpack it and give the directory");
            return Ok(());
        }
        log.feed(&start);
        outcome?;
    }
    log.par_read(&mut progress.counted(reader))
}

impl Scanned {
    fn merge_into(self, run: &mut RunScan<'_>) -> Vec<Explained> {
        self.logs.into_iter().for_each(|log| run.add(log));
        self.errors.into_iter().for_each(|(file, message)| run.error(file, message));
        self.notes.into_iter().for_each(|(file, message)| run.note(file, message));
        self.explained
    }
}

fn stop_after(started: Instant, deadline: Duration) -> StopFn {
    Arc::new(move || started.elapsed() >= deadline)
}

/// What a note says, without the name in front of it.
fn words(note: &recheck_core::log::SourceNote) -> String {
    let told = note.to_string();
    let prefix = format!("{}: ", note.name);
    told.strip_prefix(&prefix).map_or_else(|| told.clone(), str::to_owned)
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

/// How one log was read, for `--explain`.
pub(crate) struct Explained {
    name: String,
    tags: Vec<String>,
    compression: Option<Compression>,
    how: How,
    lines: u64,
    events: u64,
    bytes: u64,
    elapsed: Duration,
}

/// As what a file was read.
enum How {
    /// Text.
    Log { format: LogFormat, live: usize, every_event: bool },
    /// Results, with the number of tests and of those that failed.
    Results { kind: ResultsKind, tests: Option<(u64, u64)> },
}

impl Explained {
    fn new(report: &LogReport, how: How, elapsed: Duration) -> Explained {
        let LogReport { file, lines, events, bytes, .. } = report;
        let (tags, compression) = (Vec::new(), None);
        let (name, lines, events, bytes) = (file.clone(), *lines, *events, *bytes);
        Explained { name, tags, compression, how, lines, events, bytes, elapsed }
    }

    fn of(self, tags: Vec<String>, compression: Option<Compression>) -> Explained {
        Explained { tags, compression, ..self }
    }
}

/// A file's tags.
fn tags(fields: &Fields) -> Vec<String> {
    fields.values("tags").iter().map(str::to_owned).collect()
}

impl fmt::Display for Explained {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", escape(&self.name))?;
        if let Some(compression) = self.compression {
            write!(formatter, "{compression}, ")?;
        }
        let tags = self.tags.join(", ");
        match &self.how {
            How::Log { format, live, every_event } => {
                let live = counted(*live as u64, "fingerprint");
                let how = if *every_event { "some on every event" } else { "by literals" };
                write!(formatter, "{format}, tags [{tags}], {live} can match ({how}); ")?;
            }
            How::Results { kind, tests: Some((tests, failed)) } => {
                let tests = counted(*tests, "test");
                write!(formatter, "{kind}, tags [{tags}], {tests}, {failed} failed; ")?;
            }
            How::Results { kind, tests: None } => write!(formatter, "{kind}, tags [{tags}]; ")?,
        }
        write!(formatter, "{}, ", bytes(self.bytes))?;
        if matches!(self.how, How::Log { .. }) {
            write!(formatter, "{}, ", counted(self.lines, "line"))?;
        }
        let elapsed = self.elapsed.as_secs_f64() * 1000.0;
        write!(formatter, "{} in {elapsed:.1} ms", counted(self.events, "event"))
    }
}
