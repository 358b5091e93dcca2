//! Finding secrets by the table, and replacing them.

use std::{
    borrow::Cow,
    ops::Range,
    sync::{LazyLock, OnceLock},
};

use aho_corasick::AhoCorasick;
use regex::{Captures, Regex};

use super::{rules::RULES, value};

/// The table made ready: which rules a text is worth trying with is told by one search for all
/// their anchors, and a rule's pattern is compiled when a text first is.
struct Finder {
    anchors: AhoCorasick,
    /// The rule of each anchor.
    owners: Vec<usize>,
    patterns: Vec<OnceLock<Regex>>,
}

static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let (mut owners, mut anchors) = (Vec::new(), Vec::new());
    for (index, rule) in RULES.iter().enumerate() {
        owners.resize(owners.len() + rule.anchors.len(), index);
        anchors.extend_from_slice(rule.anchors);
    }
    let built = AhoCorasick::builder().ascii_case_insensitive(true).build(anchors);
    Finder {
        anchors: built.expect("a hundred short anchors are within every limit"),
        owners,
        patterns: RULES.iter().map(|_| OnceLock::new()).collect(),
    }
});

/// A secret's place, and what it is.
#[derive(Debug)]
struct Secret {
    range: Range<usize>,
    kind: &'static str,
}

/// The text with its secrets replaced by `[redacted: KIND]`; borrowed when there are none.
///
/// The number of lines stays the same.
///
/// # Example
///
/// ```
/// use recheck_core::redact;
/// let line = "fatal: unable to access 'https://bot:hunter2@git.example.org/x.git/'";
/// assert_eq!(
///     redact(line),
///     "fatal: unable to access 'https://bot:[redacted: password]@git.example.org/x.git/'"
/// );
/// assert_eq!(redact("password authentication failed"), "password authentication failed");
/// ```
pub fn redact(text: &str) -> Cow<'_, str> {
    let secrets = FINDER.secrets(text);
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut done = 0;
    for Secret { range, kind } in secrets {
        shown.push_str(&text[done..range.start]);
        shown.push_str("[redacted: ");
        shown.push_str(kind);
        shown.push(']');
        // A reader counts lines from the event's first.
        shown.extend(text[range.clone()].chars().filter(|&character| character == '\n'));
        done = range.end;
    }
    shown.push_str(&text[done..]);
    Cow::Owned(shown)
}

impl Finder {
    /// The secrets in their order; none overlaps the next.
    fn secrets(&self, text: &str) -> Vec<Secret> {
        let mut found: Vec<Secret> = Vec::new();
        for rule in self.worth_trying(text) {
            let pattern = self.pattern(rule);
            let rule = &RULES[rule];
            let ranges = pattern.captures_iter(text).map(|captures| secret(&captures));
            let meant = ranges.filter(|range| value::is_secret(rule.value, text, range.clone()));
            found.extend(meant.map(|range| Secret { range, kind: rule.kind }));
        }
        // The sort is stable: where two begin, the one that stands earlier in the table tells.
        found.sort_by_key(|secret| secret.range.start);
        found.dedup_by(|next, kept| {
            let overlaps = next.range.start < kept.range.end;
            if overlaps {
                kept.range.end = kept.range.end.max(next.range.end);
            }
            overlaps
        });
        found
    }

    /// The rules of which an anchor stands in the text, in the table's order.
    fn worth_trying(&self, text: &str) -> impl Iterator<Item = usize> {
        let mut named = [false; RULES.len()];
        for anchor in self.anchors.find_overlapping_iter(text) {
            named[self.owners[anchor.pattern().as_usize()]] = true;
        }
        (0..RULES.len()).filter(move |rule| named[*rule])
    }

    fn pattern(&self, rule: usize) -> &Regex {
        self.patterns[rule]
            .get_or_init(|| Regex::new(RULES[rule].pattern).expect("a test compiles every pattern"))
    }
}

/// The first group that took part; a pattern without groups is the secret as a whole.
fn secret(captures: &Captures<'_>) -> Range<usize> {
    let group = captures.iter().skip(1).flatten().next();
    group.or_else(|| captures.get(0)).map_or(0..0, |found| found.range())
}
