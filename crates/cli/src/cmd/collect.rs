//! `recheck collect`: all runs of a place into an index.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
};

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use recheck_core::{
    ResultClass, RunMeta,
    render::{counted, escape},
};
use recheck_index::{History, KnownRun, RunSelection, Scanned, Window, Writer};
use sha2::{Digest, Sha256};

use crate::{
    args::{moment, share},
    events::Reading,
    exit::Exit,
    failure::Failure,
    gather::{Gathered, RunTarget},
    intake::{Intake, IntakeArgs, Taken},
    output::Output,
    place::shown,
    progress::{self, Progress},
    records::run_of,
    remote::{Credentials, Http, ListedRun, RUN_FILE, RunList, Selection},
    settings::Settings,
};

/// A run may have been recorded by when it began, and now be looked for by when it ended.
const LONGEST: SignedDuration = SignedDuration::from_hours(48);

/// The field of a run that came together with all others of its set.
const WHOLE_SET: &str = "build_set_whole";

/// How long after its end a run whose logs could not be had is tried again.
const RETRIED: SignedDuration = SignedDuration::from_hours(24);

const EXAMPLE: &str = "\
Examples:
  recheck collect https://zuul.opendev.org/t/openstack --project openstack/nova --since 1d
  recheck collect https://github.com/OWNER/NAME --since 7d --sample 10%

What was collected before is not asked for again, so it may run every few minutes, and go on where
it was stopped.

Exit codes:
  0  all runs are in the index, with the logs that were wanted
  1  some logs could not be had, which is tried again for a day, or not be read whole
  2  the list of runs could not be had to its end, nothing could be done, or the usage is wrong";

/// What `recheck collect` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct CollectArgs {
    /// A tenant of a Zuul, `https://HOST/t/TENANT`, or a repository on GitHub,
    /// `https://github.com/OWNER/NAME`.
    #[arg(value_name = "SOURCE")]
    source: String,
    /// The runs that ended since then: how long ago, such as 1h or 7d, or a time.
    #[arg(long, value_name = "TIME", value_parser = moment, default_value = "7d")]
    since: Timestamp,
    /// Only the runs of this job; may be repeated.
    #[arg(long = "job", value_name = "NAME")]
    jobs: Vec<String>,
    /// Only the runs of this project, of a Zuul; may be repeated.
    #[arg(long = "project", value_name = "NAME")]
    projects: Vec<String>,
    /// Only the runs on this branch; may be repeated.
    #[arg(long = "branch", value_name = "NAME")]
    branches: Vec<String>,
    /// The share of the passed runs whose logs are read too: what hits those is too broad, and only
    /// what was looked at can tell.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "5%")]
    sample: f64,
    /// Chooses which passed runs are read; the same seed chooses the same.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    intake: IntakeArgs,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When the source is none that is known, or the index can't be used.
pub(crate) fn run(args: &CollectArgs, output: &mut Output) -> Result<Exit, Failure> {
    let mut credentials = Credentials::default();
    let list = source(&args.source, &mut credentials)?;
    let settings = Settings::load()?;
    let place = settings.index(&args.intake.index)?;
    let index = args.intake.open(&settings, &place)?;
    let fingerprints = args.intake.fingerprints(&settings, &*index, output)?;
    let http = args.intake.remote.client(&settings, credentials, None)?;
    let progress = Progress::default();
    let options = args.intake.options(&settings)?;
    let filter = args.intake.filter();
    let intake = Intake {
        reading: Reading {
            known: fingerprints.known(),
            options: &options,
            filter: &filter,
            progress: &progress,
            http: Some(&http),
        },
        meta: &[],
        keeps_all: true,
    };
    let watched = progress::is_wanted(args.intake.no_progress);
    let mut writer = index.writer(&args.intake.writer())?;
    // Not before nobody else writes: another one that collects may just have ended.
    let known = KnownRuns::load(index.history(), args)?;
    writer.fingerprints(fingerprints.known());
    let mut collect = Collect { args, intake, known, http: &http, counted: Counted::default() };
    let outcome = progress.watch(watched, || collect.all(&list, &mut *writer, output));
    let cut = outcome?;
    writer.finish()?;
    let Counted { runs, failed, read, events, known, refused } = collect.counted;
    writeln!(
        output.out(),
        "{} ({failed} failed), logs of {read} read, {} into {}; {known} known before",
        counted(runs, "run"),
        counted(events, "event"),
        shown(&place)
    )?;
    if let Some(reason) = cut {
        output.say(&format!(
            "error: {}\n  help: what came before is in the index; run it again to go on",
            escape(&reason)
        ));
        return Ok(Exit::Incomplete);
    }
    Ok(if refused == 0 { Exit::Explained } else { Exit::Unexplained })
}

/// The list that was named.
fn source(text: &str, credentials: &mut Credentials) -> Result<RunList, Failure> {
    let list = match RunTarget::parse(text, credentials) {
        RunTarget::Remote(url) => RunList::parse(&url),
        RunTarget::Local(_) => None,
    };
    list.ok_or_else(|| Failure::RunList { given: text.to_owned() })
}

/// What came in.
#[derive(Debug, Default)]
struct Counted {
    runs: u64,
    failed: u64,
    /// Runs whose logs were read.
    read: u64,
    events: u64,
    /// Runs that were not asked for again.
    known: u64,
    /// What could not be had or read.
    refused: u64,
}

/// Collects.
struct Collect<'a> {
    args: &'a CollectArgs,
    intake: Intake<'a>,
    known: KnownRuns,
    http: &'a Http,
    counted: Counted,
}

/// A run of the list.
struct Listed {
    run: ListedRun,
    meta: RunMeta,
}

impl Collect<'_> {
    /// Collects everything; why it ends before the list does is returned.
    fn all(
        &mut self,
        list: &RunList,
        writer: &mut dyn Writer,
        output: &Output,
    ) -> Result<Option<String>, Failure> {
        let selection = Selection {
            since: self.args.since,
            jobs: self.args.jobs.clone(),
            projects: self.args.projects.clone(),
            branches: self.args.branches.clone(),
        };
        let sets = std::mem::take(&mut self.known.sets);
        let is_known =
            |meta: &RunMeta| set_of(meta).is_some_and(|set| sets.get(&set) == Some(&true));
        let mut failure = None;
        let listed = list.runs(self.http, &selection, &is_known, &mut |runs| match self
            .page(runs, writer, output)
        {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        });
        match (failure, listed) {
            (Some(failure), _) => Err(failure),
            (None, Ok(())) => Ok(None),
            (None, Err(error)) => Ok(Some(error.to_string())),
        }
    }

    /// Takes in some runs of the list. Those of a set are committed together: a set that is known is
    /// not listed again, so it must be there as a whole or not at all.
    fn page(
        &mut self,
        runs: Vec<ListedRun>,
        writer: &mut dyn Writer,
        output: &Output,
    ) -> Result<(), Failure> {
        let fresh: Vec<Listed> = runs.into_iter().filter_map(|run| self.fresh(run)).collect();
        let is_one_group = |one: &Listed, next: &Listed| match next.run {
            ListedRun::Zuul(_) => true,
            ListedRun::Github(_) => set_of(&one.meta) == set_of(&next.meta),
        };
        for group in fresh.chunk_by(is_one_group) {
            self.group(group, writer, output)?;
        }
        Ok(())
    }

    /// A run that is not known yet.
    fn fresh(&mut self, run: ListedRun) -> Option<Listed> {
        let mut meta = run.meta();
        if !self.known.is_new(meta.get("build_uuid")?) {
            self.counted.known += 1;
            return None;
        }
        self.counted.runs += 1;
        self.counted.failed += u64::from(run.class() == ResultClass::Failed);
        if matches!(run, ListedRun::Github(_)) && is_whole(self.args) {
            meta.set(WHOLE_SET, "true");
        }
        Some(Listed { run, meta })
    }

    fn group(
        &mut self,
        runs: &[Listed],
        writer: &mut dyn Writer,
        output: &Output,
    ) -> Result<(), Failure> {
        let wants = |listed: &&Listed| {
            let build_uuid = listed.meta.get("build_uuid").unwrap_or_default();
            wants_logs(listed.run.class(), build_uuid, self.args)
        };
        let (wanted, others): (Vec<&Listed>, Vec<&Listed>) = runs.iter().partition(wants);
        for listed in others {
            match run_of(&listed.meta) {
                Ok(run) => writer.run(&run)?,
                Err(reason) => self.counted.refuse(&listed.meta, reason.trim(), output),
            }
        }
        let http = self.http;
        let find = |listed: &&Listed| {
            let mut run = listed.run.run(http);
            // The list may know more of it than its own page.
            for (key, values) in listed.meta.fields().iter() {
                if run.meta.get(key).is_none() {
                    values.iter().for_each(|value| run.meta.push(key, value));
                }
            }
            vec![Ok(Gathered::remote(run))]
        };
        let counted = &mut self.counted;
        let is_set = matches!(runs, [Listed { run: ListedRun::Github(_), .. }, ..]);
        self.intake.take(&wanted, find, writer, |_, taken, writer| {
            counted.take(&taken, output);
            // What was fetched is not fetched again, whatever happens next.
            if is_set { Ok(()) } else { Ok(writer.commit()?) }
        })?;
        Ok(writer.commit()?)
    }
}

impl Counted {
    /// Counts a run that can't be kept, and tells why.
    fn refuse(&mut self, meta: &RunMeta, reason: &str, output: &Output) {
        self.refused += 1;
        let name = meta.get("build_uuid").unwrap_or_default();
        output.say(&format!("warning: {}: {}", escape(name), escape(reason)));
    }

    /// Counts a run, and tells what of it could not be read.
    fn take(&mut self, taken: &Taken, output: &Output) {
        self.events += taken.events;
        self.read += 1;
        for (log, reason) in &taken.notes {
            output.say(&format!(
                "note: {}: {}: {}",
                escape(&taken.target),
                escape(log),
                escape(reason)
            ));
        }
        for (log, reason) in &taken.problems {
            // That there is no log is told by the source, and nothing that could be mended here.
            self.refused += u64::from(log != RUN_FILE);
            let target = escape(&taken.target);
            output.say(&format!("warning: {target}: {}: {}", escape(log), escape(reason)));
        }
    }
}

/// Whether a run's logs are read: those of every failed one, and of a sample of the passed.
fn wants_logs(class: ResultClass, build_uuid: &str, args: &CollectArgs) -> bool {
    match class {
        ResultClass::Failed => true,
        ResultClass::Passed => is_sampled(build_uuid, args.seed, args.sample),
        _ => false,
    }
}

/// Whether a run is of the sample: by its name alone, so that it is the same whenever it is asked.
fn is_sampled(build_uuid: &str, seed: u64, share: f64) -> bool {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_be_bytes());
    hasher.update(build_uuid);
    let hash = hasher.finalize();
    let first = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (first as f64) < share * 2_f64.powi(64)
}

/// The runs of which nothing more is wanted.
#[derive(Debug, Default)]
struct KnownRuns {
    /// By their ids, which both services give anew to each attempt. The list may not know which
    /// attempt a run is, and its logs do.
    settled: HashSet<String>,
    /// Whether all that is known of a set of runs, in its latest attempt, is settled.
    sets: HashMap<(String, String), bool>,
}

impl KnownRuns {
    fn load(history: &dyn History, args: &CollectArgs) -> Result<KnownRuns, Failure> {
        let window = Window { from: args.since.checked_sub(LONGEST).ok(), to: None };
        let runs = history.runs(&RunSelection { window, ..RunSelection::default() })?;
        let mut known = KnownRuns::default();
        for run in runs {
            let is_settled = is_settled(&run, args);
            let mut meta = RunMeta::new();
            for key in ["build_set", "attempt"] {
                run.run.get(key).into_iter().for_each(|value| _ = meta.set(key, value));
            }
            if let Some(set) = set_of(&meta) {
                let all = known.sets.entry(set).or_insert(is_whole(args));
                *all &= is_settled && run.run.get(WHOLE_SET).is_some();
            }
            if is_settled {
                known.settled.insert(run.run.key.build_uuid);
            }
        }
        Ok(known)
    }

    /// Whether a run is to be taken in; true once.
    fn is_new(&mut self, build_uuid: &str) -> bool {
        self.settled.insert(build_uuid.to_owned())
    }
}

/// Whether nothing more is wanted of a run. One of which no log could be had is tried again for a day:
/// logs come late, and a server's trouble passes. One that was read in part stays as it is: the next
/// time it might be less.
fn is_settled(known: &KnownRun, args: &CollectArgs) -> bool {
    let key = &known.run.key;
    let is_old = known.time.is_none_or(|time| time < Timestamp::now() - RETRIED);
    // Nothing is told of what was scanned where nobody tried, or the reading was broken off.
    match known.run.scanned {
        _ if known.scanned == Scanned::Full => true,
        Some(Scanned::None) => is_old,
        Some(_) => true,
        None => known.told && !wants_logs(known.run.result_class(), &key.build_uuid, args),
    }
}

/// Whether all runs of the source are collected that ended since then.
fn is_whole(args: &CollectArgs) -> bool {
    args.jobs.is_empty() && args.branches.is_empty()
}

/// The set that a run is of, with the attempt.
fn set_of(meta: &RunMeta) -> Option<(String, String)> {
    let attempt = meta.get("attempt").unwrap_or("1");
    Some((meta.get("build_set")?.to_owned(), attempt.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_its_share_and_is_the_same_each_time() {
        let keys: Vec<String> = (0..10_000).map(|number| number.to_string()).collect();
        let sample = |seed: u64, share: f64| -> Vec<bool> {
            keys.iter().map(|key| is_sampled(key, seed, share)).collect()
        };
        let size = |sample: &[bool]| sample.iter().filter(|is_in| **is_in).count();
        assert_eq!((size(&sample(0, 0.0)), size(&sample(0, 1.0))), (0, 10_000));
        // Ten standard deviations of a binomial of 10,000 at 5 % are 218.
        assert!(size(&sample(0, 0.05)).abs_diff(500) < 218);
        assert_eq!(sample(7, 0.05), sample(7, 0.05));
        assert_ne!(sample(7, 0.05), sample(8, 0.05));
    }
}
