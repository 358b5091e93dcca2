//! Where an index of a cluster is, and who asks.

use std::{fmt, path::PathBuf, time::Duration};

use jiff::{Span, Timestamp, tz::TimeZone};
use reqwest::Url;

use super::Outcome;
use crate::{error::IndexErrorKind, event::Window};

/// More days than this in one request make an address too long: then the pattern is asked.
const MAX_DAYS: usize = 62;

/// How to reach a cluster.
#[derive(Clone, Debug)]
pub struct ElasticOptions {
    /// Who asks. An address with `user:password@` goes before it.
    pub auth: Option<ElasticAuth>,
    /// A file of certificates (PEM) that sign the server's, beside those of the system.
    pub ca: Option<PathBuf>,
    /// How long one request may take.
    pub timeout: Duration,
    /// The indices that have the test results of runs, as a pattern: `subunit-*` by default. They are
    /// asked only where a fingerprint that hit has `test_ids`, and need not be there.
    pub test_results: Option<String>,
}

impl Default for ElasticOptions {
    fn default() -> ElasticOptions {
        ElasticOptions {
            auth: None,
            ca: None,
            timeout: Duration::from_secs(60),
            test_results: Some("subunit-*".to_owned()),
        }
    }
}

/// What proves who asks. Never shown.
#[derive(Clone)]
pub enum ElasticAuth {
    /// A user's name and password.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// An API key, as `ID:KEY` or encoded as the server gives it.
    ApiKey(String),
    /// A bearer token.
    Bearer(String),
}

impl fmt::Debug for ElasticAuth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// An address, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Address {
    /// The server, without credentials.
    pub(super) server: Url,
    /// What the address says of who asks.
    pub(super) auth: Option<ElasticAuth>,
    /// The index, or a pattern: with `*`, or with a date as `strftime` has it.
    index: String,
}

impl Address {
    /// Takes an address apart: the last part of its path is the index.
    pub(super) fn parse(text: &str) -> Outcome<Address> {
        let wrong = |reason: &str| IndexErrorKind::Address(reason.to_owned());
        let mut server = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        if !["http", "https"].contains(&server.scheme()) || server.cannot_be_a_base() {
            return Err(wrong("it does not begin with `http://` or `https://`"));
        }
        if server.query().is_some() || server.fragment().is_some() {
            return Err(wrong("it has a `?` or a `#`"));
        }
        let path = server.path().trim_end_matches('/').to_owned();
        let (base, index) = path.rsplit_once('/').unwrap_or(("", ""));
        check_name(index)?;
        let auth = take_auth(&mut server);
        server.set_path(&format!("{base}/"));
        Ok(Address { server, auth, index: index.to_owned() })
    }

    /// The address as it may be shown.
    pub(super) fn shown(&self) -> String {
        format!("{}{}", self.server, self.index)
    }

    /// The name, where the address names one index to write to.
    pub(super) fn name(&self) -> Option<&str> {
        let is_name = !self.index.contains(['*', '%', ',']);
        is_name.then_some(self.index.as_str())
    }

    /// What stands for all its indices.
    pub(super) fn all(&self) -> String {
        without_history(&stars(&self.index))
    }

    /// The indices that a window needs. Days without an index are no error.
    pub(super) fn within(&self, window: &Window) -> String {
        match self.days(window) {
            Some(names) => names.join(","),
            None => self.all(),
        }
    }

    /// The index of our history beside it.
    pub(super) fn history(&self) -> String {
        let stem: String = stars(&self.index).replace([',', '*'], "-");
        let stem = stem.trim_matches(['-', '.', '_', '+']);
        format!("recheck-history-{}", if stem.is_empty() { "all" } else { stem })
    }

    fn days(&self, window: &Window) -> Option<Vec<String>> {
        let from = window.from.filter(|_| self.index.contains('%'))?;
        // An index has the events of its day; some arrive or are dated a little beside it.
        let day = |time: Timestamp| TimeZone::UTC.to_datetime(time).date();
        let last = day(window.to.unwrap_or_else(Timestamp::now)).tomorrow().ok()?;
        let mut date = day(from).yesterday().ok()?;
        let mut names: Vec<String> = Vec::new();
        while date <= last {
            let name = jiff::fmt::strtime::format(&self.index, date).ok()?;
            if names.last() != Some(&name) {
                names.push(name);
            }
            if names.len() > MAX_DAYS {
                return None;
            }
            date = date.checked_add(Span::new().days(1)).ok()?;
        }
        Some(names)
    }
}

/// The pattern with a `*` for each conversion of a date.
fn stars(pattern: &str) -> String {
    let mut parts = pattern.split('%');
    let mut stars = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(part);
        stars.push('*');
        stars.push_str(rest);
    }
    stars
}

/// A pattern could mean our own history as well.
fn without_history(pattern: &str) -> String {
    match pattern.contains('*') {
        true => format!("{pattern},-recheck-history-*"),
        false => pattern.to_owned(),
    }
}

pub(super) fn check_name(index: &str) -> Outcome<()> {
    let wrong = |reason: &str| Err(IndexErrorKind::Address(reason.to_owned()));
    let date = |c: char| "Ymdjy".contains(c);
    let is_allowed =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.*,%+".contains(c) || date(c);
    if index.is_empty() {
        return wrong("it names no index");
    }
    if index.starts_with(['_', '-', '+', '.']) || !index.chars().all(is_allowed) {
        return wrong("an index's name has small letters, digits, `-`, `_` and `.`");
    }
    if index.split('%').skip(1).any(|part| !part.starts_with(date)) {
        return wrong("behind a `%` stands one of Y, y, m, d, j");
    }
    Ok(())
}

/// Takes the credentials out of an address.
fn take_auth(server: &mut Url) -> Option<ElasticAuth> {
    let decoded =
        |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (user, password) =
        (decoded(server.username()), decoded(server.password().unwrap_or_default()));
    // Neither can fail: the address has a host.
    let _ = server.set_username("");
    let _ = server.set_password(None);
    (!user.is_empty()).then_some(ElasticAuth::Basic { user, password })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_shown_without_secrets() {
        let address = Address::parse("https://me:s%40cret@h:9200/pre/recheck-logs").unwrap();
        assert_eq!(address.shown(), "https://h:9200/pre/recheck-logs");
        assert!(!format!("{address:?}").contains("cret"));
        assert!(
            matches!(&address.auth, Some(ElasticAuth::Basic { user, password }) if user == "me" && password == "s@cret")
        );
        assert_eq!(address.name(), Some("recheck-logs"));
        assert_eq!(address.history(), "recheck-history-recheck-logs");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["http://h:9200", "http://h/A", "ftp://h/a", "http://h/_all", "http://h/a%x"] {
            assert!(matches!(Address::parse(text), Err(IndexErrorKind::Address(_))), "{text}");
        }
    }

    #[test]
    fn a_date_asks_only_the_days_of_the_window() {
        let address = Address::parse("http://h/logstash-%Y.%m.%d").unwrap();
        assert_eq!(address.name(), None);
        let time = |text: &str| Some(text.parse().unwrap());
        let window =
            Window { from: time("2026-01-31T12:00:00Z"), to: time("2026-01-31T13:00:00Z") };
        let days = "logstash-2026.01.30,logstash-2026.01.31,logstash-2026.02.01";
        assert_eq!(address.within(&window), days);
        let all = "logstash-*.*.*,-recheck-history-*";
        assert_eq!(address.within(&Window::ALWAYS), all);
        let long = Window { from: time("2020-01-31T12:00:00Z"), to: None };
        assert_eq!(address.within(&long), all);
    }
}
