//! The parts by themselves, on logs and fingerprints made here: no reference data is needed, and
//! the same bytes are measured everywhere. Throughput is in bytes of log.

use std::{fmt::Write, hint::black_box, io::Read, sync::LazyLock};

use divan::{Bencher, counter::BytesCount};
use libdeflater::{CompressionLvl, Compressor, Decompressor as Libdeflate};
use recheck_benches::rng::Rng;
use recheck_core::{
    Fingerprint, Known, Loaded, Matcher, Query, RunMeta, RunScan, ScanOptions, Schema, analyze,
    log::{Cleaner, Decompressor, Limits, Profile, Splitter},
};

const LOG_BYTES: usize = 8 << 20;

/// As many fingerprints as elastic-recheck ever had.
const FINGERPRINTS: usize = 963;

fn main() {
    divan::main();
}

/// A word of four to twelve letters.
fn word(rng: &mut Rng) -> String {
    let letters = 4 + rng.below(9);
    (0..letters).map(|_| char::from(b'a' + rng.below(26) as u8)).collect()
}

static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut rng = Rng::new(1);
    (0..4000).map(|_| word(&mut rng)).collect()
});

/// A word as texts have them: few are frequent, most are rare.
fn frequent_word(rng: &mut Rng) -> &'static str {
    let rank = rng.below(WORDS.len()).min(rng.below(WORDS.len())).min(rng.below(WORDS.len()));
    &WORDS[rank]
}

/// A Zuul console's lines; every `hit_every`th has a phrase of some fingerprint.
fn log(hit_every: usize, rare: Rare) -> String {
    let mut rng = Rng::new(2);
    let mut log = String::with_capacity(LOG_BYTES + 200);
    for number in 0_usize.. {
        if log.len() >= LOG_BYTES {
            break;
        }
        let (minute, second, micros) = (number / 60 % 60, number % 60, rng.below(1_000_000));
        let _ = write!(log, "2022-02-28 09:{minute:02}:{second:02}.{micros:06} | node |");
        for _ in 0..3 + rng.below(10) {
            let _ = write!(log, " {}", frequent_word(&mut rng));
        }
        if number % hit_every == hit_every - 1 {
            let _ = write!(log, " {}", phrase(rng.below(FINGERPRINTS), rare));
        }
        log.push('\n');
    }
    log
}

static CLEAN_LOG: LazyLock<String> = LazyLock::new(|| log(usize::MAX, Rare::Different));

/// How the one rare word of each phrase begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rare {
    /// As no other.
    Different,
    /// All with the same letters, as the names of tests and of exceptions often do.
    SamePrefix,
}

/// The phrase of a fingerprint: three words, the middle one rare.
fn phrase(number: usize, rare: Rare) -> String {
    let mut rng = Rng::new(number as u64);
    let (before, after) = (frequent_word(&mut rng), frequent_word(&mut rng));
    match rare {
        Rare::Different => format!("{before} {}{}q {after}", word(&mut rng), word(&mut rng)),
        Rare::SamePrefix => format!("{before} unlikely{number}x {after}"),
    }
}

fn query(number: usize, rare: Rare) -> String {
    format!("message:\"{}\" AND tags:\"console\"", phrase(number, rare))
}

fn fingerprints(count: usize, rare: Rare) -> Vec<Fingerprint> {
    let fingerprint = |number| Fingerprint {
        id: format!("{number}"),
        queries: vec![Query::parse(&query(number, rare)).expect("the query is well-formed")],
        ..Fingerprint::default()
    };
    (0..count).map(fingerprint).collect()
}

fn scan(log: &str, known: Known<'_>, profile: Profile) -> u64 {
    let options = ScanOptions { profile, ..ScanOptions::default() };
    let mut scan = RunScan::new(known, RunMeta::default(), &options).log("job-output.txt");
    scan.feed(log.as_bytes());
    scan.finish().hits.iter().map(|hits| hits.count).sum()
}

#[divan::bench]
fn load_963_files(bencher: Bencher<'_, '_>) {
    let files: Vec<(String, String)> = (0..FINGERPRINTS)
        .map(|number| {
            (format!("{number}.yaml"), format!("query: >\n  {}\n", query(number, Rare::Different)))
        })
        .collect();
    bencher.bench(|| Loaded::from_sources(files.iter().map(|(name, text)| (name, text))));
}

#[divan::bench(args = [1, 963, 9630])]
fn compile(bencher: Bencher<'_, '_>, count: usize) {
    let fingerprints = fingerprints(count, Rare::Different);
    bencher.bench(|| Matcher::builder().build(&fingerprints));
}

#[divan::bench]
fn bind_a_query(bencher: Bencher<'_, '_>) {
    let query = Query::parse(&query(1, Rare::Different)).expect("the query is well-formed");
    bencher.bench(|| query.bind(&Schema::Logstash));
}

/// A log in which nothing hits: what the prefilter costs.
#[divan::bench(args = [1, 963, 9630])]
fn scan_clean_log(bencher: Bencher<'_, '_>, count: usize) {
    let fingerprints = fingerprints(count, Rare::Different);
    let (matcher, _) = Matcher::builder().build(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    bencher
        .counter(BytesCount::of_str(CLEAN_LOG.as_str()))
        .bench(|| scan(&CLEAN_LOG, known, Profile::Lines));
}

/// The same with records: what finding and counting the events costs on top.
#[divan::bench]
fn scan_clean_log_records(bencher: Bencher<'_, '_>) {
    let fingerprints = fingerprints(FINGERPRINTS, Rare::Different);
    let (matcher, _) = Matcher::builder().build(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    bencher
        .counter(BytesCount::of_str(CLEAN_LOG.as_str()))
        .bench(|| scan(&CLEAN_LOG, known, Profile::Records));
}

/// A hit on every second line: what verifying and counting hits costs.
#[divan::bench(args = [Rare::Different, Rare::SamePrefix])]
fn scan_log_full_of_hits(bencher: Bencher<'_, '_>, rare: Rare) {
    let (fingerprints, log) = (fingerprints(FINGERPRINTS, rare), log(2, rare));
    let (matcher, _) = Matcher::builder().build(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    assert!(scan(&log, known, Profile::Lines) > 1000);
    bencher.counter(BytesCount::of_str(&log)).bench(|| scan(&log, known, Profile::Lines));
}

#[divan::bench]
fn clean(bencher: Bencher<'_, '_>) {
    let mut out = Vec::new();
    bencher.counter(BytesCount::of_str(CLEAN_LOG.as_str())).bench_local(|| {
        out.clear();
        let mut cleaner = Cleaner::new();
        cleaner.feed(CLEAN_LOG.as_bytes(), &mut out);
        cleaner.finish(&mut out);
        black_box(out.len())
    });
}

#[divan::bench(args = [false, true])]
fn count_events(bencher: Bencher<'_, '_>, records: bool) {
    let profile = if records { Profile::Records } else { Profile::Lines };
    let splitter = Splitter::detect(CLEAN_LOG.as_bytes(), profile);
    bencher
        .counter(BytesCount::of_str(CLEAN_LOG.as_str()))
        .bench(|| splitter.count_events(CLEAN_LOG.as_bytes()));
}

#[divan::bench]
fn read_every_record(bencher: Bencher<'_, '_>) {
    let splitter = Splitter::detect(CLEAN_LOG.as_bytes(), Profile::Records);
    bencher.counter(BytesCount::of_str(CLEAN_LOG.as_str())).bench(|| {
        let mut cursor = splitter.cursor(CLEAN_LOG.as_bytes());
        let mut messages = 0;
        while let Some(event) = cursor.next_event() {
            messages += splitter.read_record(&CLEAN_LOG.as_bytes()[event]).message.len();
        }
        messages
    });
}

#[divan::bench]
fn analyze_every_word(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::of_str(CLEAN_LOG.as_str())).bench(|| {
        let mut terms = 0;
        analyze(&CLEAN_LOG, &mut |term, _, _| terms += term.len());
        terms
    });
}

/// Throughput in bytes of text, as for the scan.
#[divan::bench]
fn decompress_gzip_stream(bencher: Bencher<'_, '_>) {
    let (packed, mut buffer) = (gzip(&CLEAN_LOG), vec![0; 256 * 1024]);
    bencher.counter(BytesCount::of_str(CLEAN_LOG.as_str())).bench_local(|| {
        let mut reader = Decompressor::new(packed.as_slice(), Limits::default());
        let mut bytes = 0;
        loop {
            match reader.read(&mut buffer).expect("the data is whole") {
                0 => break bytes,
                count => bytes += count,
            }
        }
    });
}

/// The peer: libdeflate, which needs the whole file in memory.
#[divan::bench]
fn decompress_gzip_libdeflate(bencher: Bencher<'_, '_>) {
    let (packed, mut text) = (gzip(&CLEAN_LOG), vec![0; CLEAN_LOG.len()]);
    let mut decompressor = Libdeflate::new();
    bencher
        .counter(BytesCount::of_str(CLEAN_LOG.as_str()))
        .bench_local(|| decompressor.gzip_decompress(&packed, &mut text));
}

fn gzip(text: &str) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut packed = vec![0; compressor.gzip_compress_bound(text.len())];
    let length = compressor.gzip_compress(text.as_bytes(), &mut packed).expect("the bound holds");
    packed.truncate(length);
    packed
}
