//! What of real logs is taken for a secret, and that no report keeps one.

use std::{fs, io::Read, path::Path};

use recheck_core::{
    FieldValues, Known, Loaded, Matcher, RunMeta, RunReport, RunScan, ScanOptions,
    log::{Limits, LogReader},
    redact,
};

use crate::conformance::{data, documents};

/// A key of Google's in the flags of two compilations: the only secret in the logs.
const REAL: &str = "-DMOZ_GOOGLE_LOCATION_SERVICE_API_KEY=AIza";

#[test]
fn real_logs_stay_as_they_are() {
    let Some(data) = data() else { return };
    let (mut lines, mut changed) = (0_u64, 0_u64);
    for entry in fs::read_dir(data.join("logs")).unwrap() {
        let text = text(&entry.unwrap().path());
        for line in text.lines() {
            lines += 1;
            let shown = redact(line);
            if shown != line {
                changed += 1;
                assert!(line.contains(REAL), "{shown}");
            }
        }
    }
    println!("{lines} lines, {changed} with a secret");
    assert!(lines > 500_000 && changed == 2);
}

#[test]
fn real_events_stay_as_they_are() {
    let Some(data) = data() else { return };
    let events = documents(&data.join("events-real.jsonl"));
    for event in &events {
        for message in event.fields.values("message").iter() {
            assert_eq!(redact(message), message);
        }
    }
    assert!(!events.is_empty());
}

fn text(log: &Path) -> String {
    let mut raw = Vec::new();
    let mut reader = LogReader::new(fs::File::open(log).unwrap(), Limits::default());
    reader.read_to_end(&mut raw).unwrap();
    String::from_utf8_lossy(&raw).into_owned()
}

/// A run in whose every text stands the secret.
fn report(secret: &str, options: &ScanOptions) -> RunReport {
    let loaded = Loaded::from_sources([("push.yaml", "contains: cannot push")]);
    let fingerprints: Vec<_> = loaded.set.iter().map(|(_, known)| known.clone()).collect();
    let (matcher, _) = Matcher::builder().build(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let address = format!("https://bot:{secret}@ci.example.org/");
    let mut meta = RunMeta::new();
    meta.set("log_url", &address);
    let mut run = RunScan::new(known, meta, options);
    let mut log = run.log("job-output.txt");
    log.feed(format!("cannot push with PASSWORD={secret} to {address}\n").as_bytes());
    let log = log.finish();
    run.add(log);
    run.error(&address, format!("cannot read {address}"));
    run.note("x", format!("found at {address}"));
    run.finish(&address)
}

#[test]
fn no_report_keeps_a_secret() {
    let report = report("swordfish", &ScanOptions::default());
    assert!(!format!("{report:?}").contains("swordfish"), "{report:?}");
    let evidence = &report.bugs[0].evidence[0];
    let message = "cannot push with PASSWORD=[redacted: password] \
                   to https://bot:[redacted: password]@ci.example.org/";
    assert_eq!(evidence.message, message);
    assert_eq!(
        evidence.fields.values("log_url").iter().next(),
        Some("https://bot:[redacted: password]@ci.example.org/")
    );
}

#[test]
fn who_wants_them_keeps_them() {
    let options = ScanOptions { keep_secrets: true, ..ScanOptions::default() };
    let report = report("swordfish", &options);
    assert_eq!(format!("{report:?}").matches("swordfish").count(), 8, "{report:?}");
}
