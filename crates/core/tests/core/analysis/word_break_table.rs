//! Writes `src/analysis/word_break_table.rs`, and holds it to what it would write.
//!
//! The recorded behaviour of every code point tells most classes apart; the rest are named below.
//! To write the file anew: `RECHECK_BLESS=1 RECHECK_DATA=… cargo test -p recheck-core word_break_table`.

use std::{collections::HashMap, fmt::Write, fs, path::Path};

use serde_json::Value;

use super::{code_point, recorded, strings};

/// A code point of each class that is told by its behaviour.
const REPRESENTATIVES: [(u32, &str); 13] = [
    (0x00, "Other"),
    (0x41, "Letter"),
    (0x30, "Digit"),
    (0x5F, "Underscore"),
    (0x3A, "MidLetter"),
    (0x2C, "MidNum"),
    (0x2E, "MidNumLet"),
    (0x300, "Extend"),
    (0xA9, "Emoji"),
    (0xE01, "Complex"),
    (0xE31, "ComplexExtend"),
    (0x30A2, "Katakana"),
    (0x1F1E6, "Regional"),
];

/// What the surroundings of the recording cannot tell, each within the class it looks like there.
const REFINED: [(u32, u32, &str, &str); 23] = [
    (0x05D0, 0x05F2, "Letter", "Hebrew"),
    (0xFB1D, 0xFB4F, "Letter", "Hebrew"),
    (0x2139, 0x2139, "Letter", "LetterEmoji"),
    (0x24C2, 0x24C2, "Letter", "LetterEmoji"),
    (0x1F170, 0x1F171, "Letter", "LetterEmoji"),
    (0x1F17E, 0x1F17F, "Letter", "LetterEmoji"),
    // Han and Hiragana: tokens of one character, as emoji are.
    (0x2E80, 0x2FDF, "Emoji", "Ideograph"),
    (0x3007, 0x3007, "Emoji", "Ideograph"),
    (0x3021, 0x3029, "Emoji", "Ideograph"),
    (0x3038, 0x303A, "Emoji", "Ideograph"),
    (0x3041, 0x309F, "Emoji", "Ideograph"),
    (0x3400, 0x9FFF, "Emoji", "Ideograph"),
    (0xF900, 0xFAFF, "Emoji", "Ideograph"),
    (0x1B000, 0x1B16F, "Emoji", "Ideograph"),
    (0x1F200, 0x1F200, "Emoji", "Ideograph"),
    (0x20000, 0x2FFFF, "Emoji", "Ideograph"),
    (0x200D, 0x200D, "Extend", "Joiner"),
    (0x20E3, 0x20E3, "Extend", "KeyCap"),
    (0xFE0E, 0xFE0E, "Extend", "TextStyle"),
    (0xFE0F, 0xFE0F, "Extend", "EmojiStyle"),
    // Skin tones: an extender that is a token by itself, as a Thai vowel sign is.
    (0x1F3FB, 0x1F3FF, "ComplexExtend", "EmojiModifier"),
    (0xE0020, 0xE007E, "Extend", "Tag"),
    (0xE007F, 0xE007F, "Extend", "TagEnd"),
];

#[test]
fn is_what_the_generator_writes() {
    let Some(rows) = recorded("wordbreak.jsonl") else { return };
    let generated = render(&ranges(&rows[1..]));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/analysis/word_break_table.rs");
    if std::env::var_os("RECHECK_BLESS").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(committed == generated, "{} is stale: see this test's file", path.display());
}

/// The classes of all code points beyond ASCII but the default one, as ranges.
fn ranges(rows: &[Value]) -> Vec<(u32, u32, &'static str)> {
    let mut told = HashMap::new();
    for (representative, class) in REPRESENTATIVES {
        let spans = rows
            .iter()
            .find(|row| code_point(&row["to"]) >= representative)
            .map(|row| strings(&row["spans"]))
            .unwrap();
        assert_eq!(told.insert(spans, class), None, "{class} is not told by its behaviour");
    }
    let mut ranges: Vec<(u32, u32, &str)> = Vec::new();
    for row in rows {
        let class = told[&strings(&row["spans"])];
        for c in code_point(&row["from"]).max(0x80)..=code_point(&row["to"]) {
            let class = refine(c, class);
            match ranges.last_mut() {
                Some(range) if range.1 + 1 == c && range.2 == class => range.1 = c,
                _ => ranges.push((c, c, class)),
            }
        }
    }
    ranges.retain(|range| range.2 != "Other");
    ranges
}

fn refine(c: u32, class: &'static str) -> &'static str {
    let refined = REFINED
        .iter()
        .find(|(first, last, within, _)| (*first..=*last).contains(&c) && *within == class);
    refined.map_or(class, |(_, _, _, class)| class)
}

fn render(ranges: &[(u32, u32, &str)]) -> String {
    let mut out = String::from(
        "//! Written by `tests/core/analysis/word_break_table.rs`; do not edit.\n\n\
         use super::word_break::Class::{self, *};\n\n\
         /// First and last code point of each range beyond ASCII that is not `Other`, in order.\n\
         #[rustfmt::skip]\n",
    );
    writeln!(out, "pub(super) static RANGES: [(char, char, Class); {}] = [", ranges.len()).unwrap();
    let mut line = String::new();
    for (first, last, class) in ranges {
        let entry = format!("('\\u{{{first:X}}}','\\u{{{last:X}}}',{class}),");
        if !line.is_empty() && line.len() + entry.len() > 95 {
            writeln!(out, "    {line}").unwrap();
            line.clear();
        }
        line.push_str(&entry);
    }
    writeln!(out, "    {line}\n];").unwrap();
    out
}
