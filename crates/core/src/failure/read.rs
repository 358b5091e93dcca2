//! A line that has a signal's text, read.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use regex::Regex;
use serde_json::Value;

use super::{FailureKind, FailureWeight, Signal, Tell, Wording, table::SIGNALS};

/// Characters of a message that are kept.
const MAX_MESSAGE: usize = 1000;

/// Bytes of a line that a pattern is held against: a signal stands near the line's start, and no more
/// than a message's length of what follows is told. Lines of many kilobytes quote whole scripts.
pub(crate) const MAX_LOOK: usize = 1024;

/// What a line with a signal's text says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// What went wrong.
    Failure(Failure),
    /// Which task is at work from here on.
    Task(String),
}

/// A failure line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The row of the table.
    pub(crate) signal: u16,
    pub(crate) kind: FailureKind,
    pub(crate) weight: FailureWeight,
    /// The words that tell it.
    pub(crate) words: &'static str,
    /// One line.
    pub(crate) message: String,
    /// How many lines behind the signal's text it stands.
    pub(crate) lines_behind: u64,
    /// What must be known of the lines before to tell it.
    pub(crate) needs: Needs,
}

/// What must be known of other lines to tell a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing.
    None,
    /// Which task was at work.
    Task,
    /// That, and the next line.
    NextAndTask,
    /// That, and the rest of a result that began with these lines.
    RestAndTask(Vec<String>),
}

/// What Ansible writes behind the result of a task that may fail (`ignore_errors`).
pub(crate) const IGNORED: &str = "...ignoring";

/// Lines behind Zuul's `ERROR` in which the message of the result is looked for.
pub(crate) const RESULT_LINES: usize = 12;

/// A line and what belongs to it.
pub(crate) struct Line<'a> {
    /// Its text, without what the log's format puts before it.
    pub(crate) text: &'a str,
    /// Where it was written, if its format tells.
    pub(crate) node: Option<&'a str>,
    /// The next line of its record, in the same manner.
    pub(crate) next: &'a dyn Fn() -> Option<String>,
    /// The last line of its record, and how many lines it stands behind this one.
    pub(crate) last: &'a dyn Fn() -> (u64, String),
    /// So many lines behind it, fewer where the text ends.
    pub(crate) behind: &'a dyn Fn(usize) -> Vec<String>,
}

/// The texts of all signals, each once.
struct Index {
    texts: Vec<Wording<'static>>,
    /// The signals of each text, in the order in which they are tried.
    signals: Vec<Vec<u16>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index { texts: Vec::new(), signals: Vec::new() };
    for (number, signal) in (0..).zip(SIGNALS) {
        let text = signal.wording();
        let known = index.texts.iter().position(|known| *known == text);
        let place = known.unwrap_or_else(|| {
            index.texts.push(text);
            index.signals.push(Vec::new());
            index.texts.len() - 1
        });
        index.signals[place].push(number);
    }
    index
});

/// Their patterns, each compiled when it is first asked for: few of them ever are.
static PATTERNS: [OnceLock<Option<Regex>>; SIGNALS.len()] =
    [const { OnceLock::new() }; SIGNALS.len()];

/// The texts by which the matcher finds signals. [`read`] takes their places among these.
pub(crate) fn texts() -> &'static [Wording<'static>] {
    &INDEX.texts
}

/// The signals of this text.
pub(crate) fn signals(text: u16) -> impl Iterator<Item = u16> {
    INDEX.signals.get(usize::from(text)).into_iter().flatten().copied()
}

/// Those of them that are told.
pub(crate) fn told_signals(text: u16) -> impl Iterator<Item = u16> {
    let is_told = |signal: &u16| SIGNALS[usize::from(*signal)].weight != FailureWeight::Silent;
    signals(text).filter(is_told)
}

/// Whether this text may tell of the task at work.
pub(crate) fn is_task(text: u16) -> bool {
    signals(text).any(|signal| SIGNALS[usize::from(signal)].tell == Tell::Task)
}

/// Whether this text is told by the last line of its record: two in one record say the same.
pub(crate) fn tells_record(text: u16) -> bool {
    signals(text).any(|signal| SIGNALS[usize::from(signal)].tell == Tell::Record)
}

/// Whether more of its record is read to tell what has this text.
pub(crate) fn reads_record(text: u16) -> bool {
    let tell = |signal: u16| SIGNALS[usize::from(signal)].tell;
    signals(text).any(|signal| matches!(tell(signal), Tell::Record | Tell::Panic))
}

/// Whether a line that has this text is read to its end: what Ansible writes there is JSON.
pub(crate) fn reads_far(text: u16) -> bool {
    signals(text).any(|signal| SIGNALS[usize::from(signal)].tell == Tell::Ansible)
}

/// Reads a line that has this text; nothing where no pattern of its signals matches.
pub(crate) fn read(text: u16, line: &Line<'_>) -> Option<Said> {
    let (number, found) = matching(text, line.text)?;
    SIGNALS[usize::from(number)].said(number, &found, line)
}

/// The first of a text's signals whose pattern matches the line, and what it matched.
pub(super) fn matching(text: u16, line: &str) -> Option<(u16, Match<'_>)> {
    let matched = |number| Some((number, Match::of(pattern(number)?, looked_at(number, line))?));
    signals(text).find_map(matched)
}

/// What a pattern matched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match<'t> {
    whole: &'t str,
    /// Its first groups.
    groups: [Option<&'t str>; 2],
}

impl<'t> Match<'t> {
    fn of(pattern: &Regex, text: &'t str) -> Option<Match<'t>> {
        // To find groups takes the regex longer.
        if pattern.captures_len() == 1 {
            return Some(Match { whole: pattern.find(text)?.as_str(), groups: [None; 2] });
        }
        let found = pattern.captures(text)?;
        let group = |number| found.get(number).map(|group| group.as_str());
        Some(Match { whole: group(0)?, groups: [group(1), group(2)] })
    }

    /// A group's text, empty where it is not part of the match.
    fn group(self, number: usize) -> &'t str {
        self.groups[number - 1].unwrap_or_default()
    }
}

/// The part of a line that this signal's pattern is held against.
fn looked_at(number: u16, line: &str) -> &str {
    match SIGNALS[usize::from(number)].tell {
        Tell::Ansible => line,
        _ => &line[..line.floor_char_boundary(MAX_LOOK)],
    }
}

fn pattern(number: u16) -> Option<&'static Regex> {
    let compiled = || Regex::new(&ascii(SIGNALS[usize::from(number)].pattern)).ok();
    PATTERNS[usize::from(number)].get_or_init(compiled).as_ref()
}

/// The pattern with ASCII's letters and digits alone: with all of Unicode's it takes far longer to
/// compile, which every process that meets its text pays, however short the log.
fn ascii(pattern: &str) -> String {
    let pattern = pattern.replace(r"\w", "[0-9A-Za-z_]").replace(r"\d", "[0-9]");
    pattern.replace(r"\b", r"(?-u:\b)")
}

impl Signal {
    fn wording(&self) -> Wording<'static> {
        match self.text.strip_prefix('^') {
            Some(text) => Wording { text, leads: true },
            None => Wording { text: self.text, leads: false },
        }
    }

    fn said(&self, number: u16, found: &Match<'_>, line: &Line<'_>) -> Option<Said> {
        let all = found.groups[0].unwrap_or(found.whole);
        let mut weight = self.weight;
        let mut needs = Needs::None;
        let mut lines_behind = 0;
        let message = match self.tell {
            Tell::Task => return Some(Said::Task(found.group(1).to_owned())),
            _ if self.weight == FailureWeight::Silent => return None,
            Tell::Line => all.to_owned(),
            Tell::Record => {
                let (behind, last) = (line.last)();
                lines_behind = behind;
                // A traceback that was cut ends with a frame.
                let is_cut = last.trim_start().starts_with("File \"");
                (behind > 0 && !is_cut).then_some(last)?
            }
            Tell::Panic => match (line.next)() {
                Some(next) if all.ends_with(':') => format!("{all} {}", next.trim()),
                _ => all.to_owned(),
            },
            Tell::Ansible => {
                needs = Needs::NextAndTask;
                format!("{}: {}", found.group(1), result(found.group(2)))
            }
            Tell::Result => {
                needs = Needs::RestAndTask(Vec::new());
                line.node?.to_owned()
            }
        };
        if says_nothing(&message) {
            weight = weight.max(FailureWeight::Likely);
        }
        let message = shown(&message);
        let kind = self.kind;
        let words = self.wording().text;
        let mut failure =
            Failure { signal: number, kind, weight, words, message, lines_behind, needs };
        match self.tell {
            Tell::Ansible => failure = failure.with_rest((line.behind)(1))?,
            Tell::Result => failure = failure.with_rest((line.behind)(RESULT_LINES))?,
            _ => {}
        }
        (!failure.message.is_empty()).then_some(Said::Failure(failure))
    }
}

impl Failure {
    /// Reads the lines behind: whether the failure was ignored, and more of the result that says why
    /// a task failed:
    ///
    /// ```text
    /// node | {
    /// node |   "delta": "0:00:00.005685",
    /// node |   "msg": "non-zero return code"
    /// node | }
    /// ```
    ///
    /// Nothing where they say that it is no failure.
    pub(crate) fn with_rest(mut self, rest: Vec<String>) -> Option<Failure> {
        match (self.needs, rest.first()) {
            (Needs::NextAndTask, Some(next)) => {
                self.needs = Needs::Task;
                (!next.starts_with(IGNORED)).then_some(self)
            }
            (Needs::RestAndTask(mut lines), _) => {
                self.needs = Needs::None;
                lines.extend(rest);
                self.with_result(lines)
            }
            (needs, _) => Some(Failure { needs, ..self }),
        }
    }

    fn with_result(mut self, mut lines: Vec<String>) -> Option<Failure> {
        lines.truncate(RESULT_LINES);
        if lines.first().is_some_and(|first| first != "{") {
            return None;
        }
        let message = lines.iter().position(|line| line.starts_with("  \"msg\": "));
        let is_whole = lines.len() == RESULT_LINES || lines.iter().any(|line| line == "}");
        self.needs = match message {
            None if !is_whole => Needs::RestAndTask(lines),
            None => Needs::Task,
            Some(index) => {
                let value = lines[index]["  \"msg\": ".len()..].trim_end_matches(',');
                let text: String = serde_json::from_str(value).unwrap_or_default();
                let told = format!("{}: {}", self.message, telling_line(&text));
                if says_nothing(&told) {
                    self.weight = self.weight.max(FailureWeight::Likely);
                }
                self.message = shown(&told);
                Needs::Task
            }
        };
        Some(self)
    }
}

/// What Ansible says of a task that failed, from its result.
fn result(json: &str) -> String {
    let Ok(Value::Object(result)) = serde_json::from_str(json) else { return "failed".to_owned() };
    let text = |key: &str| {
        let text = result.get(key).and_then(Value::as_str).map(telling_line);
        text.filter(|text| !text.is_empty())
    };
    let message = text("msg");
    let told = message.as_ref().filter(|message| !says_nothing(message));
    let output = || ["stderr", "module_stderr", "stdout"].into_iter().find_map(text);
    match (told, message.as_ref()) {
        (Some(told), _) => told.to_string(),
        (None, Some(message)) => match output() {
            Some(output) => format!("{message}: {output}"),
            None => message.to_string(),
        },
        (None, None) => output().map_or_else(|| "failed".to_owned(), Cow::into_owned),
    }
}

/// The line of a text that tells most: of a traceback the last, else the first.
fn telling_line(text: &str) -> Cow<'_, str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let line =
        if first.starts_with("Traceback") { lines.next_back().unwrap_or(first) } else { first };
    Cow::Borrowed(line)
}

/// True for what Ansible and Python say where a command failed, whatever it did.
fn says_nothing(message: &str) -> bool {
    ["non-zero return code", "MODULE FAILURE", "non-zero exit status", "SystemExit"]
        .iter()
        .any(|words| message.contains(words))
}

/// One line without control characters, cut where it is too long.
fn shown(message: &str) -> String {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    if message.len() <= MAX_MESSAGE && message.as_bytes().iter().all(is_plain) {
        return message.trim().to_owned();
    }
    let blank = |character: char| if character.is_control() { ' ' } else { character };
    let line: String = message.chars().take(2 * MAX_MESSAGE).map(blank).collect();
    line.trim().chars().take(MAX_MESSAGE).collect()
}
