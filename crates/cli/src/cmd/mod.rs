//! The subcommands, one file each: its arguments and its `run`.

pub mod classify;
mod dispatch;
pub mod lint;
pub mod matching;

pub use dispatch::run;
