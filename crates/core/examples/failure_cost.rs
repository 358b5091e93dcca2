//! What failure lines cost: logs scanned in turns with and without, in this process and on one
//! thread, first from memory, then as their files are; then the lines themselves.
//!
//! ```text
//! cargo run --release -p recheck-core --example failure_cost -- FINGERPRINTS ROUNDS LOG...
//! ```

use std::{
    error::Error,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use recheck_core::{
    Fingerprint, Known, Matcher, RunMeta, RunReport, RunScan, ScanOptions, load_dirs,
    log::{Limits, LogSource, Target, open_target},
};

/// A log's name, text and path.
type Log = (String, Vec<u8>, String);

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "give a directory of fingerprints, a number of rounds, and logs";
    let dir = PathBuf::from(args.next().ok_or(usage)?);
    let rounds: usize = args.next().ok_or(usage)?.parse()?;
    let logs: Vec<Log> = args.map(read).collect::<Result<_, _>>()?;
    let loaded = load_dirs(&[dir]);
    let fingerprints: Vec<Fingerprint> =
        loaded.set.iter().map(|(_, known)| known.clone()).collect();
    let build = |yes| Matcher::builder().failure_lines(yes).build(&fingerprints).0;
    let matchers = [build(false), build(true)];
    let known = matchers.each_ref().map(|matcher| Known { matcher, fingerprints: &fingerprints });

    let bytes = logs.iter().map(|(_, text, _)| text.len()).sum();
    let ways: [(&str, Way); 2] = [("from memory", from_memory), ("from files", from_file)];
    for (told, way) in ways {
        println!("\n{told}");
        let mut sums = <[Vec<Duration>; 2]>::default();
        for log in &logs {
            let mut times = in_turns(rounds, |turn| way(known[turn], log))?;
            for (sums, times) in sums.iter_mut().zip(&times) {
                sums.resize(rounds, Duration::ZERO);
                sums.iter_mut().zip(times).for_each(|(sum, time)| *sum += *time);
            }
            tell(&log.0, log.1.len(), &mut times);
        }
        tell("all", bytes, &mut sums);
    }
    for log in &logs {
        println!("\n{}", log.0);
        for line in scan(known[1], &log.0, &log.1).failure {
            println!("  {:?} {}:{}: {}", line.kind, line.file, line.line, line.message);
        }
    }
    Ok(())
}

fn read(path: String) -> Result<Log, Box<dyn Error>> {
    let listing = open_target(&Target::parse(&path))?;
    let log: &LogSource = listing.logs.first().ok_or("no such log")?;
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut log.open(Limits::default())?, &mut text)?;
    let name = Path::new(&path).file_name().ok_or("a directory")?.to_string_lossy().into_owned();
    Ok((name, text, path))
}

/// How a log is scanned.
type Way = fn(Known<'_>, &Log) -> Result<RunReport, Box<dyn Error>>;

fn from_memory(known: Known<'_>, (name, text, _): &Log) -> Result<RunReport, Box<dyn Error>> {
    Ok(scan(known, name, text))
}

fn from_file(known: Known<'_>, (_, _, path): &Log) -> Result<RunReport, Box<dyn Error>> {
    let (name, text, _) = read(path.clone())?;
    Ok(scan(known, &name, &text))
}

/// The times of so many rounds without and with; each is first as often as the other.
fn in_turns(
    rounds: usize,
    scan: impl Fn(usize) -> Result<RunReport, Box<dyn Error>>,
) -> Result<[Vec<Duration>; 2], Box<dyn Error>> {
    let mut times = <[Vec<Duration>; 2]>::default();
    for round in 0..rounds {
        for turn in [round % 2, 1 - round % 2] {
            let started = Instant::now();
            scan(turn)?;
            times[turn].push(started.elapsed());
        }
    }
    Ok(times)
}

fn scan(known: Known<'_>, name: &str, text: &[u8]) -> RunReport {
    let options = ScanOptions::default();
    let mut run = RunScan::new(known, RunMeta::new(), &options);
    let mut log = run.log(name);
    log.feed(text);
    let report = log.finish();
    run.add(report);
    run.finish(name)
}

/// Least and middle time without and with, and their ratios.
fn tell(name: &str, bytes: usize, times: &mut [Vec<Duration>; 2]) {
    times.iter_mut().for_each(|times| times.sort_unstable());
    let [off, on] = times.each_ref().map(|times| (times[0], times[times.len() / 2]));
    let ratio = |on: Duration, off: Duration| on.as_secs_f64() / off.as_secs_f64();
    println!(
        "{name:.40}: {:.1} MB, least {:.2} -> {:.2} ms ({:.3}), middle {:.2} -> {:.2} ms ({:.3})",
        bytes as f64 / 1e6,
        off.0.as_secs_f64() * 1e3,
        on.0.as_secs_f64() * 1e3,
        ratio(on.0, off.0),
        off.1.as_secs_f64() * 1e3,
        on.1.as_secs_f64() * 1e3,
        ratio(on.1, off.1),
    );
}
