//! Which pages of GitHub are known, and where its API is.

use std::env;

use reqwest::Url;

use crate::remote::services::path::{below, decoded, is_hex, number, pieces, root};

/// Something of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GithubLink {
    pub(super) repository: Repository,
    pub(super) item: Item,
}

/// A repository, with the places of its pages and of its API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repository {
    site: Url,
    api: Url,
    owner: String,
    name: String,
}

/// What a link is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A run of a workflow: its latest attempt, or this one.
    Run { id: u64, attempt: Option<u64> },
    /// A job of a run.
    Job(u64),
    /// A check, which may be a job.
    CheckRun(u64),
    /// A pull request.
    Pull(u64),
    /// A commit.
    Commit(String),
}

/// Where GitHub is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sites {
    /// A server of one's own, with its API.
    own: Option<(Url, Url)>,
}

impl Sites {
    /// github.com, servers whose API is where GitHub Enterprise Server has it
    /// (<https://docs.github.com/en/enterprise-server/rest/quickstart>), and the server that
    /// `GITHUB_SERVER_URL` names with the API in `GITHUB_API_URL`, which every job of GitHub has
    /// (<https://docs.github.com/en/actions/reference/workflows-and-actions/variables>).
    pub(crate) fn from_environment() -> Sites {
        let read = |name| Url::parse(&env::var(name).ok()?).ok();
        Sites { own: read("GITHUB_SERVER_URL").zip(read("GITHUB_API_URL")) }
    }

    fn own(&self) -> impl Iterator<Item = &(Url, Url)> {
        self.own.iter()
    }

    /// Whether a site is GitHub, by all that can be known from its name.
    fn is_github(&self, site: &Url) -> bool {
        let labels = site.host_str().unwrap_or_default().split('.');
        self.own().any(|(known, _)| known.origin() == site.origin())
            || labels.into_iter().any(|label| matches!(label, "github" | "ghe"))
    }

    /// The API of a site.
    fn api(&self, site: &Url) -> Url {
        let own = self.own().find(|(known, _)| known.origin() == site.origin());
        match own {
            Some((_, api)) => api.clone(),
            None if is_host(site, "github.com") => known("https://api.github.com/"),
            None => below(site, ["api", "v3"]),
        }
    }

    /// The site that an address of an API belongs to, the API, and how many pieces of the address
    /// are the API's own.
    fn of_api(&self, url: &Url) -> Option<(Url, Url, usize)> {
        let pieces = pieces(url);
        for (site, api) in self.own() {
            let root = self::pieces(api);
            let (count, is_below) = (root.len(), pieces.starts_with(&root));
            // The site may have the same origin.
            if api.origin() == url.origin() && is_below && pieces.get(count) == Some(&"repos") {
                return Some((site.clone(), api.clone(), count));
            }
        }
        match &pieces[..] {
            ["repos", ..] if is_host(url, "api.github.com") => {
                Some((known("https://github.com/"), root(url, 0), 0))
            }
            ["api", "v3", "repos", ..] => Some((root(url, 0), root(url, 2), 2)),
            _ => None,
        }
    }
}

fn is_host(url: &Url, host: &str) -> bool {
    let found = url.host_str().unwrap_or_default();
    found == host || found.strip_prefix("www.") == Some(host)
}

fn known(text: &str) -> Url {
    Url::parse(text).expect("the address is a constant")
}

impl GithubLink {
    /// Knows the pages of runs, attempts, jobs, checks, pull requests and commits, and their places
    /// in the API.
    pub(crate) fn parse(url: &Url, sites: &Sites) -> Option<GithubLink> {
        if let Some((site, api, count)) = sites.of_api(url) {
            let pieces = pieces(url);
            let ["repos", owner, name, rest @ ..] = &pieces[count..] else { return None };
            let repository = Repository::new(site, api, owner, name)?;
            return Some(GithubLink { repository, item: api_item(rest)? });
        }
        let pieces = pieces(url);
        let [owner, name, rest @ ..] = &pieces[..] else { return None };
        let item = page_item(rest, check_in_query(url))?;
        let site = root(url, 0);
        // Elsewhere, other things may have addresses of that shape.
        if !matches!(rest, ["actions", ..]) && !sites.is_github(&site) {
            return None;
        }
        let api = sites.api(&site);
        Some(GithubLink { repository: Repository::new(site, api, owner, name)?, item })
    }
}

/// The check that a pull request's page shows: `/pull/7/checks?check_run_id=1`.
fn check_in_query(url: &Url) -> Option<u64> {
    let mut pairs = url.query_pairs();
    pairs.find(|(key, _)| key == "check_run_id").and_then(|(_, value)| number(&value))
}

fn page_item(pieces: &[&str], check: Option<u64>) -> Option<Item> {
    match pieces {
        ["actions", "runs", _, "job" | "jobs", job, ..] => number(job).map(Item::Job),
        ["actions", "runs", id, rest @ ..] => run_item(id, rest),
        ["runs", id] => number(id).map(Item::CheckRun),
        ["pull", _, "checks"] if check.is_some() => check.map(Item::CheckRun),
        ["pull", id] | ["pull", id, "checks" | "files" | "commits" | "changes", ..] => {
            number(id).map(Item::Pull)
        }
        ["commit", _, "checks", id, ..] => number(id).map(Item::CheckRun),
        ["commit", sha] | ["commit", sha, "checks"] => commit_item(sha),
        _ => None,
    }
}

fn api_item(pieces: &[&str]) -> Option<Item> {
    match pieces {
        ["actions", "runs", id, rest @ ..] => run_item(id, rest),
        ["actions", "jobs", id, ..] => number(id).map(Item::Job),
        ["check-runs", id, ..] => number(id).map(Item::CheckRun),
        ["pulls", id, ..] => number(id).map(Item::Pull),
        ["commits", sha, ..] => commit_item(sha),
        _ => None,
    }
}

fn run_item(id: &str, rest: &[&str]) -> Option<Item> {
    let attempt = match rest {
        ["attempts", attempt, ..] => Some(number(attempt)?),
        _ => None,
    };
    Some(Item::Run { id: number(id)?, attempt })
}

fn commit_item(sha: &str) -> Option<Item> {
    is_hex(sha, 7..=64).then(|| Item::Commit(sha.to_owned()))
}

impl Repository {
    fn new(site: Url, api: Url, owner: &str, name: &str) -> Option<Repository> {
        Some(Repository { site, api, owner: decoded(owner)?, name: decoded(name)? })
    }

    /// Knows the page of a repository, that of its Actions, and its places in the API.
    pub(super) fn parse(url: &Url, sites: &Sites) -> Option<Repository> {
        if let Some((site, api, count)) = sites.of_api(url) {
            let pieces = pieces(url);
            let ["repos", owner, name, rest @ ..] = &pieces[count..] else { return None };
            let is_all = matches!(rest, [] | ["actions"] | ["actions", "runs"]);
            return if is_all { Repository::new(site, api, owner, name) } else { None };
        }
        let (pieces, site) = (pieces(url), root(url, 0));
        let ([owner, name] | [owner, name, "actions"]) = pieces[..] else { return None };
        if !sites.is_github(&site) {
            return None;
        }
        let api = sites.api(&site);
        Repository::new(site, api, owner, name)
    }

    /// True on github.com.
    pub(super) fn is_public_site(&self) -> bool {
        is_host(&self.site, "github.com")
    }

    /// `owner/name`.
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Where the API has something of this repository.
    pub(super) fn api<'p>(&'p self, pieces: impl IntoIterator<Item = &'p str>) -> Url {
        below(&self.api, ["repos", &self.owner, &self.name].into_iter().chain(pieces))
    }

    /// Where the API tells how often it may be asked.
    pub(super) fn rate_limit(&self) -> Url {
        below(&self.api, ["rate_limit"])
    }

    /// A page of this repository.
    pub(super) fn page<'p>(&'p self, pieces: impl IntoIterator<Item = &'p str>) -> Url {
        below(&self.site, [&*self.owner, &*self.name].into_iter().chain(pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites() -> Sites {
        Sites { own: Some((known("http://git.lan:3000/"), known("http://git.lan:3001/api/"))) }
    }

    fn parse(text: &str) -> Option<GithubLink> {
        GithubLink::parse(&Url::parse(text).unwrap(), &sites())
    }

    #[test]
    fn pages() {
        let run = |id, attempt| Item::Run { id, attempt };
        for (path, item) in [
            ("actions/runs/12", run(12, None)),
            ("actions/runs/12?check_suite_focus=true", run(12, None)),
            ("actions/runs/12/attempts/3#summary-1", run(12, Some(3))),
            ("actions/runs/12/workflow", run(12, None)),
            ("actions/runs/12/job/34", Item::Job(34)),
            ("actions/runs/12/job/34?pr=5#step:4:7", Item::Job(34)),
            ("actions/runs/12/attempts/2/jobs", run(12, Some(2))),
            ("runs/34", Item::CheckRun(34)),
            ("runs/34?check_suite_focus=true", Item::CheckRun(34)),
            ("pull/7", Item::Pull(7)),
            ("pull/7/files", Item::Pull(7)),
            ("pull/7/checks", Item::Pull(7)),
            ("pull/7/checks?check_run_id=34", Item::CheckRun(34)),
            ("pull/7#issuecomment-1", Item::Pull(7)),
            ("commit/90164c4", Item::Commit("90164c4".to_owned())),
            ("commit/90164c4/checks/34", Item::CheckRun(34)),
        ] {
            let link = parse(&format!("https://github.com/o/r/{path}"));
            assert_eq!(link.unwrap_or_else(|| panic!("{path}")).item, item, "{path}");
        }
    }

    #[test]
    fn places_in_the_api() {
        for (path, item) in [
            ("actions/runs/12/logs", Item::Run { id: 12, attempt: None }),
            ("actions/runs/12/attempts/2/logs", Item::Run { id: 12, attempt: Some(2) }),
            ("actions/jobs/34/logs", Item::Job(34)),
            ("check-runs/34", Item::CheckRun(34)),
            ("pulls/7", Item::Pull(7)),
            ("commits/90164c4/check-runs", Item::Commit("90164c4".to_owned())),
        ] {
            for api in [
                "https://api.github.com",
                "https://ghe.example.org/api/v3",
                "http://git.lan:3001/api",
            ] {
                let link = parse(&format!("{api}/repos/o/r/{path}")).unwrap();
                assert_eq!(link.item, item, "{path}");
                assert_eq!(
                    link.repository.api(["pulls"]).as_str(),
                    format!("{api}/repos/o/r/pulls")
                );
            }
        }
    }

    #[test]
    fn each_site_has_its_api() {
        for (site, api) in [
            ("https://github.com", "https://api.github.com"),
            ("https://ghe.example.org", "https://ghe.example.org/api/v3"),
            ("http://git.lan:3000", "http://git.lan:3001/api"),
        ] {
            let link = parse(&format!("{site}/o/r/pull/7")).unwrap();
            assert_eq!(
                link.repository.api(["pulls", "7"]).as_str(),
                format!("{api}/repos/o/r/pulls/7")
            );
            assert_eq!(link.repository.page(["pull", "7"]).as_str(), format!("{site}/o/r/pull/7"));
            assert_eq!(link.repository.rate_limit().as_str(), format!("{api}/rate_limit"));
        }
    }

    #[test]
    fn other_links_are_not_known() {
        for link in [
            "https://github.com/o/r",
            "https://github.com/o/r/issues/7",
            "https://github.com/o/r/pull/x",
            "https://github.com/o/r/actions",
            "https://github.com/o/r/actions/runs/x",
            "https://github.com/o/r/runs/1/2",
            "https://storage.googleapis.com/bucket/pr-logs/pull/7/job/1",
            "https://api.github.com/users/o",
            "https://logs.example.org/o/r/runs/7",
        ] {
            assert_eq!(parse(link), None, "{link}");
        }
    }
}
