//! From texts to a set of fingerprints, and what was left out.

use std::sync::Arc;

use super::diagnostic::{Diagnostic, Severity};
use super::error::{LoadError, LoadErrorKind};
use super::model::Fingerprint;
use super::set::FingerprintSet;
use super::{keys, yaml};
use crate::span::Span;

/// The largest fingerprint file that is read: 1 MiB. The largest in the wild has 3 KiB.
pub const MAX_FILE_BYTES: usize = 1 << 20;

/// What loading gave: the good fingerprints, and everything there is to say about the others.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The fingerprints without an error.
    pub set: FingerprintSet,
    /// The files (and places to look for files) that gave none, sorted by origin.
    pub rejected: Vec<LoadError>,
    /// Warnings about files that are in the set. Those about rejected files stand with them.
    pub warnings: Vec<Diagnostic>,
}

impl Loaded {
    /// Loads fingerprints from texts. The origin is a path or anything like one; the fingerprint's
    /// id is its last component without `.yaml` or `.yml`. Of several good fingerprints with the
    /// same id the first stays, the others are rejected.
    ///
    /// Needs no files and no clock; never fails as a whole.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::Loaded;
    /// let loaded = Loaded::from_sources([
    ///     ("disk-full.yaml", "contains: No space left on device\nfalback: true\n"),
    ///     ("broken.yaml", "contains: [unclosed\n"),
    /// ]);
    /// assert_eq!(loaded.set.len(), 1);
    /// assert_eq!(loaded.rejected[0].id.as_deref(), Some("broken"));
    /// assert!(loaded.warnings[0].help.as_deref().is_some_and(|help| help.contains("`fallback`")));
    /// ```
    pub fn from_sources<I, O, T>(sources: I) -> Loaded
    where
        I: IntoIterator<Item = (O, T)>,
        O: AsRef<str>,
        T: AsRef<[u8]>,
    {
        let mut loader = Loader::default();
        for (origin, text) in sources {
            loader.add(read(origin.as_ref(), text.as_ref()));
        }
        loader.finish()
    }

    /// Everything there is to say, errors and warnings, by file.
    pub fn diagnostics(&self) -> Vec<&Diagnostic> {
        let rejected = self.rejected.iter().flat_map(|error| &error.diagnostics);
        let mut all: Vec<_> = rejected.chain(&self.warnings).collect();
        all.sort_by(|a, b| a.file.cmp(&b.file)); // stable: the order within a file stays
        all
    }
}

/// Collects fingerprints one by one.
#[derive(Default)]
pub(super) struct Loader {
    fingerprints: Vec<Fingerprint>,
    rejected: Vec<LoadError>,
    warnings: Vec<Diagnostic>,
}

impl Loader {
    /// Takes in what one file gave.
    pub(super) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Ok((fingerprint, mut warnings)) => {
                self.fingerprints.push(fingerprint);
                self.warnings.append(&mut warnings);
            }
            Err(error) => self.rejected.push(*error),
        }
    }

    /// Notes that a file or a place gave nothing.
    #[cfg(feature = "fs")]
    pub(super) fn reject(&mut self, error: LoadError) {
        self.rejected.push(error);
    }

    /// How many files were read or refused so far.
    #[cfg(feature = "fs")]
    pub(super) fn seen(&self) -> usize {
        self.fingerprints.len() + self.rejected.len()
    }

    /// Sorts, and tells duplicates.
    pub(super) fn finish(mut self) -> Loaded {
        self.fingerprints.sort_by(|a, b| a.id.cmp(&b.id)); // stable: the first one given stays first
        let mut kept: Vec<Fingerprint> = Vec::with_capacity(self.fingerprints.len());
        for fingerprint in self.fingerprints {
            match kept.last() {
                Some(first) if first.id == fingerprint.id => {
                    self.rejected.push(duplicate(fingerprint, &first.origin));
                }
                _ => kept.push(fingerprint),
            }
        }
        self.rejected.sort_by(|a, b| a.origin.cmp(&b.origin));
        Loaded { set: FingerprintSet::new(kept), rejected: self.rejected, warnings: self.warnings }
    }
}

/// The id a path gives: its last component without `.yaml` or `.yml`.
pub(super) fn id_of(origin: &str) -> Result<&str, Box<LoadError>> {
    let name = origin.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(origin);
    let stem = match name.rsplit_once('.') {
        Some((stem, "yaml" | "yml" | "YAML" | "YML")) => stem,
        _ => name,
    };
    if !stem.is_empty() {
        return Ok(stem);
    }
    let message = "the file's name gives no id".to_owned();
    Err(Box::new(whole_file("F007", origin, LoadErrorKind::BadName, message).with_help(
        "name the file after the bug, as in `1708704.yaml` or `disk-full.yaml`: the stem is the id",
    )))
}

/// A rejection with one diagnostic about the file as a whole.
pub(super) fn whole_file(
    code: &'static str,
    origin: &str,
    kind: LoadErrorKind,
    message: String,
) -> LoadError {
    LoadError {
        origin: origin.to_owned(),
        id: None,
        kind,
        diagnostics: vec![Diagnostic::new(code, Severity::Error, origin, message)],
    }
}

impl LoadError {
    /// The same with a cure on its diagnostics.
    pub(super) fn with_help(mut self, help: impl Into<String>) -> LoadError {
        let help = help.into();
        for diagnostic in &mut self.diagnostics {
            diagnostic.help = Some(help.clone());
        }
        self
    }

    /// The same, about the file that would have given this id.
    pub(super) fn with_id(mut self, id: &str) -> LoadError {
        self.id = Some(id.to_owned());
        self
    }
}

/// A rejection of a file larger than [`MAX_FILE_BYTES`].
pub(super) fn too_large(origin: &str, bytes: u64) -> LoadError {
    let message = format!("the file has {bytes} bytes; at most {MAX_FILE_BYTES} are read");
    whole_file("F004", origin, LoadErrorKind::TooLarge, message).with_help(
        "a fingerprint is a short query: cut the log text down to the words that tell the bug, or split the file",
    )
}

fn duplicate(fingerprint: Fingerprint, first: &str) -> LoadError {
    let Fingerprint { id, origin, .. } = fingerprint;
    let message = format!("the id `{id}` is already taken by {first}");
    let kind = LoadErrorKind::DuplicateId { first: first.to_owned() };
    whole_file("F006", &origin, kind, message).with_id(&id).with_help(
        "rename or remove one of the two; to recognise a bug in several ways, make `query` a list",
    )
}

/// A fingerprint with warnings about it, or why there is none.
pub(super) type Outcome = Result<(Fingerprint, Vec<Diagnostic>), Box<LoadError>>;

/// Reads one file's bytes.
pub(super) fn read(origin: &str, bytes: &[u8]) -> Outcome {
    let id = id_of(origin)?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Box::new(too_large(origin, bytes.len() as u64).with_id(id)));
    }
    let text: Arc<str> = match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(error) => return Err(Box::new(not_utf8(origin, bytes, error).with_id(id))),
    };
    let reject = |kind, diagnostics| {
        let (origin, id) = (origin.to_owned(), Some(id.to_owned()));
        Box::new(LoadError { origin, id, kind, diagnostics })
    };
    let entries = match yaml::read(&text) {
        Ok(yaml::Document::Mapping(entries)) => entries,
        Ok(other) => {
            let diagnostic = not_a_mapping(origin, &text, &other);
            return Err(reject(LoadErrorKind::Yaml, vec![diagnostic]));
        }
        Err(error) => {
            let diagnostic = not_yaml(origin, &text, error);
            return Err(reject(LoadErrorKind::Yaml, vec![diagnostic]));
        }
    };
    let (mut fingerprint, diagnostics) = keys::read(origin, &text, entries);
    match diagnostics.iter().filter(|d| d.severity == Severity::Error).count() {
        0 => {
            fingerprint.id = id.to_owned();
            fingerprint.origin = origin.to_owned();
            Ok((fingerprint, diagnostics))
        }
        errors => Err(reject(LoadErrorKind::Content(errors), diagnostics)),
    }
}

fn not_utf8(origin: &str, bytes: &[u8], error: std::str::Utf8Error) -> LoadError {
    let at = error.valid_up_to();
    let line = bytes[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
    let byte = bytes.get(at).copied().unwrap_or_default();
    let message = format!("not UTF-8: byte {at} (line {line}) is 0x{byte:02x}");
    let help = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16: save it as UTF-8",
        _ => "save the file as UTF-8; in a query, `*` can stand for a character of unknown coding",
    };
    let valid = std::str::from_utf8(&bytes[..at]).unwrap_or_default();
    let mut rejected = whole_file("F005", origin, LoadErrorKind::NotUtf8, message).with_help(help);
    for diagnostic in &mut rejected.diagnostics {
        diagnostic.position = Some(super::diagnostic::Position::in_text(valid, at));
    }
    rejected
}

fn not_a_mapping(origin: &str, text: &Arc<str>, document: &yaml::Document) -> Diagnostic {
    let example =
        "a fingerprint is a mapping of keys: begin with `query:` (or `contains:`, `regex:`)";
    match document {
        yaml::Document::Other(kind, span) => {
            let message = format!("expected a mapping of keys, found {kind}");
            Diagnostic::new("F012", Severity::Error, origin, message)
                .with_label(text, *span, format!("this is {kind}"))
                .with_help(example)
        }
        _ => Diagnostic::new("F011", Severity::Error, origin, "the file is empty".into())
            .with_help(example),
    }
}

fn not_yaml(origin: &str, text: &Arc<str>, error: yaml::YamlError) -> Diagnostic {
    use yaml::YamlErrorKind;
    let span = error.span.unwrap_or(Span::at(text.len()));
    let (code, message, label, help) = match error.kind {
        YamlErrorKind::Syntax(words) => {
            let help = syntax_help(text, span, &words);
            ("F010", format!("not well-formed YAML: {words}"), "here", help)
        }
        YamlErrorKind::SeveralDocuments => (
            "F013",
            "more than one YAML document".to_owned(),
            "a second document begins here",
            "one file is one fingerprint: split it at `---`",
        ),
        YamlErrorKind::UnknownAnchor => (
            "F014",
            "alias to an anchor that is not there".to_owned(),
            "no such anchor",
            "quote a value that begins with `*`; `*name` is an alias in YAML",
        ),
        YamlErrorKind::TooMuch => (
            "F015",
            "too much YAML: nested too deep, too many items, or aliases that multiply".to_owned(),
            "the limit was reached here",
            "a fingerprint is a flat mapping of keys to texts and lists of texts",
        ),
    };
    Diagnostic::new(code, Severity::Error, origin, message)
        .with_label(text, span, label)
        .with_help(help)
}

/// The likely cure for a syntax error, from the line it is on.
fn syntax_help(text: &str, span: Span, words: &str) -> &'static str {
    let start = span.start as usize;
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let at = text[start..].chars().next().unwrap_or_default();
    let value = line.split_once(": ").map_or(line, |(_, value)| value).trim_start();
    if words.contains("tab") || line.trim_start_matches(' ').starts_with('\t') {
        "indent with blanks: YAML does not allow tabs there"
    } else if at.is_control() && !at.is_whitespace() {
        "remove the control character; in double quotes it can be written as `\\u001b`"
    } else if value.starts_with(['"', '\'', '[', '{', '*', '&', '!', '%', '@', '`', '>', '|'])
        || value.contains(": ")
        || value.contains('"')
    {
        "put a query below `query: >-`, indented by two blanks: then no quoting is needed"
    } else {
        "check the indentation, and that every line is `key: value` or indented below its key"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stems() {
        let id = |origin| id_of(origin).map(str::to_owned).map_err(|error| error.to_string());
        assert_eq!(id("queries/1708704.yaml").as_deref(), Ok("1708704"));
        assert_eq!(id("disk.full.yml").as_deref(), Ok("disk.full"));
        assert_eq!(id("a/b/v1.2").as_deref(), Ok("v1.2"));
        // elastic-recheck strips the characters of ".yaml" from the right: "may" would be "".
        assert_eq!(id("may.yaml").as_deref(), Ok("may"));
        assert!(id("queries/.yaml").is_err());
    }

    #[test]
    fn of_two_with_one_id_the_first_good_one_stays() {
        let loaded = Loaded::from_sources([
            ("a/1.yaml", "contains: ''\n"),
            ("b/1.yaml", "contains: b\n"),
            ("c/1.yaml", "contains: c\n"),
        ]);
        assert_eq!(
            loaded.set.iter().map(|(_, f)| f.origin.as_str()).collect::<Vec<_>>(),
            ["b/1.yaml"]
        );
        let why: Vec<_> = loaded.rejected.iter().map(ToString::to_string).collect();
        assert_eq!(
            why,
            ["a/1.yaml: 1 error in its keys or values", "c/1.yaml: same id as b/1.yaml"]
        );
        assert!(loaded.rejected.iter().all(|error| error.id.as_deref() == Some("1")));
    }
}
