//! The longest match at a position, for any text.
//!
//! Lucene's tokenizer tries its rules at a position and takes the one that reaches farthest; where
//! none matches it skips one code point. No rule sees more than 255 UTF-16 units, and that is what
//! cuts a longer token. The rules:
//!
//! - words and numbers ([`Word`]: WB5 to WB13b, with WB7a to WB7c for Hebrew),
//! - emoji sequences ([`Emoji`], in place of WB3c, WB15 and WB16),
//! - runs of Complex_Context, and single ideographs.
//!
//! Each is a machine fed with one class after the other; all are run side by side, so the text is
//! read once.

use super::{
    token::{MAX_UNITS, Token},
    word_break::Class,
};

mod emoji;
mod word;

use self::{emoji::Emoji, word::Word};

/// Finds the tokens of one text.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    /// No token begins with an underscore before this byte. Without it a long row of underscores
    /// would be read again from each of them.
    barren_underscores: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, barren_underscores: 0 }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The token that begins at `start` or, in a row of joiners or underscores, a little behind it;
    /// otherwise where to look next.
    ///
    /// `start` is a character boundary before the end of the text.
    pub(super) fn at(&mut self, start: usize) -> Result<Token, usize> {
        let first = self.text[start..].chars().next().map_or(Class::Other, Class::of);
        let start = match first {
            Class::Joiner => self.joiners(start)?,
            Class::Underscore => self.underscores(start)?,
            _ => start,
        };
        match longest(&self.text[start..]) {
            Some(length) => Ok(Token { start, end: start + length }),
            None => Err(self.after(start)),
        }
    }

    /// The boundary behind the code point at `start`.
    fn after(&self, start: usize) -> usize {
        start + self.text[start..].chars().next().map_or(1, char::len_utf8)
    }

    /// Where in a row of joiners an emoji sequence begins: so many of them as the cut leaves room.
    fn joiners(&self, start: usize) -> Result<usize, usize> {
        const JOINER: char = '\u{200D}';
        let rest = self.text[start..].trim_start_matches(JOINER);
        let end = self.text.len() - rest.len();
        match rest.chars().next() {
            Some(c) if Class::of(c).is_emoji() => {
                let room = (MAX_UNITS - c.len_utf16()) * JOINER.len_utf8();
                Ok(start.max(end.saturating_sub(room)))
            }
            _ => Err(end),
        }
    }

    /// Where in a row of underscores (and what extends them) a word begins.
    fn underscores(&mut self, start: usize) -> Result<usize, usize> {
        if start >= self.barren_underscores {
            self.barren_underscores = self.word_behind_underscores(start);
        }
        // Only an underscore can begin it: what extends one is skipped or a token of its own.
        if start < self.barren_underscores { Err(self.after(start)) } else { Ok(start) }
    }

    /// The first byte of a row of underscores from which its end and the beginning of a word are
    /// within one token, or the end of the row when no word follows.
    fn word_behind_underscores(&self, start: usize) -> usize {
        let row = self.text[start..].char_indices().find(|&(_, c)| {
            let class = Class::of(c);
            class != Class::Underscore && !class.extends()
        });
        let Some((length, next)) = row else { return self.text.len() };
        if Word::default().next(Class::of(next)).is_none() {
            return start + length;
        }
        let mut room = MAX_UNITS - next.len_utf16();
        let mut first = start + length;
        for (offset, c) in self.text[start..start + length].char_indices().rev() {
            match room.checked_sub(c.len_utf16()) {
                Some(left) => room = left,
                None => break,
            }
            first = start + offset;
        }
        first
    }
}

/// The length in bytes of the longest token at the beginning of `text`.
fn longest(text: &str) -> Option<usize> {
    let mut rules = Rules::new();
    let mut room = MAX_UNITS;
    let mut accepted = None;
    for (offset, c) in text.char_indices() {
        match room.checked_sub(c.len_utf16()) {
            Some(left) => room = left,
            None => break,
        }
        match rules.next(Class::of(c)) {
            Step::Token => accepted = Some(offset + c.len_utf8()),
            Step::Open => {}
            Step::Dead => break,
        }
    }
    accepted
}

/// What the rules say to the text up to here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It is a token.
    Token,
    /// It may become one.
    Open,
    /// No rule goes on.
    Dead,
}

/// All rules, each as far as it has come; `None` when it has failed.
struct Rules {
    word: Option<Word>,
    emoji: Option<Emoji>,
    other: Option<Other>,
}

impl Rules {
    fn new() -> Rules {
        Rules {
            word: Some(Word::default()),
            emoji: Some(Emoji::default()),
            other: Some(Other::Start),
        }
    }

    fn next(&mut self, class: Class) -> Step {
        self.word = self.word.and_then(|word| word.next(class));
        self.emoji = self.emoji.and_then(|emoji| emoji.next(class));
        self.other = self.other.and_then(|other| other.next(class));
        let tokens = [
            self.word.map(Word::is_token),
            self.emoji.map(Emoji::is_token),
            self.other.map(|_| true),
        ];
        if tokens.contains(&Some(true)) {
            Step::Token
        } else if tokens == [None; 3] {
            Step::Dead
        } else {
            Step::Open
        }
    }
}

/// Runs of Complex_Context, and single ideographs.
#[derive(Clone, Copy)]
enum Other {
    Start,
    Ideograph,
    Complex,
}

impl Other {
    fn next(self, class: Class) -> Option<Other> {
        match (self, class) {
            (Other::Start, Class::Ideograph) => Some(Other::Ideograph),
            (Other::Start | Other::Complex, Class::Complex | Class::ComplexExtend) => {
                Some(Other::Complex)
            }
            (Other::Start, _) => None,
            (_, class) if class.extends() => Some(self),
            _ => None,
        }
    }
}
