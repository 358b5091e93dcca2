//! The reports for other tools: JUnit XML and SARIF.

use std::collections::BTreeMap;

use quick_junit::{Report, TestCaseStatus};
use serde::Deserialize;

use crate::util::Dir;

const FULL: &str = "2022-02-28 09:44:58.000000 | node | cp: x: No space left on device\n";

/// Runs with every verdict; the log that hits has what XML cannot hold and a name that no address
/// can.
fn all_verdicts() -> Dir {
    let dir = Dir::with_disk();
    dir.write("queries/general.yaml", "contains: cp\nfallback: true\ncategory: test\n");
    let hostile = "2022-02-28 09:44:57.000000 | node | ]]><b>&\u{1b}[31m\u{0}\u{b}\u{85}\u{ffff}\u{202e} \
                   No space left on device\n";
    let trace = "2022-02-28 09:44:59.000000 | node | Traceback (most recent call last):\n\
                 2022-02-28 09:44:59.000000 | node |   File \"a.py\", line 1, in <module>\n\
                 2022-02-28 09:44:59.000000 | node | OSError: No space left on device\n";
    dir.write("known/logs/a b#1.txt", format!("{hostile}{FULL}{FULL}{trace}"));
    dir.write("fallback.log", "cp: failed\n");
    dir.write("unclassified.log", "something else\n");
    dir.write("cut/x.log", "something else\n");
    dir.write("cut/y.log.gz", &crate::util::gzip(FULL.as_bytes())[..20]);
    dir
}

fn classify(dir: &Dir, format: &str) -> String {
    let paths = ["known", "fallback.log", "unclassified.log", "cut"];
    let outcome = dir.recheck(&[&["classify", "--format", format], &paths[..]].concat());
    assert_eq!((outcome.code, outcome.err.as_str()), (2, ""));
    outcome.out
}

#[test]
fn junit_xml() {
    let written = classify(&all_verdicts(), "junit");
    insta::assert_snapshot!("junit", written);
    let report = Report::deserialize_from_str(&written).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (4, 3, 1));
    let names: Vec<_> = report.test_suites.iter().map(|suite| suite.name.as_str()).collect();
    assert_eq!(names, ["known", "fallback.log", "unclassified.log", "cut"]);
    let may_stand = |character: char| matches!(character, '\n' | ' '..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}');
    assert!(written.chars().all(may_stand), "{written:?}");
}

#[test]
fn junit_of_a_run_that_passed() {
    let dir = all_verdicts();
    let args = ["classify", "known", "--format", "junit", "--meta", "build_status=SUCCESS"];
    let outcome = dir.recheck(&args);
    assert_eq!(outcome.code, 0);
    let report = Report::deserialize_from_str(&outcome.out).unwrap();
    assert_eq!((report.tests, report.failures, report.errors, report.skipped), (2, 0, 0, 1));
    let [passed, disk] = &report.test_suites[0].test_cases[..] else { panic!("{report:?}") };
    assert_eq!(passed.name.as_str(), "passed");
    assert!(matches!(passed.status, TestCaseStatus::Success { .. }));
    assert!(matches!(disk.status, TestCaseStatus::Skipped { .. }), "{disk:?}");
}

/// What the standard requires of the objects that are written, and nothing that it does not know.
/// The names and which of them may be missing are those of its schema.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sarif {
    #[serde(rename = "$schema")]
    schema: String,
    version: String,
    runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: BTreeMap<String, String>,
    invocations: Vec<Invocation>,
    results: Vec<Found>,
    properties: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Driver {
    name: String,
    semantic_version: String,
    information_uri: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "that a field can be read is what is tested")]
struct Rule {
    id: String,
    short_description: Text,
    help: Option<Text>,
    help_uri: Option<String>,
    default_configuration: Configuration,
    properties: serde_json::Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that a field can be read is what is tested")]
struct Configuration {
    level: Level,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(default)]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Notification {
    level: Level,
    message: Text,
    #[serde(default)]
    locations: Vec<Location>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Found {
    rule_id: String,
    rule_index: usize,
    level: Level,
    message: Text,
    locations: Vec<Location>,
    partial_fingerprints: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Option<Region>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Region {
    start_line: u64,
    snippet: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Level {
    None,
    Note,
    Warning,
    Error,
}

#[test]
fn failure_lines_are_results_of_sarif() {
    let dir = Dir::with_disk();
    dir.write("x.log", "FAILED a.py::test_1 - assert\nerror[E0308]: mismatched types\n");
    let outcome = dir.recheck(&["classify", "--format", "sarif", "x.log"]);
    let log: serde_json::Value = serde_json::from_str(&outcome.out).unwrap();
    let run = &log["runs"][0];
    let told: Vec<_> = run["results"].as_array().unwrap().iter().collect();
    assert_eq!(told.len(), 2, "{run:#}");
    for (result, line) in told.iter().zip([2, 1]) {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["id"].as_str().unwrap().starts_with("failure:"));
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region["startLine"], line);
    }
}

#[test]
fn sarif() {
    let written = classify(&all_verdicts(), "sarif");
    assert!(written.ends_with('\n') && written.matches('\n').count() == 1);
    let pretty: serde_json::Value = serde_json::from_str(&written).unwrap();
    insta::assert_snapshot!("sarif", serde_json::to_string_pretty(&pretty).unwrap());

    let log: Sarif = serde_json::from_str(&written).unwrap();
    assert!(log.schema.starts_with("https://"));
    assert_eq!((log.version.as_str(), log.runs.len()), ("2.1.0", 4));
    let ids: Vec<_> = log.runs.iter().map(|run| run.automation_details["id"].as_str()).collect();
    let targets = ["known", "fallback.log", "unclassified.log", "cut"];
    assert_eq!(ids, targets.map(|target| format!("recheck/{target}/")));
    for (run, target) in log.runs.iter().zip(targets) {
        let Driver { name, semantic_version, information_uri, .. } = &run.tool.driver;
        assert_eq!(
            (name.as_str(), semantic_version.as_str()),
            ("recheck", env!("CARGO_PKG_VERSION"))
        );
        assert!(information_uri.starts_with("https://"));
        let [Invocation { execution_successful, tool_execution_notifications: told }] =
            &run.invocations[..]
        else {
            panic!("{run:?}")
        };
        assert_eq!(*execution_successful, target != "cut");
        assert_eq!(told.is_empty(), !run.results.is_empty(), "{told:?}");
        assert!(
            told.iter().all(|told| told.level == Level::Error && !told.message.text.is_empty())
        );
        run.results.iter().for_each(|found| check(found, run));
        let locations = told.iter().flat_map(|told| &told.locations);
        locations.for_each(check_location);
    }
    let lines = |run: &Run| -> Vec<u64> {
        let regions = run.results.iter().map(|found| &found.locations[0].physical_location.region);
        regions.map(|region| region.as_ref().unwrap().start_line).collect()
    };
    assert_eq!(lines(&log.runs[0]), [6, 1], "the last event's line is the one that matches");
    assert_eq!(log.runs[1].results[0].level, Level::Warning);
    assert_eq!(log.runs[3].properties["verdict"], "incomplete");
}

fn check(found: &Found, run: &Run) {
    assert_eq!(run.tool.driver.rules[found.rule_index].id, found.rule_id);
    assert!(found.level != Level::None && !found.message.text.is_empty());
    assert_eq!(found.partial_fingerprints.len(), 1);
    let [location] = &found.locations[..] else { panic!("{found:?}") };
    check_location(location);
    let region = location.physical_location.region.as_ref().unwrap();
    assert!(region.start_line >= 1);
    assert!(found.message.text.ends_with(&region.snippet.text), "{found:?}");
}

/// A relative reference: RFC 3986 knows no other characters.
fn check_location(location: &Location) {
    let uri = &location.physical_location.artifact_location.uri;
    let known = |character: char| character.is_ascii_alphanumeric() || "-._~/%".contains(character);
    assert!(!uri.is_empty() && !uri.starts_with('/') && uri.chars().all(known), "{uri}");
}
