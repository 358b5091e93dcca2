use std::path::Path;

use recheck_core::{
    Fields, RunMeta,
    log::{Listing, SourceNote},
};

use crate::remote::RemoteRun;

use super::source::Source;

/// What is known of a run before its logs are read.
pub(super) struct Gathered {
    pub(super) target: String,
    pub(super) meta: RunMeta,
    pub(super) sources: Vec<Source>,
    /// What the source says of the run where no log does.
    pub(super) events: Vec<Fields>,
    pub(super) errors: Vec<(String, String)>,
    pub(super) notes: Vec<(String, String)>,
    /// The target is its one file: it is read whatever it looks like.
    pub(super) is_explicit: bool,
}

impl Gathered {
    pub(super) fn local(path: &str, listing: Listing) -> Gathered {
        let Listing { logs, notes, errors } = listing;
        Gathered {
            target: path.to_owned(),
            meta: RunMeta::new(),
            sources: logs.into_iter().map(Source::Local).collect(),
            events: Vec::new(),
            errors: errors.into_iter().map(|error| (error.name, error.kind.to_string())).collect(),
            notes: notes.iter().map(|note| (note.name.clone(), words(note))).collect(),
            is_explicit: !Path::new(path).is_dir(),
        }
    }

    pub(super) fn remote(run: RemoteRun) -> Gathered {
        let RemoteRun { target, meta, files, events, errors, notes } = run;
        let is_explicit = matches!(&files[..], [file] if file.url.as_str() == target);
        let sources = files.into_iter().map(Source::Remote).collect();
        Gathered { target, meta, sources, events, errors, notes, is_explicit }
    }
}

/// What a note says, without the name in front of it.
pub(super) fn words(note: &SourceNote) -> String {
    let told = note.to_string();
    let prefix = format!("{}: ", note.name);
    told.strip_prefix(&prefix).map_or_else(|| told.clone(), str::to_owned)
}
