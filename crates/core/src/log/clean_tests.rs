use proptest::prelude::*;

use super::{super::is_clean, *};

fn cleaned(pieces: &[&[u8]]) -> Vec<u8> {
    let (mut cleaner, mut out) = (Cleaner::new(), Vec::new());
    for piece in pieces {
        cleaner.feed(piece, &mut out);
    }
    cleaner.finish(&mut out);
    assert_eq!(cleaner.unsettled(), 0);
    out
}

#[track_caller]
fn check(input: &[u8], expected: &[u8]) {
    let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(show(&cleaned(&[input])), show(expected));
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(show(&cleaned(&bytes)), show(expected), "fed byte by byte");
}

#[test]
fn text_passes() {
    check(b"", b"");
    check(b"a\nb", b"a\nb");
    check(b"tab\t nul\0 bs\x08 \xff\n", b"tab\t nul\0 bs\x08 \xff\n");
}

#[test]
fn escapes_go() {
    check(b"\x1b[31mred\x1b[0m \x1b[1;38;5;4mx\x1b[K", b"red x");
    check(b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", b"alink");
    check(b"\x1b(Ba\x1b7b\x1bMc\x1b=d", b"abcd");
    check(b"\x1bPq#0\x1b\\a", b"a");
}

#[test]
fn broken_escapes_stay() {
    check(b"\x1b", b"\x1b");
    check(b"a\x1b[31\nb", b"a\x1b[31\nb");
    check(b"\x1b]0;never ended\nb", b"\x1b]0;never ended\nb");
    check(b"\x1b]x\x1b[1mb", b"\x1b]xb");
    check(b"\x1b[12", b"\x1b[12");
    let long = [b"\x1b[".as_slice(), &[b'1'; MAX_ESCAPE], b"m"].concat();
    check(&long, &long);
    let fits = [b"\x1b[".as_slice(), &[b'1'; MAX_ESCAPE - 3], b"m"].concat();
    check(&fits, b"");
}

#[test]
fn line_ends_stay() {
    check(b"a\r\nb\r\r\nc\r", b"a\r\nb\r\nc");
    check(b"a\r\x1b[0m\nb", b"a\r\nb");
    check(b"\r\n\r\n", b"\r\n\r\n");
}

#[test]
fn progress_is_taken_back() {
    check(b"10 %\r20 %\r30 %\nx", b"30 %\nx");
    check(b"x\n10 %\r\x1b[2K20 %\r\n", b"x\n20 %\r\n");
    let long = vec![b'x'; TAKE_BACK];
    check(&[&long, b"\ry\rz\n".as_slice()].concat(), &[&long, b" y z\n".as_slice()].concat());
    let fits = vec![b'x'; TAKE_BACK - 1];
    check(&[&fits, b"\ry\n".as_slice()].concat(), b"y\n");
}

#[test]
fn a_column_is_not_overwritten() {
    check(b" * Starting x \x1b[80G \r\x1b[74G[ OK ]\r\n", b" * Starting x   [ OK ]\r\n");
    check(b"\r\x1b[74Gx\n", b"x\n");
}

#[test]
fn the_time_stamp_of_a_progress_line_stays() {
    check(
        b"2022-02-28 09:44:58.839036 | node | 10 %\r20 %\r\n",
        b"2022-02-28 09:44:58.839036 | node | 20 %\r\n",
    );
    check(
        b"[vcs 2025-02-14T10:05:46.362Z] 1 %\r[vcs 2025-02-14T10:05:47.362Z] 2 %\r\n",
        b"[vcs 2025-02-14T10:05:47.362Z] 2 %\r\n",
    );
    check(
        b"2024-01-01T00:00:00.000000Z 00O section_start:15:x\r\x1b[0KHeader\n",
        b"2024-01-01T00:00:00.000000Z 00O Header\n",
    );
}

#[test]
fn byte_order_marks_tell_the_encoding() {
    check(b"\xef\xbb\xbfa", b"a");
    check(b"\xef\xbb", b"\xef\xbb");
    check(b"\xff\xfea\0\r\0\n\0\xe4\0", "a\r\nä".as_bytes());
    check(b"\xfe\xff\0a\xd8\x3d\xde\x00", "a😀".as_bytes());
    check(b"\xff\xfea\0\x3d\xd8b\0\x3d\xd8", "a\u{fffd}b\u{fffd}".as_bytes());
    check(b"\xff\xfea\0b", "a\u{fffd}".as_bytes());
}

#[test]
fn unsettled_is_the_current_line() {
    let (mut cleaner, mut out) = (Cleaner::new(), Vec::new());
    cleaner.feed(b"one\ntwo", &mut out);
    assert_eq!(cleaner.unsettled(), 3);
    // What is settled may be taken away.
    out.drain(..out.len() - 3);
    cleaner.feed(b"\rthree\nfour", &mut out);
    cleaner.finish(&mut out);
    assert_eq!(out, b"three\nfour");
}

#[test]
fn clean_bytes_are_known() {
    assert!(is_clean(b"a\nb\t\xff\0"));
    assert!(is_clean(b"a\r\n"));
    assert!(!is_clean(b"a\r\r\n"));
    assert!(!is_clean(b"a\r"));
    assert!(!is_clean(b"a\x1b"));
}

/// Pieces that streams of trouble are made of.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(vec![
            &b"\r"[..],
            b"\n",
            b"\r\n",
            b"\x1b",
            b"\x1b[31m",
            b"\x1b[7G",
            b"\x1b[",
            b"\x1b]0;",
            b"\x07",
            b"\x1b\\",
            b"\x1b(B",
            b"text ",
            b"\xff\xfe",
            b"\xfe\xff",
            b"\xef\xbb\xbf",
            b"[",
            b"m",
            b"2022-02-28 09:44:58.839036 | node | ",
            b"[vcs 2025-02-14T10:05:46.362Z] ",
            b"00:00:01 ",
            b"\0",
            b"\xd8\x3d",
        ])
        .prop_map(<[u8]>::to_vec),
        (1_usize..300).prop_map(|length| vec![b'1'; length]),
        (TAKE_BACK - 60..TAKE_BACK + 60).prop_map(|length| vec![b'y'; length]),
        prop::collection::vec(any::<u8>(), 0..8),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the stream is cut and the settled text drained, the text is the same.
    #[test]
    fn cuts_do_not_matter(
        pieces in prop::collection::vec(piece(), 0..14),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let stream = pieces.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.sort_unstable();
        let whole = cleaned(&[&stream]);
        let (mut cleaner, mut window, mut settled) = (Cleaner::new(), Vec::new(), Vec::new());
        let mut start = 0;
        for end in cuts.into_iter().chain([stream.len()]) {
            cleaner.feed(&stream[start..end], &mut window);
            start = end;
            let ready = window.len() - cleaner.unsettled();
            settled.extend(window.drain(..ready));
        }
        cleaner.finish(&mut window);
        settled.extend(window);
        prop_assert!(settled == whole);
        let feeds = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'\n').count();
        if !stream.starts_with(b"\xff\xfe") && !stream.starts_with(b"\xfe\xff") {
            prop_assert_eq!(feeds(&whole), feeds(&stream));
        }
        if is_clean(&stream) && !matches!(*stream, [0xef, 0xbb, 0xbf, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
            prop_assert!(whole == stream);
        }
    }

    /// Lines can be cleaned by themselves: what stands before them does not matter, nor what follows.
    #[test]
    fn line_feeds_end_everything(
        pieces in prop::collection::vec(piece(), 0..14),
        more in prop::collection::vec(piece(), 0..14),
    ) {
        // What looks like a mark of the encoding is none inside a log.
        let one = [&b"aaaa"[..], &pieces.concat(), b"\n"].concat();
        let other = [more.concat(), b"\n".to_vec()].concat();
        let whole = cleaned(&[&one, &other]);
        prop_assert!([clean_lines(&one), clean_lines(&other)].concat() == whole);
    }
}
