//! Zip archives: the logs of a GitHub run as a browser gets them.
//!
//! What a zip holds stands at its end, so it can't be read while it comes: it goes into a file of no
//! name, which is gone with the program, whatever its end.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use ::zip::{ZipArchive, read::ZipFile, result::ZipError};
use recheck_core::{log::Limits, render::bytes};

/// What a zip archive begins with.
const MAGIC: &[u8] = b"PK\x03\x04";

/// The largest archive that is read.
const MAX_SIZE: u64 = 256 << 20;

/// Text that no archive is too small for.
const MIN_TEXT: u64 = 1 << 30;

/// The end of an archive: a record of 22 bytes and a comment of at most 64 KiB.
const MAX_END: u64 = 22 + 0xffff;

/// A zip archive, and how much text may come out of it.
pub(crate) struct Zip {
    archive: ZipArchive<File>,
    names: Vec<String>,
    /// Entries that repeat what another one has.
    repeated: HashSet<usize>,
    left: u64,
}

/// An entry that says how much may still come.
pub(crate) struct Entry<'a> {
    pub(crate) name: String,
    file: ZipFile<'a, File>,
    left: &'a mut u64,
}

impl Zip {
    /// Whether a file is one, by its beginning.
    pub(crate) fn is_start(start: &[u8]) -> bool {
        start.starts_with(MAGIC)
    }

    /// Reads an archive to its end.
    ///
    /// # Errors
    ///
    /// In words: when it breaks off, is too large, or is no archive after all.
    pub(crate) fn spool(input: &mut dyn Read, limits: Limits) -> Result<Zip, String> {
        let mut file =
            tempfile::tempfile().map_err(|error| format!("no temporary file: {error}"))?;
        let size = io::copy(&mut input.take(MAX_SIZE + 1), &mut file)
            .map_err(|error| format!("cannot be kept to be unpacked: {error}"))?;
        if size > MAX_SIZE {
            let most = bytes(MAX_SIZE);
            return Err(format!(
                "a zip archive of more than {most}; unpack it and give the directory"
            ));
        }
        if is_large_form(&mut file).map_err(|error| error.to_string())? {
            let reason = "a zip archive in the form for more than 65,534 entries; unpack it and give \
                          the directory";
            return Err(reason.to_owned());
        }
        let archive = ZipArchive::new(file).map_err(|error| in_words(&error))?;
        let name = |index| Some(archive.name_for_index(index)?.ok()?.into_owned());
        let names: Vec<_> = (0..archive.len()).map(|at| name(at).unwrap_or_default()).collect();
        let repeated = repeated(&names);
        let by_ratio = size.saturating_mul(limits.max_ratio).max(MIN_TEXT);
        Ok(Zip { archive, names, repeated, left: limits.max_output.min(by_ratio) })
    }

    pub(crate) fn len(&self) -> usize {
        self.archive.len()
    }

    /// How many entries were left out as they repeat others.
    pub(crate) fn repeated(&self) -> usize {
        self.repeated.len()
    }

    /// An entry, unless it is a directory or repeats others.
    ///
    /// # Errors
    ///
    /// Its name, and in words what is wrong with it.
    pub(crate) fn entry(&mut self, index: usize) -> Result<Option<Entry<'_>>, (String, String)> {
        if self.repeated.contains(&index) {
            return Ok(None);
        }
        let name = self.names[index].clone();
        let left = &mut self.left;
        let file =
            self.archive.by_index(index).map_err(|error| (name.clone(), in_words(&error)))?;
        if file.is_dir() {
            return Ok(None);
        }
        match file.enclosed_name().and_then(|path| Some(path.to_str()?.replace('\\', "/"))) {
            Some(name) => Ok(Some(Entry { name, file, left })),
            None => Err((name, "its name leads out of the archive; left out".to_owned())),
        }
    }
}

impl Read for Entry<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(out)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => *self.left = left,
            None => {
                let reason =
                    "the archive has too much text for its size; allow more with --max-output";
                return Err(io::Error::other(reason));
            }
        }
        Ok(read)
    }
}

/// Whether the archive is of the 64-bit form. Its count of entries is not bounded by 16 bits, and
/// the list of them is read into memory.
fn is_large_form(file: &mut File) -> io::Result<bool> {
    let size = file.seek(SeekFrom::End(0))?;
    let start = size.saturating_sub(MAX_END + 20);
    file.seek(SeekFrom::Start(start))?;
    let mut end = Vec::new();
    file.take(MAX_END + 20).read_to_end(&mut end)?;
    Ok(memchr::memmem::find(&end, b"PK\x06\x07").is_some())
}

/// The entries of steps whose job has an entry of its own: GitHub's archive has a job's log as
/// `0_JOB.txt` and its parts again as `JOB/1_STEP.txt`.
fn repeated(names: &[String]) -> HashSet<usize> {
    let job = |name: &String| Some(numbered(name)?.strip_suffix(".txt")?.to_owned());
    let jobs: HashSet<String> = names.iter().filter_map(job).collect();
    let repeats = |name: &String| {
        let parts = name.split_once('/');
        parts.is_some_and(|(job, step)| jobs.contains(job) && numbered(step).is_some())
    };
    (0..names.len()).filter(|index| repeats(&names[*index])).collect()
}

/// What stands behind the number of a job or a step, in a name without a directory.
fn numbered(name: &str) -> Option<&str> {
    let (number, rest) = name.split_once('_')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !rest.contains('/')).then_some(rest)
}

fn in_words(error: &ZipError) -> String {
    match error {
        ZipError::Io(error) => format!("a zip archive that can't be read: {error}"),
        other => {
            format!("a zip archive that can't be read: {other}; unpack it and give the directory")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use ::zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn pack(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(text).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// An entry's name and text, or what is wrong with it.
    type Unpacked = Result<(String, String), String>;

    /// What comes out.
    fn unpack(bytes: &[u8], limits: Limits) -> Result<Vec<Unpacked>, String> {
        let mut zip = Zip::spool(&mut &*bytes, limits)?;
        let mut found = Vec::new();
        for index in 0..zip.len() {
            found.push(match zip.entry(index) {
                Ok(None) => continue,
                Ok(Some(mut entry)) => {
                    let mut text = String::new();
                    let read = entry.read_to_string(&mut text).map_err(|error| error.to_string());
                    read.map(|_| (entry.name, text))
                }
                Err((name, reason)) => Err(format!("{name}: {reason}")),
            });
        }
        Ok(found)
    }

    #[test]
    fn each_line_of_a_job_is_read_once() {
        let archive = pack(&[
            ("0_build (linux).txt", b"one\ntwo\n"),
            ("build (linux)/1_Set up job.txt", b"one\n"),
            ("build (linux)/2_Run _ tests.txt", b"two\n"),
            ("build (linux)/system.txt", b"runner\n"),
            ("other/1_Set up job.txt", b"three\n"),
        ]);
        let found = unpack(&archive, Limits::default()).unwrap();
        let names: Vec<_> = found.iter().map(|entry| &*entry.as_ref().unwrap().0).collect();
        let kept = ["0_build (linux).txt", "build (linux)/system.txt", "other/1_Set up job.txt"];
        assert_eq!(names, kept);
        assert_eq!(found[0].as_ref().unwrap().1, "one\ntwo\n");
    }

    #[test]
    fn names_do_not_lead_out() {
        let found =
            unpack(&pack(&[("../x", b"a"), ("a/../../x", b"b")]), Limits::default()).unwrap();
        assert!(
            found.iter().all(|entry| entry.as_ref().unwrap_err().contains("leads out")),
            "{found:?}"
        );
    }

    #[test]
    fn text_without_end_is_cut() {
        let limits = Limits { max_output: 1000, ..Limits::default() };
        let found = unpack(&pack(&[("a", &[b'x'; 900]), ("b", &[b'x'; 200])]), limits).unwrap();
        assert!(found[0].is_ok());
        assert!(found[1].as_ref().unwrap_err().contains("--max-output"), "{found:?}");
    }

    #[test]
    fn what_is_broken_is_told() {
        let archive = pack(&[("a", b"some text that is long enough to be cut")]);
        let cut = unpack(&archive[..archive.len() / 2], Limits::default()).unwrap_err();
        assert!(cut.starts_with("a zip archive that can't be read"), "{cut}");
        let mut wrong = archive.clone();
        let place = memchr::memmem::find(&wrong, b"a").unwrap() + 4;
        wrong[place] ^= 0xff;
        assert!(unpack(&wrong, Limits::default()).is_ok_and(|found| found[0].is_err()));
        let mut large = archive;
        large.extend_from_slice(b"PK\x06\x07");
        assert!(unpack(&large, Limits::default()).unwrap_err().contains("65,534"));
    }
}
