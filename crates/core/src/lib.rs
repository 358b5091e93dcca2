//! Fingerprints in, known bugs out: a CI log classified against Lucene queries, with the answers
//! OpenSearch gives, at the speed of the disk, and without a server.
//!
//! There are four principal types:
//!
//! - [`Loaded`] reads [`Fingerprint`]s from YAML texts. A broken one is told with a [`Diagnostic`]
//!   (code, place, cure) and never keeps the others from working.
//! - [`Matcher`] is a set of fingerprints compiled once. It is immutable, cheap to clone and shared
//!   by all threads; what changes while it works is in a [`Scratch`], or in a [`LogScan`], one per
//!   thread.
//! - [`RunScan`] gathers the logs of one run. Each log is a [`LogScan`] that is fed bytes.
//! - [`RunReport`] is what comes out: the [`Verdict`], and each known [`Bug`] with its [`Evidence`].
//!
//! # Table of contents
//!
//! - [A log, from bytes to verdict](#a-log-from-bytes-to-verdict)
//! - [Events that are split already](#events-that-are-split-already)
//! - [Threads, deadlines, hostile logs](#threads-deadlines-hostile-logs)
//! - [Where no fingerprint matches](#where-no-fingerprint-matches)
//! - [Secrets](#secrets)
//! - [Queries by themselves](#queries-by-themselves)
//! - [The modules](#the-modules)
//! - [Cargo features](#cargo-features)
//!
//! # A log, from bytes to verdict
//!
//! ```
//! use recheck_core::{Known, Loaded, Matcher, RunMeta, RunScan, ScanOptions, Verdict};
//!
//! let loaded = Loaded::from_sources([
//!     ("mirror-503.yaml", "query: message:\"503 Service Unavailable\" AND tags:console\n"),
//!     ("broken.yaml", "query: message:\"no closing quote\n"),
//! ]);
//! assert_eq!(loaded.rejected[0].id.as_deref(), Some("broken"));
//! let fingerprints: Vec<_> = loaded.set.iter().map(|(_, known)| known.clone()).collect();
//! let (matcher, refused) = Matcher::builder().build(&fingerprints);
//! assert!(refused.is_empty());
//!
//! let mut meta = RunMeta::new();
//! meta.set("build_name", "unit");
//! let options = ScanOptions::default();
//! let known = Known { matcher: &matcher, fingerprints: &fingerprints };
//! let mut run = RunScan::new(known, meta, &options);
//!
//! // The name gives the log its tags; the pieces may be cut anywhere.
//! let mut log = run.log("job-output.txt");
//! log.feed(b"2024-05-01 12:00:00.000001 | node | E: 503 Serv");
//! log.feed(b"ice Unavailable\n");
//! let report = log.finish();
//! run.add(report);
//!
//! let report = run.finish("my run");
//! assert_eq!(report.verdict, Verdict::Known);
//! let hit = &report.bugs[0].evidence[0];
//! assert_eq!((hit.line, hit.message.as_str()), (1, "E: 503 Service Unavailable"));
//! ```
//!
//! Events are log records: [`ScanOptions::profile`] says whether a traceback belongs to the line
//! before it. Which format a log has is told by its first 64 KiB.
//!
//! # Events that are split already
//!
//! Whoever has records pushes them by themselves. [`Matcher::narrow`] answers once what a source's
//! records share; [`Matcher::matches_event`] answers the rest. A [`Document`] is such a record read
//! from JSON, as Elasticsearch exports it.
//!
//! ```
//! use recheck_core::{Document, Loaded, Matcher};
//!
//! let loaded = Loaded::from_sources([("oom.yaml", "query: 'killed AND loglevel:ERROR'")]);
//! let (matcher, _) = Matcher::builder().build(loaded.set.iter().map(|(_, known)| known));
//! let mut scratch = matcher.scratch();
//!
//! let document = Document::from_json_line(r#"{"message": "Killed", "loglevel": "ERROR"}"#)?;
//! let mut hits = Vec::new();
//! matcher.matches_document(&document.fields, &mut scratch, &mut hits);
//! assert_eq!(hits, [0], "the place of the fingerprint among those that were compiled");
//! # Ok::<(), recheck_core::DocumentError>(())
//! ```
//!
//! # Threads, deadlines, hostile logs
//!
//! [`RunScan::log`] borrows the run, so the logs of a run can be scanned side by side on the
//! caller's own threads; their reports are [added](RunScan::add) in any order. One large log is
//! read and scanned by several threads with `LogScan::par_read` (feature `parallel`), in the rayon pool
//! that the caller installed; where its reader waits for a server, `LogScan::par_read_in` keeps the
//! waiting on the caller's thread; [`LogScan::read`] and [`LogScan::feed`] stay on the caller's thread.
//!
//! [`ScanOptions::stop`] is asked at every block of 256 KiB: a deadline or a cancel flag ends the
//! scan, and a run in which nothing was found until then is [`Verdict::Incomplete`].
//!
//! Time is linear in the bytes whatever the fingerprints and the logs say, and memory is bounded by
//! blocks and by the longest event ([`log::MAX_EVENT`], 1 MiB). Bytes that are not UTF-8 never stop
//! a scan. Nothing here prints, ends the process or panics on input.
//!
//! # Where no fingerprint matches
//!
//! A matcher built with [`failure_lines`](MatcherBuilder::failure_lines) also finds the lines that
//! say what went wrong. [`RunReport::failure`] has the five that say most.
//!
//! ```
//! use recheck_core::{Known, Matcher, RunMeta, RunScan, ScanOptions};
//!
//! let (matcher, _) = Matcher::builder().failure_lines(true).build(&[]);
//! let (known, options) = (Known { matcher: &matcher, fingerprints: &[] }, ScanOptions::default());
//! let mut run = RunScan::new(known, RunMeta::new(), &options);
//! let mut log = run.log("build.log");
//! log.feed(b"cc -c a.c\na.c:3:5: error: expected ';'\nmake: *** [Makefile:3: all] Error 1\n");
//! let report = log.finish();
//! run.add(report);
//! let [line] = &run.finish("my run").failure[..] else { panic!("make adds nothing") };
//! assert_eq!((line.line, line.message.as_str()), (2, "a.c:3:5: error: expected ';'"));
//! ```
//!
//! # Secrets
//!
//! No text of a [`RunReport`] shows a token, a password or a private key: [`redact()`] has replaced
//! them, unless [`ScanOptions::keep_secrets`] is set. A [`LogReport`] has the log's own text.
//!
//! # Queries by themselves
//!
//! A [`Query`] is syntax: printing and parsing are inverse, and every error has its place. Bound to
//! a [`Schema`] it is a [`BoundQuery`], the tree that executors run. [`mod@reference`] evaluates it
//! slowly and obviously right; tests hold the matcher equal to it.
//!
//! # The modules
//!
//! What most callers need stands at the root of the crate. Four parts are modules, as they are
//! used by themselves:
//!
//! - [`log`]: bytes to events, for tools that want the records and not the verdict;
//! - [`render`]: text, Markdown and JSON of reports, diagnostics drawn with a caret;
//! - [`results`]: results of tests and tasks to events;
//! - [`mod@reference`]: the slow evaluator, for tests of other executors.
//!
//! # Cargo features
//!
//! All are on by default. Without them the crate has no C code, no threads, no files and no clock,
//! and builds for `wasm32-unknown-unknown`.
//!
//! - **fs**: `load_dirs` for fingerprints in directories; in [`log`] the sources of logs: files,
//!   directories, tar archives, standard input.
//! - **decompress**: gzip, zstd, xz and bzip2; brings C code (zstd, xz). Without it, compressed
//!   logs are an error that says so.
//! - **parallel**: `LogScan::par_read`, the blocks of a large log scanned side by side with `rayon`,
//!   in the caller's pool or the global one; many fingerprint files are read in the same way.
//! - **render**: the module [`render`].

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used))]
#![deny(unsafe_code)]

mod analysis;
mod bind;
mod document;
mod failure;
mod fields;
mod fingerprint;
pub mod log;
mod matcher;
mod query;
mod redact;
#[cfg(feature = "render")]
pub mod render;
pub mod report;
pub mod results;
mod run;
mod scan;
mod schema;
mod span;

#[cfg(feature = "fs")]
pub use crate::fingerprint::load_dirs;
pub use crate::{
    analysis::{Token, Tokens, analyze, lowercase_into, tokens},
    bind::{
        BindError, BindErrorKind, BindErrors, BoundAnyField, BoundBool, BoundLeaf, BoundQuery,
        Fuzzy, LeafTest, LuceneRegex, LuceneRegexError, TermRange, Wildcard, phrase_matches,
    },
    document::{Document, DocumentError, DocumentErrorKind},
    failure::FailureKind,
    fields::{FieldValues, Fields, Values},
    fingerprint::{
        Category, Diagnostic, Excerpt, Fingerprint, FingerprintId, FingerprintSet, Label,
        LoadError, LoadErrorKind, Loaded, MAX_FILE_BYTES, Position, REGEX_SIZE_LIMIT, Severity,
    },
    matcher::{
        CompileError, CompileErrorKind, Event, Matcher, MatcherBuilder, Narrowed, Scratch,
        reference,
    },
    query::{
        Bound, Clause, Conjunction, Fuzziness, Leaf, LeafKind, Modifier, Node, Query, SyntaxError,
        SyntaxErrorKind, SyntaxErrors, WildcardPart,
    },
    redact::redact,
    run::{ResultClass, RunMeta, RunSource, Verdict},
    scan::{
        Bug, Context, EventScan, Evidence, FailureLine, Known, LogHits, LogReport, LogScan,
        RunError, RunReport, RunScan, RunStats, ScanOptions, StopFn, TestIds, TestResults,
        is_failed_test, means_test,
    },
    schema::{FieldKind, Schema},
    span::Span,
};
