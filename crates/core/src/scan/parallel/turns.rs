//! Threads that take turns at reading a log.
//!
//! ```text
//!   thread 1: | read | scan              | read | scan ...
//!   thread 2:        | read | scan              | read ...
//! ```
//!
//! A thread reads a block into a buffer of its own and scans it there, where its cache holds it: on two
//! cores of a Zen 4 a tenth faster than blocks that go from one core to the other. What a block leaves
//! over, most times a part of a line, goes on to whoever reads next.
//!
//! The calling thread is there from the start to the end, so that one is enough wherever the call
//! was made from. Helpers come from its rayon pool: one is called when a thread leaves its turn and
//! no other waits for it, so that there are never many more than reading can feed. Who waits spins,
//! as a turn takes less time than to sleep and be woken; a helper whose wait is long leaves, and the
//! pool has its thread for other work.

use std::{
    io::{self, Read},
    sync::{
        Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use rayon::Scope;

use crate::{
    matcher::Scratch,
    scan::{
        front::{Cut, Front},
        log_scan::{Log, LogScan, Status},
        merge::Merge,
    },
};

/// How long a thread spins for its turn: a little more than it takes to inflate a block.
const PATIENCE: Duration = Duration::from_micros(300);

/// Looks at the lock before the time is looked at.
const LOOKS: usize = 64;

impl LogScan<'_> {
    pub(super) fn read_in_turns(
        &mut self,
        threads: usize,
        reader: &mut (dyn Read + Send),
    ) -> io::Result<()> {
        let LogScan { log, front, status, scratch, merge, blocks } = self;
        let reading = Reading { front, status, reader, blocks, rest: Vec::new(), outcome: None };
        let found = Found { merge: std::mem::take(merge), ..Found::default() };
        let crew = Crew {
            log,
            threads,
            reading: Mutex::new(reading),
            waiting: AtomicUsize::new(0),
            found: Mutex::new(found),
        };
        rayon::in_place_scope(|scope| crew.work(scope, scratch, Role::Caller));
        let Crew { reading, found, .. } = crew;
        let outcome = reading.into_inner().unwrap_or_else(PoisonError::into_inner).outcome;
        *merge = found.into_inner().unwrap_or_else(PoisonError::into_inner).merge;
        outcome.unwrap_or(Ok(()))
    }
}

/// What the threads at work on a log share.
struct Crew<'a, 'm> {
    log: &'a Log<'m>,
    threads: usize,
    reading: Mutex<Reading<'a, 'm>>,
    /// Threads that wait for their turn.
    waiting: AtomicUsize,
    found: Mutex<Found>,
}

/// Where reading is. Who holds it has the turn.
struct Reading<'a, 'm> {
    front: &'a mut Front,
    status: &'a mut Status<'m>,
    reader: &'a mut (dyn Read + Send),
    blocks: &'a mut usize,
    /// Room for what a block leaves over.
    rest: Vec<u8>,
    /// How reading ended.
    outcome: Option<io::Result<()>>,
}

#[derive(Default)]
struct Found {
    merge: Merge,
    /// Helpers that were called and have not left.
    helpers: usize,
    /// Scratches to use again.
    scratches: Vec<Scratch>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Stays until the log has ended.
    Caller,
    Helper,
}

impl<'m> Reading<'_, 'm> {
    /// The log's next block and its place, in this buffer.
    fn next(&mut self, buffer: Vec<u8>) -> Option<(usize, Cut)> {
        self.rest = self.front.go_on_in(buffer);
        while self.outcome.is_none() {
            if let Some(whole) = self.front.whole(false) {
                let place = *self.blocks;
                *self.blocks += 1;
                let rest = std::mem::take(&mut self.rest);
                return Some((place, self.front.hand_over(whole, rest)));
            }
            self.read();
        }
        None
    }

    fn read(&mut self) {
        self.outcome = match self.status.stopped() {
            true => Some(Ok(())),
            false => match self.front.fill(self.reader) {
                Ok(true) => None,
                Ok(false) => Some(Ok(())),
                Err(error) => Some(Err(error)),
            },
        };
    }
}

impl<'a, 'm> Crew<'a, 'm> {
    /// Reads and scans until the log has ended, or a helper's wait is too long.
    fn work<'scope>(&'scope self, scope: &Scope<'scope>, scratch: &mut Scratch, role: Role)
    where
        'm: 'scope,
        'a: 'scope,
    {
        let mut buffer = Vec::new();
        while let Some(mut turn) = self.turn(role) {
            let Some((place, block)) = turn.next(buffer) else { return };
            drop(turn);
            self.call_helper(scope);
            let scanned = self.log.scan((place, block.block()), scratch);
            self.found().merge.add(scanned, self.log.keep);
            buffer = block.buffer;
        }
    }

    /// Waits for this thread's turn; nothing for a helper that waited for long.
    fn turn(&self, role: Role) -> Option<MutexGuard<'_, Reading<'a, 'm>>> {
        let turn = self.try_turn();
        if turn.is_some() {
            return turn;
        }
        self.waiting.fetch_add(1, Relaxed);
        let turn = self.spin().or_else(|| match role {
            Role::Caller => Some(self.reading.lock().unwrap_or_else(PoisonError::into_inner)),
            Role::Helper => None,
        });
        self.waiting.fetch_sub(1, Relaxed);
        turn
    }

    fn spin(&self) -> Option<MutexGuard<'_, Reading<'a, 'm>>> {
        let start = Instant::now();
        loop {
            for _ in 0..LOOKS {
                let turn = self.try_turn();
                if turn.is_some() {
                    return turn;
                }
                std::hint::spin_loop();
            }
            if start.elapsed() > PATIENCE {
                return None;
            }
            // Where there are more threads than cores, who has the turn may not be running.
            thread::yield_now();
        }
    }

    fn try_turn(&self) -> Option<MutexGuard<'_, Reading<'a, 'm>>> {
        match self.reading.try_lock() {
            Ok(turn) => Some(turn),
            // The reader panicked, and the panic goes on behind the scope.
            Err(TryLockError::Poisoned(error)) => Some(error.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Has another thread of the pool work, if nobody wants the turn that was just left.
    fn call_helper<'scope>(&'scope self, scope: &Scope<'scope>)
    where
        'm: 'scope,
        'a: 'scope,
    {
        if self.waiting.load(Relaxed) > 0 {
            return;
        }
        let mut found = self.found();
        if found.helpers + 1 < self.threads {
            found.helpers += 1;
            drop(found);
            scope.spawn(|scope| self.help(scope));
        }
    }

    fn help<'scope>(&'scope self, scope: &Scope<'scope>)
    where
        'm: 'scope,
        'a: 'scope,
    {
        let scratch = self.found().scratches.pop();
        let mut scratch = scratch.unwrap_or_else(|| self.log.matcher.scratch());
        self.work(scope, &mut scratch, Role::Helper);
        let mut found = self.found();
        found.helpers -= 1;
        found.scratches.push(scratch);
    }

    /// No code that could panic while it holds the lock leaves the state half changed.
    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        panic::{AssertUnwindSafe, catch_unwind},
        thread::ThreadId,
    };

    use rayon::{ThreadPool, ThreadPoolBuilder};

    use super::*;
    use crate::{Fingerprint, Known, Matcher, RunMeta, RunScan, ScanOptions};

    /// Gives lines, notes who reads, and may panic at the last of its reads.
    struct Watched {
        reads: usize,
        readers: BTreeSet<String>,
        panics: bool,
    }

    impl Read for Watched {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let reader: ThreadId = thread::current().id();
            self.readers.insert(format!("{reader:?}"));
            self.reads = self.reads.saturating_sub(1);
            assert!(self.reads > 0 || !self.panics, "the reader is broken");
            let length = if self.reads == 0 { 0 } else { out.len() };
            out[..length].fill(b'a');
            out[..length].iter_mut().step_by(50).for_each(|byte| *byte = b'\n');
            Ok(length)
        }
    }

    fn pool() -> ThreadPool {
        ThreadPoolBuilder::new().num_threads(2).build().expect("two threads can be started")
    }

    /// The lines that are scanned of so many reads, and how many threads read.
    fn scan(pool: &ThreadPool, reads: usize, panics: bool) -> (u64, usize) {
        let fingerprints = [Fingerprint::default()];
        let (matcher, _) = Matcher::builder().build(&fingerprints);
        let known = Known { matcher: &matcher, fingerprints: &fingerprints };
        let options = ScanOptions::default();
        let run = RunScan::new(known, RunMeta::default(), &options);
        let mut log = run.log("x.log");
        let mut reader = Watched { reads, readers: BTreeSet::new(), panics };
        pool.install(|| log.par_read(&mut reader)).expect("it can be read");
        (log.finish().lines, reader.readers.len())
    }

    #[test]
    fn two_threads_read_and_no_line_is_lost() {
        let pool = pool();
        let mut readers = 0;
        // The other thread may come late, but not always.
        for reads in 200..220 {
            let (lines, some) = scan(&pool, reads, false);
            let all = (reads as u64 - 1) * (256 * 1024_u64).div_ceil(50);
            assert!(lines.abs_diff(all) <= reads as u64, "{lines} lines of {all}");
            readers = readers.max(some);
        }
        assert_eq!(readers, 2);
    }

    #[test]
    fn the_panic_of_a_reader_goes_on_in_the_caller() {
        let pool = pool();
        for reads in 20..40 {
            let outcome = catch_unwind(AssertUnwindSafe(|| scan(&pool, reads, true)));
            assert!(outcome.is_err());
        }
        // And the pool still works.
        scan(&pool, 20, false);
    }
}
