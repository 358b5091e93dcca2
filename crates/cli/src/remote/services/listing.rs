//! All runs of a place: of a tenant of a Zuul, of a repository on GitHub.

use std::ops::ControlFlow;

use jiff::Timestamp;
use recheck_core::{ResultClass, RunMeta};
use reqwest::Url;

use super::{
    github::{GithubRepository, ListedJob, Sites},
    zuul::{ListedBuild, ZuulTenant},
};
use crate::remote::{
    http::Http,
    run::{RemoteError, RemoteRun},
};

/// Which runs of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Those that ended since then.
    pub(crate) since: Timestamp,
    /// Those of these jobs; empty: all.
    pub(crate) jobs: Vec<String>,
    /// Those of these projects; empty: all.
    pub(crate) projects: Vec<String>,
    /// Those on these branches; empty: all.
    pub(crate) branches: Vec<String>,
}

/// A place that lists its runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunList {
    /// A tenant of a Zuul.
    Zuul(ZuulTenant),
    /// A repository on GitHub.
    Github(GithubRepository),
}

/// A run of a list. What is known of it is known without another request; where its logs lie is not.
#[derive(Clone, Debug)]
pub(crate) enum ListedRun {
    /// A build of a Zuul.
    Zuul(Box<ListedBuild>),
    /// A job of GitHub's.
    Github(Box<ListedJob>),
}

/// A run that is known already: nothing of it is asked for again.
pub(crate) type IsKnown<'a> = dyn Fn(&RunMeta) -> bool + 'a;

impl RunList {
    /// The place that an address is of, if it is one that is known.
    pub(crate) fn parse(url: &Url) -> Option<RunList> {
        let github = || GithubRepository::parse(url, &Sites::from_environment());
        let zuul = || ZuulTenant::parse(url).map(RunList::Zuul);
        zuul().or_else(|| github().map(RunList::Github))
    }

    /// Calls `each` with its runs, some at a time, roughly the newest first, until it has enough.
    /// The same run may come twice, where new ones came between two pages. `is_known` is asked of
    /// what has runs below it: a workflow whose jobs need not be listed.
    ///
    /// # Errors
    ///
    /// When a page can't be had.
    pub(crate) fn runs(
        &self,
        http: &Http,
        selection: &Selection,
        is_known: &IsKnown<'_>,
        each: &mut dyn FnMut(Vec<ListedRun>) -> ControlFlow<()>,
    ) -> Result<(), RemoteError> {
        match self {
            RunList::Zuul(tenant) => tenant.builds(http, selection, &mut |builds| {
                each(builds.into_iter().map(|build| ListedRun::Zuul(Box::new(build))).collect())
            }),
            RunList::Github(repository) => {
                repository.jobs(http, selection, is_known, &mut |jobs| {
                    each(jobs.into_iter().map(|job| ListedRun::Github(Box::new(job))).collect())
                })
            }
        }
    }
}

impl ListedRun {
    /// What is known of it.
    pub(crate) fn meta(&self) -> RunMeta {
        match self {
            ListedRun::Zuul(build) => build.meta(),
            ListedRun::Github(job) => job.meta(),
        }
    }

    /// How it ended.
    pub(crate) fn class(&self) -> ResultClass {
        match self {
            ListedRun::Zuul(build) => build.class(),
            ListedRun::Github(job) => job.class(),
        }
    }

    /// The run with the files that its logs lie in.
    pub(crate) fn run(&self, http: &Http) -> RemoteRun {
        match self {
            ListedRun::Zuul(build) => build.run(http),
            ListedRun::Github(job) => job.run(http),
        }
    }
}
