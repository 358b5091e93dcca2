//! For a comment on a change: GitHub's and Gerrit's Markdown, everything foreign escaped.

use std::io;

use crate::{
    run::Verdict,
    scan::{Bug, Evidence, FailureLine, RunReport},
};

use super::{
    Classified, Look, excerpt,
    numbers::counted,
    place, shown_line,
    text::{is_web, total},
};

/// Places shown per bug.
const MAX_EVIDENCE: usize = 2;

/// Writes all runs as Markdown. Of `look` only the width and the matches are used.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn markdown(
    classified: &Classified<'_>,
    look: &Look<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    for run in classified.runs {
        self::run(run, look, out)?;
    }
    let total = total(classified.runs);
    writeln!(
        out,
        "{}, {}, {}, {}",
        counted(total.files, "log"),
        super::bytes(total.bytes),
        counted(total.events, "event"),
        counted(classified.fingerprints as u64, "fingerprint"),
    )
}

fn run(run: &RunReport, look: &Look<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let headline = match run.verdict {
        Verdict::Passed => "Passed",
        Verdict::Known => "Known bug",
        Verdict::Fallback => "Only general fingerprints match",
        Verdict::Unclassified => "Unclassified: no fingerprint matches",
        Verdict::Incomplete => "Incomplete: nothing matches in what could be read",
    };
    writeln!(out, "**{headline}** in {}\n", code(&run.target))?;
    for bug in &run.bugs {
        self::bug(bug, look, out)?;
    }
    for line in &run.failure {
        failure_line(line, look, out)?;
    }
    for error in &run.errors {
        writeln!(out, "- Error: {}: {}", code(&error.file), plain(&error.message))?;
    }
    if !run.bugs.is_empty() || !run.failure.is_empty() || !run.errors.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

fn bug(bug: &Bug, look: &Look<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let name = plain(&bug.fingerprint);
    match &bug.bug {
        Some(url) if is_web(url) => write!(out, "- **[{name}](<{}>)**", address(url))?,
        Some(other) => write!(out, "- **{name}** ({})", plain(other))?,
        None => write!(out, "- **{name}**")?,
    }
    if let Some(title) = &bug.title {
        write!(out, ": {}", plain(title))?;
    }
    writeln!(out, " ({})", counted(bug.hits, "hit"))?;
    if let Some(advice) = &bug.advice {
        writeln!(out, "  {}", plain(advice))?;
    }
    for evidence in bug.evidence.iter().take(MAX_EVIDENCE) {
        self::evidence(bug, evidence, look, out)?;
    }
    Ok(())
}

fn evidence(
    bug: &Bug,
    evidence: &Evidence,
    look: &Look<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let matched = (look.matched)(bug, evidence);
    let line = shown_line(evidence, matched.as_ref());
    let place = place(evidence, line);
    let shown = excerpt(&evidence.message, matched, look.width);
    writeln!(out, "  - {}: {}", code(&place), code(&shown))
}

fn failure_line(line: &FailureLine, look: &Look<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let place = format!("{}:{}", line.file, line.line);
    let shown = excerpt(&line.message, line.focus(), look.width);
    writeln!(out, "- {}: {}", code(&place), code(&shown))
}

/// A code span: nothing inside is read as Markdown, HTML or a mention. Its fence is longer than any
/// run of backticks inside.
fn code(text: &str) -> String {
    let text = super::escape(text);
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match text.trim() {
        "" => "(empty)".to_owned(),
        // One blank on each side is taken away again by the reader.
        _ if text.starts_with('`') || text.ends_with('`') => format!("{fence} {text} {fence}"),
        _ => format!("{fence}{text}{fence}"),
    }
}

/// Running text without any markup: what Markdown or HTML would read is escaped, and a zero-width
/// space keeps `@name` from notifying people and `#1` from linking, which a backslash does not.
pub(super) fn plain(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut escaped = String::with_capacity(one_line.len() + 16);
    for character in super::escape(&one_line).chars() {
        match character {
            '@' | '#' => {
                escaped.push('\\');
                escaped.push(character);
                escaped.push('\u{200b}');
            }
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '<' | '>' | '&' | '|'
            | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    // At the start of a line these would begin a list, a heading or a rule.
    if escaped.starts_with(['-', '+', '=']) {
        escaped.insert(0, '\\');
    }
    escaped
}

/// A web address within `<…>`.
pub(super) fn address(url: &str) -> String {
    url.replace('<', "%3C").replace('>', "%3E").replace('\\', "%5C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(code("a `b` ``c``"), "```` a `b` ``c`` ````".replace("````", "```"));
        assert_eq!(code("@user #1 <b>|"), "`@user #1 <b>|`");
        assert_eq!(code("a\nb"), "`a\\nb`");
        assert_eq!(code(" "), "(empty)");
    }

    #[test]
    fn plain_text_has_no_markup() {
        assert_eq!(plain("a *b* <script> |"), "a \\*b\\* \\<script\\> \\|");
        assert_eq!(plain("ask @team"), "ask \\@\u{200b}team");
        assert_eq!(plain("- not\na list"), "\\- not a list");
        assert_eq!(plain("[x](javascript:y)"), "\\[x\\]\\(javascript:y\\)");
    }
}
