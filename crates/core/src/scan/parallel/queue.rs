//! One thread that reads a log, and others that scan what it hands over.
//!
//! ```text
//!   reader -> Front -> queue -> helpers: BlockScan -> Merge
//!               |                                       |
//!               +---- full: scans the block itself -----+
//! ```
//!
//! The thread that reads never waits for work that someone else would have to begin: while the
//! queue is full it scans, and at the end it empties the queue. So one thread is enough to come to
//! the end, wherever the call was made from. The queue grows only with the number of helpers at
//! work: where every thread has a log of its own, each scans its blocks while they are in its
//! cache.

use std::{
    collections::VecDeque,
    io::{self, Read},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use rayon::{Scope, ThreadPool};

use crate::{
    matcher::Scratch,
    scan::{
        front::{Cut, Front, Whole},
        log_scan::{Log, LogScan, Status},
        merge::Merge,
    },
};

/// Blocks that wait for a first helper. Enough that it does not find the queue empty after its first
/// block, while the thread that reads is still busy with one: a helper that has left must be called
/// and woken again.
const QUEUE: usize = 4;

impl LogScan<'_> {
    pub(super) fn read_for(&mut self, pool: &ThreadPool, reader: &mut dyn Read) -> io::Result<()> {
        let threads = pool.current_num_threads();
        let LogScan { log, front, status, scratch, merge, blocks } = self;
        let state = State { merge: std::mem::take(merge), ..State::default() };
        let crew = Crew { log, threads, state: Mutex::new(state), done: Condvar::new() };
        let outcome = pool.in_place_scope(|scope| {
            Lead { crew: &crew, scope, front, status, scratch, blocks }.run(reader)
        });
        let state = crew.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        *merge = state.merge;
        outcome
    }
}

/// What the threads at work on a log share.
struct Crew<'a> {
    log: &'a Log<'a>,
    threads: usize,
    state: Mutex<State>,
    /// A helper has finished a block.
    done: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<(usize, Cut)>,
    /// Blocks that helpers are scanning.
    active: usize,
    /// Helpers that were called and have not left.
    helpers: usize,
    /// The thread that reads waits for the active ones.
    is_awaited: bool,
    merge: Merge,
    /// Buffers and scratches to use again.
    spare: Vec<Vec<u8>>,
    scratches: Vec<Scratch>,
}

impl State {
    fn has_room(&self) -> bool {
        self.queue.len() < QUEUE + 2 * self.active
    }
}

impl Crew<'_> {
    /// No code that could panic while it holds the lock leaves the state half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn scan(&self, (place, block): (usize, &Cut), scratch: &mut Scratch) {
        let scanned = self.log.scan((place, block.block()), scratch);
        self.state().merge.add(scanned, self.log.keep);
    }

    /// Scans what is in the queue until it is empty.
    fn help(&self) {
        let mut scratch = {
            let found = self.state().scratches.pop();
            found.unwrap_or_else(|| self.log.matcher.scratch())
        };
        while let Some((place, block)) = self.begin() {
            let turn = Turn(self);
            self.scan((place, &block), &mut scratch);
            self.state().spare.push(block.buffer);
            drop(turn);
        }
        self.state().scratches.push(scratch);
    }

    /// A helper's next block; without one it leaves.
    fn begin(&self) -> Option<(usize, Cut)> {
        let mut state = self.state();
        let block = state.queue.pop_front();
        match block {
            Some(_) => state.active += 1,
            None => state.helpers -= 1,
        }
        block
    }
}

/// A helper at work on a block, until it is dropped: also when the scan panics.
struct Turn<'a, 'c>(&'a Crew<'c>);

impl Drop for Turn<'_, '_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.active -= 1;
        // To wake is a call of the system, even where nobody sleeps.
        if state.is_awaited {
            self.0.done.notify_one();
        }
    }
}

/// The thread that reads.
struct Lead<'a, 'scope, 'm> {
    crew: &'scope Crew<'scope>,
    scope: &'a Scope<'scope>,
    front: &'a mut Front,
    status: &'a mut Status<'m>,
    scratch: &'a mut Scratch,
    blocks: &'a mut usize,
}

impl Lead<'_, '_, '_> {
    fn run(mut self, reader: &mut dyn Read) -> io::Result<()> {
        let outcome = loop {
            if self.status.stopped() {
                break Ok(());
            }
            let more = self.front.fill(reader);
            while let Some(whole) = self.front.whole(false) {
                self.pass_on(whole);
            }
            match more {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.clear();
        outcome
    }

    /// Has the block at the front of the text scanned, here or elsewhere.
    fn pass_on(&mut self, whole: Whole) {
        let crew = self.crew;
        let place = *self.blocks;
        *self.blocks += 1;
        let mut state = crew.state();
        if !state.has_room() {
            drop(state);
            let block = self.front.take(whole);
            let scanned = crew.log.scan((place, block), self.scratch);
            crew.state().merge.add(scanned, crew.log.keep);
            return;
        }
        let spare = state.spare.pop().unwrap_or_default();
        drop(state);
        let block = self.front.hand_over(whole, spare);
        let mut state = crew.state();
        state.queue.push_back((place, block));
        let wanted = (state.active + state.queue.len()).min(crew.threads - 1);
        let call = state.helpers < wanted;
        state.helpers += usize::from(call);
        drop(state);
        if call {
            self.scope.spawn(|_| crew.help());
        }
    }

    /// Empties the queue and waits for the helpers' last blocks.
    fn clear(&mut self) {
        let crew = self.crew;
        loop {
            let Some((place, block)) = crew.state().queue.pop_front() else { break };
            crew.scan((place, &block), self.scratch);
        }
        let mut state = crew.state();
        state.is_awaited = true;
        while state.active > 0 {
            state = crew.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
