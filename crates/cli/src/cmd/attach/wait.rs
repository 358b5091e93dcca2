//! Which of the runs that were asked for are ready to be attached to, and what the others wait for.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use recheck_core::render::escape;
use recheck_index::{Arrival, Index, KnownRun, RunKey, RunSelection, Scanned, Window};

use super::AttachArgs;
use crate::{args::moment, failure::Failure};

/// Between the first two looks at what has not arrived; then twice as long each time,
const PAUSE: Duration = Duration::from_millis(500);
/// up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The runs that were asked for, until all of them are handed out or the time is up.
pub(super) struct Waiting<'a> {
    index: &'a dyn Index,
    arrival: Arrival,
    /// The ids that were asked for and no run had yet.
    missing: Vec<&'a str>,
    /// The runs that wait, and for which of the queries.
    left: Vec<(RunKey, Vec<usize>)>,
    since: Option<Timestamp>,
    ids: &'a [String],
    given: HashSet<RunKey>,
    deadline: Instant,
    looks: u32,
    /// The time was up at the last look, so that nothing was kept back.
    is_last: bool,
}

impl<'a> Waiting<'a> {
    /// Nothing is looked at yet.
    pub(super) fn new(args: &'a AttachArgs, index: &'a dyn Index) -> Result<Waiting<'a>, Failure> {
        let since = match (args.since, &args.run[..]) {
            (None, []) => moment("1h").ok(),
            (since, _) => since,
        };
        let arrival = Arrival::new(args.arrived.clone(), index.schema())
            .map_err(|error| Failure::Arrival { reason: error.to_string() })?;
        Ok(Waiting {
            index,
            arrival,
            missing: Vec::new(),
            left: Vec::new(),
            since,
            ids: &args.run,
            given: HashSet::new(),
            deadline: Instant::now() + args.wait.unwrap_or_default(),
            looks: 0,
            is_last: false,
        })
    }

    /// The runs that can be attached to since the last call; when the time is up, all that are left.
    pub(super) fn ready(&mut self) -> Result<Vec<KnownRun>, Failure> {
        let runs = self.wanted()?;
        let lacking = self.arrival.lacking(self.index, &runs)?;
        self.is_last = Instant::now() >= self.deadline;
        self.looks += 1;
        let mut ready = Vec::new();
        self.left.clear();
        for (mut run, lacking) in runs.into_iter().zip(lacking) {
            let waits = !lacking.is_empty() || run.is_unfinished();
            if waits {
                self.left.push((run.run.key.clone(), lacking));
            }
            if waits && !self.is_last {
                continue;
            }
            if waits {
                // What has not arrived was not looked at.
                run.scanned = Scanned::Partial;
            }
            self.given.insert(run.run.key.clone());
            ready.push(run);
        }
        Ok(ready)
    }

    /// How long to wait before the next look; nothing when all is handed out. There is one more look when
    /// the time ran out since the last.
    pub(super) fn pause(&self) -> Option<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let pause = PAUSE.saturating_mul(1 << self.looks.min(5)).min(LONGEST_PAUSE);
        (!self.is_over() && !self.is_last).then(|| left.min(pause))
    }

    /// Whether nothing that was asked for is late.
    fn is_over(&self) -> bool {
        self.has_all_runs() && self.left.is_empty()
    }

    /// Whether the index holds every run that was named.
    pub(super) fn has_all_runs(&self) -> bool {
        self.missing.is_empty()
    }

    /// What was waited for in vain.
    pub(super) fn late(&self) -> Vec<String> {
        let missing = self.missing.iter();
        let missing = missing.map(|id| {
            format!(
                "error: the index holds no run `{}`\n  help: `recheck ingest` takes it in; `--wait 10m` waits for one that is on its way",
                escape(id)
            )
        });
        let left = self.left.iter().map(|(key, lacking)| {
            let queries = lacking.iter().map(|at| format!("`{}`", self.arrival.query(*at)));
            let queries: Vec<String> = queries.collect();
            let what = match &queries[..] {
                [] => "is still taken in".to_owned(),
                some => format!("has no event yet that {} hits", some.join(" or ")),
            };
            format!(
                "warning: run `{}` {what}; its logs may not be all there",
                escape(&key.to_string())
            )
        });
        missing.chain(left).collect()
    }

    /// The runs that were asked for and not handed out. Those of a window are the ones that the first
    /// look found there: others would come for ever.
    fn wanted(&mut self) -> Result<Vec<KnownRun>, Failure> {
        let history = self.index.history();
        let mut runs = Vec::new();
        self.missing.clear();
        for id in self.ids {
            let build_uuid = Some(id.clone());
            let found = history.runs(&RunSelection { build_uuid, ..RunSelection::default() })?;
            if found.is_empty() {
                self.missing.push(id);
            }
            runs.extend(found);
        }
        if let Some(from) = self.since {
            let window = Window { from: Some(from), to: None };
            let failed = history.runs(&RunSelection { window, build_uuid: None, failed: true })?;
            let is_first = self.looks == 0;
            let waits = |run: &KnownRun| self.left.iter().any(|(key, _)| *key == run.run.key);
            runs.extend(failed.into_iter().filter(|run| is_first || waits(run)));
        }
        runs.retain(|run| !self.given.contains(&run.run.key));
        runs.sort_by(|a, b| (a.time, &a.run.key).cmp(&(b.time, &b.run.key)));
        runs.dedup_by(|a, b| a.run.key == b.run.key);
        Ok(runs)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use recheck_index::{Embedded, IndexedEvent, WriterOptions};

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: AttachArgs,
    }

    #[test]
    fn what_waits_is_handed_out_when_the_time_runs_out_between_two_looks() {
        let dir = tempfile::tempdir().unwrap();
        let options = WriterOptions::default();
        let index = Embedded::open_or_create(dir.path(), None, options.patience).unwrap();
        let mut writer = index.writer(&options).unwrap();
        let run = Some(RunKey::first("r"));
        writer.event(&IndexedEvent { run, ..IndexedEvent::default() }, &[]).unwrap();
        writer.finish().unwrap();
        let line = ["attach", "--run", "r", "--arrived", "message:end", "--wait", "1h"];
        let line = Line::try_parse_from(line).unwrap();
        let mut waiting = Waiting::new(&line.args, &index).unwrap();
        assert!(waiting.ready().unwrap().is_empty());
        // As when to attach to the others takes longer than was to be waited.
        waiting.deadline = Instant::now();
        assert_eq!(waiting.pause(), Some(Duration::ZERO));
        let ready = waiting.ready().unwrap();
        assert_eq!((ready.len(), ready[0].scanned), (1, Scanned::Partial));
        assert_eq!((waiting.pause(), waiting.late().len()), (None, 1));
    }
}
