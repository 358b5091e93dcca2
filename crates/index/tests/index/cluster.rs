//! What only a cluster can do, or do wrong.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use recheck_core::{Schema, TestIds, Verdict};
use recheck_index::{
    Attached, Elastic, ElasticOptions, Index, IndexErrorKind, RunKey, RunSelection, Scope, Window,
    attach,
};

use crate::util::{
    Compiled, Gone, add, fresh_name, hits, ids, json, open, options, request, servers,
};

/// An index as OpenStack's log shipper made it: `message` a text, the rest keywords, times dates.
fn foreign(server: &str) -> (String, Gone) {
    let name = fresh_name();
    let gone = Gone::Server { server: server.to_owned(), name: format!("{name}-*") };
    let mapping = r#"{"mappings": {"properties": {
        "@timestamp": {"type": "date"}, "message": {"type": "text"},
        "build_uuid": {"type": "keyword"}, "build_status": {"type": "keyword"},
        "filename": {"type": "keyword"}, "attempts": {"type": "long"}}}}"#;
    for day in [1, 2] {
        let index = format!("{name}-2026.01.0{day}");
        request(server, "PUT", &index, mapping);
        for number in 0..3 {
            let document = format!(
                r#"{{"@timestamp": "2026-01-0{day}T0{number}:00:00.000Z", "message": "boom {number}",
                    "build_uuid": "run{day}", "build_status": "FAILURE", "filename": "console.html",
                    "attempts": 7}}"#
            );
            let path = format!("{index}/_doc/d{day}{number}?refresh=true");
            request(server, "PUT", &path, &document);
        }
    }
    (name, gone)
}

#[test]
fn an_index_of_somebody_else_is_read_as_it_is() {
    for server in servers() {
        let (name, _gone) = foreign(&server);
        for pattern in [format!("{name}-*"), format!("{name}-%Y.%m.%d")] {
            let address = format!("{server}/{pattern}");
            let index = Elastic::open(&address, &ElasticOptions::default()).unwrap();
            assert_eq!(index.schema(), Schema::Logstash);
            assert_eq!(index.info().unwrap().events, 6);
            let mut found = ids(&index, "message:boom AND attempts:7");
            found.sort();
            assert_eq!(found, ["d10", "d11", "d12", "d20", "d21", "d22"]);
            assert_eq!(ids(&index, "attempts:word"), [""; 0], "no error: a word is no number");
            let time = |text: &str| Some(text.parse().unwrap());
            let window =
                Window { from: time("2026-01-02T01:00:00Z"), to: time("2026-01-02T02:00:00Z") };
            let compiled = Compiled::queries(&["boom", "never"], Schema::Logstash);
            let found = hits(&index, &compiled, &Scope { window, runs: None });
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].id.as_str(), found[0].time), ("d21", window.from));
            assert_eq!(found[0].run, Some(RunKey::first("run2")));
            assert!(matches!(
                index.writer(&options()).err().map(|error| *error.kind),
                Some(IndexErrorKind::ReadOnly)
            ));
            let runs = index
                .history()
                .runs(&RunSelection { failed: true, ..RunSelection::default() })
                .unwrap();
            assert_eq!(runs.len(), 2);
            let attached = attach(&index, compiled.known(), runs).unwrap();
            assert_eq!((attached[0].bugs[0].hits, attached.len()), (3, 2));
            let first = &attached[0].bugs[0].first;
            assert_eq!(first.event.as_deref(), Some("d10"));
            assert_eq!(first.file.as_deref(), Some("console.html"));
            let asked = index.history().facts(&RunKey::first("run1")).unwrap();
            assert_eq!(asked.answers.len(), 2, "recorded in a history of our own");
            let history = format!("recheck-history-{}", pattern_stem(&pattern));
            request(&server, "DELETE", &history, "");
        }
    }
}

fn pattern_stem(pattern: &str) -> String {
    let stem = pattern.replace("%Y.%m.%d", "-.-.-").replace('*', "-");
    stem.trim_matches(['-', '.']).to_owned()
}

#[test]
fn what_is_missing_or_wrong_is_told() {
    for server in servers() {
        let address = format!("{server}/{}", fresh_name());
        let error = Elastic::open(&address, &ElasticOptions::default()).err().unwrap();
        assert!(error.to_string().contains("no index here"), "{error}");
        let name = fresh_name();
        let _gone = Gone::Server { server: server.clone(), name: name.clone() };
        let address = format!("{server}/{name}");
        let open = |schema| Elastic::open_or_create(&address, schema, &ElasticOptions::default());
        let index = open(Some(Schema::Dynamic)).unwrap();
        let error = open(Some(Schema::Logstash)).err().unwrap().to_string();
        assert!(error.contains("`dynamic`") && error.contains("--schema"), "{error}");
        // `a` can't be both a value and an object: told in the server's words, the rest goes in.
        let mut writer = index.writer(&options()).unwrap();
        for text in [r#"{"id": "1", "a": "x"}"#, r#"{"id": "2", "a.b": "x"}"#, r#"{"id": "3"}"#] {
            writer.event(&json(text), &[]).unwrap();
        }
        let error = writer.finish().unwrap_err().to_string();
        assert!(error.contains("refused 1 of the documents") && error.contains('a'), "{error}");
        let mut found = ids(&index, "*:*");
        found.sort();
        assert_eq!(found, ["1", "3"]);
    }
}

/// What was being ingested when a writer died is told as partial, and is there once when it comes
/// again.
#[test]
fn a_writer_that_dies_leaves_nothing_twice() {
    for server in servers() {
        let name = fresh_name();
        let _gone = Gone::Server { server: server.clone(), name: name.clone() };
        let address = format!("{server}/{name}");
        let index = Elastic::open_or_create(&address, None, &ElasticOptions::default()).unwrap();
        let event =
            |id: u32| json(&format!(r#"{{"id": "{id}", "build_uuid": "r", "message": "boom"}}"#));
        let events: Vec<_> = (0..5).map(event).collect();
        add(&index, &events);
        let mut writer = index.writer(&options()).unwrap();
        events[..3].iter().for_each(|event| writer.event(event, &[]).unwrap());
        writer.commit().unwrap();
        drop(writer);
        let _next = index.writer(&options()).unwrap();
        request(&server, "GET", &format!("recheck-history-{name}/_refresh"), "");
        let known = index.history().runs(&RunSelection::default()).unwrap().remove(0);
        assert_eq!((known.events, known.scanned), (5, recheck_index::Scanned::Partial));
        add(&index, &events[..2]);
        assert_eq!(ids(&index, "boom"), ["0", "1"]);
        let known = index.history().runs(&RunSelection::default()).unwrap().remove(0);
        assert_eq!((known.events, known.scanned), (2, recheck_index::Scanned::Full));
    }
}

/// What is found in the events of a run that is being written may be of events whose own facts are just
/// coming: it is told, and not recorded.
#[test]
fn a_run_that_is_being_written_is_attached_to_and_not_recorded() {
    for server in servers() {
        let name = fresh_name();
        let _gone = Gone::Server { server: server.clone(), name: name.clone() };
        let address = format!("{server}/{name}");
        let index = Elastic::open_or_create(&address, None, &ElasticOptions::default()).unwrap();
        let compiled = Compiled::queries(&["boom"], Schema::Logstash);
        let asked = || {
            let runs = index.history().runs(&RunSelection::default()).unwrap();
            let attached = attach(&index, compiled.known(), runs).unwrap();
            let answers = index.history().facts(&RunKey::first("r")).unwrap().answers;
            (attached[0].bugs.len(), answers.len())
        };
        let mut writer = index.writer(&options()).unwrap();
        writer.event(&json(r#"{"id": "1", "build_uuid": "r", "message": "boom"}"#), &[]).unwrap();
        writer.commit().unwrap();
        assert_eq!(asked(), (1, 0));
        writer.finish().unwrap();
        assert_eq!(asked(), (1, 1));
    }
}

#[test]
fn test_results_are_named_as_indices_are() {
    for server in servers() {
        let (name, _gone) = foreign(&server);
        let test_results = Some("Sub unit".to_owned());
        let options = ElasticOptions { test_results, ..ElasticOptions::default() };
        let error = Elastic::open(&format!("{server}/{name}-*"), &options).err().unwrap();
        assert!(error.to_string().contains("RECHECK_INDEX_TESTS"), "{error}");
    }
}

#[test]
fn a_server_that_hangs_ends_in_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://me:hush@{}/logs", listener.local_addr().unwrap());
    let options = ElasticOptions { timeout: Duration::from_secs(1), ..ElasticOptions::default() };
    let started = Instant::now();
    let error = Elastic::open(&address, &options).err().unwrap().to_string();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(error.contains("did not answer within 1 s"), "{error}");
    assert!(!error.contains("hush"), "{error}");
    drop(listener);
    let error = Elastic::open(&address, &options).err().unwrap().to_string();
    assert!(error.contains("cannot be reached") && !error.contains("hush"), "{error}");
}

#[test]
fn hits_by_run_are_the_same_read_here_or_counted_by_the_cluster() {
    for server in servers() {
        let name = fresh_name();
        let _gone = Gone::Server { server: server.clone(), name: name.clone() };
        let address = format!("{server}/{name}");
        let read = Elastic::open_or_create(&address, None, &ElasticOptions::default()).unwrap();
        let events: Vec<_> = (0..600)
            .map(|number| {
                let (run, second) = (number * 7 % 40, 59 - number % 60);
                let text = ["boom", "quiet boom", "quiet", "half-done"][number % 4];
                json(&format!(
                    r#"{{"id": "{number}", "build_uuid": "run{run}", "message": "{text}",
                        "filename": "console.html", "@timestamp": "2026-01-01T00:00:{second:02}Z"}}"#
                ))
            })
            .collect();
        add(&read, &events);
        let queries =
            ["boom", "quiet AND NOT boom", "message:/bo+m/", "filename:console.html", "never"];
        let mut compiled = Compiled::queries(&queries, Schema::Logstash);
        compiled.fingerprints[4].contains = vec!["alf-d".to_owned()];
        compiled.fingerprints[4].queries.clear();
        let compiled = Compiled::new(compiled.fingerprints, Schema::Logstash);
        let dir = tempfile::tempdir().unwrap();
        let embedded = open(dir.path(), Schema::Logstash);
        add(&embedded, &events);
        let some = |count| Some((0..count).map(|run| RunKey::first(format!("run{run}"))).collect());
        // A few are read, of more the cluster counts.
        for (runs, most) in [(some(10), 10), (some(30), 40), (None, 40)] {
            let scope = Scope { runs, ..Scope::default() };
            let expected = embedded.run_hits(compiled.known(), &scope).unwrap();
            assert!(expected.len() > most, "{}", expected.len());
            assert_eq!(read.run_hits(compiled.known(), &scope).unwrap(), expected);
        }
    }
}

/// The documents of OpenStack's `logsender`: the names of tests without their attributes, subunit's
/// words for how they ended.
#[test]
fn failed_tests_come_from_an_index_of_test_results() {
    for server in servers() {
        let (name, _gone) = foreign(&server);
        let results = fresh_name();
        let _results = Gone::Server { server: server.clone(), name: format!("{results}-*") };
        // As a server maps them by itself: texts with a twin.
        for (number, (run, test, status)) in
            [("run1", "a.B.c", "fail"), ("run1", "a.B.d", "success"), ("run2", "a.B.c", "skip")]
                .into_iter()
                .enumerate()
        {
            let path = format!("{results}-2026/_doc/{number}?refresh=true");
            let document = format!(
                r#"{{"build_uuid": "{run}", "test_name": "{test}", "test_status": "{status}",
                    "test_duration": 1.5, "@timestamp": "2026-01-01T00:00:00Z"}}"#
            );
            request(&server, "PUT", &path, &document);
        }
        let open = |test_results: Option<String>| {
            let options = ElasticOptions { test_results, ..ElasticOptions::default() };
            Elastic::open(&format!("{server}/{name}-*"), &options).unwrap()
        };
        let index = open(Some(format!("{results}-*")));
        let mut compiled = Compiled::queries(&["boom"], index.schema());
        compiled.fingerprints[0].test_ids = vec!["a.B.c[id-7,smoke]".to_owned()];
        let attached = |index: &Elastic| -> Vec<_> {
            let runs = index.history().runs(&RunSelection::default()).unwrap();
            let attached = attach(index, compiled.known(), runs).unwrap();
            let test_ids = |run: &Attached| run.bugs.first().map(|bug| bug.test_ids);
            attached.iter().map(|run| (run.verdict, test_ids(run))).collect()
        };
        let checked =
            [(Verdict::Known, Some(Some(TestIds::Failed))), (Verdict::Unclassified, None)];
        assert_eq!(attached(&index), checked);
        // It is recorded: the results need not be there the next time.
        assert_eq!(attached(&open(None)), checked);
        request(&server, "DELETE", &format!("recheck-history-{name}"), "");
        let unknown = (Verdict::Known, Some(Some(TestIds::NotChecked)));
        assert_eq!(attached(&open(Some(format!("{results}-none-*")))), [unknown; 2]);
        request(&server, "DELETE", &format!("recheck-history-{name}"), "");
    }
}
