//! Logs that are wrong: each is told with file and cure, the others are still classified.

use crate::document::{self, Run};
use crate::util::{Dir, gzip, tar};

const FULL: &str = "cp: x: No space left on device\n";

fn run(dir: &Dir, args: &[&str]) -> (i32, Run) {
    let mut all = vec!["classify", "--format", "json"];
    all.extend(args);
    let outcome = dir.recheck(&all);
    (outcome.code, document::read(&outcome.out).runs.remove(0))
}

#[test]
fn a_missing_path_leaves_the_others() {
    let dir = Dir::with_disk();
    dir.write("x.log", FULL);
    let outcome = dir.recheck(&["classify", "missing.log", "x.log"]);
    assert_eq!(outcome.code, 2);
    insta::assert_snapshot!("missing_path", outcome.out);
}

#[test]
fn an_empty_directory() {
    let dir = Dir::with_disk();
    std::fs::create_dir(dir.path("empty")).unwrap();
    let (code, run) = run(&dir, &["empty"]);
    assert_eq!((code, run.verdict.as_str()), (2, "incomplete"), "{run:?}");
    assert!(run.errors[0].file.contains("empty"), "{run:?}");
}

#[test]
fn a_cut_log_is_incomplete_unless_its_rest_explains() {
    let dir = Dir::with_disk();
    let noise: String = (0..20_000).map(|number| format!("{number} fine\n")).collect();
    let whole = gzip(format!("{noise}end\n").as_bytes());
    dir.write("cut.gz", &whole[..whole.len() / 2]);
    let (code, cut) = run(&dir, &["cut.gz"]);
    assert_eq!((code, cut.verdict.as_str()), (2, "incomplete"));
    assert!(cut.errors[0].file.contains("cut"), "{cut:?}");
    let whole = gzip(format!("{FULL}{noise}").as_bytes());
    dir.write("cut.gz", &whole[..whole.len() / 2]);
    let (code, cut) = run(&dir, &["cut.gz"]);
    assert_eq!((code, cut.verdict.as_str()), (0, "known"));
    assert_eq!(cut.errors.len(), 1);
}

#[test]
fn gzip_with_junk_behind_and_gzip_twice() {
    let dir = Dir::with_disk();
    let mut junk = gzip(FULL.as_bytes());
    junk.extend_from_slice(b"\x00\x01junk");
    dir.write("junk.gz", &junk);
    let (code, run1) = run(&dir, &["junk.gz"]);
    assert_eq!((code, run1.verdict.as_str()), (0, "known"));
    assert!(!(run1.errors.is_empty() && run1.notes.is_empty()), "the junk is told");
    let mut twice = gzip(b"fine\n");
    twice.extend(gzip(FULL.as_bytes()));
    dir.write("twice.gz", &twice);
    let (code, run2) = run(&dir, &["twice.gz"]);
    assert_eq!((code, run2.bugs[0].evidence[0].line), (0, 2));
    assert!(run2.errors.is_empty() && run2.notes.is_empty(), "{run2:?}");
}

#[test]
fn what_is_told_does_not_depend_on_the_number_of_threads() {
    let dir = Dir::with_disk();
    let noise: String = (0..20_000).map(|number| format!("{number} fine\n")).collect();
    let good = gzip(format!("{noise}{FULL}").as_bytes());
    let mut damaged = good.clone();
    damaged[good.len() / 2..][..100].fill(0x55);
    dir.write("run/cut.gz", &good[..good.len() / 2]);
    dir.write("run/damaged.gz", damaged);
    dir.write("run/junk.gz", [&good[..], b"junk\0\0\0"].concat());
    dir.write("run/two.gz", [&good[..], &gzip(FULL.as_bytes())].concat());
    dir.write("run/good.gz", good);
    let told = ["1", "64"].map(|jobs| run(&dir, &["--all", "--jobs", jobs, "run"]));
    let [(_, one), (code, many)] = &told;
    assert_eq!(format!("{one:?}"), format!("{many:?}"));
    assert_eq!((*code, many.bugs[0].hits), (0, 5), "{many:?}");
    assert_eq!((many.errors.len(), many.notes.len()), (2, 1), "{many:?}");
}

#[test]
fn a_bomb_meets_its_bound() {
    let dir = Dir::with_disk();
    dir.write("bomb.gz", gzip(&vec![b'\n'; 8 << 20]));
    let (code, bomb) = run(&dir, &["bomb.gz", "--max-output", "1M"]);
    assert_eq!((code, bomb.verdict.as_str()), (2, "incomplete"));
    assert!(bomb.stats.bytes <= 1 << 20, "{:?}", bomb.stats);
    assert!(bomb.errors[0].message.contains("--max-output"), "{bomb:?}");
}

#[test]
fn a_plain_log_meets_its_bound_too() {
    let dir = Dir::with_disk();
    let mut text = "fine\n".repeat(300_000);
    text.push_str("No space left on device\n");
    dir.write("long.log", &text);
    let (code, long) = run(&dir, &["long.log", "--max-output", "1M"]);
    assert_eq!((code, long.verdict.as_str(), long.stats.bytes), (2, "incomplete", 1 << 20));
    assert!(long.errors[0].message.contains("--max-output"), "{long:?}");
    // In an archive the bound is each log's, not the archive's.
    let entry = "fine\n".repeat(100_000);
    let entries: Vec<_> = ["a.log", "b.log", "c.log"].map(|name| (name, entry.as_bytes())).into();
    dir.write("logs.tar", tar(&entries));
    let (code, packed) = run(&dir, &["logs.tar", "--max-output", "1M"]);
    assert_eq!((code, packed.stats.files), (1, 3), "{packed:?}");
}

#[test]
fn what_is_noticed_in_a_cut_log_is_no_error() {
    let dir = Dir::with_disk();
    dir.write("x.log", vec![0; 2 << 20]);
    let (code, cut) = run(&dir, &["x.log", "--max-output", "1M"]);
    assert_eq!((code, cut.errors.len()), (2, 1), "{cut:?}");
    assert!(!cut.notes.is_empty(), "{cut:?}");
}

#[test]
fn nul_bytes_and_bytes_that_are_not_utf8() {
    let dir = Dir::with_disk();
    dir.write("x.log", b"\x00\x00\xff\xfe\x80 No space left on device \x00\n\xc3\n");
    let (code, run) = run(&dir, &["x.log"]);
    assert_eq!((code, run.verdict.as_str()), (0, "known"));
}

#[test]
fn what_is_no_text() {
    let dir = Dir::with_disk();
    dir.write("run/image.png", b"\x89PNG\r\n\x1a\n\x00\x00 No space left on device");
    let (code, only) = run(&dir, &["run"]);
    assert_eq!((code, only.verdict.as_str()), (2, "incomplete"), "nothing was read: {only:?}");
    dir.write("run/good.log", "fine\n");
    let (code, beside) = run(&dir, &["run"]);
    assert_eq!((code, beside.verdict.as_str()), (1, "unclassified"));
    assert!(beside.notes[0].message.contains("not text"), "{beside:?}");
    dir.write("logs.zip", b"PK\x03\x04\x14\x00\x00\x00\x08\x00");
    let (code, zip) = run(&dir, &["logs.zip"]);
    assert_eq!(code, 2);
    assert!(zip.errors[0].message.contains("unpack it"), "{zip:?}");
}

#[test]
fn a_line_of_fifty_megabytes() {
    let dir = Dir::with_disk();
    let mut line = vec![b'x'; 50 << 20];
    line.extend_from_slice(b" No space left on device\n");
    dir.write("x.log", &line);
    let (code, run) = run(&dir, &["x.log"]);
    assert_eq!((code, run.verdict.as_str()), (0, "known"));
    assert!(run.bugs[0].evidence[0].message.len() <= 1 << 20);
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_among_good_ones() {
    use crate::util::symlink;
    let dir = Dir::with_disk();
    dir.write("run/good.log", FULL);
    symlink("nowhere", &dir.path("run/dangling.log"));
    let (code, run1) = run(&dir, &["run"]);
    assert_eq!((code, run1.verdict.as_str()), (0, "known"));
    assert!(run1.errors.iter().any(|error| error.file.contains("dangling")), "{run1:?}");
    dir.write("run/good.log", "fine\n");
    let (code, run2) = run(&dir, &["run"]);
    assert_eq!((code, run2.verdict.as_str()), (2, "incomplete"));
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_directory_does_not_block() {
    let dir = Dir::with_disk();
    dir.write("run/good.log", FULL);
    let made = std::process::Command::new("mkfifo").arg(dir.path("run/pipe")).status();
    assert!(made.unwrap().success());
    let (code, run) = run(&dir, &["run"]);
    assert_eq!((code, run.verdict.as_str()), (0, "known"));
}

#[cfg(unix)]
#[test]
fn a_loop_of_links() {
    use crate::util::symlink;
    let dir = Dir::with_disk();
    dir.write("run/deep/good.log", FULL);
    symlink("..", &dir.path("run/deep/up"));
    symlink("self", &dir.path("run/self"));
    let (code, run) = run(&dir, &["run"]);
    assert_eq!((code, run.verdict.as_str()), (0, "known"));
    assert_eq!(run.stats.files, 1, "{run:?}");
}

#[test]
fn an_archive_that_points_outside() {
    let dir = Dir::with_disk();
    let archive = tar(&[("../../etc/evil.log", FULL.as_bytes()), ("/abs.log", b"fine\n")]);
    dir.write("run.tar", archive);
    let (code, run) = run(&dir, &["run.tar"]);
    assert_eq!(code, 0, "{run:?}");
    assert!(!run.bugs[0].evidence[0].file.contains(".."), "{run:?}");
    assert!(!dir.path("../../etc/evil.log").exists());
}

#[test]
fn a_cut_archive() {
    let dir = Dir::with_disk();
    let archive = tar(&[("a.log", b"fine\n"), ("b.log", &[b'x'; 4096])]);
    dir.write("cut.tar", &archive[..2048]);
    let (code, run) = run(&dir, &["cut.tar"]);
    assert_eq!((code, run.verdict.as_str()), (2, "incomplete"));
    assert!(!run.errors.is_empty());
}

#[test]
fn a_deadline_makes_it_incomplete() {
    let dir = Dir::with_disk();
    let noise: String = (0..200_000).map(|number| format!("{number} fine\n")).collect();
    dir.write("x.log", noise);
    let (code, run) = run(&dir, &["x.log", "--deadline", "1us"]);
    assert_eq!((code, run.verdict.as_str()), (2, "incomplete"));
    assert!(!run.errors.is_empty(), "{run:?}");
}
