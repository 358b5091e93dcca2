//! Prow: the files that a job leaves in a bucket of Google Cloud Storage.
//!
//! Which there are: <https://docs.prow.k8s.io/docs/metadata-artifacts/> for `started.json` and
//! `finished.json`, <https://docs.prow.k8s.io/docs/life-of-a-prow-job/> for `prowjob.json`; where they
//! lie: <https://docs.prow.k8s.io/docs/gcs/>. The bucket is listed by
//! <https://cloud.google.com/storage/docs/json_api/v1/objects/list>.

use std::{collections::BTreeMap, env};

use recheck_core::{RunMeta, RunSource};
use reqwest::{StatusCode, Url};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    facts::{RUN_FILE, event, from_millis, set, set_number, set_time, still_running},
    path::{below, decoded, name_pieces, number, pieces},
};
use crate::remote::{
    http::Http,
    run::{RemoteError, RemoteFile, RemoteRun},
};

/// The log of the job itself.
const LOG: &str = "build-log.txt";

/// What says of the run how it went; read here, and no log.
const METADATA: [&str; 3] = ["started.json", "finished.json", "prowjob.json"];

/// The variable that Google's own clients know an emulator by.
const EMULATOR: &str = "STORAGE_EMULATOR_HOST";

/// The most pages of a listing that are read; each has up to 1,000 files.
const MAX_PAGES: usize = 100;

/// A build, by where its files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProwLink {
    bucket: String,
    /// The directory in the bucket.
    folder: Vec<String>,
    job: String,
    id: String,
    pull: Option<u64>,
    /// Prow's own page, if that is what was given.
    page: Option<Url>,
}

impl ProwLink {
    /// Knows Prow's pages `…/view/gs/BUCKET/…`, those of gcsweb, `…/gcs/BUCKET/…`, and the bucket at
    /// Google's own addresses, for a directory in which a job leaves its files.
    pub(crate) fn parse(url: &Url) -> Option<ProwLink> {
        let pieces = pieces(url);
        let host = url.host_str().unwrap_or_default();
        let (place, is_page) = match (host, &pieces[..]) {
            (_, ["view", "gs" | "gcs", ..]) => (&pieces[2..], true),
            ("storage.googleapis.com" | "storage.cloud.google.com", _) => (&pieces[..], false),
            ("console.cloud.google.com", ["storage", "browser", rest @ ..]) => (rest, false),
            (_, ["gcs", rest @ ..]) if host.contains("gcsweb") => (rest, false),
            _ => return None,
        };
        let place: Option<Vec<String>> = place.iter().map(|piece| decoded(piece)).collect();
        let place = place?;
        let (bucket, path) = place.split_first()?;
        let Layout { job, id, pull } = Layout::of(path)?;
        // What lies deeper is a log or a directory of its own, but on Prow's page of the run.
        if path.len() > id + 1 && !is_page {
            return None;
        }
        Some(ProwLink {
            bucket: bucket.clone(),
            folder: path[..=id].to_vec(),
            job: path[job].clone(),
            id: path[id].clone(),
            pull: pull.and_then(|pull| number(&path[pull])),
            page: is_page.then(|| url.clone()),
        })
    }

    /// The address of a file of the run.
    fn file<'p>(&'p self, store: &Url, name: impl IntoIterator<Item = &'p str>) -> Url {
        let folder = self.folder.iter().map(String::as_str);
        below(store, [&*self.bucket].into_iter().chain(folder).chain(name))
    }

    /// A page of the list of its files.
    fn list(&self, store: &Url, token: Option<&str>) -> Url {
        let mut url = below(store, ["storage", "v1", "b", &self.bucket, "o"]);
        url.query_pairs_mut()
            .append_pair("prefix", &format!("{}/", self.folder.join("/")))
            .append_pair("fields", "items(name,size),nextPageToken")
            .append_pair("maxResults", "1000");
        if let Some(token) = token {
            url.query_pairs_mut().append_pair("pageToken", token);
        }
        url
    }
}

/// Which pieces of a path are what, where Prow puts the files of a job.
#[derive(Debug, PartialEq, Eq)]
struct Layout {
    job: usize,
    id: usize,
    pull: Option<usize>,
}

impl Layout {
    fn of(path: &[String]) -> Option<Layout> {
        let at = |place: usize| path.get(place).map(String::as_str);
        let is_number = |place: usize| at(place).is_some_and(|piece| number(piece).is_some());
        let found = |job: usize, pull: Option<usize>| {
            is_number(job + 1).then_some(Layout { job, id: job + 1, pull })
        };
        let start = path.windows(2).position(|pieces| pieces == ["pr-logs", "pull"]);
        match start {
            Some(start) if at(start + 2) == Some("batch") => found(start + 3, None),
            // Of the bucket's own repository.
            Some(start) if is_number(start + 2) => found(start + 3, Some(start + 2)),
            Some(start) if is_number(start + 3) => found(start + 4, Some(start + 3)),
            Some(_) => None,
            None => found(path.iter().position(|piece| piece == "logs")? + 1, None),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
struct Started {
    timestamp: Option<i64>,
    node: Option<String>,
    #[serde(default)]
    repos: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
struct Finished {
    timestamp: Option<i64>,
    passed: Option<bool>,
    result: Option<String>,
    revision: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProwJob {
    spec: Spec,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(rename = "type")]
    kind: Option<String>,
    job: Option<String>,
    cluster: Option<String>,
    refs: Option<Refs>,
    extra_refs: Option<Vec<Refs>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Refs {
    org: Option<String>,
    repo: Option<String>,
    base_ref: Option<String>,
    base_sha: Option<String>,
    pulls: Vec<Pull>,
}

#[derive(Clone, Debug, Deserialize)]
struct Pull {
    number: Option<u64>,
    sha: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    state: Option<String>,
    description: Option<String>,
    #[serde(rename = "completionTime")]
    completion_time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Objects {
    items: Vec<Object>,
    #[serde(rename = "nextPageToken")]
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Object {
    name: String,
    /// A number, as a string.
    size: Option<String>,
}

/// What a job left of itself beside its logs.
#[derive(Debug, Default)]
struct Told {
    started: Option<Started>,
    finished: Option<Finished>,
    job: Option<ProwJob>,
}

/// The run that a link stands for.
///
/// # Errors
///
/// When there is nothing in the bucket.
pub(crate) fn resolve(http: &Http, link: &ProwLink) -> Result<Vec<RemoteRun>, RemoteError> {
    let store = store();
    let folder = link.file(&store, [""]);
    let mut run = RemoteRun::new(link.page.as_ref().unwrap_or(&folder).as_str());
    let told = Told {
        started: read(http, &link.file(&store, ["started.json"]), &mut run)?,
        finished: read(http, &link.file(&store, ["finished.json"]), &mut run)?,
        job: read(http, &link.file(&store, ["prowjob.json"]), &mut run)?,
    };
    if told.started.is_none() && told.finished.is_none() && told.job.is_none() {
        let reason = "no Prow job has left anything there: neither started.json nor finished.json \
                      nor prowjob.json; buckets forget old runs";
        return Err(RemoteError::Content { url: folder, reason: reason.to_owned() });
    }
    told.describe(link, &mut run);
    run.meta.set("log_url", folder.as_str());
    add_files(http, link, &store, &mut run);
    Ok(vec![run])
}

/// Where the buckets are.
fn store() -> Url {
    let emulator = env::var(EMULATOR).ok().and_then(|text| match text.contains("://") {
        true => Url::parse(&text).ok(),
        false => Url::parse(&format!("http://{text}")).ok(),
    });
    emulator.unwrap_or_else(|| {
        Url::parse("https://storage.googleapis.com/").expect("the address is a constant")
    })
}

/// A file that may be missing.
fn read<T: DeserializeOwned>(
    http: &Http,
    url: &Url,
    run: &mut RemoteRun,
) -> Result<Option<T>, RemoteError> {
    let error = match http.json(url) {
        Ok(told) => return Ok(Some(told)),
        Err(error) => error,
    };
    match error.status() {
        // So a bucket says that it is not there, to those who may not list it.
        Some(StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) => Ok(None),
        Some(_) => Err(error.into()),
        None => {
            run.notes.push((RUN_FILE.to_owned(), error.to_string()));
            Ok(None)
        }
    }
}

fn add_files(http: &Http, link: &ProwLink, store: &Url, run: &mut RemoteRun) {
    let limit = http.limits().files;
    let mut token: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page: Objects = match http.json(&link.list(store, token.as_deref())) {
            Ok(page) => page,
            Err(error) => {
                run.errors.push((RUN_FILE.to_owned(), format!("its files: {error}")));
                break;
            }
        };
        page.items.iter().for_each(|object| add_file(link, store, object, run));
        token = page.next;
        if token.is_none() || run.files.len() > limit {
            break;
        }
    }
    if run.files.len() > limit || token.is_some() {
        run.files.truncate(limit);
        let reason = format!("it has more than {limit} files; allow more with --max-files");
        run.errors.push((RUN_FILE.to_owned(), reason));
    }
    if run.files.iter().all(|file| file.name != LOG) {
        // Not every bucket may be listed; what is not there is told when it is asked for.
        let (name, url) = (LOG.to_owned(), link.file(store, [LOG]));
        run.files.push(RemoteFile { name, url, size: None });
    }
}

fn add_file(link: &ProwLink, store: &Url, object: &Object, run: &mut RemoteRun) {
    let folder = format!("{}/", link.folder.join("/"));
    let Some(name) = object.name.strip_prefix(&folder) else { return };
    // An empty object that stands for a directory.
    if name.is_empty() || name.ends_with('/') || METADATA.contains(&name) {
        return;
    }
    match name_pieces(name) {
        Some(pieces) => {
            let url = below(
                store,
                [&*link.bucket]
                    .into_iter()
                    .chain(link.folder.iter().map(String::as_str))
                    .chain(pieces),
            );
            let size = object.size.as_deref().and_then(number);
            run.files.push(RemoteFile { name: name.to_owned(), url, size });
        }
        None => {
            let reason = "its name can't be that of a log; left out";
            run.errors.push((name.to_owned(), reason.to_owned()));
        }
    }
}

impl Told {
    fn describe(&self, link: &ProwLink, run: &mut RemoteRun) {
        run.meta.set_source(RunSource::Prow);
        run.meta.set("build_uuid", &link.id);
        run.meta.set("build_name", &link.job);
        for key in ["change", "build_change"] {
            set_number(&mut run.meta, key, link.pull);
        }
        if let Some(started) = &self.started {
            started.describe(&mut run.meta);
        }
        if let Some(job) = &self.job {
            job.spec.describe(&mut run.meta);
            set_time(&mut run.meta, "end_time", job.status.completion_time.as_deref());
        }
        if let Some(finished) = &self.finished {
            set(&mut run.meta, "end_time", finished.timestamp.and_then(from_seconds));
            if run.meta.get("sha").is_none() {
                set(&mut run.meta, "sha", finished.revision.as_ref());
            }
        }
        let word = self.word();
        run.meta.set("build_status", word);
        let stamp = run.meta.get("end_time").map(str::to_owned);
        let reason = self.job.as_ref().and_then(|job| job.status.description.as_deref());
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        run.events.push(event(&format!("{word}{reason}"), stamp.as_deref()));
        if self.finished.is_none() && matches!(word, "pending" | "triggered" | "scheduling") {
            still_running(run, "the job");
        }
    }

    /// The result; without a `finished.json` how far the job is, as its pod may have been lost.
    fn word(&self) -> &str {
        let finished = self.finished.as_ref();
        let state = self.job.as_ref().and_then(|job| job.status.state.as_deref());
        let passed = finished.and_then(|finished| finished.passed);
        match finished.and_then(|finished| finished.result.as_deref()) {
            Some(result) => result,
            None => match passed {
                Some(true) => "SUCCESS",
                Some(false) => "FAILURE",
                None => state.unwrap_or("pending"),
            },
        }
    }
}

impl Started {
    fn describe(&self, meta: &mut RunMeta) {
        set(meta, "start_time", self.timestamp.and_then(from_seconds));
        set(meta, "build_node", self.node.as_ref());
        // Where several are checked out, nothing says which one is tested.
        if let (1, Some((project, refs))) = (self.repos.len(), self.repos.iter().next()) {
            meta.set("project", project);
            // `BRANCH:SHA,PULL:SHA`
            let mut refs = refs.split(',').map(|part| part.split_once(':').unwrap_or((part, "")));
            if let Some((branch, sha)) = refs.next() {
                meta.set("build_branch", branch);
                set(meta, "sha", Some(sha));
            }
            if let Some((_, sha)) = refs.next() {
                set_head(meta, Some(sha));
            }
        }
    }
}

impl Spec {
    fn describe(&self, meta: &mut RunMeta) {
        set(meta, "build_name", self.job.as_ref());
        set(meta, "build_queue", self.kind.as_ref());
        set(meta, "node_provider", self.cluster.as_ref());
        let refs = self.refs.as_ref().or(self.extra_refs.as_ref().and_then(|refs| refs.first()));
        let Some(refs) = refs else { return };
        if let (Some(org), Some(repo)) = (&refs.org, &refs.repo) {
            meta.set("project", &format!("{org}/{repo}"));
        }
        set(meta, "build_branch", refs.base_ref.as_ref());
        set(meta, "sha", refs.base_sha.as_ref());
        if let [pull] = &refs.pulls[..] {
            for key in ["change", "build_change"] {
                set_number(meta, key, pull.number);
            }
            set_head(meta, pull.sha.as_deref());
        }
    }
}

/// The patch set of a pull request is its head's commit.
fn set_head(meta: &mut RunMeta, sha: Option<&str>) {
    for key in ["sha", "patchset", "build_patchset"] {
        set(meta, key, sha);
    }
}

fn from_seconds(seconds: i64) -> Option<String> {
    from_millis(seconds.checked_mul(1000)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<ProwLink> {
        ProwLink::parse(&Url::parse(text).unwrap())
    }

    #[test]
    fn links_to_builds() {
        for (link, job, pull) in [
            ("https://prow.k8s.io/view/gs/b/logs/periodic/17", "periodic", None),
            ("https://prow.k8s.io/view/gs/b/pr-logs/pull/o_r/7/unit/17?x=1", "unit", Some(7)),
            ("https://prow.k8s.io/view/gcs/b/pr-logs/pull/7/unit/17/", "unit", Some(7)),
            ("https://prow.k8s.io/view/gs/b/pr-logs/pull/batch/unit/17", "unit", None),
            ("https://gcsweb.k8s.io/gcs/b/logs/periodic/17/", "periodic", None),
            ("https://storage.googleapis.com/b/x/logs/periodic/17/", "periodic", None),
            (
                "https://console.cloud.google.com/storage/browser/b/logs/periodic/17",
                "periodic",
                None,
            ),
        ] {
            let link = parse(link).unwrap_or_else(|| panic!("{link}"));
            assert_eq!((&*link.bucket, &*link.job, &*link.id), ("b", job, "17"));
            assert_eq!(link.pull, pull);
        }
        for other in [
            "https://prow.k8s.io/job-history/gs/b/logs/periodic",
            "https://gcsweb.k8s.io/gcs/b/logs/periodic/17/artifacts/",
            "https://gcsweb.k8s.io/gcs/b/logs/periodic/",
            "https://storage.googleapis.com/b/logs/periodic/17/build-log.txt",
            "https://logs.example.org/gcs/b/logs/periodic/17/",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    fn described(link: &str, told: &Told) -> RemoteRun {
        let mut run = RemoteRun::new("x");
        told.describe(&parse(link).unwrap(), &mut run);
        run
    }

    #[test]
    fn a_pull_request_is_known_by_its_head() {
        let told = Told {
            started: serde_json::from_str(
                r#"{"timestamp":1595278460,"repos":{"o/r":"main:aaa,7:bbb"},"node":"n1"}"#,
            )
            .ok(),
            finished: serde_json::from_str(
                r#"{"timestamp":1595278470,"passed":false,"result":"FAILURE","revision":"bbb"}"#,
            )
            .ok(),
            job: None,
        };
        let run = described("https://prow.k8s.io/view/gs/b/pr-logs/pull/o_r/7/unit/17", &told);
        for (key, value) in [
            ("build_uuid", "17"),
            ("build_name", "unit"),
            ("build_status", "FAILURE"),
            ("change", "7"),
            ("patchset", "bbb"),
            ("sha", "bbb"),
            ("project", "o/r"),
            ("build_branch", "main"),
            ("build_node", "n1"),
            ("start_time", "2020-07-20T20:54:20.000Z"),
            ("end_time", "2020-07-20T20:54:30.000Z"),
        ] {
            assert_eq!(run.meta.get(key), Some(value), "{key}");
        }
        assert!(run.errors.is_empty());
    }

    #[test]
    fn a_lost_pod_is_told() {
        let job = r#"{"spec":{"type":"periodic","job":"p","cluster":"eks"},"status":{"state":"error",
            "description":"Pod got deleted unexpectedly","completionTime":"2026-11-24T11:23:42Z"}}"#;
        let told = Told { job: serde_json::from_str(job).ok(), ..Told::default() };
        let run = described("https://prow.k8s.io/view/gs/b/logs/p/17", &told);
        assert_eq!(run.meta.get("build_status"), Some("error"));
        assert_eq!(run.meta.get("node_provider"), Some("eks"));
        assert!(format!("{:?}", run.events).contains("error: Pod got deleted unexpectedly"));
        assert!(run.errors.is_empty());
        let run = described("https://prow.k8s.io/view/gs/b/logs/p/17", &Told::default());
        assert!(run.errors[0].1.contains("has not ended"));
    }
}
