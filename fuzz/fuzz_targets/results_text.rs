//! Any bytes as JUnit XML and as Zuul's task results: reading ends, with events or an error, and it is
//! the same however the bytes arrive. A document that is whole gives each test once.
#![no_main]

use std::io::{self, Read};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use recheck_core::{
    Fields,
    results::{ResultsKind, read_results},
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    json: bool,
    /// Sizes of the pieces, used in turn.
    pieces: Vec<u8>,
    bytes: &'a [u8],
}

/// A reader that gives pieces of these sizes.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, u8>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes.next().map_or(1, |size| usize::from(*size).max(1));
        let size = size.min(out.len());
        self.bytes.read(&mut out[..size])
    }
}

fn read(kind: ResultsKind, mut reader: impl Read) -> (Vec<Fields>, Option<String>) {
    let mut events = Vec::new();
    let outcome = read_results(kind, &mut reader, &mut |event| {
        events.push(event);
        true
    });
    (events, outcome.err().map(|error| error.to_string()))
}

fuzz_target!(|input: Input<'_>| {
    let kind = if input.json { ResultsKind::ZuulTasks } else { ResultsKind::JUnit };
    let whole = read(kind, input.bytes);
    let pieces = Pieces { bytes: input.bytes, sizes: input.pieces.iter().cycle() };
    assert_eq!(whole, read(kind, pieces), "the answer depends on the pieces");
    for event in &whole.0 {
        assert!(input.json || event.first("test_id").is_some_and(|id| !id.is_empty()));
    }
});
