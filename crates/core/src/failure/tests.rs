use crate::matcher::{Haystack, Matcher};

use super::{
    FailureWeight, Signal, Tell,
    read::{Line, Said, matching, read, signals, texts},
    table::{CASES, SIGNALS},
};

/// The signal that a line is read as, when each text in it is looked for.
fn signal_of(line: &str) -> Vec<usize> {
    let places = (0..).zip(texts()).filter(|(_, wording)| line.contains(wording.text));
    places.filter_map(|(text, _)| Some(usize::from(matching(text, line)?.0))).collect()
}

fn told(signal: &Signal) -> bool {
    signal.weight != FailureWeight::Silent
}

#[test]
fn each_signal_takes_its_hit_and_not_its_miss() {
    assert_eq!(SIGNALS.len(), CASES.len());
    let mut wrong = Vec::new();
    for (index, (signal, case)) in SIGNALS.iter().zip(CASES).enumerate() {
        let text = signal.text.strip_prefix('^').unwrap_or(signal.text);
        if !case.hit.contains(text) || !signal_of(case.hit).contains(&index) {
            wrong.push(format!("{}: {:?} is not taken", case.source, case.hit));
        }
        if signal_of(case.miss).contains(&index) {
            wrong.push(format!("{}: {:?} is taken", case.source, case.miss));
        }
        if case.source.is_empty() || case.miss == case.hit {
            wrong.push(format!("{:?} has no source, or no near miss", signal.pattern));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_hit_is_told_on_one_line() {
    for (signal, case) in SIGNALS.iter().zip(CASES) {
        let line = Line {
            text: case.hit,
            node: Some("node"),
            next: &|| Some("next\r".to_owned()),
            last: &|| (1, "the\u{1b}[0m last".to_owned()),
            behind: &|_| vec!["{".to_owned(), "}".to_owned()],
        };
        let said = (0..).zip(texts()).filter(|(_, wording)| case.hit.contains(wording.text));
        let said: Vec<Said> = said.filter_map(|(text, _)| read(text, &line)).collect();
        if told(signal) && signal.tell != Tell::Task {
            let is_line = |said: &Said| match said {
                Said::Failure(failure) => {
                    !failure.message.trim().is_empty()
                        && !failure.message.contains(char::is_control)
                }
                Said::Task(_) => true,
            };
            assert!(!said.is_empty() && said.iter().all(is_line), "{:?}: {said:?}", case.hit);
        }
    }
}

#[test]
fn the_matcher_finds_each_text_where_it_is_written() {
    let (matcher, _) = Matcher::builder().failure_lines(true).build(&[]);
    let narrowed = matcher.narrow_nothing();
    let mut scratch = matcher.scratch();
    for (index, case) in CASES.iter().enumerate() {
        for prefix in ["", "2026-01-02 03:04:05.678901 | node | ", "2026-01-02T03:04:05.6789012Z "]
        {
            let block = format!("x\n{prefix}{}\ny\n", case.hit);
            matcher.find((&narrowed, true), Haystack::swept(block.as_bytes()), &mut scratch);
            let found = scratch.sightings().iter().flat_map(|sighting| signals(sighting.text));
            let found: Vec<u16> = found.collect();
            assert!(found.contains(&(index as u16)), "{:?} behind {prefix:?}", case.hit);
        }
    }
}

#[test]
fn ansible_tells_host_and_message() {
    let said = |text: &str| {
        let (next, last) = (|| None, || (0, String::new()));
        let line = Line { text, node: None, next: &next, last: &last, behind: &|_| Vec::new() };
        let all = (0..).zip(texts()).filter(|(_, wording)| text.contains(wording.text));
        let mut all = all.filter_map(|(text, _)| read(text, &line));
        match all.next() {
            Some(Said::Failure(failure)) => failure.message,
            other => format!("{other:?}"),
        }
    };
    assert_eq!(
        said(r#"fatal: [a]: FAILED! => {"msg": "non-zero return code", "stderr": "x: gone\ny"}"#),
        "a: non-zero return code: x: gone"
    );
    assert_eq!(
        said(
            r#"fatal: [a]: FAILED! => {"msg": "MODULE FAILURE", "module_stderr": "Traceback (most recent call last):\n  File\nKeyError: 'x'\n"}"#
        ),
        "a: MODULE FAILURE: KeyError: 'x'"
    );
    assert_eq!(said(r#"fatal: [a]: FAILED! => {"msg": "No "#), "a: failed");
}
