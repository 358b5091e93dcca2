//! Jenkins: a build's console, its artifacts, and what its API says of it:
//! <https://www.jenkins.io/doc/book/using/remote-access-api/>.

use recheck_core::{RunMeta, RunSource};
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::{
    facts::{RUN_FILE, Word, event, from_millis, set, still_running},
    path::{below, decoded, name_pieces, number, pieces, root},
};
use crate::remote::{
    http::{Http, HttpError},
    run::{RemoteError, RemoteFile, RemoteRun},
};

/// The console, by the name that its address has.
const CONSOLE: &str = "consoleText";

/// The fields that are asked for: without a choice, some builds answer with megabytes.
const TREE: &str = "number,result,building,timestamp,duration,builtOn,\
    artifacts[relativePath],actions[parameters[name,value],lastBuiltRevision[SHA1],\
    causes[shortDescription]]";

/// The names that stand for a build's number.
const LATEST: [&str; 7] = [
    "lastBuild",
    "lastCompletedBuild",
    "lastFailedBuild",
    "lastStableBuild",
    "lastSuccessfulBuild",
    "lastUnstableBuild",
    "lastUnsuccessfulBuild",
];

/// What parameters of a build tell of its change: those of the Gerrit Trigger plugin, of the GitHub
/// pull request builder, and of Zuul 2.
const PARAMETERS: [(&str, &[&str]); 18] = [
    ("GERRIT_CHANGE_NUMBER", &["change", "build_change"]),
    ("GERRIT_PATCHSET_NUMBER", &["patchset", "build_patchset"]),
    ("GERRIT_PATCHSET_REVISION", &["sha"]),
    ("GERRIT_PROJECT", &["project"]),
    ("GERRIT_BRANCH", &["build_branch"]),
    ("GERRIT_REFSPEC", &["build_ref"]),
    ("ghprbPullId", &["change", "build_change"]),
    ("ghprbActualCommit", &["sha"]),
    ("ghprbGhRepository", &["project"]),
    ("ghprbTargetBranch", &["build_branch"]),
    ("ZUUL_CHANGE", &["change", "build_change"]),
    ("ZUUL_PATCHSET", &["patchset", "build_patchset"]),
    ("ZUUL_PROJECT", &["project"]),
    ("ZUUL_BRANCH", &["build_branch"]),
    ("ZUUL_REF", &["build_ref"]),
    ("ZUUL_PIPELINE", &["build_queue"]),
    ("ZUUL_COMMIT", &["sha"]),
    ("ZUUL_VOTING", &["voting"]),
];

/// A build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JenkinsLink {
    build: Url,
    /// The job with its folders, `a/b`.
    job: String,
}

impl JenkinsLink {
    /// Knows `…/job/A/job/B/N` and what lies below it but for artifacts, and Blue Ocean's
    /// `…/blue/organizations/jenkins/A%2FB/detail/BRANCH/N`.
    pub(crate) fn parse(url: &Url) -> Option<JenkinsLink> {
        let pieces = pieces(url);
        if let Some(place) = pieces.iter().position(|piece| *piece == "blue") {
            return JenkinsLink::of_blue_ocean(url, place);
        }
        let start = pieces.iter().position(|piece| *piece == "job")?;
        let (mut at, mut names) = (start, Vec::new());
        while let Some(["job", name]) = pieces.get(at..at + 2) {
            names.push(decoded(name)?);
            at += 2;
        }
        // A build of a matrix has its place in it between the job and its number.
        if let Some(axes) = pieces.get(at).filter(|piece| piece.contains('=')) {
            names.push(decoded(axes)?);
            at += 1;
        }
        let id = pieces.get(at)?;
        if number(id).is_none() && !LATEST.contains(id) {
            return None;
        }
        // What lies in an artifact is a log of its own.
        if matches!(&pieces[at + 1..], ["artifact", _, ..]) {
            return None;
        }
        Some(JenkinsLink { build: root(url, at + 1), job: names.join("/") })
    }

    fn of_blue_ocean(url: &Url, place: usize) -> Option<JenkinsLink> {
        let pieces = pieces(url);
        let ["blue", "organizations", _, job, "detail", branch, id, ..] = &pieces[place..] else {
            return None;
        };
        let (job, branch, id) = (decoded(job)?, decoded(branch)?, number(id)?.to_string());
        let mut names: Vec<&str> = job.split('/').collect();
        // Only a job with branches has one that is not itself.
        if names.last() != Some(&&*branch) {
            names.push(&branch);
        }
        let path = names.iter().flat_map(|name| ["job", name]).chain([&*id]);
        Some(JenkinsLink { build: below(&root(url, place), path), job: names.join("/") })
    }

    fn below<'p>(&self, pieces: impl IntoIterator<Item = &'p str>) -> Url {
        below(&self.build, pieces)
    }

    fn api(&self) -> Url {
        let mut url = self.below(["api", "json"]);
        url.query_pairs_mut().append_pair("tree", TREE);
        url
    }
}

#[derive(Debug, Deserialize)]
struct Build {
    number: u64,
    result: Option<String>,
    #[serde(default)]
    building: bool,
    /// Milliseconds since 1970.
    timestamp: Option<i64>,
    /// Milliseconds.
    duration: Option<i64>,
    #[serde(rename = "builtOn")]
    node: Option<String>,
    #[serde(default)]
    artifacts: Vec<Artifact>,
    #[serde(default)]
    actions: Vec<Option<Action>>,
}

#[derive(Debug, Deserialize)]
struct Artifact {
    #[serde(rename = "relativePath")]
    path: String,
}

/// What a plugin adds; most have none of this.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Action {
    parameters: Vec<Parameter>,
    causes: Vec<Cause>,
    #[serde(rename = "lastBuiltRevision")]
    revision: Option<Revision>,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    name: Option<String>,
    value: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Cause {
    #[serde(rename = "shortDescription")]
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Revision {
    #[serde(rename = "SHA1")]
    sha: Option<String>,
}

/// The run that a link stands for.
///
/// # Errors
///
/// When the API does not tell of it.
pub(crate) fn resolve(http: &Http, link: &JenkinsLink) -> Result<Vec<RemoteRun>, RemoteError> {
    let build: Build = http.json(&link.api()).map_err(with_cure)?;
    // Not `lastFailedBuild`, which is another one tomorrow.
    let mut numbered = link.build.clone();
    if let Ok(mut path) = numbered.path_segments_mut() {
        path.pop_if_empty().pop().push(&build.number.to_string()).push("");
    }
    let link = JenkinsLink { build: numbered, ..link.clone() };
    Ok(vec![run(&link, &build, http.limits().files)])
}

/// The error with what helps against it.
fn with_cure(error: HttpError) -> RemoteError {
    let cure = match error.status() {
        Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            "set user and token for this host in the settings"
        }
        _ => return error.into(),
    };
    RemoteError::with_cure(error, cure)
}

fn run(link: &JenkinsLink, build: &Build, limit: usize) -> RemoteRun {
    let mut run = RemoteRun::new(link.build.as_str());
    build.describe(link, &mut run.meta);
    let end = run.meta.get("end_time").map(str::to_owned);
    let causes = build.actions.iter().flatten().flat_map(|action| &action.causes);
    let causes = causes.filter_map(|cause| cause.description.as_deref());
    run.events.extend(causes.map(|cause| event(cause, None)));
    run.events.push(event(&format!("build of {:?}: {}", link.job, build.word()), end.as_deref()));
    if build.building {
        still_running(&mut run, "the build");
    }
    let url = link.below([CONSOLE]);
    run.files.push(RemoteFile { name: CONSOLE.to_owned(), url, size: None });
    add_artifacts(link, build, limit, &mut run);
    run
}

fn add_artifacts(link: &JenkinsLink, build: &Build, limit: usize, run: &mut RemoteRun) {
    for Artifact { path } in build.artifacts.iter().take(limit) {
        match name_pieces(path) {
            Some(pieces) => {
                let url = link.below(["artifact"].into_iter().chain(pieces));
                run.files.push(RemoteFile { name: path.clone(), url, size: None });
            }
            None => {
                let reason = "its name can't be that of a log; left out";
                run.errors.push((path.clone(), reason.to_owned()));
            }
        }
    }
    if build.artifacts.len() > limit {
        let reason = format!("it has more than {limit} artifacts; allow more with --max-files");
        run.errors.push((RUN_FILE.to_owned(), reason));
    }
}

impl Build {
    fn word(&self) -> &str {
        match &self.result {
            Some(result) if !self.building => result,
            _ => "BUILDING",
        }
    }

    fn describe(&self, link: &JenkinsLink, meta: &mut RunMeta) {
        meta.set_source(RunSource::Jenkins);
        meta.set("build_uuid", &format!("{}#{}", link.job, self.number));
        meta.set("build_name", &link.job);
        meta.set("build_status", self.word());
        meta.set("log_url", link.build.as_str());
        set(meta, "build_node", self.node.as_ref());
        set(meta, "start_time", self.timestamp.and_then(from_millis));
        // Until its end, a build's duration is 0.
        if let (Some(start), Some(duration), false) = (self.timestamp, self.duration, self.building)
        {
            set(meta, "end_time", start.checked_add(duration).and_then(from_millis));
            meta.set("build_duration", &(duration as f64 / 1000.0).to_string());
        }
        for action in self.actions.iter().flatten() {
            set(meta, "sha", action.revision.as_ref().and_then(|revision| revision.sha.as_ref()));
        }
        let parameters = self.actions.iter().flatten().flat_map(|action| &action.parameters);
        for Parameter { name, value } in parameters {
            let known = PARAMETERS.iter().find(|(known, _)| Some(*known) == name.as_deref());
            let value: Option<Word> = value.clone().and_then(|it| serde_json::from_value(it).ok());
            for key in known.into_iter().flat_map(|(_, keys)| *keys) {
                set(meta, key, value.as_ref().map(|word| &word.0));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<(String, String)> {
        let link = JenkinsLink::parse(&Url::parse(text).unwrap())?;
        Some((link.build.to_string(), link.job))
    }

    #[test]
    fn links_to_builds() {
        for (link, build, job) in [
            ("https://j.example.org/job/a/12/", "https://j.example.org/job/a/12/", "a"),
            ("https://j.example.org/job/a/12/console", "https://j.example.org/job/a/12/", "a"),
            (
                "https://j.example.org/ci/job/a/job/b%2Fc/12/",
                "https://j.example.org/ci/job/a/job/b%2Fc/12/",
                "a/b/c",
            ),
            (
                "https://j.example.org/view/x/job/a/lastFailedBuild/",
                "https://j.example.org/view/x/job/a/lastFailedBuild/",
                "a",
            ),
            (
                "https://j.example.org/job/a/OS=linux,CC=gcc/12/",
                "https://j.example.org/job/a/OS=linux,CC=gcc/12/",
                "a/OS=linux,CC=gcc",
            ),
            ("https://j.example.org/job/a/12/artifact/", "https://j.example.org/job/a/12/", "a"),
            (
                "https://j.example.org/blue/organizations/jenkins/a%2Fb/detail/PR-1/12/pipeline/",
                "https://j.example.org/job/a/job/b/job/PR-1/12",
                "a/b/PR-1",
            ),
            (
                "https://j.example.org/blue/organizations/jenkins/a/detail/a/12/pipeline",
                "https://j.example.org/job/a/12",
                "a",
            ),
        ] {
            assert_eq!(parse(link), Some((build.to_owned(), job.to_owned())), "{link}");
        }
        for other in [
            "https://j.example.org/job/a/",
            "https://j.example.org/job/a/configure",
            "https://j.example.org/job/a/12/artifact/logs/x.log",
            "https://github.com/o/r/actions/runs/1/job/2",
        ] {
            assert_eq!(parse(other).filter(|_| !other.contains("github")), None, "{other}");
        }
    }

    #[test]
    fn a_build_is_a_run() {
        let link =
            JenkinsLink::parse(&Url::parse("https://j.example.org/job/a/12/").unwrap()).unwrap();
        let build: Build = serde_json::from_value(serde_json::json!({
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun", "number": 12,
            "result": "UNSTABLE", "building": false, "timestamp": 1_595_278_460_500_i64,
            "duration": 1500, "builtOn": "node-1",
            "artifacts": [{"relativePath": "logs/a b.log"}, {"relativePath": "../x"}],
            "actions": [{}, null, {"parameters": [
                {"name": "GERRIT_CHANGE_NUMBER", "value": "810123"},
                {"name": "GERRIT_PATCHSET_NUMBER", "value": 3},
                {"name": "OTHER", "value": {"x": 1}}, {"name": "GERRIT_BRANCH"},
            ]}, {"lastBuiltRevision": {"SHA1": "abc"}}, {"causes": [{"shortDescription": "Started by timer"}]}],
        }))
        .unwrap();
        let found = run(&link, &build, 10);
        for (key, value) in [
            ("build_uuid", "a#12"),
            ("build_status", "UNSTABLE"),
            ("change", "810123"),
            ("build_patchset", "3"),
            ("sha", "abc"),
            ("build_duration", "1.5"),
            ("end_time", "2020-07-20T20:54:22.000Z"),
            ("build_node", "node-1"),
        ] {
            assert_eq!(found.meta.get(key), Some(value), "{key}");
        }
        let files: Vec<_> = found.files.iter().map(|file| file.url.as_str()).collect();
        let root = "https://j.example.org/job/a/12";
        assert_eq!(
            files,
            [format!("{root}/consoleText"), format!("{root}/artifact/logs/a%20b.log")]
        );
        assert_eq!(found.errors[0].0, "../x");
        assert_eq!(run(&link, &build, 1).errors[0].0, "run");
    }
}
