//! The logs of a target as events for an index.

use std::{
    collections::BTreeSet,
    io::{self, Read},
    ops::ControlFlow,
};

use recheck_core::{
    Fields, Known, Narrowed, RunMeta, RunScan, ScanOptions, Scratch, is_failed_test,
    log::{
        ArchiveItem, Cleaner, Content, Limits, LogReader, LogSource, MAX_EVENT, Profile,
        SourceError, Splitter, Target, TimeContext, open_target, parse_stamp, rfc3339,
        walk_archive,
    },
    results::{ResultsKind, read_results},
};
use recheck_index::{IndexError, IndexedEvent, RunKey};

use crate::progress::Progress;

/// Bytes read at once.
const PIECE: usize = 256 * 1024;
/// Bytes that tell a log's format, as in a scan.
const SAMPLE: usize = 64 * 1024;

/// Names of failed tests that are kept of a run.
const MAX_FAILED_TESTS: usize = 100_000;

/// Takes events, each with the places of the fingerprints that hit it.
pub(crate) type EachEvent<'a> = dyn FnMut(&IndexedEvent, &[u32]) -> Result<(), IndexError> + 'a;

/// Reads the logs of one run.
pub(crate) struct RunEvents<'a> {
    known: Known<'a>,
    options: &'a ScanOptions,
    progress: &'a Progress,
    key: RunKey,
    run: RunScan<'a>,
    /// What could not be read: the log, and why.
    pub(crate) problems: Vec<(String, String)>,
    /// Logs and files of results read.
    pub(crate) logs: u64,
    /// The tests that failed; `None` where no test's result was read.
    pub(crate) failed_tests: Option<BTreeSet<String>>,
}

impl<'a> RunEvents<'a> {
    /// The run with what is known of it.
    pub(crate) fn new(
        (key, meta): (RunKey, RunMeta),
        known: Known<'a>,
        options: &'a ScanOptions,
        progress: &'a Progress,
    ) -> RunEvents<'a> {
        let run = RunScan::new(known, meta, options);
        let (problems, logs, failed_tests) = (Vec::new(), 0, None);
        RunEvents { known, options, progress, key, run, problems, logs, failed_tests }
    }

    /// Reads all logs of a target, one after the other.
    ///
    /// # Errors
    ///
    /// What `each` fails with. What can't be read is among the problems.
    pub(crate) fn read(
        &mut self,
        target: &str,
        each: &mut EachEvent<'_>,
    ) -> Result<(), IndexError> {
        let listing = match open_target(&Target::parse(target)) {
            Ok(listing) => listing,
            Err(error) => {
                self.problem(error);
                return Ok(());
            }
        };
        let explicit = !std::path::Path::new(target).is_dir();
        listing.errors.into_iter().for_each(|error| self.problem(error));
        listing.logs.iter().for_each(|log| self.progress.file(log.size));
        for log in &listing.logs {
            self.file(log, explicit, each)?;
            self.progress.file_done(log.size);
        }
        if self.logs == 0 && self.problems.is_empty() {
            let help = "no log in there; give the directory that holds the logs";
            self.problems.push((target.to_owned(), help.to_owned()));
        }
        Ok(())
    }

    fn problem(&mut self, error: SourceError) {
        self.problems.push((error.name, error.kind.to_string()));
    }

    fn file(
        &mut self,
        source: &LogSource,
        explicit: bool,
        each: &mut EachEvent<'_>,
    ) -> Result<(), IndexError> {
        let mut reader = match source.open(Limits::default()) {
            Ok(reader) => reader,
            Err(error) => {
                self.problem(error);
                return Ok(());
            }
        };
        match reader.content() {
            Content::Archive => self.archive(&source.name, &mut reader, each),
            _ => self.entry(&source.name, (&mut reader, explicit), each),
        }
    }

    /// Reads a file that is no archive: results by their format, text as a log. What is neither is
    /// left out, unless it was asked for.
    fn entry<R: Read>(
        &mut self,
        name: &str,
        (reader, explicit): (&mut LogReader<R>, bool),
        each: &mut EachEvent<'_>,
    ) -> Result<(), IndexError> {
        if let Some(kind) = ResultsKind::detect(reader.start()) {
            self.results(kind, name, reader, each)
        } else if reader.content() == Content::Text || explicit {
            self.log(name, reader, each)
        } else {
            Ok(())
        }
    }

    fn archive(
        &mut self,
        name: &str,
        reader: &mut dyn Read,
        each: &mut EachEvent<'_>,
    ) -> Result<(), IndexError> {
        let mut outcome = Ok(());
        let walked = walk_archive(name, reader, Limits::default(), &mut |item| {
            if let ArchiveItem::Log(entry) = item {
                outcome = self.entry(&entry.name, (entry.reader, false), each);
            }
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        if let Err(error) = walked {
            self.problem(error);
        }
        outcome
    }

    fn log<R: Read>(
        &mut self,
        name: &str,
        reader: &mut LogReader<R>,
        each: &mut EachEvent<'_>,
    ) -> Result<(), IndexError> {
        self.logs += 1;
        let scan = self.run.log(name);
        let mut log = LogEvents {
            known: self.known,
            key: &self.key,
            own: of_the_file(scan.fields()),
            inherited: self.run.meta().fields(),
            narrowed: scan.narrowed(),
            time: self.time(),
            scratch: self.known.matcher.scratch(),
            line: 1,
        };
        let mut text = Text::new(self.options);
        let mut piece = vec![0; PIECE];
        loop {
            let read = match reader.read(&mut piece) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.problems.push((name.to_owned(), reason(name, error)));
                    0
                }
            };
            self.progress.text(read);
            text.feed(&piece[..read]);
            while let Some((splitter, length)) = text.block(read == 0) {
                log.block(&splitter, &text.clean[..length], each)?;
                text.clean.drain(..length);
            }
            if read == 0 {
                return Ok(());
            }
        }
    }
}

impl RunEvents<'_> {
    /// Reads a file of results; each event's line is its number.
    fn results<R: Read>(
        &mut self,
        kind: ResultsKind,
        name: &str,
        reader: &mut LogReader<R>,
        each: &mut EachEvent<'_>,
    ) -> Result<(), IndexError> {
        self.logs += 1;
        let own = of_the_file(self.run.events(name).fields());
        let (time, inherited) = (self.time(), self.run.meta().fields().clone());
        let matcher = self.known.matcher;
        let (narrowed, mut scratch) = (matcher.narrow_nothing(), matcher.scratch());
        let (mut hits, mut number, mut outcome) = (Vec::new(), 0, Ok(()));
        let mut reader = self.progress.counted(reader);
        let read = read_results(kind, &mut reader, &mut |fields| {
            number += 1;
            if let Some(name) = test_of(&fields) {
                let failed = self.failed_tests.get_or_insert_default();
                failed.extend(name.filter(|_| failed.len() < MAX_FAILED_TESTS));
            }
            let event = result_event(fields, &own, &time);
            let event = IndexedEvent {
                id: Some(format!("{}:{number}", own.first("filename").unwrap_or_default())),
                run: Some(self.key.clone()),
                line: Some(number),
                inherited: inherited.clone(),
                ..event
            };
            hits.clear();
            matcher.matches_event(&narrowed, event.to_match(), &mut scratch, &mut hits);
            outcome = each(&event, &hits);
            outcome.is_ok()
        });
        if let Err(error) = read {
            self.problems.push((name.to_owned(), error.to_string()));
        }
        outcome
    }

    fn time(&self) -> TimeContext {
        let year = self.options.time.year.or(self.run.meta().year());
        TimeContext { year, zone: self.options.time.zone.clone() }
    }
}

/// Whether an event is a test's result, and the test's name if it failed.
fn test_of(fields: &Fields) -> Option<Option<String>> {
    let (id, status) = (fields.first("test_id")?, fields.first("test_status")?);
    Some(is_failed_test(status).then(|| id.to_owned()))
}

/// A structured event over the fields of its file, its time as a field holds it, and no longer than
/// an event may be: as a scan takes it.
fn result_event(mut fields: Fields, file: &Fields, context: &TimeContext) -> IndexedEvent {
    let time = fields.first("@timestamp").and_then(|stamp| parse_stamp(stamp, context));
    match time {
        Some(time) => fields.set("@timestamp", rfc3339(time)),
        None => fields.remove("@timestamp"),
    }
    if let Some(text) = fields.first("message").filter(|text| text.len() > MAX_EVENT) {
        let cut = text[..text.floor_char_boundary(MAX_EVENT)].to_owned();
        fields.set("message", cut);
    }
    for (name, values) in
        file.iter().filter(|(name, _)| fields.first(name).is_none()).collect::<Vec<_>>()
    {
        values.iter().for_each(|value| fields.push(name, value.as_str()));
    }
    IndexedEvent { time, fields, ..IndexedEvent::default() }
}

/// Of a log's constant fields those that are not its run's.
fn of_the_file(fields: &Fields) -> Fields {
    let mut own = Fields::new();
    for (name, values) in fields.iter().filter(|(name, _)| ["filename", "tags"].contains(name)) {
        values.iter().for_each(|value| own.push(name, value.as_str()));
    }
    own
}

fn reason(name: &str, error: io::Error) -> String {
    SourceError::from_io(name, error).kind.to_string()
}

/// A log's clean text, cut into blocks of whole events.
struct Text {
    cleaner: Cleaner,
    clean: Vec<u8>,
    splitter: Option<Splitter>,
    profile: Profile,
}

impl Text {
    fn new(options: &ScanOptions) -> Text {
        let profile = options.profile;
        Text { cleaner: Cleaner::new(), clean: Vec::new(), splitter: None, profile }
    }

    fn feed(&mut self, bytes: &[u8]) {
        match bytes {
            [] => self.cleaner.finish(&mut self.clean),
            bytes => self.cleaner.feed(bytes, &mut self.clean),
        }
    }

    /// The length of the next block; `None` where more must be read, or nothing is left.
    fn block(&mut self, last: bool) -> Option<(Splitter, usize)> {
        if self.splitter.is_none() && (last || self.clean.len() >= SAMPLE) {
            let sample = &self.clean[..self.clean.len().min(SAMPLE)];
            self.splitter = Some(Splitter::detect(sample, self.profile));
        }
        let splitter = self.splitter?;
        let length = splitter.complete(&self.clean, last);
        (length > 0).then_some((splitter, length))
    }
}

/// The events of one log.
struct LogEvents<'a> {
    known: Known<'a>,
    key: &'a RunKey,
    inherited: &'a Fields,
    /// Fields of the log.
    own: Fields,
    narrowed: &'a Narrowed,
    time: TimeContext,
    scratch: Scratch,
    /// The number of the next line.
    line: u64,
}

impl LogEvents<'_> {
    fn block(
        &mut self,
        splitter: &Splitter,
        block: &[u8],
        each: &mut EachEvent<'_>,
    ) -> Result<(), IndexError> {
        let mut cursor = splitter.cursor(block);
        let mut hits = Vec::new();
        while let Some(range) = cursor.next_event() {
            let raw = &block[range];
            let event = self.event(splitter, raw);
            hits.clear();
            let matcher = self.known.matcher;
            matcher.matches_event(self.narrowed, event.to_match(), &mut self.scratch, &mut hits);
            each(&event, &hits)?;
            self.line += raw.iter().filter(|&&byte| byte == b'\n').count() as u64;
        }
        Ok(())
    }

    fn event(&self, splitter: &Splitter, raw: &[u8]) -> IndexedEvent {
        let mut record = splitter.read_record(raw);
        record.resolve_time(&self.time);
        let mut fields = self.own.clone();
        record.each_field(&mut |name, value| fields.set(name, value));
        let time = record.timestamp(&self.time);
        if let Some(stamp) = time {
            fields.set("@timestamp", rfc3339(stamp));
        }
        let text = String::from_utf8_lossy(raw).replace("\r\n", "\n");
        fields.set("message", record.message.into_owned());
        IndexedEvent {
            id: Some(format!("{}:{}", self.own.first("filename").unwrap_or_default(), self.line)),
            run: Some(self.key.clone()),
            time,
            line: Some(self.line),
            raw: Some(text),
            fields,
            inherited: self.inherited.clone(),
        }
    }
}
