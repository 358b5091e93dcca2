//! Gerrit, by `fixtures/services/gerrit`, with the Zuul that its change names.

use super::*;

const SITE: &[(&str, &str)] = &[
    ("/changes/810123/detail", "gerrit/detail.json"),
    ("/api/tenant/example/buildset/fedcba9876543210fedcba9876543210", "zuul/buildset.json"),
    ("/logs/012/zuul-manifest.json", "zuul/manifest.json"),
    ("/logs/012/zuul-info/inventory.yaml", "zuul/inventory.yaml"),
    ("/logs/012/job-output.txt", "zuul/job-output.txt"),
    ("/23/810123/3/check/partner-e2e/ab12cd3/", "gerrit/listing.html"),
    ("/23/810123/3/check/partner-e2e/ab12cd3/console.txt", "zuul/job-output.txt"),
];

#[test]
fn a_change_leads_to_the_failed_runs_of_its_latest_patch_set() {
    let server = serve(SITE);
    let answer = Answer::of(&known(&[]), &[&server.url("/c/team/app/+/810123")], &[]);
    let names: Vec<_> =
        answer.runs.iter().map(|run| run["run"]["build_name"][0].as_str().unwrap()).collect();
    // One CI after the other: messages without a tag come first.
    assert_eq!(names, ["partner-e2e", "unit", "functional"]);
    for run in &answer.runs {
        check_fields(
            run,
            &[
                ("change", "810123"),
                ("patchset", "3"),
                ("sha", "90164c47be167acbb4e7c05deddb72e89c321f9d"),
                ("project", "team/app"),
                ("build_branch", "main"),
            ],
        );
    }
    assert_eq!(answer.runs[0]["verdict"], "known");
    check_fields(&answer.runs[0], &[("build_status", "FAILURE"), ("build_queue", "check")]);
    assert_eq!(
        answer.runs[1]["target"],
        server.url("/t/example/build/0123456789abcdef0123456789abcdef")
    );
    assert_tells(&answer.runs[0], "notes", "partner-docs (SUCCESS)");
    assert!(server.asked("/changes/810123/detail?o=ALL_REVISIONS").len() == 1);
}

#[test]
fn a_patch_set_nobody_reported_on_is_told() {
    let server = serve(SITE);
    let answer = Answer::of(&known(&[]), &[&server.url("/c/team/app/+/810123/2")], &[]);
    assert_tells(answer.only(), "errors", "no CI has reported on patch set 2 yet");
    assert_tells(answer.only(), "errors", "give …/c/810123/3");
    assert_eq!(answer.outcome.code, 2);
}

#[test]
fn a_change_that_is_not_for_all_is_told_with_the_cure() {
    let server = serve(SITE);
    let answer = Answer::of(&known(&[]), &[&server.url("/c/team/app/+/1")], &[]);
    assert_tells(answer.only(), "errors", "/a/changes/N");
}
