//! What OpenSearch 3.4.0 answered (Lucene 10.3), asked on keyword fields.

use super::LuceneRegex;

fn matches(pattern: &str, term: &str) -> bool {
    LuceneRegex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")).matches(term)
}

/// Asserts which terms match, out of these and a fixed few.
#[track_caller]
fn check(pattern: &str, yes: &[&str], no: &[&str]) {
    for term in yes {
        assert!(matches(pattern, term), "{pattern} must match {term:?}");
    }
    for term in no {
        assert!(!matches(pattern, term), "{pattern} must not match {term:?}");
    }
}

#[track_caller]
fn refused(pattern: &str, span: std::ops::Range<usize>) {
    let error = LuceneRegex::new(pattern).expect_err(pattern);
    assert_eq!(error.span.range(), span, "{pattern}: {error}");
}

#[test]
fn a_pattern_covers_the_whole_term() {
    check("foo", &["foo"], &["foobar", "a foo", "FOO", ""]);
    check("", &[""], &["a"]);
    check(".*bar", &["bar", "foobar", "a\nbar"], &["barn"]);
    check("^a$", &["^a$"], &["a"]);
}

#[test]
fn alternatives_and_groups() {
    check("con(sole|tainer)", &["console", "container"], &["con", "consoletainer"]);
    check("a|bc", &["a", "bc"], &["ac", "abc"]);
    check("a()b", &["ab"], &["a()b"]);
    check("()", &[""], &["()"]);
}

#[test]
fn repetitions() {
    check("ab?", &["a", "ab"], &["abb"]);
    check("(ab)*", &["", "ab", "abab"], &["aba"]);
    check("a+", &["a", "aaa"], &[""]);
    check("a{2}", &["aa"], &["a", "aaa"]);
    check("a{2,}", &["aa", "aaaaa"], &["a"]);
    check("a{0,2}", &["", "a", "aa"], &["aaa"]);
    check("a{2}{2}", &["aaaa"], &["aa", "aaa"]);
    check("a{2}*", &["", "aa", "aaaa"], &["a", "aaa"]);
    check("a+?", &["", "a", "aa"], &["a?"]);
    check("a{0}", &[""], &["a"]);
}

#[test]
fn an_operator_in_an_operands_place_is_a_letter() {
    for letter in ["*", "?", "+", "{2}", "]", "}", ")", "|", "&", "-", ">", "^", "$", "~"] {
        check(letter, &[letter], &["", "a"]);
    }
    check("|a", &["|a"], &["a", ""]);
    check("(|a)", &["|a"], &["a", ""]);
    check("&a", &["&a"], &["a"]);
    check("a||b", &["a", "|b"], &["b", ""]);
    check("(?:a)", &["?:a"], &["a"]);
    check("~a", &["~a"], &["a", "b"]);
}

#[test]
fn classes() {
    check("[ab1-3]", &["a", "b", "2"], &["c", "4", "-", "ab"]);
    check("[^a]", &["b", "é", "\n"], &["a", ""]);
    check("[]]", &["]"], &["["]);
    check("[^]]", &["a"], &["]"]);
    check("[-a]", &["-", "a"], &["b"]);
    check("[a-b-c]", &["a", "b", "-", "c"], &["a-c"]);
    check("[\\]]", &["]"], &["\\"]);
    check("[.\"&]", &[".", "\"", "&"], &["a"]);
    check("[\\w-]", &["a", "_", "-"], &["é"]);
    check("[a-\\d]", &["a", "c", "d"], &["0", "e"]);
    check("[^\\d]", &["a", "é"], &["0"]);
}

#[test]
fn named_classes_are_ascii() {
    check("\\d", &["0", "9"], &["a", "٠"]);
    check("\\D", &["a", "٠"], &["5"]);
    check("\\w", &["a", "Z", "5", "_"], &["é", "-", ""]);
    check("\\W", &["é", "-"], &["a", "_"]);
    check("\\s", &[" ", "\t", "\n", "\r"], &["\u{b}", "\u{c}", "\u{a0}", "a"]);
    check("\\S", &["\u{b}", "a"], &[" "]);
}

#[test]
fn a_backslash_takes_itself_away() {
    check("a\\.b", &["a.b"], &["axb"]);
    check("\\\\", &["\\"], &["\\\\"]);
    check("\\1\\_\\é\\/", &["1_é/"], &[]);
    check("\\(", &["("], &[]);
}

#[test]
fn optional_operators_are_all_on() {
    check("@", &["", "anything\nat all"], &[]);
    check("#", &[], &["", "#"]);
    check("a#", &[], &["a", "a#"]);
    check("a|#", &["a"], &["#", ""]);
    check("\"a*\\b\"c", &["a*\\bc"], &["aac"]);
    check("\"\"", &[""], &["\""]);
    check("aa.*&.*ab", &["aab", "aaxab"], &["aa", "ab"]);
    check("x(a.*&.*b&.{2,3})*y", &["xy", "xaby", "xabaaby"], &["xay", "xabbby"]);
    check("foo&bar", &[], &["foo", "bar", "foo&bar"]);
    check("(aa.*&.*a)|b", &["aa", "aaa", "b"], &["a", "ab"]);
}

#[test]
fn number_ranges() {
    check("foo<1-30>", &["foo1", "foo30", "foo007"], &["foo0", "foo31", "foo", "foo22x"]);
    check("<01-30>", &["01", "10", "30"], &["1", "001", "31", "00"]);
    check("<0-5>", &["0", "5"], &["00", "6", ""]);
    check("<00-5>", &["0", "00", "005", "5"], &["6", ""]);
    check("<5-1>", &["1", "3", "5"], &["0", "6"]);
    check("<98-1203>", &["98", "99", "100", "999", "1000", "1203", "0098"], &["97", "1204", "0"]);
    check("<0-2147483647>", &["0", "2147483647", "999999999"], &["2147483648", "9999999999"]);
}

#[test]
fn refusals_name_their_place() {
    refused("a|", 2..2);
    refused("a&", 2..2);
    refused("(", 1..1);
    refused("x(a", 1..2);
    refused("(a|)", 0..1);
    refused("a)b", 1..2);
    refused("[a", 0..1);
    refused("[]", 0..1);
    refused("[b-a]", 1..4);
    refused("[a-]", 1..4);
    refused("a\\", 2..2);
    refused("é\\n", 2..4);
    refused("[\\q]", 1..3);
    refused("a\"b", 1..2);
    refused("a{", 2..2);
    refused("a{x}", 2..3);
    refused("a{2", 1..3);
    refused("a{2,1}", 1..6);
    refused("a{99999999999}", 2..13);
    refused("<1-5", 0..1);
    refused("<1>", 0..3);
    refused("<1->", 0..4);
    refused("<1--5>", 0..6);
    refused("<a-b>", 1..2);
    refused("<1-99999999999>", 3..14);
}

#[test]
fn what_would_take_too_much_is_refused() {
    refused(&"a".repeat(1_001), 0..1_001);
    assert!(matches(&"a".repeat(1_000), &"a".repeat(1_000)));
    // OpenSearch draws the line between these two as well.
    assert!(matches("[ab]*a[ab]{12}", "babbbbbbbbbbbb"));
    refused("[ab]*a[ab]{14}", 0..14);
    refused("a{1000000}", 0..10);
    refused("(((){1000}){1000}){1000}", 0..24);
    refused(&format!("{}a{}", "(".repeat(251), ")".repeat(251)), 250..251);
    assert!(matches(&format!("{}a{}", "(".repeat(250), ")".repeat(250)), "a"));
    refused("((a?){0,999}){0,999}", 0..20);
    assert!(matches(&format!("a{}", "*".repeat(999)), "aa"));
}
