//! `recheck attach`: known bugs attached to the failed runs of an index.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use recheck_core::{
    Fingerprint, TestIds, Verdict,
    render::{counted, escape},
};
use recheck_index::{
    Attached, AttachedBug, Index, KnownRun, RunSelection, Window, attach, never_hits,
};
use serde::Serialize;

use crate::{
    args::{FingerprintArgs, IndexArgs, moment},
    exit::Exit,
    failure::Failure,
    fingerprints::{Fingerprints, Purpose},
    output::Output,
    place::open_index,
    settings::Settings,
};

const EXAMPLE: &str = "\
Examples:
  echo '{\"build_uuid\": \"7\", \"message\": \"No space left on device\"}' > /tmp/e.jsonl
  recheck ingest --events /tmp/e.jsonl --index /tmp/i
  recheck attach --run 7 --index /tmp/i

Exit codes:
  0  every run is `known` or `passed`
  1  a run is `fallback` or `unclassified`
  2  a run is `incomplete` or not in the index, nothing could be done, or the usage is wrong";

/// What `recheck attach` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct AttachArgs {
    #[command(flatten)]
    index: IndexArgs,
    #[command(flatten)]
    fingerprints: FingerprintArgs,
    /// The failed runs since then: so long ago (1h, 10d), or a time [default: 1h, without --run].
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// The run with this `build_uuid`, whatever its result; may be repeated.
    #[arg(long, value_name = "ID")]
    run: Vec<String>,
    /// How to tell.
    #[arg(long, value_enum, default_value = "text")]
    format: AttachFormat,
}

/// How attached bugs are told.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum AttachFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// The JSON document.
#[derive(Serialize)]
struct Document<'a> {
    runs: Vec<RunLine<'a>>,
}

#[derive(Serialize)]
struct RunLine<'a> {
    build_uuid: &'a str,
    attempt: u32,
    build_name: Option<&'a str>,
    build_status: Option<&'a str>,
    log_url: Option<&'a str>,
    verdict: Verdict,
    bugs: Vec<BugLine<'a>>,
}

#[derive(Serialize)]
struct BugLine<'a> {
    fingerprint: &'a str,
    bug: Option<&'a str>,
    title: Option<&'a str>,
    fallback: bool,
    resolved_at: Option<&'a str>,
    test_ids: Option<TestIds>,
    hits: u64,
    file: Option<&'a str>,
    line: Option<u64>,
    event: Option<&'a str>,
    timestamp: Option<String>,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When there is no index, no fingerprint works, or the index can't be used.
pub(crate) fn run(args: &AttachArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = Settings::load()?;
    let index = open_index(&settings, &settings.index(&args.index)?)?;
    let place = settings.fingerprints(&args.fingerprints).fetched(output)?;
    let fingerprints =
        Fingerprints::load(&place, settings.tracker.as_deref(), Purpose::of(index.schema()));
    fingerprints.some(&place)?;
    let (runs, missing) = selected(args, &*index)?;
    for id in &missing {
        output.say(&format!("error: the index holds no run `{}`", escape(id)));
    }
    if runs.iter().any(|run| run.events > 0) {
        tell_never(&*index, &fingerprints, output)?;
    }
    let attached = attach(&*index, fingerprints.known(), runs)?;
    match args.format {
        AttachFormat::Text => text(&attached, &fingerprints.list, output.out())?,
        AttachFormat::Json => json(&attached, &fingerprints.list, output.out())?,
    }
    let worst = attached.iter().map(|run| Exit::from(run.verdict)).max().unwrap_or(Exit::Explained);
    Ok(if missing.is_empty() { worst } else { Exit::Incomplete })
}

/// The runs that were asked for, and the ids that no run has.
fn selected<'a>(
    args: &'a AttachArgs,
    index: &dyn Index,
) -> Result<(Vec<KnownRun>, Vec<&'a str>), Failure> {
    let history = index.history();
    let mut runs = Vec::new();
    let mut missing = Vec::new();
    for id in &args.run {
        let selection = RunSelection { build_uuid: Some(id.clone()), ..RunSelection::default() };
        let found = history.runs(&selection)?;
        if found.is_empty() {
            missing.push(id.as_str());
        }
        runs.extend(found);
    }
    let since = match (args.since, &args.run[..]) {
        (None, []) => moment("1h").ok(),
        (since, _) => since,
    };
    if let Some(from) = since {
        let window = Window { from: Some(from), to: None };
        runs.extend(history.runs(&RunSelection { window, build_uuid: None, failed: true })?);
    }
    runs.sort_by(|a, b| (a.time, &a.run.key).cmp(&(b.time, &b.run.key)));
    runs.dedup_by(|a, b| a.run.key == b.run.key);
    Ok((runs, missing))
}

/// Names the fingerprints that can't hit anything here, once.
fn tell_never(
    index: &dyn Index,
    fingerprints: &Fingerprints,
    output: &Output,
) -> Result<(), Failure> {
    let never = never_hits(&fingerprints.list, index.schema(), &index.field_names()?);
    if !never.is_empty() {
        let ids: Vec<&str> =
            never.iter().map(|place| fingerprints.list[*place as usize].id.as_str()).collect();
        output.say(&format!(
            "{} can never hit here, as no event has a field that they ask for: {}",
            counted(ids.len() as u64, "fingerprint"),
            ids.join(", ")
        ));
    }
    Ok(())
}

fn text(attached: &[Attached], list: &[Fingerprint], out: &mut dyn Write) -> io::Result<()> {
    for Attached { run, verdict, bugs } in attached {
        let name = run.run.get("build_name").map(|name| format!(" ({})", escape(name)));
        let verdict = serde_json::to_string(verdict).map_err(io::Error::from)?;
        writeln!(
            out,
            "{}: {}{}",
            verdict.trim_matches('"'),
            escape(&run.run.key.to_string()),
            name.unwrap_or_default()
        )?;
        for bug in bugs {
            let fingerprint = &list[bug.fingerprint as usize];
            let title = fingerprint.title.as_deref().unwrap_or_default();
            writeln!(out, "\n  {}  {}", escape(&fingerprint.id), escape(title))?;
            if let Some(address) = &fingerprint.bug {
                writeln!(out, "  {}", escape(address))?;
            }
            writeln!(out, "    {}{}", counted(bug.hits, "hit"), escape(&first(bug)))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", counted(attached.len() as u64, "run"))
}

fn first(bug: &AttachedBug) -> String {
    let line = bug.first.line.map(|line| format!(":{line}")).unwrap_or_default();
    let place = bug.first.file.as_ref().map(|file| format!(", first in {file}{line}"));
    let time = bug.first.time.map(|time| format!(" at {time}"));
    format!("{}{}", place.unwrap_or_default(), time.unwrap_or_default())
}

fn json(attached: &[Attached], list: &[Fingerprint], out: &mut dyn Write) -> io::Result<()> {
    let runs = attached.iter().map(|attached| RunLine::new(attached, list)).collect();
    serde_json::to_writer(&mut *out, &Document { runs }).map_err(io::Error::from)?;
    writeln!(out)
}

impl<'a> RunLine<'a> {
    fn new(attached: &'a Attached, list: &'a [Fingerprint]) -> RunLine<'a> {
        let Attached { run, verdict, bugs } = attached;
        RunLine {
            build_uuid: &run.run.key.build_uuid,
            attempt: run.run.key.attempt,
            build_name: run.run.get("build_name"),
            build_status: run.run.get("build_status"),
            log_url: run.run.get("log_url"),
            verdict: *verdict,
            bugs: bugs
                .iter()
                .map(|bug| BugLine::new(bug, &list[bug.fingerprint as usize]))
                .collect(),
        }
    }
}

impl<'a> BugLine<'a> {
    fn new(bug: &'a AttachedBug, fingerprint: &'a Fingerprint) -> BugLine<'a> {
        BugLine {
            fingerprint: &fingerprint.id,
            bug: fingerprint.bug.as_deref(),
            title: fingerprint.title.as_deref(),
            fallback: fingerprint.fallback,
            resolved_at: fingerprint.resolved_at.as_deref(),
            test_ids: bug.test_ids,
            hits: bug.hits,
            file: bug.first.file.as_deref(),
            line: bug.first.line,
            event: bug.first.event.as_deref(),
            timestamp: bug.first.time.map(|time| time.to_string()),
        }
    }
}
