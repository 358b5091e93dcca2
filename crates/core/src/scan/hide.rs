//! A report without the secrets that its texts have.

use std::borrow::Cow;

use crate::redact;

use super::{
    around::Context,
    report::{Evidence, FailureLine, RunError, RunReport},
};

impl RunReport {
    /// Replaces the secrets in every text that comes from the logs or from the run itself.
    pub(super) fn hide_secrets(&mut self) {
        hide(&mut self.target);
        self.run.rewrite(redact);
        for evidence in self.bugs.iter_mut().flat_map(|bug| &mut bug.evidence) {
            let Evidence { message, fields, context, .. } = evidence;
            hide_context(context, message);
            hide(message);
            fields.rewrite(redact);
        }
        for FailureLine { message, context, .. } in &mut self.failure {
            hide_context(context, message);
            hide(message);
        }
        for RunError { file, message } in self.errors.iter_mut().chain(&mut self.notes) {
            hide(file);
            hide(message);
        }
    }
}

/// Hides what is secret in the lines round a message. A secret may go over several of them, so they
/// are looked at together; what is left of it is as many lines.
fn hide_context(context: &mut Context, message: &str) {
    let Context { before, after } = context;
    let lines = before.iter().map(String::as_str).chain(message.lines());
    let all: Vec<&str> = lines.chain(after.iter().map(String::as_str)).collect();
    let Cow::Owned(shown) = redact(&all.join("\n")) else { return };
    let shown: Vec<&str> = shown.split('\n').collect();
    let behind = shown.len().saturating_sub(after.len());
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    (*before, *after) = match shown.len() == all.len() {
        true => (owned(&shown[..before.len()]), owned(&shown[behind..])),
        false => Default::default(),
    };
}

fn hide(text: &mut String) {
    let shown = match redact(text) {
        Cow::Borrowed(_) => return,
        Cow::Owned(shown) => shown,
    };
    *text = shown;
}
