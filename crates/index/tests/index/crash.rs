//! Writers that are killed at any moment, and writers side by side.
//!
//! The writer is this test binary, started once more for [`writer`] alone. It tells on standard
//! output what was acknowledged.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::Write,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use recheck_core::Schema;
use recheck_index::{
    Elastic, ElasticOptions, Embedded, Index, IndexError, IndexedEvent, RunKey, RunSelection,
    Scanned, Scope,
};

use crate::util::{Compiled, Gone, fresh_name, hits, open, options, request, servers};

/// Events of a run; every second one hits.
const EVENTS: usize = 20;

/// Where an index is written and looked at: a directory, or an address.
fn open_at(place: &str) -> Result<Box<dyn Index>, IndexError> {
    Ok(match place.starts_with("http") {
        true => Box::new(Elastic::open(place, &ElasticOptions::default())?),
        false => Box::new(Embedded::open(place.as_ref())?),
    })
}

/// The same, made where it is missing.
fn make_at(place: &str) -> Box<dyn Index> {
    match place.starts_with("http") {
        true => Box::new(Elastic::open_or_create(place, None, &ElasticOptions::default()).unwrap()),
        false => Box::new(open(place.as_ref(), Schema::Logstash)),
    }
}

/// The part of the writer: `RECHECK_CRASH` has the place, the writer's name and how many rounds.
#[test]
#[ignore = "started by the other tests here, to be killed"]
fn writer() {
    let told = env::var("RECHECK_CRASH").expect("started by a test");
    let parts: Vec<&str> = told.split('|').collect();
    let (place, name, rounds) = (parts[0], parts[1], parts[2].parse().unwrap());
    for round in 0..rounds {
        let index = make_at(place);
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

fn start(place: &str, name: &str, rounds: usize) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::writer", "--ignored", "--nocapture"])
        .env("RECHECK_CRASH", format!("{place}|{name}|{rounds}"))
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
fn look(index: &dyn Index, is_cluster: bool) -> BTreeMap<String, Vec<String>> {
    let compiled = Compiled::queries(&["*:*", "boom"], Schema::Logstash);
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut booms: BTreeMap<String, u64> = BTreeMap::new();
    for hit in hits(index, &compiled, &Scope::default()) {
        let run = hit.run.expect("every event has a run").build_uuid;
        match hit.fingerprint {
            0 => all.entry(run).or_default().push(hit.id),
            _ => *booms.entry(run).or_default() += 1,
        }
    }
    let mut mixed = BTreeSet::new();
    // In a cluster a run is known before its first event is sent: its writer may die between.
    let mut begun = 0;
    for known in index.history().runs(&RunSelection::default()).unwrap() {
        let run = &known.run.key.build_uuid;
        let events = all.get(run).map_or(0, Vec::len);
        assert_eq!(known.events, events as u64, "{run}: events and history agree");
        // That all events of a run are there is known when its writer has finished.
        let not_whole = if events == 0 { Scanned::None } else { Scanned::Partial };
        assert!(events == EVENTS || known.scanned == not_whole, "{run}: {events} events");
        if is_cluster && known.scanned != Scanned::Full {
            // A cluster has no transactions: what was just being replaced is a mixture, and is known
            // not to be whole.
            mixed.insert(run.clone());
            begun += usize::from(events == 0);
            continue;
        }
        let asked = index.history().facts(&known.run.key).unwrap();
        let count: u64 = asked.answers.values().map(|(count, _)| count).sum();
        assert_eq!(Some(count), booms.get(run).copied(), "{run}: hits and history agree");
    }
    let known = index.history().size().unwrap().runs;
    assert_eq!(known, (all.len() + begun) as u64, "every run of an event is known, and no other");
    for (run, ids) in &all {
        let distinct: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "{run}: an event is there twice");
        let rounds: BTreeSet<&str> = ids.iter().filter_map(|id| id.split(' ').next()).collect();
        assert!(rounds.len() == 1 || mixed.contains(run), "{run}: events of two rounds are mixed");
    }
    all
}

/// Nothing acknowledged is lost.
fn check(place: &str, name: &str, acknowledged: &[usize]) {
    let Ok(index) = open_at(place) else {
        assert!(acknowledged.is_empty());
        return; // Killed before there was an index.
    };
    // The next writer puts in order what a killed one left.
    drop(index.writer(&options()).unwrap());
    if let Some((server, name)) = place.rsplit_once('/').filter(|_| place.starts_with("http")) {
        request(server, "GET", &format!("{name},recheck-history-{name}/_refresh"), "");
    }
    let all = look(&*index, place.starts_with("http"));
    for round in acknowledged {
        assert_eq!(all[&format!("{name}-{round}")].len(), EVENTS, "round {round} of {name}");
    }
    if let Some(last) = acknowledged.last() {
        let id = &all[&format!("{name}-shared")][0];
        let round = id.split(' ').next().and_then(|own| own.rsplit('-').next()).unwrap();
        assert!(round.parse::<usize>().unwrap() >= *last, "the shared run is no older than {last}");
    }
}

fn kill_at_random(place: &str, kills: u64, longest: Duration) {
    let mut moment = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 | 1;
    println!("seed {moment}");
    let mut total = 0;
    for kill in 0..kills {
        let name = format!("w{kill}");
        let mut child = start(place, &name, 1_000);
        moment ^= moment << 13;
        moment ^= moment >> 7;
        moment ^= moment << 17;
        thread::sleep(Duration::from_micros(moment % longest.as_micros() as u64));
        child.kill().unwrap();
        let acknowledged = acknowledged(child);
        total += acknowledged.len();
        check(place, &name, &acknowledged);
    }
    println!("{kills} kills, {total} rounds acknowledged, none lost, none doubled");
    assert!(total > 0, "not one round was done before a kill");
}

fn kill_embedded(kills: u64) {
    let dir = tempfile::tempdir().unwrap();
    kill_at_random(dir.path().to_str().unwrap(), kills, Duration::from_millis(1_500));
}

fn kill_on_clusters(kills: u64) {
    for server in servers() {
        let name = fresh_name();
        let _gone = Gone::Server { server: server.clone(), name: name.clone() };
        kill_at_random(&format!("{server}/{name}"), kills, Duration::from_secs(4));
    }
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    kill_embedded(10);
}

#[test]
fn a_killed_writer_on_a_cluster_loses_nothing_that_was_acknowledged() {
    kill_on_clusters(5);
}

#[test]
#[ignore = "takes minutes: 200 kills"]
fn many_killed_writers() {
    kill_embedded(200);
}

#[test]
#[ignore = "takes minutes: 20 kills on each cluster"]
fn many_killed_writers_on_clusters() {
    kill_on_clusters(20);
}

#[test]
fn two_processes_write_at_once() {
    let dir = tempfile::tempdir().unwrap();
    write_at_once(dir.path().to_str().unwrap());
}

#[test]
fn two_processes_write_into_a_cluster_at_once() {
    for server in servers() {
        let name = fresh_name();
        let _gone = Gone::Server { server: server.clone(), name: name.clone() };
        write_at_once(&format!("{server}/{name}"));
    }
}

/// Two writers, and a reader beside them that never sees an event twice, nor fewer than before.
fn write_at_once(place: &str) {
    let mut children: Vec<(&str, Child)> =
        ["a", "b"].into_iter().map(|name| (name, start(place, name, 5))).collect();
    let running = |children: &mut Vec<(&str, Child)>| {
        children.iter_mut().any(|(_, child)| child.try_wait().unwrap().is_none())
    };
    let mut seen = 0;
    while running(&mut children) {
        if let Ok(index) = open_at(place) {
            let compiled = Compiled::queries(&["*:*"], Schema::Logstash);
            let hits = hits(&*index, &compiled, &Scope::default());
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
        check(place, name, &acknowledged);
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
