//! A run: one execution of one job, and how it ended.

use serde::{Deserialize, Serialize};

use crate::fields::{FieldValues, Fields, Values};

/// The fields of a run that fingerprints and reports know.
const KNOWN: [&str; 29] = [
    "build_uuid",
    "build_name",
    "build_status",
    "build_queue",
    "build_branch",
    "build_change",
    "build_patchset",
    "build_ref",
    "build_node",
    "build_master",
    "build_zuul_url",
    "build_duration",
    "build_short_uuid",
    "build_set",
    "build_newrev",
    "change",
    "patchset",
    "project",
    "voting",
    "log_url",
    "node_provider",
    "attempt",
    "final",
    "sha",
    "event",
    "tenant",
    "start_time",
    "end_time",
    "failed_test",
];

/// What is known of a run besides its logs: fields such as `build_uuid`, `build_name`,
/// `build_status`, `project`, `voting`, and where the words for how it ended come from.
///
/// # Example
///
/// ```
/// use recheck_core::{ResultClass, RunMeta};
/// let mut run = RunMeta::new();
/// assert_eq!(run.result_class(), ResultClass::Failed, "it does not say how it ended");
/// run.set("build_status", "SUCCESS");
/// assert_eq!(run.result_class(), ResultClass::Passed);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunMeta {
    fields: Fields,
    source: Option<RunSource>,
    failed_tests: Option<Vec<String>>,
}

impl RunMeta {
    /// A run of which nothing is known.
    pub fn new() -> RunMeta {
        RunMeta::default()
    }

    /// Sets a field to one value. Any key is allowed; false when it is none of those that
    /// fingerprints and reports know, which may be a slip of the pen.
    pub fn set(&mut self, key: &str, value: &str) -> bool {
        self.fields.set(key, value);
        RunMeta::knows(key)
    }

    /// Adds a value to a field.
    pub fn push(&mut self, key: &str, value: &str) {
        self.fields.push(key, value);
    }

    /// True for the fields that fingerprints and reports know.
    pub fn knows(key: &str) -> bool {
        KNOWN.contains(&key)
    }

    /// The names of those fields.
    pub fn known_keys() -> &'static [&'static str] {
        &KNOWN
    }

    /// Tells which CI the run is from, as their words for results differ.
    pub fn set_source(&mut self, source: RunSource) {
        self.source = Some(source);
    }

    /// The service that tells of the run, where one does.
    pub fn source(&self) -> Option<RunSource> {
        self.source
    }

    /// The first value of a field.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.fields.first(key)
    }

    /// All fields.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// How the run ended, by its `build_status`; one that does not say so has failed.
    pub fn result_class(&self) -> ResultClass {
        match (self.get("build_status"), self.source) {
            (None, _) => ResultClass::Failed,
            (Some(word), Some(source)) => ResultClass::of(source, word),
            (Some(word), None) => ResultClass::from_word(word),
        }
    }

    /// Tells the names of the tests that failed, where that is known from elsewhere than from the
    /// test results among the run's logs: an empty list says that none did.
    pub fn set_failed_tests<T: Into<String>>(&mut self, names: impl IntoIterator<Item = T>) {
        self.failed_tests = Some(names.into_iter().map(Into::into).collect());
    }

    /// The names of the tests that failed, where they were told, by
    /// [`set_failed_tests`](RunMeta::set_failed_tests) or in the field `failed_test`, one value for
    /// each; an empty value says that there is none.
    pub fn failed_tests(&self) -> Option<impl Iterator<Item = &str>> {
        let field = self.fields.values("failed_test");
        let told = self.failed_tests.is_some() || !field.is_empty();
        let names = self.failed_tests.iter().flatten().map(String::as_str).chain(field.iter());
        told.then(|| names.filter(|name| !name.is_empty()))
    }

    /// The number of the change that was tested.
    pub fn change(&self) -> Option<&str> {
        ["change", "build_change"].iter().find_map(|key| self.get(key))
    }

    /// The patch set of the change.
    pub fn patch_set(&self) -> Option<&str> {
        ["patchset", "build_patchset"].iter().find_map(|key| self.get(key))
    }

    /// The commit that was tested.
    pub fn sha(&self) -> Option<&str> {
        ["sha", "build_newrev"].iter().find_map(|key| self.get(key))
    }

    /// False when the run says that its result does not count (`voting` is 0 or false).
    pub fn is_voting(&self) -> bool {
        !matches!(self.get("voting"), Some("0" | "false" | "False"))
    }

    /// The year that the run began or ended in, for logs whose times have none: read from
    /// `start_time`, `end_time` or `@timestamp`.
    pub fn year(&self) -> Option<i16> {
        ["start_time", "end_time", "@timestamp"]
            .iter()
            .find_map(|key| self.get(key)?.get(..4)?.parse().ok())
    }
}

impl FieldValues for RunMeta {
    fn values(&self, field: &str) -> Values<'_> {
        self.fields.values(field)
    }

    fn for_each_name(&self, each: &mut dyn FnMut(&str)) {
        self.fields.for_each_name(each);
    }
}

/// A CI system, by whose words a result is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RunSource {
    /// Zuul's build results.
    Zuul,
    /// The conclusions of GitHub's runs and jobs.
    Github,
    /// Jenkins' results.
    Jenkins,
    /// The statuses of GitLab's jobs.
    Gitlab,
    /// The states of Prow's jobs, and the results in its `finished.json`.
    Prow,
}

/// How a run ended, whatever word its CI has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResultClass {
    /// It did what it should.
    Passed,
    /// It did not, whoever is to blame.
    Failed,
    /// It did not really run: aborted, cancelled, skipped, misconfigured, or still under way.
    Other,
}

/// Words and what they mean. A word that is in no table is `Other` where it says nothing of a
/// failure.
type Table = &'static [(&'static str, ResultClass)];

use ResultClass::{Failed, Other, Passed};

/// Zuul 14's build results.
const ZUUL: Table = &[
    ("SUCCESS", Passed),
    ("FAILURE", Failed),
    ("TIMED_OUT", Failed),
    ("POST_FAILURE", Failed),
    ("RETRY_LIMIT", Failed),
    ("NODE_FAILURE", Failed),
    ("DISK_FULL", Failed),
    ("MERGER_FAILURE", Failed),
    ("MERGE_FAILURE", Failed),
    ("EXECUTOR_FAILURE", Failed),
    ("ERROR", Failed),
    ("EXCEPTION", Failed),
    ("LOST", Failed),
    ("UNREACHABLE", Failed),
    ("UNSTABLE", Failed),
    ("RETRY", Failed),
    ("ABORTED", Other),
    ("CANCELED", Other),
    ("DEQUEUED", Other),
    ("SKIPPED", Other),
    ("CONFIG_ERROR", Other),
    ("NO_JOBS", Other),
    ("NO_HANDLE", Other),
    ("NOT_REGISTERED", Other),
    ("MERGE_CONFLICT", Other),
];

/// The conclusions of GitHub's check runs.
const GITHUB: Table = &[
    ("success", Passed),
    ("failure", Failed),
    ("timed_out", Failed),
    ("startup_failure", Failed),
    ("cancelled", Other),
    ("skipped", Other),
    ("neutral", Other),
    ("stale", Other),
    ("action_required", Other),
];

const JENKINS: Table = &[
    ("SUCCESS", Passed),
    ("FAILURE", Failed),
    ("UNSTABLE", Failed),
    ("ABORTED", Other),
    ("NOT_BUILT", Other),
];

const GITLAB: Table = &[
    ("success", Passed),
    ("failed", Failed),
    ("canceled", Other),
    ("skipped", Other),
    ("manual", Other),
    ("created", Other),
    ("pending", Other),
    ("running", Other),
    ("scheduled", Other),
];

const PROW: Table = &[
    ("success", Passed),
    ("failure", Failed),
    ("error", Failed),
    ("aborted", Other),
    ("triggered", Other),
    ("pending", Other),
    ("scheduling", Other),
];

impl RunSource {
    fn table(self) -> Table {
        match self {
            RunSource::Zuul => ZUUL,
            RunSource::Github => GITHUB,
            RunSource::Jenkins => JENKINS,
            RunSource::Gitlab => GITLAB,
            RunSource::Prow => PROW,
        }
    }

    const ALL: [RunSource; 5] = [
        RunSource::Zuul,
        RunSource::Github,
        RunSource::Jenkins,
        RunSource::Gitlab,
        RunSource::Prow,
    ];
}

impl ResultClass {
    /// The class of a CI's word, in any case. An empty word is `Failed`, as a run counts that does
    /// not say how it ended; a word that the CI is not known to use is read as by
    /// [`from_word`](ResultClass::from_word).
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::{ResultClass, RunSource};
    /// assert_eq!(ResultClass::of(RunSource::Zuul, "TIMED_OUT"), ResultClass::Failed);
    /// assert_eq!(ResultClass::of(RunSource::Github, "cancelled"), ResultClass::Other);
    /// ```
    pub fn of(source: RunSource, word: &str) -> ResultClass {
        look_up(source.table(), word).unwrap_or_else(|| ResultClass::from_word(word))
    }

    /// The class of a word of unknown origin: what any CI means by it, else `Failed` for words of
    /// failing, `Passed` for words of passing, and `Other`.
    pub fn from_word(word: &str) -> ResultClass {
        let known = RunSource::ALL.iter().find_map(|source| look_up(source.table(), word));
        known.unwrap_or_else(|| {
            let word = word.trim().to_ascii_lowercase();
            let says = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
            if word.is_empty() || says(&["fail", "error", "timeout", "timed", "broken"]) {
                Failed
            } else if says(&["pass", "succe"]) || word == "ok" {
                Passed
            } else {
                Other
            }
        })
    }
}

fn look_up(table: Table, word: &str) -> Option<ResultClass> {
    let word = word.trim();
    table.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|&(_, class)| class)
}

/// What is said of one run in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The run says itself that it passed, whatever was hit.
    Passed,
    /// A fingerprint without `fallback` hit.
    Known,
    /// Only fallback ones did.
    Fallback,
    /// None did.
    Unclassified,
    /// None did, and a log was missing, cut, over a limit or unreadable.
    Incomplete,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_read_in_any_case() {
        for source in RunSource::ALL {
            for &(word, class) in source.table() {
                assert_eq!(ResultClass::of(source, word), class);
                assert_eq!(ResultClass::of(source, &word.to_lowercase()), class);
                assert_eq!(ResultClass::from_word(word), class, "{word} means one thing");
            }
        }
    }

    #[test]
    fn other_words_are_guessed() {
        for (word, class) in [
            ("", Failed),
            ("  ", Failed),
            ("failed", Failed),
            ("Test-Timeout", Failed),
            ("passed", Passed),
            ("succeeded", Passed),
            ("ok", Passed),
            ("in_progress", Other),
            ("book", Other),
        ] {
            assert_eq!(ResultClass::from_word(word), class, "{word}");
        }
    }

    #[test]
    fn a_run_knows_its_fields() {
        let mut run = RunMeta::new();
        assert!(run.set("build_name", "a"));
        assert!(!run.set("build_nmae", "a"));
        assert_eq!(run.get("build_nmae"), Some("a"));
        assert_eq!(run.values("build_name").iter().count(), 1);
        assert!(run.is_voting());
        run.set("voting", "0");
        assert!(!run.is_voting());
        assert_eq!(run.year(), None);
        run.set("start_time", "2024-01-01T00:00:00");
        assert_eq!(run.year(), Some(2024));
    }

    #[test]
    fn failed_tests_are_told_or_not_known() {
        let names = |run: &RunMeta| {
            run.failed_tests().map(|names| names.map(str::to_owned).collect::<Vec<_>>())
        };
        let mut run = RunMeta::new();
        assert_eq!(names(&run), None);
        run.push("failed_test", "");
        assert_eq!(names(&run), Some(vec![]));
        run.push("failed_test", "a.b");
        run.set_failed_tests(["c"]);
        assert_eq!(names(&run), Some(vec!["c".to_owned(), "a.b".to_owned()]));
    }

    #[test]
    fn a_source_tells_what_its_words_mean() {
        let mut run = RunMeta::new();
        run.set_source(RunSource::Jenkins);
        run.set("build_status", "NOT_BUILT");
        assert_eq!(run.result_class(), Other);
    }

    #[test]
    fn verdicts_are_lower_case() {
        assert_eq!(serde_json::to_string(&Verdict::Unclassified).unwrap(), "\"unclassified\"");
        assert_eq!(serde_json::to_string(&ResultClass::Passed).unwrap(), "\"passed\"");
    }
}
