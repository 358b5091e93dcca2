use std::io;

use crate::{
    render::{count, counted, escape},
    report::{Report, Row, Status, UnclassifiedJob},
};

use super::{LISTED, ReportLook, interval, percent_of, ranked, reruns, span, too_broad};

/// Unclassified runs that are told of each job.
const RUNS: usize = 3;
/// Fingerprints that are named as silent.
const SILENT: usize = 40;

/// Writes the report for a terminal: the window, the ranking, and what asks for attention.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn text(report: &Report, look: &ReportLook, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page { look, out };
    page.overall(report)?;
    page.ranking(report)?;
    page.attention(report)?;
    page.silent(report)?;
    if !report.unclassified.is_empty() {
        writeln!(page.out, "\nUnclassified failed runs, by job:")?;
        report.unclassified.iter().take(LISTED).try_for_each(|job| page.job(job))?;
    }
    if let Some(more @ 1..) = report.unclassified.len().checked_sub(LISTED) {
        let more = counted(more as u64, "more job");
        writeln!(page.out, "  and {more}: `recheck unclassified` tells all")?;
    }
    Ok(())
}

/// Writes the failed runs that no fingerprint explains, by job: the job with most of them first, as
/// the next fingerprint to write is most likely for that one.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn unclassified(report: &Report, look: &ReportLook, out: &mut dyn io::Write) -> io::Result<()> {
    let overall = &report.overall;
    writeln!(
        out,
        "{}: {} of {} known ({}), {} unclassified, {} incomplete",
        span(report),
        count(overall.known),
        counted(overall.failed, "failed run"),
        percent_of(overall.classification_rate.map(|rate| 100.0 * rate)),
        count(overall.unclassified),
        count(overall.incomplete),
    )?;
    let mut page = Page { look, out };
    report.unclassified.iter().try_for_each(|job| page.job(job))
}

struct Page<'a> {
    look: &'a ReportLook,
    out: &'a mut dyn io::Write,
}

impl Page<'_> {
    fn overall(&mut self, report: &Report) -> io::Result<()> {
        let overall = &report.overall;
        let known = overall.classification_rate.map(|rate| 100.0 * rate);
        writeln!(self.out, "{}", self.paint("1", &span(report)))?;
        writeln!(
            self.out,
            "{}: {} passed, {} failed, {} other",
            counted(overall.runs, "run"),
            count(overall.passed),
            count(overall.failed),
            count(overall.other),
        )?;
        writeln!(
            self.out,
            "of the failed: {} known ({}), {} fallback, {} unclassified, {} incomplete",
            count(overall.known),
            percent_of(known),
            count(overall.fallback),
            count(overall.unclassified),
            count(overall.incomplete),
        )?;
        if let (1.., Some(top)) = (overall.avoidable, report.fingerprints.first()) {
            let avoidable = counted(overall.avoidable, "failed run");
            writeln!(self.out, "{} alone is to blame for {avoidable}", escape(&top.fingerprint))?;
        }
        Ok(())
    }

    fn ranking(&mut self, report: &Report) -> io::Result<()> {
        let rows: Vec<&Row> = ranked(report).collect();
        if rows.is_empty() {
            return writeln!(self.out, "\nno fingerprint hit");
        }
        let head = format!(
            "{:>6} {:>5} {:>8} {:>12}  {:<8} fingerprint",
            "failed", "24 h", "of runs", "95 %", "trend"
        );
        writeln!(self.out, "\n{}", self.paint("2", &head))?;
        rows.iter().take(self.look.rows).try_for_each(|row| self.row(row))?;
        if let Some(more @ 1..) = rows.len().checked_sub(self.look.rows) {
            writeln!(self.out, "{more} more are in the JSON; --rows shows more here")?;
        }
        Ok(())
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        let colour = match row.trend.status {
            Status::New | Status::Back | Status::Worse => "1;31",
            Status::Better | Status::Gone => "1;32",
            Status::Steady | Status::Quiet => "0",
        };
        let word = format!("{:<8}", row.trend.status.to_string());
        let line = format!(
            "{:>6} {:>5} {:>8} {:>12}  ",
            count(row.failed_runs_hit),
            count(row.failed_runs_hit_last_24h),
            percent_of(row.percentage),
            interval(row.interval),
        );
        let used = line.chars().count() + word.chars().count() + 1;
        let name = cut(&named(row), self.look.width.saturating_sub(used));
        writeln!(self.out, "{line}{} {name}", self.paint(colour, &word))?;
        let told = remarks(row);
        if told.is_empty() {
            return Ok(());
        }
        let indent = " ".repeat(used);
        let told = cut(&told.join(", "), self.look.width.saturating_sub(used));
        writeln!(self.out, "{indent}{}", self.paint("2", &told))
    }

    fn attention(&mut self, report: &Report) -> io::Result<()> {
        self.list(report.returned(), |row| {
            let hits = counted(row.failed_runs_hit, "failed run");
            format!("closed, and back: {} ({hits})", escape(&row.fingerprint))
        })?;
        self.list(too_broad(report), |row| {
            let (hits, all) = (count(row.passed_runs_hit), count(row.runs_hit));
            let id = escape(&row.fingerprint);
            format!("too broad: {id} ({hits} of {all} runs hit had passed)")
        })
    }

    /// The first of them, and how many more there are.
    fn list<'r>(
        &mut self,
        rows: impl Iterator<Item = &'r Row>,
        tell: impl Fn(&Row) -> String,
    ) -> io::Result<()> {
        let rows: Vec<&Row> = rows.collect();
        rows.iter().take(LISTED).try_for_each(|row| self.line(&tell(row)))?;
        match rows.len().checked_sub(LISTED) {
            Some(more @ 1..) => self.line(&format!("  and {more} more, in the JSON")),
            _ => Ok(()),
        }
    }

    fn silent(&mut self, report: &Report) -> io::Result<()> {
        let days = self.look.silent.as_hours() / 24;
        let silent: Vec<_> =
            report.silent_for(self.look.silent).map(|row| escape(&row.fingerprint)).collect();
        if silent.is_empty() {
            return Ok(());
        }
        let number = counted(silent.len() as u64, "fingerprint");
        writeln!(self.out, "\n{number} without a hit in {days} days, which may be removed:")?;
        let mut line = String::new();
        for id in silent.iter().take(SILENT) {
            if line.chars().count() + id.chars().count() + 3 > self.look.width {
                writeln!(self.out, " {line}")?;
                line.clear();
            }
            line.push(' ');
            line.push_str(id);
        }
        writeln!(self.out, " {line}")?;
        if let Some(more @ 1..) = silent.len().checked_sub(SILENT) {
            writeln!(self.out, "  and {more} more, in the JSON")?;
        }
        Ok(())
    }

    fn job(&mut self, job: &UnclassifiedJob) -> io::Result<()> {
        let name = if job.job.is_empty() { "(no name)".into() } else { escape(&job.job) };
        let (open, failed) = (count(job.runs.len() as u64), counted(job.failed, "failed run"));
        let rate = percent_of(Some(100.0 * job.classification_rate));
        let told = format!(": {open} of {failed}, {rate} classified");
        let width = self.look.width.saturating_sub(2 + told.chars().count());
        self.line(&format!("{}{told}", cut(&name, width)))?;
        for run in job.runs.iter().take(RUNS) {
            let place = run.log_url.as_deref().unwrap_or(&run.build_uuid);
            // A link that is cut is none.
            writeln!(self.out, "    {}", escape(place))?;
        }
        if let Some(more @ 1..) = job.runs.len().checked_sub(RUNS) {
            writeln!(self.out, "    and {more} more")?;
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "  {}", cut(line, self.look.width.saturating_sub(2)))
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.look.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn named(row: &Row) -> String {
    let id = escape(&row.fingerprint);
    match &row.title {
        Some(title) => format!("{id}  {}", escape(title)),
        None => id.into_owned(),
    }
}

/// What a row's numbers leave out.
fn remarks(row: &Row) -> Vec<String> {
    let mut told = Vec::new();
    if row.failed_runs_hit > 0 && !row.race {
        let told_changes = match row.changes_hit {
            0 => "which change it hit is not known",
            _ => "one change only: no race so far",
        };
        told.push(told_changes.to_owned());
    }
    told.extend(reruns(row));
    if row.passed_runs_hit > 0 {
        let (hits, scanned) = (count(row.passed_runs_hit), count(row.passed_runs_scanned));
        told.push(format!("hit {hits} of {scanned} passed runs that were scanned"));
    }
    if row.unchecked_hits > 0 {
        told.push(format!("tests not checked in {}", counted(row.unchecked_hits, "run")));
    }
    if row.trend.query_changed {
        told.push("not compared, as the query was changed".to_owned());
    }
    told
}

/// At most so many characters.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut shown: String = text.chars().take(width.saturating_sub(1)).collect();
    shown.push('…');
    shown
}
