//! From fingerprints to the events they hit.

use jiff::Timestamp;
use rayon::prelude::*;
use recheck_core::Known;
use serde_json::{Value, json};

use super::{
    Elastic, LENIENT, Outcome,
    answer::{Found, Page, Pages},
    client::{Ask, is_busy_error},
    document::{self, run_of_term},
    mapping::META,
    query::{Clause, any_of, batches, filters},
};
use crate::{
    error::IndexErrorKind,
    event::{IndexedEvent, RunKey},
    index::{Hit, Scope},
};

/// Hits of a fingerprint in its first answer; those with more are scrolled.
const FIRST_PAGE: u64 = 250;
/// Documents on a page without their text, and with it.
const NAMES_PAGE: u64 = 5_000;
const EVENTS_PAGE: u64 = 1_000;
/// Searches in one request, and their bytes.
const MOST_SEARCHES: usize = 1_000;
const MOST_BYTES: usize = 8 << 20;
/// How long a server keeps a scroll between two pages.
const KEEP: &str = "2m";
/// More events than this are not read to be decided here.
const MOST_READ: u64 = 200_000;

/// One question to a cluster: some fingerprints, some events.
pub(super) struct Search<'a> {
    pub(super) index: &'a Elastic,
    pub(super) known: Known<'a>,
    pub(super) scope: Scope,
    /// The restrictions of the scope.
    pub(super) filters: Vec<Value>,
    /// The column of an event's file, in an index of ours.
    pub(super) filename: Option<String>,
}

/// An event with what the matcher says of it.
pub(super) struct Decided {
    pub(super) event: IndexedEvent,
    pub(super) seq: u64,
    pub(super) hits: Vec<u32>,
}

impl<'a> Search<'a> {
    pub(super) fn new(index: &'a Elastic, known: Known<'a>, scope: &Scope) -> Outcome<Search<'a>> {
        if index.shape.time.is_none() && !scope.window.is_always() {
            let told = "it has no date `@timestamp`, so no window of time can be asked for";
            return Err(IndexErrorKind::Incomplete(told.to_owned()));
        }
        let filters = filters(scope, &index.shape);
        let filename = index.filename();
        Ok(Search { index, known, scope: scope.clone(), filters, filename })
    }

    /// The clause of each fingerprint.
    pub(super) fn clauses(&self) -> Vec<Option<Clause>> {
        let shape = &self.index.shape;
        self.known.fingerprints.iter().map(|one| Clause::of(one, shape)).collect()
    }

    /// The events in scope that meet a condition.
    pub(super) fn within(&self, query: &Value) -> Value {
        let mut filters = vec![query.clone()];
        filters.extend(self.filters.iter().cloned());
        json!({"bool": {"filter": filters}})
    }

    /// In the order of arrival, where the index knows one.
    fn order(&self) -> Value {
        match self.index.shape.is_ours {
            true => json!([{(format!("{META}.seq")): "asc"}]),
            false => json!(["_doc"]),
        }
    }

    /// What names a hit, read from columns.
    fn named(&self, query: &Value, size: u64) -> Value {
        let shape = &self.index.shape;
        let (mut columns, mut source) = (Vec::new(), json!(false));
        if shape.is_ours {
            columns
                .extend(["id", "run", "time", "seq"].map(|name| json!(format!("{META}.{name}"))));
        } else {
            source = json!(["id"]);
            columns.extend(shape.run.iter().map(|field| json!(field)));
            let time = |field| json!({"field": field, "format": "strict_date_time"});
            columns.extend(shape.time.iter().map(time));
        }
        let mut body = json!({
            "query": self.within(query), "sort": self.order(), "size": size,
            "track_total_hits": true, "_source": source, "docvalue_fields": columns,
        });
        if shape.is_ours {
            // No document has to be unpacked.
            body["stored_fields"] = json!("_none_");
        }
        body
    }

    /// Every hit, fingerprint by fingerprint, in the order of arrival.
    pub(super) fn hits(&self, each: &mut dyn FnMut(&Hit)) -> Outcome<()> {
        let mut found: Vec<Vec<Hit>> = vec![Vec::new(); self.known.fingerprints.len()];
        let mut clauses = self.clauses();
        let exact: Vec<(u32, Value)> = exact(&clauses)
            .map(|(place, clause)| (place, self.named(&clause.query, FIRST_PAGE)))
            .collect();
        let mut deep = Vec::new();
        self.many(&exact, &mut |place, page| {
            match page {
                Err(error) => self.fall_back(error, &mut clauses[place as usize])?,
                Ok(page) if page.total() > FIRST_PAGE => deep.push(place),
                Ok(page) => {
                    let hits = page.found().into_iter().map(|one| self.hit(place, &one));
                    found[place as usize] = hits.collect::<Outcome<_>>()?;
                }
            }
            Ok(())
        })?;
        for place in deep {
            let Some(clause) = &clauses[place as usize] else { continue };
            self.scroll(self.named(&clause.query, NAMES_PAGE), &mut |page| {
                for one in page {
                    found[place as usize].push(self.hit(place, &one)?);
                }
                Ok(())
            })?;
        }
        self.decide(&clauses, &mut |Decided { event, seq, hits }| {
            for place in hits {
                found[place as usize].push(Hit {
                    fingerprint: place,
                    id: event.id.clone().unwrap_or_else(|| format!("#{seq}")),
                    run: event.run.clone(),
                    time: event.time,
                });
            }
        })?;
        found.iter().flatten().for_each(each);
        Ok(())
    }

    fn hit(&self, fingerprint: u32, found: &Found) -> Outcome<Hit> {
        let shape = &self.index.shape;
        if !shape.is_ours {
            let source = found.source.as_deref();
            let event =
                source.map(|source| document::read_foreign(&found.id, source)).transpose()?;
            let id = event.and_then(|event| event.id).unwrap_or_else(|| found.id.clone());
            let column = |field: &Option<String>| found.text(field.as_deref()?).map(str::to_owned);
            let time = column(&shape.time).and_then(|text| text.parse().ok());
            return Ok(Hit { fingerprint, id, run: column(&shape.run).map(RunKey::first), time });
        }
        let own = |name: &str| format!("{META}.{name}");
        let unnamed = || format!("#{}", found.number(&own("seq")).unwrap_or_default());
        Ok(Hit {
            fingerprint,
            id: found.text(&own("id")).map_or_else(unnamed, str::to_owned),
            run: found.text(&own("run")).and_then(run_of_term),
            time: found
                .number(&own("time"))
                .and_then(|micros| Timestamp::from_microsecond(micros).ok()),
        })
    }

    /// What the server refuses of a query that core takes is decided here.
    pub(super) fn fall_back(
        &self,
        error: IndexErrorKind,
        clause: &mut Option<Clause>,
    ) -> Outcome<()> {
        match error {
            IndexErrorKind::Refused { status: 400, .. } => {
                *clause = Some(Clause::everything());
                Ok(())
            }
            other => Err(other),
        }
    }

    /// Reads the candidates of what the server can't answer, and has the matcher decide.
    pub(super) fn decide(
        &self,
        clauses: &[Option<Clause>],
        each: &mut dyn FnMut(Decided),
    ) -> Outcome<()> {
        let unsure: Vec<(u32, &Clause)> = (0..)
            .zip(clauses)
            .filter_map(|(place, clause)| Some((place, clause.as_ref()?)))
            .filter(|(_, clause)| !clause.exact)
            .collect();
        // What must look at everything looks at it once, for all.
        let all = unsure.iter().any(|(_, clause)| clause.is_everything());
        let chunks = match all {
            true => vec![&unsure[..]],
            false => batches(&unsure, |(_, clause)| clause),
        };
        for chunk in chunks {
            let places: Vec<u32> = chunk.iter().map(|(place, _)| *place).collect();
            let query = match all {
                true => json!({"match_all": {}}),
                false => any_of(chunk.iter().map(|(_, clause)| clause.query.clone()).collect()),
            };
            self.check_size(&query, &places)?;
            self.read(&query, &mut |mut decided| {
                decided.hits.retain(|hit| places.contains(hit));
                if !decided.hits.is_empty() {
                    each(decided);
                }
            })?;
        }
        Ok(())
    }

    fn check_size(&self, query: &Value, places: &[u32]) -> Outcome<()> {
        let body = json!({"size": 0, "track_total_hits": true, "query": self.within(query)});
        let events = self.index.page(&self.scope.window, &body)?.total();
        let ids: Vec<&str> = places
            .iter()
            .take(5)
            .map(|place| self.known.fingerprints[*place as usize].id.as_str())
            .collect();
        match events > MOST_READ {
            true => {
                let reason = format!("of the fingerprints {} …", ids.join(", "));
                Err(IndexErrorKind::TooMany { events, reason })
            }
            false => Ok(()),
        }
    }

    /// Reads every event in scope that a query finds, with what the matcher says of it.
    pub(super) fn read(&self, query: &Value, each: &mut dyn FnMut(Decided)) -> Outcome<()> {
        let body = json!({"query": self.within(query), "sort": self.order(), "size": EVENTS_PAGE});
        self.scroll(body, &mut |page| {
            self.matched(page)?.into_iter().for_each(&mut *each);
            Ok(())
        })
    }

    /// What the matcher says of the documents of a page.
    pub(super) fn matched(&self, page: Vec<Found>) -> Outcome<Vec<Decided>> {
        let matcher = self.known.matcher;
        let narrowed = matcher.narrow_nothing();
        let chunks: Vec<Vec<Decided>> = page
            .par_chunks(64)
            .map(|chunk| {
                let mut scratch = matcher.scratch();
                let one = |found: &Found| {
                    let (event, seq) = self.event(found)?;
                    let mut hits = Vec::new();
                    matcher.matches_event(&narrowed, event.to_match(), &mut scratch, &mut hits);
                    Ok(Decided { event, seq, hits })
                };
                chunk.iter().map(one).collect::<Outcome<_>>()
            })
            .collect::<Outcome<_>>()?;
        Ok(chunks.into_iter().flatten().collect())
    }

    /// The event of a document that was read with its text.
    pub(super) fn event(&self, found: &Found) -> Outcome<(IndexedEvent, u64)> {
        let source = found
            .source
            .as_deref()
            .ok_or_else(|| IndexErrorKind::Answer("a document without `_source`".to_owned()))?;
        match self.index.shape.is_ours {
            true => document::read(source).map(|(event, order)| (event, order.seq)),
            false => document::read_foreign(&found.id, source).map(|event| (event, 0)),
        }
    }

    /// Asks many searches in few requests; `each` gets every answer with its place.
    pub(super) fn many(
        &self,
        searches: &[(u32, Value)],
        each: &mut dyn FnMut(u32, Outcome<Page>) -> Outcome<()>,
    ) -> Outcome<()> {
        let index = self.index.address.within(&self.scope.window);
        let header = json!({"index": index, "ignore_unavailable": true, "allow_no_indices": true});
        let header = format!("{header}\n");
        let (mut lines, mut places) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        for (at, (place, search)) in searches.iter().enumerate() {
            let line = format!("{header}{search}\n");
            bytes += line.len();
            lines.push(line);
            places.push(*place);
            let is_full = bytes >= MOST_BYTES || places.len() >= MOST_SEARCHES;
            if is_full || at + 1 == searches.len() {
                self.ask_all(&lines, &mut |at, page| each(places[at], page))?;
                lines.clear();
                places.clear();
                bytes = 0;
            }
        }
        Ok(())
    }

    /// Asks these searches in one request, and those that the server has no time for once more.
    fn ask_all(
        &self,
        searches: &[String],
        each: &mut dyn FnMut(usize, Outcome<Page>) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut left: Vec<usize> = (0..searches.len()).collect();
        let mut patience = self.index.client.patience();
        while !left.is_empty() {
            let body: String = left.iter().map(|at| searches[*at].as_str()).collect();
            let ask = Ask::lines("_msearch", body.into_bytes());
            let pages = self.index.client.ask::<Pages>(ask)?.responses;
            if pages.len() != left.len() {
                let told = format!("{} answers to {} searches", pages.len(), left.len());
                return Err(IndexErrorKind::Incomplete(told));
            }
            let mut busy = Vec::new();
            for (at, page) in std::mem::take(&mut left).into_iter().zip(pages) {
                match page.whole() {
                    Err(error) if is_busy_error(&error) => busy.push((at, error)),
                    page => each(at, page)?,
                }
            }
            if !busy.is_empty() && !patience.pause() {
                return busy.into_iter().try_for_each(|(at, error)| each(at, Err(error)));
            }
            left = busy.into_iter().map(|(at, _)| at).collect();
        }
        Ok(())
    }

    /// Goes over all pages of a search.
    pub(super) fn scroll(
        &self,
        body: Value,
        each: &mut dyn FnMut(Vec<Found>) -> Outcome<()>,
    ) -> Outcome<()> {
        self.index.scroll(&self.index.address.within(&self.scope.window), &body, each)
    }
}

impl Elastic {
    /// Goes over all pages of a search in these indices.
    pub(super) fn scroll(
        &self,
        indices: &str,
        body: &Value,
        each: &mut dyn FnMut(Vec<Found>) -> Outcome<()>,
    ) -> Outcome<()> {
        let path = format!("{indices}/_search?scroll={KEEP}&{LENIENT}");
        let mut page = self.client.page(Ask::post(&path, body))?;
        let size = body["size"].as_u64().unwrap_or(1);
        let (total, mut read) = (page.total(), 0);
        let mut last = None;
        let outcome = loop {
            last = page.scroll.take().or(last);
            let found = page.found();
            read += found.len() as u64;
            let is_last = (found.len() as u64) < size;
            let outcome = if found.is_empty() { Ok(()) } else { each(found) };
            let Some(id) = last.as_ref().filter(|_| outcome.is_ok() && !is_last) else {
                break outcome;
            };
            let next = json!({"scroll": KEEP, "scroll_id": id});
            match self.client.ask::<Page>(Ask::post("_search/scroll", &next)).and_then(Page::whole)
            {
                Ok(next) => page = next,
                Err(error) => break Err(error),
            }
        };
        if let Some(id) = last {
            // It ends by itself as well, only later.
            let _ =
                self.client.ask::<Value>(Ask::delete("_search/scroll", &json!({"scroll_id": id})));
        }
        if outcome.is_ok() && read != total {
            // A page went by whose answer was lost: asked again, the server gives the one behind it.
            let told = format!("{read} of {total} documents arrived");
            return Err(IndexErrorKind::Incomplete(told));
        }
        outcome
    }
}

/// The clauses that the server answers by itself.
pub(super) fn exact(clauses: &[Option<Clause>]) -> impl Iterator<Item = (u32, &Clause)> {
    let placed = (0..).zip(clauses).filter_map(|(place, clause)| Some((place, clause.as_ref()?)));
    placed.filter(|(_, clause)| clause.exact)
}
