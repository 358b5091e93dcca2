//! Which part of an event made its fingerprint match: what the reader should see of a long line.
//!
//! For showing only. The matcher decided already; here the words are looked for again, in the few
//! events that are shown.

use std::{cell::RefCell, collections::HashMap, ops::Range};

use recheck_core::{
    Bug, Clause, Evidence, Fingerprint, Leaf, LeafKind, Modifier, Node, Query, lowercase_into,
    tokens,
};

/// Finds matches of fingerprints by id.
pub(crate) struct Focus<'a> {
    fingerprints: &'a [Fingerprint],
    needles: RefCell<HashMap<String, Needles>>,
}

/// What a fingerprint looks for, by how telling it is.
#[derive(Default)]
struct Needles {
    contains: Vec<String>,
    patterns: Vec<regex::Regex>,
    /// Lower-cased words that stand side by side, the longest phrase first.
    phrases: Vec<Vec<String>>,
}

impl<'a> Focus<'a> {
    /// For bugs of these fingerprints.
    pub(crate) fn new(fingerprints: &'a [Fingerprint]) -> Focus<'a> {
        Focus { fingerprints, needles: RefCell::default() }
    }

    /// The bytes of the message that matched, if they can be told.
    pub(crate) fn find(&self, bug: &Bug, evidence: &Evidence) -> Option<Range<usize>> {
        let mut needles = self.needles.borrow_mut();
        if !needles.contains_key(&bug.fingerprint) {
            let fingerprint = self.fingerprints.iter().find(|known| known.id == bug.fingerprint)?;
            needles.insert(bug.fingerprint.clone(), Needles::of(fingerprint));
        }
        needles.get(&bug.fingerprint)?.find(&evidence.message)
    }
}

impl Needles {
    fn of(fingerprint: &Fingerprint) -> Needles {
        let mut needles = Needles { contains: fingerprint.contains.clone(), ..Needles::default() };
        needles.patterns = fingerprint
            .regex
            .iter()
            .filter_map(|pattern| regex::Regex::new(pattern).ok())
            .collect();
        for query in &fingerprint.queries {
            needles.query(query);
        }
        needles.phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
        needles
    }

    fn query(&mut self, query: &Query) {
        // An explicit stack: a query may be nested deep.
        let mut pending: Vec<(&[Clause], bool)> = vec![(query.clauses(), true)];
        while let Some((clauses, in_message)) = pending.pop() {
            for clause in clauses.iter().filter(|clause| clause.modifier != Modifier::Not) {
                match &clause.node {
                    Node::Group { field, clauses, .. } => {
                        let inside = field.as_ref().map_or(in_message, |name| name == "message");
                        pending.push((clauses, inside));
                    }
                    Node::Leaf(leaf) => self.leaf(leaf, in_message),
                }
            }
        }
    }

    fn leaf(&mut self, leaf: &Leaf, in_message: bool) {
        if !leaf.field.as_ref().map_or(in_message, |name| name == "message") {
            return;
        }
        match &leaf.kind {
            LeafKind::Phrase { text, .. } => self.phrases.push(words(text)),
            LeafKind::Term(text) | LeafKind::Fuzzy { text, .. } => self.each_word(text),
            LeafKind::Terms(texts) => texts.iter().for_each(|text| self.each_word(text)),
            _ => {}
        }
    }

    fn each_word(&mut self, text: &str) {
        self.phrases.extend(words(text).into_iter().map(|word| vec![word]));
    }

    fn find(&self, message: &str) -> Option<Range<usize>> {
        let pattern = || self.patterns.iter().find_map(|p| p.find(message).map(|hit| hit.range()));
        let contains = || {
            let found = self.contains.iter().find_map(|text| Some((message.find(text)?, text)));
            found.map(|(start, text)| start..start + text.len())
        };
        contains().or_else(pattern).or_else(|| self.find_phrase(message))
    }

    fn find_phrase(&self, message: &str) -> Option<Range<usize>> {
        if self.phrases.is_empty() {
            return None;
        }
        let places: Vec<_> = tokens(message).collect();
        let terms: Vec<String> = places.iter().map(|token| lower(token.of(message))).collect();
        self.phrases.iter().filter(|phrase| !phrase.is_empty()).find_map(|phrase| {
            let first = terms.windows(phrase.len()).position(|window| window == &phrase[..])?;
            Some(places[first].start..places[first + phrase.len() - 1].end)
        })
    }
}

fn words(text: &str) -> Vec<String> {
    tokens(text).map(|token| lower(token.of(text))).collect()
}

fn lower(word: &str) -> String {
    let mut lowered = String::with_capacity(word.len());
    lowercase_into(word, &mut lowered);
    lowered
}
