//! The subcommands, one file each: its arguments and its `run`.

pub(crate) mod attach;
pub(crate) mod classify;
pub(crate) mod collect;
pub(crate) mod completions;
mod dispatch;
pub(crate) mod index;
pub(crate) mod ingest;
pub(crate) mod lint;
pub(crate) mod man;
pub(crate) mod matching;
pub(crate) mod prune;
pub(crate) mod query;
pub(crate) mod report;
pub(crate) mod unclassified;

pub(crate) use dispatch::run;
