//! How rare a word is in CI logs: the choice of what to look for.
//!
//! A fingerprint's phrase is found by one of its words, and the rarer that word, the less there is
//! to verify. Two sources know: a table of common words measured over public CI logs, and the
//! fingerprints themselves: a word that many of them share (`instance`, `tempest`) belongs to the
//! vocabulary of the logs they are written for.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Occurrences per MB of the words that are common in any CI log, by what is looked for of them: those that
/// share it are counted together.
static COMMON: LazyLock<HashMap<&'static [u8], f32>> = LazyLock::new(|| {
    let text = include_str!("word_rates.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let parsed = lines.filter_map(|line| {
        let (rate, words) = line.split_once(' ')?;
        Some((rate.parse::<f32>().ok()?.exp2(), words))
    });
    let mut common = HashMap::with_capacity(text.split(' ').count());
    for (rate, words) in parsed {
        words
            .split(' ')
            .for_each(|word| *common.entry(first_eight(word.as_bytes())).or_default() += rate);
    }
    common
});

/// What is looked for of a word.
fn first_eight(word: &[u8]) -> &[u8] {
    &word[..word.len().min(8)]
}

/// Estimates word rates for one set of fingerprints.
#[derive(Debug, Default)]
pub(super) struct Rarity {
    shared: HashMap<Box<[u8]>, u32>,
}

impl Rarity {
    /// Counts one fingerprint's word.
    pub(super) fn see(&mut self, word: &[u8]) {
        match self.shared.get_mut(word) {
            Some(count) => *count += 1,
            None => {
                self.shared.insert(word.into(), 1);
            }
        }
    }

    /// The estimated cost of looking for this word, `log2(occurrences per MB)` with a malus for
    /// words that are short: they are found later in the loop and collide more.
    pub(super) fn cost(&self, word: &[u8]) -> f32 {
        let shared = self.shared.get(word).copied().unwrap_or(1) as f32;
        let unknown = match word.len() {
            // Not in the table, and all over the place.
            1 => 11.0,
            length => 2.0 - 0.25 * length.min(16) as f32,
        };
        let rate = COMMON.get(first_eight(word)).map_or(unknown, |rate| rate.log2());
        let short = match word.len() {
            0..5 => 14.0,
            5..8 => 3.0,
            _ => 0.0,
        };
        rate + shared.log2() + short
    }

    /// The same for a word of a text that must be there as it is written. Words in capitals, and
    /// those with one, are rare however frequent they are otherwise; each short one makes looking for all
    /// the others dearer, and one in small letters is found most.
    pub(super) fn cost_as_written(&self, word: &[u8]) -> f32 {
        let cost = self.cost(&word.to_ascii_lowercase());
        match word {
            [first, ..] if word.len() >= 8 && first.is_ascii_uppercase() => cost.min(2.0),
            _ if word.len() >= 8 => cost,
            _ if !word.iter().any(u8::is_ascii_lowercase) => 6.0,
            [first, ..] if first.is_ascii_uppercase() => 8.0,
            _ => cost + 8.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_short_and_shared_words_cost_more() {
        let mut rarity = Rarity::default();
        assert!(rarity.cost(b"error") > rarity.cost(b"mirrors"));
        assert!(rarity.cost(b"503") > rarity.cost(b"messagingtimeout"));
        assert!(rarity.cost(b"0") > rarity.cost(b"00"));
        let before = rarity.cost(b"hypervisor");
        for _ in 0..50 {
            rarity.see(b"hypervisor");
        }
        assert!(rarity.cost(b"hypervisor") > before + 4.0);
    }

    #[test]
    fn words_that_begin_as_a_common_one_cost_what_it_does() {
        let rarity = Rarity::default();
        assert!(rarity.cost(b"directory_service") >= rarity.cost(b"directory"));
        assert!(rarity.cost(b"direct_service") < rarity.cost(b"directory"));
    }

    #[test]
    fn as_written_long_words_come_first_then_capitals() {
        let rarity = Rarity::default();
        let costs = [&b"UNEXPECTED"[..], b"TEST", b"Error", b"panic"];
        assert!(rarity.cost_as_written(b"UNEXPECTED") < rarity.cost_as_written(b"unexpected"));
        assert!(costs.map(|word| rarity.cost_as_written(word)).is_sorted());
    }
}
