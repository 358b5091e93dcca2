//! The embedded index by its figures: `bench-index DIR --events 500000 --runs 200`.
//!
//! Events are lines of real logs, and at every fortieth place a real event that some fingerprint was
//! written for; fingerprints are the real ones and variants of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use recheck_benches::{
    Result, corpus,
    data::{data_dir, fingerprints, logs},
    measure,
    rng::Rng,
    vary::{many, vary_query},
};
use recheck_core::{Document, Event, Fingerprint, Known, Matcher, Query, Schema};
use recheck_index::{
    Embedded, Index, IndexedEvent, OverviewRequest, Run, RunKey, Scope, WriterOptions,
};

/// Measures ingest, attach and queries of an embedded index.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the index is made; an index that is there is measured as it is.
    dir: PathBuf,
    /// Number of events.
    #[arg(long, default_value_t = 500_000)]
    events: usize,
    /// Number of runs they belong to.
    #[arg(long, default_value_t = 200)]
    runs: usize,
    /// Number of fingerprints.
    #[arg(long, default_value_t = 963)]
    fingerprints: usize,
    /// How often each question is asked.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// MiB of memory of the writer.
    #[arg(long, default_value_t = 256)]
    memory: usize,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-index: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    println!("{}\n", measure::machine());
    let data = data_dir()?;
    let fingerprints = compiled(&data, arguments.fingerprints)?;
    let (matcher, _) = Matcher::builder().build(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let is_new = !arguments.dir.exists();
    let options = WriterOptions { memory: arguments.memory << 20, ..WriterOptions::default() };
    let index = Embedded::open_or_create(&arguments.dir, Some(Schema::Logstash), options.patience)?;
    if is_new {
        ingest(&index, known, arguments, &options)?;
    }
    drop(index);
    ask(arguments, known)?;
    println!("peak memory of this process: {} MiB", peak_memory()? >> 20);
    Ok(())
}

fn compiled(data: &Path, count: usize) -> Result<Vec<Fingerprint>> {
    let real = fingerprints(data)?;
    let fingerprint = |(variant, one): (u64, &recheck_benches::data::RealFingerprint)| {
        let query = |text: &String| Query::parse(&vary_query(text, variant)).ok();
        Fingerprint {
            id: format!("{}-{variant}", one.id),
            queries: one.queries.iter().filter_map(query).collect(),
            ..Fingerprint::default()
        }
    };
    Ok(many(&real, count).into_iter().map(fingerprint).collect())
}

/// Calls `each` with every event; those of a run come together.
fn events(arguments: &Arguments, mut each: impl FnMut(IndexedEvent) -> Result<()>) -> Result<()> {
    let data = data_dir()?;
    let mut real = Vec::new();
    for file in ["events-real.jsonl", "events-derived.jsonl"] {
        for line in fs::read_to_string(data.join(file))?.lines() {
            real.push(Document::from_json_line(line)?);
        }
    }
    let (logs, mut rng) = (logs(&data)?, Rng::new(1));
    let per_run = arguments.events.div_ceil(arguments.runs);
    let start: jiff::Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let mut number = 0;
    corpus::shuffled(&logs, 1, |piece| {
        for line in piece.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            if number == arguments.events {
                return Ok(false);
            }
            let mut event = match number % 40 {
                0 => IndexedEvent { fields: rng.pick(&real).fields.clone(), ..Default::default() },
                _ => log_event(line),
            };
            let run = number / per_run;
            event.id = Some(format!("{run}-{number}"));
            event.run = Some(RunKey::first(format!("{run:032x}")));
            event.time = Some(start + Duration::from_millis(100) * number as u32);
            event.inherited = run_of(run).fields;
            each(event)?;
            number += 1;
        }
        Ok(true)
    })
}

fn log_event(line: &[u8]) -> IndexedEvent {
    let mut event = IndexedEvent::default();
    event.fields.push("message", String::from_utf8_lossy(line));
    event.fields.push("filename", "console.html");
    event.fields.push("tags", "console");
    event.fields.push("tags", "console.html");
    event
}

fn run_of(number: usize) -> Run {
    let mut run = Run::new(RunKey::first(format!("{number:032x}")));
    let job = format!("gate-tempest-dsvm-{}", number % 17);
    let fields = [
        ("build_uuid", run.key.build_uuid.clone()),
        ("build_name", job),
        ("build_status", "FAILURE".to_owned()),
        ("build_queue", if number.is_multiple_of(3) { "check" } else { "gate" }.to_owned()),
        ("build_branch", "master".to_owned()),
        ("project", format!("openstack/project-{}", number % 29)),
        ("voting", "1".to_owned()),
    ];
    fields.into_iter().for_each(|(name, value)| run.fields.push(name, value));
    run
}

fn ingest(
    index: &Embedded,
    known: Known<'_>,
    arguments: &Arguments,
    options: &WriterOptions,
) -> Result<()> {
    let mut writer = index.writer(options)?;
    writer.fingerprints(known);
    (0..arguments.runs).try_for_each(|number| writer.run(&run_of(number)))?;
    let narrowed = known.matcher.narrow_nothing();
    let (mut scratch, mut hits) = (known.matcher.scratch(), Vec::new());
    let (mut text, mut raw, mut count) = (0, 0, 0);
    let started = Instant::now();
    let mut matching = Duration::ZERO;
    events(arguments, |event| {
        use recheck_core::FieldValues;
        text += event.values("message").iter().map(str::len).sum::<usize>();
        event.for_each_name(&mut |name| {
            raw +=
                event.values(name).iter().map(|value| value.len() + name.len() + 6).sum::<usize>();
        });
        hits.clear();
        let before = Instant::now();
        let subject = Event { fields: &event, raw: None };
        known.matcher.matches_event(&narrowed, subject, &mut scratch, &mut hits);
        matching += before.elapsed();
        count += hits.len();
        Ok(writer.event(&event, &hits)?)
    })?;
    let added = started.elapsed();
    writer.finish()?;
    let elapsed = started.elapsed();
    let info = index.info()?;
    println!(
        "ingest: {} events, {} MB of messages ({} MB as JSON), {count} hits, in {:.1} s ({:.1} s of it \
         matching, {:.1} s the last commit and merges): {:.1} MB/s of messages, {:.0} events/s",
        info.events,
        text / 1_000_000,
        raw / 1_000_000,
        elapsed.as_secs_f64(),
        matching.as_secs_f64(),
        (elapsed - added).as_secs_f64(),
        text as f64 / 1e6 / elapsed.as_secs_f64(),
        info.events as f64 / elapsed.as_secs_f64(),
    );
    println!(
        "size: {} MB, {:.2} of the messages, {:.2} of the JSON; peak memory so far {} MiB\n",
        info.bytes / 1_000_000,
        info.bytes as f64 / text as f64,
        info.bytes as f64 / raw as f64,
        peak_memory()? >> 20,
    );
    Ok(())
}

fn ask(arguments: &Arguments, known: Known<'_>) -> Result<()> {
    let opened = Instant::now();
    let index = Embedded::open(&arguments.dir)?;
    println!("opened in {:.1} ms: {:?}\n", opened.elapsed().as_secs_f64() * 1e3, index.info()?);
    let run = |number: usize| RunKey::first(format!("{number:032x}"));
    let scope = |runs: Vec<RunKey>| Scope { runs: Some(runs), ..Scope::default() };
    let one = scope(vec![run(arguments.runs / 2)]);
    let all = scope((0..arguments.runs).map(run).collect());
    timed("attach, one run", arguments.rounds, || Ok(index.run_hits(known, &one)?.len()))?;
    timed("attach, ten runs", arguments.rounds, || {
        Ok(index.run_hits(known, &scope((0..10).map(run).collect()))?.len())
    })?;
    timed("attach, all runs", arguments.rounds, || Ok(index.run_hits(known, &all)?.len()))?;
    timed("one run, one question each", 1, || {
        let mut found = 0;
        for fingerprint in known.fingerprints {
            let single = std::slice::from_ref(fingerprint);
            let (matcher, _) = Matcher::builder().build(single);
            let known = Known { matcher: &matcher, fingerprints: single };
            found += index.run_hits(known, &one)?.len();
        }
        Ok(found)
    })?;
    latencies(&index, known, "fingerprints", 0..known.fingerprints.len() as u32)?;
    let facets = ["build_name", "build_queue", "project", "tags"].map(str::to_owned).to_vec();
    timed("query with facets", arguments.rounds, || {
        let request = OverviewRequest {
            facets: facets.clone(),
            top: 10,
            examples: 3,
            ..OverviewRequest::default()
        };
        let fingerprints = [parsed("message:error AND tags:console")?];
        let (matcher, _) = Matcher::builder().build(&fingerprints);
        let known = Known { matcher: &matcher, fingerprints: &fingerprints };
        Ok(index.overview(known, 0, &request)?.hits as usize)
    })?;
    let patterns =
        ["message:*timeout*", "message:/err[0-9]+.*/", "message:conection~", "message:err*"];
    let fingerprints: Vec<Fingerprint> =
        patterns.iter().map(|text| parsed(text)).collect::<Result<_>>()?;
    let (matcher, _) = Matcher::builder().build(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    for (place, text) in (0..).zip(patterns) {
        latencies(&index, known, text, place..place + 1)?;
    }
    Ok(())
}

fn parsed(text: &str) -> Result<Fingerprint> {
    let queries = vec![Query::parse(text)?];
    Ok(Fingerprint { id: text.to_owned(), queries, ..Fingerprint::default() })
}

fn timed(name: &str, rounds: usize, mut work: impl FnMut() -> Result<usize>) -> Result<()> {
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..rounds {
        let started = Instant::now();
        found = work()?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    println!(
        "{name}: median {:.1} ms, least {:.1} ms ({found} found)",
        times[times.len() / 2].as_secs_f64() * 1e3,
        times[0].as_secs_f64() * 1e3
    );
    Ok(())
}

/// Every one of these fingerprints by itself, over everything, to its number of hits.
fn latencies(
    index: &Embedded,
    known: Known<'_>,
    name: &str,
    places: std::ops::Range<u32>,
) -> Result<()> {
    let request = OverviewRequest::default();
    let mut times = Vec::new();
    for place in places {
        let started = Instant::now();
        index.overview(known, place, &request)?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "query, {name}: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(())
}

/// The most memory this process ever had, in bytes.
fn peak_memory() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}
