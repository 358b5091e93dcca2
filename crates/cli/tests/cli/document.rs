//! The JSON document as `docs/json.md` describes it. A field that is missing, renamed, of another
//! type or not described makes the reading fail.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub schema_version: u32,
    pub runs: Vec<Run>,
    pub fingerprint_errors: Vec<Diagnostic>,
    pub fingerprint_warnings: Vec<Diagnostic>,
    pub stats: Stats,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub target: String,
    pub run: BTreeMap<String, Values>,
    pub verdict: String,
    pub bugs: Vec<Bug>,
    pub stats: RunStats,
    pub errors: Vec<Problem>,
    pub notes: Vec<Problem>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Values {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that a field can be read is what is tested")]
pub struct Bug {
    pub fingerprint: String,
    pub bug: Option<String>,
    pub title: Option<String>,
    pub category: Option<String>,
    pub advice: Option<String>,
    pub fallback: bool,
    pub resolved_at: Option<String>,
    pub test_ids: Option<String>,
    pub hits: u64,
    pub evidence: Vec<Evidence>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub file: String,
    pub line: u64,
    pub timestamp: Option<String>,
    pub message: String,
    pub fields: BTreeMap<String, Values>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunStats {
    pub files: u64,
    pub bytes: u64,
    pub events: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    pub file: String,
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that a field can be read is what is tested")]
pub struct Diagnostic {
    pub file: String,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub code: String,
    pub severity: String,
    pub message: String,
    pub help: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that a field can be read is what is tested")]
pub struct Stats {
    pub fingerprints: u64,
    pub elapsed_ms: u64,
}

/// Reads what `recheck classify --format json` wrote: one line.
pub fn read(out: &str) -> Document {
    assert!(out.ends_with('\n') && out.matches('\n').count() == 1, "{out}");
    serde_json::from_str(out).unwrap()
}
