//! Services, by answers in the form that each documents (`fixtures/services`), by recorded ones, and
//! real ones.

mod collect;
mod gerrit;
mod github;
mod gitlab;
mod jenkins;
mod prism;
mod prow;
mod real_zuul;
mod recorded;
mod zuul;

use std::{fs, path::Path};

use serde_json::Value;

use super::{
    classify_with,
    server::{Reply, Request, Server},
};
use crate::util::{Dir, Outcome};

/// An answer in `fixtures/services`, with the server's own address in it.
fn fixture(name: &str, request: &Request) -> Reply {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/services");
    let body =
        fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let server = format!("http://{}", request.header("host").unwrap());
    let kind = match name.rsplit_once('.').unwrap().1 {
        "json" => "application/json",
        "html" => "text/html",
        _ => "text/plain",
    };
    Reply::new(200, body.replace("{server}", &server)).header("Content-Type", kind)
}

/// A server with these fixtures, by the path that each is at (without the query).
fn serve(documents: &'static [(&'static str, &'static str)]) -> Server {
    Server::start(move |request| {
        let path = request.path.split('?').next().unwrap();
        let found = documents.iter().find(|(known, _)| *known == path);
        found.map_or_else(
            || Reply::new(404, r#"{"message": "Not Found"}"#),
            |(_, name)| fixture(name, request),
        )
    })
}

/// What a classification says, as JSON, with no token of the user's own.
struct Answer {
    outcome: Outcome,
    runs: Vec<Value>,
}

impl Answer {
    fn of(dir: &Dir, args: &[&str], variables: &[(&str, &str)]) -> Answer {
        let bare = [("GITHUB_TOKEN", ""), ("GH_TOKEN", ""), ("GITLAB_TOKEN", "")];
        let args = [&["--format", "json"], args].concat();
        let outcome = classify_with(dir, &args, &[&bare, variables].concat());
        let parsed: Value = serde_json::from_str(&outcome.out)
            .unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
        Answer { runs: parsed["runs"].as_array().unwrap().clone(), outcome }
    }

    /// The answer's only run.
    #[track_caller]
    fn only(&self) -> &Value {
        let [run] = &self.runs[..] else { panic!("{} runs: {:#?}", self.runs.len(), self.runs) };
        run
    }
}

/// A directory with a fingerprint for a full disk, and one for each of these queries.
fn known(queries: &[(&str, &str)]) -> Dir {
    let dir = Dir::with_disk();
    for (id, query) in queries {
        dir.write(&format!("queries/{id}.yaml"), format!("query: >-\n  {query}\n"));
    }
    dir
}

#[track_caller]
fn check_fields(run: &Value, fields: &[(&str, &str)]) {
    for (key, value) in fields {
        assert_eq!(run["run"][key][0], *value, "{key} of {:#}", run["run"]);
    }
}

/// The ids of the bugs that hit.
fn bugs(run: &Value) -> Vec<&str> {
    run["bugs"].as_array().unwrap().iter().map(|bug| bug["fingerprint"].as_str().unwrap()).collect()
}

/// Errors or notes, each as `file: message`.
fn told(run: &Value, what: &str) -> Vec<String> {
    let told = run[what].as_array().unwrap().iter();
    told.map(|entry| {
        format!("{}: {}", entry["file"].as_str().unwrap(), entry["message"].as_str().unwrap())
    })
    .collect()
}

#[track_caller]
fn assert_tells(run: &Value, what: &str, part: &str) {
    let told = told(run, what);
    assert!(told.iter().any(|entry| entry.contains(part)), "no {part:?} in {what}: {told:#?}");
}
