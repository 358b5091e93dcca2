use std::io;

use ::csv::Writer;

use crate::{
    render::escape,
    report::{Report, Row},
};

/// The columns.
const COLUMNS: [&str; 22] = [
    "fingerprint",
    "title",
    "bug",
    "category",
    "status",
    "p_value",
    "query_changed",
    "race",
    "runs_hit",
    "of",
    "percentage",
    "interval_low",
    "interval_high",
    "failed_runs_hit",
    "failed_runs_hit_last_24h",
    "passed_runs_hit",
    "passed_runs_scanned",
    "changes_hit",
    "reruns_passed",
    "reruns_of",
    "first_seen",
    "last_seen",
];

/// Writes a line for each fingerprint, hit or not, behind a line of names, as RFC 4180 has it.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn csv(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for row in &report.fingerprints {
        writer.write_record(record(row))?;
    }
    writer.flush()
}

fn record(row: &Row) -> [String; COLUMNS.len()] {
    fn told<T: ToString>(value: Option<T>) -> String {
        value.as_ref().map_or_else(String::new, T::to_string)
    }
    [
        cell(&row.fingerprint),
        cell(row.title.as_deref().unwrap_or_default()),
        cell(row.bug.as_deref().unwrap_or_default()),
        told(row.category),
        row.trend.status.to_string(),
        told(row.trend.p_value),
        row.trend.query_changed.to_string(),
        row.race.to_string(),
        row.runs_hit.to_string(),
        row.of.to_string(),
        told(row.percentage),
        told(row.interval.map(|(low, _)| low)),
        told(row.interval.map(|(_, high)| high)),
        row.failed_runs_hit.to_string(),
        row.failed_runs_hit_last_24h.to_string(),
        row.passed_runs_hit.to_string(),
        row.passed_runs_scanned.to_string(),
        row.changes_hit.to_string(),
        row.reruns.passed.to_string(),
        row.reruns.of.to_string(),
        told(row.first_seen),
        told(row.last_seen),
    ]
}

/// A text that no spreadsheet takes for a formula (OWASP, "CSV injection").
fn cell(text: &str) -> String {
    let text = escape(text);
    let acts = text.starts_with(['=', '+', '-', '@']);
    if acts { format!("'{text}") } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_no_formula() {
        assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell("a=b\t"), "a=b ");
    }
}
