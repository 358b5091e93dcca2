use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::whole::Whole;

/// Memory in which small gzip files are unpacked as a whole: about twice as fast as in a stream,
/// and their text need not be copied to be scanned.
///
/// The memory is used again from file to file, and clones share it. The text is the same as a
/// stream's in any case: files above 4 MiB, text above 24 MiB, damaged files, and those for which
/// no memory is left are streamed.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "decompress")] {
/// use recheck_core::log::{Decompressor, Limits, Unpacker};
/// // `printf 'hello\n' | gzip -n`
/// let file = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\xe7\x02\0 0:6\x06\0\0\0";
/// let unpacker = Unpacker::new(1);
/// let reader = Decompressor::new(&file[..], Limits::default());
/// let mut reader = reader.with_unpacker(&unpacker, file.len() as u64);
/// assert_eq!(reader.take_text().unwrap(), Some(&b"hello\n"[..]));
/// # }
/// ```
#[derive(Clone)]
pub struct Unpacker(Arc<Pool>);

struct Pool {
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    spare: Vec<Whole>,
    /// Files that are held whole now.
    lent: usize,
}

impl Unpacker {
    /// Memory for so many files at a time, up to 28 MiB each; it is only taken when they come. As
    /// many as there are threads that read logs are enough.
    pub fn new(files: usize) -> Unpacker {
        Unpacker(Arc::new(Pool { most: files, state: Mutex::default() }))
    }

    /// Memory for one file, unless all of it is in use.
    pub(super) fn lend(&self) -> Option<Lent> {
        let mut state = self.0.state();
        if state.lent >= self.0.most {
            return None;
        }
        state.lent += 1;
        let whole = state.spare.pop().unwrap_or_default();
        drop(state);
        Some(Lent { whole, pool: Arc::clone(&self.0) })
    }
}

impl fmt::Debug for Unpacker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Unpacker").field("files", &self.0.most).finish_non_exhaustive()
    }
}

/// Memory for one file, given back when it is dropped.
pub(super) struct Lent {
    pub(super) whole: Whole,
    pool: Arc<Pool>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let whole = std::mem::take(&mut self.whole);
        let mut state = self.pool.state();
        state.spare.push(whole);
        state.lent -= 1;
    }
}

impl Pool {
    /// No code that could panic while it holds the lock leaves the state half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
