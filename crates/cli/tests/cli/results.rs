//! Results among a run's logs: of tests, and of Zuul's tasks.

use std::path::Path;

use crate::document::{self, Run};
use crate::util::{Dir, gzip, tar};

const JUNIT: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" timestamp="2024-05-01T10:00:00+00:00">
<testcase classname="tests.test_disk.TestDisk" name="test_write" time="0.1"/>
<testcase classname="tests.test_disk.TestDisk" name="test_full[ext4]" time="0.2"><failure
 message="OSError: [Errno 28] No space left on device">def test_full():
&gt;   write()
E   OSError: [Errno 28] No space left on device</failure></testcase>
<testcase classname="tests.test_net.TestNet" name="test_slow"><skipped message="no network"/></testcase>
</testsuite></testsuites>
"#;

/// One packet of a subunit stream: a test with its status, and what it attaches.
fn packet(id: &str, status: u8, reason: Option<&[u8]>) -> Vec<u8> {
    let text = |bytes: &[u8]| [&[u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let low = status | if reason.is_some() { 0x60 } else { 0 };
    let mut rest = text(id.as_bytes());
    if let Some(reason) = reason {
        rest.extend([text(b"text/x-traceback"), text(b"traceback"), text(reason)].concat());
    }
    // A number of two bytes begins with the bits 01.
    let length = u16::try_from(5 + rest.len() + 4).unwrap() | 0x4000;
    let mut packet = [&[0xb3, 0x29, low][..], &length.to_be_bytes(), &rest].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&packet);
    packet.extend(sum.sum().to_be_bytes());
    packet
}

fn run(dir: &Dir, args: &[&str]) -> (i32, Run) {
    let mut all = vec!["classify", "--format", "json"];
    all.extend(args);
    let outcome = dir.recheck(&all);
    (outcome.code, document::read(&outcome.out).runs.remove(0))
}

#[test]
fn a_failed_test_is_an_event() {
    let dir = Dir::new();
    dir.write(
        "queries/full.yaml",
        "query: test_status:failed AND test_id:tests.test_disk* AND filename:\"junit.xml\" AND message:\"no space left\"\n",
    );
    dir.write("queries/passed.yaml", "query: test_status:passed AND test_id:*test_write\n");
    dir.write("queries/line.yaml", "query: message:testcase\n");
    dir.write("run/junit.xml", JUNIT);
    let (code, run) = run(&dir, &["run"]);
    assert_eq!((code, run.verdict.as_str()), (0, "known"));
    let ids: Vec<_> = run.bugs.iter().map(|bug| bug.fingerprint.as_str()).collect();
    assert_eq!(ids, ["full", "passed"], "the file is no text any more");
    let evidence = &run.bugs[0].evidence[0];
    assert_eq!((evidence.file.as_str(), evidence.line), ("junit.xml", 2));
    assert_eq!(evidence.timestamp.as_deref(), Some("2024-05-01T10:00:00.000Z"));
    assert!(evidence.message.starts_with("def test_full"), "{evidence:?}");
    assert_eq!(run.stats.events, 3);
}

#[test]
fn results_are_found_by_their_content_wherever_they_are() {
    let dir = Dir::with_disk();
    let failed = packet("a.b", 6, Some(b"OSError: No space left on device"));
    let stream = [packet("a.a", 3, None), failed].concat();
    dir.write("logs.tar", tar(&[("x/testrepository.subunit", &gzip(&stream)), ("x/0", &stream)]));
    dir.write("run/odd.name", &stream);
    for (target, files) in [("logs.tar", 2), ("run", 1), ("run/odd.name", 1)] {
        let (code, run) = run(&dir, &[target]);
        assert_eq!((code, run.verdict.as_str()), (0, "known"), "{target}");
        assert_eq!(run.bugs[0].hits, files, "{target}");
        assert_eq!(run.bugs[0].evidence[0].message, "OSError: No space left on device");
    }
    let outcome = dir.recheck(&["classify", "--explain", "logs.tar"]);
    let line = "x/testrepository.subunit: gzip, subunit, tags [testrepository.subunit], 2 tests, 1 failed; 86 B, 2 events in ";
    assert!(outcome.err.contains(line), "{}", outcome.err);
}

#[test]
fn test_ids_are_checked_against_the_results() {
    let dir = Dir::new();
    let fingerprint = |id| format!("query: message:refused\ntest_ids: [{id}]\n");
    dir.write("queries/full.yaml", fingerprint("tests.test_disk.TestDisk.test_full"));
    dir.write("queries/other.yaml", fingerprint("tests.test_disk.TestDisk.test_write"));
    dir.write("run/console.txt", "connection refused\n");
    let test_ids = |run: &Run| -> Vec<(String, Option<String>)> {
        run.bugs.iter().map(|bug| (bug.fingerprint.clone(), bug.test_ids.clone())).collect()
    };
    let told = |id: &str, how: &str| (id.to_owned(), Some(how.to_owned()));

    let (code, without) = run(&dir, &["run"]);
    assert_eq!(code, 0);
    assert_eq!(test_ids(&without), [told("full", "not-checked"), told("other", "not-checked")]);

    let (code, named) =
        run(&dir, &["--meta", "failed_test=tests.test_disk.TestDisk.test_write", "run"]);
    assert_eq!((code, test_ids(&named)), (0, vec![told("other", "failed")]));

    dir.write("run/junit.xml", JUNIT);
    let (code, with) = run(&dir, &["run"]);
    assert_eq!((code, test_ids(&with)), (0, vec![told("full", "failed")]));
    assert_eq!(with.notes.len(), 1);
    assert_eq!(with.notes[0].file, "console.txt");
    assert_eq!(
        with.notes[0].message,
        "other matches here and does not count: none of its `test_ids` failed"
    );

    std::fs::remove_file(dir.path("queries/full.yaml")).unwrap();
    let (code, with) = run(&dir, &["run"]);
    assert_eq!((code, with.verdict.as_str()), (1, "unclassified"));
}

#[test]
fn broken_results_are_told_with_their_place() {
    let dir = Dir::with_disk();
    dir.write("run/junit.xml", &JUNIT[..JUNIT.find("<skipped").unwrap()]);
    let (code, known) = run(&dir, &["run"]);
    assert_eq!((code, known.verdict.as_str()), (0, "known"), "what came before counts");
    assert_eq!(
        known.errors[0].message,
        "line 8: the file ends too early; it was cut, or its writer was stopped"
    );
    dir.write("run/junit.xml", "<testsuite><testcase name='a'/><x></y></testsuite>");
    let (code, broken) = run(&dir, &["run"]);
    assert_eq!((code, broken.verdict.as_str()), (2, "incomplete"));
    assert!(broken.errors[0].message.starts_with("line 1: this is not XML"), "{broken:?}");
    let whole = gzip(packet("a.a", 3, None).repeat(10_000).as_slice());
    dir.write("run/junit.xml", &whole[..whole.len() / 2]);
    let (code, cut) = run(&dir, &["run"]);
    assert_eq!((code, cut.verdict.as_str()), (2, "incomplete"));
    assert!(cut.errors[0].message.contains("gzip"), "{cut:?}");
}

#[test]
fn a_failed_task_of_zuuls_is_an_event() {
    let dir = Dir::new();
    dir.write(
        "queries/make.yaml",
        "query: filename:\"job-output.json\" AND host:node AND task:\"Run the tests\" AND phase:run AND playbook:*run.yaml AND message:\"one is not two\"\n",
    );
    dir.write("queries/text.yaml", "query: message:\"about to pass\" OR message:plays\n");
    let json = r#"[{"phase": "run", "playbook": "p/run.yaml", "plays": [{"play": {"name": "all"}, "tasks": [
        {"task": {"name": "Warm up"}, "hosts": {"node": {"stdout": "about to pass", "msg": ""}}},
        {"task": {"name": "Run the tests"}, "hosts": {"node": {"failed": true,
            "msg": "non-zero return code", "stdout": "AssertionError: one is not two"}}}]}]}]"#;
    dir.write("run/job-output.json.gz", gzip(json.as_bytes()));
    let (code, run) = run(&dir, &["run"]);
    assert_eq!((code, run.bugs.len()), (0, 1), "the file is no text any more");
    let evidence = &run.bugs[0].evidence[0];
    assert_eq!(evidence.message, "non-zero return code\nAssertionError: one is not two");
    assert_eq!((evidence.file.as_str(), evidence.line), ("job-output.json", 1));
}

/// Every job-output.json of a real Zuul, each with the tasks that failed in it.
#[test]
fn real_task_results() {
    let Some(data) = std::env::var_os("RECHECK_DATA") else {
        eprintln!("skipped: RECHECK_DATA is not set");
        return;
    };
    let zuul = Path::new(&data).join("zuul");
    let dir = Dir::new();
    dir.write("queries/any.yaml", "query: task_status:failed OR message:\"timed out\"\n");
    for (log, hits) in [
        ("change/logs-demo-fail", 1),
        ("change/logs-demo-node-fail", 1),
        ("change/logs-demo-nonvoting", 1),
        ("change/logs-demo-pass", 0),
        ("change-kinds/logs-kind-fail", 1),
        ("change-kinds/logs-kind-post-fail", 1),
        ("change-kinds/logs-kind-retry", 1),
        ("change-kinds/logs-kind-timeout", 1),
    ] {
        let file = zuul.join(log).join("job-output.json");
        let (_, run) = run(&dir, &[file.to_str().unwrap()]);
        let found: u64 = run.bugs.iter().map(|bug| bug.hits).sum();
        assert_eq!((found, run.errors.len()), (hits, 0), "{log}: {run:?}");
    }
}
