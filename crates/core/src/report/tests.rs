//! Reports on small histories, counted by hand.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{Fingerprint, Matcher, Query, RunMeta};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The second week of May.
fn week() -> Window {
    Window { from: time("2024-05-06T00:00Z"), until: time("2024-05-13T00:00Z") }
}

fn fingerprint(id: &str, query: &str) -> Fingerprint {
    Fingerprint {
        id: id.to_owned(),
        queries: vec![Query::parse(query).unwrap()],
        ..Fingerprint::default()
    }
}

/// A run of `fields`, each `name=value`, that ended on this day of May.
fn run(day: i64, fields: &str, hits: &[u32]) -> RunFact {
    let mut meta = RunMeta::new();
    for (name, value) in fields.split_whitespace().filter_map(|field| field.split_once('=')) {
        meta.set(name, value);
    }
    let hit = |fingerprint: &u32| HitFact {
        fingerprint: *fingerprint,
        events: 2,
        current: true,
        checked: true,
    };
    RunFact {
        meta,
        time: time("2024-05-01T12:00Z") + SignedDuration::from_hours(24 * (day - 1)),
        is_final: true,
        scanned: Scanned::Full,
        hits: hits.iter().map(hit).collect(),
    }
}

fn report(set: &[Fingerprint], runs: &[RunFact]) -> Report {
    let (matcher, refused) = Matcher::builder().build(set);
    assert!(refused.is_empty());
    let seen = vec![Seen::default(); set.len()];
    Report::new((&matcher, set), runs, &seen, (week(), By::Job))
}

fn row<'r>(report: &'r Report, id: &str) -> &'r Row {
    report.fingerprints.iter().find(|row| row.fingerprint == id).unwrap()
}

const FAILED: &str = "build_status=FAILURE";
const PASSED: &str = "build_status=SUCCESS";

#[test]
fn a_run_hit_by_several_bugs_is_known_once() {
    let set = [fingerprint("a", "message:a"), fingerprint("b", "message:b")];
    let runs = [
        run(7, FAILED, &[0, 1]),
        run(8, FAILED, &[1]),
        run(9, FAILED, &[]),
        run(9, PASSED, &[]),
        run(9, "build_status=ABORTED", &[]),
        run(13, FAILED, &[0]),
    ];
    let report = report(&set, &runs);
    let overall = &report.overall;
    assert_eq!((overall.runs, overall.failed, overall.passed, overall.other), (5, 3, 1, 1));
    assert_eq!((overall.known, overall.unclassified), (2, 1));
    assert_eq!(overall.classification_rate, Some(2.0 / 3.0));
    let b = row(&report, "b");
    assert_eq!((b.runs_hit, b.of, b.events), (2, 4, 4), "runs that did not run are not counted");
    assert_eq!(b.percentage, Some(50.0));
    assert_eq!(overall.avoidable, 1, "b is the first, and alone on the 8th");
}

#[test]
fn only_runs_that_a_query_can_hit_are_counted() {
    let mut unit = fingerprint("unit", "message:x AND build_name:unit AND build_status:FAILURE");
    let set = [unit.clone(), fingerprint("any", "message:x AND tags:console AND filename:y")];
    let runs = [
        run(7, "build_name=unit build_status=FAILURE", &[0]),
        run(7, "build_name=unit build_status=SUCCESS", &[]),
        run(7, "build_name=unit build_status=SUCCESS voting=0", &[]),
        run(7, "build_name=docs build_status=FAILURE", &[0]),
    ];
    let told = report(&set, &runs);
    let row_of = row(&told, "unit");
    assert_eq!((row_of.runs_hit, row_of.of), (1, 2), "how a run ended decides nothing");
    assert_eq!(row(&told, "any").of, 3, "runs that do not vote do not count");
    unit.allow_nonvoting = true;
    assert_eq!(row(&report(&[unit], &runs), "unit").of, 3);
}

#[test]
fn passed_runs_that_were_not_read_are_told_apart() {
    let set = [fingerprint("a", "message:a")];
    let mut unread = run(8, PASSED, &[]);
    unread.scanned = Scanned::None;
    let mut cut = run(8, FAILED, &[]);
    cut.scanned = Scanned::Partial;
    let runs = [run(7, FAILED, &[0]), run(7, PASSED, &[0]), run(7, PASSED, &[]), unread, cut];
    let report = report(&set, &runs);
    let a = row(&report, "a");
    assert_eq!((a.failed_runs_hit, a.passed_runs_hit, a.passed_runs_scanned), (1, 1, 2));
    assert!(a.too_broad);
    assert_eq!((report.overall.incomplete, report.overall.unclassified), (1, 0));
}

#[test]
fn a_race_hits_several_changes_and_passes_on_rerun() {
    let set = [fingerprint("race", "message:a"), fingerprint("broken", "message:b")];
    let of = |change: u32, set: u32, word: &str| {
        format!("build_name=unit project=p change={change} patchset={set} build_status={word}")
    };
    let runs = [
        run(7, &of(1, 1, "FAILURE"), &[0]),
        run(8, &of(1, 1, "SUCCESS"), &[]),
        run(7, &of(2, 1, "FAILURE"), &[0, 1]),
        run(8, &of(2, 1, "FAILURE"), &[1]),
        run(9, &of(2, 1, "FAILURE"), &[1]),
        run(10, &of(2, 2, "SUCCESS"), &[]),
    ];
    let report = report(&set, &runs);
    let race = row(&report, "race");
    assert_eq!((race.changes_hit, race.race), (2, true));
    assert_eq!(race.reruns, Reruns { passed: 1, of: 2 });
    let broken = row(&report, "broken");
    assert_eq!((broken.changes_hit, broken.race), (1, false));
    assert_eq!(broken.reruns, Reruns { passed: 0, of: 2 }, "the last one was not run again");
    let order: Vec<_> = report.fingerprints.iter().map(|row| &*row.fingerprint).collect();
    assert_eq!(order, ["race", "broken"], "a race ranks before what hit more runs of one change");
}

#[test]
fn what_did_not_run_is_no_rerun() {
    let set = [fingerprint("race", "message:a")];
    let of = |word: &str| format!("build_name=unit change=1 patchset=1 build_status={word}");
    let runs = [
        run(7, &of("FAILURE"), &[0]),
        run(8, &of("ABORTED"), &[]),
        run(9, &of("SUCCESS"), &[]),
        run(10, &of("SKIPPED"), &[]),
    ];
    assert_eq!(row(&report(&set, &runs), "race").reruns, Reruns { passed: 1, of: 1 });
}

#[test]
fn a_bug_that_hit_what_does_not_count_is_not_new() {
    let set = [fingerprint("a", "message:a")];
    let (matcher, _) = Matcher::builder().build(&set);
    let mut retried = run(2, FAILED, &[0]);
    retried.is_final = false;
    let seen = [Seen { first: Some(retried.time), last: None }];
    let runs = [retried, run(7, FAILED, &[0])];
    let status = |seen: &[Seen]| {
        let report = Report::new((&matcher, &set), &runs, seen, (week(), By::Job));
        row(&report, "a").trend.status
    };
    assert_eq!(status(&seen), Status::Back);
    let seen = [Seen { first: Some(runs[1].time), last: None }];
    assert_eq!(status(&seen), Status::New);
}

#[test]
fn general_fingerprints_count_where_nothing_specific_hit() {
    let mut general = fingerprint("general", "message:a");
    general.fallback = true;
    let set = [general, fingerprint("specific", "message:b")];
    let report = report(&set, &[run(7, FAILED, &[0, 1]), run(8, FAILED, &[0])]);
    assert_eq!(row(&report, "general").runs_hit, 1);
    assert_eq!((report.overall.known, report.overall.fallback), (1, 1));
    assert_eq!(report.overall.classification_rate, Some(0.5));
}

#[test]
fn what_hit_before_its_bug_was_closed_is_not_back() {
    let runs = [run(8, FAILED, &[0])];
    let returned = |resolved_at: &str| {
        let mut closed = fingerprint("closed", "message:c");
        closed.resolved_at = Some(resolved_at.to_owned());
        let report = report(&[closed], &runs);
        (report.returned().count(), report.fingerprints[0].trend.status)
    };
    let day = runs[0].time.strftime("%Y-%m-%d").to_string();
    let before = runs[0].time - SignedDuration::from_hours(24);
    assert_eq!(returned(&day), (0, Status::New), "it may have hit before the bug was closed");
    assert_eq!(returned(&format!("{day}T00:00:00Z")), (0, Status::New));
    assert_eq!(returned(&before.strftime("%Y-%m-%d").to_string()), (1, Status::Back));
    assert_eq!(returned("Mon Jan  6 13:20:28 PST 2014"), (1, Status::Back), "any text closes it");
}

#[test]
fn every_fingerprint_has_its_row_and_the_last_day_comes_first() {
    let mut closed = fingerprint("closed", "message:c");
    closed.resolved_at = Some("2023".to_owned());
    let mut hidden = fingerprint("hidden", "message:h");
    hidden.suppress_graph = true;
    let set = [fingerprint("old", "message:a"), closed, fingerprint("never", "message:x"), hidden];
    let runs = [
        run(7, "build_status=FAILURE change=1", &[0, 3]),
        run(8, "build_status=FAILURE change=2", &[0, 3]),
        run(12, "build_status=FAILURE change=3", &[1]),
        run(12, "build_status=FAILURE change=4", &[1]),
    ];
    let report = report(&set, &runs);
    let order: Vec<_> = report.fingerprints.iter().map(|row| &*row.fingerprint).collect();
    assert_eq!(order, ["closed", "old", "never", "hidden"]);
    let closed = row(&report, "closed");
    assert_eq!((closed.trend.status, closed.failed_runs_hit_last_24h), (Status::Back, 2));
    assert_eq!(report.returned().count(), 1);
    let silent: Vec<_> = report
        .silent_for(SignedDuration::from_hours(24))
        .map(|row| row.fingerprint.as_str())
        .collect();
    assert_eq!(silent, ["old", "never", "hidden"]);
    let never = row(&report, "never");
    assert_eq!((never.of, never.percentage, never.trend.status), (4, Some(0.0), Status::Quiet));
}

#[test]
fn parts_and_series_add_up_to_the_row() {
    let set = [fingerprint("a", "message:a")];
    let mut runs = Vec::new();
    for day in 6..13 {
        runs.push(run(day, "build_name=unit build_status=FAILURE", &[0]));
        runs.push(run(day, "build_name=docs build_status=SUCCESS", &[]));
    }
    runs.push(run(12, "build_name=docs build_status=SUCCESS", &[0]));
    let report = report(&set, &runs);
    let a = row(&report, "a");
    let parts: Vec<_> = a.parts.iter().map(|part| (&*part.value, part.runs_hit, part.of)).collect();
    assert_eq!(parts, [("unit", 7, 7), ("docs", 1, 8)]);
    let sum = |count: fn(&SeriesPoint) -> u64| a.series.iter().map(count).sum::<u64>();
    assert_eq!((sum(|point| point.failed), sum(|point| point.passed)), (7, 1));
    assert_eq!(a.series.len(), report.series.len());
}

#[test]
fn a_changed_query_is_marked_and_never_worse() {
    let set = [fingerprint("a", "message:a")];
    let mut runs: Vec<_> = (0..40).map(|_| run(7, FAILED, &[0])).collect();
    runs.extend((0..40).map(|_| run(2, FAILED, &[])));
    let mut outdated = run(2, FAILED, &[0]);
    runs.push(outdated.clone());
    assert_eq!(row(&report(&set, &runs), "a").trend.status, Status::Worse);
    outdated.hits[0].current = false;
    runs.pop();
    runs.push(outdated);
    let told = report(&set, &runs);
    assert_eq!(row(&told, "a").trend.status, Status::Steady);
    assert!(row(&told, "a").trend.query_changed);
}

#[test]
fn runs_without_end_or_finality_do_not_count() {
    let set = [fingerprint("a", "message:a")];
    let mut retried = run(7, FAILED, &[0]);
    retried.is_final = false;
    let mut at_the_end = run(7, FAILED, &[0]);
    at_the_end.time = week().until;
    let mut at_the_start = run(7, FAILED, &[0]);
    at_the_start.time = week().from;
    let report = report(&set, &[retried, at_the_end, at_the_start]);
    assert_eq!((report.overall.runs, row(&report, "a").runs_hit), (1, 1));
}

mod by_chance {
    //! What the tests say when only chance is at work, and when it is not.

    use super::{super::trend::trends, *};
    use crate::report::trend::Compared;

    /// A generator with a seed (Marsaglia, "Xorshift RNGs", 2003).
    struct Chance(u64);

    impl Chance {
        fn next(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }

        /// How many of `of` runs a race of this rate hits, by the inverse of the distribution.
        fn hits(&mut self, of: u64, rate: f64) -> u64 {
            let mut chance = (1.0 - rate).powf(of as f64);
            let (mut left, mut hits) = (self.next() - chance, 0);
            while left > 0.0 && hits < of {
                chance *= (of - hits) as f64 / (hits + 1) as f64 * rate / (1.0 - rate);
                hits += 1;
                left -= chance;
            }
            hits
        }
    }

    fn weeks(chance: &mut Chance, of: u64, before: f64, now: f64) -> Compared {
        Compared {
            now: Proportion { hits: chance.hits(of, now), of },
            before: Proportion { hits: chance.hits(of, before), of },
            earlier: true,
            closed: false,
            query_changed: false,
        }
    }

    #[test]
    fn seldom_is_a_steady_race_called_worse() {
        let mut chance = Chance(20_241_124);
        let (mut worse, mut all) = (0, 0);
        for _ in 0..60 {
            let rates = (0..100).map(|index| 0.0005 * f64::from(1 + index % 40));
            let compared: Vec<_> =
                rates.map(|rate| weeks(&mut chance, 5_000, rate, rate)).collect();
            let told = trends(&compared);
            worse += told.iter().filter(|trend| trend.status == Status::Worse).count();
            all += told.len();
        }
        assert!(worse * 1_000 <= all, "{worse} of {all}");
    }

    #[test]
    fn most_doublings_are_called_worse() {
        let mut chance = Chance(7);
        let mut found = 0;
        for _ in 0..200 {
            let mut compared: Vec<_> =
                (0..40).map(|_| weeks(&mut chance, 5_000, 0.004, 0.004)).collect();
            // 75 hits a week, then 150.
            compared.push(weeks(&mut chance, 5_000, 0.015, 0.03));
            let told = trends(&compared);
            found += usize::from(told[40].status == Status::Worse);
        }
        assert!(found >= 190, "{found} of 200");
    }
}

#[test]
fn runs_are_told_apart_by_all_values_of_a_field() {
    let set = [fingerprint("b", "tier:b AND message:a")];
    let of = |second: &str, hits: &[u32]| {
        let mut run = run(7, FAILED, hits);
        run.meta.push("tier", "a");
        run.meta.push("tier", second);
        run
    };
    let report = report(&set, &[of("c", &[]), of("c", &[]), of("b", &[0])]);
    assert_eq!((row(&report, "b").runs_hit, row(&report, "b").of), (1, 1));
}

#[test]
fn what_hits_passed_runs_alone_does_not_hide_what_could_be_avoided() {
    let set = [fingerprint("broad", "message:a"), fingerprint("bug", "message:b")];
    let passed = |change: &str| run(7, &format!("{PASSED} change={change}"), &[0]);
    let failed = run(7, &format!("{FAILED} change=3"), &[1]);
    let report = report(&set, &[passed("1"), passed("2"), failed]);
    assert_eq!(report.fingerprints[0].fingerprint, "broad", "two changes make a race");
    assert_eq!(report.overall.avoidable, 1);
}
