//! What a file's constant fields leave of a set of fingerprints.

use std::sync::OnceLock;

use super::{
    super::{
        evaluate::{Answers, Subject},
        prefilter::LiteralId,
        program::{Leaf, LeafId, Node, Truth},
    },
    Anchor, Compiled, Matcher, varies_in_logs,
};
use crate::fields::FieldValues;

/// Stage 2: what a file's constant fields leave of the set.
///
/// Fields of the run and the file (`tags`, `filename`, `build_name`, `project` …) are the same for
/// every event of a log, so conditions on them are answered once.
#[derive(Debug)]
pub struct Narrowed {
    /// Answers of the conditions on constant fields.
    pub(super) constant: Vec<Truth>,
    /// What these leave to ask of each program, found when it is first asked.
    pub(super) rests: Vec<OnceLock<Node>>,
    /// Programs that match some events, as far as the constants tell.
    pub(super) live: Vec<bool>,
    /// Literals that a live program requires.
    pub(super) live_literals: Vec<bool>,
    /// What the presence of each literal says, found when it is first seen.
    told_by: Vec<OnceLock<Told>>,
    /// Whether a live literal is a piece of a word.
    pub(super) pieces: bool,
    /// Live programs without literals: evaluated on every event.
    pub(super) every_event: Vec<u32>,
    /// Programs that match every event, whatever it says.
    pub(super) always: Vec<u32>,
}

impl Narrowed {
    /// Fingerprints without literals, evaluated on every event.
    pub fn every_event(&self) -> &[u32] {
        &self.every_event
    }

    /// True when some fingerprint is evaluated on every event.
    pub fn needs_every_event(&self) -> bool {
        !self.every_event.is_empty()
    }

    /// Fingerprints that match every event of the log, whatever it says: their query asks only
    /// fields of the run and the file.
    pub fn always(&self) -> &[u32] {
        &self.always
    }

    /// Number of fingerprints that can still match.
    pub fn live(&self) -> usize {
        self.live.iter().filter(|live| **live).count() + self.always.len()
    }

    /// For each fingerprint whether it can still match.
    pub fn may_match(&self) -> Vec<bool> {
        let mut may_match = self.live.clone();
        self.always.iter().for_each(|always| may_match[*always as usize] = true);
        may_match
    }

    /// Whether a fingerprint can still match.
    pub fn is_live(&self, fingerprint: u32) -> bool {
        self.live[fingerprint as usize] || self.always.contains(&fingerprint)
    }
}

/// What a phrase that is in a message says of the programs that require it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told {
    /// That this one matches, and no other does for that.
    Matches(u32),
    /// That all of them match that are live.
    AllMatch,
    /// They ask for more.
    Nothing,
}

impl Matcher {
    /// Drops what can't match under these constants. Fields that vary (see
    /// [`MatcherBuilder::varies`](super::MatcherBuilder::varies)) stay open; every other field is taken from `constants`, and
    /// absent there means absent.
    pub fn narrow(&self, constants: &dyn FieldValues) -> Narrowed {
        self.narrow_but(constants, self.compiled.varies)
    }

    /// Drops what can't match in a run with these fields, whatever its logs hold and however it
    /// ended: a fingerprint that asks for another job, say. Fields of events and files, and the
    /// run's outcome, stay open.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::{Fields, Fingerprint, Matcher, Query};
    /// let fingerprint = Fingerprint {
    ///     queries: vec![Query::parse("message:killed AND build_name:unit").unwrap()],
    ///     ..Fingerprint::default()
    /// };
    /// let (matcher, _) = Matcher::builder().build([&fingerprint]);
    /// let mut run = Fields::new();
    /// run.set("build_name", "docs");
    /// assert!(!matcher.narrow_run(&run).is_live(0));
    /// ```
    pub fn narrow_run(&self, run: &dyn FieldValues) -> Narrowed {
        self.narrow_but(run, varies_in_a_run)
    }

    fn narrow_but(&self, constants: &dyn FieldValues, varies: fn(&str) -> bool) -> Narrowed {
        let compiled = &*self.compiled;
        let constant = compiled.constants(constants, varies);
        let settle = |node: &Node| node.settle(&|id: LeafId| constant[id.0 as usize]);
        let truths: Vec<Truth> = compiled.programs.iter().map(settle).collect();
        let open = |index: &u32| truths[*index as usize] == Truth::Unknown;
        let always =
            (0..truths.len() as u32).filter(|index| truths[*index as usize] == Truth::True);
        let may_hold = |guards: &Vec<Node>| guards.iter().any(|node| settle(node) != Truth::False);
        let unguarded = compiled.guarded.iter().filter(|(_, guards)| may_hold(guards));
        let every_event = compiled.unanchored.iter().copied().chain(unguarded.map(|entry| entry.0));
        let literals = &compiled.literals;
        let live_literals: Vec<bool> =
            literals.iter().map(|anchor| anchor.programs.iter().any(open)).collect();
        let mut pieces = literals.iter().zip(&live_literals).filter(|(anchor, _)| anchor.piece);
        Narrowed {
            pieces: pieces.any(|(_, live)| *live),
            always: always.collect(),
            every_event: every_event.filter(open).collect(),
            live: truths.iter().map(|truth| *truth == Truth::Unknown).collect(),
            live_literals,
            told_by: vec![OnceLock::new(); literals.len()],
            rests: vec![OnceLock::new(); truths.len()],
            constant,
        }
    }

    /// Nothing is constant: every condition is asked of every event.
    pub fn narrow_nothing(&self) -> Narrowed {
        self.narrow_but(&crate::fields::Fields::new(), |_| true)
    }
}

impl Compiled {
    /// What the presence of a literal says.
    #[inline]
    pub(super) fn told_by(&self, id: LiteralId, narrowed: &Narrowed) -> Told {
        *narrowed.told_by[id.0 as usize].get_or_init(|| self.tell(id, narrowed))
    }

    fn tell(&self, id: LiteralId, Narrowed { constant, live, .. }: &Narrowed) -> Told {
        let Anchor { leaf, programs, .. } = &self.literals[id.0 as usize];
        let known = |id: LeafId| if id == *leaf { Truth::True } else { constant[id.0 as usize] };
        let holds = |index: &u32| self.programs[*index as usize].settle(&known) == Truth::True;
        let mut live = programs.iter().filter(|index| live[**index as usize]);
        match (live.clone().all(holds), live.next(), live.next()) {
            (false, ..) | (_, None, _) => Told::Nothing,
            (true, Some(&only), None) => Told::Matches(only),
            (true, ..) => Told::AllMatch,
        }
    }

    /// What the fields that do not vary say of each condition.
    fn constants(&self, constants: &dyn FieldValues, varies: fn(&str) -> bool) -> Vec<Truth> {
        let table = &self.table;
        let mut answers = Answers::default();
        answers.begin(table);
        let subject = Subject { fields: constants, text: None, in_line: false };
        let ids = (0..table.leaves.len() as u32).map(LeafId);
        ids.map(|id| match table.leaf_at(id) {
            Leaf::Field { field, .. } if !varies(table.field_name(*field)) => {
                Truth::from(answers.test(id, table, &subject))
            }
            _ => Truth::Unknown,
        })
        .collect()
    }
}

/// The fields that differ within a run, and how it ended.
fn varies_in_a_run(field: &str) -> bool {
    varies_in_logs(field) || matches!(field, "filename" | "tags" | "build_status")
}
