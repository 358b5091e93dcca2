//! What GitHub's REST API answers, version 2022-11-28:
//! <https://docs.github.com/en/rest/actions/workflow-jobs>,
//! <https://docs.github.com/en/rest/actions/workflow-runs>,
//! <https://docs.github.com/en/rest/checks/runs>,
//! <https://docs.github.com/en/rest/commits/statuses>,
//! <https://docs.github.com/en/rest/pulls/pulls>.

use recheck_core::{ResultClass, RunMeta, RunSource};
use serde::Deserialize;

use super::link::Repository;
use crate::remote::services::facts::{Word, set, set_number, set_time};

/// A run of a workflow.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) name: Option<String>,
    event: Option<String>,
    status: Option<String>,
    pub(super) conclusion: Option<String>,
    head_branch: Option<String>,
    head_sha: Option<String>,
    run_attempt: Option<u64>,
    run_started_at: Option<String>,
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pull_requests: Option<Vec<PullName>>,
}

/// A page of a repository's runs.
#[derive(Debug, Deserialize)]
pub(super) struct Runs {
    pub(super) total_count: u64,
    pub(super) workflow_runs: Vec<Run>,
}

/// A pull request as a run names it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PullName {
    number: u64,
    base: Option<Branch>,
}

/// A page of a run's jobs.
#[derive(Debug, Deserialize)]
pub(super) struct Jobs {
    pub(super) total_count: u64,
    pub(super) jobs: Vec<Job>,
}

/// A job of a run.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) run_id: u64,
    run_attempt: Option<u64>,
    pub(super) name: Option<String>,
    workflow_name: Option<String>,
    head_branch: Option<String>,
    head_sha: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    started_at: Option<String>,
    pub(super) completed_at: Option<String>,
    #[serde(default)]
    pub(super) steps: Option<Vec<Step>>,
    runner_name: Option<String>,
    runner_group_name: Option<String>,
}

/// A step of a job.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Step {
    pub(super) number: Option<u64>,
    pub(super) name: Option<String>,
    pub(super) conclusion: Option<String>,
    pub(super) completed_at: Option<String>,
}

/// What somebody wrote on a check.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Annotation {
    pub(super) path: Option<String>,
    pub(super) start_line: Option<u64>,
    pub(super) annotation_level: Option<String>,
    pub(super) title: Option<String>,
    pub(super) message: Option<String>,
    pub(super) raw_details: Option<String>,
}

/// A page of a commit's checks.
#[derive(Debug, Deserialize)]
pub(super) struct CheckRuns {
    pub(super) total_count: u64,
    pub(super) check_runs: Vec<CheckRun>,
}

/// A check, by whichever app.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CheckRun {
    pub(super) id: u64,
    pub(super) name: Option<String>,
    head_sha: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    started_at: Option<String>,
    pub(super) completed_at: Option<String>,
    pub(super) details_url: Option<String>,
    app: Option<App>,
    pub(super) output: Option<Output>,
}

/// Who made a check.
#[derive(Clone, Debug, Deserialize)]
struct App {
    slug: Option<String>,
}

/// What a check says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Output {
    pub(super) title: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) text: Option<String>,
}

/// The statuses of a commit, the latest of each context.
#[derive(Debug, Deserialize)]
pub(super) struct Statuses {
    pub(super) statuses: Vec<Status>,
}

/// What a service says of a commit that does not use checks, such as Prow or Jenkins.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Status {
    id: Option<Word>,
    pub(super) context: Option<String>,
    state: Option<String>,
    pub(super) target_url: Option<String>,
    pub(super) description: Option<String>,
    pub(super) updated_at: Option<String>,
}

/// A pull request.
#[derive(Debug, Deserialize)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) head: Branch,
    base: Option<Branch>,
}

/// An end of a pull request.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Branch {
    #[serde(rename = "ref")]
    name: Option<String>,
    pub(super) sha: Option<String>,
}

/// How often the API may be asked.
#[derive(Debug, Deserialize)]
pub(super) struct RateLimit {
    pub(super) rate: Rate,
}

/// The limit of most requests.
#[derive(Debug, Deserialize)]
pub(super) struct Rate {
    remaining: u64,
    /// Seconds since 1970.
    pub(super) reset: i64,
}

impl RateLimit {
    pub(super) fn is_used_up(&self) -> bool {
        self.rate.remaining == 0
    }
}

/// The conclusion, or how far it is.
fn word<'a>(conclusion: Option<&'a String>, status: Option<&'a String>) -> &'a str {
    conclusion.or(status).map_or("in_progress", String::as_str)
}

impl Job {
    pub(super) fn word(&self) -> &str {
        word(self.conclusion.as_ref(), self.status.as_ref())
    }

    pub(super) fn class(&self) -> ResultClass {
        ResultClass::of(RunSource::Github, self.word())
    }

    pub(super) fn has_failed(&self) -> bool {
        self.class() == ResultClass::Failed
    }

    pub(super) fn has_ended(&self) -> bool {
        self.conclusion.is_some()
    }

    /// True where a runner took it, so that there should be a log.
    pub(super) fn has_started(&self) -> bool {
        self.steps.as_ref().is_some_and(|steps| !steps.is_empty())
    }

    /// Writes down what is known of the job, and what its run knows beside.
    pub(super) fn describe(&self, repository: &Repository, run: Option<&Run>, meta: &mut RunMeta) {
        if let Some(run) = run {
            run.describe(repository, meta);
        }
        meta.set_source(RunSource::Github);
        meta.set("project", &repository.full_name());
        set_number(meta, "build_uuid", Some(self.id));
        set_number(meta, "build_set", Some(self.run_id));
        set(meta, "build_name", self.name.as_ref());
        set(meta, "build_status", Some(self.word()));
        set(meta, "build_queue", self.workflow_name.as_ref());
        set(meta, "sha", self.head_sha.as_ref());
        set(meta, "head_branch", self.head_branch.as_ref());
        if meta.get("build_branch").is_none() {
            set(meta, "build_branch", self.head_branch.as_ref());
        }
        set(meta, "build_node", self.runner_name.as_ref());
        set(meta, "node_provider", self.runner_group_name.as_ref());
        set_number(meta, "attempt", self.run_attempt);
        set_time(meta, "start_time", self.started_at.as_deref());
        set_time(meta, "end_time", self.completed_at.as_deref());
    }
}

impl Run {
    pub(super) fn word(&self) -> &str {
        word(self.conclusion.as_ref(), self.status.as_ref())
    }

    /// Writes down what is known of a run of a workflow.
    pub(super) fn describe(&self, repository: &Repository, meta: &mut RunMeta) {
        meta.set_source(RunSource::Github);
        meta.set("project", &repository.full_name());
        set_number(meta, "build_set", Some(self.id));
        set(meta, "build_queue", self.name.as_ref());
        set(meta, "build_status", Some(self.word()));
        set(meta, "event", self.event.as_ref());
        set(meta, "sha", self.head_sha.as_ref());
        set(meta, "head_branch", self.head_branch.as_ref());
        set_number(meta, "attempt", self.run_attempt);
        set_time(meta, "start_time", self.run_started_at.as_deref());
        set_time(meta, "end_time", self.updated_at.as_deref());
        let pull = self.pull_requests.iter().flatten().next();
        let base = pull.and_then(|pull| pull.base.as_ref()?.name.as_ref());
        set(meta, "build_branch", base.or(self.head_branch.as_ref()));
        if let Some(pull) = pull {
            set_change(meta, pull.number, self.head_sha.as_deref());
        }
    }
}

impl CheckRun {
    pub(super) fn word(&self) -> &str {
        word(self.conclusion.as_ref(), self.status.as_ref())
    }

    pub(super) fn has_ended(&self) -> bool {
        self.conclusion.is_some()
    }

    /// True for a job of GitHub's own Actions, whose id is the check's.
    pub(super) fn is_job(&self) -> bool {
        self.app.as_ref().is_some_and(|app| app.slug.as_deref() == Some("github-actions"))
    }

    /// Writes down what is known of a check that some other service made.
    pub(super) fn describe(&self, repository: &Repository, meta: &mut RunMeta) {
        meta.set_source(RunSource::Github);
        meta.set("project", &repository.full_name());
        set_number(meta, "build_uuid", Some(self.id));
        set(meta, "build_name", self.name.as_ref());
        set(meta, "build_status", Some(self.word()));
        set(meta, "build_queue", self.app.as_ref().and_then(|app| app.slug.as_ref()));
        set(meta, "sha", self.head_sha.as_ref());
        set_time(meta, "start_time", self.started_at.as_deref());
        set_time(meta, "end_time", self.completed_at.as_deref());
    }
}

impl Status {
    /// `failure`, `error`, `pending` or `success`.
    pub(super) fn word(&self) -> &str {
        self.state.as_deref().unwrap_or("pending")
    }

    /// Writes down what is known of a run by some service that sets statuses.
    pub(super) fn describe(&self, repository: &Repository, meta: &mut RunMeta) {
        meta.set_source(RunSource::Github);
        meta.set("project", &repository.full_name());
        set(meta, "build_uuid", self.id.as_ref().map(|id| id.0.clone()));
        set(meta, "build_name", self.context.as_ref());
        set(meta, "build_status", Some(self.word()));
        set_time(meta, "end_time", self.updated_at.as_deref());
    }
}

impl Pull {
    /// Writes down what the pull request knows of the runs for it.
    pub(super) fn describe(&self, meta: &mut RunMeta) {
        set_change(meta, self.number, self.head.sha.as_deref());
        set(meta, "sha", self.head.sha.as_ref());
        set(meta, "build_branch", self.base.as_ref().and_then(|base| base.name.as_ref()));
    }
}

/// The change is the pull request, its patch set the head's commit, as Zuul has it.
fn set_change(meta: &mut RunMeta, number: u64, sha: Option<&str>) {
    for key in ["change", "build_change"] {
        set_number(meta, key, Some(number));
    }
    for key in ["patchset", "build_patchset"] {
        set(meta, key, sha);
    }
}

/// Whether a job of this conclusion is one to classify.
pub(super) fn has_failed(word: &str) -> bool {
    ResultClass::of(RunSource::Github, word) == ResultClass::Failed
}
