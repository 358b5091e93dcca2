//! What is known of a commit or a pull request: the checks of Actions, those of other services, and
//! statuses, which older services set in their place.

use std::collections::BTreeSet;

use recheck_core::{RunMeta, render::counted};
use reqwest::Url;

use super::{
    Github, MAX_PAGES, events, paged,
    wire::{CheckRun, CheckRuns, Job, Pull, Status, Statuses},
};
use crate::remote::{
    fan_out,
    run::{RemoteError, RemoteRun},
    services::{
        MAX_RUNS,
        facts::{RUN_FILE, event, fill, still_running},
        summary::Summary,
    },
};

/// A commit whose checks are asked for.
struct Head<'a> {
    sha: &'a str,
    /// What is known of its runs beforehand.
    known: RunMeta,
    /// The page for people.
    page: Url,
}

/// Something about a commit that failed.
enum Failed<'a> {
    Check(&'a CheckRun),
    Status(&'a Status),
}

impl Failed<'_> {
    fn name(&self) -> &str {
        let name = match self {
            Failed::Check(check) => &check.name,
            Failed::Status(status) => &status.context,
        };
        name.as_deref().unwrap_or("?")
    }
}

impl Github<'_> {
    /// A check: a job, or what some other service says.
    pub(super) fn check(&self, id: u64) -> Result<Vec<RemoteRun>, RemoteError> {
        let check: CheckRun = self.get(&self.repository.api(["check-runs", &id.to_string()]))?;
        self.runs_of_check(&check, &RunMeta::new())
    }

    /// The failed checks of a pull request's head.
    pub(super) fn pull(&self, number: u64) -> Result<Vec<RemoteRun>, RemoteError> {
        let number = number.to_string();
        let url = self.repository.api(["pulls", &number]);
        let pull: Pull = self.get(&url)?;
        let Some(sha) = &pull.head.sha else {
            let reason = "GitHub names no commit as its head".to_owned();
            return Err(RemoteError::Content { url, reason });
        };
        let mut known = RunMeta::new();
        pull.describe(&mut known);
        self.failed(&Head { sha, known, page: self.repository.page(["pull", &number]) })
    }

    /// The failed checks of a commit.
    pub(super) fn commit(&self, sha: &str) -> Result<Vec<RemoteRun>, RemoteError> {
        let mut known = RunMeta::new();
        known.set("sha", sha);
        self.failed(&Head { sha, known, page: self.repository.page(["commit", sha]) })
    }

    fn failed(&self, head: &Head<'_>) -> Result<Vec<RemoteRun>, RemoteError> {
        let checks = self.checks(head.sha)?;
        let url = self.repository.api(["commits", head.sha, "status"]);
        let Statuses { statuses } = self.get(&paged(&url, 1))?;
        let mut summary = Summary::new("check");
        let failed = choose(&checks, &statuses, &mut summary);
        let found = fan_out(&failed, self.http.connections(), |failed| match failed {
            Failed::Check(check) => self.runs_of_check(check, &head.known),
            Failed::Status(status) => self.runs_of_status(status, &head.known),
        });
        let mut runs = Vec::new();
        // Two checks may be of one build.
        let mut seen = BTreeSet::new();
        for (failed, found) in failed.iter().zip(found) {
            let found = found.unwrap_or_else(|error| vec![unresolved(failed, &error, head)]);
            runs.extend(found.into_iter().filter(|run| seen.insert(run.target.clone())));
        }
        if runs.is_empty() {
            let has_ended = checks.iter().all(CheckRun::has_ended);
            runs.push(nothing_failed(head, has_ended, checks.len() + statuses.len()));
        }
        summary.tell(&mut runs[0]);
        Ok(runs)
    }

    fn checks(&self, sha: &str) -> Result<Vec<CheckRun>, RemoteError> {
        let url = self.repository.api(["commits", sha, "check-runs"]);
        let mut checks = Vec::new();
        for page in 1..=MAX_PAGES {
            let CheckRuns { total_count, check_runs } = self.get(&paged(&url, page))?;
            let is_end = check_runs.is_empty();
            checks.extend(check_runs);
            if is_end || checks.len() as u64 >= total_count {
                break;
            }
        }
        Ok(checks)
    }

    fn runs_of_check(
        &self,
        check: &CheckRun,
        known: &RunMeta,
    ) -> Result<Vec<RemoteRun>, RemoteError> {
        if check.is_job() {
            let job: Job =
                self.get(&self.repository.api(["actions", "jobs", &check.id.to_string()]))?;
            return Ok(vec![self.run_of_job(&job, self.run_of(&job).ok().as_ref(), known)]);
        }
        if let Some(runs) = self.elsewhere(check.details_url.as_deref(), known)? {
            return Ok(runs);
        }
        let page = self.repository.page(["runs", &check.id.to_string()]);
        let mut run = RemoteRun::new(page.as_str());
        check.describe(self.repository, &mut run.meta);
        fill(&mut run.meta, known);
        run.events = events::of_check(check);
        no_log(&mut run, check.details_url.as_deref());
        Ok(vec![run])
    }

    fn runs_of_status(
        &self,
        status: &Status,
        known: &RunMeta,
    ) -> Result<Vec<RemoteRun>, RemoteError> {
        let link = status.target_url.as_deref();
        if let Some(runs) = self.elsewhere(link, known)? {
            return Ok(runs);
        }
        let name = status.context.as_deref().unwrap_or("?");
        let mut run = RemoteRun::new(link.unwrap_or(name));
        status.describe(self.repository, &mut run.meta);
        fill(&mut run.meta, known);
        run.events.push(events::of_status(status));
        no_log(&mut run, link);
        Ok(vec![run])
    }

    /// The runs of another service that a check or a status links to.
    fn elsewhere(
        &self,
        link: Option<&str>,
        known: &RunMeta,
    ) -> Result<Option<Vec<RemoteRun>>, RemoteError> {
        let Some(url) = link.and_then(|link| Url::parse(link).ok()) else { return Ok(None) };
        let mut runs = match crate::remote::services::resolve_build(self.http, &url) {
            None => return Ok(None),
            Some(runs) => runs?,
        };
        runs.iter_mut().for_each(|run| fill(&mut run.meta, known));
        Ok(Some(runs))
    }
}

fn choose<'a>(
    checks: &'a [CheckRun],
    statuses: &'a [Status],
    summary: &mut Summary,
) -> Vec<Failed<'a>> {
    let mut failed = Vec::new();
    let checks = checks.iter().map(|check| (Failed::Check(check), check.word()));
    let statuses = statuses.iter().map(|status| (Failed::Status(status), status.word()));
    for (one, word) in checks.chain(statuses) {
        if super::wire::has_failed(word) && failed.len() < MAX_RUNS {
            summary.taken();
            failed.push(one);
        } else {
            summary.left_out(one.name(), word, true);
        }
    }
    failed
}

/// A check that says it failed, and of which nothing else can be had.
fn unresolved(failed: &Failed<'_>, error: &RemoteError, head: &Head<'_>) -> RemoteRun {
    let mut run = match failed {
        Failed::Check(CheckRun { details_url: Some(link), .. })
        | Failed::Status(Status { target_url: Some(link), .. }) => RemoteRun::new(link.as_str()),
        _ => RemoteRun::new(head.page.as_str()),
    };
    run.meta = head.known.clone();
    run.meta.set("build_name", failed.name());
    run.errors.push((RUN_FILE.to_owned(), error.to_string()));
    run
}

/// A head without a failed check: that it went well, or that nothing can be said yet.
fn nothing_failed(head: &Head<'_>, has_ended: bool, checks: usize) -> RemoteRun {
    let mut run = RemoteRun::new(head.page.as_str());
    run.meta = head.known.clone();
    run.events
        .push(event(&format!("{} of it, and none failed", counted(checks as u64, "check")), None));
    if checks == 0 {
        let reason = "nobody has reported on it; ask again when somebody has";
        run.errors.push((RUN_FILE.to_owned(), reason.to_owned()));
    } else if has_ended {
        run.meta.set("build_status", "success");
    } else {
        run.meta.set("build_status", "pending");
        still_running(&mut run, "a check");
    }
    run
}

fn no_log(run: &mut RemoteRun, link: Option<&str>) {
    let place = link.map(|link| format!(" at {link}")).unwrap_or_default();
    let reason = format!("its log is with another service{place}; give that log's own address");
    run.errors.push((RUN_FILE.to_owned(), reason));
}
