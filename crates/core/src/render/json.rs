//! The stable JSON document; `docs/json.md` describes every field.

use std::io;

use serde::Serialize;

use crate::{
    fingerprint::{Diagnostic, Severity},
    scan::RunReport,
};

use super::Classified;

/// The version of the document's shape. A field that is added does not change it; one that is
/// removed or changes its meaning does.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    runs: &'a [RunReport],
    fingerprint_errors: Vec<&'a Diagnostic>,
    fingerprint_warnings: Vec<&'a Diagnostic>,
    stats: Stats,
}

#[derive(Serialize)]
struct Stats {
    fingerprints: usize,
    elapsed_ms: u64,
}

/// Writes the document on one line, with a line feed at its end.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn json(classified: &Classified<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (errors, warnings) = classified
        .diagnostics
        .iter()
        .partition(|diagnostic| diagnostic.severity == Severity::Error);
    let document = Document {
        schema_version: SCHEMA_VERSION,
        runs: classified.runs,
        fingerprint_errors: errors,
        fingerprint_warnings: warnings,
        stats: Stats {
            fingerprints: classified.fingerprints,
            elapsed_ms: u64::try_from(classified.elapsed.as_millis()).unwrap_or(u64::MAX),
        },
    };
    serde_json::to_writer(&mut *out, &document).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
