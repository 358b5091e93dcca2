//! Kubernetes' klog: `E0102 15:04:05.000000   1 file.go:10] text`.

use super::head::{Head, blanks, digits, shaped};

pub(in crate::log) fn head(line: &[u8]) -> Option<Head<'_>> {
    let level: &[u8] = match line.first()? {
        b'I' => b"INFO",
        b'W' => b"WARNING",
        b'E' => b"ERROR",
        b'F' => b"FATAL",
        _ => return None,
    };
    if !shaped(&line[1..], b"0000 00:00:00.000000 ") {
        return None;
    }
    let pid_start = 22 + blanks(&line[22..]);
    let pid = &line[pid_start..pid_start + digits(&line[pid_start..])];
    let rest = line[pid_start + pid.len()..].strip_prefix(b" ")?;
    let end = rest.iter().position(|&byte| byte == b']' || byte == b' ')?;
    if pid.is_empty() || rest[end] != b']' || !rest[..end].contains(&b':') {
        return None;
    }
    let bracket = line.len() - rest.len() + end + 1;
    let len = bracket + usize::from(line.get(bracket) == Some(&b' '));
    Some(Head { len, stamp: &line[1..21], level, module: &rest[..end], pid, ..Head::default() })
}
