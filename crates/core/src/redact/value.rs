//! Is what stands in a secret's place one?
//!
//! `password=` in a log is followed by a mask, a variable, a piece of code or an ordinary word more
//! often than by a password.

use std::ops::Range;

/// How sure a pattern is that its match is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// The shape says it.
    Shaped,
    /// The place says it: all but masks, variables and code.
    Placed,
    /// The place says it, where the text is no word: not of small letters alone.
    Encoded,
    /// The place makes it likely: letters with digits, or three kinds of characters.
    Mixed,
    /// The place makes it possible: long, and random by the look of it.
    Random,
}

/// Masks, and words that say something of a secret in place of being one.
const WORDS: &[&str] = &[
    "array",
    "bytes",
    "changed",
    "disabled",
    "empty",
    "enabled",
    "expired",
    "failed",
    "false",
    "filtered",
    "hidden",
    "incorrect",
    "input",
    "int",
    "invalid",
    "masked",
    "missing",
    "nil",
    "none",
    "null",
    "object",
    "optional",
    "prompt",
    "redacted",
    "removed",
    "required",
    "set",
    "stdin",
    "str",
    "string",
    "true",
    "undefined",
    "unknown",
    "unset",
    "wrong",
    "yes",
];

/// The shortest that [`Value::Mixed`] takes for a secret, in bytes.
const MIXED_LENGTH: usize = 6;
/// The shortest that [`Value::Random`] takes for one, in bytes.
const RANDOM_LENGTH: usize = 12;
/// The least entropy of such a one, in bits a byte. Twelve different bytes have 3.6, the digits of
/// any longer hexadecimal number more than 3, English words of that length less.
const RANDOM_ENTROPY: f64 = 3.0;
/// The shortest run of letters and digits that no name or date has, in bytes.
const RANDOM_RUN: usize = 8;

/// Whether the text in this range is a secret.
pub(super) fn is_secret(value: Value, text: &str, range: Range<usize>) -> bool {
    let after = text.as_bytes().get(range.end);
    let found = &text[range];
    if found.starts_with("[redacted: ") || found == "[redacted:" {
        return false;
    }
    let is_code = || matches!(after, Some(b'(' | b'[')) || stands_for_one(found);
    match value {
        Value::Shaped => true,
        Value::Placed => !is_code(),
        Value::Encoded => !is_code() && !found.bytes().all(|byte| byte.is_ascii_lowercase()),
        Value::Mixed => !is_code() && is_mixed(found),
        Value::Random => !is_code() && is_random(found),
    }
}

/// A mask, a word about secrets, a variable, a path, an address.
fn stands_for_one(found: &str) -> bool {
    let bare = found.trim_end_matches(['.', ':', '!', '?', ',', ';']);
    let lower = bare.to_ascii_lowercase();
    let is_word = WORDS.binary_search(&lower.as_str()).is_ok();
    let is_mask = bare.chars().all(|character| "*xX.-_#?•=".contains(character))
        || ["***", "xxxx", "redacted", "masked"].iter().any(|mask| lower.contains(mask));
    let is_variable = bare.starts_with(['$', '%', '{', '<', '[', '@', '&'])
        || bare.starts_with("--")
        || ["${", "$(", "{{", "%("].iter().any(|start| bare.contains(start));
    is_word || is_mask || is_variable || is_name(&lower) || is_place(bare)
}

/// `self.password`, `args.db_token`, `user-secret`: a name of what holds a secret.
fn is_name(lower: &str) -> bool {
    let alike = |byte: u8| byte.is_ascii_alphabetic() || b"._-".contains(&byte);
    let says = ["passw", "pwd", "secret", "token", "key", "cred"].iter().any(|w| lower.contains(w));
    let is_path = lower.contains('.') && !lower.ends_with('.');
    lower.bytes().all(alike) && (says || is_path)
}

/// A file or an address, not the random text that may begin like one.
fn is_place(found: &str) -> bool {
    let begins = ["/", "./", "../", "~/"].iter().any(|start| found.starts_with(start));
    let drive = found.get(1..3).is_some_and(|root| matches!(root, ":\\" | ":/"));
    let is_deep = || found.matches('/').count() > 2;
    found.contains("://") || drive || (begins && (is_deep() || !has_random_run(found)))
}

fn is_mixed(found: &str) -> bool {
    let found = found.trim_end_matches(['.', ':', '!', '?']);
    let has = |kind: fn(&u8) -> bool| found.as_bytes().iter().any(kind);
    let (lower, upper) = (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
    let digit = has(u8::is_ascii_digit);
    let other = has(|byte| !byte.is_ascii_alphanumeric());
    let kinds = [lower, upper, digit, other].into_iter().filter(|&kind| kind).count();
    found.len() >= MIXED_LENGTH && (kinds >= 3 || (digit && (lower || upper)))
}

fn is_random(found: &str) -> bool {
    found.len() >= RANDOM_LENGTH && has_random_run(found) && entropy(found) >= RANDOM_ENTROPY
}

/// Whether letters and digits are mixed in a long run: not so in names, dates and versions.
fn has_random_run(found: &str) -> bool {
    found.split(|character: char| !character.is_ascii_alphanumeric()).any(|run| {
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        run.len() >= RANDOM_RUN && digits > 0 && digits < run.len()
    })
}

/// Shannon's entropy of the bytes, in bits a byte.
fn entropy(found: &str) -> f64 {
    let mut counts = [0_u32; 256];
    found.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = found.len() as f64;
    let share = counts.iter().filter(|&&count| count > 0).map(|&count| f64::from(count) / length);
    -share.map(|share| share * share.log2()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted() {
        assert!(WORDS.is_sorted());
    }

    #[test]
    fn entropy_is_shannons() {
        assert_eq!(entropy("aaaa"), 0.0);
        assert_eq!(entropy("abab"), 1.0);
        assert_eq!(entropy("0123456789abcdef"), 4.0);
    }

    #[test]
    fn what_stands_for_a_secret_is_none() {
        for found in [
            "***",
            "****abcd",
            "$PASSWORD",
            "${{secrets.X}}",
            "%(password)s",
            "<password>",
            "None",
            "required.",
            "self.password",
            "args.db_token",
            "config.auth",
            "[redacted:",
            "{{pw}}",
            "/run/secrets/db1",
            "C:\\keys\\a1.pem",
            "https://example.org/1",
            "xxxxxxxx",
            "changed",
        ] {
            assert!(stands_for_one(found), "{found}");
        }
        for found in ["hunter2", "/aB3dE6gH9jK2mN5pQ8s/u", "swordfish", "S3cret-9", "a.b1"] {
            assert!(!stands_for_one(found), "{found}");
        }
    }

    #[test]
    fn random_is_what_no_name_looks_like() {
        for found in
            ["default-token-abc12", "STRING_LITERAL_1", "2024-01-01T00:00:00Z", "v1.22.333"]
        {
            assert!(!is_random(found), "{found}");
        }
        for found in
            ["3f2a9c81d7e04b56", "gAAAAABlQ9x7KzTm3vW", "9c1b3a52-7f4e-4d0a-8e21-6b5d3c9f0a17"]
        {
            assert!(is_random(found), "{found}");
        }
    }
}
