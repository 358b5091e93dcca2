//! OpenStack's oslo.log: `2013-10-18 17:39:43.967 2625 ERROR module [req-…] text`.

use super::head::{Head, Role, digits, is_level, stamp_len, word};
use super::syslog;

pub(in crate::log) fn head(line: &[u8]) -> Option<Head<'_>> {
    match stamp_len(line, b' ') {
        0 => journal_head(line),
        end => {
            let stamp = &line[..end];
            let rest = line[end..].strip_prefix(b" ")?;
            let pid = &rest[..digits(rest)];
            let rest = if pid.is_empty() { rest } else { rest[pid.len()..].strip_prefix(b" ")? };
            let record = Record::read(rest)?;
            let len = line.len() - rest.len() + record.len;
            let Record { level, module, role, .. } = record;
            Some(Head { len, stamp, level, module, pid, role, ..Head::default() })
        }
    }
}

/// Behind the journal's prefix, where the record has no time and process of its own.
fn journal_head(line: &[u8]) -> Option<Head<'_>> {
    let outer = syslog::head(line)?;
    let record = Record::read(&line[outer.len..])?;
    let Record { level, module, role, .. } = record;
    Some(Head { len: outer.len + record.len, level, module, role, ..outer })
}

/// `LEVEL module `, and what the bracket behind it tells.
struct Record<'a> {
    len: usize,
    level: &'a [u8],
    module: &'a [u8],
    role: Role,
}

impl Record<'_> {
    fn read(rest: &[u8]) -> Option<Record<'_>> {
        let level = word(rest);
        if !is_level(level) {
            return None;
        }
        let tail = rest[level.len()..].strip_prefix(b" ")?;
        let module = word(tail);
        let is_module = |byte: &u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-');
        if module.is_empty() || !module.iter().all(is_module) {
            return None;
        }
        // The blank behind the module goes with the prefix; an empty message may have lost it.
        let blank = usize::from(tail.len() > module.len());
        let len = level.len() + 1 + module.len() + blank;
        Some(Record { len, level, module, role: role(level, &rest[len..]) })
    }
}

/// oslo.log writes an exception's lines without the request context that its first line has.
fn role(level: &[u8], text: &[u8]) -> Role {
    match (level, text) {
        (b"TRACE", _) => Role::Trace,
        (_, [b'[', b'-', ..] | [b'[', b'r', b'e', b'q', b'-', ..]) => Role::Context,
        (_, [b'[', b'N', b'o', b'n', b'e', ..] | [b'[', b'g', b'l', b'o', b'b', ..]) => {
            Role::Context
        }
        (b"ERROR" | b"CRITICAL", _) => Role::Exception,
        _ => Role::Any,
    }
}
