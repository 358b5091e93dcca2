//! Logs that somebody else shipped into a cluster, line by line: `attach` finds there what `classify
//! --profile lines` finds in the logs.
//!
//! Needs `RECHECK_DATA`, for Zuul's own logs and for the fingerprints, and `RECHECK_TEST_INDEX`, the
//! addresses of servers; without them the test says so and passes.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::util::Dir;

/// As OpenStack's log shipper has it: `message` a text, the rest keywords.
const MAPPING: &str = r#"{"mappings": {
    "properties": {"message": {"type": "text"}, "@timestamp": {"type": "date"}},
    "dynamic_templates": [{"all": {"match": "*", "mapping": {"type": "keyword"}}}]}}"#;
/// Fingerprints made of the logs' own lines.
const OF_LINES: usize = 400;

#[test]
fn logs_shipped_line_by_line_have_the_bugs_of_the_logs() {
    let (Some(data), Ok(servers)) = (env::var_os("RECHECK_DATA"), env::var("RECHECK_TEST_INDEX"))
    else {
        println!("skipped: RECHECK_DATA and RECHECK_TEST_INDEX are not both set");
        return;
    };
    let data = PathBuf::from(data);
    let logs = consoles(&data.join("zuul"));
    assert!(logs.len() >= 8, "{} logs", logs.len());
    let dir = Dir::new();
    let lines = own_lines(&dir, &logs);
    let fingerprints = data.join("fingerprints").display().to_string();
    let common = ["-f", "own", "-f", &fingerprints, "--format", "json"];
    let runs: Vec<(String, Value)> = logs
        .iter()
        .map(|log| {
            let id = run_of(log);
            dir.write(&format!("{id}/job-output.txt"), fs::read(log).unwrap());
            let meta: Vec<String> =
                fields(&id).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            let mut args = vec!["classify", &id, "--profile", "lines"];
            meta.iter().for_each(|one| args.extend(["--meta", one]));
            (id.clone(), bugs(&dir.recheck(&[&args[..], &common].concat()).out))
        })
        .collect();
    for server in servers.split(',') {
        let name = format!("shipped-{}", std::process::id());
        request(server, "PUT", &format!("{name}-2026.11.24"), MAPPING);
        logs.iter().for_each(|log| ship(server, &name, log));
        let mut hits = 0;
        for (id, classified) in &runs {
            let index = format!("{server}/{name}-%Y.%m.%d");
            let args = ["attach", "--index", &index, "--run", id];
            let attached = bugs(&dir.recheck(&[&args[..], &common].concat()).out);
            assert_eq!(&attached, classified, "{id} on {server}");
            hits += attached[1].as_object().unwrap().len();
        }
        assert!(hits >= lines, "{hits} bugs in {} runs", runs.len());
        println!(
            "{} runs, {hits} bugs in them, {lines} fingerprints of lines: {server}",
            runs.len()
        );
        request(server, "DELETE", &format!("{name}-2026.11.24"), "");
        request(server, "DELETE", &format!("recheck-history-{name}"), "");
    }
}

/// The verdict, and the hits of each bug.
fn bugs(report: &str) -> Value {
    let report: Value = serde_json::from_str(report).unwrap_or_else(|_| panic!("{report}"));
    let run = &report["runs"][0];
    let bugs = run["bugs"].as_array().unwrap().iter();
    let bugs: serde_json::Map<String, Value> = bugs
        .map(|bug| (bug["fingerprint"].as_str().unwrap().to_owned(), bug["hits"].clone()))
        .collect();
    json!([run["verdict"], bugs])
}

/// Every console among Zuul's logs.
fn consoles(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(consoles(&path));
        } else if path.file_name().is_some_and(|name| name == "job-output.txt") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn run_of(log: &Path) -> String {
    let job = log.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let change = log.parent().unwrap().parent().unwrap().file_name().unwrap().to_str().unwrap();
    format!("{change}-{job}")
}

/// What is known of a run.
fn fields(id: &str) -> Vec<(&'static str, String)> {
    vec![
        ("build_uuid", id.to_owned()),
        ("build_name", id.rsplit_once("logs-").unwrap().1.to_owned()),
        ("build_status", "FAILURE".to_owned()),
        ("build_queue", "check".to_owned()),
        ("project", "demo".to_owned()),
    ]
}

/// Fingerprints of some of the logs' own lines, each a phrase; returns how many.
fn own_lines(dir: &Dir, logs: &[PathBuf]) -> usize {
    let texts: Vec<String> = logs.iter().map(|log| fs::read_to_string(log).unwrap()).collect();
    let all: BTreeSet<String> =
        texts.iter().flat_map(|text| text.lines()).filter_map(text_of).collect();
    let has_word = |text: &&String| text.chars().any(char::is_alphanumeric);
    let all: Vec<&String> = all.iter().filter(has_word).collect();
    let step = (all.len() / OF_LINES).max(1);
    let chosen = all.iter().step_by(step);
    for (number, text) in chosen.clone().enumerate() {
        let phrase = text.replace('\\', r"\\").replace('"', "\\\"");
        let query = Value::from(format!("message:\"{phrase}\" AND filename:job-output.txt"));
        dir.write(&format!("own/line-{number}.yaml"), format!("query: {query}\n"));
    }
    chosen.len()
}

/// The text of a line of a console: what stands behind the time and the node.
fn text_of(line: &str) -> Option<String> {
    let text = line.split_once(" | ")?.1;
    let text = text.split_once(" | ").map_or(text, |(_, text)| text);
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Ships a console as `logsender` of OpenStack's ci-log-processing does: a line a document, `message`
/// what stands behind the time. But for lines without text, which it leaves out: a query that hits every
/// event has fewer hits there.
fn ship(server: &str, name: &str, log: &Path) {
    let id = run_of(log);
    let mut body = String::new();
    for line in fs::read_to_string(log).unwrap().lines() {
        let Some((time, message)) = line.split_once('|') else { continue };
        let message = message.trim_start();
        let mut document = json!({
            "@timestamp": format!("{}Z", time.trim().replace(' ', "T")),
            "message": message, "filename": "job-output.txt",
            "tags": ["console", "job-output.txt"],
        });
        fields(&id).into_iter().for_each(|(name, value)| document[name] = value.into());
        body.push_str(&format!("{{\"index\":{{}}}}\n{document}\n"));
    }
    let answer = request(server, "POST", &format!("{name}-2026.11.24/_bulk?refresh=true"), &body);
    assert!(answer.contains("\"errors\":false"), "{answer:.500}");
}

/// A request of our own to a server.
fn request(server: &str, method: &str, path: &str, body: &str) -> String {
    let host = server.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
