//! `recheck ingest`: events and runs into an index.

use std::{
    io,
    path::{Path, PathBuf},
};

use clap::Args;
use rayon::prelude::*;
use recheck_core::{
    ScanOptions, Scratch,
    render::{counted, escape},
};
use recheck_index::{Index, IndexedEvent, Writer};

use crate::{
    args::key_value,
    documents::{InputLine, Lines},
    events::Reading,
    exit::Exit,
    failure::Failure,
    fingerprints::Fingerprints,
    gather::RunTarget,
    intake::{Intake, IntakeArgs, Taken},
    output::Output,
    place::shown,
    progress::{self, Progress},
    records::{Runs, read_event, read_run},
    remote::Credentials,
    settings::Settings,
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
    /// The logs of a run, as `recheck classify` takes them: a log, a directory, an archive, an
    /// http(s) address, or `-`; each one is a run.
    ///
    /// The run is named as its source names it, by `--meta build_uuid=ID`, else by its path.
    #[arg(value_name = "TARGET", required_unless_present_any = ["events", "runs"])]
    targets: Vec<String>,
    /// A field of the runs given as TARGET, such as build_status=FAILURE; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value, requires = "targets")]
    meta: Vec<(String, String)>,
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
    intake: IntakeArgs,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When a file or the index can't be used at all.
pub(crate) fn run(args: &IngestArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = Settings::load()?;
    let place = settings.index(&args.intake.index)?;
    let index = args.intake.open(&settings, &place)?;
    let fingerprints = args.intake.fingerprints(&settings, &*index, output)?;
    let progress = Progress::default();
    let watched = progress::is_wanted(args.intake.no_progress);
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
        // Before anything is written.
        let named = args.meta.iter().any(|(key, _)| key == "build_uuid");
        if let (true, [_, second, ..]) = (named, &args.targets[..]) {
            let reason = "each TARGET is a run, and one `build_uuid` names one run".to_owned();
            return Err(Failure::Run { target: second.clone(), reason });
        }
        let scan = args.intake.options(settings)?;
        let mut writer = self.index.writer(&args.intake.writer())?;
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
        self.targets(args, (settings, &scan), &mut *writer, (&mut counted, output))?;
        writer.finish()?;
        Ok(counted)
    }

    /// Takes in the logs of the runs that were named.
    fn targets(
        &self,
        args: &IngestArgs,
        (settings, scan): (&Settings, &ScanOptions),
        writer: &mut dyn Writer,
        (counted, output): (&mut Counted, &Output),
    ) -> Result<(), Failure> {
        let mut credentials = Credentials::default();
        let targets: Vec<_> =
            args.targets.iter().map(|target| RunTarget::parse(target, &mut credentials)).collect();
        let is_remote = targets.iter().any(|target| matches!(target, RunTarget::Remote(_)));
        let client = || args.intake.remote.client(settings, credentials, None);
        let http = if is_remote { Some(client()?) } else { None };
        let intake = Intake {
            reading: Reading {
                known: self.fingerprints.known(),
                options: scan,
                filter: &args.intake.filter(),
                progress: self.progress,
                http: http.as_ref(),
            },
            meta: &args.meta,
            keeps_all: is_remote,
        };
        let find = |target: &RunTarget| match target.runs(http.as_ref()) {
            Ok(runs) => runs.into_iter().map(Ok).collect(),
            Err(problem) => vec![Err(problem)],
        };
        intake.take(&targets, find, writer, |_, taken, _| {
            counted.take(&taken, output);
            Ok(())
        })
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

impl Counted {
    /// Counts a run, and tells what of it could not be read.
    fn take(&mut self, taken: &Taken, output: &Output) {
        self.events += taken.events;
        self.runs += u64::from(taken.is_kept);
        for (log, reason) in &taken.notes {
            output.say(&format!("note: {}: {}", escape(log), escape(reason)));
        }
        for (log, reason) in &taken.problems {
            self.refused += 1;
            output.say(&format!("error: {}: {}", escape(log), escape(reason)));
        }
    }

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
