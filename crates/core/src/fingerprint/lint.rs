//! Queries that parse but hardly mean what they say.
//!
//! Each lint is a fact about how the classic parser reads the text, never a matter of taste: a
//! query that does what its author means gets no warning. The rules are those of
//! `query_string` (see [`query`](crate::query)). Recursion is bounded by the parser's limit on
//! nested groups.

use super::keys::nearest;
use crate::analysis::tokens;
use crate::query::{Clause, Conjunction, Leaf, LeafKind, Modifier, Node, Query, WildcardPart};
use crate::span::Span;

/// The most findings of one query: what follows is more of the same.
const MAX_FINDINGS: usize = 25;

/// Fields that a run or a file has, the same for all of its events. `build_…` is one too.
const RUN_FIELDS: [&str; 6] = ["tags", "filename", "project", "voting", "log_url", "node_provider"];

/// Fields that an event has of its own.
const EVENT_FIELDS: [&str; 7] =
    ["message", "@timestamp", "loglevel", "module", "syslog_program", "test_id", "test_status"];

/// What runs are known by; other names that begin with `build_` are run fields as well.
const BUILD_FIELDS: [&str; 9] = [
    "build_name",
    "build_queue",
    "build_branch",
    "build_node",
    "build_status",
    "build_uuid",
    "build_change",
    "build_patchset",
    "build_ref",
];

/// A place in a query that hardly means what it says.
#[derive(Debug)]
pub(super) struct Finding {
    /// The warning's stable code.
    pub(super) code: &'static str,
    /// Where in the query.
    pub(super) span: Span,
    /// What is odd.
    pub(super) message: String,
    /// What to write instead.
    pub(super) help: String,
}

/// Looks a query over.
pub(super) fn check(query: &Query) -> Vec<Finding> {
    let mut linter = Linter { source: query.source(), findings: Vec::new() };
    linter.whole(query.clauses());
    linter.level(query.clauses(), None);
    linter.findings.truncate(MAX_FINDINGS);
    linter.findings
}

/// What a clause does for its level.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occur {
    Must,
    Should,
    MustNot,
}

/// Lucene's flags: AND marks both of its neighbours, a sign only its operand.
fn occur(clauses: &[Clause], index: usize) -> Occur {
    let clause = &clauses[index];
    let and_after = clauses.get(index + 1).is_some_and(|c| c.conjunction == Conjunction::And);
    match clause.modifier {
        Modifier::Not => Occur::MustNot,
        Modifier::Must => Occur::Must,
        Modifier::None if clause.conjunction == Conjunction::And || and_after => Occur::Must,
        Modifier::None => Occur::Should,
    }
}

/// True when every event that matches must satisfy some leaf that `counts` (called with the leaf
/// and its field, `None` for the default one).
fn demands(
    clauses: &[Clause],
    field: Option<&str>,
    counts: &impl Fn(&Leaf, Option<&str>) -> bool,
) -> bool {
    let demanded = |clause: &Clause| match &clause.node {
        Node::Leaf(leaf) => counts(leaf, leaf.field.as_deref().or(field)),
        Node::Group { field: inner, clauses, .. } => {
            demands(clauses, inner.as_deref().or(field), counts)
        }
    };
    let of = |wanted| {
        (0..clauses.len()).filter(move |&i| occur(clauses, i) == wanted).map(|i| &clauses[i])
    };
    if of(Occur::Must).next().is_some() {
        of(Occur::Must).any(demanded)
    } else {
        of(Occur::Should).next().is_some() && of(Occur::Should).all(demanded)
    }
}

/// True for a leaf that some values fail: not `*:*`, and not a lone `*`.
fn narrows(leaf: &Leaf) -> bool {
    match &leaf.kind {
        LeafKind::All => false,
        LeafKind::Wildcard(parts) => parts.iter().any(|part| *part != WildcardPart::Any),
        _ => true,
    }
}

fn is_run_field(field: &str) -> bool {
    RUN_FIELDS.contains(&field) || field.starts_with("build_")
}

/// True for the field whose values are words.
fn is_message(field: Option<&str>) -> bool {
    matches!(field, None | Some("message"))
}

/// True for text without a single word.
fn has_no_words(text: &str) -> bool {
    !text.is_empty() && tokens(text).next().is_none()
}

/// The terms of a leaf of bare text.
fn bare_words(kind: &LeafKind) -> Option<&[String]> {
    match kind {
        LeafKind::Term(word) => Some(std::slice::from_ref(word)),
        LeafKind::Terms(words) => Some(words),
        _ => None,
    }
}

/// True for a lower-case operator word (or several).
fn is_lower_operator(leaf: &Leaf) -> bool {
    let Some(words) = bare_words(&leaf.kind) else { return false };
    leaf.field.is_none()
        && !words.is_empty()
        && words.iter().all(|word| matches!(&**word, "and" | "or" | "not"))
}

/// True for a clause that is plainly one operand of its author's: it names a field, is quoted, or
/// stands in parentheses.
fn is_deliberate(clause: &Clause) -> bool {
    match &clause.node {
        Node::Group { .. } => true,
        Node::Leaf(leaf) => leaf.field.is_some() || matches!(leaf.kind, LeafKind::Phrase { .. }),
    }
}

struct Linter<'a> {
    source: &'a str,
    findings: Vec<Finding>,
}

impl Linter<'_> {
    fn find(&mut self, code: &'static str, span: Span, message: &str, help: &str) {
        if self.findings.len() < MAX_FINDINGS {
            let (message, help) = (message.to_owned(), help.to_owned());
            self.findings.push(Finding { code, span, message, help });
        }
    }

    /// What holds of the query as a whole.
    fn whole(&mut self, clauses: &[Clause]) {
        let all = Span::new(0, self.source.len());
        let event_text = |leaf: &Leaf, field: Option<&str>| {
            let field = if let LeafKind::Exists(name) = &leaf.kind { Some(&**name) } else { field };
            narrows(leaf) && !field.is_some_and(is_run_field)
        };
        if clauses.is_empty() {
            self.find(
                "W010",
                all,
                "an empty query matches no event",
                "write what recognises the bug",
            );
        } else if !demands(clauses, None, &|leaf, _| narrows(leaf)) {
            self.find(
                "W011",
                all,
                "nothing has to be there for this query to match: it matches nearly every event, \
                 and every event must be looked at",
                "add a clause that the event must match, such as `message:\"…\" AND`",
            );
        } else if !demands(clauses, None, &event_text) {
            self.find(
                "W012",
                all,
                "this query can match by fields of the run or file alone, whatever the event says",
                "join the clauses by AND, one of them on `message`; clauses side by side are \
                 joined by OR",
            );
        }
    }

    /// One level of clauses, and what is below it.
    fn level(&mut self, clauses: &[Clause], field: Option<&str>) {
        self.lower_case_operators(clauses);
        self.single_quotes(clauses);
        for clause in clauses {
            match &clause.node {
                Node::Leaf(leaf) => self.leaf(leaf, leaf.field.as_deref().or(field)),
                Node::Group { field: own, clauses, .. } => {
                    if let Some(own) = own {
                        self.field(own, clause.span);
                    }
                    self.level(clauses, own.as_deref().or(field));
                }
            }
        }
        self.without_effect(clauses);
    }

    fn leaf(&mut self, leaf: &Leaf, field: Option<&str>) {
        if let Some(own) = &leaf.field {
            self.field(own, leaf.span);
        }
        match &leaf.kind {
            LeafKind::Regex(_) => self.regex(leaf),
            LeafKind::Phrase { text, .. } => {
                self.wildcard_in_quotes(leaf, text, field);
                self.no_words(leaf, text, field);
            }
            LeafKind::Term(word) => self.no_words(leaf, word, field),
            LeafKind::Terms(words) => self.no_words(leaf, &words.concat(), field),
            LeafKind::Exists(name) => self.field(name, leaf.span),
            _ => {}
        }
    }

    /// `a OR b AND c` is `a +b +c`: nothing asks for `a`.
    fn without_effect(&mut self, clauses: &[Clause]) {
        let first = |wanted| (0..clauses.len()).find(|&i| occur(clauses, i) == wanted);
        let (Some(_), Some(idle)) = (first(Occur::Must), first(Occur::Should)) else { return };
        // A slip that was told already is the reason.
        let idle = clauses[idle].span;
        let told = |finding: &Finding| {
            matches!(finding.code, "W014" | "W015" | "W016")
                && finding.span.start <= idle.end + 1 // a blank between
                && idle.start <= finding.span.end
        };
        if self.findings.iter().any(told) {
            return;
        }
        self.find(
            "W013",
            idle,
            "this clause has no effect: others beside it are required, by AND or `+`",
            "AND and OR have no precedence: put parentheses around what belongs together; \
             clauses side by side are joined by OR",
        );
    }

    fn lower_case_operators(&mut self, clauses: &[Clause]) {
        for (index, clause) in clauses.iter().enumerate() {
            let Node::Leaf(leaf) = &clause.node else { continue };
            if !is_lower_operator(leaf) || !clauses.get(index + 1).is_some_and(is_deliberate) {
                continue;
            }
            let starts = self.source[leaf.span.range()].starts_with("not");
            if starts || index.checked_sub(1).is_some_and(|left| is_deliberate(&clauses[left])) {
                self.find(
                    "W014",
                    leaf.span,
                    "in lower case this is a word to look for, not an operator",
                    "write AND, OR and NOT in capitals",
                );
            }
        }
    }

    /// `message:'a b'` is `message:'a` and, on the default field, `b'`.
    fn single_quotes(&mut self, clauses: &[Clause]) {
        let mut open: Option<Span> = None;
        for clause in clauses {
            let Node::Leaf(Leaf { kind, field, span, .. }) = &clause.node else { continue };
            let Some(words) = bare_words(kind) else { continue };
            let begins = words.first().is_some_and(|word| word.starts_with('\''));
            let ends = words.last().is_some_and(|word| word.len() > 1 && word.ends_with('\''));
            if field.is_some() && begins && !ends {
                open = Some(*span);
            } else if field.is_none()
                && words.iter().any(|word| word.ends_with('\''))
                && let Some(start) = open.take()
            {
                self.find(
                    "W015",
                    start.to(*span),
                    "single quotes do not quote: only the first word is looked for in this field",
                    "use double quotes",
                );
            }
        }
    }

    /// `filename:/var/log/x` has the regex `/var/` in it.
    fn regex(&mut self, leaf: &Leaf) {
        let range = leaf.span.range();
        let before = self.source[..range.start].chars().next_back();
        let after = self.source[range.end..].chars().next();
        let glued_before = before.is_some_and(|c| !c.is_whitespace() && !"(+-!".contains(c));
        let glued_after = after.is_some_and(|c| !c.is_whitespace() && !")^~".contains(c));
        if glued_before || glued_after {
            self.find(
                "W016",
                leaf.span,
                "between two slashes this is a regex, not a path",
                "put the path in double quotes",
            );
        }
    }

    fn no_words(&mut self, leaf: &Leaf, text: &str, field: Option<&str>) {
        if is_message(field) && has_no_words(text) {
            self.find(
                "W017",
                leaf.span,
                "no word is left of this text when it is analysed: the clause vanishes, and an \
                 AND or OR before it still counts for the clause on its left",
                "remove the clause, or add a word to it",
            );
        }
    }

    fn wildcard_in_quotes(&mut self, leaf: &Leaf, text: &str, field: Option<&str>) {
        let whole_value = field.is_some_and(|field| is_run_field(field) || field == "loglevel");
        let message = if whole_value && text.contains('*') {
            "inside quotes `*` is itself: only a value with an asterisk in it matches"
        } else if is_message(field) && has_joined_star(text) {
            "inside quotes `*` is punctuation and stands for nothing"
        } else {
            return;
        };
        self.find(
            "W018",
            leaf.span,
            message,
            "a wildcard works outside of quotes, within one word (escape its blanks with a \
             backslash on fields that are compared whole); or leave the `*` out",
        );
    }

    fn field(&mut self, field: &str, span: Span) {
        let known = || RUN_FIELDS.iter().chain(&EVENT_FIELDS).chain(&BUILD_FIELDS).copied();
        if is_run_field(field) || EVENT_FIELDS.contains(&field) {
            return;
        }
        // A name unlike any of ours may be a field of the user's own.
        if let Some(near) = nearest(field, known()) {
            let message = format!("no log and no run has a field `{field}`");
            self.find("W019", span, &message, &format!("did you mean `{near}`?"));
        }
    }
}

/// True for `foo*`, `*foo` and `foo*bar` as words of their own; not for decoration (`*** foo`), a
/// lone asterisk, or code (`f(*args)`, `char *p`).
fn has_joined_star(text: &str) -> bool {
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    text.match_indices('*').any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + 1..].chars().next();
        let word_before = before.as_ref().is_some_and(is_word);
        let word_after = after.as_ref().is_some_and(is_word);
        match (word_before, word_after) {
            (true, true) => true,
            (true, false) => after.is_none_or(char::is_whitespace),
            (false, true) => before.is_none(),
            (false, false) => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes found, in order.
    fn codes(query: &str) -> Vec<&'static str> {
        let query = Query::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        check(&query).iter().map(|finding| finding.code).collect()
    }

    /// What the first finding points at.
    fn place(query: &str) -> &str {
        let parsed = Query::parse(query).unwrap();
        &query[check(&parsed)[0].span.range()]
    }

    #[test]
    fn sane_queries_have_no_findings() {
        for query in [
            r#"message:"a b" AND tags:"console""#,
            r#"message:"a b" AND NOT message:"c" AND (tags:console OR tags:"syslog")"#,
            r#"(message:"a" OR message:"b") AND build_name:gate-*"#,
            r#"message:"a" message:"b""#,
            r#"message:(foo bar) AND filename:/logs\/.*/"#,
            r#"+message:"a" -tags:b"#,
            r#""No space left on device""#,
            r#"message:"*** stack smashing detected ***" AND loglevel:ERROR"#,
            r#"message:"y = callable(*args)" AND message:"is it using it?""#,
            r#"message:'foo' AND message:don't"#,
            r#"message:"what and why""#,
            r#"message:this and that"#,
            r#"kubernetes_pod:"x" AND message:"a""#,
            r#"_exists_:message AND message:"a""#,
            r#"message:foo* AND NOT build_branch:"stable/*x""#,
            r#"loglevel:ERROR AND module:cinder.volume.manager"#,
            r#"message:"=== done ===""#,
        ] {
            let expected: &[&str] = if query.contains("stable/*") { &["W018"] } else { &[] };
            assert_eq!(codes(query), expected, "{query}");
        }
    }

    #[test]
    fn queries_that_demand_nothing() {
        assert_eq!(codes(" "), ["W010"]);
        for query in ["*:*", "*", "NOT a", "*:* AND NOT a", "a OR *:*", "b OR (NOT a)", "-a -b"] {
            assert_eq!(codes(query), ["W011"], "{query}");
        }
        assert_eq!(codes("*:* AND a"), [""; 0]);
        for query in [
            "tags:console",
            r#"tags:console AND NOT message:"a""#,
            r#"message:"a" tags:console"#,
            r#"message:"a" OR build_name:x"#,
            "_exists_:project",
        ] {
            assert_eq!(codes(query), ["W012"], "{query}");
        }
    }

    #[test]
    fn mixed_operators() {
        assert_eq!(codes("a OR b AND c"), ["W013"]);
        assert_eq!(place("a OR bb AND c"), "a");
        assert_eq!(place("a AND b OR (cc dd)"), "(cc dd)");
        assert_eq!(codes("x AND (a OR b AND c)"), ["W013"]);
        assert_eq!(codes("+a b"), ["W013"]);
        assert_eq!(codes("a OR (b AND c)"), [""; 0]);
        assert_eq!(codes("a AND b AND NOT c"), [""; 0]);
    }

    #[test]
    fn lower_case_operators() {
        assert_eq!(codes(r#"message:"a" or message:"b""#), ["W014"]);
        assert_eq!(place(r#"message:"a" and not message:"b""#), "and not");
        assert_eq!(place(r#"not message:"b""#), "not");
        assert_eq!(codes(r#"message:"a" AND (tags:b or tags:c)"#), ["W014"]);
    }

    #[test]
    fn quotes_slashes_and_stars() {
        assert_eq!(place("message:'Deadlock found when' AND b"), "message:'Deadlock found when'");
        assert_eq!(codes("message:'Deadlock found when' AND b"), ["W015"]);
        assert_eq!(codes("filename:/var/log AND a"), ["W016"]);
        assert_eq!(codes("message:/var/ AND a"), [""; 0]);
        assert_eq!(codes(r#"message:"time* out""#), ["W018"]);
        assert_eq!(codes(r#"message:"a" AND build_name:"gate-*""#), ["W018"]);
        assert_eq!(codes(r#"message:"a" AND message:"::" AND tags:"::""#), ["W017"]);
    }

    #[test]
    fn fields_that_are_nearly_ours() {
        assert_eq!(codes(r#"mesage:"a""#), ["W019"]);
        assert_eq!(codes(r#"message:"a" AND build-name:x"#), ["W019"]);
        assert_eq!(codes(r#"message:"a" AND file_name:(x y)"#), ["W019"]);
        assert_eq!(codes(r#"message:"a" AND build_anything:x"#), [""; 0]);
    }

    #[test]
    fn findings_are_bounded() {
        let query = vec![r#"message:"::""#; 1_000].join(" AND ");
        assert_eq!(codes(&query).len(), MAX_FINDINGS);
    }
}
