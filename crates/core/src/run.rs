//! Temporary.
use crate::fields::{FieldValues, Fields};
use serde::Serialize;
/// x
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultClass {
    /// x
    Passed,
    /// x
    Failed,
    /// x
    Other,
}
/// x
#[derive(Clone, Debug, Default)]
pub struct RunMeta {
    fields: Fields,
}
impl RunMeta {
    /// x
    pub fn fields(&self) -> &Fields {
        &self.fields
    }
    /// x
    pub fn voting(&self) -> Option<bool> {
        self.fields.values("voting").iter().next().map(|v| v != "0")
    }
    /// x
    pub fn result_class(&self) -> Option<ResultClass> {
        None
    }
}
/// x
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// x
    Passed,
    /// x
    Known,
    /// x
    Fallback,
    /// x
    Unclassified,
    /// x
    Incomplete,
}
