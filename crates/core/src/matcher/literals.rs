//! Which literals an event must contain before a query can match it.
//!
//! ```text
//! message:"Deadlock found" AND message:"try restarting" AND tags:"syslog"
//!          └─ needs one of its words    └─ or of these        └─ says nothing of the text
//! ```
//!
//! For clauses that must all match, the cheapest one's literals are enough; for alternatives, every
//! one needs its own; for exclusions nothing is needed, so they give nothing to look for. A query
//! that yields no literals is evaluated on every event.
//!
//! An alternative that asks only fields of the run or the file (`message:"a" OR tags:"console"`)
//! becomes a *guard*: it is answered once per file, and only where it holds do the literals not
//! suffice.

use std::sync::Arc;

use crate::{bind::LeafTest, query::WildcardPart, schema::FieldKind};

use super::{
    prefilter::{Context, Literal},
    program::{BoolNode, FieldId, Leaf, LeafId, Node, Table},
    rarity::Rarity,
};

/// Pieces shorter than this are everywhere.
const SHORTEST_PIECE: usize = 3;

/// The rate of a guard: a clause without one is better whenever there is one.
const GUARD: f32 = 1e6;

/// Literals of which one must be in the event, each the necessary trace of one condition.
#[derive(Clone, Debug)]
pub(super) struct Required {
    pub(super) literals: Vec<(LeafId, Literal)>,
    /// Where one of these may hold, the query can match without any literal.
    pub(super) guards: Vec<Node>,
    /// Expected candidates per MB.
    rate: f32,
}

/// Chooses literals for one set of fingerprints.
pub(super) struct Chooser<'a> {
    pub(super) table: &'a Table,
    pub(super) rarity: &'a Rarity,
    /// The field whose text is scanned.
    pub(super) message: Option<FieldId>,
    /// Whether a field differs from event to event of a log.
    pub(super) varies: fn(&str) -> bool,
}

impl Chooser<'_> {
    /// The cheapest required literals of a query; `None` when it requires none.
    pub(super) fn required(&self, node: &Node) -> Option<Required> {
        match node {
            Node::All => None,
            // Nothing matches, so no literal is ever needed.
            Node::Nothing => Some(Required { literals: Vec::new(), guards: Vec::new(), rate: 0.0 }),
            Node::Leaf(id) => self.leaf(*id),
            Node::Bool(node) => self.bool(node),
        }
    }

    fn bool(&self, node: &BoolNode) -> Option<Required> {
        let BoolNode { must, should, must_not } = node;
        if !must.is_empty() {
            // A clause on the file alone says nothing of the text: it is answered before.
            let reading = must.iter().filter(|node| self.reads_event(node));
            let clauses = reading.filter_map(|node| self.required(node));
            return clauses.min_by(|a, b| a.rate.total_cmp(&b.rate));
        }
        if should.is_empty() && !must_not.is_empty() {
            return None;
        }
        let mut union = Required { literals: Vec::new(), guards: Vec::new(), rate: 0.0 };
        for node in should {
            if !self.reads_event(node) {
                union.guards.push(node.clone());
                union.rate += GUARD;
                continue;
            }
            let Required { literals, guards, rate } = self.required(node)?;
            union.literals.extend(literals);
            union.guards.extend(guards);
            union.rate += rate;
        }
        Some(union)
    }

    /// Whether any condition of the tree can differ from event to event.
    fn reads_event(&self, node: &Node) -> bool {
        match node {
            Node::All | Node::Nothing => false,
            Node::Leaf(id) => match self.table.leaf_at(*id) {
                Leaf::Field { field, .. } => (self.varies)(self.table.field_name(*field)),
                Leaf::AnyField(_) | Leaf::Contains(_) | Leaf::Pattern(_) => true,
            },
            Node::Bool(node) => {
                let BoolNode { must, should, must_not } = &**node;
                [must, should, must_not].into_iter().flatten().any(|node| self.reads_event(node))
            }
        }
    }

    fn leaf(&self, id: LeafId) -> Option<Required> {
        let literal = match self.table.leaf_at(id) {
            Leaf::Field { field, kind: FieldKind::Text, test } if Some(*field) == self.message => {
                match self.table.context(id) {
                    Some(context) => Literal::Phrase(Arc::clone(context)),
                    None => self.text_literal(test)?,
                }
            }
            Leaf::Field { .. } | Leaf::AnyField(_) | Leaf::Pattern(_) => return None,
            Leaf::Contains(finder) => piece(ascii_pieces(finder.needle()))?,
        };
        let rate = match &literal {
            Literal::Phrase(context) => self.rarity.cost(context.anchor()).exp2(),
            // The second engine costs more than any one word of the first.
            Literal::Piece(piece) => 4096.0 / piece.len() as f32,
        };
        Some(Required { literals: vec![(id, literal)], guards: Vec::new(), rate })
    }

    fn text_literal(&self, test: &LeafTest) -> Option<Literal> {
        match test {
            // An exact one has a context already, if it can have one.
            LeafTest::Phrase { terms, slop: 1.., .. } => {
                let cost = |word: &[u8]| self.rarity.cost(word);
                Context::new(terms, false, cost).map(|context| Literal::Phrase(Arc::new(context)))
            }
            LeafTest::Prefix(prefix) => piece(ascii_pieces(prefix.as_bytes())),
            LeafTest::Wildcard(wildcard) => {
                let texts = wildcard.parts().iter().filter_map(|part| match part {
                    WildcardPart::Literal(text) => Some(text.as_bytes()),
                    WildcardPart::Escaped(_) | WildcardPart::Any | WildcardPart::One => None,
                });
                piece(texts.flat_map(ascii_pieces))
            }
            LeafTest::Regex(regex) => match regex.literals() {
                [only] => piece(ascii_pieces(only.as_bytes())),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Tells every word of the query's text conditions to `each`.
pub(super) fn words(table: &Table, each: &mut dyn FnMut(&[u8])) {
    for leaf in &table.leaves {
        let Leaf::Field { kind: FieldKind::Text, test, .. } = leaf else { continue };
        let terms = match test {
            LeafTest::Term(term) => std::slice::from_ref(term),
            LeafTest::Phrase { terms, .. } => terms,
            _ => continue,
        };
        let bytes = terms.iter().map(|term| term.as_bytes());
        for word in bytes.flat_map(|term| term.split(|byte| !super::prefilter::is_word_byte(*byte)))
        {
            if !word.is_empty() {
                each(word);
            }
        }
    }
}

fn ascii_pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !byte.is_ascii() || *byte == b'\n')
}

fn piece<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Option<Literal> {
    let longest = pieces.max_by_key(|piece| piece.len())?;
    (longest.len() >= SHORTEST_PIECE).then(|| Literal::Piece(longest.to_ascii_lowercase().into()))
}
