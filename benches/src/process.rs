//! Whole processes, with the cores they may use, their time and their memory.

#![expect(unsafe_code, reason = "the kernel alone knows a child's peak memory")]

use std::{
    ffi::OsString,
    io::Read,
    mem::MaybeUninit,
    process::{Command, Stdio},
    time::Instant,
};

use crate::{Result, measure::Outcome};

/// A command and the cores it may use.
#[derive(Clone, Debug)]
pub struct Process {
    /// What the table calls it.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// A list as `taskset -c` takes it: `0` or `0,1`.
    pub cores: &'static str,
    /// The most the exit code may be: a search without matches may exit with 1.
    pub max_code: i32,
}

impl Process {
    /// Runs it once and reads all its output: a search whose output goes nowhere may stop at its
    /// first match, as GNU grep does. What it found is the sum of the counts it prints.
    pub fn run(&self) -> Result<Outcome> {
        let mut command = Command::new("taskset");
        command.args(["-c", self.cores]).args(&self.command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let start = Instant::now();
        let mut child = command.spawn().map_err(|error| format!("taskset: {error}"))?;
        let mut output = String::new();
        child.stdout.take().ok_or("no pipe")?.read_to_string(&mut output)?;
        let (code, peak_rss) = wait(child.id())?;
        let time = start.elapsed();
        if !(0..=self.max_code).contains(&code) {
            return Err(format!("{:?} ended with {code}", self.command).into());
        }
        Ok(Outcome { time, found: found(&output, code), peak_rss: Some(peak_rss) })
    }
}

/// Counts alone on their lines, or behind a file's name, added up; else how the program ended.
fn found(output: &str, code: i32) -> String {
    let count = |line: &str| line.rsplit(':').next().and_then(|count| count.parse::<u64>().ok());
    let counts: Option<Vec<u64>> = output.lines().map(count).collect();
    match counts {
        Some(counts) if !counts.is_empty() => format!("{} lines", counts.iter().sum::<u64>()),
        _ => format!("exit {code}"),
    }
}

/// Waits for a child: its exit code (or minus the signal) and its peak memory in bytes.
fn wait(pid: u32) -> Result<(i32, u64)> {
    let pid = libc::pid_t::try_from(pid)?;
    let (mut status, mut usage) = (0, MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: both pointers are valid for the call, and all zeroes is a valid `rusage`.
    let (waited, usage) =
        unsafe { (libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()), usage.assume_init()) };
    if waited != pid {
        return Err(std::io::Error::last_os_error().into());
    }
    let code =
        if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -libc::WTERMSIG(status) };
    // Linux counts it in KiB.
    Ok((code, u64::try_from(usage.ru_maxrss)? * 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_timed_and_its_code_is_checked() {
        let process = |script: &str| Process {
            name: "sh".to_owned(),
            command: ["sh", "-c", script].map(OsString::from).to_vec(),
            cores: "0",
            max_code: 1,
        };
        let outcome = process("echo a:2; echo b:3; exit 1").run().unwrap();
        assert_eq!(outcome.found, "5 lines");
        assert!(outcome.peak_rss > Some(100_000));
        assert!(process("exit 3").run().is_err());
    }
}
