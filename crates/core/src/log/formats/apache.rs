//! Apache's error log, and the access logs that it shares with others.

use super::head::{Head, shaped, word};

/// `[Sun Oct 20 10:00:00.123456 2013] [core:error] [pid 1:tid 2] [client 10.0.0.1:80] text`.
pub(in crate::log) fn error_head(line: &[u8]) -> Option<Head<'_>> {
    let rest = line.strip_prefix(b"[")?;
    // `Sun Oct 20 10:00:00`: the names need no look-up, the shape is rare enough.
    let is_time = rest.len() > 24 && shaped(&rest[11..], b"00:00:00") && rest[3] == b' ';
    let end = rest.iter().position(|&byte| byte == b']')?;
    if !is_time || !shaped(rest.get(end.checked_sub(5)?..)?, b" 0000]") {
        return None;
    }
    let mut head = Head { len: end + 2, stamp: &rest[..end], ..Head::default() };
    while let Some(part) = bracket(&line[head.len..]) {
        head.len += part.len() + 3;
        if let Some(pid) = part.strip_prefix(b"pid ") {
            head.pid = pid;
        } else if !part.starts_with(b"client ") && head.level.is_empty() {
            let colon = part.iter().position(|&byte| byte == b':');
            head.module = &part[..colon.unwrap_or(0)];
            head.level = &part[colon.map_or(0, |at| at + 1)..];
        }
    }
    head.len += usize::from(line.get(head.len) == Some(&b' '));
    Some(head)
}

/// ` [something]`.
fn bracket(rest: &[u8]) -> Option<&[u8]> {
    const KNOWN: [&[u8]; 2] = [b"pid ", b"client "];
    let inner = rest.strip_prefix(b" [")?;
    let part = &inner[..inner.iter().position(|&byte| byte == b']')?];
    // A bracket with blanks that is none of Apache's own is text.
    let is_own = !part.contains(&b' ') || KNOWN.iter().any(|known| part.starts_with(known));
    is_own.then_some(part)
}

/// `10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326`: the whole line is text.
pub(in crate::log) fn access_head(line: &[u8]) -> Option<Head<'_>> {
    let mut at = 0;
    let mut fields = [&line[..0]; 3];
    for field in &mut fields {
        *field = word(line.get(at..)?);
        if field.is_empty() {
            return None;
        }
        at += field.len() + 1;
    }
    let rest = line.get(at..)?.strip_prefix(b"[")?;
    let is_time = rest.len() > 28
        && shaped(rest, b"00/")
        && shaped(&rest[6..], b"/0000:00:00:00 ")
        && shaped(&rest[22..], b"0000] \"");
    if !is_time {
        return None;
    }
    Some(Head { stamp: &rest[..26], node: fields[0], ..Head::default() })
}
