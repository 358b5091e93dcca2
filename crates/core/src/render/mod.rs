//! Drawing verdicts and diagnostics.
