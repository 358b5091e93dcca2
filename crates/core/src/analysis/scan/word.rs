//! Words and numbers: UAX #29's WB5 to WB13b as a machine.

use crate::analysis::word_break::Class;

/// What stands before: it decides what may follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Word {
    #[default]
    Start,
    /// Nothing but ExtendNumLet: not a token yet.
    Underscores,
    /// A letter, after which MidLetter and the like may glue.
    Letter,
    /// A Hebrew letter that may take a quote as well.
    Hebrew,
    /// A Hebrew letter behind a double quote: nothing glues to its other side.
    HebrewClosed,
    /// A Hebrew letter with its single quote.
    HebrewQuoted,
    Number,
    Katakana,
    /// ExtendNumLet behind a word.
    Joined,
    /// MidLetter and the like; a letter must follow.
    LetterMid,
    /// MidNum and the like; a digit must follow.
    NumberMid,
    /// A double quote behind a Hebrew letter; another must follow.
    HebrewMid,
}

impl Word {
    /// The state after one more code point, or none when the word ends before it.
    pub(super) fn next(self, class: Class) -> Option<Word> {
        match class {
            // WB4: it belongs to what stands before, if anything does.
            _ if class.extends() => (self != Word::Start).then_some(self),
            Class::Underscore => self.underscore(),
            Class::Letter | Class::LetterEmoji | Class::Hebrew => self.letter(class),
            Class::Digit => match self {
                Word::Katakana | Word::LetterMid | Word::HebrewMid => None,
                // WB8, WB9, WB11, WB13b.
                _ => Some(Word::Number),
            },
            Class::Katakana => match self {
                // WB13, WB13b.
                Word::Start | Word::Underscores | Word::Joined | Word::Katakana => {
                    Some(Word::Katakana)
                }
                _ => None,
            },
            _ => self.mid(class),
        }
    }

    /// Whether the text up to here is a token.
    pub(super) fn is_token(self) -> bool {
        match self {
            Word::Start | Word::Underscores => false,
            Word::LetterMid | Word::NumberMid | Word::HebrewMid => false,
            Word::Letter | Word::Hebrew | Word::HebrewClosed | Word::HebrewQuoted => true,
            Word::Number | Word::Katakana | Word::Joined => true,
        }
    }

    /// WB13a.
    fn underscore(self) -> Option<Word> {
        match self {
            Word::Start | Word::Underscores => Some(Word::Underscores),
            _ if self.is_token() => Some(Word::Joined),
            _ => None,
        }
    }

    /// WB5, WB7, WB7c, WB10, WB13b.
    ///
    /// Lucene's grammar lets a Hebrew letter take a quote only where the letter is not already the
    /// right-hand side of something that glues.
    fn letter(self, class: Class) -> Option<Word> {
        match self {
            Word::Katakana | Word::NumberMid => None,
            Word::LetterMid => Some(Word::Letter),
            Word::HebrewMid => (class == Class::Hebrew).then_some(Word::HebrewClosed),
            _ if class == Class::Hebrew => Some(Word::Hebrew),
            _ => Some(Word::Letter),
        }
    }

    /// WB6, WB7a, WB7b, WB12.
    fn mid(self, class: Class) -> Option<Word> {
        match (self, class) {
            (Word::Hebrew, Class::SingleQuote) => Some(Word::HebrewQuoted),
            (Word::Hebrew, Class::DoubleQuote) => Some(Word::HebrewMid),
            (
                Word::Letter | Word::Hebrew,
                Class::MidLetter | Class::MidNumLet | Class::SingleQuote,
            ) => Some(Word::LetterMid),
            (Word::Number, Class::MidNum | Class::MidNumLet | Class::SingleQuote) => {
                Some(Word::NumberMid)
            }
            _ => None,
        }
    }
}
