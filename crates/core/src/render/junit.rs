//! JUnit XML, for the test reports of a CI: a suite for each run, a test case for each bug.

use std::{borrow::Cow, io};

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::{
    run::Verdict,
    scan::{Bug, FailureLine, RunError, RunReport},
};

use super::{
    Classified, Look, escape, excerpt,
    numbers::{count, counted},
    place, shown_line,
    text::word,
};

/// Characters of a log's line that are told; longer ones are cut round the match.
const WIDTH: usize = 1_000;
/// Places told of one bug; all of them are in the JSON.
const MAX_EVIDENCE: usize = 10;

/// Writes all runs as JUnit XML. Of `look` only the matches are used.
///
/// A bug of a failed run is a test case that failed, with its evidence as text. A run without one
/// has a single case: a failure where nothing matches, an error where something could not be read.
/// The failure lines stand in the text of these cases.
/// In a run that passed, the case `passed` succeeds, and bugs that hit all the same are skipped
/// ones.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn junit(
    classified: &Classified<'_>,
    look: &Look<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut report = Report::new("recheck");
    report.add_test_suites(classified.runs.iter().map(|run| suite(run, look)));
    // Into memory first: what is wrong with `out` stays an error of its own kind.
    let mut written = Vec::new();
    report.serialize(&mut written).map_err(io::Error::other)?;
    out.write_all(&written)
}

fn suite(run: &RunReport, look: &Look<'_>) -> TestSuite {
    let mut suite = TestSuite::new(text(&run.target));
    suite.add_property(Property::new("verdict", word(run.verdict)));
    for (name, values) in run.run.iter() {
        suite.add_properties(values.iter().map(|value| (text(name), text(value))));
    }
    if let Some(status) = status(run) {
        suite.add_test_case(case(run, word(run.verdict), status));
    }
    suite.add_test_cases(run.bugs.iter().map(|bug| bug_case(run, bug, look)));
    if !run.errors.is_empty() {
        suite.set_system_err(lines(&run.errors));
    }
    if !run.notes.is_empty() {
        suite.set_system_out(lines(&run.notes));
    }
    suite
}

fn lines(problems: &[RunError]) -> String {
    let line = |problem: &RunError| format!("{}: {}", text(&problem.file), text(&problem.message));
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// How the run itself ended, where its bugs do not say it.
fn status(run: &RunReport) -> Option<TestCaseStatus> {
    let (kind, message) = match run.verdict {
        Verdict::Known | Verdict::Fallback => return None,
        Verdict::Passed => return Some(TestCaseStatus::success()),
        Verdict::Unclassified => (NonSuccessKind::Failure, "no fingerprint matches"),
        Verdict::Incomplete => (NonSuccessKind::Error, "nothing matches in what could be read"),
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message).set_type(word(run.verdict));
    if !run.failure.is_empty() {
        status.set_description(failure_lines(run).join("\n"));
    }
    Some(status)
}

/// The lines that say what went wrong.
fn failure_lines(run: &RunReport) -> Vec<String> {
    let line = |line: &FailureLine| {
        let shown = excerpt(&line.message, line.focus(), WIDTH);
        format!("{}:{}: {shown}", text(&line.file), line.line)
    };
    run.failure.iter().map(line).collect()
}

/// Tools tell cases apart by class and name.
fn case(run: &RunReport, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(text(&run.target));
    case
}

fn bug_case(run: &RunReport, bug: &Bug, look: &Look<'_>) -> TestCase {
    let title = bug.title.as_ref().unwrap_or(&bug.fingerprint);
    let hits = counted(bug.hits, "hit");
    let status = match run.verdict {
        Verdict::Passed => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("{} ({hits}, but the run passed)", text(title)));
            status
        }
        _ => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(format!("{} ({hits})", text(title))).set_type(word(run.verdict));
            status
        }
    };
    let mut case = case(run, &text(&bug.fingerprint), status);
    let (mut described, first) = describe(bug, look);
    described.extend(failure_lines(run));
    case.status.set_description(described.join("\n"));
    if let Some((file, line)) = first {
        case.extra.insert("file".into(), file.into());
        case.extra.insert("line".into(), line.to_string().into());
    }
    case
}

/// What is known of the bug and where it hit, and the first of these places that is a line.
fn describe(bug: &Bug, look: &Look<'_>) -> (Vec<String>, Option<(String, u64)>) {
    let mut described = Vec::new();
    for told in [&bug.bug, &bug.advice].into_iter().flatten() {
        let one_line = told.split_whitespace().collect::<Vec<_>>().join(" ");
        described.push(text(&one_line).into_owned());
    }
    let mut first = None;
    for evidence in bug.evidence.iter().take(MAX_EVIDENCE) {
        let matched = (look.matched)(bug, evidence);
        let line = shown_line(evidence, matched.as_ref());
        let shown = excerpt(&evidence.message, matched, WIDTH);
        described.push(format!("{}: {shown}", text(&place(evidence, line))));
        if !evidence.structured {
            first.get_or_insert_with(|| (text(&evidence.file).into_owned(), line));
        }
    }
    if let Some(more @ 1..) = bug.hits.checked_sub(bug.evidence.len().min(MAX_EVIDENCE) as u64) {
        described.push(format!("and {} more", count(more)));
    }
    (described, first)
}

/// One line of text. XML has no way to write what [`escape`] writes out.
fn text(text: &str) -> Cow<'_, str> {
    escape(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_written_out() {
        assert_eq!(
            text("a\u{0}\u{1b}[31mb\u{ffff}\u{fffe}c\nd"),
            "a\\x00\\x1b[31mb\\u{ffff}\\u{fffe}c\\nd"
        );
        assert_eq!(text("<a href='x'>&amp;"), "<a href='x'>&amp;", "the writer escapes markup");
    }
}
