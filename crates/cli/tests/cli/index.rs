//! Indexes: what goes in comes out, and what is wrong is told.

use serde_json::Value;

use crate::util::{Dir, Outcome, gzip};

const EVENTS: &str = r#"{"id": "1", "build_uuid": "r", "@timestamp": "2026-01-01T00:00:00Z", "filename": "console.html", "message": "cp: No space left on device"}
{"id": "2", "build_uuid": "r", "@timestamp": "2026-01-01T00:00:01Z", "message": "fine"}
{"id": "3", "message": "No space left on device"}
"#;
const RUNS: &str = r#"{"build_uuid": "r", "build_name": "unit", "build_status": "FAILURE", "voting": 1, "end_time": "2026-01-01T01:00:00Z"}
{"build_uuid": "s", "build_status": "SUCCESS", "end_time": "2026-01-01T02:00:00Z"}
"#;

/// A directory with events and runs in an index of its own.
fn ingested() -> Dir {
    let dir = Dir::with_disk();
    dir.write("events.jsonl", EVENTS);
    dir.write("runs.jsonl", RUNS);
    let outcome = ingest(&dir, &["--events", "events.jsonl", "--runs", "runs.jsonl"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    assert_eq!(outcome.out, "3 events and 2 runs into index\n");
    dir
}

fn ingest(dir: &Dir, args: &[&str]) -> Outcome {
    dir.recheck(&[&["ingest", "--index", "index"], args].concat())
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.out).expect("one document of JSON")
}

#[test]
fn an_index_matches_as_its_file_does() {
    let dir = ingested();
    dir.write("queries/name.yaml", "query: build_name:unit AND voting:1\n");
    dir.write("queries/not.yaml", "query: NOT fine\n");
    let index = dir.recheck(&["match", "--index", "index"]);
    assert_eq!(index.code, 0, "{index:?}");
    let lines: Vec<&str> = index.out.lines().collect();
    assert_eq!(lines[0], r#"{"fingerprint":"disk","error":null,"hits":["1","3"]}"#);
    assert_eq!(lines[1], r#"{"fingerprint":"name","error":null,"hits":["1","2"]}"#, "the run's");
    let file = dir.recheck(&["match", "--events", "events.jsonl"]);
    for line in [0, 2] {
        assert_eq!(Some(lines[line]), file.out.lines().nth(line));
    }
}

#[test]
fn what_is_ingested_twice_is_there_once() {
    let dir = ingested();
    dir.write("events.jsonl.gz", gzip(EVENTS.as_bytes()));
    let again = ingest(&dir, &["--events", "events.jsonl.gz"]);
    assert_eq!(again.out, "3 events and 0 runs into index\n");
    let index = dir.recheck(&["match", "--index", "index"]);
    assert_eq!(index.out, "{\"fingerprint\":\"disk\",\"error\":null,\"hits\":[\"1\",\"3\"]}\n");
}

/// A run whose logs are in an index has the bugs that it has when its logs are read.
#[test]
fn attach_finds_what_classify_finds() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut targets: Vec<_> = std::fs::read_dir(root.join("logs"))
        .unwrap()
        .map(|entry| entry.unwrap().path().display().to_string())
        .collect();
    targets.sort();
    for profile in ["records", "lines"] {
        let dir = Dir::new();
        dir.write("q/piece.yaml", "contains: ' | '\nquery: tags:console\n");
        dir.write("q/all.yaml", "query: '*:*'\nfallback: true\n");
        std::fs::copy(root.join("../queries/disk-full.yaml"), dir.path("q/disk-full.yaml"))
            .unwrap();
        let bugs = |runs: &Value| -> Vec<(String, Vec<(String, u64)>)> {
            let bug = |bug: &Value| {
                (bug["fingerprint"].as_str().unwrap().to_owned(), bug["hits"].as_u64().unwrap())
            };
            let of_run = |run: &Value| {
                let mut bugs: Vec<_> = run["bugs"].as_array().unwrap().iter().map(bug).collect();
                bugs.sort();
                (run["verdict"].as_str().unwrap().to_owned(), bugs)
            };
            runs.as_array().unwrap().iter().map(of_run).collect()
        };
        for target in &targets {
            let common = ["-f", "q", "--profile", profile];
            let args = [&["classify", "--format", "json", target][..], &common].concat();
            let classified = json(&dir.recheck(&args));
            let meta = format!("build_uuid={target}");
            let args = [&["ingest", "--index", "index", target, "--meta", &meta][..], &common];
            let ingested = dir.recheck(&args.concat());
            assert_eq!(ingested.code, 0, "{ingested:?}");
            let args = ["attach", "--index", "index", "-f", "q", "--run", target];
            let attached = json(&dir.recheck(&[&args[..], &["--format", "json"]].concat()));
            assert_eq!(bugs(&attached["runs"]), bugs(&classified["runs"]), "{target} {profile}");
        }
    }
}

#[test]
fn a_log_that_cannot_be_read_makes_the_run_partial() {
    let dir = Dir::with_disk();
    dir.write("logs/a.log", "fine\n");
    let mut cut = gzip(&b"No space left on device\n".repeat(1000));
    cut.truncate(cut.len() / 2);
    dir.write("logs/b.log.gz", cut);
    let outcome = ingest(&dir, &["logs", "--meta", "build_uuid=r"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("b.log"), "{}", outcome.err);
    dir.write("queries/disk.yaml", "query: message:nothing\n");
    let outcome = dir.recheck(&["attach", "--index", "index", "--run", "r"]);
    assert!(outcome.out.starts_with("incomplete: r"), "{outcome:?}");
    let twice = ingest(&dir, &["logs", "logs", "--meta", "build_uuid=r"]);
    assert_eq!(twice.code, 2);
    assert!(twice.err.contains("one `build_uuid` names one run"), "{}", twice.err);
    let missing = ingest(&dir, &["missing"]);
    assert_eq!((missing.code, missing.out.as_str()), (1, "0 events and 0 runs into index\n"));
}

#[test]
fn standard_input_is_read() {
    let dir = Dir::with_disk();
    let args = ["ingest", "--events", "-", "--index", "index"];
    let outcome = dir.recheck_with(&args, EVENTS.as_bytes());
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "3 events and 0 runs into index\n"));
}

#[test]
fn what_is_wrong_is_refused_with_its_place() {
    let dir = Dir::with_disk();
    dir.write("events.jsonl", "{\"id\": \"1\"}\n{\"@timestamp\": \"noon\"}\n\n{\n");
    dir.write("runs.jsonl", "{\"build_name\": \"unit\"}\n");
    let outcome = ingest(&dir, &["--events", "events.jsonl", "--runs", "runs.jsonl"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (1, "1 event and 0 runs into index\n"));
    insta::assert_snapshot!("index_refused", outcome.err);
    let mut cut = gzip(EVENTS.repeat(5000).as_bytes());
    cut.truncate(cut.len() / 2);
    dir.write("cut.jsonl.gz", cut);
    let outcome = ingest(&dir, &["--events", "cut.jsonl.gz"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.err.contains("cut.jsonl.gz: cannot be read on"), "{}", outcome.err);
    assert!(!outcome.out.starts_with("0 events"), "what came before is there: {}", outcome.out);
    let missing = ingest(&dir, &["--events", "missing.jsonl"]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("missing.jsonl"), "{}", missing.err);
}

#[test]
fn bugs_are_attached_to_failed_runs() {
    let dir = ingested();
    let attach = |args: &[&str]| dir.recheck(&[&["attach", "--index", "index"], args].concat());
    let outcome = attach(&["--since", "2025-12-31"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    insta::assert_snapshot!("index_attach", outcome.out);
    let document = json(&attach(&["--run", "r", "--run", "s", "--format", "json"]));
    let runs = document["runs"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[1]["verdict"]), (2, &Value::from("passed")));
    let bug = &runs[0]["bugs"][0];
    assert_eq!((&bug["fingerprint"], &bug["hits"]), (&"disk".into(), &1.into()));
    assert_eq!((&bug["file"], &bug["event"]), (&"console.html".into(), &"1".into()));
    let unknown = attach(&["--run", "nobody"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("no run `nobody`"), "{}", unknown.err);
    assert_eq!(attach(&[]).out, "0 runs\n", "none of the last hour");
}

#[test]
fn what_has_not_arrived_is_incomplete() {
    let dir = ingested();
    let attach = |arrived: &str| {
        dir.recheck(&["attach", "--index", "index", "--run", "r", "--arrived", arrived])
    };
    let outcome = attach("filename:console.html");
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    let outcome = attach("message:\"the end\"");
    assert_eq!(outcome.code, 0, "a late log does not turn a known run: {outcome:?}");
    assert!(outcome.out.starts_with("known: r"), "what is there counts: {}", outcome.out);
    assert!(
        outcome.err.contains(r#"`r` has no event yet that `message:"the end"` hits"#),
        "{outcome:?}"
    );
    dir.write("none/never.yaml", "query: message:never\n");
    let args =
        ["attach", "--index", "index", "-f", "none", "--run", "r", "--arrived", "message:end"];
    let outcome = dir.recheck(&args);
    assert!(outcome.out.starts_with("incomplete: r"), "never unclassified: {}", outcome.out);
    assert_eq!(outcome.code, 2);
    let open = attach("message:(");
    assert!(open.code == 2 && open.err.contains("help: add the missing `)`"), "{open:?}");
}

#[test]
fn logs_are_waited_for_and_no_run_waits_for_another() {
    let dir = ingested();
    let event = |run: &str, text: &str| {
        format!(r#"{{"build_uuid": "{run}", "message": "{text}", "build_status": "FAILURE"}}"#)
    };
    let ingest = |events: &[String]| {
        dir.write("more.jsonl", events.join("\n"));
        let outcome = dir.recheck(&["ingest", "--index", "index", "--events", "more.jsonl"]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
    };
    ingest(&[
        event("early", "No space left on device"),
        event("early", "the end"),
        event("late", "fine"),
    ]);
    let runs = ["--run", "early", "--run", "late", "--run", "unborn"];
    let wait = ["--wait", "60s", "--arrived", "message:\"the end\""];
    let args = [&["attach", "--index", "index"][..], &runs, &wait].concat();
    let started = std::time::Instant::now();
    let outcome = std::thread::scope(|scope| {
        let attached = scope.spawn(|| dir.recheck(&args));
        std::thread::sleep(std::time::Duration::from_millis(1200));
        ingest(&[event("late", "No space left on device"), event("late", "the end")]);
        ingest(&[event("unborn", "the end")]);
        attached.join().unwrap()
    });
    assert!(started.elapsed().as_secs() < 60, "it ends when all is there");
    let heads: Vec<&str> = outcome.out.lines().filter(|line| line.contains(": ")).collect();
    assert_eq!(heads[..2], ["known: early", "known: late"], "{outcome:?}");
    assert!(heads[2].starts_with("unclassified: unborn"), "{outcome:?}");
    assert_eq!((outcome.code, outcome.err.as_str()), (1, ""));
}

#[test]
fn a_fingerprint_that_can_never_hit_is_named() {
    let dir = ingested();
    dir.write("queries/never.yaml", "query: message:fine AND syslog_program:kernel\n");
    let outcome = dir.recheck(&["attach", "--index", "index", "--run", "r"]);
    assert_eq!(outcome.err.matches("never").count(), 2, "{}", outcome.err);
}

#[test]
fn a_query_is_looked_at_from_all_sides() {
    let dir = ingested();
    let query = |args: &[&str]| dir.recheck(&[&["query", "--index", "index"], args].concat());
    let outcome = query(&["disk", "--facets", "build_name,filename"]);
    assert_eq!(outcome.code, 0);
    insta::assert_snapshot!("index_query", outcome.out);
    let document = json(&query(&["space OR fine", "--since", "2026-01-01", "--format", "json"]));
    assert_eq!((&document["hits"], &document["runs"]), (&2.into(), &1.into()));
    let value = &document["facets"]["build_name"]["values"][0];
    assert_eq!((&value["value"], &value["percentage"]), (&"unit".into(), &100.0.into()));
    assert_eq!(query(&["nowhere"]).code, 1);
    let wrong = query(&["message:\"open"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("as a query it is wrong"), "{}", wrong.err);
}

#[test]
fn secrets_are_not_shown() {
    let dir = Dir::with_disk();
    let token = format!("ghp_{}", "a1B2".repeat(9));
    let event = format!("{{\"message\": \"token {token}\"}}\n");
    dir.recheck_with(&["ingest", "--events", "-", "--index", "index"], event.as_bytes());
    for format in ["text", "json"] {
        let args = ["query", "token", "--index", "index", "--format", format];
        let outcome = dir.recheck(&args);
        assert!(!outcome.out.contains(&token) && outcome.out.contains("redacted"), "{outcome:?}");
        let outcome = dir.recheck(&[&args[..], &["--no-redact"]].concat());
        assert!(outcome.out.contains(&token));
    }
}

#[test]
fn what_is_old_is_removed() {
    let dir = ingested();
    let args = ["prune", "--index", "index", "--events-older-than", "2026-01-01T00:00:01Z"];
    assert_eq!(dir.recheck(&args).out, "removed 1 event and 0 runs\n");
    let args = ["prune", "--index", "index", "--history-older-than", "1d"];
    assert_eq!(dir.recheck(&args).out, "removed 0 events and 2 runs\n");
    assert_eq!(dir.recheck(&["prune", "--index", "index"]).code, 2);
}

#[test]
fn info_tells_what_is_there() {
    let dir = ingested();
    let outcome = dir.recheck(&["index", "info", "--index", "index"]);
    let size =
        regex::Regex::new(r"[\d.]+ kB").unwrap().replace_all(&outcome.out, "[size]").into_owned();
    insta::assert_snapshot!("index_info", size);
    let outcome = dir.recheck(&["index", "info", "--index", "nowhere"]);
    assert_eq!(outcome.code, 2);
    assert_eq!(outcome.err.matches("no index here").count(), 1, "told once: {}", outcome.err);
}

#[test]
fn the_place_comes_from_flag_variable_settings_or_the_user() {
    let dir = Dir::with_disk();
    let place = |args: &[&str], variables: &[(&str, &str)]| {
        let args = [&["ingest", "--events", "-"], args].concat();
        let outcome = dir.run(&args, b"{}\n", variables);
        outcome.out.trim().rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(place(&[], &[]), "[dir]/data/recheck/index");
    dir.write("recheck.toml", "index = 'from-settings'\n");
    assert_eq!(place(&[], &[]), "[dir]/from-settings");
    assert_eq!(place(&[], &[("RECHECK_INDEX", "from-variable")]), "from-variable");
    assert_eq!(place(&["--index", "from-flag"], &[("RECHECK_INDEX", "x")]), "from-flag");
}

#[test]
fn events_without_a_time_have_that_of_their_run_and_go_with_it() {
    let dir = Dir::with_disk();
    dir.write("logs/x.log", "cp: No space left on device\n");
    let end = "end_time=2020-01-01T00:00:00Z";
    let outcome = ingest(&dir, &["logs", "--meta", "build_uuid=r", "--meta", end]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let outcome = dir.recheck(&["prune", "--index", "index", "--events-older-than", "1d"]);
    assert!(outcome.out.starts_with("removed 1 event "), "{outcome:?}");
}

#[test]
fn a_run_named_twice_is_there_once() {
    let dir = Dir::with_disk();
    dir.write("x.log", "cp: No space left on device\n");
    assert_eq!(ingest(&dir, &["x.log", "x.log"]).code, 0);
    let matched = dir.recheck(&["match", "--index", "index"]);
    assert!(matched.out.contains(r#""hits":["x.log:1"]"#), "{matched:?}");
}

#[test]
fn wrong_usage_is_told_before_anything_is_written() {
    let dir = Dir::with_disk();
    dir.write("runs.jsonl", RUNS);
    dir.write("x.log", "x\n");
    for wrong in
        [&["x.log", "x.log", "--meta", "build_uuid=r"][..], &["x.log", "--timezone", "No/Where"]]
    {
        let outcome = ingest(&dir, &[&["--runs", "runs.jsonl"], wrong].concat());
        assert_eq!(outcome.code, 2, "{outcome:?}");
        let info = dir.recheck(&["index", "info", "--index", "index"]);
        assert!(info.out.contains("0 runs"), "{info:?}");
    }
}
