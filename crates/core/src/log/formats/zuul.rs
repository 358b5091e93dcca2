//! Zuul's console: `2022-02-28 09:44:58.839036 | node | text`, `2014-11-25 00:49:21.685 | text`.

use super::head::{Head, stamp_len, word};

/// A node's name is no longer than this many bytes; longer words before a bar are text.
const MAX_NODE: usize = 128;

pub(in crate::log) fn head(line: &[u8]) -> Option<Head<'_>> {
    let end = match stamp_len(line, b' ') {
        0 => return None,
        end => end,
    };
    let bar = bar_len(&line[end..])?;
    let stamp = &line[..end];
    let node = node(stamp, &line[end + bar..]);
    let len = match node {
        [] => end + bar,
        node => {
            let column = end + bar + node.len();
            column + bar_len(&line[column..])?
        }
    };
    Some(Head { len, stamp, node, ..Head::default() })
}

/// Whether the line has a [`head`].
pub(in crate::log) fn begins(line: &[u8]) -> bool {
    let end = stamp_len(line, b' ');
    end > 0 && bar_len(&line[end..]).is_some()
}

/// The length of ` | `, or of ` |` at the line's end.
fn bar_len(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b' ', b'|', b' ', ..] => Some(3),
        [b' ', b'|'] => Some(2),
        _ => None,
    }
}

/// The node's column, if there is one. The two-column consoles wrote milliseconds, the others
/// microseconds, which tells them apart where the text itself begins with a word and a bar.
fn node<'a>(stamp: &[u8], rest: &'a [u8]) -> &'a [u8] {
    let two_columns = stamp.len() == "2014-11-25 00:49:21.685".len();
    let name = word(rest);
    let is_node = !two_columns
        && !name.is_empty()
        && name.len() <= MAX_NODE
        && !name.contains(&b'|')
        && bar_len(&rest[name.len()..]).is_some();
    if is_node { name } else { &[] }
}
