//! Fingerprints read, compiled, and everything there is to say about them.

use std::path::PathBuf;

use recheck_core::{
    CompileError, Diagnostic, Excerpt, Fingerprint, Known, Label, LoadError, Loaded, Matcher,
    Schema, Severity, load_dirs,
};

use crate::{failure::Failure, settings::Place};

/// The pack: name and text of each file.
const PACK: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/pack.rs"));

/// The fingerprints of one invocation.
pub(crate) struct Fingerprints {
    /// Those that load, in the order they were compiled in.
    pub(crate) list: Vec<Fingerprint>,
    /// All of them, compiled.
    pub(crate) matcher: Matcher,
    /// The files and places that gave none.
    pub(crate) rejected: Vec<LoadError>,
    /// Ids of fingerprints that load but don't compile, with the reason; they never match.
    pub(crate) uncompiled: Vec<(String, String)>,
    /// Everything to say, by file.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// What fingerprints are compiled for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Purpose {
    /// Which fields events have.
    pub(crate) schema: Schema,
    /// Whether scans look for failure lines as well.
    pub(crate) failure_lines: bool,
}

impl Purpose {
    /// Events of this schema.
    pub(crate) fn of(schema: Schema) -> Purpose {
        Purpose { schema, ..Purpose::default() }
    }
}

impl Fingerprints {
    /// Reads and compiles. `tracker` is the address of bugs for fingerprints that name none.
    pub(crate) fn load(place: &Place, tracker: Option<&str>, purpose: Purpose) -> Fingerprints {
        let Purpose { schema, failure_lines } = purpose;
        let loaded = match place {
            Place::Paths(paths) => load_dirs(paths),
            Place::Pack => Loaded::from_sources(PACK.iter().copied()),
        };
        let mut diagnostics: Vec<_> = loaded.diagnostics().into_iter().cloned().collect();
        let mut list: Vec<_> = loaded.set.iter().map(|(_, known)| known.clone()).collect();
        if let (Some(tracker), Place::Paths(_)) = (tracker, place) {
            list.iter_mut().for_each(|fingerprint| link(fingerprint, tracker));
        }
        let mut builder = Matcher::builder();
        let (matcher, errors) = builder.schema(schema).failure_lines(failure_lines).build(&list);
        let mut uncompiled = Vec::new();
        for error in errors {
            if let Some(known) = list.iter().find(|known| known.id == error.fingerprint) {
                diagnostics.extend(refused(known, &error, schema));
            }
            uncompiled.push((error.fingerprint, error.source.to_string()));
        }
        Fingerprints { list, matcher, rejected: loaded.rejected, uncompiled, diagnostics }
    }

    /// The fingerprints with their matcher.
    pub(crate) fn known(&self) -> Known<'_> {
        Known { matcher: &self.matcher, fingerprints: &self.list }
    }

    /// Number of fingerprints that can match.
    pub(crate) fn working(&self) -> usize {
        self.list.len() - self.uncompiled.len()
    }

    /// The failure that there is not one that works, if so.
    ///
    /// # Errors
    ///
    /// When no fingerprint works.
    pub(crate) fn some(&self, place: &Place) -> Result<(), Failure> {
        if self.working() > 0 {
            return Ok(());
        }
        let names = |paths: &[PathBuf]| {
            let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
            names.join(", ")
        };
        Err(match place {
            Place::Paths(paths) => Failure::NoFingerprints {
                place: names(paths),
                help: "give the directory that holds the YAML files with `--fingerprints DIR`, and mend the errors above",
            },
            Place::Pack => Failure::NoFingerprints {
                place: "the built-in pack".to_owned(),
                help: "this build has none: give a directory with `--fingerprints DIR`",
            },
        })
    }
}

/// What this schema has against a fingerprint that loads: each error at its place in the query.
fn refused(known: &Fingerprint, error: &CompileError, schema: Schema) -> Vec<Diagnostic> {
    let told = |code, message| Diagnostic::new(code, Severity::Error, &known.origin, message);
    let bound = known.queries.iter().filter_map(|query| Some((query, query.bind(&schema).err()?)));
    let mut found = Vec::new();
    for (query, errors) in bound {
        for error in errors.errors() {
            let diagnostic =
                told(error.kind.code(), format!("the query cannot be used: {}", error.kind));
            found.push(Diagnostic {
                excerpt: Some(Excerpt {
                    name: format!("{} (query)", known.origin),
                    text: query.source().into(),
                }),
                labels: vec![Label { span: error.span, text: String::new() }],
                ..diagnostic.with_help(error.help.clone())
            });
        }
    }
    if found.is_empty() {
        found.push(told("F033", error.source.to_string()));
    }
    found
}

/// Gives a fingerprint the address of its bug: `bug` is an id or nothing, then the stem is the id.
fn link(fingerprint: &mut Fingerprint, tracker: &str) {
    let id = fingerprint.bug.as_deref().unwrap_or(&fingerprint.id);
    if !id.contains("://") {
        fingerprint.bug = Some(tracker.replace("{id}", id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pack_loads_without_a_word() {
        let pack = Fingerprints::load(&Place::Pack, Some("https://x/{id}"), Purpose::default());
        assert!(pack.diagnostics.is_empty(), "{:?}", pack.diagnostics);
        assert_eq!(pack.list.len(), PACK.len());
        assert!(pack.list.iter().all(|known| known.bug.as_deref() != Some("https://x/{id}")));
    }

    #[test]
    fn trackers_give_links_to_those_without() {
        let linked = |bug: Option<&str>| {
            let mut fingerprint = Fingerprint {
                id: "17".to_owned(),
                bug: bug.map(str::to_owned),
                ..Fingerprint::default()
            };
            link(&mut fingerprint, "https://x/{id}");
            fingerprint.bug.unwrap()
        };
        assert_eq!(linked(None), "https://x/17");
        assert_eq!(linked(Some("99")), "https://x/99");
        assert_eq!(linked(Some("http://y/1")), "http://y/1");
    }
}
