//! Decompression, recognised by magic bytes and never by name: gzip, zstd, xz, bzip2.
//!
//! Compressed files may be several ones behind each other (`cat a.gz b.gz`), and something else
//! may stand behind them. What could be decoded before an error is always given first.
//!
//! Without the feature `decompress` plain bytes pass, and compressed ones are an error.

#[cfg(not(feature = "decompress"))]
#[path = "disabled.rs"]
mod codec;
#[cfg(feature = "decompress")]
#[path = "enabled.rs"]
mod codec;
mod error;
mod reader;
mod source;

pub use self::{
    error::{DecompressError, DecompressErrorKind},
    reader::{Compression, Decompressor, Limits},
};
