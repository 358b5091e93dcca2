//! Help, usage errors, and output that nobody reads to its end.

#[cfg(unix)]
use std::process::Command;

use crate::util::Dir;

/// The subcommands whose examples need no server.
const COMMANDS: &[&str] = &[
    "classify",
    "match",
    "ingest",
    "attach",
    "query",
    "report",
    "unclassified",
    "prune",
    "index",
    "lint",
    "completions",
    "man",
];

#[test]
fn without_arguments_there_is_an_example() {
    let outcome = Dir::new().recheck(&[]);
    assert_eq!(outcome.code, 2);
    let example =
        "Example:\n  echo \"cp: error writing 'x': No space left on device\" | recheck classify -";
    assert!(outcome.err.contains(example), "{}", outcome.err);
}

#[test]
fn help_tells_examples_and_exit_codes() {
    for command in COMMANDS.iter().chain(&["collect"]) {
        let outcome = Dir::new().recheck(&[command, "--help"]);
        assert_eq!(outcome.code, 0);
        assert!(outcome.out.contains("Exit codes:"), "{}", outcome.out);
    }
    insta::assert_snapshot!("help_classify", Dir::new().recheck(&["classify", "--help"]).out);
}

#[test]
fn wrong_usage_is_two() {
    for args in [&["classify"][..], &["nonsense"], &["classify", "-", "--deadline", "soon"]] {
        assert_eq!(Dir::new().recheck(args).code, 2, "{args:?}");
    }
}

/// In an empty directory, so that they work in any other; `/tmp` is that directory.
#[cfg(unix)]
#[test]
fn the_examples_work_as_typed() {
    for command in [&[][..]].into_iter().chain(COMMANDS.iter().map(std::slice::from_ref)) {
        let dir = Dir::new();
        let help = dir.recheck(&[command, &["--help"]].concat()).out;
        let examples = help.lines().skip_while(|line| !line.starts_with("Example"));
        let mut lines = examples.skip(1).take_while(|line| line.starts_with("  ")).peekable();
        assert!(lines.peek().is_some(), "{help}");
        for line in lines {
            let program = env!("CARGO_BIN_EXE_recheck");
            let here = dir.path("");
            let line = line.replace("/tmp/", &format!("{}/", here.display()));
            let script = format!("recheck() {{ {program} \"$@\"; }}; {line}");
            let outcome =
                Command::new("sh").args(["-c", &script]).current_dir(&here).output().unwrap();
            assert_eq!(outcome.status.code(), Some(0), "{line}: {outcome:?}");
            assert!(outcome.stderr.is_empty(), "{line}: {outcome:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_error() {
    let dir = Dir::with_disk();
    dir.write("x.log", "No space left on device\n".repeat(20_000));
    let program = env!("CARGO_BIN_EXE_recheck");
    let script = format!("{{ {program} classify x.log --all; echo $? >&2; }} | head -1");
    let output =
        Command::new("sh").args(["-c", &script]).current_dir(dir.path("")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr).trim(), "0");
}
