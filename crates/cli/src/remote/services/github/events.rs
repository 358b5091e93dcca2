//! What GitHub says of a job beside its log.

use recheck_core::Fields;

use super::wire::{Annotation, CheckRun, Job, Status, Step};
use crate::remote::services::facts::event;

/// The job's conclusion, and the steps that did not do what they should.
pub(super) fn of_job(job: &Job) -> Vec<Fields> {
    let name = job.name.as_deref().unwrap_or_default();
    let ended = event(&format!("job {name:?}: {}", job.word()), job.completed_at.as_deref());
    let steps = job.steps.iter().flatten().filter_map(of_step);
    steps.chain([ended]).collect()
}

/// A step that succeeded or was skipped says nothing; one that never ended was lost with its runner.
fn of_step(step: &Step) -> Option<Fields> {
    let word = match step.conclusion.as_deref() {
        Some("success" | "skipped" | "neutral") => return None,
        Some(word) => word,
        None => "did not end",
    };
    let name = step.name.as_deref().unwrap_or_default();
    let number = step.number.unwrap_or_default();
    Some(event(&format!("step {number} {name:?}: {word}"), step.completed_at.as_deref()))
}

/// An annotation, such as a runner that was lost.
pub(super) fn of_annotation(annotation: &Annotation, stamp: Option<&str>) -> Fields {
    let parts = [&annotation.title, &annotation.message, &annotation.raw_details];
    let texts: Vec<_> = parts.into_iter().flatten().map(String::as_str).collect();
    let mut fields = event(&texts.join("\n"), stamp);
    let level = match annotation.annotation_level.as_deref() {
        Some("failure") => Some("ERROR"),
        Some("warning") => Some("WARNING"),
        Some("notice") => Some("INFO"),
        _ => None,
    };
    if let Some(level) = level {
        fields.push("loglevel", level);
    }
    // For what belongs to no file, the path is `.github`.
    if let Some(path) = annotation.path.as_deref().filter(|path| *path != ".github") {
        let line = annotation.start_line.map(|line| format!(":{line}")).unwrap_or_default();
        fields.push("path", format!("{path}{line}"));
    }
    fields
}

/// What a check says that some other service made.
pub(super) fn of_check(check: &CheckRun) -> Vec<Fields> {
    let name = check.name.as_deref().unwrap_or_default();
    let stamp = check.completed_at.as_deref();
    let output = check.output.as_ref();
    let texts = output.map(|output| [&output.title, &output.summary, &output.text]);
    let told = texts.into_iter().flatten().flatten().map(String::as_str);
    let ended = format!("check {name:?}: {}", check.word());
    told.chain([&*ended]).map(|text| event(text, stamp)).collect()
}

/// What a status says.
pub(super) fn of_status(status: &Status) -> Fields {
    let name = status.context.as_deref().unwrap_or_default();
    let word = status.word();
    let description = status.description.as_deref().unwrap_or_default();
    event(&format!("status {name:?}: {word}: {description}"), status.updated_at.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use recheck_core::FieldValues;

    fn messages(events: &[Fields]) -> Vec<String> {
        let message = |event: &Fields| event.values("message").iter().next().unwrap().to_owned();
        events.iter().map(message).collect()
    }

    #[test]
    fn a_job_tells_its_failed_steps() {
        let job: Job = serde_json::from_value(serde_json::json!({
            "id": 1, "run_id": 2, "name": "build", "conclusion": "failure", "steps": [
                {"number": 1, "name": "Set up job", "conclusion": "success"},
                {"number": 2, "name": "Run \"make\"", "conclusion": "failure"},
                {"number": 3, "name": "Upload", "conclusion": "skipped"},
                {"number": 4, "name": "Wait", "conclusion": null},
            ],
        }))
        .unwrap();
        assert_eq!(
            messages(&of_job(&job)),
            [
                r#"step 2 "Run \"make\"": failure"#,
                r#"step 4 "Wait": did not end"#,
                r#"job "build": failure"#
            ]
        );
    }

    #[test]
    fn an_annotation_is_an_event() {
        let annotation: Annotation = serde_json::from_value(serde_json::json!({
            "path": "src/a.rs", "start_line": 7, "annotation_level": "failure", "title": null,
            "message": "unused", "raw_details": "more",
        }))
        .unwrap();
        let fields = of_annotation(&annotation, Some("2026-11-24T11:23:42Z"));
        let first = |name| fields.values(name).iter().next().map(str::to_owned);
        assert_eq!(first("message").as_deref(), Some("unused\nmore"));
        assert_eq!(first("loglevel").as_deref(), Some("ERROR"));
        assert_eq!(first("path").as_deref(), Some("src/a.rs:7"));
    }
}
