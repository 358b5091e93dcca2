use super::*;
use crate::log::Profile;

#[track_caller]
fn message(format: LogFormat, raw: &[u8]) -> String {
    Splitter::new(format, Profile::Records).read_record(raw).message.into_owned()
}

#[test]
fn the_prefix_is_no_message() {
    let raw = b"2022-02-28 09:44:58.839036 | node | a | b\n";
    let splitter = Splitter::new(LogFormat::ZuulConsole, Profile::Records);
    let record = splitter.read_record(raw);
    assert_eq!(record.message, "a | b");
    assert_eq!(record.node, Some("node"));
    assert_eq!(record.stamp, Some("2022-02-28 09:44:58.839036"));
    assert_eq!((record.lines, record.loglevel), (1, None));
    assert!(matches!(record.message, std::borrow::Cow::Borrowed(_)));
}

#[test]
fn a_folded_event_has_no_prefixes() {
    let raw = "2022-02-28 09:44:58.839036 | node | Traceback (most recent call last):\n\
               2022-02-28 09:44:58.839036 | node |   File\n";
    assert_eq!(
        message(LogFormat::ZuulConsole, raw.as_bytes()),
        "Traceback (most recent call last):\n  File"
    );
}

#[test]
fn oslo_keeps_the_following_lines() {
    let raw = b"2013-10-18 17:39:43.967 2625 WARNING a.b [-] x\n\
                2013-10-18 17:39:43.967 2625 TRACE a.b Traceback";
    assert_eq!(
        message(LogFormat::OsloLog, raw),
        "[-] x\n2013-10-18 17:39:43.967 2625 TRACE a.b Traceback"
    );
}

#[test]
fn lines_without_prefix_stay() {
    assert_eq!(message(LogFormat::Syslog, b"Oct 18 17:39:43 h a[1]: x\n  y\n\n"), "x\n  y\n");
    assert_eq!(message(LogFormat::Plain, b"  x\n"), "  x");
    assert_eq!(message(LogFormat::ZuulConsole, b"\n"), "");
}

#[test]
fn a_gitlab_line_is_put_together() {
    let raw = b"2024-01-01T00:00:00.000000Z 00O a\n2024-01-01T00:00:00.000000Z 00O+b\n";
    assert_eq!(message(LogFormat::GitlabCi, raw), "ab");
}

#[test]
fn invalid_utf8_is_replaced() {
    assert_eq!(message(LogFormat::Plain, b"a\xffb\n"), "a\u{fffd}b");
    let raw = b"Oct 18 17:39:43 h a[1]: x\xc3\ny\n";
    assert_eq!(message(LogFormat::Syslog, raw), "x\u{fffd}\ny");
    let raw = b"2013-10-18 17:39:43.967 2625 INFO a.b [-] \xf0\x9f\nx\n";
    assert_eq!(message(LogFormat::OsloLog, raw), "[-] \u{fffd}\nx");
}

#[test]
fn fields_are_answered() {
    let raw = b"Oct 18 17:39:43 ubuntu proxy-server[12]: x\n";
    let splitter = Splitter::new(LogFormat::Syslog, Profile::Records);
    let mut record = splitter.read_record(raw);
    let value =
        |record: &Record<'_>, field: &str| record.values(field).iter().next().map(str::to_owned);
    assert_eq!(value(&record, "syslog_program").as_deref(), Some("proxy-server"));
    assert_eq!(value(&record, "syslog_host").as_deref(), Some("ubuntu"));
    assert_eq!(value(&record, "pid").as_deref(), Some("12"));
    assert_eq!(value(&record, "message").as_deref(), Some("x"));
    assert_eq!(value(&record, "loglevel"), None);
    assert_eq!(value(&record, "@timestamp"), None);
    record.resolve_time(&TimeContext { year: Some(2013), ..TimeContext::default() });
    assert_eq!(value(&record, "@timestamp").as_deref(), Some("2013-10-18T17:39:43.000Z"));
}
