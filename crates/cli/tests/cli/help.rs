//! Help, usage errors, and output that nobody reads to its end.

use std::process::{Command, Stdio};

use crate::util::Dir;

#[test]
fn without_arguments_there_is_an_example() {
    let outcome = Dir::new().recheck(&[]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("recheck classify -"), "{}", outcome.err);
}

#[test]
fn help_tells_examples_and_exit_codes() {
    for command in ["classify", "match", "lint", "completions", "man"] {
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

#[test]
fn the_examples_work_as_typed() {
    let commands = ["classify", "match", "lint", "completions", "man"];
    for command in [&[][..]].into_iter().chain(commands.iter().map(std::slice::from_ref)) {
        let dir = Dir::new();
        dir.write("job-output.txt.gz", crate::util::gzip(b"No space left on device\n"));
        dir.write("queries/disk.yaml", crate::util::DISK);
        let help = dir.recheck(&[command, &["--help"]].concat()).out;
        let examples = help.lines().skip_while(|line| !line.starts_with("Example"));
        let mut lines = examples.skip(1).take_while(|line| line.starts_with("  ")).peekable();
        assert!(lines.peek().is_some(), "{help}");
        for line in lines {
            let program = env!("CARGO_BIN_EXE_recheck");
            let script = format!("recheck() {{ {program} \"$@\"; }}; {line}");
            let status = Command::new("sh")
                .args(["-c", &script])
                .current_dir(dir.path(""))
                .stdout(Stdio::null())
                .status()
                .unwrap();
            assert_eq!(status.code(), Some(0), "{line}");
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
