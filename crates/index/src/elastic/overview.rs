//! The hits of one fingerprint from all sides: counted by the cluster where it can, else here.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use recheck_core::FieldValues;
use serde_json::{Map, Value, json};

use super::{
    Outcome,
    answer::Page,
    mapping::{META, Shape},
    query::Clause,
    search::{Decided, Search},
};
use crate::{
    embedded::{histogram, step},
    event::IndexedEvent,
    index::{Facet, Histogram, Overview, OverviewRequest},
};

/// Up to so many different values the servers count exactly.
const PRECISION: u64 = 40_000;

impl Search<'_> {
    /// The hits of the fingerprint at this place.
    pub(super) fn overview(
        &self,
        fingerprint: u32,
        request: &OverviewRequest,
    ) -> Outcome<Overview> {
        let shape = self.index.shape_now()?;
        let known = &self.known.fingerprints[fingerprint as usize];
        let Some(clause) = Clause::of(known, &shape) else { return Ok(Overview::default()) };
        // A text without a twin has no values to be counted there.
        let is_counted = |field: &String| shape.column(field).is_some() || !shape.has(field);
        match clause.exact && request.facets.iter().all(is_counted) {
            true => self.asked(&clause, &shape, request),
            false => self.gathered(fingerprint, clause, request),
        }
    }

    fn asked(
        &self,
        clause: &Clause,
        shape: &Shape,
        request: &OverviewRequest,
    ) -> Outcome<Overview> {
        let query = self.within(&clause.query);
        let body = json!({
            "query": query, "size": request.examples, "track_total_hits": true,
            "sort": newest_first(shape), "aggs": aggregations(shape, request),
        });
        let page = self.index.page(&self.scope.window, &body)?;
        let told = &page.aggregations;
        let time = |end: &str| self.index.time_of(&told[end]["value"]);
        let (first_seen, last_seen) = (time("first"), time("last"));
        let facets = (0..).zip(&request.facets).map(|(at, field)| {
            (
                field.clone(),
                facet(&told[format!("facet{at}")], &told[format!("others{at}")], request.top),
            )
        });
        Ok(Overview {
            hits: page.total(),
            runs: told["runs"]["value"].as_u64().unwrap_or_default(),
            first_seen,
            last_seen,
            facets: facets.collect(),
            histogram: self.histogram(&query, first_seen.zip(last_seen))?,
            examples: self.examples(page)?,
        })
    }

    fn examples(&self, page: Page) -> Outcome<Vec<IndexedEvent>> {
        page.found().iter().map(|found| Ok(self.event(found)?.0)).collect()
    }

    fn histogram(&self, query: &Value, span: Option<(Timestamp, Timestamp)>) -> Outcome<Histogram> {
        let shape = &self.index.shape;
        let (Some(field), Some((first, last))) = (&shape.time, span) else {
            return Ok(Histogram::default());
        };
        let step = step(last.as_second() - first.as_second());
        let steps = match shape.is_ours {
            true => json!({"histogram": {
                "field": field, "interval": step * 1_000_000, "min_doc_count": 1,
            }}),
            false => json!({"date_histogram": {
                "field": field, "fixed_interval": format!("{step}s"), "min_doc_count": 1,
            }}),
        };
        let body = json!({"size": 0, "query": query, "aggs": {"steps": steps}});
        let page = self.index.page(&self.scope.window, &body)?;
        let buckets = page.aggregations["steps"]["buckets"].as_array().into_iter().flatten();
        let count = |bucket: &Value| {
            Some((self.index.time_of(&bucket["key"])?, bucket["doc_count"].as_u64()?))
        };
        let counts = buckets.filter_map(count).collect();
        Ok(Histogram { step: SignedDuration::from_secs(step), counts })
    }

    /// The same from the events themselves.
    fn gathered(
        &self,
        fingerprint: u32,
        clause: Clause,
        request: &OverviewRequest,
    ) -> Outcome<Overview> {
        let mut clauses = vec![None; self.known.fingerprints.len()];
        clauses[fingerprint as usize] = Some(Clause { exact: false, ..clause });
        let mut found: Vec<(IndexedEvent, u64)> = Vec::new();
        self.decide(&clauses, &mut |Decided { event, seq, .. }| found.push((event, seq)))?;
        let mut times: Vec<i64> =
            found.iter().filter_map(|(event, _)| Some(event.time?.as_microsecond())).collect();
        times.sort_unstable();
        let time = |micros: Option<&i64>| Timestamp::from_microsecond(*micros?).ok();
        let runs: HashSet<_> = found.iter().filter_map(|(event, _)| event.run.as_ref()).collect();
        let runs = runs.len() as u64;
        let facets: BTreeMap<String, Facet> = request
            .facets
            .iter()
            .map(|field| (field.clone(), count_values(&found, field, request.top)))
            .collect();
        found.sort_by_key(|(event, seq)| std::cmp::Reverse((event.time, *seq)));
        Ok(Overview {
            hits: found.len() as u64,
            runs,
            first_seen: time(times.first()),
            last_seen: time(times.last()),
            facets,
            histogram: histogram(&times),
            examples: found.into_iter().take(request.examples).map(|(event, _)| event).collect(),
        })
    }
}

/// The newest first; those without a time last.
fn newest_first(shape: &Shape) -> Value {
    let mut sort = Vec::new();
    if let Some(time) = &shape.time {
        sort.push(json!({time: {"order": "desc", "missing": "_last", "unmapped_type": "date"}}));
    }
    if shape.is_ours {
        sort.push(json!({(format!("{META}.seq")): "desc"}));
    }
    json!(sort)
}

fn aggregations(shape: &Shape, request: &OverviewRequest) -> Value {
    let mut all = Map::new();
    let distinct =
        |field: &str| json!({"cardinality": {"field": field, "precision_threshold": PRECISION}});
    if let Some(time) = &shape.time {
        all.insert("first".to_owned(), json!({"min": {"field": time}}));
        all.insert("last".to_owned(), json!({"max": {"field": time}}));
    }
    if let Some(run) = &shape.run {
        all.insert("runs".to_owned(), distinct(run));
    }
    for (at, field) in request.facets.iter().enumerate() {
        let Some(column) = shape.column(field) else { continue };
        // More than are told, so that no shard leaves one out that is frequent on all.
        let (size, shard_size) = (request.top.max(1), request.top * 10 + 100);
        let terms = json!({"field": column, "size": size, "shard_size": shard_size});
        all.insert(format!("facet{at}"), json!({"terms": terms}));
        all.insert(format!("others{at}"), distinct(&column));
    }
    Value::Object(all)
}

fn facet(terms: &Value, distinct: &Value, top: usize) -> Facet {
    let buckets = terms["buckets"].as_array().into_iter().flatten().take(top);
    let value = |bucket: &Value| {
        let key = bucket["key_as_string"].as_str().or_else(|| bucket["key"].as_str());
        let key = key.map_or_else(|| bucket["key"].to_string(), str::to_owned);
        (key, bucket["doc_count"].as_u64().unwrap_or_default())
    };
    let values: Vec<(String, u64)> = buckets.map(value).collect();
    let distinct = distinct["value"].as_u64().unwrap_or_default();
    let others = distinct.saturating_sub(values.len() as u64);
    Facet { values, others }
}

fn count_values(found: &[(IndexedEvent, u64)], field: &str, top: usize) -> Facet {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for (event, _) in found {
        let values: HashSet<&str> = event.values(field).iter().collect();
        values.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
    }
    let mut values: Vec<(String, u64)> =
        counts.into_iter().map(|(value, count)| (value.to_owned(), count)).collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let others = values.len().saturating_sub(top) as u64;
    values.truncate(top);
    Facet { values, others }
}
