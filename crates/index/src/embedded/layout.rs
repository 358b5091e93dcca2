//! How events lie in tantivy: the fields it sees, and what their terms look like.
//!
//! However many fields events have, tantivy has the same few: every term begins with the name of the
//! field it is from, so that the terms of one field lie side by side in the dictionary.
//!
//! | tantivy's field | terms | for |
//! |---|---|---|
//! | `text` | `name NUL token`, with positions | text fields; words of the raw text, for candidates |
//! | `keyword` | `name NUL value` | keyword fields, and the twins that facets count |
//! | `exists` | `name` | `_exists_:f`, and which fields there are |
//! | `replaces` | an event's id | events without a run: who comes later replaces |
//! | `run` | the run's key; also a column | the events of a run, hits by run |
//! | `time`, `seq` | columns | windows; the order of arrival |
//! | `id`, `event` | stored | the answer |

use std::borrow::Cow;

use recheck_core::{FieldKind, FieldValues, Schema, Values};
use sha2::{Digest, Sha256};
use tantivy::{
    Index, TantivyDocument, Term,
    schema::{
        FAST, Field, IndexRecordOption, STORED, SchemaBuilder, TextFieldIndexing, TextOptions,
    },
    tokenizer::TextAnalyzer,
};

use crate::{
    embedded::{
        stored::{self, Raw},
        tokenize::FieldTokenizer,
    },
    event::{IndexedEvent, RunKey},
};

/// A keyword value with more bytes than this is not a term as it stands: tantivy's terms end at
/// 65,530 bytes. Its term is this much of it and its digest, which makes such terms, and only them,
/// longer than this.
pub(super) const LONGEST_VALUE: usize = 32_000;

/// A text with more bytes has no keyword twin for facets, as with Elasticsearch's `ignore_above`.
pub(crate) const LONGEST_TWIN: usize = 256;

/// A field's name may have this many bytes. Lucene's limit is that of a term, 32,766.
pub(crate) const LONGEST_NAME: usize = 1_000;

/// What the words of raw texts begin with, those of messages apart: no field's name becomes this.
pub(super) const RAW_PREFIX: &str = "\u{1}2\0";

const TOKENIZER: &str = "recheck";

/// Tantivy's fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) text: Field,
    pub(super) keyword: Field,
    pub(super) exists: Field,
    pub(super) replaces: Field,
    pub(super) run: Field,
    pub(super) time: Field,
    pub(super) seq: Field,
    pub(super) id: Field,
    pub(super) event: Field,
}

impl Layout {
    /// The fields, and the schema that has them.
    pub(super) fn new() -> (Layout, tantivy::schema::Schema) {
        let mut builder = SchemaBuilder::new();
        let indexed = |tokenizer: &str, option| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(tokenizer)
                    .set_index_option(option)
                    .set_fieldnorms(false),
            )
        };
        let raw = || indexed("raw", IndexRecordOption::Basic);
        let text = indexed(TOKENIZER, IndexRecordOption::WithFreqsAndPositions);
        let layout = Layout {
            text: builder.add_text_field("text", text),
            keyword: builder.add_text_field("keyword", raw()),
            exists: builder.add_text_field("exists", raw()),
            replaces: builder.add_text_field("replaces", raw()),
            run: builder.add_text_field("run", raw().set_fast("raw")),
            time: builder.add_i64_field("time", FAST),
            seq: builder.add_u64_field("seq", FAST),
            id: builder.add_text_field("id", STORED),
            event: builder.add_text_field("event", STORED),
        };
        (layout, builder.build())
    }

    /// Tells the index how text is analysed.
    pub(super) fn register(index: &Index) {
        index.tokenizers().register(TOKENIZER, TextAnalyzer::from(FieldTokenizer::default()));
    }

    /// The document of an event.
    pub(super) fn document(
        &self,
        event: &IndexedEvent,
        schema: &Schema,
        seq: u64,
    ) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        event.for_each_name(&mut |name| {
            document.add_text(self.exists, name);
            let kind = schema.kind(name);
            if kind == FieldKind::Text {
                let values = event.values(name);
                document.add_text(self.text, FieldTokenizer::encode(&term_prefix(name), values));
            }
            for value in event.values(name).iter() {
                let is_twin = kind == FieldKind::Text;
                if !is_twin || (*schema == Schema::Dynamic && value.len() <= LONGEST_TWIN) {
                    document.add_text(self.keyword, value_term(name, value));
                }
            }
        });
        for text in raw_texts(event) {
            document.add_text(self.text, FieldTokenizer::encode(RAW_PREFIX, Values::One(&text)));
        }
        match (&event.run, &event.id) {
            (Some(run), _) => document.add_text(self.run, run_term(run)),
            (None, Some(id)) => document.add_text(self.replaces, cut(id)),
            (None, None) => {}
        }
        if let Some(time) = event.time {
            document.add_i64(self.time, time.as_microsecond());
        }
        document.add_u64(self.seq, seq);
        if let Some(id) = &event.id {
            document.add_text(self.id, id);
        }
        document.add_text(self.event, stored::write(event));
        document
    }

    /// The term that finds the events of a run.
    pub(super) fn run_term(&self, run: &RunKey) -> Term {
        Term::from_field_text(self.run, &run_term(run))
    }

    /// The term that finds the event without a run that has this name.
    pub(super) fn replaces_term(&self, id: &str) -> Term {
        Term::from_field_text(self.replaces, &cut(id))
    }
}

/// What an event's raw text has beside its message.
fn raw_texts(event: &IndexedEvent) -> Vec<Cow<'_, str>> {
    match Raw::of(event) {
        None => Vec::new(),
        Some(Raw::Round(before, behind)) => vec![before, behind],
        Some(Raw::Whole(raw)) => vec![raw],
    }
}

/// What the terms of a field begin with. A name holds no NUL, so no two fields mix.
pub(super) fn term_prefix(name: &str) -> String {
    let mut prefix = String::with_capacity(name.len() + 1);
    for c in name.chars() {
        match c {
            '\0' => prefix.push_str("\u{1}0"),
            '\u{1}' => prefix.push_str("\u{1}1"),
            c => prefix.push(c),
        }
    }
    prefix.push('\0');
    prefix
}

/// The term of a keyword value.
pub(super) fn value_term(name: &str, value: &str) -> String {
    term_prefix(name) + &cut(value)
}

/// A value as it stands in a term: itself, or its beginning and its digest.
pub(crate) fn cut(value: &str) -> Cow<'_, str> {
    if value.len() <= LONGEST_VALUE {
        return value.into();
    }
    let digest: String =
        Sha256::digest(value.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}{digest}", &value[..value.floor_char_boundary(LONGEST_VALUE)]).into()
}

fn run_term(run: &RunKey) -> String {
    format!("{}\0{}", run.attempt, cut(&run.build_uuid))
}

/// The run of a term in the column.
pub(super) fn run_of_term(term: &str) -> Option<RunKey> {
    let (attempt, build_uuid) = term.split_once('\0')?;
    Some(RunKey { build_uuid: build_uuid.to_owned(), attempt: attempt.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_never_mix() {
        assert_ne!(value_term("a\0b", "c"), value_term("a", "b\0c"));
        assert_ne!(value_term("a\u{1}0", "c"), value_term("a\0", "c"));
        assert!(!term_prefix("a\0b\u{1}")[..4].contains('\0'));
    }

    #[test]
    fn long_values_are_cut_and_still_differ() {
        let long = "é".repeat(40_000);
        assert_eq!(cut(&long[..LONGEST_VALUE]), &long[..LONGEST_VALUE]);
        let term = cut(&long);
        assert!(term.len() > LONGEST_VALUE && term.len() < 65_000);
        assert_ne!(term, cut(&format!("{long}x")));
    }

    #[test]
    fn a_run_is_read_back() {
        let run = RunKey { build_uuid: "abc".to_owned(), attempt: 3 };
        assert_eq!(run_of_term(&run_term(&run)), Some(run));
    }
}
