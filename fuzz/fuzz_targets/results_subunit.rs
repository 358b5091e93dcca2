//! subunit streams of packets that are intact, whatever stands in them, with other bytes between
//! them: reading ends, no event is made up, and cutting the stream loses nothing before the cut.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use recheck_core::{
    Fields,
    results::{ResultsKind, read_results},
};

#[derive(Arbitrary, Debug)]
enum Part<'a> {
    /// A packet with a right length and a right checksum.
    Packet { flags: u16, body: &'a [u8] },
    /// The outcome of a test.
    Outcome { id: &'a str, status: u8 },
    /// Anything.
    Bytes(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    parts: Vec<Part<'a>>,
    cut: u16,
}

fn packet(flags: u16, body: &[u8]) -> Vec<u8> {
    let length = (body.len() + 9) as u16 | 0x4000;
    let mut packet = vec![0xb3];
    packet.extend((flags & 0x0fff | 0x2000).to_be_bytes());
    packet.extend(length.to_be_bytes());
    packet.extend(body);
    packet.extend(crc32fast::hash(&packet).to_be_bytes());
    packet
}

fn bytes(part: &Part<'_>) -> Vec<u8> {
    match part {
        Part::Packet { flags, body } => packet(*flags, &body[..body.len().min(10_000)]),
        Part::Outcome { id, status } => {
            let id = &id[..id.floor_char_boundary(60)];
            let body = [&[id.len() as u8], id.as_bytes()].concat();
            packet(0x0900 | u16::from(status % 8), &body)
        }
        Part::Bytes(bytes) => bytes.to_vec(),
    }
}

fn read(mut stream: &[u8]) -> Vec<Fields> {
    let mut events = Vec::new();
    let _ = read_results(ResultsKind::Subunit, &mut stream, &mut |event| {
        events.push(event);
        true
    });
    events
}

fuzz_target!(|input: Input<'_>| {
    let stream: Vec<u8> = input.parts.iter().flat_map(bytes).collect();
    let whole = read(&stream);
    assert!(whole.len() <= stream.len() / 8, "more events than packets");
    // What stands behind a damaged packet says where to go on, so that a cut may change that.
    if input.parts.iter().any(|part| matches!(part, Part::Bytes(_))) {
        return;
    }
    let cut = read(&stream[..stream.len() - usize::from(input.cut).min(stream.len())]);
    let ended = |event: &&Fields| event.first("test_status") != Some("unfinished");
    let same = cut.iter().filter(ended).zip(&whole).all(|(one, other)| one == other);
    assert!(same, "what stands before the cut has changed");
});
