//! More fingerprints than there are real ones: variants of the real, whose words look like words.

use std::{fs, path::Path};

use crate::{Result, data::RealFingerprint, rng::mix};

/// A text with about every second word of five letters or more misspelt, always in the same way for
/// the same word and variant. Variant 0 is the text itself.
pub fn vary_text(text: &str, variant: u64) -> String {
    if variant == 0 {
        return text.to_owned();
    }
    let mut varied = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let length = rest[start..].find(|c: char| !c.is_ascii_alphabetic());
        let end = length.map_or(rest.len(), |length| start + length);
        varied.push_str(&rest[..start]);
        varied.push_str(&vary_word(&rest[start..end], variant));
        rest = &rest[end..];
    }
    varied.push_str(rest);
    varied
}

fn vary_word(word: &str, variant: u64) -> String {
    let mut hash = mix(variant);
    for byte in word.bytes() {
        hash = mix(hash ^ u64::from(byte.to_ascii_lowercase()));
    }
    if word.len() < 5 || hash & 1 == 0 {
        return word.to_owned();
    }
    let mut letters = word.as_bytes().to_vec();
    for round in 1..=2 {
        let bits = mix(hash ^ round);
        // The first letter stays, so that words still begin as words do.
        let letter = &mut letters[1 + (bits >> 8) as usize % (word.len() - 1)];
        let base = if letter.is_ascii_uppercase() { b'A' } else { b'a' };
        *letter = base + (*letter - base + 1 + (bits >> 32) as u8 % 25) % 26;
    }
    String::from_utf8(letters).expect("letters stay ASCII")
}

/// A query with the words in its quoted phrases varied, but not those of `tags:"…"` and the like.
pub fn vary_query(query: &str, variant: u64) -> String {
    let mut varied = String::with_capacity(query.len());
    for (index, part) in quotes(query).into_iter().enumerate() {
        let before = varied.strip_suffix('"').unwrap_or(&varied);
        let free = before.ends_with("message:") || !before.ends_with(':');
        if index % 2 == 1 && free {
            varied.push_str(&vary_text(part, variant));
        } else {
            varied.push_str(part);
        }
    }
    varied
}

/// Splits a query before and behind its quoted texts: those at odd places stand in quotes, which
/// are with the parts around them, and escaped quotes are no quotes.
fn quotes(query: &str) -> Vec<&str> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in query.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if parts.len() % 2 == 0 => {
                parts.push(&query[start..=at]);
                start = at + 1;
            }
            '"' => {
                parts.push(&query[start..at]);
                start = at;
            }
            _ => {}
        }
    }
    parts.push(&query[start..]);
    parts
}

/// `count` fingerprints: the real ones, and then variant after variant of them.
pub fn many(real: &[RealFingerprint], count: usize) -> Vec<(u64, &RealFingerprint)> {
    (0..).flat_map(|variant| real.iter().map(move |one| (variant, one))).take(count).collect()
}

/// Writes `count` fingerprint files into a new directory.
pub fn write_many(real: &[RealFingerprint], count: usize, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)?;
    for (variant, fingerprint) in many(real, count) {
        let queries: Vec<String> =
            fingerprint.queries.iter().map(|query| vary_query(query, variant)).collect();
        // JSON is YAML too.
        let yaml = format!("query: {}\n", serde_json::to_string(&queries)?);
        fs::write(dir.join(format!("{}-{variant}.yaml", fingerprint.id)), yaml)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use recheck_core::Query;

    use super::*;

    #[test]
    fn only_phrases_change() {
        let query = r#"message:"Timeout waiting for thing" AND tags:"console" AND NOT message:"say \"hello world\"""#;
        assert_eq!(vary_query(query, 0), query);
        let varied = vary_query(query, 7);
        assert_ne!(varied, query);
        assert_eq!(varied.len(), query.len());
        assert!(varied.contains(r#"AND tags:"console" AND NOT message:"say \"h"#), "{varied}");
        assert!(Query::parse(&varied).is_ok());
        assert_ne!(varied, vary_query(query, 8));
    }

    #[test]
    fn varying_a_phrase_is_varying_it_within_its_query() {
        let text = "Timeout waiting for thing";
        let within = vary_query(&format!("message:\"{text}\""), 3);
        assert_eq!(within, format!("message:\"{}\"", vary_text(text, 3)));
    }
}
