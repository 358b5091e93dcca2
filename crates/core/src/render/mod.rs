//! Drawing verdicts and diagnostics.

mod snippet;

pub use snippet::snippet;
