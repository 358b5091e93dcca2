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
    history.record(std::slice::from_ref(&changed), &[(run.clone(), Vec::new())]).unwrap();
    let asked = history.facts(&run).unwrap();
    assert_eq!(asked.answers[&question("a")].0, 2);
    assert_eq!(asked.answers[&changed].0, 0);
    let unknown = RunKey::first("unknown");
    history.record(&[changed], &[(unknown.clone(), Vec::new())]).unwrap();
    assert_eq!(history.facts(&unknown).unwrap(), Asked::default());
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
