//! The streaming matcher equals the reference: on random logs and random fingerprints, with the
//! prefilter on and off, however the log is cut into pieces.

use std::collections::BTreeMap;

use proptest::prelude::*;
use recheck_core::{
    FieldValues, Fields, Fingerprint, Known, LogReport, Matcher, Query, RunMeta, RunScan,
    ScanOptions, Schema, Values,
    log::{Cleaner, MAX_EVENT, Profile, Record, Splitter},
    reference,
};

/// Words that meet each other's prefixes, glue, fold into ASCII, or are numbers, so that near
/// misses are as frequent as hits.
const WORDS: &[&str] = &[
    // The analyzer cuts it before its last word.
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
     xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
     xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxkernel",
    "timeout",
    "Timeout",
    "timeouts",
    "connection",
    "CONNECTION",
    "refused",
    "error",
    "Error:",
    "details.FATAL",
    "fatal",
    "details",
    "libvirtError",
    "no",
    "more",
    "mirrors",
    "to",
    "try",
    "503",
    "5030",
    "a",
    "a.b",
    "it's",
    "\u{212A}ernel",
    "kernel",
    "d\u{130}sk",
    "disk",
    "écran",
    "東京",
    "foo_bar",
    "bar",
    "3.14",
    "x-y",
    "key=value",
    "\"quoted\"",
    "[req-1]",
    "\u{301}",
    "\u{AD}",
    "deadlock",
    "deadlocks",
    "__",
    "_",
    "instances",
    "instance_id",
    "17:39:43.967",
];

const GAPS: &[&str] =
    &[" ", "  ", " ", ".", ":", ",", "-", "_", "'", " - ", "\t", "(", "; ", "/", "\"", ""];

fn line() -> impl Strategy<Value = String> {
    let word = prop::sample::select(WORDS);
    let gap = prop::sample::select(GAPS);
    let plain = prop::collection::vec((word, gap), 0..12)
        .prop_map(|words| words.into_iter().map(|(word, gap)| format!("{word}{gap}")).collect());
    let long = (200_usize..700, prop::sample::select(WORDS))
        .prop_map(|(count, word)| format!("{}{word} {word}", "a.".repeat(count / 2)));
    let run = (250_usize..260, prop::sample::select(WORDS))
        .prop_map(|(count, word)| format!("{}{word}", "x".repeat(count)));
    let noise = prop::collection::vec(any::<u8>(), 0..12)
        .prop_map(|bytes| bytes.into_iter().map(char::from).collect::<String>());
    prop_oneof![20 => plain, 1 => long, 1 => run, 2 => noise]
}

/// A log in one of the formats, with tracebacks, colours, carriage returns and bytes that are no
/// UTF-8.
fn log() -> impl Strategy<Value = Vec<u8>> {
    let decorated = (line(), 0..24_u8).prop_map(|(line, kind)| match kind {
        0 => format!("\u{1b}[31m{line}\u{1b}[0m"),
        1 => format!("progress 10%\r{line}"),
        2 => format!("{line}\r"),
        3 => "Traceback (most recent call last):".to_owned(),
        4 => format!("  File \"{line}\""),
        5 => format!("\tat {line}(A.java:1)"),
        7 => format!(" at {line}:12"),
        8 => "\t... 12 more".to_owned(),
        9 => format!("panic: {line}"),
        10 => "goroutine 1 [running]:".to_owned(),
        11 => format!("thread 'main' panicked at {line}:"),
        12 => format!("KeyError: {line}"),
        6 => line.replace(' ', "\u{1b}[1m"),
        _ => line,
    });
    let prefix = prop_oneof![
        Just(""),
        Just("2022-02-28 09:44:58.839036 | timeout | "),
        Just("2024-01-01T00:00:00.0000000Z "),
        Just("[task 2025-02-13T21:59:35.716Z] "),
        Just("[2024-01-01T00:00:00.000Z] "),
        Just("2024-01-01T00:00:00.000000Z 00O "),
        Just("2013-10-18 17:39:43.967 2625 ERROR error.timeout [-] "),
    ];
    (prefix, prop::collection::vec(decorated, 0..40), any::<bool>(), 0..8_u8).prop_map(
        |(prefix, lines, ended, broken)| {
            let mut bytes = Vec::new();
            for line in &lines {
                bytes.extend_from_slice(format!("{prefix}{line}\n").as_bytes());
            }
            if !ended {
                bytes.pop();
            }
            if broken == 0 && !bytes.is_empty() {
                let middle = bytes.len() / 2;
                bytes[middle] = 0xFF;
            }
            bytes
        },
    )
}

fn clause() -> impl Strategy<Value = String> {
    let word = || prop::sample::select(WORDS);
    let phrase = prop::collection::vec(word(), 1..4)
        .prop_map(|words| format!("message:\"{}\"", words.join(" ").replace('"', "\\\"")));
    let sloppy = (word(), word(), 1..4_u8).prop_map(|(a, b, slop)| {
        format!("message:\"{} {}\"~{slop}", a.replace('"', ""), b.replace('"', ""))
    });
    let plain = || {
        prop::sample::select(
            &["timeout", "error", "fatal", "bar", "kernel", "disk", "deadlock"][..],
        )
    };
    prop_oneof![
        8 => phrase,
        2 => sloppy,
        1 => plain().prop_map(|word| format!("message:{}*", &word[..3])),
        1 => plain().prop_map(|word| format!("message:*{}*", &word[1..])),
        1 => plain().prop_map(|word| format!("message:{word}~1")),
        1 => plain().prop_map(|word| format!("message:/{}.*/", &word[..2])),
        1 => Just("tags:\"console\"".to_owned()),
        1 => Just("tags:\"syslog\"".to_owned()),
        1 => Just("loglevel:ERROR".to_owned()),
        1 => Just("build_name:gate".to_owned()),
        1 => Just("_exists_:module".to_owned()),
    ]
}

fn query() -> impl Strategy<Value = String> {
    let leaf = clause().boxed();
    leaf.prop_recursive(3, 12, 4, |inner| {
        let operator = prop::sample::select(&["AND", "OR", "AND NOT", "OR NOT", ""][..]);
        (prop::collection::vec((operator, inner), 1..4), any::<bool>()).prop_map(|(parts, not)| {
            let mut text = String::new();
            for (index, (operator, part)) in parts.iter().enumerate() {
                let operator = if index == 0 { "" } else { operator };
                text.push_str(&format!("{operator} {part} "));
            }
            format!("({}{text})", if not { "NOT " } else { "" })
        })
    })
}

fn fingerprints() -> impl Strategy<Value = Vec<Fingerprint>> {
    let literal =
        prop::option::weighted(0.1, prop::sample::select(&["imeout", "ERROR", "| ", "a.b"][..]));
    prop::collection::vec((query(), literal), 1..8).prop_map(|queries| {
        let fingerprint =
            |(index, (query, literal)): (usize, (String, Option<&str>))| Fingerprint {
                id: index.to_string(),
                queries: vec![Query::parse(&query).expect("the generator writes valid queries")],
                contains: literal.into_iter().map(str::to_owned).collect(),
                ..Fingerprint::default()
            };
        queries.into_iter().enumerate().map(fingerprint).collect()
    })
}

/// One event over the constant fields of its log.
struct Layered<'a>(&'a Record<'a>, &'a Fields);

impl FieldValues for Layered<'_> {
    fn values(&self, field: &str) -> Values<'_> {
        if Record::varies(field) { self.0.values(field) } else { self.1.values(field) }
    }

    fn for_each_name(&self, each: &mut dyn FnMut(&str)) {
        self.0.for_each_name(each);
        self.1.for_each_name(each);
    }
}

/// What the reference says of every event, one after the other.
fn expected(
    log: &[u8],
    file: &Fields,
    fingerprints: &[Fingerprint],
    options: &ScanOptions,
) -> (BTreeMap<u32, Vec<u64>>, u64) {
    let (mut clean, mut cleaner) = (Vec::new(), Cleaner::new());
    cleaner.feed(log, &mut clean);
    cleaner.finish(&mut clean);
    let splitter = Splitter::detect(&clean[..clean.len().min(64 * 1024)], options.profile);
    let mut lines: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    let mut cursor = splitter.cursor(&clean);
    let mut events = 0;
    while let Some(event) = cursor.next_event() {
        events += 1;
        let raw = &clean[event.clone()];
        let mut record = splitter.read_record(raw);
        record.resolve_time(&options.time);
        let line = 1 + clean[..event.start].iter().filter(|byte| **byte == b'\n').count() as u64;
        for (index, fingerprint) in (0_u32..).zip(fingerprints) {
            let bound = fingerprint.queries[0].bind(&Schema::Logstash).expect("it binds");
            let contains =
                |text: &String| raw.windows(text.len()).any(|part| part == text.as_bytes());
            if reference::matches(&bound, &Layered(&record, file))
                && fingerprint.contains.iter().all(contains)
            {
                lines.entry(index).or_default().push(line);
            }
        }
    }
    (lines, events)
}

/// What the scan says, fed in pieces of the given sizes.
fn scanned(
    log: &[u8],
    pieces: &[usize],
    fingerprints: &[Fingerprint],
    (options, prefilter): (&ScanOptions, bool),
) -> (LogReport, Fields) {
    let mut builder = Matcher::builder();
    builder.prefilter(prefilter).failure_lines(true);
    let (matcher, rejected) = builder.build(fingerprints);
    assert!(rejected.is_empty());
    let known = Known { matcher: &matcher, fingerprints };
    let run = RunScan::new(known, RunMeta::default(), options);
    let mut scan = run.log("console.html");
    let mut rest = log;
    for size in pieces.iter().cycle().take(if pieces.is_empty() { 0 } else { 10_000 }) {
        let (piece, after) = rest.split_at((*size).min(rest.len()));
        scan.feed(piece);
        rest = after;
    }
    scan.feed(rest);
    let fields = scan.fields().clone();
    (scan.finish(), fields)
}

fn lines_of(report: &LogReport) -> BTreeMap<u32, Vec<u64>> {
    let lines = |evidence: &[recheck_core::Evidence]| evidence.iter().map(|hit| hit.line).collect();
    report.hits.iter().map(|hits| (hits.fingerprint, lines(&hits.evidence))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_scan_equals_the_reference(
        log in log(),
        fingerprints in fingerprints(),
        pieces in prop::collection::vec(1..200_usize, 0..4),
        records in any::<bool>(),
    ) {
        let profile = if records { Profile::Records } else { Profile::Lines };
        let options = ScanOptions { all: true, profile, ..ScanOptions::default() };
        let (whole, file) = scanned(&log, &[], &fingerprints, (&options, true));
        let (expected, events) = expected(&log, &file, &fingerprints, &options);
        prop_assert_eq!(lines_of(&whole), expected);
        prop_assert_eq!(whole.events, events);
        let (cut, _) = scanned(&log, &pieces, &fingerprints, (&options, true));
        prop_assert_eq!(&cut, &whole);
        let (slow, _) = scanned(&log, &pieces, &fingerprints, (&options, false));
        prop_assert_eq!(&slow, &whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn how_lines_end_does_not_matter(
        log in log(),
        fingerprints in fingerprints(),
        pieces in prop::collection::vec(1..200_usize, 0..4),
    ) {
        let mut feeds = log;
        feeds.retain(|byte| !matches!(byte, b'\r' | 0x1b));
        let mut returns = Vec::new();
        for &byte in &feeds {
            returns.extend_from_slice(if byte == b'\n' { b"\r\n" } else { std::slice::from_ref(&byte) });
        }
        let options = ScanOptions { all: true, ..ScanOptions::default() };
        let (feeds, _) = scanned(&feeds, &pieces, &fingerprints, (&options, true));
        let (mut returns, _) = scanned(&returns, &pieces, &fingerprints, (&options, true));
        returns.bytes = feeds.bytes;
        prop_assert_eq!(returns, feeds);
    }
}

/// The given log over and over, so that its format is known and many small blocks follow.
fn repeated(log: &[u8], bytes: usize) -> Vec<u8> {
    let mut text = Vec::new();
    while text.len() < bytes {
        text.extend_from_slice(log);
        text.extend_from_slice(if log.len().is_multiple_of(3) { b"" } else { b"\n" });
        if log.is_empty() {
            break;
        }
    }
    text
}

/// Gives bytes in short reads of changing length, and an error at its end where told to.
struct Hesitant<'a> {
    rest: &'a [u8],
    step: usize,
    fails: bool,
}

impl std::io::Read for Hesitant<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        use std::io::{Error, ErrorKind};
        self.step = self.step % 7 + 1;
        if self.step == 3 {
            return Err(Error::from(ErrorKind::Interrupted));
        }
        if self.rest.is_empty() && self.fails {
            return Err(Error::other("broken"));
        }
        let (piece, rest) =
            self.rest.split_at((self.step * 311).min(out.len()).min(self.rest.len()));
        out[..piece.len()].copy_from_slice(piece);
        self.rest = rest;
        Ok(piece.len())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_way_to_read_gives_the_same(
        log in log(),
        plain in any::<bool>(),
        fingerprints in fingerprints(),
        block in prop::sample::select(&[64_usize, 700, 5000, 40_000][..]),
        flags in prop::array::uniform3(any::<bool>()),
        sparse in prop::collection::vec(
            (any::<prop::sample::Index>(),
                prop::sample::select(&["\x1b[1m", "\r", "\r\n", "x\ry"][..])), 0..3),
    ) {
        let [records, all, fails] = flags;
        let mut log = repeated(&log, 90_000);
        if plain {
            // Most of it can be scanned where it is.
            let clean = log.len() / 100;
            let traffic = |byte: &u8| matches!(byte, b'\x1b' | b'\r');
            log = log[..clean].iter().chain(log[clean..].iter().filter(|byte| !traffic(byte)))
                .copied().collect();
            // And now and then something turns up.
            for (at, traffic) in sparse {
                let at = at.index(log.len().max(1));
                log.splice(at..at, traffic.bytes());
            }
        }
        let profile = if records { Profile::Records } else { Profile::Lines };
        let options = ScanOptions { all, profile, ..ScanOptions::default() };
        let (whole, _) = scanned(&log, &[1000], &fingerprints, (&options, true));

        let (matcher, _) = Matcher::builder().failure_lines(true).build(&fingerprints);
        let known = Known { matcher: &matcher, fingerprints: &fingerprints };
        let run = RunScan::new(known, RunMeta::default(), &options);
        let start = || run.log("console.html").with_block(block);
        let reader = || Hesitant { rest: &log, step: block, fails };

        let mut scan = start();
        scan.feed(&log);
        prop_assert_eq!(&scan.finish(), &whole, "fed whole");
        let mut scan = start();
        log.chunks(block * 3 + 100).for_each(|piece| assert!(scan.feed(piece)));
        prop_assert_eq!(&scan.finish(), &whole, "fed in pieces");
        let mut scan = start();
        prop_assert_eq!(scan.read(&mut reader()).is_err(), fails);
        prop_assert_eq!(&scan.finish(), &whole, "read");
        #[cfg(feature = "parallel")]
        for threads in 1..=3 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let one = || {
                let mut scan = start();
                assert_eq!(scan.par_read(&mut reader()).is_err(), fails);
                scan.finish()
            };
            prop_assert_eq!(&pool.install(one), &whole, "read on {} threads", threads);
            let mut scan = start();
            prop_assert_eq!(scan.par_read_in(&pool, &mut reader()).is_err(), fails);
            prop_assert_eq!(&scan.finish(), &whole, "read beside {} threads", threads);
            // Two logs of one pool at once.
            let (first, second) = pool.join(one, one);
            prop_assert_eq!(&first, &whole);
            prop_assert_eq!(&second, &whole);
        }
    }
}

/// One that asks this, named after it.
fn fingerprint(query: &str) -> Fingerprint {
    Fingerprint {
        id: query.to_owned(),
        queries: vec![Query::parse(query).expect("it parses")],
        ..Fingerprint::default()
    }
}

/// What the generators do not write: lines longer than an event may be, with terminal traffic far
/// behind their start; UTF-16; byte order marks; hardly any bytes.
#[test]
fn odd_logs_are_read_alike() {
    let lines = "one error\nanother timeout\r\nall 10%\rfine\n".repeat(2000);
    let utf16 = |unit: fn(u16) -> [u8; 2]| {
        let units = "\u{feff}".encode_utf16().chain(lines.encode_utf16());
        units.flat_map(unit).collect::<Vec<u8>>()
    };
    let long = "word ".repeat(500_000);
    let logs = [
        format!("{lines}{long}\rerror\n{lines}").into_bytes(),
        format!("{lines}{long}\u{1b}[1merror \r\ntimeout\n").into_bytes(),
        format!("{lines}{long}error").into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        format!("\u{feff}{lines}").into_bytes(),
        format!("\n{lines}\u{1b}[").into_bytes(),
        b"\xff\xfe".to_vec(),
        b"\n".to_vec(),
        Vec::new(),
    ];
    let fingerprints = [fingerprint("error"), fingerprint("timeout")];
    let (matcher, _) = Matcher::builder().failure_lines(true).build(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let options = ScanOptions { all: true, ..ScanOptions::default() };
    let run = RunScan::new(known, RunMeta::default(), &options);
    for (index, log) in logs.iter().enumerate() {
        let (whole, file) = scanned(log, &[1000], &fingerprints, (&options, true));
        let expected = expected(log, &file, &fingerprints, &options);
        assert_eq!((lines_of(&whole), whole.events), expected, "log {index}");
        for block in [1000, 100_000, 300_000] {
            let start = || run.log("console.html").with_block(block);
            let mut scan = start();
            scan.feed(log);
            assert!(scan.finish() == whole, "log {index} fed, blocks of {block}");
            let mut scan = start();
            scan.read(&mut log.as_slice()).expect("it can be read");
            assert!(scan.finish() == whole, "log {index} read, blocks of {block}");
            #[cfg(feature = "parallel")]
            {
                let mut scan = start();
                scan.par_read(&mut log.as_slice()).expect("it can be read");
                assert!(scan.finish() == whole, "log {index} on threads, blocks of {block}");
            }
        }
    }
}

/// Where terminal traffic stands in the very lines that tell where a block ends, or in the rest of a line that was
/// too long for one event: a block is cut before anything has looked at the rest of it.
#[test]
fn traffic_where_blocks_are_cut_is_seen() {
    let line = |text: &str| format!("2022-02-28 09:44:58.839036 | node | {text}\n");
    let ordinary: String = (0..999).map(|number| line(&format!("error {number}"))).collect();
    // As the last stands it begins an event; what a terminal shows of it goes on with the one before.
    let trace =
        line("java.io.IOException: timeout") + &line("one\r\tat org.Disk.error(Disk.java:1)");
    let records = (ordinary + &trace).repeat(40);

    // Lines that end with a block, and a line of which the first event ends with one.
    let lines: String = "0123456 ok error\n".repeat(1 << 13).chars().take((1 << 17) - 1).collect();
    let long = "0123456 ".repeat(MAX_EVENT / 8);
    let rest = "timeout\rfine error\n".to_owned() + &"more\n".repeat(100_000);
    let long = format!("{lines}\n{long}{rest}");

    let fingerprints = [fingerprint("error"), fingerprint("timeout")];
    let (matcher, _) = Matcher::builder().failure_lines(true).build(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let cases = [(Profile::Records, records, 300), (Profile::Lines, long, 1 << 16)];
    for (profile, log, block) in cases {
        let options = ScanOptions { all: true, profile, ..ScanOptions::default() };
        let (whole, _) = scanned(log.as_bytes(), &[1000], &fingerprints, (&options, true));
        let run = RunScan::new(known, RunMeta::default(), &options);
        for block in [block, block * 2] {
            let start = || run.log("console.html").with_block(block);
            let mut scan = start();
            scan.feed(log.as_bytes());
            assert!(scan.finish() == whole, "{profile:?} fed, blocks of {block}");
            let mut scan = start();
            scan.read(&mut log.as_bytes()).expect("it can be read");
            assert!(scan.finish() == whole, "{profile:?} read, blocks of {block}");
        }
    }
}
