//! Emoji: sequences joined by ZWJ, tag sequences, key caps, flags, as a machine.
//!
//! Lucene follows UTS #51's `emoji_sequence` in place of UAX #29's rules:
//!
//! ```text
//! element  = ZWJ* emoji extend* U+FE0F?  |  modifier extend*
//! sequence = element (ZWJ element)*  |  element tag+ end-of-tags
//!          | [0-9#*] extend* U+FE0F? U+20E3 extend*
//!          | regional extend-any* regional extend-any*
//! ```
//!
//! where `extend` is all that extends but the two presentation selectors. Tags, modifiers, joiners
//! and the key cap extend too, so they matter by themselves only behind a selector or at the start.
//! A digit's key cap is not followed here: as a word it reaches at least as far.

use crate::analysis::word_break::Class;

/// What stands before: it decides what may follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Emoji {
    #[default]
    Start,
    /// Joiners at the beginning; an emoji must follow.
    Joiners,
    /// An emoji and what extends it; `joined` when that ends with a joiner.
    Element { first: bool, joined: bool },
    /// A modifier and what extends it: takes no presentation selector.
    Modifier { joined: bool },
    /// An emoji with its presentation selector; the first element may take tags.
    Presented { first: bool },
    /// One joiner behind a presentation selector.
    PresentedJoiner,
    /// Several of them; only an emoji may follow.
    PresentedJoiners,
    /// Tags behind a presentation selector.
    Tags,
    /// A tag sequence that is complete.
    TagsEnded,
    /// `#` or `*` and what extends it, without a key cap so far.
    KeyCapBase,
    /// The same with a key cap.
    KeyCapped,
    /// A presentation selector behind one of those two; a key cap must follow.
    KeyCapPresented,
    /// The key cap behind the selector, and what extends it.
    KeyCapEnded,
    /// One regional indicator; a second must follow.
    Regional,
    /// Two regional indicators.
    Flag,
}

impl Emoji {
    /// The state after one more code point, or none when the sequence ends before it.
    pub(super) fn next(self, class: Class) -> Option<Emoji> {
        match self {
            Emoji::Start => Emoji::first(class),
            Emoji::Joiners if class == Class::Joiner => Some(self),
            Emoji::Joiners => class.is_emoji().then_some(FIRST_ELEMENT),
            Emoji::Element { joined: true, .. } | Emoji::Modifier { joined: true }
                if class.is_emoji() =>
            {
                Some(NEXT_ELEMENT)
            }
            Emoji::Element { first, .. } if class == Class::EmojiStyle => {
                Some(Emoji::Presented { first })
            }
            Emoji::Element { first, .. } => class
                .extends_emoji()
                .then_some(Emoji::Element { first, joined: class == Class::Joiner }),
            Emoji::Modifier { .. } => {
                class.extends_emoji().then_some(Emoji::Modifier { joined: class == Class::Joiner })
            }
            Emoji::Presented { .. }
            | Emoji::PresentedJoiner
            | Emoji::PresentedJoiners
            | Emoji::Tags
            | Emoji::TagsEnded => self.presented(class),
            Emoji::KeyCapBase | Emoji::KeyCapped | Emoji::KeyCapPresented | Emoji::KeyCapEnded => {
                self.key_cap(class)
            }
            Emoji::Regional if class == Class::Regional => Some(Emoji::Flag),
            Emoji::Regional | Emoji::Flag => class.extends().then_some(self),
        }
    }

    /// Whether the text up to here is a token.
    pub(super) fn is_token(self) -> bool {
        matches!(
            self,
            Emoji::Element { .. }
                | Emoji::Modifier { .. }
                | Emoji::Presented { .. }
                | Emoji::TagsEnded
                | Emoji::KeyCapped
                | Emoji::KeyCapEnded
                | Emoji::Flag
        )
    }

    fn first(class: Class) -> Option<Emoji> {
        match class {
            Class::Joiner => Some(Emoji::Joiners),
            Class::Emoji | Class::LetterEmoji => Some(FIRST_ELEMENT),
            Class::EmojiModifier => Some(Emoji::Modifier { joined: false }),
            Class::KeyCapBase => Some(Emoji::KeyCapBase),
            Class::Regional => Some(Emoji::Regional),
            _ => None,
        }
    }

    /// Behind an emoji's presentation selector, where nothing extends it any more.
    fn presented(self, class: Class) -> Option<Emoji> {
        match (self, class) {
            (Emoji::Presented { .. }, Class::Joiner) => Some(Emoji::PresentedJoiner),
            (Emoji::PresentedJoiner | Emoji::PresentedJoiners, Class::Joiner) => {
                Some(Emoji::PresentedJoiners)
            }
            (Emoji::PresentedJoiner, Class::EmojiModifier) => {
                Some(Emoji::Modifier { joined: false })
            }
            (Emoji::PresentedJoiner | Emoji::PresentedJoiners, class) => {
                class.is_emoji().then_some(NEXT_ELEMENT)
            }
            (Emoji::Presented { first: true } | Emoji::Tags, Class::Tag) => Some(Emoji::Tags),
            (Emoji::Tags, Class::TagEnd) => Some(Emoji::TagsEnded),
            _ => None,
        }
    }

    /// Behind `#` or `*`.
    fn key_cap(self, class: Class) -> Option<Emoji> {
        match (self, class) {
            (Emoji::KeyCapPresented, Class::KeyCap) => Some(Emoji::KeyCapEnded),
            (Emoji::KeyCapPresented, _) => None,
            (Emoji::KeyCapBase, Class::KeyCap) => Some(Emoji::KeyCapped),
            (Emoji::KeyCapBase | Emoji::KeyCapped, Class::EmojiStyle) => {
                Some(Emoji::KeyCapPresented)
            }
            _ => class.extends_emoji().then_some(self),
        }
    }
}

const FIRST_ELEMENT: Emoji = Emoji::Element { first: true, joined: false };
const NEXT_ELEMENT: Emoji = Emoji::Element { first: false, joined: false };
