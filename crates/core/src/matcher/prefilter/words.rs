//! From a word of the text to the phrases that may stand round it.

use std::cmp::Ordering;

use super::{
    LiteralId,
    beside::{Beside, MOST, Sides, Slots, home},
    context::Context,
    gate::Gate,
    kernel::Sifted,
    sieve::key_of,
};

/// The anchors of all phrases and texts, by their first eight bytes and their length.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Open addressing: a place in `groups`, or [`FREE`].
    index: Vec<u32>,
    groups: Vec<Group>,
    /// The phrases, those of a group side by side.
    entries: Vec<Entry>,
    /// The texts.
    gates: Vec<Gate>,
}

const FREE: u32 = u32::MAX;

/// The anchors that share first bytes and length.
#[derive(Clone, Copy, Debug)]
struct Group {
    key: u64,
    sides: Sides,
    start: u32,
    count: u32,
    length: u8,
    /// The word is told for its own sake.
    mark: bool,
    /// The place of its texts in `gates`, or [`FREE`].
    gate: u32,
}

/// A phrase.
#[derive(Clone, Copy, Debug)]
struct Entry {
    id: LiteralId,
    /// What it asks for beside its anchor.
    asks: Beside,
}

/// A word of the block with phrases that may stand round it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promising {
    pub(super) at: u32,
    group: u32,
    beside: Beside,
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
const CROWD: usize = 16;

impl Words {
    /// The anchors of these phrases, whose index is their id, and the marks.
    pub(super) fn new(contexts: &[Option<Context>], marks: &[Box<str>]) -> Words {
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
        let sides = Sides::default();
        let mut group = Group { key, sides, start, count: 0, length, mark, gate };
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
            let asks = Beside::asked_by(context);
            group.sides.add(Sides::of(asks));
            group.count += 1;
            self.entries.push(Entry { id, asks });
        }
        self.groups.push(group);
    }

    fn build_index(&mut self) {
        let size = (self.groups.len() * 4).next_power_of_two();
        self.index = vec![FREE; size];
        for (place, group) in self.groups.iter().enumerate() {
            let mut at = home(group.key, u64::from(group.length)) as usize & (size - 1);
            while self.index[at] != FREE {
                at = (at + 1) & (size - 1);
            }
            self.index[at] = place as u32;
        }
    }

    /// What may stand beside the anchors.
    pub(super) fn slots(&self) -> Slots {
        let sides = |group: &Group| match group.mark || group.gate != FREE {
            true => Sides::ANY,
            false => group.sides,
        };
        let anchors = self.groups.iter().map(|group| (group.key, group.length, sides(group)));
        Slots::new(anchors)
    }

    #[inline]
    fn find(&self, key: u64, length: u8) -> Option<(u32, &Group)> {
        let mut at = home(key, u64::from(length)) as usize & (self.index.len() - 1);
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
        words: impl Iterator<Item = Sifted>,
        Seen { phrases: promising, texts }: &mut Seen,
        marks: &mut Vec<u32>,
    ) {
        texts.clear();
        promising.clear();
        for Sifted { word, key, beside } in words {
            let Some((group, found)) = self.find(key, word.length) else { continue };
            if found.mark {
                marks.push(word.at);
            }
            if let Some(gate) = self.gates.get(found.gate as usize) {
                let at = word.at as usize;
                let end = at + usize::from(word.length);
                gate.admitted(block, (at, end), &mut |id| texts.push((word.at, id)));
            }
            if found.sides.admit(beside) {
                promising.push(Promising { at: word.at, group, beside });
            }
        }
    }

    /// The phrases that may stand round a word of the block.
    pub(super) fn phrases(
        &self,
        promising: Promising,
        block: &[u8],
        contexts: &[Option<Context>],
    ) -> impl Iterator<Item = LiteralId> {
        let mut entries = self.entries_of(&self.groups[promising.group as usize]);
        if entries.len() > CROWD {
            entries = of_word(entries, &block[promising.at as usize..], contexts);
        }
        let admitting = entries.iter().filter(move |entry| entry.asks.admits(promising.beside));
        admitting.map(|entry| entry.id)
    }

    /// The phrases anchored at words that look like this one.
    pub(super) fn of_word(&self, word: &[u8]) -> impl Iterator<Item = LiteralId> {
        let group = self.find(key_of(word), length_of(word));
        let entries = group.map_or(&[][..], |(_, group)| self.entries_of(group));
        entries.iter().map(|entry| entry.id)
    }

    fn entries_of(&self, group: &Group) -> &[Entry] {
        &self.entries[group.start as usize..(group.start + group.count) as usize]
    }
}

/// Those of the very word that `text` begins with, among words that share their first bytes.
fn of_word<'e>(entries: &'e [Entry], text: &[u8], contexts: &[Option<Context>]) -> &'e [Entry] {
    let order = |entry: &Entry| match &contexts[entry.id.0 as usize] {
        Some(context) => context.order(text),
        None => Ordering::Equal,
    };
    let start = entries.partition_point(|entry| order(entry).is_lt());
    let length = entries[start..].partition_point(|entry| order(entry).is_eq());
    &entries[start..start + length]
}

fn length_of(word: &[u8]) -> u8 {
    word.len().min(usize::from(MOST)) as u8
}
