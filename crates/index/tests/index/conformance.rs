//! The answers of real servers, for every backend: needs `RECHECK_DATA`, the absolute path of the
//! data; without it the tests say so and pass.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    path::{Path, PathBuf},
};

use recheck_core::{Document, Fingerprint, Query, Schema};
use recheck_index::Scope;
use serde::Deserialize;

use crate::util::{Compiled, Fresh, add, backends, event, hits};

/// Differences printed per suite.
const SHOWN: usize = 20;

#[derive(Deserialize)]
struct Row {
    n: usize,
    query: String,
    error: Option<String>,
    matches: Vec<String>,
}

#[test]
fn real_queries_over_real_events() {
    let Some(data) = data() else { return };
    let mut events = documents(&data.join("events-real.jsonl"));
    events.extend(documents(&data.join("events-derived.jsonl")));
    compare(&data, "answers-logstash", Schema::Logstash, &events);
    compare(&data, "answers-dynamic", Schema::Dynamic, &events);
}

#[test]
fn random_queries_over_random_events() {
    let Some(data) = data() else { return };
    let events = documents(&data.join("random-events.jsonl"));
    compare(&data, "random-logstash", Schema::Logstash, &events);
    compare(&data, "random-dynamic", Schema::Dynamic, &events);
}

fn compare(data: &Path, suite: &str, schema: Schema, documents: &[Document]) {
    let rows: Vec<Row> = rows(&data.join(format!("{suite}.jsonl")));
    for Fresh { backend, index, .. } in &backends(schema) {
        let events: Vec<_> = documents.iter().map(|document| nameless(document.clone())).collect();
        add(&**index, &events);
        let (parsed, compiled) = compile(rows.iter().map(|row| row.query.as_str()), schema);
        let mut found: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
        for hit in hits(&**index, &compiled, &Scope::default()) {
            assert!(found.entry(hit.fingerprint).or_default().insert(hit.id), "a hit twice");
        }
        let mut differences = Vec::new();
        for (place, row) in (0..).zip(&rows) {
            let answer = found.remove(&place).unwrap_or_default();
            let wanted: BTreeSet<String> = row.matches.iter().cloned().collect();
            let refused = !parsed.contains(&(place as usize));
            if refused != row.error.is_some() || (!refused && answer != wanted) {
                differences.push(format!(
                    "{} {:?}: too many {:?}, missed {:?}",
                    row.n,
                    row.query,
                    answer.difference(&wanted).take(3).collect::<Vec<_>>(),
                    wanted.difference(&answer).take(3).collect::<Vec<_>>()
                ));
            }
        }
        println!("{suite}: {}/{} ({backend})", rows.len() - differences.len(), rows.len());
        differences.iter().take(SHOWN).for_each(|difference| println!("{difference}"));
        assert!(differences.is_empty(), "{suite}: not all answers agree");
    }
}

/// The queries, and the places of those that are not refused.
fn compile<'a>(
    queries: impl Iterator<Item = &'a str>,
    schema: Schema,
) -> (HashSet<usize>, Compiled) {
    let mut accepted = HashSet::new();
    let mut fingerprints = Vec::new();
    for (place, query) in queries.enumerate() {
        let parsed = Query::parse(query).ok();
        if parsed.as_ref().is_some_and(|query| query.bind(&schema).is_ok()) {
            accepted.insert(place);
        }
        let queries = parsed.into_iter().collect();
        fingerprints.push(Fingerprint { id: place.to_string(), queries, ..Default::default() });
    }
    (accepted, Compiled::new(fingerprints, schema))
}

/// The shared events belong to runs, but there may be several events of one name then; here each is
/// one by its name.
fn nameless(document: Document) -> recheck_index::IndexedEvent {
    recheck_index::IndexedEvent { run: None, ..event(document) }
}

#[derive(Deserialize)]
struct Vector {
    n: usize,
    query: String,
    doc: serde_json::Value,
    expected: Expected,
    /// Where Elasticsearch 7.17, with its older Lucene, answers otherwise.
    elasticsearch_7_17: Option<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    #[serde(rename = "L")]
    logstash: serde_json::Value,
    #[serde(rename = "D")]
    dynamic: serde_json::Value,
}

#[test]
fn edge_vectors() {
    let Some(data) = data() else { return };
    let vectors: Vec<Vector> = rows(&data.join("edge.jsonl"));
    for schema in [Schema::Logstash, Schema::Dynamic] {
        for Fresh { backend, index, .. } in &backends(schema) {
            let events: Vec<_> = vectors
                .iter()
                .map(|vector| {
                    let document = Document::from_json_line(&vector.doc.to_string());
                    let id = Some(vector.n.to_string());
                    nameless(Document { id, ..document.expect("an edge document") })
                })
                .collect();
            add(&**index, &events);
            let (accepted, compiled) =
                compile(vectors.iter().map(|vector| vector.query.as_str()), schema);
            let found: HashSet<(u32, String)> = hits(&**index, &compiled, &Scope::default())
                .into_iter()
                .map(|hit| (hit.fingerprint, hit.id))
                .collect();
            let mut differences = 0;
            for (place, vector) in vectors.iter().enumerate() {
                let Vector { n, query, expected, doc, elasticsearch_7_17 } = vector;
                let older = elasticsearch_7_17.as_ref().filter(|_| is_older(backend, *n));
                let expected = older.unwrap_or(expected);
                let wanted = match schema {
                    Schema::Dynamic => &expected.dynamic,
                    _ => &expected.logstash,
                };
                let answer = match accepted.contains(&place) {
                    true => found.contains(&(place as u32, n.to_string())).into(),
                    false => serde_json::Value::from("error"),
                };
                if answer != *wanted {
                    differences += 1;
                    println!("{n} {query:?} {doc}: wanted {wanted}, got {answer}");
                }
            }
            println!(
                "edge {schema:?}: {}/{} ({backend})",
                vectors.len() - differences,
                vectors.len()
            );
            assert_eq!(differences, 0, "edge: not all answers agree");
        }
    }
}

/// Elasticsearch 7.17 has an older regex syntax (vector 4408), and like 8.0 it does not lower-case the
/// regexes on a text.
fn is_older(backend: &str, vector: usize) -> bool {
    let is_lower_case = backend.starts_with("Elasticsearch 8.0") && vector != 4408;
    backend.starts_with("Elasticsearch 7") || is_lower_case
}

fn data() -> Option<PathBuf> {
    let data = std::env::var_os("RECHECK_DATA").map(PathBuf::from);
    if data.is_none() {
        println!("skipped: RECHECK_DATA, the path of the servers' answers, is not set");
    }
    data
}

fn documents(path: &Path) -> Vec<Document> {
    let document = |line: &str| Document::from_json_line(line).expect("an exported event");
    read(path).lines().map(document).collect()
}

fn rows<T: for<'de> Deserialize<'de>>(path: &Path) -> Vec<T> {
    let row = |line: &str| serde_json::from_str(line).expect("a row as its README says");
    read(path).lines().map(row).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
