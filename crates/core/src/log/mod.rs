//! Logs: bytes to events. Decompress, clean (ANSI, CR), recognise the format, fold lines into
//! events, read their fields, tag their file.
//!
//! ```text
//!   bytes -> decompressed -> Cleaner -> buffer of clean text -> Splitter -> whole events
//!                                                                  |
//!                            the event round a byte  <- EventCursor    Record <- read_record
//!                            all events of a block   <- Ends
//! ```

mod clean;
mod decompress;
mod ends;
mod fold;
mod format;
mod formats;
mod lines;
mod record;
#[cfg(feature = "fs")]
mod source;
mod split;
mod sweep;
mod tags;
mod time;

#[cfg(feature = "fs")]
pub use self::source::{
    ArchiveEntry, ArchiveItem, Content, Listing, LogReader, LogSource, SourceError,
    SourceErrorKind, SourceNote, SourceNoteKind, Target, open_target, walk_archive,
};
pub use self::{
    clean::{Cleaner, MAX_ESCAPE, TAKE_BACK},
    decompress::{Compression, DecompressError, DecompressErrorKind, Decompressor, Limits},
    format::{LogFormat, Profile},
    record::Record,
    split::{EventCount, EventCursor, MAX_EVENT, Splitter},
    sweep::is_clean,
    tags::{Glob, TagRuleError, TagTable, log_name},
    time::{TimeContext, Timestamp, parse_stamp, rfc3339},
};
pub(crate) use self::{
    clean::{clean_lines, without_returns},
    lines::Lines,
    split::without_end,
    sweep::first_dirt,
};

#[cfg(all(test, feature = "decompress"))]
mod real_tests;
