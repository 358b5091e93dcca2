//! `recheck report`: how often each bug bites, from the history of an index.

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use recheck_core::{
    render::report as render,
    report::{By, Report, Window},
};
use recheck_index::facts;

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
  echo '{\"build_uuid\": \"7\", \"end_time\": \"2026-01-05T00:00:00Z\"}' > /tmp/r.jsonl
  recheck ingest --runs /tmp/r.jsonl --index /tmp/i
  recheck report --from 2026-01-01 --until 2026-01-08 --index /tmp/i

Exit codes:
  0  told
  2  nothing could be done, or the usage is wrong";

/// What `recheck report` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(super) history: HistoryArgs,
    /// What the parts of each fingerprint are, in JSON and OpenMetrics.
    #[arg(long, value_enum, default_value = "job")]
    by: ByArg,
    /// How to tell; docs/report.md describes the formats.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
    /// Rows of the ranking in text and Markdown; the other formats have all.
    #[arg(long, value_name = "N", default_value = "25")]
    rows: usize,
    /// Name fingerprints without a hit in so many days: they may be removed.
    #[arg(long, value_name = "DAYS", default_value = "90")]
    silent: u16,
}

/// Which runs are told of.
#[derive(Args, Debug)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    index: IndexArgs,
    #[command(flatten)]
    fingerprints: FingerprintArgs,
    /// The window begins so long ago (7d, 12h), or at this time [default: 7d].
    #[arg(long, value_name = "TIME", value_parser = moment, visible_alias = "from")]
    since: Option<Timestamp>,
    /// The window ends before this time [default: now].
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
}

/// What a report is grouped by.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ByArg {
    /// The job.
    Job,
    /// The queue or pipeline.
    Queue,
    /// The branch.
    Branch,
    /// The project.
    Project,
}

impl From<ByArg> for By {
    fn from(by: ByArg) -> By {
        match by {
            ByArg::Job => By::Job,
            ByArg::Queue => By::Queue,
            ByArg::Branch => By::Branch,
            ByArg::Project => By::Project,
        }
    }
}

/// How a report is told.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReportFormat {
    /// For a terminal.
    Text,
    /// For a mail or a comment.
    Markdown,
    /// One page that opens offline.
    Html,
    /// One stable JSON document.
    Json,
    /// A line for each fingerprint, for spreadsheets.
    Csv,
    /// Counters for Prometheus.
    Openmetrics,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When there is no index, no fingerprint works, the index can't be used, or the output can't be
/// written.
pub(crate) fn run(args: &ReportArgs, output: &mut Output) -> Result<Exit, Failure> {
    let report = args.history.report(args.by.into(), output)?;
    let look = render::ReportLook {
        colour: output.colour(),
        rows: args.rows,
        silent: SignedDuration::from_hours(24 * i64::from(args.silent)),
        ..render::ReportLook::default()
    };
    let out = output.out();
    match args.format {
        ReportFormat::Text => render::text(&report, &look, out)?,
        ReportFormat::Markdown => render::markdown(&report, &look, out)?,
        ReportFormat::Html => render::html(&report, &look, out)?,
        ReportFormat::Json => render::json(&report, out)?,
        ReportFormat::Csv => render::csv(&report, out)?,
        ReportFormat::Openmetrics => render::openmetrics(&report, out)?,
    }
    Ok(Exit::Explained)
}

impl HistoryArgs {
    /// Reads the history and counts.
    pub(super) fn report(&self, by: By, output: &Output) -> Result<Report, Failure> {
        let settings = Settings::load()?;
        let window = self.window()?;
        let index = open_index(&settings, &settings.index(&self.index)?)?;
        let place = settings.fingerprints(&self.fingerprints).fetched(output)?;
        let purpose = Purpose::of(index.schema());
        let fingerprints = Fingerprints::load(&place, settings.tracker.as_deref(), purpose);
        fingerprints.some(&place)?;
        let read =
            recheck_index::Window { from: Some(window.before().from), to: Some(window.until) };
        let facts = facts(&*index, fingerprints.known(), read)?;
        let set = (&fingerprints.matcher, &fingerprints.list[..]);
        Ok(Report::new(set, &facts.runs, &facts.seen, (window, by)))
    }

    fn window(&self) -> Result<Window, Failure> {
        let until = self.until.unwrap_or_else(Timestamp::now);
        let week = SignedDuration::from_hours(7 * 24);
        let from = self.since.or_else(|| until.checked_sub(week).ok()).unwrap_or(Timestamp::MIN);
        match from < until {
            true => Ok(Window { from, until }),
            false => Err(Failure::EmptyWindow { from, until }),
        }
    }
}
