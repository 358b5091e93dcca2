//! Gzip files unpacked at one go, by libdeflate.
//!
//! libdeflate needs all of the input and room for all of the output, and is about twice as fast as
//! a stream for it. It is only ever asked for the good case: whatever it does not unpack cleanly is
//! streamed from its start, so that what a damaged file gives, and what is said of it, comes from
//! one place. The one difference that is left: libdeflate takes some Huffman codes that zlib
//! refuses (a code of one word whose second bit pattern is used, symbols without a meaning). No
//! packer writes them, and the text's checksum and length must hold there too.

use memchr::memmem;

use super::gzip::read_header;
use super::reader::Compression;

/// A larger file is streamed; in bytes.
pub(super) const MAX_PACKED: usize = 4 << 20;

/// Longer text is streamed; in bytes. Both bounds together are the memory that a file takes: most
/// logs of CI are far below.
const MAX_TEXT: usize = 24 << 20;

/// Files of more members are streamed: the search for each one's end goes through all that follow.
const MAX_MEMBERS: usize = 16;

/// A member's header is no shorter, in bytes.
const HEADER: usize = 10;

/// Memory for one file at a time.
#[derive(Default)]
pub(super) struct Whole {
    decompressor: Option<libdeflater::Decompressor>,
    /// As long as the longest text may be, once there was one. Pages that no text reached are not
    /// in memory.
    text: Vec<u8>,
    /// Of it, the file's.
    length: usize,
    has_junk: bool,
    /// For the compressed bytes; empty while a reader has it.
    pub(super) packed: Vec<u8>,
}

impl Whole {
    /// Unpacks all members of a file. `None` is no error: the stream shall try.
    pub(super) fn unpack(&mut self, packed: &[u8], max_output: u64) -> Option<()> {
        let room = usize::try_from(max_output).unwrap_or(usize::MAX).min(MAX_TEXT);
        // A file whose last bytes lie only wastes the attempt.
        let told = u32::from_le_bytes(*packed.last_chunk()?);
        if told as usize > room {
            return None;
        }
        if self.text.is_empty() {
            self.text = vec![0; MAX_TEXT];
        }
        let decompressor = self.decompressor.get_or_insert_default();
        let (mut rest, mut length) = (packed, 0);
        for _ in 0..MAX_MEMBERS {
            // libdeflate skips the header, its checksum and all.
            read_header(&mut &*rest).ok()?;
            let out = &mut self.text[length..room];
            let written = decompressor.gzip_decompress(rest, out).ok()?;
            length += written;
            rest = without_padding(&rest[member_end(rest, written)?..]);
            if rest.is_empty() || Compression::detect(rest) != Some(Compression::Gzip) {
                (self.length, self.has_junk) = (length, !rest.is_empty());
                return Some(());
            }
        }
        None
    }

    /// The text of the file that was unpacked last.
    pub(super) fn text(&self) -> &[u8] {
        &self.text[..self.length]
    }

    /// Whether something that is no compressed data stands behind its members.
    pub(super) fn has_junk(&self) -> bool {
        self.has_junk
    }
}

/// Where a member with so much text ends, which libdeflate's binding does not tell. The last four
/// bytes of a member are its text's length: where these stand only once, they are its end.
fn member_end(packed: &[u8], length: usize) -> Option<usize> {
    let trailer = u32::try_from(length).ok()?.to_le_bytes();
    let place = HEADER + memmem::find(&packed[HEADER..], &trailer)?;
    let again = memmem::find(&packed[place + 1..], &trailer);
    again.is_none().then_some(place + trailer.len())
}

/// Tapes pad with zeros.
fn without_padding(rest: &[u8]) -> &[u8] {
    let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
    &rest[zeros..]
}
