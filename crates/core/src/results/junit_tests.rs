use super::*;

fn read_all(xml: &[u8]) -> (Vec<Fields>, Result<(), ResultsError>) {
    let mut events = Vec::new();
    let outcome = read(&mut &xml[..], &mut |event| {
        events.push(event);
        true
    });
    (events, outcome)
}

/// The id, the status and the message of each test.
fn tests(xml: &str) -> Vec<(String, String, String)> {
    let (events, outcome) = read_all(xml.as_bytes());
    outcome.unwrap_or_else(|error| panic!("{xml}: {error}"));
    let get = |event: &Fields, field| event.first(field).unwrap_or_default().to_owned();
    events
        .iter()
        .map(|event| (get(event, "test_id"), get(event, "test_status"), get(event, "message")))
        .collect()
}

#[track_caller]
fn check(xml: &str, expected: &[(&str, &str, &str)]) {
    let found = tests(xml);
    let found: Vec<_> =
        found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn files_are_recognised() {
    for xml in [
        "<testsuites>",
        "<testsuite name='x'>",
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- by x -->\n<testsuites/>",
        "<!DOCTYPE x>\n <testsuite\n",
    ] {
        assert!(detect(xml.as_bytes()), "{xml}");
    }
    for other in ["", "<", "<testsuitess>", "<html><testsuite>", "x <testsuite>", "<?xml", "<!--"] {
        assert!(!detect(other.as_bytes()), "{other}");
    }
}

#[test]
fn outcomes() {
    check(
        r#"<testsuites><testsuite name="s">
          <testcase classname="a.B" name="test_ok" time="0.1"/>
          <testcase classname="a.B" name="test_bad"><failure message="1 != 2" type="AssertionError">Traceback
File "x"</failure></testcase>
          <testcase classname="a.B" name="test_err"><error type="E"><![CDATA[a < b]]></error></testcase>
          <testcase classname="a.B" name="test_skip"><skipped message="no disk"/></testcase>
          <testcase classname="a.B" name="test_out"><system-out>noise</system-out><properties><property name="x"/></properties></testcase>
        </testsuite></testsuites>"#,
        &[
            ("a.B.test_ok", "passed", ""),
            ("a.B.test_bad", "failed", "1 != 2\nTraceback\nFile \"x\""),
            ("a.B.test_err", "error", "E\na < b"),
            ("a.B.test_skip", "skipped", "no disk"),
            ("a.B.test_out", "passed", ""),
        ],
    );
}

#[test]
fn what_reruns_say() {
    check(
        r#"<testsuite><testcase name="f"><flakyFailure message="once"><stackTrace>at x</stackTrace></flakyFailure></testcase>
          <testcase name="g"><failure message="one"/><rerunFailure message="two"/></testcase>
          <testcase name="h"><error message="one"/><failure message="two"/></testcase></testsuite>"#,
        &[("f", "flaky", "once"), ("g", "failed", "one\ntwo"), ("h", "failed", "one\ntwo")],
    );
}

#[test]
fn names() {
    check(
        r#"<testsuite><testcase name="a.b"/><testcase classname="a" name="a.b"/>
           <testcase classname="a" name="ab"/><testcase classname="a"/><testcase/>
           <testcase classname="tempest.T" name="test_x[id-1,smoke]"/></testsuite>"#,
        &[
            ("a.b", "passed", ""),
            ("a.b", "passed", ""),
            ("a.ab", "passed", ""),
            ("a", "passed", ""),
            ("unnamed", "passed", ""),
            ("tempest.T.test_x[id-1,smoke]", "passed", ""),
        ],
    );
}

#[test]
fn a_message_is_not_told_twice() {
    check(
        "<testsuite><testcase name='a'><failure message='boom'>E: boom\n at x</failure></testcase></testsuite>",
        &[("a", "failed", "E: boom\n at x")],
    );
}

#[test]
fn a_suite_may_fail_by_itself() {
    check(
        "<testsuite name='setup'><error message='no network'/><testcase name='a'/></testsuite>",
        &[("setup", "error", "no network"), ("a", "passed", "")],
    );
}

#[test]
fn entities_are_not_expanded() {
    check(
        r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
           <testsuite><testcase name="&b;&lt;"><failure message="&#65;&b;">x &amp; &#x41; &b;</failure></testcase></testsuite>"#,
        &[("&b;&lt;", "failed", "&#65;&b;\nx & A &b;")],
    );
}

#[test]
fn times_are_those_of_the_test_or_its_suite() {
    let xml = r#"<testsuites><testsuite timestamp="2024-05-01T10:00:00"><testcase name="a"/>
        <testcase name="b" timestamp="2024-05-01T10:00:05Z"/><testsuite><testcase name="c"/></testsuite>
        </testsuite><testsuite><testcase name="d"/></testsuite></testsuites>"#;
    let (events, outcome) = read_all(xml.as_bytes());
    outcome.unwrap();
    let times: Vec<_> = events.iter().map(|event| event.first("@timestamp")).collect();
    let suite = Some("2024-05-01T10:00:00");
    assert_eq!(times, [suite, Some("2024-05-01T10:00:05Z"), suite, None]);
}

#[test]
fn what_is_cut_or_broken_is_told_with_its_line() {
    let start = "<testsuite>\n<testcase name='a'><failure/></testcase>\n";
    for (rest, told) in [
        ("<testcase name='b'>\n", "line 4: the file ends too early"),
        ("<testca", "line 3: the file ends too early"),
        ("</testcase>", "line 3: this is not XML"),
    ] {
        let (events, outcome) = read_all(format!("{start}{rest}").as_bytes());
        assert_eq!(events.len(), 1, "{rest}");
        let error = outcome.unwrap_err().to_string();
        assert!(error.starts_with(told), "{rest}: {error}");
    }
    let (_, outcome) = read_all(b"");
    assert!(matches!(outcome.unwrap_err().kind, ResultsErrorKind::Truncated));
}

#[test]
fn bytes_that_are_no_utf8_are_replaced() {
    let xml = b"<testsuite><testcase name='a\xff'><failure>b\xffc</failure></testcase></testsuite>";
    let (events, outcome) = read_all(xml);
    outcome.unwrap();
    assert_eq!(events[0].first("test_id"), Some("a\u{fffd}"));
    assert_eq!(events[0].first("message"), Some("b\u{fffd}c"));
}

#[test]
fn hostile_files_are_bounded() {
    let (_, outcome) = read_all("<testsuite>".repeat(300).as_bytes());
    assert!(outcome.unwrap_err().to_string().contains("a nesting of elements of more than 256"));
    let long = format!("<testsuite><testcase name='a'/>{}", "x".repeat(34 << 20));
    let (events, outcome) = read_all(long.as_bytes());
    assert_eq!(events.len(), 1);
    assert!(outcome.unwrap_err().to_string().contains("a tag or a text of more than 32 MiB"));
    // A test's text may come in any number of pieces.
    let failure = "<failure>x<!-- -->".to_owned() + &"y<!-- -->".repeat(2 << 20) + "</failure>";
    let xml = format!("<testsuite><testcase name='a'>{failure}</testcase></testsuite>");
    let (events, outcome) = read_all(xml.as_bytes());
    outcome.unwrap();
    assert_eq!(events[0].first("message").unwrap().len(), crate::log::MAX_EVENT + 1);
}
