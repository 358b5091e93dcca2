//! Answers of a real Zuul 14.3 and a real Gerrit 3.9, which `RECHECK_DATA` has in `zuul/`.

use std::{env, path::PathBuf};

use super::*;

/// The folder of a recorded change, or why there is none.
fn recorded(change: &str) -> Option<PathBuf> {
    let Some(data) = env::var_os("RECHECK_DATA") else {
        eprintln!("skipped: RECHECK_DATA names no recorded answers");
        return None;
    };
    let folder = PathBuf::from(data).join("zuul").join(change);
    assert!(folder.is_dir(), "RECHECK_DATA has no {}", folder.display());
    Some(folder)
}

/// The files of a folder whose names begin so.
fn files(folder: &Path, start: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with(start)).collect();
    names.sort();
    names
}

/// Gerrit, Zuul and the log site in one, as recorded, under the address that is asked.
fn replay(folder: PathBuf) -> Server {
    let mut documents = Vec::new();
    for name in files(&folder, "build-").into_iter().chain(files(&folder, "buildset-")) {
        let text = fs::read_to_string(folder.join(&name)).unwrap();
        let Ok(json) = serde_json::from_str::<Value>(&text) else { continue };
        let uuid = json["uuid"].as_str().unwrap();
        let kind = if name.starts_with("buildset-") { "buildset" } else { "build" };
        documents.push((format!("/api/tenant/demo-tenant/{kind}/{uuid}"), text));
        let Some(job) = json["job_name"].as_str() else { continue };
        let logs = folder.join(format!("logs-{job}"));
        for log in if logs.is_dir() { files(&logs, "") } else { Vec::new() } {
            let path = format!("/logs/{}/{uuid}/{log}", &uuid[..3]);
            documents.push((path, fs::read_to_string(logs.join(log)).unwrap()));
        }
    }
    let detail = fs::read_to_string(folder.join("gerrit-detail.json")).unwrap();
    Server::start(move |request| {
        let path = request.path.split('?').next().unwrap();
        let host = request.header("host").unwrap();
        let here = |text: &str| {
            ["127.0.0.1:9100", "127.0.0.1:9101", "127.0.0.1:8089"]
                .iter()
                .fold(text.to_owned(), |text, place| text.replace(place, host))
        };
        if path.starts_with("/changes/") {
            return Reply::text(here(&detail));
        }
        // The list of repositories was not recorded.
        if path.ends_with("/workspace-repos.json") {
            return Reply::text("{}");
        }
        let found = documents.iter().find(|(known, _)| known == path);
        found.map_or_else(|| Reply::new(404, ""), |(_, text)| Reply::text(here(text)))
    })
}

/// Name, result and verdict of each run, by name.
fn sorted(answer: &Answer) -> Vec<(&str, &str, &str)> {
    let mut runs = Vec::new();
    for run in &answer.runs {
        let field = |key: &str| run["run"][key][0].as_str().unwrap_or("");
        runs.push((field("build_name"), field("build_status"), run["verdict"].as_str().unwrap()));
    }
    runs.sort_unstable();
    runs
}

#[test]
fn a_change_with_failures() {
    let Some(folder) = recorded("change") else { return };
    let server = replay(folder);
    let dir = known(&[
        (
            "assertion",
            "message:\"FAILED test_x.py::test_one\" AND tags:console AND build_queue:check",
        ),
        ("compiler", "message:\"error: expected ';' before\" AND build_name:demo-node-fail"),
    ]);
    let answer = Answer::of(&dir, &[&server.url("/c/demo/+/11")], &[]);
    assert_eq!(
        sorted(&answer),
        [
            ("demo-fail", "FAILURE", "known"),
            ("demo-node-fail", "FAILURE", "known"),
            // It does not vote, and no fingerprint allows that.
            ("demo-nonvoting", "FAILURE", "unclassified"),
        ]
    );
    for run in &answer.runs {
        check_fields(
            run,
            &[("change", "11"), ("patchset", "1"), ("project", "demo"), ("attempt", "1")],
        );
        assert_eq!(run["run"]["sha"][0].as_str().unwrap().len(), 40);
    }
    assert_tells(&answer.runs[0], "notes", "left out: noop (SUCCESS), demo-pass (SUCCESS)");
}

#[test]
fn a_change_with_every_kind_of_end() {
    let Some(folder) = recorded("change-kinds") else { return };
    let server = replay(folder);
    let dir = known(&[
        ("timeout", "filename:run AND message:TIMED_OUT"),
        ("linter", "message:\"the linter found 1 problem\" AND tags:console"),
    ]);
    let answer = Answer::of(&dir, &[&server.url("/c/demo/+/9")], &[]);
    assert_eq!(
        sorted(&answer),
        [
            ("kind-fail", "FAILURE", "known"),
            ("kind-post-fail", "POST_FAILURE", "unclassified"),
            // The logs of the last attempt were not recorded.
            ("kind-retry", "RETRY_LIMIT", "incomplete"),
            ("kind-timeout", "TIMED_OUT", "known"),
        ]
    );
    let noted = answer.runs.iter().find_map(|run| {
        told(run, "notes").into_iter().find(|note| note.contains("kind-retry (RETRY, tried again)"))
    });
    assert!(noted.unwrap().contains("kind-after-fail (SKIPPED)"));
}

#[test]
fn a_build_that_was_skipped_has_its_reason() {
    let Some(folder) = recorded("change-kinds") else { return };
    let text = fs::read_to_string(folder.join("build-kind-after-fail.json")).unwrap();
    let build: Value = serde_json::from_str(&text).unwrap();
    let server = replay(folder);
    let page = format!("/t/demo-tenant/build/{}", build["uuid"].as_str().unwrap());
    let answer = Answer::of(&known(&[]), &[&server.url(&page)], &[]);
    assert_eq!(sorted(&answer), [("kind-after-fail", "SKIPPED", "incomplete")]);
    assert_tells(
        answer.only(),
        "errors",
        "Zuul has no log of it: Skipped due to failed job kind-fail",
    );
}

#[test]
fn a_configuration_that_zuul_refuses() {
    let Some(folder) = recorded("change-broken") else { return };
    let server = replay(folder);
    let dir = known(&[("syntax", "message:\"extra keys not allowed\"")]);
    let answer = Answer::of(&dir, &[&server.url("/c/demo/+/10")], &[]);
    assert_eq!(bugs(answer.only()), ["syntax"]);
}

#[test]
fn a_change_nobody_reported_on() {
    let Some(folder) = recorded("change-no-jobs") else { return };
    let server = replay(folder);
    let answer = Answer::of(&known(&[]), &[&server.url("/c/demo/+/6")], &[]);
    assert_tells(answer.only(), "errors", "no CI has reported on patch set 1");
}

#[test]
fn post_failures_without_any_log() {
    let Some(folder) = recorded("post_failure") else { return };
    let server = replay(folder);
    let dir =
        known(&[("post", "filename:run AND message:POST_FAILURE AND build_name:demo\\-fail")]);
    let answer = Answer::of(&dir, &[&server.url("/c/demo/+/2")], &[]);
    let told = sorted(&answer);
    assert!(told.contains(&("demo-fail", "POST_FAILURE", "known")), "{told:?}");
    assert!(told.contains(&("demo-pass", "POST_FAILURE", "incomplete")), "{told:?}");
}
