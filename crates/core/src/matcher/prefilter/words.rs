//! From a word of the text to the phrases that may stand round it.
//!
//! Most words that pass the sieve are the right word in the wrong place, so what stands beside a
//! word is looked at before any of its phrases is: two letters of the word behind and two of the
//! word before, each against a filter of 64 bits. No branch depends on the text until both said
//! that it is worth one.

use std::cmp::Ordering;

use super::{
    LiteralId,
    context::Context,
    gate::Gate,
    kernel::{MOST, Word},
    sieve::{hash, is_word_byte, key_at, key_of},
};

/// The anchors of all phrases and texts, by their first eight bytes and their length.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Open addressing: a place in `groups`, or [`FREE`].
    index: Vec<u32>,
    groups: Vec<Group>,
    /// The phrases, those of a group side by side.
    entries: Vec<LiteralId>,
    /// The texts.
    gates: Vec<Gate>,
}

const FREE: u32 = u32::MAX;

/// The anchors that share first bytes and length.
#[derive(Clone, Copy, Debug)]
struct Group {
    key: u64,
    /// What the word behind may be, by its first two letters; 0 when no phrase asks.
    after: u64,
    /// What the word before may be, by its last two.
    before: u64,
    start: u32,
    count: u32,
    length: u8,
    /// The word is told for its own sake.
    mark: bool,
    /// The place of its texts in `gates`, or [`FREE`].
    gate: u32,
}

/// A word of the block with phrases that may stand round it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promising {
    pub(super) at: u32,
    group: u32,
}

/// Words of the block worth a closer look.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Those with phrases that may stand round them.
    pub(super) phrases: Vec<Promising>,
    /// Those with texts that may stand round them, and these.
    pub(super) texts: Vec<(u32, LiteralId)>,
}

/// A word to look for, and the phrase or text it is the anchor of; a mark is of none.
struct Anchor<'a> {
    word: &'a [u8],
    of: Option<(LiteralId, &'a Context)>,
}

impl Anchor<'_> {
    fn key(&self) -> (u64, u8) {
        (key_of(self.word), length_of(self.word))
    }
}

/// More entries than this are searched for their word before they are looked at one by one.
const CROWD: usize = 4;

impl Words {
    /// The anchors of these phrases, whose index is their id, and the marks.
    pub(super) fn new(contexts: &[Option<Context>], marks: &[&str]) -> Words {
        let phrases = (0..).map(LiteralId).zip(contexts).filter_map(|(id, context)| {
            let context = context.as_ref()?;
            Some(Anchor { word: context.anchor(), of: Some((id, context)) })
        });
        let marks = marks.iter().map(|mark| Anchor { word: mark.as_bytes(), of: None });
        let mut anchors: Vec<Anchor<'_>> = phrases.chain(marks).collect();
        // By word within a group: `phrases` relies on it.
        anchors.sort_by_key(|anchor| (anchor.key(), anchor.word, anchor.of.map(|(id, _)| id)));
        let mut words = Words::default();
        for same in anchors.chunk_by(|a, b| a.key() == b.key()) {
            words.push_group(same);
        }
        words.build_index();
        words
    }

    /// Adds the anchors that share first bytes and length.
    fn push_group(&mut self, anchors: &[Anchor<'_>]) {
        let Some((key, length)) = anchors.first().map(Anchor::key) else { return };
        let start = self.entries.len() as u32;
        let (mark, gate) = (false, FREE);
        let mut group = Group { key, after: 0, before: 0, start, count: 0, length, mark, gate };
        for anchor in anchors {
            let Some((id, context)) = anchor.of else {
                group.mark = true;
                continue;
            };
            if context.is_verbatim() {
                group.gate = group.gate.min(self.gates.len() as u32);
                self.gates.resize_with(group.gate as usize + 1, Gate::default);
                self.gates[group.gate as usize].push(id, context);
                continue;
            }
            let (after, before) = beside(context);
            group.after |= after;
            group.before |= before;
            group.count += 1;
            self.entries.push(id);
        }
        self.groups.push(group);
    }

    fn build_index(&mut self) {
        let size = (self.groups.len() * 4).next_power_of_two();
        self.index = vec![FREE; size];
        for (place, group) in self.groups.iter().enumerate() {
            let mut at = home(group.key, group.length, size);
            while self.index[at] != FREE {
                at = (at + 1) & (size - 1);
            }
            self.index[at] = place as u32;
        }
    }

    #[inline]
    fn find(&self, key: u64, length: u8) -> Option<(u32, &Group)> {
        let mut at = home(key, length, self.index.len());
        loop {
            let place = self.index[at];
            let group = self.groups.get(place as usize)?;
            if (group.key, group.length) == (key, length) {
                return Some((place, group));
            }
            at = (at + 1) & (self.index.len() - 1);
        }
    }

    /// Tells those of the words whose surroundings some phrase or text admits, and in `marks` where a
    /// mark is.
    pub(super) fn look_up(
        &self,
        block: &[u8],
        words: &[Word],
        Seen { phrases: promising, texts }: &mut Seen,
        marks: &mut Vec<u32>,
    ) {
        texts.clear();
        promising.resize(words.len(), Promising { at: 0, group: 0 });
        let mut kept = 0;
        for word in words {
            let key = key_at(block, word.at as usize, usize::from(word.length));
            let Some((group, found)) = self.find(key, word.length) else { continue };
            if found.mark {
                marks.push(word.at);
            }
            if let Some(gate) = self.gates.get(found.gate as usize) {
                let at = word.at as usize;
                let end = at + usize::from(word.length);
                gate.admitted(block, (at, end), &mut |id| texts.push((word.at, id)));
                if found.count == 0 {
                    continue;
                }
            }
            promising[kept] = Promising { at: word.at, group };
            kept += usize::from(found.admits(block, word));
        }
        promising.truncate(kept);
    }

    /// The phrases that may stand round a word of the block.
    pub(super) fn phrases(
        &self,
        promising: Promising,
        block: &[u8],
        contexts: &[Option<Context>],
    ) -> &[LiteralId] {
        let entries = self.entries_of(&self.groups[promising.group as usize]);
        if entries.len() <= CROWD {
            return entries;
        }
        // Those of the very word, among words that share their first bytes.
        let text = &block[promising.at as usize..];
        let order = |id: &LiteralId| match &contexts[id.0 as usize] {
            Some(context) => context.order(text),
            None => Ordering::Equal,
        };
        let start = entries.partition_point(|id| order(id).is_lt());
        let length = entries[start..].partition_point(|id| order(id).is_eq());
        &entries[start..start + length]
    }

    /// The phrases anchored at words that look like this one.
    pub(super) fn of_word(&self, word: &[u8]) -> &[LiteralId] {
        let group = self.find(key_of(word), length_of(word));
        group.map_or(&[], |(_, group)| self.entries_of(group))
    }

    fn entries_of(&self, group: &Group) -> &[LiteralId] {
        &self.entries[group.start as usize..(group.start + group.count) as usize]
    }
}

impl Group {
    /// Whether what stands beside the word may belong to one of the phrases: true where that can't
    /// be told.
    #[inline]
    fn admits(&self, block: &[u8], word: &Word) -> bool {
        let start = word.at as usize;
        let end = start + usize::from(word.length);
        let behind = block.get(end..end + BESIDE).and_then(|beside| beside.first_chunk());
        let before = start.checked_sub(BESIDE).and_then(|from| block[from..start].first_chunk());
        let (Some(&behind), Some(&before)) = (behind, before) else { return true };
        // Seen from the word, both sides look alike.
        let behind = bit_beside(u64::from_le_bytes(behind), word.behind);
        let before = bit_beside(u64::from_be_bytes(before), word.before);
        self.after & behind | self.before & before != 0
    }
}

/// Bytes beside a word that are looked at.
const BESIDE: usize = 8;

/// The filter's bit for the two nearest letters of the word beside, with so many bytes between; all
/// bits when the text says nothing.
#[inline]
fn bit_beside(bytes: u64, gap: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    if gap == 0 || usize::from(gap) > BESIDE - 2 {
        return u64::MAX;
    }
    let letters = (bytes >> (8 * gap)) as u16;
    let between = bytes & !(u64::MAX << (8 * gap));
    // A line feed, or a byte beyond ASCII: only the analyzer knows what lies between. (The sum is
    // exact up to the lowest byte that is a line feed.)
    let feeds = (between ^ (ONES * 0x0A)).wrapping_sub(ONES) & !(between ^ (ONES * 0x0A)) & HIGH;
    // A run of nothing but `_` is no token, so one that has a `_` there settles nothing.
    let settled = (between | u64::from(letters)) & HIGH == 0 && feeds == 0 && letters as u8 != b'_';
    let [near, far] = letters.to_le_bytes();
    if settled { bit_of(near, is_word_byte(far).then_some(far)) } else { u64::MAX }
}

/// The filter's bit for the letters of a word nearest to the anchor; one of a single letter has no
/// second.
#[inline]
fn bit_of(near: u8, far: Option<u8>) -> u64 {
    let letters = u16::from_le_bytes([near | 0x20, far.map_or(0, |far| far | 0x20)]);
    1 << (u32::from(letters).wrapping_mul(0x9E37_79B1) >> 26)
}

/// What a phrase admits behind and before its anchor; one side is enough.
fn beside(context: &Context) -> (u64, u64) {
    match context.beside() {
        (Some(word), _) => (bit_of(word[0], word.get(1).copied()), 0),
        (None, Some(word)) => {
            let mut backwards = word.iter().rev().copied();
            (0, backwards.next().map_or(u64::MAX, |near| bit_of(near, backwards.next())))
        }
        (None, None) => (u64::MAX, 0),
    }
}

fn length_of(word: &[u8]) -> u8 {
    word.len().min(usize::from(MOST)) as u8
}

#[inline]
fn home(key: u64, length: u8, size: usize) -> usize {
    // Other bits than the sieve's, or all its false alarms would meet here again.
    let hash = hash(key ^ u64::from(length) << 56);
    (hash >> 32) as usize & (size - 1)
}
