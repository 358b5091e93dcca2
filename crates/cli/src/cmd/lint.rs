//! `recheck lint`: every mistake in fingerprint files, with its place and its cure.

use std::path::PathBuf;

use clap::Args;
use recheck_core::{Diagnostic, Severity, render};

use crate::{
    exit::Exit,
    failure::Failure,
    fingerprints::{Fingerprints, Purpose},
    output::Output,
    settings::Place,
};

const EXAMPLE: &str = "\
Example:
  echo 'contains: Segmentation fault' > /tmp/crash.yaml && recheck lint /tmp/crash.yaml

Exit codes:
  0  no mistakes
  1  errors or warnings
  2  wrong usage";

/// What `recheck lint` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct LintArgs {
    /// Directories, files and repositories to check.
    #[arg(required = true, value_name = "DIR")]
    paths: Vec<PathBuf>,
    /// How to tell the mistakes.
    #[arg(long, value_enum, default_value = "text")]
    format: LintFormat,
}

/// How mistakes are told.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LintFormat {
    /// The line, a caret, the cure.
    Text,
    /// A JSON array of objects, as `fingerprint_errors` of `recheck classify`.
    Json,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When the output can't be written.
pub(crate) fn run(args: &LintArgs, output: &mut Output) -> Result<Exit, Failure> {
    let place = Place::Paths(args.paths.clone()).fetched(output)?;
    let fingerprints = Fingerprints::load(&place, None, Purpose::default());
    let diagnostics = &fingerprints.diagnostics;
    match args.format {
        LintFormat::Text => draw(diagnostics, &fingerprints, output)?,
        LintFormat::Json => {
            serde_json::to_writer(output.out(), diagnostics).map_err(std::io::Error::from)?;
            writeln!(output.out())?;
        }
    }
    Ok(if diagnostics.is_empty() { Exit::Explained } else { Exit::Unexplained })
}

fn draw(
    diagnostics: &[Diagnostic],
    fingerprints: &Fingerprints,
    output: &mut Output,
) -> Result<(), Failure> {
    let colour = output.colour();
    for diagnostic in diagnostics {
        writeln!(output.out(), "{}", render::snippet(diagnostic, colour))?;
    }
    let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    let counted = |number: usize, noun| render::counted(number as u64, noun);
    writeln!(
        output.out(),
        "{}, {}, {}",
        counted(fingerprints.working(), "good fingerprint"),
        counted(errors, "error"),
        counted(warnings, "warning")
    )?;
    Ok(())
}
