//! From the parsed command line to the subcommand.

use crate::{args::Command, exit::Exit, failure::Failure, output::Output};

use super::{
    attach, classify, collect, completions, index, ingest, lint, man, matching, prune, query,
    report, unclassified,
};

/// Runs a subcommand.
///
/// # Errors
///
/// When nothing could be done; see [`Failure`].
pub(crate) fn run(command: Command, output: &mut Output) -> Result<Exit, Failure> {
    match command {
        Command::Classify(args) => classify::run(&args, output),
        Command::Match(args) => matching::run(&args, output),
        Command::Collect(args) => collect::run(&args, output),
        Command::Ingest(args) => ingest::run(&args, output),
        Command::Attach(args) => attach::run(&args, output),
        Command::Query(args) => query::run(&args, output),
        Command::Report(args) => report::run(&args, output),
        Command::Unclassified(args) => unclassified::run(&args, output),
        Command::Prune(args) => prune::run(&args, output),
        Command::Index(command) => index::run(&command, output),
        Command::Lint(args) => lint::run(&args, output),
        Command::Completions(args) => completions::run(&args, output),
        Command::Man(args) => man::run(&args, output),
    }
}
