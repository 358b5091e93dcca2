//! `recheck prune`: what is too old leaves an index.

use clap::Args;
use jiff::Timestamp;
use recheck_core::render::counted;
use recheck_index::{Horizon, WriterOptions};

use crate::{
    args::{IndexArgs, moment},
    exit::Exit,
    failure::Failure,
    output::Output,
    place::open_index,
    settings::Settings,
};

const EXAMPLE: &str = "\
Examples:
  echo '{\"id\": \"1\"}' | recheck ingest --events - --index /tmp/i
  recheck prune --index /tmp/i --events-older-than 14d --history-older-than 2y

Exit codes:
  0  done
  2  nothing could be done, or the usage is wrong";

/// What `recheck prune` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct PruneArgs {
    #[command(flatten)]
    index: IndexArgs,
    /// Remove the events before this: so long ago (14d), or a time. Those without a time stay.
    #[arg(long, value_name = "TIME", value_parser = moment, required_unless_present = "history_older_than")]
    events_older_than: Option<Timestamp>,
    /// Remove the runs before this from the history, with what hit them.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    history_older_than: Option<Timestamp>,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When the index can't be used.
pub(crate) fn run(args: &PruneArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = Settings::load()?;
    let index = open_index(&settings, &settings.index(&args.index)?)?;
    let mut writer = index.writer(&WriterOptions::default())?;
    let horizon = Horizon { events: args.events_older_than, history: args.history_older_than };
    let pruned = writer.prune(&horizon)?;
    writer.finish()?;
    let (events, runs) = (counted(pruned.events, "event"), counted(pruned.runs, "run"));
    writeln!(output.out(), "removed {events} and {runs}")?;
    Ok(Exit::Explained)
}
