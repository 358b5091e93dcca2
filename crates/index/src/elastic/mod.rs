//! An index in a cluster: Elasticsearch 7 to 9, OpenSearch 1 to 3.
//!
//! One code path for all of them: only requests that every one of these servers knows, also in their
//! minimal distributions. Hits are paged by scrolling, which all of them have, as points in time have
//! another address on each; documents go by the bulk API, as deleting by query is a module that may
//! be missing.

mod address;
mod answer;
mod bulk;
mod client;
mod document;
mod failed_tests;
mod history;
mod mapping;
mod overview;
mod query;
mod runs;
mod search;
mod write;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use recheck_core::{Known, Schema};
use serde_json::{Value, json};

pub use self::address::{ElasticAuth, ElasticOptions};
use self::{
    address::Address,
    answer::Page,
    client::{Ask, Client},
    mapping::Shape,
    search::Search,
    write::ElasticWriter,
};
use crate::{
    embedded::schema_word,
    error::{IndexError, IndexErrorKind},
    event::{RunKey, Window},
    history::History,
    index::{Hit, Index, Info, Overview, OverviewRequest, RunHits, Scope, Writer, WriterOptions},
};

type Outcome<T> = Result<T, IndexErrorKind>;

/// An index in a cluster.
pub struct Elastic {
    client: Arc<Client>,
    address: Address,
    shape: Shape,
    history: String,
    /// The indices with test results.
    test_results: Option<String>,
}

impl Elastic {
    /// Opens the index at an address such as `http://host:9200/recheck-logs`. The last part of the
    /// path may be a pattern, with `*` or with a date (`logstash-%Y.%m.%d`): then only the days that
    /// a window needs are asked.
    ///
    /// # Errors
    ///
    /// When the address is none, the server can't be reached or refuses, or there is no index.
    pub fn open(address: &str, options: &ElasticOptions) -> Result<Elastic, IndexError> {
        let (address, client) = connect(address, options)?;
        let opened = Elastic::opened(client, &address, options);
        opened.map_err(|kind| kind.at(&address.shown()))
    }

    /// Opens the index at an address, or makes it, with an index template. `schema` is that of a new
    /// index; an old one must have it.
    ///
    /// # Errors
    ///
    /// As [`Elastic::open`], and when the index has another schema or was made by somebody else.
    pub fn open_or_create(
        address: &str,
        schema: Option<Schema>,
        options: &ElasticOptions,
    ) -> Result<Elastic, IndexError> {
        let (address, client) = connect(address, options)?;
        let opened = || -> Outcome<Elastic> {
            if let Some(name) = address.name()
                && shape(&client, &address)?.is_none()
            {
                create(&client, name, schema.unwrap_or_default())?;
            }
            let index = Elastic::opened(client, &address, options)?;
            match schema {
                _ if !index.shape.is_ours => Err(IndexErrorKind::ReadOnly),
                Some(wanted) if wanted != index.shape.schema => Err(IndexErrorKind::OtherSchema {
                    found: schema_word(index.shape.schema),
                    wanted: schema_word(wanted),
                }),
                _ => Ok(index),
            }
        };
        opened().map_err(|kind| kind.at(&address.shown()))
    }

    fn opened(client: Client, address: &Address, options: &ElasticOptions) -> Outcome<Elastic> {
        let test_results = options.test_results.clone().filter(|name| !name.is_empty());
        if let Some(name) = test_results.as_ref().filter(|name| address::check_name(name).is_err())
        {
            return Err(IndexErrorKind::TestResults(name.clone()));
        }
        let shape = shape(&client, address)?.ok_or(IndexErrorKind::Missing)?;
        let history = address.history();
        let client = Arc::new(client);
        Ok(Elastic { client, address: address.clone(), shape, history, test_results })
    }

    /// The shape as it is now: events bring new fields.
    fn shape_now(&self) -> Outcome<Shape> {
        Ok(shape(&self.client, &self.address)?.unwrap_or_else(|| self.shape.clone()))
    }

    /// The fields that some event has.
    fn names_now(&self) -> Outcome<Vec<String>> {
        let mut names = self.shape_now()?.names();
        if self.shape.is_ours {
            // Our template names it before any event has it.
            let query = json!({"exists": {"field": "message"}});
            let body = json!({"size": 0, "track_total_hits": true, "query": query});
            if self.page(&Window::ALWAYS, &body)?.total() == 0 {
                names.retain(|name| name != "message");
            }
        }
        Ok(names)
    }

    /// The column of an event's file in an index of ours.
    fn filename(&self) -> Option<String> {
        Some(match self.shape.schema {
            Schema::Dynamic => "filename.recheck".to_owned(),
            _ => "filename".to_owned(),
        })
        .filter(|_| self.shape.is_ours)
    }

    fn search<'a>(&'a self, known: Known<'a>, scope: &Scope) -> Outcome<Search<'a>> {
        Search::new(self, known, scope)
    }

    /// One search over the indices of a window.
    fn page(&self, window: &Window, body: &Value) -> Outcome<Page> {
        let path = format!("{}/_search?{LENIENT}", self.address.within(window));
        self.client.page(Ask::post(&path, body))
    }

    fn refresh(&self, index: &str) -> Outcome<()> {
        self.client.ask::<Value>(Ask::get(&format!("{index}/_refresh"))).map(drop)
    }

    fn told<T>(&self, outcome: Outcome<T>) -> Result<T, IndexError> {
        outcome.map_err(|kind| kind.at(&self.address.shown()))
    }

    fn info_of(&self) -> Outcome<Info> {
        let mut aggregations = json!({});
        if let Some(time) = &self.shape.time {
            aggregations =
                json!({"first": {"min": {"field": time}}, "last": {"max": {"field": time}}});
        }
        let mut body = json!({"size": 0, "track_total_hits": true, "query": {"match_all": {}}});
        if self.shape.time.is_some() {
            body["aggs"] = aggregations;
        }
        let page = self.page(&Window::ALWAYS, &body)?;
        let time = |end: &str| self.time_of(&page.aggregations[end]["value"]);
        let path = format!("{}/_stats/store?{LENIENT}", self.address.all());
        let stats: Value = self.client.ask(Ask::get(&path)).unwrap_or_default();
        Ok(Info {
            backend: self.backend(),
            place: self.address.shown(),
            events: page.total(),
            bytes: stats["_all"]["total"]["store"]["size_in_bytes"].as_u64().unwrap_or_default(),
            span: time("first").zip(time("last")),
        })
    }

    /// The product with its version. A server that does not say it is none the worse.
    fn backend(&self) -> String {
        let answer: Value = self.client.ask(Ask::get("")).unwrap_or_default();
        let version = &answer["version"];
        let product = match version["distribution"].as_str() {
            Some("opensearch") => "OpenSearch",
            Some(other) => other,
            None => "Elasticsearch",
        };
        match version["number"].as_str() {
            Some(number) => format!("{product} {number}"),
            None => "a cluster that does not tell its product".to_owned(),
        }
    }

    /// The moment of a number in the time's field: microseconds in an index of ours, else
    /// milliseconds.
    fn time_of(&self, value: &Value) -> Option<Timestamp> {
        // Numbers of aggregations are floating point; 2^53 microseconds are 285 years.
        let number = value.as_i64().or_else(|| value.as_f64().map(|number| number as i64))?;
        match self.shape.is_ours {
            true => Timestamp::from_microsecond(number).ok(),
            false => Timestamp::from_millisecond(number).ok(),
        }
    }
}

/// Days without an index, and patterns that mean none, are no error.
const LENIENT: &str = "ignore_unavailable=true&allow_no_indices=true";

fn connect(text: &str, options: &ElasticOptions) -> Result<(Address, Client), IndexError> {
    // What can't be parsed may have a password anywhere in it.
    let address = Address::parse(text).map_err(|kind| kind.at("the index"))?;
    let client = Client::new(&address, options).map_err(|kind| kind.at(&address.shown()))?;
    Ok((address, client))
}

fn shape(client: &Client, address: &Address) -> Outcome<Option<Shape>> {
    let path = format!("{}/_mapping?{LENIENT}", address.all());
    match client.find::<Value>(Ask::get(&path))? {
        Some(answer) => Shape::read(&answer),
        None => Ok(None),
    }
}

/// Makes an index of ours. Who comes second finds it made.
fn create(client: &Client, name: &str, schema: Schema) -> Outcome<()> {
    let template = mapping::template(name, schema);
    client.ask::<Value>(Ask::put(&format!("_index_template/recheck-{name}"), &template))?;
    match client.ask::<Value>(Ask::put(name, &json!({}))) {
        Err(IndexErrorKind::Refused { reason, .. })
            if reason.contains("resource_already_exists") =>
        {
            Ok(())
        }
        other => other.map(drop),
    }
}

impl Index for Elastic {
    fn schema(&self) -> Schema {
        self.shape.schema
    }

    fn info(&self) -> Result<Info, IndexError> {
        self.told(self.info_of())
    }

    fn field_names(&self) -> Result<Vec<String>, IndexError> {
        self.told(self.names_now())
    }

    fn hits(
        &self,
        known: Known<'_>,
        scope: &Scope,
        each: &mut dyn FnMut(&Hit),
    ) -> Result<(), IndexError> {
        let mut run = || self.search(known, scope)?.hits(each);
        self.told(run())
    }

    fn run_hits(&self, known: Known<'_>, scope: &Scope) -> Result<Vec<RunHits>, IndexError> {
        let run = || self.search(known, scope)?.run_hits();
        self.told(run())
    }

    fn failed_tests(&self, runs: &[RunKey]) -> Result<BTreeMap<RunKey, Vec<String>>, IndexError> {
        self.told(self.failed_tests_of(runs))
    }

    fn overview(
        &self,
        known: Known<'_>,
        fingerprint: u32,
        request: &OverviewRequest,
    ) -> Result<Overview, IndexError> {
        let run = || self.search(known, &request.scope)?.overview(fingerprint, request);
        self.told(run())
    }

    fn history(&self) -> &dyn History {
        self
    }

    fn writer(&self, options: &WriterOptions) -> Result<Box<dyn Writer + '_>, IndexError> {
        let writer = || -> Outcome<Box<dyn Writer + '_>> {
            if !self.shape.is_ours || self.address.name().is_none() {
                return Err(IndexErrorKind::ReadOnly);
            }
            Ok(Box::new(ElasticWriter::new(self, options)?))
        };
        self.told(writer())
    }
}
