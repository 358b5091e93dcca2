//! Work that waits for the network, side by side.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// Does the work for every item, on the caller's thread and some more, and gives the results in the
/// items' order.
///
/// The threads are not those of the pool that scans: those who wait for a server would keep others
/// from scanning. Where the system has no more threads, fewer do.
pub(crate) fn fan_out<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        while let Some((index, item)) = {
            let index = next.fetch_add(1, Relaxed);
            items.get(index).map(|item| (index, item))
        } {
            let result = work(item);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(items.len()) {
            let _ =
                thread::Builder::new().name("recheck-fetch".to_owned()).spawn_scoped(scope, run);
        }
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Barrier, time::Duration};

    #[test]
    fn results_keep_their_order() {
        let items: Vec<u64> = (0..100).collect();
        let double = |item: &u64| {
            thread::sleep(Duration::from_micros(100 - item));
            item * 2
        };
        let expected: Vec<u64> = items.iter().map(|item| item * 2).collect();
        assert_eq!(fan_out(&items, 8, double), expected);
        assert_eq!(fan_out(&items[..0], 8, double), Vec::<u64>::new());
    }

    #[test]
    fn all_threads_work_at_once() {
        let barrier = Barrier::new(4);
        let waited = fan_out(&[(); 4], 4, |()| barrier.wait().is_leader());
        assert_eq!(waited.iter().filter(|leader| **leader).count(), 1);
    }
}
