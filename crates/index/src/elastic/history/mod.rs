//! The history in an index of our own: a document for each run, with what it was asked and what hit
//! it; one for each question; one for each set of questions that runs were asked.
//!
//! | `_id` | `kind` | holds |
//! |---|---|---|
//! | `r:…` | `run` | what is known of a run, [`row::RunDoc`] |
//! | `q:…` | `question` | a fingerprint's id, the digest of what it asks, when it hit first |
//! | `p:…` | `pack` | the questions of one set |

mod live;
mod read;
mod row;
mod write;

use serde_json::{Value, json};

use super::{
    Elastic, Outcome,
    client::Ask,
    document::{digest, run_term},
};
use crate::{error::IndexErrorKind, event::RunKey};

/// The name of a run's document.
fn run_id(run: &RunKey) -> String {
    format!("r:{}", digest(&run_term(run)))
}

impl Elastic {
    /// Makes the index of the history where it is missing.
    pub(super) fn make_history(&self) -> Outcome<()> {
        let keyword = json!({"type": "keyword"});
        let body = json!({
            "settings": {"index": {"auto_expand_replicas": "0-1"}},
            "mappings": {"dynamic": false, "_meta": {"recheck-history": {"format": 1}}, "properties": {
                "kind": keyword, "key": keyword, "result": keyword, "hit_ids": keyword,
                "id": keyword, "digest": keyword,
                "attempt": {"type": "integer"}, "time": {"type": "long"},
                "hit_count": {"type": "long"}, "unfinished": {"type": "boolean"},
            }},
        });
        let path =
            format!("{}/_mapping?ignore_unavailable=true&allow_no_indices=true", self.history);
        let known = self.client.find::<Value>(Ask::get(&path))?;
        if known.is_some_and(|found| found.as_object().is_some_and(|all| !all.is_empty())) {
            return Ok(());
        }
        match self.client.ask::<Value>(Ask::put(&self.history, &body)) {
            Err(IndexErrorKind::Refused { reason, .. })
                if reason.contains("resource_already_exists") =>
            {
                Ok(())
            }
            other => other.map(drop),
        }
    }
}
