//! How often each bug bites, told: text, Markdown, JSON, CSV, OpenMetrics, and a page.

mod csv;
mod html;
mod json;
mod markdown;
mod openmetrics;
mod text;

use jiff::{SignedDuration, Timestamp, tz::Offset};

use crate::report::{Report, Row, Status};

pub use self::{
    csv::csv,
    html::html,
    json::{json, unclassified_json},
    markdown::markdown,
    openmetrics::openmetrics,
    text::{text, unclassified},
};

/// Entries of each list below the ranking that text and Markdown show: a terminal, a mail or a comment
/// has no room for hundreds.
const LISTED: usize = 10;

/// What a report's texts leave to the caller.
#[derive(Clone, Copy, Debug)]
pub struct ReportLook {
    /// The width of text to stay within, in characters.
    pub width: usize,
    /// ANSI colours, for text.
    pub colour: bool,
    /// Rows of the ranking that text and Markdown show; the other formats have all.
    pub rows: usize,
    /// A fingerprint without a hit for so long is named as a candidate for removal.
    pub silent: SignedDuration,
}

impl Default for ReportLook {
    /// 100 characters without colour, 25 rows, 90 days.
    fn default() -> ReportLook {
        ReportLook {
            width: 100,
            colour: false,
            rows: 25,
            silent: SignedDuration::from_hours(90 * 24),
        }
    }
}

/// The rows of the ranking: what hit, and what did in the window before.
fn ranked(report: &Report) -> impl Iterator<Item = &Row> {
    let is_ranked =
        |row: &&Row| !row.suppressed && (row.runs_hit > 0 || row.trend.status == Status::Gone);
    report.fingerprints.iter().filter(is_ranked)
}

/// Fingerprints that hit runs which passed, too often to be right.
fn too_broad(report: &Report) -> impl Iterator<Item = &Row> {
    report.fingerprints.iter().filter(|row| row.too_broad)
}

/// "2.4 %": two digits that tell something, and no more than two behind the point.
fn percent(share: f64) -> String {
    match share {
        _ if share >= 10.0 => format!("{share:.0} %"),
        _ if share >= 1.0 => format!("{share:.1} %"),
        _ => format!("{share:.2} %"),
    }
}

/// A percentage that there may be none of: of no runs nothing is said.
fn percent_of(share: Option<f64>) -> String {
    share.map_or_else(|| "no runs".to_owned(), percent)
}

/// "0.8–2.4": the interval of a percentage.
fn interval(bounds: Option<(f64, f64)>) -> String {
    let bare = |share: f64| percent(share).trim_end_matches(" %").to_owned();
    bounds.map_or_else(String::new, |(low, high)| format!("{}–{}", bare(low), bare(high)))
}

/// The status as the JSON has it, with a mark where the query was changed.
fn status(row: &Row) -> String {
    let word = row.trend.status;
    if row.trend.query_changed { format!("{word}, query changed") } else { word.to_string() }
}

/// "2024-05-06 12:00", in UTC.
fn minute(instant: Timestamp) -> String {
    let time = Offset::UTC.to_datetime(instant);
    let (date, clock) = (time.date(), time.time());
    format!("{date} {:02}:{:02}", clock.hour(), clock.minute())
}

/// How the window is told in a headline.
fn span(report: &Report) -> String {
    format!("{} to {} UTC", minute(report.window.from), minute(report.window.until))
}

/// "passed on 3 of 4 reruns"; nothing without a rerun.
fn reruns(row: &Row) -> Option<String> {
    let reruns = row.reruns;
    (reruns.of > 0).then(|| format!("passed on {} of {} reruns", reruns.passed, reruns.of))
}
