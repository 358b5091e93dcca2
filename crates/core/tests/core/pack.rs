//! The pack in `queries/`: every fingerprint says what it must and hits what it must, the whole
//! logs in `fixtures/logs` get the verdicts their names promise, and jobs that passed say nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use recheck_core::{
    Fingerprint, Known, Loaded, Matcher, RunMeta, RunReport, RunScan, ScanOptions, Verdict,
    load_dirs, log::Profile,
};

/// How many fingerprints the pack promises.
const PROMISED: usize = 60;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The pack, without an error and without a warning.
fn pack() -> Vec<Fingerprint> {
    let Loaded { set, rejected, warnings } = load_dirs(&[workspace().join("queries")]);
    assert!(rejected.is_empty(), "{rejected:#?}");
    assert!(warnings.is_empty(), "{warnings:#?}");
    set.iter().map(|(_, fingerprint)| fingerprint.clone()).collect()
}

fn compile(fingerprints: &[Fingerprint]) -> Matcher {
    let (matcher, rejected) = Matcher::builder().build(fingerprints);
    assert!(rejected.is_empty(), "{rejected:#?}");
    matcher
}

fn scan(known: Known<'_>, log: &Path, profile: Profile) -> RunReport {
    let options = ScanOptions { profile, ..ScanOptions::default() };
    let mut run = RunScan::new(known, RunMeta::default(), &options);
    let name = log.file_name().and_then(|name| name.to_str()).expect("fixtures have plain names");
    let mut scan = run.log(name);
    scan.feed(&fs::read(log).unwrap_or_else(|error| panic!("{}: {error}", log.display())));
    let report = scan.finish();
    run.add(report);
    run.finish(&log.display().to_string())
}

fn ids(report: &RunReport) -> Vec<&str> {
    report.bugs.iter().map(|bug| bug.fingerprint.as_str()).collect()
}

#[test]
fn each_tells_what_it_is_and_what_to_do() {
    let pack = pack();
    assert!(pack.len() >= PROMISED, "{} fingerprints", pack.len());
    for fingerprint in &pack {
        let id = &fingerprint.id;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(id.bytes().all(plain), "{id}: the id is made of plain words");
        let title = fingerprint.title.as_deref().unwrap_or_default();
        assert!((1..=80).contains(&title.len()), "{id}: a title of one line");
        assert!(fingerprint.category.is_some(), "{id}: a category");
        let advice = fingerprint.advice.as_deref().unwrap_or_default();
        assert!((1..=320).contains(&advice.len()), "{id}: an advice of a few sentences");
        let file = workspace().join(format!("queries/{id}.yaml"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert!(text.starts_with("# Wording: "), "{id}: the source of the wording");
    }
}

/// Each alone, so that a fallback is not hidden by a specific one.
#[test]
fn each_hits_its_fixture_and_misses_its_near_miss() {
    for fingerprint in pack() {
        let one = [fingerprint];
        let matcher = compile(&one);
        let known = Known { matcher: &matcher, fingerprints: &one };
        let folder = workspace().join("fixtures/pack").join(&one[0].id);
        for profile in [Profile::Records, Profile::Lines] {
            let hit = scan(known, &folder.join("hit.log"), profile);
            assert_eq!(ids(&hit), [one[0].id.as_str()], "{} {profile:?}", hit.target);
            let miss = scan(known, &folder.join("miss.log"), profile);
            assert!(miss.bugs.is_empty(), "{} {profile:?}: {:#?}", miss.target, miss.bugs);
        }
    }
}

/// With the whole pack a specific failure is told by its own name, and a general one's fixture is
/// not taken for a specific one.
#[test]
fn the_whole_pack_tells_each_fixture_by_its_name() {
    let pack = pack();
    let matcher = compile(&pack);
    let known = Known { matcher: &matcher, fingerprints: &pack };
    for fingerprint in &pack {
        let log = workspace().join("fixtures/pack").join(&fingerprint.id).join("hit.log");
        let report = scan(known, &log, Profile::Records);
        let expected = if fingerprint.fallback { Verdict::Fallback } else { Verdict::Known };
        assert_eq!(report.verdict, expected, "{}: {:?}", fingerprint.id, ids(&report));
        assert!(ids(&report).contains(&fingerprint.id.as_str()), "{}", fingerprint.id);
    }
}

/// Nothing in the pack makes a scan look at every event.
#[test]
fn each_is_found_by_a_literal() {
    let pack = pack();
    let matcher = compile(&pack);
    let slow: Vec<_> = matcher.unanchored().iter().map(|&at| &pack[at as usize].id).collect();
    assert!(slow.is_empty(), "{slow:?}");
}

#[test]
fn no_fixture_is_left_over() {
    let pack = pack();
    let folder = workspace().join("fixtures/pack");
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let name = entry.expect("it can be read").file_name();
        let known = pack.iter().any(|fingerprint| *fingerprint.id == *name);
        assert!(known, "fixtures/pack/{}: no such fingerprint", name.display());
    }
}

#[test]
fn whole_logs_get_the_verdict_their_names_promise() {
    let pack = pack();
    let matcher = compile(&pack);
    let known = Known { matcher: &matcher, fingerprints: &pack };
    let cases = [
        ("github-docker-rate-limit.log", Verdict::Known, &["docker-hub-rate-limit"][..]),
        ("zuul-disk-full/job-output.txt", Verdict::Known, &["disk-full"]),
        ("jenkins-npm-reset.log", Verdict::Known, &["npm-network"]),
        ("gitlab-passed.log", Verdict::Unclassified, &[]),
    ];
    for (log, verdict, bugs) in cases {
        for profile in [Profile::Records, Profile::Lines] {
            let report = scan(known, &workspace().join("fixtures/logs").join(log), profile);
            assert_eq!((report.verdict, ids(&report).as_slice()), (verdict, bugs), "{log}");
        }
    }
}

/// Jobs of a real Zuul: the pack hits the one that ran into its timeout and is silent on all
/// others, those that passed among them.
#[test]
fn real_zuul_jobs_are_not_mistaken() {
    let Some(data) = std::env::var_os("RECHECK_DATA") else {
        eprintln!("skipped: RECHECK_DATA is not set, so there are no real logs to read");
        return;
    };
    let pack = pack();
    let matcher = compile(&pack);
    let known = Known { matcher: &matcher, fingerprints: &pack };
    let mut read = 0;
    for group in ["change", "change-kinds"] {
        let folder = Path::new(&data).join("zuul").join(group);
        for entry in fs::read_dir(&folder).expect("RECHECK_DATA holds zuul/") {
            let log = entry.expect("it can be read").path().join("job-output.txt");
            if !log.is_file() {
                continue;
            }
            read += 1;
            let report = scan(known, &log, Profile::Records);
            let timed_out = log.parent().is_some_and(|job| job.ends_with("logs-kind-timeout"));
            let expected: &[&str] = if timed_out { &["zuul-run-timeout"] } else { &[] };
            assert_eq!(ids(&report), expected, "{}", log.display());
        }
    }
    assert!(read >= 8, "only {read} job logs found");
}
