//! What the keys of a fingerprint file mean, and every way their values can be wrong.

use std::fmt;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Excerpt, Label, Position, Severity};
use super::model::{Category, Fingerprint};

use super::yaml::{Entry, Item, Kind, Scalar, Value};
use super::{lint, pattern, place};
use crate::query::{Query, SyntaxError};
use crate::schema::Schema;
use crate::span::Span;

/// How many errors and how many warnings of one file are told; hostile files have millions.
const MAX_TOLD: usize = 25;

/// Every key, as it is written.
const KEYS: [(&str, Key); 13] = [
    ("query", Key::Query),
    ("contains", Key::Contains),
    ("regex", Key::Regex),
    ("suppress-graph", Key::SuppressGraph),
    ("suppress-notification", Key::SuppressNotification),
    ("allow-nonvoting", Key::AllowNonvoting),
    ("test_ids", Key::TestIds),
    ("resolved_at", Key::ResolvedAt),
    ("title", Key::Title),
    ("bug", Key::Bug),
    ("category", Key::Category),
    ("advice", Key::Advice),
    ("fallback", Key::Fallback),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Query,
    Contains,
    Regex,
    SuppressGraph,
    SuppressNotification,
    AllowNonvoting,
    TestIds,
    ResolvedAt,
    Title,
    Bug,
    Category,
    Advice,
    Fallback,
}

impl Key {
    /// True for the keys that recognise an event.
    fn recognises(self) -> bool {
        matches!(self, Key::Query | Key::Contains | Key::Regex)
    }

    /// What its value has to be, for messages.
    fn expects(self) -> &'static str {
        match self {
            Key::Query | Key::Contains | Key::Regex | Key::TestIds => "text or a list of texts",
            Key::SuppressGraph
            | Key::SuppressNotification
            | Key::AllowNonvoting
            | Key::Fallback => "`true` or `false`",
            Key::ResolvedAt => "text or a date",
            Key::Title | Key::Advice => "text",
            Key::Bug => "a URL, or a tracker's text or number",
            Key::Category => "`infra`, `product` or `test`",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = KEYS.iter().find(|(_, key)| key == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// Reads the keys of one file. The fingerprint is good when no diagnostic is an error.
pub(super) fn read(
    file: &str,
    text: &Arc<str>,
    entries: Vec<Entry>,
) -> (Fingerprint, Vec<Diagnostic>) {
    let mut reader = Reader {
        file,
        text,
        fingerprint: Fingerprint::default(),
        diagnostics: Vec::new(),
        told: [0; 2],
        seen: Vec::new(),
    };
    for entry in entries {
        reader.entry(entry);
    }
    reader.required();
    reader.finish();
    (reader.fingerprint, reader.diagnostics)
}

/// A list of texts, each with its place in the file.
type Texts = Vec<(String, Span)>;

struct Reader<'a> {
    file: &'a str,
    text: &'a Arc<str>,
    fingerprint: Fingerprint,
    diagnostics: Vec<Diagnostic>,
    /// How many warnings and errors there were, those not told included.
    told: [usize; 2],
    /// The keys so far, with their places.
    seen: Vec<(Key, Span)>,
}

impl Reader<'_> {
    fn entry(&mut self, entry: Entry) {
        let Some(name) = entry.key.as_deref() else {
            return self.error("F021", entry.key_span, || Words {
                message: "a key that is not text".into(),
                label: "expected a word".into(),
                help: "quote it, or remove it; every key is a word such as `query`".into(),
            });
        };
        let Some(&(_, key)) = KEYS.iter().find(|(known, _)| *known == name) else {
            return self.unknown_key(name, entry.key_span);
        };
        if let Some(&(_, first)) = self.seen.iter().find(|(seen, _)| *seen == key) {
            return self.duplicate(key, first, entry.key_span);
        }
        self.seen.push((key, entry.key_span));
        if matches!(entry.value, Value::Scalar(Scalar::Null)) && !key.recognises() {
            return self.warning("W002", entry.key_span, || Words {
                message: format!("`{key}` has no value and is ignored"),
                label: "nothing stands here".into(),
                help: format!("give it {}, or remove the key", key.expects()),
            });
        }
        self.value(key, entry);
    }

    fn value(&mut self, key: Key, entry: Entry) {
        match key {
            Key::Query => self.queries(entry),
            Key::Contains => self.contains(entry),
            Key::Regex => self.regexes(entry),
            Key::Category => self.category(entry),
            Key::TestIds => {
                self.fingerprint.test_ids = texts_only(self.texts(key, entry));
            }
            Key::SuppressGraph => self.fingerprint.suppress_graph = self.flag(key, &entry),
            Key::SuppressNotification => {
                self.fingerprint.suppress_notification = self.flag(key, &entry);
            }
            Key::AllowNonvoting => self.fingerprint.allow_nonvoting = self.flag(key, &entry),
            Key::Fallback => self.fingerprint.fallback = self.flag(key, &entry),
            Key::ResolvedAt => self.fingerprint.resolved_at = self.line(key, entry, true),
            Key::Bug => self.fingerprint.bug = self.line(key, entry, true),
            Key::Title => self.fingerprint.title = self.line(key, entry, false),
            Key::Advice => self.fingerprint.advice = self.line(key, entry, false),
        }
    }

    fn queries(&mut self, entry: Entry) {
        let key_span = entry.key_span;
        for (query, span) in self.texts(Key::Query, entry) {
            match Query::parse(&query) {
                Ok(parsed) => {
                    self.lint(&parsed, span, key_span);
                    self.bind(&parsed, span, key_span);
                    self.fingerprint.queries.push(parsed);
                }
                Err(errors) => {
                    let source: Arc<str> = query.into();
                    for error in errors.errors() {
                        self.syntax_error(&source, error, span, key_span);
                    }
                }
            }
        }
    }

    fn contains(&mut self, entry: Entry) {
        let texts = self.texts(Key::Contains, entry);
        for (text, span) in &texts {
            if text.is_empty() {
                self.error("F030", *span, || Words {
                    message: "an empty `contains` would match every event".into(),
                    label: "no text to look for".into(),
                    help: "give the words that tell the bug, or remove the key".into(),
                });
            } else if text.trim().is_empty() {
                self.warning("W004", *span, || Words {
                    message: "a blank `contains` matches nearly every event".into(),
                    label: "only blanks to look for".into(),
                    help: "give the words that tell the bug".into(),
                });
            }
        }
        self.fingerprint.contains = texts_only(texts);
    }

    fn regexes(&mut self, entry: Entry) {
        let key_span = entry.key_span;
        let texts = self.texts(Key::Regex, entry);
        for (text, span) in &texts {
            match pattern::check(text) {
                Ok(pattern) if pattern.matches_empty => {
                    let message = "the regex matches the empty text, hence every event";
                    self.warning("W003", *span, || Words {
                        message: message.into(),
                        label: "nothing here must be in the event".into(),
                        help: "add the words that tell the bug".into(),
                    });
                }
                Ok(_) => {}
                Err(error) => self.pattern_error(text, error, *span, key_span),
            }
        }
        self.fingerprint.regex = texts_only(texts);
    }

    fn category(&mut self, entry: Entry) {
        let span = entry.span;
        let Some(name) = self.line(Key::Category, entry, false) else { return };
        self.fingerprint.category = Category::by_name(&name);
        if self.fingerprint.category.is_none() {
            let near = nearest(&name, ["infra", "product", "test"].into_iter());
            self.error("F031", span, || Words {
                message: format!("`{}` is no category", brief(&name)),
                label: format!("expected {}", Key::Category.expects()),
                help: match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`infra`: machines, network, services; `product`: the software under \
                             test; `test`: the test itself"
                        .into(),
                },
            });
        }
    }

    fn flag(&mut self, key: Key, entry: &Entry) -> bool {
        if let Value::Scalar(Scalar::Bool(flag)) = entry.value {
            return flag;
        }
        self.wrong_type(key, entry.value.kind(), entry.span);
        false
    }

    /// One text; a number's own digits where `numbers` are fine.
    fn line(&mut self, key: Key, entry: Entry, numbers: bool) -> Option<String> {
        match entry.value {
            Value::Scalar(Scalar::Text(text)) => return Some(text.trim().to_owned()),
            Value::Scalar(Scalar::Number) if numbers => {
                return Some(self.text[entry.span.range()].to_owned());
            }
            value => self.wrong_type(key, value.kind(), entry.span),
        }
        None
    }

    /// One text or a list of texts.
    fn texts(&mut self, key: Key, entry: Entry) -> Texts {
        let items = match entry.value {
            Value::Scalar(Scalar::Text(text)) => return vec![(text, entry.span)],
            Value::Scalar(Scalar::Null) => {
                self.error("F022", entry.key_span, || Words {
                    message: format!("`{key}` has no value"),
                    label: format!("expected {}", key.expects()),
                    help: "write the value behind the colon, or below it, indented".into(),
                });
                return Vec::new();
            }
            Value::List(items) => items,
            value => {
                self.wrong_type(key, value.kind(), entry.span);
                return Vec::new();
            }
        };
        if items.is_empty() && key.recognises() {
            self.error("F022", entry.span, || Words {
                message: format!("`{key}` is an empty list"),
                label: "nothing to recognise an event by".into(),
                help: "put at least one text into it, or remove the key".into(),
            });
        }
        let mut texts = Vec::with_capacity(items.len());
        for (item, span) in items {
            match item {
                Item::Scalar(Scalar::Text(text)) => texts.push((text, span)),
                Item::Scalar(scalar) => self.wrong_item(key, scalar.kind(), span),
                Item::Nested(kind) => self.wrong_item(key, kind, span),
            }
        }
        texts
    }

    fn required(&mut self) {
        if self.seen.iter().any(|(key, _)| key.recognises()) {
            return;
        }
        let message = "nothing to recognise an event by";
        let mut diagnostic =
            Diagnostic::new("F024", Severity::Error, self.file, message.to_owned())
                .with_help("add `query:`, `contains:` or `regex:`");
        diagnostic.position = Some(Position { line: 1, column: 1 });
        self.tell(Severity::Error, || diagnostic);
    }

    /// Puts the diagnostics in the file's order, and says how many were left out.
    fn finish(&mut self) {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.position); // stable
        for (severity, code) in [(Severity::Error, "F029"), (Severity::Warning, "W009")] {
            let omitted = self.told[severity as usize].saturating_sub(MAX_TOLD);
            if omitted > 0 {
                let message = format!("{omitted} more {severity}s in this file");
                self.diagnostics.push(Diagnostic::new(code, severity, self.file, message));
            }
        }
    }

    fn unknown_key(&mut self, name: &str, span: Span) {
        if name == "sequence" {
            // Ignoring it would make the fingerprint match more than its author means.
            return self.error("F025", span, || Words {
                message: "`sequence` is reserved for a later version".into(),
                label: "not supported yet".into(),
                help: "recognise the most telling event by itself".into(),
            });
        }
        let near = nearest(name, KEYS.iter().map(|(known, _)| *known));
        self.warning("W001", span, || Words {
            message: format!("unknown key `{}` is ignored", brief(name)),
            label: "no such key".into(),
            help: match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys are {}", KEYS.map(|(known, _)| known).join(", ")),
            },
        });
    }

    fn duplicate(&mut self, key: Key, first: Span, second: Span) {
        let (file, text) = (self.file, self.text);
        self.tell(Severity::Error, || {
            let message = format!("`{key}` stands twice");
            let help = match key {
                Key::Query => "make it one list: any of its queries recognises an event",
                Key::Contains | Key::Regex => "make it one list: all of it must match",
                _ => "keep one of them",
            };
            Diagnostic::new("F023", Severity::Error, file, message)
                .with_label(text, second, "again here")
                .with_label(text, first, "first here")
                .with_help(help)
        });
    }

    fn wrong_type(&mut self, key: Key, found: Kind, span: Span) {
        self.error("F020", span, || Words {
            message: format!("`{key}` must be {}, found {found}", key.expects()),
            label: format!("this is {found}"),
            help: cure(key, found).into(),
        });
    }

    fn wrong_item(&mut self, key: Key, found: Kind, span: Span) {
        self.error("F020", span, || Words {
            message: format!("every item of `{key}` must be text, found {found}"),
            label: format!("this is {found}"),
            help: cure(key, found).into(),
        });
    }

    fn pattern_error(
        &mut self,
        pattern: &str,
        error: pattern::PatternError,
        span: Span,
        key_span: Span,
    ) {
        let help = match error.span {
            Some(_) => {
                "the syntax is the `regex` crate's: no look-around, no back-references; \
                 a backslash makes a special character an ordinary one"
            }
            None => "use smaller repetition counts, or `contains` for plain text",
        };
        let part = error.span.unwrap_or(Span::new(0, pattern.len()));
        let site = Site { key: Key::Regex, value: pattern, span, key_span };
        self.tell_in_value(Severity::Error, &site, part, |diagnostic| {
            diagnostic.code = "F032";
            diagnostic.message = format!("the regex does not compile: {}", error.message);
            diagnostic.help = Some(help.to_owned());
        });
    }

    fn syntax_error(&mut self, query: &str, error: &SyntaxError, span: Span, key_span: Span) {
        let site = Site { key: Key::Query, value: query, span, key_span };
        self.tell_in_value(Severity::Error, &site, error.span, |diagnostic| {
            diagnostic.code = error.kind.code();
            diagnostic.message = format!("the query does not parse: {}", error.kind);
            diagnostic.help = Some(error.help.clone());
        });
    }

    /// Tells what keeps a query from being used whatever the schema; what only one schema refuses
    /// is found when the query is compiled for it.
    fn bind(&mut self, query: &Query, span: Span, key_span: Span) {
        let Err(errors) = query.bind(&Schema::Logstash) else { return };
        if query.bind(&Schema::Dynamic).is_ok() {
            return;
        }
        for error in errors.errors() {
            let site = Site { key: Key::Query, value: query.source(), span, key_span };
            self.tell_in_value(Severity::Error, &site, error.span, |diagnostic| {
                diagnostic.code = error.kind.code();
                diagnostic.message = format!("the query cannot be used: {}", error.kind);
                diagnostic.help = Some(error.help.clone());
            });
        }
    }

    fn lint(&mut self, query: &Query, span: Span, key_span: Span) {
        for finding in lint::check(query) {
            let site = Site { key: Key::Query, value: query.source(), span, key_span };
            self.tell_in_value(Severity::Warning, &site, finding.span, |diagnostic| {
                diagnostic.code = finding.code;
                diagnostic.message = finding.message;
                diagnostic.help = Some(finding.help);
            });
        }
    }

    /// Tells something about a part of a value: at its place in the file, or, where escapes moved
    /// the text, in the value's own text with the place of its key.
    fn tell_in_value(
        &mut self,
        severity: Severity,
        site: &Site<'_>,
        part: Span,
        fill: impl FnOnce(&mut Diagnostic),
    ) {
        let (file, text) = (self.file, self.text);
        self.tell(severity, || {
            let diagnostic = Diagnostic::new("", severity, file, String::new());
            let mut diagnostic = match place::in_file(text, site.span, site.value, part) {
                Some(place) => diagnostic.with_label(text, place, ""),
                None => Diagnostic {
                    position: Some(Position::in_text(text, site.key_span.start as usize)),
                    excerpt: Some(Excerpt {
                        name: format!("{file} ({})", site.key),
                        text: site.value.into(),
                    }),
                    labels: vec![Label { span: part, text: String::new() }],
                    ..diagnostic
                },
            };
            fill(&mut diagnostic);
            diagnostic
        });
    }

    fn error(&mut self, code: &'static str, span: Span, words: impl FnOnce() -> Words) {
        self.tell_at(Severity::Error, code, span, words);
    }

    fn warning(&mut self, code: &'static str, span: Span, words: impl FnOnce() -> Words) {
        self.tell_at(Severity::Warning, code, span, words);
    }

    fn tell_at(
        &mut self,
        severity: Severity,
        code: &'static str,
        span: Span,
        words: impl FnOnce() -> Words,
    ) {
        let (file, text) = (self.file, self.text);
        self.tell(severity, || {
            let Words { message, label, help } = words();
            Diagnostic::new(code, severity, file, message)
                .with_label(text, span, label)
                .with_help(help)
        });
    }

    /// Counts a diagnostic, and keeps the first [`MAX_TOLD`] of its severity: making one costs
    /// time in the length of the file.
    fn tell(&mut self, severity: Severity, diagnostic: impl FnOnce() -> Diagnostic) {
        let told = &mut self.told[severity as usize];
        *told += 1;
        if *told <= MAX_TOLD {
            self.diagnostics.push(diagnostic());
        }
    }
}

/// The words of a diagnostic at one place.
struct Words {
    message: String,
    label: String,
    help: String,
}

/// A value with its place, for diagnostics inside it.
struct Site<'a> {
    key: Key,
    value: &'a str,
    span: Span,
    key_span: Span,
}

fn texts_only(texts: Texts) -> Vec<String> {
    texts.into_iter().map(|(text, _)| text).collect()
}

fn cure(key: Key, found: Kind) -> &'static str {
    match (key.expects(), found) {
        (_, Kind::List) => "give one value, not a list",
        ("`true` or `false`", _) => "write `true` or `false`, without quotes",
        ("`infra`, `product` or `test`", _) => "write one of the three words",
        (_, Kind::Bool | Kind::Number) => "quote it, to make it text",
        (_, Kind::Mapping) => {
            "a colon followed by a blank makes a mapping: put the text below `>-`, or quote it"
        }
        (_, Kind::Null | Kind::Text) => "give a value, or remove it",
    }
}

/// A name short enough for a message.
fn brief(name: &str) -> String {
    match name.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// The known name that `name` is probably meant to be.
pub(super) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if name.len() > 40 {
        return None; // the distance takes quadratic time, and no name is that long
    }
    let plain = |name: &str| name.to_lowercase().replace(['_', ' '], "-");
    let wanted = plain(name);
    known
        .map(|known| (strsim::damerau_levenshtein(&wanted, &plain(known)), known))
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::super::load::Loaded;
    use super::*;

    fn loaded(text: &str) -> Fingerprint {
        let loaded = Loaded::from_sources([("x.yaml", text)]);
        assert!(loaded.diagnostics().is_empty(), "{:?}", loaded.diagnostics());
        loaded.set.iter().next().unwrap().1.clone()
    }

    #[test]
    fn every_key_is_read() {
        let text = "query: [a, 'b c']\ncontains: \" x \"\nregex: ['y+', z]\nsuppress-graph: yes\n\
                    suppress-notification: true\nallow-nonvoting: True\ntest_ids: one.test\n\
                    resolved_at: 2014-01-19 10:00:00\ntitle: '  Disk full '\nbug: 01708704\n\
                    category: product\nadvice: >\n  Wait\n  a bit.\nfallback: on\n";
        let f = loaded(text);
        assert_eq!(f.queries.iter().map(Query::source).collect::<Vec<_>>(), ["a", "b c"]);
        assert_eq!((f.contains, f.regex), (vec![" x ".to_owned()], vec!["y+".into(), "z".into()]));
        assert!(f.suppress_graph && f.suppress_notification && f.allow_nonvoting && f.fallback);
        assert_eq!(f.test_ids, ["one.test"]);
        assert_eq!(f.resolved_at.as_deref(), Some("2014-01-19 10:00:00"));
        assert_eq!(f.title.as_deref(), Some("Disk full"));
        assert_eq!(f.bug.as_deref(), Some("01708704"), "a tracker's number is kept as written");
        assert_eq!(f.category, Some(Category::Product));
        assert_eq!(f.advice.as_deref(), Some("Wait a bit."));
    }

    #[test]
    fn absent_keys_have_their_defaults() {
        let f = loaded("contains: a\n");
        assert!(!(f.suppress_graph || f.suppress_notification || f.allow_nonvoting || f.fallback));
        assert!(f.queries.is_empty() && f.regex.is_empty() && f.test_ids.is_empty());
        assert_eq!((f.title, f.bug, f.category), (None, None, None));
    }

    #[test]
    fn numbers_as_bugs_keep_their_digits() {
        for number in ["1708704", "1e5", "0x1F", "12345678901234567890123", "3.10"] {
            assert_eq!(
                loaded(&format!("contains: a\nbug: {number}\n")).bug.as_deref(),
                Some(number)
            );
            let aliased = format!("resolved_at: &n {number}\nbug: *n\ncontains: a\n");
            assert_eq!(loaded(&aliased).bug.as_deref(), Some(number));
        }
    }

    #[test]
    fn nearest_forgives_typing_but_does_not_guess() {
        let keys = || KEYS.iter().map(|(known, _)| *known);
        assert_eq!(nearest("supress-graph", keys()), Some("suppress-graph"));
        assert_eq!(nearest("suppress_graph", keys()), Some("suppress-graph"));
        assert_eq!(nearest("Querry", keys()), Some("query"));
        assert_eq!(nearest("resolvedat", keys()), Some("resolved_at"));
        assert_eq!(nearest("owner", keys()), None);
    }
}
