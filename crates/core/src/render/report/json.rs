use std::io;

use serde::Serialize;

use crate::{
    render::SCHEMA_VERSION,
    report::{Overall, Report, UnclassifiedJob, Window},
};

/// The document; see docs/report.md.
#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    #[serde(flatten)]
    report: &'a Report,
}

/// Writes the report as one JSON document on one line.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn json(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let document = Document { schema_version: SCHEMA_VERSION, report };
    serde_json::to_writer(&mut *out, &document).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// The parts of the document that tell of failed runs which no fingerprint explains.
#[derive(Serialize)]
struct Unclassified<'a> {
    schema_version: u32,
    window: Window,
    overall: &'a Overall,
    unclassified: &'a [UnclassifiedJob],
}

/// Writes the failed runs that no fingerprint explains as one JSON document on one line.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn unclassified_json(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let Report { window, overall, unclassified, .. } = report;
    let document =
        Unclassified { schema_version: SCHEMA_VERSION, window: *window, overall, unclassified };
    serde_json::to_writer(&mut *out, &document).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
