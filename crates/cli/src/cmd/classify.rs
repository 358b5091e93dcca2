//! `recheck classify`: logs in, known bugs out.

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use recheck_core::{Diagnostic, RunReport, Severity, log::Glob, render};

use crate::{
    args::{FingerprintArgs, Hyperlinks, ProfileArg, duration, glob, key_value, size},
    exit::Exit,
    failure::Failure,
    fingerprints::{Fingerprints, Purpose},
    focus::Focus,
    gather::Source,
    hyperlinks::LinkFormat,
    output::Output,
    progress,
    remote::RemoteArgs,
    scan::{Explained, Scanner, thread_pool},
    settings::Settings,
};

/// The width of text output, in characters.
const WIDTH: usize = 100;

const EXAMPLE: &str = "\
Examples:
  echo \"cp: error writing 'x': No space left on device\" | recheck classify -
  echo 'npm error code ECONNRESET' > /tmp/x.log && recheck classify --format json /tmp/x.log

Exit codes:
  0  every run is `known` or `passed`
  1  a run is `fallback` or `unclassified`
  2  a run is `incomplete` (a log is missing, cut, too large or unreadable, and nothing matches in
     the rest), nothing could be done, or the usage is wrong
A broken fingerprint beside good ones is told on standard error and in the JSON, and does not
change the code.";

/// What `recheck classify` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct ClassifyArgs {
    /// A log, a directory of logs or a tar archive, here or as an http(s) address, or `-` for
    /// standard input; each one is a run.
    #[arg(required = true, value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) fingerprints: FingerprintArgs,
    /// A field of the runs, such as build_status=FAILURE; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) meta: Vec<(String, String)>,
    /// How to tell the verdicts; docs/output.md and docs/json.md describe the formats.
    #[arg(long, value_enum, default_value = "text", env = "RECHECK_FORMAT")]
    pub(crate) format: Format,
    /// Read only these logs of a directory, listing or archive, such as '*.txt' or 'logs/**'; may be
    /// repeated.
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(crate) include: Vec<Glob>,
    /// Leave out these logs of a directory, listing or archive; may be repeated.
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(crate) exclude: Vec<Glob>,
    /// Tell every hit, in place of the first and the last per fingerprint and log.
    #[arg(long)]
    pub(crate) all: bool,
    /// Show secrets as they stand in the log, for a look that nobody else gets.
    ///
    /// Without it, tokens of well-known services, authorization headers, passwords and private keys
    /// are replaced by `[redacted: KIND]`, whatever the format.
    #[arg(long)]
    pub(crate) no_redact: bool,
    /// Show so many lines of the log before and after each place.
    #[arg(long, short = 'C', value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) context: usize,
    /// Don't look for the lines that say what went wrong in a run that no fingerprint explains.
    #[arg(long)]
    pub(crate) no_failure_lines: bool,
    /// How lines become events [default: records].
    #[arg(long, value_enum, env = "RECHECK_PROFILE")]
    pub(crate) profile: Option<ProfileArg>,
    /// Tell on standard error how the fingerprints were compiled and how each log was read.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Don't show how far a long scan is; it is shown only where standard error is a terminal.
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// When to link the bug's address and the line of the log, in text for a terminal.
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        env = "RECHECK_HYPERLINKS"
    )]
    pub(crate) hyperlinks: Hyperlinks,
    /// How to write the link to a line of a local log: `default`, `file` (without the line), `vscode`,
    /// or an address with {path} and {line}.
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "default",
        env = "RECHECK_HYPERLINK_FORMAT"
    )]
    pub(crate) hyperlink_format: LinkFormat,
    /// The zone of times that name none, by name or offset [default: UTC].
    #[arg(long, value_name = "ZONE", env = "RECHECK_TIMEZONE")]
    pub(crate) timezone: Option<String>,
    /// Threads that read fingerprints and scan logs [default: one per processor].
    #[arg(long, short, value_name = "N", env = "RECHECK_JOBS")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
    /// Stop scanning after this time, such as 30s or 5m: what was not read by then makes an
    /// unexplained run `incomplete`.
    #[arg(long, value_name = "TIME", value_parser = duration, env = "RECHECK_DEADLINE")]
    pub(crate) deadline: Option<Duration>,
    /// Read at most this much of a log after decompression, such as 512M or 4G [default: 64G, and
    /// beyond 1G no more than 500 times the compressed size].
    #[arg(long, value_name = "SIZE", value_parser = size, env = "RECHECK_MAX_OUTPUT")]
    pub(crate) max_output: Option<u64>,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// How verdicts are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal.
    Text,
    /// One stable JSON document.
    Json,
    /// For a comment on a change.
    Markdown,
    /// JUnit XML, for the test reports of a CI.
    Junit,
    /// SARIF 2.1.0, for tools that gather findings.
    Sarif,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When the settings are wrong, no fingerprint works, or the output can't be written.
pub(crate) fn run(args: &ClassifyArgs, output: &mut Output) -> Result<Exit, Failure> {
    let started = Instant::now();
    let settings = Settings::load()?;
    let place = settings.fingerprints(&args.fingerprints).fetched(output)?;
    let tracker = settings.tracker.as_deref();
    let purpose = Purpose { failure_lines: !args.no_failure_lines, ..Purpose::default() };
    let pool = thread_pool(args.jobs)?;
    let fingerprints = pool.install(|| Fingerprints::load(&place, tracker, purpose));
    complain(&fingerprints.diagnostics, output);
    fingerprints.some(&place)?;
    let compiled = started.elapsed();

    let scanner = Scanner::new(args, &settings, (&fingerprints, pool), started)?;
    let scanned = scanner.runs(progress::is_wanted(args.no_progress));
    let mut runs = Vec::with_capacity(scanned.len());
    let (mut logs, mut explained) = (Vec::new(), Vec::new());
    for run in scanned {
        runs.push(run.report);
        logs.push(run.logs);
        explained.extend(run.explained);
    }
    if args.explain {
        explain(&fingerprints, compiled, &explained, output);
    }
    let classified = render::Classified {
        runs: &runs,
        diagnostics: &fingerprints.diagnostics,
        fingerprints: fingerprints.working(),
        elapsed: started.elapsed(),
    };
    draw(args, &classified, &fingerprints, &logs, output)?;
    Ok(worst(&runs))
}

/// Of several runs the worst decides.
fn worst(runs: &[RunReport]) -> Exit {
    runs.iter().map(|run| Exit::from(run.verdict)).max().unwrap_or(Exit::Explained)
}

fn draw(
    args: &ClassifyArgs,
    classified: &render::Classified<'_>,
    fingerprints: &Fingerprints,
    logs: &[Vec<Source>],
    output: &mut Output,
) -> Result<(), Failure> {
    let focus = Focus::new(&fingerprints.list);
    let place = |run: &RunReport, file: &str, line| {
        let index = classified.runs.iter().position(|known| std::ptr::eq(known, run))?;
        let mut named = logs[index].iter().filter(|log| log.name() == file);
        // Two files may have one name, but for the suffix of a compression.
        let (Some(log), None) = (named.next(), named.next()) else { return None };
        log.link(&args.hyperlink_format, line)
    };
    let look = render::Look {
        width: WIDTH,
        colour: output.colour(),
        links: output.links().then_some(&place),
        matched: &|bug, evidence| focus.find(bug, evidence),
    };
    match args.format {
        Format::Text => render::text(classified, &look, args.all, output.out())?,
        Format::Json => render::json(classified, output.out())?,
        Format::Markdown => render::markdown(classified, &look, output.out())?,
        Format::Junit => render::junit(classified, &look, output.out())?,
        Format::Sarif => render::sarif(classified, &look, output.out())?,
    }
    Ok(())
}

/// Draws what is wrong with fingerprint files. Of warnings only those about keys and values: what a
/// query hardly means is for their author, with `recheck lint`.
fn complain(diagnostics: &[Diagnostic], output: &Output) {
    let mut left_out = 0;
    for diagnostic in diagnostics {
        let about_query = diagnostic.code >= "W010" && diagnostic.code.starts_with('W');
        if diagnostic.severity == Severity::Warning && about_query {
            left_out += 1;
        } else {
            output.diagnostic(diagnostic);
        }
    }
    match left_out {
        0 => {}
        1 => output.say("1 warning about a query: `recheck lint` tells it"),
        more => output.say(&format!("{more} warnings about queries: `recheck lint` tells them")),
    }
}

fn explain(fingerprints: &Fingerprints, compiled: Duration, logs: &[Explained], output: &Output) {
    let matcher = &fingerprints.matcher;
    output.say(&format!(
        "compiled {} fingerprints in {:.1} ms",
        fingerprints.working(),
        compiled.as_secs_f64() * 1000.0
    ));
    let id = |index: &u32| fingerprints.list[*index as usize].id.as_str();
    let unanchored: Vec<_> = matcher.unanchored().iter().map(id).collect();
    if unanchored.is_empty() {
        output.say("every fingerprint has a literal to look for");
    } else {
        output.say(&format!(
            "{} without a literal, evaluated on every event: {}",
            unanchored.len(),
            unanchored.join(", ")
        ));
    }
    for log in logs {
        output.say(&log.to_string());
    }
}
