//! A log in the very words of the fingerprints: OpenStack's services talking, a hit on 5 % of the
//! lines and a near miss on 10 %. Word statistics of other logs are of no help on it.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

use crate::{Result, rng::Rng};

/// Lines shorter or longer than this are no lines that a service writes.
const LENGTHS: std::ops::RangeInclusive<usize> = 20..=300;

/// Writes the lines of a dense log.
pub struct Dense {
    rng: Rng,
    /// Lines of real events, without hits.
    plain: Vec<String>,
    /// Lines that almost match some fingerprint.
    near: Vec<String>,
    phrases: Vec<String>,
    milliseconds: u64,
}

impl Dense {
    /// A generator that takes its plain lines from real events, its near misses from derived
    /// events that did not match, and its hits from phrases of the fingerprints.
    pub fn new(
        real: &[(String, String)],
        derived: &[(String, String)],
        phrases: Vec<String>,
        seed: u64,
    ) -> Result<Dense> {
        let finder: AhoCorasick =
            AhoCorasickBuilder::new().ascii_case_insensitive(true).build(&phrases)?;
        let lines = |events: &mut dyn Iterator<Item = &(String, String)>| -> Vec<String> {
            let mut lines: Vec<String> = events
                .flat_map(|(_, message)| message.lines())
                .map(|line| without_time(line.trim_end()).to_owned())
                .filter(|line| LENGTHS.contains(&line.len()) && !finder.is_match(line.as_str()))
                .collect();
            lines.sort_unstable();
            lines.dedup();
            lines
        };
        let plain = lines(&mut real.iter());
        // `dNNNN.p0`, `.p1` … are made to match; the other kinds miss by a little.
        let missed = |id: &str| id.split_once('.').is_some_and(|(_, kind)| !kind.starts_with('p'));
        let near = lines(&mut derived.iter().filter(|(id, _)| missed(id)));
        if plain.is_empty() || near.is_empty() || phrases.is_empty() {
            return Err("the event files have no lines to make a dense log of".into());
        }
        let milliseconds = 1_393_580_698_000;
        Ok(Dense { rng: Rng::new(seed), plain, near, phrases, milliseconds })
    }

    /// Appends about `size` bytes of lines.
    pub fn write(&mut self, size: usize, out: &mut Vec<u8>) {
        let end = out.len() + size;
        while out.len() < end {
            let line = self.line();
            out.extend_from_slice(line.as_bytes());
        }
    }

    fn line(&mut self) -> String {
        let stamp = self.stamp();
        let plain = self.rng.below(self.plain.len());
        let text = match self.rng.below(100) {
            0..5 => {
                let phrase = self.rng.below(self.phrases.len());
                self.within(plain, &self.phrases[phrase].clone())
            }
            5..10 => self.rng.pick(&self.near).clone(),
            10..15 => {
                let phrase = self.rng.below(self.phrases.len());
                let missed = self.almost(&self.phrases[phrase].clone());
                self.within(plain, &missed)
            }
            _ => self.plain[plain].clone(),
        };
        format!("{stamp} | {text}\n")
    }

    /// A text put between two words of a plain line.
    fn within(&mut self, plain: usize, text: &str) -> String {
        let line = &self.plain[plain];
        let blanks: Vec<usize> = line.match_indices(' ').map(|(at, _)| at).collect();
        let at = if blanks.is_empty() { line.len() } else { *self.rng.pick(&blanks) };
        format!("{} {text}{}", &line[..at], &line[at..])
    }

    /// A phrase with one word left out, doubled, or glued to the next.
    fn almost(&mut self, phrase: &str) -> String {
        let mut words: Vec<String> = phrase.split(' ').map(str::to_owned).collect();
        let at = self.rng.below(words.len());
        if words.len() == 1 {
            return format!("{phrase}{}", self.rng.pick(&["s", "_1", "ed", "x"]));
        }
        match self.rng.below(3) {
            0 => drop(words.remove(at)),
            1 => words.insert(at, words[at].clone()),
            _ => {
                let other = self.rng.below(words.len());
                words.swap(at, other);
                words[at].push_str("_x");
            }
        }
        words.join(" ")
    }

    /// `2014-02-28 09:44:58.839`: the time, some milliseconds after the line before.
    fn stamp(&mut self) -> String {
        self.milliseconds += self.rng.bits() % 50;
        let (seconds, millis) = (self.milliseconds / 1000, self.milliseconds % 1000);
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
        let day = 1 + days % 28;
        let clock = (hours % 24, minutes % 60, seconds % 60);
        format!("2014-02-{day:02} {:02}:{:02}:{:02}.{millis:03}", clock.0, clock.1, clock.2)
    }
}

/// A line without the time at its start, which the new log has by itself.
fn without_time(line: &str) -> &str {
    let time = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | ' ' | '|');
    let rest = line.trim_start_matches(time);
    if line.len() - rest.len() >= 19 { rest } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, message: &str) -> (String, String) {
        (id.to_owned(), message.to_owned())
    }

    #[test]
    fn hits_and_near_misses_are_as_many_as_promised() {
        let real =
            [event("s1", "2013-10-18 17:39:43.967 nova.compute.manager starting instance 4711")];
        let derived = [
            event("d1.p0", "a line that does have the volume in error state phrase"),
            event("d1.drop", "a line that lacks one word: volume error state"),
        ];
        let phrases = vec!["Volume in Error State".to_owned()];
        let write = || {
            let mut out = Vec::new();
            let mut dense = Dense::new(&real, &derived, phrases.clone(), 7).unwrap();
            dense.write(2_000_000, &mut out);
            String::from_utf8(out).unwrap()
        };
        let text = write();
        assert_eq!(text, write());
        let lines = text.lines().count() as f64;
        let hits =
            text.lines().filter(|line| line.contains("Volume in Error State")).count() as f64;
        let clean = text.lines().filter(|line| line.ends_with("starting instance 4711"));
        assert!((0.04..0.09).contains(&(hits / lines)), "{hits} of {lines}");
        assert!(clean.count() as f64 / lines > 0.8);
        assert!(!text.contains("2013-10-18"));
    }
}
