//! The streaming scan finds, on any log with any queries, the events that the slow reference
//! evaluator finds, with the prefilter and without, however the log is cut.
#![no_main]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use recheck_core::{
    FieldValues, Fields, Fingerprint, Known, LogReport, Matcher, Query, RunMeta, RunScan,
    ScanOptions, Schema, Values,
    log::{Cleaner, Profile, Record, Splitter},
    reference,
};

/// More queries than this say nothing new and make an input slow.
const MAX_QUERIES: usize = 8;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    lines: bool,
    /// Sizes of the pieces, used in turn.
    pieces: Vec<u8>,
    /// One query a line.
    queries: &'a str,
    log: &'a [u8],
}

type Hits = BTreeMap<u32, Vec<u64>>;

fuzz_target!(|input: Input<'_>| {
    let fingerprints: Vec<Fingerprint> = input.queries.lines().filter_map(fingerprint).collect();
    if fingerprints.is_empty() || fingerprints.len() > MAX_QUERIES {
        return;
    }
    let profile = if input.lines { Profile::Lines } else { Profile::Records };
    let options = ScanOptions { all: true, profile, ..ScanOptions::default() };

    let (scanned, file) = scan(&fingerprints, &options, true, (input.log, &[]));
    assert_eq!(hits_of(&scanned), reference_hits(&fingerprints, &options, &file, input.log));

    let (pieced, _) = scan(&fingerprints, &options, true, (input.log, &input.pieces));
    assert_eq!(pieced, scanned, "the answer depends on the pieces");
    let (slow, _) = scan(&fingerprints, &options, false, (input.log, &input.pieces));
    assert_eq!(slow, scanned, "the answer depends on the prefilter");
});

/// A fingerprint of a query that parses and fits the schema.
fn fingerprint(text: &str) -> Option<Fingerprint> {
    let query = Query::parse(text).ok()?;
    query.bind(&Schema::Logstash).ok()?;
    Some(Fingerprint { id: text.to_owned(), queries: vec![query], ..Fingerprint::default() })
}

fn scan(
    fingerprints: &[Fingerprint],
    options: &ScanOptions,
    prefilter: bool,
    (mut log, pieces): (&[u8], &[u8]),
) -> (LogReport, Fields) {
    let (matcher, rejected) = Matcher::builder().prefilter(prefilter).build(fingerprints);
    assert!(rejected.is_empty(), "bound before, rejected now: {rejected:?}");
    let run = RunScan::new(Known { matcher: &matcher, fingerprints }, RunMeta::default(), options);
    let mut scan = run.log("console.html");
    let mut sizes = pieces.iter().map(|&size| usize::from(size) + 1).cycle();
    while !log.is_empty() {
        let (piece, rest) = log.split_at(sizes.next().unwrap_or(log.len()).min(log.len()));
        scan.feed(piece);
        log = rest;
    }
    let file = scan.fields().clone();
    (scan.finish(), file)
}

/// The first line of every event that each fingerprint hits.
fn hits_of(report: &LogReport) -> Hits {
    let hit_lines = |hits: &recheck_core::LogHits| {
        assert_eq!(hits.count, hits.evidence.len() as u64);
        (hits.fingerprint, hits.evidence.iter().map(|hit| hit.line).collect())
    };
    report.hits.iter().map(hit_lines).collect()
}

/// The same, every query put to every event.
fn reference_hits(
    fingerprints: &[Fingerprint],
    options: &ScanOptions,
    file: &Fields,
    log: &[u8],
) -> Hits {
    let bound: Vec<_> = fingerprints
        .iter()
        .map(|fingerprint| fingerprint.queries[0].bind(&Schema::Logstash).expect("bound before"))
        .collect();
    let (mut clean, mut cleaner) = (Vec::new(), Cleaner::new());
    cleaner.feed(log, &mut clean);
    cleaner.finish(&mut clean);
    let splitter = Splitter::detect(&clean[..clean.len().min(64 * 1024)], options.profile);
    let (mut hits, mut line) = (Hits::new(), 1);
    let mut cursor = splitter.cursor(&clean);
    while let Some(event) = cursor.next_event() {
        let raw = &clean[event];
        let mut record = splitter.read_record(raw);
        record.resolve_time(&options.time);
        for (index, query) in (0_u32..).zip(&bound) {
            if reference::matches(query, &Layered { record: &record, file }) {
                hits.entry(index).or_default().push(line);
            }
        }
        line += raw.iter().filter(|&&byte| byte == b'\n').count() as u64;
    }
    hits
}

/// An event's own fields over those of its file.
struct Layered<'a> {
    record: &'a Record<'a>,
    file: &'a Fields,
}

impl FieldValues for Layered<'_> {
    fn values(&self, field: &str) -> Values<'_> {
        if Record::varies(field) { self.record.values(field) } else { self.file.values(field) }
    }

    fn for_each_name(&self, each: &mut dyn FnMut(&str)) {
        self.record.for_each_name(each);
        self.file.for_each_name(each);
    }
}
