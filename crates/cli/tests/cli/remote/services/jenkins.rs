//! Jenkins, by `fixtures/services/jenkins`.

use super::*;

const SITE: &[(&str, &str)] = &[
    ("/ci/job/team/job/app/lastFailedBuild/api/json", "jenkins/build.json"),
    ("/ci/job/team/job/app/12/consoleText", "jenkins/console.txt"),
    ("/ci/job/team/job/app/12/artifact/target/test%20report.txt", "jenkins/console.txt"),
    ("/job/x/1/plain.log", "jenkins/console.txt"),
    ("/job/x/1/", "gerrit/listing.html"),
    ("/job/x/1/console.txt", "jenkins/console.txt"),
];

#[test]
fn a_build_is_a_run_of_its_console_and_its_artifacts() {
    let server = serve(SITE);
    let dir = known(&[("cause", "filename:run AND message:\"Triggered by a change\"")]);
    let answer =
        Answer::of(&dir, &[&server.url("/ci/job/team/job/app/lastFailedBuild/console")], &[]);
    let run = answer.only();
    assert_eq!(run["target"], server.url("/ci/job/team/job/app/12/"));
    assert_eq!(bugs(run).len(), 2);
    let disk =
        run["bugs"].as_array().unwrap().iter().find(|bug| bug["fingerprint"] == "disk").unwrap();
    assert_eq!(disk["hits"], 2, "in the console and in an artifact");
    check_fields(
        run,
        &[
            ("build_uuid", "team/app#12"),
            ("build_name", "team/app"),
            ("change", "810123"),
            ("patchset", "3"),
            ("project", "team/app"),
            ("sha", "90164c47be167acbb4e7c05deddb72e89c321f9d"),
            ("end_time", "2026-03-01T10:05:00.500Z"),
        ],
    );
}

#[test]
fn logs_at_an_address_like_jenkins_are_logs() {
    let server = serve(SITE);
    let answer = Answer::of(&known(&[]), &[&server.url("/job/x/1/")], &[]);
    assert_eq!(bugs(answer.only()), ["disk"]);
}
