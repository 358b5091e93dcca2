//! `recheck unclassified`: the failed runs that no fingerprint explains.

use clap::{Args, ValueEnum};
use recheck_core::{render::report as render, report::By};

use crate::{exit::Exit, failure::Failure, output::Output};

use super::report::HistoryArgs;

const EXAMPLE: &str = "\
Examples:
  echo '{\"build_uuid\": \"7\", \"end_time\": \"2026-01-05T00:00:00Z\"}' > /tmp/r.jsonl
  recheck ingest --runs /tmp/r.jsonl --index /tmp/i
  recheck unclassified --since 2026-01-01 --index /tmp/i

Exit codes:
  0  told
  2  nothing could be done, or the usage is wrong";

/// What `recheck unclassified` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct UnclassifiedArgs {
    #[command(flatten)]
    history: HistoryArgs,
    /// How to tell.
    #[arg(long, value_enum, default_value = "text")]
    format: UnclassifiedFormat,
}

/// How the runs are told.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum UnclassifiedFormat {
    /// For a terminal.
    Text,
    /// One JSON document: `window`, `overall` and `unclassified` of the report.
    Json,
}

/// Runs the subcommand.
///
/// # Errors
///
/// As for `recheck report`.
pub(crate) fn run(args: &UnclassifiedArgs, output: &mut Output) -> Result<Exit, Failure> {
    let report = args.history.report(By::Job, output)?;
    let look = render::ReportLook { colour: output.colour(), ..render::ReportLook::default() };
    match args.format {
        UnclassifiedFormat::Text => render::unclassified(&report, &look, output.out())?,
        UnclassifiedFormat::Json => render::unclassified_json(&report, output.out())?,
    }
    Ok(Exit::Explained)
}
