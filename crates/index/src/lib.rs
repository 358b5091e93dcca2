//! Where the events and the history of CI runs are kept and searched.
//!
//! Two stores answer two questions. *What was in the logs?* is asked of an [`Index`]: events, found
//! by fingerprints. *Which run hit which bug?* is asked of its [`History`]: small facts that outlive
//! the events.
//!
//! [`Embedded`] keeps both in a directory. Its answers are those of the streaming matcher, by
//! construction: the same analyser makes its terms, the same functions decide on them.
//!
//! ```
//! use recheck_core::{Fields, Known, Loaded, Matcher};
//! use recheck_index::{Embedded, Index, IndexedEvent, Scope, WriterOptions};
//!
//! let dir = tempfile::tempdir()?;
//! let options = WriterOptions::default();
//! let index = Embedded::open_or_create(dir.path(), None, options.patience)?;
//!
//! let mut event = IndexedEvent { id: Some("a".into()), ..IndexedEvent::default() };
//! event.fields.push("message", "OSError: No space left on device");
//! let mut writer = index.writer(&options)?;
//! writer.event(&event, &[])?;
//! writer.finish()?;
//!
//! let loaded = Loaded::from_sources([("disk.yaml", "query: 'message:\"no space left\"'")]);
//! let fingerprints: Vec<_> = loaded.set.iter().map(|(_, known)| known.clone()).collect();
//! let (matcher, _) = Matcher::builder().schema(index.schema()).build(&fingerprints);
//! let known = Known { matcher: &matcher, fingerprints: &fingerprints };
//! let mut ids = Vec::new();
//! index.hits(known, &Scope::default(), &mut |hit| ids.push(hit.id.clone()))?;
//! assert_eq!(ids, ["a"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used))]

mod arrival;
mod ask;
mod attach;
mod digest;
mod elastic;
mod embedded;
mod error;
mod event;
mod history;
mod index;
mod pending;
mod report;
mod run;
mod words;

/// A field's name may have at most this many bytes.
pub const MAX_FIELD_NAME: usize = embedded::LONGEST_NAME;

pub use crate::{
    arrival::Arrival,
    attach::{Attached, AttachedBug, attach, never_hits},
    digest::digest,
    elastic::{Elastic, ElasticAuth, ElasticOptions},
    embedded::Embedded,
    error::{IndexError, IndexErrorKind},
    event::{IndexedEvent, RunKey, Window},
    history::{
        Answer, Asked, History, HistorySize, HitFact, KnownRun, Question, RunAnswers, RunFindings,
        RunSelection, SeenTimes,
    },
    index::{
        Facet, Histogram, Hit, Horizon, Index, Info, Overview, OverviewRequest, Place, Pruned,
        RunHits, Scope, Writer, WriterOptions,
    },
    report::{Facts, facts},
    run::{Run, Scanned},
};
