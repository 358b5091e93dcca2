use super::*;

#[test]
fn exceptions_have_a_dotted_name() {
    for text in ["KeyError", "KeyError: 1", "a.b.C: x", "f.<locals>.E: 1", "_E:"] {
        assert!(is_exception(text.as_bytes()), "{text}");
    }
    for text in ["", "some text: x", "1: x", "+ echo", "http//x"] {
        assert!(!is_exception(text.as_bytes()), "{text}");
    }
}

#[test]
fn frames_are_told_from_prose() {
    for text in [
        "\tat a.B.c(B.java:1) ~[x.jar:1]",
        "    at f (/a.js:1:2)",
        "   at System.X.Y(String z) in C:\\f.cs:line 12",
        "    at file:///a.mjs:1:2",
        "    at <anonymous>",
        "\t... 12 more",
        "\t... 2 common frames omitted",
    ] {
        assert!(is_frame(text.as_bytes()), "{text}");
    }
    for text in ["at f (a:1)", "  at the end", "  ... more", "  attic (x)", ""] {
        assert!(!is_frame(text.as_bytes()), "{text}");
    }
}

/// What [`Shape`] promises, held against the machine itself: wherever some lines have led, a line
/// that surely begins an event joins nothing.
#[test]
fn sure_beginnings_join_no_state() {
    let texts: Vec<&[u8]> = [
        "Traceback (most recent call last):",
        "  Traceback (most recent call last):",
        "  File",
        "    x",
        "E: 1",
        "  E",
        "plain text",
        "",
        " ",
        "During handling of the above exception,",
        "\tat a.B(C.java:1)",
        "\t... 5 more",
        "Caused by: x",
        "panic: x",
        "fatal error: x",
        "goroutine 1 [running]:",
        "runtime stack:",
        "main.f(0x1)",
        "\t/a.go:1",
        "\tpanic: y",
        "created by x",
        "[signal x",
        "...additional frames elided...",
        "thread 'main' panicked at a.rs:1:2:",
        "thread 'main' panicked at 'x', a.rs:1",
        "note: x",
        "stack backtrace:",
        "  + Exception Group Traceback (most recent call last):",
        "  | x",
        "  +---",
    ]
    .map(str::as_bytes)
    .to_vec();
    for &first in &texts {
        reach(&texts, first, Fold::open(first), 4);
    }
}

/// Walks every way of up to `depth` joining lines.
fn reach(texts: &[&[u8]], before: &[u8], fold: Fold, depth: usize) {
    for &text in texts {
        let next = fold.step(text);
        if next != Step::Begin {
            let sure = Shape::of(text).surely_begins_behind(Shape::of(before));
            let shown = (String::from_utf8_lossy(before), String::from_utf8_lossy(text));
            assert!(!sure, "{shown:?} in {fold:?}");
        }
        if let Step::Join(next) | Step::JoinWithNext(next) = next
            && depth > 0
        {
            reach(texts, text, next, depth - 1);
        }
    }
}
