//! Taskcluster: `[task 2025-02-14T10:05:36.361Z] text`, and mozharness' own
//! `10:07:59     INFO - text` behind it.

use super::head::{Head, blanks, has_clock, is_level, stamp_len, word};

pub(in crate::log) fn head(line: &[u8]) -> Option<Head<'_>> {
    let rest = line.strip_prefix(b"[")?;
    let module = word(rest);
    let time_start = module.len() + 1;
    let rest = rest.get(time_start..)?;
    let time = match stamp_len(rest, b'T') {
        0 => stamp_len(rest, b' '),
        time => time,
    };
    if module.is_empty() || time == 0 || !rest[time..].starts_with(b"Z]") {
        return None;
    }
    let end = 1 + time_start + time + 2;
    let len = match line.get(end) {
        Some(b' ') => end + 1,
        None => end,
        Some(_) => return None,
    };
    let (level, inner) = mozharness(&line[len..]);
    Some(Head { len: len + inner, stamp: &rest[..=time], level, module, ..Head::default() })
}

/// `10:07:59     INFO - `: the level and the length, which is 0 for none. Before what a command
/// prints mozharness sets another blank.
pub(super) fn mozharness(text: &[u8]) -> (&[u8], usize) {
    if !has_clock(text) || text.get(8) != Some(&b' ') {
        return (&[], 0);
    }
    let start = 9 + blanks(&text[9..]);
    let level = word(&text[start..]);
    let end = start + level.len();
    if !is_level(level) || !text[end..].starts_with(b" -") {
        return (&[], 0);
    }
    match text.get(end + 2) {
        Some(b' ') => (level, end + 3 + blanks(&text[end + 3..]).min(1)),
        None => (level, end + 2),
        Some(_) => (&[], 0),
    }
}
