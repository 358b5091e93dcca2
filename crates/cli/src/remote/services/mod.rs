//! The services that run jobs: which links are theirs, and what they say of a run.
//!
//! ```text
//!   address -> Link (pure) -> resolve: the service's API -> runs: fields, events, logs
//! ```
//!
//! What an API answers is never trusted: an address in it is one like any other, and goes through
//! the same guard and the same rules for tokens as one that was typed.

mod facts;
mod gerrit;
mod github;
mod gitlab;
mod jenkins;
mod listing;
mod path;
mod prow;
mod summary;
mod zuul;

use reqwest::{StatusCode, Url};

pub(crate) use self::listing::{ListedRun, RunList, Selection};
use self::{
    gerrit::GerritLink,
    github::{GithubLink, Sites},
    gitlab::GitlabLink,
    jenkins::JenkinsLink,
    prow::ProwLink,
    zuul::{LogPath, ZuulLink},
};

use super::{
    http::Http,
    run::{RemoteError, RemoteRun},
};

/// The most runs that one link is made to.
const MAX_RUNS: usize = 100;

/// A link that a service is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Link {
    Zuul(ZuulLink),
    Github(GithubLink),
    Gitlab(GitlabLink),
    Jenkins(JenkinsLink),
    Prow(ProwLink),
    Gerrit(GerritLink),
}

impl Link {
    /// The service and the thing of it that an address is about, if it is one that is known. Those
    /// whose addresses can't be taken for another's come first.
    fn parse(url: &Url, sites: &Sites) -> Option<Link> {
        // Also its jobs have `/job/` in their addresses, and Jenkins' pattern is the wider one.
        let github = || GithubLink::parse(url, sites).map(Link::Github);
        let gitlab = || GitlabLink::parse(url).map(Link::Gitlab);
        let gerrit = || GerritLink::parse(url).map(Link::Gerrit);
        github().or_else(gitlab).or_else(|| Link::of_build(url)).or_else(gerrit)
    }

    /// The same for links that lead to one build, or to Zuul's set of them, and to nothing that leads
    /// further: what a change may be followed to.
    fn of_build(url: &Url) -> Option<Link> {
        let zuul = || ZuulLink::parse(url).map(Link::Zuul);
        let prow = || ProwLink::parse(url).map(Link::Prow);
        let jenkins = || JenkinsLink::parse(url).map(Link::Jenkins);
        let gitlab = || GitlabLink::parse(url).filter(GitlabLink::is_build).map(Link::Gitlab);
        zuul().or_else(prow).or_else(gitlab).or_else(jenkins)
    }

    fn resolve(&self, http: &Http) -> Result<Vec<RemoteRun>, RemoteError> {
        match self {
            Link::Zuul(link) => zuul::resolve(http, link),
            Link::Github(link) => github::resolve(http, link),
            Link::Gitlab(link) => gitlab::resolve(http, link),
            Link::Jenkins(link) => jenkins::resolve(http, link),
            Link::Prow(link) => prow::resolve(http, link),
            Link::Gerrit(link) => gerrit::resolve(http, link),
        }
    }
}

/// The runs that an address of a service stands for; none where no service is known by it.
pub(super) fn resolve(http: &Http, url: &Url) -> Option<Result<Vec<RemoteRun>, RemoteError>> {
    let link = Link::parse(url, &Sites::from_environment())?;
    match (&link, link.resolve(http)) {
        // A directory of logs may have an address as those of Jenkins' builds are.
        (Link::Jenkins(_), Err(RemoteError::Http(error)))
            if error.status() == Some(StatusCode::NOT_FOUND) =>
        {
            None
        }
        (_, resolved) => Some(resolved),
    }
}

/// The runs of a build that a change's page links to; none where no service is known by the link.
fn resolve_build(http: &Http, url: &Url) -> Option<Result<Vec<RemoteRun>, RemoteError>> {
    Link::of_build(url).map(|link| link.resolve(http))
}

/// Adds what is known of the run whose logs lie at this address: from the address itself, and from
/// an inventory among them.
pub(super) fn describe(http: &Http, url: &Url, run: &mut RemoteRun) {
    if let Some(path) = LogPath::parse(url) {
        path.describe(&mut run.meta);
    }
    zuul::describe_by_inventory(http, run);
}
