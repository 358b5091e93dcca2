use std::io;

use crate::{
    render::escape,
    report::{Overall, Report, Row},
};

/// Writes counters for Prometheus, as the OpenMetrics specification 1.0 has them: the runs of the
/// window by result and verdict, and for each fingerprint and part (a job, unless the report is by
/// something else) the runs hit.
///
/// A counter counts the window. For one that only grows, keep the window's beginning where it is.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn openmetrics(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    overall(&report.overall, out)?;
    family(out, "recheck_eligible_runs", "Runs that the fingerprint could have hit.")?;
    for row in &report.fingerprints {
        let labels = [("fingerprint", row.fingerprint.as_str())];
        sample(out, "recheck_eligible_runs", &labels, row.of)?;
    }
    family(out, "recheck_runs_hit", "Runs that the fingerprint hit.")?;
    let by = report.by.to_string();
    report.fingerprints.iter().try_for_each(|row| hits(row, &by, out))?;
    writeln!(out, "# EOF")
}

fn overall(overall: &Overall, out: &mut dyn io::Write) -> io::Result<()> {
    let results =
        [("passed", overall.passed), ("failed", overall.failed), ("other", overall.other)];
    family(out, "recheck_runs", "Final runs by result.")?;
    for (result, count) in results {
        sample(out, "recheck_runs", &[("result", result)], count)?;
    }
    let verdicts = [
        ("known", overall.known),
        ("fallback", overall.fallback),
        ("unclassified", overall.unclassified),
        ("incomplete", overall.incomplete),
    ];
    family(out, "recheck_failed_runs", "Failed final runs by verdict.")?;
    for (verdict, count) in verdicts {
        sample(out, "recheck_failed_runs", &[("verdict", verdict)], count)?;
    }
    Ok(())
}

fn hits(row: &Row, by: &str, out: &mut dyn io::Write) -> io::Result<()> {
    for part in &row.parts {
        let passed = part.runs_hit - part.failed_runs_hit;
        for (result, count) in [("failed", part.failed_runs_hit), ("passed", passed)] {
            let labels = [
                ("fingerprint", row.fingerprint.as_str()),
                (by, part.value.as_str()),
                ("result", result),
            ];
            sample(out, "recheck_runs_hit", &labels, count)?;
        }
    }
    Ok(())
}

fn family(out: &mut dyn io::Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# TYPE {name} counter\n# HELP {name} {help}")
}

fn sample(
    out: &mut dyn io::Write,
    name: &str,
    labels: &[(&str, &str)],
    count: u64,
) -> io::Result<()> {
    let labels: Vec<String> =
        labels.iter().map(|(label, value)| format!("{label}=\"{}\"", quoted(value))).collect();
    writeln!(out, "{name}_total{{{}}} {count}", labels.join(","))
}

/// A label's value: three characters have an escape.
fn quoted(value: &str) -> String {
    escape(value).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_be_left() {
        assert_eq!(quoted("a\"b\\c"), "a\\\"b\\\\c");
        assert!(!quoted("a\nb").contains('\n'));
    }
}
