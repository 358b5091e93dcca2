//! All runs of a place into an index.

use super::*;
use crate::util::Outcome;

const BUILDS: &str = "/api/tenant/example/builds";

/// The builds of a tenant: one that failed and has logs, one that got no node, and a list of passed
/// ones, page by page as they are asked for.
fn zuul(passed: usize) -> Server {
    Server::start(move |request| {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if path == BUILDS {
            return builds(passed, query, request);
        }
        let found = super::zuul::SITE.iter().find(|(known, _)| *known == path);
        found.map_or_else(|| Reply::new(404, "gone"), |(_, name)| fixture(name, request))
    })
}

fn builds(passed: usize, query: &str, request: &Request) -> Reply {
    let number = |name: &str| -> usize {
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)).unwrap();
        value.parse().unwrap()
    };
    let read =
        |name: &str| -> Value { serde_json::from_slice(fixture(name, request).body()).unwrap() };
    let mut all = vec![read("zuul/build-ref.json"), read("zuul/build-node-failure.json")];
    for count in 0..passed {
        let mut build = all[0].clone();
        build["uuid"] = format!("{:032x}", count + 0x1000).into();
        build["result"] = "SUCCESS".into();
        all.push(build);
    }
    let page: Vec<_> = all.into_iter().skip(number("skip=")).take(number("limit=")).collect();
    Reply::new(200, serde_json::to_string(&page).unwrap())
}

fn collect(dir: &Dir, args: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let bare = [("GITHUB_TOKEN", ""), ("GH_TOKEN", ""), ("NO_PROXY", "127.0.0.1")];
    let args = [&["collect", "--index", "index", "--since", "2020-01-01"], args].concat();
    dir.run(&args, b"", &[&bare, variables].concat())
}

fn known_runs(dir: &Dir, args: &[&str]) -> Value {
    let args = [&["report", "--index", "index", "--since", "2020-01-01", "--format", "json"], args];
    let outcome = dir.recheck(&args.concat());
    serde_json::from_str(&outcome.out).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

#[test]
fn a_tenant_page_by_page_and_only_what_is_new() {
    let server = zuul(240);
    let dir = known(&[("node", "filename:run AND message:\"NODE_FAILURE\"")]);
    let place = server.url("/t/example/builds");
    let outcome = collect(&dir, &[&place, "--sample", "0%"], &[]);
    assert!(outcome.out.starts_with("242 runs (2 failed), logs of 2 read, "), "{outcome:?}");
    let report = known_runs(&dir, &[]);
    let overall = &report["overall"];
    assert_eq!((&overall["runs"], &overall["passed"]), (&242.into(), &240.into()), "{overall}");
    assert_eq!((&overall["failed"], &overall["known"]), (&2.into(), &2.into()), "{overall}");

    let again = collect(&dir, &[&place, "--sample", "0%"], &[]);
    assert!(again.out.starts_with("0 runs (0 failed), logs of 0 read, "), "{again:?}");
    assert!(again.out.ends_with("242 known before\n"), "{again:?}");

    let sampled = collect(&dir, &[&place, "--sample", "10%", "--seed", "3"], &[]);
    let read: u64 = sampled.out.split(' ').next().unwrap().parse().unwrap();
    assert!((8..60).contains(&read), "a tenth of 240: {sampled:?}");
    let report = known_runs(&dir, &[]);
    let disk = report["fingerprints"].as_array().unwrap();
    let disk = disk.iter().find(|row| row["fingerprint"] == "disk").unwrap();
    assert_eq!(disk["passed_runs_scanned"], read, "{disk}");
    assert_eq!(report["overall"]["runs"], 242);
}

#[test]
fn a_list_that_breaks_off_keeps_what_came() {
    let server = Server::start(|request| match request.path.contains("skip=0") {
        true => builds(240, "limit=100&skip=0", request),
        false => Reply::new(500, "out of order"),
    });
    let dir = known(&[]);
    let outcome =
        collect(&dir, &[&server.url("/t/example"), "--sample", "0", "--retries", "0"], &[]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.out.starts_with("100 runs "), "{outcome:?}");
    assert!(outcome.err.contains("500") && outcome.err.contains("run it again to go on"));
    assert_eq!(known_runs(&dir, &[])["overall"]["runs"], 100);
}

#[test]
fn a_repository_with_every_attempt_of_its_jobs() {
    let server = Server::start(|request| {
        let read = |name: &str| -> Value {
            serde_json::from_slice(fixture(name, request).body()).unwrap()
        };
        let json = |value: Value| Reply::new(200, value.to_string());
        match request.path.split('?').next().unwrap() {
            "/repos/team/app/actions/runs" => {
                assert!(request.path.contains("status=completed&per_page=100&page=1"));
                json(
                    serde_json::json!({"total_count": 1, "workflow_runs": [read("github/run.json")]}),
                )
            }
            "/repos/team/app/actions/runs/12/jobs" => {
                assert!(request.path.contains("filter=all"));
                let mut jobs = read("github/jobs.json");
                let first = read("github/job.json");
                jobs["jobs"].as_array_mut().unwrap().push(first);
                jobs["total_count"] = 3.into();
                json(jobs)
            }
            "/repos/team/app/actions/jobs/41/logs" => fixture("github/job.log", request),
            "/repos/team/app/check-runs/42/annotations" => {
                fixture("github/annotations-lost.json", request)
            }
            _ => Reply::new(404, r#"{"message": "Not Found"}"#),
        }
    });
    let dir = known(&[]);
    let place = server.url("");
    let variables = [("GITHUB_SERVER_URL", &*place), ("GITHUB_API_URL", &*place)];
    let outcome = collect(&dir, &[&server.url("/team/app"), "--sample", "0"], &variables);
    assert!(outcome.out.starts_with("3 runs (2 failed), logs of 2 read, "), "{outcome:?}");
    let report = known_runs(&dir, &[]);
    assert_eq!(
        report["overall"]["runs"], 3,
        "an attempt that failed counts, also when it ran again"
    );
    let again = collect(&dir, &[&server.url("/team/app"), "--sample", "0"], &variables);
    assert!(again.out.starts_with("0 runs (0 failed), logs of 0 read, "), "{again:?}");
    assert!(again.out.ends_with("; 0 known before\n"), "its jobs are not even listed: {again:?}");

    // Who knows one job of a run does not know the others.
    let dir = known(&[]);
    let place = server.url("/team/app");
    let one = ["--sample", "0", "--job", "build (linux)"];
    let part = collect(&dir, &[&[&*place], &one[..]].concat(), &variables);
    let read: u64 = part.out.split(' ').next().unwrap().parse().unwrap();
    assert!((1..3).contains(&read), "{part:?}");
    collect(&dir, &[&server.url("/team/app"), "--sample", "0"], &variables);
    assert_eq!(known_runs(&dir, &[])["overall"]["runs"], 3);
}

#[test]
fn other_places_are_told_with_the_cure() {
    let dir = known(&[]);
    for place in ["https://example.org/", "logs/", "https://zuul.example.org/t/a/build/1"] {
        let outcome = collect(&dir, &[place], &[]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.err.contains("https://HOST/t/TENANT"), "{outcome:?}");
    }
}

#[test]
fn a_list_ends_where_it_is_too_old_whatever_never_ran() {
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = asked.clone();
    let server = Server::start(move |request| {
        let page = counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let build = |number: usize| {
            let uuid = format!("{:032x}", page * 100 + number + 1);
            let time = (number > 0).then_some("2019-01-01T00:00:00");
            serde_json::json!({"uuid": uuid, "job_name": "unit", "result": "SKIPPED",
                "start_time": time, "end_time": time, "log_url": null, "final": true})
        };
        assert!(request.path.starts_with(BUILDS));
        let builds: Vec<Value> = (0..100).map(build).collect();
        Reply::new(200, serde_json::to_string(&builds).unwrap())
    });
    let dir = known(&[]);
    let outcome = collect(&dir, &[&server.url("/t/example")], &[]);
    assert!(outcome.out.starts_with("0 runs "), "{outcome:?}");
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[test]
fn a_passed_run_without_a_log_was_not_scanned() {
    let server = Server::start(|request| {
        let mut build: Value =
            serde_json::from_slice(fixture("zuul/build-ref.json", request).body()).unwrap();
        build["result"] = "SUCCESS".into();
        build["log_url"] = Value::Null;
        Reply::new(200, serde_json::to_string(&[build]).unwrap())
    });
    let dir = known(&[]);
    let outcome = collect(&dir, &[&server.url("/t/example"), "--sample", "100%"], &[]);
    assert!(outcome.out.starts_with("1 run (0 failed), logs of 1 read, "), "{outcome:?}");
    assert!(outcome.err.contains("note: "), "why there is none is told: {outcome:?}");
    let report = known_runs(&dir, &[]);
    assert_eq!(report["fingerprints"][0]["passed_runs_scanned"], 0, "{report}");
    assert_eq!(report["overall"]["passed"], 1);
}
