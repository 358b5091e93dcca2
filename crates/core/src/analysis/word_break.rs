//! What a code point is to the tokenizer.

use super::word_break_table::RANGES;

/// The class of a code point: its UAX #29 word-break property, split or joined where Lucene's
/// grammar sees more or less than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Separates words and is in no token.
    Other,
    /// ALetter (Hangul included).
    Letter,
    /// ALetter that is also an emoji: U+2139, U+24C2, the squared A, B, O and P.
    LetterEmoji,
    /// Hebrew_Letter.
    Hebrew,
    /// Numeric, and the full-width digits.
    Digit,
    /// Katakana.
    Katakana,
    /// ExtendNumLet: `_` and its like.
    Underscore,
    /// MidLetter: `:` and its like, between letters.
    MidLetter,
    /// MidNum: `,` `;` and their like, between digits.
    MidNum,
    /// MidNumLet: `.` and its like, between letters and between digits.
    MidNumLet,
    /// Single_Quote: MidNumLet, and after a Hebrew letter part of the word.
    SingleQuote,
    /// Double_Quote: glues between Hebrew letters.
    DoubleQuote,
    /// Extend or Format: belongs to the character before it.
    Extend,
    /// U+200D ZERO WIDTH JOINER: Extend, and joins emoji.
    Joiner,
    /// U+FE0E, text presentation: Extend, but not after an emoji.
    TextStyle,
    /// U+FE0F, emoji presentation: Extend, but after an emoji only once.
    EmojiStyle,
    /// U+20E3, the key cap: Extend, and makes `#` and `*` an emoji.
    KeyCap,
    /// U+E0020 to U+E007E, tags: Extend, and part of a flag sequence.
    Tag,
    /// U+E007F, the end of a tag sequence: Extend.
    TagEnd,
    /// `#` and `*`: separators, but for a key cap after them.
    KeyCapBase,
    /// Extended_Pictographic or Emoji.
    Emoji,
    /// Emoji_Modifier, the skin tones: Extend, and an emoji by itself.
    EmojiModifier,
    /// Regional_Indicator: two are a flag.
    Regional,
    /// Han or Hiragana: one token each.
    Ideograph,
    /// Line_Break=Complex_Context (Thai, Lao, Khmer, Burmese …): a run is one token.
    Complex,
    /// Complex_Context that is also Extend: vowel signs and the like.
    ComplexExtend,
}

impl Class {
    /// The class of a code point.
    pub(super) fn of(c: char) -> Class {
        if c.is_ascii() { Class::of_ascii(c as u8) } else { Class::look_up(c) }
    }

    /// The class of an ASCII byte.
    const fn of_ascii(byte: u8) -> Class {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b'_' => Class::Underscore,
            b'.' => Class::MidNumLet,
            b':' => Class::MidLetter,
            b',' | b';' => Class::MidNum,
            b'\'' => Class::SingleQuote,
            b'"' => Class::DoubleQuote,
            b'#' | b'*' => Class::KeyCapBase,
            _ => Class::Other,
        }
    }

    fn look_up(c: char) -> Class {
        let page = c as usize / PAGE;
        let ranges = &RANGES[PAGES[page] as usize..PAGES[page + 1] as usize];
        let after = ranges.partition_point(|&(first, _, _)| first <= c);
        // The range before the page's first may reach into it.
        match (PAGES[page] as usize + after).checked_sub(1).map(|index| RANGES[index]) {
            Some((_, last, class)) if c <= last => class,
            _ => Class::Other,
        }
    }

    /// Extend, Format or ZWJ: UAX #29's WB4 gives it to the character before it.
    pub(super) fn extends(self) -> bool {
        use Class::*;
        match self {
            Extend | Joiner | TextStyle | EmojiStyle | KeyCap | Tag | TagEnd | EmojiModifier
            | ComplexExtend => true,
            Other | Letter | LetterEmoji | Hebrew | Digit | Katakana | Underscore | MidLetter
            | MidNum | MidNumLet | SingleQuote | DoubleQuote | KeyCapBase | Emoji | Regional
            | Ideograph | Complex => false,
        }
    }

    /// Extends an emoji: the presentation selectors are a matter of their own there.
    pub(super) fn extends_emoji(self) -> bool {
        self.extends() && !matches!(self, Class::TextStyle | Class::EmojiStyle)
    }

    /// An emoji that may follow any number of joiners.
    pub(super) fn is_emoji(self) -> bool {
        matches!(self, Class::Emoji | Class::LetterEmoji)
    }
}

/// Code points a page.
const PAGE: usize = 0x80;

/// For each page, the number of ranges that begin before it: a look-up searches one page only.
static PAGES: [u16; 0x11_0000 / PAGE + 1] = {
    let mut pages = [0; 0x11_0000 / PAGE + 1];
    let (mut page, mut range) = (0, 0);
    while page < pages.len() {
        while range < RANGES.len() && (RANGES[range].0 as usize) < page * PAGE {
            range += 1;
        }
        pages[page] = range as u16;
        page += 1;
    }
    pages
};
