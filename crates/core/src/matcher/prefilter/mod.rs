//! Stage 3 of matching: one look over raw bytes that names every place worth a closer look.
//!
//! Its contract is *no false negatives*: for every event that a fingerprint with required literals
//! matches, at least one candidate of that fingerprint lies inside the event. False positives cost
//! time and nothing else.
//!
//! Two engines share the work. [`kernel`] finds whole words with vector instructions; nearly every
//! literal is a word of a term. Pieces of words (`*timeout*`, `contains: "ailed to"`) go to an
//! Aho-Corasick automaton. What neither can promise (tokens cut at 255 units, the two code points
//! beyond ASCII that lower-case into it) is told as [`What::Exact`]: analyse that event and look its
//! tokens up.

mod beside;
mod context;
mod gate;
mod joined;
mod kernel;
mod sieve;
mod words;

use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};

use beside::Slots;
pub(crate) use context::Context;
use context::Verdict;
use kernel::{Filters, Found};
pub(crate) use kernel::{Haystack, Sweep};
pub(crate) use sieve::is_word_byte;
use sieve::{Sieve, Sought};
use words::{Seen, Words};

use crate::failure::Wording;

/// A literal of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LiteralId(pub(crate) u32);

/// What a fingerprint needs an event to contain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Literal {
    /// A phrase (or a single term), found by its anchor word.
    Phrase(Arc<Context>),
    /// ASCII bytes anywhere, in any case.
    Piece(Box<[u8]>),
}

/// A place worth a closer look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Byte offset in the block, in the line that makes the place worth it.
    pub(crate) position: u32,
    pub(crate) what: What,
}

/// Why a place is worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// This literal is here; `certain` when the phrase itself was verified in the raw bytes.
    Literal { id: LiteralId, certain: bool },
    /// The event round this place must be analysed and its tokens looked up.
    Exact,
}

/// A place that has one of the texts that are told for their own sake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// Byte offset in the block at which the text begins.
    pub(crate) position: u32,
    /// Which text, by its place among them.
    pub(crate) text: u16,
}

impl Sighting {
    /// The same, seen from that many bytes before.
    pub(crate) fn moved(self, by: usize) -> Sighting {
        Sighting { position: self.position + by as u32, ..self }
    }
}

/// What is told beside the candidates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extras<'a> {
    /// Words, lower-cased, in any case.
    pub(crate) marks: &'a [&'a str],
    /// Texts as they are written.
    pub(crate) texts: &'a [Wording<'a>],
}

/// The compiled literals of a set.
#[derive(Debug)]
pub(crate) struct Prefilter {
    search: WordSearch,
    /// The search without the texts, built where it is first asked for.
    bare: OnceLock<Box<WordSearch>>,
    /// The literals' contexts, then those of the texts.
    contexts: Vec<Option<Context>>,
    /// Where those of the texts begin.
    first_text: u32,
    marks: Box<[Box<str>]>,
    pieces: Option<Pieces>,
}

/// How words are looked for.
#[derive(Debug)]
struct WordSearch {
    sieve: Sieve,
    slots: Slots,
    words: Words,
}

/// What to look for in a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// The literals that may matter.
    pub(crate) live: &'a [bool],
    /// Whether pieces of words are among them.
    pub(crate) pieces: bool,
    /// The texts that are told for their own sake as well.
    pub(crate) texts: bool,
}

/// Buffers of one thread.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    found: Found,
    seen: Seen,
    /// The candidates of the last block, line by line in order.
    pub(crate) candidates: Vec<Candidate>,
    /// Where the last block has one of the marks, by position.
    pub(crate) marks: Vec<u32>,
    /// Where it has one of the texts, by position.
    pub(crate) sightings: Vec<Sighting>,
}

#[derive(Debug)]
struct Pieces {
    automaton: AhoCorasick,
    literals: Vec<LiteralId>,
}

impl Prefilter {
    /// Compiles literals; their index is their id. `rarity` chooses the word by which a text is
    /// looked for.
    pub(crate) fn new(
        literals: &[Literal],
        Extras { marks, texts }: Extras<'_>,
        rarity: impl Fn(&[u8]) -> f32,
    ) -> Prefilter {
        // By value: they are looked at in the midst of the search.
        let mut contexts: Vec<Option<Context>> = literals
            .iter()
            .map(|literal| match literal {
                Literal::Phrase(context) => Some(Context::clone(context)),
                Literal::Piece(_) => None,
            })
            .collect();
        contexts.extend(texts.iter().map(|text| Context::verbatim(*text, &rarity)));
        let marks: Box<[Box<str>]> = marks.iter().map(|mark| Box::from(*mark)).collect();
        Prefilter {
            search: WordSearch::new(&contexts, &marks),
            bare: OnceLock::new(),
            contexts,
            first_text: literals.len() as u32,
            marks,
            pieces: Pieces::new(literals),
        }
    }

    /// The search for what is wanted.
    fn search(&self, texts: bool) -> &WordSearch {
        let first_text = self.first_text as usize;
        if texts || first_text == self.contexts.len() {
            return &self.search;
        }
        let bare = || WordSearch::new(&self.contexts[..first_text], &self.marks);
        self.bare.get_or_init(|| Box::new(bare()))
    }

    /// Fills `buffers.candidates` with the places of `block` worth a closer look, by position, and
    /// beside them what is told for its own sake. The block must begin and end at event borders.
    /// Returns the number of line feeds; nothing, and no places either, when the block was not swept and needs
    /// cleaning.
    pub(crate) fn find(
        &self,
        block: Haystack<'_>,
        Wanted { live, pieces, texts }: Wanted<'_>,
        buffers: &mut Buffers,
    ) -> Option<u64> {
        let WordSearch { sieve, slots, words } = self.search(texts);
        let Buffers { found, seen, candidates, marks, sightings } = buffers;
        candidates.clear();
        marks.clear();
        sightings.clear();
        let filters = Filters { sieve, slots };
        kernel::find(filters, block, found);
        let Haystack { bytes: block, sweep } = block;
        if sweep != Sweep::Done && found.is_dirty() {
            return None;
        }
        words.look_up(block, found.words(), seen, marks);
        for &word in &seen.phrases {
            let phrases = words.phrases(word, block, &self.contexts);
            self.push_phrases((block, word.at), phrases, live, candidates);
        }
        sightings.extend(seen.texts.iter().filter_map(|&(at, id)| self.sighting(block, at, id)));
        let exact = |position| Candidate { position, what: What::Exact };
        candidates.extend(found.chains.iter().copied().map(exact));
        candidates.extend(found.folding_into_ascii(block).map(exact));
        if let Some(engine) = self.pieces.as_ref().filter(|_| pieces) {
            engine.find(block, live, candidates);
        }
        // Nearly in order, which the sort makes good use of.
        candidates.sort_by_key(|candidate| candidate.position);
        marks.sort_unstable();
        sightings.sort_unstable_by_key(|sighting| (sighting.position, sighting.text));
        Some(found.lines)
    }

    /// Looks at phrases that may stand round the word at a place.
    fn push_phrases(
        &self,
        (block, at): (&[u8], u32),
        phrases: impl Iterator<Item = LiteralId>,
        live: &[bool],
        candidates: &mut Vec<Candidate>,
    ) {
        for id in phrases {
            if !live[id.0 as usize] {
                continue;
            }
            let Some(context) = &self.contexts[id.0 as usize] else { continue };
            let (position, certain) = match context.check(block, at as usize) {
                Verdict::No => continue,
                Verdict::Maybe => (at, false),
                // The phrase's start, in the same line: all of it must be part of the message.
                Verdict::Yes(start) => (start as u32, true),
            };
            candidates.push(Candidate { position, what: What::Literal { id, certain } });
        }
    }

    /// The text, if it stands round the word at `at`.
    fn sighting(&self, block: &[u8], at: u32, id: LiteralId) -> Option<Sighting> {
        let context = self.contexts[id.0 as usize].as_ref()?;
        let start = context.check_verbatim(block, at as usize)?;
        Some(Sighting { position: start as u32, text: (id.0 - self.first_text) as u16 })
    }

    /// The literals among the words of one analysed, lower-cased term: the exact path.
    pub(crate) fn find_in_term(&self, term: &str, each: &mut dyn FnMut(LiteralId)) {
        for word in term.as_bytes().split(|&byte| !is_word_byte(byte)) {
            self.search.words.of_word(word).for_each(&mut *each);
        }
    }

    /// The pieces in a lower-cased text: the exact path.
    pub(crate) fn find_pieces(&self, text: &str, each: &mut dyn FnMut(LiteralId)) {
        if let Some(pieces) = &self.pieces {
            for found in pieces.automaton.find_overlapping_iter(text) {
                each(pieces.literals[found.pattern().as_usize()]);
            }
        }
    }
}

impl WordSearch {
    fn new(contexts: &[Option<Context>], marks: &[Box<str>]) -> WordSearch {
        let anchors = contexts.iter().flatten().map(Context::sought);
        let marked = marks.iter().map(|mark| Sought::AnyCase(mark.as_bytes()));
        let words = Words::new(contexts, marks);
        WordSearch { sieve: Sieve::new(anchors.chain(marked)), slots: words.slots(), words }
    }
}

impl Pieces {
    fn new(literals: &[Literal]) -> Option<Pieces> {
        let mut texts = Vec::new();
        let mut ids = Vec::new();
        for (index, literal) in literals.iter().enumerate() {
            if let Literal::Piece(text) = literal {
                texts.push(text.clone());
                ids.push(LiteralId(index as u32));
            }
        }
        if texts.is_empty() {
            return None;
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(&texts)
            .expect("literals are bounded far below the automaton's limits");
        Some(Pieces { automaton, literals: ids })
    }

    fn find(&self, block: &[u8], live: &[bool], candidates: &mut Vec<Candidate>) {
        for found in self.automaton.find_overlapping_iter(block) {
            let id = self.literals[found.pattern().as_usize()];
            if live[id.0 as usize] {
                let what = What::Literal { id, certain: false };
                candidates.push(Candidate { position: found.start() as u32, what });
            }
        }
    }
}

impl Buffers {
    /// The number of line feeds before `at` in the block looked at last.
    pub(crate) fn feeds_before(&self, at: usize) -> u64 {
        self.found.feeds_before(at)
    }

    /// Where the line feeds of that block are: a bit for each byte, the lowest of a word first. They may be
    /// taken out and put back.
    pub(crate) fn feeds_mut(&mut self) -> &mut Vec<u64> {
        &mut self.found.feeds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[String], text: &str) -> Vec<u32> {
        let literal = |word: &String| {
            let terms = std::slice::from_ref(word);
            Literal::Phrase(Context::new(terms, true, |_| 0.0).expect("an ASCII word").into())
        };
        let literals: Vec<Literal> = words.iter().map(literal).collect();
        let prefilter =
            Prefilter::new(&literals, Extras { marks: &["unlikely"], texts: &[] }, |_| 0.0);
        let mut buffers = Buffers::default();
        let wanted = Wanted { live: &vec![true; words.len()], pieces: false, texts: true };
        prefilter.find(Haystack::swept(text.as_bytes()), wanted, &mut buffers);
        let ids = buffers.candidates.iter().map(|candidate| match candidate.what {
            What::Literal { id, .. } => id.0,
            What::Exact => u32::MAX,
        });
        ids.collect()
    }

    #[test]
    fn words_that_share_their_first_bytes_are_told_apart() {
        let mut words: Vec<String> = (0..40).map(|number| format!("unlikely{number:02}")).collect();
        words.push("unlikely".to_owned());
        let text =
            "x Unlikely07 unlikely7 unlikely070, unlikely39\nUNLIKELY unlikely_00 unlikely00";
        assert_eq!(found(&words, text), [7, 39, 40, 0]);
    }

    #[test]
    fn code_points_that_fold_into_ascii_ask_for_an_exact_look() {
        let words = ["kernel".to_owned()];
        assert_eq!(found(&words, "a \u{212A}ernel panic"), [u32::MAX]);
        assert_eq!(found(&words, "a \u{e9}kernel panic"), [0]);
    }
}
