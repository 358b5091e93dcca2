//! SARIF 2.1.0, for tools that gather findings: a run for each run, a rule for each fingerprint that
//! hit, a result for each place. Failure lines are results too, of a rule for each of their kinds.
//!
//! Only what is written is modelled. Section numbers are those of the standard,
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use std::io;

use serde::Serialize;

use crate::{
    FailureKind,
    fingerprint::Category,
    run::Verdict,
    scan::{Bug, Evidence, FailureLine, RunError, RunReport},
};

use super::{
    Classified, Look, escape, excerpt, shown_line,
    text::{is_web, word},
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Characters of a log's line that are told; longer ones are cut round the match.
const WIDTH: usize = 1_000;

/// 3.13
#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: Vec<Run>,
}

/// 3.14
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: AutomationDetails,
    invocations: [Invocation; 1],
    results: Vec<Found>,
    properties: RunProperties,
}

/// 3.18
#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

/// 3.19
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

/// 3.49
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    default_configuration: Configuration,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<RuleProperties>,
}

/// 3.50
#[derive(Serialize)]
struct Configuration {
    level: Level,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<Category>,
    hits: u64,
}

#[derive(Serialize)]
struct RunProperties {
    verdict: &'static str,
}

/// 3.17
#[derive(Serialize)]
struct AutomationDetails {
    id: String,
}

/// 3.20
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

/// 3.58
#[derive(Serialize)]
struct Notification {
    level: Level,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

/// 3.27
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    rule_id: String,
    rule_index: usize,
    level: Level,
    message: Text,
    locations: [Location; 1],
    partial_fingerprints: PartialFingerprints,
}

/// What stays the same when the same bug hits the same log of another run.
#[derive(Serialize)]
struct PartialFingerprints {
    #[serde(rename = "recheck/v1")]
    recheck: String,
}

/// 3.28
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

/// 3.29
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

/// 3.4
#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

/// 3.30
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    snippet: Text,
}

/// 3.11 and 3.12, and 3.3 for a snippet: each needs its `text`.
#[derive(Serialize)]
struct Text {
    text: String,
}

/// 3.27.10
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Note,
    Warning,
    Error,
}

/// Writes all runs as one SARIF log, on one line, with a line feed at its end. Of `look` only the
/// matches are used.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn sarif(
    classified: &Classified<'_>,
    look: &Look<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let runs = classified.runs.iter().map(|run| self::run(run, look)).collect();
    let log = Log { schema: SCHEMA, version: "2.1.0", runs };
    serde_json::to_writer(&mut *out, &log).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

fn run(run: &RunReport, look: &Look<'_>) -> Run {
    let level = match run.verdict {
        Verdict::Passed => Level::Note,
        Verdict::Fallback => Level::Warning,
        Verdict::Known | Verdict::Unclassified | Verdict::Incomplete => Level::Error,
    };
    let place = |(index, bug)| move |evidence| result(index, bug, evidence, level, look);
    let bugs = run.bugs.iter().enumerate();
    let results = bugs.flat_map(|(index, bug)| bug.evidence.iter().map(place((index, bug))));
    let mut kinds: Vec<FailureKind> = run.failure.iter().map(|line| line.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let first = run.bugs.len();
    let failures = run.failure.iter().map(|line| {
        failure(line, first + kinds.iter().position(|kind| *kind == line.kind).unwrap_or_default())
    });
    Run {
        tool: Tool {
            driver: Driver {
                name: "recheck",
                semantic_version: env!("CARGO_PKG_VERSION"),
                information_uri: env!("CARGO_PKG_REPOSITORY"),
                rules: run
                    .bugs
                    .iter()
                    .map(|bug| rule(bug, level))
                    .chain(kinds.iter().map(|kind| failure_rule(*kind)))
                    .collect(),
            },
        },
        // A slash at its end: what stands before it names the category, and there is no more.
        automation_details: AutomationDetails { id: format!("recheck/{}/", escape(&run.target)) },
        invocations: [Invocation {
            execution_successful: run.verdict != Verdict::Incomplete,
            tool_execution_notifications: notifications(run),
        }],
        results: results.chain(failures).collect(),
        properties: RunProperties { verdict: word(run.verdict) },
    }
}

fn rule(bug: &Bug, level: Level) -> Rule {
    Rule {
        id: escape(&bug.fingerprint).into_owned(),
        short_description: text(bug.title.as_ref().unwrap_or(&bug.fingerprint)),
        help: bug.advice.as_deref().map(text),
        help_uri: bug.bug.clone().filter(|url| is_web(url)),
        default_configuration: Configuration { level },
        properties: Some(RuleProperties {
            tags: bug.category.into_iter().collect(),
            hits: bug.hits,
        }),
    }
}

/// The rule of the failure lines of a kind. The colon keeps it apart from fingerprints, which are
/// named after files.
fn failure_rule(kind: FailureKind) -> Rule {
    Rule {
        id: format!("failure:{kind}"),
        short_description: Text { text: format!("A failure that no fingerprint explains: {kind}") },
        help: None,
        help_uri: None,
        default_configuration: Configuration { level: Level::Error },
        properties: None,
    }
}

fn failure(line: &FailureLine, rule_index: usize) -> Found {
    let shown = escape(&line.message).into_owned();
    let region = Region { start_line: line.line, snippet: Text { text: shown.clone() } };
    let rule_id = format!("failure:{}", line.kind);
    Found {
        message: Text { text: shown },
        locations: [location(&line.file, Some(region))],
        partial_fingerprints: PartialFingerprints {
            recheck: format!("{rule_id}:{}:{}", escape(&line.file), escape(&line.message)),
        },
        rule_id,
        rule_index,
        level: Level::Error,
    }
}

fn result(index: usize, bug: &Bug, evidence: &Evidence, level: Level, look: &Look<'_>) -> Found {
    let matched = (look.matched)(bug, evidence);
    let start_line = shown_line(evidence, matched.as_ref());
    let shown = excerpt(&evidence.message, matched, WIDTH);
    let title = bug.title.as_ref().unwrap_or(&bug.fingerprint);
    let id = escape(&bug.fingerprint).into_owned();
    Found {
        message: Text { text: format!("{}: {shown}", escape(title.trim())) },
        locations: [location(
            &evidence.file,
            (!evidence.structured).then_some(Region { start_line, snippet: Text { text: shown } }),
        )],
        partial_fingerprints: PartialFingerprints {
            recheck: format!("{id}:{}", escape(&evidence.file)),
        },
        rule_id: id,
        rule_index: index,
        level,
    }
}

/// What could not be read, what was noticed, and that nothing matches: a log without results must
/// not look as if the run were fine.
fn notifications(run: &RunReport) -> Vec<Notification> {
    let told = |level, problem: &RunError| Notification {
        level,
        message: text(&problem.message),
        locations: vec![location(&problem.file, None)],
    };
    let verdict = match run.verdict {
        Verdict::Unclassified => Some("unclassified: no fingerprint matches"),
        Verdict::Incomplete => Some("incomplete: nothing matches in what could be read"),
        Verdict::Passed | Verdict::Known | Verdict::Fallback => None,
    };
    let verdict = verdict.map(|remark| Notification {
        level: Level::Error,
        message: text(remark),
        locations: Vec::new(),
    });
    let errors = run.errors.iter().map(|error| told(Level::Error, error));
    let notes = run.notes.iter().map(|note| told(Level::Note, note));
    verdict.into_iter().chain(errors).chain(notes).collect()
}

fn text(text: &str) -> Text {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Text { text: escape(&one_line).into_owned() }
}

fn location(file: &str, region: Option<Region>) -> Location {
    let artifact_location = ArtifactLocation { uri: reference(file) };
    Location { physical_location: PhysicalLocation { artifact_location, region } }
}

/// A file's name as a relative reference of RFC 3986: unreserved characters and slashes stay, the
/// rest is percent-encoded.
fn reference(file: &str) -> String {
    let mut uri = String::with_capacity(file.len());
    for byte in file.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_references() {
        assert_eq!(reference("logs/a b#1:é.txt"), "logs/a%20b%231%3A%C3%A9.txt");
        assert_eq!(reference("c\\d?%\u{1b}"), "c%5Cd%3F%25%1B");
    }
}
