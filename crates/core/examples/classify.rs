//! How another CI tool embeds recheck: fingerprints compiled once, runs scanned on threads of the
//! caller's own, logs fed in the pieces they arrive in, a deadline, and records that the tool has
//! split already.
//!
//! Needs none of the crate's features:
//!
//! ```text
//! cargo run -p recheck-core --no-default-features --example classify
//! ```

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use recheck_core::{
    Event, Fields, Fingerprint, Known, Loaded, Matcher, RunMeta, RunReport, RunScan, ScanOptions,
    Schema, Verdict,
};

/// Fingerprints may come from anywhere; the first part names them as a file would.
const FINGERPRINTS: [(&str, &str); 3] = [
    (
        "disk-full.yaml",
        "title: The disk is full\n\
         category: infra\n\
         advice: Rerun once, then ask for a bigger disk.\n\
         query: 'message:\"No space left on device\" AND build_name:unit*'\n",
    ),
    ("job-failed.yaml", "fallback: true\ncontains: 'error: job failed'\n"),
    ("broken.yaml", "query: 'message:\"no closing quote'\n"),
];

/// A log as it comes from the network: cut anywhere.
const LOG: [&str; 3] = [
    "2024-05-01 12:00:00.000001 | node | make: entering\n2024-05-01 12:00:01.0",
    "00001 | node | cp: write error: No space left on dev",
    "ice\n2024-05-01 12:00:02.000001 | node | error: job failed\n",
];

fn main() -> Result<(), Box<dyn Error>> {
    let (matcher, fingerprints) = compile();
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };

    // One run for each thread; the matcher is shared, each log has its own mutable state.
    let reports: Vec<RunReport> = thread::scope(|scope| {
        let runs = ["unit-tests", "lint"].map(|job| scope.spawn(move || classify(known, job)));
        runs.into_iter().map(|run| run.join().expect("a scan does not panic")).collect()
    });
    reports.iter().for_each(tell);
    assert_eq!(reports[0].verdict, Verdict::Known);
    assert_eq!(reports[1].verdict, Verdict::Fallback, "`disk-full` is about other jobs");

    let stopped = stopped_at_once(known);
    tell(&stopped);
    assert_eq!(stopped.verdict, Verdict::Incomplete);

    let hits = records_of_our_own(&matcher);
    println!("records: {:?}", hits.map(|hit| hit.map(|id| &*fingerprints[id as usize].id)));
    Ok(())
}

/// Loads and compiles, once. What is wrong is told and does not stop the rest.
fn compile() -> (Matcher, Vec<Fingerprint>) {
    let loaded = Loaded::from_sources(FINGERPRINTS);
    for diagnostic in loaded.diagnostics() {
        println!("{diagnostic}");
    }
    let fingerprints: Vec<_> = loaded.set.iter().map(|(_, known)| known.clone()).collect();
    let (matcher, refused) = Matcher::builder().schema(Schema::Logstash).build(&fingerprints);
    refused.iter().for_each(|error| println!("{error}"));
    (matcher, fingerprints)
}

/// One run: what is known of it, its logs, its verdict.
fn classify(known: Known<'_>, job: &str) -> RunReport {
    let mut meta = RunMeta::new();
    meta.set("build_name", job);
    meta.set("build_status", "FAILURE");
    let options = ScanOptions::default();
    let mut run = RunScan::new(known, meta, &options);
    let mut log = run.log("job-output.txt");
    for piece in LOG {
        log.feed(piece.as_bytes());
    }
    let report = log.finish();
    run.add(report);
    run.finish(job)
}

/// A flag ends a scan early; so does a deadline, as any closure may be asked. The verdict then says
/// that not everything was read.
fn stopped_at_once(known: Known<'_>) -> RunReport {
    let cancelled = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancelled);
    let stop = move || flag.load(Ordering::Relaxed);
    let options = ScanOptions { stop: Some(Arc::new(stop)), ..ScanOptions::default() };
    let mut run = RunScan::new(known, RunMeta::new(), &options);
    let mut log = run.log("job-output.txt");
    cancelled.store(true, Ordering::Relaxed);
    for piece in LOG {
        if !log.feed(piece.as_bytes()) {
            break;
        }
    }
    let report = log.finish();
    run.add(report);
    run.finish("cancelled")
}

/// A tool that has records already pushes them by themselves: no log, no format, no folding.
fn records_of_our_own(matcher: &Matcher) -> [Option<u32>; 2] {
    // What a source's records share is asked once, what differs is asked of each.
    let mut shared = Fields::new();
    shared.set("build_name", "unit-tests");
    let narrowed = matcher.narrow(&shared);
    let mut scratch = matcher.scratch();
    ["tar: No space left on device", "all is well"].map(|message| {
        let mut fields = shared.clone();
        fields.set("message", message);
        let event = Event { fields: &fields, raw: Some(message.as_bytes()) };
        let mut hits = Vec::new();
        matcher.matches_event(&narrowed, event, &mut scratch, &mut hits);
        hits.first().copied()
    })
}

fn tell(report: &RunReport) {
    println!("{}: {:?}", report.target, report.verdict);
    for bug in &report.bugs {
        let title = bug.title.as_deref().unwrap_or(&bug.fingerprint);
        for hit in &bug.evidence {
            println!("  {title}: {}:{} {}", hit.file, hit.line, hit.message);
        }
    }
    for error in &report.errors {
        println!("  {}: {}", error.file, error.message);
    }
}
