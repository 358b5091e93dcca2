//! Where the events of a block end, all of them found at once.
//!
//! The [walk](super::split) defines events line by line. Here most lines are only asked whether they go on
//! with the record before them; stack traces, which fold records into one event, are looked for at the words
//! that each of them has. Behind that, the event round any byte is two looks at a bit map.

use std::ops::Range;

use super::{
    fold,
    format::{LogFormat, Profile},
    lines::Lines,
    split::{EventCount, Splitter, without_end},
};

/// The events of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends<'b> {
    /// The block with those of its line feeds that end an event.
    ends: Lines<'b>,
    /// How many events there are.
    pub(crate) count: EventCount,
}

impl Ends<'_> {
    /// The event that holds the byte at `position`, which lies in the block.
    #[inline]
    pub(crate) fn event_at(&self, position: usize) -> Range<usize> {
        let length = self.ends.block.len();
        let start = self.ends.last_feed(0..position).map_or(0, |feed| feed + 1);
        let end = self.ends.first_feed(position..length).map_or(length, |feed| feed + 1);
        start..end
    }
}

impl Splitter {
    /// The events of a block of whole events that is shorter than [`MAX_EVENT`](super::MAX_EVENT), given what
    /// one look over it found: its lines, their number as line feeds and the places of the words that stack
    /// traces are made of (whole words, in any case, by position): `traceback`, `goroutine`, `panicked`,
    /// `panic`, `fatal`, `runtime`, `at`, `more` and `common`. `room` is where it may keep what it finds.
    pub(crate) fn ends<'b>(
        &self,
        (lines, feeds): (Lines<'b>, u64),
        marks: &[u32],
        room: &'b mut Vec<u64>,
    ) -> Ends<'b> {
        debug_assert!(lines.block.len() < self.max_event);
        let mut joined = Joined { lines, left: room, count: 0 };
        let mut cut = 0;
        match (self.profile(), self.format()) {
            (Profile::Lines, _) => {}
            // What a line joins may depend on more than its text.
            (_, LogFormat::OsloLog) => cut = self.join_all(&mut joined),
            (_, format) => {
                if format.has_lines_that_go_on() {
                    join_lines_that_go_on(format, &mut joined);
                }
                self.join_dumps(marks, &mut joined);
            }
        }
        let Joined { left, count, .. } = joined;
        let open = u64::from(lines.block.last().is_some_and(|&byte| byte != b'\n'));
        let ends = if count == 0 { lines } else { Lines::known(lines.block, left) };
        Ends { ends, count: EventCount { events: feeds + open - count, cut } }
    }

    /// Walks through all events; returns how many of them were cut.
    fn join_all(&self, joined: &mut Joined<'_, '_>) -> u64 {
        let mut cut = 0;
        let mut cursor = self.cursor_over(joined.lines);
        while let Some(event) = cursor.next_event() {
            cut += u64::from(self.is_cut(&event));
            joined.join(event);
        }
        cut
    }

    /// Joins the lines of the stack traces at these places.
    fn join_dumps(&self, marks: &[u32], joined: &mut Joined<'_, '_>) {
        let block = joined.lines.block;
        let mut cursor = self.cursor_over(joined.lines);
        let mut end = 0;
        for &mark in marks {
            let mark = mark as usize;
            if mark >= end && fold::may_fold(block, mark) {
                let event = cursor.event_at(mark);
                end = event.end;
                joined.join(event);
            }
        }
    }
}

fn join_lines_that_go_on(format: LogFormat, joined: &mut Joined<'_, '_>) {
    let lines = joined.lines;
    let text = lines.block;
    let mut before: Option<usize> = None;
    lines.each_feed(|feed| {
        if let Some(before) = before
            && format.goes_on(without_end(&text[before + 1..feed]))
        {
            joined.remove(before);
        }
        before = Some(feed);
    });
    if let Some(before) = before
        && before + 1 < text.len()
        && format.goes_on(without_end(&text[before + 1..]))
    {
        joined.remove(before);
    }
}

/// The line feeds that end no event are taken out of those of the block.
struct Joined<'b, 'r> {
    lines: Lines<'b>,
    /// Those left, once one was taken out.
    left: &'r mut Vec<u64>,
    /// How many were taken out.
    count: u64,
}

impl Joined<'_, '_> {
    /// Joins the lines of an event.
    fn join(&mut self, event: Range<usize>) {
        let mut start = event.start;
        while let Some(feed) = self.lines.first_feed(start..event.end - 1) {
            self.remove(feed);
            start = feed + 1;
        }
    }

    fn remove(&mut self, feed: usize) {
        if self.count == 0 {
            self.lines.copy_feeds(self.left);
        }
        let (word, bit) = Lines::place(feed);
        self.count += self.left[word] >> bit & 1;
        self.left[word] &= !(1 << bit);
    }
}

#[cfg(test)]
#[path = "ends_tests.rs"]
mod tests;
