//! The report: one row for each fingerprint, in the order in which they should be looked at.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    fmt,
};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

use crate::{
    fingerprint::{Category, Fingerprint},
    matcher::Matcher,
};

use super::{
    count::{Counts, Groups, Runs},
    facts::{RunFact, Seen, Window},
    overall::{Overall, UnclassifiedJob},
    proportion::Proportion,
    rerun::next_runs,
    trend::{Compared, Trend, trends},
};

/// Points of a series, at most.
const MOST_POINTS: i64 = 60;
/// A fingerprint of whose hits more than this share, in percent, are on runs that passed is too
/// broad.
const TOO_BROAD: f64 = 10.0;
/// From so many changes on it is a race and no broken change.
const RACE_CHANGES: u64 = 2;

/// What a report is grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The job.
    Job,
    /// The queue or pipeline.
    Queue,
    /// The branch.
    Branch,
    /// The project.
    Project,
}

impl By {
    /// All of them.
    pub const ALL: [By; 4] = [By::Job, By::Queue, By::Branch, By::Project];

    /// The field of a run that has the value.
    pub fn field(self) -> &'static str {
        match self {
            By::Job => "build_name",
            By::Queue => "build_queue",
            By::Branch => "build_branch",
            By::Project => "project",
        }
    }
}

impl fmt::Display for By {
    /// The word that the JSON has.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            By::Job => "job",
            By::Queue => "queue",
            By::Branch => "branch",
            By::Project => "project",
        })
    }
}

/// How often each fingerprint hit over a window.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The window.
    pub window: Window,
    /// What the parts of each row are.
    pub by: By,
    /// The window as a whole.
    pub overall: Overall,
    /// A row for each fingerprint of the set, in the order of the ranking.
    pub fingerprints: Vec<Row>,
    /// Failed runs that no fingerprint explains, by job.
    pub unclassified: Vec<UnclassifiedJob>,
    /// When each point of a row's series begins.
    pub series: Vec<Timestamp>,
    /// The jobs, queues, branches and projects that runs had together, each as the values of
    /// [`By::ALL`].
    #[serde(skip)]
    pub slices: Vec<[String; By::ALL.len()]>,
    /// Runs that could have been hit, by slice. Most fingerprints have the same.
    #[serde(skip)]
    pub eligible: Vec<Vec<u64>>,
}

/// One fingerprint over the window.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its id.
    pub fingerprint: String,
    /// The bug's URL or tracker id.
    pub bug: Option<String>,
    /// One line that names it.
    pub title: Option<String>,
    /// Whose failure it is.
    pub category: Option<Category>,
    /// Whether it is a general one, which counts only where nothing specific hit.
    pub fallback: bool,
    /// Since when the bug counts as closed.
    pub resolved_at: Option<String>,
    /// Whether its file asks to be left out of rankings: it stands at the end.
    pub suppressed: bool,
    /// Whether it hit at least two changes.
    pub race: bool,
    /// Number of events that match, in the runs that count.
    pub events: u64,
    /// Runs hit, passed or failed.
    pub runs_hit: u64,
    /// Failed runs hit.
    pub failed_runs_hit: u64,
    /// Failed runs hit in the window's last 24 hours.
    pub failed_runs_hit_last_24h: u64,
    /// Passed runs hit.
    pub passed_runs_hit: u64,
    /// Passed runs among those it could have hit whose logs were read, in full or in part.
    pub passed_runs_scanned: u64,
    /// Runs that it could have hit.
    pub of: u64,
    /// Distinct changes among the runs hit.
    pub changes_hit: u64,
    /// Of the runs hit whose job ran again on the same commit or patch set, how many passed then.
    pub reruns: Reruns,
    /// Runs hit ÷ runs it could have hit, 0 to 100.
    pub percentage: Option<f64>,
    /// The 95 % interval of that.
    pub interval: Option<(f64, f64)>,
    /// Failed runs hit ÷ failed runs of the window, 0 to 100.
    pub percentage_of_failures: Option<f64>,
    /// The same counts in the window before.
    pub before: Proportion,
    /// How that compares.
    #[serde(flatten)]
    pub trend: Trend,
    /// The time of the window's first run that was hit.
    pub first_seen: Option<Timestamp>,
    /// The time of the last.
    pub last_seen: Option<Timestamp>,
    /// The same in all history.
    #[serde(flatten)]
    pub seen: Seen,
    /// Whether more than a tenth of the runs hit had passed: the query is too broad.
    pub too_broad: bool,
    /// Hits that count although the failed tests that the fingerprint asks for are not known.
    pub unchecked_hits: u64,
    /// The same within each job, queue, branch or project, where it hit; most hits first.
    pub parts: Vec<Part>,
    /// Hits over time; as many points as [`Report::series`] has, none without a hit.
    pub series: Vec<SeriesPoint>,
    /// The same by slice: what a page needs that filters by job, queue, branch and project.
    #[serde(skip)]
    pub cells: Vec<Cell>,
    /// Its place in [`Report::eligible`]; none without a hit.
    #[serde(skip)]
    pub eligible: Option<usize>,
}

/// One fingerprint's hits in one slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Its place in [`Report::slices`].
    pub slice: usize,
    /// Hits by the point of [`Report::series`] that they fall on.
    pub points: BTreeMap<usize, SeriesPoint>,
}

/// Reruns of the runs hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reruns {
    /// Those that passed.
    pub passed: u64,
    /// All of them.
    pub of: u64,
}

/// One job, queue, branch or project.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Its name; empty where runs do not tell.
    pub value: String,
    /// Runs hit, passed or failed.
    pub runs_hit: u64,
    /// Failed runs hit.
    pub failed_runs_hit: u64,
    /// Runs that could have been hit.
    pub of: u64,
    /// Runs hit ÷ runs that could have been, 0 to 100.
    pub percentage: Option<f64>,
    /// The 95 % interval of that.
    pub interval: Option<(f64, f64)>,
}

/// Runs hit within a point of the series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SeriesPoint {
    /// Failed ones.
    pub failed: u64,
    /// Passed ones.
    pub passed: u64,
}

impl Report {
    /// The report on a window. `runs` holds the runs of the window and of the one
    /// [before](Window::before) it, and later ones where there are any, of which no hit is asked:
    /// they tell how reruns ended.
    /// `seen` tells for each fingerprint what all history knows of it.
    pub fn new(
        (matcher, set): (&Matcher, &[Fingerprint]),
        runs: &[RunFact],
        seen: &[Seen],
        (window, by): (Window, By),
    ) -> Report {
        let groups = Groups::new(matcher, set, runs);
        let next = next_runs(runs);
        let runs = Runs { set, facts: runs, groups: &groups, next: &next };
        let counted =
            Counted { runs, window, now: runs.count(window), before: runs.count(window.before()) };
        let trends = counted.trends(seen);
        let starts = points(window);
        let mut eligible = Distinct::default();
        let mut rows: Vec<(u32, Row)> = (0..)
            .zip(trends)
            .zip(seen)
            .map(|((index, trend), seen)| {
                let mut row = counted.row(index, trend, *seen);
                row.parts = counted.parts(index, by);
                row.cells = counted.cells(index, &starts);
                row.series = series(&row.cells, starts.len());
                row.eligible = (row.runs_hit > 0).then(|| eligible.place(counted.eligible(index)));
                (index, row)
            })
            .collect();
        rows.sort_by(|(_, a), (_, b)| a.rank().cmp(&b.rank()));
        let top = rows.iter().find(|(_, row)| row.failed_runs_hit > 0).map(|(index, _)| *index);
        let overall = Overall::new(&runs, window, top);
        let mut fingerprints: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
        for row in &mut fingerprints {
            let share = Proportion { hits: row.failed_runs_hit, of: overall.failed };
            row.percentage_of_failures = share.percentage();
        }
        let unclassified = UnclassifiedJob::all(&runs, window);
        let (slices, eligible) = (groups.slices.clone(), eligible.into_values());
        Report { window, by, overall, fingerprints, unclassified, series: starts, slices, eligible }
    }

    /// Closed fingerprints that hit a failed run all the same.
    pub fn returned(&self) -> impl Iterator<Item = &Row> {
        self.fingerprints.iter().filter(|row| row.has_returned())
    }

    /// Fingerprints without a hit in the time before the window's end: candidates for removal.
    pub fn silent_for(&self, time: SignedDuration) -> impl Iterator<Item = &Row> {
        let since = self.window.until.saturating_sub(time).unwrap_or(Timestamp::MIN);
        let rows = self.fingerprints.iter();
        rows.filter(move |row| row.seen.last.max(row.last_seen).is_none_or(|last| last < since))
    }
}

impl Row {
    /// Whether its bug counts as closed, and it hit a failed run all the same.
    pub(crate) fn has_returned(&self) -> bool {
        self.failed_runs_hit > 0 && hit_when_closed(self.resolved_at.as_deref(), self.last_seen)
    }

    /// The least comes first: what asks to be left out last, races before what hit one change,
    /// today's before the week's.
    fn rank(&self) -> impl Ord + '_ {
        (
            self.suppressed,
            !self.race,
            Reverse((self.failed_runs_hit_last_24h, self.failed_runs_hit, self.runs_hit)),
            &self.fingerprint,
        )
    }
}

/// Whether the last hit was one of a bug that counted as closed. Where `resolved_at` begins with a date,
/// hits up to that day's end were of the bug while it was open; any other text closes it for all time.
fn hit_when_closed(resolved_at: Option<&str>, last_hit: Option<Timestamp>) -> bool {
    let (Some(resolved_at), Some(last_hit)) = (resolved_at, last_hit) else { return false };
    let day = resolved_at.get(..10).and_then(|day| day.parse::<Date>().ok());
    day.is_none_or(|day| TimeZone::UTC.to_datetime(last_hit).date() > day)
}

/// Both windows, counted.
struct Counted<'a> {
    runs: Runs<'a>,
    window: Window,
    now: Counts,
    before: Counts,
}

impl Counted<'_> {
    fn proportion(&self, counts: &Counts, index: u32) -> Proportion {
        let of = counts.eligible(self.runs.groups, index, |_| true).runs;
        Proportion { hits: counts.hits[index as usize].runs(), of }
    }

    fn trends(&self, seen: &[Seen]) -> Vec<Trend> {
        let compared = |(index, seen): (u32, &Seen)| {
            let place = index as usize;
            let outdated = |counts: &Counts| counts.hits[place].outdated > 0;
            Compared {
                now: self.proportion(&self.now, index),
                before: self.proportion(&self.before, index),
                earlier: seen.first.is_some_and(|first| first < self.window.from),
                closed: hit_when_closed(
                    self.runs.set[place].resolved_at.as_deref(),
                    self.now.hits[place].last,
                ),
                query_changed: outdated(&self.now) || outdated(&self.before),
            }
        };
        trends(&(0..).zip(seen).map(compared).collect::<Vec<_>>())
    }

    fn row(&self, index: u32, trend: Trend, seen: Seen) -> Row {
        let fingerprint = &self.runs.set[index as usize];
        let hits = &self.now.hits[index as usize];
        let proportion = self.proportion(&self.now, index);
        let passed = Proportion { hits: hits.passed, of: hits.runs() };
        let changes_hit = hits.changes.len() as u64;
        Row {
            fingerprint: fingerprint.id.clone(),
            bug: fingerprint.bug.clone(),
            title: fingerprint.title.clone(),
            category: fingerprint.category,
            fallback: fingerprint.fallback,
            resolved_at: fingerprint.resolved_at.clone(),
            suppressed: fingerprint.suppress_graph,
            race: changes_hit >= RACE_CHANGES,
            events: hits.events,
            runs_hit: hits.runs(),
            failed_runs_hit: hits.failed,
            failed_runs_hit_last_24h: hits.recent,
            passed_runs_hit: hits.passed,
            passed_runs_scanned: self
                .now
                .eligible(self.runs.groups, index, |_| true)
                .passed_scanned,
            of: proportion.of,
            changes_hit,
            reruns: Reruns { passed: hits.reruns.hits, of: hits.reruns.of },
            percentage: proportion.percentage(),
            interval: proportion.interval(),
            percentage_of_failures: None,
            before: self.proportion(&self.before, index),
            trend,
            first_seen: hits.first,
            last_seen: hits.last,
            seen,
            too_broad: passed.percentage().is_some_and(|share| share > TOO_BROAD),
            unchecked_hits: hits.unchecked,
            parts: Vec::new(),
            series: Vec::new(),
            cells: Vec::new(),
            eligible: None,
        }
    }

    fn parts(&self, index: u32, by: By) -> Vec<Part> {
        let place = By::ALL.iter().position(|each| *each == by).unwrap_or_default();
        let mut values: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (group, (failed, passed)) in &self.now.hits[index as usize].groups {
            let value = values.entry(self.runs.groups.part(*group, place)).or_default();
            value.0 += failed;
            value.1 += failed + passed;
        }
        let part = |(value, (failed_runs_hit, runs_hit)): (&str, (u64, u64))| {
            let groups = self.runs.groups;
            let admits = |slice: usize| groups.slices[slice][place] == value;
            let of = self.now.eligible(self.runs.groups, index, admits).runs;
            let proportion = Proportion { hits: runs_hit, of };
            Part {
                value: value.to_owned(),
                runs_hit,
                failed_runs_hit,
                of,
                percentage: proportion.percentage(),
                interval: proportion.interval(),
            }
        };
        let mut parts: Vec<Part> = values.into_iter().map(part).collect();
        parts.sort_by_key(|part| Reverse((part.failed_runs_hit, part.runs_hit)));
        parts
    }

    fn cells(&self, index: u32, starts: &[Timestamp]) -> Vec<Cell> {
        let mut cells: BTreeMap<usize, Cell> = BTreeMap::new();
        for (time, failed, group) in &self.now.hits[index as usize].times {
            let slice = self.runs.groups.all[*group].slice;
            let cell = cells.entry(slice).or_insert_with(|| Cell { slice, ..Cell::default() });
            let after = starts.partition_point(|start| start <= time);
            let point = cell.points.entry(after.saturating_sub(1)).or_default();
            point.failed += u64::from(*failed);
            point.passed += u64::from(!*failed);
        }
        cells.into_values().collect()
    }

    /// Runs that a fingerprint could have hit, by slice.
    fn eligible(&self, index: u32) -> Vec<u64> {
        let groups = self.runs.groups;
        let mut runs = vec![0; groups.slices.len()];
        for (group, eligible) in groups.all.iter().zip(&self.now.eligible) {
            if groups.admits(group, index) {
                runs[group.slice] += eligible.runs;
            }
        }
        runs
    }
}

/// Keeps each value once.
#[derive(Default)]
struct Distinct {
    places: HashMap<Vec<u64>, usize>,
}

impl Distinct {
    fn place(&mut self, value: Vec<u64>) -> usize {
        let next = self.places.len();
        *self.places.entry(value).or_insert(next)
    }

    fn into_values(self) -> Vec<Vec<u64>> {
        let mut values: Vec<_> = self.places.into_iter().collect();
        values.sort_by_key(|(_, place)| *place);
        values.into_iter().map(|(value, _)| value).collect()
    }
}

/// The points of all cells together; none without a hit.
fn series(cells: &[Cell], length: usize) -> Vec<SeriesPoint> {
    let mut points = vec![SeriesPoint::default(); if cells.is_empty() { 0 } else { length }];
    for (at, hits) in cells.iter().flat_map(|cell| &cell.points) {
        points[*at].failed += hits.failed;
        points[*at].passed += hits.passed;
    }
    points
}

/// When the points of a window's series begin: hours, days or weeks, whatever gives enough of them
/// and not too many.
fn points(window: Window) -> Vec<Timestamp> {
    const HOURS: [i64; 5] = [1, 6, 24, 7 * 24, 28 * 24];
    let length = window.until.duration_since(window.from);
    let fits = |hours: &&i64| length.as_hours() / **hours <= MOST_POINTS;
    let hours = HOURS.iter().find(fits).copied().unwrap_or(365 * 24);
    let mut starts = Vec::new();
    let mut start = window.from;
    while start < window.until && (starts.len() as i64) <= 100 * MOST_POINTS {
        starts.push(start);
        match start.checked_add(SignedDuration::from_hours(hours)) {
            Ok(next) => start = next,
            Err(_) => break,
        }
    }
    starts
}
