//! The whole path over real logs. Needs the directory of shared data, named by `RECHECK_DATA`.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Cleaner, Decompressor, Limits, LogFormat, Profile, Splitter, is_clean};

fn data() -> Option<PathBuf> {
    let data = std::env::var_os("RECHECK_DATA").map(PathBuf::from);
    if data.is_none() {
        eprintln!("skipped: RECHECK_DATA does not name the directory of shared data");
    }
    data
}

fn decoded(path: &Path) -> Vec<u8> {
    let mut raw = Vec::new();
    Decompressor::new(File::open(path).unwrap(), Limits::default()).read_to_end(&mut raw).unwrap();
    raw
}

/// Feeds pieces of this size.
fn cleaned(raw: &[u8], size: usize) -> Vec<u8> {
    let (mut cleaner, mut text) = (Cleaner::new(), Vec::new());
    for piece in raw.chunks(size) {
        cleaner.feed(piece, &mut text);
    }
    cleaner.finish(&mut text);
    text
}

/// The files below a directory with this ending.
fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut pending) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty());
    found.sort();
    found
}

/// Reads a log's every event in every way; returns the number of events of several lines.
fn check(path: &Path, expected: &[LogFormat]) -> usize {
    let raw = decoded(path);
    let text = cleaned(&raw, 1 << 20);
    assert!(text == cleaned(&raw, 977), "{}", path.display());
    assert!(is_clean(&text));
    let feeds = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count();
    assert_eq!(feeds(&raw), feeds(&text));
    let splitter = Splitter::detect(&text[..text.len().min(64 * 1024)], Profile::Records);
    assert!(expected.contains(&splitter.format()), "{}: {splitter:?}", path.display());
    let mut cursor = splitter.cursor(&text);
    let (mut end, mut count, mut folded, mut anchor) = (0, 0, 0, 0);
    while let Some(event) = cursor.next_event() {
        assert_eq!(event.start, end);
        let middle = event.start + event.len() / 2;
        if count % 97 == 0 {
            // A block may begin at any event.
            let found = splitter.cursor(&text[anchor..]).event_at(middle - anchor);
            assert_eq!(found.start + anchor..found.end + anchor, event);
            anchor = if count % (97 * 20) == 0 { event.start } else { anchor };
        }
        let record = splitter.read_record(&text[event.clone()]);
        assert!(!record.message.ends_with('\n') || record.lines > 1);
        folded += usize::from(record.lines > 1);
        (end, count) = (event.end, count + 1);
    }
    assert_eq!(end, text.len());
    assert_eq!(splitter.count_events(&text), count);
    let lines = Splitter::new(splitter.format(), Profile::Lines);
    let open = u64::from(!text.is_empty() && !text.ends_with(b"\n"));
    assert_eq!(lines.count_events(&text), feeds(&text) as u64 + open);
    folded
}

#[test]
fn real_logs_are_read() {
    let Some(data) = data() else { return };
    let mut folded = 0;
    for path in files(&data.join("logs"), ".gz") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // The older ones are mozharness' own, which a few begin with at once.
        let expected = match name.starts_with("mozilla-") {
            true => &[LogFormat::Plain, LogFormat::Jenkins][..],
            false => &[LogFormat::Taskcluster],
        };
        folded += check(&path, expected);
    }
    assert!(folded >= 6, "the tracebacks in them are folded: {folded}");
}

#[test]
fn real_consoles_are_read() {
    let Some(data) = data() else { return };
    for path in files(&data.join("zuul"), "job-output.txt") {
        check(&path, &[LogFormat::ZuulConsole]);
    }
}
