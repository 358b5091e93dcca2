//! YAML as far as fingerprint files need it: one mapping of scalars and lists of scalars, with
//! the place of everything. What the values mean is for [`keys`](super::keys).
//!
//! The text is read once, in one pass, into types of bounded depth: what is nested deeper than a
//! fingerprint can be is skipped, so hostile input cannot drive recursion or memory here.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Location, Options, Spanned, from_str_with_options};

use crate::span::Span;

/// The longest list a key may have, and the most keys: far beyond any file in the wild.
const MAX_NODES: usize = 100_000;
/// How deep anything may be nested, skipped parts included.
const MAX_DEPTH: usize = 32;
/// How much text all scalars may have together after aliases are replaced.
const MAX_SCALAR_BYTES: usize = 4 * super::load::MAX_FILE_BYTES;
/// How many nodes aliases may stand for together.
const MAX_ALIASED_NODES: usize = 1_000;

/// A YAML document.
pub(super) enum Document {
    /// Nothing but blanks and comments, or a null.
    Empty,
    /// A mapping: the keys in order, duplicates too.
    Mapping(Vec<Entry>),
    /// Anything else.
    Other(Kind, Span),
}

/// A key with its value.
pub(super) struct Entry {
    /// The key; `None` when it is not a text.
    pub(super) key: Option<String>,
    /// Where the key stands.
    pub(super) key_span: Span,
    /// The value.
    pub(super) value: Value,
    /// Where the value stands: a scalar's whole text, else its first character.
    pub(super) span: Span,
}

/// A value, with the kind that YAML's plain scalars resolve to.
pub(super) enum Value {
    /// One scalar.
    Scalar(Scalar),
    /// A list, with the place of each item.
    List(Vec<(Item, Span)>),
    /// A mapping.
    Mapping,
}

/// A list's item.
pub(super) enum Item {
    /// One scalar.
    Scalar(Scalar),
    /// Something nested, by its kind.
    Nested(Kind),
}

/// A scalar.
pub(super) enum Scalar {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean in YAML 1.1's words, as PyYAML reads them.
    Bool(bool),
    /// An integer or a float; its text stands at its span.
    Number,
    /// Anything else, quoted or not.
    Text(String),
}

/// What kind a value is, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// See [`Scalar::Null`].
    Null,
    /// See [`Scalar::Bool`].
    Bool,
    /// See [`Scalar::Number`].
    Number,
    /// See [`Scalar::Text`].
    Text,
    /// A list.
    List,
    /// A mapping.
    Mapping,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Null => "nothing",
            Kind::Bool => "a boolean",
            Kind::Number => "a number",
            Kind::Text => "text",
            Kind::List => "a list",
            Kind::Mapping => "a mapping",
        })
    }
}

impl Scalar {
    /// The kind, for messages.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Scalar::Null => Kind::Null,
            Scalar::Bool(_) => Kind::Bool,
            Scalar::Number => Kind::Number,
            Scalar::Text(_) => Kind::Text,
        }
    }
}

impl Value {
    /// The kind, for messages.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Value::Scalar(scalar) => scalar.kind(),
            Value::List(_) => Kind::List,
            Value::Mapping => Kind::Mapping,
        }
    }
}

/// Why a text is not a YAML document we read.
#[derive(Debug)]
pub(super) struct YamlError {
    /// What is wrong.
    pub(super) kind: YamlErrorKind,
    /// Where, when known.
    pub(super) span: Option<Span>,
}

/// What is wrong with the YAML.
#[derive(Debug)]
pub(super) enum YamlErrorKind {
    /// The grammar; the parser's words.
    Syntax(String),
    /// A `---` begins a second document.
    SeveralDocuments,
    /// An alias to an anchor that is not there.
    UnknownAnchor,
    /// A limit was reached: nesting, number of nodes, replayed aliases.
    TooMuch,
}

/// Reads one document.
///
/// # Errors
///
/// When the text is not exactly one well-formed document within the limits.
pub(super) fn read(text: &str) -> Result<Document, YamlError> {
    let root: Spanned<Root> =
        from_str_with_options(text, options()).map_err(|error| YamlError {
            span: error.location().map(|location| span_of(&location, text)),
            kind: kind_of(error),
        })?;
    let span = span_of(&root.defined, text);
    Ok(match root.value {
        Root::Mapping(entries) => Document::Mapping(
            entries.into_iter().map(|(key, value)| entry(key, value, text)).collect(),
        ),
        Root::Other(Kind::Null) => Document::Empty,
        Root::Other(kind) => Document::Other(kind, span),
    })
}

fn entry(key: Spanned<Key>, value: Spanned<RawValue>, text: &str) -> Entry {
    Entry {
        key: key.value.0,
        key_span: span_of(&key.referenced, text),
        span: span_of(&value.defined, text),
        value: match value.value {
            RawValue::Scalar(scalar) => Value::Scalar(scalar),
            RawValue::Mapping => Value::Mapping,
            RawValue::List(items) => Value::List(
                items.into_iter().map(|item| (item.value, span_of(&item.defined, text))).collect(),
            ),
        },
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_total_scalar_bytes: MAX_SCALAR_BYTES,
            max_recorded_anchor_events: MAX_NODES,
            max_recorded_anchor_bytes: MAX_SCALAR_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_ALIASED_NODES,
        },
        // Duplicates are told with both places, so we want to see them.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
        ignore_binary_tag_for_string: true,
        with_snippet: false,
    }
}

/// The bytes of a location; whole characters of `text`, whatever the parser said.
fn span_of(location: &Location, text: &str) -> Span {
    let clamp = |offset: u64| {
        let mut offset =
            usize::try_from(offset).map_or(text.len(), |offset| offset.min(text.len()));
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let span = location.span();
    // Errors have lines and columns only.
    let start = span.byte_offset().unwrap_or_else(|| offset_of(location, text));
    let (start, end) = (clamp(start), clamp(start + span.byte_len().unwrap_or(0)));
    // A block scalar's span runs to the next token; its trailing blanks say nothing.
    Span::new(start, start + text[start..end].trim_end().len())
}

/// The byte at a line and a column, both from 1, the column in characters.
fn offset_of(location: &Location, text: &str) -> u64 {
    let line = usize::try_from(location.line()).unwrap_or(usize::MAX).saturating_sub(1);
    let column = usize::try_from(location.column()).unwrap_or(usize::MAX).saturating_sub(1);
    let Some(rest) = text.split_inclusive('\n').nth(line) else { return text.len() as u64 };
    let start = rest.as_ptr().addr() - text.as_ptr().addr();
    let within = rest.char_indices().nth(column).map_or(rest.trim_end().len(), |(at, _)| at);
    (start + within) as u64
}

fn kind_of(error: serde_saphyr::Error) -> YamlErrorKind {
    use serde_saphyr::granit_parser::ErrorKind;
    use serde_saphyr::{Error, ExternalMessageSource};
    match error {
        Error::MultipleDocuments { .. } => YamlErrorKind::SeveralDocuments,
        Error::UnknownAnchor { .. } => YamlErrorKind::UnknownAnchor,
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => YamlErrorKind::TooMuch,
        Error::AliasError { error, .. } => kind_of(*error),
        Error::ExternalMessage { source, msg, .. } => match *source {
            ExternalMessageSource::Parser(error)
                if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) =>
            {
                YamlErrorKind::TooMuch
            }
            _ => YamlErrorKind::Syntax(msg),
        },
        Error::Message { msg, .. } => YamlErrorKind::Syntax(msg),
        other => YamlErrorKind::Syntax(other.to_string()),
    }
}

enum Root {
    Mapping(Vec<(Spanned<Key>, Spanned<RawValue>)>),
    Other(Kind),
}

struct Key(Option<String>);

enum RawValue {
    Scalar(Scalar),
    List(Vec<Spanned<Item>>),
    Mapping,
}

/// Builds a type from whatever node stands there. Lists and mappings are skipped unless the type
/// says otherwise.
trait Node<'de>: Sized {
    fn scalar(scalar: Scalar) -> Self;

    fn list<A: SeqAccess<'de>>(items: A) -> Result<Self, A::Error>;

    fn mapping<A: MapAccess<'de>>(entries: A) -> Result<Self, A::Error>;
}

fn skip_list<'de, A: SeqAccess<'de>>(mut items: A) -> Result<(), A::Error> {
    while items.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_mapping<'de, A: MapAccess<'de>>(mut entries: A) -> Result<(), A::Error> {
    while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de> Node<'de> for Root {
    fn scalar(scalar: Scalar) -> Self {
        Root::Other(scalar.kind())
    }

    fn list<A: SeqAccess<'de>>(items: A) -> Result<Self, A::Error> {
        skip_list(items).map(|()| Root::Other(Kind::List))
    }

    fn mapping<A: MapAccess<'de>>(mut entries: A) -> Result<Self, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            all.push(entry);
        }
        Ok(Root::Mapping(all))
    }
}

impl<'de> Node<'de> for Key {
    fn scalar(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Text(text) => Key(Some(text)),
            _ => Key(None),
        }
    }

    fn list<A: SeqAccess<'de>>(items: A) -> Result<Self, A::Error> {
        skip_list(items).map(|()| Key(None))
    }

    fn mapping<A: MapAccess<'de>>(entries: A) -> Result<Self, A::Error> {
        skip_mapping(entries).map(|()| Key(None))
    }
}

impl<'de> Node<'de> for RawValue {
    fn scalar(scalar: Scalar) -> Self {
        RawValue::Scalar(scalar)
    }

    fn list<A: SeqAccess<'de>>(mut items: A) -> Result<Self, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(RawValue::List(all))
    }

    fn mapping<A: MapAccess<'de>>(entries: A) -> Result<Self, A::Error> {
        skip_mapping(entries).map(|()| RawValue::Mapping)
    }
}

impl<'de> Node<'de> for Item {
    fn scalar(scalar: Scalar) -> Self {
        Item::Scalar(scalar)
    }

    fn list<A: SeqAccess<'de>>(items: A) -> Result<Self, A::Error> {
        skip_list(items).map(|()| Item::Nested(Kind::List))
    }

    fn mapping<A: MapAccess<'de>>(entries: A) -> Result<Self, A::Error> {
        skip_mapping(entries).map(|()| Item::Nested(Kind::Mapping))
    }
}

macro_rules! deserialize_nodes {
    ($($node:ty),*) => {$(
        impl<'de> Deserialize<'de> for $node {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(NodeVisitor(std::marker::PhantomData))
            }
        }
    )*};
}

deserialize_nodes!(Root, Key, RawValue, Item);

struct NodeVisitor<N>(std::marker::PhantomData<N>);

impl<'de, N: Node<'de>> Visitor<'de> for NodeVisitor<N> {
    type Value = N;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<N, E> {
        Ok(N::scalar(Scalar::Null))
    }

    fn visit_none<E>(self) -> Result<N, E> {
        Ok(N::scalar(Scalar::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<N, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<N, E> {
        Ok(N::scalar(Scalar::Bool(value)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<N, E> {
        Ok(N::scalar(Scalar::Number))
    }

    fn visit_u64<E>(self, _: u64) -> Result<N, E> {
        Ok(N::scalar(Scalar::Number))
    }

    fn visit_i128<E>(self, _: i128) -> Result<N, E> {
        Ok(N::scalar(Scalar::Number))
    }

    fn visit_u128<E>(self, _: u128) -> Result<N, E> {
        Ok(N::scalar(Scalar::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<N, E> {
        Ok(N::scalar(Scalar::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<N, E> {
        Ok(N::scalar(Scalar::Text(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<N, E> {
        Ok(N::scalar(Scalar::Text(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<N, A::Error> {
        N::list(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<N, A::Error> {
        N::mapping(entries)
    }
}
