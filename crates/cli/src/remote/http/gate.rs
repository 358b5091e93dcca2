//! How many requests one host gets at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Counts the requests under way to each host.
#[derive(Debug)]
pub(super) struct Gate {
    limit: usize,
    busy: Mutex<HashMap<String, usize>>,
    left: Condvar,
}

/// A place at a host, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    gate: Arc<Gate>,
    host: String,
}

impl Gate {
    pub(super) fn new(limit: usize) -> Arc<Gate> {
        Arc::new(Gate { limit, busy: Mutex::default(), left: Condvar::new() })
    }

    /// Waits for a place, at most this long.
    pub(super) fn enter(self: &Arc<Gate>, host: &str, patience: Duration) -> Option<Permit> {
        let full = |busy: &mut HashMap<String, usize>| {
            busy.get(host).is_some_and(|count| *count >= self.limit)
        };
        let waited = self.left.wait_timeout_while(self.busy(), patience, full);
        let (mut busy, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return None;
        }
        *busy.entry(host.to_owned()).or_default() += 1;
        Some(Permit { gate: Arc::clone(self), host: host.to_owned() })
    }

    /// Nothing can panic while it is held.
    fn busy(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut busy = self.gate.busy();
        if let Some(count) = busy.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                busy.remove(&self.host);
            }
        }
        drop(busy);
        // Who waits may wait for another host.
        self.gate.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_own_places() {
        let gate = Gate::new(1);
        let now = Duration::ZERO;
        let first = gate.enter("a", now).unwrap();
        assert!(gate.enter("a", now).is_none());
        let _other = gate.enter("b", now).unwrap();
        drop(first);
        assert!(gate.enter("a", now).is_some());
    }

    #[test]
    fn who_waits_gets_the_place_that_is_left() {
        let gate = Gate::new(1);
        let first = gate.enter("a", Duration::ZERO).unwrap();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| gate.enter("a", Duration::from_secs(60)).is_some());
            drop(first);
            assert!(waits.join().unwrap());
        });
    }
}
