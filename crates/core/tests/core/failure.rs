//! The lines that say what went wrong, from bytes to report.

use recheck_core::{
    FailureLine, Fingerprint, Known, Loaded, Matcher, RunMeta, RunReport, RunScan, ScanOptions,
    Verdict,
};

fn fingerprints() -> Vec<Fingerprint> {
    let loaded = Loaded::from_sources([
        ("disk.yaml", "contains: No space left on device"),
        ("general.yaml", "fallback: true\ncontains: the job failed"),
    ]);
    loaded.set.iter().map(|(_, known)| known.clone()).collect()
}

/// Scans logs of one run, given by name and text, in blocks of about so many bytes.
fn scan(logs: &[(&str, &str)], block: usize, options: &ScanOptions) -> RunReport {
    let fingerprints = fingerprints();
    let (matcher, _) = Matcher::builder().failure_lines(true).build(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let mut run = RunScan::new(known, RunMeta::new(), options);
    for (name, text) in logs {
        let mut log = run.log(name).with_block(block);
        log.feed(text.as_bytes());
        let report = log.finish();
        run.add(report);
    }
    run.finish("run")
}

fn report(text: &str) -> RunReport {
    scan(&[("x.log", text)], 1 << 18, &ScanOptions::default())
}

fn told(text: &str) -> Vec<(u64, String)> {
    report(text).failure.into_iter().map(|line| (line.line, line.message)).collect()
}

fn messages(lines: &[FailureLine]) -> Vec<&str> {
    lines.iter().map(|line| line.message.as_str()).collect()
}

/// A console of Zuul in which a task failed, far behind the line that names it.
fn console(lines: usize) -> String {
    let mut console = String::new();
    let mut line = |text: &str| {
        console.push_str(&format!("2026-01-02 03:04:05.678901 | {text}\n"));
    };
    line("TASK [Run the tests]");
    (0..lines).for_each(|number| line(&format!("node | step {number}")));
    line("node | ERROR");
    line("node | {");
    line("node |   \"msg\": \"the linter found 1 problem\"");
    line("node | }");
    line("TASK [Collect the logs]");
    line("node | ok");
    console
}

#[test]
fn a_task_is_told_with_its_name_wherever_blocks_are_cut() {
    let text = console(40);
    for block in [1, 64, 300, 1000, 1 << 18] {
        let report = scan(&[("job-output.txt", &text)], block, &ScanOptions::default());
        let line = &report.failure[0];
        assert_eq!(line.message, "TASK [Run the tests] node: the linter found 1 problem");
        assert_eq!((line.line, report.failure.len()), (42, 1), "in blocks of {block}");
    }
}

#[test]
fn a_failure_that_ansible_ignores_is_none_wherever_blocks_are_cut() {
    let failed = |host: &str| format!("fatal: [{host}]: FAILED! => {{\"msg\": \"no {host}\"}}\n");
    let steps = "step\n".repeat(20);
    let text = format!("TASK [A]\n{}{steps}{}...ignoring\n{steps}", failed("a"), failed("b"));
    for block in 1..160 {
        let report = scan(&[("x.log", &text)], block, &ScanOptions::default());
        assert_eq!(messages(&report.failure), ["TASK [A] a: no a"], "in blocks of {block}");
    }
}

#[test]
fn a_message_without_a_verdict_before_it_is_no_failure() {
    let text = console(3).replace("| ERROR", "| ok");
    for block in [1, 64, 1 << 18] {
        let report = scan(&[("job-output.txt", &text)], block, &ScanOptions::default());
        assert_eq!(messages(&report.failure), [""; 0], "in blocks of {block}");
    }
}

#[test]
fn a_traceback_is_told_by_its_exception_and_a_panic_by_its_message() {
    let text =
        "start\nTraceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'\n";
    assert_eq!(told(text), [(4, "KeyError: 'x'".to_owned())]);
    let text = "thread 'main' panicked at src/main.rs:2:5:\nno disk\nnote: run with x\n";
    assert_eq!(told(text), [(1, "thread 'main' panicked at src/main.rs:2:5: no disk".to_owned())]);
}

#[test]
fn what_says_most_comes_first_and_exit_codes_only_where_nothing_else_does() {
    let exit = "##[error]Process completed with exit code 1.\n";
    assert_eq!(told(exit).len(), 1);
    let vague = format!("error: could not compile `a` (lib) due to 1 previous error\n{exit}");
    assert_eq!(told(&vague)[0].0, 1);
    assert_eq!(told(&vague).len(), 1);
    let all = format!("error[E0308]: mismatched types\nfatal: no such thing\n{vague}");
    let lines: Vec<u64> = told(&all).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [1, 2]);
}

#[test]
fn ansible_says_why_however_far_behind() {
    let long = "x".repeat(20_000);
    let line =
        format!("fatal: [a]: FAILED! => {{\"cmd\": \"{long}\", \"msg\": \"no such disk\"}}\n");
    let expected = [(2, "TASK [Mount] a: no such disk".to_owned())];
    assert_eq!(told(&format!("TASK [Mount]\n{line}")), expected);
    // Of other lines no more is read than is told.
    let line = format!("error: no disk {long}\n");
    let told = told(&line);
    assert!(told.len() == 1 && told[0].1.starts_with("error: no disk xxx"), "{told:?}");
    assert!(told[0].1.len() <= 1024, "{}", told[0].1.len());
}

#[test]
fn at_most_five_and_none_twice_the_last_ones_first() {
    let test = |number: usize| format!("FAILED a.py::test_{number} - assert\n");
    let text: String = (0..5000).map(|number| test(number % 7)).collect();
    let expected: Vec<String> =
        [1, 0, 6, 5, 4].iter().map(|n| test(*n).trim().to_owned()).collect();
    let report = scan(&[("a.log", &text), ("b.log", &text)], 1 << 12, &ScanOptions::default());
    assert_eq!(messages(&report.failure), expected);
    assert_eq!(report.failure[0].line, 5000);
}

#[test]
fn logs_full_of_signals_tell_the_last_ones() {
    let tasks = format!("TASK [A]\n{}", "TASK [\nfatal: [a]: FAILED! => {}\n".repeat(4000));
    assert_eq!(told(&tasks), [(8001, "TASK [A] a: failed".to_owned())]);
    // All tracebacks of one record end with the same line; the next record has its own.
    let record = |second: u32, lines: &str| -> String {
        let head = format!("2026-01-02 03:04:{second:02}.678 1 ERROR a.b");
        let first = format!("{head} [-] oh: x\n");
        first + &lines.lines().map(|line| format!("{head} {line}\n")).collect::<String>()
    };
    let traces = "Traceback (most recent call last):\n  x\n".repeat(900);
    let one = |number: u32| record(number, &format!("{traces}KeyError: {number}\n"));
    let last = told(&(one(1) + &one(2)));
    assert_eq!(last, [(3604, "KeyError: 2".to_owned()), (1802, "KeyError: 1".to_owned())]);
    // Panics of one record do not, and a traceback before them in it is told all the same.
    let panic = |number: usize| {
        format!("thread 'a' panicked at src/main.rs:{number}:5:\n  no disk {number}\n")
    };
    let panics: String = (0..3).map(panic).collect();
    let lines = format!("Traceback (most recent call last):\n  x\n{panics}KeyError: 3\n");
    let told = told(&record(3, &lines));
    assert!(told.contains(&(10, "KeyError: 3".to_owned())), "{told:?}");
    let last = "thread 'a' panicked at src/main.rs:2:5: no disk 2".to_owned();
    assert!(told.contains(&(8, last)), "{told:?}");
}

#[test]
fn runs_that_are_known_or_passed_have_none() {
    let failed = "FAILED a.py::test_1 - assert\n";
    let report = report(&format!("{failed}cp: No space left on device\n"));
    assert_eq!((report.verdict, report.failure.len()), (Verdict::Known, 0));
    let general = self::report(&format!("{failed}the job failed\n"));
    assert_eq!((general.verdict, general.failure.len()), (Verdict::Fallback, 1));
    let fingerprints = fingerprints();
    let (matcher, _) = Matcher::builder().failure_lines(true).build(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let mut meta = RunMeta::new();
    meta.set("build_status", "SUCCESS");
    let options = ScanOptions::default();
    let mut run = RunScan::new(known, meta, &options);
    let mut log = run.log("x.log");
    log.feed(failed.as_bytes());
    let log = log.finish();
    assert_eq!(log.failures.len(), 0);
    run.add(log);
    let report = run.finish("run");
    assert_eq!((report.verdict, report.failure.len()), (Verdict::Passed, 0));
}

#[test]
fn what_stands_behind_the_hit_that_makes_a_run_known_is_found_all_the_same() {
    let fingerprints = fingerprints();
    let (matcher, _) = Matcher::builder().failure_lines(true).build(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let options = ScanOptions { all: true, ..ScanOptions::default() };
    let filler = "FAILED a.py::test_1 - assert\nnothing of note\n".repeat(50);
    let hit = "cp: No space left on device\n";
    let trace = "Traceback (most recent call last):\n  File \"a\"\nKeyError: the job failed\n";
    let text: String = (0..200).map(|_| format!("{hit}{filler}{trace}")).collect();
    let run = RunScan::new(known, RunMeta::default(), &options);
    let mut log = run.log("x.log").with_block(1024);
    log.feed(text.as_bytes());
    let log = log.finish();
    assert_eq!(log.hits.iter().map(|hits| hits.count).collect::<Vec<_>>(), [200, 200]);
    assert_eq!(log.events, 200 * 102);
    assert_eq!(log.failures.len(), 0);
    // Another log of the run, from its start.
    let mut other = run.log("y.log");
    other.feed(filler.as_bytes());
    assert_eq!(other.finish().failures.len(), 0);
}

#[test]
fn secrets_are_replaced_and_control_characters_gone() {
    let token = format!("ghp_{}", "0123456789abcdefghijABCDEFGHIJ012345");
    let report = report(&format!("FAILED a.py::test_1 - {token}\u{1}\n"));
    assert_eq!(messages(&report.failure), ["FAILED a.py::test_1 - [redacted: GitHub token]"]);
}

#[test]
fn context_is_the_log_round_a_place_wherever_blocks_are_cut() {
    let text: String = (1..=9)
        .map(|number| match number {
            3 => "cp: No space left on device\n".to_owned(),
            number => format!("line {number}\r\n"),
        })
        .collect();
    let options = ScanOptions { context: 3, ..ScanOptions::default() };
    for block in [1, 20, 30, 1 << 18] {
        let report = scan(&[("x.log", &text)], block, &options);
        let context = &report.bugs[0].evidence[0].context;
        assert_eq!(context.before, ["line 1", "line 2"], "in blocks of {block}");
        assert_eq!(context.after, ["line 4", "line 5", "line 6"], "in blocks of {block}");
        let failed = text.replace("cp: No space left on device", "FAILED a.py::test_1 - assert");
        let report = scan(&[("x.log", &failed)], block, &options);
        let context = &report.failure[0].context;
        assert_eq!(context.before, ["line 1", "line 2"], "in blocks of {block}");
        assert_eq!(context.after, ["line 4", "line 5", "line 6"], "in blocks of {block}");
    }
}

#[test]
fn secrets_in_the_context_are_replaced() {
    let key = "-----BEGIN PRIVATE KEY-----\n\
               MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----";
    let text = format!("{key}\nFAILED a.py::test_1 - assert\npassword=hunter22222\n");
    let options = ScanOptions { context: 3, ..ScanOptions::default() };
    let report = scan(&[("x.log", &text)], 1 << 18, &options);
    let context = &report.failure[0].context;
    assert_eq!((context.before.len(), context.after.len()), (3, 1));
    let all = [context.before.concat(), context.after.concat()].concat();
    assert!(!all.contains("MIIE") && !all.contains("hunter2"), "{all}");
}
