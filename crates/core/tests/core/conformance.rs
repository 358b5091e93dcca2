//! The answers of real servers: every query of the shared data against every event of its corpus.
//!
//! Needs `RECHECK_DATA`, the absolute path of the data; without it the tests say so and pass. The
//! suites are the same for every [`Engine`]: an engine that differs anywhere fails, and the first
//! differences are printed. Run in release:
//!
//! ```text
//! RECHECK_DATA=… cargo test --release -p recheck-core --test core conformance -- --nocapture
//! ```

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use recheck_core::{
    Document, Event, Fingerprint, Matcher, Query, Schema, reference::AnalyzedEvent,
};
use serde::Deserialize;

/// Differences printed per suite.
const SHOWN: usize = 20;

/// Something that answers queries over documents.
trait Engine {
    /// What the suites call it.
    fn name(&self) -> &'static str;

    /// For each query the indices of the documents it matches, ascending, or why it is refused.
    fn answer(&mut self, schema: Schema, queries: &[&str], documents: &[Document]) -> Vec<Answer>;
}

type Answer = Result<Vec<usize>, String>;

/// The slow evaluator, one analysed event at a time.
struct Reference;

impl Engine for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn answer(&mut self, schema: Schema, queries: &[&str], documents: &[Document]) -> Vec<Answer> {
        let bind = |text: &&str| {
            let query = Query::parse(text).map_err(|errors| errors.to_string())?;
            query.bind(&schema).map_err(|errors| errors.to_string())
        };
        let bound: Vec<_> = queries.iter().map(bind).collect();
        let mut answers: Vec<Answer> = bound
            .iter()
            .map(|query| query.as_ref().map(|_| Vec::new()).map_err(Clone::clone))
            .collect();
        for (index, document) in documents.iter().enumerate() {
            let event = AnalyzedEvent::new(&document.fields);
            for (query, answer) in bound.iter().zip(&mut answers) {
                if let (Ok(query), Ok(hits)) = (query, answer)
                    && event.matches(query)
                {
                    hits.push(index);
                }
            }
        }
        answers
    }
}

/// The streaming matcher, all queries compiled into one set.
struct Streaming {
    prefilter: bool,
    failure_lines: bool,
}

impl Engine for Streaming {
    fn name(&self) -> &'static str {
        match (self.prefilter, self.failure_lines) {
            (true, false) => "matcher",
            (true, true) => "matcher with failure lines",
            (false, _) => "matcher without prefilter",
        }
    }

    fn answer(&mut self, schema: Schema, queries: &[&str], documents: &[Document]) -> Vec<Answer> {
        let mut answers: Vec<Answer> = Vec::new();
        let mut fingerprints = Vec::new();
        for (index, text) in queries.iter().enumerate() {
            let query = Query::parse(text);
            answers.push(query.as_ref().map(|_| Vec::new()).map_err(ToString::to_string));
            fingerprints.push(Fingerprint {
                id: index.to_string(),
                queries: query.into_iter().collect(),
                ..Fingerprint::default()
            });
        }
        let mut builder = Matcher::builder();
        builder.schema(schema).prefilter(self.prefilter).failure_lines(self.failure_lines);
        let (matcher, rejected) = builder.build(&fingerprints);
        for error in &rejected {
            let index: usize = error.fingerprint.parse().expect("ids are numbers here");
            answers[index] = Err(error.to_string());
        }
        let narrowed = matcher.narrow_nothing();
        let (mut scratch, mut hits) = (matcher.scratch(), Vec::new());
        for (index, document) in documents.iter().enumerate() {
            hits.clear();
            let event = Event { fields: &document.fields, raw: None };
            matcher.matches_event(&narrowed, event, &mut scratch, &mut hits);
            for &hit in &hits {
                if let Ok(found) = &mut answers[hit as usize] {
                    found.push(index);
                }
            }
        }
        answers
    }
}

#[test]
fn conformance_matcher() {
    conformance(&mut Streaming { prefilter: true, failure_lines: false });
}

#[test]
fn conformance_matcher_with_failure_lines() {
    conformance(&mut Streaming { prefilter: true, failure_lines: true });
}

#[test]
fn conformance_matcher_without_prefilter() {
    conformance(&mut Streaming { prefilter: false, failure_lines: false });
}

#[test]
fn conformance_reference() {
    conformance(&mut Reference);
}

/// Runs every suite and fails when one is not complete.
fn conformance(engine: &mut dyn Engine) {
    let Some(data) = data() else { return };
    let mut events = documents(&data.join("events-real.jsonl"));
    events.extend(documents(&data.join("events-derived.jsonl")));
    let random = documents(&data.join("random-events.jsonl"));
    let scores = [
        answers(engine, &data, "answers-logstash", Schema::Logstash, &events),
        answers(engine, &data, "answers-dynamic", Schema::Dynamic, &events),
        answers(engine, &data, "random-logstash", Schema::Logstash, &random),
        answers(engine, &data, "random-dynamic", Schema::Dynamic, &random),
        edge(engine, &data),
    ];
    let short: Vec<&str> =
        scores.iter().filter(|score| !score.full()).map(|score| score.suite).collect();
    assert!(short.is_empty(), "{}: not all answers agree in {short:?}", engine.name());
}

/// How many rows of a suite agree.
struct Score {
    suite: &'static str,
    agree: usize,
    of: usize,
}

impl Score {
    fn full(&self) -> bool {
        self.agree == self.of && self.of > 0
    }
}

/// Counts rows and prints the first that differ.
struct Tally<'a> {
    engine: &'a str,
    score: Score,
}

impl<'a> Tally<'a> {
    fn new(suite: &'static str, engine: &'a str) -> Tally<'a> {
        Tally { engine, score: Score { suite, agree: 0, of: 0 } }
    }

    fn count(&mut self, difference: Option<String>) {
        let Score { suite, agree, of } = &mut self.score;
        *of += 1;
        match difference {
            None => *agree += 1,
            Some(difference) if *of - *agree <= SHOWN => println!("{suite}: {difference}"),
            Some(_) => {}
        }
    }

    fn finish(self) -> Score {
        let Score { suite, agree, of } = &self.score;
        println!("conformance {suite}: {agree}/{of} ({})", self.engine);
        self.score
    }
}

/// A row of `answers-*.jsonl` and `random-*.jsonl`.
#[derive(Deserialize)]
pub(crate) struct Row {
    pub(crate) n: usize,
    pub(crate) query: String,
    pub(crate) error: Option<String>,
    pub(crate) matches: Vec<String>,
}

fn answers(
    engine: &mut dyn Engine,
    data: &Path,
    suite: &'static str,
    schema: Schema,
    documents: &[Document],
) -> Score {
    let rows: Vec<Row> = rows(&data.join(format!("{suite}.jsonl")));
    let queries: Vec<&str> = rows.iter().map(|row| row.query.as_str()).collect();
    let answers = engine.answer(schema, &queries, documents);
    assert_eq!(answers.len(), rows.len(), "one answer a query");
    let mut tally = Tally::new(suite, engine.name());
    for (row, answer) in rows.iter().zip(answers) {
        tally.count(row.difference(answer, documents));
    }
    tally.finish()
}

impl Row {
    fn difference(&self, answer: Answer, documents: &[Document]) -> Option<String> {
        let told = |what: String| Some(format!("{} {:?}: {what}", self.n, self.query));
        match (answer, &self.error) {
            (Err(_), Some(_)) => None,
            (Err(error), None) => told(format!("refused, {error}")),
            (Ok(_), Some(error)) => told(format!("must be refused, {error}")),
            (Ok(hits), None) => {
                let id =
                    |&hit: &usize| documents[hit].id.as_deref().expect("every event has an id");
                let found: BTreeSet<&str> = hits.iter().map(id).collect();
                let wanted: BTreeSet<&str> = self.matches.iter().map(String::as_str).collect();
                if found == wanted && hits.len() == self.matches.len() {
                    return None;
                }
                let first = |ids: &BTreeSet<&str>, others: &BTreeSet<&str>| {
                    let ids: Vec<&str> = ids.difference(others).copied().collect();
                    format!("{} ({})", ids.len(), ids[..ids.len().min(3)].join(" "))
                };
                let (too_many, missed) = (first(&found, &wanted), first(&wanted, &found));
                told(format!("too many {too_many}, missed {missed}"))
            }
        }
    }
}

/// A row of `edge.jsonl`.
#[derive(Deserialize)]
struct Vector {
    n: usize,
    group: String,
    query: String,
    doc: serde_json::Value,
    expected: Expected,
}

/// The answer per schema: a boolean or `"error"`.
#[derive(Deserialize)]
struct Expected {
    #[serde(rename = "L")]
    logstash: serde_json::Value,
    #[serde(rename = "D")]
    dynamic: serde_json::Value,
}

fn edge(engine: &mut dyn Engine, data: &Path) -> Score {
    let vectors: Vec<Vector> = rows(&data.join("edge.jsonl"));
    let mut tally = Tally::new("edge", engine.name());
    let mut differ: HashMap<&str, usize> = HashMap::new();
    for vector in &vectors {
        let document = Document::from_json_line(&vector.doc.to_string()).expect("an edge document");
        let mut asked = |schema, expected: &serde_json::Value| {
            let answers = engine.answer(schema, &[&vector.query], std::slice::from_ref(&document));
            let answer = match &answers[..] {
                [Ok(hits)] => serde_json::Value::Bool(!hits.is_empty()),
                [Err(_)] => serde_json::Value::String("error".to_owned()),
                _ => panic!("one answer a query"),
            };
            (answer != *expected).then(|| format!("{schema:?} wants {expected}: {answers:?}"))
        };
        let logstash = asked(Schema::Logstash, &vector.expected.logstash);
        let dynamic = asked(Schema::Dynamic, &vector.expected.dynamic);
        let differences: Vec<String> = logstash.into_iter().chain(dynamic).collect();
        if !differences.is_empty() {
            *differ.entry(&vector.group).or_default() += 1;
        }
        tally.count((!differences.is_empty()).then(|| {
            let Vector { n, group, query, doc, .. } = vector;
            format!("{n} {group} {query:?} {doc}: {}", differences.join("; "))
        }));
    }
    if !differ.is_empty() {
        println!("edge: differences by group {differ:?}");
    }
    tally.finish()
}

/// The data directory; says that the test is skipped when there is none.
pub(crate) fn data() -> Option<PathBuf> {
    let data = std::env::var_os("RECHECK_DATA").map(PathBuf::from);
    if data.is_none() {
        println!("skipped: RECHECK_DATA, the path of the servers' answers, is not set");
    }
    data
}

pub(crate) fn documents(path: &Path) -> Vec<Document> {
    let text = read(path);
    let document = |line| Document::from_json_line(line).expect("an exported event");
    text.lines().map(document).collect()
}

pub(crate) fn rows<T: for<'de> Deserialize<'de>>(path: &Path) -> Vec<T> {
    let text = read(path);
    text.lines().map(|line| serde_json::from_str(line).expect("a row as its README says")).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
