//! A real Zuul with a real Gerrit: from a pushed change that fails to the verdict.
//!
//! `RECHECK_TEST_GERRIT` is the Gerrit's address with a user and a password, `RECHECK_TEST_ZUUL` the
//! page of a tenant that tests the Gerrit's project `demo` and has a job `base`; the `zuul` step of
//! `.ci/run` starts both.

use std::{
    env,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::*;

const JOBS: &str = "\
- job: {name: recheck-fail, parent: base, run: playbooks/fail.yaml}
- job: {name: recheck-pass, parent: base, run: playbooks/pass.yaml}
- project:
    check: {jobs: [recheck-fail, recheck-pass]}
";

const FAIL: &str = "\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Fill the disk
      shell: \"echo 'cp: No space left on device' && exit 1\"
";

const PASS: &str = "\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Say hello
      command: echo hello
";

fn git(dir: &Dir, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(dir.path(""))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {args:?}: {told}");
    told
}

/// Pushes a change whose jobs fail, and gives its number.
fn push(dir: &Dir, gerrit: &str) -> String {
    git(dir, &["clone", "-q", &format!("{gerrit}/a/demo"), "."]);
    dir.write(".zuul.yaml", JOBS);
    dir.write("playbooks/fail.yaml", FAIL);
    dir.write("playbooks/pass.yaml", PASS);
    git(dir, &["add", "-A"]);
    let id = format!("{:?}", std::time::SystemTime::now());
    let id: String = id.chars().filter(char::is_ascii_digit).collect();
    let message = format!("Fail\n\nChange-Id: I{id:0>40}");
    let identity = ["-c", "user.name=Administrator", "-c", "user.email=admin@example.com"];
    git(dir, &[&identity[..], &["commit", "-qm", &message]].concat());
    let told = git(dir, &["push", "origin", "HEAD:refs/for/master"]);
    let number = told.split("/+/").nth(1).unwrap_or_else(|| panic!("no change in {told}"));
    number.chars().take_while(char::is_ascii_digit).collect()
}

#[test]
fn from_a_pushed_change_to_the_verdict() {
    let (Ok(gerrit), Ok(zuul)) = (env::var("RECHECK_TEST_GERRIT"), env::var("RECHECK_TEST_ZUUL"))
    else {
        eprintln!("skipped: RECHECK_TEST_GERRIT and RECHECK_TEST_ZUUL name no servers");
        return;
    };
    let number = push(&Dir::new(), &gerrit);
    let dir = known(&[]);
    let (scheme, host) = gerrit.split_once("://").unwrap();
    let open = host.rsplit('@').next().unwrap();
    let change = format!("{scheme}://{open}/c/demo/+/{number}");
    // Until Zuul has reported, nobody has.
    let started = Instant::now();
    let answer = loop {
        let answer = Answer::of(&dir, &[&change], &[]);
        if !answer.outcome.out.contains("no CI has reported") {
            break answer;
        }
        assert!(started.elapsed() < Duration::from_secs(240), "Zuul does not report on {change}");
        thread::sleep(Duration::from_secs(3));
    };
    let run = answer.only();
    assert_eq!((&run["verdict"], bugs(run)), (&"known".into(), vec!["disk"]));
    assert_tells(run, "notes", "of 2 builds 1 failed; left out: recheck-pass (SUCCESS)");

    let page = run["target"].as_str().unwrap();
    assert!(page.starts_with(&format!("{zuul}/build/")), "{page}");
    let answer = Answer::of(&dir, &[page], &[]);
    assert_eq!((bugs(answer.only()), answer.outcome.code), (vec!["disk"], 0));
    check_fields(
        answer.only(),
        &[
            ("build_name", "recheck-fail"),
            ("build_status", "FAILURE"),
            ("build_queue", "check"),
            ("project", "demo"),
            ("change", &number),
            ("patchset", "1"),
            ("voting", "1"),
            ("final", "true"),
            ("attempt", "1"),
        ],
    );

    // The same, and the job that passed, when all runs of the tenant are collected.
    let collect = || {
        dir.recheck(&["collect", &zuul, "--since", "1h", "--sample", "100%", "--index", "index"])
    };
    let outcome = collect();
    assert!(outcome.out.contains(" runs ("), "{outcome:?}");
    let uuid = answer.only()["run"]["build_uuid"][0].as_str().unwrap();
    let attached = dir.recheck(&["attach", "--index", "index", "--run", uuid, "--format", "json"]);
    let attached: Value = serde_json::from_str(&attached.out).unwrap();
    assert_eq!(attached["runs"][0]["bugs"][0]["fingerprint"], "disk", "{attached:#}");
    let again = collect();
    let (before, after) = (counted(&outcome.out), counted(&again.out));
    assert!(after < before, "what is known is not fetched again: {outcome:?}, then {again:?}");
}

/// The number of runs that came in.
fn counted(told: &str) -> u64 {
    told.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}
