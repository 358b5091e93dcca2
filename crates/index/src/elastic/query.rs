//! Fingerprints and scopes as queries of the cluster.
//!
//! The author's own text goes to the server as it stands. What the server can't answer as core does
//! (`contains`, `regex`, and in an index of ours conditions that could meet our own fields) finds
//! candidates, and the matcher decides.

use recheck_core::{self as core, BoundBool, BoundQuery, Fingerprint, LeafKind, Node};
use serde_json::{Value, json};

use super::{
    document::run_term,
    mapping::{META, Shape},
};
use crate::{index::Scope, words::Words};

/// A token that was cut has so many UTF-16 units, which are at least half as many characters.
const CUT_WORD: &str = ".{127,255}";

/// A fingerprint as a query of the cluster.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    /// Finds every event that matches.
    pub(super) query: Value,
    /// Finds no other.
    pub(super) exact: bool,
    /// How many conditions it has, at least as many as the server counts.
    pub(super) conditions: usize,
}

/// Conditions in one query: below the servers' `max_clause_count`, 1,024 unless set.
const MOST_CONDITIONS: usize = 700;
/// What a word or a piece of one may become.
const WORD_CONDITIONS: usize = 4;

impl Clause {
    /// The query for a fingerprint; nothing for one whose own queries can't be bound.
    pub(super) fn of(fingerprint: &Fingerprint, shape: &Shape) -> Option<Clause> {
        let mut exact = fingerprint.contains.is_empty() && fingerprint.regex.is_empty();
        let mut parts = Vec::new();
        let mut conditions = 1;
        if exact || !fingerprint.queries.is_empty() {
            let bound: Vec<BoundQuery> = fingerprint
                .queries
                .iter()
                .map(|query| query.bind(&shape.schema).ok())
                .collect::<Option<_>>()?;
            if bound.is_empty() {
                return None;
            }
            conditions += bound.iter().map(leaves).sum::<usize>();
            let is_answerable = bound.iter().all(|query| is_answerable(query, shape))
                && !fingerprint.queries.iter().any(|query| names_fields(query.clauses()));
            if shape.is_ours && !is_answerable {
                exact = false;
            } else {
                let texts = fingerprint.queries.iter().map(|query| text(query.source(), shape));
                parts.push(any_of(texts.collect()));
            }
        }
        let literals = fingerprint.contains.iter().filter_map(|text| Words::of_literal(text));
        let regexes = fingerprint.regex.iter().filter_map(|text| Words::of_regex(text));
        for found in literals.chain(regexes) {
            conditions += WORD_CONDITIONS * found.count();
            parts.push(words(&found, shape));
        }
        Some(Clause { query: json!({"bool": {"filter": parts}}), exact, conditions })
    }

    /// Every event: for a fingerprint that the server refuses.
    pub(super) fn everything() -> Clause {
        Clause { query: json!({"bool": {"filter": []}}), exact: false, conditions: 1 }
    }

    /// Whether it finds whatever there is.
    pub(super) fn is_everything(&self) -> bool {
        self.query["bool"]["filter"] == json!([])
    }
}

/// Parts of these that each fit into one query.
pub(super) fn batches<T>(all: &[T], clause: impl Fn(&T) -> &Clause) -> Vec<&[T]> {
    let mut batches = Vec::new();
    let (mut start, mut conditions) = (0, 0);
    for (at, one) in all.iter().enumerate() {
        conditions += clause(one).conditions;
        if conditions > MOST_CONDITIONS && at > start {
            batches.push(&all[start..at]);
            (start, conditions) = (at, clause(one).conditions);
        }
    }
    batches.extend((start < all.len()).then(|| &all[start..]));
    batches
}

/// The conditions of a query. Recursion is bounded as the query's depth is.
fn leaves(query: &BoundQuery) -> usize {
    match query {
        BoundQuery::Bool(BoundBool { must, should, must_not, .. }) => {
            must.iter().chain(should).chain(must_not).map(leaves).sum()
        }
        _ => 1,
    }
}

/// One of several.
pub(super) fn any_of(mut queries: Vec<Value>) -> Value {
    match queries.len() {
        1 => queries.remove(0),
        _ => json!({"bool": {"should": queries, "minimum_should_match": 1}}),
    }
}

/// The author's text, with what the reference sets.
fn text(text: &str, shape: &Shape) -> Value {
    json!({"query_string": {
        "query": text,
        "default_field": shape.schema.default_field(),
        "default_operator": "OR",
        "allow_leading_wildcard": true,
        "analyze_wildcard": false,
        // In an index of ours every field is a text. In another, a word is no number, not an error.
        "lenient": !shape.is_ours,
    }})
}

/// Whether the server answers as core does: no condition may meet our own fields or the server's.
/// Recursion is bounded as the query's depth is.
fn is_answerable(query: &BoundQuery, shape: &Shape) -> bool {
    match query {
        BoundQuery::All | BoundQuery::Nothing => true,
        BoundQuery::Leaf(leaf) => shape.is_plain(&leaf.field),
        // It could meet a twin, or one of our numbers, of which a word is none.
        BoundQuery::AnyField(_) => false,
        BoundQuery::Bool(BoundBool { must, should, must_not, .. }) => {
            let mut clauses = must.iter().chain(should).chain(must_not);
            clauses.all(|clause| is_answerable(clause, shape))
        }
    }
}

/// Whether a condition is on all fields of a pattern, also one that asks for no word and is not there
/// when the query is bound: the server asks it of our twins. Recursion is bounded as the query's
/// depth is.
fn names_fields(clauses: &[core::Clause]) -> bool {
    let is_pattern = |field: &Option<String>| field.as_ref().is_some_and(|name| name.contains('*'));
    clauses.iter().any(|clause| match &clause.node {
        Node::Group { field, clauses, .. } => is_pattern(field) || names_fields(clauses),
        Node::Leaf(leaf) => leaf.kind != LeafKind::All && is_pattern(&leaf.field),
    })
}

/// Events whose text has these words. Recursion is as deep as [`Words`] are: twice.
fn words(found: &Words, shape: &Shape) -> Value {
    let raw = format!("{META}.raw");
    let on_text = |query: &dyn Fn(&str) -> Value| match shape.is_ours {
        true => any_of(vec![query("message"), query(&raw)]),
        false => query("message"),
    };
    let all = |parts: &[Words]| parts.iter().map(|part| words(part, shape)).collect();
    match found {
        Words::Word(word) => on_text(&|field| json!({"term": {field: word}})),
        Words::Piece(piece) => on_text(&|field| {
            any_of(vec![
                json!({"wildcard": {field: {"value": format!("*{piece}*")}}}),
                json!({"regexp": {field: {"value": CUT_WORD}}}),
            ])
        }),
        Words::All(parts) => {
            json!({"bool": {"filter": Vec::<Value>::from_iter(parts.iter().map(|part| words(part, shape)))}})
        }
        Words::Any(parts) => any_of(all(parts)),
    }
}

/// The restrictions of a scope, each a clause by itself, never pasted into an author's text.
pub(super) fn filters(scope: &Scope, shape: &Shape) -> Vec<Value> {
    let mut filters = Vec::new();
    if let (false, Some(field)) = (scope.window.is_always(), &shape.time) {
        let mut range = serde_json::Map::new();
        for (end, time) in [("gte", scope.window.from), ("lt", scope.window.to)] {
            let Some(time) = time else { continue };
            let value = match shape.is_ours {
                true => json!(time.as_microsecond()),
                false => json!(time.to_string()),
            };
            range.insert(end.to_owned(), value);
        }
        filters.push(json!({"range": {field: range}}));
    }
    if let (Some(runs), Some(field)) = (&scope.runs, &shape.run) {
        let terms: Vec<String> = runs
            .iter()
            .map(|run| match shape.is_ours {
                true => run_term(run),
                false => run.build_uuid.clone(),
            })
            .collect();
        filters.push(json!({"terms": {field: terms}}));
    }
    filters
}

#[cfg(test)]
mod tests {
    use recheck_core::{Query, Schema};

    use super::*;
    use crate::elastic::mapping::template;

    fn clause(query: &str, contains: &[&str]) -> Clause {
        let template = template("x", Schema::Logstash);
        let shape = Shape::read(&json!({"x": template["template"]})).unwrap().unwrap();
        let fingerprint = Fingerprint {
            queries: (!query.is_empty())
                .then(|| Query::parse(query).unwrap())
                .into_iter()
                .collect(),
            contains: contains.iter().map(|&text| text.to_owned()).collect(),
            ..Fingerprint::default()
        };
        Clause::of(&fingerprint, &shape).unwrap()
    }

    #[test]
    fn the_authors_text_is_sent_as_it_stands() {
        let text = "message:\"a b\" AND NOT tags:(x y)";
        let clause = clause(text, &[]);
        assert!(clause.exact && !clause.is_everything());
        assert!(clause.query.to_string().contains(&serde_json::to_string(text).unwrap()));
    }

    #[test]
    fn what_could_meet_our_own_fields_is_decided_here() {
        for text in ["*:x", "recheck.run:1", "_id:7", "a OR NOT recheck.seq:[1 TO 2]"] {
            let clause = clause(text, &[]);
            assert!(!clause.exact && clause.is_everything(), "{text}");
        }
        assert!(clause("*:*", &[]).exact);
    }

    #[test]
    fn batches_are_below_the_servers_limit() {
        let clause = |conditions| Clause { conditions, ..Clause::everything() };
        let sizes = |all: &[usize]| -> Vec<usize> {
            let all: Vec<Clause> = all.iter().map(|&conditions| clause(conditions)).collect();
            batches(&all, |clause| clause).iter().map(|batch| batch.len()).collect()
        };
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[400, 300, 1, 2000, 1, 1]), [2, 1, 1, 2]);
    }

    #[test]
    fn literals_find_candidates_by_their_words() {
        let found = clause("a", &["No space left"]);
        assert!(!found.exact && found.query.to_string().contains("\"term\""));
        assert!(clause("", &["="]).is_everything());
    }
}
