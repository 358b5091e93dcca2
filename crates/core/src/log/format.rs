//! Which program wrote a log, and what each of its lines begins with.

use std::fmt;

use super::formats::{
    Head, Role, apache, github, gitlab, jenkins, klog, oslo, syslog, taskcluster, zuul,
};
use super::split::without_end;

/// How a log's lines begin. Recognised per file by [`Splitter::detect`](super::Splitter::detect).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogFormat {
    /// Lines without a common beginning.
    #[default]
    Plain,
    /// Zuul's job console, `2022-02-28 09:44:58.839036 | node | text`, and the older
    /// `2014-11-25 00:49:21.685 | text`.
    ZuulConsole,
    /// OpenStack's oslo.log, `2013-10-18 17:39:43.967 2625 ERROR module [req-…] text`, also
    /// behind the prefix of systemd's journal.
    OsloLog,
    /// RFC 3164 and RFC 5424 syslog, and `journalctl`'s renderings of it.
    Syslog,
    /// Apache's error log, `[Sun Oct 20 10:00:00.123456 2013] [core:error] [pid 1] text`.
    ApacheError,
    /// The common and combined access logs of Apache, nginx and others.
    ApacheAccess,
    /// GitHub Actions, `2024-01-01T00:00:00.0000000Z text`; also what `gh run view --log`,
    /// `docker logs --timestamps` and `kubectl logs --timestamps` print.
    GithubActions,
    /// Jenkins' Timestamper, `[2024-01-01T00:00:00.000Z] text` or `00:00:01 text`.
    Jenkins,
    /// Taskcluster, `[task 2025-02-14T10:05:36.361Z] text`.
    Taskcluster,
    /// GitLab's timestamped job logs, `2024-01-01T00:00:00.000000Z 00O text`.
    GitlabCi,
    /// Kubernetes' klog, `E0102 15:04:05.000000   1 file.go:10] text`.
    Klog,
    /// No lines at all: events that had their fields from the start, as test results have. No text
    /// is ever recognised as this.
    Structured,
}

impl fmt::Display for LogFormat {
    /// Its name in words, such as `Zuul console`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            LogFormat::Plain => "plain lines",
            LogFormat::ZuulConsole => "Zuul console",
            LogFormat::OsloLog => "oslo.log",
            LogFormat::Syslog => "syslog",
            LogFormat::ApacheError => "Apache error log",
            LogFormat::ApacheAccess => "Apache access log",
            LogFormat::GithubActions => "GitHub Actions",
            LogFormat::Jenkins => "Jenkins timestamps",
            LogFormat::Taskcluster => "Taskcluster",
            LogFormat::GitlabCi => "GitLab CI",
            LogFormat::Klog => "klog",
            LogFormat::Structured => "structured events",
        })
    }
}

/// How logs become events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// An event is a log record: tracebacks and wrapped lines belong to it.
    #[default]
    Records,
    /// Each line is an event, as OpenStack's log shipper writes them.
    Lines,
}

/// The least that must be known of every line's prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefix {
    /// Bytes of the line before its text.
    pub(super) len: usize,
    pub(super) role: Role,
}

/// The formats in the order of their precedence where several fit equally well.
const FORMATS: [LogFormat; 10] = [
    LogFormat::ZuulConsole,
    LogFormat::OsloLog,
    LogFormat::GitlabCi,
    LogFormat::GithubActions,
    LogFormat::Taskcluster,
    LogFormat::ApacheError,
    LogFormat::ApacheAccess,
    LogFormat::Klog,
    LogFormat::Syslog,
    LogFormat::Jenkins,
];

/// Lines of the sample that are looked at.
const SAMPLE_LINES: usize = 400;

/// A prefix lies within this many bytes of its line; what follows never decides on it.
const MAX_PREFIX: usize = 512;

impl LogFormat {
    /// Recognises the format of a log by its first lines (64 KiB of them are plenty).
    ///
    /// The format that most lines fit wins, if enough do: half of the lines that are not empty,
    /// or one in eight where a record may have many lines.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::log::LogFormat;
    /// let sample = b"2022-02-28 09:44:58.839036 | node | ok\n";
    /// assert_eq!(LogFormat::detect(sample), LogFormat::ZuulConsole);
    /// assert_eq!(LogFormat::detect(b"hello\n"), LogFormat::Plain);
    /// ```
    pub fn detect(sample: &[u8]) -> LogFormat {
        let mut counts = [0_usize; FORMATS.len()];
        let mut lines = 0;
        let lines_of = sample.split(|&byte| byte == b'\n').map(without_end);
        for line in lines_of.filter(|line| !line.is_empty()) {
            for (format, count) in FORMATS.iter().zip(&mut counts) {
                *count += usize::from(format.head(line).is_some());
            }
            lines += 1;
            if lines == SAMPLE_LINES {
                break;
            }
        }
        let fits = |format: LogFormat, count: usize| {
            let share = if format.wraps() && format != LogFormat::ZuulConsole { 8 } else { 2 };
            count > 0 && count * share >= lines
        };
        let candidates = FORMATS.iter().zip(counts).filter(|&(&format, count)| fits(format, count));
        // `max_by_key` takes the last of equals, hence the reverse.
        candidates.rev().max_by_key(|&(_, count)| count).map_or(LogFormat::Plain, |(&best, _)| best)
    }

    /// True when a line without a prefix belongs to the record before it. (OpenStack's log shipper
    /// puts a console's lines together in the same way.)
    pub(super) fn wraps(self) -> bool {
        matches!(
            self,
            LogFormat::ZuulConsole
                | LogFormat::OsloLog
                | LogFormat::Syslog
                | LogFormat::ApacheError
                | LogFormat::Klog
        )
    }

    /// The length of the line's prefix and the line's role; see [`head`](LogFormat::head).
    #[inline]
    pub(super) fn prefix(self, line: &[u8]) -> Option<Prefix> {
        match self {
            LogFormat::Plain | LogFormat::Structured => None,
            _ => self.head(line).map(|head| Prefix { len: head.len, role: head.role }),
        }
    }

    /// Whether the line belongs to the record before it by what it begins with, whatever that record is.
    #[inline]
    pub(super) fn goes_on(self, line: &[u8]) -> bool {
        match self {
            LogFormat::ZuulConsole => !zuul::begins(&line[..line.len().min(MAX_PREFIX)]),
            LogFormat::GitlabCi => {
                self.prefix(line).is_some_and(|prefix| prefix.role == Role::Continuation)
            }
            _ => self.wraps() && self.prefix(line).is_none(),
        }
    }

    /// Whether lines may [go on](LogFormat::goes_on).
    pub(super) fn has_lines_that_go_on(self) -> bool {
        self.wraps() || self == LogFormat::GitlabCi
    }

    /// What the line begins with, if it begins as this format's lines do.
    pub(super) fn head(self, line: &[u8]) -> Option<Head<'_>> {
        let line = &line[..line.len().min(MAX_PREFIX)];
        match self {
            LogFormat::Plain | LogFormat::Structured => None,
            LogFormat::ZuulConsole => zuul::head(line),
            LogFormat::OsloLog => oslo::head(line),
            LogFormat::Syslog => syslog::head(line),
            LogFormat::ApacheError => apache::error_head(line),
            LogFormat::ApacheAccess => apache::access_head(line),
            LogFormat::GithubActions => github::head(line),
            LogFormat::Jenkins => jenkins::head(line),
            LogFormat::Taskcluster => taskcluster::head(line),
            LogFormat::GitlabCi => gitlab::head(line),
            LogFormat::Klog => klog::head(line),
        }
    }
}

/// The length of the prefix that some console puts before each line, whatever its format; 0 for
/// none. Looks at no more than [`MAX_PREFIX`] bytes.
pub(super) fn any_prefix_len(line: &[u8]) -> usize {
    use LogFormat::{GithubActions, GitlabCi, Jenkins, Taskcluster, ZuulConsole};
    let stamped: &[LogFormat] = match line.first() {
        Some(b'0'..=b'9') => &[ZuulConsole, GitlabCi, GithubActions, Jenkins],
        Some(b'[') => &[Taskcluster, Jenkins],
        _ => &[],
    };
    stamped.iter().find_map(|format| format.head(line)).map_or(0, |head| head.len)
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
