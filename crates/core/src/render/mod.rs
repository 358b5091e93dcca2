//! Drawing: what a scan found as text, Markdown, JSON, JUnit XML and SARIF, and diagnostics with their carets.
//!
//! Everything is written to an [`io::Write`](std::io::Write) or returned as a string; nothing is
//! printed. A log is hostile text: no control character of it reaches the output, in any format.

mod classified;
mod excerpt;
mod json;
mod junit;
mod markdown;
mod numbers;
pub mod report;
mod sarif;
mod snippet;
mod text;

pub use classified::{Classified, Linked, Look, Matched};
pub use excerpt::{escape, excerpt, place, shown_line};
pub use json::{SCHEMA_VERSION, json};
pub use junit::junit;
pub use markdown::markdown;
pub use numbers::{bytes, count, counted};
pub use sarif::sarif;
pub use snippet::snippet;
pub use text::text;
