//! What the tests share: backends, events, fingerprints.

use std::{
    env,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use recheck_core::{Document, Fingerprint, Known, Matcher, Query, Schema};
use recheck_index::{
    Elastic, ElasticOptions, Embedded, Hit, Index, IndexedEvent, RunKey, Scope, WriterOptions,
};
use tempfile::TempDir;

/// A fresh, empty index of some backend.
pub(crate) struct Fresh {
    pub(crate) backend: String,
    pub(crate) index: Box<dyn Index>,
    /// Removed with the index.
    _place: Gone,
}

/// Where an index is: gone when this is dropped.
pub(crate) enum Gone {
    Dir { _dir: TempDir },
    Server { server: String, name: String },
}

impl Drop for Gone {
    fn drop(&mut self) {
        if let Gone::Server { server, name } = self {
            for path in [
                name.clone(),
                format!("recheck-history-{name}"),
                format!("_index_template/recheck-{name}"),
            ] {
                request(server, "DELETE", &path, "");
            }
        }
    }
}

/// A fresh index of every backend that can be reached.
pub(crate) fn backends(schema: Schema) -> Vec<Fresh> {
    let servers = servers();
    let clusters = servers.iter().map(|server| elastic(server, schema));
    std::iter::once(embedded(schema)).chain(clusters).collect()
}

/// The servers of `RECHECK_TEST_INDEX`.
pub(crate) fn servers() -> Vec<String> {
    let told = env::var("RECHECK_TEST_INDEX").unwrap_or_default();
    let servers: Vec<String> = told
        .split(',')
        .map(|server| server.trim().trim_end_matches('/').to_owned())
        .filter(|server| !server.is_empty())
        .collect();
    if servers.is_empty() {
        println!("skipped on clusters: RECHECK_TEST_INDEX, the addresses of servers, is not set");
    }
    servers
}

fn embedded(schema: Schema) -> Fresh {
    let dir = tempfile::tempdir().expect("a directory");
    let index = Box::new(open(dir.path(), schema));
    Fresh { backend: "embedded".to_owned(), index, _place: Gone::Dir { _dir: dir } }
}

fn elastic(server: &str, schema: Schema) -> Fresh {
    let name = fresh_name();
    let address = format!("{server}/{name}");
    let options = ElasticOptions::default();
    let index = Elastic::open_or_create(&address, Some(schema), &options).expect("an index");
    let backend = index.info().expect("it is told").backend;
    let place = Gone::Server { server: server.to_owned(), name };
    Fresh { backend, index: Box::new(index), _place: place }
}

/// A name that no index has.
pub(crate) fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A request of our own to a server, past the client that is tested; returns the body.
pub(crate) fn request(server: &str, method: &str, path: &str, body: &str) -> String {
    let host = server.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).expect("the server");
    let length = body.len();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it is answered");
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
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
