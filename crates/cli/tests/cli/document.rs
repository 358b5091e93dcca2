//! The JSON document as `docs/json.md` describes it. A field that is missing, renamed, of another
//! type or not described makes the reading fail.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) schema_version: u32,
    pub(crate) runs: Vec<Run>,
    pub(crate) fingerprint_errors: Vec<Diagnostic>,
    pub(crate) fingerprint_warnings: Vec<Diagnostic>,
    pub(crate) stats: Stats,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    pub(crate) target: String,
    pub(crate) run: Fields,
    pub(crate) verdict: String,
    pub(crate) bugs: Vec<Bug>,
    pub(crate) failure: Vec<FailureLine>,
    pub(crate) stats: RunStats,
    pub(crate) errors: Vec<Problem>,
    pub(crate) notes: Vec<Problem>,
}

pub(crate) type Fields = BTreeMap<String, Vec<String>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that a field can be read is what is tested")]
pub(crate) struct Bug {
    pub(crate) fingerprint: String,
    pub(crate) bug: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) advice: Option<String>,
    pub(crate) fallback: bool,
    pub(crate) resolved_at: Option<String>,
    pub(crate) test_ids: Option<String>,
    pub(crate) hits: u64,
    pub(crate) evidence: Vec<Evidence>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evidence {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) timestamp: Option<String>,
    pub(crate) message: String,
    pub(crate) fields: Fields,
    pub(crate) context: Option<Context>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    pub(crate) before: Vec<String>,
    pub(crate) after: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailureLine {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) message: String,
    pub(crate) kind: String,
    pub(crate) context: Option<Context>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunStats {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) events: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Problem {
    pub(crate) file: String,
    pub(crate) message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that a field can be read is what is tested")]
pub(crate) struct Diagnostic {
    pub(crate) file: String,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    pub(crate) code: String,
    pub(crate) severity: String,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stats {
    pub(crate) fingerprints: u64,
    pub(crate) elapsed_ms: u64,
}

/// Reads what `recheck classify --format json` wrote: one line.
pub(crate) fn read(out: &str) -> Document {
    assert!(out.ends_with('\n') && out.matches('\n').count() == 1, "{out}");
    serde_json::from_str(out).unwrap()
}
