//! Failed tests, from an index of test results beside that of the logs.
//!
//! OpenStack's `logsender` ships each test of `testrepository.subunit` into `subunit-*`: `build_uuid`,
//! `test_name` (without the attributes behind it) and `test_status`, in the words of subunit.

use std::collections::{BTreeMap, BTreeSet};

use recheck_core::is_failed_test;
use serde_json::{Value, json};

use super::{Elastic, LENIENT, Outcome, answer::Found, client::Ask, document, mapping::Shape};
use crate::event::RunKey;

/// The fields that may have a test's name.
const NAMES: [&str; 2] = ["test_name", "test_id"];
/// Runs that are named in one search.
const MOST_RUNS: usize = 500;
/// Results on a page.
const PAGE: usize = 5_000;
/// Failed tests of one run; of more, the others are left out.
const MOST_TESTS: usize = 10_000;
/// What the tests that passed have for a status: most results, which need not be read.
const PASSED: &str = "test_status:(success OR passed OR skip OR skipped OR xfail)";

type FailedTests = BTreeMap<RunKey, BTreeSet<String>>;

impl Elastic {
    /// The failed tests of those of these runs that have results.
    pub(super) fn failed_tests_of(
        &self,
        runs: &[RunKey],
    ) -> Outcome<BTreeMap<RunKey, Vec<String>>> {
        let mut failed = FailedTests::new();
        if let Some(results) = self.results()? {
            // A result knows of no attempts.
            let firsts: Vec<&RunKey> = runs.iter().filter(|run| run.attempt == 1).collect();
            firsts.chunks(MOST_RUNS).try_for_each(|chunk| results.add(chunk, &mut failed))?;
        }
        let listed = |(run, tests): (RunKey, BTreeSet<String>)| (run, tests.into_iter().collect());
        Ok(failed.into_iter().map(listed).collect())
    }

    /// The indices with test results, if there are any.
    fn results(&self) -> Outcome<Option<Results<'_>>> {
        let Some(indices) = self.test_results.as_deref() else { return Ok(None) };
        let path = format!("{indices}/_mapping?{LENIENT}");
        let mapping = self.client.find::<Value>(Ask::get(&path))?.unwrap_or_default();
        let has_names = |shape: &Shape| NAMES.iter().any(|name| shape.has(name));
        let shape = Shape::read(&mapping)?.filter(has_names);
        let run = shape.and_then(|shape| shape.column("build_uuid"));
        Ok(run.map(|run| Results { index: self, indices, run }))
    }
}

/// Test results beside an index of logs.
struct Results<'a> {
    index: &'a Elastic,
    indices: &'a str,
    /// The column that tells runs apart.
    run: String,
}

impl Results<'_> {
    /// Adds the runs that have results, and what failed in them.
    fn add(&self, runs: &[&RunKey], failed: &mut FailedTests) -> Outcome<()> {
        let ids: Vec<&str> = runs.iter().map(|run| run.build_uuid.as_str()).collect();
        let of_runs = json!([{"terms": {(self.run.clone()): ids}}]);
        let body = json!({
            "size": 0, "query": {"bool": {"filter": of_runs}},
            "aggs": {"runs": {"terms": {"field": self.run, "size": ids.len()}}},
        });
        let path = format!("{}/_search?{LENIENT}", self.indices);
        let page = self.index.client.page(Ask::post(&path, &body))?;
        let buckets = page.aggregations["runs"]["buckets"].as_array().into_iter().flatten();
        let known = buckets.filter_map(|bucket| Some(RunKey::first(bucket["key"].as_str()?)));
        failed.extend(known.map(|run| (run, BTreeSet::new())));
        let body = json!({
            "query": {"bool": {
                "filter": of_runs,
                "must_not": [{"query_string": {"query": PASSED, "lenient": true}}],
            }},
            "sort": ["_doc"], "size": PAGE,
            "_source": ["build_uuid", "test_status", NAMES[0], NAMES[1]],
        });
        self.index.scroll(self.indices, &body, &mut |page| {
            for found in page {
                let Some((run, test)) = failed_test(&found)? else { continue };
                if let Some(tests) = failed.get_mut(&run).filter(|tests| tests.len() < MOST_TESTS) {
                    tests.insert(test);
                }
            }
            Ok(())
        })
    }
}

/// The run and the test, where this is the result of one that failed.
fn failed_test(found: &Found) -> Outcome<Option<(RunKey, String)>> {
    let Some(source) = found.source.as_deref() else { return Ok(None) };
    let fields = document::read_foreign(&found.id, source)?.fields;
    let test = || {
        let name = NAMES.iter().find_map(|name| fields.first(name))?;
        let is_failed = is_failed_test(fields.first("test_status")?);
        is_failed.then(|| Some((RunKey::first(fields.first("build_uuid")?), name.to_owned())))?
    };
    Ok(test())
}
