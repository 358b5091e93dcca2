//! What a line begins with, and the small scanners that the formats share.

/// The prefix of one line. Empty parts are absent ones.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::log) struct Head<'a> {
    /// Bytes of the line before its text.
    pub(in crate::log) len: usize,
    /// The time as it is written.
    pub(in crate::log) stamp: &'a [u8],
    /// The level as it is written.
    pub(in crate::log) level: &'a [u8],
    /// The logger, source file, or stream.
    pub(in crate::log) module: &'a [u8],
    /// The program, for syslog.
    pub(in crate::log) program: &'a [u8],
    /// The node or host that said it.
    pub(in crate::log) node: &'a [u8],
    /// The process.
    pub(in crate::log) pid: &'a [u8],
    /// What the line says of its own place in a record.
    pub(in crate::log) role: Role,
}

/// What a line's prefix says of its place in a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::log) enum Role {
    /// A record's first line, unless its text goes on with a traceback.
    #[default]
    Any,
    /// Carries a request context, as oslo.log's first lines do and its exception lines do not.
    Context,
    /// Probably a line of an exception: goes on with the record before, if that carries a context
    /// and is of the same process and module.
    Exception,
    /// Surely a line of an exception: goes on with the record before, if that is of the same
    /// process and module.
    Trace,
    /// The rest of the line before.
    Continuation,
}

impl Head<'_> {
    /// True when both lines were said by the same one.
    pub(in crate::log) fn same_source(&self, other: &Head<'_>) -> bool {
        self.node == other.node
            && self.program == other.program
            && self.pid == other.pid
            && self.module == other.module
    }
}

/// True when the line begins with the pattern, in which `0` stands for a digit and each other
/// byte for itself.
#[inline]
pub(super) fn shaped(line: &[u8], pattern: &[u8]) -> bool {
    line.len() >= pattern.len()
        && pattern.iter().zip(line).all(|(&want, &byte)| match want {
            b'0' => byte.is_ascii_digit(),
            want => byte == want,
        })
}

/// The number of digits at the start.
#[inline]
pub(super) fn digits(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len())
}

/// The bytes up to the first blank.
#[inline]
pub(super) fn word(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().position(|&byte| byte == b' ').unwrap_or(bytes.len())]
}

/// The number of blanks at the start.
#[inline]
pub(super) fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| byte != b' ').unwrap_or(bytes.len())
}

/// Eight bytes, of which some must be digits: compared at once, as this is done for every line.
pub(super) struct Eight {
    fixed: u64,
    digits: u64,
}

impl Eight {
    /// In the pattern `0` stands for a digit.
    pub(super) const fn new(pattern: &[u8; 8]) -> Eight {
        let (mut fixed, mut digits) = ([0; 8], [0; 8]);
        let mut at = 0;
        while at < 8 {
            if pattern[at] == b'0' {
                digits[at] = 0xff;
            } else {
                fixed[at] = pattern[at];
            }
            at += 1;
        }
        Eight { fixed: u64::from_le_bytes(fixed), digits: u64::from_le_bytes(digits) }
    }

    #[inline]
    pub(super) fn matches(&self, bytes: &[u8]) -> bool {
        const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
        const THREE: u64 = 0x3030_3030_3030_3030;
        const SIX: u64 = 0x0606_0606_0606_0606;
        let Some(&bytes) = bytes.first_chunk::<8>() else { return false };
        let word = u64::from_le_bytes(bytes);
        // A digit is 0x30 to 0x39: its high half is 3, and still is with 6 added.
        let (high, three) = (HIGH & self.digits, THREE & self.digits);
        let is_digit = word & high == three && word.wrapping_add(SIX & self.digits) & high == three;
        is_digit && word & !self.digits == self.fixed
    }
}

/// True when the line begins with `00:00:00`.
#[inline]
pub(super) fn has_clock(line: &[u8]) -> bool {
    const CLOCK: Eight = Eight::new(b"00:00:00");
    CLOCK.matches(line)
}

/// How `2024-01-01 00:00` begins, and how it goes on.
pub(super) const DATE: Eight = Eight::new(b"0000-00-");
pub(super) const WITH_BLANK: Eight = Eight::new(b"00 00:00");

/// The length of `2024-01-01T00:00:00`, with `separator` between date and time, and of a fraction
/// of a second if there is one; 0 when the line does not begin so.
#[inline]
pub(super) fn stamp_len(line: &[u8], separator: u8) -> usize {
    const WITH_T: Eight = Eight::new(b"00T00:00");
    let middle = if separator == b'T' { &WITH_T } else { &WITH_BLANK };
    if line.len() < 19 || !DATE.matches(line) || !middle.matches(&line[8..]) {
        return 0;
    }
    if line[16] != b':' || !line[17].is_ascii_digit() || !line[18].is_ascii_digit() {
        return 0;
    }
    match line.get(19) {
        Some(b'.' | b',') => match digits(&line[20..]) {
            0 => 19,
            fraction => 20 + fraction,
        },
        _ => 19,
    }
}

/// The length of a zone at the start: `Z`, `+00:00`, `+0000`; 0 for none.
pub(super) fn zone_len(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(b'Z') => 1,
        Some(b'+' | b'-') if shaped(&bytes[1..], b"00:00") => 6,
        Some(b'+' | b'-') if shaped(&bytes[1..], b"0000") => 5,
        _ => 0,
    }
}

/// True for a name of a severity, in capitals.
#[inline]
pub(super) fn is_level(word: &[u8]) -> bool {
    match word.len() {
        4 => matches!(word, b"INFO" | b"WARN"),
        5 => matches!(word, b"ERROR" | b"DEBUG" | b"TRACE" | b"AUDIT" | b"FATAL"),
        6 => word == b"NOTICE",
        7 => word == b"WARNING",
        8 => word == b"CRITICAL",
        _ => false,
    }
}
