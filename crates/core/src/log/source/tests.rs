use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

use super::*;
use crate::log::Limits;

fn write(root: &Path, name: &str, content: &[u8]) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn list(path: &Path) -> Listing {
    open_target(&Target::Path(path.to_owned())).unwrap()
}

fn names(listing: &Listing) -> Vec<&str> {
    listing.logs.iter().map(|log| log.name.as_str()).collect()
}

fn read(log: &LogSource) -> String {
    let mut text = String::new();
    log.open(Limits::default()).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn arguments_are_targets() {
    assert_eq!(Target::parse("-"), Target::Stdin);
    assert_eq!(Target::parse("a"), Target::Path("a".into()));
    assert_eq!(names(&open_target(&Target::Stdin).unwrap()), ["stdin"]);
}

#[test]
fn a_file_is_one_log() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "a.log.gz", b"text, whatever its name");
    let listing = list(&root.path().join("a.log.gz"));
    assert_eq!(names(&listing), ["a.log"]);
    assert_eq!(read(&listing.logs[0]), "text, whatever its name");
    assert_eq!(listing.logs[0].size, 23);
}

#[test]
fn a_directory_is_read_to_its_depth() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "job-output.txt", b"1");
    write(root.path(), "logs/b/c.txt", b"2");
    write(root.path(), "logs/a.txt.gz", b"3");
    let listing = list(root.path());
    assert_eq!(names(&listing), ["job-output.txt", "logs/a.txt", "logs/b/c.txt"]);
    assert_eq!(listing.logs.iter().map(read).collect::<String>(), "132");
    assert!(listing.errors.is_empty() && listing.notes.is_empty());
}

#[test]
fn what_is_not_there_is_told() {
    let error = open_target(&Target::Path("/no/such/place".into())).unwrap_err();
    assert_eq!(error.to_string(), "/no/such/place: no such file or directory; check the path");
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_circles_are_not() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    write(other.path(), "x.log", b"x");
    write(root.path(), "a/a.log", b"a");
    symlink("a.log", root.path().join("a/link.log")).unwrap();
    symlink("..", root.path().join("a/up")).unwrap();
    symlink("../a", root.path().join("a/self")).unwrap();
    symlink("a", root.path().join("twice")).unwrap();
    symlink(other.path(), root.path().join("other")).unwrap();
    symlink("nowhere", root.path().join("dead")).unwrap();
    symlink("round", root.path().join("round")).unwrap();
    let listing = list(root.path());
    assert_eq!(names(&listing), ["a/a.log", "a/link.log", "other/x.log"]);
    let notes: Vec<_> =
        listing.notes.iter().map(|note| (note.name.as_str(), note.kind.clone())).collect();
    assert_eq!(
        notes,
        [
            ("a/self", SourceNoteKind::Loop),
            ("a/up", SourceNoteKind::Loop),
            ("twice", SourceNoteKind::ReadAlready),
        ]
    );
    let errors: Vec<_> = listing.errors.iter().map(|error| error.name.as_str()).collect();
    assert_eq!(errors, ["dead", "round"]);
    assert!(matches!(listing.errors[0].kind, SourceErrorKind::DeadLink));
}

#[test]
fn text_is_told_from_what_is_none() {
    for text in [&b""[..], b"a\n", "äöü\u{1f600}".as_bytes(), b"\x1b[31mred\r\n", b"\xff\xfea\0b\0"]
    {
        assert_eq!(Content::detect(text), Content::Text, "{text:?}");
    }
    let with_zeros = [b"x".repeat(100), vec![0; 4]].concat();
    assert_eq!(Content::detect(&with_zeros), Content::Text);
    let latin: Vec<u8> = b"Stra\xdfe ".repeat(20);
    assert_eq!(Content::detect(&latin), Content::Text);
    let zeros = [b"x".repeat(10), vec![0; 10]].concat();
    let noise: Vec<u8> =
        (0..4000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for binary in [&b"\x7fELF\x02"[..], b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", &zeros, &noise] {
        assert_eq!(Content::detect(binary), Content::Binary);
    }
}

/// A tar archive of entries given by name, type and content.
fn tar(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for &(name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// What a walk shows: names with texts, notes, and how it ended.
type Walked = (Vec<(String, String)>, Vec<SourceNote>, Result<(), SourceError>);

fn walked(archive: &[u8]) -> Walked {
    let (mut logs, mut notes) = (Vec::new(), Vec::new());
    let end = walk_archive("x.tar", archive, Limits::default(), &mut |item| {
        match item {
            ArchiveItem::Note(note) => notes.push(note),
            ArchiveItem::Log(entry) => {
                let mut text = String::new();
                match entry.reader.read_to_string(&mut text) {
                    Ok(_) => logs.push((entry.name, text)),
                    Err(error) => logs.push((entry.name, format!("{text}! {error}"))),
                }
            }
        }
        ControlFlow::Continue(())
    });
    (logs, notes, end)
}

use tar::EntryType::{Directory, Link, Regular, Symlink};

#[test]
fn an_archive_is_read_in_order() {
    let archive = tar(&[
        ("b/", Directory, b""),
        ("b/2.log.gz", Regular, b"two"),
        ("a/1.log", Regular, b"one"),
    ]);
    assert_eq!(Content::detect(&archive), Content::Archive);
    let (logs, notes, end) = walked(&archive);
    assert_eq!(logs, [("b/2.log".into(), "two".into()), ("a/1.log".into(), "one".into())]);
    assert!(notes.is_empty());
    end.unwrap();
}

#[test]
fn hostile_names_are_labels() {
    let archive = tar(&[
        ("../../etc/passwd", Regular, b"1"),
        ("/abs.log", Regular, b"2"),
        ("..", Regular, b"3"),
        ("link", Symlink, b""),
        ("hard", Link, b""),
    ]);
    let (logs, notes, end) = walked(&archive);
    let names: Vec<_> = logs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["etc/passwd", "abs.log", "unnamed"]);
    let told: Vec<_> = notes.iter().map(|note| note.name.as_str()).collect();
    assert_eq!(told, ["etc/passwd", "abs.log", "unnamed", "link", "hard"]);
    assert_eq!(notes[0].kind, SourceNoteKind::Renamed { from: "../../etc/passwd".to_owned() });
    assert_eq!(notes[3].kind, SourceNoteKind::LinkInArchive);
    end.unwrap();
}

#[test]
fn long_names_are_read() {
    let name = format!("{}/x.log", "deep/".repeat(60));
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(1);
    builder.append_data(&mut header, &name, &b"x"[..]).unwrap();
    let (logs, _, end) = walked(&builder.into_inner().unwrap());
    assert_eq!(logs[0].0.len(), 60 * 5 + 5);
    end.unwrap();
}

#[test]
fn a_cut_archive_is_told() {
    let archive = tar(&[("a", Regular, &[b'a'; 2000]), ("b", Regular, &[b'b'; 2000])]);
    for cut in [512 + 100, 512 + 2048 + 512 + 700, 512 + 2048 + 100] {
        let (logs, _, end) = walked(&archive[..cut]);
        assert!(!logs.is_empty());
        let error = end.unwrap_err();
        assert!(matches!(error.kind, SourceErrorKind::Archive(_)), "{error}");
    }
}

#[test]
fn headers_are_bounded() {
    let archive = tar(&[("././@LongLink", tar::EntryType::GNULongName, &vec![b'x'; 3 << 20])]);
    let (_, _, end) = walked(&archive);
    assert!(end.unwrap_err().to_string().contains("larger than 1 MiB"));
}

#[test]
fn a_reader_may_stop_early() {
    let archive = tar(&[("a", Regular, &[b'a'; 2000]), ("b", Regular, b"b")]);
    let mut seen = Vec::new();
    walk_archive("x", &archive[..], Limits::default(), &mut |item| {
        if let ArchiveItem::Log(entry) = item {
            seen.push(entry.name);
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(seen, ["a", "b"]);
    let mut count = 0;
    walk_archive("x", &archive[..], Limits::default(), &mut |_| {
        count += 1;
        ControlFlow::Break(())
    })
    .unwrap();
    assert_eq!(count, 1);
}

#[cfg(feature = "decompress")]
#[test]
fn a_broken_log_in_an_archive_does_not_break_it() {
    let truncated = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b";
    let archive = tar(&[("a.gz", Regular, truncated), ("b", Regular, b"b")]);
    let (logs, _, end) = walked(&archive);
    assert!(logs[0].1.contains("ends too early"), "{logs:?}");
    assert_eq!(logs[1], ("b".into(), "b".into()));
    end.unwrap();
}

#[cfg(feature = "decompress")]
#[test]
fn an_error_comes_behind_the_bytes_before_it() {
    let text = b"some text to pack\n".repeat(10);
    let mut packed = Vec::new();
    std::io::copy(
        &mut flate2::read::GzEncoder::new(&text[..], flate2::Compression::none()),
        &mut packed,
    )
    .unwrap();
    packed.truncate(60);
    let mut reader = LogReader::new(&packed[..], Limits::default());
    assert_eq!(reader.content(), Content::Text);
    let mut read = Vec::new();
    let error = reader.read_to_end(&mut read).unwrap_err();
    assert!(!read.is_empty() && text.starts_with(&read));
    let SourceErrorKind::Decompress(error) = SourceErrorKind::from(error) else {
        panic!("an error of the data")
    };
    assert!(matches!(error.kind, crate::log::DecompressErrorKind::Truncated));
}
