//! `recheck man`: the man pages, for those who package the program.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use crate::{args::Cli, exit::Exit, failure::Failure, output::Output};

const EXAMPLE: &str = "\
Examples:
  recheck man > /tmp/recheck.1
  mkdir -p /tmp/man1 && recheck man --dir /tmp/man1

Exit codes:
  0  written
  2  wrong usage, or output that cannot be written";

/// What `recheck man` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct ManArgs {
    /// Write a page for each subcommand, too, into this directory.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When the pages can't be written.
pub(crate) fn run(args: &ManArgs, output: &mut Output) -> Result<Exit, Failure> {
    match &args.dir {
        Some(dir) => clap_mangen::generate_to(Cli::command(), dir)
            .map_err(|source| Failure::Pages { path: dir.clone(), source })?,
        None => {
            let command = Cli::command().disable_help_subcommand(true);
            clap_mangen::Man::new(command).render(output.out())?;
        }
    }
    Ok(Exit::Explained)
}
