//! GitHub: runs of Actions, their jobs, checks, and the pull requests they are for.
//!
//! A job's log is the one text that the API has of it, `…/jobs/ID/logs`. The archive of a whole run
//! holds the same lines twice, in the job's file and in those of its steps, so it is not asked for.

mod cure;
mod events;
mod heads;
mod link;
mod runs;
mod wire;

use recheck_core::RunMeta;
use reqwest::Url;
use serde::de::DeserializeOwned;

use self::{
    link::{Item, Repository},
    wire::{Annotation, Job, Jobs, Run},
};
use super::{
    MAX_RUNS,
    facts::{RUN_FILE, event, fill, still_running},
    summary::Summary,
};
use crate::remote::{
    fan_out,
    http::Http,
    run::{RemoteError, RemoteFile, RemoteRun},
};

pub(crate) use self::{
    link::{GithubLink, Sites},
    runs::{GithubRepository, ListedJob},
};

/// The name of a job's log; it has none of its own.
const LOG: &str = "console.log";

/// The most of a list that one answer holds.
const PAGE: u64 = 100;

/// The most pages of a list that are read.
const MAX_PAGES: u64 = 10;

/// The runs that a link stands for.
///
/// # Errors
///
/// When the API does not tell of it.
pub(crate) fn resolve(http: &Http, link: &GithubLink) -> Result<Vec<RemoteRun>, RemoteError> {
    let github = Github { http, repository: &link.repository };
    match &link.item {
        Item::Job(id) => Ok(vec![github.job(*id)?]),
        Item::Run { id, attempt } => github.run(*id, *attempt),
        Item::CheckRun(id) => github.check(*id),
        Item::Pull(number) => github.pull(*number),
        Item::Commit(sha) => github.commit(sha),
    }
}

/// The API, asked of one repository.
#[derive(Clone, Copy)]
struct Github<'a> {
    http: &'a Http,
    repository: &'a Repository,
}

impl Github<'_> {
    fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, RemoteError> {
        self.http.json(url).map_err(|error| cure::with_cure(self.http, self.repository, error))
    }

    fn job(&self, id: u64) -> Result<RemoteRun, RemoteError> {
        let job: Job = self.get(&self.repository.api(["actions", "jobs", &id.to_string()]))?;
        let run = self.run_of(&job);
        Ok(self.run_of_job(&job, run.ok().as_ref(), &RunMeta::new()))
    }

    /// What is known of the run that a job is of: its event, its latest attempt, its pull request.
    fn run_of(&self, job: &Job) -> Result<Run, RemoteError> {
        self.get(&self.repository.api(["actions", "runs", &job.run_id.to_string()]))
    }

    /// The failed jobs of a run; where there are none, the run itself.
    fn run(&self, id: u64, attempt: Option<u64>) -> Result<Vec<RemoteRun>, RemoteError> {
        let id = id.to_string();
        let attempt = attempt.map(|attempt| attempt.to_string());
        let place = attempt.iter().flat_map(|attempt| ["attempts", attempt]);
        let place: Vec<_> = ["actions", "runs", &id].into_iter().chain(place).collect();
        let run: Run = self.get(&self.repository.api(place.iter().copied()))?;
        let latest = match attempt {
            // An attempt does not know whether it was the last.
            Some(_) => self.get(&self.repository.api(["actions", "runs", &id])).ok(),
            None => Some(run.clone()),
        };
        let jobs = self.jobs_of(&place, &[])?;
        let mut summary = Summary::new("job");
        let mut failed = Vec::new();
        for job in &jobs {
            if job.has_failed() && failed.len() < MAX_RUNS {
                summary.taken();
                failed.push(job);
            } else {
                summary.left_out(job.name.as_deref().unwrap_or("?"), job.word(), true);
            }
        }
        let mut runs = fan_out(&failed, self.http.connections(), |job| {
            self.run_of_job(job, latest.as_ref(), &RunMeta::new())
        });
        if runs.is_empty() {
            runs.push(self.without_jobs(&run));
        }
        summary.tell(&mut runs[0]);
        Ok(runs)
    }

    fn jobs_of(&self, place: &[&str], query: &[(&str, &str)]) -> Result<Vec<Job>, RemoteError> {
        let mut url = self.repository.api(place.iter().copied().chain(["jobs"]));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut jobs = Vec::new();
        for page in 1..=MAX_PAGES {
            let Jobs { total_count, jobs: more } = self.get(&paged(&url, page))?;
            let is_end = more.is_empty();
            jobs.extend(more);
            if is_end || jobs.len() as u64 >= total_count {
                break;
            }
        }
        Ok(jobs)
    }

    /// A run of which no job failed: one that never began, or went well, or is still under way.
    fn without_jobs(&self, run: &Run) -> RemoteRun {
        let page = self.repository.page(["actions", "runs", &run.id.to_string()]);
        let mut found = RemoteRun::new(page);
        run.describe(self.repository, &mut found.meta);
        let name = run.name.as_deref().unwrap_or_default();
        let told = format!("run of {name:?}: {}", run.word());
        found.events.push(event(&told, run.updated_at.as_deref()));
        if run.conclusion.is_none() {
            still_running(&mut found, "the run");
        }
        found
    }

    fn run_of_job(&self, job: &Job, run: Option<&Run>, known: &RunMeta) -> RemoteRun {
        let (id, run_id) = (job.id.to_string(), job.run_id.to_string());
        let page = self.repository.page(["actions", "runs", &run_id, "job", &id]);
        let mut found = RemoteRun::new(page.as_str());
        job.describe(self.repository, run, &mut found.meta);
        fill(&mut found.meta, known);
        found.meta.set("log_url", page.as_str());
        found.events = events::of_job(job);
        self.add_annotations(&id, job.completed_at.as_deref(), &mut found);
        if !job.has_ended() {
            still_running(&mut found, "the job");
        } else if job.has_started() {
            let url = self.repository.api(["actions", "jobs", &id, "logs"]);
            found.files.push(RemoteFile { name: LOG.to_owned(), url, size: None });
            if let Some(note) = cure::log_needs_token(self.repository) {
                found.notes.push((LOG.to_owned(), note));
            }
        } else {
            let reason = "no runner took the job, so there is no log";
            found.errors.push((LOG.to_owned(), reason.to_owned()));
        }
        found
    }

    fn add_annotations(&self, check: &str, stamp: Option<&str>, run: &mut RemoteRun) {
        let url = self.repository.api(["check-runs", check, "annotations"]);
        match self.get::<Vec<Annotation>>(&paged(&url, 1)) {
            Ok(annotations) => run.events.extend(
                annotations.iter().map(|annotation| events::of_annotation(annotation, stamp)),
            ),
            Err(error) => run.notes.push((RUN_FILE.to_owned(), error.reason(&url))),
        }
    }
}

/// One page of a list.
fn paged(url: &Url, page: u64) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut()
        .append_pair("per_page", &PAGE.to_string())
        .append_pair("page", &page.to_string());
    url
}
