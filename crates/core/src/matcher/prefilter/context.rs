//! A phrase held against the raw bytes round one of its words.
//!
//! Most words that pass the sieve are the right word in the wrong place. Looking at the words beside
//! it settles nearly all of them without finding the event, reading it or analysing it. The answer
//! is exact where the text is plain ASCII on one line, and [`Verdict::Maybe`] everywhere else.

use std::cmp::Ordering;

use super::kernel::is_word_byte;

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

/// The first sight of a phrase's anchor: its length and four bytes of the word beside it.
///
/// Most places are settled by these without a look at the phrase itself. It excludes only where one
/// ASCII character stands between the two words; everything else is left to [`Context::check`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbour {
    length: u16,
    side: Side,
    bytes: u32,
    mask: u32,
}

#[derive(Clone, Copy, Debug)]
enum Side {
    /// There is no other word, or nothing can be said of it.
    Alone,
    Before,
    After,
}

impl Neighbour {
    /// Of an anchor of this length with no word beside it.
    pub(super) fn of_word(length: usize) -> Neighbour {
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        Neighbour { length, side: Side::Alone, bytes: 0, mask: 0 }
    }

    /// Up to four folded bytes, the first in the lowest place, and which of the places they take.
    fn pack(bytes: impl Iterator<Item = u8>) -> (u32, u32) {
        let mut packed = (0, 0);
        for (place, byte) in bytes.take(4).enumerate() {
            packed.0 |= u32::from(byte | 0x20) << (8 * place);
            packed.1 |= 0xFF << (8 * place);
        }
        packed
    }

    /// True when the phrase is surely not at this place of the text.
    #[inline]
    pub(super) fn excludes(&self, text: &[u8], at: usize) -> bool {
        let end = at + usize::from(self.length);
        let Some(&gap) = text.get(end) else { return false };
        if is_word_byte(gap) {
            return true;
        }
        match self.side {
            Side::Alone => false,
            Side::After => {
                let Some(&four) = text[end + 1..].first_chunk::<4>() else { return false };
                self.differs(gap, four[0], four)
            }
            Side::Before => {
                let Some(&four) = at.checked_sub(1).and_then(|at| text[..at].last_chunk::<4>())
                else {
                    return false;
                };
                self.differs(text[at - 1], four[3], four)
            }
        }
    }

    #[inline]
    fn differs(&self, gap: u8, nearest: u8, four: [u8; 4]) -> bool {
        // A run of nothing but `_` is no token, so one that has a `_` there settles nothing.
        let adjacent = gap < 128 && gap != b'\n' && is_word_byte(nearest) && nearest != b'_';
        let here = (u32::from_le_bytes(four) | 0x2020_2020) & self.mask;
        adjacent && here != self.bytes
    }
}

/// A phrase as words of raw text: ASCII runs with what stands between them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Context {
    /// The runs of `[a-z0-9_]`, in order.
    words: Vec<Word>,
    /// Which of them the prefilter looks for.
    anchor: usize,
    /// Without plain ASCII terms in strict order the neighbours say nothing.
    anchor_only: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Word {
    bytes: Box<[u8]>,
    /// The glue between this word and the next of the same term (`.` in `details.fatal`); `None`
    /// where a new term begins.
    glue: Option<u8>,
}

impl Context {
    /// The phrase of `terms` (one or more, as analysed), anchored where `rarity` is lowest. `None`
    /// when no term has an ASCII word. With `strict` unset (a sloppy phrase) only the anchor counts.
    pub(crate) fn new(
        terms: &[String],
        strict: bool,
        rarity: impl Fn(&[u8]) -> f32,
    ) -> Option<Context> {
        let anchor_only = !strict || !terms.iter().all(|term| is_plain(term));
        let words: Vec<Word> = terms.iter().flat_map(|term| split(term)).collect();
        let order =
            |a: &usize, b: &usize| rarity(&words[*a].bytes).total_cmp(&rarity(&words[*b].bytes));
        let anchor = (0..words.len()).min_by(order)?;
        Some(Context { words, anchor, anchor_only })
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
        if self.anchor_only {
            return (None, None);
        }
        let word = |index: usize| self.words.get(index).map(|word| &*word.bytes);
        (word(self.anchor + 1), self.anchor.checked_sub(1).and_then(word))
    }

    /// What excludes the phrase at first sight of its anchor.
    pub(super) fn neighbour(&self) -> Neighbour {
        let mut neighbour = Neighbour::of_word(self.anchor().len());
        if let (Some(next), _) = self.beside() {
            neighbour.side = Side::After;
            (neighbour.bytes, neighbour.mask) = Neighbour::pack(next.iter().copied());
        } else if let (_, Some(before)) = self.beside() {
            neighbour.side = Side::Before;
            let backwards = before.iter().rev().copied();
            (neighbour.bytes, neighbour.mask) = Neighbour::pack(backwards);
            (neighbour.bytes, neighbour.mask) =
                (neighbour.bytes.swap_bytes(), neighbour.mask.swap_bytes());
        }
        neighbour
    }

    /// Holds the phrase against `text`, where the word at `at` may be the anchor.
    pub(crate) fn check(&self, text: &[u8], at: usize) -> Verdict {
        let anchor = &self.words[self.anchor].bytes;
        let end = at + anchor.len();
        if !is_word(text, at, anchor) {
            return Verdict::No;
        }
        if self.anchor_only {
            return Verdict::Maybe;
        }
        match self.check_after(text, end) {
            Verdict::No => Verdict::No,
            Verdict::Yes(_) => self.check_before(text, at),
            Verdict::Maybe => match self.check_before(text, at) {
                Verdict::No => Verdict::No,
                Verdict::Maybe | Verdict::Yes(_) => Verdict::Maybe,
            },
        }
    }

    fn check_after(&self, text: &[u8], mut end: usize) -> Verdict {
        let mut verdict = Verdict::Yes(end);
        for index in self.anchor..self.words.len() {
            let Some(next) = self.words.get(index + 1) else {
                let glued = may_be_glued(text.get(end).copied(), text.get(end + 1));
                return if glued { Verdict::Maybe } else { verdict };
            };
            let start = match gap_after(text, end, self.words[index].glue) {
                Gap::Wrong => return Verdict::No,
                Gap::Unclear => return Verdict::Maybe,
                Gap::Glued(start) => {
                    verdict = Verdict::Maybe;
                    start
                }
                Gap::Clean(start) => start,
            };
            if !is_word(text, start, &next.bytes) {
                return Verdict::No;
            }
            end = start + next.bytes.len();
        }
        verdict
    }

    fn check_before(&self, text: &[u8], mut start: usize) -> Verdict {
        let mut glued = false;
        for index in (0..self.anchor).rev() {
            let word = &self.words[index];
            let end = match gap_before(text, start, word.glue) {
                Gap::Wrong => return Verdict::No,
                Gap::Unclear => return Verdict::Maybe,
                Gap::Glued(end) => {
                    glued = true;
                    end
                }
                Gap::Clean(end) => end,
            };
            let Some(at) = end.checked_sub(word.bytes.len()) else { return Verdict::No };
            if !is_word(text, at, &word.bytes) {
                return Verdict::No;
            }
            start = at;
        }
        let before = start.checked_sub(1).map(|at| text[at]);
        let further = start.checked_sub(2).map(|at| &text[at]);
        let glued = glued || may_be_glued(before, further);
        if glued { Verdict::Maybe } else { Verdict::Yes(start) }
    }
}

/// Where the neighbouring word is, seen over what lies between.
enum Gap {
    /// Something else than the phrase allows.
    Wrong,
    /// A line's or the block's end, or text beyond ASCII.
    Unclear,
    /// At this offset, but the separator might glue.
    Glued(usize),
    /// At this offset, for certain a token of its own.
    Clean(usize),
}

fn gap_after(text: &[u8], end: usize, glue: Option<u8>) -> Gap {
    if let Some(glue) = glue {
        return match text.get(end) {
            Some(&byte) if byte == glue => Gap::Clean(end + 1),
            Some(&byte) if byte < 128 => Gap::Wrong,
            _ => Gap::Unclear,
        };
    }
    let rest = &text[end..];
    let Some(length) =
        rest.iter().position(|&byte| byte == b'\n' || byte >= 128 || is_word_byte(byte))
    else {
        return Gap::Unclear;
    };
    classify_gap(&rest[..length], rest[length], end + length)
}

fn gap_before(text: &[u8], start: usize, glue: Option<u8>) -> Gap {
    if let Some(glue) = glue {
        return match start.checked_sub(1).map(|at| text[at]) {
            Some(byte) if byte == glue => Gap::Clean(start - 1),
            Some(byte) if byte < 128 => Gap::Wrong,
            _ => Gap::Unclear,
        };
    }
    let before = &text[..start];
    let Some(at) =
        before.iter().rposition(|&byte| byte == b'\n' || byte >= 128 || is_word_byte(byte))
    else {
        return Gap::Unclear;
    };
    classify_gap(&before[at + 1..], before[at], at + 1)
}

fn classify_gap(gap: &[u8], stop: u8, offset: usize) -> Gap {
    // A run of nothing but `_` is no token and may be followed by the word after all.
    if !is_word_byte(stop) || stop == b'_' {
        return Gap::Unclear;
    }
    match gap {
        [] => Gap::Wrong,
        [single] if may_glue(*single) => Gap::Glued(offset),
        _ => Gap::Clean(offset),
    }
}

/// Whether the phrase's first or last token may go on beyond its word: `beside` is the byte next to
/// it, `further` the one behind that.
fn may_be_glued(beside: Option<u8>, further: Option<&u8>) -> bool {
    match beside {
        None => false,
        Some(128..) => true,
        // A single glue character glues only where a word goes on behind it.
        Some(byte) if may_glue(byte) => {
            further.is_some_and(|&next| next >= 128 || is_word_byte(next))
        }
        Some(_) => false,
    }
}

/// ASCII characters that UAX #29 lets join two ASCII words (MidLetter, MidNum, MidNumLet and
/// Single_Quote).
fn may_glue(byte: u8) -> bool {
    matches!(byte, b'.' | b':' | b'\'' | b',' | b';')
}

/// True when exactly this word, in any case, is a whole word of the text at `at`.
fn is_word(text: &[u8], at: usize, word: &[u8]) -> bool {
    let Some(here) = text.get(at..at + word.len()) else { return false };
    let bounded = |byte: Option<&u8>| byte.is_none_or(|&byte| !is_word_byte(byte));
    bounded(text.get(at + word.len()))
        && (at == 0 || !is_word_byte(text[at - 1]))
        && here.iter().zip(word).all(|(a, b)| a.to_ascii_lowercase() == *b)
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

/// The words of one term; the last has no glue, for behind it a new term begins.
fn split(term: &str) -> impl Iterator<Item = Word> {
    let bytes = term.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes[at..].iter().position(|&byte| is_word_byte(byte))?;
        let length = bytes[at..].iter().take_while(|&&byte| is_word_byte(byte)).count();
        let word = &bytes[at..at + length];
        at += length;
        Some(Word { bytes: word.into(), glue: bytes.get(at).copied() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(phrase: &[&str], anchor: &str, text: &str) -> Verdict {
        let terms: Vec<String> = phrase.iter().map(|term| (*term).to_owned()).collect();
        let rarity = |word: &[u8]| if word == anchor.as_bytes() { 0.0 } else { 1.0 };
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
        assert_eq!(check("more mirrors"), Verdict::Maybe);
        assert_eq!(check("no more mirrors\nto try"), Verdict::Maybe);
        assert_eq!(check("no more mirrors – to try"), Verdict::Maybe);
        assert_eq!(check("no more mirrors __ to try"), Verdict::Maybe);
    }

    #[test]
    fn glue_belongs_to_the_term_or_is_left_to_the_analyzer() {
        assert_eq!(
            verdict(&["the", "details.fatal"], "fatal", "the details.FATAL: x"),
            Verdict::Yes(0)
        );
        assert_eq!(verdict(&["the", "details.fatal"], "fatal", "the details fatal"), Verdict::No);
        assert_eq!(verdict(&["details", "fatal"], "details", "details.fatal"), Verdict::Maybe);
        assert_eq!(verdict(&["fatal"], "fatal", "details.fatal"), Verdict::Maybe);
        assert_eq!(verdict(&["fatal"], "fatal", "details. fatal."), Verdict::Yes(9));
        assert_eq!(verdict(&["fatal"], "fatal", "éfatal"), Verdict::Maybe);
    }

    #[test]
    fn beyond_ascii_and_sloppy_phrases_only_name_their_anchor() {
        assert_eq!(verdict(&["écran", "blank"], "blank", "blank"), Verdict::Maybe);
        let terms = ["a".to_owned(), "bcd".to_owned()];
        let context = Context::new(&terms, false, |word| -(word.len() as f32)).expect("a word");
        assert_eq!(context.check(b"bcd", 0), Verdict::Maybe);
        assert!(Context::new(&["東".to_owned()], true, |_| 0.0).is_none());
    }
}
