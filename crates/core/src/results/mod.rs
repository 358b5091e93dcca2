//! Results that are structured already: of tests (JUnit XML, subunit v2) and of Zuul's Ansible tasks
//! (`job-output.json`). Each becomes an event with fields, in the order of the file.
//!
//! ```text
//!   first bytes -> ResultsKind::detect      bytes -> read_results -> events (Fields)
//! ```
//!
//! A file is read as a stream, and what is held of it is bounded: one XML token, one packet, one JSON
//! string, the tests or tasks that are not finished. What is wrong with a file is told with its
//! place, and the events before it count.

mod ansible;
mod error;
mod json_bounds;
mod junit;
mod subunit;
mod text;
mod xml_bounds;

use std::fmt;
use std::io::Read;

use crate::{fields::Fields, log::log_name};

pub use error::{ResultsError, ResultsErrorKind, ResultsPlace};

/// A format of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResultsKind {
    /// JUnit XML, as Ant's task defined it and all others write it.
    JUnit,
    /// A subunit stream, version 2: `testrepository.subunit`, the files of `.stestr`.
    Subunit,
    /// The results of Ansible's tasks as Zuul keeps them: `job-output.json`.
    ZuulTasks,
}

impl ResultsKind {
    /// Recognises a file of results by its first bytes (8 KiB of them are plenty), whatever its name.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::results::ResultsKind;
    /// let start = b"<?xml version=\"1.0\"?>\n<testsuites tests=\"1\">";
    /// assert_eq!(ResultsKind::detect(start), Some(ResultsKind::JUnit));
    /// assert_eq!(ResultsKind::detect(b"<html>"), None);
    /// ```
    pub fn detect(start: &[u8]) -> Option<ResultsKind> {
        if subunit::detect(start) {
            Some(ResultsKind::Subunit)
        } else if junit::detect(start) {
            Some(ResultsKind::JUnit)
        } else if ansible::detect(start) {
            Some(ResultsKind::ZuulTasks)
        } else {
            None
        }
    }

    /// Whether a file with this name is likely to hold results: for those who have to choose what to
    /// fetch before they see a byte. What a file holds, [`detect`](ResultsKind::detect) tells.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::results::ResultsKind;
    /// assert!(ResultsKind::is_likely("logs/testrepository.subunit.gz"));
    /// assert!(ResultsKind::is_likely("build/test-results/TEST-a.B.xml"));
    /// assert!(!ResultsKind::is_likely("logs/syslog.txt"));
    /// ```
    pub fn is_likely(name: &str) -> bool {
        let name = log_name(name);
        name.ends_with(".xml")
            || name.ends_with(".subunit")
            || name.rsplit('/').next() == Some("job-output.json")
            || [".stestr/", ".testrepository/"].iter().any(|folder| name.contains(folder))
    }
}

impl fmt::Display for ResultsKind {
    /// Its name in words, such as `JUnit XML`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            ResultsKind::JUnit => "JUnit XML",
            ResultsKind::Subunit => "subunit",
            ResultsKind::ZuulTasks => "Zuul's task results",
        })
    }
}

/// Reads a file of results and hands each event to `each`, which says whether to go on.
///
/// Every test is an event: `test_id`, `test_status` (`passed`, `failed`, `error`, `skipped`, `xfail`,
/// `uxsuccess`, `flaky`, `unfinished`), `message` where there is a text, `@timestamp` where the time
/// is told. Of Ansible's tasks only those that failed are: `host`, `task`, `play`, `playbook`,
/// `phase`, `message`, `@timestamp`.
///
/// # Errors
///
/// The first thing that is wrong, with its place. The events before it were handed out; of a subunit
/// stream also those behind it, as its packets stand for themselves.
///
/// # Example
///
/// ```
/// use recheck_core::results::{ResultsKind, read_results};
/// let xml = br#"<testsuite name="s"><testcase classname="a.B" name="test_c">
///   <failure message="one is not two"/></testcase></testsuite>"#;
/// let mut events = Vec::new();
/// read_results(ResultsKind::JUnit, &mut &xml[..], &mut |event| {
///     events.push(event);
///     true
/// })?;
/// assert_eq!(events[0].first("test_id"), Some("a.B.test_c"));
/// assert_eq!(events[0].first("test_status"), Some("failed"));
/// assert_eq!(events[0].first("message"), Some("one is not two"));
/// # Ok::<(), recheck_core::results::ResultsError>(())
/// ```
pub fn read_results(
    kind: ResultsKind,
    reader: &mut dyn Read,
    each: &mut dyn FnMut(Fields) -> bool,
) -> Result<(), ResultsError> {
    match kind {
        ResultsKind::JUnit => junit::read(reader, each),
        ResultsKind::Subunit => subunit::read(reader, each),
        ResultsKind::ZuulTasks => ansible::read(reader, each),
    }
}
