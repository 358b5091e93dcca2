//! `recheck ingest`: events and runs into an index.

use std::{
    io,
    path::{Path, PathBuf},
};

use clap::Args;
use rayon::prelude::*;
use recheck_core::{
    RunMeta, ScanOptions, Scratch,
    log::{Profile, TagTable, TimeContext},
    render::{counted, escape},
};
use recheck_index::{Index, IndexedEvent, Scanned, Writer, WriterOptions};

use crate::{
    args::{FingerprintArgs, IndexArgs, ProfileArg, SchemaArg, duration, key_value, size},
    documents::{InputLine, Lines},
    events::RunEvents,
    exit::Exit,
    failure::Failure,
    fingerprints::{Fingerprints, Purpose},
    output::Output,
    place::{open_or_create, shown},
    progress::{self, Progress},
    records::{Runs, read_event, read_run, run_of},
    settings::{Settings, SettingsError},
};

/// Events a thread takes at a time.
const CHUNK: usize = 64;

const EXAMPLE: &str = "\
Examples:
  echo 'cp: No space left on device' | recheck ingest - --meta build_uuid=7 --index /tmp/i
  echo '{\"id\": \"1\", \"message\": \"No space left\"}' | recheck ingest --events - --index /tmp/i

Exit codes:
  0  everything is in the index
  1  something was refused; it is told with its place, and everything else is in the index
  2  nothing could be done, or the usage is wrong";

/// What `recheck ingest` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct IngestArgs {
    /// The logs of a run: a log, a directory, a tar archive, or `-`; each one is a run.
    ///
    /// The run is named by `--meta build_uuid=ID`, else by its path.
    #[arg(value_name = "PATH", required_unless_present_any = ["events", "runs"])]
    targets: Vec<String>,
    /// A field of the runs given as PATH, such as build_status=FAILURE; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value, requires = "targets")]
    meta: Vec<(String, String)>,
    /// How lines of PATH become events [default: records].
    #[arg(long, value_enum, env = "RECHECK_PROFILE")]
    profile: Option<ProfileArg>,
    /// The zone of times that name none, by name or offset [default: UTC].
    #[arg(long, value_name = "ZONE", env = "RECHECK_TIMEZONE")]
    timezone: Option<String>,
    /// Events, one JSON object a line: flat, or an Elasticsearch hit with `_source`; `-` for standard
    /// input; may be repeated.
    ///
    /// `@timestamp` is the time by RFC 3339, `build_uuid` the run the event belongs to. A run that is
    /// in the index already is replaced, and so is an event without a run that has the same `id`.
    #[arg(long, value_name = "FILE")]
    events: Vec<PathBuf>,
    /// Runs, one JSON object a line with at least `build_uuid`; `-` for standard input; may be
    /// repeated.
    ///
    /// An event takes from its run every field that it lacks. docs/index.md describes the fields.
    #[arg(long, value_name = "FILE")]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    index: IndexArgs,
    /// Which fields a new index analyses [default: logstash].
    #[arg(long, value_enum)]
    schema: Option<SchemaArg>,
    #[command(flatten)]
    fingerprints: FingerprintArgs,
    /// Memory to gather events in, such as 512M.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "256M")]
    memory: u64,
    /// How long to wait for another process that writes to the index.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    wait: std::time::Duration,
    /// Don't show how far it is; it is shown only where standard error is a terminal.
    #[arg(long)]
    no_progress: bool,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When a file or the index can't be used at all.
pub(crate) fn run(args: &IngestArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = Settings::load()?;
    let place = settings.index(&args.index)?;
    let index = open_or_create(&settings, &place, (args.schema.map(Into::into), args.wait))?;
    let at = settings.fingerprints(&args.fingerprints).fetched(output)?;
    let fingerprints = Fingerprints::load(&at, None, Purpose::of(index.schema()));
    fingerprints.some(&at)?;
    let progress = Progress::default();
    let watched = progress::is_wanted(args.no_progress);
    let done = progress.watch(watched, || {
        let ingest = Ingest { index: &*index, fingerprints: &fingerprints, progress: &progress };
        ingest.all(args, &settings, output)
    })?;
    writeln!(
        output.out(),
        "{} and {} into {}",
        counted(done.events, "event"),
        counted(done.runs, "run"),
        shown(&place)
    )?;
    Ok(if done.refused == 0 { Exit::Explained } else { Exit::Unexplained })
}

/// What was taken in.
#[derive(Default)]
struct Counted {
    events: u64,
    runs: u64,
    refused: u64,
}

/// Takes files in.
struct Ingest<'a> {
    index: &'a dyn Index,
    fingerprints: &'a Fingerprints,
    progress: &'a Progress,
}

impl Ingest<'_> {
    fn all(
        &self,
        args: &IngestArgs,
        settings: &Settings,
        output: &Output,
    ) -> Result<Counted, Failure> {
        let scan = scan_options(args, settings)?;
        let options = WriterOptions { memory: args.memory as usize, patience: args.wait };
        let mut writer = self.index.writer(&options)?;
        writer.fingerprints(self.fingerprints.known());
        let mut counted = Counted::default();
        for path in &args.runs {
            let cut = self.each_batch(path, |batch| {
                self.runs(batch, path, &mut *writer, (&mut counted, output))
            })?;
            counted.cut(path, cut, output);
        }
        // The events look their runs up.
        writer.commit()?;
        let mut runs = Runs::new(self.index.history());
        for path in &args.events {
            let cut = self.each_batch(path, |batch| {
                let events = self.events(batch, path, &mut runs, (&mut counted, output))?;
                self.add(&events, &mut *writer, &mut counted)
            })?;
            counted.cut(path, cut, output);
        }
        let named = args.meta.iter().any(|(key, _)| key == "build_uuid");
        if let (true, [_, second, ..]) = (named, &args.targets[..]) {
            let reason = "each PATH is a run, and one `build_uuid` names one run".to_owned();
            return Err(Failure::Run { target: second.clone(), reason });
        }
        for target in &args.targets {
            self.target((target, &args.meta), &scan, &mut *writer, (&mut counted, output))?;
        }
        writer.finish()?;
        Ok(counted)
    }

    /// Takes in the logs of one run.
    fn target(
        &self,
        (target, fields): (&str, &[(String, String)]),
        scan: &ScanOptions,
        writer: &mut dyn Writer,
        (counted, output): (&mut Counted, &Output),
    ) -> Result<(), Failure> {
        let meta = run_meta(target, fields);
        let mut run = run_of(&meta).map_err(|reason| Failure::Run {
            target: target.to_owned(),
            reason: reason.trim().to_owned(),
        })?;
        let known = self.fingerprints.known();
        let mut reader = RunEvents::new((run.key.clone(), meta), known, scan, self.progress);
        let mut is_told = false;
        reader.read(target, &mut |event, hits| {
            // Not before there is something: of what can't be read nothing is kept.
            if !std::mem::replace(&mut is_told, true) {
                writer.run(&run)?;
            }
            counted.events += 1;
            self.progress.hits(hits.len() as u64);
            writer.event(event, hits)
        })?;
        let scanned = match reader.problems.is_empty() {
            true => Scanned::Full,
            false => Scanned::Partial,
        };
        for (log, reason) in &reader.problems {
            counted.refused += 1;
            output.say(&format!("error: {}: {}", escape(log), escape(reason)));
        }
        if reader.logs > 0 {
            run.scanned = Some(scanned);
            run.failed_tests = reader
                .failed_tests
                .filter(|_| scanned == Scanned::Full)
                .map(|tests| tests.into_iter().collect());
            writer.run(&run)?;
            counted.runs += 1;
        }
        Ok(())
    }

    /// Reads a file to its end, or until it can't be read on: then the reason is returned.
    fn each_batch(
        &self,
        path: &Path,
        mut each: impl FnMut(&[InputLine]) -> Result<(), Failure>,
    ) -> Result<Option<io::Error>, Failure> {
        let unreadable = |source| Failure::Events { path: path.to_owned(), source };
        let mut lines = Lines::open(path).map_err(unreadable)?;
        let size = path.metadata().map_or(0, |data| data.len());
        self.progress.file(size);
        loop {
            let batch = match lines.batch() {
                Ok(batch) if batch.is_empty() => {
                    self.progress.file_done(size);
                    return Ok(None);
                }
                Ok(batch) => batch,
                Err(error) => return Ok(Some(error)),
            };
            each(&batch)?;
            let bytes = |line: &InputLine| line.text.as_ref().map_or(0, Vec::len);
            self.progress.text(batch.iter().map(bytes).sum());
        }
    }

    fn runs(
        &self,
        batch: &[InputLine],
        path: &Path,
        writer: &mut dyn Writer,
        (counted, output): (&mut Counted, &Output),
    ) -> Result<(), Failure> {
        for line in batch {
            match read_run(line) {
                Ok(run) => {
                    writer.run(&run)?;
                    counted.runs += 1;
                }
                Err(reason) => counted.refuse(path, line.number, &reason, output),
            }
        }
        Ok(())
    }

    /// Reads events, each with the fields of its run.
    fn events(
        &self,
        batch: &[InputLine],
        path: &Path,
        runs: &mut Runs<'_>,
        (counted, output): (&mut Counted, &Output),
    ) -> Result<Vec<IndexedEvent>, Failure> {
        let read: Vec<_> = batch.par_iter().with_min_len(CHUNK).map(read_event).collect();
        let mut events = Vec::with_capacity(read.len());
        for (line, event) in batch.iter().zip(read) {
            match event {
                Ok(event) => events.push(runs.join(event)?),
                Err(reason) => counted.refuse(path, line.number, &reason, output),
            }
        }
        Ok(events)
    }

    /// Matches events and adds them.
    fn add(
        &self,
        events: &[IndexedEvent],
        writer: &mut dyn Writer,
        counted: &mut Counted,
    ) -> Result<(), Failure> {
        let matcher = &self.fingerprints.matcher;
        let narrowed = matcher.narrow_nothing();
        let one = |scratch: &mut Scratch, event: &IndexedEvent| {
            let mut hits = Vec::new();
            // Facts are about runs.
            if event.run.is_some() {
                matcher.matches_event(&narrowed, event.to_match(), scratch, &mut hits);
            }
            hits
        };
        let matched: Vec<Vec<Vec<u32>>> = events
            .par_chunks(CHUNK)
            .map_init(
                || matcher.scratch(),
                |scratch, chunk| chunk.iter().map(|event| one(scratch, event)).collect(),
            )
            .collect();
        for (event, hits) in events.iter().zip(matched.into_iter().flatten()) {
            writer.event(event, &hits)?;
            counted.events += 1;
            self.progress.hits(hits.len() as u64);
        }
        Ok(())
    }
}

fn scan_options(args: &IngestArgs, settings: &Settings) -> Result<ScanOptions, Failure> {
    let rules = settings.tags.iter().map(|rule| (&rule.glob, &rule.tags));
    Ok(ScanOptions {
        profile: match args.profile.or(settings.profile) {
            Some(ProfileArg::Lines) => Profile::Lines,
            Some(ProfileArg::Records) | None => Profile::Records,
        },
        time: TimeContext { zone: settings.zone(args.timezone.as_deref())?, year: None },
        tags: TagTable::default().with_rules(rules).map_err(SettingsError::from)?,
        ..ScanOptions::default()
    })
}

/// What is known of the run: what was told, and a name by its path where none was.
fn run_meta(target: &str, fields: &[(String, String)]) -> RunMeta {
    let mut meta = RunMeta::new();
    fields.iter().for_each(|(key, value)| meta.push(key, value));
    if meta.get("build_uuid").is_none() {
        let path = Path::new(target).canonicalize();
        meta.set(
            "build_uuid",
            &path.map_or_else(|_| target.into(), |path| path.display().to_string()),
        );
    }
    meta
}

impl Counted {
    /// Tells that a file could not be read on.
    fn cut(&mut self, path: &Path, error: Option<io::Error>, output: &Output) {
        if let Some(error) = error {
            self.refused += 1;
            output.say(&format!("error: {}: cannot be read on: {error}", path.display()));
        }
    }

    fn refuse(&mut self, path: &Path, line: u64, reason: &str, output: &Output) {
        self.refused += 1;
        output.say(&format!("error: {}:{line}:{reason}", path.display()));
    }
}
