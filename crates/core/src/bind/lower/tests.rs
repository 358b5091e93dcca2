//! Trees as an OpenSearch 3.4.0 explained them (`_validate/query?explain`), a phrase's words
//! quoted, a prefix, a wildcard or another pattern as it was written.

use super::*;

/// The tree as Lucene prints it, but for the keyword fields' constant scores.
fn explain(query: &BoundQuery) -> String {
    match query {
        BoundQuery::All => "*:*".into(),
        BoundQuery::Nothing => "nothing".into(),
        BoundQuery::Bool(clauses) => {
            let signs = [("+", &clauses.must), ("", &clauses.should), ("-", &clauses.must_not)];
            let part = |(sign, queries): (&str, &Vec<BoundQuery>)| {
                let nested = |query: &BoundQuery| match query {
                    BoundQuery::Bool(_) => format!("{sign}({})", explain(query)),
                    _ => format!("{sign}{}", explain(query)),
                };
                queries.iter().map(nested).collect::<Vec<_>>()
            };
            signs.into_iter().flat_map(part).collect::<Vec<_>>().join(" ")
        }
        BoundQuery::Leaf(leaf) => format!("{}:{}", leaf.field, explain_test(&leaf.test)),
        BoundQuery::AnyField(any) => {
            let tests = |field| {
                let (_, tests) = any.tests(field).expect("a name that matches");
                tests.iter().map(explain_test).collect::<Vec<_>>().join(" ")
            };
            format!("{}:({}|{})", any.pattern(), tests("message"), tests("tags"))
        }
    }
}

fn explain_test(test: &LeafTest) -> String {
    match test {
        LeafTest::Term(term) => term.clone(),
        LeafTest::Phrase { terms, slop: 0, .. } => format!("\"{}\"", terms.join(" ")),
        LeafTest::Phrase { terms, slop, .. } => format!("\"{}\"~{slop}", terms.join(" ")),
        LeafTest::Prefix(prefix) => format!("{prefix}*"),
        LeafTest::Wildcard(wildcard) => {
            let part = |part: &WildcardPart| match part {
                WildcardPart::Literal(text) => text.clone(),
                WildcardPart::Escaped(c) => format!("\\{c}"),
                WildcardPart::Any => "*".into(),
                WildcardPart::One => "?".into(),
            };
            wildcard.parts().iter().map(part).collect()
        }
        LeafTest::Regex(regex) => format!("/{}/", regex.pattern()),
        LeafTest::Fuzzy(fuzzy) => format!("{}~{}", fuzzy.text(), fuzzy.max_edits()),
        LeafTest::Range(range) => {
            let end = |bound: &Bound| match bound {
                Bound::Open => "*".to_owned(),
                Bound::Inclusive(end) => format!("={end}"),
                Bound::Exclusive(end) => end.clone(),
            };
            format!("<{} {}>", end(&range.lower), end(&range.upper))
        }
        LeafTest::Exists => "exists".into(),
    }
}

#[track_caller]
fn check_on(schema: Schema, source: &str, expected: &str) {
    let query = Query::parse(source).unwrap_or_else(|error| panic!("{source}: {error}"));
    let bound = query.bind(&schema).unwrap_or_else(|error| panic!("{source}: {error}"));
    assert_eq!(explain(&bound), expected, "{source}");
}

#[track_caller]
fn check(source: &str, expected: &str) {
    check_on(Schema::Logstash, source, expected);
}

#[track_caller]
fn error(source: &str) -> BindError {
    let query = Query::parse(source).unwrap_or_else(|error| panic!("{source}: {error}"));
    query.bind(&Schema::Logstash).expect_err(source).first().clone()
}

#[test]
fn conjunctions_mark_their_neighbours() {
    check("a OR b AND c", "+message:b +message:c message:a");
    check("a AND b OR c", "+message:a +message:b message:c");
    check("a b AND c", "+message:b +message:c message:a");
    check("a AND NOT b", "+message:a -message:b");
    check("NOT a AND b", "+message:b -message:a");
    check("a +b -c", "+message:b message:a -message:c");
    check("a OR NOT b AND c", "+message:c message:a -message:b");
}

#[test]
fn clauses_without_tokens_vanish_but_for_their_and() {
    check("a OR b AND \"...\"", "+message:b message:a");
    check("\"...\" AND a OR b", "+message:a message:b");
    check("a b \"...\" AND c", "+message:b +message:c message:a");
    check("b AND ((\"...\") OR \"...\")", "message:b");
    check("b (\"...\" NOT c)", "message:b (-message:c)");
    check("NOT (a \"...\")", "-message:a");
    check("tags:\"\" AND a", "+tags: +message:a");
    for nothing in ["", " \u{c} ", ".", "- ", "\"...\"", "NOT \"...\"", "((\"...\"))"] {
        check(nothing, "nothing");
    }
}

#[test]
fn negatives_stand_at_every_depth() {
    check("NOT a", "-message:a");
    check("b OR (NOT a)", "message:b (-message:a)");
    check("NOT (NOT a)", "-(-message:a)");
    check("NOT *:*", "-*:*");
}

#[test]
fn terms_side_by_side_are_clauses_of_their_own() {
    check("a b-c AND d", "+(message:b message:c) +message:d message:a");
    check("(a b) AND c", "+(message:a message:b) +message:c");
    check("foo-bar AND c", "+(message:foo message:bar) +message:c");
    check("a\\ b AND c", "+(message:a message:b) +message:c");
    check("tags:(a b c)", "tags:a b c");
    check("tags:(a b +c d)", "+tags:c tags:a b tags:d");
    check("tags:(a b && c)", "+tags:b +tags:c tags:a");
    check("tags:(a - b)", "tags:a tags:- tags:b");
    check("tags:(a \\- b)", "tags:a - b");
    check("tags:(a b*)", "tags:a tags:b*");
    // A single quote is no quote, and AND takes its neighbour out of the row.
    check(
        "message:'Deadlock found when' AND tags:x",
        "+message:when +tags:x message:deadlock message:found",
    );
}

#[test]
fn fields_reach_into_groups() {
    check("tags:(a module:(b c) d) e", "(tags:a module:b c tags:d) message:e");
    check("message:foo bar", "message:foo message:bar");
    check("message:((foo))", "message:foo");
}

#[test]
fn phrases() {
    check("\"Foo-BAR\"~2", "message:\"foo bar\"~2");
    check("\"Foo\"~2", "message:foo");
    check("tags:\"a b\"~3", "tags:a b");
    check("\"a\\tb *\"", "message:atb");
}

#[test]
fn patterns_are_lower_cased_on_text_alone() {
    check("F?o*", "message:f?o*");
    check("tags:F?o*", "tags:F?o*");
    check("Foo*", "message:foo*");
    check("tags:Foo*", "tags:Foo*");
    check("\\Foo*", "message:foo*");
    check("İst*", "message:ist*");
    check("/A\\D/", "message:/a\\d/");
    check("tags:/A/", "tags:/A/");
    check("[A TO B}", "message:<=a b>");
    check("tags:{A TO *]", "tags:<A *>");
    check("tags:>=A", "tags:<=A *>");
    check("[\"*\" TO \\*]", "message:<* *>");
    check("Foo-Bar~1", "message:foo-bar~1");
}

#[test]
fn an_escaped_capital_in_a_wildcard_keeps_its_case() {
    check("\\A*b", "message:A*b");
    check("\\u0041?b", "message:u0041?b");
    check("\\u0041b*", "message:ab*");
}

#[test]
fn distances() {
    for (source, edits) in [
        ("ab~", 0),
        ("abc~", 1),
        ("abcde~AUTO", 1),
        ("abcdef~auto", 2),
        ("ab~2", 2),
        ("ab~3", 2),
        ("ab~99999999999", 2),
        ("ab~0.99", 0),
        ("ab~1.5", 1),
        ("ab~-0.5", 0),
        ("日本語~", 1),
    ] {
        let term = source.split('~').next().unwrap();
        check(source, &format!("message:{term}~{edits}"));
    }
}

#[test]
fn exists() {
    check("*", "message:exists");
    check("tags:*", "tags:exists");
    check("tags:(*)", "tags:exists");
    check("**", "message:**");
    check("_exists_:tags", "tags:exists");
    check("_exists_:\"tags\"", "tags:exists");
    check("_exists_:(a b)", "a b:exists");
    check("_exists_:>tags", ">tags:exists");
    check("_exists_:build_*", "_exists_:build_*");
}

#[test]
fn patterns_of_field_names() {
    check("*:a-B", "*:(a b|a-B)");
    check("\\*:x*", "*:(x*|x*)");
    check("*:\"...\" AND a", "+*:(|...) +message:a");
    check_on(Schema::Dynamic, "*:\"...\" AND a", "message:a");
    check("\\*:*", "*:*");
    check("*:(* a b)", "*:* *:(a b|a b)");
    assert_eq!(error("a _exists_:\\*").span.range(), 2..13);
}

#[test]
fn bad_regexes_are_placed() {
    let BindError { kind, span, .. } = error("tags:x  OR message : /ab(/^2");
    assert_eq!(kind.code(), "B001");
    assert!((22..=25).contains(&span.start) && span.end <= 25, "{span:?}");
    // The capital takes two bytes, its small letter one.
    let shifted = error("/İİİab(/").span;
    let plain = error("/iiiab(/").span;
    assert_eq!(shifted.start, plain.start + 3);
    // Whether this range is one depends on the case.
    assert_eq!(error("/[Z-a]/").kind.code(), "B001");
    check("tags:/[Z-a]/", "tags:/[Z-a]/");
    let query = Query::parse("/(/ *:/[/").unwrap();
    assert_eq!(query.bind(&Schema::Logstash).unwrap_err().errors().len(), 2);
}

#[test]
fn leaves_are_bounded() {
    let words = |count| "a-".repeat(count);
    assert!(Query::parse(&words(1_024)).unwrap().bind(&Schema::Logstash).is_ok());
    let BindError { kind, span, .. } = error(&format!("x ({})", "a ".repeat(1_024)));
    assert_eq!(kind, BindErrorKind::TooManyClauses { limit: 1_024 });
    assert_eq!(span.start, 3);
    // What vanishes does not count.
    check(&format!("{}a", "\".\" OR ".repeat(1_100)), "message:a");
}
