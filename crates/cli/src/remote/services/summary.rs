//! What was taken of a group of jobs, and what was left out.

use std::fmt::Write;

use recheck_core::render::counted;

use super::facts::RUN_FILE;
use crate::remote::run::RemoteRun;

/// The most jobs that are named.
const NAMED: usize = 20;

/// Counts jobs.
pub(super) struct Summary {
    what: &'static str,
    taken: usize,
    left_out: Vec<String>,
}

impl Summary {
    /// A count of `what`, in the singular.
    pub(super) fn new(what: &'static str) -> Summary {
        Summary { what, taken: 0, left_out: Vec::new() }
    }

    /// One more that is classified.
    pub(super) fn taken(&mut self) {
        self.taken += 1;
    }

    /// One more that is not, as it did not fail, or was tried again.
    pub(super) fn left_out(&mut self, name: &str, word: &str, is_final: bool) {
        let again = if is_final { "" } else { ", tried again" };
        self.left_out.push(format!("{name} ({word}{again})"));
    }

    /// Tells it beside the first run.
    pub(super) fn tell(&self, run: &mut RemoteRun) {
        if self.taken + self.left_out.len() > 1 || self.taken == 0 {
            run.notes.push((RUN_FILE.to_owned(), self.text()));
        }
    }

    fn text(&self) -> String {
        let all = self.taken + self.left_out.len();
        let mut text = format!("of {} {} failed", counted(all as u64, self.what), self.taken);
        if let [first, rest @ ..] = &self.left_out[..] {
            let _ = write!(text, "; left out: {first}");
            for name in rest.iter().take(NAMED - 1) {
                let _ = write!(text, ", {name}");
            }
            if self.left_out.len() > NAMED {
                let _ = write!(text, " and {} more", self.left_out.len() - NAMED);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_named() {
        let mut summary = Summary::new("build");
        summary.taken();
        summary.left_out("unit", "SUCCESS", true);
        summary.left_out("docs", "RETRY", false);
        assert_eq!(
            summary.text(),
            "of 3 builds 1 failed; left out: unit (SUCCESS), docs (RETRY, tried again)"
        );
        (0..NAMED).for_each(|_| summary.left_out("x", "SUCCESS", true));
        assert!(summary.text().ends_with("x (SUCCESS) and 2 more"), "{}", summary.text());
    }

    #[test]
    fn one_that_failed_alone_needs_no_word() {
        let mut run = RemoteRun::new("x");
        let mut summary = Summary::new("job");
        summary.taken();
        summary.tell(&mut run);
        assert!(run.notes.is_empty());
        Summary::new("job").tell(&mut run);
        assert_eq!(run.notes[0].1, "of 0 jobs 0 failed");
    }
}
