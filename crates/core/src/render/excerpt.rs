//! Log text made fit to be shown: one line, without control characters, cut round the match.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use crate::scan::Evidence;

/// The mark of text left out.
const CUT: char = '…';

/// What must not reach a terminal or a page as it is: control characters (C0, DEL, C1), the
/// characters that turn the direction of writing, the separators that break lines, and the two that
/// are no characters and that XML cannot hold.
fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
                | '\u{fffe}' | '\u{ffff}'
        )
}

/// Replaces characters that act instead of being shown by their escape: ESC becomes `\x1b`.
///
/// A tab becomes a blank.
///
/// # Example
///
/// ```
/// use recheck_core::render::escape;
/// assert_eq!(escape("\u{1b}[31mred\ttext"), "\\x1b[31mred text");
/// assert_eq!(escape("plain"), "plain");
/// ```
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push(&mut escaped, character);
    }
    Cow::Owned(escaped)
}

fn push(out: &mut String, character: char) {
    // Writing to a string cannot fail.
    let _ = match character {
        '\t' => out.write_char(' '),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        hostile if is_hostile(hostile) && (hostile as u32) < 0x100 => {
            write!(out, "\\x{:02x}", hostile as u32)
        }
        hostile if is_hostile(hostile) => write!(out, "\\u{{{:x}}}", hostile as u32),
        shown => out.write_char(shown),
    };
}

/// At most `width` characters of a message's line round the match, escaped.
///
/// Shows the line in which the match begins; without a match, the first line that is not blank.
///
/// # Example
///
/// ```
/// use recheck_core::render::excerpt;
/// let message = "copying\ncp: error writing 'x': No space left on device";
/// let start = message.find("No space").unwrap();
/// let matched = Some(start..message.len());
/// assert_eq!(excerpt(message, matched.clone(), 100), "cp: error writing 'x': No space left on device");
/// assert_eq!(excerpt(message, matched, 25), "…No space left on device");
/// ```
pub fn excerpt(message: &str, matched: Option<Range<usize>>, width: usize) -> String {
    let (line, matched) = line_of(message, matched);
    let shown = window(line, matched, width);
    let (before, after) = (shown.start > 0, shown.end < line.len());
    let mut text = String::with_capacity(shown.len() + 8);
    if before {
        text.push(CUT);
    }
    text.push_str(&escape(&line[shown]));
    if after {
        text.push(CUT);
    }
    text
}

/// The line that a reader looks for: that of the part of the message which [`excerpt`] shows. Of an
/// event that never was a text, its number.
pub fn shown_line(evidence: &Evidence, matched: Option<&Range<usize>>) -> u64 {
    if evidence.structured {
        return evidence.line;
    }
    let before = matched.and_then(|matched| evidence.message.get(..matched.start));
    evidence.line + before.unwrap_or_default().matches('\n').count() as u64
}

/// `file:line`, or `file#number` for an event that never was a text.
pub fn place(evidence: &Evidence, line: u64) -> String {
    let mark = if evidence.structured { '#' } else { ':' };
    format!("{}{mark}{line}", evidence.file)
}

/// The line that holds the match's start, trimmed, and the match within it.
fn line_of(message: &str, matched: Option<Range<usize>>) -> (&str, Range<usize>) {
    let Some(matched) = matched.filter(|matched| message.get(matched.clone()).is_some()) else {
        let line = message.lines().map(str::trim).find(|line| !line.is_empty());
        return (line.unwrap_or_default(), 0..0);
    };
    let start = message[..matched.start].rfind('\n').map_or(0, |feed| feed + 1);
    let rest = &message[matched.start..];
    let end = rest.find('\n').map_or(message.len(), |feed| matched.start + feed);
    let line = message[start..end].trim_end();
    let indent = line.len() - line.trim_start().len();
    let within = |offset: usize| offset.clamp(start + indent, start + line.len()) - start - indent;
    (&line[indent..], within(matched.start)..within(matched.end))
}

/// The bytes of `line` to show: the match in the middle, as much round it as fits.
fn window(line: &str, matched: Range<usize>, width: usize) -> Range<usize> {
    let fits = line.char_indices().nth(width).is_none();
    if fits {
        return 0..line.len();
    }
    let inside = line[matched.clone()].chars().count().min(width);
    let before = line[..matched.start].chars().count();
    let after = line[matched.start..].chars().count() - inside;
    // A quarter of what is left stands before the match: what follows says more than what leads.
    let spare = width - inside;
    let lead = (spare / 4).max(spare.saturating_sub(after)).min(before);
    let start = line[..matched.start].char_indices().rev().take(lead).last();
    let start = start.map_or(matched.start, |(offset, _)| offset);
    let start = if start > 0 { word_start(line, start, matched.start) } else { start };
    let end = line[start..].char_indices().nth(width).map_or(line.len(), |(end, _)| start + end);
    start..end
}

/// The start of a word soon after `start`, so that the text does not begin within one.
fn word_start(line: &str, start: usize, matched: usize) -> usize {
    const SOON: usize = 16;
    let blank = line[start..matched].bytes().take(SOON).position(|byte| byte == b' ');
    blank.map_or(start, |blank| start + blank + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_gets_through() {
        let hostile = "a\u{1b}]8;;http://x\u{7}b\u{9b}31m\u{202e}c\r\u{0}";
        let shown = escape(hostile);
        assert!(!shown.chars().any(is_hostile), "{shown:?}");
        assert_eq!(shown, "a\\x1b]8;;http://x\\x07b\\x9b31m\\u{202e}c\\r\\x00");
    }

    #[test]
    fn the_match_is_always_shown() {
        let message = format!("{}needle{}", "é".repeat(300), "ü".repeat(300));
        let start = 600;
        for width in [10, 11, 50, 100] {
            let shown = excerpt(&message, Some(start..start + 6), width);
            assert!(shown.contains("needle"), "{width}: {shown}");
            assert_eq!(shown.chars().count(), width + 2);
        }
    }

    #[test]
    fn the_end_of_a_line_is_filled_from_before_it() {
        let shown = excerpt(&format!("{}end", "x".repeat(50)), Some(50..53), 20);
        assert_eq!(shown, format!("…{}end", "x".repeat(17)));
    }

    #[test]
    fn a_message_of_many_lines_shows_the_one_that_matched() {
        assert_eq!(excerpt("a\n  bc \nd", Some(4..5), 9), "bc");
        assert_eq!(excerpt("\n \nfirst\nlast", None, 9), "first");
        assert_eq!(excerpt("a\nb", Some(9..12), 9), "a");
        assert_eq!(excerpt("a\nlong match\nb", Some(2..14), 99), "long match");
    }
}
