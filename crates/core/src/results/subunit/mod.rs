//! subunit, version 2: a stream of packets, each with its own checksum, possibly with other output
//! between them.
//!
//! Written from the protocol's own description,
//! <https://github.com/testing-cabal/subunit/blob/master/README.rst>. The crate `subunit` was tried
//! (0.3.1): it panics on some broken packets, and reads 70 MB a second.

mod packet;
mod packets;

use std::{collections::HashMap, io::Read};

use self::{
    packet::{Packet, Status},
    packets::{Item, Packets},
};
use super::{
    error::{ResultsError, ResultsErrorKind},
    text::Head,
};
use crate::{
    fields::Fields,
    log::{Timestamp, rfc3339},
};

/// Tests that may be under way at one time. A run has as many as it has workers.
const MAX_OPEN: usize = 10_000;

/// Bytes that are held of what those tests have attached.
const MAX_HELD: usize = 64 << 20;

/// Broken packets after which a stream is given up: each may cost a checksum of 4 MiB.
const MAX_BROKEN: u64 = 1_000;

/// The file begins with a packet.
pub(super) fn detect(start: &[u8]) -> bool {
    let Some(length) = packet::length(start) else { return false };
    start.get(..length).is_none_or(packet::is_intact)
}

pub(super) fn read(
    reader: &mut dyn Read,
    each: &mut dyn FnMut(Fields) -> bool,
) -> Result<(), ResultsError> {
    let mut packets = Packets::new(reader);
    let mut tests = Tests::default();
    let mut broken: Option<(u64, u64)> = None;
    loop {
        let (offset, item) = match packets.next() {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err((offset, error)) => {
                tests.finish(each);
                return Err(ResultsError::at_byte(offset, ResultsErrorKind::Io(error)));
            }
        };
        let step = match item {
            Item::Packet(bytes) => match Packet::parse(bytes) {
                Some(packet) => tests.take(&packet, each),
                None => Ok(Step::Broken),
            },
            Item::Broken => Ok(Step::Broken),
            Item::Truncated => {
                tests.finish(each);
                return Err(ResultsError::at_byte(offset, ResultsErrorKind::Truncated));
            }
        };
        match step {
            Ok(Step::On) => {}
            Ok(Step::Stop) => return Ok(()),
            Ok(Step::Broken) => {
                let (_, count) = broken.get_or_insert((offset, 0));
                *count += 1;
                if *count > MAX_BROKEN {
                    let kind = ResultsErrorKind::TooManyBroken { limit: MAX_BROKEN };
                    return Err(ResultsError::at_byte(offset, kind));
                }
            }
            Err(kind) => return Err(ResultsError::at_byte(offset, kind)),
        }
    }
    tests.finish(each);
    match broken {
        None => Ok(()),
        Some((first, count)) => {
            Err(ResultsError::at_byte(first, ResultsErrorKind::BrokenPackets { count }))
        }
    }
}

enum Step {
    On,
    Stop,
    Broken,
}

/// The tests under way.
#[derive(Default)]
struct Tests {
    /// By the route and the name of the test.
    open: HashMap<(String, String), Test>,
    /// Bytes held of all of them.
    held: usize,
    /// Counts the tests, so that those left at the end come in their order.
    seen: u64,
}

#[derive(Default)]
struct Test {
    number: u64,
    /// Bytes of its name.
    name: usize,
    /// Attachments that are the reason for the outcome: tracebacks, and why a test was skipped.
    reason: Head,
    /// Other text, for tests that have no reason.
    other: Head,
    time: Option<Timestamp>,
}

impl Tests {
    fn take(
        &mut self,
        packet: &Packet<'_>,
        each: &mut dyn FnMut(Fields) -> bool,
    ) -> Result<Step, ResultsErrorKind> {
        let Some(id) = packet.test_id else { return Ok(Step::On) };
        let key = (packet.route.unwrap_or_default().to_owned(), id.to_owned());
        let attaches = packet.file.is_some();
        if packet.status == Status::Exists || packet.status == Status::None && !attaches {
            return Ok(Step::On);
        }
        if packet.status.word().is_some() && !attaches {
            // The most frequent packet by far is the outcome of a test that passed.
            let test = self.open.remove(&key).unwrap_or_default();
            return Ok(self.outcome(test, packet, each));
        }
        if self.open.len() >= MAX_OPEN && !self.open.contains_key(&key) {
            let (what, limit) = ("a number of tests under way", "10,000");
            return Err(ResultsErrorKind::TooLarge { what, limit });
        }
        self.seen += 1;
        let number = self.seen;
        let test = self.open.entry(key.clone()).or_insert_with(|| {
            self.held += id.len();
            Test { number, name: id.len(), ..Test::default() }
        });
        test.time = packet.time.or(test.time);
        self.held += test.attach(packet);
        if self.held > MAX_HELD {
            let (what, limit) = ("names and attachments of tests under way", "64 MiB");
            return Err(ResultsErrorKind::TooLarge { what, limit });
        }
        if packet.status.word().is_none() {
            return Ok(Step::On);
        }
        let test = self.open.remove(&key).unwrap_or_default();
        Ok(self.outcome(test, packet, each))
    }

    fn outcome(
        &mut self,
        test: Test,
        packet: &Packet<'_>,
        each: &mut dyn FnMut(Fields) -> bool,
    ) -> Step {
        self.held = self.held.saturating_sub(test.held());
        let (Some(id), Some(word)) = (packet.test_id, packet.status.word()) else {
            return Step::On;
        };
        let time = packet.time.or(test.time);
        if each(test.event(id, word, time)) { Step::On } else { Step::Stop }
    }

    /// Tests that never ended: their worker died, or the stream was cut.
    fn finish(&mut self, each: &mut dyn FnMut(Fields) -> bool) {
        let mut left: Vec<_> = self.open.drain().collect();
        left.sort_by_key(|(_, test)| test.number);
        for ((_, id), test) in left {
            let time = test.time;
            if !each(test.event(&id, "unfinished", time)) {
                break;
            }
        }
    }
}

impl Test {
    /// Keeps what the packet attaches, and returns how much of it.
    fn attach(&mut self, packet: &Packet<'_>) -> usize {
        let Some((name, content)) = packet.file else { return 0 };
        let mime = packet.mime.unwrap_or_default();
        let is_reason = name.starts_with("traceback")
            || name == "reason"
            || mime.starts_with("text/x-traceback");
        if is_reason {
            self.reason.push(content)
        } else if mime.is_empty() || mime.starts_with("text/") {
            self.other.push(content)
        } else {
            0
        }
    }

    fn held(&self) -> usize {
        self.name + self.reason.len() + self.other.len()
    }

    fn event(self, id: &str, status: &str, time: Option<Timestamp>) -> Fields {
        let mut event = Fields::new();
        event.set("test_id", id);
        event.set("test_status", status);
        let reason = self.reason.to_text();
        let message = if reason.is_empty() { self.other.to_text() } else { reason };
        if !message.is_empty() {
            event.set("message", message);
        }
        if let Some(time) = time {
            event.set("@timestamp", rfc3339(time));
        }
        event
    }
}

#[cfg(test)]
mod tests;
