//! GitHub's requests, held against GitHub's own description of its API.
//!
//! `RECHECK_TEST_PRISM` is the address of a `prism mock` of that description; the `github_contract`
//! step of `.ci/run` starts one. It answers with GitHub's own examples, and refuses with 422 or 404
//! what the description does not have.

use std::env;

use super::*;

#[test]
fn requests_and_answers_are_those_of_the_description() {
    let Ok(prism) = env::var("RECHECK_TEST_PRISM") else {
        eprintln!("skipped: RECHECK_TEST_PRISM names no mock of GitHub's API");
        return;
    };
    let variables = [("GITHUB_SERVER_URL", "http://github.test"), ("GITHUB_API_URL", &prism)];
    for (page, name) in [
        ("/octocat/Hello-World/actions/runs/30433642/job/399444496", "build"),
        ("/octocat/Hello-World/runs/4", "mighty_readme"),
    ] {
        let answer = Answer::of(&known(&[]), &[&format!("http://github.test{page}")], &variables);
        let run = answer.only();
        check_fields(run, &[("build_name", name), ("project", "octocat/Hello-World")]);
        let refused = told(run, "errors").into_iter().chain(told(run, "notes"));
        let refused: Vec<_> = refused.filter(|entry| entry.contains("422")).collect();
        assert!(refused.is_empty(), "{refused:?}");
    }
    for page in ["/octocat/Hello-World/actions/runs/30433642", "/octocat/Hello-World/pull/1347"] {
        let answer = Answer::of(&known(&[]), &[&format!("http://github.test{page}")], &variables);
        assert!(!answer.runs.is_empty());
        for run in &answer.runs {
            let told = told(run, "errors");
            assert!(
                !told.iter().any(|entry| entry.contains("422") || entry.contains("404")),
                "{told:?}"
            );
        }
    }
}
