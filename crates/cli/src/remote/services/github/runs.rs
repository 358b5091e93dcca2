//! The jobs of a repository's runs of workflows, page by page.

use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};
use recheck_core::{ResultClass, RunMeta};
use reqwest::Url;

use super::{
    Github, PAGE,
    link::{Repository, Sites},
    wire::{Job, Run, Runs},
};
use crate::remote::{
    fan_out,
    http::Http,
    run::{RemoteError, RemoteRun},
    services::{
        facts::instant,
        listing::{IsKnown, Selection},
    },
};

/// Runs that one search lists at most
/// (<https://docs.github.com/en/rest/actions/workflow-runs>).
const MOST: u64 = 1000;

/// How long before its end a run may have been made: runs are listed by that time, and what counts is
/// when they ended.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// The shortest time that is searched by itself.
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);

/// All runs of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GithubRepository {
    repository: Repository,
}

/// A job of a run.
#[derive(Clone, Debug)]
pub(crate) struct ListedJob {
    repository: Repository,
    job: Job,
    run: Run,
}

/// When a run was made.
type Span = (Timestamp, Timestamp);

impl GithubRepository {
    /// Knows `https://github.com/OWNER/NAME`, `…/actions`, and `…/repos/OWNER/NAME` of the API.
    pub(crate) fn parse(url: &Url, sites: &Sites) -> Option<GithubRepository> {
        let repository = Repository::parse(url, sites)?;
        Some(GithubRepository { repository })
    }

    /// Calls `each` with the jobs of the runs in which one ended since then, the newest run first.
    ///
    /// # Errors
    ///
    /// When a page can't be had.
    pub(crate) fn jobs(
        &self,
        http: &Http,
        selection: &Selection,
        is_known: &IsKnown<'_>,
        each: &mut dyn FnMut(Vec<ListedJob>) -> ControlFlow<()>,
    ) -> Result<(), RemoteError> {
        let now = Timestamp::now();
        let mut spans = vec![(selection.since - LONGEST, now + SignedDuration::from_hours(1))];
        while let Some(span) = spans.pop() {
            let first = self.page(http, selection, span, 1)?;
            let length = span.1.duration_since(span.0);
            if first.total_count > MOST && length > SHORTEST {
                let middle = span.0 + length / 2;
                // The newer half first.
                spans.extend([(span.0, middle), (middle, span.1)]);
                continue;
            }
            let pages = first.total_count.min(MOST).div_ceil(PAGE);
            let mut runs = first.workflow_runs;
            for page in 2..=pages + 1 {
                if self.page_of_jobs(http, (runs, selection), is_known, each)?.is_break() {
                    return Ok(());
                }
                runs = match page <= pages {
                    true => self.page(http, selection, span, page)?.workflow_runs,
                    false => Vec::new(),
                };
            }
        }
        Ok(())
    }

    fn page(
        &self,
        http: &Http,
        selection: &Selection,
        (from, until): Span,
        page: u64,
    ) -> Result<Runs, RemoteError> {
        let mut url = self.repository.api(["actions", "runs"]);
        {
            let whole = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let mut query = url.query_pairs_mut();
            query.append_pair("created", &format!("{}..{}", whole(from), whole(until)));
            query.append_pair("status", "completed");
            if let [branch] = &selection.branches[..] {
                query.append_pair("branch", branch);
            }
            query.append_pair("per_page", &PAGE.to_string());
            query.append_pair("page", &page.to_string());
        }
        Github { http, repository: &self.repository }.get(&url)
    }

    /// The jobs of the runs of a page. Of all their attempts: one that failed and passed when it ran
    /// again is what a race looks like.
    fn page_of_jobs(
        &self,
        http: &Http,
        (runs, selection): (Vec<Run>, &Selection),
        is_known: &IsKnown<'_>,
        each: &mut dyn FnMut(Vec<ListedJob>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, RemoteError> {
        let meta = |run: &Run| {
            let mut meta = RunMeta::new();
            run.describe(&self.repository, &mut meta);
            meta
        };
        let is_wanted = |run: &Run| {
            let branch = |branch: &str| selection.branches.iter().any(|wanted| wanted == branch);
            let meta = meta(run);
            (selection.branches.is_empty()
                || [meta.get("head_branch"), meta.get("build_branch")]
                    .into_iter()
                    .flatten()
                    .any(branch))
                && !is_known(&meta)
        };
        let runs: Vec<Run> = runs.into_iter().filter(is_wanted).collect();
        // Some at a time, so that those are kept that came before a request fails.
        for some in runs.chunks(http.connections().max(1)) {
            let github = Github { http, repository: &self.repository };
            let found = fan_out(some, http.connections(), |run| {
                let id = run.id.to_string();
                github.jobs_of(&["actions", "runs", &id], &[("filter", "all")])
            });
            let mut listed = Vec::new();
            let mut failed = None;
            for (run, jobs) in some.iter().zip(found) {
                match jobs {
                    // All or none of a run: who knows one of them need not ask for the others.
                    Ok(jobs) if !jobs.iter().any(|job| is_since(job, selection.since)) => {}
                    Ok(jobs) => listed.extend(
                        jobs.into_iter().filter(|job| is_job_wanted(job, selection)).map(|job| {
                            ListedJob { repository: self.repository.clone(), job, run: run.clone() }
                        }),
                    ),
                    Err(error) => failed = Some(error),
                }
            }
            if each(listed).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn is_job_wanted(job: &Job, selection: &Selection) -> bool {
    let name = job.name.as_deref().unwrap_or_default();
    job.has_ended()
        && (selection.jobs.is_empty() || selection.jobs.iter().any(|wanted| wanted == name))
}

fn is_since(job: &Job, since: Timestamp) -> bool {
    job.completed_at.as_deref().and_then(instant).is_none_or(|time| time >= since)
}

impl ListedJob {
    /// What the list tells of it.
    pub(crate) fn meta(&self) -> RunMeta {
        let mut meta = RunMeta::new();
        self.job.describe(&self.repository, Some(&self.run), &mut meta);
        meta
    }

    /// How it ended.
    pub(crate) fn class(&self) -> ResultClass {
        self.job.class()
    }

    /// The job with its log.
    pub(crate) fn run(&self, http: &Http) -> RemoteRun {
        let github = Github { http, repository: &self.repository };
        github.run_of_job(&self.job, Some(&self.run), &RunMeta::new())
    }
}
