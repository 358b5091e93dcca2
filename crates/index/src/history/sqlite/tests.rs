//! The history by itself: batches, and what is asked of it.

use super::*;

fn history(dir: &tempfile::TempDir) -> Sqlite {
    Sqlite::open(&dir.path().join("history.sqlite"), true).unwrap()
}

fn question(id: &str) -> Question {
    Question { id: id.to_owned(), digest: format!("digest of {id}") }
}

fn hit(question: u32, count: u64, time: &str) -> HitFact {
    let first = Place { time: Some(time.parse().unwrap()), ..Place::default() };
    HitFact { question, count, first }
}

fn found(run: &RunKey, hits: Vec<HitFact>) -> RunFindings {
    RunFindings { run: run.clone(), hits, failed_tests: None }
}

fn batch(hits: Vec<HitFact>) -> Batch {
    let facts = RunFacts { events: 1, hits, ..RunFacts::new(&RunKey::first("r")) };
    Batch { questions: vec![question("a"), question("b")], runs: vec![facts] }
}

#[test]
fn a_staged_batch_counts_when_the_events_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let history = history(&dir);
    history.stage("1", &batch(Vec::new())).unwrap();
    assert!(!history.settle(Some("0")).unwrap());
    assert_eq!(history.size().unwrap().runs, 0);
    assert_eq!(history.staged().unwrap(), None);
    history.stage("2", &batch(vec![hit(0, 2, "2026-01-01T00:00:00Z")])).unwrap();
    assert!(history.settle(Some("2")).unwrap());
    assert!(!history.settle(Some("2")).unwrap(), "only once");
    assert_eq!(history.size().unwrap(), HistorySize { runs: 1, hits: 1 });
}

#[test]
fn batches_of_a_run_add_up_and_a_new_ingest_replaces() {
    let dir = tempfile::tempdir().unwrap();
    let history = history(&dir);
    let settle = |batch: &Batch| {
        history.stage("x", batch).unwrap();
        assert!(history.settle(Some("x")).unwrap());
    };
    let count = |id: &str| {
        let asked = history.facts(&RunKey::first("r")).unwrap();
        asked.answers.get(&question(id)).map(|(count, place)| (*count, place.time))
    };
    let time = |text: &str| Some(text.parse().unwrap());
    settle(&batch(vec![hit(0, 2, "2026-01-02T00:00:00Z")]));
    settle(&batch(vec![hit(0, 3, "2026-01-01T00:00:00Z")]));
    assert_eq!(count("a"), Some((5, time("2026-01-01T00:00:00Z"))));
    assert_eq!(count("b"), Some((0, None)), "asked, and not hit");
    assert_eq!(count("c"), None, "never asked");
    let mut anew = batch(vec![hit(1, 1, "2026-01-03T00:00:00Z")]);
    anew.runs[0].anew = true;
    settle(&anew);
    assert_eq!((count("a").map(|it| it.0), count("b").map(|it| it.0)), (Some(0), Some(1)));
}

#[test]
fn a_changed_query_is_another_question() {
    let dir = tempfile::tempdir().unwrap();
    let history = history(&dir);
    history.stage("1", &batch(vec![hit(0, 2, "2026-01-01T00:00:00Z")])).unwrap();
    history.settle(Some("1")).unwrap();
    let changed = Question { digest: "other".to_owned(), ..question("a") };
    let run = RunKey::first("r");
    history.record(std::slice::from_ref(&changed), &[found(&run, Vec::new())]).unwrap();
    let asked = history.facts(&run).unwrap();
    assert_eq!(asked.answers[&question("a")].0, 2);
    assert_eq!(asked.answers[&changed].0, 0);
    let unknown = RunKey::first("unknown");
    history.record(&[changed], &[found(&unknown, Vec::new())]).unwrap();
    assert_eq!(history.facts(&unknown).unwrap(), Asked::default());
}

/// The run's time counts, not its event's, and that of a pruned run is kept.
#[test]
fn first_and_last_seen_are_of_runs() {
    let dir = tempfile::tempdir().unwrap();
    let history = history(&dir);
    let time = |text: &str| Some(text.parse().unwrap());
    for (id, ended) in [("r1", "2026-01-02T00:10:00Z"), ("r2", "2026-01-03T00:10:00Z")] {
        let told = Some(RunRow { end_time: time(ended), ..RunRow::default() });
        let hits = vec![hit(0, 1, "2026-01-01T23:50:00Z")];
        let facts = RunFacts { events: 1, hits, told, ..RunFacts::new(&RunKey::first(id)) };
        let batch = Batch { questions: vec![question("a")], runs: vec![facts] };
        history.stage(id, &batch).unwrap();
        assert!(history.settle(Some(id)).unwrap());
    }
    let both =
        SeenTimes { first: time("2026-01-02T00:10:00Z"), last: time("2026-01-03T00:10:00Z") };
    assert_eq!(history.seen().unwrap()["a"], both);
    assert_eq!(history.prune("2026-01-03T00:00:00Z".parse().unwrap()).unwrap(), 1);
    assert_eq!(history.seen().unwrap()["a"], both, "what is pruned is remembered");
}

/// Each event looks its run up: that must not be a walk over all of them.
#[test]
fn runs_are_found_by_an_index() {
    let dir = tempfile::tempdir().unwrap();
    let history = history(&dir);
    let plan = |selection: &RunSelection| -> String {
        let conditions = Conditions::of(selection);
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT run, fields FROM runs r WHERE {} ORDER BY time",
            conditions.sql()
        );
        let connection = history.connection();
        let mut statement = connection.prepare(&sql).unwrap();
        statement.query_row(conditions.params().as_slice(), |row| row.get("detail")).unwrap()
    };
    let time = Some("2026-01-01T00:00:00Z".parse().unwrap());
    let one = RunSelection { build_uuid: Some("r".to_owned()), ..RunSelection::default() };
    let week = Window { from: time, to: None };
    let later = RunSelection { window: week, failed: true, ..RunSelection::default() };
    for selection in [one, later] {
        assert!(plan(&selection).starts_with("SEARCH"), "{}", plan(&selection));
    }
    assert!(plan(&RunSelection::default()).starts_with("SCAN"), "that asks for all");
}

#[test]
fn another_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(history(&dir));
    let path = dir.path().join("history.sqlite");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 9).unwrap();
    let error = Sqlite::open(&path, false).err().unwrap();
    assert!(matches!(error, IndexErrorKind::OtherFormat { found: 9, wanted: 1 }), "{error}");
}

#[test]
fn nothing_is_recorded_while_a_batch_is_on_its_way() {
    let dir = tempfile::tempdir().unwrap();
    let history = history(&dir);
    let run = RunKey::first("r");
    history.stage("1", &batch(vec![hit(0, 2, "2026-01-01T00:00:00Z")])).unwrap();
    history.settle(Some("1")).unwrap();
    history.stage("2", &batch(vec![hit(0, 3, "2026-01-02T00:00:00Z")])).unwrap();
    // Found in an index that has the second batch's events already.
    let found = [found(&run, vec![hit(0, 5, "2026-01-01T00:00:00Z")])];
    history.record(&[question("a")], &found).unwrap();
    history.settle(Some("2")).unwrap();
    assert_eq!(history.facts(&run).unwrap().answers[&question("a")].0, 5);
    history.record(&[question("a")], &found).unwrap();
    assert_eq!(history.facts(&run).unwrap().answers[&question("a")].0, 5);
}
