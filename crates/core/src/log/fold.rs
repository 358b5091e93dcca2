//! Which lines belong to one stack trace: a small machine over the text of consecutive lines.
//!
//! It knows the dumps of CPython (chained ones and exception groups too), the JVM, JavaScript and
//! .NET, Go and Rust. A line's text is what stands behind its prefix, so that a traceback written
//! through a console, each line with its time stamp, is folded like a bare one.

/// What the lines read so far have opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// No dump; a JVM frame may still follow.
    Closed,
    /// Within the frames of a CPython traceback whose first line is indented by so many blanks.
    Frames(usize),
    /// Within an exception group.
    Group(usize),
    /// Behind the line that names the exception.
    Raised(usize),
    /// Behind the blank line that precedes "During handling of …".
    BeforeLink(usize),
    /// Behind "During handling of …".
    Linked(usize),
    /// And behind the blank line that follows it.
    AfterLink(usize),
    /// Within JVM, JavaScript or .NET frames.
    Jvm,
    /// Behind `panic: …` or `fatal error: …`.
    GoPanic,
    /// Within a goroutine's frames.
    GoStack,
    /// Behind the blank line that precedes a goroutine.
    BeforeGoroutine,
    /// Behind a Go function whose place must follow.
    GoCall,
    /// Behind `thread '…' panicked at …:`, whose message must follow.
    RustPanic,
    /// Behind the message.
    RustMessage,
    /// Within the backtrace.
    RustTrace,
}

/// What a line does to a fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It begins a new event.
    Begin,
    /// It belongs to the event.
    Join(Fold),
    /// It belongs to the event if the next line does, read in this state.
    JoinWithNext(Fold),
}

impl Fold {
    /// The state behind the first line of an event.
    pub(super) fn open(text: &[u8]) -> Fold {
        match text.first() {
            Some(b' ' | b'\t' | b'T' | b'p' | b'f' | b'g' | b't' | b'+') => Fold::open_slow(text),
            _ => Fold::Closed,
        }
    }

    fn open_slow(text: &[u8]) -> Fold {
        let lead = indent(text);
        let rest = &text[lead..];
        if rest.starts_with(TRACEBACK) {
            Fold::Frames(lead)
        } else if lead > 0 && rest.starts_with(GROUP) {
            Fold::Group(lead)
        } else if text.starts_with(b"panic: ") || text.starts_with(b"fatal error: ") {
            Fold::GoPanic
        } else if is_goroutine(text) {
            Fold::GoStack
        } else if is_rust_panic(text) {
            if text.ends_with(b":") { Fold::RustPanic } else { Fold::RustMessage }
        } else if is_frame(text) {
            Fold::Jvm
        } else {
            Fold::Closed
        }
    }

    /// What the next line does.
    pub(super) fn step(self, text: &[u8]) -> Step {
        match self {
            Fold::Closed | Fold::Jvm => self.step_jvm(text),
            Fold::Frames(_)
            | Fold::Group(_)
            | Fold::Raised(_)
            | Fold::BeforeLink(_)
            | Fold::Linked(_)
            | Fold::AfterLink(_) => self.step_python(text),
            Fold::GoPanic | Fold::GoStack | Fold::BeforeGoroutine | Fold::GoCall => {
                self.step_go(text)
            }
            Fold::RustPanic | Fold::RustMessage | Fold::RustTrace => self.step_rust(text),
        }
    }

    fn step_jvm(self, text: &[u8]) -> Step {
        let joins = is_frame(text)
            || self == Fold::Jvm && CAUSES.iter().any(|cause| trimmed(text).starts_with(cause));
        if joins { Step::Join(Fold::Jvm) } else { Step::Begin }
    }

    fn step_python(self, text: &[u8]) -> Step {
        let own = indent(text);
        let rest = &text[own..];
        let blank = rest.is_empty();
        match self {
            Fold::Frames(lead) if own > lead && !blank => Step::Join(self),
            Fold::Frames(lead) if own == lead && is_exception(rest) => {
                Step::Join(Fold::Raised(lead))
            }
            Fold::Group(lead) if own > lead && !blank => Step::Join(self),
            Fold::Group(lead) if own == lead && matches!(rest.first(), Some(b'|' | b'+')) => {
                Step::Join(self)
            }
            Fold::Raised(lead) if blank => Step::JoinWithNext(Fold::BeforeLink(lead)),
            Fold::BeforeLink(lead) if own == lead && is_link(rest) => {
                Step::Join(Fold::Linked(lead))
            }
            Fold::Linked(lead) if blank => Step::Join(Fold::AfterLink(lead)),
            Fold::Linked(lead) | Fold::AfterLink(lead)
                if own == lead && rest.starts_with(TRACEBACK) =>
            {
                Step::Join(Fold::Frames(lead))
            }
            _ => Step::Begin,
        }
    }

    fn step_go(self, text: &[u8]) -> Step {
        let tab = text.first() == Some(&b'\t');
        match self {
            Fold::GoPanic | Fold::GoStack if trimmed(text).is_empty() => {
                Step::JoinWithNext(Fold::BeforeGoroutine)
            }
            _ if is_goroutine(text) => Step::Join(Fold::GoStack),
            Fold::GoPanic if text.starts_with(b"[signal ") => Step::Join(self),
            Fold::GoPanic if trimmed(text).starts_with(b"panic: ") => Step::Join(self),
            Fold::GoStack | Fold::GoCall if tab => Step::Join(Fold::GoStack),
            Fold::GoStack if text.starts_with(b"...additional frames") => Step::Join(self),
            Fold::GoStack if is_go_call(text) => Step::JoinWithNext(Fold::GoCall),
            _ => Step::Begin,
        }
    }

    fn step_rust(self, text: &[u8]) -> Step {
        let blank = trimmed(text).is_empty();
        let indented = matches!(text.first(), Some(b' ' | b'\t'));
        match self {
            _ if blank => Step::Begin,
            Fold::RustPanic => Step::Join(Fold::RustMessage),
            Fold::RustMessage if text.starts_with(b"stack backtrace:") => {
                Step::Join(Fold::RustTrace)
            }
            _ if indented || text.starts_with(b"note: ") => Step::Join(self),
            _ => Step::Begin,
        }
    }
}

/// Whether the word at `at` can be the one that makes a dump of its line or of the two lines round
/// its start: no more than a look at its neighbours.
pub(super) fn may_fold(block: &[u8], at: usize) -> bool {
    const AFTER: [&[u8]; 7] = [
        TRACEBACK,
        b"goroutine ",
        b"panicked at ",
        b"panic: ",
        b"fatal error: ",
        b"runtime stack:",
        b"common frames",
    ];
    let rest = &block[at..];
    let before = |count: usize| at.checked_sub(count).map_or(b'\n', |at| block[at]);
    let indented = |byte: u8| byte == b' ' || byte == b'\t';
    if rest.starts_with(b"at ") {
        // One blank ends a prefix; a second one, or a tab, begins an indentation.
        let line_starts = before(1) == b' ' && before(2) == b'\n';
        return before(1) == b'\t' || line_starts || before(1) == b' ' && indented(before(2));
    }
    if rest.starts_with(b"more") {
        return before(1) == b' ' && before(2).is_ascii_digit();
    }
    AFTER.iter().any(|after| rest.starts_with(after))
}

/// How a line looks, as far as it matters for finding where an event surely begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Joins nothing but a Rust panic that waits for its message, and opens nothing.
    Flat,
    /// As `Flat`, but may name the exception of a traceback, or a Go function.
    Exception,
    /// Nothing but blanks.
    Blank,
    /// Begins with a blank and has text.
    Indented,
    /// May open a dump, or link two.
    Special,
}

impl Shape {
    pub(super) fn of(text: &[u8]) -> Shape {
        match text.first() {
            None => Shape::Blank,
            Some(b' ' | b'\t') if trimmed(text).is_empty() => Shape::Blank,
            Some(b' ' | b'\t') => match Fold::open_slow(text) {
                Fold::Closed | Fold::Jvm => Shape::Indented,
                _ => Shape::Special,
            },
            Some(first) if may_be_special(*first) && is_special(text) => Shape::Special,
            Some(_) if is_exception(text) || text.ends_with(b")") => Shape::Exception,
            Some(_) => Shape::Flat,
        }
    }

    /// True when a line of this shape behind a line of the other one begins an event, whatever
    /// came before.
    pub(super) fn surely_begins_behind(self, before: Shape) -> bool {
        match self {
            Shape::Flat => before != Shape::Special,
            Shape::Exception => {
                matches!(before, Shape::Flat | Shape::Exception | Shape::Blank)
            }
            Shape::Blank | Shape::Indented | Shape::Special => false,
        }
    }
}

const TRACEBACK: &[u8] = b"Traceback (most recent call last)";
const GROUP: &[u8] = b"+ Exception Group Traceback (most recent call last)";
const LINKS: [&[u8]; 2] =
    [b"During handling of the above exception", b"The above exception was the direct cause"];
const CAUSES: [&[u8]; 2] = [b"Caused by: ", b"Suppressed: "];
const GOROUTINES: [&[u8]; 2] = [b"goroutine ", b"runtime stack:"];

/// What begins a line without indentation that a dump may open with or go on with.
const SPECIALS: [&[u8]; 15] = [
    TRACEBACK,
    b"thread '",
    b"During handling of the above",
    b"The above exception was",
    b"Caused by: ",
    b"Suppressed: ",
    b"panic: ",
    b"fatal error: ",
    b"goroutine ",
    b"runtime stack:",
    b"created by ",
    b"[signal ",
    b"...additional",
    b"stack backtrace:",
    b"note: ",
];

fn is_special(text: &[u8]) -> bool {
    SPECIALS.iter().any(|special| text.starts_with(special))
}

/// Whether one of [`SPECIALS`] begins with this byte: most lines begin with another.
fn may_be_special(first: u8) -> bool {
    const BITS: [u64; 4] = {
        let mut bits = [0; 4];
        let mut index = 0;
        while index < SPECIALS.len() {
            let first = SPECIALS[index][0];
            bits[first as usize / 64] |= 1 << (first % 64);
            index += 1;
        }
        bits
    };
    BITS[usize::from(first / 64)] >> (first % 64) & 1 != 0
}

/// The number of blanks and tabs at the start.
fn indent(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count()
}

fn trimmed(text: &[u8]) -> &[u8] {
    &text[indent(text)..]
}

fn is_link(text: &[u8]) -> bool {
    LINKS.iter().any(|link| text.starts_with(link))
}

/// `package.module.Name`, alone or with a colon and more behind it.
fn is_exception(text: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._<>".contains(byte);
    let end = text.iter().position(|byte| !is_name(byte)).unwrap_or(text.len());
    let begins = text.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    begins && matches!(text.get(end), None | Some(b':'))
}

/// A frame of the JVM (`\tat a.B.c(B.java:1)`), of JavaScript (`    at f (file:1:2)`) or .NET, or
/// `\t... 12 more`.
fn is_frame(text: &[u8]) -> bool {
    let lead = indent(text);
    let rest = &text[lead..];
    if lead == 0 {
        return false;
    }
    if let Some(place) = rest.strip_prefix(b"at ") {
        return place.contains(&b'(') || ends_with_place(place) || place == b"<anonymous>";
    }
    rest.strip_prefix(b"... ").is_some_and(|tail| {
        let number = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let what = &tail[number..];
        number > 0 && (what.starts_with(b" more") || what.starts_with(b" common frames"))
    })
}

/// `file:12` or `file:12:7`.
fn ends_with_place(text: &[u8]) -> bool {
    let number = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    number > 0 && text[..text.len() - number].ends_with(b":")
}

fn is_goroutine(text: &[u8]) -> bool {
    GOROUTINES.iter().any(|start| text.starts_with(start)) && text.ends_with(b":")
}

/// `main.work(0x1, 0x2)` or `created by main.main in goroutine 1`.
fn is_go_call(text: &[u8]) -> bool {
    text.starts_with(b"created by ")
        || text.ends_with(b")") && text.contains(&b'(') && indent(text) == 0
}

fn is_rust_panic(text: &[u8]) -> bool {
    text.starts_with(b"thread '") && memchr::memmem::find(text, b" panicked at ").is_some()
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
