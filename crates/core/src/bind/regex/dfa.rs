//! Nondeterministic automaton to a table: the subset construction.

use std::collections::HashMap;

use super::nfa::{Nfa, State, StateId, TooComplex};

/// The sizes of all subsets together: ten times OpenSearch's `max_determinized_states`, which is
/// how Lucene counts its effort.
const MAX_EFFORT: usize = 100_000;

/// Steps of the construction as a whole, so that compiling stays within some tens of
/// milliseconds whatever the pattern says.
const MAX_STEPS: usize = 20_000_000;

/// A deterministic automaton; state 0 is where a text begins.
#[derive(Clone, Debug)]
pub(super) struct Dfa {
    states: Vec<DfaState>,
    /// Every state's transitions, one state after the other, each in order of code points.
    transitions: Vec<Transition>,
}

#[derive(Clone, Debug)]
struct DfaState {
    accepting: bool,
    /// Where the state's transitions begin, and where they end.
    transitions: (u32, u32),
}

/// An inclusive range of code points and the state it leads to.
#[derive(Clone, Copy, Debug)]
struct Transition {
    first: u32,
    last: u32,
    to: u32,
}

impl Dfa {
    /// Builds the table.
    pub(super) fn determinize(nfa: &Nfa) -> Result<Dfa, TooComplex> {
        Construction::new(nfa).run()
    }

    /// Whether the automaton accepts the whole text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut state = &self.states[0];
        for c in text.chars() {
            let c = u32::from(c);
            let (start, end) = state.transitions;
            let transitions = &self.transitions[start as usize..end as usize];
            let next = transitions.partition_point(|transition| transition.last < c);
            match transitions.get(next) {
                Some(transition) if transition.first <= c => {
                    state = &self.states[transition.to as usize];
                }
                _ => return false,
            }
        }
        state.accepting
    }
}

/// A table under construction.
struct Construction<'a> {
    nfa: &'a Nfa,
    dfa: Dfa,
    /// The number of each subset: its states that take a code point or accept, in order.
    ids: HashMap<Vec<StateId>, u32>,
    /// The subsets in order of their numbers.
    subsets: Vec<Vec<StateId>>,
    /// Per state, the last walk that met it.
    met: Vec<u32>,
    walks: u32,
    effort: usize,
    steps: usize,
}

impl<'a> Construction<'a> {
    fn new(nfa: &'a Nfa) -> Construction<'a> {
        Construction {
            nfa,
            dfa: Dfa { states: Vec::new(), transitions: Vec::new() },
            ids: HashMap::new(),
            subsets: Vec::new(),
            met: vec![0; nfa.len()],
            walks: 0,
            effort: 0,
            steps: 0,
        }
    }

    fn run(mut self) -> Result<Dfa, TooComplex> {
        self.subset(&[self.nfa.start()])?;
        let mut at = 0;
        while at < self.subsets.len() {
            let subset = self.subsets[at].clone();
            let start = self.dfa.transitions.len() as u32;
            self.transitions(&subset)?;
            let end = self.dfa.transitions.len() as u32;
            let accepting = subset.iter().any(|&id| matches!(self.nfa.state(id), State::Accept));
            self.dfa.states.push(DfaState { accepting, transitions: (start, end) });
            at += 1;
        }
        Ok(self.dfa)
    }

    /// Appends a subset's transitions: between two borders of its ranges nothing changes.
    fn transitions(&mut self, subset: &[StateId]) -> Result<(), TooComplex> {
        let (edges, borders) = self.edges(subset);
        let first_transition = self.dfa.transitions.len();
        let mut targets = Vec::new();
        for pair in borders.windows(2) {
            let (first, last) = (pair[0], pair[1] - 1);
            self.work(edges.len())?;
            targets.clear();
            let inside = edges.iter().filter(|edge| edge.first <= first && last <= edge.last);
            targets.extend(inside.map(|edge| edge.to));
            if targets.is_empty() {
                continue;
            }
            let to = self.subset(&targets)?;
            match self.dfa.transitions[first_transition..].last_mut() {
                Some(before) if before.to == to && before.last + 1 == first => before.last = last,
                _ => self.dfa.transitions.push(Transition { first, last, to }),
            }
        }
        Ok(())
    }

    /// The ranges that lead out of a subset, and the code points where one begins or has ended.
    fn edges(&self, subset: &[StateId]) -> (Vec<Transition>, Vec<u32>) {
        let mut edges = Vec::new();
        for &id in subset {
            if let State::Class(class, to) = *self.nfa.state(id) {
                let ranges = self.nfa.ranges(class).iter();
                edges.extend(ranges.map(|&(first, last)| Transition { first, last, to }));
            }
        }
        let mut borders: Vec<u32> =
            edges.iter().flat_map(|edge| [edge.first, edge.last + 1]).collect();
        borders.sort_unstable();
        borders.dedup();
        (edges, borders)
    }

    /// The number of the subset that these states stand for.
    fn subset(&mut self, states: &[StateId]) -> Result<u32, TooComplex> {
        let subset = self.closure(states)?;
        if let Some(&id) = self.ids.get(&subset) {
            return Ok(id);
        }
        self.effort += subset.len();
        if self.effort > MAX_EFFORT {
            return Err(TooComplex);
        }
        let id = self.subsets.len() as u32;
        self.ids.insert(subset.clone(), id);
        self.subsets.push(subset);
        Ok(id)
    }

    /// What is reached from these states without taking anything.
    fn closure(&mut self, states: &[StateId]) -> Result<Vec<StateId>, TooComplex> {
        self.walks += 1;
        let mut open = states.to_vec();
        let mut found = Vec::new();
        while let Some(id) = open.pop() {
            self.work(1)?;
            if std::mem::replace(&mut self.met[id as usize], self.walks) == self.walks {
                continue;
            }
            match self.nfa.state(id) {
                State::Split(to) => open.extend_from_slice(to),
                State::Class(..) | State::Accept => found.push(id),
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    fn work(&mut self, steps: usize) -> Result<(), TooComplex> {
        self.steps += steps;
        if self.steps > MAX_STEPS { Err(TooComplex) } else { Ok(()) }
    }
}
