//! A run that no fingerprint explains, told by the lines that say what went wrong.

use crate::{document, util::Dir};

const LOG: &str = "\
start
a.c:3:5: error: expected ';' before 'return'
    3 |   return
make: *** [Makefile:3: all] Error 1
done
";

fn dir() -> Dir {
    let dir = Dir::with_disk();
    dir.write("x.log", LOG);
    dir
}

#[test]
fn text_markdown_and_junit_have_them() {
    let text = dir().recheck(&["classify", "x.log"]);
    assert_eq!(text.code, 1);
    let told = "unclassified: x.log (no fingerprint matches)\n\n  \
                x.log:2  a.c:3:5: error: expected ';' before 'return'\n\n1 log";
    assert!(text.out.starts_with(told), "{}", text.out);
    let markdown = dir().recheck(&["classify", "--format", "markdown", "x.log"]).out;
    let told = "- `x.log:2`: `a.c:3:5: error: expected ';' before 'return'`\n";
    assert!(markdown.contains(told), "{markdown}");
    let junit = dir().recheck(&["classify", "--format", "junit", "x.log"]).out;
    assert!(junit.contains(">x.log:2: a.c:3:5: error: expected"), "{junit}");
}

#[test]
fn json_has_them_with_their_kind() {
    let outcome = dir().recheck(&["classify", "--format", "json", "x.log"]);
    let run = document::read(&outcome.out).runs.remove(0);
    let [line] = &run.failure[..] else { panic!("{:?}", run.failure) };
    assert_eq!((line.file.as_str(), line.line, line.kind.as_str()), ("x.log", 2, "compile"));
    assert_eq!(line.message, "a.c:3:5: error: expected ';' before 'return'");
    assert!(line.context.is_none());
}

#[test]
fn none_without_and_none_of_a_known_run() {
    let without = dir().recheck(&["classify", "--no-failure-lines", "x.log"]);
    assert!(without.out.starts_with("unclassified: x.log (no fingerprint matches)\n\n1 log"));
    let dir = dir();
    dir.write("x.log", format!("{LOG}No space left on device\n"));
    let known = dir.recheck(&["classify", "x.log"]);
    assert!(!known.out.contains("error: expected"), "{}", known.out);
}

#[test]
fn lines_round_a_place_on_request() {
    let text = dir().recheck(&["classify", "-C", "1", "x.log"]).out;
    let told = "  x.log:2  a.c:3:5: error: expected ';' before 'return'\n    \
                1  start\n    3      3 |   return\n";
    assert!(text.contains(told), "{text}");
    let json = dir().recheck(&["classify", "-C", "1", "--format", "json", "x.log"]).out;
    let run = document::read(&json).runs.remove(0);
    let context = run.failure[0].context.as_ref().expect("it was asked for");
    assert_eq!(context.before, ["start"]);
    assert_eq!(context.after, ["    3 |   return"]);
}

#[test]
fn lines_round_evidence_on_request() {
    let dir = Dir::with_disk();
    let trace = "Traceback (most recent call last):\n  File \"a.py\", line 1\nOSError: No space left on device\n";
    dir.write("x.log", format!("one\n{trace}two\nthree\n"));
    let text = dir.recheck(&["classify", "-C", "1", "x.log"]).out;
    let told = "    x.log:4  OSError: No space left on device\n      \
                3    File \"a.py\", line 1\n      5  two\n";
    assert!(text.contains(told), "{text}");
    assert!(!text.contains("Traceback") && !text.contains("three"), "{text}");
    let json = dir.recheck(&["classify", "-C", "1", "--format", "json", "x.log"]).out;
    let run = document::read(&json).runs.remove(0);
    let context = run.bugs[0].evidence[0].context.as_ref().expect("it was asked for");
    assert_eq!(
        (&context.before[..], &context.after[..]),
        (&["one".into()][..], &["two".into()][..])
    );
    let piped =
        dir.recheck_with(&["classify", "-C", "1", "-"], b"No space left on device\nafter\n");
    assert!(piped.out.contains("  2  after\n"), "{}", piped.out);
}
