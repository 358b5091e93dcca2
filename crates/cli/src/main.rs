//! `recheck`: tells which known bug broke a CI run.
//!
//! [`args`] is what can be typed, [`settings`] what it means together with the environment and the
//! settings file; each subcommand stands in a file of its own in [`cmd`].

#![forbid(unsafe_code)]

mod args;
mod cmd;
mod documents;
mod events;
mod exit;
mod failure;
mod fingerprints;
mod focus;
mod gather;
mod hyperlinks;
mod intake;
mod output;
mod place;
mod progress;
mod records;
mod remote;
mod repository;
mod scan;
mod settings;

use std::process::ExitCode;

use clap::Parser;

use crate::{args::Cli, exit::Exit, output::Output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut output = Output::new(cli.color, cli.command.hyperlinks());
    let outcome = cmd::run(cli.command, &mut output).and_then(|exit| {
        output.flush()?;
        Ok(exit)
    });
    match outcome {
        Ok(exit) => exit.into(),
        // Whoever reads us has seen enough.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            Exit::from(&failure).into()
        }
    }
}
