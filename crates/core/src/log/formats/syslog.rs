//! Syslog: RFC 3164, RFC 5424, and what `journalctl` prints.

use super::head::{Head, blanks, digits, has_clock, shaped, stamp_len, word, zone_len};

pub(in crate::log) fn head(line: &[u8]) -> Option<Head<'_>> {
    let start = priority_len(line);
    let rest = &line[start..];
    if start > 0
        && let Some(tail) = rest.strip_prefix(b"1 ")
    {
        return rfc5424(line, tail);
    }
    let stamp = match bsd_stamp_len(rest) {
        0 => iso_stamp_len(rest),
        len => len,
    };
    if stamp == 0 {
        return None;
    }
    let stamp = &rest[..stamp];
    let host_start = start + stamp.len() + 1;
    let node = word(line.get(host_start..)?);
    if node.is_empty() || !node.iter().all(is_host) {
        return None;
    }
    let tag_start = host_start + node.len() + 1;
    let tag = Tag::read(line.get(tag_start..)?);
    let len = tag_start + tag.len;
    Some(Head { len, stamp, node, program: tag.program, pid: tag.pid, ..Head::default() })
}

fn is_host(byte: &u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b':' | b'@' | b'.' | b'_' | b'-')
}

/// `<34>`, the facility and severity of RFC 3164 §4.1.1.
fn priority_len(line: &[u8]) -> usize {
    if line.first() != Some(&b'<') {
        return 0;
    }
    match digits(&line[1..]) {
        number @ 1..=3 if line.get(number + 1) == Some(&b'>') => number + 2,
        _ => 0,
    }
}

/// `Oct  8 17:39:43`, perhaps with a fraction; 0 for none.
fn bsd_stamp_len(line: &[u8]) -> usize {
    if line.len() <= 15
        || !is_month(line)
        || !(shaped(&line[3..], b" 00 ") || shaped(&line[3..], b"  0 "))
    {
        return 0;
    }
    if !has_clock(&line[7..]) {
        return 0;
    }
    let fraction = match line[15] {
        b'.' => 1 + digits(&line[16..]),
        _ => 0,
    };
    blank_after(line, 15 + fraction)
}

fn is_month(line: &[u8]) -> bool {
    let Some(name) = line.first_chunk::<3>() else { return false };
    matches!(
        name,
        b"Jan"
            | b"Feb"
            | b"Mar"
            | b"Apr"
            | b"May"
            | b"Jun"
            | b"Jul"
            | b"Aug"
            | b"Sep"
            | b"Oct"
            | b"Nov"
            | b"Dec"
    )
}

/// `2024-01-01T00:00:00.123456+00:00`, which must have a zone; 0 for none.
fn iso_stamp_len(line: &[u8]) -> usize {
    let time = stamp_len(line, b'T');
    match zone_len(&line[time..]) {
        zone if time > 0 && zone > 0 => blank_after(line, time + zone),
        _ => 0,
    }
}

fn blank_after(line: &[u8], len: usize) -> usize {
    if line.get(len) == Some(&b' ') { len } else { 0 }
}

/// `prog[pid]: `, absent when the text has no such beginning.
struct Tag<'a> {
    len: usize,
    program: &'a [u8],
    pid: &'a [u8],
}

impl Tag<'_> {
    fn read(rest: &[u8]) -> Tag<'_> {
        let name = word(rest);
        let Some(tag) = name.strip_suffix(b":").filter(|tag| !tag.is_empty()) else {
            return Tag { len: 0, program: &[], pid: &[] };
        };
        let bracket = tag.iter().position(|&byte| byte == b'[');
        let pid = bracket.and_then(|at| tag[at + 1..].strip_suffix(b"]"));
        let program = match (bracket, pid) {
            (Some(at), Some(_)) => &tag[..at],
            _ => tag,
        };
        let len = name.len() + usize::from(rest.len() > name.len());
        Tag { len, program, pid: pid.unwrap_or_default() }
    }
}

/// `TIMESTAMP HOST APP PROCID MSGID STRUCTURED-DATA MSG`; `-` stands for an absent one.
fn rfc5424<'a>(line: &'a [u8], rest: &'a [u8]) -> Option<Head<'a>> {
    let mut at = line.len() - rest.len();
    let mut fields = [&line[..0]; 5];
    for field in &mut fields {
        *field = word(line.get(at..)?);
        at += field.len() + 1;
    }
    let [stamp, node, program, pid, _message_id] = fields.map(|field| match field {
        b"-" => &[],
        field => field,
    });
    if !stamp.is_empty() && stamp_len(stamp, b'T') == 0 {
        return None;
    }
    at += structured_data_len(line.get(at..)?)?;
    at += blanks(&line[at.min(line.len())..]).min(1);
    Some(Head { len: at, stamp, node, program, pid, ..Head::default() })
}

/// `-`, or elements in brackets, in whose quoted values a backslash escapes.
fn structured_data_len(rest: &[u8]) -> Option<usize> {
    if rest.first() == Some(&b'-') {
        return Some(1);
    }
    let (mut quoted, mut escaped, mut open) = (false, false, false);
    for (at, &byte) in rest.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if open => quoted = !quoted,
            b']' if open && !quoted => open = false,
            b'[' if !open => open = true,
            _ if open => {}
            _ => return (at > 0).then_some(at),
        }
    }
    (!open && !rest.is_empty()).then_some(rest.len())
}
