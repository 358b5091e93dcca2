//! JUnit XML: the elements that Ant's `junitreport` reads and every other tool writes, with
//! Surefire's `flakyFailure`, `flakyError`, `rerunFailure` and `rerunError`.
//!
//! <https://github.com/testmoapp/junitxml> lists what the tools have in common. Entities that a
//! document declares itself are not expanded: nobody writes them into test results, except to make
//! them explode.

use std::io::{BufReader, Read};

use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event},
};

use super::{
    error::{ResultsError, ResultsErrorKind},
    text::Head,
    xml_bounds::XmlBounds,
};
use crate::fields::Fields;

/// Elements within elements. Suites within suites are rare, and their depth is that of a module.
const MAX_DEPTH: usize = 256;

/// The first element is `testsuites` or `testsuite`.
pub(super) fn detect(start: &[u8]) -> bool {
    let mut rest = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    loop {
        let end: &[u8] = match rest {
            [b'<', b'?', ..] => b"?>",
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'!', ..] => b">",
            _ => break,
        };
        let Some(at) = memchr::memmem::find(rest, end) else { return false };
        rest = rest[at + end.len()..].trim_ascii_start();
    }
    let name = rest.strip_prefix(b"<testsuites").or_else(|| rest.strip_prefix(b"<testsuite"));
    name.is_some_and(|behind| {
        matches!(behind.first(), Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n'))
    })
}

pub(super) fn read(
    reader: &mut dyn Read,
    each: &mut dyn FnMut(Fields) -> bool,
) -> Result<(), ResultsError> {
    let bounds = XmlBounds::new(BufReader::with_capacity(64 << 10, reader));
    let mut parser = Reader::from_reader(bounds);
    let mut document = Document::default();
    let mut token = Vec::new();
    loop {
        token.clear();
        parser.get_mut().begin();
        let event = parser.read_event_into(&mut token);
        let at = |bounds: &XmlBounds<_>, kind| Err(ResultsError::at_line(bounds.line(), kind));
        let step = match event {
            Ok(event) => document.take(event),
            Err(error) => {
                let kind = explain(error, parser.get_ref().is_too_long());
                return at(parser.get_ref(), kind);
            }
        };
        match step {
            Step::On => {}
            Step::Test(event) => {
                if !each(event) {
                    return Ok(());
                }
            }
            Step::End => return Ok(()),
            Step::Wrong(kind) => return at(parser.get_ref(), kind),
        }
    }
}

fn explain(error: quick_xml::Error, too_long: bool) -> ResultsErrorKind {
    match error {
        _ if too_long => ResultsErrorKind::TooLarge { what: "a tag or a text", limit: "32 MiB" },
        quick_xml::Error::Io(error) => ResultsErrorKind::Io(
            std::sync::Arc::try_unwrap(error)
                .unwrap_or_else(|shared| std::io::Error::new(shared.kind(), shared.to_string())),
        ),
        // What the parser reports where a document ends within a tag.
        quick_xml::Error::Syntax(_) => ResultsErrorKind::Truncated,
        other => ResultsErrorKind::Xml(other),
    }
}

/// What follows from a token.
enum Step {
    On,
    Test(Fields),
    End,
    Wrong(ResultsErrorKind),
}

/// The way through a document.
#[derive(Default)]
struct Document {
    /// The names of the open elements that matter, all others as [`Element::Other`].
    open: Vec<Element>,
    suites: Vec<Suite>,
    test: Option<Test>,
    /// Whether an element stood at the root.
    began: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Suite,
    Test,
    /// `failure`, `error`, `skipped` and the like: its text belongs to the test.
    Outcome,
    Other,
}

#[derive(Default)]
struct Suite {
    name: String,
    timestamp: Option<String>,
}

/// A `testcase`, as far as it was read.
#[derive(Default)]
struct Test {
    id: String,
    timestamp: Option<String>,
    status: Option<&'static str>,
    message: Head,
    /// The text of the element in hand.
    text: Head,
    /// What its attributes say.
    attribute: String,
}

impl Document {
    fn take(&mut self, event: Event<'_>) -> Step {
        match event {
            Event::Start(tag) => return self.start(&tag),
            Event::Empty(tag) => {
                return match self.start(&tag) {
                    Step::On => self.end(),
                    step => step,
                };
            }
            Event::End(_) => return self.end(),
            Event::Text(text) => self.text(&text),
            Event::CData(text) => self.text(&text),
            Event::GeneralRef(entity) => self.text(resolve(&entity).as_bytes()),
            Event::Eof if self.began && self.open.is_empty() => return Step::End,
            Event::Eof => return Step::Wrong(ResultsErrorKind::Truncated),
            _ => {}
        }
        Step::On
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Step {
        self.began = true;
        if self.open.len() >= MAX_DEPTH {
            let kind = ResultsErrorKind::TooLarge { what: "a nesting of elements", limit: "256" };
            return Step::Wrong(kind);
        }
        let name = tag.local_name();
        let element = match name.as_ref() {
            b"testsuite" => {
                let timestamp = attribute(tag, "timestamp");
                let timestamp = timestamp.or_else(|| self.suites.last()?.timestamp.clone());
                let name = attribute(tag, "name").unwrap_or_default();
                self.suites.push(Suite { name, timestamp });
                Element::Suite
            }
            b"testcase" => {
                self.test = Some(self.new_test(tag));
                Element::Test
            }
            name => match outcome(name) {
                Some(status)
                    if matches!(self.open.last(), Some(Element::Test | Element::Suite)) =>
                {
                    self.outcome(status, tag);
                    Element::Outcome
                }
                _ => Element::Other,
            },
        };
        self.open.push(element);
        Step::On
    }

    fn new_test(&self, tag: &BytesStart<'_>) -> Test {
        let name = attribute(tag, "name").unwrap_or_default();
        let class = attribute(tag, "classname").unwrap_or_default();
        let inside = name.strip_prefix(&class).is_some_and(|rest| rest.starts_with('.'));
        let id = match (class.is_empty() || inside, name.is_empty()) {
            (true, _) => name,
            (false, true) => class,
            (false, false) => format!("{class}.{name}"),
        };
        let suite = || self.suites.last()?.timestamp.clone();
        let timestamp = attribute(tag, "timestamp").or_else(suite);
        Test { id, timestamp, ..Test::default() }
    }

    /// Notes how the test in hand ended. A suite's own failure is that of a test with its name.
    fn outcome(&mut self, status: &'static str, tag: &BytesStart<'_>) {
        let suite = self.suites.last();
        let test = self.test.get_or_insert_with(|| Test {
            id: suite.map(|suite| suite.name.clone()).unwrap_or_default(),
            timestamp: suite.and_then(|suite| suite.timestamp.clone()),
            ..Test::default()
        });
        if test.status.is_none_or(|before| weight(before) < weight(status)) {
            test.status = Some(status);
        }
        test.attribute =
            attribute(tag, "message").or_else(|| attribute(tag, "type")).unwrap_or_default();
    }

    fn text(&mut self, text: &[u8]) {
        if let (Some(test), Some(Element::Outcome)) = (&mut self.test, self.open.last()) {
            test.text.push(text);
        }
    }

    fn end(&mut self) -> Step {
        let Some(element) = self.open.pop() else { return Step::On };
        match element {
            Element::Other => Step::On,
            Element::Suite => {
                self.suites.pop();
                Step::On
            }
            Element::Test => self.test.take().map_or(Step::On, |test| Step::Test(test.event())),
            Element::Outcome => {
                if let Some(test) = &mut self.test {
                    test.close_outcome();
                }
                match self.open.last() {
                    Some(Element::Suite) => {
                        self.test.take().map_or(Step::On, |test| Step::Test(test.event()))
                    }
                    _ => Step::On,
                }
            }
        }
    }
}

impl Test {
    /// Adds what an outcome says: its attribute, and its text where that does not say it again.
    fn close_outcome(&mut self) {
        let text = std::mem::take(&mut self.text).to_text();
        let attribute = std::mem::take(&mut self.attribute);
        let attribute = attribute.trim();
        let parts = [if text.contains(attribute) { "" } else { attribute }, &text];
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            if !self.message.is_empty() {
                self.message.push(b"\n");
            }
            self.message.push(part.as_bytes());
        }
    }

    fn event(self) -> Fields {
        let mut event = Fields::new();
        event.set("test_id", if self.id.is_empty() { "unnamed".to_owned() } else { self.id });
        event.set("test_status", self.status.unwrap_or("passed"));
        if !self.message.is_empty() {
            event.set("message", self.message.to_text());
        }
        if let Some(timestamp) = self.timestamp {
            event.set("@timestamp", timestamp);
        }
        event
    }
}

/// What an element within a test says of it. A failure that a rerun repeated stands beside the
/// `failure`; one that a rerun did not is all there is, and the test has passed.
fn outcome(name: &[u8]) -> Option<&'static str> {
    match name {
        b"failure" | b"rerunFailure" => Some("failed"),
        b"error" | b"rerunError" => Some("error"),
        b"skipped" | b"ignored" => Some("skipped"),
        b"flakyFailure" | b"flakyError" => Some("flaky"),
        _ => None,
    }
}

/// Of several outcomes the worst counts.
fn weight(status: &str) -> u8 {
    match status {
        "failed" => 3,
        "error" => 2,
        "flaky" => 1,
        _ => 0,
    }
}

/// An attribute's value. What it refers to and nobody knows is left as it stands.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let attributes = attributes.with_checks(false);
    let found = attributes.flatten().find(|found| found.key.as_ref() == name.as_bytes())?;
    let raw = String::from_utf8_lossy(&found.value);
    let text = quick_xml::escape::unescape(&raw).map_or_else(|_| raw.to_string(), String::from);
    (!text.is_empty()).then_some(text)
}

/// The text for `&name;` or `&#10;`; as it stands where nobody knows it.
fn resolve(entity: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = entity.resolve_char_ref() {
        return character.to_string();
    }
    let name = String::from_utf8_lossy(entity);
    resolve_predefined_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned)
}

#[cfg(test)]
#[path = "junit_tests.rs"]
mod tests;
