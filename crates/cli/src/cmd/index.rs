//! `recheck index`: what is in an index.

use clap::{Args, Subcommand};
use recheck_core::{
    Schema,
    render::{bytes, count, counted},
};

use crate::{
    args::IndexArgs, exit::Exit, failure::Failure, output::Output, place::open_index,
    settings::Settings,
};

const EXAMPLE: &str = "\
Examples:
  echo '{\"id\": \"1\"}' | recheck ingest --events - --index /tmp/i
  recheck index info --index /tmp/i

Exit codes:
  0  told
  2  nothing could be done, or the usage is wrong";

/// What `recheck index` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct IndexCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Tell where the index is, what answers, and how much it holds.
    Info(IndexArgs),
}

/// Runs the subcommand.
///
/// # Errors
///
/// When there is no index, or it can't be read.
pub(crate) fn run(command: &IndexCommand, output: &mut Output) -> Result<Exit, Failure> {
    let Action::Info(args) = &command.action;
    let settings = Settings::load()?;
    let index = open_index(&settings, &settings.index(args)?)?;
    let info = index.info()?;
    let history = index.history().size()?;
    let schema = match index.schema() {
        Schema::Dynamic => "dynamic",
        _ => "logstash",
    };
    let out = output.out();
    writeln!(out, "index    {}", info.place)?;
    writeln!(out, "backend  {}", info.backend)?;
    writeln!(out, "schema   {schema}")?;
    writeln!(out, "events   {}, {} on disk", count(info.events), bytes(info.bytes))?;
    if let Some((first, last)) = info.span {
        writeln!(out, "         from {first} to {last}")?;
    }
    writeln!(
        out,
        "history  {}, {} of a fingerprint in a run",
        counted(history.runs, "run"),
        counted(history.hits, "hit")
    )?;
    Ok(Exit::Explained)
}
