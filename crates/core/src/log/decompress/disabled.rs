//! No decoders: this build has none.

use std::io::{self, Read};

use super::error::DecompressErrorKind;
use super::reader::Compression;
use super::source::Source;

/// Never made.
pub(super) struct Codec<R: Read> {
    source: Source<R>,
}

impl<R: Read> Codec<R> {
    pub(super) fn new(
        _compression: Compression,
        _source: Source<R>,
    ) -> Result<Codec<R>, DecompressErrorKind> {
        Err(DecompressErrorKind::Unsupported)
    }

    pub(super) fn source(&self) -> &Source<R> {
        &self.source
    }

    pub(super) fn into_source(self) -> Source<R> {
        self.source
    }
}

impl<R: Read> Read for Codec<R> {
    fn read(&mut self, _out: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}
