//! GitLab: jobs, pipelines, and merge requests, by its REST API, version 4:
//! <https://docs.gitlab.com/api/jobs/>, <https://docs.gitlab.com/api/pipelines/>,
//! <https://docs.gitlab.com/api/merge_requests/>.

use recheck_core::{Fields, ResultClass, RunMeta, RunSource};
use reqwest::{StatusCode, Url};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    MAX_RUNS,
    facts::{RUN_FILE, event, fill, set, set_number, set_time, set_voting, still_running},
    path::{below, decoded, number, pieces, root},
    summary::Summary,
};
use crate::remote::{
    http::{Http, HttpError},
    run::{RemoteError, RemoteFile, RemoteRun},
};

/// The name of a job's log; it has none of its own.
const LOG: &str = "console.log";

/// The most of a list that one answer holds.
const PAGE: usize = 100;

/// The most pages of a list that are read.
const MAX_PAGES: usize = 10;

/// Something of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GitlabLink {
    site: Url,
    /// Its path, such as `group/name`, or its number.
    project: String,
    item: Item,
}

/// What a link is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Job(u64),
    Pipeline(u64),
    MergeRequest(u64),
}

impl Item {
    fn of(kind: &str, id: &str) -> Option<Item> {
        let id = number(id)?;
        match kind {
            "jobs" => Some(Item::Job(id)),
            "pipelines" => Some(Item::Pipeline(id)),
            "merge_requests" => Some(Item::MergeRequest(id)),
            _ => None,
        }
    }

    fn is_job(self) -> bool {
        matches!(self, Item::Job(_))
    }
}

impl GitlabLink {
    /// Knows `…/PROJECT/-/jobs/N`, `…/-/pipelines/N`, `…/-/merge_requests/N`, what lies below them,
    /// and the API's `…/api/v4/projects/ID/jobs/N` and so on.
    pub(crate) fn parse(url: &Url) -> Option<GitlabLink> {
        let pieces = pieces(url);
        if let Some(place) = pieces.windows(3).position(|at| at == ["api", "v4", "projects"]) {
            let [project, kind, id, ..] = pieces[place + 3..] else { return None };
            let (site, item) = (root(url, place), Item::of(kind, id)?);
            return Some(GitlabLink { site, project: decoded(project)?, item });
        }
        let dash = pieces.iter().position(|piece| *piece == "-").filter(|dash| *dash >= 2)?;
        let [kind, id, ..] = pieces[dash + 1..] else { return None };
        let names: Option<Vec<_>> = pieces[..dash].iter().map(|piece| decoded(piece)).collect();
        Some(GitlabLink {
            site: root(url, 0),
            project: names?.join("/"),
            item: Item::of(kind, id)?,
        })
    }

    /// True for a job, false for what has several.
    pub(super) fn is_build(&self) -> bool {
        self.item.is_job()
    }

    /// Where the API has something of the project. Its path is one piece.
    fn api<'p>(&'p self, pieces: impl IntoIterator<Item = &'p str>) -> Url {
        below(&self.site, ["api", "v4", "projects", &self.project].into_iter().chain(pieces))
    }

    /// A page of the project, as far as its path is known.
    fn page(&self, kind: &str, id: u64) -> Url {
        let id = id.to_string();
        match number(&self.project) {
            Some(_) => self.api([kind, &id]),
            None => below(&self.site, self.project.split('/').chain(["-", kind, &id])),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Job {
    id: u64,
    name: Option<String>,
    stage: Option<String>,
    status: Option<String>,
    failure_reason: Option<String>,
    allow_failure: Option<bool>,
    #[serde(rename = "ref")]
    branch: Option<String>,
    started_at: Option<String>,
    finished_at: Option<String>,
    duration: Option<f64>,
    commit: Option<Commit>,
    pipeline: Option<Pipeline>,
    runner: Option<Runner>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Pipeline {
    id: u64,
    status: Option<String>,
    source: Option<String>,
    sha: Option<String>,
    #[serde(rename = "ref")]
    branch: Option<String>,
    yaml_errors: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Runner {
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
struct MergeRequest {
    iid: u64,
    target_branch: Option<String>,
    sha: Option<String>,
    head_pipeline: Option<Pipeline>,
}

/// The runs that a link stands for.
///
/// # Errors
///
/// When the API does not tell of it.
pub(crate) fn resolve(http: &Http, link: &GitlabLink) -> Result<Vec<RemoteRun>, RemoteError> {
    match link.item {
        Item::Job(id) => {
            let job: Job = ask(http, &link.api(["jobs", &id.to_string()]))?;
            Ok(vec![run(link, &job)])
        }
        Item::Pipeline(id) => {
            let pipeline: Pipeline = ask(http, &link.api(["pipelines", &id.to_string()]))?;
            failed(http, link, &pipeline)
        }
        Item::MergeRequest(iid) => {
            let url = link.api(["merge_requests", &iid.to_string()]);
            let request: MergeRequest = ask(http, &url)?;
            let Some(pipeline) = &request.head_pipeline else {
                let reason = "no pipeline has begun for its head; ask again when one has";
                return Err(RemoteError::Content { url, reason: reason.to_owned() });
            };
            let mut runs = failed(http, link, pipeline)?;
            runs.iter_mut().for_each(|run| request.describe(&mut run.meta));
            Ok(runs)
        }
    }
}

fn ask<T: DeserializeOwned>(http: &Http, url: &Url) -> Result<T, RemoteError> {
    http.json(url).map_err(with_cure)
}

/// The error with what helps against it. What one may not see is not there, says GitLab.
fn with_cure(error: HttpError) -> RemoteError {
    let cure = match error.status() {
        Some(StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) => {
            "it is not there, or not for all to see: set GITLAB_TOKEN, or a token for this host in \
             the settings, with the scope read_api"
        }
        Some(StatusCode::UNAUTHORIZED) => "the token is not, or no longer, valid, or there is none",
        _ => return error.into(),
    };
    RemoteError::with_cure(error, cure)
}

/// The failed jobs of a pipeline; where there are none, the pipeline itself.
fn failed(
    http: &Http,
    link: &GitlabLink,
    pipeline: &Pipeline,
) -> Result<Vec<RemoteRun>, RemoteError> {
    let mut summary = Summary::new("job");
    let mut runs = Vec::new();
    for job in jobs(http, link, pipeline.id)? {
        if job.class() == ResultClass::Failed && runs.len() < MAX_RUNS {
            summary.taken();
            runs.push(run(link, &job));
        } else {
            summary.left_out(job.name.as_deref().unwrap_or("?"), job.word(), true);
        }
    }
    if runs.is_empty() {
        runs.push(without_jobs(link, pipeline));
    }
    summary.tell(&mut runs[0]);
    Ok(runs)
}

/// The jobs of a pipeline, of those that were tried again the last.
fn jobs(http: &Http, link: &GitlabLink, pipeline: u64) -> Result<Vec<Job>, RemoteError> {
    let mut url = link.api(["pipelines", &pipeline.to_string(), "jobs"]);
    let mut jobs = Vec::new();
    for page in 1..=MAX_PAGES {
        url.set_query(Some(&format!("per_page={PAGE}&page={page}")));
        let more: Vec<Job> = ask(http, &url)?;
        let is_end = more.len() < PAGE;
        jobs.extend(more);
        if is_end {
            break;
        }
    }
    Ok(jobs)
}

fn without_jobs(link: &GitlabLink, pipeline: &Pipeline) -> RemoteRun {
    let mut run = RemoteRun::new(link.page("pipelines", pipeline.id));
    pipeline.describe(&mut run.meta);
    set(&mut run.meta, "project", Some(&link.project));
    let word = pipeline.status.as_deref().unwrap_or("running");
    set(&mut run.meta, "build_status", Some(word));
    run.events.push(told("pipeline", word, pipeline.yaml_errors.as_deref(), None));
    if is_under_way(word) {
        still_running(&mut run, "the pipeline");
    }
    run
}

fn run(link: &GitlabLink, job: &Job) -> RemoteRun {
    let page = link.page("jobs", job.id);
    let mut run = RemoteRun::new(page.as_str());
    job.describe(link, &mut run.meta);
    run.meta.set("log_url", page.as_str());
    let name = format!("job {:?}", job.name.as_deref().unwrap_or_default());
    let reason = job.failure_reason.as_deref();
    run.events.push(told(&name, job.word(), reason, job.finished_at.as_deref()));
    if is_under_way(job.word()) {
        still_running(&mut run, "the job");
    }
    if job.started_at.is_some() {
        let url = link.api(["jobs", &job.id.to_string(), "trace"]);
        run.files.push(RemoteFile { name: LOG.to_owned(), url, size: None });
    } else {
        let reason = "no runner took the job, so there is no log";
        run.errors.push((RUN_FILE.to_owned(), reason.to_owned()));
    }
    run
}

fn told(what: &str, word: &str, reason: Option<&str>, stamp: Option<&str>) -> Fields {
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    event(&format!("{what}: {word}{reason}"), stamp)
}

fn is_under_way(word: &str) -> bool {
    matches!(word, "created" | "pending" | "running" | "preparing" | "waiting_for_resource")
}

impl Job {
    fn word(&self) -> &str {
        self.status.as_deref().unwrap_or("running")
    }

    fn class(&self) -> ResultClass {
        ResultClass::of(RunSource::Gitlab, self.word())
    }

    fn describe(&self, link: &GitlabLink, meta: &mut RunMeta) {
        meta.set_source(RunSource::Gitlab);
        set_number(meta, "build_uuid", Some(self.id));
        set(meta, "build_name", self.name.as_ref());
        set(meta, "build_status", Some(self.word()));
        set(meta, "build_queue", self.stage.as_ref());
        set(meta, "build_branch", self.branch.as_ref());
        set(meta, "build_duration", self.duration.map(|seconds| seconds.to_string()));
        set(meta, "project", Some(&link.project));
        set(meta, "sha", self.commit.as_ref().and_then(|commit| commit.id.as_ref()));
        set(
            meta,
            "build_node",
            self.runner.as_ref().and_then(|runner| runner.description.as_ref()),
        );
        // What may fail does not decide, as with Zuul's jobs that do not vote.
        set_voting(meta, self.allow_failure.map(|may_fail| !may_fail));
        set_time(meta, "start_time", self.started_at.as_deref());
        set_time(meta, "end_time", self.finished_at.as_deref());
        if let Some(pipeline) = &self.pipeline {
            let mut known = RunMeta::new();
            pipeline.describe(&mut known);
            fill(meta, &known);
        }
        // The pipeline of a merge request runs on a ref of its own.
        let merged =
            self.branch.as_deref().and_then(|name| name.strip_prefix("refs/merge-requests/"));
        let change = merged.and_then(|rest| rest.split('/').next());
        for key in ["change", "build_change"] {
            set(meta, key, change);
        }
    }
}

impl Pipeline {
    fn describe(&self, meta: &mut RunMeta) {
        meta.set_source(RunSource::Gitlab);
        set_number(meta, "build_set", Some(self.id));
        set(meta, "event", self.source.as_ref());
        set(meta, "sha", self.sha.as_ref());
        set(meta, "build_branch", self.branch.as_ref());
    }
}

impl MergeRequest {
    fn describe(&self, meta: &mut RunMeta) {
        for key in ["change", "build_change"] {
            set_number(meta, key, Some(self.iid));
        }
        for key in ["patchset", "build_patchset"] {
            set(meta, key, self.sha.as_ref());
        }
        set(meta, "build_branch", self.target_branch.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<GitlabLink> {
        GitlabLink::parse(&Url::parse(text).unwrap())
    }

    #[test]
    fn links_and_their_api() {
        for (link, item) in [
            ("https://gitlab.example.org/a/b/c/-/jobs/12", Item::Job(12)),
            ("https://gitlab.example.org/a/b/c/-/jobs/12/raw#L7", Item::Job(12)),
            ("https://gitlab.example.org/a/b/c/-/pipelines/12/failures", Item::Pipeline(12)),
            ("https://gitlab.example.org/a/b/c/-/merge_requests/12/diffs", Item::MergeRequest(12)),
            ("https://gitlab.example.org/api/v4/projects/a%2Fb%2Fc/jobs/12/trace", Item::Job(12)),
        ] {
            let parsed = parse(link).unwrap_or_else(|| panic!("{link}"));
            assert_eq!(parsed.item, item, "{link}");
            let api = "https://gitlab.example.org/api/v4/projects/a%2Fb%2Fc/jobs/1";
            assert_eq!(parsed.api(["jobs", "1"]).as_str(), api);
            assert_eq!(
                parsed.page("jobs", 1).as_str(),
                "https://gitlab.example.org/a/b/c/-/jobs/1"
            );
        }
        let by_number = parse("https://gitlab.example.org/api/v4/projects/7/jobs/12").unwrap();
        assert_eq!(
            by_number.page("jobs", 1).as_str(),
            "https://gitlab.example.org/api/v4/projects/7/jobs/1"
        );
        for other in [
            "https://gitlab.example.org/a/b/-/issues/12",
            "https://gitlab.example.org/a/b/-/jobs",
            "https://gitlab.example.org/-/jobs/12",
            "https://gitlab.example.org/a/b/jobs/12",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_job_is_a_run() {
        let link = parse("https://gitlab.example.org/a/b/-/jobs/12").unwrap();
        let job: Job = serde_json::from_value(serde_json::json!({
            "id": 12, "name": "rspec", "stage": "test", "status": "failed", "allow_failure": true,
            "failure_reason": "runner_system_failure", "ref": "refs/merge-requests/5/head",
            "started_at": null, "finished_at": "2026-11-24T11:23:42.123Z", "duration": 1.5,
            "commit": {"id": "abc"}, "runner": {"description": "r1"},
            "pipeline": {"id": 6, "status": "failed", "source": "merge_request_event", "sha": "abc"},
        }))
        .unwrap();
        let run = run(&link, &job);
        for (key, value) in [
            ("build_uuid", "12"),
            ("build_name", "rspec"),
            ("build_queue", "test"),
            ("voting", "0"),
            ("change", "5"),
            ("sha", "abc"),
            ("build_set", "6"),
            ("event", "merge_request_event"),
            ("project", "a/b"),
            ("end_time", "2026-11-24T11:23:42.123Z"),
        ] {
            assert_eq!(run.meta.get(key), Some(value), "{key}");
        }
        assert_eq!(run.meta.result_class(), ResultClass::Failed);
        assert!(run.files.is_empty() && run.errors[0].1.contains("no runner"), "{run:?}");
        assert!(format!("{:?}", run.events).contains("failed: runner_system_failure"));
    }
}
