use std::path::Path;

use recheck_core::{
    Fields, RunMeta,
    log::{Listing, SourceNote},
};

use crate::remote::RemoteRun;

use super::source::Source;

/// What is known of a run before its logs are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) target: String,
    pub(crate) meta: RunMeta,
    pub(crate) sources: Vec<Source>,
    /// What the source says of the run where no log does.
    pub(crate) events: Vec<Fields>,
    pub(crate) errors: Vec<(String, String)>,
    pub(crate) notes: Vec<(String, String)>,
    /// The target is its one file: it is read whatever it looks like.
    pub(crate) is_explicit: bool,
}

impl Gathered {
    pub(crate) fn local(path: &str, listing: Listing) -> Gathered {
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

    pub(crate) fn remote(run: RemoteRun) -> Gathered {
        let RemoteRun { target, meta, files, events, errors, notes } = run;
        let is_explicit = matches!(&files[..], [file] if file.url.as_str() == target);
        let sources = files.into_iter().map(Source::Remote).collect();
        Gathered { target, meta, sources, events, errors, notes, is_explicit }
    }
}

/// What a note says, without the name in front of it.
pub(crate) fn words(note: &SourceNote) -> String {
    let told = note.to_string();
    let prefix = format!("{}: ", note.name);
    told.strip_prefix(&prefix).map_or_else(|| told.clone(), str::to_owned)
}
