//! Integration tests of `recheck-core`, one binary.

mod agree;
mod analysis;
mod conformance;
mod query;
#[cfg(all(feature = "fs", feature = "render"))]
mod diag;
