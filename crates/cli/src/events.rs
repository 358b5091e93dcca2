//! The logs of a target as events for an index.

use std::{
    io::{self, Read},
    ops::ControlFlow,
};

use recheck_core::{
    FieldValues, Fields, Known, Narrowed, RunMeta, RunScan, ScanOptions, Scratch,
    log::{
        ArchiveItem, Cleaner, Content, Limits, LogReader, LogSource, Profile, SourceError,
        Splitter, Target, TimeContext, open_target, rfc3339, walk_archive,
    },
};
use recheck_index::{IndexError, IndexedEvent, RunKey};

use crate::progress::Progress;

/// Bytes read at once.
const PIECE: usize = 256 * 1024;
/// Bytes that tell a log's format, as in a scan.
const SAMPLE: usize = 64 * 1024;

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
    /// Logs read.
    pub(crate) logs: u64,
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
        RunEvents { known, options, progress, key, run, problems: Vec::new(), logs: 0 }
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
            Content::Binary if !explicit => Ok(()),
            Content::Text | Content::Binary => self.log(&source.name, &mut reader, each),
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
            if let ArchiveItem::Log(entry) = item
                && entry.reader.content() == Content::Text
            {
                outcome = self.log(&entry.name, entry.reader, each);
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
        let meta = self.run.meta();
        let mut own = Fields::new();
        let of_the_log = |name: &str| ["filename", "tags"].contains(&name);
        for (name, values) in scan.fields().iter().filter(|(name, _)| of_the_log(name)) {
            values.iter().for_each(|value| own.push(name, value.as_str()));
        }
        let year = self.options.time.year.or(meta.year());
        let mut log = LogEvents {
            known: self.known,
            key: &self.key,
            name: own_name(&own, name),
            inherited: meta.fields(),
            own,
            narrowed: scan.narrowed(),
            time: TimeContext { year, zone: self.options.time.zone.clone() },
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

fn own_name(fields: &Fields, name: &str) -> String {
    fields.values("filename").iter().next().unwrap_or(name).to_owned()
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
    name: String,
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
            id: Some(format!("{}:{}", self.name, self.line)),
            run: Some(self.key.clone()),
            time,
            line: Some(self.line),
            raw: Some(text),
            fields,
            inherited: self.inherited.clone(),
        }
    }
}
