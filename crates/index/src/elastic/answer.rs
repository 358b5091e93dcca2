//! What the servers answer to a search.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Outcome, client::reason};
use crate::error::IndexErrorKind;

/// The answer to a search.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Option<Shards>,
    pub(super) hits: Option<Hits>,
    #[serde(default)]
    pub(super) aggregations: Value,
    #[serde(rename = "_scroll_id")]
    pub(super) scroll: Option<String>,
    /// In the place of everything else.
    error: Option<Value>,
    #[serde(default)]
    status: u16,
}

#[derive(Debug, Default, Deserialize)]
struct Shards {
    #[serde(default)]
    total: u64,
    #[serde(default)]
    failed: u64,
    #[serde(default)]
    failures: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hits {
    #[serde(default)]
    pub(super) total: Total,
    pub(super) hits: Vec<Found>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Total {
    pub(super) value: u64,
}

/// One document.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    #[serde(rename = "_index", default)]
    pub(super) index: String,
    /// Empty where only columns were asked for.
    #[serde(rename = "_id", default)]
    pub(super) id: String,
    #[serde(rename = "_source")]
    pub(super) source: Option<Box<RawValue>>,
    #[serde(default)]
    pub(super) fields: HashMap<String, Vec<Value>>,
}

impl Found {
    /// The first value of a field that was asked for.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.first()?.as_str()
    }

    /// The same as a number.
    pub(super) fn number(&self, field: &str) -> Option<i64> {
        self.fields.get(field)?.first()?.as_i64()
    }
}

/// The answers to several searches.
#[derive(Debug, Deserialize)]
pub(super) struct Pages {
    pub(super) responses: Vec<Page>,
}

impl Page {
    /// The page, if every shard gave its part.
    ///
    /// # Errors
    ///
    /// With the server's words, when it refuses, or has looked only at a part.
    pub(super) fn whole(self) -> Outcome<Page> {
        if let Some(error) = &self.error {
            return Err(IndexErrorKind::Refused { status: self.status, reason: reason(error) });
        }
        if let Some(Shards { total, failed, failures }) = self.shards.as_ref()
            && *failed > 0
        {
            let first = failures.first().map(|failure| reason(&failure["reason"]));
            let first = first.unwrap_or_else(|| "it does not say why".to_owned());
            if first.contains("rejected_execution") {
                // The word of the servers for a full queue.
                return Err(IndexErrorKind::Refused { status: 429, reason: first });
            }
            let told = format!("{failed} of {total} shards failed: {first}");
            return Err(IndexErrorKind::Incomplete(told));
        }
        match self.timed_out {
            true => {
                Err(IndexErrorKind::Incomplete("the search timed out on the server".to_owned()))
            }
            false => Ok(self),
        }
    }

    /// Number of all documents that match.
    pub(super) fn total(&self) -> u64 {
        self.hits.as_ref().map_or(0, |hits| hits.total.value)
    }

    /// The documents of the page.
    pub(super) fn found(self) -> Vec<Found> {
        self.hits.map(|hits| hits.hits).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Outcome<Page> {
        serde_json::from_str::<Page>(text).unwrap().whole()
    }

    #[test]
    fn a_part_is_no_answer() {
        let error = page(
            r#"{"timed_out": false, "_shards": {"total": 5, "failed": 1, "failures": [{"reason":
            {"type": "oops", "reason": "disk"}}]}, "hits": {"total": {"value": 0}, "hits": []}}"#,
        );
        assert!(error.unwrap_err().to_string().contains("1 of 5 shards failed: oops: disk"));
        let error = page(
            r#"{"_shards": {"total": 5, "failed": 1, "failures": [{"reason": {"type":
            "rejected_execution_exception", "reason": "full"}}]}, "hits": {"hits": []}}"#,
        );
        assert!(matches!(error, Err(IndexErrorKind::Refused { status: 429, .. })), "asked again");
        let error = page(r#"{"timed_out": true, "hits": {"hits": []}}"#).unwrap_err();
        assert!(matches!(error, IndexErrorKind::Incomplete(_)));
        let error = page(r#"{"error": {"type": "t", "reason": "r"}, "status": 400}"#).unwrap_err();
        assert!(matches!(error, IndexErrorKind::Refused { status: 400, .. }));
        assert!(page(r#"{"_shards": {"total": 0, "failed": 0}, "hits": {"hits": []}}"#).is_ok());
    }
}
