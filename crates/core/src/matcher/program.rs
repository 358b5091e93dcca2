//! Fingerprints as programs: boolean trees over a table of distinct conditions.
//!
//! Many fingerprints ask the same (`tags:"console"`, the same phrase twice), so each distinct
//! condition stands once in the table and is answered at most once per event.

use std::collections::HashMap;
use std::sync::Arc;

use memchr::memmem::Finder;
use regex::bytes::Regex;

use super::prefilter::Context;
use crate::{
    bind::{BoundBool, BoundLeaf, BoundQuery, LeafTest},
    schema::FieldKind,
};

/// A condition of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LeafId(pub(crate) u32);

/// A field name of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FieldId(pub(crate) u16);

/// One distinct condition.
#[derive(Debug)]
pub(crate) enum Leaf {
    /// On the terms of a field.
    Field { field: FieldId, kind: FieldKind, test: LeafTest },
    /// On every field whose name fits: too rare for a way of its own, the reference answers it.
    AnyField(BoundQuery),
    /// A substring of the event's text.
    Contains(Finder<'static>),
    /// A pattern over the event's text.
    Pattern(Regex),
}

/// A boolean tree over the table; [`BoundQuery`] with its leaves interned.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    All,
    Nothing,
    Leaf(LeafId),
    Bool(Box<BoolNode>),
}

/// See [`BoundBool`].
#[derive(Clone, Debug, Default)]
pub(crate) struct BoolNode {
    pub(crate) must: Vec<Node>,
    pub(crate) should: Vec<Node>,
    pub(crate) must_not: Vec<Node>,
}

/// The conditions of a set, each once.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) fields: Vec<Box<str>>,
    /// For each condition that is a phrase of the message, how to find it in raw text.
    contexts: Vec<Option<Arc<Context>>>,
    known: HashMap<LeafKey, LeafId>,
    known_fields: HashMap<Box<str>, FieldId>,
}

/// What makes two conditions the same. Patterns and ranges are rare and never shared.
#[derive(Debug, PartialEq, Eq, Hash)]
struct LeafKey {
    field: FieldId,
    terms: Vec<String>,
    slop: u32,
    exists: bool,
}

impl Table {
    /// Interns a query's conditions.
    pub(crate) fn intern(&mut self, query: &BoundQuery) -> Node {
        match query {
            BoundQuery::All => Node::All,
            BoundQuery::Nothing => Node::Nothing,
            BoundQuery::Leaf(leaf) => Node::Leaf(self.leaf(leaf)),
            BoundQuery::AnyField(_) => Node::Leaf(self.push(Leaf::AnyField(query.clone()))),
            BoundQuery::Bool(BoundBool { must, should, must_not }) => {
                let mut all = |queries: &[BoundQuery]| {
                    queries.iter().map(|query| self.intern(query)).collect()
                };
                let (must, should, must_not) = (all(must), all(should), all(must_not));
                Node::Bool(Box::new(BoolNode { must, should, must_not }))
            }
        }
    }

    /// Adds a condition on the event's text.
    pub(crate) fn push(&mut self, leaf: Leaf) -> LeafId {
        self.leaves.push(leaf);
        LeafId(self.leaves.len() as u32 - 1)
    }

    /// The condition with this id.
    pub(crate) fn leaf_at(&self, id: LeafId) -> &Leaf {
        &self.leaves[id.0 as usize]
    }

    /// Prepares the conditions that are phrases of the message for [`Table::context`].
    pub(crate) fn find_phrases(&mut self, rarity: impl Fn(&[u8]) -> f32) {
        let message = self.field("message");
        let context = |leaf: &Leaf| match leaf {
            Leaf::Field { field, kind: FieldKind::Text, test } if Some(*field) == message => {
                match test {
                    LeafTest::Term(term) => Context::new(std::slice::from_ref(term), true, &rarity),
                    LeafTest::Phrase { terms, slop: 0, text } => {
                        Context::new(terms, true, &rarity).map(|context| context.written(text))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        self.contexts = self.leaves.iter().map(|leaf| context(leaf).map(Arc::new)).collect();
    }

    /// How to find a condition in raw text, where it is a phrase of the message.
    pub(crate) fn context(&self, id: LeafId) -> Option<&Arc<Context>> {
        self.contexts.get(id.0 as usize)?.as_ref()
    }

    /// The field's name.
    pub(crate) fn field_name(&self, id: FieldId) -> &str {
        &self.fields[id.0 as usize]
    }

    /// The id of a field, if any condition asks for it.
    pub(crate) fn field(&self, name: &str) -> Option<FieldId> {
        self.known_fields.get(name).copied()
    }

    fn leaf(&mut self, leaf: &BoundLeaf) -> LeafId {
        let field = self.intern_field(&leaf.field);
        let key = LeafKey::new(field, &leaf.test);
        if let Some(id) = key.as_ref().and_then(|key| self.known.get(key)) {
            return *id;
        }
        let id = self.push(Leaf::Field { field, kind: leaf.kind, test: leaf.test.clone() });
        if let Some(key) = key {
            self.known.insert(key, id);
        }
        id
    }

    fn intern_field(&mut self, name: &str) -> FieldId {
        if let Some(id) = self.field(name) {
            return id;
        }
        let id = FieldId(u16::try_from(self.fields.len()).unwrap_or(u16::MAX));
        self.fields.push(name.into());
        self.known_fields.insert(name.into(), id);
        id
    }
}

impl LeafKey {
    fn new(field: FieldId, test: &LeafTest) -> Option<LeafKey> {
        let (terms, slop, exists) = match test {
            LeafTest::Term(term) => (vec![term.clone()], 0, false),
            LeafTest::Phrase { terms, slop, .. } => (terms.clone(), *slop, false),
            LeafTest::Exists => (Vec::new(), 0, true),
            _ => return None,
        };
        Some(LeafKey { field, terms, slop, exists })
    }
}

/// What is known of a condition before all of the event is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    True,
    False,
    Unknown,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Truth {
        if value { Truth::True } else { Truth::False }
    }
}

impl Node {
    /// Evaluates with what is known (Kleene's three-valued logic).
    pub(crate) fn settle(&self, known: &impl Fn(LeafId) -> Truth) -> Truth {
        match self {
            Node::All => Truth::True,
            Node::Nothing => Truth::False,
            Node::Leaf(id) => known(*id),
            Node::Bool(node) => node.settle(known),
        }
    }

    /// What is left to ask where some answers are known: it holds where this node does.
    pub(crate) fn rest(&self, known: &impl Fn(LeafId) -> Truth) -> Node {
        match self {
            Node::All => Node::All,
            Node::Nothing => Node::Nothing,
            Node::Leaf(id) => match known(*id) {
                Truth::True => Node::All,
                Truth::False => Node::Nothing,
                Truth::Unknown => Node::Leaf(*id),
            },
            Node::Bool(node) => node.rest(known),
        }
    }

    /// Evaluates in full; `test` answers a condition.
    pub(crate) fn evaluate(&self, test: &mut impl FnMut(LeafId) -> bool) -> bool {
        match self {
            Node::All => true,
            Node::Nothing => false,
            Node::Leaf(id) => test(*id),
            Node::Bool(node) => node.evaluate(test),
        }
    }
}

impl BoolNode {
    fn settle(&self, known: &impl Fn(LeafId) -> Truth) -> Truth {
        let excluded = any(&self.must_not, known);
        if excluded == Truth::True {
            return Truth::False;
        }
        let admitted = if !self.must.is_empty() {
            all(&self.must, known)
        } else if !self.should.is_empty() {
            any(&self.should, known)
        } else {
            Truth::from(!self.must_not.is_empty())
        };
        match (admitted, excluded) {
            (Truth::True, Truth::False) => Truth::True,
            (Truth::False, _) => Truth::False,
            _ => Truth::Unknown,
        }
    }

    /// See [`Node::rest`]. A group of one clause gives way to it.
    fn rest(&self, known: &impl Fn(LeafId) -> Truth) -> Node {
        match self.settle(known) {
            Truth::True => return Node::All,
            Truth::False => return Node::Nothing,
            Truth::Unknown => {}
        }
        // What is settled among clauses that are not, all together, changes nothing.
        let open = |nodes: &[Node]| -> Vec<Node> {
            let open = nodes.iter().filter(|node| node.settle(known) == Truth::Unknown);
            open.map(|node| node.rest(known)).collect()
        };
        let (mut must, mut should, must_not) = (open(&self.must), Vec::new(), open(&self.must_not));
        if self.must.is_empty() && any(&self.should, known) == Truth::Unknown {
            should = open(&self.should);
        }
        match (&mut must[..], &mut should[..], &must_not[..]) {
            ([only], [], []) | ([], [only], []) => std::mem::replace(only, Node::All),
            _ => Node::Bool(Box::new(BoolNode { must, should, must_not })),
        }
    }

    fn evaluate(&self, test: &mut impl FnMut(LeafId) -> bool) -> bool {
        let admitted = if !self.must.is_empty() {
            self.must.iter().all(|node| node.evaluate(test))
        } else if !self.should.is_empty() {
            self.should.iter().any(|node| node.evaluate(test))
        } else {
            !self.must_not.is_empty()
        };
        admitted && !self.must_not.iter().any(|node| node.evaluate(test))
    }
}

fn any(nodes: &[Node], known: &impl Fn(LeafId) -> Truth) -> Truth {
    let mut result = Truth::False;
    for node in nodes {
        match node.settle(known) {
            Truth::True => return Truth::True,
            Truth::Unknown => result = Truth::Unknown,
            Truth::False => {}
        }
    }
    result
}

fn all(nodes: &[Node], known: &impl Fn(LeafId) -> Truth) -> Truth {
    let mut result = Truth::True;
    for node in nodes {
        match node.settle(known) {
            Truth::False => return Truth::False,
            Truth::Unknown => result = Truth::Unknown,
            Truth::True => {}
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, *};

    use super::*;

    const LEAVES: u32 = 4;

    fn nodes() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            1 => Just(Node::All),
            1 => Just(Node::Nothing),
            8 => (0..LEAVES).prop_map(|id| Node::Leaf(LeafId(id))),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            let some = || prop::collection::vec(inner.clone(), 0..3);
            (some(), some(), some()).prop_map(|(must, should, must_not)| {
                Node::Bool(Box::new(BoolNode { must, should, must_not }))
            })
        })
    }

    proptest! {
        #[test]
        fn what_is_left_to_ask_holds_where_all_of_it_does(
            node in nodes(),
            answers in prop::collection::vec(any::<bool>(), LEAVES as usize),
            is_known in prop::collection::vec(any::<bool>(), LEAVES as usize),
        ) {
            let known = |id: LeafId| match is_known[id.0 as usize] {
                true => Truth::from(answers[id.0 as usize]),
                false => Truth::Unknown,
            };
            let mut asked = Vec::new();
            let held = node.rest(&known).evaluate(&mut |id| {
                asked.push(id);
                answers[id.0 as usize]
            });
            prop_assert_eq!(held, node.evaluate(&mut |id| answers[id.0 as usize]));
            prop_assert!(asked.iter().all(|id| known(*id) == Truth::Unknown));
            if let truth @ (Truth::True | Truth::False) = node.settle(&known) {
                prop_assert_eq!(truth, Truth::from(held));
                prop_assert!(matches!(node.rest(&known), Node::All | Node::Nothing));
            }
        }
    }
}
