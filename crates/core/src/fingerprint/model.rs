//! What one fingerprint file says.

use std::fmt;

use crate::query::Query;

/// One fingerprint file.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint {
    /// The file's stem.
    pub id: String,
    /// Where it was read from: the path as it was found, or the name the caller gave.
    pub origin: String,
    /// Any of these queries recognises an event; empty when only `contains` or `regex` stand.
    pub queries: Vec<Query>,
    /// Case-sensitive substrings of the event's text; all must be there.
    pub contains: Vec<String>,
    /// A pattern in the `regex` crate's syntax over the event's text; all must match.
    pub regex: Vec<String>,
    /// Left out of graphs and rankings.
    pub suppress_graph: bool,
    /// Never commented.
    pub suppress_notification: bool,
    /// Also counts runs that do not vote.
    pub allow_nonvoting: bool,
    /// A hit counts only where one of these tests failed.
    pub test_ids: Vec<String>,
    /// The bug is closed since then (free text or date).
    pub resolved_at: Option<String>,
    /// One line that names the bug.
    pub title: Option<String>,
    /// The bug's URL or tracker id.
    pub bug: Option<String>,
    /// `infra`, `product` or `test`.
    pub category: Option<Category>,
    /// What to do about it.
    pub advice: Option<String>,
    /// General: counts only where nothing specific hit.
    pub fallback: bool,
}

/// Whose failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// The machines, the network, the services a run depends on.
    Infra,
    /// The software under test.
    Product,
    /// The test itself.
    Test,
}

impl fmt::Display for Category {
    /// The word that files have.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Category::Infra => "infra",
            Category::Product => "product",
            Category::Test => "test",
        })
    }
}

impl Category {
    /// The category a file means by `name`, compared exactly.
    pub(super) fn by_name(name: &str) -> Option<Category> {
        match name {
            "infra" => Some(Category::Infra),
            "product" => Some(Category::Product),
            "test" => Some(Category::Test),
            _ => None,
        }
    }
}
