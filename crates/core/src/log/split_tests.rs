use proptest::prelude::*;

use super::*;

pub(in crate::log) const FORMATS: [LogFormat; 11] = [
    LogFormat::Plain,
    LogFormat::ZuulConsole,
    LogFormat::OsloLog,
    LogFormat::Syslog,
    LogFormat::ApacheError,
    LogFormat::ApacheAccess,
    LogFormat::GithubActions,
    LogFormat::Jenkins,
    LogFormat::Taskcluster,
    LogFormat::GitlabCi,
    LogFormat::Klog,
];

fn partition(splitter: &Splitter, block: &[u8]) -> Vec<Range<usize>> {
    let mut cursor = splitter.cursor(block);
    std::iter::from_fn(|| cursor.next_event()).collect()
}

#[track_caller]
fn check(format: LogFormat, log: &str, expected: &[&str]) {
    let splitter = Splitter::new(format, Profile::Records);
    let events: Vec<&str> =
        partition(&splitter, log.as_bytes()).into_iter().map(|range| &log[range]).collect();
    assert_eq!(events, expected);
    check_consistent(&splitter, log.as_bytes());
}

/// The partition covers the block, and every other way to the events agrees with it.
#[track_caller]
fn check_consistent(splitter: &Splitter, block: &[u8]) {
    let events = partition(splitter, block);
    let mut end = 0;
    for event in &events {
        assert_eq!(event.start, end);
        assert!(event.end > event.start && event.len() <= splitter.max_event);
        end = event.end;
    }
    assert_eq!(end, block.len());
    assert_eq!(splitter.count_events(block), events.len() as u64);
}

/// Reads a stream through buffers of this size, as the scan does.
fn partition_in_blocks(splitter: &Splitter, stream: &[u8], size: usize) -> Vec<Range<usize>> {
    let mut events = Vec::new();
    let (mut start, mut end) = (0, 0);
    loop {
        end = (end + size).min(stream.len());
        let last = end == stream.len();
        loop {
            let ready = splitter.complete(&stream[start..end], last);
            let block = &stream[start..start + ready];
            let ranges = partition(splitter, block);
            events.extend(ranges.into_iter().map(|range| range.start + start..range.end + start));
            start += ready;
            if ready == 0 {
                break;
            }
        }
        if last {
            assert_eq!(start, stream.len());
            return events;
        }
    }
}

#[test]
fn plain_lines_are_events() {
    check(LogFormat::Plain, "a\n\n  b\nc", &["a\n", "\n", "  b\n", "c"]);
}

#[test]
fn python_tracebacks_are_folded() {
    check(
        LogFormat::Plain,
        "x\nTraceback (most recent call last):\n  File \"a\", line 1, in f\n    g()\n\
         KeyError: 1\nx: y\n",
        &[
            "x\n",
            "Traceback (most recent call last):\n  File \"a\", line 1, in f\n    g()\nKeyError: 1\n",
            "x: y\n",
        ],
    );
}

#[test]
fn chained_tracebacks_are_one_event() {
    let one = "Traceback (most recent call last):\n  File \"a\"\na.B: 1\n\nDuring handling of the \
               above exception, another exception occurred:\n\nTraceback (most recent call \
               last):\n  File \"b\"\nC\n";
    check(LogFormat::Plain, &format!("{one}\nx\n"), &[one, "\n", "x\n"]);
}

#[test]
fn tracebacks_behind_a_console_prefix_are_folded() {
    let stamp = "2022-02-28 09:44:58.839036 | node | ";
    let lines = |texts: &[&str]| -> String {
        texts.iter().map(|text| format!("{stamp}{text}\n")).collect()
    };
    let traceback = ["  Traceback (most recent call last):", "    File \"a\"", "  E: 1"];
    check(
        LogFormat::ZuulConsole,
        &lines(&["a", traceback[0], traceback[1], traceback[2], "b"]),
        &[&lines(&["a"]), &lines(&traceback), &lines(&["b"])],
    );
    let other = "2022-02-28 09:44:58.839036 | other |   File \"b\"\n";
    check(
        LogFormat::ZuulConsole,
        &format!("{}{other}", lines(&["Traceback (most recent call last):"])),
        &[&lines(&["Traceback (most recent call last):"]), other],
    );
}

#[test]
fn jvm_and_javascript_stacks_are_folded() {
    let java = "java.io.IOException: no\n\tat a.B.c(B.java:1)\n\t... 5 more\nCaused by: x.Y: \
                z\n\tat a.B.d(B.java:2)\n";
    check(LogFormat::Plain, &format!("x\n{java}y\n"), &["x\n", java, "y\n"]);
    let node = "TypeError: no\n    at f (/a.js:1:2)\n    at async g (b.js:3:4)\n    at /c.js:5:6\n";
    check(LogFormat::Plain, &format!("{node}    at last\n"), &[node, "    at last\n"]);
}

#[test]
fn go_panics_are_folded() {
    let go = "panic: no\n[signal SIGSEGV: x]\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:1 \
              +0x1\nmain.main()\n\t/a.go:2 +0x2\n\ngoroutine 2 [select]:\ncreated by \
              main.x\n\t/a.go:3\n";
    check(LogFormat::Plain, &format!("{go}exit status 2\n"), &[go, "exit status 2\n"]);
}

#[test]
fn rust_panics_are_folded() {
    let rust = "thread 'main' panicked at src/main.rs:2:5:\nassertion `left == right` failed\n  \
                left: 1\n right: 2\nstack backtrace:\n   0: f\n             at ./a.rs:1:2\nnote: \
                Some details\n";
    check(LogFormat::Plain, &format!("{rust}x\n"), &[rust, "x\n"]);
}

#[test]
fn oslo_exceptions_belong_to_their_record() {
    let stamp = "2013-10-18 17:39:43.967 2625 ";
    let old = format!(
        "{stamp}WARNING a.b [-] failed\n{stamp}TRACE a.b Traceback (most recent call \
         last):\n{stamp}TRACE a.b   File\n{stamp}TRACE a.b E: 1\n{stamp}TRACE a.b\n"
    );
    let new = format!(
        "{stamp}ERROR a.b [req-1 u] failed\n{stamp}ERROR a.b Traceback (most recent call \
         last):\n{stamp}ERROR a.b E: 1\nwrapped\n"
    );
    let alone = format!("{stamp}ERROR a.c without context\n");
    let info = format!("{stamp}INFO a.b [-] fine\n");
    check(
        LogFormat::OsloLog,
        &[old.as_str(), &new, &alone, &alone, &info].concat(),
        &[&old, &new, &alone, &alone, &info],
    );
}

#[test]
fn lines_without_prefix_belong_to_a_record() {
    check(
        LogFormat::Syslog,
        "Oct 18 17:39:43 host a[1]: x\nwrapped\n\nOct 18 17:39:44 host a[1]: y\n",
        &["Oct 18 17:39:43 host a[1]: x\nwrapped\n\n", "Oct 18 17:39:44 host a[1]: y\n"],
    );
}

#[test]
fn a_gitlab_line_goes_on() {
    check(
        LogFormat::GitlabCi,
        "2024-01-01T00:00:00.000000Z 00O a\n2024-01-01T00:00:00.000000Z 00O+b\n\
         2024-01-01T00:00:00.000000Z 00O c\n",
        &[
            "2024-01-01T00:00:00.000000Z 00O a\n2024-01-01T00:00:00.000000Z 00O+b\n",
            "2024-01-01T00:00:00.000000Z 00O c\n",
        ],
    );
}

#[test]
fn lines_are_events_in_the_other_profile() {
    let splitter = Splitter::new(LogFormat::Plain, Profile::Lines);
    let block = b"Traceback (most recent call last):\n  File\n\nE: 1";
    assert_eq!(partition(&splitter, block), [0..35, 35..42, 42..43, 43..47]);
    check_consistent(&splitter, block);
}

#[test]
fn an_event_is_bounded() {
    let splitter = Splitter::new(LogFormat::Plain, Profile::Records).with_max_event(16);
    let block = "012345678901234äöü\nTraceback (most recent call last):\n".as_bytes();
    let events = partition(&splitter, block);
    assert_eq!(events[..2], [0..15, 15..22], "cut at a character");
    let count = splitter.count(block);
    assert_eq!((count.events, count.cut), (5, 2));
    check_consistent(&splitter, block);
    let mut cursor = splitter.cursor(block);
    assert_eq!(cursor.event_at(3), 0..15);
    assert_eq!(cursor.event_at(16), 15..22);
    assert!(splitter.is_cut(&(0..16)) && !splitter.is_cut(&(15..22)));
}

#[test]
fn a_long_record_is_cut_behind_a_line() {
    let splitter = Splitter::new(LogFormat::Syslog, Profile::Records).with_max_event(64);
    let block = format!("Oct 18 17:39:43 host a[1]: x\n{}", "wrapped line\n".repeat(9));
    let lengths: Vec<usize> =
        partition(&splitter, block.as_bytes()).iter().map(ExactSizeIterator::len).collect();
    assert_eq!(lengths, [55, 52, 39]);
}

#[test]
fn a_line_far_too_long_is_let_go_in_pieces() {
    let splitter = Splitter::new(LogFormat::Plain, Profile::Records);
    let buffer = vec![b'x'; 2 * MAX_EVENT + 10];
    assert_eq!(splitter.complete(&buffer, false), MAX_EVENT);
    assert_eq!(splitter.complete(&buffer[..MAX_EVENT], false), 0);
    let splitter = Splitter::new(LogFormat::Plain, Profile::Lines);
    assert_eq!(splitter.complete(&buffer, false), MAX_EVENT);
    assert_eq!(splitter.count(&buffer), EventCount { events: 3, cut: 2 });
}

/// Texts that the folds care for.
const TEXTS: &[&str] = &[
    "Traceback (most recent call last):",
    "  Traceback (most recent call last):",
    "  File \"a.py\", line 1",
    "    call()",
    "KeyError: 'x'",
    "  KeyError",
    "text of a line",
    "name: value",
    "",
    " ",
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
    "\tat a.B.c(B.java:1)",
    "\t... 5 more",
    "Caused by: a.B: c",
    "panic: no",
    "fatal error: all goroutines are asleep",
    "goroutine 1 [running]:",
    "main.f(0x1)",
    "\t/a.go:1 +0x1",
    "created by main.main",
    "[signal SIGSEGV]",
    "thread 'main' panicked at src/main.rs:2:5:",
    "thread 'main' panicked at 'no', src/main.rs:2:5",
    "note: run with",
    "stack backtrace:",
    "   0: frame",
    "  + Exception Group Traceback (most recent call last):",
    "  | E (2 sub-exceptions)",
    "[-] with context",
    "[req-1 u p] with context",
    "a very long line, longer than all others, with an umlaut ä and what not in it: äöüäöüäöü",
];

const PREFIXES: &[&str] = &[
    "",
    "2022-02-28 09:44:58.839036 | node | ",
    "2022-02-28 09:44:58.839036 | ",
    "2013-10-18 17:39:43.967 2625 TRACE a.b ",
    "2013-10-18 17:39:43.967 2625 ERROR a.b ",
    "2013-10-18 17:39:43.967 2625 ERROR a.c ",
    "2013-10-18 17:39:43.967 2625 INFO a.b ",
    "Oct 18 17:39:43 host a[1]: ",
    "Oct 18 17:39:43 host a[1]: ERROR a.b ",
    "2024-01-01T00:00:00.0000000Z ",
    "2024-01-01T00:00:00.000000Z 00O ",
    "2024-01-01T00:00:00.000000Z 00O+",
    "[task 2025-02-14T10:05:36.361Z] ",
    "00:00:01 ",
    "E0102 15:04:05.000000   1 file.go:10] ",
];

pub(in crate::log) fn log() -> impl Strategy<Value = String> {
    let line =
        (prop::sample::select(PREFIXES), prop::sample::select(TEXTS), any::<prop::sample::Index>());
    (prop::sample::select(PREFIXES), prop::collection::vec(line, 0..40), any::<bool>()).prop_map(
        |(main, lines, ends)| {
            let mut log = String::new();
            for (other, text, chance) in lines {
                let prefix = if chance.index(4) == 0 { other } else { main };
                log.push_str(prefix);
                log.push_str(text);
                log.push('\n');
            }
            if !ends {
                log.pop();
            }
            log
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_way_to_the_events_agrees(
        log in log(),
        format in prop::sample::select(&FORMATS[..]),
        records in any::<bool>(),
        max_event in prop_oneof![Just(MAX_EVENT), 16_usize..400],
        size in 1_usize..300,
        positions in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let profile = if records { Profile::Records } else { Profile::Lines };
        let splitter = Splitter::new(format, profile).with_max_event(max_event);
        let log = log.as_bytes();
        check_consistent(&splitter, log);
        let events = partition(&splitter, log);
        prop_assert_eq!(&partition_in_blocks(&splitter, log, size), &events);
        if log.is_empty() {
            return Ok(());
        }
        let mut positions: Vec<usize> = positions.iter().map(|index| index.index(log.len())).collect();
        positions.sort_unstable();
        let mut cursor = splitter.cursor(log);
        for position in positions {
            let event = cursor.event_at(position);
            prop_assert!(events.contains(&event), "{event:?} at {position}");
            prop_assert!(event.contains(&position));
        }
        // And from any one position, without what a cursor remembers.
        for position in (0..log.len()).step_by(7) {
            let event = splitter.cursor(log).event_at(position);
            prop_assert!(events.contains(&event) && event.contains(&position), "{event:?}");
        }
    }

    #[test]
    fn any_bytes_are_split(
        log in prop::collection::vec(prop::sample::select(&b"\n \tTa)(:|\xc3\xa9\xff"[..]), 0..200),
        format in prop::sample::select(&FORMATS[..]),
        size in 1_usize..60,
    ) {
        let splitter = Splitter::new(format, Profile::Records).with_max_event(24);
        check_consistent(&splitter, &log);
        prop_assert_eq!(partition_in_blocks(&splitter, &log, size), partition(&splitter, &log));
    }
}
