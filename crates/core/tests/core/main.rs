//! Integration tests of `recheck-core`, one binary.

mod analysis;
#[cfg(all(feature = "fs", feature = "render"))]
mod diag;
