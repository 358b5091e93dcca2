//! From the parsed command line to the subcommand.

use crate::{args::Command, exit::Exit, failure::Failure, output::Output};

use super::{classify, completions, lint, man, matching};

/// Runs a subcommand.
///
/// # Errors
///
/// When nothing could be done; see [`Failure`].
pub(crate) fn run(command: Command, output: &mut Output) -> Result<Exit, Failure> {
    match command {
        Command::Classify(args) => classify::run(&args, output),
        Command::Match(args) => matching::run(&args, output),
        Command::Lint(args) => lint::run(&args, output),
        Command::Completions(args) => completions::run(&args, output),
        Command::Man(args) => man::run(&args, output),
    }
}
