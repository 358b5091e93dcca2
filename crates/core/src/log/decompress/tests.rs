use super::*;

/// The text that was read, and how the reading ended.
fn decoded(input: &[u8], limits: Limits) -> (Vec<u8>, io::Result<bool>) {
    let mut reader = Decompressor::new(Slowly(input), limits);
    let (mut text, mut piece) = (Vec::new(), [0; 1000]);
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return (text, Ok(reader.has_trailing_junk())),
            Ok(read) => text.extend_from_slice(&piece[..read]),
            Err(error) => {
                assert_eq!(reader.read(&mut piece).unwrap(), 0, "nothing follows an error");
                return (text, Err(error));
            }
        }
    }
}

/// Gives three bytes at a time.
struct Slowly<'a>(&'a [u8]);

impl Read for Slowly<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = out.len().min(3);
        self.0.read(&mut out[..length])
    }
}

#[track_caller]
fn check(input: &[u8], expected: &[u8], junk: bool) {
    let (text, end) = decoded(input, Limits::default());
    assert!(text == expected, "{} bytes", text.len());
    assert_eq!(end.unwrap(), junk);
}

fn kind(error: &io::Error) -> &DecompressErrorKind {
    &DecompressError::of(error).expect("an error of the data").kind
}

fn sample() -> Vec<u8> {
    (0..5000).flat_map(|number| format!("line {number}\n").into_bytes()).collect()
}

#[test]
fn plain_text_passes() {
    check(b"", b"", false);
    check(b"a", b"a", false);
    check(b"BZh91 is text", b"BZh91 is text", false);
    check(&sample(), &sample(), false);
}

#[test]
fn plain_text_is_bounded_too() {
    let bounded = |max_output| decoded(b"12345", Limits { max_output, ..Limits::default() });
    let (text, end) = bounded(4);
    assert_eq!(text, b"1234");
    let error = end.unwrap_err();
    assert!(matches!(kind(&error), DecompressErrorKind::TooLong { limit: 4 }), "{error}");
    let (text, end) = bounded(5);
    assert_eq!(text, b"12345", "the bound itself is allowed");
    end.unwrap();
}

#[test]
fn a_reading_error_stays_itself() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    let mut reader = Decompressor::new(Broken, Limits::default());
    let error = reader.read(&mut [0; 10]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}

#[cfg(not(feature = "decompress"))]
#[test]
fn compressed_files_are_refused() {
    let (text, end) = decoded(b"\x1f\x8b\x08\0\0\0\0\0\0\x03", Limits::default());
    assert!(text.is_empty());
    assert!(matches!(kind(&end.unwrap_err()), DecompressErrorKind::Unsupported));
}

#[cfg(feature = "decompress")]
mod with_codecs {
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn xz(text: &[u8]) -> Vec<u8> {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn bzip2(text: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    type Packer = fn(&[u8]) -> Vec<u8>;
    const PACKERS: [Packer; 4] = [gzip, zstd, xz, bzip2];

    #[test]
    fn every_compression_is_read() {
        for pack in PACKERS {
            check(&pack(b""), b"", false);
            check(&pack(&sample()), &sample(), false);
        }
    }

    #[test]
    fn files_behind_each_other_are_one() {
        for pack in PACKERS {
            let packed = [pack(&sample()), pack(b""), pack(b"end\n")].concat();
            check(&packed, &[sample(), b"end\n".to_vec()].concat(), false);
        }
    }

    #[test]
    fn junk_behind_is_told() {
        for pack in PACKERS {
            check(&[pack(b"a"), b"junk".to_vec()].concat(), b"a", true);
            check(&[pack(b"a"), vec![0; 512]].concat(), b"a", false);
        }
    }

    #[test]
    fn skippable_zstd_frames_are_skipped() {
        let skippable = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
        check(&[skippable, &zstd(b"a")[..], skippable, &zstd(b"b")].concat(), b"ab", false);
    }

    #[test]
    fn of_a_truncated_file_the_beginning_is_read() {
        for pack in PACKERS {
            let packed = pack(&sample());
            for cut in [10, packed.len() / 2, packed.len() - 1] {
                let (text, end) = decoded(&packed[..cut], Limits::default());
                assert!(sample().starts_with(&text));
                let error = end.unwrap_err();
                assert!(matches!(kind(&error), DecompressErrorKind::Truncated), "{error}");
                assert_eq!(DecompressError::of(&error).unwrap().decoded, text.len() as u64);
            }
        }
    }

    #[test]
    fn gzip_files_cut_anywhere_end_as_they_should() {
        let first = gzip(b"one line\nand another\n");
        let file = [&first[..], &gzip(b"end\n")].concat();
        // Shorter ones are no gzip at all.
        for cut in 3..file.len() {
            let (text, end) = decoded(&file[..cut], Limits::default());
            assert!(b"one line\nand another\nend\n".starts_with(&text));
            match cut.checked_sub(first.len()) {
                Some(0) => assert!(!end.unwrap()),
                Some(1 | 2) => assert!(end.unwrap(), "a member's first bytes are junk"),
                _ => assert!(matches!(kind(&end.unwrap_err()), DecompressErrorKind::Truncated)),
            }
        }
    }

    #[test]
    fn a_wrong_sum_or_length_is_told_behind_the_text() {
        for behind in [8, 1] {
            let mut file = gzip(b"text\n");
            *file.iter_mut().nth_back(behind - 1).unwrap() ^= 1;
            let (text, end) = decoded(&file, Limits::default());
            assert_eq!(text, b"text\n");
            assert!(matches!(kind(&end.unwrap_err()), DecompressErrorKind::Corrupt(_)));
        }
    }

    #[test]
    fn damage_is_told() {
        for pack in PACKERS {
            let mut packed = pack(&sample());
            let middle = packed.len() / 2;
            packed[middle] ^= 0x55;
            packed[middle + 1] ^= 0x55;
            let error = decoded(&packed, Limits::default()).1.unwrap_err();
            let kind = kind(&error);
            assert!(matches!(kind, DecompressErrorKind::Corrupt(_)), "{error}");
        }
    }

    #[test]
    fn a_bomb_is_stopped() {
        for pack in PACKERS {
            let packed = pack(&vec![b'x'; 1 << 20]);
            let limits = Limits { max_output: 100_000, ..Limits::default() };
            let (text, end) = decoded(&packed, limits);
            assert!(text.len() <= 100_000 && text.len() > 90_000);
            let error = end.unwrap_err();
            assert!(matches!(kind(&error), DecompressErrorKind::TooLarge { .. }), "{error}");
        }
    }

    #[test]
    fn density_matters_only_beyond_a_gibibyte() {
        let limits = Limits::default();
        assert!(limits.exceeded(1 << 30, 1).is_none());
        let dense = limits.exceeded((1 << 30) + 1, 1 << 20);
        assert!(matches!(dense, Some(DecompressErrorKind::TooDense { ratio: 500 })));
        assert!(limits.exceeded((1 << 30) + 1, 1 << 22).is_none());
    }

    #[test]
    fn what_is_packed_twice_is_unpacked_once() {
        check(&gzip(&gzip(b"a")), &gzip(b"a"), false);
    }
}
