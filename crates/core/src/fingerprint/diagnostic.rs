//! A message about a file: where, what, and the cure. Drawing it is for [`render`](crate::render).

use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::span::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Allowed, but probably not what the author meant. The fingerprint works.
    Warning,
    /// The fingerprint is left out.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// A place in a file, as editors count: lines and columns from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

impl Position {
    /// Where the byte `offset` stands in `text`; the end of the text when it lies beyond.
    pub fn in_text(text: &str, offset: usize) -> Position {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let clamp = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Position {
            line: clamp(before.bytes().filter(|&byte| byte == b'\n').count() + 1),
            column: clamp(before[line_start..].chars().count() + 1),
        }
    }
}

/// The text that labels point into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// What to call it: the file, or `file.yaml (query)` where the query's text had to be shown
    /// by itself because YAML's escapes moved it.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
}

/// A remark on a part of the excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The bytes of the excerpt it is about.
    pub span: Span,
    /// The remark; may be empty.
    pub text: String,
}

/// One message about one file.
///
/// Serialises as `{"file","line","column","code","severity","message","help"}`; `line`, `column`
/// and `help` are null where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of message it is: a letter and three digits that never change their meaning.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The file: the path as it was found, or the name the caller gave.
    pub file: String,
    /// Where in the file, when known.
    pub position: Option<Position>,
    /// The text the labels point into, when there is one.
    pub excerpt: Option<Excerpt>,
    /// Remarks on parts of the excerpt, the main one first.
    pub labels: Vec<Label>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A message about a whole file.
    pub fn new(code: &'static str, severity: Severity, file: &str, message: String) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            file: file.to_owned(),
            position: None,
            excerpt: None,
            labels: Vec::new(),
            message,
            help: None,
        }
    }

    /// The same with a cure.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The same, pointing at a part of the file's text; the first call gives the position.
    #[must_use]
    pub fn with_label(
        mut self,
        text: &Arc<str>,
        span: Span,
        label: impl Into<String>,
    ) -> Diagnostic {
        if self.position.is_none() {
            self.position = Some(Position::in_text(text, span.start as usize));
        }
        if self.excerpt.is_none() {
            self.excerpt = Some(Excerpt { name: self.file.clone(), text: Arc::clone(text) });
        }
        self.labels.push(Label { span, text: label.into() });
        self
    }
}

/// `file:line:column: severity[code]: message`, on one line; the help is left out.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}[{}]: {}", self.severity, self.code, self.message)
    }
}

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Diagnostic", 7)?;
        object.serialize_field("file", &self.file)?;
        object.serialize_field("line", &self.position.map(|position| position.line))?;
        object.serialize_field("column", &self.position.map(|position| position.column))?;
        object.serialize_field("code", self.code)?;
        object.serialize_field("severity", &self.severity)?;
        object.serialize_field("message", &self.message)?;
        object.serialize_field("help", &self.help)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let text = "é: x\nab";
        assert_eq!(Position::in_text(text, 0), Position { line: 1, column: 1 });
        assert_eq!(Position::in_text(text, 2), Position { line: 1, column: 2 });
        assert_eq!(Position::in_text(text, 1), Position { line: 1, column: 1 });
        assert_eq!(Position::in_text(text, 7), Position { line: 2, column: 2 });
        assert_eq!(Position::in_text(text, 99), Position { line: 2, column: 3 });
    }

    #[test]
    fn json_has_exactly_the_documented_keys() {
        let text: Arc<str> = "query: [".into();
        let diagnostic = Diagnostic::new("F010", Severity::Error, "a.yaml", "broken".into());
        assert_eq!(
            serde_json::to_string(&diagnostic).unwrap(),
            r#"{"file":"a.yaml","line":null,"column":null,"code":"F010","severity":"error","message":"broken","help":null}"#
        );
        let placed = diagnostic.with_label(&text, Span::at(7), "here").with_help("close it");
        assert_eq!(
            serde_json::to_string(&placed).unwrap(),
            r#"{"file":"a.yaml","line":1,"column":8,"code":"F010","severity":"error","message":"broken","help":"close it"}"#
        );
        assert_eq!(placed.to_string(), "a.yaml:1:8: error[F010]: broken");
    }
}
