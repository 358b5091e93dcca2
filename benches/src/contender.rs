//! What runs in this process beside its peers.

use std::hint::black_box;

use libdeflater::Decompressor as LibdeflateDecompressor;
use recheck_core::{
    Known, Matcher, RunMeta, RunScan, ScanOptions,
    log::{Decompressor, Limits, Profile},
};

use crate::Result;

/// One engine that looks a text over.
pub trait Contender {
    /// What the table calls it.
    fn name(&self) -> &str;

    /// Looks the text over and returns how many hits there are, in its own way of counting.
    fn run(&mut self, text: &[u8]) -> u64;
}

/// The floor: reads every byte and does nothing with it.
#[derive(Debug, Default)]
pub struct ReadMemory;

impl Contender for ReadMemory {
    fn name(&self) -> &str {
        "reading memory"
    }

    fn run(&mut self, text: &[u8]) -> u64 {
        let words = text.as_chunks::<8>().0.iter();
        let sum = words.fold(0_u64, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word)));
        black_box(sum);
        0
    }
}

/// recheck: all of it, from the log's bytes to the hits with their evidence.
pub struct Recheck<'m> {
    known: Known<'m>,
    meta: RunMeta,
    options: ScanOptions,
    name: String,
}

impl<'m> Recheck<'m> {
    /// A scan with these fingerprints of a log named `console.html` of a run with these fields.
    pub fn new(known: Known<'m>, fields: &[(String, String)], profile: Profile) -> Recheck<'m> {
        let mut meta = RunMeta::default();
        fields.iter().for_each(|(key, value)| meta.push(key, value));
        let options = ScanOptions { profile, ..ScanOptions::default() };
        let live = RunScan::new(known, meta.clone(), &options).log("console.html");
        let (live, all) = (live.narrowed().live(), known.matcher.len());
        let name = format!("recheck, {live} of {all} fingerprints, {profile:?}").to_lowercase();
        Recheck { known, meta, options, name }
    }

    /// Unpacks and scans a file.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub fn run_file(&self, file: &[u8]) -> Result<u64> {
        let run = RunScan::new(self.known, self.meta.clone(), &self.options);
        let mut log = run.log("console.html");
        log.read(&mut Decompressor::new(file, Limits::default()))?;
        Ok(log.finish().hits.iter().map(|hits| hits.count).sum())
    }
}

impl Contender for Recheck<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self, text: &[u8]) -> u64 {
        let run = RunScan::new(self.known, self.meta.clone(), &self.options);
        let mut log = run.log("console.html");
        log.feed(text);
        log.finish().hits.iter().map(|hits| hits.count).sum()
    }
}

/// Compiles fingerprints for [`Recheck`]; those that do not compile are named.
pub fn compile(fingerprints: &[recheck_core::Fingerprint]) -> Matcher {
    let (matcher, rejected) = Matcher::builder().build(fingerprints);
    for error in rejected {
        eprintln!("left out: {error}");
    }
    matcher
}

/// libdeflate on whole gzip files that lie in memory; the text it is given says which.
pub struct Libdeflate {
    files: Vec<Vec<u8>>,
    decompressor: LibdeflateDecompressor,
    out: Vec<u8>,
}

impl Libdeflate {
    /// Decompresses these files, one after the other, at each run.
    pub fn new(files: Vec<Vec<u8>>) -> Libdeflate {
        // A gzip file ends with the length of its text.
        let length = |file: &Vec<u8>| {
            let end = file.last_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes));
            end as usize
        };
        let out = vec![0; files.iter().map(length).max().unwrap_or(0)];
        Libdeflate { files, decompressor: LibdeflateDecompressor::new(), out }
    }

    /// Decompresses every file and gives its text to `each`.
    pub fn each(&mut self, mut each: impl FnMut(&[u8])) -> Result<u64> {
        let mut bytes = 0;
        for file in &self.files {
            let length = self.decompressor.gzip_decompress(file, &mut self.out)?;
            each(&self.out[..length]);
            bytes += length as u64;
        }
        Ok(bytes)
    }
}
