//! A page in one file: it opens offline, asks nobody for anything, and shows no log's text as markup.

use std::{borrow::Cow, io};

use serde::Serialize;

use crate::{
    render::{escape, text::is_web},
    report::{Cell, Overall, Report, Row, UnclassifiedJob},
};

use super::{ReportLook, percent_of, reruns, span};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// What the script draws from.
#[derive(Serialize)]
struct Data<'a> {
    series: Vec<String>,
    slices: Vec<[Cow<'a, str>; 4]>,
    eligible: &'a [Vec<u64>],
    rows: Vec<RowData<'a>>,
}

/// A row, with everything escaped that acts instead of being shown.
#[derive(Serialize)]
struct RowData<'a> {
    id: String,
    title: String,
    link: Option<&'a str>,
    category: String,
    status: String,
    race: bool,
    recent: u64,
    remarks: Vec<String>,
    eligible: usize,
    /// For each slice in which the bug was seen, its points.
    cells: Vec<(usize, Vec<Point>)>,
}

/// A point's place, failed and passed runs.
type Point = (usize, u64, u64);

/// Writes the report as an HTML page: the ranking with a sparkline for each bug, its hits over time,
/// filters by job, queue, branch and project, and the failed runs that nothing explains.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn html(report: &Report, look: &ReportLook, out: &mut dyn io::Write) -> io::Result<()> {
    let title = format!("Race hits, {}", span(report));
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; \
         form-action 'none'\">\n<title>{0}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{0}</h1>\n",
        quoted(&title)
    )?;
    overall(&report.overall, out)?;
    writeln!(out, "</header>\n<main>")?;
    ranking(out)?;
    notices(report, look, out)?;
    unclassified(&report.unclassified, out)?;
    writeln!(out, "</main>\n<script id=\"data\" type=\"application/json\">")?;
    out.write_all(data(report)?.as_bytes())?;
    writeln!(out, "</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>")
}

fn overall(overall: &Overall, out: &mut dyn io::Write) -> io::Result<()> {
    let classified = percent_of(overall.classification_rate.map(|rate| 100.0 * rate));
    let tiles = [
        ("runs", overall.runs.to_string()),
        ("failed", overall.failed.to_string()),
        ("known", overall.known.to_string()),
        ("classified", classified),
        ("fallback", overall.fallback.to_string()),
        ("unclassified", overall.unclassified.to_string()),
        ("incomplete", overall.incomplete.to_string()),
    ];
    writeln!(out, "<dl>")?;
    for (name, value) in tiles {
        writeln!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>")?;
    }
    writeln!(out, "</dl>")
}

/// The frame of the ranking, which the script fills.
fn ranking(out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(
        out,
        "<section>\n<h2 id=\"ranking\">Ranking</h2>\n\
         <noscript><p>The ranking is drawn by a script in this page.</p></noscript>\n\
         <form id=\"filters\"></form>\n<p id=\"shown\" role=\"status\"></p>\n\
         <p class=\"legend\"><span><span class=\"key failed\"></span>failed runs hit</span>\
         <span><span class=\"key passed\"></span>passed runs hit</span></p>\n\
         <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"ranking\">\n<table>\n<thead><tr>\
         <th scope=\"col\">Bug</th><th scope=\"col\">Hits over time</th>\
         <th scope=\"col\" class=\"number\">Failed runs</th>\
         <th scope=\"col\" class=\"number\">Last 24 h</th>\
         <th scope=\"col\" class=\"number\">Passed runs</th>\
         <th scope=\"col\" class=\"number\">Share of runs</th><th scope=\"col\">95 %</th>\
         <th scope=\"col\">Trend</th></tr></thead>\n<tbody id=\"rows\"></tbody>\n</table>\n</div>\n\
         </section>"
    )
}

fn notices(report: &Report, look: &ReportLook, out: &mut dyn io::Write) -> io::Result<()> {
    let silent = format!("No hit in {} days", look.silent.as_hours() / 24);
    let broad = report.fingerprints.iter().filter(|row| row.too_broad);
    list(out, "Closed, and back", report.returned())?;
    list(out, "Too broad: hits runs that passed", broad)?;
    list(out, &silent, report.silent_for(look.silent))
}

fn list<'r>(
    out: &mut dyn io::Write,
    title: &str,
    rows: impl Iterator<Item = &'r Row>,
) -> io::Result<()> {
    let items: Vec<String> =
        rows.map(|row| format!("<li>{}</li>", quoted(&row.fingerprint))).collect();
    if items.is_empty() {
        return Ok(());
    }
    let number = items.len();
    writeln!(
        out,
        "<details>\n<summary>{} ({number})</summary>\n<ul class=\"names\">{}</ul>\n</details>",
        quoted(title),
        items.concat()
    )
}

fn unclassified(jobs: &[UnclassifiedJob], out: &mut dyn io::Write) -> io::Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section>\n<h2>Unclassified failed runs, by job</h2>")?;
    for job in jobs {
        let rate = percent_of(Some(100.0 * job.classification_rate));
        writeln!(
            out,
            "<details>\n<summary>{}: {} of {} failed, {rate} classified</summary>\n<ul>",
            quoted(if job.job.is_empty() { "(no name)" } else { &job.job }),
            job.runs.len(),
            job.failed
        )?;
        for run in &job.runs {
            let name = quoted(&run.build_uuid);
            match run.log_url.as_deref().filter(|url| is_web(url)) {
                Some(url) => writeln!(
                    out,
                    "<li><a rel=\"noreferrer\" href=\"{}\">{name}</a></li>",
                    quoted(url)
                )?,
                None => writeln!(out, "<li>{name}</li>")?,
            }
        }
        writeln!(out, "</ul>\n</details>")?;
    }
    writeln!(out, "</section>")
}

/// The data as JSON in which nothing ends a script.
fn data(report: &Report) -> io::Result<String> {
    let data = Data {
        series: report.series.iter().map(ToString::to_string).collect(),
        slices: report.slices.iter().map(|slice| slice.each_ref().map(|it| escape(it))).collect(),
        eligible: &report.eligible,
        rows: report
            .fingerprints
            .iter()
            .filter(|row| !row.suppressed)
            .filter_map(RowData::of_hit)
            .collect(),
    };
    let text = serde_json::to_string(&data).map_err(io::Error::from)?;
    Ok(text.replace('<', "\\u003c"))
}

impl<'a> RowData<'a> {
    /// Nothing for a row without a hit.
    fn of_hit(row: &'a Row) -> Option<RowData<'a>> {
        let eligible = row.eligible?;
        let mut remarks: Vec<String> = reruns(row).into_iter().collect();
        if row.has_returned() {
            remarks.push("closed, and back".to_owned());
        }
        if row.too_broad {
            remarks.push("too broad".to_owned());
        }
        if row.unchecked_hits > 0 {
            remarks.push(format!("tests not checked in {} runs", row.unchecked_hits));
        }
        let cell = |cell: &Cell| {
            let points = cell.points.iter().map(|(at, hits)| (*at, hits.failed, hits.passed));
            (cell.slice, points.collect())
        };
        Some(RowData {
            id: escape(&row.fingerprint).into_owned(),
            title: row.title.as_deref().map(|title| escape(title).into_owned()).unwrap_or_default(),
            link: row.bug.as_deref().filter(|url| is_web(url)),
            category: row.category.map(|category| category.to_string()).unwrap_or_default(),
            status: super::status(row),
            race: row.race,
            recent: row.failed_runs_hit_last_24h,
            remarks,
            eligible,
            cells: row.cells.iter().map(cell).collect(),
        })
    }
}

/// Text within HTML, also within a quoted attribute.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for character in escape(text).chars() {
        match character {
            '&' => quoted.push_str("&amp;"),
            '<' => quoted.push_str("&lt;"),
            '>' => quoted.push_str("&gt;"),
            '"' => quoted.push_str("&quot;"),
            '\'' => quoted.push_str("&#39;"),
            other => quoted.push(other),
        }
    }
    quoted
}
