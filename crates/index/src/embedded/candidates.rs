//! Fingerprints as queries of tantivy's. `contains` and `regex` look at text that the index does not
//! have as it stands: their words find candidates, and the matcher decides.

use recheck_core::{Fingerprint, Schema};
use tantivy::query::{AllQuery, BooleanQuery, EmptyQuery, Query};

use super::layout::Layout;
use crate::words::Words;

/// A fingerprint as a query.
pub(super) struct Candidates {
    /// Finds every event that matches.
    pub(super) query: Box<dyn Query>,
    /// Finds no other.
    pub(super) exact: bool,
}

impl Candidates {
    /// The query for a fingerprint. One whose own queries can't be bound matches nothing.
    pub(super) fn of(fingerprint: &Fingerprint, layout: Layout, schema: Schema) -> Candidates {
        let exact = fingerprint.contains.is_empty() && fingerprint.regex.is_empty();
        let mut parts: Vec<Box<dyn Query>> = Vec::new();
        if exact || !fingerprint.queries.is_empty() {
            parts.push(any_of(fingerprint, layout, schema));
        }
        let literals = fingerprint.contains.iter().filter_map(|text| Words::of_literal(text));
        let regexes = fingerprint.regex.iter().filter_map(|pattern| Words::of_regex(pattern));
        parts.extend(literals.chain(regexes).map(|found| words(&found, layout)));
        let query: Box<dyn Query> = match parts.len() {
            0 => Box::new(AllQuery),
            _ => Box::new(BooleanQuery::intersection(parts)),
        };
        Candidates { query, exact }
    }
}

/// As in the matcher, one query that can't be bound spoils the fingerprint.
fn any_of(fingerprint: &Fingerprint, layout: Layout, schema: Schema) -> Box<dyn Query> {
    let bound: Result<Vec<_>, _> =
        fingerprint.queries.iter().map(|query| query.bind(&schema)).collect();
    match bound.as_deref() {
        Ok([one]) => layout.query(one),
        Ok(several) => {
            Box::new(BooleanQuery::union(several.iter().map(|one| layout.query(one)).collect()))
        }
        Err(_) => Box::new(EmptyQuery),
    }
}

fn words(words: &Words, layout: Layout) -> Box<dyn Query> {
    let all = |words: &[Words]| words.iter().map(|one| self::words(one, layout)).collect();
    match words {
        Words::Word(word) => layout.word(word),
        Words::Piece(piece) => layout.piece(piece),
        Words::All(parts) => Box::new(BooleanQuery::intersection(all(parts))),
        Words::Any(parts) => Box::new(BooleanQuery::union(all(parts))),
    }
}
