//! Which tests failed in a run, as far as fingerprints ask.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{fingerprint::Fingerprint, run::RunMeta};

use super::report::{LogReport, TestIds};

/// The results of tests that one file of a run has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestResults {
    /// Number of results.
    pub tests: u64,
    /// Of them, those of tests that failed.
    pub failed: u64,
    /// The `test_ids` of fingerprints that failed, as the fingerprints have them. No other name is
    /// kept, so that this is bounded by the fingerprints and not by the file.
    pub failed_ids: BTreeSet<String>,
}

/// Whether the status of a test says that it failed: one of the words that JUnit, subunit and our own
/// `test_status` have for it, in any case. So has a test that never ended, or that passed against
/// expectation; failures that were expected, or that a rerun did not repeat, are none.
///
/// # Example
///
/// ```
/// use recheck_core::is_failed_test;
/// assert!(is_failed_test("failed") && is_failed_test("error"));
/// assert!(!is_failed_test("passed") && !is_failed_test("skipped"));
/// ```
pub fn is_failed_test(status: &str) -> bool {
    const FAILED: [&str; 7] =
        ["failed", "fail", "failure", "error", "uxsuccess", "unfinished", "timedout"];
    FAILED.iter().any(|word| status.eq_ignore_ascii_case(word))
}

/// Whether a fingerprint's test id means the test of this name: whole names are compared, without the
/// attributes that Tempest writes behind them; an id without parameters means the test with any.
///
/// # Example
///
/// ```
/// use recheck_core::means_test;
/// assert!(means_test("a.B.test_c", "a.B.test_c[id-1f,smoke]"));
/// assert!(!means_test("a.B", "a.B.test_c"));
/// ```
pub fn means_test(id: &str, name: &str) -> bool {
    let asked = asked(id);
    asked == name || bare(name).is_some_and(|bare| bare == asked)
}

/// The `test_ids` of all fingerprints, by what they are compared by.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'m>(Arc<BTreeMap<String, BTreeSet<&'m str>>>);

impl<'m> Wanted<'m> {
    pub(super) fn new(fingerprints: &'m [Fingerprint]) -> Wanted<'m> {
        let mut wanted: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for id in fingerprints.iter().flat_map(|fingerprint| &fingerprint.test_ids) {
            wanted.entry(asked(id)).or_default().insert(id.as_str());
        }
        Wanted(Arc::new(wanted))
    }

    /// The ids that mean the test with this name.
    pub(super) fn meant_by(&self, name: &str) -> impl Iterator<Item = &'m str> {
        let find = |key: &str| self.0.get(key).into_iter().flatten().copied();
        let bare = bare(name);
        find(name).chain(bare.iter().flat_map(|bare| find(bare))).collect::<Vec<_>>().into_iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TestResults {
    pub(super) fn add(&mut self, id: &str, status: &str, wanted: &Wanted<'_>) {
        self.tests += 1;
        if is_failed_test(status) {
            self.failed += 1;
            if !wanted.is_empty() {
                self.failed_ids.extend(wanted.meant_by(id).map(str::to_owned));
            }
        }
    }
}

/// What a run tells of the tests that fingerprints ask for.
#[derive(Debug)]
pub(super) struct FailedTests {
    /// Whether a test that is not among `failed` is known not to have failed.
    known: bool,
    failed: BTreeSet<String>,
}

impl FailedTests {
    /// From the run's metadata and the results among its logs. Where a file of results was not read
    /// to its end, or none has a single test, no test is known not to have failed.
    pub(super) fn new(meta: &RunMeta, logs: &[LogReport], wanted: &Wanted<'_>) -> FailedTests {
        let mut failed = BTreeSet::new();
        let told = meta.failed_tests();
        let mut known = told.is_some();
        for name in told.into_iter().flatten() {
            failed.extend(wanted.meant_by(name).map(str::to_owned));
        }
        let (mut tests, mut complete) = (0, true);
        for log in logs {
            let Some(results) = &log.tests else { continue };
            tests += results.tests;
            complete &= log.complete;
            failed.extend(results.failed_ids.iter().cloned());
        }
        known |= tests > 0 && complete;
        FailedTests { known, failed }
    }

    /// Whether one of the fingerprint's tests failed: `Err` when none did and it does not count.
    pub(super) fn check(&self, fingerprint: &Fingerprint) -> Result<Option<TestIds>, NoneFailed> {
        let ids = &fingerprint.test_ids;
        if ids.is_empty() {
            Ok(None)
        } else if ids.iter().any(|id| self.failed.contains(id)) {
            Ok(Some(TestIds::Failed))
        } else if self.known {
            Err(NoneFailed)
        } else {
            Ok(Some(TestIds::NotChecked))
        }
    }
}

/// None of a fingerprint's tests failed in the run.
#[derive(Debug)]
pub(super) struct NoneFailed;

/// What a fingerprint's id is compared by: itself, without the attributes that Tempest writes behind
/// a name. They change with the test's labels, and subunit2sql, which elastic-recheck asked,
/// dropped them.
fn asked(id: &str) -> String {
    match brackets(id) {
        Some((before, inside, behind)) if inside.starts_with("id-") => format!("{before}{behind}"),
        _ => id.to_owned(),
    }
}

/// A test's name without what it has in brackets: attributes (`[id-…,smoke]`) or parameters
/// (`[x86-2]`). `None` where it has none.
fn bare(name: &str) -> Option<String> {
    brackets(name).map(|(before, _, behind)| format!("{before}{behind}"))
}

/// What stands before, in and behind the brackets of a name, the first to the last.
fn brackets(name: &str) -> Option<(&str, &str, &str)> {
    let (open, close) = (name.find('[')?, name.rfind(']')?);
    (open > 0 && open < close).then(|| (&name[..open], &name[open + 1..close], &name[close + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: &str, name: &str, expected: bool) {
        let fingerprint =
            Fingerprint { test_ids: vec![asked.to_owned()], ..Fingerprint::default() };
        let fingerprints = [fingerprint];
        let mut results = TestResults::default();
        results.add(name, "failed", &Wanted::new(&fingerprints));
        assert_eq!(results.failed_ids.contains(asked), expected, "{asked} and {name}");
        assert_eq!((results.tests, results.failed), (1, 1));
        assert_eq!(means_test(asked, name), expected, "{asked} and {name}");
    }

    #[test]
    fn names_are_compared_whole_without_attributes() {
        check("a.B.test_c", "a.B.test_c", true);
        check("a.B.test_c", "a.B.test_c[id-1f,smoke]", true);
        check("a.B.test_c", "a.B.test_c[id-1f,smoke](xml)", false);
        check("a.B.test_c(xml)", "a.B.test_c[id-1f,smoke](xml)", true);
        check("a.B.test_c[id-1f,smoke]", "a.B.test_c[id-1f,slow]", true);
        check("a.B.test_c[id-1f,smoke]", "a.B.test_c", true);
        check("a.B.test_c", "a.B.test_cd", false);
        check("a.B", "a.B.test_c", false);
        check("a.b.test_c", "a.B.test_c", false);
    }

    #[test]
    fn a_name_without_parameters_is_any_of_them() {
        check("a::test_c", "a::test_c[x86-2]", true);
        check("a::test_c[x86-2]", "a::test_c[x86-2]", true);
        check("a::test_c[x86-2]", "a::test_c[x86-3]", false);
        check("a::test_c[x86-2]", "a::test_c", false);
        check("a::test_c", "a::test_c[a[0]]", true);
        check("[x]", "[x]", true);
        check("]x[", "]x[", true);
    }

    #[test]
    fn only_failures_are_failures() {
        for status in ["passed", "skipped", "xfail", "flaky", "success", "inprogress", ""] {
            assert!(!is_failed_test(status), "{status}");
        }
        for status in ["failed", "ERROR", "uxsuccess", "unfinished"] {
            assert!(is_failed_test(status), "{status}");
        }
    }
}
