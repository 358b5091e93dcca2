//! Writers that are killed at any moment, and writers side by side.
//!
//! The writer is this test binary, started once more for [`writer`] alone. It tells on standard
//! output what was acknowledged.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use recheck_core::Schema;
use recheck_index::{Embedded, Index, IndexedEvent, RunKey, RunSelection, Scanned, Scope};

use crate::util::{Compiled, hits, open, options};

/// Events of a run; every second one hits.
const EVENTS: usize = 20;

/// The part of the writer: `RECHECK_CRASH` has the directory, the writer's name and how many rounds.
#[test]
#[ignore = "started by the other tests here, to be killed"]
fn writer() {
    let told = env::var("RECHECK_CRASH").expect("started by a test");
    let parts: Vec<&str> = told.split('|').collect();
    let (dir, name, rounds) = (Path::new(parts[0]), parts[1], parts[2].parse().unwrap());
    for round in 0..rounds {
        let index = open(dir, Schema::Logstash);
        let compiled = Compiled::queries(&["boom"], Schema::Logstash);
        let mut writer = index.writer(&options()).unwrap();
        writer.fingerprints(compiled.known());
        // One run that every round replaces, and one of its own.
        let own = format!("{name}-{round}");
        for run in [format!("{name}-shared"), own.clone()] {
            for number in 0..EVENTS {
                let mut event = IndexedEvent {
                    id: Some(format!("{own} {number}")),
                    run: Some(RunKey::first(&run)),
                    ..IndexedEvent::default()
                };
                let boom = number % 2 == 0;
                event.fields.push("message", if boom { "boom" } else { "fine" });
                writer.event(&event, if boom { &[0] } else { &[] }).unwrap();
                if number == EVENTS / 2 {
                    writer.commit().unwrap();
                }
            }
        }
        writer.finish().unwrap();
        println!("acknowledged {round}");
        std::io::stdout().flush().unwrap();
    }
}

fn start(dir: &Path, name: &str, rounds: usize) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::writer", "--ignored", "--nocapture"])
        .env("RECHECK_CRASH", format!("{}|{name}|{rounds}", dir.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The rounds that were acknowledged before the writer ended.
fn acknowledged(child: Child) -> Vec<usize> {
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("panicked"), "{errors}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let round = |line: &str| Some(line.split("acknowledged ").nth(1)?.trim().parse().unwrap());
    text.lines().filter_map(round).collect()
}

/// The names of the events of each run. Events, hits and history must agree.
fn look(dir: &Path) -> BTreeMap<String, Vec<String>> {
    let index = Embedded::open(dir).unwrap();
    let compiled = Compiled::queries(&["*:*", "boom"], Schema::Logstash);
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut booms: BTreeMap<String, u64> = BTreeMap::new();
    for hit in hits(&index, &compiled, &Scope::default()) {
        let run = hit.run.expect("every event has a run").build_uuid;
        match hit.fingerprint {
            0 => all.entry(run).or_default().push(hit.id),
            _ => *booms.entry(run).or_default() += 1,
        }
    }
    for known in index.history().runs(&RunSelection::default()).unwrap() {
        let run = &known.run.key.build_uuid;
        let events = all.get(run).map_or(0, Vec::len);
        assert_eq!(known.events, events as u64, "{run}: events and history agree");
        // That all events of a run are there is known when its writer has finished.
        assert!(events == EVENTS || known.scanned == Scanned::Partial, "{run}: {events} events");
        let asked = index.history().facts(&known.run.key).unwrap();
        let count: u64 = asked.answers.values().map(|(count, _)| count).sum();
        assert_eq!(Some(count), booms.get(run).copied(), "{run}: hits and history agree");
    }
    let known = index.history().size().unwrap().runs;
    assert_eq!(known, all.len() as u64, "every run of an event is known");
    for (run, ids) in &all {
        let distinct: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "{run}: an event is there twice");
        let rounds: BTreeSet<&str> = ids.iter().filter_map(|id| id.split(' ').next()).collect();
        assert_eq!(rounds.len(), 1, "{run}: events of two rounds are mixed");
    }
    all
}

/// Nothing acknowledged is lost.
fn check(dir: &Path, name: &str, acknowledged: &[usize]) {
    if acknowledged.is_empty() && Embedded::open(dir).is_err() {
        return; // Killed before there was an index.
    }
    let all = look(dir);
    for round in acknowledged {
        assert_eq!(all[&format!("{name}-{round}")].len(), EVENTS, "round {round} of {name}");
    }
    if let Some(last) = acknowledged.last() {
        let id = &all[&format!("{name}-shared")][0];
        let round = id.split(' ').next().and_then(|own| own.rsplit('-').next()).unwrap();
        assert!(round.parse::<usize>().unwrap() >= *last, "the shared run is no older than {last}");
    }
}

fn kill_at_random(kills: u64) {
    let dir = tempfile::tempdir().unwrap();
    let mut moment = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 | 1;
    println!("seed {moment}");
    let mut total = 0;
    for kill in 0..kills {
        let name = format!("w{kill}");
        let mut child = start(dir.path(), &name, 1_000);
        moment ^= moment << 13;
        moment ^= moment >> 7;
        moment ^= moment << 17;
        thread::sleep(Duration::from_micros(moment % 1_500_000));
        child.kill().unwrap();
        let acknowledged = acknowledged(child);
        total += acknowledged.len();
        check(dir.path(), &name, &acknowledged);
    }
    println!("{kills} kills, {total} rounds acknowledged, none lost, none doubled");
    assert!(total > 0, "not one round was done before a kill");
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    kill_at_random(10);
}

#[test]
#[ignore = "takes minutes: 200 kills"]
fn many_killed_writers() {
    kill_at_random(200);
}

#[test]
fn two_processes_write_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut children: Vec<(&str, Child)> =
        ["a", "b"].into_iter().map(|name| (name, start(dir.path(), name, 5))).collect();
    let running = |children: &mut Vec<(&str, Child)>| {
        children.iter_mut().any(|(_, child)| child.try_wait().unwrap().is_none())
    };
    // A reader beside them never sees an event twice, nor fewer than before.
    let mut seen = 0;
    while running(&mut children) {
        if let Ok(index) = Embedded::open(dir.path()) {
            let compiled = Compiled::queries(&["*:*"], Schema::Logstash);
            let hits = hits(&index, &compiled, &Scope::default());
            let ids: BTreeSet<_> = hits.iter().map(|hit| (&hit.run, &hit.id)).collect();
            assert_eq!(ids.len(), hits.len());
            let own = hits.iter().filter(|hit| {
                hit.run.as_ref().is_some_and(|run| !run.build_uuid.ends_with("shared"))
            });
            let count = own.count();
            assert!(count >= seen);
            seen = count;
        }
        thread::sleep(Duration::from_millis(20));
    }
    for (name, child) in children {
        let acknowledged = acknowledged(child);
        assert_eq!(acknowledged, [0, 1, 2, 3, 4]);
        check(dir.path(), name, &acknowledged);
    }
}

#[test]
fn a_second_writer_waits_and_then_gives_up() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path(), Schema::Logstash);
    let first = index.writer(&options()).unwrap();
    let patience = Duration::from_millis(200);
    let impatient = recheck_index::WriterOptions { patience, ..options() };
    let error = index.writer(&impatient).err().expect("there is one writer").to_string();
    assert!(error.contains("another process is writing"), "{error}");
    drop(first);
    index.writer(&impatient).expect("the lock is free");
}
