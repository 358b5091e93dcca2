//! Failure lines: what of a log says what went wrong, where no fingerprint does.
//!
//! A failed run that nobody knows yet is still worth a look at the few lines that a person would
//! have looked for. [`table`] holds the shapes of such lines, one row for each. The text of each row
//! is found by the matcher's one look over the block; here the line round it is held against the
//! row's pattern, and told.

mod read;
mod table;

use std::fmt;

use serde::Serialize;

pub(crate) use read::{
    Failure, IGNORED, Line, MAX_LOOK, Needs, RESULT_LINES, Said, is_task, read, reads_far,
    reads_record, signals, tells_record, texts, told_signals,
};

/// What kind of failure a line tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FailureKind {
    /// A task of a playbook.
    Task,
    /// A test.
    Test,
    /// A compiler's or another checker's complaint.
    Compile,
    /// A linker's.
    Link,
    /// An exception that nobody caught.
    Exception,
    /// A panic of Go or Rust.
    Panic,
    /// A process that died: a signal, a sanitizer's report, no memory.
    Crash,
    /// Something that took too long.
    Timeout,
    /// What a tool or the CI calls an error.
    Error,
    /// The exit of a command; nothing better was found.
    Exit,
}

impl fmt::Display for FailureKind {
    /// The word by which it is written in JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FailureKind::Task => "task",
            FailureKind::Test => "test",
            FailureKind::Compile => "compile",
            FailureKind::Link => "link",
            FailureKind::Exception => "exception",
            FailureKind::Panic => "panic",
            FailureKind::Crash => "crash",
            FailureKind::Timeout => "timeout",
            FailureKind::Error => "error",
            FailureKind::Exit => "exit",
        })
    }
}

/// How much a line says about the cause, from the most to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FailureWeight {
    /// What failed, by name.
    Cause,
    /// Often the cause, at times a remark that did no harm.
    Likely,
    /// That something failed; told where there is nothing better.
    Vague,
    /// That a command's exit code was not 0; told where there is nothing at all.
    Boilerplate,
    /// Not told.
    Silent,
}

/// A text to be found as it is written. A word at either end is a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wording<'a> {
    /// The text; at least one word is in it.
    pub(crate) text: &'a str,
    /// Only where a message may begin: at a line's start, or behind a blank that follows no lower
    /// case letter, as prefixes of lines end.
    pub(crate) leads: bool,
}

/// A row of the table.
#[derive(Debug)]
struct Signal {
    kind: FailureKind,
    weight: FailureWeight,
    text: &'static str,
    pattern: &'static str,
    tell: Tell,
}

/// How a failure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tell {
    /// By what the pattern matched.
    Line,
    /// By the last line of the record that begins here: a traceback's exception.
    Record,
    /// By this line and the next of its record: a panic of Rust.
    Panic,
    /// By Ansible's host and result, which are the pattern's groups, and the task before it.
    Ansible,
    /// By the message of the result that Zuul's console writes behind the line, and the task before
    /// it.
    Result,
    /// Not told: the line that names the task at work.
    Task,
}

#[cfg(test)]
mod tests;
