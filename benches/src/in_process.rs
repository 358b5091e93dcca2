//! `bench-peers in-process`: engines beside each other in one process.

use std::{fs, hint::black_box, io::Read, path::Path, time::Instant};

use recheck_benches::{
    Result,
    contender::{self, Contender, Libdeflate, ReadMemory, Recheck},
    measure::{Outcome, Row, Table},
};
use recheck_core::{
    Fingerprint, Known, load_dirs,
    log::{Decompressor, Limits, Profile},
};

use crate::assemble::{HISTORIC, meta};

pub(crate) fn run(dir: &Path, rounds: usize, only: Option<&str>) -> Result<()> {
    let wanted = |table: &str| only.is_none_or(|only| table.contains(only));
    if wanted("compile times") {
        compile_times(dir)?;
    }
    let mut logs = vec!["plain", "dense", "hits"];
    logs.retain(|log| wanted(&format!("{log} log")));
    if !logs.is_empty() {
        searches(dir, rounds, &logs)?;
    }
    if wanted("by number of fingerprints") {
        println!("{}", many_fingerprints(dir, rounds)?);
    }
    if wanted("gzip") {
        println!("{}", decompress(dir, rounds)?);
    }
    Ok(())
}

/// All engines on each of the logs.
fn searches(dir: &Path, rounds: usize, logs: &[&str]) -> Result<()> {
    let (fingerprints, meta) = (load(dir, HISTORIC)?, meta(dir)?);
    let matcher = contender::compile(&fingerprints);
    for &index in matcher.unanchored() {
        println!("asked of every event: {}", fingerprints[index as usize].id);
    }
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let mut contenders: Vec<Box<dyn Contender + '_>> = vec![
        Box::new(Recheck::new(known, &meta, Profile::Records)),
        Box::new(Recheck::new(known, &meta, Profile::Lines)),
    ];
    contenders.extend(peers(dir)?);
    contenders.push(Box::new(ReadMemory));
    for log in logs {
        let text = fs::read(dir.join(log).join("console.html"))?;
        println!("{}", search(log, &text, &mut contenders, rounds)?);
    }
    Ok(())
}

fn load(dir: &Path, count: usize) -> Result<Vec<Fingerprint>> {
    let loaded = load_dirs(&[dir.join(format!("fingerprints-{count}"))]);
    if let Some(error) = loaded.rejected.first() {
        eprintln!("{} left out, the first: {error}", loaded.rejected.len());
    }
    Ok(loaded.set.iter().map(|(_, fingerprint)| fingerprint.clone()).collect())
}

fn search(
    log: &str,
    text: &[u8],
    contenders: &mut [Box<dyn Contender + '_>],
    rounds: usize,
) -> Result<Table> {
    let rows = contenders.iter().map(|one| Row::new(one.name(), text.len() as u64)).collect();
    let title = format!(
        "In process, one core, {HISTORIC} fingerprints, {log} log of {} MiB",
        text.len() >> 20
    );
    Table::measure(&title, rows, rounds, |index| {
        let start = Instant::now();
        let found = contenders[index].run(text);
        Ok(Outcome { time: start.elapsed(), found: found.to_string(), peak_rss: None })
    })
}

#[cfg(feature = "hyperscan")]
fn peers(dir: &Path) -> Result<Vec<Box<dyn Contender>>> {
    use recheck_benches::hyperscan::{Hyperscan, Patterns};
    let lines = |file: &str| -> Result<Vec<String>> {
        Ok(fs::read_to_string(dir.join(file))?.lines().map(str::to_owned).collect())
    };
    let phrases = lines(&format!("phrases-{HISTORIC}.txt"))?;
    let regexes = lines(&format!("regexes-{HISTORIC}.txt"))?;
    let start = Instant::now();
    let literals = Hyperscan::new("Hyperscan, bare literals", Patterns::Literals, &phrases)?;
    let compiled = start.elapsed();
    let tokens = Hyperscan::new("Hyperscan, token sequences", Patterns::Regexes, &regexes)?;
    println!(
        "Hyperscan compiles {} literals in {compiled:.1?}, the token sequences in {:.1?}\n",
        phrases.len(),
        start.elapsed() - compiled
    );
    Ok(vec![Box::new(literals), Box::new(tokens)])
}

#[cfg(not(feature = "hyperscan"))]
fn peers(_dir: &Path) -> Result<Vec<Box<dyn Contender>>> {
    println!("built without Hyperscan: `--features hyperscan` links Debian's libhyperscan-dev\n");
    Ok(Vec::new())
}

/// Loading the files and compiling them, by number of fingerprints.
fn compile_times(dir: &Path) -> Result<()> {
    for count in [1, HISTORIC, 10 * HISTORIC] {
        let mut best = [f64::INFINITY; 2];
        for _ in 0..5 {
            let start = Instant::now();
            let fingerprints = load(dir, count)?;
            let loaded = start.elapsed().as_secs_f64();
            black_box(contender::compile(&fingerprints));
            let compiled = start.elapsed().as_secs_f64() - loaded;
            best = [best[0].min(loaded), best[1].min(compiled)];
        }
        let [load, compile] = best.map(|seconds| seconds * 1e3);
        println!("{count} fingerprints: load {load:.1} ms, compile {compile:.1} ms (best of 5)");
    }
    println!();
    Ok(())
}

/// The same log with one fingerprint, with all, and with ten times as many.
fn many_fingerprints(dir: &Path, rounds: usize) -> Result<Table> {
    let text = fs::read(dir.join("plain/console.html"))?;
    let sets = [HISTORIC, 1, 10 * HISTORIC]
        .map(|count| load(dir, count).map(|set| (contender::compile(&set), set)));
    let sets = sets.into_iter().collect::<Result<Vec<_>>>()?;
    let meta = meta(dir)?;
    let mut contenders: Vec<Box<dyn Contender + '_>> = Vec::new();
    for (matcher, fingerprints) in &sets {
        contenders.push(Box::new(Recheck::new(
            Known { matcher, fingerprints },
            &meta,
            Profile::Records,
        )));
    }
    let mut table = search("plain", &text, &mut contenders, rounds)?;
    table.title = "In process, one core, by number of fingerprints".to_owned();
    Ok(table)
}

/// gzip alone and with the scan, on one core.
fn decompress(dir: &Path, rounds: usize) -> Result<Table> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir.join("gzip"))? {
        files.push(fs::read(entry?.path().join("console.html.gz"))?);
    }
    let (fingerprints, meta) = (load(dir, HISTORIC)?, meta(dir)?);
    let matcher = contender::compile(&fingerprints);
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let scan = Recheck::new(known, &meta, Profile::Records);
    let mut libdeflate = Libdeflate::new(files.clone());
    let bytes = libdeflate.each(|_| ())?;
    let mut buffer = vec![0; 256 * 1024];
    let rows = ["libdeflate", "recheck's stream", "recheck's stream and the scan"];
    let rows = rows.map(|name| Row::new(name, bytes)).to_vec();
    Table::measure("In process, one core, gzip", rows, rounds, |index| {
        let start = Instant::now();
        let all = |each: &mut dyn FnMut(&[u8]) -> Result<u64>| {
            files.iter().try_fold(0, |sum, file| each(file).map(|found| sum + found))
        };
        let found = match index {
            0 => libdeflate.each(|text| {
                black_box(text);
            })?,
            1 => all(&mut |file| unpack(file, &mut buffer))?,
            _ => all(&mut |file| scan.run_file(file))?,
        };
        Ok(Outcome { time: start.elapsed(), found: found.to_string(), peak_rss: None })
    })
}

/// The length of the file's text, every byte of which was in memory.
fn unpack(file: &[u8], buffer: &mut [u8]) -> Result<u64> {
    let mut reader = Decompressor::new(file, Limits::default());
    let mut bytes = 0;
    loop {
        match reader.read(buffer)? {
            0 => return Ok(bytes),
            count => bytes += count as u64,
        }
    }
}
