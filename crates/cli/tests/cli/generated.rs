//! What is generated from the flags: completions and man pages.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use crate::util::Dir;

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let outcome = Dir::new().recheck(&["completions", shell]);
        assert_eq!((outcome.code, outcome.err.as_str()), (0, ""), "{shell}");
        for word in ["recheck", "classify", "no-redact"] {
            assert!(outcome.out.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(Dir::new().recheck(&["completions", "tcsh"]).code, 2);
}

/// Bash and zsh understand them, where these shells are.
#[cfg(unix)]
#[test]
fn completions_are_scripts() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Dir::new().recheck(&["completions", shell]).out;
        let checked = Command::new(shell).arg("-n").stdin(Stdio::piped()).spawn();
        let Ok(mut checked) = checked else {
            println!("skipped: there is no {shell}");
            continue;
        };
        checked.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(checked.wait().unwrap().success(), "{shell}");
    }
}

#[test]
fn man_pages() {
    let dir = Dir::new();
    let page = dir.recheck(&["man"]);
    assert_eq!((page.code, page.err.as_str()), (0, ""));
    assert!(page.out.contains(".TH recheck 1"), "{}", page.out);
    fs::create_dir(dir.path("man1")).unwrap();
    assert_eq!(dir.recheck(&["man", "--dir", "man1"]).code, 0);
    let mut names: Vec<_> = fs::read_dir(dir.path("man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let subcommands = [
        "attach",
        "classify",
        "collect",
        "completions",
        "index-info",
        "index",
        "ingest",
        "lint",
        "match",
        "prune",
        "query",
        "report",
        "unclassified",
    ];
    let mut expected = subcommands.map(|name| format!("recheck-{name}.1")).to_vec();
    expected.push("recheck.1".to_owned());
    assert_eq!(names, expected);
    assert_eq!(fs::read_to_string(dir.path("man1/recheck.1")).unwrap(), page.out);
    let classify = fs::read_to_string(dir.path("man1/recheck-classify.1")).unwrap();
    for told in ["no\\-redact", "RECHECK_FORMAT", "Exit codes:", "recheck classify \\-"] {
        assert!(classify.contains(told), "{told}: {classify}");
    }
}

#[test]
fn a_directory_that_is_missing_is_told() {
    let outcome = Dir::new().recheck(&["man", "--dir", "missing"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("missing") && outcome.err.contains("help:"), "{}", outcome.err);
}
