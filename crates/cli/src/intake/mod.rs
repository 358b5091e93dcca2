//! Runs into an index: read side by side, written one after the other.
//!
//! Those who read wait for servers and parse; the one who writes must see the events of a run
//! together. So each run has a channel of its own, which holds a few batches: the first run's is
//! emptied while the next ones fill theirs.

mod args;

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use recheck_core::Fields;
use recheck_index::{IndexedEvent, Run, Scanned, Writer};

use crate::{
    events::{Reading, RunEvents, Stopped},
    failure::Failure,
    gather::Gathered,
    records::run_of,
};

pub(crate) use self::args::IntakeArgs;

/// Bytes of text that a batch is sent at.
const BATCH: usize = 256 * 1024;
/// Batches that a run may be ahead of the writer.
const AHEAD: usize = 16;
/// Runs read at the same time.
const AT_ONCE: usize = 4;

/// A run to be read: what is known of it, or why nothing is.
pub(crate) type Found = Result<Gathered, (String, String)>;

/// What became of one run.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// What was to be read, as it is told.
    pub(crate) target: String,
    /// Number of its events.
    pub(crate) events: u64,
    /// Whether the index knows it now.
    pub(crate) is_kept: bool,
    /// What could not be read: the log, and why.
    pub(crate) problems: Vec<(String, String)>,
    /// What was noticed and does no harm.
    pub(crate) notes: Vec<(String, String)>,
}

impl Taken {
    /// A target of which nothing can be had.
    fn failed(problem: (String, String)) -> Taken {
        Taken { target: problem.0.clone(), problems: vec![problem], ..Taken::default() }
    }
}

/// Reads runs and writes them.
pub(crate) struct Intake<'a> {
    pub(crate) reading: Reading<'a>,
    /// Fields of every run, as typed.
    pub(crate) meta: &'a [(String, String)],
    /// Keep a run also where not one of its logs can be read: it counts among the runs there were.
    pub(crate) keeps_all: bool,
}

/// What one who reads tells the one who writes.
enum Message {
    /// What is known of the run, before its first event.
    Begin(Box<Run>),
    Events(Vec<(IndexedEvent, Vec<u32>)>),
    /// The run as it is known now, if it is one, and what became of it.
    End(Option<Box<Run>>, Box<Taken>),
}

impl Intake<'_> {
    /// Takes runs in, in their order. `find` is called for each item, by several threads; `done`
    /// hears of each run, by its item's place, before the next one is written.
    ///
    /// # Errors
    ///
    /// When the index can't be written, or `done` fails.
    pub(crate) fn take<T: Sync>(
        &self,
        items: &[T],
        find: impl Fn(&T) -> Vec<Found> + Sync,
        writer: &mut dyn Writer,
        mut done: impl FnMut(usize, Taken, &mut dyn Writer) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (senders, receivers): (Vec<_>, Vec<_>) =
            items.iter().map(|_| sync_channel(AHEAD)).unzip();
        let senders: Vec<_> = senders.into_iter().map(|sender| Mutex::new(Some(sender))).collect();
        let next = AtomicUsize::new(0);
        let read = || {
            while let Some((item, sender)) = {
                let index = next.fetch_add(1, Relaxed);
                items.get(index).zip(senders.get(index))
            } {
                let sender = sender.lock().unwrap_or_else(PoisonError::into_inner).take();
                // Nobody listens any more where the writer failed.
                let Some(sender) = sender else { return };
                if find(item).into_iter().any(|found| self.read(found, &sender).is_err()) {
                    return;
                }
            }
        };
        thread::scope(|scope| {
            // Dropped before the threads are waited for, so that none is left writing to nobody.
            let receivers = receivers;
            for _ in 0..AT_ONCE.min(items.len()) {
                scope.spawn(read);
            }
            for (index, receiver) in receivers.iter().enumerate() {
                self.write(receiver, writer, &mut |taken, writer| done(index, taken, writer))?;
            }
            Ok(())
        })
    }

    /// Reads one run. It ends early where nobody listens any more.
    fn read(&self, found: Found, to: &SyncSender<Message>) -> Result<(), Stopped> {
        let send = |message| to.send(message).map_err(|_| Stopped);
        let mut gathered = match found {
            Ok(gathered) => gathered,
            Err(problem) => {
                return send(Message::End(None, Box::new(Taken::failed(problem))));
            }
        };
        self.name(&mut gathered);
        let mut run = match run_of(&gathered.meta) {
            Ok(run) => run,
            Err(reason) => {
                let problem = (gathered.target, reason.trim().to_owned());
                return send(Message::End(None, Box::new(Taken::failed(problem))));
            }
        };
        let target = gathered.target.clone();
        let mut events = RunEvents::new(self.reading, &run, gathered.meta.clone());
        let (mut batch, mut size, mut count) = (Vec::new(), 0, 0_u64);
        let mut is_heard = true;
        let outcome = events.read(gathered, &mut |event, hits| {
            if count == 0 {
                is_heard &= to.send(Message::Begin(Box::new(run.clone()))).is_ok();
            }
            count += 1;
            size += text_of(event);
            batch.push((event.clone(), hits.to_vec()));
            if size >= BATCH {
                size = 0;
                is_heard &= to.send(Message::Events(std::mem::take(&mut batch))).is_ok();
            }
            match is_heard {
                true => Ok(()),
                false => Err(Stopped),
            }
        });
        outcome?;
        if !batch.is_empty() {
            send(Message::Events(batch))?;
        }
        let is_kept = self.keeps_all || count > 0 || events.logs > 0;
        run.scanned = Some(match (events.logs, events.problems.is_empty()) {
            (0, _) => Scanned::None,
            (_, true) => Scanned::Full,
            (_, false) => Scanned::Partial,
        });
        let is_whole = run.scanned == Some(Scanned::Full);
        let failed_tests = events.failed_tests.take().filter(|_| is_whole);
        run.failed_tests = failed_tests.map(|tests| tests.into_iter().collect());
        let RunEvents { problems, notes, .. } = events;
        let taken = Taken { target, events: count, is_kept, problems, notes };
        send(Message::End(is_kept.then(|| Box::new(run)), Box::new(taken)))
    }

    /// Adds what was typed, and a name by the target where nothing else gives one.
    fn name(&self, gathered: &mut Gathered) {
        let Gathered { meta, target, .. } = gathered;
        for (place, (key, value)) in self.meta.iter().enumerate() {
            // A key given twice has both values.
            match self.meta[..place].iter().any(|(before, _)| before == key) {
                true => meta.push(key, value),
                false => _ = meta.set(key, value),
            }
        }
        if meta.get("build_uuid").is_none() {
            let path = std::path::Path::new(target.as_str()).canonicalize();
            let name = path.map_or_else(|_| target.clone(), |path| path.display().to_string());
            meta.set("build_uuid", &name);
        }
    }

    /// Writes the runs of one item.
    fn write(
        &self,
        from: &Receiver<Message>,
        writer: &mut dyn Writer,
        done: &mut dyn FnMut(Taken, &mut dyn Writer) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for message in from {
            match message {
                Message::Begin(run) => writer.run(&run)?,
                Message::Events(events) => {
                    for (event, hits) in &events {
                        self.reading.progress.hits(hits.len() as u64);
                        writer.event(event, hits)?;
                    }
                }
                Message::End(run, taken) => {
                    if let Some(run) = run {
                        writer.run(&run)?;
                    }
                    done(*taken, writer)?;
                }
            }
        }
        Ok(())
    }
}

/// Bytes that an event takes, about: its texts, and what a string takes beside its text.
fn text_of(event: &IndexedEvent) -> usize {
    let size = |fields: &Fields| -> usize {
        let values = |(name, values): (&str, &[String])| {
            name.len() + values.iter().map(|value| value.len() + 48).sum::<usize>()
        };
        fields.iter().map(values).sum()
    };
    size(&event.fields) + size(&event.inherited) + event.raw.as_ref().map_or(0, String::len)
}
