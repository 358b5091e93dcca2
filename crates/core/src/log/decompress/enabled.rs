//! The decoders, each for one compressed file: what follows it is the reader's affair.

use std::fmt;
use std::io::{self, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::Stream;

use super::error::DecompressErrorKind;
use super::reader::Compression;
use super::source::Source;

/// The memory that a file may demand for its dictionary, in bytes. `xz -9` and `zstd -19` need a
/// quarter of it; `zstd --long=31` and its like are refused.
const MAX_DICTIONARY: u64 = 256 << 20;

/// The same for zstd, as a power of two: 128 MiB, its own default.
const MAX_WINDOW_LOG: u32 = 27;

/// One decoder at work.
pub(super) enum Codec<R: Read> {
    Gzip(GzDecoder<Source<R>>),
    Zstd(zstd::stream::read::Decoder<'static, Source<R>>),
    Xz(XzDecoder<Source<R>>),
    Bzip2(BzDecoder<Source<R>>),
}

impl<R: Read> Codec<R> {
    pub(super) fn new(
        compression: Compression,
        source: Source<R>,
    ) -> Result<Codec<R>, DecompressErrorKind> {
        let corrupt = |error: &dyn fmt::Display| DecompressErrorKind::Corrupt(error.to_string());
        Ok(match compression {
            Compression::Gzip => Codec::Gzip(GzDecoder::new(source)),
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(source)
                    .map_err(|error| corrupt(&error))?
                    .single_frame();
                decoder.window_log_max(MAX_WINDOW_LOG).map_err(|error| corrupt(&error))?;
                Codec::Zstd(decoder)
            }
            Compression::Xz => {
                let stream = Stream::new_stream_decoder(MAX_DICTIONARY, 0);
                Codec::Xz(XzDecoder::new_stream(source, stream.map_err(|error| corrupt(&error))?))
            }
            Compression::Bzip2 => Codec::Bzip2(BzDecoder::new(source)),
        })
    }

    pub(super) fn source(&self) -> &Source<R> {
        match self {
            Codec::Gzip(decoder) => decoder.get_ref(),
            Codec::Zstd(decoder) => decoder.get_ref(),
            Codec::Xz(decoder) => decoder.get_ref(),
            Codec::Bzip2(decoder) => decoder.get_ref(),
        }
    }

    pub(super) fn into_source(self) -> Source<R> {
        match self {
            Codec::Gzip(decoder) => decoder.into_inner(),
            Codec::Zstd(decoder) => decoder.finish(),
            Codec::Xz(decoder) => decoder.into_inner(),
            Codec::Bzip2(decoder) => decoder.into_inner(),
        }
    }
}

impl<R: Read> Read for Codec<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Codec::Gzip(decoder) => decoder.read(out),
            Codec::Zstd(decoder) => decoder.read(out),
            Codec::Xz(decoder) => decoder.read(out),
            Codec::Bzip2(decoder) => decoder.read(out),
        }
    }
}
