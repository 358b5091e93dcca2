//! The services that run jobs: which links are theirs, and what they say of a run.
//!
//! ```text
//!   address -> Link (pure) -> resolve: the service's API -> runs: fields, events, logs
//! ```
//!
//! What an API answers is never trusted: an address in it is one like any other, and goes through
//! the same guard and the same rules for tokens as one that was typed.

mod facts;
pub(crate) mod github;
mod path;
mod summary;
pub(crate) mod zuul;

use reqwest::Url;

use self::{
    github::{GithubLink, Sites},
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
pub(crate) enum Link {
    Zuul(ZuulLink),
    Github(GithubLink),
}

impl Link {
    /// The service and the thing of it that an address is about, if it is one that is known.
    pub(crate) fn parse(url: &Url, sites: &Sites) -> Option<Link> {
        Link::of_build(url).or_else(|| GithubLink::parse(url, sites).map(Link::Github))
    }

    /// The same for links that lead to a build, and to no other service: what a change may be
    /// followed to.
    fn of_build(url: &Url) -> Option<Link> {
        ZuulLink::parse(url).map(Link::Zuul)
    }
}

/// The runs that an address of a service stands for; none where no service is known by it.
pub(crate) fn resolve(http: &Http, url: &Url) -> Option<Result<Vec<RemoteRun>, RemoteError>> {
    Some(match Link::parse(url, &Sites::from_environment())? {
        Link::Zuul(link) => zuul::resolve(http, &link),
        Link::Github(link) => github::resolve(http, &link),
    })
}

/// The runs of a build that a change's page links to; none where no service is known by the link.
fn resolve_build(http: &Http, url: &Url) -> Option<Result<Vec<RemoteRun>, RemoteError>> {
    match Link::of_build(url)? {
        Link::Zuul(link) => Some(zuul::resolve(http, &link)),
        Link::Github(_) => None,
    }
}

/// Adds what is known of the run whose logs lie at this address: from the address itself, and from
/// an inventory among them.
pub(crate) fn describe(http: &Http, url: &Url, run: &mut RemoteRun) {
    if let Some(path) = LogPath::parse(url) {
        path.describe(&mut run.meta);
    }
    zuul::describe_by_inventory(http, run);
}
