//! The subcommands, one file each: its arguments and its `run`.

pub(crate) mod classify;
pub(crate) mod completions;
mod dispatch;
pub(crate) mod lint;
pub(crate) mod man;
pub(crate) mod matching;

pub(crate) use dispatch::run;
