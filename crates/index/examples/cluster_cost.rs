//! What an index in a cluster costs: all fingerprints over one run and over many, ingest beside
//! prepared bodies. `RECHECK_TEST_INDEX` names the servers, `RECHECK_DATA` the reference data.
//!
//! ```text
//! cargo run --release -p recheck-index --example cluster_cost
//! ```

// The tests' own helpers; not all are of use here.
#[allow(dead_code)]
#[path = "../tests/index/util.rs"]
mod util;

use std::{env, fmt::Write, fs, path::PathBuf, time::Instant};

use recheck_core::{Document, Fingerprint, Query, Schema};
use recheck_index::{Elastic, ElasticOptions, Index, IndexedEvent, RunKey, Scope, WriterOptions};

use self::util::{Compiled, Gone, event, fresh_name, request, servers};

const RUNS: usize = 200;
const FINGERPRINTS: usize = 963;
const ROUNDS: usize = 5;

fn main() {
    let data = PathBuf::from(env::var("RECHECK_DATA").expect("RECHECK_DATA"));
    let count = env::var("RECHECK_EVENTS").map_or(500_000, |text| text.parse().unwrap());
    let compiled = fingerprints(&data);
    for server in servers() {
        let name = fresh_name();
        let _gone = Gone::Server { server: server.clone(), name: name.clone() };
        let address = format!("{server}/{name}");
        let index = Elastic::open_or_create(&address, None, &ElasticOptions::default()).unwrap();
        println!("{}: {count} events, {RUNS} runs", index.info().unwrap().backend);
        ingest(&index, &data, count);
        prepared(&server, &data, count);
        let old = rounds("one run, a request for each fingerprint", |round| {
            one_by_one(&server, &name, &compiled, round)
        });
        let ours = rounds("one run", |round| {
            let runs = vec![RunKey::first(format!("run-{round:04}"))];
            index.run_hits(compiled.known(), &Scope { runs: Some(runs), ..Scope::default() })
        });
        println!("one run: {}", ratio(old, ours, 1.0));
        for count in [8, 9, 20, RUNS] {
            let keys: Vec<_> =
                (0..count).map(|run| RunKey::first(format!("run-{run:04}"))).collect();
            let ours = rounds(&format!("{count} runs"), |_| {
                let scope = Scope { runs: Some(keys.clone()), ..Scope::default() };
                index.run_hits(compiled.known(), &scope)
            });
            println!("{count} runs: {}", ratio(old, ours, count as f64));
        }
        let ours =
            rounds("all runs, none named", |_| index.run_hits(compiled.known(), &Scope::default()));
        println!("all runs: {}", ratio(old, ours, RUNS as f64));
    }
}

/// The least and the median of some rounds, in seconds. A server's first answers are slow, so one
/// round more comes before.
fn rounds<T>(what: &str, mut work: impl FnMut(usize) -> T) -> (f64, f64) {
    let mut seconds: Vec<f64> = (0..=ROUNDS)
        .map(|round| {
            let started = Instant::now();
            std::hint::black_box(work(round));
            started.elapsed().as_secs_f64()
        })
        .collect();
    let first = seconds.remove(0);
    seconds.sort_by(f64::total_cmp);
    let (least, median) = (seconds[0], seconds[ROUNDS / 2]);
    println!("{what}: least {least:.3} s, median {median:.3} s, the first {first:.3} s");
    (least, median)
}

/// How many times the old way's time for so many runs is ours.
fn ratio(old: (f64, f64), ours: (f64, f64), runs: f64) -> String {
    format!(
        "{:.0} x by the least, {:.0} x by the median",
        runs * old.0 / ours.0,
        runs * old.1 / ours.1
    )
}

fn fingerprints(data: &std::path::Path) -> Compiled {
    let text = fs::read_to_string(data.join("answers-logstash.jsonl")).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let queries: Vec<String> = rows.map(|row| row["query"].as_str().unwrap().to_owned()).collect();
    let fits = |query: &&String| {
        Query::parse(query).is_ok_and(|query| query.bind(&Schema::Logstash).is_ok())
    };
    let known: Vec<&str> = queries.iter().filter(fits).map(String::as_str).collect();
    // Variants: the same words in another window of one more clause.
    let variants: Vec<String> =
        known.iter().map(|query| format!("({query}) AND NOT build_name:none")).collect();
    let all: Vec<&str> = known
        .iter()
        .copied()
        .chain(variants.iter().map(String::as_str))
        .take(FINGERPRINTS)
        .collect();
    Compiled::queries(&all, Schema::Logstash)
}

/// Real events, each run with its share of them.
fn each_event(data: &std::path::Path, count: usize, mut each: impl FnMut(usize, IndexedEvent)) {
    let text = fs::read_to_string(data.join("events-real.jsonl")).unwrap()
        + &fs::read_to_string(data.join("events-derived.jsonl")).unwrap();
    let read = |line| event(Document::from_json_line(line).unwrap());
    let events: Vec<IndexedEvent> = text.lines().map(read).collect();
    for number in 0..count {
        let run = format!("run-{:04}", number * RUNS / count);
        let mut event = events[number * 7 % events.len()].clone();
        event.fields.set("build_uuid", run.as_str());
        event.run = Some(RunKey::first(run));
        event.id = Some(number.to_string());
        // As in a log, few lines are what somebody looks for.
        if number % 50 != 0 {
            let step = number % 97;
            let text = format!(
                "2026-01-01 12:00:00.{number:06} | node | TASK [step {step}] ok: nothing to be seen, {number}"
            );
            event.fields.set("message", text);
        }
        each(number, event);
    }
}

fn values(event: &IndexedEvent) -> usize {
    event.fields.iter().flat_map(|(_, values)| values).map(String::len).sum()
}

fn ingest(index: &dyn Index, data: &std::path::Path, count: usize) {
    let mut writer = index.writer(&WriterOptions::default()).unwrap();
    let (started, mut bytes) = (Instant::now(), 0);
    each_event(data, count, |_, event| {
        bytes += values(&event);
        writer.event(&event, &[]).unwrap();
    });
    writer.finish().unwrap();
    let (seconds, mb) = (started.elapsed().as_secs_f64(), bytes as f64 / 1e6);
    let disk = index.info().unwrap().bytes as f64 / 1e6;
    println!(
        "ingest: {mb:.0} MB of values in {seconds:.1} s, {:.1} MB/s; {disk:.0} MB on disk",
        mb / seconds
    );
}

/// The same documents as prepared bodies, one after the other, past our client.
fn prepared(server: &str, data: &std::path::Path, count: usize) {
    let name = fresh_name();
    let _gone = Gone::Server { server: server.to_owned(), name: name.clone() };
    let address = format!("{server}/{name}");
    Elastic::open_or_create(&address, None, &ElasticOptions::default()).unwrap();
    let (mut bodies, mut body, mut bytes) = (Vec::new(), String::new(), 0);
    each_event(data, count, |number, event| {
        bytes += values(&event);
        let run = event.run.as_ref().unwrap().build_uuid.clone();
        let mut document = serde_json::to_value(&event.fields).unwrap();
        document["recheck"] = serde_json::json!({
            "run": format!("1/{run}"), "id": event.id, "seq": number, "number": number,
        });
        writeln!(body, "{{\"index\":{{\"_id\":\"r:{run}:{number}\"}}}}\n{document}").unwrap();
        if body.len() > 6 << 20 {
            bodies.push(std::mem::take(&mut body));
        }
    });
    bodies.push(body);
    let started = Instant::now();
    for body in &bodies {
        assert!(
            request(server, "POST", &format!("{name}/_bulk"), body).contains("\"errors\":false")
        );
    }
    request(server, "GET", &format!("{name}/_refresh"), "");
    let (seconds, mb) = (started.elapsed().as_secs_f64(), bytes as f64 / 1e6);
    println!("prepared bodies: {seconds:.1} s, {:.1} MB/s", mb / seconds);
}

/// The old way: a request for each fingerprint.
fn one_by_one(server: &str, name: &str, compiled: &Compiled, run: usize) -> usize {
    let ask = |fingerprint: &Fingerprint| {
        let query = serde_json::json!({"size": 10, "query": {"bool": {"filter": [
            {"query_string": {"query": fingerprint.queries[0].source(), "default_field": "message"}},
            {"term": {"recheck.run": format!("1/run-{run:04}")}},
        ]}}});
        request(server, "POST", &format!("{name}/_search"), &query.to_string()).len()
    };
    compiled.fingerprints.iter().map(ask).sum()
}
