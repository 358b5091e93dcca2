//! Whole queries: what is refused and where, limits, and printing against parsing.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// The codes and places of all errors.
fn errors(source: &str) -> Vec<(&'static str, &str)> {
    let errors = Query::parse(source).expect_err(source);
    errors.errors().iter().map(|e| (e.kind.code(), &source[e.span.range()])).collect()
}

fn printed(source: &str) -> String {
    Query::parse(source).unwrap_or_else(|error| panic!("{source}: {error}")).to_string()
}

#[test]
fn what_is_refused_is_placed() {
    for (source, code, place) in [
        ("a \"b", "Q003", "\"b"),
        ("project:openstack/cinder AND a", "Q004", "/"),
        ("message:a\\", "Q005", "\\"),
        ("\\u12", "Q006", "\\u12"),
        ("\"\\u00zz\"", "Q006", "\\u00"),
        ("/\\u12/", "Q006", "\\u12"),
        ("[\\u00zz TO b]", "Q006", "\\u00"),
        ("[a\\ TO b]", "Q005", "\\"),
        ("f\\u:b", "Q006", "\\u"),
        ("a]", "Q007", "]"),
        ("a AND", "Q008", "AND"),
        ("a NOT", "Q008", "NOT"),
        ("a AND AND b", "Q008", "AND"),
        ("(NOT)", "Q008", "NOT"),
        ("a!", "Q008", "!"),
        ("OR a", "Q009", "OR"),
        ("( AND a)", "Q009", "AND"),
        ("NOT NOT a", "Q010", "NOT"),
        ("a +-b", "Q010", "-"),
        ("a AND ()", "Q011", "()"),
        ("message:( )", "Q011", "( )"),
        ("\u{3000}", "Q012", "\u{3000}"),
        ("(a", "Q013", "("),
        ("a)", "Q014", ")"),
        ("message: ", "Q015", "message:"),
        ("voting:-1", "Q015", "voting:"),
        ("a:b:c", "Q016", ":"),
        (":a", "Q016", ":"),
        ("a*:b", "Q016", ":"),
        ("~1", "Q017", "~1"),
        ("a~1~2", "Q017", "~2"),
        ("(a)~2", "Q017", "~2"),
        ("a^2^3", "Q017", "^"),
        ("x [a b] y", "Q018", "[a b]"),
        ("[a TO b", "Q018", "[a TO b"),
        ("[a TO]", "Q018", "[a TO]"),
        ("a^b", "Q019", "^"),
        ("a^ 2", "Q019", "^"),
        ("a~b", "Q020", "b"),
        ("a~1.5.5", "Q020", "1.5.5"),
        ("a~-1", "Q020", "-1"),
        ("\"a b\"~-1", "Q021", "-1"),
    ] {
        assert_eq!(errors(source), [(code, place)], "{source}");
    }
}

#[test]
fn all_errors_are_told_in_their_order() {
    assert_eq!(
        errors("(a:b:c AND AND [x] OR \"y"),
        [("Q013", "("), ("Q016", ":"), ("Q008", "AND"), ("Q018", "[x]"), ("Q003", "\"y"),]
    );
    let errors = Query::parse("a) b)").unwrap_err();
    assert_eq!(errors.to_string(), "`)` closes no group (at byte 1), and 1 more");
}

#[test]
fn a_sign_before_a_value_is_explained() {
    let errors = Query::parse("voting:-1").unwrap_err();
    assert_eq!(errors.first().help, "quote the value: `\"-1\"`");
}

#[test]
fn normal_forms() {
    for (source, form) in [
        ("a&&b", "a&&b"),
        ("a && b || !c", "a AND b OR NOT c"),
        ("a AND\u{3000}-b\n+c", "a AND NOT b +c"),
        ("message : (foo bar)^2.50", "message:(foo bar)^2.5"),
        ("\"a\\\"\\b\"~2^3", "\"a\\\"b\"~2^3"),
        ("\"a\"~x", "\"a\""),
        ("a~.5 b~ c~AUTO", "a~0.5 b~ c~"),
        ("tags:>=5 <a", "tags:[5 TO *] [* TO a}"),
        ("\\u0041\\*\\?", "A\\*\\?"),
        ("\\AND", "\\AND"),
        ("a*b?\\*\\B", "a*b?\\*\\B"),
        ("/a\\/b/~^2", "/a\\/b/^2"),
        ("[\"a b\" TO \"\\\"\"}", "[\"a b\" TO \"\\u0022\"}"),
        ("{* TO \"TO\"]", "[* TO \"TO\"]"),
        ("_exists_ : a\\ b", "_exists_:a\\ b"),
        ("\\*:*", "*:*"),
        ("a - b", "a -  b"),
        ("\u{3000}\0", "\\\0"),
        ("", ""),
    ] {
        assert_eq!(printed(source), form, "{source}");
    }
}

/// What is printed must not change which terms stand side by side.
#[test]
fn neighbours_stay_as_they_were() {
    for source in [
        "a b *:*",
        "a b \\*:*",
        "a b *:c",
        "a b \\*:(c)",
        "a - b",
        "a \\- b",
        "\\- b",
        "a b - c",
        "a b >c",
        "a >b AND c",
        ">a b c AND d",
        "_exists_:(a b AND c)",
        "a b c:d",
        "f:a b c",
        "+a b c",
        "- ^2 a - ~1 b",
        "+- +\\+ NOT - ",
    ] {
        let query = Query::parse(source).unwrap();
        let again = Query::parse(&query.to_string());
        assert_eq!(again, Ok(query.clone()), "{source} as {query}");
    }
}

#[test]
fn limits_are_checked_at_once() {
    let start = Instant::now();
    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Query::parse(&deep(Query::MAX_DEPTH)).is_ok());
    assert_eq!(errors(&deep(Query::MAX_DEPTH + 1)), [("Q002", "(")]);
    assert_eq!(errors(&deep(10_000)), [("Q002", "(")]);
    assert_eq!(errors(&"(".repeat(32_000)), [("Q002", "(")]);
    assert!(Query::parse(&"a".repeat(32_000)).is_ok());
    let long = Query::parse(&"a".repeat(10 << 20)).unwrap_err();
    let (length, limit) = (10 << 20, 32_000);
    assert_eq!(long.first().kind, SyntaxErrorKind::TooLong { length, limit });
    // UTF-16 units are counted: two for an emoji, one for a Han character.
    assert!(Query::parse(&"😀".repeat(16_000)).is_ok());
    assert_eq!(Query::parse(&"😀".repeat(16_001)).unwrap_err().first().span.start, 64_000);
    assert!(Query::parse(&"中".repeat(32_000)).is_ok());
    assert!(start.elapsed() < Duration::from_secs(10), "a limit took {:?}", start.elapsed());
}

#[test]
fn hostile_texts_take_linear_time() {
    for piece in ["[\"", "/\\", "\\/", "~", "^", "!", "AND ", "(\"", "a:", "\"a\" ", ")", "[", "* "]
    {
        let start = Instant::now();
        let _ = Query::parse(&piece.repeat(Query::MAX_LENGTH / piece.len()));
        assert!(start.elapsed() < Duration::from_secs(5), "{piece:?} took {:?}", start.elapsed());
    }
}

#[test]
fn spans_cover_what_they_name() {
    let source = "x AND NOT message : \"a b\"~2^3 (c)^2";
    let query = Query::parse(source).unwrap();
    let texts: Vec<_> = query.clauses().iter().map(|c| &source[c.span.range()]).collect();
    assert_eq!(texts, ["x", "NOT message : \"a b\"~2^3", "(c)^2"]);
    let Node::Leaf(leaf) = &query.clauses()[1].node else { panic!("a leaf") };
    assert_eq!(&source[leaf.span.range()], "message : \"a b\"~2^3");
    assert_eq!(&source[leaf.value.range()], "\"a b\"");
}

/// Pieces that meet in every order: what the grammar's odd corners are made of.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-c>=]{1,2}",
        2 => Just(" ".to_owned()),
        6 => prop::sample::select(vec![
            "AND ", " OR ", "NOT ", "&&", "||", "!", "+", "-", "(", ")", ":", "*", "?", "~", "^",
            "\"", "/", "[", "]", "{", "}", " TO ", "\\", "\\u0041", "\\ud83d", "*:*", "_exists_:",
            "f:", "~2", "^2.5", "\"a b\"", "/a/", "[a TO b]", "\u{3000}", "\t", "é", "😀", "\0",
            "- ", ">", "<=", "'", ",", "\\*", "\\A", "|", "&", "=", "1", ".", "_",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// A text for a leaf, with everything in it that needs an escape.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9.'_-]{1,6}",
        "[ -~]{1,4}",
        "\\PC{1,3}",
        prop::sample::select(vec!["AND", "OR", "NOT", "&&", "||", "TO", "a b", "\\", "\"", "*"])
            .prop_map(str::to_owned),
    ]
}

fn field() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        1 => prop::sample::select(vec!["tags", "build_*", "a b", "AND", "-x", "*"])
            .prop_map(|name| Some(name.to_owned())),
    ]
}

/// True for a text that the parser would read as a comparison.
fn compares(text: &str) -> bool {
    text.starts_with(['<', '>']) && text.len() > 1
}

fn bound() -> impl Strategy<Value = Bound> {
    let end = || text().prop_filter("a star is open", |text| text != "*");
    prop_oneof![
        Just(Bound::Open),
        end().prop_map(Bound::Inclusive),
        end().prop_map(Bound::Exclusive)
    ]
}

fn kind() -> impl Strategy<Value = LeafKind> {
    let word = text().prop_filter("a comparison", |text| !compares(text));
    let fuzziness = prop_oneof![Just(Fuzziness::Auto), (0.0f32..1e9).prop_map(Fuzziness::Number)];
    prop_oneof![
        word.prop_map(LeafKind::Term),
        (prop_oneof![text(), Just(String::new())], prop_oneof![Just(0), 0u32..9])
            .prop_map(|(text, slop)| LeafKind::Phrase { text, slop }),
        text().prop_map(|text| LeafKind::Wildcard(vec![
            WildcardPart::Literal(text),
            WildcardPart::Any
        ])),
        text().prop_map(|text| LeafKind::Wildcard(vec![
            WildcardPart::One,
            WildcardPart::Literal(text),
            WildcardPart::Escaped('Q'),
            WildcardPart::Any,
        ])),
        "[a-z.*(|)0-9]{0,5}".prop_map(LeafKind::Regex),
        (text(), fuzziness).prop_map(|(text, fuzziness)| LeafKind::Fuzzy { text, fuzziness }),
        (bound(), bound()).prop_map(|(lower, upper)| LeafKind::Range { lower, upper }),
        text().prop_map(LeafKind::Exists),
        Just(LeafKind::All),
        Just(LeafKind::Wildcard(vec![WildcardPart::Any])),
    ]
}

fn boost() -> impl Strategy<Value = Option<f32>> {
    prop_oneof![3 => Just(None), 1 => (0.0f32..1e6).prop_map(Some)]
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = (field(), kind(), boost()).prop_map(|(field, kind, boost)| {
        let field = match kind {
            LeafKind::Exists(_) | LeafKind::All => None,
            // On every field, a lone star is the whole query.
            LeafKind::Wildcard(_) => field.filter(|name| name != "*"),
            _ => field,
        };
        Node::Leaf(Leaf { field, kind, boost, span: Default::default(), value: Default::default() })
    });
    leaf.prop_recursive(4, 24, 4, |node| {
        // A group on every field would make a query of a lone star inside it.
        let field = field().prop_map(|field| field.filter(|name| name != "*"));
        let clauses = prop::collection::vec(clause(node), 1..4).prop_map(begin);
        (field, clauses, boost()).prop_map(|(field, clauses, boost)| Node::Group {
            field,
            clauses,
            boost,
        })
    })
}

/// Conjunctions and modifiers keep terms from standing side by side by accident.
fn clause(node: impl Strategy<Value = Node>) -> impl Strategy<Value = Clause> {
    let lead = prop::sample::select(vec![
        (Conjunction::And, Modifier::None),
        (Conjunction::Or, Modifier::None),
        (Conjunction::And, Modifier::Not),
        (Conjunction::Or, Modifier::Must),
        (Conjunction::None, Modifier::Not),
        (Conjunction::None, Modifier::Must),
    ]);
    (lead, node).prop_map(|((conjunction, modifier), node)| Clause {
        conjunction,
        modifier,
        node,
        span: Default::default(),
    })
}

/// Nothing stands before the first clause.
fn begin(mut clauses: Vec<Clause>) -> Vec<Clause> {
    clauses[0].conjunction = Conjunction::None;
    clauses
}

/// True when every span lies in the source, between characters, and each in its parent's.
fn spans_fit(clauses: &[Clause], source: &str, outer: std::ops::Range<usize>) -> bool {
    clauses.iter().all(|clause| {
        let span = clause.span.range();
        source.get(span.clone()).is_some_and(|text| !text.is_empty())
            && outer.start <= span.start
            && span.end <= outer.end
            && match &clause.node {
                Node::Group { clauses, .. } => spans_fit(clauses, source, span),
                Node::Leaf(leaf) => {
                    source.get(leaf.value.range()).is_some()
                        && span.start <= leaf.span.range().start
                        && leaf.span.range().start <= leaf.value.range().start
                        && leaf.value.range().end <= leaf.span.range().end
                        && leaf.span.range().end <= span.end
                }
            }
    })
}

/// Whatever the text: no panic, places inside it, and a printed query that parses to the same.
fn check_any(source: &str) {
    match Query::parse(source) {
        Ok(query) => {
            assert!(spans_fit(query.clauses(), source, 0..source.len()), "spans of {source:?}");
            let printed = query.to_string();
            let again = Query::parse(&printed);
            assert_eq!(again, Ok(query), "{source:?} printed as {printed:?}");
        }
        Err(errors) => {
            for error in errors.errors() {
                assert!(source.get(error.span.range()).is_some(), "{error:?} of {source:?}");
                assert!(!error.help.is_empty());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces_parse_or_are_placed(source in pieces()) {
        check_any(&source);
    }

    #[test]
    fn any_text_parses_or_is_placed(source in "\\PC{0,12}|[ -~]{0,20}") {
        check_any(&source);
    }

    #[test]
    fn trees_survive_printing(clauses in prop::collection::vec(clause(node()), 0..4)) {
        let clauses = if clauses.is_empty() { clauses } else { begin(clauses) };
        let query = Query { source: "".into(), clauses };
        let printed = query.to_string();
        let again = Query::parse(&printed);
        prop_assert_eq!(again, Ok(query), "printed as {}", printed);
    }
}
