//! A report without the secrets that its texts have.

use std::borrow::Cow;

use crate::redact;

use super::report::{Evidence, RunError, RunReport};

impl RunReport {
    /// Replaces the secrets in every text that comes from the logs or from the run itself.
    pub(super) fn hide_secrets(&mut self) {
        hide(&mut self.target);
        self.run.rewrite(redact);
        for evidence in self.bugs.iter_mut().flat_map(|bug| &mut bug.evidence) {
            let Evidence { message, fields, .. } = evidence;
            hide(message);
            fields.rewrite(redact);
        }
        for RunError { file, message } in self.errors.iter_mut().chain(&mut self.notes) {
            hide(file);
            hide(message);
        }
    }
}

fn hide(text: &mut String) {
    let shown = match redact(text) {
        Cow::Borrowed(_) => return,
        Cow::Owned(shown) => shown,
    };
    *text = shown;
}
