//! The builds of a tenant, page by page.

use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};
use recheck_core::{ResultClass, RunMeta};
use reqwest::Url;

use super::{
    link::{Item, ZuulLink},
    run,
    wire::{self, Build},
    with_cure,
};
use crate::remote::{
    http::Http,
    run::{RemoteError, RemoteRun},
    services::{
        facts::set,
        listing::Selection,
        path::{below, decoded, pieces, root},
    },
};

/// Builds asked for at once.
const PAGE: usize = 100;

/// How long before its end a build may have been made: Zuul lists builds in the order in which they
/// were made, and what counts is when they ended.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);

/// Pages of builds none of which ever ran, after which no more are asked for.
const MOST_TIMELESS: usize = 10;

/// All builds of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ZuulTenant {
    base: Url,
    /// None where the site is one tenant's own.
    tenant: Option<String>,
}

/// A build of a list.
#[derive(Clone, Debug)]
pub(crate) struct ListedBuild {
    link: ZuulLink,
    build: Build,
}

impl ZuulTenant {
    /// Knows `…/t/TENANT` with what lies below it (`/builds`, `/status`), and the API's own
    /// `…/api/tenant/TENANT/builds` and `…/api/builds`.
    pub(crate) fn parse(url: &Url) -> Option<ZuulTenant> {
        let pieces = pieces(url);
        let (count, tenant) = match &pieces[..] {
            [.., "api", "tenant", tenant, "builds"] => (pieces.len() - 4, Some(*tenant)),
            [.., "t", tenant] => (pieces.len() - 2, Some(*tenant)),
            [.., "t", tenant, "builds" | "buildsets" | "status"] => {
                (pieces.len() - 3, Some(*tenant))
            }
            [.., "api", "builds"] => (pieces.len() - 2, None),
            _ => return None,
        };
        let tenant = match tenant {
            Some(tenant) => Some(decoded(tenant)?),
            None => None,
        };
        Some(ZuulTenant { base: root(url, count), tenant })
    }

    /// Calls `each` with the builds that ended since then, page by page, the newest first.
    ///
    /// # Errors
    ///
    /// When a page can't be had.
    pub(crate) fn builds(
        &self,
        http: &Http,
        selection: &Selection,
        each: &mut dyn FnMut(Vec<ListedBuild>) -> ControlFlow<()>,
    ) -> Result<(), RemoteError> {
        let (mut skip, mut timeless) = (0, 0);
        loop {
            let url = self.page(selection, skip);
            let mut builds: Vec<Build> = http.json(&url).map_err(with_cure)?;
            let count = builds.len();
            let mut newest = builds.iter().filter_map(Build::began).max();
            timeless = if newest.is_some() { 0 } else { timeless + 1 };
            let is_last = count < PAGE
                || newest.is_some_and(|time| time < selection.since - LONGEST)
                || timeless > MOST_TIMELESS;
            // What never ran is as old as what stands beside it.
            for build in &mut builds {
                newest = build.began().or(newest);
                build.end_if_timeless(newest.or(Some(selection.since)));
            }
            let listed = builds.into_iter().filter(|build| build.is_since(selection.since));
            if each(listed.filter_map(|build| self.listed(build)).collect()).is_break() || is_last {
                return Ok(());
            }
            skip += count;
        }
    }

    fn page(&self, selection: &Selection, skip: usize) -> Url {
        let tenant = self.tenant.iter().flat_map(|tenant| ["tenant", tenant]);
        let mut url = below(&self.base, ["api"].into_iter().chain(tenant).chain(["builds"]));
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("limit", &PAGE.to_string()).append_pair("skip", &skip.to_string());
            query.append_pair("complete", "true");
            for (key, values) in [
                ("job_name", &selection.jobs),
                ("project", &selection.projects),
                ("branch", &selection.branches),
            ] {
                values.iter().for_each(|value| _ = query.append_pair(key, value));
            }
        }
        url
    }

    fn listed(&self, build: Build) -> Option<ListedBuild> {
        let uuid = build.uuid.clone()?;
        let (base, tenant) = (self.base.clone(), self.tenant.clone());
        Some(ListedBuild { link: ZuulLink { base, tenant, item: Item::Build, uuid }, build })
    }
}

impl Build {
    /// When it began, else when it ended; what never ran has neither.
    fn began(&self) -> Option<Timestamp> {
        self.time(Build::start).or_else(|| self.time(|build| build.end_time.as_deref()))
    }

    fn end_if_timeless(&mut self, time: Option<Timestamp>) {
        if self.began().is_none() && self.word() != wire::RUNNING {
            self.end_time = time.map(|time| time.to_string());
        }
    }

    /// Whether it ended since then.
    fn is_since(&self, since: Timestamp) -> bool {
        self.word() != wire::RUNNING
            && self.time(|build| build.end_time.as_deref()).is_none_or(|time| time >= since)
    }

    fn time<'b>(&'b self, stamp: impl Fn(&'b Build) -> Option<&'b str>) -> Option<Timestamp> {
        crate::remote::services::facts::instant(stamp(self)?)
    }
}

impl ListedBuild {
    /// What the list tells of it.
    pub(crate) fn meta(&self) -> RunMeta {
        let mut meta = RunMeta::new();
        self.build.describe(&mut meta);
        set(&mut meta, "tenant", self.link.tenant.as_ref());
        meta
    }

    /// How it ended.
    pub(crate) fn class(&self) -> ResultClass {
        self.build.class()
    }

    /// The build with the files that its logs lie in.
    pub(crate) fn run(&self, http: &Http) -> RemoteRun {
        run(http, &self.link, &self.build, RunMeta::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_tenant() {
        let parse = |text: &str| ZuulTenant::parse(&Url::parse(text).unwrap());
        let selection = Selection {
            jobs: vec!["a b".to_owned()],
            projects: vec!["x/y".to_owned()],
            ..Selection::default()
        };
        for (link, api) in [
            ("https://zuul.example.org/t/one/builds", "https://zuul.example.org/api/tenant/one"),
            ("https://zuul.example.org/t/one", "https://zuul.example.org/api/tenant/one"),
            ("https://example.org/zuul/t/one/status", "https://example.org/zuul/api/tenant/one"),
            (
                "https://zuul.example.org/api/tenant/one/builds",
                "https://zuul.example.org/api/tenant/one",
            ),
            ("https://zuul.example.org/api/builds", "https://zuul.example.org/api"),
        ] {
            let page = parse(link).unwrap_or_else(|| panic!("{link}")).page(&selection, 100);
            let query = "limit=100&skip=100&complete=true&job_name=a+b&project=x%2Fy";
            assert_eq!(page.as_str(), format!("{api}/builds?{query}"));
        }
        for other in ["https://zuul.example.org/", "https://zuul.example.org/t/one/build/1"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
