//! Integration tests of `recheck-core`, one binary.

#[cfg(all(feature = "fs", feature = "render"))]
mod analysis;
mod conformance;
mod diag;
mod layers;
