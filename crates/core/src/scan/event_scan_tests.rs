use super::EventScan;
use crate::{
    Fields, Fingerprint, Known, Matcher, Query, RunMeta, RunReport, RunScan, ScanOptions, TestIds,
    Verdict, log::MAX_EVENT,
};

fn fingerprint(id: &str, query: &str) -> Fingerprint {
    let queries = vec![Query::parse(query).unwrap()];
    Fingerprint { id: id.to_owned(), queries, ..Fingerprint::default() }
}

fn event(fields: &[(&str, &str)]) -> Fields {
    let mut event = Fields::new();
    fields.iter().for_each(|(name, value)| event.push(*name, *value));
    event
}

/// Classifies a run of which nothing but these events is known.
fn classify(
    fingerprints: &[Fingerprint],
    meta: RunMeta,
    options: &ScanOptions,
    fill: impl FnOnce(&mut EventScan<'_>),
) -> RunReport {
    let (matcher, errors) = Matcher::builder().build(fingerprints);
    assert!(errors.is_empty());
    let mut run = RunScan::new(Known { matcher: &matcher, fingerprints }, meta, options);
    let mut events = run.events("run");
    fill(&mut events);
    let report = events.finish();
    run.add(report);
    run.finish("x")
}

fn hits(report: &RunReport) -> Vec<(&str, u64)> {
    report.bugs.iter().map(|bug| (bug.fingerprint.as_str(), bug.hits)).collect()
}

#[test]
fn an_event_has_its_own_fields_and_those_of_its_file() {
    let fingerprints = [
        fingerprint("own", "host:compute AND message:refused"),
        fingerprint("file", "filename:run AND tags:run AND build_name:unit AND message:refused"),
        fingerprint("over", "project:own"),
        fingerprint("under", "project:theirs"),
        fingerprint("none", "NOT _exists_:host"),
        fingerprint("any", "*:compute"),
    ];
    let mut meta = RunMeta::new();
    meta.set("build_name", "unit");
    meta.set("project", "theirs");
    let report = classify(&fingerprints, meta, &ScanOptions::default(), |events| {
        events.push(event(&[
            ("message", "Connection REFUSED"),
            ("host", "compute"),
            ("project", "own"),
        ]));
        events.push(event(&[("message", "fine")]));
    });
    let mut found = hits(&report);
    found.sort_unstable();
    assert_eq!(
        found,
        [("any", 1), ("file", 1), ("none", 1), ("over", 1), ("own", 1), ("under", 1)]
    );
    let evidence = &report.bugs.iter().find(|bug| bug.fingerprint == "own").unwrap().evidence[0];
    assert_eq!((evidence.file.as_str(), evidence.line), ("run", 1));
    assert_eq!(evidence.message, "Connection REFUSED");
    assert_eq!(evidence.fields.first("host"), Some("compute"));
    assert_eq!(evidence.fields.first("project"), Some("own"));
    assert_eq!(evidence.fields.first("message"), None);
    assert_eq!((report.stats.events, report.stats.files), (2, 1));
}

#[test]
fn the_first_and_the_last_are_kept_or_all() {
    let fingerprints = [fingerprint("x", "message:boom")];
    for (all, lines) in [(false, &[1, 4][..]), (true, &[1, 2, 4])] {
        let options = ScanOptions { all, ..ScanOptions::default() };
        let report = classify(&fingerprints, RunMeta::new(), &options, |events| {
            for message in ["boom", "boom", "fine", "boom"] {
                events.push(event(&[("message", message)]));
            }
        });
        let mut found: Vec<u64> = report.bugs[0].evidence.iter().map(|hit| hit.line).collect();
        found.sort_unstable();
        assert_eq!(found, lines);
        assert_eq!(report.bugs[0].hits, 3);
    }
}

#[test]
fn times_are_told_as_the_field_has_them() {
    let fingerprints =
        [fingerprint("x", r#"message:boom AND @timestamp:"2024-05-01T10:00:00.500Z""#)];
    let report = classify(&fingerprints, RunMeta::new(), &ScanOptions::default(), |events| {
        let stamp = "2024-05-01T12:00:00.5+02:00";
        events.push(event(&[("message", "boom"), ("@timestamp", stamp)]));
        events.push(event(&[("message", "boom"), ("@timestamp", "yesterday")]));
    });
    assert_eq!(report.bugs[0].hits, 1);
    let evidence = &report.bugs[0].evidence[0];
    assert_eq!(evidence.timestamp.as_deref(), Some("2024-05-01T10:00:00.500Z"));
    assert_eq!(evidence.fields.first("@timestamp"), None);
}

#[test]
fn long_messages_are_cut_and_told() {
    let fingerprints = [fingerprint("x", "message:boom"), fingerprint("late", "message:late")];
    let report = classify(&fingerprints, RunMeta::new(), &ScanOptions::default(), |events| {
        let message = format!("boom {}ä late", "x ".repeat(MAX_EVENT / 2 - 3));
        events.push(event(&[("message", &message)]));
    });
    assert_eq!(hits(&report), [("x", 1)]);
    assert!(report.bugs[0].evidence[0].message.len() <= MAX_EVENT);
    assert_eq!(report.notes[0].message, "1 event(s) longer than 1 MiB were cut");
}

#[test]
fn a_scan_that_is_stopped_or_cut_is_incomplete() {
    let fingerprints = [fingerprint("x", "message:boom")];
    let stop: crate::StopFn = std::sync::Arc::new(|| true);
    let options = ScanOptions { stop: Some(stop), ..ScanOptions::default() };
    let report = classify(&fingerprints, RunMeta::new(), &options, |events| {
        assert!(!events.push(event(&[("message", "boom")])));
        assert!(!events.push(event(&[("message", "boom")])));
    });
    assert_eq!((report.verdict, report.errors.len()), (Verdict::Incomplete, 1));
    let report = classify(&fingerprints, RunMeta::new(), &ScanOptions::default(), |events| {
        events.cut_short("ends too early");
    });
    assert_eq!(report.verdict, Verdict::Incomplete);
}

/// The bugs of a run with these results, and its notes, for a fingerprint that asks for `a.b`.
fn with_results(
    meta: RunMeta,
    results: &[(&str, &str)],
    cut: bool,
) -> (Vec<Option<TestIds>>, usize) {
    let mut asking = fingerprint("x", "message:boom");
    asking.test_ids = vec!["a.b".to_owned(), "a.c".to_owned()];
    let report = classify(&[asking], meta, &ScanOptions::default(), |events| {
        events.push(event(&[("message", "boom")]));
        for (id, status) in results {
            events.push(event(&[("test_id", id), ("test_status", status)]));
        }
        if cut {
            events.cut_short("ends too early");
        }
    });
    (report.bugs.iter().map(|bug| bug.test_ids).collect(), report.notes.len())
}

#[test]
fn test_ids_decide_where_results_are_known() {
    let known = Some(TestIds::Failed);
    let open = Some(TestIds::NotChecked);
    let run = RunMeta::new;
    assert_eq!(with_results(run(), &[], false), (vec![open], 0));
    assert_eq!(with_results(run(), &[("a.b", "failed")], false), (vec![known], 0));
    assert_eq!(with_results(run(), &[("a.c[id-1]", "error")], false), (vec![known], 0));
    assert_eq!(with_results(run(), &[("a.b", "passed")], false), (vec![], 1));
    assert_eq!(with_results(run(), &[("a.d", "failed")], false), (vec![], 1));
    // What stood behind the cut is not known.
    assert_eq!(with_results(run(), &[("a.d", "failed")], true), (vec![open], 0));
    assert_eq!(with_results(run(), &[("a.b", "failed")], true), (vec![known], 0));
}

#[test]
fn test_ids_are_checked_against_what_the_run_tells() {
    let told = |name: &str| {
        let mut run = RunMeta::new();
        run.push("failed_test", name);
        run
    };
    assert_eq!(with_results(told("a.b"), &[], false).0, [Some(TestIds::Failed)]);
    assert_eq!(with_results(told("a.d"), &[], false), (vec![], 1));
    assert_eq!(with_results(told(""), &[], false), (vec![], 1));
    let mut run = RunMeta::new();
    run.set_failed_tests(Vec::<String>::new());
    assert_eq!(with_results(run, &[], false), (vec![], 1));
}
