//! `recheck attach`: known bugs attached to the failed runs of an index.

mod tell;
mod wait;

use std::{thread, time::Duration};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use recheck_core::{Query, render::counted};
use recheck_index::{Attached, Index, attach, never_hits};

use crate::{
    args::{FingerprintArgs, IndexArgs, duration, moment},
    exit::Exit,
    failure::Failure,
    fingerprints::{Fingerprints, Purpose},
    output::Output,
    place::open_index,
    settings::Settings,
};
use wait::Waiting;

const EXAMPLE: &str = "\
Examples:
  echo '{\"build_uuid\": \"7\", \"message\": \"No space left on device\"}' > /tmp/e.jsonl
  recheck ingest --events /tmp/e.jsonl --index /tmp/i
  recheck attach --run 7 --index /tmp/i
  recheck attach --run 7 --index /tmp/i --wait 2s --arrived 'message:\"left on device\"'

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
    /// A run's logs have arrived when this query hits one of its events: a log's last line, or a file
    /// that must be there; may be repeated, and then all must. Others are `incomplete` at best.
    #[arg(long, value_name = "QUERY", value_parser = query)]
    arrived: Vec<Query>,
    /// Wait so long for logs that have not arrived, for runs that are just taken in, and for those of
    /// --run that are not there yet. No run waits for another.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    wait: Option<Duration>,
    /// How to tell.
    #[arg(long, value_enum, default_value = "text")]
    format: AttachFormat,
}

fn query(text: &str) -> Result<Query, String> {
    Query::parse(text).map_err(|errors| format!("{errors}\n  help: {}", errors.first().help))
}

/// How attached bugs are told.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum AttachFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
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
    let mut waiting = Waiting::new(args, &*index)?;
    let mut all: Vec<Attached> = Vec::new();
    let mut is_named = false;
    loop {
        let ready = waiting.ready()?;
        if !is_named && ready.iter().any(|run| run.events > 0) {
            is_named = true;
            tell_never(&*index, &fingerprints, output)?;
        }
        let attached = attach(&*index, fingerprints.known(), ready)?;
        if let AttachFormat::Text = args.format {
            tell::text(&attached, &fingerprints.list, output.out())?;
        }
        all.extend(attached);
        let Some(pause) = waiting.pause() else { break };
        thread::sleep(pause);
    }
    for late in waiting.late() {
        output.say(&late);
    }
    match args.format {
        AttachFormat::Text => writeln!(output.out(), "{}", counted(all.len() as u64, "run"))?,
        AttachFormat::Json => tell::json(&all, &fingerprints.list, output.out())?,
    }
    let worst = all.iter().map(|run| Exit::from(run.verdict)).max().unwrap_or(Exit::Explained);
    // Logs that are late change no code: the verdicts say what was found in what is there.
    Ok(if waiting.has_all_runs() { worst } else { Exit::Incomplete })
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
