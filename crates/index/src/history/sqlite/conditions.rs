//! Which runs are asked for, told so that SQLite finds them by an index: under `:from IS NULL OR …` it
//! looks at every run.

use rusqlite::ToSql;

use super::stamp;
use crate::{event::Window, history::RunSelection};

/// Conditions on the table `runs`, called `r`.
pub(super) struct Conditions {
    clauses: Vec<&'static str>,
    values: Vec<(&'static str, String)>,
}

impl Conditions {
    pub(super) fn within(window: &Window) -> Conditions {
        let mut conditions = Conditions { clauses: Vec::new(), values: Vec::new() };
        conditions.add("r.time >= :from", ":from", window.from.map(stamp));
        conditions.add("r.time < :to", ":to", window.to.map(stamp));
        conditions
    }

    pub(super) fn of(selection: &RunSelection) -> Conditions {
        let mut conditions = Conditions::within(&selection.window);
        conditions.add("r.build_uuid = :uuid", ":uuid", selection.build_uuid.clone());
        if selection.failed {
            conditions.clauses.push("r.result = 'failed'");
        }
        conditions
    }

    fn add(&mut self, clause: &'static str, name: &'static str, value: Option<String>) {
        if let Some(value) = value {
            self.clauses.push(clause);
            self.values.push((name, value));
        }
    }

    /// What stands behind `WHERE`.
    pub(super) fn sql(&self) -> String {
        if self.clauses.is_empty() { "TRUE".to_owned() } else { self.clauses.join(" AND ") }
    }

    pub(super) fn params(&self) -> Vec<(&str, &dyn ToSql)> {
        self.values.iter().map(|(name, value)| (*name, value as &dyn ToSql)).collect()
    }
}
