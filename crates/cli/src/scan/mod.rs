//! From runs to verdicts: their logs opened, fed to the scan side by side, merged.
//!
//! Logs of this machine are read by the threads of a pool, which also scan. Those of servers are
//! fetched and read by threads of their own, which wait for the network; for large logs the pool
//! scans for them too.

mod explained;
mod logs;

use std::{
    cmp::Reverse,
    num::NonZeroUsize,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rayon::{ThreadPool, ThreadPoolBuilder, prelude::*};
use recheck_core::{
    Fields, Known, RunMeta, RunReport, RunScan, ScanOptions, StopFn,
    log::{Limits, Profile, TagTable, TimeContext},
    render::counted,
};

use crate::{
    args::ProfileArg,
    cmd::classify::ClassifyArgs,
    failure::Failure,
    fingerprints::Fingerprints,
    gather::{Filter, Gathered, RunTarget, Source},
    progress::Progress,
    remote::{Credentials, Http, RUN_FILE, fan_out},
    settings::{Settings, SettingsError},
};

use self::logs::Scanned;

pub(crate) use self::explained::Explained;

/// Targets on servers, and runs of one of them, that are worked on side by side. Their requests are
/// bounded by `--connections` whatever this says.
const RUNS_AT_ONCE: usize = 4;

/// The threads that read fingerprints and scan logs: so many, or one per processor.
///
/// # Errors
///
/// When they can't be started.
pub(crate) fn thread_pool(jobs: Option<NonZeroUsize>) -> Result<ThreadPool, Failure> {
    let threads = jobs.map_or(0, NonZeroUsize::get);
    Ok(ThreadPoolBuilder::new().num_threads(threads).build()?)
}

/// Scans runs and their logs side by side, in a pool of threads.
pub(crate) struct Scanner<'a> {
    known: Known<'a>,
    /// Fields of every run, as typed.
    meta: &'a [(String, String)],
    options: ScanOptions,
    limits: Limits,
    filter: Filter,
    pool: ThreadPool,
    progress: Progress,
    /// Only where a target is an address.
    http: Option<Http>,
    targets: Vec<RunTarget>,
}

/// One run, scanned.
pub(crate) struct ScannedRun {
    /// What was found.
    pub(crate) report: RunReport,
    /// The files that its logs lie in.
    pub(crate) logs: Vec<Source>,
    /// What became of each of its logs.
    pub(crate) explained: Vec<Explained>,
}

impl<'a> Scanner<'a> {
    /// A scanner as flags and settings say. The deadline counts from `started`.
    ///
    /// # Errors
    ///
    /// When a zone, a rule or a token of the settings is wrong.
    pub(crate) fn new(
        args: &'a ClassifyArgs,
        settings: &Settings,
        (fingerprints, pool): (&'a Fingerprints, ThreadPool),
        started: Instant,
    ) -> Result<Scanner<'a>, Failure> {
        let Fingerprints { matcher, list, .. } = fingerprints;
        let mut limits = Limits::default();
        if let Some(max_output) = args.max_output {
            // Who allows so much text takes it from however few bytes.
            limits = Limits { max_output, max_ratio: u64::MAX };
        }
        let mut credentials = Credentials::default();
        let targets: Vec<_> =
            args.targets.iter().map(|target| RunTarget::parse(target, &mut credentials)).collect();
        let is_remote = targets.iter().any(|target| matches!(target, RunTarget::Remote(_)));
        let deadline = args.deadline.map(|deadline| started + deadline);
        let client = || args.remote.client(settings, credentials, deadline);
        Ok(Scanner {
            known: Known { matcher, fingerprints: list },
            meta: &args.meta,
            options: scan_options(args, settings, started)?,
            limits,
            filter: Filter::new(&args.include, &args.exclude),
            pool,
            progress: Progress::default(),
            http: if is_remote { Some(client()?) } else { None },
            targets,
        })
    }

    /// Scans the runs, in the order of their targets. Shows how far it is, where wanted.
    pub(crate) fn runs(&self, watched: bool) -> Vec<ScannedRun> {
        let (mut local, mut remote) = (Vec::new(), Vec::new());
        for (place, target) in self.targets.iter().enumerate() {
            match target {
                RunTarget::Local(_) => local.push((place, target)),
                RunTarget::Remote(_) => remote.push((place, target)),
            }
        }
        let read = || {
            let one = |(place, target): &(usize, &RunTarget)| (*place, self.target(target));
            self.pool.install(|| local.par_iter().with_max_len(1).map(one).collect::<Vec<_>>())
        };
        let fetch = || {
            let one = |(place, target): &(usize, &RunTarget)| (*place, self.target(target));
            fan_out(&remote, RUNS_AT_ONCE, one)
        };
        let mut runs = self.progress.watch(watched, || {
            thread::scope(|scope| {
                let reads = (!local.is_empty()).then(|| scope.spawn(read));
                let mut runs = fetch();
                // A panic of a scan goes on here.
                let read = reads.map(|reads| reads.join().map_err(std::panic::resume_unwind));
                runs.extend(read.into_iter().flatten().flatten());
                runs
            })
        });
        runs.sort_by_key(|(place, _)| *place);
        runs.into_iter().flat_map(|(_, runs)| runs).collect()
    }

    fn target(&self, target: &RunTarget) -> Vec<ScannedRun> {
        match target.runs(self.http.as_ref()) {
            Ok(runs) => fan_out(&runs, RUNS_AT_ONCE, |run| self.run(run)),
            Err((name, reason)) => {
                let mut run = self.start(RunMeta::new());
                run.error(name, reason);
                vec![ScannedRun::without_logs(run, target.shown())]
            }
        }
    }

    /// A run of which this much is known; what was typed goes before it.
    fn start(&self, mut meta: RunMeta) -> RunScan<'_> {
        for (place, (key, value)) in self.meta.iter().enumerate() {
            // A key given twice has both values.
            match self.meta[..place].iter().any(|(before, _)| before == key) {
                true => meta.push(key, value),
                false => _ = meta.set(key, value),
            }
        }
        RunScan::new(self.known, meta, &self.options)
    }

    fn run(&self, gathered: &Gathered) -> ScannedRun {
        let Gathered { target, meta, mut sources, events, errors, notes, is_explicit } =
            gathered.clone();
        let mut run = self.start(meta);
        let mut failed = !errors.is_empty();
        errors.into_iter().for_each(|(file, message)| run.error(file, message));
        notes.into_iter().for_each(|(file, message)| run.note(file, message));
        let mut explained = Vec::new();
        let found = sources.len();
        if !is_explicit {
            sources.retain(|source| self.filter.wants_file(source));
            explained = self.leave_out(&mut run, &mut sources);
        }
        let is_silent = events.is_empty();
        scan_events(&mut run, events);
        // The largest first, so that no thread is left alone with it at the end.
        sources.sort_by_key(|source| Reverse(source.size()));
        let scanned = self.scan_all(&run, &sources, is_explicit);
        failed |= tell_not_begun(&mut run, &target, &scanned);
        for file in scanned {
            failed |= !file.errors.is_empty();
            explained.extend(file.merge_into(&mut run));
        }
        if explained.is_empty() && is_silent && !failed {
            run.error(target.clone(), nothing(found, &self.filter));
        }
        explained.sort_by(|one, other| one.name().cmp(other.name()));
        ScannedRun { report: run.finish(&target), logs: sources, explained }
    }

    /// Takes out the files of servers that no fingerprint can match, and tells how many.
    fn leave_out(&self, run: &mut RunScan<'_>, sources: &mut Vec<Source>) -> Vec<Explained> {
        let mut left_out = Vec::new();
        sources.retain(|source| {
            if matches!(source, Source::Local(_)) || source.looks_packed() {
                return true;
            }
            let log = run.log(source.name());
            let narrowed = log.narrowed();
            let is_useless = narrowed.live() == 0 && narrowed.always().is_empty();
            if is_useless {
                left_out.push(Explained::not_fetched(&log));
            }
            !is_useless
        });
        if !left_out.is_empty() {
            let count = counted(left_out.len() as u64, "file");
            run.note("", format!("{count} not fetched, as no fingerprint can match there"));
        }
        left_out
    }

    /// Scans the files: those of servers on threads that wait, the others on the pool's.
    fn scan_all(&self, run: &RunScan<'_>, sources: &[Source], is_explicit: bool) -> Vec<Scanned> {
        sources.iter().for_each(|source| self.progress.file(source.size()));
        match &self.http {
            Some(http) if sources.iter().any(|source| matches!(source, Source::Remote(_))) => {
                let one = |source: &Source| self.file(run, source, is_explicit);
                fan_out(sources, http.connections(), one)
            }
            _ => {
                let one = |source| self.file(run, source, is_explicit);
                sources.par_iter().with_max_len(1).map(one).collect()
            }
        }
    }
}

impl ScannedRun {
    fn without_logs(run: RunScan<'_>, target: &str) -> ScannedRun {
        ScannedRun { report: run.finish(target), logs: Vec::new(), explained: Vec::new() }
    }
}

/// Tells once of all logs that were not even begun; false when there is none.
fn tell_not_begun(run: &mut RunScan<'_>, target: &str, scanned: &[Scanned]) -> bool {
    let mut reasons = scanned.iter().filter_map(|file| file.not_begun.as_ref());
    let Some(reason) = reasons.next() else { return false };
    let count = counted(1 + reasons.count() as u64, "log");
    run.error(target, format!("{count} not fetched: {reason}"));
    true
}

/// Scans what the source says of the run itself.
fn scan_events(run: &mut RunScan<'_>, events: Vec<Fields>) {
    if events.is_empty() {
        return;
    }
    let mut said = run.events(RUN_FILE);
    // Told to stop it takes no more, and its report says so.
    let _ = events.into_iter().all(|event| said.push(event));
    run.add(said.finish());
}

/// Why there is no log in a run of which this many files were found.
fn nothing(found: usize, filter: &Filter) -> String {
    match filter.is_empty() || found == 0 {
        true => "no log in there; give the directory that holds the logs".to_owned(),
        false => "no log is left by --include and --exclude".to_owned(),
    }
}

fn scan_options(
    args: &ClassifyArgs,
    settings: &Settings,
    started: Instant,
) -> Result<ScanOptions, Failure> {
    let rules = settings.tags.iter().map(|rule| (&rule.glob, &rule.tags));
    let zone = settings.zone(args.timezone.as_deref())?;
    Ok(ScanOptions {
        profile: match args.profile.or(settings.profile) {
            Some(ProfileArg::Lines) => Profile::Lines,
            Some(ProfileArg::Records) | None => Profile::Records,
        },
        time: TimeContext { zone, ..TimeContext::default() },
        all: args.all,
        context: args.context,
        keep_secrets: args.no_redact,
        tags: TagTable::default().with_rules(rules).map_err(SettingsError::from)?,
        stop: args.deadline.map(|deadline| stop_after(started, deadline)),
    })
}

fn stop_after(started: Instant, deadline: Duration) -> StopFn {
    Arc::new(move || started.elapsed() >= deadline)
}
