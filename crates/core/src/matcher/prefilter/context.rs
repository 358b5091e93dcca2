//! A phrase held against the raw bytes round one of its words.
//!
//! Most words that pass the sieve are the right word in the wrong place. Looking at the words beside
//! it settles nearly all of them without finding the event, reading it or analysing it. The answer
//! is exact where the text is plain ASCII on one line, and [`Verdict::Maybe`] everywhere else.

use std::cmp::Ordering;

use super::joined::{Joined, Look};
use super::sieve::{Sought, is_word_byte, lower};
use crate::failure::Wording;

/// What the bytes round a word say about the phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The phrase is not here.
    No,
    /// Only the analyzer can tell.
    Maybe,
    /// The phrase is here: its terms are consecutive tokens of this line, the first of them at this
    /// offset.
    Yes(usize),
}

/// A phrase as words of raw text: ASCII runs with what stands between them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Context {
    /// The runs of `[a-z0-9_]`, in order.
    words: Vec<Word>,
    /// Which of them the prefilter looks for.
    anchor: usize,
    how: How,
    /// The phrase as it stands most often: as it was written, where that is known, or with single blanks between
    /// the terms; for a verbatim text, that text.
    joined: Joined,
    /// The anchor's rarest byte and its place there: by it the word is looked for in a short text.
    rarest: (u8, usize),
}

/// What beside the anchor must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum How {
    /// The other words, in this order.
    Phrase,
    /// Without plain ASCII terms in strict order the neighbours say nothing.
    AnchorOnly,
    /// Every byte of the text, as it is written.
    Verbatim,
    /// The same, where a message may begin.
    Leading,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Word {
    bytes: Box<[u8]>,
    /// The first eight of them, and which of eight they are.
    eight: u64,
    mask: u64,
    /// The glue between this word and the next of the same term (`.` in `details.fatal`); `None`
    /// where a new term begins.
    glue: Option<u8>,
}

impl Word {
    fn new(bytes: &[u8], glue: Option<u8>) -> Word {
        let mut eight = [0; 8];
        let taken = bytes.len().min(8);
        eight[..taken].copy_from_slice(&bytes[..taken]);
        let mask = u64::MAX >> (64 - 8 * taken.max(1));
        Word { bytes: bytes.into(), eight: u64::from_le_bytes(eight), mask, glue }
    }
}

impl Context {
    /// The phrase of `terms` (one or more, as analysed), anchored where `rarity` is lowest. `None`
    /// when no term has an ASCII word. With `strict` unset (a sloppy phrase) only the anchor counts.
    pub(crate) fn new(
        terms: &[String],
        strict: bool,
        rarity: impl Fn(&[u8]) -> f32,
    ) -> Option<Context> {
        let plain = strict && terms.iter().all(|term| is_plain(term));
        let how = if plain { How::Phrase } else { How::AnchorOnly };
        let words: Vec<Word> = terms.iter().flat_map(|term| split(term)).collect();
        let anchor = rarest_word(&words, rarity)?;
        let rarest = rarest_byte(&words[anchor].bytes);
        let mut joined = Vec::new();
        let mut joined_anchor = 0;
        for (index, word) in words.iter().enumerate() {
            if index == anchor {
                joined_anchor = joined.len();
            }
            joined.extend_from_slice(&word.bytes);
            let is_last = index + 1 == words.len();
            joined.extend((!is_last).then_some(word.glue.unwrap_or(b' ')));
        }
        let joined = Joined::new(&joined, joined_anchor, glue_in(&joined, &words));
        Some(Context { words, anchor, how, joined, rarest })
    }

    /// Expects the phrase as it is written in this text, which is the one that was analysed: with its
    /// punctuation, that is.
    pub(crate) fn written(mut self, text: &str) -> Context {
        let lower = text.to_ascii_lowercase();
        let is_clear = self.how == How::Phrase
            && lower.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
            && split(&lower)
                .map(|word| word.bytes)
                .eq(self.words.iter().map(|word| word.bytes.clone()));
        let starts: Vec<usize> =
            if is_clear { word_starts(lower.as_bytes()).collect() } else { Vec::new() };
        if let [first, .., last] = starts[..] {
            let end = last + self.words[starts.len() - 1].bytes.len();
            let joined = &lower.as_bytes()[first..end];
            let anchor = starts[self.anchor] - first;
            self.joined = Joined::new(joined, anchor, glue_in(joined, &self.words));
        }
        self
    }

    /// A text to be found as it is written; `None` when it has no word.
    pub(crate) fn verbatim(
        Wording { text, leads }: Wording<'_>,
        rarity: impl Fn(&[u8]) -> f32,
    ) -> Option<Context> {
        let anchor = rarest_word(&split(text).collect::<Vec<_>>(), rarity)?;
        let words: Vec<Word> = split(&text.to_ascii_lowercase()).collect();
        let rarest = rarest_byte(&words[anchor].bytes);
        let joined_anchor = word_starts(text.as_bytes()).nth(anchor)?;
        let how = if leads { How::Leading } else { How::Verbatim };
        let joined = Joined::new(text.as_bytes(), joined_anchor, std::iter::empty());
        Some(Context { words, anchor, how, joined, rarest })
    }

    /// Whether a text that is one message of one line has the phrase; nothing when only the
    /// analyzer can tell. The text must be free of what folds into ASCII and of tokens that are cut.
    pub(crate) fn is_in(&self, text: &[u8]) -> Option<bool> {
        let (byte, place) = self.rarest;
        let first = self.anchor().first();
        // Most places of the byte are in other words, which begin otherwise or elsewhere.
        let may_begin = |at: &usize| {
            text.get(*at).map(u8::to_ascii_lowercase).as_ref() == first
                && !text[..*at].last().is_some_and(|&before| is_word_byte(before))
        };
        let mut clear = true;
        let found = memchr::memchr2_iter(byte, byte.to_ascii_uppercase(), text);
        for at in found.filter_map(|found| found.checked_sub(place)).filter(may_begin) {
            match self.check(text, at) {
                Verdict::No => {}
                Verdict::Maybe => clear = false,
                Verdict::Yes(_) => return Some(true),
            }
        }
        clear.then_some(false)
    }

    /// The word the prefilter looks for, lower-cased.
    pub(crate) fn anchor(&self) -> &[u8] {
        &self.words[self.anchor].bytes
    }

    /// How the anchor compares with the word that `text` begins with, by its folded bytes.
    pub(super) fn order(&self, text: &[u8]) -> Ordering {
        let anchor = self.anchor();
        for (index, byte) in anchor.iter().enumerate() {
            match text.get(index) {
                Some(&here) if is_word_byte(here) => match byte.cmp(&here.to_ascii_lowercase()) {
                    Ordering::Equal => {}
                    order => return order,
                },
                _ => return Ordering::Greater,
            }
        }
        let longer = text.get(anchor.len()).is_some_and(|&byte| is_word_byte(byte));
        if longer { Ordering::Less } else { Ordering::Equal }
    }

    /// The words behind and before the anchor, where they say something.
    pub(super) fn beside(&self) -> (Option<&[u8]>, Option<&[u8]>) {
        if self.how == How::AnchorOnly {
            return (None, None);
        }
        let word = |index: usize| self.words.get(index).map(|word| &*word.bytes);
        (word(self.anchor + 1), self.anchor.checked_sub(1).and_then(word))
    }

    /// Whether every byte counts as it is written.
    pub(super) fn is_verbatim(&self) -> bool {
        matches!(self.how, How::Verbatim | How::Leading)
    }

    /// Whether the text counts only where a message may begin.
    pub(super) fn leads(&self) -> bool {
        self.how == How::Leading
    }

    /// What the sieve has to let through.
    pub(super) fn sought(&self) -> Sought<'_> {
        let length = self.anchor().len();
        if !self.is_verbatim() {
            return Sought::AnyCase(self.anchor());
        }
        Sought::AsWritten(&self.joined.text()[self.joined.anchor()..][..length])
    }

    /// A verbatim text, and where its anchor is.
    pub(super) fn joined(&self) -> (&[u8], usize) {
        (self.joined.text(), self.joined.anchor())
    }

    /// Holds the phrase against `text`, where the word at `at` may be the anchor.
    pub(crate) fn check(&self, text: &[u8], at: usize) -> Verdict {
        let look = match self.how {
            How::Phrase => self.joined.look(text, at),
            How::AnchorOnly | How::Verbatim | How::Leading => Look::Unclear,
        };
        match look {
            Look::Same => {
                let start = at - self.joined.anchor();
                settle_edges(text, start, start + self.joined.text().len())
            }
            Look::Other => Verdict::No,
            Look::Unclear => self.check_words(text, at),
        }
    }

    /// The same, word by word.
    fn check_words(&self, text: &[u8], at: usize) -> Verdict {
        let anchor = &self.words[self.anchor];
        let end = at + anchor.bytes.len();
        if !is_word(text, at, anchor) {
            return Verdict::No;
        }
        match self.how {
            How::Phrase => {}
            How::AnchorOnly => return Verdict::Maybe,
            How::Verbatim | How::Leading => {
                return self.check_verbatim(text, at).map_or(Verdict::No, Verdict::Yes);
            }
        }
        let end = match self.end_from(text, end) {
            Gap::Wrong => return Verdict::No,
            end => end,
        };
        match (self.start_from(text, at), end) {
            (Gap::Wrong, _) => Verdict::No,
            (Gap::At(start), Gap::At(end)) => settle_edges(text, start, end),
            _ => Verdict::Maybe,
        }
    }

    /// Holds the very bytes against the text, where the word at `at` is as long as the anchor and
    /// begins as it does.
    pub(super) fn check_verbatim(&self, text: &[u8], at: usize) -> Option<usize> {
        let (joined, anchor) = self.joined();
        let start = at.checked_sub(anchor)?;
        let leads = || match text[..start] {
            [] | [.., b'\n'] => true,
            [.., last, b' ' | b'\t'] => !last.is_ascii_lowercase(),
            _ => false,
        };
        if self.how == How::Leading && !leads() {
            return None;
        }
        let behind = text[start..].strip_prefix(joined)?;
        let is_word = |byte: Option<&u8>| byte.is_some_and(|&byte| is_word_byte(byte));
        let goes_on = is_word(joined.last()) && is_word(behind.first())
            || is_word(joined.first()) && is_word(text[..start].last());
        (!goes_on).then_some(start)
    }

    /// Where the phrase ends whose anchor ends at `end`.
    fn end_from(&self, text: &[u8], mut end: usize) -> Gap {
        for pair in self.words[self.anchor..].windows(2) {
            let start = match gap_after(text, end, pair[0].glue) {
                Gap::At(start) => start,
                other => return other,
            };
            if !is_word(text, start, &pair[1]) {
                return Gap::Wrong;
            }
            end = start + pair[1].bytes.len();
        }
        Gap::At(end)
    }

    /// Where the phrase starts whose anchor starts at `start`.
    fn start_from(&self, text: &[u8], mut start: usize) -> Gap {
        for word in self.words[..self.anchor].iter().rev() {
            let end = match gap_before(text, start, word.glue) {
                Gap::At(end) => end,
                other => return other,
            };
            let Some(at) = end.checked_sub(word.bytes.len()) else { return Gap::Wrong };
            if !is_word(text, at, word) {
                return Gap::Wrong;
            }
            start = at;
        }
        Gap::At(start)
    }
}

/// The verdict on words that are all there, by what stands before and behind them.
fn settle_edges(text: &[u8], start: usize, end: usize) -> Verdict {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| is_word_byte(*byte));
    let (before, further) = (text[..start].last(), text[..start.saturating_sub(1)].last());
    if is_word(before) || is_word(text.get(end)) {
        return Verdict::No;
    }
    let before = glue_beside(text[start], before, further);
    match (before, glue_beside(text[end - 1], text.get(end), text.get(end + 1))) {
        (Some(true), _) | (_, Some(true)) => Verdict::No,
        (Some(false), Some(false)) => Verdict::Yes(start),
        _ => Verdict::Maybe,
    }
}

/// The place of the word that is looked for.
fn rarest_word(words: &[Word], rarity: impl Fn(&[u8]) -> f32) -> Option<usize> {
    let is_glued = |at: usize| words[at].glue.is_some() || at > 0 && words[at - 1].glue.is_some();
    let cost = |at: usize| rarity(&words[at].bytes) + if is_glued(at) { GLUED } else { 0.0 };
    let costs = (0..words.len()).map(|at| (cost(at), at));
    costs.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, at)| at)
}

/// How much less rare, as a logarithm, a word is taken to be that is glued to others. It is of a module, a
/// path or a host, which are in every line of a service, and what stands beside it is the same each time.
const GLUED: f32 = 6.0;

/// A word's rarest byte and its place.
fn rarest_byte(word: &[u8]) -> (u8, usize) {
    let bytes = word.iter().enumerate();
    bytes.min_by_key(|(_, byte)| commonness(**byte)).map_or((0, 0), |(at, &byte)| (byte, at))
}

/// How common a byte of a word is in logs: a rough order is all that is needed.
fn commonness(byte: u8) -> usize {
    const RARE_FIRST: &[u8] = b"zqxjkvwbyg_phfmudclnrsiotae";
    RARE_FIRST.iter().position(|&rare| rare == byte).unwrap_or(RARE_FIRST.len())
}

/// Where the neighbouring word is, seen over what lies between.
enum Gap {
    /// Something else than the phrase allows, or the end of the text, which is an event's too.
    Wrong,
    /// A line's end, or text beyond ASCII.
    Unclear,
    /// At this offset, for certain a token of its own.
    At(usize),
}

fn gap_after(text: &[u8], end: usize, glue: Option<u8>) -> Gap {
    if let Some(glue) = glue {
        return match text.get(end) {
            Some(&byte) if byte == glue => Gap::At(end + 1),
            Some(128..) => Gap::Unclear,
            _ => Gap::Wrong,
        };
    }
    // One blank, as nearly always.
    if let [_, b' ', next, ..] = text[end - 1..]
        && next.is_ascii_alphanumeric()
    {
        return Gap::At(end + 1);
    }
    let rest = &text[end..];
    let Some(length) =
        rest.iter().position(|&byte| byte == b'\n' || byte >= 128 || is_word_byte(byte))
    else {
        return Gap::Wrong;
    };
    let run = rest[length..].iter();
    classify_gap(&rest[..length], (text[end - 1], rest[length]), run, end + length)
}

fn gap_before(text: &[u8], start: usize, glue: Option<u8>) -> Gap {
    if let Some(glue) = glue {
        return match start.checked_sub(1).map(|at| text[at]) {
            Some(byte) if byte == glue => Gap::At(start - 1),
            Some(128..) => Gap::Unclear,
            _ => Gap::Wrong,
        };
    }
    let before = &text[..start];
    if let [.., last, b' '] = before
        && last.is_ascii_alphanumeric()
    {
        return Gap::At(start - 1);
    }
    let Some(at) =
        before.iter().rposition(|&byte| byte == b'\n' || byte >= 128 || is_word_byte(byte))
    else {
        return Gap::Wrong;
    };
    let run = before[..=at].iter().rev();
    classify_gap(&before[at + 1..], (text[start], before[at]), run, at + 1)
}

/// `own` and `stop` are the bytes of the words on its two sides; `run` is what `stop` begins.
fn classify_gap<'t>(
    gap: &[u8],
    (own, stop): (u8, u8),
    mut run: impl Iterator<Item = &'t u8>,
    offset: usize,
) -> Gap {
    // A run of nothing but `_` is no token and may be followed by the word after all.
    let is_token =
        stop != b'_' || run.find(|byte| **byte != b'_').is_some_and(u8::is_ascii_alphanumeric);
    if !is_word_byte(stop) || !is_token {
        return Gap::Unclear;
    }
    match gap {
        [] => Gap::Wrong,
        [single] if glues(own, *single, stop) => Gap::Wrong,
        _ => Gap::At(offset),
    }
}

/// Whether the phrase's first or last token goes on beyond its word, which has `own` at that end:
/// `beside` is the byte next to it, `further` the one behind that. Nothing where only the analyzer
/// can tell.
fn glue_beside(own: u8, beside: Option<&u8>, further: Option<&u8>) -> Option<bool> {
    match (beside, further) {
        (Some(128..), _) => None,
        (Some(b'.' | b':' | b'\'' | b',' | b';'), Some(128..)) => None,
        (Some(&byte), Some(&further)) => Some(glues(own, byte, further)),
        _ => Some(false),
    }
}

/// Whether an ASCII character joins the words round it into one token: between letters UAX #29's
/// MidLetter, MidNumLet and Single_Quote (rules WB6 and WB7), between digits MidNum, MidNumLet and
/// Single_Quote (WB11 and WB12).
fn glues(before: u8, byte: u8, behind: u8) -> bool {
    let both = |is: fn(&u8) -> bool| is(&before) && is(&behind);
    match byte {
        b'.' | b'\'' => both(u8::is_ascii_alphabetic) || both(u8::is_ascii_digit),
        b':' => both(u8::is_ascii_alphabetic),
        b',' | b';' => both(u8::is_ascii_digit),
        _ => false,
    }
}

/// True when exactly this word, in any case, is a whole word of the text at `at`.
fn is_word(text: &[u8], at: usize, word: &Word) -> bool {
    let Some(rest) = text.get(at..) else { return false };
    let mut compared = 0;
    if let Some(here) = rest.first_chunk::<8>() {
        if lower(u64::from_le_bytes(*here)) & word.mask != word.eight {
            return false;
        }
        compared = word.bytes.len().min(8);
    }
    let Some(here) = rest.get(compared..word.bytes.len()) else { return false };
    let is_word_at = |byte: Option<&u8>| byte.is_some_and(|&byte| is_word_byte(byte));
    !is_word_at(rest.get(word.bytes.len()))
        && !is_word_at(text[..at].last())
        && here.eq_ignore_ascii_case(&word.bytes[compared..])
}

/// Whether a term is ASCII words joined by single glue characters, as the analyzer makes them.
fn is_plain(term: &str) -> bool {
    let bytes = term.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(|&byte| is_word_byte(byte));
    term.is_ascii()
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.windows(2).all(|pair| is_word_byte(pair[0]) || is_word_byte(pair[1]))
}

/// Where a text of these words has bytes that join them into terms.
fn glue_in<'a>(text: &'a [u8], words: &'a [Word]) -> impl Iterator<Item = usize> + 'a {
    let ends = word_starts(text).zip(words).map(|(start, word)| (start + word.bytes.len(), word));
    ends.filter(|(_, word)| word.glue.is_some()).map(|(end, _)| end).filter(|end| *end < text.len())
}

/// Where the words of a text start.
fn word_starts(text: &[u8]) -> impl Iterator<Item = usize> {
    let is_word_at = |at: usize| is_word_byte(text[at]);
    (0..text.len()).filter(move |&at| is_word_at(at) && (at == 0 || !is_word_at(at - 1)))
}

/// The words of one term; the last has no glue, for behind it a new term begins.
fn split(term: &str) -> impl Iterator<Item = Word> {
    let bytes = term.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes[at..].iter().position(|&byte| is_word_byte(byte))?;
        let length = bytes[at..].iter().take_while(|&&byte| is_word_byte(byte)).count();
        let word = &bytes[at..at + length];
        at += length;
        Some(Word::new(word, bytes.get(at).copied()))
    })
}

#[cfg(test)]
#[path = "context_tests.rs"]
mod tests;
