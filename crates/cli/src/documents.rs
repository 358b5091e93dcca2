//! Files with one JSON object a line, read in batches, so that memory does not grow with the file.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use recheck_core::{
    Document,
    log::{Limits, LogReader},
};

/// Bytes of documents in a batch: enough for all threads.
const BATCH: usize = 4 * 1024 * 1024;
/// A line with more bytes than this is no document.
const MAX_LINE: u64 = 64 * 1024 * 1024;
/// Bytes read at once.
const BUFFER: usize = 256 * 1024;

/// A line that is not blank, without its end; or why it can't be read.
pub(crate) struct InputLine {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) text: Result<Vec<u8>, String>,
}

/// The lines of a file.
pub(crate) struct Lines {
    reader: Box<dyn BufRead>,
    number: u64,
    /// An error that was met behind lines: given when they are done.
    error: Option<io::Error>,
}

impl Lines {
    /// Opens a file, or standard input for `-`. Compression is recognised by the content.
    ///
    /// # Errors
    ///
    /// When the file can't be read.
    pub(crate) fn open(path: &Path) -> io::Result<Lines> {
        let input: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin())
        } else {
            let file = File::open(path)?;
            if file.metadata()?.is_dir() {
                return Err(io::Error::from(io::ErrorKind::IsADirectory));
            }
            Box::new(file)
        };
        // However large it is: it is read piece by piece.
        let limits = Limits { max_output: u64::MAX, max_ratio: u64::MAX };
        let text = LogReader::new(input, limits);
        Ok(Lines {
            reader: Box::new(BufReader::with_capacity(BUFFER, text)),
            number: 0,
            error: None,
        })
    }

    /// The next lines, some megabytes of them; none at the end.
    ///
    /// # Errors
    ///
    /// When the file can't be read.
    pub(crate) fn batch(&mut self) -> io::Result<Vec<InputLine>> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        while bytes < BATCH {
            let (read, text) = match self.line() {
                Ok((0, _)) => break,
                Ok(line) => line,
                Err(error) if batch.is_empty() => return Err(error),
                Err(error) => {
                    self.error = Some(error);
                    break;
                }
            };
            self.number += 1;
            bytes += read;
            if text.as_ref().map_or(true, |text| !text.is_empty()) {
                batch.push(InputLine { number: self.number, text });
            }
        }
        Ok(batch)
    }

    /// The next line and how many bytes were read for it; none at the end.
    fn line(&mut self) -> io::Result<(usize, Result<Vec<u8>, String>)> {
        let mut text = Vec::new();
        let read = (&mut *self.reader).take(MAX_LINE).read_until(b'\n', &mut text)?;
        if text.last() != Some(&b'\n') && read as u64 == MAX_LINE {
            self.reader.skip_until(b'\n')?;
            let told = format!(" the line is longer than {MAX_LINE} bytes and was left out");
            return Ok((read, Err(told)));
        }
        text.truncate(text.trim_ascii_end().len());
        Ok((read, Ok(text)))
    }
}

impl InputLine {
    /// The line as text, or why it is none, with the column where that has one.
    pub(crate) fn text(&self) -> Result<&str, String> {
        let text = self.text.as_ref().map_err(Clone::clone)?;
        std::str::from_utf8(text)
            .map_err(|error| format!("{}: this is not UTF-8", error.valid_up_to() + 1))
    }

    /// The line as a document, or why it is none.
    pub(crate) fn document(&self) -> Result<Document, String> {
        Document::from_json_line(self.text()?).map_err(|error| match error.column {
            Some(column) => format!("{column}: {error}"),
            None => format!(" {error}"),
        })
    }
}
