//! The hits of one fingerprint from all sides.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    str,
};

use jiff::{SignedDuration, Timestamp};
use recheck_core::{FieldKind, FieldValues, Schema};
use tantivy::{BitSet, DocAddress, SegmentReader, schema::IndexRecordOption};

use super::{
    Outcome,
    layout::{LONGEST_TWIN, term_prefix},
    search::{Columns, Found, RunNames, Search, StoredEvents},
};
use crate::{
    event::IndexedEvent,
    index::{Facet, Histogram, Overview, OverviewRequest},
};

/// At most so many steps of a histogram.
const MAX_STEPS: i64 = 60;

/// A stored event is read in about the time it takes to go over so many postings.
const POSTINGS_PER_EVENT: u64 = 400;

impl Search<'_> {
    pub(super) fn overview(
        &self,
        fingerprint: u32,
        request: &OverviewRequest,
    ) -> Outcome<Overview> {
        let found = self.one(fingerprint)?;
        let columns = Columns::of(&self.searcher)?;
        let mut times: Vec<i64> =
            found.iter().filter_map(|address| columns.micros(*address)).collect();
        times.sort_unstable();
        let time = |micros: Option<&i64>| Timestamp::from_microsecond(*micros?).ok();
        let mut facets = BTreeMap::new();
        for field in &request.facets {
            facets.insert(field.clone(), self.facet(field, &found, request.top)?);
        }
        Ok(Overview {
            hits: found.len() as u64,
            runs: count_runs(&columns, &found)?,
            first_seen: time(times.first()),
            last_seen: time(times.last()),
            facets,
            histogram: histogram(&times),
            examples: self.newest(&columns, found, request.examples)?,
        })
    }

    /// The values of a field among the hits: from the hits where they are few, or the field has no
    /// keywords, else from the field's postings.
    fn facet(&self, field: &str, found: &Found, top: usize) -> Outcome<Facet> {
        let is_text = self.schema == Schema::Logstash && self.schema.kind(field) == FieldKind::Text;
        let few = is_text || (found.len() as u64) * POSTINGS_PER_EVENT < self.searcher.num_docs();
        let counts =
            if few { self.count_stored(field, found)? } else { self.count_terms(field, found)? };
        let mut values: Vec<(String, u64)> = counts.into_iter().collect();
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let others = values.len().saturating_sub(top) as u64;
        values.truncate(top);
        Ok(Facet { values, others })
    }

    fn count_stored(&self, field: &str, found: &Found) -> Outcome<HashMap<String, u64>> {
        let mut counts = HashMap::new();
        let mut stored = StoredEvents::of(self);
        for address in found {
            let event = stored.event(*address)?;
            let is_keyword = self.schema.kind(field) == FieldKind::Keyword;
            let counts_as = |value: &&str| is_keyword || value.len() <= LONGEST_TWIN;
            let values: HashSet<&str> = event.values(field).iter().filter(counts_as).collect();
            for value in values {
                *counts.entry(value.to_owned()).or_default() += 1;
            }
        }
        Ok(counts)
    }

    fn count_terms(&self, field: &str, found: &Found) -> Outcome<HashMap<String, u64>> {
        let mut counts = HashMap::new();
        for (segment, reader) in (0_u32..).zip(self.searcher.segment_readers()) {
            let mut hits = BitSet::with_max_value(reader.max_doc());
            let own = found.iter().filter(|address| address.segment_ord == segment);
            own.for_each(|address| {
                hits.insert(address.doc_id);
            });
            self.count_segment(reader, field, &hits, &mut counts)?;
        }
        Ok(counts)
    }

    fn count_segment(
        &self,
        reader: &SegmentReader,
        field: &str,
        hits: &BitSet,
        counts: &mut HashMap<String, u64>,
    ) -> Outcome<()> {
        let index = reader.inverted_index(self.layout.keyword)?;
        let prefix = term_prefix(field).into_bytes();
        let mut stream = index.terms().range().ge(&prefix).into_stream()?;
        while stream.advance() {
            let Some(value) = stream.key().strip_prefix(prefix.as_slice()) else { break };
            let option = IndexRecordOption::Basic;
            let mut blocks = index.read_block_postings_from_terminfo(stream.value(), option)?;
            let mut count = 0;
            while !blocks.docs().is_empty() {
                count += blocks.docs().iter().filter(|&&doc| hits.contains(doc)).count() as u64;
                blocks.advance();
            }
            if count > 0 {
                let value = str::from_utf8(value).unwrap_or_default();
                *counts.entry(value.to_owned()).or_default() += count;
            }
        }
        Ok(())
    }

    /// The newest events; those without a time are the oldest.
    fn newest(
        &self,
        columns: &Columns,
        mut found: Found,
        wanted: usize,
    ) -> Outcome<Vec<IndexedEvent>> {
        let newness = |address: &DocAddress| {
            std::cmp::Reverse((columns.micros(*address), columns.seq(*address)))
        };
        found.sort_by_key(newness);
        let (mut stored, mut runs) = (StoredEvents::of(self), RunNames::default());
        let mut read = |address: DocAddress| {
            let event = stored.event(address)?;
            let run = runs.name(columns, address)?;
            Ok(IndexedEvent { run, time: columns.time(address), ..event })
        };
        found.into_iter().take(wanted).map(&mut read).collect()
    }
}

fn count_runs(columns: &Columns, found: &Found) -> Outcome<u64> {
    let mut names = RunNames::default();
    let mut runs = HashSet::new();
    for address in found {
        runs.extend(names.name(columns, *address)?);
    }
    Ok(runs.len() as u64)
}

/// Counts sorted times in steps that people think in, few enough to look at.
pub(crate) fn histogram(times: &[i64]) -> Histogram {
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Histogram::default();
    };
    let step = step((last - first) / 1_000_000);
    let start = |micros: i64| micros.div_euclid(step * 1_000_000) * step;
    let mut counts: Vec<(Timestamp, u64)> = Vec::new();
    for same in times.chunk_by(|a, b| start(*a) == start(*b)) {
        if let Ok(time) = Timestamp::from_second(start(same[0])) {
            counts.push((time, same.len() as u64));
        }
    }
    Histogram { step: SignedDuration::from_secs(step), counts }
}

/// The length in seconds of the steps that a span of so many seconds is divided into.
pub(crate) fn step(seconds: i64) -> i64 {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let steps = [MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY];
    let fits = |step: &&i64| seconds / **step < MAX_STEPS;
    steps.iter().find(fits).copied().unwrap_or(3_650 * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_fit_the_span() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let day =
            [at("2026-01-01T00:00:01Z"), at("2026-01-01T10:00:00Z"), at("2026-01-01T10:59:59Z")];
        let found = histogram(&day);
        assert_eq!(found.step, SignedDuration::from_hours(1));
        let counts: Vec<u64> = found.counts.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [1, 2]);
        assert_eq!(found.counts[1].0.as_microsecond(), at("2026-01-01T10:00:00Z"));
        assert_eq!(histogram(&[]), Histogram::default());
    }
}
