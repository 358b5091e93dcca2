//! One log, fed in pieces of any size.

use std::collections::BTreeMap;

use crate::{
    fields::Fields,
    log::{Cleaner, LogFormat, MAX_EVENT, Splitter, TimeContext},
    matcher::{Matcher, Narrowed, Scratch},
    run::RunMeta,
};

use super::{
    ScanOptions,
    block::{BlockScan, Hits},
    report::{LogHits, LogReport},
};

/// Bytes gathered before a block is looked over: small enough to stay in a core's L2 cache between
/// cleaning and scanning, large enough that per-block work does not show.
const BLOCK: usize = 256 * 1024;

/// Bytes of clean text that tell a log's format.
const SAMPLE: usize = 64 * 1024;

const _: () = assert!(SAMPLE <= BLOCK, "the format is told from the first block");

/// Scans one log. Feed it the decompressed bytes in pieces of any size: the answer does not depend
/// on where they are cut.
#[derive(Debug)]
pub struct LogScan<'m> {
    matcher: &'m Matcher,
    narrowed: Narrowed,
    options: &'m ScanOptions,
    time: TimeContext,
    file: Fields,
    cleaner: Cleaner,
    splitter: Option<Splitter>,
    scratch: Scratch,
    /// Cleaned bytes that were not scanned yet.
    buffer: Vec<u8>,
    /// Line number of the buffer's first byte, from 1.
    line: u64,
    hits: BTreeMap<u32, Hits>,
    report: LogReport,
}

impl<'m> LogScan<'m> {
    pub(super) fn new(
        matcher: &'m Matcher,
        meta: &RunMeta,
        name: &str,
        options: &'m ScanOptions,
    ) -> LogScan<'m> {
        let name = crate::log::log_name(name);
        let mut file = meta.fields().clone();
        file.set("filename", name);
        for tag in options.tags.tags(name) {
            file.push("tags", tag);
        }
        LogScan::with_fields(matcher, meta.year(), name, file, options)
    }

    /// A log whose constant fields are exactly these.
    pub(super) fn with_fields(
        matcher: &'m Matcher,
        year: Option<i16>,
        name: &str,
        file: Fields,
        options: &'m ScanOptions,
    ) -> LogScan<'m> {
        LogScan {
            matcher,
            narrowed: matcher.narrow(&file),
            options,
            time: TimeContext { year: options.time.year.or(year), zone: options.time.zone.clone() },
            file,
            cleaner: Cleaner::new(),
            splitter: None,
            scratch: matcher.scratch(),
            buffer: Vec::new(),
            line: 1,
            hits: BTreeMap::new(),
            report: LogReport { file: name.to_owned(), complete: true, ..LogReport::default() },
        }
    }

    /// Takes the log's next bytes. Returns false once the scan was told to stop: what follows is
    /// not read any more.
    pub fn feed(&mut self, bytes: &[u8]) -> bool {
        for piece in bytes.chunks(BLOCK) {
            if self.stopped() {
                return false;
            }
            self.report.bytes += piece.len() as u64;
            self.cleaner.feed(piece, &mut self.buffer);
            let settled = self.buffer.len() - self.cleaner.unsettled();
            if settled >= BLOCK {
                self.scan(settled, false);
            }
        }
        true
    }

    /// Records why the log could not be read to its end (`complete` becomes false).
    pub fn cut_short(&mut self, problem: impl Into<String>) {
        self.report.complete = false;
        self.report.problems.push(problem.into());
    }

    /// Records something noticed that did no harm.
    pub fn note(&mut self, note: impl Into<String>) {
        self.report.notes.push(note.into());
    }

    /// Scans what is left and tells what was found.
    pub fn finish(mut self) -> LogReport {
        self.cleaner.finish(&mut self.buffer);
        if !self.stopped() {
            self.scan(self.buffer.len(), true);
        }
        if self.report.cut_events > 0 {
            let (count, limit) = (self.report.cut_events, MAX_EVENT / 1024 / 1024);
            self.note(format!("{count} event(s) longer than {limit} MiB were cut into pieces"));
        }
        let evidence = |hits: Hits| hits.first.into_iter().chain(hits.rest).collect();
        let report = |(fingerprint, hits): (u32, Hits)| {
            let count = hits.count;
            LogHits { fingerprint, count, evidence: evidence(hits) }
        };
        self.report.hits = self.hits.into_iter().map(report).collect();
        self.report
    }

    /// How many fingerprints the log's name and run leave, and of them how many are evaluated on
    /// every event.
    pub fn narrowed(&self) -> &Narrowed {
        &self.narrowed
    }

    /// The log's constant fields: those of the run, its name and its tags.
    pub fn fields(&self) -> &Fields {
        &self.file
    }

    /// The log's format, once enough was read to tell: 64 KiB, or the whole log.
    /// [`LogReport::format`] has it for every log.
    pub fn format(&self) -> Option<LogFormat> {
        self.splitter.map(|splitter| splitter.format())
    }

    fn stopped(&mut self) -> bool {
        if self.report.complete && self.options.stop.as_ref().is_some_and(|stop| stop()) {
            self.cut_short("the scan was stopped before the log's end");
        }
        !self.report.complete && self.options.stop.as_ref().is_some_and(|stop| stop())
    }

    /// Scans the whole events among the first `settled` bytes of the buffer, block by block.
    fn scan(&mut self, settled: usize, last: bool) {
        let buffer = std::mem::take(&mut self.buffer);
        let sample = &buffer[..settled.min(SAMPLE)];
        let profile = self.options.profile;
        let splitter = *self.splitter.get_or_insert_with(|| Splitter::detect(sample, profile));
        self.report.format = splitter.format();
        let mut done = 0;
        while done < settled {
            let block = &buffer[done..settled];
            let whole = splitter.complete(block, last);
            if whole == 0 {
                break;
            }
            self.scan_block(&splitter, &block[..whole]);
            done += whole;
        }
        self.buffer = buffer;
        self.buffer.drain(..done);
    }

    fn scan_block(&mut self, splitter: &Splitter, block: &[u8]) {
        let scan = BlockScan {
            matcher: self.matcher,
            narrowed: &self.narrowed,
            splitter,
            file: &self.file,
            name: &self.report.file,
            time: &self.time,
            all: self.options.all,
        };
        let found = scan.scan(block, self.line, &mut self.scratch);
        self.line += found.lines;
        self.report.lines += found.lines;
        self.report.events += found.events;
        self.report.cut_events += found.cut_events;
        for (fingerprint, hits) in found.hits {
            self.hits.entry(fingerprint).or_default().append(hits, self.options.all);
        }
    }
}
