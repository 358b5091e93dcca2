//! Integration tests of `recheck-core`, one binary.

mod agree;
mod analysis;
mod conformance;
#[cfg(all(feature = "fs", feature = "render"))]
mod diag;
mod failure;
mod layers;
#[cfg(feature = "fs")]
mod pack;
mod query;
#[cfg(all(feature = "fs", feature = "decompress"))]
mod redact;
mod streaming;
