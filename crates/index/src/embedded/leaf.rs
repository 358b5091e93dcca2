//! One condition on a field, answered from a segment's dictionaries and postings.
//!
//! A condition that one term decides (a prefix, a pattern, a range …) is asked of every term of its
//! field: the same function decides as in the streaming matcher, so the answers cannot differ.

use std::{fmt, ops::Bound as Ends, sync::Arc};

use recheck_core::{Bound, BoundAnyField, FieldKind, FieldValues, LeafTest, WildcardPart};
use tantivy::{
    BitSet, DocId, InvertedIndexReader, SegmentReader, TantivyDocument, TantivyError, Term,
    postings::TermInfo,
    query::{
        BitSetDocSet, ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight,
    },
    schema::{Field, IndexRecordOption, Value},
};

use super::{
    layout::{LONGEST_VALUE, Layout, RAW_PREFIX, cut, term_prefix},
    phrase, stored,
};

/// A token with more bytes may be one of two pieces of a longer word: the analyser cuts words after
/// 255 UTF-16 units.
const CUT_TOKEN: usize = 255;

/// The fields a condition is about.
#[derive(Clone, Debug)]
pub(super) enum Names {
    /// The field of this name.
    One(String),
    /// The raw text of the event.
    Raw,
    /// Every field whose name matches; it brings its own conditions.
    Matching(BoundAnyField),
}

/// A condition and how its field is analysed.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) kind: FieldKind,
    pub(super) test: Test,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// A condition of a query.
    Leaf(LeafTest),
    /// Some token has this ASCII text in it, in lower case, or is long enough to have been cut in
    /// the middle of it: finds every event whose text has it, and perhaps more.
    Piece(String),
}

impl Test {
    fn matches_term(&self, term: &str) -> bool {
        match self {
            Test::Leaf(test) => test.matches_term(term),
            Test::Piece(piece) => term.contains(piece.as_str()) || term.len() >= CUT_TOKEN,
        }
    }
}

/// A condition that must hold on one of the fields.
#[derive(Clone)]
pub(super) struct TestQuery(Arc<Asked>);

struct Asked {
    layout: Layout,
    names: Names,
    /// `None` where the names bring conditions.
    condition: Option<Condition>,
}

impl fmt::Debug for TestQuery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Asked { names, condition, .. } = &*self.0;
        write!(formatter, "{names:?}: {condition:?}")
    }
}

impl TestQuery {
    pub(super) fn new(layout: Layout, names: Names, condition: Option<Condition>) -> TestQuery {
        TestQuery(Arc::new(Asked { layout, names, condition }))
    }
}

impl Query for TestQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for TestQuery {
    fn scorer(&self, reader: &SegmentReader, _: f32) -> tantivy::Result<Box<dyn Scorer>> {
        let Asked { layout, names, condition } = &*self.0;
        let segment = Segment { reader, layout };
        match (names, condition) {
            (Names::One(name), Some(condition)) => {
                segment.scorer((name, &term_prefix(name)), condition)
            }
            (Names::Raw, Some(condition)) => segment.scorer(("", RAW_PREFIX), condition),
            (Names::One(_) | Names::Raw, None) => Ok(Box::new(EmptyScorer)),
            (Names::Matching(any), _) => {
                let mut found = BitSet::with_max_value(reader.max_doc());
                for name in segment.names()? {
                    let Some((kind, tests)) = any.tests(&name) else { continue };
                    for test in tests {
                        let condition = Condition { kind, test: Test::Leaf(test.clone()) };
                        segment.add_to(&mut found, &name, &condition)?;
                    }
                }
                Ok(scorer_of(found))
            }
        }
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("a condition holds or does not; there are no scores", 1.0))
    }
}

fn scorer_of(found: BitSet) -> Box<dyn Scorer> {
    Box::new(ConstScorer::new(BitSetDocSet::from(found), 1.0))
}

/// A segment, to ask conditions of.
struct Segment<'a> {
    reader: &'a SegmentReader,
    layout: &'a Layout,
}

impl Segment<'_> {
    /// The names of all fields that some event of the segment has.
    fn names(&self) -> tantivy::Result<Vec<String>> {
        let index = self.reader.inverted_index(self.layout.exists)?;
        let mut names = Vec::new();
        let mut stream = index.terms().stream()?;
        while stream.advance() {
            names.push(text(stream.key())?.to_owned());
        }
        Ok(names)
    }

    fn add_to(&self, found: &mut BitSet, name: &str, condition: &Condition) -> tantivy::Result<()> {
        let mut scorer = self.scorer((name, &term_prefix(name)), condition)?;
        while scorer.doc() != tantivy::TERMINATED {
            found.insert(scorer.doc());
            scorer.advance();
        }
        Ok(())
    }

    /// The events of a condition on the field of this name, whose terms begin with this prefix.
    fn scorer(
        &self,
        (name, prefix): (&str, &str),
        condition: &Condition,
    ) -> tantivy::Result<Box<dyn Scorer>> {
        let field = match condition.kind {
            FieldKind::Text => self.layout.text,
            _ => self.layout.keyword,
        };
        match &condition.test {
            Test::Leaf(LeafTest::Exists) => self.postings(self.layout.exists, name),
            Test::Leaf(LeafTest::Term(term)) => {
                let term = match condition.kind {
                    FieldKind::Text => term.into(),
                    _ => cut(term),
                };
                self.postings(field, &format!("{prefix}{term}"))
            }
            Test::Leaf(LeafTest::Phrase { terms, slop, .. }) => {
                let term = |term: &String| Term::from_field_text(field, &format!("{prefix}{term}"));
                let terms: Vec<Term> = terms.iter().map(term).collect();
                phrase::scorer(&*self.reader.inverted_index(field)?, &terms, *slop)
            }
            test => self.walk(field, (name, prefix), test),
        }
    }

    fn postings(&self, field: Field, term: &str) -> tantivy::Result<Box<dyn Scorer>> {
        let term = Term::from_field_text(field, term);
        let index = self.reader.inverted_index(field)?;
        Ok(match index.read_postings(&term, IndexRecordOption::Basic)? {
            Some(postings) => Box::new(ConstScorer::new(postings, 1.0)),
            None => Box::new(EmptyScorer),
        })
    }

    /// Asks every term of the field that can meet the test.
    fn walk(
        &self,
        field: Field,
        (name, prefix): (&str, &str),
        test: &Test,
    ) -> tantivy::Result<Box<dyn Scorer>> {
        let index = self.reader.inverted_index(field)?;
        let (from, to) = borders(prefix, test);
        let mut builder = index.terms().range().ge(&from);
        builder = match &to {
            Ends::Excluded(end) => builder.lt(end),
            Ends::Included(end) => builder.le(end),
            Ends::Unbounded => builder,
        };
        let mut found = BitSet::with_max_value(self.reader.max_doc());
        let mut stream = builder.into_stream()?;
        while stream.advance() {
            let value = text(&stream.key()[prefix.len()..])?;
            if field == self.layout.keyword && value.len() > LONGEST_VALUE {
                self.look_into(&index, stream.value(), &mut found, &|event| {
                    event.values(name).iter().any(|value| test.matches_term(value))
                })?;
            } else if test.matches_term(value) {
                each_doc(&index, stream.value(), &mut |doc| {
                    found.insert(doc);
                })?;
            }
        }
        Ok(scorer_of(found))
    }

    /// A value that is not all in its term: the stored events tell.
    fn look_into(
        &self,
        index: &InvertedIndexReader,
        term: &TermInfo,
        found: &mut BitSet,
        holds: &dyn Fn(&dyn FieldValues) -> bool,
    ) -> tantivy::Result<()> {
        let store = self.reader.get_store_reader(1)?;
        let mut docs = Vec::new();
        each_doc(index, term, &mut |doc| docs.push(doc))?;
        for doc in docs {
            let document: TantivyDocument = store.get(doc)?;
            let stored = document.get_first(self.layout.event);
            let event = stored.and_then(|value| stored::read(value.as_str()?).ok());
            if event.is_some_and(|event| holds(&event)) {
                found.insert(doc);
            }
        }
        Ok(())
    }
}

fn each_doc(
    index: &InvertedIndexReader,
    term: &TermInfo,
    each: &mut dyn FnMut(DocId),
) -> tantivy::Result<()> {
    let mut blocks = index.read_block_postings_from_terminfo(term, IndexRecordOption::Basic)?;
    while !blocks.docs().is_empty() {
        blocks.docs().iter().for_each(|&doc| each(doc));
        blocks.advance();
    }
    Ok(())
}

/// A term is made from a text, so it is one.
fn text(term: &[u8]) -> tantivy::Result<&str> {
    std::str::from_utf8(term)
        .map_err(|error| TantivyError::InternalError(format!("a term is no text: {error}")))
}

/// Between which terms those lie that can meet the test.
fn borders(prefix: &str, test: &Test) -> (Vec<u8>, Ends<Vec<u8>>) {
    let with = |text: &str| [prefix.as_bytes(), text.as_bytes()].concat();
    let under = |start: Vec<u8>| {
        let end = behind(&start);
        (start, end)
    };
    match test {
        Test::Leaf(LeafTest::Prefix(literal)) => under(with(in_term(literal))),
        Test::Leaf(LeafTest::Wildcard(wildcard)) => match wildcard.parts().first() {
            Some(WildcardPart::Literal(literal)) => under(with(in_term(literal))),
            _ => under(with("")),
        },
        Test::Leaf(LeafTest::Range(range)) => {
            let (mut from, mut to) = under(with(""));
            if let Bound::Inclusive(end) | Bound::Exclusive(end) = &range.lower {
                from = with(in_term(end));
            }
            if let Bound::Inclusive(end) | Bound::Exclusive(end) = &range.upper
                && in_term(end) == end
            {
                to = Ends::Included(with(end));
            }
            (from, to)
        }
        _ => under(with("")),
    }
}

/// As much of a literal as a term surely has, should its value have been cut.
fn in_term(literal: &str) -> &str {
    &literal[..literal.floor_char_boundary(LONGEST_VALUE - 3)]
}

/// The first text behind all that begin with `prefix`.
fn behind(prefix: &[u8]) -> Ends<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Ends::Excluded(end);
        }
    }
    Ends::Unbounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_under_a_prefix() {
        let prefix = |text: &str| Test::Leaf(LeafTest::Prefix(text.to_owned()));
        let (from, to) = borders("f\0", &prefix("ab"));
        assert_eq!((from, to), (b"f\0ab".to_vec(), Ends::Excluded(b"f\0ac".to_vec())));
        let (from, to) = borders("f\0", &Test::Piece("x".to_owned()));
        assert_eq!((from, to), (b"f\0".to_vec(), Ends::Excluded(b"f\x01".to_vec())));
        assert_eq!(behind(&[1, 255]), Ends::Excluded(vec![2]));
    }

    #[test]
    fn a_piece_may_lie_across_the_cut_of_a_long_word() {
        let piece = Test::Piece("timeout".to_owned());
        assert!(piece.matches_term("xtimeouts") && !piece.matches_term("timeou"));
        assert!(piece.matches_term(&"x".repeat(255)));
    }
}
