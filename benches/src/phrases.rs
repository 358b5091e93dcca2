//! What the peers search for: one phrase per AND-group of every fingerprint, the rarest.
//!
//! A peer that knows only literals must find each event that a query could match, and nothing helps
//! it but a good choice of phrases. So the choice is made for it as an engine would: of clauses
//! that must all match the rarest, of alternatives each one, judged by the frequency of words in a
//! sample of the logs that are searched.

use std::collections::HashMap;

use recheck_core::analyze;
use serde_json::Value;

/// A phrase on `message`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phrase {
    /// As its author wrote it, escapes resolved.
    pub text: String,
}

impl Phrase {
    /// Its words, as the analyzer finds them.
    pub fn tokens(&self) -> Vec<String> {
        let mut tokens = Vec::new();
        analyze(&self.text, &mut |term, _, _| tokens.push(term.to_owned()));
        tokens
    }

    /// The phrase as a regular expression: its words whole, whatever stands between them.
    pub fn token_regex(&self) -> String {
        let words: Vec<String> = self.tokens().iter().map(|token| escape(token)).collect();
        format!(r"\b{}\b", words.join("[^a-zA-Z0-9_]+"))
    }
}

/// The text with everything escaped that means something to a regular expression.
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() && c != '_' {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// How often each word stands in a sample.
#[derive(Clone, Debug, Default)]
pub struct Frequencies(HashMap<String, u64>);

impl Frequencies {
    /// Counts the words of a text.
    pub fn of(sample: &[u8]) -> Frequencies {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for line in sample.split(|&byte| byte == b'\n') {
            analyze(&String::from_utf8_lossy(line), &mut |term, _, _| {
                if let Some(count) = counts.get_mut(term) {
                    *count += 1;
                } else {
                    counts.insert(term.to_owned(), 1);
                }
            });
        }
        Frequencies(counts)
    }

    /// An estimate of how often the phrase stands in the sample: as often as its rarest word.
    fn estimate(&self, phrase: &Phrase) -> u64 {
        let count = |token: &String| self.0.get(token).copied().unwrap_or(0);
        phrase.tokens().iter().map(count).min().unwrap_or(u64::MAX)
    }

    fn cost(&self, phrases: &[Phrase]) -> (u64, usize) {
        let sum =
            phrases.iter().fold(0_u64, |sum, phrase| sum.saturating_add(self.estimate(phrase)));
        // Among equals the longest is the easiest to find.
        let shortest = phrases.iter().map(|phrase| phrase.text.len()).min().unwrap_or(0);
        (sum, usize::MAX - shortest)
    }
}

/// Phrases one of which stands in every event that the tree matches; `None` where it requires none.
pub fn required(tree: &Value, frequencies: &Frequencies) -> Option<Vec<Phrase>> {
    let Some(clauses) = tree["bool"].as_array() else {
        return leaf(tree).map(|phrase| vec![phrase]);
    };
    let of = |occur: &str| {
        let occurs = clauses.iter().filter(move |clause| clause[0] == occur);
        occurs.map(|clause| required(&clause[1], frequencies)).collect::<Vec<_>>()
    };
    let must = of("MUST");
    if must.is_empty() {
        let groups: Option<Vec<_>> = of("SHOULD").into_iter().collect();
        return groups.map(|groups| groups.concat()).filter(|phrases| !phrases.is_empty());
    }
    must.into_iter().flatten().min_by_key(|phrases| frequencies.cost(phrases))
}

fn leaf(tree: &Value) -> Option<Phrase> {
    let kind = tree["leaf"].as_str()?;
    let text = tree["text"].as_str()?;
    let has_words = tree["tokens"].as_array().is_some_and(|tokens| !tokens.is_empty());
    let literal = matches!(kind, "phrase" | "term") && tree["field"] == "message" && has_words;
    literal.then(|| Phrase { text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn phrase(text: &str) -> Value {
        json!({"leaf": "phrase", "field": "message", "text": text, "tokens": [text]})
    }

    #[test]
    fn one_phrase_per_and_group_the_rarest() {
        let frequencies = Frequencies::of(b"common words here\ncommon words\ncommon\n");
        let tags =
            json!({"leaf": "term", "field": "tags", "text": "console", "tokens": ["console"]});
        let group = json!({"bool": [["MUST", phrase("common")], ["MUST", phrase("words")]]});
        let tree = json!({"bool": [
            ["MUST", {"bool": [["SHOULD", group], ["SHOULD", phrase("rare")]]}],
            ["MUST", tags],
            ["MUST_NOT", phrase("here")],
        ]});
        let texts = |tree: &Value| {
            required(tree, &frequencies)
                .map(|phrases| phrases.into_iter().map(|phrase| phrase.text).collect::<Vec<_>>())
        };
        assert_eq!(texts(&tree), Some(vec!["words".to_owned(), "rare".to_owned()]));
        assert_eq!(texts(&json!({"bool": [["MUST", tags], ["SHOULD", phrase("rare")]]})), None);
    }

    #[test]
    fn a_phrase_becomes_its_whole_words() {
        let phrase = Phrase { text: "Error: details.FATAL (x)".to_owned() };
        let expected = r"\berror[^a-zA-Z0-9_]+details\.fatal[^a-zA-Z0-9_]+x\b";
        assert_eq!(phrase.token_regex(), expected);
    }
}
