//! GitLab, by `fixtures/services/gitlab`.

use super::*;

const SITE: &[(&str, &str)] = &[
    ("/api/v4/projects/group%2Fsub%2Fapp/jobs/12", "gitlab/job.json"),
    ("/api/v4/projects/group%2Fsub%2Fapp/jobs/12/trace", "gitlab/trace.log"),
    ("/api/v4/projects/group%2Fsub%2Fapp/merge_requests/5", "gitlab/merge-request.json"),
    ("/api/v4/projects/group%2Fsub%2Fapp/pipelines/6/jobs", "gitlab/jobs.json"),
];

#[test]
fn a_job_is_a_run() {
    let server = serve(SITE);
    let answer = Answer::of(&known(&[]), &[&server.url("/group/sub/app/-/jobs/12#L4")], &[]);
    let run = answer.only();
    assert_eq!(bugs(run), ["disk"]);
    check_fields(
        run,
        &[
            ("build_uuid", "12"),
            ("build_name", "rspec"),
            ("build_status", "failed"),
            ("build_queue", "test"),
            ("project", "group/sub/app"),
            ("sha", "90164c47be167acbb4e7c05deddb72e89c321f9d"),
            ("build_set", "6"),
            ("voting", "1"),
        ],
    );
}

#[test]
fn a_merge_request_leads_to_the_failed_jobs_of_its_pipeline() {
    let server = serve(SITE);
    let dir = known(&[("runner", "filename:run AND message:runner_system_failure")]);
    let answer = Answer::of(&dir, &[&server.url("/group/sub/app/-/merge_requests/5/diffs")], &[]);
    let [rspec, deploy] = &answer.runs[..] else { panic!("{:#?}", answer.runs) };
    assert_eq!((bugs(rspec), bugs(deploy)), (vec!["disk"], vec!["runner"]));
    assert_tells(rspec, "notes", "of 3 jobs 2 failed; left out: lint (success)");
    for run in [rspec, deploy] {
        check_fields(run, &[("change", "5"), ("build_branch", "main")]);
    }
    assert_tells(deploy, "errors", "no runner took the job");
}

#[test]
fn what_is_private_or_gone_is_told_with_the_cure() {
    let server = serve(SITE);
    let answer = Answer::of(&known(&[]), &[&server.url("/group/sub/app/-/jobs/99")], &[]);
    assert_tells(answer.only(), "errors", "set GITLAB_TOKEN");
}
