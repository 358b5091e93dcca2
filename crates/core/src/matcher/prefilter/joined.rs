//! A phrase as it stands most often, held against the text: one comparison for most places, whether they have
//! the phrase or not.

use super::sieve::{is_word_byte, lower};

/// A phrase as it stands most often, with its anchor at a place of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(align(64))]
pub(super) struct Joined {
    /// The first bytes, lower-cased, and behind the last nothing but zeros: in one line of the cache, as of a
    /// thousand phrases others are in it by the time that one is seen again.
    near: [u8; NEAR],
    text: Box<[u8]>,
    anchor: usize,
    /// The places of bytes that join the words beside them into one term.
    glue: Box<[usize]>,
}

/// Bytes that are compared at once.
const NEAR: usize = 64;
/// The same in eights.
const EIGHTS: usize = NEAR / 8;

/// What the bytes round a word say about the phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Every byte of it is here, as it stands most often.
    Same,
    /// It is surely not here.
    Other,
    /// More must be looked at.
    Unclear,
}

impl Joined {
    /// A phrase, lower-cased.
    pub(super) fn new(text: &[u8], anchor: usize, glue: impl Iterator<Item = usize>) -> Joined {
        let mut near = [0; NEAR];
        let length = text.len().min(NEAR);
        near[..length].copy_from_slice(&text[..length]);
        Joined { near, text: text.into(), anchor, glue: glue.collect() }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn anchor(&self) -> usize {
        self.anchor
    }

    /// Whether the phrase is in `text`, where its anchor may be at this place.
    #[inline]
    pub(super) fn look(&self, text: &[u8], at: usize) -> Look {
        let Some(start) = at.checked_sub(self.anchor) else { return Look::Unclear };
        let same = match text.get(start..).and_then(|rest| rest.first_chunk()) {
            Some(here) => self.is_near_same(here),
            None => self.is_near_same(&near_the_end(text, start)),
        };
        match same {
            true if self.text.len() <= NEAR => Look::Same,
            true => self.look_far(text, start),
            false => self.look_closer(text, start),
        }
    }

    fn is_near_same(&self, here: &[u8; NEAR]) -> bool {
        self.differs(here).iter().fold(0, |all, eight| all | eight) == 0
    }

    /// For each byte of the text 0, unless it differs from the phrase's. (In eights, which the compiler joins with
    /// fewer instructions than bytes.)
    #[inline]
    fn differs(&self, here: &[u8; NEAR]) -> [u64; EIGHTS] {
        let differs: [u8; NEAR] = std::array::from_fn(|at| {
            let differs = here[at].to_ascii_lowercase() ^ self.near[at];
            if self.near[at] == 0 { 0 } else { differs }
        });
        let (eights, _) = differs.as_chunks::<8>();
        std::array::from_fn(|at| u64::from_le_bytes(eights[at]))
    }

    /// The rest of a long phrase.
    fn look_far(&self, text: &[u8], start: usize) -> Look {
        let here = text.get(start + NEAR..start + self.text.len());
        match here {
            Some(here) if here.eq_ignore_ascii_case(&self.text[NEAR..]) => Look::Same,
            _ => self.look_closer(text, start),
        }
    }

    /// What the nearest bytes that differ say, behind the anchor's start and before it.
    #[inline(never)]
    fn look_closer(&self, text: &[u8], start: usize) -> Look {
        let here = &text[start..];
        let is_other = |at: usize, outward: Option<usize>| {
            // Where the text ends, as where a line does, a word does.
            let byte = here.get(at).copied().unwrap_or(b'\n');
            let outward = outward.and_then(|at| here.get(at)).copied();
            self.says(at).is_other(byte, outward.unwrap_or(b'\n'))
        };
        let (own_before, own_behind) = self.text.split_at(self.anchor);
        // The lesser only matters where the text has no anchor.
        let (here_before, here_behind) = here.split_at(self.anchor.min(here.len()));
        let behind = first_difference(here_behind, own_behind).map(|at| self.anchor + at);
        let before = || last_difference(here_before, own_before);
        match behind.is_some_and(|at| is_other(at, Some(at + 1)))
            || before().is_some_and(|at| is_other(at, at.checked_sub(1)))
        {
            true => Look::Other,
            false => Look::Unclear,
        }
    }

    /// What a byte says that is the first, seen from the anchor, that differs.
    fn says(&self, at: usize) -> Says {
        let is_before = at < self.anchor;
        let nearer = if is_before { at + 1 } else { at.saturating_sub(1) };
        let is_word = |at: usize| is_word_byte(self.text[at]);
        match (is_word(at), is_word(nearer)) {
            (true, true) if self.is_only_underscores(nearer, is_before) => Says::Nothing,
            (true, true) => Says::Word,
            (true, false) => Says::Start,
            (false, _) if self.glue.contains(&at) => Says::Word,
            (false, true) => Says::Edge,
            (false, false) => {
                let is_word = |byte: &&u8| is_word_byte(**byte);
                let (before, behind) = (&self.text[..at], &self.text[at..]);
                let next = match is_before {
                    true => before.iter().rfind(is_word),
                    false => behind.iter().find(is_word),
                };
                Says::Between(next.copied().unwrap_or_default())
            }
        }
    }

    /// Whether the part of a word from a place towards the anchor has no letter or digit.
    fn is_only_underscores(&self, at: usize, is_before: bool) -> bool {
        let is_other = |byte: &&u8| **byte != b'_';
        let (up_to, from) = (&self.text[..=at], &self.text[at..]);
        let other =
            if is_before { from.iter().find(is_other) } else { up_to.iter().rfind(is_other) };
        !other.is_some_and(u8::is_ascii_alphanumeric)
    }
}

/// Where a text first differs from a phrase, in any case.
fn first_difference(here: &[u8], own: &[u8]) -> Option<usize> {
    let length = here.len().min(own.len());
    let ((here, here_rest), (own_eights, own_rest)) =
        (here[..length].as_chunks::<8>(), own[..length].as_chunks::<8>());
    for (eight, (here, own)) in here.iter().zip(own_eights).enumerate() {
        let differs = lower(u64::from_le_bytes(*here)) ^ u64::from_le_bytes(*own);
        if differs != 0 {
            return Some(8 * eight + differs.trailing_zeros() as usize / 8);
        }
    }
    let rest =
        here_rest.iter().zip(own_rest).position(|(here, own)| here.to_ascii_lowercase() != *own);
    rest.map(|at| length - own_rest.len() + at).or((length < own.len()).then_some(length))
}

/// Where one last differs of as many bytes.
fn last_difference(here: &[u8], own: &[u8]) -> Option<usize> {
    let ((here_rest, here), (own_rest, own)) = (here.as_rchunks::<8>(), own.as_rchunks::<8>());
    for (eight, (here, own)) in here.iter().zip(own).enumerate().rev() {
        let differs = lower(u64::from_le_bytes(*here)) ^ u64::from_le_bytes(*own);
        if differs != 0 {
            return Some(own_rest.len() + 8 * eight + 7 - differs.leading_zeros() as usize / 8);
        }
    }
    here_rest.iter().zip(own_rest).rposition(|(here, own)| here.to_ascii_lowercase() != *own)
}

/// The bytes from a place on of which some are behind the text's end.
#[cold]
fn near_the_end(text: &[u8], start: usize) -> [u8; NEAR] {
    // No phrase has a line feed.
    let mut here = [b'\n'; NEAR];
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.len().min(NEAR);
    here[..length].copy_from_slice(&rest[..length]);
    here
}

/// What the first byte that differs says of the phrase: when it is surely not here. A byte beyond ASCII never
/// says anything, for there are some that fold into ASCII.
#[derive(Clone, Copy, Debug)]
enum Says {
    /// In a word of which only `_` is here: a run of nothing else is none.
    Nothing,
    /// Inside a word, or between two that one character joins: the word is another.
    Word,
    /// Right beside a word: if one goes on here, it is a longer one.
    Edge,
    /// Where the next word begins: if another begins here, it is not the next. A run of nothing but `_` is none.
    Start,
    /// Between two words, of which the next begins with this byte: a byte may be missing here.
    Between(u8),
}

impl Says {
    /// Whether the phrase is surely not where the text has this byte, and that farther outward.
    #[inline]
    fn is_other(self, byte: u8, outward: u8) -> bool {
        let begins = byte.is_ascii_alphanumeric();
        byte.is_ascii()
            && match self {
                Says::Nothing => false,
                Says::Word => true,
                Says::Edge => is_word_byte(byte),
                Says::Start => begins || byte == b'_' && outward.is_ascii_alphanumeric(),
                Says::Between(first) => begins && byte.to_ascii_lowercase() != first,
            }
    }
}
