//! The reference evaluator: a bound query against one event, by the definitions and nothing else.
//!
//! # Example
//!
//! ```
//! use recheck_core::{
//!     BoundLeaf, BoundQuery, FieldKind, Fields, LeafTest, reference,
//! };
//! let mut event = Fields::new();
//! event.push("message", "Connection REFUSED by peer");
//! let phrase = LeafTest::Phrase {
//!     terms: vec!["connection".into(), "refused".into()],
//!     slop: 0,
//!     text: "connection refused".into(),
//! };
//! let query = BoundQuery::Leaf(BoundLeaf {
//!     field: "message".into(),
//!     kind: FieldKind::Text,
//!     test: phrase,
//! });
//! assert!(reference::matches(&query, &event));
//! ```

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use crate::{
    analysis::analyze,
    bind::{BoundAnyField, BoundBool, BoundLeaf, BoundQuery, LeafTest, phrase_matches},
    fields::FieldValues,
    schema::FieldKind,
};

/// The distance Lucene leaves between the values of a field, so that no phrase spans two by
/// accident: Elasticsearch's `position_increment_gap`.
const VALUE_GAP: u32 = 100;

/// Whether the query matches the event.
///
/// Analyses each text field it asks for; use an [`AnalyzedEvent`] to put many queries to one event.
pub fn matches(query: &BoundQuery, event: &dyn FieldValues) -> bool {
    AnalyzedEvent::new(event).matches(query)
}

/// An event whose text fields are analysed when a query first asks for them, and then kept.
pub struct AnalyzedEvent<'a> {
    event: &'a dyn FieldValues,
    texts: RefCell<BTreeMap<String, Rc<Positions>>>,
}

/// The terms of a text field, each with its positions, ascending.
type Positions = HashMap<String, Vec<u32>>;

impl<'a> AnalyzedEvent<'a> {
    /// An event of which nothing is analysed yet.
    pub fn new(event: &'a dyn FieldValues) -> AnalyzedEvent<'a> {
        AnalyzedEvent { event, texts: RefCell::default() }
    }

    /// Whether the query matches the event.
    ///
    /// Follows the tree by recursion; the depth of a query is bounded where it is parsed.
    pub fn matches(&self, query: &BoundQuery) -> bool {
        match query {
            BoundQuery::All => true,
            BoundQuery::Nothing => false,
            BoundQuery::Bool(clauses) => self.bool_matches(clauses),
            BoundQuery::Leaf(leaf) => self.leaf_matches(leaf),
            BoundQuery::AnyField(any) => self.any_field_matches(any),
        }
    }

    fn bool_matches(&self, clauses: &BoundBool) -> bool {
        if clauses.must_not.iter().any(|clause| self.matches(clause)) {
            return false;
        }
        if !clauses.must.is_empty() {
            return clauses.must.iter().all(|clause| self.matches(clause));
        }
        clauses.should.is_empty() || clauses.should.iter().any(|clause| self.matches(clause))
    }

    fn leaf_matches(&self, leaf: &BoundLeaf) -> bool {
        self.test_matches(&leaf.field, leaf.kind, &leaf.test)
    }

    fn any_field_matches(&self, any: &BoundAnyField) -> bool {
        let mut found = false;
        self.event.for_each_name(&mut |field| {
            found |= any.tests(field).is_some_and(|(kind, tests)| {
                tests.iter().any(|test| self.test_matches(field, kind, test))
            });
        });
        found
    }

    fn test_matches(&self, field: &str, kind: FieldKind, test: &LeafTest) -> bool {
        let mut values = self.event.values(field).iter();
        match (test, kind) {
            (LeafTest::Exists, _) => values.next().is_some(),
            (test, FieldKind::Keyword) => values.any(|value| test.matches_term(value)),
            (LeafTest::Term(term), FieldKind::Text) => self.text(field).contains_key(term),
            (LeafTest::Phrase { terms, slop, .. }, FieldKind::Text) => {
                let text = self.text(field);
                let positions = |term| text.get(term).map(Vec::as_slice);
                let positions: Option<Vec<&[u32]>> = terms.iter().map(positions).collect();
                positions.is_some_and(|positions| phrase_matches(&positions, *slop))
            }
            (test, FieldKind::Text) => self.text(field).keys().any(|term| test.matches_term(term)),
        }
    }

    /// The terms of a text field.
    fn text(&self, field: &str) -> Rc<Positions> {
        if let Some(text) = self.texts.borrow().get(field) {
            return Rc::clone(text);
        }
        let text = Rc::new(self.analyze(field));
        self.texts.borrow_mut().insert(field.to_owned(), Rc::clone(&text));
        text
    }

    fn analyze(&self, field: &str) -> Positions {
        let mut terms = Positions::new();
        let mut base = 0;
        for value in self.event.values(field).iter() {
            let mut tokens = 0;
            analyze(value, &mut |term, _, position| {
                terms.entry(term.to_owned()).or_default().push(base + position);
                tokens = position + 1;
            });
            base += tokens + VALUE_GAP;
        }
        terms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Fields;

    fn event(values: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (field, value) in values {
            fields.push(*field, *value);
        }
        fields
    }

    fn leaf(field: &str, kind: FieldKind, test: LeafTest) -> BoundQuery {
        BoundQuery::Leaf(BoundLeaf { field: field.to_owned(), kind, test })
    }

    fn term(field: &str, kind: FieldKind, term: &str) -> BoundQuery {
        leaf(field, kind, LeafTest::Term(term.to_owned()))
    }

    fn phrase(slop: u32, terms: &[&str]) -> BoundQuery {
        let text = terms.join(" ");
        let terms = terms.iter().map(|&term| term.to_owned()).collect();
        leaf("message", FieldKind::Text, LeafTest::Phrase { terms, slop, text })
    }

    #[test]
    fn text_is_analysed_and_keywords_are_compared_whole() {
        let event = event(&[("message", "Foo BAR"), ("tags", "Foo BAR"), ("tags", "console")]);
        assert!(matches(&term("message", FieldKind::Text, "bar"), &event));
        assert!(!matches(&term("message", FieldKind::Text, "BAR"), &event));
        assert!(matches(&term("tags", FieldKind::Keyword, "Foo BAR"), &event));
        assert!(matches(&term("tags", FieldKind::Keyword, "console"), &event));
        assert!(!matches(&term("tags", FieldKind::Keyword, "bar"), &event));
        assert!(!matches(&term("module", FieldKind::Keyword, ""), &event));
    }

    #[test]
    fn values_stand_a_hundred_positions_apart() {
        let event = event(&[("message", "alpha beta"), ("message", "gamma"), ("message", "delta")]);
        assert!(matches(&phrase(0, &["alpha", "beta"]), &event));
        assert!(!matches(&phrase(99, &["beta", "gamma"]), &event));
        assert!(matches(&phrase(100, &["beta", "gamma"]), &event));
        assert!(!matches(&phrase(200, &["beta", "delta"]), &event));
        assert!(matches(&phrase(201, &["beta", "delta"]), &event));
    }

    #[test]
    fn exists_asks_for_a_value_even_an_empty_one() {
        let exists = |field| leaf(field, FieldKind::Text, LeafTest::Exists);
        assert!(matches(&exists("message"), &event(&[("message", "")])));
        assert!(!matches(&exists("message"), &event(&[("module", "x")])));
    }

    #[test]
    fn boolean_clauses() {
        let event = event(&[("message", "a b")]);
        let words = |words: &[&str]| -> Vec<BoundQuery> {
            words.iter().map(|word| term("message", FieldKind::Text, word)).collect()
        };
        let matches = |must: &[&str], should: &[&str], must_not: &[&str]| {
            let (must, should, must_not) = (words(must), words(should), words(must_not));
            matches(&BoundQuery::Bool(BoundBool { must, should, must_not }), &event)
        };
        assert!(matches(&["a", "b"], &["x"], &[]));
        assert!(!matches(&["a", "x"], &["b"], &[]));
        assert!(matches(&[], &["x", "b"], &[]));
        assert!(!matches(&[], &["x"], &[]));
        assert!(!matches(&["a"], &[], &["b"]));
        assert!(matches(&[], &[], &["x"]));
        assert!(!matches(&[], &[], &["a"]));
        assert!(matches(&[], &[], &[]));
    }

    #[test]
    fn all_and_nothing() {
        assert!(matches(&BoundQuery::All, &Fields::new()));
        assert!(!matches(&BoundQuery::Nothing, &Fields::new()));
    }
}
