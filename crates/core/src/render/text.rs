//! For a terminal: one headline per run, the bugs, what went wrong, what could not be read, a summary.

use std::{io, ops::Range};

use crate::{
    run::Verdict,
    scan::{Bug, Context, Evidence, FailureLine, RunReport, RunStats},
};

use super::{
    Classified, Look, bytes, escape,
    excerpt::{excerpt, place, shown_line},
    numbers::{count, counted},
};

/// Places shown per bug; all of them are in the JSON.
const MAX_EVIDENCE: usize = 2;
/// Notes shown per run.
const MAX_NOTES: usize = 3;
/// A place longer than this many characters has its text on the next line.
const MAX_PLACE: usize = 30;
/// The least width, in characters, that log text gets.
const MIN_TEXT: usize = 30;

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "1;31";
const GREEN: &str = "1;32";
const YELLOW: &str = "1;33";
const CYAN: &str = "1;36";

/// Writes all runs and the summary line. With `all`, every place kept of a bug is shown instead of
/// the two nearest the run's end.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn text(
    classified: &Classified<'_>,
    look: &Look<'_>,
    all: bool,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page { out, look, all };
    // A blank line round each run that has something to tell; plain ones stand in a list.
    let mut apart = true;
    for run in classified.runs {
        let plain = run.bugs.is_empty()
            && run.failure.is_empty()
            && run.errors.is_empty()
            && run.notes.is_empty();
        if !plain && !apart {
            writeln!(page.out)?;
        }
        page.run(run)?;
        apart = !plain;
        if apart {
            writeln!(page.out)?;
        }
    }
    if !apart {
        writeln!(page.out)?;
    }
    page.summary(classified)
}

/// A line of a log, and how far in it is written.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a str,
    line: u64,
    /// What is written for both.
    label: &'a str,
    /// An event that never was a text has no line to link to.
    linked: bool,
    indent: usize,
}

struct Page<'a> {
    out: &'a mut dyn io::Write,
    look: &'a Look<'a>,
    all: bool,
}

impl Page<'_> {
    fn run(&mut self, run: &RunReport) -> io::Result<()> {
        let (colour, remark) = match run.verdict {
            Verdict::Passed => (GREEN, ""),
            Verdict::Known => (CYAN, ""),
            Verdict::Fallback => (YELLOW, "only general fingerprints match"),
            Verdict::Unclassified => (RED, "no fingerprint matches"),
            Verdict::Incomplete => (RED, "nothing matches in what could be read"),
        };
        let word = self.paint(colour, word(run.verdict));
        let target = self.paint(BOLD, &escape(&run.target));
        write!(self.out, "{word}: {target}")?;
        if !remark.is_empty() {
            write!(self.out, " ({remark})")?;
        }
        writeln!(self.out)?;
        for bug in &run.bugs {
            writeln!(self.out)?;
            self.bug(run, bug)?;
        }
        if !run.failure.is_empty() {
            writeln!(self.out)?;
        }
        for line in &run.failure {
            self.failure_line(run, line)?;
        }
        if !run.errors.is_empty() || !run.notes.is_empty() {
            writeln!(self.out)?;
        }
        for error in &run.errors {
            let label = self.paint(RED, "error:");
            self.problem(&label, &error.file, &error.message)?;
        }
        for note in run.notes.iter().take(MAX_NOTES) {
            let label = self.paint(DIM, "note:");
            self.problem(&label, &note.file, &note.message)?;
        }
        if let Some(more @ 1..) = run.notes.len().checked_sub(MAX_NOTES) {
            writeln!(self.out, "  {more} more notes are in the JSON")?;
        }
        Ok(())
    }

    fn bug(&mut self, run: &RunReport, bug: &Bug) -> io::Result<()> {
        let id = self.paint(BOLD, &escape(&bug.fingerprint));
        write!(self.out, "  {id}")?;
        if let Some(title) = &bug.title {
            write!(self.out, "  {}", escape(title))?;
        }
        if bug.resolved_at.is_some() {
            write!(self.out, "  {}", self.paint(YELLOW, "closed, and back"))?;
        }
        writeln!(self.out)?;
        if let Some(url) = &bug.bug {
            let address = self.look.links.is_some().then_some(url.as_str());
            let address = address.filter(|url| is_web(url));
            writeln!(self.out, "  {}", linked(address, escape(url).into_owned()))?;
        }
        if let Some(advice) = &bug.advice {
            self.wrapped(&escape(&advice.split_whitespace().collect::<Vec<_>>().join(" ")))?;
        }
        let limit = if self.all { usize::MAX } else { MAX_EVIDENCE };
        for evidence in bug.evidence.iter().take(limit) {
            self.evidence(run, bug, evidence)?;
        }
        let shown = bug.evidence.len().min(limit) as u64;
        if bug.hits > shown {
            let hits = format!("{}, {} shown", counted(bug.hits, "hit"), count(shown));
            writeln!(self.out, "    {}", self.paint(DIM, &hits))?;
        }
        Ok(())
    }

    fn evidence(&mut self, run: &RunReport, bug: &Bug, evidence: &Evidence) -> io::Result<()> {
        let matched = (self.look.matched)(bug, evidence);
        let line = shown_line(evidence, matched.as_ref());
        let label = place(evidence, line);
        let linked = !evidence.structured;
        let place = Place { file: &evidence.file, line, label: &label, linked, indent: 4 };
        self.excerpt(run, place, (&evidence.message, matched))?;
        let shown = (line - evidence.line) as usize;
        let message: Vec<&str> = evidence.message.lines().collect();
        let (before, after) = message.split_at(shown.min(message.len()));
        self.context(place, &evidence.context, [before, after.get(1..).unwrap_or_default()])
    }

    fn failure_line(&mut self, run: &RunReport, line: &FailureLine) -> io::Result<()> {
        let label = format!("{}:{}", line.file, line.line);
        let place =
            Place { file: &line.file, line: line.line, label: &label, linked: true, indent: 2 };
        self.excerpt(run, place, (&line.message, line.focus()))?;
        self.context(place, &line.context, [&[], &[]])
    }

    /// The lines round a place, where they were asked for: so many that the event's own, before and
    /// behind the line that is shown, count among them.
    fn context(
        &mut self,
        Place { line, indent, .. }: Place<'_>,
        context: &Context,
        [own_before, own_after]: [&[&str]; 2],
    ) -> io::Result<()> {
        let count = context.before.len().max(context.after.len());
        let before = context.before.iter().map(String::as_str).chain(own_before.iter().copied());
        let before: Vec<&str> = before.collect();
        let after = own_after.iter().copied().chain(context.after.iter().map(String::as_str));
        let first = before.len().saturating_sub(count);
        let numbered = (line.saturating_sub((before.len() - first) as u64)..line)
            .zip(before[first..].iter().copied())
            .chain((line + 1..).zip(after.take(count)));
        for (number, text) in numbered {
            let label = format!("{:indent$}  {number}  ", "");
            let room = self.look.width.saturating_sub(label.chars().count() + 2).max(MIN_TEXT);
            let shown: String = escape(text).chars().take(room).collect();
            let line = format!("{label}{shown}");
            writeln!(self.out, "{}", self.paint(DIM, line.trim_end()))?;
        }
        Ok(())
    }

    /// A place and what of the log's text there fits, on one line or, behind a long place, on the
    /// next.
    fn excerpt(
        &mut self,
        run: &RunReport,
        Place { file, line, label, linked: is_linked, indent }: Place<'_>,
        (message, matched): (&str, Option<Range<usize>>),
    ) -> io::Result<()> {
        let place = escape(label);
        let length = place.chars().count();
        // Two blanks between, and room for two cut marks.
        let room = |used: usize| self.look.width.saturating_sub(used + 2).max(MIN_TEXT);
        let links = self.look.links.filter(|_| is_linked);
        let address = links.and_then(|links| links(run, file, line));
        let painted = linked(address.as_deref(), self.paint(DIM, &place));
        if length <= MAX_PLACE {
            let shown = excerpt(message, matched, room(indent + length + 2));
            writeln!(self.out, "{:indent$}{painted}  {shown}", "")
        } else {
            let shown = excerpt(message, matched, room(indent + 2));
            writeln!(self.out, "{:indent$}{painted}\n{:indent$}  {shown}", "", "")
        }
    }

    fn problem(&mut self, label: &str, file: &str, message: &str) -> io::Result<()> {
        writeln!(self.out, "  {label} {}: {}", escape(file), escape(message))
    }

    /// Writes a paragraph within the width, indented by two.
    fn wrapped(&mut self, paragraph: &str) -> io::Result<()> {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let length = line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && 1 + length > self.look.width {
                writeln!(self.out, " {line}")?;
                line.clear();
            }
            line.push(' ');
            line.push_str(word);
        }
        writeln!(self.out, " {line}")
    }

    fn summary(&mut self, classified: &Classified<'_>) -> io::Result<()> {
        if classified.runs.len() > 1 {
            let runs = counted(classified.runs.len() as u64, "run");
            writeln!(self.out, "{runs}: {}", verdicts(classified.runs))?;
        }
        let RunStats { files, bytes: size, events } = total(classified.runs);
        writeln!(
            self.out,
            "{}, {}, {}, {}, {:.2} s",
            counted(files, "log"),
            bytes(size),
            counted(events, "event"),
            counted(classified.fingerprints as u64, "fingerprint"),
            classified.elapsed.as_secs_f64(),
        )
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.look.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The text as a hyperlink, where there is an address and nothing in it acts on a terminal.
fn linked(address: Option<&str>, shown: String) -> String {
    match address.filter(|address| is_plain(address)) {
        Some(address) => format!("\x1b]8;;{address}\x1b\\{shown}\x1b]8;;\x1b\\"),
        None => shown,
    }
}

/// What all runs read together.
pub(super) fn total(runs: &[RunReport]) -> RunStats {
    runs.iter().fold(RunStats::default(), |sum, run| RunStats {
        files: sum.files + run.stats.files,
        bytes: sum.bytes + run.stats.bytes,
        events: sum.events + run.stats.events,
    })
}

/// The verdict as the JSON has it.
pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Known => "known",
        Verdict::Fallback => "fallback",
        Verdict::Unclassified => "unclassified",
        Verdict::Incomplete => "incomplete",
    }
}

/// How many runs got which verdict, the ones to look at last.
fn verdicts(runs: &[RunReport]) -> String {
    let order = [
        Verdict::Passed,
        Verdict::Known,
        Verdict::Fallback,
        Verdict::Unclassified,
        Verdict::Incomplete,
    ];
    let parts = order.iter().filter_map(|verdict| {
        let number = runs.iter().filter(|run| run.verdict == *verdict).count();
        (number > 0).then(|| format!("{number} {}", word(*verdict)))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// True for a link that a reader may follow without harm.
pub(super) fn is_web(url: &str) -> bool {
    let scheme = url.starts_with("https://") || url.starts_with("http://");
    scheme && is_plain(url)
}

fn is_plain(address: &str) -> bool {
    address.chars().all(|character| character.is_ascii_graphic())
}
