//! Integration tests of `recheck-core`, one binary.

mod analysis;
