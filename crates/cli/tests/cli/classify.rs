//! `recheck classify` on input as it should be.

use crate::document;
use crate::util::{DISK, Dir, gzip, tar};

const FULL: &str = "2022-02-28 09:44:58.000000 | node | cp: x: No space left on device\n";

#[test]
fn text_tells_the_bug_and_its_evidence() {
    let dir = Dir::with_disk();
    let other = "2022-02-28 09:44:59.000000 | node | fine\n";
    dir.write("run/job-output.txt", format!("{other}{FULL}{other}{FULL}{FULL}"));
    let outcome = dir.recheck(&["classify", "run"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    insta::assert_snapshot!("text_known", outcome.out);
}

#[test]
fn several_runs_and_an_unclassified_one() {
    let dir = Dir::with_disk();
    dir.write("good.log", FULL);
    dir.write("bad.log", "something else\n");
    let outcome = dir.recheck(&["classify", "good.log", "bad.log"]);
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!("text_two_runs", outcome.out);
}

#[test]
fn json_is_as_documented() {
    let dir = Dir::with_disk();
    dir.write("run/job-output.txt", FULL);
    let args = ["classify", "run", "--format", "json", "--meta", "build_name=unit"];
    let outcome = dir.recheck(&args);
    assert_eq!(outcome.code, 0);
    let document = document::read(&outcome.out);
    assert_eq!(document.schema_version, 1);
    assert!(document.fingerprint_errors.is_empty() && document.fingerprint_warnings.is_empty());
    let run = &document.runs[0];
    assert_eq!((run.target.as_str(), run.verdict.as_str()), ("run", "known"));
    assert_eq!(run.run["build_name"], ["unit"]);
    assert_eq!((run.stats.files, run.stats.events), (1, 1));
    assert_eq!(run.stats.bytes, FULL.len() as u64);
    assert!(run.errors.is_empty() && run.notes.is_empty());
    let bug = &run.bugs[0];
    assert_eq!((bug.fingerprint.as_str(), bug.hits, bug.fallback), ("disk", 1, false));
    assert_eq!(bug.bug.as_deref(), Some("https://bugs.example.org/7"));
    let evidence = &bug.evidence[0];
    assert_eq!((evidence.file.as_str(), evidence.line), ("job-output.txt", 1));
    assert_eq!(evidence.message, "cp: x: No space left on device");
    assert_eq!(evidence.timestamp.as_deref(), Some("2022-02-28T09:44:58.000Z"));
    assert_eq!(evidence.fields["filename"], ["job-output.txt"]);
    let mut tags = evidence.fields["tags"].clone();
    tags.sort();
    assert_eq!(tags, ["console", "job-output.txt"]);
    assert_eq!((document.stats.fingerprints, document.stats.elapsed_ms), (1, 0));
}

#[test]
fn markdown_is_safe_in_a_comment() {
    let dir = Dir::new();
    dir.write("queries/a_b.yaml", "title: '<b>@all|'\ncontains: boom\n");
    dir.write("x.log", "`boom` <script>@all #1 ```\n");
    let outcome = dir.recheck(&["classify", "x.log", "--format", "markdown"]);
    assert_eq!(outcome.code, 0);
    insta::assert_snapshot!("markdown", outcome.out);
}

#[test]
fn every_hit_on_request() {
    let dir = Dir::with_disk();
    dir.write("x.log", FULL.repeat(5));
    let count = |args: &[&str]| {
        let outcome = dir.recheck(args);
        document::read(&outcome.out).runs[0].bugs[0].evidence.len()
    };
    assert_eq!(count(&["classify", "x.log", "--format", "json"]), 2);
    assert_eq!(count(&["classify", "x.log", "--format", "json", "--all"]), 5);
    let text = dir.recheck(&["classify", "x.log", "--all"]).out;
    assert_eq!(text.matches("x.log:").count(), 5);
}

#[test]
fn standard_input_and_the_built_in_pack() {
    let dir = Dir::new();
    let outcome =
        dir.recheck_with(&["classify", "-"], b"cp: error writing 'x': No space left on device\n");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.starts_with("known: -\n"), "{}", outcome.out);
    let compressed = gzip(b"cp: error writing 'x': No space left on device\n");
    assert_eq!(dir.recheck_with(&["classify", "-"], &compressed).code, 0);
}

#[test]
fn archives_are_runs() {
    let dir = Dir::with_disk();
    let archive = tar(&[("logs/job-output.txt", FULL.as_bytes()), ("logs/other.txt", b"fine\n")]);
    dir.write("run.tar", &archive);
    dir.write("run.tar.gz", gzip(&archive));
    for name in ["run.tar", "run.tar.gz"] {
        let outcome = dir.recheck(&["classify", name, "--format", "json"]);
        let document = document::read(&outcome.out);
        assert_eq!(document.runs[0].stats.files, 2, "{}", outcome.out);
        assert_eq!(document.runs[0].bugs[0].evidence[0].file, "logs/job-output.txt");
    }
}

#[test]
fn the_order_of_places_for_fingerprints() {
    let dir = Dir::new();
    let id = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut args = vec!["classify", "x.log", "--format", "json"];
        args.extend(arguments);
        let outcome = dir.run(&args, b"", variables);
        let bugs = &document::read(&outcome.out).runs[0].bugs;
        bugs.iter().map(|bug| bug.fingerprint.clone()).collect::<Vec<_>>().join(",")
    };
    dir.write("x.log", FULL);
    let pack = id(&[], &[]);
    assert!(!pack.is_empty() && pack != "configured");
    dir.write("recheck.toml", "fingerprints = ['shared']\n");
    dir.write("shared/configured.yaml", DISK);
    assert_eq!(id(&[], &[]), "configured");
    dir.write("queries/here.yaml", DISK);
    assert_eq!(id(&[], &[]), "here");
    dir.write("other/variable.yaml", DISK);
    assert_eq!(id(&[], &[("RECHECK_FINGERPRINTS", "other")]), "variable");
    dir.write("given/a.yaml", DISK);
    dir.write("given2/b.yaml", DISK);
    let given = ["-f", "given", "--fingerprints", "given2"];
    assert_eq!(id(&given, &[("RECHECK_FINGERPRINTS", "other")]), "a,b");
}

#[test]
fn a_run_that_passed_says_so_itself() {
    let dir = Dir::with_disk();
    dir.write("x.log", FULL);
    let outcome = dir.recheck(&["classify", "x.log", "--meta", "build_status=SUCCESS"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.out.starts_with("passed: x.log\n"), "{}", outcome.out);
}

#[test]
fn general_fingerprints_speak_only_alone() {
    let dir = Dir::with_disk();
    dir.write("queries/general.yaml", "contains: cp\nfallback: true\n");
    dir.write("both.log", FULL);
    dir.write("general.log", "cp: failed\n");
    assert!(!dir.recheck(&["classify", "both.log"]).out.contains("general"));
    let outcome = dir.recheck(&["classify", "general.log"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.out.starts_with("fallback: general.log ("), "{}", outcome.out);
}

#[test]
fn the_line_profile_makes_each_line_an_event() {
    let dir = Dir::new();
    dir.write("queries/both.yaml", "query: message:Traceback AND message:KeyError\n");
    dir.write(
        "x.log",
        "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 1\n",
    );
    assert_eq!(dir.recheck(&["classify", "x.log"]).code, 0);
    assert_eq!(dir.recheck(&["classify", "x.log", "--profile", "lines"]).code, 1);
}

#[test]
fn the_reasons_on_request() {
    let dir = Dir::with_disk();
    dir.write("queries/all.yaml", "query: 'NOT message:x'\n");
    dir.write("run/job-output.txt", FULL);
    let outcome = dir.recheck(&["classify", "run", "--explain"]);
    assert!(outcome.err.contains("evaluated on every event: all"), "{}", outcome.err);
    assert!(outcome.err.contains("job-output.txt"), "{}", outcome.err);
    assert!(outcome.err.contains("console"), "{}", outcome.err);
    assert!(outcome.err.contains("Zuul console"), "the log's format: {}", outcome.err);
}

#[test]
fn no_control_character_of_a_log_is_shown() {
    let dir = Dir::with_disk();
    let text = "some text that is long enough to look like text ".repeat(9);
    let line = "a\u{7}\u{9b}31m\u{8}No space left on device\u{0}\u{202e}\n";
    dir.write("x\u{1b}[2J.log", format!("{text}\n{line}"));
    let outcome = dir.recheck(&["classify", "x\u{1b}[2J.log", "--color", "never"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let acts = |character: char| character.is_control() && character != '\n';
    assert!(!outcome.out.chars().any(acts), "{:?}", outcome.out);
    assert!(!outcome.out.contains('\u{202e}'));
}

#[test]
fn colour_only_where_wanted() {
    let dir = Dir::with_disk();
    dir.write("x.log", FULL);
    let coloured = |args: &[&str]| dir.recheck(args).out.contains('\u{1b}');
    assert!(!coloured(&["classify", "x.log"]));
    assert!(coloured(&["classify", "x.log", "--color", "always"]));
    assert!(!coloured(&["classify", "x.log", "--color", "never"]));
    assert!(!coloured(&["classify", "x.log", "--color", "always", "--format", "json"]));
}

#[test]
fn secrets_are_shown_only_on_request() {
    let dir = Dir::with_disk();
    dir.write("x.log", "copy to s3://bot:swordfish@x.example.org: No space left on device\n");
    for format in ["text", "json", "markdown"] {
        let shown = dir.recheck(&["classify", "x.log", "--format", format]).out;
        assert!(!shown.contains("swordfish"), "{shown}");
        assert!(shown.contains("s3://bot:[redacted: password]@x.example.org"), "{shown}");
        let kept = dir.recheck(&["classify", "x.log", "--no-redact", "--format", format]).out;
        assert!(kept.contains("s3://bot:swordfish@x.example.org"), "{kept}");
    }
}

/// Needs `script`, which gives a program a terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_long_scan_shows_how_far_it_is_on_a_terminal() {
    let dir = Dir::with_disk();
    let run = |flags: &str, redirect: &str| {
        let program = env!("CARGO_BIN_EXE_recheck");
        let scan = format!("{program} classify -j 2 {flags} - {redirect}");
        let line = format!("(sleep 1.4; echo No space left on device) | {scan}");
        let mut command = std::process::Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).current_dir(dir.path("")).env("TERM", "xterm");
        let output = command.stdin(std::process::Stdio::null()).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let cases = [("", ""), ("--no-progress", ""), ("", "2>err.txt")];
    let shown = std::thread::scope(|scope| {
        let runs = cases.map(|(flags, redirect)| scope.spawn(move || run(flags, redirect)));
        runs.map(|run| run.join().unwrap())
    });
    let [Some(shown), Some(spared), Some(redirected)] = shown else {
        println!("skipped: there is no `script`");
        return;
    };
    assert!(shown.contains("0 of 1 log, 0 B"), "{shown:?}");
    let (_, answer) = shown.rsplit_once("\u{1b}[2K").unwrap();
    assert!(answer.contains("The disk is full"), "the bar is gone before the answer: {shown:?}");
    for quiet in [spared, redirected] {
        assert!(!quiet.contains("of 1 log") && quiet.contains("The disk is full"), "{quiet:?}");
    }
    assert_eq!(std::fs::read_to_string(dir.path("err.txt")).unwrap(), "");
}

#[test]
fn lines_of_local_logs_are_linked() {
    let dir = Dir::with_disk();
    dir.write("run/logs/a b.log.gz", gzip(format!("fine\n{FULL}").as_bytes()));
    dir.write("run.tar", tar(&[("logs/x.log", FULL.as_bytes())]));
    dir.write("twice/x.log", FULL);
    dir.write("twice/x.log.gz", gzip(FULL.as_bytes()));
    let linked = |path: &str, flags: &[&str]| {
        let args = [&["classify", path, "--color", "never"], flags].concat();
        let outcome = dir.recheck_with(&args, FULL.as_bytes());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let links = outcome.out.split("\u{1b}]8;;").filter_map(|part| part.split_once("\u{1b}\\"));
        let links = links.filter(|(address, _)| !address.is_empty());
        let links = links.map(|(address, shown)| (address.to_owned(), shown.to_owned()));
        links.collect::<Vec<_>>()
    };
    let always = ["--hyperlinks", "always"];
    let bug = "https://bugs.example.org/7".to_owned();
    let bug = (bug.clone(), bug);
    if cfg!(unix) {
        let shown = "logs/a b.log:2".to_owned();
        let file = "[dir]/run/logs/a%20b.log.gz";
        let link = (format!("file://{file}#2"), shown.clone());
        assert_eq!(linked("run", &always), [bug.clone(), link]);
        let vscode = [&always[..], &["--hyperlink-format", "vscode"]].concat();
        let link = (format!("vscode://file{file}:2"), shown);
        assert_eq!(linked("run", &vscode), [bug.clone(), link]);
    }
    // What lies in an archive or in one of two files of the same name, and what lies nowhere.
    for path in ["run.tar", "twice", "-"] {
        let links = linked(path, &always);
        assert!(!links.is_empty() && links.iter().all(|link| *link == bug), "{path}: {links:?}");
    }
    assert!(linked("run", &["--hyperlinks", "never"]).is_empty());
    assert!(linked("run", &["--hyperlinks", "always", "--format", "markdown"]).is_empty());
    assert!(linked("run", &[]).is_empty(), "by default only on a terminal");
    let refused = dir.recheck(&["classify", "run", "--hyperlink-format", "x"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("vscode"), "{}", refused.err);
}

#[test]
fn include_and_exclude_choose_in_directories_and_archives() {
    let dir = Dir::with_disk();
    dir.write("run/a.log.gz", gzip(b"No space left on device\n"));
    dir.write("run/old/b.log", "No space left on device\n");
    dir.write("run/c.txt", "No space left on device\n");
    let entries: [(&str, &[u8]); 2] = [("a.log", b"No space left on device\n"), ("c.txt", b"x\n")];
    dir.write("run.tar", tar(&entries));
    for target in ["run", "run.tar"] {
        let outcome =
            dir.recheck(&["classify", "--include", "*.log", "--exclude", "old/**", target]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(outcome.out.contains("a.log:1") && outcome.out.contains("1 log,"), "{outcome:?}");
    }
    let outcome = dir.recheck(&["classify", "--include", "{a", "run"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("a brace is not closed; add '}'"), "{outcome:?}");
}

#[test]
fn a_zip_of_a_github_run_has_each_line_once() {
    use std::io::{Cursor, Write};
    use zip::{ZipWriter, write::SimpleFileOptions};

    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let hit = "2026-03-01T10:04:59.1000000Z cp: No space left on device\n";
    for name in ["0_build (linux).txt", "build (linux)/1_Run make.txt", "1_docs.txt"] {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(if name.contains("docs") { b"fine\n" } else { hit.as_bytes() }).unwrap();
    }
    let archive = writer.finish().unwrap().into_inner();
    let dir = Dir::with_disk();
    dir.write("logs_12.zip", &archive);
    let outcome = dir.recheck(&["classify", "logs_12.zip", "--format", "json"]);
    let document = document::read(&outcome.out);
    let only = &document.runs[0];
    assert_eq!((outcome.code, only.verdict.as_str(), only.bugs[0].hits), (0, "known", 1));
    assert_eq!(only.bugs[0].evidence[0].file, "0_build (linux).txt");
    assert!(only.notes[0].message.starts_with("1 log of steps left out"), "{only:?}");
    let out = dir.recheck_with(&["classify", "-"], &archive);
    assert_eq!(out.code, 0, "{out:?}");
}
