//! Hits by run.
//!
//! A few runs are read and matched here, in one request for all fingerprints. For more runs the
//! cluster counts: one search for each fingerprint, all in one request, each with its hits by run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use recheck_core::FieldValues;
use serde_json::{Value, json};

use super::{
    Outcome,
    document::run_of_term,
    mapping::META,
    search::{Decided, Search, exact},
};
use crate::{
    error::IndexErrorKind,
    event::RunKey,
    index::{Place, RunHits, Scope},
};

/// So many runs, and pages of their events, are read in the time in which the cluster answers one search
/// for each fingerprint.
const FEW_RUNS: usize = 16;
const FEW_PAGES: usize = 4;
/// What one page may hold, on every server.
const FEW_EVENTS: u64 = 10_000;
/// Runs that are named in one search.
const MOST_RUNS: usize = 500;
/// Runs that are counted in one search where none is named.
const MOST_BUCKETS: u64 = 5_000;

/// The hits of a fingerprint in a run, and the first of them.
struct Counted {
    count: u64,
    /// By time (those without come last), then by arrival.
    order: (i64, u64),
    first: Place,
}

/// What was counted until now.
type Counts = BTreeMap<(RunKey, u32), Counted>;

impl Search<'_> {
    /// How often each fingerprint hit each run, and where first.
    pub(super) fn run_hits(&self) -> Outcome<Vec<RunHits>> {
        let mut counts = Counts::new();
        match &self.scope.runs {
            Some(runs) if runs.len() > MOST_RUNS => {
                for chunk in runs.chunks(MOST_RUNS) {
                    let scope = Scope { runs: Some(chunk.to_vec()), ..self.scope.clone() };
                    Search::new(self.index, self.known, &scope)?.count(&mut counts)?;
                }
            }
            _ => self.count(&mut counts)?,
        }
        let told = |((run, fingerprint), counted): ((RunKey, u32), Counted)| RunHits {
            run,
            fingerprint,
            count: counted.count,
            first: counted.first,
        };
        Ok(counts.into_iter().map(told).collect())
    }

    fn count(&self, counts: &mut Counts) -> Outcome<()> {
        let runs = self.scope.runs.as_ref().map_or(usize::MAX, Vec::len);
        let is_read = runs <= FEW_RUNS && self.index.shape.is_ours;
        if runs == 0 || (is_read && self.read_runs(counts)?) {
            return Ok(());
        }
        self.ask_runs(counts)
    }

    /// Reads the events of a few runs; false where they are too many.
    fn read_runs(&self, counts: &mut Counts) -> Outcome<bool> {
        let runs = self.scope.runs.as_deref().unwrap_or_default();
        let [_, _, ..] = runs else { return self.read_page(counts) };
        let mut pages: Vec<(u64, Vec<RunKey>)> = Vec::new();
        for (run, events) in self.sizes(runs)? {
            match pages.last_mut() {
                Some((sum, page)) if *sum + events <= FEW_EVENTS => {
                    *sum += events;
                    page.push(run);
                }
                _ => pages.push((events, vec![run])),
            }
        }
        if pages.len() > FEW_PAGES || pages.iter().any(|(events, _)| *events > FEW_EVENTS) {
            return Ok(false);
        }
        for (_, page) in pages {
            let scope = Scope { runs: Some(page), ..self.scope.clone() };
            Search::new(self.index, self.known, &scope)?.read_page(counts)?;
        }
        Ok(true)
    }

    /// How many events each of these runs has in scope.
    fn sizes(&self, runs: &[RunKey]) -> Outcome<Vec<(RunKey, u64)>> {
        let terms = json!({"field": self.index.shape.run, "size": runs.len()});
        let query = self.within(&json!({"match_all": {}}));
        let body = json!({"size": 0, "query": query, "aggs": {"runs": {"terms": terms}}});
        let page = self.index.page(&self.scope.window, &body)?;
        let buckets = page.aggregations["runs"]["buckets"].as_array().into_iter().flatten();
        let size = |bucket: &Value| {
            Some((run_of_term(bucket["key"].as_str()?)?, bucket["doc_count"].as_u64()?))
        };
        Ok(buckets.filter_map(size).collect())
    }

    /// Reads and matches the events in scope; false where they are more than a page.
    fn read_page(&self, counts: &mut Counts) -> Outcome<bool> {
        let body = json!({
            "query": self.within(&json!({"match_all": {}})),
            "size": FEW_EVENTS, "track_total_hits": true,
        });
        let page = self.index.page(&self.scope.window, &body)?;
        if page.total() > FEW_EVENTS {
            return Ok(false);
        }
        self.matched(page.found())?.into_iter().for_each(|one| add_decided(counts, one));
        Ok(true)
    }

    /// Has the cluster count.
    fn ask_runs(&self, counts: &mut Counts) -> Outcome<()> {
        let Some(field) = self.index.shape.run.clone() else {
            let told = "it has no field `build_uuid` that events could be told apart by";
            return Err(IndexErrorKind::Incomplete(told.to_owned()));
        };
        let mut clauses = self.clauses();
        let parts = self.parts(&field)?;
        for part in 0..parts {
            let terms = self.terms(&field, part, parts);
            let search = |query: &Value| {
                let aggregation = json!({"terms": terms, "aggs": {"first": self.first()}});
                json!({"size": 0, "query": self.within(query), "aggs": {"runs": aggregation}})
            };
            let searches: Vec<(u32, Value)> =
                exact(&clauses).map(|(place, clause)| (place, search(&clause.query))).collect();
            let mut refused = Vec::new();
            self.many(&searches, &mut |place, page| {
                match page {
                    Err(error) => refused.push((place, error)),
                    Ok(page) => self.add_buckets(counts, place, &page.aggregations["runs"])?,
                }
                Ok(())
            })?;
            for (place, error) in refused {
                self.fall_back(error, &mut clauses[place as usize])?;
            }
        }
        self.decide(&clauses, &mut |decided| add_decided(counts, decided))
    }

    /// In how many parts the runs are counted, so that no part has too many.
    fn parts(&self, field: &str) -> Outcome<u64> {
        if self.scope.runs.is_some() {
            return Ok(1);
        }
        let cardinality = json!({"cardinality": {"field": field, "precision_threshold": 40_000}});
        let query = self.within(&json!({"match_all": {}}));
        let body = json!({"size": 0, "query": query, "aggs": {"runs": cardinality}});
        let page = self.index.page(&self.scope.window, &body)?;
        let runs = page.aggregations["runs"]["value"].as_u64().unwrap_or_default();
        // The number is an estimate, and the parts are not equal.
        Ok(1 + runs * 2 / MOST_BUCKETS)
    }

    fn terms(&self, field: &str, part: u64, parts: u64) -> Value {
        let size = self.scope.runs.as_ref().map_or(MOST_BUCKETS, |runs| runs.len() as u64);
        let mut terms = json!({"field": field, "size": size});
        if parts > 1 {
            terms["include"] = json!({"partition": part, "num_partitions": parts});
        }
        terms
    }

    /// The first hit in a run.
    fn first(&self) -> Value {
        let shape = &self.index.shape;
        let mut sort = Vec::new();
        let mut columns = Vec::new();
        if let Some(time) = &shape.time {
            // An index of the pattern may have no event with a time yet.
            sort.push(json!({time: {"order": "asc", "missing": "_last", "unmapped_type": "date"}}));
        }
        if shape.is_ours {
            sort.push(json!({(format!("{META}.seq")): "asc"}));
            columns.extend(["id", "time", "line"].map(|name| json!(format!("{META}.{name}"))));
            columns.extend(self.filename.iter().map(|field| json!(field)));
        } else {
            let time = |field| json!({"field": field, "format": "strict_date_time"});
            columns.extend(shape.time.iter().map(time));
        }
        if shape.is_ours {
            // From columns alone: no document has to be unpacked.
            return json!({"top_hits": {
                "size": 1, "sort": sort, "_source": false, "stored_fields": "_none_",
                "docvalue_fields": columns,
            }});
        }
        json!({"top_hits": {
            "size": 1, "sort": sort, "_source": ["filename", "id"], "docvalue_fields": columns,
        }})
    }

    fn add_buckets(&self, counts: &mut Counts, place: u32, runs: &Value) -> Outcome<()> {
        if runs["sum_other_doc_count"].as_u64().is_some_and(|others| others > 0) {
            let told = "there are more runs than the cluster counts at once";
            return Err(IndexErrorKind::Incomplete(told.to_owned()));
        }
        for bucket in runs["buckets"].as_array().into_iter().flatten() {
            let Some(key) = bucket["key"].as_str() else { continue };
            let run = match self.index.shape.is_ours {
                true => run_of_term(key),
                false => Some(RunKey::first(key)),
            };
            let Some(run) = run else { continue };
            let count = bucket["doc_count"].as_u64().unwrap_or_default();
            let first = &bucket["first"]["hits"]["hits"][0];
            let counted = Counted { count, order: (0, 0), first: self.place(first) };
            counts.insert((run, place), counted);
        }
        Ok(())
    }

    fn place(&self, hit: &Value) -> Place {
        let source = &hit["_source"];
        let column = |field: &str| &hit["fields"][field][0];
        let own = |name: &str| column(&format!("{META}.{name}"));
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if self.index.shape.is_ours {
            let micros = own("time").as_i64();
            return Place {
                file: self.filename.as_deref().and_then(|field| text(column(field))),
                line: own("line").as_u64(),
                event: text(own("id")),
                time: micros.and_then(|at| Timestamp::from_microsecond(at).ok()),
            };
        }
        let time = self.index.shape.time.as_deref().map(column);
        Place {
            file: text(&source["filename"]).or_else(|| text(&source["filename"][0])),
            line: None,
            event: text(&source["id"]).or_else(|| text(&hit["_id"])),
            time: time.and_then(|time| time.as_str()?.parse().ok()),
        }
    }
}

fn add_decided(counts: &mut Counts, Decided { event, seq, hits }: Decided) {
    let Some(run) = &event.run else { return };
    let order = (event.time.map_or(i64::MAX, Timestamp::as_microsecond), seq);
    let first = || Place {
        file: event.values("filename").iter().next().map(str::to_owned),
        line: event.line,
        event: event.id.clone(),
        time: event.time,
    };
    for fingerprint in hits {
        let counted = counts.entry((run.clone(), fingerprint)).or_insert_with(|| Counted {
            count: 0,
            order,
            first: first(),
        });
        counted.count += 1;
        if order < counted.order {
            counted.order = order;
            counted.first = first();
        }
    }
}
