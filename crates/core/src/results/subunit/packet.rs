//! One packet: `SIGNATURE FLAGS LENGTH TIMESTAMP? TESTID? TAGS? MIME? FILECONTENT? ROUTE? CRC32`.

use crate::log::Timestamp;

/// What every packet begins with.
pub(super) const SIGNATURE: u8 = 0xb3;

/// Signature, flags and the longest length.
pub(super) const HEADER: usize = 7;

/// Signature, flags, a length of one byte, and the checksum.
const SHORTEST: usize = 8;

/// "This length must be less than 4MiB - 4194303 bytes."
const LONGEST: usize = 4_194_303;

const CHECKSUM: usize = 4;

const TEST_ID: u16 = 0x0800;
const ROUTE: u16 = 0x0400;
const TIMESTAMP: u16 = 0x0200;
const TAGS: u16 = 0x0080;
const FILE: u16 = 0x0040;
const MIME: u16 = 0x0020;
const RESERVED: u16 = 0x0008;
const STATUS: u16 = 0x0007;

/// The parts of a packet that matter for results.
#[derive(Debug, PartialEq)]
pub(super) struct Packet<'a> {
    pub(super) status: Status,
    pub(super) time: Option<Timestamp>,
    pub(super) test_id: Option<&'a str>,
    pub(super) mime: Option<&'a str>,
    /// A file's name, and a piece of its content.
    pub(super) file: Option<(&'a str, &'a [u8])>,
    pub(super) route: Option<&'a str>,
}

/// How a test stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    None,
    Exists,
    InProgress,
    Success,
    UnexpectedSuccess,
    Skipped,
    Failed,
    ExpectedFailure,
}

impl Status {
    fn of(flags: u16) -> Status {
        match flags & STATUS {
            1 => Status::Exists,
            2 => Status::InProgress,
            3 => Status::Success,
            4 => Status::UnexpectedSuccess,
            5 => Status::Skipped,
            6 => Status::Failed,
            7 => Status::ExpectedFailure,
            _ => Status::None,
        }
    }

    /// The word for an outcome; `None` while the test has none.
    pub(super) fn word(self) -> Option<&'static str> {
        match self {
            Status::None | Status::Exists | Status::InProgress => None,
            Status::Success => Some("passed"),
            Status::UnexpectedSuccess => Some("uxsuccess"),
            Status::Skipped => Some("skipped"),
            Status::Failed => Some("failed"),
            Status::ExpectedFailure => Some("xfail"),
        }
    }
}

/// The length that a packet says it has, if these bytes begin like one. Needs [`HEADER`] bytes, or
/// all there are.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let [SIGNATURE, high, low, rest @ ..] = bytes else { return None };
    let flags = u16::from_be_bytes([*high, *low]);
    if flags >> 12 != 2 || flags & RESERVED != 0 {
        return None;
    }
    let mut rest = Fields(rest);
    let length = rest.number()? as usize;
    (SHORTEST..=LONGEST).contains(&length).then_some(length)
}

/// Whether a whole packet's checksum is right.
pub(super) fn is_intact(packet: &[u8]) -> bool {
    let Some((content, told)) = packet.split_last_chunk::<CHECKSUM>() else { return false };
    crc32fast::hash(content) == u32::from_be_bytes(*told)
}

impl<'a> Packet<'a> {
    /// Reads a packet that is whole and intact; `None` when its parts do not fit it.
    pub(super) fn parse(packet: &'a [u8]) -> Option<Packet<'a>> {
        let [SIGNATURE, high, low, rest @ ..] = packet else { return None };
        let flags = u16::from_be_bytes([*high, *low]);
        let mut rest = Fields(rest.get(..rest.len().checked_sub(CHECKSUM)?)?);
        rest.number()?;
        let has = |flag| flags & flag != 0;
        let time = if has(TIMESTAMP) { Some(rest.timestamp()?) } else { None };
        let test_id = if has(TEST_ID) { Some(rest.text()?) } else { None };
        if has(TAGS) {
            for _ in 0..rest.number()? {
                rest.text()?;
            }
        }
        let mime = if has(MIME) { Some(rest.text()?) } else { None };
        let file = if has(FILE) { Some((rest.text()?, rest.bytes()?)) } else { None };
        let route = if has(ROUTE) { Some(rest.text()?) } else { None };
        let status = Status::of(flags);
        rest.0.is_empty().then_some(Packet { status, time, test_id, mime, file, route })
    }
}

/// Reads a packet's fields one after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number whose first two bits say how many bytes it has.
    fn number(&mut self) -> Option<u32> {
        let first = *self.0.first()?;
        let bytes = self.take(usize::from(first >> 6) + 1)?;
        let value = bytes.iter().fold(0_u32, |value, &byte| value << 8 | u32::from(byte));
        Some(value & (u32::MAX >> (34 - 8 * bytes.len() as u32)))
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length as usize)
    }

    fn text(&mut self) -> Option<&'a str> {
        let text = std::str::from_utf8(self.bytes()?).ok()?;
        (!text.contains('\0')).then_some(text)
    }

    fn timestamp(&mut self) -> Option<Timestamp> {
        let seconds = u32::from_be_bytes(*self.take(4)?.first_chunk()?);
        let nanos = i32::try_from(self.number()?).ok()?;
        Timestamp::new(seconds.into(), nanos).ok()
    }
}
