//! Fingerprint files that are wrong: each is told with file, place and cure, the others still work,
//! and the exit code stays.

use crate::document;
use crate::util::Dir;

/// Classifies with `queries/disk.yaml` and one more file; the message about that one.
fn told(name: &str, text: &str) -> String {
    let dir = Dir::with_disk();
    dir.write(&format!("queries/{name}"), text);
    dir.write("x.log", "No space left on device\n");
    let outcome = dir.recheck(&["classify", "x.log"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.err.contains(name), "{}", outcome.err);
    let json = dir.recheck(&["classify", "x.log", "--format", "json"]);
    let document = document::read(&json.out);
    let all = document.fingerprint_errors.iter().chain(&document.fingerprint_warnings);
    let found = all.into_iter().next().expect("the JSON tells it too");
    assert!(found.file.ends_with(name) && found.help.is_some(), "{found:?}");
    outcome.err
}

#[test]
fn yaml_that_is_not_a_mapping() {
    insta::assert_snapshot!(told("list.yaml", "- a\n- b\n"));
}

#[test]
fn an_unknown_key() {
    let message = told("typo.yaml", "contains: boom\nfalback: true\n");
    assert!(message.contains("`fallback`"), "{message}");
}

#[test]
fn a_wrong_type() {
    insta::assert_snapshot!(told("type.yaml", "contains: boom\nfallback: perhaps\n"));
}

#[test]
fn an_unclosed_quote() {
    insta::assert_snapshot!(told("quote.yaml", "query: >-\n  message:\"never closed\n"));
}

#[test]
fn two_operators_in_a_row() {
    insta::assert_snapshot!(told("and.yaml", "query: message:a AND AND message:b\n"));
}

#[test]
fn a_regular_expression_that_lucene_refuses() {
    let told = told("x.yaml", "title: x\nquery: message:/err(or/\n");
    assert!(told.contains("error[B001]") && told.contains("x.yaml:2:"), "{told}");
    assert!(told.contains("help: write it in Lucene's syntax"), "{told}");
}

#[test]
fn two_files_with_one_id() {
    let message = told("sub/disk.yaml", "contains: boom\n");
    assert!(message.contains("already taken"), "{message}");
}

#[test]
fn deep_groups_and_long_queries() {
    let deep = format!("query: '{}a{}'\n", "(".repeat(10_000), ")".repeat(10_000));
    told("deep.yaml", &deep);
    let long = format!("query: '{}'\n", "word ".repeat(2 << 20));
    told("long.yaml", &long);
}

#[test]
fn an_alias_bomb() {
    let mut text = String::from("a0: &a0 [x]\n");
    for level in 1..30 {
        let before = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{before}, {before}]\n"));
    }
    text.push_str("contains: boom\n");
    told("bomb.yaml", &text);
}

#[test]
fn a_missing_and_an_empty_directory() {
    let dir = Dir::new();
    dir.write("x.log", "No space left on device\n");
    std::fs::create_dir(dir.path("empty")).unwrap();
    for place in ["missing", "empty"] {
        let outcome = dir.recheck(&["classify", "x.log", "-f", place]);
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
        assert!(outcome.err.contains("no fingerprint could be loaded"), "{}", outcome.err);
        assert!(outcome.err.contains("help:"), "{}", outcome.err);
    }
    // Beside good ones they are only told.
    dir.write("queries/disk.yaml", crate::util::DISK);
    let outcome = dir.recheck(&["classify", "x.log", "-f", "queries", "-f", "missing"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.err.contains("missing"), "{}", outcome.err);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_loops_told() {
    use crate::util::symlink;
    let dir = Dir::new();
    dir.write("elsewhere/disk.yaml", crate::util::DISK);
    symlink("../elsewhere/disk.yaml", &dir.path("queries/linked.yaml"));
    symlink("../queries", &dir.path("queries/loop"));
    dir.write("x.log", "No space left on device\n");
    let outcome = dir.recheck(&["classify", "x.log"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains("linked"));
    assert!(outcome.err.contains("queries/loop"), "{}", outcome.err);
}
