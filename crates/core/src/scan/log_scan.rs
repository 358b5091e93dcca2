//! One log, fed in pieces of any size.

use std::{
    borrow::Cow,
    io::{self, Read},
    sync::Arc,
};

use crate::{
    fields::{FieldValues, Fields},
    log::{LogFormat, MAX_EVENT, Splitter, TimeContext, clean_lines},
    matcher::{Haystack, Matcher, Narrowed, Scratch},
    run::RunMeta,
};

use super::{
    ScanOptions,
    around::Context,
    block::BlockScan,
    doubt::Doubt,
    front::{Block, Front},
    merge::{Merge, Scanned},
    report::{Evidence, LogReport},
    settled::Settled,
};

/// Scans one log. Feed it the decompressed bytes in pieces of any size, or have it
/// [read](LogScan::read) them: the answer does not depend on where they are cut, nor on the number
/// of threads.
#[derive(Debug)]
pub struct LogScan<'m> {
    pub(super) log: Log<'m>,
    pub(super) front: Front,
    pub(super) status: Status<'m>,
    pub(super) scratch: Scratch,
    pub(super) merge: Merge,
    /// Blocks cut so far.
    pub(super) blocks: usize,
}

/// How far the scan came, and whether it shall go on.
#[derive(Debug)]
pub(super) struct Status<'m> {
    options: &'m ScanOptions,
    report: LogReport,
}

impl Status<'_> {
    pub(super) fn stopped(&mut self) -> bool {
        let told = self.options.stop.as_ref().is_some_and(|stop| stop());
        if self.report.complete && told {
            self.report.complete = false;
            let problem = "the scan was stopped before the log's end";
            self.report.problems.push(problem.to_owned());
        }
        told
    }
}

/// The fields that all events of a file share: the run's, its name and its tags.
pub(super) fn file_fields(meta: &RunMeta, name: &str, options: &ScanOptions) -> Fields {
    let mut file = meta.fields().clone();
    file.set("filename", name);
    for tag in options.tags.tags(name) {
        file.push("tags", tag);
    }
    file
}

/// What every block of a log is scanned with.
#[derive(Debug)]
pub(super) struct Log<'m> {
    pub(super) matcher: &'m Matcher,
    pub(super) settled: Arc<Settled>,
    doubt: Doubt,
    narrowed: Narrowed,
    time: TimeContext,
    file: Fields,
    name: String,
    pub(super) keep: Keep,
}

/// What is kept of each log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    /// Every hit, not the first and the last.
    pub(super) all: bool,
    /// Lines before and after each place.
    pub(super) context: usize,
}

impl Log<'_> {
    /// Scans the block at this place of the log.
    pub(super) fn scan<'b>(
        &self,
        (place, block): (usize, Block<'b>),
        scratch: &mut Scratch,
    ) -> Scanned<'b> {
        let Block { text, splitter, sweep } = block;
        let scan = BlockScan {
            matcher: self.matcher,
            narrowed: &self.narrowed,
            splitter: &splitter,
            file: &self.file,
            time: &self.time,
            keep: self.keep,
            wants_failures: !self.settled.is_settled(),
            has_texts: !self.settled.pays_at(place),
        };
        let (text, report) = match scan.scan(Haystack { bytes: text, sweep }, scratch) {
            Some(report) => (Cow::Borrowed(text), report),
            None => {
                self.doubt.raise();
                let text = clean_lines(text);
                // Of what was swept there always is one.
                let report = scan.scan(Haystack::swept(&text), scratch).unwrap_or_default();
                (Cow::Owned(text), report)
            }
        };
        self.settled.see(report.hits.iter().map(|(fingerprint, _)| *fingerprint));
        Scanned { place, text, splitter, report }
    }

    /// An event's bytes read into evidence.
    pub(super) fn evidence(&self, splitter: &Splitter, line: u64, raw: &[u8]) -> Evidence {
        let mut record = splitter.read_record(raw);
        record.resolve_time(&self.time);
        let timestamp = record.values("@timestamp").iter().next().map(str::to_owned);
        let mut fields = self.file.clone();
        record.each_field(&mut |name, value| fields.set(name, value));
        let message = record.message.into_owned();
        let (file, context) = (self.name.clone(), Context::default());
        Evidence { file, line, timestamp, message, fields, context, structured: false }
    }
}

impl<'m> LogScan<'m> {
    /// A log whose constant fields are exactly these.
    pub(super) fn new(
        (matcher, settled): (&'m Matcher, Arc<Settled>),
        (name, file): (&str, Fields),
        time: TimeContext,
        options: &'m ScanOptions,
    ) -> LogScan<'m> {
        let narrowed = matcher.narrow(&file);
        let keep = Keep { all: options.all, context: options.context };
        let (name, doubt) = (name.to_owned(), Doubt::default());
        let report = LogReport { file: name.clone(), complete: true, ..LogReport::default() };
        LogScan {
            front: Front::new(options.profile, doubt.clone()),
            log: Log { matcher, settled, doubt, narrowed, time, file, name, keep },
            status: Status { options, report },
            scratch: matcher.scratch(),
            merge: Merge::default(),
            blocks: 0,
        }
    }

    /// Cuts blocks of about this many bytes: for tests, which then need no large logs.
    #[doc(hidden)]
    #[must_use]
    pub fn with_block(mut self, bytes: usize) -> LogScan<'m> {
        self.front.set_block(bytes);
        self
    }

    /// Takes the log's next bytes. Large pieces without terminal traffic are scanned where they
    /// are. Returns false once the scan was told to stop: what follows is not read any more.
    pub fn feed(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        loop {
            if self.status.stopped() {
                return false;
            }
            let LogScan { log, front, scratch, merge, blocks, .. } = self;
            let Some(block) = front.next(&mut rest) else { return true };
            merge.add(log.scan((*blocks, block), scratch), log.keep);
            *blocks += 1;
        }
    }

    /// Reads the log to its end, or until the scan is told to stop, on this thread. Give it a
    /// reader of decompressed bytes.
    ///
    /// # Errors
    ///
    /// The reader's. What it gave before that is scanned; tell the report why the rest is missing
    /// with [`cut_short`](LogScan::cut_short).
    pub fn read(&mut self, reader: &mut dyn Read) -> io::Result<()> {
        while self.read_some(reader)? {}
        Ok(())
    }

    /// Reads and scans about a block; false at the end, or when told to stop.
    pub(super) fn read_some(&mut self, reader: &mut dyn Read) -> io::Result<bool> {
        if self.status.stopped() {
            return Ok(false);
        }
        let outcome = self.front.fill(reader);
        self.scan_ready(false);
        outcome
    }

    /// Records why the log could not be read to its end (`complete` becomes false).
    pub fn cut_short(&mut self, problem: impl Into<String>) {
        self.status.report.complete = false;
        self.status.report.problems.push(problem.into());
    }

    /// Records something noticed that did no harm.
    pub fn note(&mut self, note: impl Into<String>) {
        self.status.report.notes.push(note.into());
    }

    /// Scans what is left and tells what was found.
    pub fn finish(mut self) -> LogReport {
        self.front.finish();
        if !self.status.stopped() {
            self.scan_ready(true);
        }
        let LogScan { log, status: Status { mut report, .. }, merge, front, .. } = self;
        report.bytes = front.bytes();
        report.format = front.format().unwrap_or_default();
        merge.finish(&log, &mut report);
        if report.cut_events > 0 {
            let (count, limit) = (report.cut_events, MAX_EVENT / 1024 / 1024);
            let note = format!("{count} event(s) longer than {limit} MiB were cut into pieces");
            report.notes.push(note);
        }
        report
    }

    /// How many fingerprints the log's name and run leave, and of them how many are evaluated on
    /// every event.
    pub fn narrowed(&self) -> &Narrowed {
        &self.log.narrowed
    }

    /// The log's constant fields: those of the run, its name and its tags.
    pub fn fields(&self) -> &Fields {
        &self.log.file
    }

    /// The log's format, once enough was read to tell: 64 KiB, or the whole log.
    /// [`LogReport::format`] has it for every log.
    pub fn format(&self) -> Option<LogFormat> {
        self.front.format()
    }

    /// Scans the blocks that were read; with `last`, all that is left.
    fn scan_ready(&mut self, last: bool) {
        while let Some(whole) = self.front.whole(last) {
            let block = self.front.take(whole);
            let scanned = self.log.scan((self.blocks, block), &mut self.scratch);
            self.merge.add(scanned, self.log.keep);
            self.blocks += 1;
        }
    }
}
