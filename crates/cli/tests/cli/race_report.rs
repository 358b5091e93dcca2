//! The report over an index: its counts are those of what went in.

use serde_json::Value;

use crate::util::{Dir, Outcome};

/// Two weeks of runs, one an hour; every fifth fails, and every second of those for want of disk.
const RUNS: usize = 14 * 24;

fn hour(number: usize) -> String {
    format!("2026-01-{:02}T{:02}:30:00Z", 1 + number / 24, number % 24)
}

fn fails(number: usize) -> bool {
    number.is_multiple_of(5)
}

fn hits_disk(number: usize) -> bool {
    number.is_multiple_of(10)
}

/// A directory with that history in an index, and three fingerprints.
fn ingested() -> Dir {
    let dir = Dir::with_disk();
    dir.write("queries/never.yaml", "query: message:nobody\n");
    dir.write("queries/docs.yaml", "query: message:disk AND build_name:docs\ntitle: <b>docs</b>\n");
    let (mut runs, mut events) = (String::new(), String::new());
    for number in 0..RUNS {
        let (id, time) = (format!("run-{number:03}"), hour(number));
        let job = if number.is_multiple_of(2) { "unit" } else { "docs" };
        let word = if fails(number) { "FAILURE" } else { "SUCCESS" };
        runs.push_str(&format!(
            "{{\"build_uuid\":\"{id}\",\"build_name\":\"{job}\",\"build_status\":\"{word}\",\
             \"change\":\"{}\",\"patchset\":\"1\",\"end_time\":\"{time}\",\"scanned\":\"full\"}}\n",
            number / 3
        ));
        if hits_disk(number) {
            events.push_str(&format!(
                "{{\"id\":\"{id}\",\"build_uuid\":\"{id}\",\"@timestamp\":\"{time}\",\
                 \"message\":\"No space left on device\"}}\n"
            ));
        }
    }
    dir.write("runs.jsonl", runs);
    dir.write("events.jsonl", events);
    let args = ["ingest", "--events", "events.jsonl", "--runs", "runs.jsonl", "--index", "index"];
    assert_eq!(dir.recheck(&args).code, 0);
    dir
}

/// The report on the second week.
fn report(dir: &Dir, args: &[&str]) -> Outcome {
    let window = ["report", "--index", "index", "--from", "2026-01-08", "--until", "2026-01-15"];
    let outcome = dir.recheck(&[&window, args].concat());
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    outcome
}

fn json(dir: &Dir) -> Value {
    serde_json::from_str(&report(dir, &["--format", "json"]).out).expect("one document")
}

fn row<'r>(report: &'r Value, id: &str) -> &'r Value {
    let rows = report["fingerprints"].as_array().expect("a list");
    rows.iter().find(|row| row["fingerprint"] == id).expect("every fingerprint has a row")
}

fn count(of: impl Fn(usize) -> bool) -> u64 {
    (RUNS / 2..RUNS).filter(|number| of(*number)).count() as u64
}

#[test]
fn counts_are_those_of_what_went_in() {
    let told = json(&ingested());
    let overall = &told["overall"];
    assert_eq!(overall["runs"], count(|_| true));
    assert_eq!(overall["failed"], count(fails));
    assert_eq!(overall["known"], count(hits_disk));
    assert_eq!(overall["unclassified"], count(|number| fails(number) && !hits_disk(number)));
    let disk = row(&told, "disk");
    assert_eq!(
        (&disk["runs_hit"], &disk["of"]),
        (&count(hits_disk).into(), &count(|_| true).into())
    );
    assert_eq!(disk["status"], "steady");
    assert_eq!(disk["race"], true);
    let docs = row(&told, "docs");
    assert_eq!(
        (&docs["runs_hit"], &docs["of"]),
        (&0.into(), &count(|number| number % 2 == 1).into())
    );
    assert_eq!(row(&told, "never")["status"], "quiet");
}

#[test]
fn a_later_fingerprint_is_run_over_the_events_and_stays_known_without_them() {
    let dir = ingested();
    dir.write("queries/later.yaml", "query: message:\"left on device\"\n");
    let before = json(&dir);
    assert_eq!(row(&before, "later")["runs_hit"], count(hits_disk));
    let prune = dir.recheck(&["prune", "--events-older-than", "1d", "--index", "index"]);
    assert_eq!(prune.code, 0, "{prune:?}");
    assert_eq!(json(&dir), before, "the history outlives the events");
}

#[test]
fn each_format_tells_it() {
    let dir = ingested();
    let text = report(&dir, &[]).out;
    assert!(
        text.contains("disk") && text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    let csv = report(&dir, &["--format", "csv"]).out;
    assert_eq!(csv.lines().count(), 4, "{csv}");
    let metrics = report(&dir, &["--format", "openmetrics"]).out;
    assert!(metrics.contains("recheck_runs_total{result=\"failed\"}"), "{metrics}");
    assert!(metrics.ends_with("# EOF\n"));
    let markdown = report(&dir, &["--format", "markdown"]).out;
    assert!(markdown.contains("[disk]("), "{markdown}");
    let page = report(&dir, &["--format", "html"]).out;
    assert!(!page.contains("<b>docs"), "titles are text");
    for outside in ["src=", "@import", "url(", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn unclassified_runs_are_told_by_job() {
    let dir = ingested();
    let args =
        ["unclassified", "--index", "index", "--since", "2026-01-08", "--until", "2026-01-15"];
    let told = dir.recheck(&args);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("docs: "), "{}", told.out);
    let empty = dir.recheck(&[
        "report",
        "--index",
        "index",
        "--from",
        "2026-02-01",
        "--until",
        "2026-01-01",
    ]);
    assert_eq!(empty.code, 2);
    assert!(empty.err.contains("before it begins"), "{}", empty.err);
}
