//! The logs of a run as events for an index.

use std::{
    collections::BTreeSet,
    io::{self, Read},
    ops::ControlFlow,
};

use jiff::Timestamp;
use recheck_core::{
    Fields, Known, Matcher, Narrowed, RunMeta, RunScan, ScanOptions, Scratch, is_failed_test,
    log::{
        ArchiveItem, Cleaner, Content, Limits, LogReader, MAX_EVENT, Profile, SourceError,
        Splitter, TimeContext, log_name, parse_stamp, rfc3339, walk_archive,
    },
    results::{ResultsKind, read_results},
};
use recheck_index::{IndexedEvent, Run, RunKey};

use crate::{
    gather::{Filter, Gathered, Source, Zip, open, words},
    progress::Progress,
    remote::{Http, RUN_FILE},
};

/// Bytes read at once.
const PIECE: usize = 256 * 1024;
/// Bytes that tell a log's format, as in a scan.
const SAMPLE: usize = 64 * 1024;

/// Names of failed tests that are kept of a run.
const MAX_FAILED_TESTS: usize = 100_000;

/// Nobody wants more events.
#[derive(Debug)]
pub(crate) struct Stopped;

/// Takes events, each with the places of the fingerprints that hit it.
pub(crate) type EachEvent<'a> = dyn FnMut(&IndexedEvent, &[u32]) -> Result<(), Stopped> + 'a;

/// How logs are read.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) known: Known<'a>,
    pub(crate) options: &'a ScanOptions,
    pub(crate) filter: &'a Filter,
    pub(crate) progress: &'a Progress,
    /// Only where servers can be asked.
    pub(crate) http: Option<&'a Http>,
}

/// The run that events are of, and the time of those that have none.
#[derive(Clone)]
struct OfRun {
    key: RunKey,
    time: Option<Timestamp>,
}

/// Reads the logs of one run.
pub(crate) struct RunEvents<'a> {
    reading: Reading<'a>,
    of: OfRun,
    run: RunScan<'a>,
    /// What could not be read: the log, and why.
    pub(crate) problems: Vec<(String, String)>,
    /// What was noticed and does no harm.
    pub(crate) notes: Vec<(String, String)>,
    /// Logs and files of results read.
    pub(crate) logs: u64,
    /// The tests that failed; `None` where no test's result was read.
    pub(crate) failed_tests: Option<BTreeSet<String>>,
}

impl<'a> RunEvents<'a> {
    /// The run with what is known of it.
    pub(crate) fn new(reading: Reading<'a>, of: &Run, meta: RunMeta) -> RunEvents<'a> {
        let of = OfRun { key: of.key.clone(), time: of.time() };
        let run = RunScan::new(reading.known, meta, reading.options);
        let (problems, notes) = (Vec::new(), Vec::new());
        RunEvents { reading, of, run, problems, notes, logs: 0, failed_tests: None }
    }

    /// Reads what the source says of the run, and all its logs, one after the other.
    ///
    /// # Errors
    ///
    /// When `each` wants no more. What can't be read is among the problems.
    pub(crate) fn read(
        &mut self,
        gathered: Gathered,
        each: &mut EachEvent<'_>,
    ) -> Result<(), Stopped> {
        let Gathered { target, sources, events, errors, notes, is_explicit, .. } = gathered;
        self.problems.extend(errors);
        self.notes.extend(notes);
        let is_silent = events.is_empty();
        self.said(events, each)?;
        let wanted = |source: &&Source| is_explicit || self.reading.filter.wants_file(source);
        let sources: Vec<&Source> = sources.iter().filter(wanted).collect();
        let progress = self.reading.progress;
        sources.iter().for_each(|source| progress.file(source.size()));
        for source in sources {
            self.file(source, is_explicit, each)?;
            progress.file_done(if let Source::Local(log) = source { log.size } else { 0 });
        }
        if self.logs == 0 && is_silent && self.problems.is_empty() {
            let help = "no log in there; give the directory that holds the logs";
            self.problems.push((target, help.to_owned()));
        }
        Ok(())
    }

    fn problem(&mut self, error: SourceError) {
        self.problems.push((error.name, error.kind.to_string()));
    }

    /// What the source says of the run itself: events of the file `run`.
    fn said(&mut self, said: Vec<Fields>, each: &mut EachEvent<'_>) -> Result<(), Stopped> {
        if said.is_empty() {
            return Ok(());
        }
        let mut events = self.structured(RUN_FILE);
        said.into_iter().try_for_each(|fields| events.event(fields, each))
    }

    fn file(
        &mut self,
        source: &Source,
        explicit: bool,
        each: &mut EachEvent<'_>,
    ) -> Result<(), Stopped> {
        let Reading { http, progress, .. } = self.reading;
        let name = source.name();
        let mut reader = match open(source, http, Limits::default(), progress) {
            Ok(reader) => reader,
            Err(reason) => {
                self.problems.push((name.to_owned(), reason));
                return Ok(());
            }
        };
        match reader.content() {
            Content::Archive => self.archive(name, &mut reader, each),
            _ if explicit && Zip::is_start(reader.start()) => self.zip(name, &mut reader, each),
            _ => self.entry(name, (&mut reader, explicit), each),
        }
    }

    fn zip(
        &mut self,
        name: &str,
        reader: &mut dyn Read,
        each: &mut EachEvent<'_>,
    ) -> Result<(), Stopped> {
        let limits = Limits::default();
        let mut archive = match Zip::spool(reader, limits) {
            Ok(archive) => archive,
            Err(reason) => {
                self.problems.push((name.to_owned(), reason));
                return Ok(());
            }
        };
        for index in 0..archive.len() {
            match archive.entry(index) {
                Ok(None) => {}
                Ok(Some(entry)) if !self.reading.filter.wants(log_name(&entry.name)) => {}
                Ok(Some(entry)) => {
                    let name = log_name(&entry.name).to_owned();
                    self.entry(&name, (&mut LogReader::new(entry, limits), false), each)?;
                }
                Err(error) => self.problems.push(error),
            }
        }
        Ok(())
    }

    /// Reads a file that is no archive: results by their format, text as a log. What is neither is
    /// left out, unless it was asked for.
    fn entry<R: Read>(
        &mut self,
        name: &str,
        (reader, explicit): (&mut LogReader<R>, bool),
        each: &mut EachEvent<'_>,
    ) -> Result<(), Stopped> {
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
    ) -> Result<(), Stopped> {
        let mut outcome = Ok(());
        let walked = walk_archive(name, reader, Limits::default(), &mut |item| {
            match item {
                ArchiveItem::Note(note) => self.notes.push((note.name.clone(), words(&note))),
                ArchiveItem::Log(entry) if self.reading.filter.wants(&entry.name) => {
                    outcome = self.entry(&entry.name, (entry.reader, false), each);
                }
                ArchiveItem::Log(_) => {}
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
    ) -> Result<(), Stopped> {
        self.logs += 1;
        let scan = self.run.log(name);
        let Reading { known, options, progress, .. } = self.reading;
        let mut log = LogEvents {
            known,
            of: &self.of,
            own: of_the_file(scan.fields()),
            inherited: self.run.meta().fields(),
            narrowed: scan.narrowed(),
            time: self.time(),
            scratch: known.matcher.scratch(),
            line: 1,
        };
        let mut text = Text::new(options);
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
            progress.text(read);
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

impl<'a> RunEvents<'a> {
    /// Reads a file of results.
    fn results<R: Read>(
        &mut self,
        kind: ResultsKind,
        name: &str,
        reader: &mut LogReader<R>,
        each: &mut EachEvent<'_>,
    ) -> Result<(), Stopped> {
        self.logs += 1;
        let mut events = self.structured(name);
        let (mut failed_tests, mut outcome) = (None, Ok(()));
        let mut reader = self.reading.progress.counted(reader);
        let read = read_results(kind, &mut reader, &mut |fields| {
            if let Some(name) = test_of(&fields) {
                let failed: &mut BTreeSet<String> = failed_tests.get_or_insert_default();
                failed.extend(name.filter(|_| failed.len() < MAX_FAILED_TESTS));
            }
            outcome = events.event(fields, each);
            outcome.is_ok()
        });
        if let Some(failed) = failed_tests {
            let known = self.failed_tests.get_or_insert_default();
            known.extend(failed.into_iter().take(MAX_FAILED_TESTS));
        }
        if let Err(error) = read {
            self.problems.push((name.to_owned(), error.to_string()));
        }
        outcome
    }

    fn structured(&self, name: &str) -> StructuredEvents<'a> {
        let matcher = self.reading.known.matcher;
        StructuredEvents {
            matcher,
            narrowed: matcher.narrow_nothing(),
            scratch: matcher.scratch(),
            hits: Vec::new(),
            of: self.of.clone(),
            own: of_the_file(self.run.events(name).fields()),
            inherited: self.run.meta().fields().clone(),
            time: self.time(),
            number: 0,
        }
    }

    fn time(&self) -> TimeContext {
        let TimeContext { year, zone } = &self.reading.options.time;
        TimeContext { year: year.or(self.run.meta().year()), zone: zone.clone() }
    }
}

/// The events of a file that are read as fields; each event's line is its number.
struct StructuredEvents<'a> {
    matcher: &'a Matcher,
    narrowed: Narrowed,
    scratch: Scratch,
    hits: Vec<u32>,
    of: OfRun,
    /// Fields of the file.
    own: Fields,
    inherited: Fields,
    time: TimeContext,
    number: u64,
}

impl StructuredEvents<'_> {
    fn event(&mut self, fields: Fields, each: &mut EachEvent<'_>) -> Result<(), Stopped> {
        self.number += 1;
        let name = self.own.first("filename").unwrap_or_default();
        let read = result_event(fields, &self.own, &self.time);
        let event = IndexedEvent {
            id: Some(format!("{name}:{}", self.number)),
            run: Some(self.of.key.clone()),
            time: read.time.or(self.of.time),
            line: Some(self.number),
            inherited: self.inherited.clone(),
            ..read
        };
        self.hits.clear();
        let StructuredEvents { matcher, narrowed, scratch, hits, .. } = self;
        matcher.matches_event(narrowed, event.to_match(), scratch, hits);
        each(&event, hits)
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
    of: &'a OfRun,
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
    ) -> Result<(), Stopped> {
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
            run: Some(self.of.key.clone()),
            time: time.or(self.of.time),
            line: Some(self.line),
            raw: Some(text),
            fields,
            inherited: self.inherited.clone(),
        }
    }
}
