//! What the tests share: backends, events, fingerprints.

use std::path::Path;

use recheck_core::{Document, Fingerprint, Known, Matcher, Query, Schema};
use recheck_index::{Embedded, Hit, Index, IndexedEvent, RunKey, Scope, WriterOptions};
use tempfile::TempDir;

/// A fresh, empty index of some backend.
pub(crate) struct Fresh {
    pub(crate) backend: &'static str,
    pub(crate) index: Box<dyn Index>,
    /// Removed with the index.
    _dir: TempDir,
}

/// A fresh index of every backend that can be reached.
pub(crate) fn backends(schema: Schema) -> Vec<Fresh> {
    vec![embedded(schema)]
}

fn embedded(schema: Schema) -> Fresh {
    let dir = tempfile::tempdir().expect("a directory");
    let index = Box::new(open(dir.path(), schema));
    Fresh { backend: "embedded", index, _dir: dir }
}

pub(crate) fn open(dir: &Path, schema: Schema) -> Embedded {
    Embedded::open_or_create(dir, Some(schema), options().patience).expect("an index")
}

/// Little memory, so that batches are small.
pub(crate) fn options() -> WriterOptions {
    WriterOptions { memory: 32 << 20, ..WriterOptions::default() }
}

/// A document as an event; its time and its run stand in its fields.
pub(crate) fn event(document: Document) -> IndexedEvent {
    use recheck_core::FieldValues;
    let first = |field| document.fields.values(field).iter().next().map(str::to_owned);
    IndexedEvent {
        run: first("build_uuid").map(RunKey::first),
        time: first("@timestamp").and_then(|time| time.parse().ok()),
        id: document.id,
        fields: document.fields,
        ..IndexedEvent::default()
    }
}

pub(crate) fn json(text: &str) -> IndexedEvent {
    event(Document::from_json_line(text).expect("a document"))
}

/// Adds events without telling what hits them.
pub(crate) fn add(index: &dyn Index, events: &[IndexedEvent]) {
    let mut writer = index.writer(&options()).expect("a writer");
    events.iter().for_each(|event| writer.event(event, &[]).expect("it is added"));
    writer.finish().expect("it is committed");
}

/// Fingerprints, compiled for an index.
pub(crate) struct Compiled {
    pub(crate) fingerprints: Vec<Fingerprint>,
    pub(crate) matcher: Matcher,
}

impl Compiled {
    pub(crate) fn new(fingerprints: Vec<Fingerprint>, schema: Schema) -> Compiled {
        let (matcher, _) = Matcher::builder().schema(schema).build(&fingerprints);
        Compiled { fingerprints, matcher }
    }

    pub(crate) fn queries(queries: &[&str], schema: Schema) -> Compiled {
        let fingerprint = |query: &&str| Fingerprint {
            id: (*query).to_owned(),
            queries: vec![Query::parse(query).expect("a query")],
            ..Fingerprint::default()
        };
        Compiled::new(queries.iter().map(fingerprint).collect(), schema)
    }

    pub(crate) fn known(&self) -> Known<'_> {
        Known { matcher: &self.matcher, fingerprints: &self.fingerprints }
    }
}

pub(crate) fn hits(index: &dyn Index, compiled: &Compiled, scope: &Scope) -> Vec<Hit> {
    let mut hits = Vec::new();
    index.hits(compiled.known(), scope, &mut |hit| hits.push(hit.clone())).expect("it is searched");
    hits
}

/// The ids that one query finds.
pub(crate) fn ids(index: &dyn Index, query: &str) -> Vec<String> {
    let compiled = Compiled::queries(&[query], index.schema());
    hits(index, &compiled, &Scope::default()).into_iter().map(|hit| hit.id).collect()
}
