//! `recheck completions`: what a shell needs to complete our command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{args::Cli, exit::Exit, failure::Failure, output::Output};

const EXAMPLE: &str = "\
Example:
  recheck completions bash > /tmp/recheck.bash

Where shells look for it:
  bash        ~/.local/share/bash-completion/completions/recheck
  zsh         a directory of $fpath, under the name _recheck
  fish        ~/.config/fish/completions/recheck.fish
  elvish      ~/.config/elvish/rc.elv, at its end
  powershell  the file that $PROFILE names, at its end

Exit codes:
  0  written
  2  wrong usage, or output that cannot be written";

/// What `recheck completions` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When the output can't be written.
pub(crate) fn run(args: &CompletionsArgs, output: &mut Output) -> Result<Exit, Failure> {
    // Into memory first: the generators panic where they can't write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "recheck", &mut script);
    output.out().write_all(&script)?;
    Ok(Exit::Explained)
}
