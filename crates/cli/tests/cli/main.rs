//! The program as its users see it: one binary, a fresh directory for each test.

mod bad_fingerprints;
mod bad_logs;
mod classify;
mod docs;
mod document;
mod embed;
mod failure_lines;
mod generated;
mod help;
mod index;
mod lint;
mod matching;
mod race_report;
mod remote;
mod reports;
mod repository;
mod results;
mod settings;
mod shipped;
mod util;
