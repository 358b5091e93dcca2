//! From fingerprints to the events they hit.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use rayon::prelude::*;
use recheck_core::{FieldValues, Known, Schema};
use tantivy::{
    BitSet, DocAddress, DocId, Searcher, SegmentReader, TantivyDocument, Term,
    columnar::{Column, StrColumn},
    index::SegmentId,
    query::{
        BitSetDocSet, BooleanQuery, ConstScorer, EnableScoring, Explanation, Query, RangeQuery,
        Scorer, TermSetQuery, Weight,
    },
    schema::Value,
    store::StoreReader,
};

use super::{
    Outcome,
    candidates::Candidates,
    layout::{Layout, run_of_term},
    stored,
};
use crate::{
    error::IndexErrorKind,
    event::{IndexedEvent, RunKey},
    index::{Hit, Place, RunHits, Scope},
};

/// Blocks of stored events kept decompressed: events are read in order, so one would nearly do.
const CACHED_BLOCKS: usize = 4;

/// So many events are read and matched in the time one fingerprint is looked up in one segment.
const EVENTS_PER_LOOKUP: u64 = 2;

/// The events of one fingerprint, in the order of the index.
pub(super) type Found = Vec<DocAddress>;

/// One question to the index: some fingerprints, some events.
pub(super) struct Search<'a> {
    pub(super) searcher: Searcher,
    pub(super) layout: Layout,
    pub(super) schema: Schema,
    known: Known<'a>,
    /// The events in scope; `None`: all of them.
    within: Option<Within>,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        searcher: Searcher,
        (layout, schema): (Layout, Schema),
        known: Known<'a>,
        scope: &Scope,
    ) -> Outcome<Search<'a>> {
        let mut search = Search { searcher, layout, schema, known, within: None };
        let mut filters: Vec<Box<dyn Query>> = Vec::new();
        if !scope.window.is_always() {
            let end = |time: Timestamp| Term::from_field_i64(layout.time, time.as_microsecond());
            let from = scope
                .window
                .from
                .map_or(std::ops::Bound::Unbounded, |time| std::ops::Bound::Included(end(time)));
            let to = scope
                .window
                .to
                .map_or(std::ops::Bound::Unbounded, |time| std::ops::Bound::Excluded(end(time)));
            filters.push(Box::new(RangeQuery::new(from, to)));
        }
        if let Some(runs) = &scope.runs {
            filters.push(Box::new(TermSetQuery::new(runs.iter().map(|run| layout.run_term(run)))));
        }
        if !filters.is_empty() {
            let query = BooleanQuery::intersection(filters);
            search.within = Some(Within::new(&search.searcher, &query)?);
        }
        Ok(search)
    }

    /// The events of every fingerprint. Few events are read and matched; of many, the index tells.
    fn all(&self) -> Outcome<Vec<Found>> {
        let (fingerprints, segments) =
            (self.known.fingerprints.len(), self.searcher.segment_readers().len());
        let lookups = (fingerprints * segments) as u64;
        match &self.within {
            Some(within) if within.count <= lookups * EVENTS_PER_LOOKUP => self.read(within),
            _ => self.look_up(),
        }
    }

    /// Reads the events and has the matcher say who hits.
    fn read(&self, within: &Within) -> Outcome<Vec<Found>> {
        let addresses = within.addresses(&self.searcher);
        let mut found = vec![Found::new(); self.known.fingerprints.len()];
        for (address, hits) in self.matched(&addresses)? {
            hits.iter().for_each(|hit| found[*hit as usize].push(address));
        }
        Ok(found)
    }

    /// What the matcher says of each of these events.
    fn matched(&self, addresses: &[DocAddress]) -> Outcome<Vec<(DocAddress, Vec<u32>)>> {
        let matcher = self.known.matcher;
        let narrowed = matcher.narrow_nothing();
        let chunks: Vec<_> = addresses
            .par_chunks(256)
            .map(|chunk| {
                let (mut stored, mut scratch) = (StoredEvents::of(self), matcher.scratch());
                let one = |address: &DocAddress| {
                    let event = stored.event(*address)?;
                    let mut hits = Vec::new();
                    matcher.matches_event(&narrowed, event.to_match(), &mut scratch, &mut hits);
                    Ok((*address, hits))
                };
                chunk.iter().map(one).collect::<Outcome<Vec<_>>>()
            })
            .collect::<Outcome<_>>()?;
        Ok(chunks.into_iter().flatten().collect())
    }

    /// Asks the index for each fingerprint.
    fn look_up(&self) -> Outcome<Vec<Found>> {
        let asked: Vec<(Found, bool)> = self
            .known
            .fingerprints
            .par_iter()
            .map(|fingerprint| {
                let candidates = Candidates::of(fingerprint, self.layout, self.schema);
                Ok((self.run(candidates.query)?, candidates.exact))
            })
            .collect::<Outcome<_>>()?;
        self.decide(asked)
    }

    /// Leaves of candidates those that the matcher takes.
    fn decide(&self, asked: Vec<(Found, bool)>) -> Outcome<Vec<Found>> {
        let unsure = asked.iter().filter(|(_, exact)| !exact).flat_map(|(found, _)| found);
        let mut addresses: Vec<DocAddress> = unsure.copied().collect();
        addresses.sort_unstable();
        addresses.dedup();
        let matched: HashMap<DocAddress, Vec<u32>> =
            self.matched(&addresses)?.into_iter().collect();
        let decided = (0..).zip(asked).map(|(index, (mut found, exact))| {
            if !exact {
                let takes = |hits: &Vec<u32>| hits.contains(&index);
                found.retain(|address| matched.get(address).is_some_and(takes));
            }
            found
        });
        Ok(decided.collect())
    }

    /// The events of the fingerprint at this place.
    pub(super) fn one(&self, fingerprint: u32) -> Outcome<Found> {
        let known = &self.known.fingerprints[fingerprint as usize];
        let candidates = Candidates::of(known, self.layout, self.schema);
        let mut found = self.run(candidates.query)?;
        if !candidates.exact {
            let hit = |(address, hits): (DocAddress, Vec<u32>)| {
                hits.contains(&fingerprint).then_some(address)
            };
            found = self.matched(&found)?.into_iter().filter_map(hit).collect();
        }
        Ok(found)
    }

    /// The events in scope that a query finds.
    fn run(&self, query: Box<dyn Query>) -> Outcome<Found> {
        let query = match &self.within {
            Some(within) => {
                Box::new(BooleanQuery::intersection(vec![query, Box::new(within.clone())]))
            }
            None => query,
        };
        docs(&self.searcher, &*query)
    }

    /// Every hit, fingerprint by fingerprint, in the order of arrival.
    pub(super) fn hits(&self, each: &mut dyn FnMut(&Hit)) -> Outcome<()> {
        let found = self.all()?;
        let mut addresses: Vec<DocAddress> = found.iter().flatten().copied().collect();
        addresses.sort_unstable();
        addresses.dedup();
        let columns = Columns::of(&self.searcher)?;
        let named: Vec<_> = addresses
            .par_chunks(1024)
            .map(|chunk| {
                let mut stored = StoredEvents::of(self);
                let name = |address: &DocAddress| Ok((*address, stored.id(*address)?));
                chunk.iter().map(name).collect::<Outcome<Vec<_>>>()
            })
            .collect::<Outcome<_>>()?;
        let ids: HashMap<DocAddress, Option<String>> = named.into_iter().flatten().collect();
        let mut runs = RunNames::default();
        for (fingerprint, found) in (0..).zip(found) {
            let mut ordered: Vec<_> =
                found.into_iter().map(|address| (columns.seq(address), address)).collect();
            ordered.sort_unstable();
            for (seq, address) in ordered {
                let id = ids.get(&address).cloned().flatten().unwrap_or_else(|| format!("#{seq}"));
                let run = runs.name(&columns, address)?;
                each(&Hit { fingerprint, id, run, time: columns.time(address) });
            }
        }
        Ok(())
    }

    /// Hits by run, each with its first place.
    pub(super) fn run_hits(&self) -> Outcome<Vec<RunHits>> {
        let columns = Columns::of(&self.searcher)?;
        let mut runs = RunNames::default();
        let mut counted = Vec::new();
        for (fingerprint, found) in (0_u32..).zip(self.all()?) {
            let mut by_run: HashMap<RunKey, (u64, Order)> = HashMap::new();
            for address in found {
                let Some(run) = runs.name(&columns, address)? else { continue };
                let order = columns.order(address);
                let entry = by_run.entry(run).or_insert((0, order));
                entry.0 += 1;
                entry.1 = entry.1.min(order);
            }
            counted.extend(by_run.into_iter().map(|(run, entry)| (run, fingerprint, entry)));
        }
        counted.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let mut stored = StoredEvents::of(self);
        let place = |(run, fingerprint, (count, order)): (RunKey, u32, (u64, Order))| {
            Ok(RunHits {
                run,
                fingerprint,
                count,
                first: self.place(&columns, order.2, &mut stored)?,
            })
        };
        counted.into_iter().map(place).collect()
    }

    fn place(
        &self,
        columns: &Columns,
        address: DocAddress,
        stored: &mut StoredEvents<'_>,
    ) -> Outcome<Place> {
        let event = stored.event(address)?;
        let file = event.values("filename").iter().next().map(str::to_owned);
        Ok(Place { file, line: event.line, event: event.id, time: columns.time(address) })
    }
}

/// The first of two events: by time (those without come last), then by arrival.
type Order = (i64, u64, DocAddress);

/// The alive documents that a query finds.
pub(super) fn docs(searcher: &Searcher, query: &dyn Query) -> Outcome<Found> {
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut found = Found::new();
    for (segment, reader) in (0..).zip(searcher.segment_readers()) {
        weight.for_each_no_score(reader, &mut |docs| {
            let alive = docs.iter().filter(|&&doc| !reader.is_deleted(doc));
            found.extend(alive.map(|&doc| DocAddress::new(segment, doc)));
        })?;
    }
    Ok(found)
}

/// The names of all fields that some event has.
pub(super) fn field_names(searcher: &Searcher, layout: Layout) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for reader in searcher.segment_readers() {
        let index = reader.inverted_index(layout.exists)?;
        let mut stream = index.terms().stream()?;
        while stream.advance() {
            names.push(String::from_utf8_lossy(stream.key()).into_owned());
        }
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// The events in scope, by segment; found out once and shared by all fingerprints.
#[derive(Clone)]
struct Within {
    segments: Arc<HashMap<SegmentId, BitSet>>,
    count: u64,
}

impl std::fmt::Debug for Within {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} events in scope", self.count)
    }
}

impl Within {
    fn new(searcher: &Searcher, query: &dyn Query) -> Outcome<Within> {
        let readers = searcher.segment_readers();
        let empty = |reader: &SegmentReader| BitSet::with_max_value(reader.max_doc());
        let mut sets: Vec<BitSet> = readers.iter().map(empty).collect();
        let found = docs(searcher, query)?;
        for address in &found {
            sets[address.segment_ord as usize].insert(address.doc_id);
        }
        let ids = readers.iter().map(SegmentReader::segment_id);
        let segments = Arc::new(ids.zip(sets).collect());
        Ok(Within { segments, count: found.len() as u64 })
    }

    fn addresses(&self, searcher: &Searcher) -> Vec<DocAddress> {
        let mut addresses = Vec::new();
        for (segment, reader) in (0..).zip(searcher.segment_readers()) {
            let mut docs = self.docs(reader);
            while docs.doc() != tantivy::TERMINATED {
                addresses.push(DocAddress::new(segment, docs.doc()));
                docs.advance();
            }
        }
        addresses
    }

    fn docs(&self, reader: &SegmentReader) -> Box<dyn Scorer> {
        let set = self.segments.get(&reader.segment_id()).cloned();
        let set = set.unwrap_or_else(|| BitSet::with_max_value(reader.max_doc()));
        Box::new(ConstScorer::new(BitSetDocSet::from(set), 1.0))
    }
}

impl Query for Within {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Within {
    fn scorer(&self, reader: &SegmentReader, _: f32) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(self.docs(reader))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("an event is in scope or is not", 1.0))
    }
}

/// The columns of every segment.
pub(super) struct Columns(Vec<SegmentColumns>);

struct SegmentColumns {
    time: Column<i64>,
    seq: Column<u64>,
    run: Option<StrColumn>,
}

impl Columns {
    pub(super) fn of(searcher: &Searcher) -> Outcome<Columns> {
        let open = |reader: &SegmentReader| {
            let fields = reader.fast_fields();
            let (time, seq) = (fields.i64("time")?, fields.u64("seq")?);
            Ok(SegmentColumns { time, seq, run: fields.str("run")? })
        };
        searcher.segment_readers().iter().map(open).collect::<Outcome<_>>().map(Columns)
    }

    fn segment(&self, address: DocAddress) -> &SegmentColumns {
        &self.0[address.segment_ord as usize]
    }

    pub(super) fn micros(&self, address: DocAddress) -> Option<i64> {
        self.segment(address).time.first(address.doc_id)
    }

    pub(super) fn time(&self, address: DocAddress) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.micros(address)?).ok()
    }

    pub(super) fn seq(&self, address: DocAddress) -> u64 {
        self.segment(address).seq.first(address.doc_id).unwrap_or(0)
    }

    fn order(&self, address: DocAddress) -> Order {
        (self.micros(address).unwrap_or(i64::MAX), self.seq(address), address)
    }
}

/// The runs of events, each name read once.
#[derive(Default)]
pub(super) struct RunNames(HashMap<(u32, u64), Option<RunKey>>);

impl RunNames {
    pub(super) fn name(
        &mut self,
        columns: &Columns,
        address: DocAddress,
    ) -> Outcome<Option<RunKey>> {
        let Some(column) = &columns.segment(address).run else { return Ok(None) };
        let Some(ord) = column.ords().first(address.doc_id) else { return Ok(None) };
        if let Some(known) = self.0.get(&(address.segment_ord, ord)) {
            return Ok(known.clone());
        }
        let mut term = String::new();
        column.ord_to_str(ord, &mut term)?;
        let run = run_of_term(&term);
        self.0.insert((address.segment_ord, ord), run.clone());
        Ok(run)
    }
}

/// Stored events, read in the order of the index.
pub(super) struct StoredEvents<'s> {
    searcher: &'s Searcher,
    layout: Layout,
    /// The segment that was read last.
    open: Option<(u32, StoreReader)>,
}

impl<'s> StoredEvents<'s> {
    pub(super) fn of(search: &'s Search<'_>) -> StoredEvents<'s> {
        StoredEvents::new(&search.searcher, search.layout)
    }

    pub(super) fn new(searcher: &'s Searcher, layout: Layout) -> StoredEvents<'s> {
        StoredEvents { searcher, layout, open: None }
    }

    /// The event with its name and fields; its run and its time stand in the columns.
    pub(super) fn event(&mut self, address: DocAddress) -> Outcome<IndexedEvent> {
        let document = self.document(address)?;
        let stored = document.get_first(self.layout.event);
        let mut event = stored::read(stored.and_then(|value| value.as_str()).unwrap_or_default())?;
        event.id = id(&document, self.layout);
        Ok(event)
    }

    fn id(&mut self, address: DocAddress) -> Outcome<Option<String>> {
        Ok(id(&self.document(address)?, self.layout))
    }

    fn document(&mut self, address: DocAddress) -> Outcome<TantivyDocument> {
        let store = match &self.open {
            Some((segment, store)) if *segment == address.segment_ord => store,
            _ => {
                let reader = self.searcher.segment_reader(address.segment_ord);
                let store = reader.get_store_reader(CACHED_BLOCKS)?;
                &self.open.insert((address.segment_ord, store)).1
            }
        };
        store.get(address.doc_id).map_err(IndexErrorKind::from)
    }
}

fn id(document: &TantivyDocument, layout: Layout) -> Option<String> {
    document.get_first(layout.id).and_then(|value| value.as_str()).map(str::to_owned)
}
