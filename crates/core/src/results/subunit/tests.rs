use std::io;

use super::*;

/// Writes packets as the protocol describes them; see the module.
#[derive(Clone, Default)]
struct Make {
    flags: u16,
    body: Vec<u8>,
    tail: Vec<u8>,
}

fn number(value: usize) -> Vec<u8> {
    let value = u32::try_from(value).unwrap();
    match value {
        0..0x40 => vec![value as u8],
        0x40..0x4000 => (value as u16 | 0x4000).to_be_bytes().to_vec(),
        0x4000..0x40_0000 => (value | 0x80_0000).to_be_bytes()[1..].to_vec(),
        _ => (value | 0xc000_0000).to_be_bytes().to_vec(),
    }
}

fn text(bytes: &[u8]) -> Vec<u8> {
    [number(bytes.len()), bytes.to_vec()].concat()
}

const IN_PROGRESS: u16 = 2;
const SUCCESS: u16 = 3;
const SKIPPED: u16 = 5;
const FAILED: u16 = 6;

/// A packet on a test with its status; 0 is none.
fn test(id: &str, status: u16) -> Make {
    Make { flags: 0x2900 | status, body: text(id.as_bytes()), tail: Vec::new() }
}

impl Make {
    fn at(mut self, seconds: u32, nanos: usize) -> Make {
        self.flags |= 0x0200;
        let time = [seconds.to_be_bytes().to_vec(), number(nanos)].concat();
        self.body.splice(0..0, time);
        self
    }

    fn tags(mut self, tags: &[&str]) -> Make {
        self.flags |= 0x0080;
        self.body.extend(number(tags.len()));
        tags.iter().for_each(|tag| self.body.extend(text(tag.as_bytes())));
        self
    }

    fn file(mut self, mime: &str, name: &str, content: &[u8]) -> Make {
        self.flags |= 0x0060;
        self.body.extend([text(mime.as_bytes()), text(name.as_bytes()), text(content)].concat());
        self
    }

    fn route(mut self, route: &str) -> Make {
        self.flags |= 0x0400;
        self.tail = text(route.as_bytes());
        self
    }

    fn bytes(self) -> Vec<u8> {
        let rest = self.body.len() + self.tail.len() + 7;
        let length = (1..=4).map(|width| rest + width).find(|all| number(*all).len() == all - rest);
        let length = number(length.unwrap());
        let mut packet =
            [vec![0xb3], self.flags.to_be_bytes().to_vec(), length, self.body, self.tail].concat();
        packet.extend(crc32fast::hash(&packet).to_be_bytes());
        packet
    }
}

fn stream(packets: impl IntoIterator<Item = Make>) -> Vec<u8> {
    packets.into_iter().flat_map(Make::bytes).collect()
}

fn read_all(stream: &[u8]) -> (Vec<Fields>, Result<(), ResultsError>) {
    let mut events = Vec::new();
    let outcome = read(&mut &stream[..], &mut |event| {
        events.push(event);
        true
    });
    (events, outcome)
}

fn told(events: &[Fields]) -> Vec<(&str, &str, Option<&str>)> {
    let first = |event: &'_ Fields, field| event.first(field).unwrap().to_owned().leak() as &str;
    events
        .iter()
        .map(|event| (first(event, "test_id"), first(event, "test_status"), event.first("message")))
        .collect()
}

#[test]
fn the_example_of_the_description() {
    let packet = b"\xb3\x29\x01\x0c\x03foo\x08\x55\x5f\x1b";
    assert!(detect(packet));
    assert_eq!(test("foo", 1).bytes(), packet);
    let parsed = Packet::parse(packet).unwrap();
    assert_eq!((parsed.test_id, parsed.status), (Some("foo"), Status::Exists));
    assert!(read_all(packet).0.is_empty());
}

#[test]
fn only_packets_are_recognised() {
    for bytes in
        [&b""[..], b"\xb3", b"\xb3\x29\x01", b"text", b"\xb3\x19\x01\x0c\x03foo\x08\x55\x5f\x1b"]
    {
        assert!(!detect(bytes), "{bytes:?}");
    }
    // Its checksum is wrong.
    assert!(!detect(b"\xb3\x29\x01\x0c\x03fop\x08\x55\x5f\x1b"));
    let long = test("a", 0).file("text/plain", "x", &[b'x'; 20_000]).bytes();
    assert!(detect(&long[..8192]));
}

#[test]
fn a_test_is_an_event_when_it_ends() {
    let trace = "text/x-traceback;charset=utf8;language=python";
    let stream = stream([
        test("a", IN_PROGRESS).at(1_700_000_000, 0),
        test("a", 0).file("text/plain;charset=utf8", "pythonlogging:''", b"noise"),
        test("a", 0).file(trace, "traceback", "Trace ä".as_bytes().split_at(7).0),
        test("a", 0).file(trace, "traceback", "Trace ä".as_bytes().split_at(7).1),
        test("b", IN_PROGRESS),
        test("a", FAILED).at(1_700_000_001, 500_000_000).tags(&["worker-0", "x"]),
        test("b", SUCCESS).route("0/1"),
        test("b", SUCCESS),
        test("c", SKIPPED).file("text/plain", "reason", b"no disk"),
        test("d", FAILED).file("text/plain", "stdout", b"last words"),
        test("d2", FAILED).file("application/octet-stream", "core", b"\0\0"),
    ]);
    let (events, outcome) = read_all(&stream);
    outcome.unwrap();
    assert_eq!(
        told(&events),
        [
            ("a", "failed", Some("Trace ä")),
            ("b", "passed", None),
            ("b", "passed", None),
            ("c", "skipped", Some("no disk")),
            ("d", "failed", Some("last words")),
            ("d2", "failed", None),
        ]
    );
    assert_eq!(events[0].first("@timestamp"), Some("2023-11-14T22:13:21.500Z"));
}

#[test]
fn a_test_that_never_ends_is_unfinished() {
    let stream = stream([test("b", IN_PROGRESS), test("a", IN_PROGRESS), test("c", SUCCESS)]);
    let (events, outcome) = read_all(&stream);
    outcome.unwrap();
    let expected = [("c", "passed", None), ("b", "unfinished", None), ("a", "unfinished", None)];
    assert_eq!(told(&events), expected);
}

#[test]
fn other_output_stands_between_packets() {
    let mut mixed = stream([test("a", SUCCESS)]);
    mixed.extend(b"make: *** [all] Error 1 \xb3 29\nmore\n");
    mixed.extend(stream([test("b", SUCCESS)]));
    mixed.extend(b"the end");
    let (events, outcome) = read_all(&mixed);
    outcome.unwrap();
    assert_eq!(told(&events), [("a", "passed", None), ("b", "passed", None)]);
}

#[test]
fn a_broken_packet_does_not_take_the_others_with_it() {
    let one = stream([test("a", SUCCESS)]);
    let mut damaged = stream([test("b", FAILED)]);
    damaged[5] ^= 1;
    let bytes = [one.clone(), damaged.clone(), one.clone(), damaged, b"x\n".to_vec(), one.clone()];
    let (events, outcome) = read_all(&bytes.concat());
    assert_eq!(events.len(), 3);
    let error = outcome.unwrap_err();
    assert!(matches!(error.kind, ResultsErrorKind::BrokenPackets { count: 2 }), "{error}");
    assert!(error.to_string().starts_with(&format!("byte {}: 2 packet(s)", one.len())), "{error}");
}

#[test]
fn a_cut_stream_tells_what_came_before() {
    let whole = stream([test("a", SUCCESS), test("b", IN_PROGRESS), test("c", FAILED)]);
    let last = stream([test("c", FAILED)]).len();
    for cut in 1..last {
        let (events, outcome) = read_all(&whole[..whole.len() - cut]);
        assert_eq!(told(&events), [("a", "passed", None), ("b", "unfinished", None)]);
        let error = outcome.unwrap_err();
        assert!(matches!(error.kind, ResultsErrorKind::Truncated), "{error}");
    }
}

#[test]
fn a_readers_error_comes_behind_what_it_gave() {
    struct Fails<'a>(&'a [u8]);
    impl Read for Fails<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(io::Error::other("connection reset")),
                read => Ok(read),
            }
        }
    }
    let bytes = stream([test("a", SUCCESS), test("b", SUCCESS)]);
    let mut events = Vec::new();
    let outcome = read(&mut Fails(&bytes), &mut |event| {
        events.push(event);
        true
    });
    assert_eq!(events.len(), 2);
    let error = outcome.unwrap_err().to_string();
    assert_eq!(error, format!("byte {}: connection reset", bytes.len()));
}

#[test]
fn hostile_streams_are_bounded() {
    let many = (0..=MAX_OPEN).map(|id| test(&id.to_string(), IN_PROGRESS));
    let error = read_all(&stream(many)).1.unwrap_err().to_string();
    assert!(error.contains("a number of tests under way of more than 10,000"), "{error}");

    let piece = vec![b'x'; 1 << 20];
    let packets = (0..70).map(|id| test(&id.to_string(), 0).file("text/plain", "log", &piece));
    let error = read_all(&stream(packets)).1.unwrap_err().to_string();
    assert!(error.contains("attachments of tests under way of more than 64 MiB"), "{error}");

    // Of one test no more is held than an event may have.
    let packets = (0..70).map(|_| test("a", 0).file("text/plain", "log", &piece));
    let (events, outcome) = read_all(&stream(packets.chain([test("a", FAILED)])));
    outcome.unwrap();
    assert_eq!(events.len(), 1);

    // Each of these asks for a checksum of nearly 4 MiB.
    let broken = b"\n\xb3\x29\x06\xbf\xff\xff".repeat(1 << 20);
    let error = read_all(&broken).1.unwrap_err();
    assert!(matches!(error.kind, ResultsErrorKind::TooManyBroken { limit: MAX_BROKEN }), "{error}");
}

#[test]
fn any_bytes_are_read_to_their_end() {
    let base = stream([
        test("abc", IN_PROGRESS).at(1, 1),
        test("abc", FAILED)
            .at(2, 70_000)
            .tags(&["t"])
            .file("text/plain", "reason", b"why")
            .route("1"),
        test("d", SUCCESS),
    ]);
    // A packet whose parts do not fit has a right checksum after mending it.
    for at in 1..base.len() {
        for value in [0, 0x3f, 0x40, 0x80, 0xb3, 0xff] {
            let mut bytes = base.clone();
            bytes[at] = value;
            let _ = read_all(&bytes);
            if let Some(length) = packet::length(&bytes).filter(|length| *length < bytes.len()) {
                let sum = crc32fast::hash(&bytes[..length - 4]).to_be_bytes();
                bytes[length - 4..length].copy_from_slice(&sum);
                let _ = read_all(&bytes);
            }
        }
    }
}
