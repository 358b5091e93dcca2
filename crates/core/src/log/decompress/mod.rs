//! Decompression, recognised by magic bytes and never by name: gzip, zstd, xz, bzip2.
//!
//! Compressed files may be several ones behind each other (`cat a.gz b.gz`), and something else
//! may stand behind them. What could be decoded before an error is always given first.
//!
//! ```text
//!   Source -> Codec ----------------> Decompressor        a stream: any size, any damage
//!     |                                    |
//!     +----> Whole (lent by an Unpacker) --+              gzip of known, small size: all at once
//! ```
//!
//! Without the feature `decompress` plain bytes pass, and compressed ones are an error.

#[cfg(not(feature = "decompress"))]
#[path = "disabled.rs"]
mod codec;
#[cfg(feature = "decompress")]
#[path = "enabled.rs"]
mod codec;
mod error;
#[cfg(feature = "decompress")]
mod gzip;
mod reader;
mod source;
mod unpacker;
#[cfg(feature = "decompress")]
mod whole;
#[cfg(not(feature = "decompress"))]
#[path = "whole_disabled.rs"]
mod whole;

pub use self::{
    error::{DecompressError, DecompressErrorKind},
    reader::{Compression, Decompressor, Limits},
    unpacker::Unpacker,
};
