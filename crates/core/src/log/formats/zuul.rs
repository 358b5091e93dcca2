//! Zuul's console: `2022-02-28 09:44:58.839036 | node | text`, `2014-11-25 00:49:21.685 | text`.

use super::head::{DATE, Eight, Head, WITH_BLANK, stamp_len, word};

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
#[inline]
pub(in crate::log) fn begins(line: &[u8]) -> bool {
    line.first_chunk().is_some_and(begins_as_most_do) || begins_somehow(line)
}

/// Whether the line begins with `2014-11-25 00:49:21.685 | ` or `2022-02-28 09:44:58.839036 | `.
#[inline]
fn begins_as_most_do(line: &[u8; 32]) -> bool {
    const MILLIS: Eight = Eight::new(b":00.000 ");
    const MICROS: Eight = Eight::new(b":00.0000");
    let (parts, _) = line.as_chunks::<8>();
    let tail = &parts[3];
    let is_stamp = DATE.matches(&parts[0]) & WITH_BLANK.matches(&parts[1]);
    let millis = MILLIS.matches(&parts[2]) && tail.starts_with(b"| ");
    is_stamp
        && (millis
            || MICROS.matches(&parts[2])
                && tail[..2].iter().all(u8::is_ascii_digit)
                && tail[2..].starts_with(b" | "))
}

fn begins_somehow(line: &[u8]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_begins_has_a_head() {
        let lines = [
            "2014-11-25 00:49:21.685 | a text that is long enough",
            "2022-02-28 09:44:58.839036 | node | a text",
            "2022-02-28 09:44:58.83903 | a text that is long",
            "2022-02-28 09:44:58 | a text that is long enough",
            "2022-02-28 09:44:58.839036 |",
            "2014-11-25 00:49:21.685 |a text that is no record",
            "2014-11-25 00:49:21.6851 |a text that is no record",
            "2022-02-28T09:44:58.839036 | node | a text",
            "2022-02-28 09:44:5x.839036 | node | a text",
            "2022-02-28 09:44:58.8390x6 | node | a text",
            "2022-02-28 09:44:58.839036 - node | a text",
        ];
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(begins(line.as_bytes()), head(line.as_bytes()).is_some(), "{line}");
            assert_eq!(begins(line.as_bytes()), number < 5, "{line}");
        }
    }
}
