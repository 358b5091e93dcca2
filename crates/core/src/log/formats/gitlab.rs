//! GitLab's timestamped job logs: `2024-01-01T00:00:00.000000Z 00O text`.

use super::head::{Head, Role, stamp_len};

pub(in crate::log) fn head(line: &[u8]) -> Option<Head<'_>> {
    let time = stamp_len(line, b'T');
    if time == 0 {
        return None;
    }
    // `Z`, a blank, the stream's number in hexadecimal, standard output or error, and a plus where
    // the line is the rest of the one before.
    let [b'Z', b' ', high, low, b'O' | b'E', tail @ ..] = &line[time..] else {
        return None;
    };
    if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
        return None;
    }
    let role = match tail.first() {
        None | Some(b' ') => Role::Any,
        Some(b'+') => Role::Continuation,
        Some(_) => return None,
    };
    let len = time + 5 + usize::from(!tail.is_empty());
    Some(Head { len, stamp: &line[..=time], role, ..Head::default() })
}
