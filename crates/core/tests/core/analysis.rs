//! The analyzer against what OpenSearch 3.4 answered.
//!
//! `RECHECK_DATA` names the directory with the recorded answers, as an absolute path; without it
//! these tests say so and pass.

use std::{collections::HashMap, fs, path::PathBuf};

use recheck_core::{analyze, tokens};
use serde_json::Value;
use sha2::{Digest, Sha256};

mod word_break_table;

/// A file of the recorded answers, one JSON value a line.
fn recorded(name: &str) -> Option<Vec<Value>> {
    let Some(directory) = std::env::var_os("RECHECK_DATA") else {
        eprintln!("skipped: RECHECK_DATA is not set, and {name} is looked up there");
        return None;
    };
    let path = PathBuf::from(directory).join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn code_point(value: &Value) -> u32 {
    u32::from_str_radix(value.as_str().unwrap(), 16).unwrap()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|entry| entry.as_str().unwrap()).collect()
}

/// Spans in code points, as `wordbreak.jsonl` writes them: `0-1 2-3`.
fn parse_spans(spans: &str) -> Vec<(usize, usize)> {
    let number = |text: &str| text.parse::<usize>().unwrap();
    let parts = spans.split_whitespace().map(|span| span.split_once('-').unwrap());
    parts.map(|(start, end)| (number(start), number(end))).collect()
}

/// The spans of a text's tokens in code points.
fn spans(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let index = |offset: usize| text[..offset].chars().count();
    tokens(text).map(move |token| (index(token.start), index(token.end)))
}

#[test]
fn every_code_point_breaks_as_recorded() {
    let Some(rows) = recorded("wordbreak.jsonl") else { return };
    let patterns = strings(&rows[0]["patterns"]);
    let mut wrong = Vec::new();
    let mut checked = 0_u32;
    let mut text = String::new();
    for row in &rows[1..] {
        let expected: Vec<_> = strings(&row["spans"]).into_iter().map(parse_spans).collect();
        for c in (code_point(&row["from"])..=code_point(&row["to"])).filter_map(char::from_u32) {
            checked += 1;
            for (pattern, expected) in patterns.iter().zip(&expected) {
                text.clear();
                text.extend(pattern.chars().map(|place| if place == 'X' { c } else { place }));
                if !spans(&text).eq(expected.iter().copied()) {
                    wrong.push(format!("U+{:04X} in {pattern}, not {expected:?}", c as u32));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
    assert_eq!(checked, 0x11_0000 - 0x800, "every code point but the surrogates");
    assert_eq!(patterns.len(), 13);
}

#[test]
fn every_event_has_the_recorded_terms() {
    let (Some(real), Some(derived), Some(answers)) = (
        recorded("events-real.jsonl"),
        recorded("events-derived.jsonl"),
        recorded("event-tokens.jsonl"),
    ) else {
        return;
    };
    let answers: HashMap<&str, (u64, &str)> = answers
        .iter()
        .map(|row| {
            let answer = (row["n"].as_u64().unwrap(), row["sha256"].as_str().unwrap());
            (row["id"].as_str().unwrap(), answer)
        })
        .collect();
    let mut wrong = Vec::new();
    let events = real.iter().chain(&derived);
    for event in events.clone() {
        let id = event["id"].as_str().unwrap();
        let mut terms = Vec::new();
        analyze(event["message"].as_str().unwrap(), &mut |term, _, _| terms.push(term.to_owned()));
        let digest = Sha256::digest(terms.join("\n"));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if answers[id] != (terms.len() as u64, &digest) {
            wrong.push(id);
        }
    }
    assert!(wrong.is_empty(), "{} events are wrong: {wrong:?}", wrong.len());
    assert_eq!(events.count(), answers.len());
}
