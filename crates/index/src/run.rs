//! A run as the history keeps it.

use jiff::Timestamp;
use recheck_core::{Fields, ResultClass, RunMeta};
use serde::{Deserialize, Serialize};

use crate::event::RunKey;

/// How much of a run's logs was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scanned {
    /// All of them.
    Full,
    /// Some, or parts of them.
    Partial,
    /// None.
    #[default]
    None,
}

impl Scanned {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Scanned::Full => "full",
            Scanned::Partial => "partial",
            Scanned::None => "none",
        }
    }

    /// What a word means.
    pub fn from_word(word: &str) -> Option<Scanned> {
        [Scanned::Full, Scanned::Partial, Scanned::None].into_iter().find(|one| one.word() == word)
    }
}

/// What is known of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Which run it is.
    pub key: RunKey,
    /// Its fields as a query sees them: `build_name`, `project`, `voting` …
    pub fields: Fields,
    /// When it began.
    pub start_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// How much of its logs was looked at; `None` where that follows from what is in the index.
    pub scanned: Option<Scanned>,
    /// The tests that failed in it; `None` where that is not known.
    pub failed_tests: Option<Vec<String>>,
}

impl Run {
    /// A run of which nothing is known.
    pub fn new(key: RunKey) -> Run {
        Run {
            key,
            fields: Fields::new(),
            start_time: None,
            end_time: None,
            scanned: None,
            failed_tests: None,
        }
    }

    /// The first value of a field.
    pub fn get(&self, field: &str) -> Option<&str> {
        use recheck_core::FieldValues;
        self.fields.values(field).iter().next()
    }

    /// How it ended, by its `build_status`. One that does not say so has failed.
    pub fn result_class(&self) -> ResultClass {
        let mut meta = RunMeta::new();
        if let Some(word) = self.get("build_status") {
            meta.set("build_status", word);
        }
        meta.result_class()
    }

    /// Whether its result counts; `None` where it does not say.
    pub fn voting(&self) -> Option<bool> {
        self.get("voting").map(|word| !matches!(word, "0" | "false" | "False"))
    }

    /// False for an attempt that another one followed.
    pub fn is_final(&self) -> bool {
        !matches!(self.get("final"), Some("0" | "false" | "False"))
    }

    /// The moment by which the run belongs to a window.
    pub fn time(&self) -> Option<Timestamp> {
        self.end_time.or(self.start_time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_tells_how_it_ended() {
        let mut run = Run::new(RunKey::first("u"));
        assert_eq!(
            (run.result_class(), run.voting(), run.is_final()),
            (ResultClass::Failed, None, true)
        );
        run.fields.push("build_status", "SUCCESS");
        run.fields.push("voting", "0");
        run.fields.push("final", "false");
        assert_eq!(run.result_class(), ResultClass::Passed);
        assert_eq!((run.voting(), run.is_final()), (Some(false), false));
    }

    #[test]
    fn words_for_what_was_scanned() {
        for one in [Scanned::Full, Scanned::Partial, Scanned::None] {
            assert_eq!(Scanned::from_word(one.word()), Some(one));
        }
        assert_eq!(Scanned::from_word("all"), None);
    }
}
