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
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The bytes up to the first blank.
#[inline]
pub(super) fn word(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().position(|&byte| byte == b' ').unwrap_or(bytes.len())]
}

/// The number of blanks at the start.
#[inline]
pub(super) fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte == b' ').count()
}

/// The length of `2024-01-01T00:00:00`, with `separator` between date and time, and of a fraction
/// of a second if there is one; 0 when the line does not begin so.
#[inline]
pub(super) fn stamp_len(line: &[u8], separator: u8) -> usize {
    if line.len() < 19 || line[10] != separator || !shaped(line, b"0000-00-00") {
        return 0;
    }
    if !shaped(&line[11..], b"00:00:00") {
        return 0;
    }
    19 + match line.get(19) {
        Some(b'.' | b',') => match digits(&line[20..]) {
            0 => 0,
            fraction => 1 + fraction,
        },
        _ => 0,
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
pub(super) fn is_level(word: &[u8]) -> bool {
    matches!(
        word,
        b"TRACE"
            | b"DEBUG"
            | b"INFO"
            | b"AUDIT"
            | b"NOTICE"
            | b"WARN"
            | b"WARNING"
            | b"ERROR"
            | b"CRITICAL"
            | b"FATAL"
    )
}
