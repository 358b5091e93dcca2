//! What Zuul's API answers: <https://zuul-ci.org/docs/zuul/latest/rest-api.html>.
//!
//! Until Zuul 9 a build had its change in fields of its own and the name of its ref in `ref`; since
//! Zuul 10 all of that is in `ref`, as a build may be of several changes. Every field may be absent
//! or null.

use recheck_core::{ResultClass, RunMeta, RunSource};
use serde::Deserialize;

use crate::remote::services::facts::{Word, set, set_time, set_voting};

/// The word for a build that has no result yet; Zuul has none.
pub(super) const RUNNING: &str = "RUNNING";

/// A build: one execution of a job.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Build {
    pub(super) uuid: Option<String>,
    pub(super) job_name: Option<String>,
    pub(super) result: Option<String>,
    start_time: Option<String>,
    pub(super) end_time: Option<String>,
    duration: Option<f64>,
    voting: Option<bool>,
    pub(super) log_url: Option<String>,
    pub(super) error_detail: Option<String>,
    #[serde(rename = "final")]
    is_final: Option<bool>,
    pipeline: Option<String>,
    #[serde(default)]
    artifacts: Vec<Artifact>,
    buildset: Option<BuildsetName>,
    #[serde(rename = "ref")]
    reference: Option<Reference>,
    #[serde(flatten)]
    flat: Tested,
}

/// Something that a job left.
#[derive(Clone, Debug, Deserialize)]
struct Artifact {
    url: Option<String>,
    metadata: Option<serde_json::Value>,
}

/// A buildset as a build names it.
#[derive(Clone, Debug, Deserialize)]
struct BuildsetName {
    uuid: Option<String>,
}

/// `ref` in either form.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Reference {
    /// Since Zuul 10.
    Whole(Ref),
    /// Before.
    Name(String),
}

/// What was tested, with its name.
#[derive(Clone, Debug, Deserialize)]
struct Ref {
    #[serde(rename = "ref")]
    name: Option<String>,
    #[serde(flatten)]
    tested: Tested,
}

/// What was tested: a change, or a branch that was pushed to.
#[derive(Clone, Debug, Default, Deserialize)]
struct Tested {
    project: Option<String>,
    branch: Option<String>,
    change: Option<Word>,
    patchset: Option<Word>,
    newrev: Option<String>,
}

/// The builds of one change in one pipeline.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Buildset {
    result: Option<String>,
    pub(super) message: Option<String>,
    pipeline: Option<String>,
    pub(super) event_timestamp: Option<String>,
    first_build_start_time: Option<String>,
    last_build_end_time: Option<String>,
    #[serde(default)]
    refs: Vec<Ref>,
    #[serde(default)]
    pub(super) builds: Vec<Build>,
    #[serde(rename = "ref")]
    reference: Option<Reference>,
    #[serde(flatten)]
    flat: Tested,
}

impl Build {
    /// The build's result, or the word for none.
    pub(super) fn word(&self) -> &str {
        self.result.as_deref().unwrap_or(RUNNING)
    }

    pub(super) fn class(&self) -> ResultClass {
        ResultClass::of(RunSource::Zuul, self.word())
    }

    /// When it began, as Zuul writes it.
    pub(super) fn start(&self) -> Option<&str> {
        self.start_time.as_deref()
    }

    /// False for an attempt that Zuul tried again after.
    pub(super) fn is_final(&self) -> bool {
        self.is_final != Some(false)
    }

    /// Where the list of its logs is, if the job left one.
    pub(super) fn manifest(&self) -> Option<&str> {
        let kind = |artifact: &&Artifact| {
            artifact.metadata.as_ref().and_then(|metadata| metadata.get("type")?.as_str())
                == Some("zuul_manifest")
        };
        self.artifacts.iter().find(kind)?.url.as_deref()
    }

    /// Writes down what is known of the run.
    pub(super) fn describe(&self, meta: &mut RunMeta) {
        meta.set_source(RunSource::Zuul);
        set(meta, "build_uuid", self.uuid.as_ref());
        set(meta, "build_short_uuid", self.uuid.as_ref().and_then(|uuid| uuid.get(..7)));
        set(meta, "build_name", self.job_name.as_ref());
        set(meta, "build_status", Some(self.word()));
        set(meta, "build_queue", self.pipeline.as_ref());
        set(meta, "build_duration", self.duration.map(|seconds| seconds.to_string()));
        set(meta, "build_set", self.buildset.as_ref().and_then(|set| set.uuid.as_ref()));
        set_voting(meta, self.voting);
        set(meta, "final", self.is_final.map(|is_final| is_final.to_string()));
        set(meta, "log_url", self.log_url.as_ref());
        set_time(meta, "start_time", self.start_time.as_deref());
        set_time(meta, "end_time", self.end_time.as_deref());
        describe_tested(meta, &[], self.reference.as_ref(), &self.flat);
    }
}

impl Buildset {
    /// The buildset's result, or the word for none.
    pub(super) fn word(&self) -> &str {
        self.result.as_deref().unwrap_or(RUNNING)
    }

    /// Writes down what is known of a buildset that no build is known of.
    pub(super) fn describe(&self, meta: &mut RunMeta, uuid: &str) {
        meta.set_source(RunSource::Zuul);
        set(meta, "build_set", Some(uuid));
        set(meta, "build_status", Some(self.word()));
        self.describe_builds(meta);
        set_time(meta, "start_time", self.first_build_start_time.as_deref());
        set_time(meta, "end_time", self.last_build_end_time.as_deref());
    }

    /// Writes down what its builds share: within a buildset, Zuul does not repeat it in them.
    pub(super) fn describe_builds(&self, meta: &mut RunMeta) {
        set(meta, "build_queue", self.pipeline.as_ref());
        describe_tested(meta, &self.refs, self.reference.as_ref(), &self.flat);
    }
}

/// The change, the patch set, the project: from the list of a buildset, from `ref`, or from the flat
/// form, whichever is there.
fn describe_tested(meta: &mut RunMeta, refs: &[Ref], named: Option<&Reference>, flat: &Tested) {
    let (tested, name) = match (refs.first(), named) {
        (Some(first), _) | (None, Some(Reference::Whole(first))) => {
            (&first.tested, first.name.as_ref())
        }
        (None, Some(Reference::Name(name))) => (flat, Some(name)),
        (None, None) => (flat, None),
    };
    let word = |word: &Option<Word>| word.as_ref().map(|word| word.0.clone());
    set(meta, "project", tested.project.as_ref());
    set(meta, "build_branch", tested.branch.as_ref());
    set(meta, "build_ref", name);
    set(meta, "build_newrev", tested.newrev.as_ref());
    set(meta, "sha", tested.newrev.as_ref());
    for key in ["build_change", "change"] {
        set(meta, key, word(&tested.change));
    }
    for key in ["build_patchset", "patchset"] {
        set(meta, key, word(&tested.patchset));
    }
    // On GitHub a patch set is the head's commit.
    if let Some(sha) = word(&tested.patchset).filter(|word| word.len() >= 40) {
        set(meta, "sha", Some(sha));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(json: serde_json::Value) -> RunMeta {
        let build: Build = serde_json::from_value(json).unwrap();
        let mut meta = RunMeta::new();
        build.describe(&mut meta);
        meta
    }

    #[track_caller]
    fn check(meta: &RunMeta, fields: &[(&str, &str)]) {
        for &(key, value) in fields {
            assert_eq!(meta.get(key), Some(value), "{key}");
        }
    }

    const OF_A_CHANGE: &[(&str, &str)] = &[
        ("build_change", "11"),
        ("change", "11"),
        ("build_patchset", "2"),
        ("build_ref", "refs/changes/11/11/2"),
        ("build_branch", "main"),
        ("project", "a/b"),
        ("build_queue", "check"),
        ("voting", "0"),
        ("build_status", "FAILURE"),
    ];

    #[test]
    fn the_form_until_zuul_9() {
        let meta = described(serde_json::json!({
            "uuid": "e6b53cb586834822b28d6577b97a4f1e", "job_name": "unit", "result": "FAILURE",
            "voting": false, "final": true, "project": "a/b", "branch": "main", "change": 11,
            "patchset": "2", "ref": "refs/changes/11/11/2", "pipeline": "check", "newrev": null,
            "log_url": null, "error_detail": null,
        }));
        check(&meta, OF_A_CHANGE);
        check(&meta, &[("build_short_uuid", "e6b53cb"), ("build_name", "unit"), ("final", "true")]);
        assert_eq!(meta.get("log_url"), None);
    }

    #[test]
    fn the_form_since_zuul_10() {
        let meta = described(serde_json::json!({
            "uuid": "e6b53cb586834822b28d6577b97a4f1e", "job_name": "unit", "result": "FAILURE",
            "voting": false, "pipeline": "check", "buildset": {"uuid": "b"}, "duration": 15.9,
            "start_time": "2026-11-24T11:23:42", "ref": {"project": "a/b", "branch": "main",
            "change": 11, "patchset": "2", "ref": "refs/changes/11/11/2", "newrev": null},
        }));
        check(&meta, OF_A_CHANGE);
        check(&meta, &[("build_set", "b"), ("build_duration", "15.9")]);
        check(&meta, &[("start_time", "2026-11-24T11:23:42.000Z")]);
    }

    #[test]
    fn what_is_not_there_is_not_said() {
        let meta = described(serde_json::json!({"ref": null, "artifacts": []}));
        check(&meta, &[("build_status", RUNNING)]);
        assert_eq!(meta.result_class(), ResultClass::Other);
        assert_eq!((meta.get("voting"), meta.get("change"), meta.get("final")), (None, None, None));
    }

    #[test]
    fn the_head_of_a_pull_request_is_its_patch_set() {
        let sha = "90164c47be167acbb4e7c05deddb72e89c321f9d";
        let meta = described(serde_json::json!({"ref": {"change": 7, "patchset": sha}}));
        check(&meta, &[("sha", sha), ("patchset", sha)]);
        let meta = described(serde_json::json!({"ref": {"change": null, "newrev": sha}}));
        check(&meta, &[("sha", sha), ("build_newrev", sha)]);
    }

    #[test]
    fn the_manifest_is_an_artifact() {
        let build: Build = serde_json::from_value(serde_json::json!({"artifacts": [
            {"name": "Docs", "url": "http://x/docs/", "metadata": null},
            {"name": "M", "url": "http://x/m.json", "metadata": {"type": "zuul_manifest"}},
        ]}))
        .unwrap();
        assert_eq!(build.manifest(), Some("http://x/m.json"));
    }
}
