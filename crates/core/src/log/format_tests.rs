use super::*;

/// What a line's head tells: text, stamp, level, module, program, node, pid.
type Told<'a> = [&'a str; 7];

#[track_caller]
fn check(format: LogFormat, line: &str, expected: Told<'_>) {
    let head = format.head(line.as_bytes()).expect("the line has the format's prefix");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let told = [
        line[head.len..].to_owned(),
        text(head.stamp),
        text(head.level),
        text(head.module),
        text(head.program),
        text(head.node),
        text(head.pid),
    ];
    assert_eq!(told, expected);
    assert_eq!(LogFormat::detect(format!("{line}\n").as_bytes()), format);
    // No prefix of a line makes the reading fail.
    for end in 0..line.len() {
        if let Some(head) = format.head(&line.as_bytes()[..end]) {
            assert!(head.len <= end);
        }
    }
}

#[test]
fn zuul() {
    use LogFormat::ZuulConsole as Format;
    let stamp = "2022-02-28 09:44:58.839036";
    check(Format, &format!("{stamp} | node | x | y"), ["x | y", stamp, "", "", "", "node", ""]);
    check(Format, &format!("{stamp} | TASK [a | b]"), ["TASK [a | b]", stamp, "", "", "", "", ""]);
    check(Format, &format!("{stamp} | "), ["", stamp, "", "", "", "", ""]);
    check(Format, &format!("{stamp} |"), ["", stamp, "", "", "", "", ""]);
    check(Format, &format!("{stamp} | node |"), ["", stamp, "", "", "", "node", ""]);
    let stamp = "2014-11-25 00:49:21.685";
    check(Format, &format!("{stamp} | id | name"), ["id | name", stamp, "", "", "", "", ""]);
}

#[test]
fn oslo() {
    use LogFormat::OsloLog as Format;
    let stamp = "2013-10-18 17:39:43.967";
    check(
        Format,
        &format!("{stamp} 2625 ERROR nova.api [-] x"),
        ["[-] x", stamp, "ERROR", "nova.api", "", "", "2625"],
    );
    check(Format, &format!("{stamp} INFO a.b"), ["", stamp, "INFO", "a.b", "", "", ""]);
    check(
        Format,
        "Jan 02 15:04:05.123456 host devstack@n-cpu.service[12]: WARNING a.b [None req-1 a b] x",
        [
            "[None req-1 a b] x",
            "Jan 02 15:04:05.123456",
            "WARNING",
            "a.b",
            "devstack@n-cpu.service",
            "host",
            "12",
        ],
    );
}

#[test]
fn syslog() {
    use LogFormat::Syslog as Format;
    check(
        Format,
        "Oct  8 17:39:43 ubuntu proxy-server: 1.2.3.4 x",
        ["1.2.3.4 x", "Oct  8 17:39:43", "", "", "proxy-server", "ubuntu", ""],
    );
    check(
        Format,
        "<34>Oct 18 17:39:43 h sshd[12]: x",
        ["x", "Oct 18 17:39:43", "", "", "sshd", "h", "12"],
    );
    check(
        Format,
        "Oct 18 17:39:43 h -- MARK --",
        ["-- MARK --", "Oct 18 17:39:43", "", "", "", "h", ""],
    );
    check(
        Format,
        "2024-01-01T00:00:00.123+00:00 h kernel: [ 1.2] x",
        ["[ 1.2] x", "2024-01-01T00:00:00.123+00:00", "", "", "kernel", "h", ""],
    );
    check(
        Format,
        r#"<165>1 2003-10-11T22:14:15.003Z h app 7 ID47 [a@1 k="v]\"" l="w"][b] x"#,
        ["x", "2003-10-11T22:14:15.003Z", "", "", "app", "h", "7"],
    );
    check(Format, "<34>1 - - su - - - x", ["x", "", "", "", "su", "", ""]);
}

#[test]
fn apache() {
    check(
        LogFormat::ApacheError,
        "[Wed Oct 11 14:32:52.123456 2023] [core:error] [pid 1:tid 2] [client 1.2.3.4:5] x [y z]",
        ["x [y z]", "Wed Oct 11 14:32:52.123456 2023", "error", "core", "", "", "1:tid 2"],
    );
    check(
        LogFormat::ApacheError,
        "[Sun Oct 20 10:00:00 2013] [warn] x",
        ["x", "Sun Oct 20 10:00:00 2013", "warn", "", "", "", ""],
    );
    let line = r#"1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326"#;
    check(
        LogFormat::ApacheAccess,
        line,
        [line, "10/Oct/2000:13:55:36 -0700", "", "", "", "1.2.3.4", ""],
    );
}

#[test]
fn github() {
    use LogFormat::GithubActions as Format;
    let stamp = "2024-01-01T00:00:00.0000000Z";
    check(Format, &format!("{stamp} x"), ["x", stamp, "", "", "", "", ""]);
    check(Format, &format!("{stamp} ##[error]x"), ["##[error]x", stamp, "ERROR", "", "", "", ""]);
    check(
        Format,
        &format!("build (1)\tRun tests\t\u{feff}{stamp} ##[warning]x"),
        ["##[warning]x", stamp, "WARNING", "Run tests", "", "build (1)", ""],
    );
}

#[test]
fn gitlab() {
    let stamp = "2024-01-01T00:00:00.000000Z";
    let format = LogFormat::GitlabCi;
    check(format, &format!("{stamp} 00O x"), ["x", stamp, "", "", "", "", ""]);
    check(format, &format!("{stamp} 01E+x"), ["x", stamp, "", "", "", "", ""]);
    check(format, &format!("{stamp} 01E"), ["", stamp, "", "", "", "", ""]);
}

#[test]
fn jenkins() {
    let format = LogFormat::Jenkins;
    check(
        format,
        "[2024-01-01T00:00:00.000Z] x",
        ["x", "2024-01-01T00:00:00.000Z", "", "", "", "", ""],
    );
    check(format, "00:00:01 x", ["x", "00:00:01", "", "", "", "", ""]);
    check(format, "00:00:01     INFO -   x", [" x", "00:00:01", "INFO", "", "", "", ""]);
}

#[test]
fn taskcluster() {
    let format = LogFormat::Taskcluster;
    let stamp = "2025-02-14T10:05:36.361Z";
    check(format, &format!("[vcs {stamp}] x"), ["x", stamp, "", "vcs", "", "", ""]);
    check(
        format,
        &format!("[task {stamp}] 10:07:59     INFO - x"),
        ["x", stamp, "INFO", "task", "", "", ""],
    );
    let stamp = "2025-02-14 10:04:47.321Z";
    check(format, &format!("[taskcluster {stamp}] x"), ["x", stamp, "", "taskcluster", "", "", ""]);
}

#[test]
fn klog() {
    check(
        LogFormat::Klog,
        "E0102 15:04:05.000000   17 file.go:10] x",
        ["x", "0102 15:04:05.000000", "ERROR", "file.go:10", "", "", "17"],
    );
}

#[test]
fn other_lines_have_no_prefix() {
    for line in ["", "x", "2022-02-28", "12:00", "[x] y", "Oct 18", "E0102", "<34>", "1.2.3.4 - -"]
    {
        for format in FORMATS {
            assert!(format.head(line.as_bytes()).is_none(), "{line} {format:?}");
        }
        assert_eq!(LogFormat::detect(line.as_bytes()), LogFormat::Plain);
    }
}

#[test]
fn the_majority_decides() {
    let stamped = "2022-02-28 09:44:58.839036 | node | x\n";
    let mixed = |count: usize| stamped.repeat(count) + &"plain\n".repeat(10);
    assert_eq!(LogFormat::detect(mixed(10).as_bytes()), LogFormat::ZuulConsole);
    assert_eq!(LogFormat::detect(mixed(9).as_bytes()), LogFormat::Plain);
    let record = "Oct 18 17:39:43 host a[1]: x\n".to_owned() + &"wrapped\n".repeat(7);
    assert_eq!(LogFormat::detect(record.as_bytes()), LogFormat::Syslog);
    assert_eq!(LogFormat::detect(b"\n\n"), LogFormat::Plain);
}
