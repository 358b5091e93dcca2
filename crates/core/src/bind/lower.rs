//! From the syntax tree to the bound one: texts analysed, required and excluded clauses decided.

use std::iter;

use crate::{
    analysis::{analyze, lowercase_into},
    bind::{
        BindError, BindErrorKind, BindErrors, BoundAnyField, BoundBool, BoundLeaf, BoundQuery,
        Fuzzy, LeafTest, LuceneRegex, LuceneRegexError, TermRange, Wildcard,
    },
    query::{
        Bound, Clause, Conjunction, Fuzziness, Leaf, LeafKind, Modifier, Node, Query, WildcardPart,
    },
    schema::{FieldKind, Schema},
    span::Span,
};

impl BoundQuery {
    /// The most leaves a bound query has: OpenSearch's default for
    /// `indices.query.bool.max_clause_count`, which counts them over the whole query.
    pub const MAX_LEAVES: usize = 1_024;
}

impl Query {
    /// Binds the query to a schema: analyses its texts as each field is analysed and decides, as
    /// Lucene's classic parser does, which clauses are required, optional and excluded.
    ///
    /// There is no precedence: `AND` marks the clauses at its two sides as required, `NOT` excludes
    /// its operand. A clause whose text has no tokens is left out, but its `AND` still marks the
    /// clause before it. A query of which nothing is left matches no event.
    ///
    /// # Errors
    ///
    /// When a regular expression is refused (whether it is depends on the field: a text field
    /// lower-cases it first), when the query has too many leaves, and for `_exists_:\*`.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::{Fields, Query, Schema, reference};
    /// let query = Query::parse(r#"message:"no space left" AND NOT tags:syslog"#)?;
    /// let bound = query.bind(&Schema::Logstash)?;
    /// let mut event = Fields::new();
    /// event.push("message", "OSError: No space left on device");
    /// assert!(reference::matches(&bound, &event));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bind(&self, schema: &Schema) -> Result<BoundQuery, BindErrors> {
        let mut lowering = Lowering { schema, leaves: 0, errors: Vec::new() };
        let bound = lowering.group(self.clauses(), schema.default_field());
        match BindErrors::new(lowering.errors) {
            Some(errors) => Err(errors),
            None => Ok(bound.unwrap_or(BoundQuery::Nothing)),
        }
    }
}

struct Lowering<'a> {
    schema: &'a Schema,
    /// How many leaves there are so far.
    leaves: usize,
    errors: Vec<BindError>,
}

/// Lucene's name for a clause's part in a boolean query.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occur {
    Must,
    Should,
    MustNot,
}

impl Lowering<'_> {
    /// Binds the clauses of a group; `None` when all of them vanish, and the group with them.
    ///
    /// Recursion is bounded by [`Query::MAX_DEPTH`].
    fn group(&mut self, clauses: &[Clause], field: &str) -> Option<BoundQuery> {
        let mut bound: Vec<(Occur, BoundQuery)> = Vec::with_capacity(clauses.len());
        for clause in clauses {
            if clause.conjunction == Conjunction::And
                && let Some((before, _)) = bound.last_mut()
                && *before != Occur::MustNot
            {
                *before = Occur::Must;
            }
            if self.leaves > BoundQuery::MAX_LEAVES {
                return None; // The error is recorded; it is not worth going on.
            }
            let queries = self.clause(clause, field);
            let occur = occur(clause);
            bound.extend(queries.into_iter().map(|query| (occur, query)));
        }
        combine(bound)
    }

    /// Binds one clause: to nothing, to one query, or, where terms stand side by side, to one query
    /// for each token.
    fn clause(&mut self, clause: &Clause, field: &str) -> Vec<BoundQuery> {
        match &clause.node {
            Node::Group { field: own, clauses, .. } => {
                let inner = self.group(clauses, own.as_deref().unwrap_or(field));
                inner.into_iter().collect()
            }
            Node::Leaf(leaf) => {
                let queries = self.leaf(leaf, leaf.field.as_deref().unwrap_or(field));
                self.leaves += queries.len();
                if self.leaves > BoundQuery::MAX_LEAVES {
                    let limit = BoundQuery::MAX_LEAVES;
                    self.error(BindErrorKind::TooManyClauses { limit }, leaf.span);
                }
                match leaf.kind {
                    LeafKind::Terms(_) => queries,
                    _ => combine(iter::repeat(Occur::Should).zip(queries).collect())
                        .into_iter()
                        .collect(),
                }
            }
        }
    }

    /// Binds a leaf to queries of which one must match.
    fn leaf(&mut self, leaf: &Leaf, field: &str) -> Vec<BoundQuery> {
        match &leaf.kind {
            LeafKind::All => vec![BoundQuery::All],
            LeafKind::Exists(name) if name == "*" => {
                self.error(BindErrorKind::ExistsOnEveryField, leaf.span);
                Vec::new()
            }
            LeafKind::Exists(name) => self.on_field(leaf, name),
            _ => self.on_field(leaf, field),
        }
    }

    fn on_field(&mut self, leaf: &Leaf, field: &str) -> Vec<BoundQuery> {
        if field.contains('*') {
            return self.any_field(leaf, field).into_iter().map(BoundQuery::AnyField).collect();
        }
        let kind = self.schema.kind(field);
        let bound = |test| BoundQuery::Leaf(BoundLeaf { field: field.to_owned(), kind, test });
        self.tests(leaf, kind).into_iter().map(bound).collect()
    }

    /// Binds a leaf on every field whose name matches. It vanishes when it would on every field.
    fn any_field(&mut self, leaf: &Leaf, pattern: &str) -> Option<BoundAnyField> {
        let text = self.tests(leaf, FieldKind::Text);
        let keyword = match self.schema {
            Schema::Logstash => self.tests(leaf, FieldKind::Keyword),
            Schema::Dynamic => Vec::new(),
        };
        let some = !text.is_empty() || !keyword.is_empty();
        some.then(|| BoundAnyField::new(pattern, self.schema, text, keyword))
    }

    /// The tests of which one must hold on a field of this kind; none when the text has no tokens.
    fn tests(&mut self, leaf: &Leaf, kind: FieldKind) -> Vec<LeafTest> {
        let test = match &leaf.kind {
            LeafKind::Term(text) => return terms(text, kind).map(LeafTest::Term).collect(),
            LeafKind::Terms(words) => {
                return terms(&words.join(" "), kind).map(LeafTest::Term).collect();
            }
            LeafKind::Phrase { text, slop } => {
                return phrase(text, *slop, kind).into_iter().collect();
            }
            LeafKind::Wildcard(parts) => wildcard(parts, kind),
            LeafKind::Regex(pattern) => {
                return self.regex(pattern, leaf.value, kind).into_iter().collect();
            }
            LeafKind::Fuzzy { text, fuzziness } => {
                let edits = edits(text, *fuzziness);
                LeafTest::Fuzzy(Fuzzy::new(normalize(text, kind), edits))
            }
            LeafKind::Range { lower, upper } => {
                let (lower, upper) = (bound(lower, kind), bound(upper, kind));
                LeafTest::Range(TermRange { lower, upper })
            }
            LeafKind::Exists(_) | LeafKind::All => LeafTest::Exists,
        };
        vec![test]
    }

    fn regex(&mut self, pattern: &str, value: Span, kind: FieldKind) -> Option<LeafTest> {
        match LuceneRegex::new(&normalize(pattern, kind)) {
            Ok(regex) => Some(LeafTest::Regex(regex)),
            Err(error) => {
                let span = place_in_source(&error, pattern, value, kind);
                self.error(BindErrorKind::BadRegex(error), span);
                None
            }
        }
    }

    /// Records an error, but one place's first only: on many fields at once, or past a limit, the
    /// same trouble is met again.
    fn error(&mut self, kind: BindErrorKind, span: Span) {
        let code = kind.code();
        if !self.errors.iter().any(|error| error.span == span && error.kind.code() == code) {
            self.errors.push(BindError::new(kind, span));
        }
    }
}

/// What a clause asks for by itself; the `AND` of the next one may still change it.
fn occur(clause: &Clause) -> Occur {
    match (clause.modifier, clause.conjunction) {
        (Modifier::Not, _) => Occur::MustNot,
        (Modifier::Must, _) | (_, Conjunction::And) => Occur::Must,
        _ => Occur::Should,
    }
}

/// The boolean query of some clauses. One that is not excluded stands for itself.
fn combine(mut clauses: Vec<(Occur, BoundQuery)>) -> Option<BoundQuery> {
    if let [(Occur::Must | Occur::Should, _)] = clauses[..] {
        return clauses.pop().map(|(_, query)| query);
    }
    if clauses.is_empty() {
        return None;
    }
    let mut bound = BoundBool::default();
    for (occur, query) in clauses {
        match occur {
            Occur::Must => bound.must.push(query),
            Occur::Should => bound.should.push(query),
            Occur::MustNot => bound.must_not.push(query),
        }
    }
    Some(BoundQuery::Bool(bound))
}

/// The terms of a text: its tokens on a text field, the whole of it on a keyword field.
fn terms(text: &str, kind: FieldKind) -> impl Iterator<Item = String> + use<> {
    let mut terms = Vec::new();
    match kind {
        FieldKind::Text => analyze(text, &mut |term, _, _| terms.push(term.to_owned())),
        FieldKind::Keyword => terms.push(text.to_owned()),
    }
    terms.into_iter()
}

fn phrase(text: &str, slop: u32, kind: FieldKind) -> Option<LeafTest> {
    let mut terms: Vec<String> = terms(text, kind).collect();
    match terms.len() {
        0 | 1 => terms.pop().map(LeafTest::Term),
        _ => Some(LeafTest::Phrase { terms, slop, text: text.to_owned() }),
    }
}

/// What no tokenizer splits (patterns, ends of ranges) is lower-cased on a text field.
fn normalize(text: &str, kind: FieldKind) -> String {
    match kind {
        FieldKind::Text => {
            let mut lower = String::with_capacity(text.len());
            lowercase_into(text, &mut lower);
            lower
        }
        FieldKind::Keyword => text.to_owned(),
    }
}

/// A lone `*` asks for any value, one at the end for a prefix.
fn wildcard(parts: &[WildcardPart], kind: FieldKind) -> LeafTest {
    match parts {
        [WildcardPart::Any] => LeafTest::Exists,
        [WildcardPart::Literal(prefix), WildcardPart::Any] => {
            LeafTest::Prefix(normalize(prefix, kind))
        }
        _ => {
            let parts = parts.iter().map(|part| match part {
                WildcardPart::Literal(text) => WildcardPart::Literal(normalize(text, kind)),
                WildcardPart::Escaped(c) => WildcardPart::Literal(c.to_string()),
                other => other.clone(),
            });
            LeafTest::Wildcard(Wildcard::new(parts.collect()))
        }
    }
}

/// The edit distance: by length in code points where it is not given, else at most 2, its fraction
/// cut off.
fn edits(text: &str, fuzziness: Fuzziness) -> u8 {
    match fuzziness {
        Fuzziness::Auto => match text.chars().count() {
            0..=2 => 0,
            3..=5 => 1,
            _ => 2,
        },
        Fuzziness::Number(number) => number.clamp(0.0, 2.0) as u8,
    }
}

fn bound(bound: &Bound, kind: FieldKind) -> Bound {
    match bound {
        Bound::Open => Bound::Open,
        Bound::Inclusive(text) => Bound::Inclusive(normalize(text, kind)),
        Bound::Exclusive(text) => Bound::Exclusive(normalize(text, kind)),
    }
}

/// Where in the query a regular expression is wrong. Lower-casing changes no number of code
/// points, but their lengths.
fn place_in_source(error: &LuceneRegexError, pattern: &str, value: Span, kind: FieldKind) -> Span {
    let lowered = normalize(pattern, kind);
    let place = |at: u32| {
        let before = lowered.char_indices().take_while(|&(byte, _)| byte < at as usize).count();
        let at = pattern.char_indices().nth(before).map_or(pattern.len(), |(byte, _)| byte);
        value.start as usize + 1 + at
    };
    Span::new(place(error.span.start), place(error.span.end))
}

#[cfg(test)]
mod tests;
