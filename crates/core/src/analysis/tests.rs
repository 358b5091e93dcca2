use proptest::prelude::*;

use super::{
    Token, analyze, lowercase_into,
    scan::Scanner,
    token::{MAX_UNITS, is_ascii_word_byte, tokens},
};

fn words(text: &str) -> Vec<&str> {
    tokens(text).map(|token| token.of(text)).collect()
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The tokens without the short cut for ASCII.
fn tokens_by_the_rules(text: &str) -> Vec<Token> {
    let mut scanner = Scanner::new(text);
    let mut found = Vec::new();
    let mut position = 0;
    while position < text.len() {
        position = match scanner.at(position) {
            Ok(token) => {
                found.push(token);
                token.end
            }
            Err(next) => next,
        };
    }
    found
}

/// Each text with its tokens, separated by `|`.
#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(words(text).join("|"), *expected, "{text:?}");
    }
}

#[test]
fn ascii_words_and_what_glues_them() {
    check(&[
        ("", ""),
        (" \t\n-@#/=+()[]{}<>\\|`~!?^&%$", ""),
        ("details.FATAL ERROR:Looks can't", "details.FATAL|ERROR:Looks|can't"),
        ("1.2 1,2 1;2 1'2 1:2", "1.2|1,2|1;2|1'2|1|2"),
        ("a.1 1.a a:1 1:a a'1 1'a", "a|1|1|a|a|1|1|a|a|1|1|a"),
        ("a,b a;b a\"b", "a|b|a|b|a|b"),
        ("a1 1a a1.2 1a.b x1.y", "a1|1a|a1.2|1a.b|x1|y"),
        ("a..b a.:b a. .b 1.,2", "a|b|a|b|a|b|1|2"),
        ("17:39:43 17:39:43.967", "17|39|43|17|39|43.967"),
        ("\u{1b}[31mbar foo-bar", "31mbar|foo|bar"),
        ("a@b.c/d_e#1*2", "a|b.c|d_e|1|2"),
    ]);
}

#[test]
fn underscores_glue_but_are_no_token() {
    check(&[
        ("_ __ ___.__", ""),
        ("_a a_ _1_ __a__b__ _._a", "_a|a_|_1_|__a__b__|_a"),
        ("a_.b a._b 1_.2 1_,2 a_1", "a_|b|a|_b|1_|2|1_|2|a_1"),
        ("\u{203F} a\u{203F}b _\u{30A2}", "a\u{203F}b|_\u{30A2}"),
        ("_\u{301} _\u{301}a _é", "_\u{301}a|_é"),
        // What extends an underscore may be a token of its own.
        ("_\u{E31}_", "\u{E31}"),
    ]);
}

#[test]
fn other_alphabets() {
    check(&[
        ("Größe naïve Ärger.Öl день", "Größe|naïve|Ärger.Öl|день"),
        ("it\u{2019}s \u{2018}a\u{2018}b", "it\u{2019}s|a\u{2018}b"),
        ("a\u{B7}b 1\u{66C}2 \u{660}\u{66B}1", "a\u{B7}b|1\u{66C}2|\u{660}\u{66B}1"),
        ("a\u{AD}b \u{AD}a e\u{301}.e\u{301} \u{301}", "a\u{AD}b|a|e\u{301}.e\u{301}"),
        ("a\u{200D}b a\u{FEFF}b \u{200D}a", "a\u{200D}b|a\u{FEFF}b|a"),
        ("1\u{FF11}a \u{B2} \u{FFFD}a", "1\u{FF11}a|a"),
        // A letter of Unicode 14 is none for the grammar, which was compiled for 12.1.
        ("a\u{A7C0}b", "a|b"),
    ]);
}

#[test]
fn east_asian_scripts() {
    check(&[
        ("日本語", "日|本|語"),
        ("ひら日が", "ひ|ら|日|が"),
        ("カタカナa テスト_1", "カタカナ|a|テスト_1"),
        ("한국어 한a국", "한국어|한a국"),
        ("日\u{3099}本", "日\u{3099}|本"),
        ("日_本 日.本", "日|本|日|本"),
    ]);
}

#[test]
fn a_south_east_asian_run_is_one_token() {
    check(&[
        ("สวัสดีครับ", "สวัสดีครับ"),
        ("ภาษาไทยabc ภาษา ไทย", "ภาษาไทย|abc|ภาษา|ไทย"),
        ("ລາວ ខ្មែរ မြန်မာ", "ລາວ|ខ្មែរ|မြန်မာ"),
        ("aี ี", "aี|ี"),
    ]);
}

#[test]
fn a_hebrew_letter_may_keep_a_quote() {
    check(&[
        ("צה\"ל ג'ירפה ג' ג\"", "צה\"ל|ג'ירפה|ג'|ג"),
        // Lucene: the letter behind a double quote glues no further,
        ("א\"ב\"ג א\"ב.ג א\"ב'", "א\"ב|ג|א\"ב|ג|א\"ב"),
        // and one behind MidLetter takes no quote.
        ("א.ב'ג א.ב' א.ב\"ג", "א.ב'ג|א.ב|א.ב|ג"),
        ("א'1 א'a a'א a\"א", "א'1|א'a|a'א|a|א"),
    ]);
}

#[test]
fn emoji_are_tokens() {
    check(&[
        ("ok👍fine 🙂🙂", "ok|👍|fine|🙂|🙂"),
        ("👍🏽 🏽 a🏽", "👍🏽|🏽|a🏽"),
        ("👩\u{200D}👩\u{200D}👧👧", "👩\u{200D}👩\u{200D}👧|👧"),
        ("❤\u{FE0F}\u{200D}🔥 ❤\u{FE0F}\u{301}", "❤\u{FE0F}\u{200D}🔥|❤\u{FE0F}"),
        ("❤\u{FE0E}\u{200D}🔥", "❤|\u{200D}🔥"),
        ("🇩🇪🇫🇷🇩 🇩", "🇩🇪|🇫🇷"),
        ("#\u{FE0F}\u{20E3} *\u{20E3} # #\u{FE0F}", "#\u{FE0F}\u{20E3}|*\u{20E3}"),
        ("1\u{FE0F}\u{20E3}2", "1\u{FE0F}\u{20E3}2"),
        ("\u{200D}\u{200D}👍 \u{200D}\u{200D}a", "\u{200D}\u{200D}👍|a"),
        ("Ⓜ\u{FE0F}a ℹ\u{200D}👍 ©®™", "Ⓜ\u{FE0F}a|ℹ\u{200D}👍|©|®|™"),
        (
            "🏴\u{E0067}\u{E007F}🏴\u{FE0F}\u{E0067}\u{E007F} 🏴\u{FE0F}\u{E0067}",
            "🏴\u{E0067}\u{E007F}|🏴\u{FE0F}\u{E0067}\u{E007F}|🏴\u{FE0F}",
        ),
    ]);
}

#[test]
fn tokens_are_cut_at_255_units() {
    let lengths = |text: &str| words(text).iter().map(|word| units(word)).collect::<Vec<_>>();
    assert_eq!(lengths(&"a".repeat(255)), [255]);
    assert_eq!(lengths(&"a".repeat(256)), [255, 1]);
    assert_eq!(lengths(&"é".repeat(600)), [255, 255, 90]);
    assert_eq!(lengths(&"ไ".repeat(256)), [255, 1]);
    // A pair of surrogates is not torn.
    assert_eq!(lengths(&format!("a{}", "\u{10400}".repeat(128))), [255, 2]);
    assert_eq!(lengths(&"\u{10400}".repeat(128)), [254, 2]);
    // What glues is given up when the letter behind it is out of sight.
    assert_eq!(lengths(&format!("{}.b", "a".repeat(253))), [255]);
    assert_eq!(lengths(&format!("{}.b", "a".repeat(254))), [254, 1]);
    assert_eq!(lengths(&format!("{}.b", "a".repeat(255))), [255, 1]);
    assert_eq!(lengths(&format!("{}\u{301}\u{301}", "a".repeat(254))), [255]);
}

#[test]
fn a_cut_in_a_row_that_is_no_token_yet() {
    let spans = |text: &str| tokens(text).map(|token| (token.start, token.end)).collect::<Vec<_>>();
    let row = "_".repeat(1000);
    assert_eq!(spans(&row), []);
    assert_eq!(spans(&format!("{row}-a")), [(1001, 1002)]);
    assert_eq!(spans(&format!("{row}ab")), [(746, 1001), (1001, 1002)]);
    assert_eq!(spans(&format!("{row}é")), [(746, 1002)]);
    assert_eq!(spans(&format!("{}_a", "_\u{301}".repeat(300))), [(900 - 3 * 126, 902)]);
    let row = "\u{200D}".repeat(1000);
    assert_eq!(spans(&format!("{row}👍")), [(3000 - 3 * 253, 3004)]);
    assert_eq!(spans(&format!("{row}©")), [(3000 - 3 * 254, 3002)]);
    assert_eq!(spans(&format!("{row}a")), [(3000, 3001)]);
}

/// Rows that are read ahead must not be read again from each of their characters.
#[test]
fn hostile_rows_take_linear_time() {
    for unit in
        ["_", "_\u{301}", "\u{200D}", "_\u{E31}", "#\u{301}", "🏴\u{FE0F}\u{E0067}", "a.", "א\""]
    {
        let text = unit.repeat(300_000 / unit.len());
        let start = std::time::Instant::now();
        let count = tokens(&text).count();
        assert!(count <= text.len());
        // Takes some 10 ms; read again from each underscore it was a minute.
        assert!(start.elapsed().as_secs() < 3, "{unit:?}: {:?}", start.elapsed());
    }
}

#[test]
fn terms_have_positions_without_gaps() {
    let mut terms = Vec::new();
    analyze("İ -- __ Foo_BAR (x)", &mut |term, token, position| {
        terms.push((term.to_owned(), token.start..token.end, position));
    });
    let expected = [("i", 0..2, 0), ("foo_bar", 9..16, 1), ("x", 18..19, 2)];
    assert_eq!(terms, expected.map(|(term, bytes, position)| (term.to_owned(), bytes, position)));
}

/// What the prefilter folds besides ASCII case.
#[test]
fn two_code_points_lower_case_into_ascii() {
    let into_ascii = ('\u{80}'..=char::MAX).filter(|c| {
        let mut term = String::new();
        lowercase_into(c.encode_utf8(&mut [0; 4]), &mut term);
        term.bytes().any(|byte| byte.is_ascii())
    });
    assert_eq!(into_ascii.collect::<String>(), "\u{130}\u{212A}");
}

/// One code point of each class that Lucene's own tables tell apart (Lucene 10.3.2).
const REPRESENTATIVES: [char; 30] = [
    ' ',
    '"',
    '#',
    '\'',
    ',',
    '.',
    '1',
    ':',
    'a',
    '_',
    '©',
    '\u{301}',
    'א',
    '\u{660}',
    '\u{E01}',
    '\u{E31}',
    '\u{AC00}',
    '\u{200D}',
    '\u{20E3}',
    'Ⓜ',
    '一',
    'ア',
    'あ',
    '\u{FE0E}',
    '\u{FE0F}',
    '\u{1F1E6}',
    '\u{1F3FB}',
    '\u{E0041}',
    '\u{E007F}',
    '\u{1F466}',
];

/// All 837,930 texts of one to four of these, against a digest of the tokens (in UTF-16 offsets) that
/// Lucene 10.3.2's `StandardTokenizer` found in them.
#[test]
fn every_short_text_has_lucenes_tokens() {
    let mut digest = 0xCBF2_9CE4_8422_2325_u64;
    let mut mix = |value: usize| {
        digest = (digest ^ value as u64).wrapping_mul(0x100_0000_01B3);
    };
    for length in 1..=4 {
        for number in 0..30_usize.pow(length) {
            let digits = (0..length).map(|place| number / 30_usize.pow(place) % 30);
            let text: String = digits.map(|digit| REPRESENTATIVES[digit]).collect();
            for token in tokens(&text) {
                mix(units(&text[..token.start]));
                mix(units(&text[..token.end]));
            }
            mix(0xFFFF);
        }
    }
    assert_eq!(format!("{digest:016x}"), "bbb9dab9ad6325e4");
}

/// Texts that mix ASCII, what glues, other scripts, what extends, and rows long enough to be cut.
fn text() -> impl Strategy<Value = String> {
    let ascii = prop::sample::select(
        &[
            "a", "B", "7", "_", ".", ":", "'", ",", ";", " ", "#", "*", "\"", "-", "ab_1", "x.y",
            "__",
        ][..],
    );
    let other = prop::sample::select(&REPRESENTATIVES[..]);
    let piece = prop_oneof![
        6 => ascii.prop_map(str::to_owned),
        3 => other.prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
        1 => (prop::sample::select(&REPRESENTATIVES[..]), 100_usize..300)
            .prop_map(|(c, count)| String::from(c).repeat(count)),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// The longest stretch of `bytes` around `at` that satisfies `inside`.
fn stretch(bytes: &[u8], at: usize, inside: impl Fn(u8) -> bool) -> std::ops::Range<usize> {
    let before = bytes[..at].iter().rev().take_while(|&&byte| inside(byte)).count();
    let after = bytes[at..].iter().take_while(|&&byte| inside(byte)).count();
    at - before..at + after
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn tokens_are_ordered_and_short(text in text()) {
        let mut last = 0;
        for token in tokens(&text) {
            prop_assert!(last <= token.start && token.start < token.end);
            prop_assert!(units(token.of(&text)) <= MAX_UNITS);
            last = token.end;
        }
    }

    #[test]
    fn the_short_cut_finds_what_the_rules_find(text in text()) {
        prop_assert_eq!(tokens(&text).collect::<Vec<_>>(), tokens_by_the_rules(&text));
    }

    /// The module's contract with the prefilter.
    #[test]
    fn tokens_hold_whole_runs(text in text()) {
        let bytes = text.as_bytes();
        for token in tokens(&text) {
            for at in [token.start, token.end] {
                let run = stretch(bytes, at, is_ascii_word_byte);
                if run.start < at && at < run.end {
                    let near = stretch(bytes, at, |byte| {
                        !byte.is_ascii() || is_ascii_word_byte(byte) || b".:,;'\"".contains(&byte)
                    });
                    prop_assert!(near.len() >= MAX_UNITS, "{:?} tears {:?}", token, run);
                }
            }
        }
    }
}
