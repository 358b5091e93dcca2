//! One event's text and fields, read from its bytes.

use std::borrow::Cow;

use super::clean::without_returns;
use super::format::LogFormat;
use super::formats::{Head, Role};
use super::split::{Splitter, without_end};
use super::time::{TimeContext, Timestamp, parse_stamp, rfc3339};
use crate::fields::{FieldValues, Values};

/// What one event says: its text, and the fields that its first line carries. Parts that the line
/// does not have are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record<'a> {
    /// The text behind the prefixes, lines joined by a line feed, without one at the end.
    pub message: Cow<'a, str>,
    /// The time as the log writes it. [`Record::resolve_time`] reads it.
    pub stamp: Option<&'a str>,
    /// The level as the log writes it (`ERROR`, `warn`).
    pub loglevel: Option<&'a str>,
    /// The logger; for klog the source file, for Taskcluster the stream, for `gh` the step.
    pub module: Option<&'a str>,
    /// The program, for syslog.
    pub syslog_program: Option<&'a str>,
    /// Zuul's node, syslog's host, an access log's client, `gh`'s job.
    pub node: Option<&'a str>,
    /// The process.
    pub pid: Option<&'a str>,
    /// The number of lines, 1 or more. OpenStack's log shipper tags an event of several
    /// `multiline`.
    pub lines: u32,
    /// The host is a syslog host.
    is_syslog: bool,
    /// `@timestamp`, once resolved.
    timestamp: Option<String>,
}

impl Record<'_> {
    /// The instant of the record's time, if it tells one.
    pub fn timestamp(&self, context: &TimeContext) -> Option<Timestamp> {
        parse_stamp(self.stamp?, context)
    }

    /// Reads the record's time, so that it has the field `@timestamp`: RFC 3339 in UTC, with
    /// milliseconds.
    pub fn resolve_time(&mut self, context: &TimeContext) {
        self.timestamp = self.timestamp(context).map(rfc3339);
    }
}

/// The fields a record may have, `message` and `@timestamp` among them: those that differ from event
/// to event of a log, where every other field is one of the run or the file.
const FIELDS: [&str; 8] =
    ["message", "@timestamp", "loglevel", "module", "node", "pid", "syslog_program", "syslog_host"];

impl Record<'_> {
    /// Whether the field differs from event to event of a log.
    pub fn varies(field: &str) -> bool {
        FIELDS.contains(&field)
    }

    /// The fields beside `message` and `@timestamp` that this record has.
    pub fn each_field(&self, each: &mut dyn FnMut(&str, &str)) {
        for field in &FIELDS[2..] {
            self.values(field).iter().for_each(|value| each(field, value));
        }
    }
}

impl FieldValues for Record<'_> {
    fn values(&self, field: &str) -> Values<'_> {
        let value = match field {
            "message" => Some(&*self.message),
            "@timestamp" => self.timestamp.as_deref(),
            "loglevel" => self.loglevel,
            "module" => self.module,
            "node" => self.node,
            "pid" => self.pid,
            "syslog_program" => self.syslog_program,
            "syslog_host" if self.is_syslog => self.node,
            _ => None,
        };
        value.map_or(Values::None, Values::One)
    }

    fn for_each_name(&self, each: &mut dyn FnMut(&str)) {
        FIELDS.iter().filter(|field| !self.values(field).is_empty()).for_each(|field| each(field));
    }
}

impl Splitter {
    /// Reads the event whose bytes are `raw`, as a cursor gives them. Invalid UTF-8 becomes
    /// U+FFFD. The message is a piece of `raw` wherever nothing in between has to go.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::log::{LogFormat, Profile, Splitter};
    /// let splitter = Splitter::new(LogFormat::OsloLog, Profile::Records);
    /// let raw = b"2013-10-18 17:39:43.967 2625 ERROR nova.api [-] no disk\n";
    /// let record = splitter.read_record(raw);
    /// assert_eq!(record.message, "[-] no disk");
    /// assert_eq!((record.loglevel, record.module), (Some("ERROR"), Some("nova.api")));
    /// ```
    pub fn read_record<'a>(&self, raw: &'a [u8]) -> Record<'a> {
        let raw = without_end(raw);
        let breaks = memchr::memchr_iter(b'\n', raw).count();
        let first_end = memchr::memchr(b'\n', raw).unwrap_or(raw.len());
        let head = self.format().head(without_end(&raw[..first_end])).unwrap_or_default();
        // oslo.log's following lines stay as they stand: so Elasticsearch held them.
        let keeps = breaks == 0 || self.format() == LogFormat::OsloLog;
        let message = match std::str::from_utf8(&raw[head.len..]) {
            Ok(text) if keeps && (breaks == 0 || !text.contains('\r')) => Cow::Borrowed(text),
            _ => {
                let mut text = String::new();
                self.write_message(&without_returns(raw), !keeps, &mut text);
                Cow::Owned(text)
            }
        };
        Record {
            message,
            stamp: text(head.stamp),
            loglevel: text(head.level),
            module: text(head.module),
            syslog_program: text(head.program),
            node: text(head.node),
            pid: text(head.pid),
            lines: u32::try_from(breaks).map_or(u32::MAX, |breaks| breaks.saturating_add(1)),
            is_syslog: matches!(self.format(), LogFormat::Syslog | LogFormat::OsloLog),
            timestamp: None,
        }
    }

    fn write_message(&self, raw: &[u8], strips: bool, out: &mut String) {
        if !strips {
            let len = self.prefix_len(raw.split(|&byte| byte == b'\n').next().unwrap_or_default());
            out.push_str(&String::from_utf8_lossy(&raw[len..]));
            return;
        }
        for (number, line) in raw.split(|&byte| byte == b'\n').enumerate() {
            let head: Head<'_> = self.format().head(line).unwrap_or_default();
            if number > 0 && head.role != Role::Continuation {
                out.push('\n');
            }
            out.push_str(&String::from_utf8_lossy(&line[head.len..]));
        }
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
