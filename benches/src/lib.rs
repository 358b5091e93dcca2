//! What the benches share: corpora built from the reference data with fixed seeds, the peers'
//! patterns, the peers that run in this process, and interleaved measuring.
//!
//! Everything here is reproducible: the same data and the same seed give the same bytes.

pub mod contender;
pub mod corpus;
pub mod data;
pub mod dense;
#[cfg(feature = "hyperscan")]
pub mod hyperscan;
pub mod measure;
pub mod phrases;
pub mod process;
pub mod rng;
pub mod vary;

/// Benches stop at the first problem and say what it was.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
