use super::*;

fn read_all(json: &[u8]) -> (Vec<Fields>, Result<(), ResultsError>) {
    let mut events = Vec::new();
    let outcome = read(&mut &json[..], &mut |event| {
        events.push(event);
        true
    });
    (events, outcome)
}

fn events(json: &str) -> Vec<Fields> {
    let (events, outcome) = read_all(json.as_bytes());
    outcome.unwrap();
    events
}

/// A file of one playbook with one task and these results on its hosts.
fn one_task(hosts: &str) -> String {
    format!(
        r#"[{{"branch": "master", "index": "0", "phase": "run", "playbook": "p/run.yaml",
            "plays": [{{"play": {{"name": "all"}}, "tasks": [{{"hosts": {hosts},
            "task": {{"name": "Build", "duration": {{"end": "2024-05-01T10:00:00.5Z"}}}}}}]}}],
            "stats": {{}}, "trusted": false}}]"#
    )
}

#[test]
fn a_failed_task_is_an_event() {
    let json = one_task(
        r#"{"a": {"failed": false, "msg": "fine"},
            "b": {"action": "command", "cmd": ["make"], "failed": true, "msg": "non-zero return code",
                  "rc": 2, "stderr": "cc: not found\n", "stdout": "making\n", "stdout_lines": ["making"]},
            "c": {"unreachable": true, "msg": "Failed to connect to the host via ssh"}}"#,
    );
    assert!(detect(json.as_bytes()));
    let events = events(&json);
    assert_eq!(events.len(), 2);
    let message = "non-zero return code\ncc: not found\nmaking";
    let expected = [
        ("message", message),
        ("host", "b"),
        ("task", "Build"),
        ("play", "all"),
        ("playbook", "p/run.yaml"),
        ("phase", "run"),
        ("task_status", "failed"),
        ("action", "command"),
        ("@timestamp", "2024-05-01T10:00:00.5Z"),
    ];
    for (field, value) in expected {
        assert_eq!(events[0].first(field), Some(value), "{field}");
    }
    assert_eq!(events[1].first("host"), Some("c"));
    assert_eq!(events[1].first("task_status"), Some("unreachable"));
    assert_eq!(events[1].first("message"), Some("Failed to connect to the host via ssh"));
}

#[test]
fn names_may_stand_behind_what_they_name() {
    let json = r#"[{"plays": [{"tasks": [{"task": {"name": "t"}, "hosts": {"h": {"failed": true, "msg": "x"}}}],
        "play": {"name": "all"}}], "playbook": "p.yaml", "phase": "post"}]"#;
    let events = events(json);
    let told: Vec<_> = ["task", "play", "playbook", "phase"]
        .iter()
        .map(|field| events[0].first(field).unwrap())
        .collect();
    assert_eq!(told, ["t", "all", "p.yaml", "post"]);
}

#[test]
fn a_loop_tells_the_items_that_failed() {
    let json = one_task(
        r#"{"h": {"failed": true, "msg": "One or more items failed", "results": [
            {"failed": false, "msg": "fine"}, {"failed": true, "msg": "no such package", "item": 1},
            {"failed": true, "msg": ["two", 2, null, "lines"]}]}}"#,
    );
    let message = "One or more items failed\nno such package\ntwo\n2\nlines";
    assert_eq!(events(&json)[0].first("message"), Some(message));
}

#[test]
fn a_playbook_that_was_stopped_is_an_event() {
    let json = r#"[{"phase": "run", "playbook": "p.yaml", "plays": [{"play": {"name":
        "This playbook timed out.", "duration": {"end": "2026-11-24T11:17:21.648114+00:00"}},
        "tasks": []}], "stats": {}}]"#;
    let events = events(json);
    assert_eq!(events[0].first("message"), Some("This playbook timed out."));
    assert_eq!(events[0].first("@timestamp"), Some("2026-11-24T11:17:21.648114+00:00"));
    assert_eq!(events[0].first("playbook"), Some("p.yaml"));
}

#[test]
fn the_end_of_long_output_is_kept() {
    let output = format!("{}the last words", "noise\\n".repeat(100_000));
    let json =
        one_task(&format!(r#"{{"h": {{"failed": true, "msg": "m", "stdout": "{output}"}}}}"#));
    let events = events(&json);
    let message = events[0].first("message").unwrap();
    assert!(message.starts_with("m\nnoise\n") && message.ends_with("the last words"));
    assert!(message.len() < 70_000);
}

#[test]
fn odd_values_are_passed_over() {
    for result in [
        "null",
        "true",
        "7",
        "-7",
        "1.5",
        "\"x\"",
        "[1, [2]]",
        r#"{"failed": "yes"}"#,
        r#"{"failed": true, "msg": {"a": [1]}, "results": {"x": 1}}"#,
        r#"{"failed": true, "stdout": null, "stderr": 5, "action": [], "results": "x"}"#,
    ] {
        let (_, outcome) = read_all(one_task(&format!(r#"{{"h": {result}}}"#)).as_bytes());
        outcome.unwrap_or_else(|error| panic!("{result}: {error}"));
    }
}

#[test]
fn a_cut_file_tells_what_came_before() {
    let failure = r#"{"h": {"failed": true, "msg": "x"}}"#;
    let whole = one_task(failure);
    let cut = whole.find("\"stats\"").unwrap();
    let (events, outcome) = read_all(&whole.as_bytes()[..cut]);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].first("playbook"), Some("p/run.yaml"));
    let error = outcome.unwrap_err();
    assert!(matches!(error.kind, ResultsErrorKind::Truncated), "{error}");
    assert!(error.to_string().starts_with("line 4: the file ends too early"), "{error}");
}

#[test]
fn what_is_not_zuuls_is_an_error() {
    for json in [r#"[{"playbook": "p", "plays": [}]"#, r#"[7]"#, r#"[{"plays": {}}]"#, "[] x"] {
        let (_, outcome) = read_all(json.as_bytes());
        assert!(matches!(outcome.unwrap_err().kind, ResultsErrorKind::Json(_)), "{json}");
    }
    assert!(read_all(b"[]").1.is_ok());
}

#[test]
fn hostile_files_are_bounded() {
    let nested = format!(r#"[{{"playbook": "p", "x": {}"#, "[".repeat(1_000_000));
    let (_, outcome) = read_all(nested.as_bytes());
    assert!(outcome.unwrap_err().to_string().contains("more than 100 lists and objects"));
    let one = one_task(r#"{"h": {"failed": true}}"#);
    let then = format!("{}, {{\"x\": {}", &one[..one.len() - 1], "[".repeat(200));
    let (events, outcome) = read_all(then.as_bytes());
    assert_eq!((events.len(), outcome.is_err()), (1, true), "what came before counts");
    let long = one_task(&format!(r#"{{"h": {{"msg": "{}"}}}}"#, "x".repeat(33 << 20)));
    let (_, outcome) = read_all(long.as_bytes());
    assert!(outcome.unwrap_err().to_string().contains("a text of more than 32 MiB"));
}

#[test]
fn a_reader_may_stop() {
    let failure = r#"{"h": {"failed": true, "msg": "x"}, "i": {"failed": true, "msg": "x"}}"#;
    let mut seen = 0;
    let outcome = read(&mut one_task(failure).as_bytes(), &mut |_| {
        seen += 1;
        false
    });
    assert!(outcome.is_ok());
    assert_eq!(seen, 1);
}

#[test]
fn only_playbooks_are_recognised() {
    assert!(!detect(b"[{\"a\": 1}]"));
    assert!(!detect(b"{\"playbook\": 1, \"plays\": []}"));
    assert!(!detect(b"[{\"plays\": []}]"));
    assert!(detect(b"\n[\n{\"phase\": \"run\", \"playbook\": \"x\""));
}
