//! The lines of a log round a place, for whoever asks to see them.
//!
//! What a place needs may stand in another block: with it each block keeps its first and last lines
//! until the log is done.

use std::collections::BTreeMap;

use memchr::{memchr, memrchr};
use serde::Serialize;

use crate::log::{Splitter, without_returns};

/// Characters of a line that are kept.
const MAX_LINE: usize = 1000;

/// Lines of a log round a place, without what the log's format puts before their text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Context {
    /// The lines before, the nearest last.
    pub before: Vec<String>,
    /// The lines behind, the nearest first.
    pub after: Vec<String>,
}

impl Context {
    /// True without any line.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// At most so many lines before and behind a part of a block that begins and ends with a line.
    pub(super) fn within(
        splitter: &Splitter,
        block: &[u8],
        (start, end): (usize, usize),
        count: usize,
    ) -> Context {
        if count == 0 {
            return Context::default();
        }
        let before = lines_before(splitter, &block[..start], count);
        Context { before, after: lines_after(splitter, &block[end..], count) }
    }
}

/// The first and the last lines of a log's blocks.
#[derive(Debug, Default)]
pub(super) struct Edges {
    blocks: BTreeMap<usize, Context>,
}

impl Edges {
    /// Keeps so many lines at either end of a block.
    pub(super) fn keep(&mut self, place: usize, splitter: &Splitter, block: &[u8], count: usize) {
        if count > 0 {
            let edges = Context::within(splitter, block, (block.len(), 0), count);
            self.blocks.insert(place, edges);
        }
    }

    /// Adds to the context of a place in a block what stands in others, up to so many lines.
    pub(super) fn complete(&self, place: usize, context: &mut Context, count: usize) {
        for (_, Context { before, .. }) in self.blocks.range(..place).rev() {
            let missing = (count - context.before.len()).min(before.len());
            context.before.splice(0..0, before[before.len() - missing..].iter().cloned());
        }
        for (_, Context { after, .. }) in self.blocks.range(place + 1..) {
            let missing = count - context.after.len();
            context.after.extend(after.iter().take(missing).cloned());
        }
    }
}

/// The last lines of a text.
fn lines_before(splitter: &Splitter, text: &[u8], count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    while lines.len() < count && !rest.is_empty() {
        let whole = rest.strip_suffix(b"\n").unwrap_or(rest);
        let start = memrchr(b'\n', whole).map_or(0, |at| at + 1);
        lines.push(shown(splitter, &whole[start..]));
        rest = &rest[..start];
    }
    lines.reverse();
    lines
}

/// The first lines of a text, without what the log's format puts before their text.
pub(super) fn lines_after(splitter: &Splitter, text: &[u8], count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    while lines.len() < count && !rest.is_empty() {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        lines.push(shown(splitter, &rest[..end]));
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    lines
}

fn shown(splitter: &Splitter, line: &[u8]) -> String {
    let line = &line[..line.len().min(8 * MAX_LINE)];
    let line = without_returns(line);
    let text = String::from_utf8_lossy(&line[splitter.prefix_len(&line)..]);
    text.chars().take(MAX_LINE).collect()
}
