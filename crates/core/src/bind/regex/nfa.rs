//! Syntax tree to nondeterministic automaton, over code points.
//!
//! Thompson's construction, written backwards: each piece is compiled with the state that follows
//! it already known. An intersection runs both operands side by side (their product).

use std::collections::HashMap;

use super::ast::{Ast, Class};

/// States, and steps of the construction, that a pattern may take.
const MAX_STEPS: usize = 100_000;

/// The pattern needs more states than we allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooComplex;

/// A state's number.
pub(super) type StateId = u32;

/// A state of the automaton.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Takes one code point of a class (by its number).
    Class(u32, StateId),
    /// Goes on to each of these without taking anything.
    Split(Vec<StateId>),
    /// The text may end here.
    Accept,
}

/// A nondeterministic automaton with one accepting state, its first.
#[derive(Clone, Debug)]
pub(super) struct Nfa {
    states: Vec<State>,
    classes: Vec<Class>,
    start: StateId,
}

impl Nfa {
    /// Compiles a syntax tree.
    pub(super) fn compile(ast: &Ast) -> Result<Nfa, TooComplex> {
        let mut steps = 0;
        Builder::new(&mut steps).finish(ast)
    }

    /// Where a text begins.
    pub(super) fn start(&self) -> StateId {
        self.start
    }

    /// A state.
    pub(super) fn state(&self, id: StateId) -> &State {
        &self.states[id as usize]
    }

    /// The number of states.
    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// The ranges of a class, by its number.
    pub(super) fn ranges(&self, class: u32) -> &[(u32, u32)] {
        self.classes[class as usize].ranges()
    }
}

/// An automaton under construction.
struct Builder<'a> {
    states: Vec<State>,
    classes: Vec<Class>,
    numbers: HashMap<Class, u32>,
    /// Shared by the automata of an intersection's operands.
    steps: &'a mut usize,
}

impl<'a> Builder<'a> {
    fn new(steps: &'a mut usize) -> Builder<'a> {
        let (classes, numbers) = (Vec::new(), HashMap::new());
        Builder { states: vec![State::Accept], classes, numbers, steps }
    }

    fn finish(mut self, ast: &Ast) -> Result<Nfa, TooComplex> {
        let start = self.compile(ast, 0)?;
        Ok(Nfa { states: self.states, classes: self.classes, start })
    }

    /// Compiles a piece that is followed by `next`; returns where the piece begins.
    fn compile(&mut self, ast: &Ast, next: StateId) -> Result<StateId, TooComplex> {
        self.step()?;
        match ast {
            Ast::Class(class) => {
                let number = self.class(class);
                self.push(State::Class(number, next))
            }
            Ast::Concat(parts) => {
                parts.iter().rev().try_fold(next, |next, part| self.compile(part, next))
            }
            Ast::Union(parts) => {
                let starts = parts.iter().map(|part| self.compile(part, next));
                let starts = starts.collect::<Result<Vec<_>, _>>()?;
                self.push(State::Split(starts))
            }
            Ast::Intersection(parts) => self.intersection(parts, next),
            Ast::Repeat { operand, min, max } => self.repeat(operand, *min, *max, next),
        }
    }

    fn repeat(
        &mut self,
        operand: &Ast,
        min: u32,
        max: Option<u32>,
        next: StateId,
    ) -> Result<StateId, TooComplex> {
        let mut start = next;
        match max {
            None => {
                start = self.push(State::Split(Vec::new()))?;
                let again = self.compile(operand, start)?;
                self.states[start as usize] = State::Split(vec![again, next]);
            }
            Some(max) => {
                for _ in min..max {
                    let once_more = self.compile(operand, start)?;
                    start = self.push(State::Split(vec![once_more, next]))?;
                }
            }
        }
        (0..min).try_fold(start, |start, _| self.compile(operand, start))
    }

    fn intersection(&mut self, parts: &[Ast], next: StateId) -> Result<StateId, TooComplex> {
        let mut all: Option<Nfa> = None;
        for part in parts {
            let nfa = Builder::new(self.steps).finish(part)?;
            all = Some(match all {
                None => nfa,
                Some(before) => product(&before, &nfa, self.steps)?,
            });
        }
        match all {
            Some(nfa) => self.embed(&nfa, next),
            None => Ok(next),
        }
    }

    /// Copies a finished automaton; it goes on to `next` where it accepts.
    fn embed(&mut self, nfa: &Nfa, next: StateId) -> Result<StateId, TooComplex> {
        let offset = self.states.len() as StateId;
        for state in &nfa.states {
            let copy = match state {
                State::Accept => State::Split(vec![next]),
                State::Class(class, to) => {
                    State::Class(self.class(&nfa.classes[*class as usize]), to + offset)
                }
                State::Split(to) => State::Split(to.iter().map(|to| to + offset).collect()),
            };
            self.push(copy)?;
        }
        Ok(nfa.start + offset)
    }

    fn class(&mut self, class: &Class) -> u32 {
        if let Some(&number) = self.numbers.get(class) {
            return number;
        }
        let number = self.classes.len() as u32;
        self.classes.push(class.clone());
        self.numbers.insert(class.clone(), number);
        number
    }

    fn push(&mut self, state: State) -> Result<StateId, TooComplex> {
        self.step()?;
        self.states.push(state);
        Ok((self.states.len() - 1) as StateId)
    }

    /// Counts one unit of work: empty pieces repeated a million times make no states.
    fn step(&mut self) -> Result<(), TooComplex> {
        *self.steps += 1;
        if *self.steps > MAX_STEPS { Err(TooComplex) } else { Ok(()) }
    }
}

/// The automaton of what both accept.
fn product(a: &Nfa, b: &Nfa, steps: &mut usize) -> Result<Nfa, TooComplex> {
    let mut product =
        Product { builder: Builder::new(steps), ids: HashMap::new(), open: Vec::new() };
    let start = product.pair(a.start, b.start)?;
    while let Some((p, q)) = product.open.pop() {
        let state = match (a.state(p), b.state(q)) {
            (State::Split(to), _) => State::Split(product.pairs(to, |&to| (to, q))?),
            (_, State::Split(to)) => State::Split(product.pairs(to, |&to| (p, to))?),
            (State::Class(x, to_p), State::Class(y, to_q)) => {
                let both = a.classes[*x as usize].and(&b.classes[*y as usize]);
                let to = product.pair(*to_p, *to_q)?;
                State::Class(product.builder.class(&both), to)
            }
            (State::Accept, State::Accept) => State::Split(vec![0]),
            (State::Accept, State::Class(..)) | (State::Class(..), State::Accept) => {
                State::Split(Vec::new())
            }
        };
        let id = product.pair(p, q)?;
        product.builder.states[id as usize] = state;
    }
    Ok(Nfa { states: product.builder.states, classes: product.builder.classes, start })
}

/// A product under construction.
struct Product<'a> {
    builder: Builder<'a>,
    ids: HashMap<(StateId, StateId), StateId>,
    /// Pairs whose state is still to be made.
    open: Vec<(StateId, StateId)>,
}

impl Product<'_> {
    /// The number of a pair's state.
    fn pair(&mut self, p: StateId, q: StateId) -> Result<StateId, TooComplex> {
        if let Some(&id) = self.ids.get(&(p, q)) {
            return Ok(id);
        }
        let id = self.builder.push(State::Split(Vec::new()))?;
        self.ids.insert((p, q), id);
        self.open.push((p, q));
        Ok(id)
    }

    fn pairs(
        &mut self,
        to: &[StateId],
        pair: impl Fn(&StateId) -> (StateId, StateId),
    ) -> Result<Vec<StateId>, TooComplex> {
        let pair = |to| {
            let (p, q) = pair(to);
            self.pair(p, q)
        };
        to.iter().map(pair).collect()
    }
}
