//! One log on several threads.
//!
//! Two ways, by who may read:
//!
//! - [`turns`]: all threads read and scan, and take turns at reading. Each block is scanned by the
//!   thread whose cache it was read into. For files and memory.
//! - [`queue`]: one thread reads, others scan what it hands over. For a reader that may wait for a
//!   server, and would then keep the pool from scanning other logs.

mod queue;
mod turns;

use std::io::{self, Read};

use rayon::ThreadPool;

use super::log_scan::LogScan;

/// Blocks at a log's start that are scanned by the calling thread: shorter logs are not worth
/// waking another one.
const ALONE: usize = 4;

impl LogScan<'_> {
    /// Reads the log to its end, or until the scan is told to stop; see [`read`](LogScan::read).
    /// The threads of the current rayon pool (see `ThreadPool::install`; else the global one) read
    /// (and so decompress) in turns, and scan what they read. Memory is bounded by the number of
    /// threads, whatever the log's size. For a reader that waits for a server there is
    /// [`par_read_in`](LogScan::par_read_in).
    ///
    /// # Errors
    ///
    /// The reader's, as with [`read`](LogScan::read).
    pub fn par_read(&mut self, reader: &mut (dyn Read + Send)) -> io::Result<()> {
        if !self.read_start(reader)? {
            return Ok(());
        }
        match rayon::current_num_threads() {
            0 | 1 => self.read(reader),
            threads => self.read_in_turns(threads, reader),
        }
    }

    /// The same with the threads of this pool, for a caller whose thread is not one of it: this
    /// thread alone reads, and the pool's scan with it, so that none of them waits for the reader.
    ///
    /// # Errors
    ///
    /// The reader's, as with [`read`](LogScan::read).
    pub fn par_read_in(&mut self, pool: &ThreadPool, reader: &mut dyn Read) -> io::Result<()> {
        if !self.read_start(reader)? {
            return Ok(());
        }
        match pool.current_num_threads() {
            0 | 1 => self.read(reader),
            _ => self.read_for(pool, reader),
        }
    }

    /// Reads and scans the log's first blocks on this thread; false when there is no more.
    fn read_start(&mut self, reader: &mut dyn Read) -> io::Result<bool> {
        let alone = (ALONE * self.front.block()) as u64;
        while self.front.bytes() < alone {
            if !self.read_some(reader)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
