use proptest::prelude::*;

use super::*;
use crate::analysis::{analyze, tokens};

/// Words and what stands between them, as phrases and logs are made of.
fn pieces(most: usize) -> impl Strategy<Value = String> {
    const WORDS: [&str; 11] =
        ["error", "Error", "err", "foo", "foobar", "FOO_bar", "a", "1", "12", "_", "_x"];
    const GAPS: [&str; 16] =
        [" ", " ", " ", ": ", ":", ".", ", ", ",", "'", " (", "-", "__", " \"", "\n", "é", ""];
    let piece = (prop::sample::select(&WORDS[..]), prop::sample::select(&GAPS[..]));
    prop::collection::vec(piece, 1..most)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(word, gap)| [word, gap]).collect())
}

/// Whether the phrase's terms are consecutive tokens of the text, and the anchor of them is at `at`.
fn stands_round(terms: &[String], context: &Context, text: &str, at: usize) -> bool {
    let mut anchors = terms
        .iter()
        .enumerate()
        .flat_map(|(index, term)| word_starts(term.as_bytes()).map(move |start| (index, start)));
    let (index, within) = anchors.nth(context.anchor).expect("the anchor is a word of a term");
    let found: Vec<(usize, String)> = tokens(text)
        .map(|token| (token.start, text[token.start..token.end].to_lowercase()))
        .collect();
    found.windows(terms.len()).any(|here| {
        here.iter().zip(terms).all(|((_, found), term)| found == term)
            && here[index].0 + within == at
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_verdict_is_what_the_analyzer_says(
        // Some are longer than what is compared at once.
        phrase in ("[\\[' ]{0,2}", prop_oneof![4 => pieces(5), 1 => pieces(24)])
            .prop_map(|(before, words)| before + &words),
        (before, behind) in (pieces(4), pieces(4)),
        (from, to) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        other in pieces(2),
        costs in prop::collection::vec(0_u8..9, 12),
    ) {
        let mut terms = Vec::new();
        analyze(&phrase, &mut |term, _, _| terms.push(term.to_owned()));
        let rarity = |word: &[u8]| f32::from(costs[word.len() % costs.len()]);
        let Some(bare) = Context::new(&terms, true, rarity) else { return Ok(()) };
        let written = bare.clone().written(&phrase);
        // The phrase with something else in its middle, among other text.
        let mut ends = [from.index(phrase.len()), to.index(phrase.len())].map(|at| phrase.floor_char_boundary(at));
        ends.sort_unstable();
        let [from, to] = ends;
        let changed = [&phrase[..from], &other, &phrase[to..]].concat();
        let tighter = phrase.replace(" (", "-").replace(": ", "-");
        let middles = [&phrase, &changed, &tighter, &phrase.to_uppercase()];
        // Near the ends of a text less of it is looked at at once.
        let all = middles.into_iter().flat_map(|middle| [("", middle, ""), ("12:00:00 ", middle, " and so on, as it is told")]);
        for (start, middle, end) in all {
            let text = format!("{start}{before}{middle}{behind}{end}");
            for at in word_starts(text.as_bytes()) {
                for context in [&bare, &written] {
                    let stands = stands_round(&terms, context, &text, at);
                    match context.check(text.as_bytes(), at) {
                        Verdict::Maybe => {}
                        Verdict::No => prop_assert!(!stands, "{text:?} at {at}"),
                        Verdict::Yes(start) => {
                            prop_assert!(stands, "{text:?} at {at}");
                            let text = &text[start..];
                            prop_assert_eq!(tokens(text).next().map(|token| token.start), Some(0));
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_phrase_is_expected_as_it_is_written() {
    let terms = ["error", "no", "such", "file"].map(str::to_owned);
    let joined = |text: &str| {
        let context = Context::new(&terms, true, |word| -(word.len() as f32)).expect("a word");
        String::from_utf8_lossy(context.written(text).joined.text()).into_owned()
    };
    assert_eq!(joined("[Error]: no such \"File\"?"), "error]: no such \"file");
    assert_eq!(joined("error: no _ such file"), "error no such file", "_ is no term");
    assert_eq!(joined("error: no such\nfile"), "error no such file", "on two lines");
    let look = |text: &str, at| {
        let context = Context::new(&terms, true, |word| -(word.len() as f32)).expect("a word");
        context.written("Error: no such file").joined.look(text.as_bytes(), at)
    };
    assert_eq!(look("12:00:00 an error: no such file or directory", 12), Look::Same);
    assert_eq!(look("Error: no such file", 0), Look::Same, "the whole text");
    assert_eq!(look("Error: no such fil", 0), Look::Other, "the text ends");
    assert_eq!(look("12:00:00 an errors no such file or directory", 12), Look::Other, "longer");
    assert_eq!(look("12:00:00 an error: on such file or directory", 12), Look::Other);
    assert_eq!(look("12:00:00 an error - no such file or directory", 12), Look::Unclear);
    assert_eq!(look("12:00:00 an error: no such\nfile or directory", 12), Look::Unclear);
    assert_eq!(look("12:00:00 an error: no _such file or directory", 12), Look::Other);
    assert_eq!(look("12:00:00 an error: no _ such file or directory", 12), Look::Unclear);
    assert_eq!(look("12:00:00 an error: no s\u{fc}ch file or directory", 12), Look::Unclear);
    assert_eq!(look("12:00:00 an error: no s-ch file or directory", 12), Look::Other, "shorter");
}

#[test]
fn the_nearest_difference_decides_of_a_phrase() {
    let terms = ["in", "foo.bar", "the", "lock", "was", "_held"].map(str::to_owned);
    let look = |text: &str| {
        let rarity = |word: &[u8]| if word == b"lock" { 0.0 } else { 9.0 };
        let context = Context::new(&terms, true, rarity).expect("a word");
        let context = context.written("in foo.bar, the ('lock') was _held");
        let at = text.find("lock").expect("the anchor is in the text");
        context.joined.look(text.as_bytes(), at)
    };
    let padded = |text: &str| format!("{text}{}", " ".repeat(64));
    assert_eq!(look(&padded("In foo.bar, the ('lock') was _held")), Look::Same);
    assert_eq!(look(&padded("in foo:bar, the ('lock') was _held")), Look::Other, "glue");
    assert_eq!(look(&padded("in foo.bar, The 'lock') was _held")), Look::Unclear, "a byte less");
    assert_eq!(look(&padded("in foo.bar, The (lock') was _held")), Look::Unclear, "nearer");
    assert_eq!(look(&padded("in foo.bar, a b ('lock') was _held")), Look::Other);
    assert_eq!(look(&padded("in foo.bar, the b'lock') was _held")), Look::Other, "no e");
    assert_eq!(look(&padded("in foo.bar, thee'lock') was _held")), Look::Unclear);
    assert_eq!(look(&padded("in foo.bar, the ('lock') was __held")), Look::Unclear);
    assert_eq!(look(&padded("on foo.bar, the ('lock') was _held")), Look::Other);
    let words = ["word"; 20].map(str::to_owned);
    let context = Context::new(&words, true, |_| 0.0).expect("a word");
    let text = words.join(" ");
    assert_eq!(context.joined.look(text.as_bytes(), 0), Look::Same);
    assert_eq!(context.joined.look(&text.as_bytes()[..text.len() - 1], 0), Look::Other);
    assert_eq!(context.joined.look((text + ".").replace("d.", "k").as_bytes(), 0), Look::Other);
}

fn verdict(phrase: &[&str], anchor: &str, text: &str) -> Verdict {
    let terms: Vec<String> = phrase.iter().map(|term| (*term).to_owned()).collect();
    let rarity = |word: &[u8]| if word == anchor.as_bytes() { 0.0 } else { 9.0 };
    let context = Context::new(&terms, true, rarity).expect("the phrase has a word");
    let at = text.to_ascii_lowercase().find(anchor).expect("the anchor is in the text");
    context.check(text.as_bytes(), at)
}

#[test]
fn neighbours_on_one_line_settle_it() {
    let phrase = ["no", "more", "mirrors", "to", "try"];
    let check = |text| verdict(&phrase, "mirrors", text);
    assert_eq!(check("[Errno 256] No more mirrors to try."), Verdict::Yes(12));
    assert_eq!(check("[Errno 256] NO-MORE (mirrors)  to try\n"), Verdict::Yes(12));
    assert_eq!(check("no more mirrors to tryst"), Verdict::No);
    assert_eq!(check("any more mirrors to try"), Verdict::No);
    assert_eq!(check("more mirrors"), Verdict::No);
    assert_eq!(check("no more mirrors\n"), Verdict::Maybe);
    assert_eq!(check("no more mirrors\nto try"), Verdict::Maybe);
    assert_eq!(check("no more mirrors – to try"), Verdict::Maybe);
    assert_eq!(check("no more mirrors __ to try"), Verdict::Maybe);
    assert_eq!(check("no more mirrors _1 to try"), Verdict::No);
    assert_eq!(check("no more _1_ mirrors to try"), Verdict::No);
}

#[test]
fn glue_belongs_to_the_term_or_is_left_to_the_analyzer() {
    assert_eq!(
        verdict(&["the", "details.fatal"], "fatal", "the details.FATAL: x"),
        Verdict::Yes(0)
    );
    assert_eq!(verdict(&["the", "details.fatal"], "fatal", "the details fatal"), Verdict::No);
    assert_eq!(verdict(&["details", "fatal"], "details", "details.fatal"), Verdict::No);
    assert_eq!(verdict(&["details", "fatal"], "details", "details,fatal"), Verdict::Yes(0));
    assert_eq!(verdict(&["3", "fatal"], "fatal", "3.fatal"), Verdict::Yes(0));
    assert_eq!(verdict(&["fatal"], "fatal", "details.fatal"), Verdict::No);
    assert_eq!(verdict(&["fatal"], "fatal", "_.fatal:_"), Verdict::Yes(2));
    assert_eq!(verdict(&["fatal"], "fatal", "details. fatal."), Verdict::Yes(9));
    assert_eq!(verdict(&["fatal"], "fatal", "éfatal"), Verdict::Maybe);
}

#[test]
fn glue_is_what_the_analyzer_joins() {
    for byte in (0..128).filter(|byte| !is_word_byte(*byte)) {
        for (before, behind) in b"aZ09_".iter().flat_map(|b| b"bY18_".iter().map(move |e| (b, e))) {
            let text = [*before, byte, *behind];
            let text = std::str::from_utf8(&text).expect("ASCII");
            let joined = crate::analysis::tokens(text).any(|token| token.end - token.start == 3);
            assert_eq!(glues(*before, byte, *behind), joined, "{text:?}");
        }
    }
}

#[test]
fn a_phrase_is_found_in_a_line_by_its_rarest_byte() {
    let terms = ["no", "more", "mirrors"].map(str::to_owned);
    let context = Context::new(&terms, true, |word| -(word.len() as f32)).expect("a word");
    assert_eq!(context.is_in(b"[Errno 256] No More Mirrors, no more"), Some(true));
    assert_eq!(context.is_in(b"no mirrors, no more mirror, mirrorss, vmvm"), Some(false));
    assert_eq!(context.is_in("more mirrors, no more \u{b7} mirrors".as_bytes()), None);
}

#[test]
fn a_word_that_is_glued_to_others_is_no_good_anchor() {
    let anchor = |terms: &[&str]| {
        let terms: Vec<String> = terms.iter().map(|term| (*term).to_owned()).collect();
        let context = Context::new(&terms, true, |_| 0.0).expect("the phrase has a word");
        String::from_utf8_lossy(context.anchor()).into_owned()
    };
    assert_eq!(anchor(&["keystoneclient.middleware", "valueerror"]), "valueerror");
    assert_eq!(anchor(&["keystoneclient.middleware"]), "keystoneclient");
}

#[test]
fn a_verbatim_text_is_found_as_it_is_written() {
    let check = |text: &'static str, leads: bool, block: &str| {
        let context = Context::verbatim(Wording { text, leads }, |word| -(word.len() as f32));
        let at = block.to_ascii_lowercase().find("error").expect("the anchor is in the text");
        context.expect("the text has a word").check(block.as_bytes(), at)
    };
    assert_eq!(check("##[error]", false, "Z ##[error]x"), Verdict::Yes(2));
    assert_eq!(check("##[error]", false, "Z ##[Error]x"), Verdict::No);
    assert_eq!(check("a error", false, "a error"), Verdict::Yes(0));
    assert_eq!(check("a error", false, "ba error"), Verdict::No);
    assert_eq!(check("a error", false, "a errors"), Verdict::No);
    assert_eq!(check("error: ", false, "console.error: x"), Verdict::Yes(8));
    for line in ["error: x", "\nerror: x", "12:00Z error: x", "| error: x"] {
        assert!(matches!(check("error: ", true, line), Verdict::Yes(_)), "{line}");
    }
    for line in ["console.error: x", "JavaScript error: x", "(error: x"] {
        assert_eq!(check("error: ", true, line), Verdict::No, "{line}");
    }
}

#[test]
fn beyond_ascii_and_sloppy_phrases_only_name_their_anchor() {
    assert_eq!(verdict(&["écran", "blank"], "blank", "blank"), Verdict::Maybe);
    let terms = ["a".to_owned(), "bcd".to_owned()];
    let context = Context::new(&terms, false, |word| -(word.len() as f32)).expect("a word");
    assert_eq!(context.check(b"bcd", 0), Verdict::Maybe);
    assert!(Context::new(&["東".to_owned()], true, |_| 0.0).is_none());
}
