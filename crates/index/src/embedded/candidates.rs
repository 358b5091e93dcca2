//! Fingerprints as queries of tantivy's. `contains` and `regex` look at text that the index does not
//! have as it stands: their words find candidates, and the matcher decides.

use recheck_core::{Fingerprint, Schema};
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use tantivy::query::{AllQuery, BooleanQuery, EmptyQuery, Query};

use super::layout::Layout;

/// A shorter piece of a word is in nearly every event.
const SHORTEST_PIECE: usize = 3;
/// More alternatives than this cost more to look up than they save.
const MAX_ALTERNATIVES: usize = 64;

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
        parts.extend(fingerprint.contains.iter().filter_map(|text| literal(text, layout)));
        parts.extend(fingerprint.regex.iter().filter_map(|pattern| regex(pattern, layout)));
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

/// Events that may have the text in them; `None` when that can't be told from its words.
///
/// A run of ASCII letters, digits and `_` is never split by the analyser. One with blanks on both
/// sides is a word of its own, others are part of one.
fn literal(text: &str, layout: Layout) -> Option<Box<dyn Query>> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let blank = |c: Option<char>| c.is_some_and(|c| c.is_ascii_whitespace());
    let runs = text.split(|c| !is_word(c)).filter(|run| run.len() >= SHORTEST_PIECE);
    let placed = runs.map(|run| {
        let start = run.as_ptr() as usize - text.as_ptr() as usize;
        let before = text[..start].chars().next_back();
        let behind = text[start + run.len()..].chars().next();
        // Only underscores are no word.
        let alone =
            blank(before) && blank(behind) && run.len() < 255 && !run.trim_matches('_').is_empty();
        (alone, run)
    });
    let (whole, pieces): (Vec<_>, Vec<_>) = placed.partition(|(alone, _)| *alone);
    if whole.is_empty() {
        let longest = pieces.iter().max_by_key(|(_, run)| run.len());
        return longest.map(|(_, run)| layout.piece(run));
    }
    let words = whole.iter().map(|(_, run)| layout.word(run)).collect();
    Some(Box::new(BooleanQuery::intersection(words)))
}

/// Events that may match the pattern: those with one of the texts it must begin or end with.
fn regex(pattern: &str, layout: Layout) -> Option<Box<dyn Query>> {
    let hir = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).ok()?;
    let texts = |kind| -> Option<Vec<Box<dyn Query>>> {
        let found: Seq = Extractor::new().kind(kind).extract(&hir);
        let literals = found.literals().filter(|all| all.len() <= MAX_ALTERNATIVES)?;
        let text = |bytes| literal(std::str::from_utf8(bytes).ok()?, layout);
        literals.iter().map(|one| text(one.as_bytes())).collect()
    };
    let alternatives = texts(ExtractKind::Prefix).or_else(|| texts(ExtractKind::Suffix))?;
    Some(Box::new(BooleanQuery::union(alternatives)))
}
