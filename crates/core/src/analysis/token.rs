//! The iterator over the tokens of a text, with its short cut for ASCII.

use std::iter::FusedIterator;

use super::scan::Scanner;

/// Tokens are cut at this many UTF-16 units (OpenSearch's `max_token_length`).
pub(super) const MAX_UNITS: usize = 255;

/// One token of a text, before lower-casing: its bytes in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// First byte in the text.
    pub start: usize,
    /// One past the last byte in the text.
    pub end: usize,
}

impl Token {
    /// The token's own text.
    ///
    /// # Panics
    ///
    /// When `text` is not the text the token was found in, and the offsets do not fit it.
    pub fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }
}

/// The tokens of a text as OpenSearch's `standard` analyzer finds them, in order.
///
/// Takes time linear in the text and allocates nothing. The position of a token (what a phrase
/// counts) is its index in this iterator.
///
/// # Example
///
/// ```
/// let text = "ERROR:Looks like_this, 17:39:43.967 日本";
/// let words: Vec<&str> = recheck_core::tokens(text).map(|token| token.of(text)).collect();
/// assert_eq!(words, ["ERROR:Looks", "like_this", "17", "39", "43.967", "日", "本"]);
/// ```
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens { scanner: Scanner::new(text), position: 0 }
}

/// The iterator that [`tokens`] returns.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    scanner: Scanner<'a>,
    /// Everything before this byte is done.
    position: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let text = self.scanner.text();
        let bytes = text.as_bytes();
        while let Some(&byte) = bytes.get(self.position) {
            let found = match LEAD[byte as usize] {
                Lead::Separator => Ascii::NoToken(self.position + 1),
                Lead::Word => ascii_word(bytes, self.position),
                Lead::Underscore => ascii_underscores(bytes, self.position),
                // A key cap may follow and make it an emoji.
                Lead::KeyCapBase => match bytes.get(self.position + 1) {
                    Some(next) if !next.is_ascii() => Ascii::Undecided,
                    _ => Ascii::NoToken(self.position + 1),
                },
                Lead::NotAscii => Ascii::Undecided,
            };
            let (start, end) = match found {
                Ascii::Token(end) => (self.position, end),
                Ascii::NoToken(next) => {
                    self.position = next;
                    continue;
                }
                Ascii::Undecided => match self.scanner.at(self.position) {
                    Ok(token) => (token.start, token.end),
                    Err(next) => {
                        self.position = next;
                        continue;
                    }
                },
            };
            self.position = end;
            return Some(Token { start, end });
        }
        None
    }
}

impl FusedIterator for Tokens<'_> {}

/// Whether a byte is one of `[A-Za-z0-9_]`, the bytes between which no token ever ends (see the
/// module's contract).
pub(crate) const fn is_ascii_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What the ASCII short cut knows at a position.
enum Ascii {
    /// A token that ends here.
    Token(usize),
    /// No token begins before this byte.
    NoToken(usize),
    /// A byte that is not ASCII has a say.
    Undecided,
}

/// What a byte at the beginning of a token may lead to.
#[derive(Clone, Copy)]
enum Lead {
    Separator,
    Word,
    Underscore,
    KeyCapBase,
    NotAscii,
}

static LEAD: [Lead; 256] = {
    let mut table = [Lead::Separator; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'_' => Lead::Underscore,
            b'#' | b'*' => Lead::KeyCapBase,
            0x80.. => Lead::NotAscii,
            other if other.is_ascii_alphanumeric() => Lead::Word,
            _ => Lead::Separator,
        };
        byte += 1;
    }
    table
};

static IS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = is_ascii_word_byte(byte as u8);
        byte += 1;
    }
    table
};

/// The word at `start`, where a letter, a digit, or underscores with one of them behind them stand:
/// UAX #29's WB5 to WB13b on ASCII.
fn ascii_word(bytes: &[u8], start: usize) -> Ascii {
    let visible = &bytes[..bytes.len().min(start + MAX_UNITS)];
    let mut end = start;
    loop {
        while visible.get(end).is_some_and(|&byte| IS_WORD[byte as usize]) {
            end += 1;
        }
        let Some(&stop) = visible.get(end) else { return Ascii::Token(end) };
        if !stop.is_ascii() {
            return Ascii::Undecided;
        }
        let before = bytes[end - 1];
        if !may_glue(before, stop) {
            return Ascii::Token(end);
        }
        match visible.get(end + 1) {
            Some(&after) if glues(before, after) => end += 1,
            Some(after) if !after.is_ascii() => return Ascii::Undecided,
            _ => return Ascii::Token(end),
        }
    }
}

/// The word that begins with the underscores at `start`, if one does.
fn ascii_underscores(bytes: &[u8], start: usize) -> Ascii {
    let length = bytes[start..].iter().take_while(|&&byte| byte == b'_').count();
    let end = start + length;
    match bytes.get(end) {
        // What so long a run of them does is rare enough for the careful way.
        Some(byte) if !byte.is_ascii() || (IS_WORD[*byte as usize] && length >= MAX_UNITS) => {
            Ascii::Undecided
        }
        Some(byte) if IS_WORD[*byte as usize] => ascii_word(bytes, start),
        _ => Ascii::NoToken(end),
    }
}

/// Whether `mid` can be inside a word right after `before`.
fn may_glue(before: u8, mid: u8) -> bool {
    match mid {
        b'.' | b'\'' => before != b'_',
        b':' => before.is_ascii_alphabetic(),
        b',' | b';' => before.is_ascii_digit(),
        _ => false,
    }
}

/// Whether `after` is of the kind of `before`: letter and letter, digit and digit.
fn glues(before: u8, after: u8) -> bool {
    (before.is_ascii_alphabetic() && after.is_ascii_alphabetic())
        || (before.is_ascii_digit() && after.is_ascii_digit())
}
