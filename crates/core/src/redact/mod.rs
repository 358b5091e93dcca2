//! Secrets in log text, replaced before the text is kept for people.
//!
//! Evidence goes into terminals, comments and reports, further than the log it comes from. Tokens of
//! well-known services, authorization headers, passwords in addresses and assignments, and private
//! keys are each replaced by `[redacted: KIND]`. A secret without a shape of its own that stands
//! where nothing names it cannot be told from other text: the lines of a private key without the
//! one that begins it, for instance.
//!
//! [`rules`] is the table: one entry for each shape, with the place where its owner describes it.
//! [`value`] judges what stands behind `password=`: most of it is no password.

mod find;
mod rules;
#[cfg(test)]
mod tests;
mod value;

pub use find::redact;
