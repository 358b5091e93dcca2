//! What the formats draw.

use std::{ops::Range, time::Duration};

use crate::{
    fingerprint::Diagnostic,
    scan::{Bug, Evidence, RunReport},
};

/// The outcome of one invocation: runs, and what was wrong with the fingerprints.
#[derive(Clone, Copy, Debug)]
pub struct Classified<'a> {
    /// The runs in the order they were asked for.
    pub runs: &'a [RunReport],
    /// Errors and warnings about fingerprint files.
    pub diagnostics: &'a [Diagnostic],
    /// Number of fingerprints that were evaluated.
    pub fingerprints: usize,
    /// Wall time from start to end.
    pub elapsed: Duration,
}

/// Tells which bytes of an evidence's message made the fingerprint match, when that can be told.
pub type Matched<'a> = dyn Fn(&Bug, &Evidence) -> Option<Range<usize>> + 'a;

/// Where a line of a run's log can be opened, as an address of printable ASCII characters: the log's
/// name and the line, from 1; `None` where it can't.
pub type Linked<'a> = dyn Fn(&RunReport, &str, u64) -> Option<String> + 'a;

/// How text is drawn.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The width to stay within, in characters.
    pub width: usize,
    /// ANSI colours.
    pub colour: bool,
    /// Where lines of logs are linked to; with it there are OSC 8 hyperlinks, to bugs as well. For
    /// terminals only.
    pub links: Option<&'a Linked<'a>>,
    /// Where in its message each evidence matched.
    pub matched: &'a Matched<'a>,
}

impl std::fmt::Debug for Look<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Look")
            .field("width", &self.width)
            .field("colour", &self.colour)
            .field("links", &self.links.is_some())
            .finish_non_exhaustive()
    }
}
