//! What history knows of runs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::run::{ResultClass, RunMeta};

/// A half-open span of time, `[from, until)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
}

impl Window {
    /// Whether the instant lies in it.
    pub fn contains(self, instant: Timestamp) -> bool {
        self.from <= instant && instant < self.until
    }

    /// The window of the same length before this one.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::report::Window;
    /// let window = Window { from: "2024-05-08T00:00Z".parse()?, until: "2024-05-15T00:00Z".parse()? };
    /// assert_eq!(window.before().from.to_string(), "2024-05-01T00:00:00Z");
    /// assert_eq!(window.before().until, window.from);
    /// # Ok::<(), jiff::Error>(())
    /// ```
    #[must_use]
    pub fn before(self) -> Window {
        let from = self.from.saturating_sub(self.until.duration_since(self.from));
        Window { from: from.unwrap_or(Timestamp::MIN), until: self.from }
    }
}

/// How much of a run's logs was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scanned {
    /// All of them.
    Full,
    /// Some, or cut short.
    Partial,
    /// None: nothing is known of what they hold.
    None,
}

/// A run as history keeps it.
#[derive(Clone, Debug)]
pub struct RunFact {
    /// Its fields; they tell how it ended, and which job, change and commit it was of.
    pub meta: RunMeta,
    /// When it ended, else when it began: the window that holds this instant has the run.
    pub time: Timestamp,
    /// Whether the attempt is the last; only such count.
    pub is_final: bool,
    /// How much of its logs was read.
    pub scanned: Scanned,
    /// What was found there, each fingerprint once.
    pub hits: Vec<HitFact>,
}

impl RunFact {
    /// How it ended.
    pub fn class(&self) -> ResultClass {
        self.meta.result_class()
    }

    /// The value of a field; empty when the run does not tell.
    pub(super) fn field(&self, name: &str) -> &str {
        self.meta.get(name).unwrap_or_default()
    }
}

/// A fingerprint that hit a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HitFact {
    /// Its place in the set.
    pub fingerprint: u32,
    /// Number of events.
    pub events: u64,
    /// Whether it was the query as it is now that hit; false when the file was changed since.
    pub current: bool,
    /// Whether everything was known that decides if the hit counts: the failed tests, where the
    /// fingerprint asks for some.
    pub checked: bool,
}

/// When a fingerprint was seen, in all history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The time of the first run that it hit.
    #[serde(rename = "first_seen_ever")]
    pub first: Option<Timestamp>,
    /// The time of the last.
    #[serde(rename = "last_seen_ever")]
    pub last: Option<Timestamp>,
}
