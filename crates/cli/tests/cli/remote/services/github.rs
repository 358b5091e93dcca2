//! GitHub, by `fixtures/services/github`.

use super::*;

const JOB: &[(&str, &str)] = &[
    ("/repos/team/app/actions/jobs/41", "github/job.json"),
    ("/repos/team/app/actions/jobs/42", "github/job-lost.json"),
    ("/repos/team/app/actions/runs/12", "github/run.json"),
    ("/repos/team/app/actions/runs/12/jobs", "github/jobs.json"),
    ("/repos/team/app/check-runs/42/annotations", "github/annotations-lost.json"),
    ("/repos/team/app/actions/jobs/41/logs", "github/job.log"),
    ("/repos/team/app/pulls/7", "github/pull.json"),
    (
        "/repos/team/app/commits/90164c47be167acbb4e7c05deddb72e89c321f9d/check-runs",
        "github/check-runs.json",
    ),
    (
        "/repos/team/app/commits/90164c47be167acbb4e7c05deddb72e89c321f9d/status",
        "github/status.json",
    ),
    ("/api/tenant/example/buildset/fedcba9876543210fedcba9876543210", "zuul/buildset.json"),
    ("/job/nightly/12/api/json", "jenkins/build.json"),
    ("/job/nightly/12/consoleText", "jenkins/console.txt"),
    ("/job/nightly/12/artifact/target/test%20report.txt", "jenkins/console.txt"),
];

/// Classifies something on a GitHub of one's own, whose API the server is.
fn ask(dir: &Dir, server: &Server, path: &str) -> Answer {
    let place = server.url("");
    let variables = [("GITHUB_SERVER_URL", &*place), ("GITHUB_API_URL", &*place)];
    Answer::of(dir, &[&server.url(path)], &variables)
}

#[test]
fn a_job_is_a_run() {
    let server = serve(JOB);
    let dir = known(&[("step", "filename:run AND message:\"step 2 Run tests failure\"")]);
    let answer = ask(&dir, &server, "/team/app/actions/runs/12/job/41?pr=7#step:2:1");
    let run = answer.only();
    assert_eq!(run["target"], server.url("/team/app/actions/runs/12/job/41"));
    let mut hit = bugs(run);
    hit.sort_unstable();
    assert_eq!(hit, ["disk", "step"]);
    check_fields(
        run,
        &[
            ("build_uuid", "41"),
            ("build_name", "build (linux)"),
            ("build_status", "failure"),
            ("build_queue", "CI"),
            ("build_branch", "main"),
            ("head_branch", "fix"),
            ("project", "team/app"),
            ("change", "7"),
            ("patchset", "90164c47be167acbb4e7c05deddb72e89c321f9d"),
            ("sha", "90164c47be167acbb4e7c05deddb72e89c321f9d"),
            ("event", "pull_request"),
            ("attempt", "1"),
            ("build_node", "GitHub Actions 7"),
        ],
    );
}

#[test]
fn a_run_is_its_failed_jobs_and_a_lost_runner_is_an_event() {
    let server = serve(JOB);
    let dir =
        known(&[("lost", "message:\"lost communication with the server\" AND loglevel:ERROR")]);
    let answer = ask(&dir, &server, "/team/app/actions/runs/12");
    let run = answer.only();
    assert_eq!(bugs(run), ["lost"]);
    check_fields(run, &[("build_name", "build (arm)"), ("attempt", "2")]);
    assert_tells(run, "notes", "of 2 jobs 1 failed; left out: docs (success)");
    assert_tells(run, "errors", "no runner took the job");
    assert!(server.asked("/repos/team/app/actions/jobs/42/logs").is_empty());
}

#[test]
fn a_pull_request_leads_to_the_failed_checks_of_its_head() {
    let server = serve(JOB);
    let dir = known(&[("signed", "message:\"lacks a sign-off\"")]);
    let answer = ask(&dir, &server, "/team/app/pull/7");
    let told: Vec<_> = answer
        .runs
        .iter()
        .map(|run| {
            (run["run"]["build_name"][0].as_str().unwrap(), run["verdict"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("build (linux)", "known"),
            // Those of the Zuul that a check links to; its logs are not there.
            ("unit", "incomplete"),
            ("functional", "incomplete"),
            ("sign-off", "known"),
            // The Jenkins of a status.
            ("nightly", "known"),
        ]
    );
    let summary = "of 6 checks 4 failed; left out: docs (success), coverage (success)";
    assert_tells(&answer.runs[0], "notes", summary);
    check_fields(&answer.runs[3], &[("change", "7"), ("build_branch", "main")]);
    // What the other service says of itself goes before.
    check_fields(&answer.runs[4], &[("change", "810123")]);
}

#[test]
fn a_token_goes_to_the_api_and_not_to_where_it_sends_us() {
    let logs = serve(&[("/signed.txt", "github/job.log")]);
    let to = logs.url("/signed.txt?sig=secret");
    let api = Server::start(move |request| match request.path.split('?').next().unwrap() {
        "/repos/team/app/actions/jobs/41" => fixture("github/job.json", request),
        "/repos/team/app/actions/jobs/41/logs" => Reply::redirect(&to),
        _ => Reply::new(404, ""),
    });
    let dir = known(&[]);
    dir.write("recheck.toml", format!("[hosts.\"127.0.0.1:{}\"]\ntoken-env = \"T\"\n", api.port()));
    let place = api.url("");
    let variables = [("GITHUB_SERVER_URL", &*place), ("GITHUB_API_URL", &*place), ("T", "for-api")];
    let answer = Answer::of(&dir, &[&api.url("/team/app/actions/runs/12/job/41")], &variables);
    assert_eq!(answer.only()["verdict"], "known");
    assert!(
        api.requests()
            .iter()
            .all(|request| request.header("authorization") == Some("Bearer for-api"))
    );
    assert_eq!(logs.requests().len(), 1);
    assert_eq!(logs.requests()[0].header("authorization"), None);
}

#[test]
fn what_is_private_or_gone_is_told_with_the_cure() {
    let server = serve(&[]);
    let answer = ask(&known(&[]), &server, "/team/app/actions/runs/12");
    assert_tells(
        answer.only(),
        "errors",
        "404 Not Found (Not Found); it is not there, or is private: set GITHUB_TOKEN",
    );
    assert_eq!(answer.outcome.code, 2);
}

#[test]
fn a_used_up_limit_tells_when_it_ends() {
    let server = Server::start(|request| match request.path.as_str() {
        "/rate_limit" => fixture("github/rate-limit.json", request),
        _ => Reply::new(403, r#"{"message": "API rate limit exceeded"}"#),
    });
    let answer = ask(&known(&[]), &server, "/team/app/pull/7");
    assert_tells(
        answer.only(),
        "errors",
        "ask again after 2026-11-30T00:53:20Z, or set GITHUB_TOKEN",
    );
}
