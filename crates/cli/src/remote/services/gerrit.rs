//! Gerrit: from a change to the runs that its comments link to.
//!
//! Which CIs there are only the change's messages know. A line of Zuul's, and of the CIs that write
//! as it does, is `- JOB URL : RESULT in 15s`
//! (<https://zuul-ci.org/docs/zuul/latest/drivers/gerrit.html>); the messages come from
//! `GET /changes/ID/detail`
//! (<https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html>).

use std::{collections::BTreeMap, sync::LazyLock};

use recheck_core::{ResultClass, RunMeta};
use regex::Regex;
use reqwest::Url;
use serde::Deserialize;

use super::{
    MAX_RUNS, describe,
    facts::{RUN_FILE, event, fill, set, set_number},
    path::{below, number, pieces, root},
    resolve_build,
    summary::Summary,
    zuul::ZuulLink,
};
use crate::remote::{
    crawl, fan_out,
    http::{Http, HttpError},
    run::{RemoteError, RemoteRun},
};

/// What stands before every answer of Gerrit's, so that no browser takes it for a script.
const XSSI: &str = ")]}'";

/// A change: its latest patch set, or this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GerritLink {
    base: Url,
    change: u64,
    patchset: Option<u64>,
}

impl GerritLink {
    /// Knows `…/c/PROJECT/+/N`, `…/c/N`, `…/#/c/N`, `…/changes/N` of the API, each with a patch set
    /// behind it or none, and `/N` where the host's name says that it is a Gerrit.
    pub(crate) fn parse(url: &Url) -> Option<GerritLink> {
        let pieces = pieces(url);
        if let Some(place) = pieces.iter().position(|piece| *piece == "c") {
            let plus = pieces[place..].iter().position(|piece| *piece == "+");
            let rest = plus.map_or(place + 1, |plus| place + plus + 1);
            // Without the project, only where nothing else stands before it.
            if plus.is_some() || matches!(pieces[..place], [] | ["r"]) {
                return GerritLink::new(root(url, place), &pieces[rest..]);
            }
        }
        if let Some(place) = pieces.iter().position(|piece| *piece == "changes") {
            let id = pieces.get(place + 1)?.rsplit(['~', '/']).next()?;
            let change = number(id)?;
            return Some(GerritLink { base: root(url, place), change, patchset: None });
        }
        if let Some(rest) = url.fragment().and_then(|fragment| fragment.strip_prefix("/c/")) {
            let rest: Vec<_> = rest.split('/').filter(|piece| !piece.is_empty()).collect();
            return GerritLink::new(root(url, pieces.len()), &rest);
        }
        let host = url.host_str().unwrap_or_default();
        let is_gerrit = host.starts_with("review.") || host.contains("gerrit");
        if is_gerrit { GerritLink::new(root(url, 0), &pieces) } else { None }
    }

    fn new(base: Url, pieces: &[&str]) -> Option<GerritLink> {
        let [change, rest @ ..] = pieces else { return None };
        // A comparison, `1..3`, is about its right side.
        let patchset = rest.first().and_then(|piece| number(piece.rsplit("..").next()?));
        Some(GerritLink { base, change: number(change)?, patchset })
    }

    fn page(&self, patchset: u64) -> Url {
        below(&self.base, ["c", &self.change.to_string(), &patchset.to_string()])
    }

    fn api(&self) -> Url {
        let mut url = below(&self.base, ["changes", &self.change.to_string(), "detail"]);
        url.set_query(Some("o=ALL_REVISIONS"));
        url
    }
}

/// A change, as `ChangeInfo`.
#[derive(Debug, Deserialize)]
struct Change {
    #[serde(rename = "_number")]
    number: u64,
    project: Option<String>,
    branch: Option<String>,
    #[serde(default)]
    revisions: BTreeMap<String, Revision>,
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
struct Revision {
    #[serde(rename = "_number")]
    number: u64,
}

#[derive(Debug, Deserialize)]
struct Message {
    tag: Option<String>,
    author: Option<Author>,
    date: Option<String>,
    message: String,
    #[serde(rename = "_revision_number")]
    patchset: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Author {
    #[serde(rename = "_account_id")]
    id: Option<u64>,
}

/// A line of a CI's message.
#[derive(Debug, PartialEq, Eq)]
struct Reported {
    job: Option<String>,
    url: Url,
    result: Option<String>,
}

/// The runs that failed for a change.
///
/// # Errors
///
/// When Gerrit does not tell of the change, or nobody has reported on it.
pub(crate) fn resolve(http: &Http, link: &GerritLink) -> Result<Vec<RemoteRun>, RemoteError> {
    let change = ask(http, link)?;
    let latest = change.revisions.values().map(|revision| revision.number).max();
    let reported = change.messages.iter().filter_map(|message| message.patchset).max();
    let patchset = link.patchset.or(latest).or(reported).unwrap_or(1);
    let known = describe_change(&change, patchset);
    let page = link.page(patchset);
    let reports = reports(&change, patchset);
    if reports.is_empty() {
        return Err(RemoteError::Content { url: page, reason: nobody(&change, patchset) });
    }
    let mut summary = Summary::new("report");
    let mut runs = Vec::new();
    for message in reports {
        let links = reported_links(&message.message);
        if links.is_empty() {
            summary.taken();
            let mut run = RemoteRun::new(page.as_str());
            run.events.push(event(&message.message, message.date.as_deref()));
            runs.push(run);
        }
        runs.extend(failed(http, links, &mut summary));
    }
    runs.truncate(MAX_RUNS);
    if runs.is_empty() {
        let mut run = RemoteRun::new(page.as_str());
        run.meta.set("build_status", "SUCCESS");
        run.events.push(event("no report of it tells of a failure", None));
        runs.push(run);
    }
    runs.iter_mut().for_each(|run| fill(&mut run.meta, &known));
    summary.tell(&mut runs[0]);
    Ok(runs)
}

fn ask(http: &Http, link: &GerritLink) -> Result<Change, RemoteError> {
    let mut answer = http.text(&link.api()).map_err(with_cure)?;
    if let Some(json) = answer.body.strip_prefix(XSSI) {
        answer.body = json.to_owned();
    }
    Ok(answer.json()?)
}

/// The error with what helps against it.
fn with_cure(error: HttpError) -> RemoteError {
    if !error.status().is_some_and(|status| matches!(status.as_u16(), 401 | 403 | 404)) {
        return error.into();
    }
    let cure = "it is not there, or not for all to see: give the address of the API for those who \
                log in, …/a/changes/N, with a password for the host in the settings";
    RemoteError::with_cure(error, cure)
}

fn describe_change(change: &Change, patchset: u64) -> RunMeta {
    let mut meta = RunMeta::new();
    for key in ["change", "build_change"] {
        set_number(&mut meta, key, Some(change.number));
    }
    for key in ["patchset", "build_patchset"] {
        set_number(&mut meta, key, Some(patchset));
    }
    set(&mut meta, "project", change.project.as_ref());
    set(&mut meta, "build_branch", change.branch.as_ref());
    let sha = change.revisions.iter().find(|(_, revision)| revision.number == patchset);
    set(&mut meta, "sha", sha.map(|(sha, _)| sha));
    meta
}

/// The last report of each CI, and of each of its pipelines, on a patch set.
fn reports(change: &Change, patchset: u64) -> Vec<&Message> {
    let mut last: BTreeMap<String, &Message> = BTreeMap::new();
    let of_it = change.messages.iter().filter(|message| message.patchset == Some(patchset));
    for message in of_it.filter(|message| is_report(message)) {
        let author = message.author.as_ref().and_then(|author| author.id).unwrap_or_default();
        let key = message.tag.clone().unwrap_or_else(|| author.to_string());
        last.insert(key, message);
    }
    last.into_values().collect()
}

/// True for the messages of a CI: by their tag, which Gerrit's own have too, or by their lines.
fn is_report(message: &Message) -> bool {
    let tag = message.tag.as_deref().unwrap_or_default();
    let is_tagged = tag.starts_with("autogenerated:") && !tag.starts_with("autogenerated:gerrit:");
    // That a run has begun is no report of it.
    let links = reported_links(&message.message);
    let has_begun = links.is_empty() && message.message.contains("Starting ");
    (is_tagged && !has_begun) || links.iter().any(|link| link.result.is_some())
}

/// The buildsets, builds and logs that a message links to, each once; where it links to a buildset,
/// that one alone.
fn reported_links(text: &str) -> Vec<Reported> {
    static LINE: LazyLock<Regex> = LazyLock::new(|| {
        let line = r"^(?:\s*[-*]\s+(\S+)\s+)?\s*(https?://[^\s<>()]+)(?:\s+:\s+([A-Za-z_]+))?";
        Regex::new(line).expect("the expression is a constant")
    });
    let line = |line: &str| {
        let found = LINE.captures(line)?;
        let group = |at| found.get(at).map(|text| text.as_str().to_owned());
        let url = Url::parse(&found[2]).ok()?;
        let is_known = super::Link::of_build(&url).is_some() || found.get(3).is_some();
        is_known.then(|| Reported { job: group(1), url, result: group(3) })
    };
    let mut links: Vec<Reported> = Vec::new();
    for reported in text.lines().filter_map(line) {
        if links.iter().all(|known| known.url != reported.url) {
            links.push(reported);
        }
    }
    let is_buildset =
        |link: &Reported| ZuulLink::parse(&link.url).is_some_and(|link| link.is_buildset());
    if links.iter().any(is_buildset) {
        links.retain(is_buildset);
    }
    links
}

/// Those of the linked runs that failed.
fn failed(http: &Http, links: Vec<Reported>, summary: &mut Summary) -> Vec<RemoteRun> {
    let mut open = Vec::new();
    for link in links {
        let word = link.result.as_deref().unwrap_or_default();
        match ResultClass::from_word(word) {
            ResultClass::Failed if open.len() < MAX_RUNS => open.push(link),
            _ => summary.left_out(link.job.as_deref().unwrap_or("?"), word, true),
        }
    }
    let found = fan_out(&open, http.connections(), |link| follow(http, link));
    let mut runs = Vec::new();
    for run in found.into_iter().flatten() {
        if run.meta.result_class() == ResultClass::Passed {
            let name = run.meta.get("build_name").or(run.meta.get("build_queue")).unwrap_or("?");
            summary.left_out(name, run.meta.get("build_status").unwrap_or("?"), true);
        } else {
            summary.taken();
            runs.push(run);
        }
    }
    runs
}

/// The runs of a link: of a service that is known, else the logs that lie there.
fn follow(http: &Http, link: &Reported) -> Vec<RemoteRun> {
    let resolved = resolve_build(http, &link.url).unwrap_or_else(|| {
        let mut run = crawl::resolve(http, &link.url)?;
        describe(http, &link.url, &mut run);
        Ok(vec![run])
    });
    let mut runs = resolved.unwrap_or_else(|error| {
        let mut run = RemoteRun::new(link.url.as_str());
        run.errors.push((RUN_FILE.to_owned(), error.reason(&link.url)));
        vec![run]
    });
    let mut known = RunMeta::new();
    set(&mut known, "build_name", link.job.as_ref());
    set(&mut known, "build_status", link.result.as_ref());
    runs.iter_mut().for_each(|run| fill(&mut run.meta, &known));
    runs
}

/// Why there is nothing to look at.
fn nobody(change: &Change, patchset: u64) -> String {
    let mut others: Vec<_> =
        change.messages.iter().filter_map(|message| message.patchset).collect();
    others.retain(|other| *other != patchset && !reports(change, *other).is_empty());
    match others.last() {
        Some(other) => format!(
            "no CI has reported on patch set {patchset} yet; for an earlier one give …/c/{}/{other}",
            change.number
        ),
        None => format!("no CI has reported on patch set {patchset}; ask again when one has"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<(String, u64, Option<u64>)> {
        let link = GerritLink::parse(&Url::parse(text).unwrap())?;
        Some((link.base.to_string(), link.change, link.patchset))
    }

    #[test]
    fn links_to_changes() {
        for (link, base, patchset) in [
            ("https://review.example.org/c/a/b/+/12", "https://review.example.org/", None),
            ("https://review.example.org/c/a/b/+/12/3", "https://review.example.org/", Some(3)),
            (
                "https://review.example.org/c/a/b/+/12/1..3/f.c",
                "https://review.example.org/",
                Some(3),
            ),
            ("https://example.org/r/c/a/+/12/", "https://example.org/r/", None),
            ("https://example.org/r/c/12/2", "https://example.org/r/", Some(2)),
            ("https://review.example.org/#/c/12/2/", "https://review.example.org/", Some(2)),
            ("https://review.example.org/12", "https://review.example.org/", None),
            ("https://gerrit.example.org/12/2", "https://gerrit.example.org/", Some(2)),
            ("https://example.org/a/changes/p~12/detail", "https://example.org/a/", None),
            ("http://127.0.0.1:8089/c/demo/+/12", "http://127.0.0.1:8089/", None),
        ] {
            assert_eq!(parse(link), Some((base.to_owned(), 12, patchset)), "{link}");
        }
        for other in [
            "https://review.example.org/q/status:open",
            "https://example.org/12",
            "https://example.org/logs/c/12/",
            "https://example.org/c/demo/",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn lines_of_a_report() {
        let text = "Patch Set 1:\n\nBuild failed.\n\n\
            - unit http://logs.example.org/56/123456/3/check/unit/ab12cd3/ : FAILURE in 4m 02s\n\
            - docs http://logs.example.org/56/123456/3/check/docs/ab12cd4/ : SUCCESS in 1m (non-voting)\n\
            see http://wiki.example.org/ for more\nhttp://help.example.org/\n";
        let links = reported_links(text);
        let told: Vec<_> = links
            .iter()
            .map(|link| (link.job.as_deref().unwrap_or(""), link.result.as_deref().unwrap_or("")))
            .collect();
        assert_eq!(told, [("unit", "FAILURE"), ("docs", "SUCCESS")]);
    }

    #[test]
    fn a_buildset_stands_for_its_builds() {
        let id = "e6b53cb586834822b28d6577b97a4f1e";
        let text = format!(
            "Build failed.\nhttps://z.example.org/t/a/buildset/{id}\n\n\
             - unit https://z.example.org/t/a/build/{id} : FAILURE in 15s"
        );
        let links = reported_links(&text);
        assert_eq!(links.len(), 1);
        assert!(links[0].url.path().contains("buildset"));
    }

    #[test]
    fn the_last_report_of_each_pipeline_counts() {
        let message = |tag: Option<&str>, patchset: u64, text: &str| {
            serde_json::json!({"tag": tag, "_revision_number": patchset, "message": text, "date": "",
                               "author": {"_account_id": 7}})
        };
        let job = "- unit http://x/1 : FAILURE in 1s";
        let change: Change = serde_json::from_value(serde_json::json!({"_number": 1, "messages": [
            message(Some("autogenerated:gerrit:newPatchSet"), 2, "Uploaded patch set 2."),
            message(Some("autogenerated:zuul:check"), 2, "old"),
            message(Some("autogenerated:zuul:check"), 2, "new"),
            message(Some("autogenerated:zuul:gate"), 2, "Starting gate jobs."),
            message(None, 2, "Looks good to me"),
            message(None, 2, job),
            message(Some("autogenerated:zuul:check"), 1, "first"),
        ]}))
        .unwrap();
        let told = |patchset| {
            let told = reports(&change, patchset);
            told.into_iter().map(|message| message.message.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(told(2), [job, "new"]);
        assert_eq!(told(3), [""; 0]);
        assert!(nobody(&change, 3).ends_with("/c/1/1"), "{}", nobody(&change, 3));
    }
}
