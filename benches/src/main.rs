//! recheck beside its peers: `bench-peers build DIR`, then `bench-peers in-process DIR` and
//! `bench-peers whole-process DIR`. `just bench-peers` does all three.

mod assemble;
mod in_process;
mod whole_process;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use recheck_benches::{Result, measure};

/// Measures recheck beside its peers, interleaved, and prints tables in Markdown.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Builds the corpus, the fingerprints and the peers' patterns from RECHECK_DATA.
    Build {
        /// Where to.
        dir: PathBuf,
        /// Size of the plain log, in MiB. The long one is four times as large, the others as large or
        /// smaller.
        #[arg(long, default_value_t = 1024)]
        mib: u64,
        /// Decides every choice.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Engines in this process, one core: run it under `taskset -c 0`.
    InProcess {
        /// What `build` made.
        dir: PathBuf,
        /// How often each contender runs.
        #[arg(long, default_value_t = 7)]
        rounds: usize,
        /// Only these: "plain log", "dense log", "hits log", "gzip", "compile times", "by number of
        /// fingerprints", or a part of such a name.
        #[arg(long)]
        only: Option<String>,
    },
    /// Peak memory of recheck on a huge log and on a huge line; needs that much disk for a while.
    Memory {
        /// What `build` made.
        dir: PathBuf,
        /// Size of the log, in GiB; the line is a fifth of it.
        #[arg(long, default_value_t = 10)]
        gib: u64,
        /// The recheck program.
        #[arg(long, default_value = "target/release/recheck")]
        recheck: PathBuf,
    },
    /// Programs as they are started from a shell, on one core and on two.
    WholeProcess {
        /// What `build` made.
        dir: PathBuf,
        /// How often each contender runs.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// The recheck program.
        #[arg(long, default_value = "target/release/recheck")]
        recheck: PathBuf,
        /// ripgrep 15.
        #[arg(long, default_value = "rg")]
        rg: PathBuf,
        /// Only tables whose title contains this.
        #[arg(long)]
        only: Option<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-peers: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Says what to do where there is no corpus.
fn built(dir: &Path) -> Result<()> {
    let meta = dir.join("meta.txt");
    match meta.is_file() {
        true => Ok(()),
        false => {
            let (meta, dir) = (meta.display(), dir.display());
            Err(format!("no {meta}: make the corpus with `bench-peers build {dir}`").into())
        }
    }
}

fn run(task: Task) -> Result<()> {
    match &task {
        Task::Build { .. } => {}
        Task::InProcess { dir, .. } | Task::Memory { dir, .. } | Task::WholeProcess { dir, .. } => {
            built(dir)?;
        }
    }
    match task {
        Task::Build { dir, mib, seed } => assemble::run(&dir, mib << 20, seed),
        Task::InProcess { dir, rounds, only } => {
            println!("{}\n", measure::machine());
            in_process::run(&dir, rounds, only.as_deref())
        }
        Task::Memory { dir, gib, recheck } => {
            println!("{}\n", measure::machine());
            let programs = whole_process::Programs { recheck, rg: PathBuf::new() };
            whole_process::memory(&dir, gib, &programs)
        }
        Task::WholeProcess { dir, rounds, recheck, rg, only } => {
            println!("{}\n", measure::machine());
            whole_process::run(
                &dir,
                rounds,
                &whole_process::Programs { recheck, rg },
                only.as_deref(),
            )
        }
    }
}
