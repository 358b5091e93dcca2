use std::io;

use crate::{
    render::{
        counted,
        markdown::{address, plain},
        text::is_web,
    },
    report::{Report, Row},
};

use super::{LISTED, ReportLook, interval, percent_of, ranked, reruns, span, status, too_broad};

/// Unclassified runs that are linked, for each job.
const LINKS: usize = 3;

/// Writes the report for a mail or a comment.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn markdown(report: &Report, look: &ReportLook, out: &mut dyn io::Write) -> io::Result<()> {
    let overall = &report.overall;
    writeln!(out, "## Race hits, {}\n", span(report))?;
    writeln!(
        out,
        "{}: {} passed, {} failed, {} other. Of the failed {} are known ({}), {} match only general \
         fingerprints, {} are unclassified, {} incomplete.\n",
        counted(overall.runs, "run"),
        overall.passed,
        overall.failed,
        overall.other,
        overall.known,
        percent_of(overall.classification_rate.map(|rate| 100.0 * rate)),
        overall.fallback,
        overall.unclassified,
        overall.incomplete,
    )?;
    let rows: Vec<&Row> = ranked(report).collect();
    if !rows.is_empty() {
        writeln!(out, "| bug | failed | last 24 h | share of runs | 95 % | trend |")?;
        writeln!(out, "|---|---:|---:|---:|---|---|")?;
    }
    rows.iter().take(look.rows).try_for_each(|row| ranking(row, out))?;
    if let Some(more @ 1..) = rows.len().checked_sub(look.rows) {
        writeln!(out, "\n{more} more are in the JSON.")?;
    }
    section(out, "Hits runs that passed, so its query is too broad", too_broad(report), |row| {
        format!("{} of {} runs hit had passed", row.passed_runs_hit, row.runs_hit)
    })?;
    section(out, "Closed, and back", report.returned(), |row| {
        counted(row.failed_runs_hit, "failed run")
    })?;
    unclassified(report, out)
}

fn ranking(row: &Row, out: &mut dyn io::Write) -> io::Result<()> {
    let mut told = name(row);
    if let Some(title) = &row.title {
        told.push_str(&format!(": {}", plain(title)));
    }
    if let Some(reruns) = reruns(row) {
        told.push_str(&format!(" ({reruns})"));
    }
    writeln!(
        out,
        "| {told} | {} | {} | {} | {} | {} |",
        row.failed_runs_hit,
        row.failed_runs_hit_last_24h,
        percent_of(row.percentage),
        interval(row.interval),
        status(row),
    )
}

fn section<'r>(
    out: &mut dyn io::Write,
    title: &str,
    rows: impl Iterator<Item = &'r Row>,
    tell: impl Fn(&Row) -> String,
) -> io::Result<()> {
    let rows: Vec<&Row> = rows.collect();
    if !rows.is_empty() {
        writeln!(out, "\n### {title}\n")?;
    }
    let mut shown = rows.iter().take(LISTED);
    shown.try_for_each(|row| writeln!(out, "- {}: {}", name(row), tell(row)))?;
    more(rows.len(), out)
}

/// How many entries of a list are left out.
fn more(all: usize, out: &mut dyn io::Write) -> io::Result<()> {
    match all.checked_sub(LISTED) {
        Some(more @ 1..) => writeln!(out, "- and {more} more, in the JSON"),
        _ => Ok(()),
    }
}

fn unclassified(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    if !report.unclassified.is_empty() {
        writeln!(out, "\n### Unclassified\n")?;
    }
    for job in report.unclassified.iter().take(LISTED) {
        let name = if job.job.is_empty() { "(no name)".to_owned() } else { plain(&job.job) };
        write!(out, "- {name}: {} of {}", job.runs.len(), counted(job.failed, "failed run"))?;
        let links = job.runs.iter().filter_map(|run| run.log_url.as_deref());
        for (number, link) in (1..).zip(links.filter(|url| is_web(url)).take(LINKS)) {
            write!(out, " [{number}](<{}>)", address(link))?;
        }
        writeln!(out)?;
    }
    more(report.unclassified.len(), out)
}

fn name(row: &Row) -> String {
    let id = plain(&row.fingerprint);
    match &row.bug {
        Some(url) if is_web(url) => format!("[{id}](<{}>)", address(url)),
        _ => id,
    }
}
