//! The servers' answers once more, by the way a log takes: the shared events are written as logs,
//! scanned as `recheck classify` scans them, and every query must hit the lines of exactly the
//! events that the servers say it matches.
//!
//! A log carries what its format can: the run's and the file's fields are the log's own, so events
//! with the same ones share a log. Each [`Carrier`] is a format, and an event goes into each that
//! can hold its message and the fields that differ from line to line. Events that none can hold are
//! counted by reason.
//!
//! Needs `RECHECK_DATA`; without it the test says so and passes.

use std::collections::{BTreeMap, BTreeSet};

use recheck_core::{
    Document, FieldValues, Fields, Fingerprint, Known, LogReport, Matcher, Query, RunMeta, RunScan,
    ScanOptions, Schema,
    log::{LogFormat, Profile, Record},
};

use crate::conformance::{Row, data, documents, rows};

/// Lines before the events, so that the format is told by them and not by what messages say.
const PREFACE: usize = 400;

/// Differences printed per carrier.
const SHOWN: usize = 10;

/// A log format that events can be written in.
struct Carrier {
    name: &'static str,
    format: LogFormat,
    profile: Profile,
    /// The fields that it carries on each line, beside those of its own that events lack.
    fields: &'static [&'static str],
    /// What a line begins with.
    prefix: fn(&Fields) -> String,
    /// Whether a message may go on over several lines.
    folds: bool,
}

const CARRIERS: [Carrier; 4] = [
    Carrier {
        name: "plain lines",
        format: LogFormat::Plain,
        profile: Profile::Lines,
        fields: &[],
        prefix: |_| String::new(),
        folds: false,
    },
    Carrier {
        name: "Zuul console",
        format: LogFormat::ZuulConsole,
        profile: Profile::Records,
        fields: &[],
        prefix: |_| "2022-02-28 09:44:58.839036 | node | ".to_owned(),
        folds: true,
    },
    Carrier {
        name: "oslo.log",
        format: LogFormat::OsloLog,
        profile: Profile::Records,
        fields: &["loglevel", "module", "pid"],
        prefix: |event| {
            let [level, module, pid] = ["loglevel", "module", "pid"].map(|name| first(event, name));
            format!("2013-10-18 17:39:43.967 {pid} {level} {module} ")
        },
        folds: true,
    },
    Carrier {
        name: "syslog",
        format: LogFormat::Syslog,
        profile: Profile::Records,
        fields: &["syslog_program", "syslog_host"],
        prefix: |event| {
            let [program, host] = ["syslog_program", "syslog_host"].map(|name| first(event, name));
            format!("Oct 18 17:39:43 {host} {program}: ")
        },
        folds: true,
    },
];

#[test]
fn conformance_streaming() {
    let Some(data) = data() else { return };
    let mut events = documents(&data.join("events-real.jsonl"));
    events.extend(documents(&data.join("events-derived.jsonl")));
    let rows: Vec<Row> = rows(&data.join("answers-logstash.jsonl"));
    let mut carried = BTreeSet::new();
    let mut wrong = Vec::new();
    for carrier in &CARRIERS {
        let held: Vec<usize> =
            (0..events.len()).filter(|&event| carrier.refuses(&events[event]).is_none()).collect();
        let (agree, differences) = check(carrier, &held, &events, &rows);
        println!(
            "conformance streaming: {agree}/{} queries on {} events ({})",
            rows.len(),
            held.len(),
            carrier.name
        );
        differences.iter().take(SHOWN).for_each(|difference| println!("  {difference}"));
        if agree < rows.len() || held.is_empty() {
            wrong.push(carrier.name);
        }
        carried.extend(held);
    }
    println!("conformance streaming: {} of {} events fit a log", carried.len(), events.len());
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for event in (0..events.len()).filter(|event| !carried.contains(event)) {
        *reasons.entry(reason(&events[event])).or_default() += 1;
    }
    for (reason, count) in &reasons {
        println!("  {count} do not: {reason}");
    }
    assert!(wrong.is_empty(), "not all answers agree in {wrong:?}");
}

/// Why no carrier holds the event.
fn reason(event: &Document) -> String {
    let whys: BTreeSet<_> = CARRIERS.iter().filter_map(|carrier| carrier.refuses(event)).collect();
    // What concerns the message is told by the carriers that could have held the fields.
    let told = whys.iter().find(|why| !why.starts_with("fields")).or_else(|| whys.iter().next());
    told.cloned().unwrap_or_default()
}

impl Carrier {
    /// Why the event cannot be written in this format, if it cannot.
    fn refuses(&self, event: &Document) -> Option<String> {
        let mut own: Vec<&str> = event
            .fields
            .iter()
            .map(|(name, _)| name)
            .filter(|name| Record::varies(name) && *name != "message")
            .collect();
        own.sort_unstable();
        let mut carried = self.fields.to_vec();
        carried.sort_unstable();
        if own != carried {
            return Some(format!("fields {own:?} on the line are those of no format"));
        }
        let one_word = |name: &&str| !first(&event.fields, name).contains(char::is_whitespace);
        if !self.fields.iter().all(one_word) {
            return Some("a field on the line is not one word".to_owned());
        }
        self.refuses_message(first(&event.fields, "message"))
    }

    fn refuses_message(&self, message: &str) -> Option<String> {
        let mut lines = message.split('\n');
        let first = lines.next().unwrap_or_default();
        // A traceback of oslo.log has the prefix on each of its lines.
        let begins_record = |line: &str| {
            LogFormat::detect(line.as_bytes()) == self.format && !line.contains(" TRACE ")
        };
        let why = if message.is_empty() {
            "the message is empty"
        } else if message.contains(['\r', '\x1b']) {
            "the message has terminal control traffic"
        } else if !message.contains('\n') {
            return None;
        } else if !self.folds {
            "the message has several lines"
        } else if lines.clone().any(begins_record) || message.ends_with('\n') || first.is_empty() {
            "a line of the message would be a record of its own"
        } else {
            return None;
        };
        Some(why.to_owned())
    }
}

/// How many queries hit exactly the events that they should, and what the others did.
fn check(
    carrier: &Carrier,
    held: &[usize],
    events: &[Document],
    rows: &[Row],
) -> (usize, Vec<String>) {
    let mut found = vec![BTreeSet::new(); rows.len()];
    let fingerprints: Vec<Fingerprint> = rows.iter().map(fingerprint).collect();
    let (matcher, rejected) = Matcher::builder().schema(Schema::Logstash).build(&fingerprints);
    let refused: BTreeSet<&str> = rejected.iter().map(|error| &*error.fingerprint).collect();
    let options = ScanOptions { profile: carrier.profile, all: true, ..ScanOptions::default() };
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    for log in logs(held, events) {
        let run = RunScan::new(known, RunMeta::new(), &options);
        let (report, by_line) = scan(carrier, &run, &log, events);
        assert_eq!(report.format, carrier.format, "{}", carrier.name);
        assert_eq!(report.events as usize, PREFACE + log.len(), "{}: {log:?}", carrier.name);
        for hits in &report.hits {
            let places = hits.evidence.iter().filter_map(|hit| by_line.get(&hit.line));
            found[hits.fingerprint as usize].extend(places.copied());
        }
    }
    let matches = rows.iter().zip(&fingerprints).zip(&found);
    let differences: Vec<String> = matches
        .filter_map(|((row, fingerprint), found)| {
            let is_refused = fingerprint.queries.is_empty() || refused.contains(&*fingerprint.id);
            difference(row, is_refused, found, held, events)
        })
        .collect();
    (rows.len() - differences.len(), differences)
}

fn fingerprint(row: &Row) -> Fingerprint {
    let queries = Query::parse(&row.query).into_iter().collect();
    Fingerprint { id: row.n.to_string(), queries, ..Fingerprint::default() }
}

/// The events that share all fields but those on their lines, log by log.
fn logs(held: &[usize], events: &[Document]) -> Vec<Vec<usize>> {
    let mut logs: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for &event in held {
        logs.entry(format!("{:?}", shared(&events[event]))).or_default().push(event);
    }
    logs.into_values().collect()
}

/// The fields that are the log's.
fn shared(event: &Document) -> Fields {
    let mut fields = Fields::new();
    for (name, values) in event.fields.iter().filter(|(name, _)| !Record::varies(name)) {
        values.iter().for_each(|value| fields.push(name, value.as_str()));
    }
    fields
}

/// Writes the events down and scans what was written; also each event's first line.
fn scan(
    carrier: &Carrier,
    run: &RunScan<'_>,
    log: &[usize],
    events: &[Document],
) -> (LogReport, BTreeMap<u64, usize>) {
    let fields = &events[log[0]].fields;
    let mut text = format!("{}preface\n", (carrier.prefix)(fields)).repeat(PREFACE);
    let mut line = PREFACE as u64 + 1;
    let mut by_line = BTreeMap::new();
    for &event in log {
        let fields = &events[event].fields;
        let written = format!("{}{}\n", (carrier.prefix)(fields), first(fields, "message"));
        by_line.insert(line, event);
        line += written.matches('\n').count() as u64;
        text.push_str(&written);
    }
    let mut scan = run.log_with_fields("events", shared(&events[log[0]]));
    // In pieces, as a download would come.
    text.as_bytes().chunks(10_007).for_each(|piece| assert!(scan.feed(piece)));
    (scan.finish(), by_line)
}

fn difference(
    row: &Row,
    is_refused: bool,
    found: &BTreeSet<usize>,
    held: &[usize],
    events: &[Document],
) -> Option<String> {
    if is_refused || row.error.is_some() {
        let agree = is_refused == row.error.is_some();
        return (!agree).then(|| format!("{} {:?}: refused is {is_refused}", row.n, row.query));
    }
    let id = |event: &usize| events[*event].id.as_deref().expect("every event has an id");
    let matches: BTreeSet<&str> = row.matches.iter().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = held.iter().map(id).filter(|id| matches.contains(id)).collect();
    let found: BTreeSet<&str> = found.iter().map(id).collect();
    (found != wanted).then(|| {
        let only = |these: &BTreeSet<&str>, others: &BTreeSet<&str>| {
            let ids: Vec<&str> = these.difference(others).copied().collect();
            format!("{} ({})", ids.len(), ids[..ids.len().min(3)].join(" "))
        };
        let (too_many, missed) = (only(&found, &wanted), only(&wanted, &found));
        format!("{} {:?}: too many {too_many}, missed {missed}", row.n, row.query)
    })
}

/// The first value of a field, or nothing.
fn first<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.values(name).iter().next().unwrap_or_default()
}
