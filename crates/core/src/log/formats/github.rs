//! GitHub Actions: `2024-01-01T00:00:00.0000000Z text`, and `job TAB step TAB` before it as
//! `gh run view --log` prints.

use super::head::{Head, stamp_len};

pub(in crate::log) fn head(line: &[u8]) -> Option<Head<'_>> {
    let (node, module) = columns(line).unwrap_or_default();
    let start = if node.is_empty() { 0 } else { node.len() + module.len() + 2 };
    // `gh` leaves the byte order mark of each step's file where it was.
    let mark = if line[start..].starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    let rest = &line[start + mark..];
    let time = stamp_len(rest, b'T');
    if time == 0 || rest.get(time) != Some(&b'Z') {
        return None;
    }
    let blank = match rest.get(time + 1) {
        Some(b' ') => 1,
        None => 0,
        Some(_) => return None,
    };
    let len = start + mark + time + 1 + blank;
    let level = level(&rest[time + 1 + blank..]);
    Some(Head { len, stamp: &rest[..time + 1], level, node, module, ..Head::default() })
}

fn columns(line: &[u8]) -> Option<(&[u8], &[u8])> {
    // The common line has none, and a digit tells it from a job's name most of the time.
    if line.first()?.is_ascii_digit() && stamp_len(line, b'T') > 0 {
        return None;
    }
    let mut tabs = line.iter().enumerate().filter(|&(_, &byte)| byte == b'\t').map(|(at, _)| at);
    let (first, second) = (tabs.next()?, tabs.next()?);
    (first > 0).then(|| (&line[..first], &line[first + 1..second]))
}

/// Workflow commands say how bad a line is.
fn level(text: &[u8]) -> &'static [u8] {
    const COMMANDS: [(&[u8], &[u8]); 4] = [
        (b"##[error]", b"ERROR"),
        (b"##[warning]", b"WARNING"),
        (b"##[notice]", b"NOTICE"),
        (b"##[debug]", b"DEBUG"),
    ];
    if !text.starts_with(b"##[") {
        return &[];
    }
    COMMANDS.iter().find(|(command, _)| text.starts_with(command)).map_or(&[], |&(_, level)| level)
}
