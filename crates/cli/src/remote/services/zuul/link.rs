//! Which pages of a Zuul are known, and where its API has them.

use recheck_core::RunMeta;
use reqwest::Url;

use crate::remote::services::path::{below, decoded, is_hex, number, pieces, root};

/// A build or a buildset of a Zuul.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ZuulLink {
    /// Where this Zuul's pages and its API hang.
    pub(super) base: Url,
    /// None where the site is one tenant's own ("white-label").
    pub(super) tenant: Option<String>,
    pub(super) item: Item,
    pub(super) uuid: String,
}

/// What a link of a Zuul is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Build,
    Buildset,
}

impl Item {
    fn word(self) -> &'static str {
        match self {
            Item::Build => "build",
            Item::Buildset => "buildset",
        }
    }

    fn of(word: &str) -> Option<Item> {
        [Item::Build, Item::Buildset].into_iter().find(|item| item.word() == word)
    }
}

impl ZuulLink {
    /// Knows the pages `…/t/TENANT/build/UUID`, `…/build/UUID`, those of buildsets, what lies below
    /// them (`/logs`, `/log/FILE`, `/console`), and the API's own `…/api/tenant/TENANT/build/UUID`
    /// and `…/api/build/UUID`.
    pub(crate) fn parse(url: &Url) -> Option<ZuulLink> {
        let pieces = pieces(url);
        let place = (0..pieces.len().saturating_sub(1))
            .find(|&at| Item::of(pieces[at]).is_some() && is_hex(pieces[at + 1], 32..=32))?;
        let (item, uuid) = (Item::of(pieces[place])?, pieces[place + 1].to_ascii_lowercase());
        let (count, tenant) = match &pieces[..place] {
            [.., "api", "tenant", tenant] => (place - 3, Some(*tenant)),
            [.., "t", tenant] => (place - 2, Some(*tenant)),
            [.., "api"] => (place - 1, None),
            _ => (place, None),
        };
        let tenant = match tenant {
            Some(tenant) => Some(decoded(tenant)?),
            None => None,
        };
        Some(ZuulLink { base: root(url, count), tenant, item, uuid })
    }

    /// True for a buildset, false for a build.
    pub(crate) fn is_buildset(&self) -> bool {
        self.item == Item::Buildset
    }

    /// The same Zuul's page of another build.
    pub(super) fn build(&self, uuid: &str) -> ZuulLink {
        ZuulLink { item: Item::Build, uuid: uuid.to_owned(), ..self.clone() }
    }

    /// The page for people.
    pub(super) fn page(&self) -> Url {
        let tenant = self.tenant.iter().flat_map(|tenant| ["t", tenant]);
        below(&self.base, tenant.chain([self.item.word(), &self.uuid]))
    }

    /// Where the API has it.
    pub(super) fn api(&self) -> Url {
        let tenant = self.tenant.iter().flat_map(|tenant| ["tenant", tenant]);
        below(&self.base, ["api"].into_iter().chain(tenant).chain([self.item.word(), &self.uuid]))
    }
}

/// What the address of an old log tells: `…/NN/CHANGE/PATCHSET/PIPELINE/JOB/UUID/…`, where `NN` are
/// the change's last two digits. OpenStack's Zuul wrote its logs that way until 2021, others still
/// do; <https://zuul-ci.org/docs/zuul-jobs/latest/log-roles.html> calls it `zuul_log_path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogPath {
    /// The run's directory.
    root: Url,
    change: String,
    patchset: String,
    pipeline: String,
    job: String,
    uuid: String,
}

impl LogPath {
    /// Writes down what it tells of the run.
    pub(crate) fn describe(&self, meta: &mut RunMeta) {
        for (key, value) in [
            ("build_change", &self.change),
            ("change", &self.change),
            ("build_patchset", &self.patchset),
            ("patchset", &self.patchset),
            ("build_queue", &self.pipeline),
            ("build_name", &self.job),
            ("build_uuid", &self.uuid),
        ] {
            meta.set(key, value);
        }
        meta.set("build_short_uuid", &self.uuid[..7]);
        meta.set("log_url", self.root.as_str());
    }

    /// Reads the address of a log, or of the directory of a run.
    pub(crate) fn parse(url: &Url) -> Option<LogPath> {
        let pieces = pieces(url);
        let place = pieces.windows(6).position(is_log_path)?;
        let [_, change, patchset, pipeline, job, uuid] = pieces[place..place + 6] else {
            return None;
        };
        Some(LogPath {
            root: root(url, place + 6),
            change: change.to_owned(),
            patchset: patchset.to_owned(),
            pipeline: pipeline.to_owned(),
            job: decoded(job)?,
            uuid: uuid.to_owned(),
        })
    }
}

fn is_log_path(pieces: &[&str]) -> bool {
    let [shard, change, patchset, _, _, uuid] = pieces else { return false };
    number(shard).is_some()
        && shard.len() == 2
        && number(change).is_some()
        && format!("{change:0>2}").ends_with(shard)
        && number(patchset).is_some()
        && is_hex(uuid, 7..=32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "e6b53cb586834822b28d6577b97a4f1e";

    fn parse(text: &str) -> Option<ZuulLink> {
        ZuulLink::parse(&Url::parse(&text.replace("UUID", UUID)).unwrap())
    }

    #[test]
    fn pages_and_their_api() {
        for (link, api) in [
            (
                "https://zuul.example.org/t/a/build/UUID",
                "https://zuul.example.org/api/tenant/a/build/UUID",
            ),
            (
                "https://zuul.example.org/t/a/build/UUID/logs",
                "https://zuul.example.org/api/tenant/a/build/UUID",
            ),
            (
                "https://zuul.example.org/t/a/build/UUID/log/job-output.txt#12-14",
                "https://zuul.example.org/api/tenant/a/build/UUID",
            ),
            (
                "https://example.org/zuul/t/a%20b/build/UUID?x=1",
                "https://example.org/zuul/api/tenant/a%20b/build/UUID",
            ),
            ("https://zuul.example.org/build/UUID", "https://zuul.example.org/api/build/UUID"),
            (
                "https://zuul.example.org/buildset/UUID",
                "https://zuul.example.org/api/buildset/UUID",
            ),
            (
                "https://example.org/ci/t/a/buildset/UUID",
                "https://example.org/ci/api/tenant/a/buildset/UUID",
            ),
            ("https://zuul.example.org/api/build/UUID", "https://zuul.example.org/api/build/UUID"),
            (
                "https://zuul.example.org/api/tenant/a/buildset/UUID",
                "https://zuul.example.org/api/tenant/a/buildset/UUID",
            ),
            (
                "http://127.0.0.1:9100/t/a/build/UUID",
                "http://127.0.0.1:9100/api/tenant/a/build/UUID",
            ),
        ] {
            let link = parse(link).unwrap_or_else(|| panic!("{link}"));
            assert_eq!(link.api().as_str(), api.replace("UUID", UUID));
        }
    }

    #[test]
    fn a_page_leads_to_itself() {
        for link in
            ["https://zuul.example.org/t/a/build/UUID", "https://example.org/x/buildset/UUID"]
        {
            assert_eq!(parse(link).unwrap().page().as_str(), link.replace("UUID", UUID));
        }
        let link = parse("https://zuul.example.org/api/tenant/a/buildset/UUID").unwrap();
        let build = link.build(UUID).page();
        assert_eq!(build.as_str(), format!("https://zuul.example.org/t/a/build/{UUID}"));
    }

    #[test]
    fn other_links_are_not_known() {
        for link in [
            "https://zuul.example.org/t/a/builds",
            "https://zuul.example.org/t/a/build/12",
            "https://zuul.example.org/t/a/build",
            "https://zuul.example.org/t/a/status",
            "https://logs.example.org/e6b/UUID/",
            "https://zuul.example.org/build/UUID0",
        ] {
            assert_eq!(parse(link), None, "{link}");
        }
    }

    #[test]
    fn addresses_of_old_logs() {
        let parse = |text: &str| LogPath::parse(&Url::parse(text).unwrap());
        let path = parse(
            "http://logs.example.org/56/123456/3/check/tempest-full/ab12cd3/controller/logs/syslog.txt.gz",
        );
        let path = path.unwrap();
        assert_eq!(
            path.root.as_str(),
            "http://logs.example.org/56/123456/3/check/tempest-full/ab12cd3/"
        );
        assert_eq!((&*path.change, &*path.patchset, &*path.pipeline), ("123456", "3", "check"));
        assert_eq!((&*path.job, &*path.uuid), ("tempest-full", "ab12cd3"));
        assert!(parse("https://cdn.example.org/v1/AUTH_1/logs_01/1/2/gate/job/ab12cd3").is_none());
        assert!(parse("https://cdn.example.org/v1/AUTH_1/01/1/2/gate/job/ab12cd3").is_some());
        for other in [
            "http://logs.example.org/57/123456/3/check/tempest-full/ab12cd3/",
            "http://logs.example.org/56/123456/x/check/tempest-full/ab12cd3/",
            "http://logs.example.org/56/123456/3/check/tempest-full/",
            "http://logs.example.org/56/123456/3/check/tempest-full/index.html",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
