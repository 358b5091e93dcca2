//! Prow, by `fixtures/services/prow`; the bucket is where Google's own clients look for an emulator.

use super::*;

fn bucket() -> Server {
    Server::start(|request| {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let name = match path {
            "/storage/v1/b/bucket/o" if query.contains("%2F18%2F") => return Reply::new(403, "no"),
            "/storage/v1/b/bucket/o" if query.contains("pageToken=next") => "prow/objects-2.json",
            "/storage/v1/b/bucket/o" => "prow/objects-1.json",
            "/bucket/pr-logs/pull/team_app/7/unit/17/started.json" => "prow/started.json",
            "/bucket/pr-logs/pull/team_app/7/unit/17/finished.json" => "prow/finished.json",
            "/bucket/pr-logs/pull/team_app/7/unit/17/build-log.txt"
            | "/bucket/pr-logs/pull/team_app/7/unit/17/artifacts/e2e%20node%231.log" => {
                "prow/build-log.txt"
            }
            "/bucket/pr-logs/pull/team_app/7/unit/18/prowjob.json" => "prow/prowjob-lost.json",
            _ => return Reply::new(404, ""),
        };
        fixture(name, request)
    })
}

fn ask(dir: &Dir, server: &Server, page: &str) -> Answer {
    Answer::of(dir, &[page], &[("STORAGE_EMULATOR_HOST", &server.url(""))])
}

#[test]
fn a_page_of_prow_leads_to_what_the_job_left() {
    let server = bucket();
    let page = "https://prow.example.org/view/gs/bucket/pr-logs/pull/team_app/7/unit/17";
    let answer = ask(&known(&[("result", "filename:run AND message:FAILURE")]), &server, page);
    let run = answer.only();
    assert_eq!(run["target"], page);
    let disk =
        run["bugs"].as_array().unwrap().iter().find(|bug| bug["fingerprint"] == "disk").unwrap();
    assert_eq!(disk["hits"], 2, "in the log and in an artifact of the second page");
    assert_eq!(bugs(run).len(), 2);
    check_fields(
        run,
        &[
            ("build_uuid", "17"),
            ("build_name", "unit"),
            ("build_status", "FAILURE"),
            ("change", "7"),
            ("sha", "90164c47be167acbb4e7c05deddb72e89c321f9d"),
            ("project", "team/app"),
            ("build_branch", "main"),
            ("end_time", "2026-03-01T10:05:00.000Z"),
        ],
    );
    assert_tells(run, "errors", "../18/build-log.txt: its name can't be that of a log");
}

#[test]
fn a_lost_pod_is_an_event() {
    let server = bucket();
    let page = "https://prow.example.org/view/gs/bucket/pr-logs/pull/team_app/7/unit/18";
    let answer = ask(&known(&[("pod", "message:\"Pod got deleted unexpectedly\"")]), &server, page);
    let run = answer.only();
    assert_eq!(bugs(run), ["pod"]);
    check_fields(run, &[("build_status", "error"), ("build_queue", "presubmit"), ("change", "7")]);
    assert_tells(run, "errors", "its files:");
    assert_tells(run, "errors", "build-log.txt");
}

#[test]
fn nothing_left_is_told() {
    let server = bucket();
    let page = "https://prow.example.org/view/gs/bucket/logs/unit/19";
    let answer = ask(&known(&[]), &server, page);
    assert_tells(answer.only(), "errors", "no Prow job has left anything there");
}
