//! The matcher itself: a set of fingerprints compiled once, shared by every thread.

mod narrow;

use std::ops::Range;
use std::sync::Arc;

use memchr::memmem::Finder;
use thiserror::Error;

use crate::{
    bind::BindErrors,
    failure,
    fields::FieldValues,
    fingerprint::{Fingerprint, REGEX_SIZE_LIMIT},
    schema::Schema,
};

use super::{
    evaluate::{Answers, EventText, Subject},
    literals::{self, Chooser},
    prefilter::{
        Buffers, Candidate, Extras, Haystack, Literal, LiteralId, Prefilter, Sighting, Wanted, What,
    },
    program::{BoolNode, FieldId, Leaf, LeafId, Node, Table, Truth},
    rarity::Rarity,
};
pub use narrow::Narrowed;
use narrow::Told;

/// A set of fingerprints compiled into one program: immutable, cheap to clone, shared by threads.
///
/// What changes while it works is the caller's [`Scratch`], one per thread.
///
/// # Example
///
/// ```
/// use recheck_core::{Fields, Fingerprint, Matcher, Query};
///
/// let disk = Fingerprint {
///     id: "disk-full".to_owned(),
///     queries: vec![Query::parse(r#"message:"No space left on device""#).unwrap()],
///     ..Fingerprint::default()
/// };
/// let (matcher, rejected) = Matcher::builder().build([&disk]);
/// assert!(rejected.is_empty());
///
/// let mut event = Fields::new();
/// event.push("message", "tar: write error: no space left on device");
/// let mut scratch = matcher.scratch();
/// let mut hits = Vec::new();
/// matcher.matches_document(&event, &mut scratch, &mut hits);
/// assert_eq!(hits, [0]);
/// ```
#[derive(Clone, Debug)]
pub struct Matcher {
    compiled: Arc<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    table: Table,
    programs: Vec<Node>,
    prefilter: Prefilter,
    literals: Vec<Anchor>,
    /// Programs that require no literal.
    unanchored: Vec<u32>,
    /// Programs whose literals do not suffice where one of these conditions on the file may hold.
    guarded: Vec<(u32, Vec<Node>)>,
    /// Whether a field differs from event to event of a log.
    varies: fn(&str) -> bool,
    message: Option<FieldId>,
    failure_lines: bool,
}

/// A literal's condition and the programs that require it.
#[derive(Debug)]
struct Anchor {
    leaf: LeafId,
    piece: bool,
    programs: Vec<u32>,
}

/// A fingerprint that could not be compiled.
#[derive(Debug, Error)]
#[error("fingerprint {fingerprint}: {source}")]
pub struct CompileError {
    /// Its id.
    pub fingerprint: String,
    /// What is wrong with its query.
    #[source]
    pub source: CompileErrorKind,
}

/// What is wrong with a fingerprint's query.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CompileErrorKind {
    /// A query does not fit the schema.
    #[error(transparent)]
    Bind(#[from] BindErrors),
    /// A `regex` does not compile.
    #[error(transparent)]
    Regex(#[from] regex::Error),
}

/// Compiles fingerprints.
#[derive(Clone, Debug)]
pub struct MatcherBuilder {
    schema: Schema,
    prefilter: bool,
    failure_lines: bool,
    varies: fn(&str) -> bool,
}

impl MatcherBuilder {
    /// Which fields exist and how they are analysed; `logstash` unless set.
    pub fn schema(&mut self, schema: Schema) -> &mut MatcherBuilder {
        self.schema = schema;
        self
    }

    /// Whether events are looked for by their literals (the default) or every query is evaluated on
    /// every event: slower by orders of magnitude, the same answers.
    pub fn prefilter(&mut self, yes: bool) -> &mut MatcherBuilder {
        self.prefilter = yes;
        self
    }

    /// Whether scans look for lines that say what went wrong as well; not unless set. What tells
    /// such a line is found by the same look over the text that finds the fingerprints' words;
    /// hits are the same. See [`RunReport::failure`](crate::RunReport::failure).
    pub fn failure_lines(&mut self, yes: bool) -> &mut MatcherBuilder {
        self.failure_lines = yes;
        self
    }

    /// Which fields differ from event to event of a log; every other field is one of the run or the
    /// file, the same for a whole log. Unless set, those that [`log::Record`](crate::log::Record)
    /// reads. A builder told less makes matchers that never [`narrow`](Matcher::narrow) too much.
    pub fn varies(&mut self, varies: fn(&str) -> bool) -> &mut MatcherBuilder {
        self.varies = varies;
        self
    }

    /// Compiles the fingerprints. Hits name a fingerprint by its place in this sequence; a rejected
    /// one keeps its place and never hits.
    pub fn build<'a>(
        &self,
        fingerprints: impl IntoIterator<Item = &'a Fingerprint>,
    ) -> (Matcher, Vec<CompileError>) {
        let mut table = Table::default();
        let mut rejected = Vec::new();
        let mut programs = Vec::new();
        for fingerprint in fingerprints {
            programs.push(self.program(fingerprint, &mut table).unwrap_or_else(|source| {
                rejected.push(CompileError { fingerprint: fingerprint.id.clone(), source });
                Node::Nothing
            }));
        }
        (self.link(table, programs), rejected)
    }

    fn program(
        &self,
        fingerprint: &Fingerprint,
        table: &mut Table,
    ) -> Result<Node, CompileErrorKind> {
        let mut must = Vec::new();
        let mut should = Vec::new();
        for query in &fingerprint.queries {
            should.push(table.intern(&query.bind(&self.schema)?));
        }
        match should.len() {
            0 => {}
            1 => must.append(&mut should),
            _ => must.push(Node::Bool(Box::new(BoolNode { should, ..BoolNode::default() }))),
        }
        for text in &fingerprint.contains {
            let finder = Finder::new(text.as_bytes()).into_owned();
            must.push(Node::Leaf(table.push(Leaf::Contains(finder))));
        }
        for pattern in &fingerprint.regex {
            let pattern =
                regex::bytes::RegexBuilder::new(pattern).size_limit(REGEX_SIZE_LIMIT).build()?;
            must.push(Node::Leaf(table.push(Leaf::Pattern(pattern))));
        }
        match must.len() {
            0 => Ok(Node::Nothing),
            1 => Ok(must.remove(0)),
            _ => Ok(Node::Bool(Box::new(BoolNode { must, ..BoolNode::default() }))),
        }
    }

    /// Chooses literals and builds the prefilter.
    fn link(&self, mut table: Table, programs: Vec<Node>) -> Matcher {
        let mut rarity = Rarity::default();
        literals::words(&table, &mut |word| rarity.see(word));
        table.find_phrases(|word| rarity.cost(word));
        let message = table.field("message");
        let varies = self.varies;
        let chooser = Chooser { table: &table, rarity: &rarity, message, varies };
        let mut ids: Vec<Option<usize>> = vec![None; table.leaves.len()];
        let mut anchors: Vec<Anchor> = Vec::new();
        let mut chosen: Vec<Literal> = Vec::new();
        let (mut unanchored, mut guarded) = (Vec::new(), Vec::new());
        for (index, program) in (0_u32..).zip(&programs) {
            let required = if self.prefilter { chooser.required(program) } else { None };
            let Some(required) = required else {
                unanchored.push(index);
                continue;
            };
            if !required.guards.is_empty() {
                guarded.push((index, required.guards));
            }
            for (leaf, literal) in required.literals {
                let id = *ids[leaf.0 as usize].get_or_insert_with(|| {
                    let piece = matches!(literal, Literal::Piece(_));
                    anchors.push(Anchor { leaf, piece, programs: Vec::new() });
                    chosen.push(literal);
                    anchors.len() - 1
                });
                if anchors[id].programs.last() != Some(&index) {
                    anchors[id].programs.push(index);
                }
            }
        }
        let texts = if self.failure_lines { failure::texts() } else { &[] };
        let extras = Extras { marks: STACK_TRACE_WORDS, texts };
        let prefilter = Prefilter::new(&chosen, extras, |word| rarity.cost_as_written(word));
        let literals = anchors;
        let compiled = Compiled {
            table,
            programs,
            prefilter,
            literals,
            unanchored,
            guarded,
            varies,
            message,
            failure_lines: self.failure_lines,
        };
        Matcher { compiled: Arc::new(compiled) }
    }
}

/// Words of which every stack trace has one, in its first or second line. Their places are told
/// beside the candidates, so that whoever cuts a log into events need not read every line for them.
pub(crate) const STACK_TRACE_WORDS: &[&str] =
    &["traceback", "goroutine", "panicked", "panic", "fatal", "runtime", "at", "more", "common"];

/// The fields that events carry themselves, as the formats of logs and of results give them.
fn varies_in_logs(field: &str) -> bool {
    matches!(
        field,
        "message"
            | "@timestamp"
            | "loglevel"
            | "module"
            | "node"
            | "pid"
            | "syslog_program"
            | "syslog_host"
            | "test_id"
            | "test_status"
            | "host"
            | "task"
            | "task_status"
            | "action"
            | "play"
            | "playbook"
            | "phase"
    )
}

/// A matcher's mutable state: one per thread, reused from event to event.
#[derive(Debug, Default)]
pub struct Scratch {
    buffers: Buffers,
    answers: Answers,
    /// Programs to evaluate on the event in hand.
    due: Vec<u32>,
    /// The event at which a program was last due.
    due_at: Vec<u32>,
    event: u32,
    /// Room for the hits of one event.
    hits: Vec<u32>,
    /// Room for what is found of the lines of a block.
    room: Vec<u64>,
    /// Where the caller keeps what it knows of a fingerprint; see [`Scratch::slot`].
    slots: Vec<u32>,
}

impl Scratch {
    /// Where the block looked at last has one of [`STACK_TRACE_WORDS`], in any case, by position.
    pub(crate) fn stack_trace_words(&self) -> &[u32] {
        &self.buffers.marks
    }

    /// Where it has one of [`failure::texts`], by position; nowhere unless the matcher was built to
    /// tell.
    pub(crate) fn sightings(&self) -> &[Sighting] {
        &self.buffers.sightings
    }

    /// The number of line feeds before `at` in the block looked at last, which is this one.
    pub(crate) fn feeds_before(&self, at: usize) -> u64 {
        self.buffers.feeds_before(at)
    }

    /// Takes out where the line feeds of the block looked at last are (a bit for each byte, the lowest of a
    /// word first), so that it can be lent beside the rest, and room for as much again.
    pub(crate) fn take_feeds(&mut self) -> (Vec<u64>, Vec<u64>) {
        (std::mem::take(self.buffers.feeds_mut()), std::mem::take(&mut self.room))
    }

    /// Puts them back.
    pub(crate) fn give_feeds(&mut self, (feeds, room): (Vec<u64>, Vec<u64>)) {
        *self.buffers.feeds_mut() = feeds;
        self.room = room;
    }

    /// The slot given to a fingerprint before, or `free` if there is none yet: it has it from now on.
    pub(crate) fn slot(&mut self, fingerprint: u32, free: usize) -> usize {
        let slot = &mut self.slots[fingerprint as usize];
        if *slot == u32::MAX {
            *slot = free as u32;
        }
        *slot as usize
    }

    /// Takes slots back.
    pub(crate) fn forget_slots(&mut self, fingerprints: impl Iterator<Item = u32>) {
        fingerprints.for_each(|fingerprint| self.slots[fingerprint as usize] = u32::MAX);
    }

    /// Takes the room for hits out, empty, so that it can be lent beside the rest.
    pub(crate) fn take_hits(&mut self) -> Vec<u32> {
        let mut hits = std::mem::take(&mut self.hits);
        hits.clear();
        hits
    }

    /// Puts the room for hits back.
    pub(crate) fn give_hits(&mut self, hits: Vec<u32>) {
        self.hits = hits;
    }

    /// The candidates of the block looked at last, by position.
    pub(crate) fn candidates(&self) -> &[Candidate] {
        &self.buffers.candidates
    }
}

/// An event handed to the matcher: its fields and, where there is one, its raw text.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    /// Every field, those of the run and the file included.
    pub fields: &'a dyn FieldValues,
    /// The event as it stands in the log, for `contains` and `regex`; without it they read the
    /// message.
    pub raw: Option<&'a [u8]>,
}

/// An event in which something was seen, before it is read.
pub(crate) struct Seen<'a> {
    /// Its candidates, a range of those of the block.
    pub(crate) candidates: Range<usize>,
    pub(crate) fields: &'a dyn FieldValues,
    pub(crate) text: &'a dyn EventText,
}

/// The text of a document, which was looked over with its messages before it.
struct DocumentText<'a> {
    /// Bytes of the messages.
    messages: usize,
    raw: Option<&'a [u8]>,
}

impl EventText for DocumentText<'_> {
    fn is_message_at(&self, position: u32) -> bool {
        (position as usize) < self.messages
    }

    fn line(&self) -> Option<&[u8]> {
        None
    }

    fn message(&self) -> &[u8] {
        &[]
    }

    fn raw(&self) -> Option<&[u8]> {
        self.raw
    }
}

impl std::fmt::Debug for Event<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Event").field("raw", &self.raw).finish_non_exhaustive()
    }
}

impl Matcher {
    /// A builder with the default schema and the prefilter on.
    pub fn builder() -> MatcherBuilder {
        let (schema, varies) = (Schema::default(), varies_in_logs);
        MatcherBuilder { schema, prefilter: true, failure_lines: false, varies }
    }

    /// Whether it was built to look for [failure lines](MatcherBuilder::failure_lines).
    pub fn has_failure_lines(&self) -> bool {
        self.compiled.failure_lines
    }

    /// Number of fingerprints, rejected ones included.
    pub fn len(&self) -> usize {
        self.compiled.programs.len()
    }

    /// True for a matcher of no fingerprint.
    pub fn is_empty(&self) -> bool {
        self.compiled.programs.is_empty()
    }

    /// Fingerprints that require no literal and are evaluated on every event of a file.
    pub fn unanchored(&self) -> &[u32] {
        &self.compiled.unanchored
    }

    /// Fresh mutable state for one thread.
    pub fn scratch(&self) -> Scratch {
        let (due_at, slots) = (vec![0; self.len()], vec![u32::MAX; self.len()]);
        Scratch { due_at, slots, ..Scratch::default() }
    }

    /// The names of the fields that the fingerprints ask for by name.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.compiled.table.fields.iter().map(|name| &**name)
    }

    /// Looks `block` over for candidates, and where wanted for [`failure::texts`]; returns its number
    /// of line feeds. The block must begin and end at event borders.
    pub(crate) fn find(
        &self,
        (narrowed, texts): (&Narrowed, bool),
        block: Haystack<'_>,
        scratch: &mut Scratch,
    ) -> Option<u64> {
        let Narrowed { live_literals: live, pieces, .. } = narrowed;
        let wanted = Wanted { live, pieces: *pieces, texts };
        self.compiled.prefilter.find(block, wanted, &mut scratch.buffers)
    }

    /// Adds to `hits` the fingerprints that match the event, given its candidates.
    pub(crate) fn evaluate(
        &self,
        narrowed: &Narrowed,
        seen: &Seen<'_>,
        (scratch, hits): (&mut Scratch, &mut Vec<u32>),
    ) {
        scratch.next_event();
        if self.phrases_tell_all(narrowed, seen, scratch) {
            self.push_hits(narrowed, seen.candidates.clone(), (scratch, hits));
        } else {
            self.evaluate_in_full(narrowed, seen, (scratch, hits));
        }
    }

    /// Whether each candidate of the event is a phrase that is there for certain, and all that its
    /// fingerprints ask for.
    fn phrases_tell_all(&self, narrowed: &Narrowed, seen: &Seen<'_>, scratch: &Scratch) -> bool {
        let tells = |candidate: &Candidate| match candidate.what {
            What::Literal { id, certain: true } => {
                !matches!(self.compiled.told_by(id, narrowed), Told::Nothing)
                    && seen.text.is_message_at(candidate.position)
            }
            _ => false,
        };
        !narrowed.needs_every_event()
            && scratch.candidates()[seen.candidates.clone()].iter().all(tells)
    }

    /// Adds to `hits` the fingerprints of these candidates.
    fn push_hits(
        &self,
        narrowed: &Narrowed,
        candidates: Range<usize>,
        (scratch, hits): (&mut Scratch, &mut Vec<u32>),
    ) {
        let Scratch { buffers, due_at, event: now, .. } = scratch;
        let mut push = |program: u32| {
            let seen = std::mem::replace(&mut due_at[program as usize], *now) == *now;
            if !seen {
                hits.push(program);
            }
        };
        for candidate in &buffers.candidates[candidates] {
            let What::Literal { id, .. } = candidate.what else { continue };
            match self.compiled.told_by(id, narrowed) {
                Told::Matches(program) => push(program),
                Told::AllMatch | Told::Nothing => {
                    let programs = self.compiled.literals[id.0 as usize].programs.iter();
                    programs
                        .filter(|program| narrowed.live[**program as usize])
                        .for_each(|program| push(*program));
                }
            }
        }
    }

    fn evaluate_in_full(
        &self,
        narrowed: &Narrowed,
        Seen { candidates, fields, text }: &Seen<'_>,
        (scratch, hits): (&mut Scratch, &mut Vec<u32>),
    ) {
        let compiled = &*self.compiled;
        scratch.answers.begin(&compiled.table);
        scratch.due.clear();
        let Scratch { buffers, answers, due, due_at, event: now, .. } = scratch;
        let mut exact = false;
        let mut add = |program: u32, due: &mut Vec<u32>| {
            let seen = std::mem::replace(&mut due_at[program as usize], *now) == *now;
            if !seen && narrowed.live[program as usize] {
                due.push(program);
            }
        };
        for candidate in &buffers.candidates[candidates.clone()] {
            match candidate.what {
                What::Exact => exact = true,
                What::Literal { id, certain } => {
                    let anchor = &compiled.literals[id.0 as usize];
                    if certain && text.is_message_at(candidate.position) {
                        answers.set(anchor.leaf, true);
                    }
                    anchor.programs.iter().for_each(|program| add(*program, due));
                }
            }
        }
        if exact {
            compiled.find_exact(*fields, answers, &mut |id| {
                let programs = &compiled.literals[id.0 as usize].programs;
                programs.iter().for_each(|program| add(*program, due));
            });
        }
        narrowed.every_event.iter().for_each(|program| add(*program, due));
        let subject = Subject { fields: *fields, text: Some(*text), in_line: !exact };
        for &program in due.iter() {
            if compiled.holds(program, narrowed, answers, &subject) {
                hits.push(program);
            }
        }
    }

    /// Adds to `hits` the fingerprints whose query matches a document or a pre-split event, in
    /// ascending order.
    pub fn matches_document(
        &self,
        document: &dyn FieldValues,
        scratch: &mut Scratch,
        hits: &mut Vec<u32>,
    ) {
        let narrowed = self.narrow_nothing();
        self.matches_event(&narrowed, Event { fields: document, raw: None }, scratch, hits);
    }

    /// The same for an event under constants that were narrowed before.
    pub fn matches_event(
        &self,
        narrowed: &Narrowed,
        event: Event<'_>,
        scratch: &mut Scratch,
        hits: &mut Vec<u32>,
    ) {
        let before = hits.len();
        // One text for all values: a phrase never crosses the blank line between two of them.
        let mut text = String::new();
        for value in event.fields.values("message").iter() {
            text.push_str(value);
            text.push('\n');
        }
        let mut block = text.into_bytes();
        if let Some(raw) = event.raw {
            block.extend_from_slice(raw);
        }
        self.find((narrowed, true), Haystack::swept(&block), scratch);
        let all = 0..scratch.candidates().len();
        let messages = block.len() - event.raw.map_or(0, <[u8]>::len);
        let text = &DocumentText { messages, raw: event.raw };
        let seen = Seen { candidates: all, fields: event.fields, text };
        self.evaluate(narrowed, &seen, (scratch, hits));
        hits.extend_from_slice(&narrowed.always);
        hits[before..].sort_unstable();
    }
}

impl Scratch {
    fn next_event(&mut self) {
        self.event = self.event.wrapping_add(1);
        if self.event == 0 {
            self.due_at.fill(0);
            self.event = 1;
        }
    }
}

impl Compiled {
    /// The literals in the analysed message: for events the raw bytes can't answer for.
    fn find_exact(
        &self,
        event: &dyn FieldValues,
        answers: &mut Answers,
        each: &mut dyn FnMut(LiteralId),
    ) {
        let Some(message) = self.message else { return };
        for term in answers.terms(message, &self.table, event).iter() {
            self.prefilter.find_in_term(term, each);
            self.prefilter.find_pieces(term, each);
        }
    }

    fn holds(
        &self,
        program: u32,
        narrowed: &Narrowed,
        answers: &mut Answers,
        subject: &Subject<'_>,
    ) -> bool {
        let program = narrowed.rests[program as usize].get_or_init(|| {
            self.programs[program as usize].rest(&|id: LeafId| narrowed.constant[id.0 as usize])
        });
        // In a line of its own a phrase is found as fast as an answer is looked up, so what is known
        // already is only worth a look where the rest would have to be analysed.
        let settled = match subject.line() {
            Some(_) => Truth::Unknown,
            None => program.settle(&|id| answers.known(id)),
        };
        match settled {
            Truth::True => true,
            Truth::False => false,
            Truth::Unknown => program.evaluate(&mut |id| answers.test(id, &self.table, subject)),
        }
    }
}
