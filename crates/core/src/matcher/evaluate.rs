//! Stage 4: a query on one event, analysing no more of it than the query asks.

use crate::{
    analysis,
    bind::{LeafTest, phrase_matches},
    fields::FieldValues,
    schema::FieldKind,
};

use super::{
    prefilter::Context,
    program::{FieldId, Leaf, LeafId, Table, Truth},
    reference,
};

/// Between the values of a list, as Lucene's `position_increment_gap` default in Elasticsearch.
const POSITION_GAP: u32 = 100;

/// Answers of one event, kept while the event lasts. Reused from event to event.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The event's number; a slot stamped otherwise is stale.
    epoch: u32,
    leaves: Vec<(u32, bool)>,
    fields: Vec<(u32, Terms)>,
}

impl Answers {
    /// Forgets the event before.
    pub(super) fn begin(&mut self, table: &Table) {
        self.leaves.resize(table.leaves.len(), (0, false));
        self.fields.resize_with(table.fields.len(), Default::default);
        self.epoch = self.epoch.wrapping_add(1);
        if self.epoch == 0 {
            // After four billion events the stamps wrap: start anew rather than trust an old one.
            self.leaves.fill((0, false));
            self.fields.iter_mut().for_each(|slot| slot.0 = 0);
            self.epoch = 1;
        }
    }

    /// Records an answer found otherwise.
    pub(super) fn set(&mut self, id: LeafId, truth: bool) {
        self.leaves[id.0 as usize] = (self.epoch, truth);
    }

    /// The answer, if it was given already.
    pub(super) fn known(&self, id: LeafId) -> Truth {
        match self.leaves[id.0 as usize] {
            (stamp, truth) if stamp == self.epoch => Truth::from(truth),
            _ => Truth::Unknown,
        }
    }

    /// Answers a condition, from memory where it was asked before.
    pub(super) fn test(&mut self, id: LeafId, table: &Table, event: &Subject<'_>) -> bool {
        if let (stamp, truth) = self.leaves[id.0 as usize]
            && stamp == self.epoch
        {
            return truth;
        }
        if let Some(context) = table.context(id)
            && let Some(truth) = event.has_phrase(context)
        {
            self.set(id, truth);
            return truth;
        }
        let truth = match table.leaf_at(id) {
            Leaf::AnyField(query) => reference::matches(query, event.fields),
            Leaf::Contains(finder) => event.any_text(&|text| finder.find(text).is_some()),
            Leaf::Pattern(pattern) => event.any_text(&|text| pattern.is_match(text)),
            Leaf::Field { field, test: LeafTest::Exists, .. } => {
                !event.fields.values(table.field_name(*field)).is_empty()
            }
            Leaf::Field { field, kind: FieldKind::Text, test } => {
                test_terms(test, self.terms(*field, table, event.fields))
            }
            Leaf::Field { field, kind: FieldKind::Keyword, test } => {
                let mut values = event.fields.values(table.field_name(*field)).iter();
                values.any(|value| test.matches_term(value))
            }
        };
        self.set(id, truth);
        truth
    }

    /// The field's terms, analysed at the first call.
    pub(super) fn terms(
        &mut self,
        field: FieldId,
        table: &Table,
        event: &dyn FieldValues,
    ) -> &Terms {
        let (stamp, terms) = &mut self.fields[field.0 as usize];
        if *stamp != self.epoch {
            *stamp = self.epoch;
            terms.analyse(event, table.field_name(field));
        }
        terms
    }
}

/// An event's text, of which no more is made than is asked for.
pub(crate) trait EventText {
    /// Whether what stands at that place of the block looked at last is part of the message.
    fn is_message_at(&self, position: u32) -> bool;

    /// The line, where the event is a single one.
    fn line(&self) -> Option<&[u8]>;

    /// The message of that line.
    fn message(&self) -> &[u8];

    /// The event as it stands in the log, without the carriage returns that end its lines; `None` for a
    /// document, whose message stands for it.
    fn raw(&self) -> Option<&[u8]>;
}

/// What a query is evaluated on.
pub(super) struct Subject<'a> {
    pub(super) fields: &'a dyn FieldValues,
    pub(super) text: Option<&'a dyn EventText>,
    /// Whether phrases may be looked for without analysis, where it is a single line.
    pub(super) in_line: bool,
}

impl Subject<'_> {
    /// The line in which phrases may be looked for without analysis.
    pub(super) fn line(&self) -> Option<(&[u8], &dyn EventText)> {
        let text = self.text.filter(|_| self.in_line)?;
        Some((text.line()?, text))
    }

    /// Whether the message has the phrase; nothing when only the analyzer can tell.
    fn has_phrase(&self, phrase: &Context) -> Option<bool> {
        let (line, text) = self.line()?;
        // Most phrases are nowhere in the line, and where its message begins need not be known then.
        match phrase.is_in(line) {
            Some(false) => Some(false),
            _ => phrase.is_in(text.message()),
        }
    }

    /// Whether the event's text, or one of the messages of a document that has several, holds it.
    fn any_text(&self, holds: &dyn Fn(&[u8]) -> bool) -> bool {
        match self.text.and_then(EventText::raw) {
            Some(raw) => holds(raw),
            None => self.fields.values("message").iter().any(|message| holds(message.as_bytes())),
        }
    }
}

/// The terms of one text field, in order.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// The lower-cased terms one after the other.
    text: String,
    terms: Vec<Term>,
}

#[derive(Clone, Copy, Debug)]
struct Term {
    start: u32,
    end: u32,
    position: u32,
}

impl Terms {
    fn analyse(&mut self, event: &dyn FieldValues, field: &str) {
        self.text.clear();
        self.terms.clear();
        let mut position = 0;
        for (index, value) in event.values(field).iter().enumerate() {
            if index > 0 {
                position += POSITION_GAP;
            }
            for token in analysis::tokens(value) {
                let start = self.text.len() as u32;
                analysis::lowercase_into(&value[token.start..token.end], &mut self.text);
                self.terms.push(Term { start, end: self.text.len() as u32, position });
                position += 1;
            }
        }
    }

    /// The lower-cased terms in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|term| self.get(term))
    }

    fn get(&self, term: &Term) -> &str {
        &self.text[term.start as usize..term.end as usize]
    }

    fn holds(&self, index: usize, wanted: &str) -> bool {
        self.terms.get(index).is_some_and(|term| self.get(term) == wanted)
    }

    fn contains_sequence(&self, wanted: &[String]) -> bool {
        let Some((first, rest)) = wanted.split_first() else { return false };
        (0..self.terms.len()).any(|start| {
            self.holds(start, first)
                && rest.iter().enumerate().all(|(offset, term)| {
                    let index = start + offset + 1;
                    // Neighbours in the list are neighbours in the text, but across two values.
                    self.holds(index, term)
                        && self.terms[index].position == self.terms[index - 1].position + 1
                })
        })
    }

    fn positions(&self, wanted: &str) -> Vec<u32> {
        let found = self.terms.iter().filter(|term| self.get(term) == wanted);
        found.map(|term| term.position).collect()
    }
}

fn test_terms(test: &LeafTest, terms: &Terms) -> bool {
    match test {
        LeafTest::Phrase { terms: wanted, slop: 0, .. } => terms.contains_sequence(wanted),
        LeafTest::Phrase { terms: wanted, slop, .. } => {
            let positions: Vec<Vec<u32>> =
                wanted.iter().map(|term| terms.positions(term)).collect();
            let slices: Vec<&[u32]> = positions.iter().map(Vec::as_slice).collect();
            phrase_matches(&slices, *slop)
        }
        test => terms.iter().any(|term| test.matches_term(term)),
    }
}
