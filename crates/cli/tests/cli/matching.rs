//! `recheck match`.

use crate::util::Dir;

#[test]
fn one_line_for_each_file_sorted_by_id() {
    let dir = Dir::new();
    dir.write("q/10.yaml", "query: message:boom\n");
    dir.write("q/9.yaml", "query: tags:console\n");
    dir.write("q/bad.yaml", "query: message:a AND AND b\n");
    dir.write(
        "events.jsonl",
        concat!(
            "{\"id\": \"e1\", \"message\": \"a boom\", \"tags\": [\"console\", \"x\"]}\n",
            "\n",
            "{\"_id\": \"e2\", \"_source\": {\"message\": \"Boom!\"}}\n",
            "{\"message\": \"boom id e1\"}\n",
        ),
    );
    let outcome = dir.recheck(&["match", "--fingerprints", "q", "--events", "events.jsonl"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    insta::assert_snapshot!("match_lines", outcome.out);
}

#[test]
fn schemas_differ() {
    let dir = Dir::new();
    dir.write("q/1.yaml", "query: tags:screen\n");
    let hits = |schema: &str| {
        let args = ["match", "-f", "q", "--events", "-", "--schema", schema];
        let outcome = dir.recheck_with(&args, b"{\"id\":\"e\",\"tags\":\"screen-n-cpu.txt\"}\n");
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.out
    };
    assert_eq!(hits("logstash"), "{\"fingerprint\":\"1\",\"error\":null,\"hits\":[]}\n");
    assert_eq!(hits("dynamic"), "{\"fingerprint\":\"1\",\"error\":null,\"hits\":[\"e\"]}\n");
}

#[test]
fn broken_documents_leave_the_others() {
    let dir = Dir::new();
    dir.write("q/1.yaml", "query: message:boom\n");
    dir.write("e.jsonl", b"{\"message\": \"boom\"}\n{\"message\": \n[1]\n{\"message\":\"boom\"}");
    let outcome = dir.recheck(&["match", "-f", "q", "--events", "e.jsonl"]);
    assert_eq!(outcome.code, 1);
    assert_eq!(outcome.out, "{\"fingerprint\":\"1\",\"error\":null,\"hits\":[1,4]}\n");
    assert!(outcome.err.contains("e.jsonl:2:11: "), "{}", outcome.err);
    assert!(outcome.err.contains("e.jsonl:3: "), "{}", outcome.err);
}

#[test]
fn nothing_to_read() {
    let dir = Dir::new();
    dir.write("q/1.yaml", "query: message:boom\n");
    let outcome = dir.recheck(&["match", "-f", "q", "--events", "missing.jsonl"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("missing.jsonl"), "{}", outcome.err);
    let outcome = dir.recheck(&["match", "-f", "q", "--events", "q"]);
    assert_eq!(outcome.code, 2);
    let outcome = dir.recheck_with(&["match", "-f", "missing", "--events", "-"], b"");
    assert_eq!(outcome.code, 2);
}
