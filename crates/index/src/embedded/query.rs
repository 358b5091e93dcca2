//! A bound query as a query of tantivy's: the same tree, node for node.

use recheck_core::{BoundAnyField, BoundBool, BoundLeaf, BoundQuery, FieldKind, LeafTest};
use tantivy::query::{AllQuery, BooleanQuery, EmptyQuery, Occur, Query};

use super::{
    layout::Layout,
    leaf::{Condition, Names, Test, TestQuery},
};

impl Layout {
    /// The query of tantivy's that matches the same events.
    ///
    /// Follows the tree by recursion; the depth of a query is bounded where it is parsed.
    pub(super) fn query(self, bound: &BoundQuery) -> Box<dyn Query> {
        match bound {
            BoundQuery::All => Box::new(AllQuery),
            BoundQuery::Nothing => Box::new(EmptyQuery),
            BoundQuery::Bool(clauses) => self.clauses(clauses),
            BoundQuery::Leaf(leaf) => self.leaf(leaf),
            BoundQuery::AnyField(any) => self.any_field(any),
        }
    }

    /// Where something is required, what is optional decides nothing; where nothing is wanted at
    /// all, everything is but what is excluded.
    fn clauses(self, clauses: &BoundBool) -> Box<dyn Query> {
        let all = |occur, queries: &[BoundQuery]| -> Vec<(Occur, Box<dyn Query>)> {
            queries.iter().map(|query| (occur, self.query(query))).collect()
        };
        let mut parts = match (&clauses.must[..], &clauses.should[..]) {
            ([], []) => vec![(Occur::Must, Box::new(AllQuery) as Box<dyn Query>)],
            ([], should) => all(Occur::Should, should),
            (must, _) => all(Occur::Must, must),
        };
        parts.extend(all(Occur::MustNot, &clauses.must_not));
        Box::new(BooleanQuery::new(parts))
    }

    fn leaf(self, leaf: &BoundLeaf) -> Box<dyn Query> {
        let test = Test::Leaf(leaf.test.clone());
        let names = Names::One(leaf.field.clone());
        Box::new(TestQuery::new(self, names, Some(Condition { kind: leaf.kind, test })))
    }

    fn any_field(self, any: &BoundAnyField) -> Box<dyn Query> {
        Box::new(TestQuery::new(self, Names::Matching(any.clone()), None))
    }

    /// Events whose text has a term with this piece in it; see [`Test::Piece`].
    pub(super) fn piece(self, piece: &str) -> Box<dyn Query> {
        self.text(&Test::Piece(piece.to_owned()))
    }

    /// Events whose text has this word.
    pub(super) fn word(self, word: &str) -> Box<dyn Query> {
        self.text(&Test::Leaf(LeafTest::Term(word.to_owned())))
    }

    /// Events whose message meets the test, or what their log has beside it.
    fn text(self, test: &Test) -> Box<dyn Query> {
        let on = |names| -> Box<dyn Query> {
            let condition = Condition { kind: FieldKind::Text, test: test.clone() };
            Box::new(TestQuery::new(self, names, Some(condition)))
        };
        let names = [Names::One("message".to_owned()), Names::Raw];
        Box::new(BooleanQuery::union(names.into_iter().map(on).collect()))
    }
}
