//! Runs of an index that somebody else fills, read off their events: the history knows only those that
//! were attached to.

use std::collections::BTreeMap;

use recheck_core::{ResultClass, RunMeta};
use serde_json::{Value, json};

use super::{Elastic, Outcome, row::RunDoc};
use crate::{
    elastic::query::filters,
    error::IndexErrorKind,
    event::RunKey,
    history::{KnownRun, RunFacts, RunSelection},
    index::Scope,
};

/// Runs that are read off their events at once.
const MOST_RUNS: usize = 5_000;

impl Elastic {
    /// Adds the runs that only their events tell of.
    pub(super) fn add_live(
        &self,
        selection: &RunSelection,
        runs: &mut Vec<KnownRun>,
    ) -> Outcome<()> {
        if self.shape.is_ours {
            return Ok(());
        }
        let named = selection.build_uuid.iter().map(|id| RunKey::first(id.as_str()));
        let named: Vec<RunKey> = named.collect();
        let scope = Scope { window: selection.window, runs: (!named.is_empty()).then_some(named) };
        for run in self.live(&scope)? {
            let is_known = runs.iter().any(|known| known.run.key == run.run_key());
            let run = run.known();
            let is_failed = run.run.result_class() == ResultClass::Failed;
            if !is_known && (is_failed || !selection.failed) {
                runs.push(run);
            }
        }
        Ok(())
    }

    /// The runs in scope as their events tell them.
    pub(super) fn live(&self, scope: &Scope) -> Outcome<Vec<RunDoc>> {
        let Some(field) = self.shape.run.as_ref().filter(|_| !self.shape.is_ours) else {
            return Ok(Vec::new());
        };
        let one = json!({"top_hits": {"size": 1, "_source": RunMeta::known_keys()}});
        let mut inner = json!({"one": one});
        if let Some(time) = &self.shape.time {
            inner["last"] = json!({"max": {"field": time}});
        }
        let terms = json!({"field": field, "size": MOST_RUNS});
        let page = self.page(
            &scope.window,
            &json!({
                "size": 0, "query": {"bool": {"filter": filters(scope, &self.shape)}},
                "aggs": {"runs": {"terms": terms, "aggs": inner}},
            }),
        )?;
        let runs = &page.aggregations["runs"];
        if runs["sum_other_doc_count"].as_u64().is_some_and(|others| others > 0) {
            let told = format!("there are more than {MOST_RUNS} runs in the window; narrow it");
            return Err(IndexErrorKind::Incomplete(told));
        }
        let buckets = runs["buckets"].as_array().into_iter().flatten();
        Ok(buckets.filter_map(|bucket| self.live_run(bucket)).collect())
    }

    fn live_run(&self, bucket: &Value) -> Option<RunDoc> {
        let key = RunKey::first(bucket["key"].as_str()?);
        let source = &bucket["one"]["hits"]["hits"][0]["_source"];
        let mut guessed = BTreeMap::new();
        for (name, value) in source.as_object().into_iter().flatten() {
            let text = |value: &Value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
                _ => None,
            };
            let values: Vec<String> = match value {
                Value::Array(values) => values.iter().filter_map(text).collect(),
                one => text(one).into_iter().collect(),
            };
            guessed.insert(name.clone(), values);
        }
        let facts = RunFacts {
            anew: true,
            guessed,
            events: bucket["doc_count"].as_u64()?,
            last_event: self.time_of(&bucket["last"]["value"]),
            ..RunFacts::new(&key)
        };
        let mut run = RunDoc::new(&key);
        run.apply(&facts, (&[], ""));
        Some(run)
    }
}
