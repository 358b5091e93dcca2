//! How attached bugs are told.

use std::io::{self, Write};

use recheck_core::{
    Fingerprint, TestIds, Verdict,
    render::{counted, escape},
};
use recheck_index::{Attached, AttachedBug};
use serde::Serialize;

/// The JSON document.
#[derive(Serialize)]
struct Document<'a> {
    runs: Vec<RunLine<'a>>,
}

#[derive(Serialize)]
struct RunLine<'a> {
    build_uuid: &'a str,
    attempt: u32,
    build_name: Option<&'a str>,
    build_status: Option<&'a str>,
    log_url: Option<&'a str>,
    verdict: Verdict,
    bugs: Vec<BugLine<'a>>,
}

#[derive(Serialize)]
struct BugLine<'a> {
    fingerprint: &'a str,
    bug: Option<&'a str>,
    title: Option<&'a str>,
    fallback: bool,
    resolved_at: Option<&'a str>,
    test_ids: Option<TestIds>,
    hits: u64,
    file: Option<&'a str>,
    line: Option<u64>,
    event: Option<&'a str>,
    timestamp: Option<String>,
}

/// The runs, for people.
pub(super) fn text(
    attached: &[Attached],
    list: &[Fingerprint],
    out: &mut dyn Write,
) -> io::Result<()> {
    for Attached { run, verdict, bugs } in attached {
        let name = run.run.get("build_name").map(|name| format!(" ({})", escape(name)));
        let verdict = serde_json::to_string(verdict).map_err(io::Error::from)?;
        writeln!(
            out,
            "{}: {}{}",
            verdict.trim_matches('"'),
            escape(&run.run.key.to_string()),
            name.unwrap_or_default()
        )?;
        for bug in bugs {
            let fingerprint = &list[bug.fingerprint as usize];
            let title = fingerprint.title.as_deref().unwrap_or_default();
            writeln!(out, "\n  {}  {}", escape(&fingerprint.id), escape(title))?;
            if let Some(address) = &fingerprint.bug {
                writeln!(out, "  {}", escape(address))?;
            }
            writeln!(out, "    {}{}", counted(bug.hits, "hit"), escape(&first(bug)))?;
        }
        writeln!(out)?;
    }
    out.flush()
}

fn first(bug: &AttachedBug) -> String {
    let line = bug.first.line.map(|line| format!(":{line}")).unwrap_or_default();
    let place = bug.first.file.as_ref().map(|file| format!(", first in {file}{line}"));
    let time = bug.first.time.map(|time| format!(" at {time}"));
    format!("{}{}", place.unwrap_or_default(), time.unwrap_or_default())
}

/// One JSON document.
pub(super) fn json(
    attached: &[Attached],
    list: &[Fingerprint],
    out: &mut dyn Write,
) -> io::Result<()> {
    let runs = attached.iter().map(|attached| RunLine::new(attached, list)).collect();
    serde_json::to_writer(&mut *out, &Document { runs }).map_err(io::Error::from)?;
    writeln!(out)
}

impl<'a> RunLine<'a> {
    fn new(attached: &'a Attached, list: &'a [Fingerprint]) -> RunLine<'a> {
        let Attached { run, verdict, bugs } = attached;
        RunLine {
            build_uuid: &run.run.key.build_uuid,
            attempt: run.run.key.attempt,
            build_name: run.run.get("build_name"),
            build_status: run.run.get("build_status"),
            log_url: run.run.get("log_url"),
            verdict: *verdict,
            bugs: bugs
                .iter()
                .map(|bug| BugLine::new(bug, &list[bug.fingerprint as usize]))
                .collect(),
        }
    }
}

impl<'a> BugLine<'a> {
    fn new(bug: &'a AttachedBug, fingerprint: &'a Fingerprint) -> BugLine<'a> {
        BugLine {
            fingerprint: &fingerprint.id,
            bug: fingerprint.bug.as_deref(),
            title: fingerprint.title.as_deref(),
            fallback: fingerprint.fallback,
            resolved_at: fingerprint.resolved_at.as_deref(),
            test_ids: bug.test_ids,
            hits: bug.hits,
            file: bug.first.file.as_deref(),
            line: bug.first.line,
            event: bug.first.event.as_deref(),
            timestamp: bug.first.time.map(|time| time.to_string()),
        }
    }
}
