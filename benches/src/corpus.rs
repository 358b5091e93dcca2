//! The logs that are searched: real ones, put together to any size.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use libdeflater::{CompressionLvl, Compressor};

use crate::{Result, rng::Rng};

/// Pieces of logs are about as long as a format or a phase of a job lasts in them.
const PIECE: usize = 256 * 1024;

/// The logs cut at line ends into pieces of about a quarter of a MiB.
pub fn pieces(logs: &[Vec<u8>]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    for log in logs {
        let mut rest = log.as_slice();
        while !rest.is_empty() {
            let from = PIECE.min(rest.len() - 1);
            let end = memchr(b'\n', &rest[from..]).map_or(rest.len(), |at| from + at + 1);
            let (piece, after) = rest.split_at(end);
            pieces.push(piece);
            rest = after;
        }
    }
    pieces
}

fn memchr(byte: u8, bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&candidate| candidate == byte)
}

/// Calls `each` with pieces of real logs, shuffled anew at every round, until it returns false.
pub fn shuffled(
    logs: &[Vec<u8>],
    seed: u64,
    mut each: impl FnMut(&[u8]) -> Result<bool>,
) -> Result<()> {
    let mut pieces = pieces(logs);
    let mut rng = Rng::new(seed);
    loop {
        rng.shuffle(&mut pieces);
        for piece in &pieces {
            if !each(piece)? {
                return Ok(());
            }
        }
    }
}

/// What happens to a line: it, or something else, is appended to the second.
pub type EachLine<'a> = &'a mut dyn FnMut(&[u8], &mut Vec<u8>);

/// Writes a log of about `size` bytes, in which every line has passed through `each_line`.
pub fn write_log(
    path: &Path,
    logs: &[Vec<u8>],
    (seed, size): (u64, u64),
    mut each_line: Option<EachLine<'_>>,
) -> Result<()> {
    fs::create_dir_all(path.parent().ok_or("a log lies in a directory")?)?;
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let (mut written, mut changed) = (0, Vec::new());
    shuffled(logs, seed, |piece| {
        let piece = if let Some(each_line) = &mut each_line {
            changed.clear();
            piece.split_inclusive(|&byte| byte == b'\n').for_each(|l| each_line(l, &mut changed));
            &changed
        } else {
            piece
        };
        file.write_all(piece)?;
        written += piece.len() as u64;
        Ok(written < size)
    })?;
    Ok(file.flush()?)
}

/// Writes about `size` bytes of logs as gzip files of 16 MiB each, one a directory, as runs leave
/// them.
pub fn write_gzip(dir: &Path, logs: &[Vec<u8>], (seed, size): (u64, u64)) -> Result<()> {
    const FILE: usize = 16 * 1024 * 1024;
    let mut compressor = Compressor::new(CompressionLvl::new(6).map_err(|_| "no level 6")?);
    let (mut written, mut log) = (0, Vec::with_capacity(FILE + PIECE * 2));
    let mut number = 0;
    shuffled(logs, seed, |piece| {
        log.extend_from_slice(piece);
        if log.len() < FILE && written + (log.len() as u64) < size {
            return Ok(true);
        }
        let mut packed = vec![0; compressor.gzip_compress_bound(log.len())];
        let length = compressor.gzip_compress(&log, &mut packed)?;
        let path = dir.join(format!("{number:03}"));
        fs::create_dir_all(&path)?;
        fs::write(path.join("console.html.gz"), &packed[..length])?;
        number += 1;
        written += log.len() as u64;
        log.clear();
        Ok(written < size)
    })
}

/// Puts a phrase at the end of every second line.
pub fn phrase_on_every_second_line(
    phrases: &[String],
    seed: u64,
) -> impl FnMut(&[u8], &mut Vec<u8>) + '_ {
    let (mut rng, mut number) = (Rng::new(seed), 0_u64);
    move |line, out| {
        number += 1;
        let Some(text) = line.strip_suffix(b"\n").filter(|_| number % 2 == 0) else {
            out.extend_from_slice(line);
            return;
        };
        // Behind a carriage return it would take the line back, as a progress bar does.
        let (text, end) = match text.strip_suffix(b"\r") {
            Some(text) => (text, &b"\r\n"[..]),
            None => (text, &b"\n"[..]),
        };
        out.extend_from_slice(text);
        out.push(b' ');
        out.extend_from_slice(rng.pick(phrases).as_bytes());
        out.extend_from_slice(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_stands_at_the_end_of_a_line_however_it_ends() {
        let phrases = ["disk full".to_owned()];
        let mut add = phrase_on_every_second_line(&phrases, 1);
        let mut out = Vec::new();
        for line in [&b"one\n"[..], b"two\n", b"three\r\n", b"four\r\n"] {
            add(line, &mut out);
        }
        assert_eq!(out, b"one\ntwo disk full\nthree\r\nfour disk full\r\n");
    }

    #[test]
    fn pieces_are_whole_lines_and_lose_nothing() {
        let line = b"a line of a log that goes on for a while\n";
        let logs = [line.repeat(20_000), b"no end".to_vec()];
        let pieces = pieces(&logs);
        assert!(pieces.len() > 3);
        assert_eq!(pieces.concat(), logs.concat());
        assert!(pieces[..pieces.len() - 1].iter().all(|piece| piece.ends_with(b"\n")));
    }
}
