//! Jenkins' Timestamper: `[2024-01-01T00:00:00.000Z] text`, `00:00:01 text`. The second is also
//! how mozharness writes its logs, with a level.

use super::head::{Head, has_clock, stamp_len};
use super::taskcluster::mozharness;

pub(in crate::log) fn head(line: &[u8]) -> Option<Head<'_>> {
    let (stamp, end) = match line.first()? {
        b'[' => bracketed(line)?,
        b'0'..=b'9' if has_clock(line) => {
            let (level, len) = mozharness(line);
            if len > 0 {
                return Some(Head { len, stamp: &line[..8], level, ..Head::default() });
            }
            (&line[..8], 8)
        }
        _ => return None,
    };
    let len = match line.get(end) {
        Some(b' ') => end + 1,
        None => end,
        Some(_) => return None,
    };
    Some(Head { len, stamp, ..Head::default() })
}

fn bracketed(line: &[u8]) -> Option<(&[u8], usize)> {
    let time = stamp_len(&line[1..], b'T');
    if time == 0 || !line[1 + time..].starts_with(b"Z]") {
        return None;
    }
    Some((&line[1..time + 2], time + 3))
}
