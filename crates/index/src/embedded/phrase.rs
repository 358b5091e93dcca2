//! Phrases: the events that have all terms, then whether these stand where the phrase wants them.

use recheck_core::phrase_matches;
use tantivy::{
    DocId, DocSet, InvertedIndexReader, TERMINATED, Term,
    postings::{Postings, SegmentPostings},
    query::{ConstScorer, EmptyScorer, Scorer},
    schema::IndexRecordOption,
};

/// The events of a segment in which the phrase stands.
pub(super) fn scorer(
    index: &InvertedIndexReader,
    terms: &[Term],
    slop: u32,
) -> tantivy::Result<Box<dyn Scorer>> {
    // A term that the phrase has twice is read once.
    let mut distinct: Vec<(&Term, SegmentPostings)> = Vec::new();
    for term in terms {
        if distinct.iter().any(|(known, _)| *known == term) {
            continue;
        }
        match index.read_postings(term, IndexRecordOption::WithFreqsAndPositions)? {
            Some(postings) => distinct.push((term, postings)),
            None => return Ok(Box::new(EmptyScorer)),
        }
    }
    // The rarest leads.
    distinct.sort_by_key(|(_, postings)| postings.size_hint());
    let place = |term: &Term| distinct.iter().position(|(known, _)| *known == term);
    let places = terms.iter().filter_map(place).collect();
    let positions = vec![Vec::new(); distinct.len()];
    let postings = distinct.into_iter().map(|(_, postings)| postings).collect();
    let mut phrase = PhraseDocs { postings, places, positions, slop };
    phrase.settle();
    Ok(Box::new(ConstScorer::new(phrase, 1.0)))
}

/// The current event is that of the first postings.
struct PhraseDocs {
    /// Of the distinct terms, the rarest first.
    postings: Vec<SegmentPostings>,
    /// For each term of the phrase its place in `postings`.
    places: Vec<usize>,
    /// The positions of each distinct term in the current event.
    positions: Vec<Vec<u32>>,
    slop: u32,
}

impl PhraseDocs {
    /// Goes on, from the current event inclusive, to one that has the phrase.
    fn settle(&mut self) {
        while self.align() != TERMINATED && !self.stands() {
            self.postings[0].advance();
        }
    }

    /// Goes on, from the current event inclusive, to one that has all terms.
    fn align(&mut self) -> DocId {
        let Some((lead, others)) = self.postings.split_first_mut() else { return TERMINATED };
        let mut doc = lead.doc();
        'candidates: while doc != TERMINATED {
            for other in &mut *others {
                let at = if other.doc() < doc { other.seek(doc) } else { other.doc() };
                if at > doc {
                    doc = lead.seek(at);
                    continue 'candidates;
                }
            }
            return doc;
        }
        TERMINATED
    }

    fn stands(&mut self) -> bool {
        for (postings, positions) in self.postings.iter_mut().zip(&mut self.positions) {
            postings.positions(positions);
        }
        let positions: Vec<&[u32]> =
            self.places.iter().map(|place| self.positions[*place].as_slice()).collect();
        phrase_matches(&positions, self.slop)
    }
}

impl DocSet for PhraseDocs {
    fn advance(&mut self) -> DocId {
        self.postings[0].advance();
        self.settle();
        self.doc()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc() < target {
            self.postings[0].seek(target);
            self.settle();
        }
        self.doc()
    }

    fn doc(&self) -> DocId {
        self.postings[0].doc()
    }

    fn size_hint(&self) -> u32 {
        self.postings[0].size_hint() / 2
    }

    /// Positions are dear.
    fn cost(&self) -> u64 {
        u64::from(self.postings[0].size_hint()) * 10
    }
}
