//! Fingerprints: the YAML files, loaded and checked.
//!
//! [`Loaded::from_sources`] reads texts, whatever they come from; `load_dirs` (feature `fs`) reads
//! files and directories. A broken file never stops the others: it is found in
//! [`Loaded::rejected`] with every [`Diagnostic`] of it. What is allowed but looks like a mistake
//! is a warning ([`Loaded::warnings`]); [`lint`](self) looks at the parsed queries for those.
//!
//! | codes | about |
//! |---|---|
//! | `F001`–`F009` | the file: missing, unreadable, too large, not UTF-8, twice the same id |
//! | `F010`–`F019` | the YAML: not well-formed, empty, not a mapping, too much of it |
//! | `F020`–`F029` | the keys: wrong type, duplicate, nothing to recognise an event by |
//! | `F030`–`F039` | the values: `contains`, `regex`, `category` |
//! | `Q001`–`Q099` | a query that does not parse: [`SyntaxErrorKind`](crate::SyntaxErrorKind) |
//! | `B001`–`B099` | a query that parses and cannot be used: [`BindErrorKind`](crate::BindErrorKind) |
//! | `W001`–`W009` | warnings about keys and values |
//! | `W010`–`W029` | warnings about queries |

mod diagnostic;
#[cfg(feature = "fs")]
mod dirs;
mod error;
mod keys;
mod lint;
mod load;
mod model;
mod pattern;
mod place;
mod set;
mod yaml;

pub use diagnostic::{Diagnostic, Excerpt, Label, Position, Severity};
#[cfg(feature = "fs")]
pub use dirs::load_dirs;
pub use error::{LoadError, LoadErrorKind};
pub use load::{Loaded, MAX_FILE_BYTES};
pub use model::{Category, Fingerprint};
pub use pattern::REGEX_SIZE_LIMIT;
pub use set::{FingerprintId, FingerprintSet};
