//! What can be typed. Nothing here does anything: meaning is given by [`settings`](crate::settings).

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use recheck_core::log::Glob;

use jiff::{SignedDuration, Timestamp};
use recheck_core::Schema;

use crate::cmd::{
    attach::AttachArgs, classify::ClassifyArgs, collect::CollectArgs, completions::CompletionsArgs,
    index::IndexCommand, ingest::IngestArgs, lint::LintArgs, man::ManArgs, matching::MatchArgs,
    prune::PruneArgs, query::QueryArgs, report::ReportArgs, unclassified::UnclassifiedArgs,
};

const EXAMPLE: &str = "\
Example:
  echo \"cp: error writing 'x': No space left on device\" | recheck classify -

Exit codes: 0 explained, 1 not explained, 2 incomplete, nothing could be done, or wrong usage.
Each subcommand's --help says what that means for it.";

/// Tells which known bug broke a CI run.
///
/// Fingerprints in, known bugs out: logs are classified against fingerprints (YAML files with
/// Lucene queries), with the answers OpenSearch would give, and without a server.
#[derive(Debug, Parser)]
#[command(name = "recheck", version, after_help = EXAMPLE, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to colour the output.
    // Behind the subcommand's own flags, however many those are.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        env = "RECHECK_COLOR",
        display_order = 900
    )]
    pub(crate) color: Colour,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Classify the logs of one or more runs.
    Classify(Box<ClassifyArgs>),
    /// Evaluate fingerprints on documents, exported or in an index, the query alone.
    Match(MatchArgs),
    /// Collect all runs of a Zuul tenant or a GitHub repository into an index.
    Collect(Box<CollectArgs>),
    /// Put events and runs into an index.
    Ingest(Box<IngestArgs>),
    /// Attach known bugs to the failed runs of an index.
    Attach(AttachArgs),
    /// Look at the hits of a fingerprint or a query in an index.
    Query(QueryArgs),
    /// Tell how often each bug bites, from the history of an index.
    Report(ReportArgs),
    /// Tell which failed runs of an index no fingerprint explains.
    Unclassified(UnclassifiedArgs),
    /// Remove what is too old from an index.
    Prune(PruneArgs),
    /// Tell what is in an index.
    Index(IndexCommand),
    /// Check fingerprint files and tell every mistake with its place and its cure.
    Lint(LintArgs),
    /// Write what a shell needs to complete the command line.
    Completions(CompletionsArgs),
    /// Write the man pages.
    // For those who package the program; nobody else needs to see it.
    #[command(hide = true)]
    Man(ManArgs),
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// When to write hyperlinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Hyperlinks {
    /// On a terminal that takes colour.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Command {
    /// When to write hyperlinks: only a classification has some.
    pub(crate) fn hyperlinks(&self) -> Hyperlinks {
        match self {
            Command::Classify(args) => args.hyperlinks,
            _ => Hyperlinks::Never,
        }
    }
}

/// Where the fingerprints are.
#[derive(Args, Clone, Debug)]
pub(crate) struct FingerprintArgs {
    /// Read fingerprints from here, and only from here: a directory, a file, or a git repository as
    /// https://host/repo.git@REV#DIRECTORY; may be repeated.
    ///
    /// Of a repository, REV (a branch, a tag, a commit) is HEAD and DIRECTORY the root where they are
    /// left out. Its files are kept in the cache directory, and used where the server is out of reach.
    ///
    /// Without it: the directories in the variable RECHECK_FINGERPRINTS (separated as in PATH), else
    /// ./queries, else `fingerprints` of the settings file, else the pack that is compiled in.
    #[arg(long = "fingerprints", short = 'f', value_name = "DIR")]
    pub(crate) fingerprints: Vec<PathBuf>,
}

/// Where the index is.
#[derive(Args, Clone, Debug)]
pub(crate) struct IndexArgs {
    /// The directory of the index, or the address of one in a cluster, as http://host:9200/NAME.
    ///
    /// Without it: the variable RECHECK_INDEX, else `index` of the settings file, else
    /// `recheck/index` in the user's data directory.
    #[arg(long, value_name = "PATH|URL")]
    pub(crate) index: Option<PathBuf>,
}

/// Which fields are analysed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaArg {
    /// `message` is text, every other field is compared whole.
    #[default]
    Logstash,
    /// Every field is text.
    Dynamic,
}

impl From<SchemaArg> for Schema {
    fn from(schema: SchemaArg) -> Schema {
        match schema {
            SchemaArg::Logstash => Schema::Logstash,
            SchemaArg::Dynamic => Schema::Dynamic,
        }
    }
}

/// A moment: RFC 3339, a day, or so long ago (`1h`, `10d`, `2y`).
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    let utc = jiff::tz::TimeZone::UTC;
    let day = |date: jiff::civil::Date| utc.to_timestamp(date.at(0, 0, 0, 0)).ok();
    let ago = || Timestamp::now().checked_sub(ago(text)?).ok();
    let time = text.parse().ok().or_else(ago).or_else(|| day(text.parse().ok()?));
    time.ok_or_else(|| {
        "expected how long ago, such as 1h, 10d or 2y, or a time such as 2026-01-31".to_owned()
    })
}

/// Reads a length of time with units up to years: those are 365 days.
fn ago(text: &str) -> Option<SignedDuration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let number: i64 = number.parse().ok()?;
    let hours = match unit {
        "d" => 24,
        "w" => 7 * 24,
        "y" => 365 * 24,
        _ => {
            let duration: SignedDuration = text.parse().ok()?;
            return Some(duration).filter(|duration| duration.is_positive());
        }
    };
    Some(SignedDuration::from_secs(number.checked_mul(hours * 3600)?))
}

/// How lines become events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProfileArg {
    /// An event is a log record: tracebacks and wrapped lines belong to it.
    Records,
    /// Each line is an event, as OpenStack's log shipper writes them.
    Lines,
}

/// Reads `key=value`.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err("expected key=value, for example build_status=FAILURE".to_owned()),
    }
}

/// Reads a duration such as `30s`, `5m` or `1h30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    parsed
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "expected a duration such as 30s, 5m or 1h30m".to_owned())
}

/// Reads a share such as `5%` or `0.05`.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    let share = share.ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a share such as 5% or 0.05, at most 100%".to_owned())
}

/// Reads a pattern of names.
pub(crate) fn glob(text: &str) -> Result<Glob, String> {
    Glob::new(text).map_err(|error| error.reason.to_owned())
}

/// Reads a size such as `512M`, `4G` or `1GiB`: the units are powers of 1024.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let wrong = || "expected a size such as 512M or 4G".to_owned();
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().trim_end_matches(['b', 'B']).trim_end_matches('i') {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        "t" | "T" => 1 << 40,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(factor).filter(|size| *size > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_is_described_and_every_subcommand_has_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "{}", command.get_name());
            assert!(help.contains("Exit codes"), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{argument:?}");
            }
        }
    }

    #[test]
    fn values_are_read() {
        assert_eq!(size("4G"), Ok(4 << 30));
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("10"), Ok(10));
        assert!(size("4X").is_err() && size("G").is_err() && size("99999999T").is_err());
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(duration("-5s").is_err() && duration("0s").is_err() && duration("x").is_err());
        assert_eq!(key_value("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(ago("10d"), Some(SignedDuration::from_hours(240)));
        assert_eq!(ago("90m"), Some(SignedDuration::from_mins(90)));
        assert_eq!(moment("2026-01-31").unwrap().to_string(), "2026-01-31T00:00:00Z");
        assert_eq!(
            moment("2026-01-31T01:00:00+01:00").unwrap().to_string(),
            "2026-01-31T00:00:00Z"
        );
        assert!(moment("soon").is_err() && moment("9999999999999y").is_err());
        assert!(key_value("=b").is_err() && key_value("a").is_err());
    }
}
