//! A log is the same however it arrives: cut into pieces anywhere, the clean text and the events
//! are those of the log in one piece, and the events partition the clean text.
#![no_main]

use std::ops::Range;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use recheck_core::log::{Cleaner, Profile, Splitter};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    lines: bool,
    /// Sizes of the pieces, used in turn.
    pieces: Vec<u8>,
    log: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let profile = if input.lines { Profile::Lines } else { Profile::Records };
    let whole = clean_whole(input.log);
    let splitter = Splitter::detect(&whole, profile);
    let events = events_of(&splitter, &whole);

    let mut end = 0;
    for event in &events {
        assert!(event.start == end && event.end > event.start, "not a partition: {events:?}");
        end = event.end;
    }
    assert_eq!(end, whole.len());
    assert_eq!(splitter.count_events(&whole), events.len() as u64);

    let mut cursor = splitter.cursor(&whole);
    for event in &events {
        assert_eq!(cursor.event_at(event.start), *event);
        assert_eq!(cursor.event_at(event.end - 1), *event);
    }
    if let Some(last) = events.last() {
        assert_eq!(splitter.cursor(&whole).event_at(last.end - 1), *last, "asked for directly");
    }

    let (pieced, pieced_events) = read_in_pieces(&splitter, input.log, &input.pieces);
    assert_eq!(pieced, whole, "the clean text depends on the pieces");
    assert_eq!(pieced_events, events, "the events depend on the pieces");
});

fn clean_whole(log: &[u8]) -> Vec<u8> {
    let (mut cleaner, mut out) = (Cleaner::new(), Vec::new());
    cleaner.feed(log, &mut out);
    cleaner.finish(&mut out);
    assert_eq!(cleaner.unsettled(), 0);
    out
}

fn events_of(splitter: &Splitter, block: &[u8]) -> Vec<Range<usize>> {
    let mut cursor = splitter.cursor(block);
    std::iter::from_fn(|| cursor.next_event()).collect()
}

/// The clean text and its events as a scan finds them: a buffer that whole blocks are taken from.
fn read_in_pieces(
    splitter: &Splitter,
    mut log: &[u8],
    pieces: &[u8],
) -> (Vec<u8>, Vec<Range<usize>>) {
    let mut sizes = pieces.iter().map(|&size| usize::from(size) + 1).cycle();
    let (mut cleaner, mut buffer) = (Cleaner::new(), Vec::new());
    let (mut taken, mut events) = (Vec::new(), Vec::new());
    loop {
        let (piece, rest) = log.split_at(sizes.next().unwrap_or(log.len()).min(log.len()));
        log = rest;
        cleaner.feed(piece, &mut buffer);
        let last = log.is_empty();
        if last {
            cleaner.finish(&mut buffer);
        }
        loop {
            let settled = buffer.len() - cleaner.unsettled();
            let complete = splitter.complete(&buffer[..settled], last);
            if complete == 0 {
                break;
            }
            let offset = taken.len();
            let block = events_of(splitter, &buffer[..complete]);
            events.extend(block.iter().map(|event| event.start + offset..event.end + offset));
            taken.extend(buffer.drain(..complete));
        }
        if last {
            return (taken, events);
        }
    }
}
