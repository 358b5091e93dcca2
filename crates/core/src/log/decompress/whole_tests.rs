//! What is unpacked whole is what the stream gives, to the last error; and it is done at all.

use std::io::{self, Read, Write};

use flate2::{Compression as Level, GzBuilder};
use proptest::prelude::*;

use super::{Decompressor, Limits, kind, sample};
use crate::log::{DecompressErrorKind, Unpacker};

/// The text, and how its reading ended: junk behind it, or an error's words.
type Outcome = (Vec<u8>, Result<bool, String>);

fn read_on<R: Read>(mut reader: Decompressor<R>) -> Outcome {
    let (mut text, mut piece) = (Vec::new(), [0; 1000]);
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return (text, Ok(reader.has_trailing_junk())),
            Ok(read) => text.extend_from_slice(&piece[..read]),
            Err(error) => return (text, Err(error.to_string())),
        }
    }
}

/// What the stream gives, and what is unpacked whole, if it is.
fn both(file: &[u8], limits: Limits) -> (Outcome, Option<Outcome>) {
    let streamed = read_on(Decompressor::new(file, limits));
    let reader =
        || Decompressor::new(file, limits).with_unpacker(&Unpacker::new(1), file.len() as u64);
    let mut taken = reader();
    let text = taken.take_text().unwrap().map(<[u8]>::to_vec);
    let whole = text.map(|text| (text, Ok(taken.has_trailing_junk())));
    assert_eq!(read_on(reader()), streamed, "read in pieces");
    (streamed, whole)
}

/// Both ways agree on the file, which is unpacked whole if that is said.
#[track_caller]
fn agree(file: &[u8], is_whole: bool) -> Outcome {
    let (streamed, whole) = both(file, Limits::default());
    assert_eq!(whole.is_some(), is_whole);
    assert!(whole.is_none_or(|whole| whole == streamed));
    streamed
}

/// One member with a file's name in its header.
fn member(text: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzBuilder::new().filename("job.txt").write(Vec::new(), Level::new(level));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn whole_files_are_unpacked_whole() {
    let (one, two) = (member(&sample(), 6), member(b"end\n", 6));
    assert_eq!(agree(&one, true), (sample(), Ok(false)));
    let text = [sample(), b"end\n".to_vec()].concat();
    assert_eq!(agree(&[&one[..], &two].concat(), true), (text.clone(), Ok(false)));
    assert_eq!(agree(&[&one[..], &[0; 512], &two, &[0; 3]].concat(), true), (text, Ok(false)));
    assert_eq!(agree(&[&two[..], b"junk\0\0\0"].concat(), true), (b"end\n".to_vec(), Ok(true)));
}

#[test]
fn what_may_end_in_several_places_is_streamed() {
    let (one, empty) = (member(b"text\n", 6), member(b"", 6));
    let twice = agree(&[&one[..], &one].concat(), false);
    assert_eq!(twice, (b"text\ntext\n".to_vec(), Ok(false)));
    // Stored as it is: the text holds its own length.
    let text = b"\x06\0\0\0\x01\x02";
    assert_eq!(agree(&member(text, 0), false).0, text);
    assert_eq!(agree(&[&one[..], &empty].concat(), false).0, b"text\n");
    let many: Vec<u8> = (1..100).flat_map(|length| member(&vec![b'a'; length], 6)).collect();
    assert_eq!(agree(&many, false).0.len(), 99 * 50);
}

#[test]
fn what_is_large_is_streamed() {
    let noise: Vec<u8> =
        (0..5_u32 << 20).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert_eq!(agree(&member(&noise, 0), false).0, noise);
    assert_eq!(agree(&member(&vec![b'a'; 25 << 20], 1), false).0.len(), 25 << 20);
    assert_eq!(agree(&member(&vec![b'a'; 24 << 20], 1), true).0.len(), 24 << 20);
}

#[test]
fn a_file_cut_anywhere() {
    let file = [member(b"one line\nand another\n", 6), member(b"end\n", 6)].concat();
    let first = member(b"one line\nand another\n", 6).len();
    // Shorter ones are no gzip at all.
    for cut in 3..file.len() {
        let (text, end) = agree(&file[..cut], cut == first);
        assert!(b"one line\nand another\nend\n".starts_with(&text));
        match cut.checked_sub(first) {
            Some(0) => assert_eq!(end, Ok(false)),
            Some(1 | 2) => assert_eq!(end, Ok(true), "a member's first bytes are junk"),
            _ => assert!(end.unwrap_err().contains("ends too early"), "{cut}"),
        }
    }
}

#[test]
fn a_file_with_any_bit_flipped() {
    let file = member(b"a line, a line, a line\nand another line\n", 6);
    for bit in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let (streamed, whole) = both(&flipped, Limits::default());
        assert!(whole.is_none_or(|whole| whole == streamed), "bit {bit}");
    }
}

#[test]
fn headers_with_every_field() {
    /// A header with these flags' fields and a checksum.
    fn header(flags: u8, sum: impl Fn(u16) -> u16) -> Vec<u8> {
        let mut header = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
        if flags & 4 != 0 {
            header.extend_from_slice(b"\x03\0abc");
        }
        if flags & 8 != 0 {
            header.extend_from_slice(b"name\0");
        }
        if flags & 16 != 0 {
            header.extend_from_slice(b"comment\0");
        }
        if flags & 2 != 0 {
            let own = libdeflater::crc32(&header) as u16;
            header.extend_from_slice(&sum(own).to_le_bytes());
        }
        header
    }
    let plain = member(b"text\n", 6);
    let rest = &plain[10 + "job.txt\0".len()..];
    for flags in 0..32 {
        let file = [&header(flags, |sum| sum)[..], rest].concat();
        assert_eq!(agree(&file, true), (b"text\n".to_vec(), Ok(false)), "{flags}");
        let wrong = [&header(flags, |sum| sum ^ 1)[..], rest].concat();
        let is_right = flags & 2 == 0;
        assert_eq!(agree(&wrong, is_right).1.is_ok(), is_right, "{flags}");
    }
    for flags in [32, 64, 128] {
        agree(&[&header(flags, |sum| sum)[..], rest].concat(), false).1.unwrap_err();
    }
    let named = |length| {
        let name = vec![b'n'; length];
        [b"\x1f\x8b\x08\x08\0\0\0\0\0\x03", &name[..], b"\0", rest].concat()
    };
    agree(&named(65_535), true).1.unwrap();
    agree(&named(65_536), false).1.unwrap_err();
}

#[test]
fn the_bound_on_text_holds() {
    let file = member(&sample(), 6);
    let length = sample().len() as u64;
    let bounded = |max_output| both(&file, Limits { max_output, ..Limits::default() });
    let (streamed, whole) = bounded(length);
    assert_eq!(whole, Some(streamed), "the bound itself is allowed");
    let (streamed, whole) = bounded(length - 1);
    assert_eq!(whole, None);
    assert!(streamed.1.unwrap_err().contains("more than"));
}

#[test]
fn a_size_that_is_wrong_does_no_harm() {
    let file = member(&sample(), 6);
    for size in [0, 1, file.len() as u64 * 2] {
        let reader = Decompressor::new(&file[..], Limits::default());
        let mut reader = reader.with_unpacker(&Unpacker::new(1), size);
        assert_eq!(reader.take_text().unwrap(), Some(&sample()[..]));
    }
}

#[test]
fn memory_is_bounded_and_used_again() {
    let (long, short) = (member(&sample(), 6), member(b"short\n", 6));
    let unpacker = Unpacker::new(1);
    let open = |file| Decompressor::new(file, Limits::default()).with_unpacker(&unpacker, 1000);
    let mut first = open(&long[..]);
    assert!(first.take_text().unwrap().is_some());
    let mut second = open(&short[..]);
    assert_eq!(second.take_text().unwrap(), None, "all memory is in use");
    assert_eq!(read_on(second).0, b"short\n");
    drop(first);
    assert_eq!(open(&long[..100]).take_text().unwrap(), None, "damaged");
    assert_eq!(open(&short[..]).take_text().unwrap(), Some(&b"short\n"[..]));
}

#[test]
fn text_is_taken_once_and_from_where_it_was_read() {
    let file = member(b"0123456789", 6);
    let reader = Decompressor::new(&file[..], Limits::default());
    let mut reader = reader.with_unpacker(&Unpacker::new(1), file.len() as u64);
    reader.read_exact(&mut [0; 4]).unwrap();
    assert_eq!(reader.decoded(), 4);
    assert_eq!(reader.take_text().unwrap(), Some(&b"456789"[..]));
    assert_eq!(reader.decoded(), 10);
    assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
    assert_eq!(reader.take_text().unwrap(), Some(&b""[..]));
}

#[test]
fn a_reading_error_comes_behind_the_text_before_it() {
    /// Fails once, where the file would go on.
    struct Fails<'a>(&'a [u8], bool);
    impl Read for Fails<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 if !std::mem::replace(&mut self.1, true) => Err(io::ErrorKind::TimedOut.into()),
                read => Ok(read),
            }
        }
    }
    let noise: String = (0_u32..9999).map(|n| n.wrapping_mul(2_654_435_761).to_string()).collect();
    let file = member(noise.as_bytes(), 6);
    let ends = |file: &[u8]| {
        let unpacker = Unpacker::new(1);
        let stream = || Decompressor::new(Fails(file, false), Limits::default());
        let streamed = read_on(stream());
        assert_eq!(read_on(stream().with_unpacker(&unpacker, file.len() as u64)), streamed);
        streamed
    };
    let (text, end) = ends(&file[..file.len() / 2]);
    assert!(text.len() > 10_000 && noise.as_bytes().starts_with(&text));
    assert_eq!(end.unwrap_err(), io::Error::from(io::ErrorKind::TimedOut).to_string());
    // Damage before it is still damage.
    let mut file = file[..file.len() / 2].to_vec();
    file[200..260].fill(0xff);
    assert!(ends(&file).1.unwrap_err().contains("damaged"));
}

#[test]
fn wrong_checksums_and_lengths_are_told_behind_the_text() {
    let good = member(b"text\n", 6);
    for (behind, word) in [(8, "checksum"), (1, "length")] {
        let mut file = good.clone();
        *file.iter_mut().nth_back(behind - 1).unwrap() ^= 1;
        let mut text = Vec::new();
        let error =
            Decompressor::new(&file[..], Limits::default()).read_to_end(&mut text).unwrap_err();
        assert_eq!(text, b"text\n");
        let DecompressErrorKind::Corrupt(what) = kind(&error) else { panic!("{error}") };
        assert!(what.contains(word), "{what}");
    }
}

/// Words, so that members are packed in every way there is, and bytes, for stored blocks.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec("[a-c]{0,3} |error: |\n|20[0-9]{2}", 0..400)
            .prop_map(|words| words.concat().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..300),
    ]
}

/// A way to spoil a file.
#[derive(Clone, Debug)]
enum Harm {
    None,
    Cut(prop::sample::Index),
    Flip(prop::sample::Index, u8),
    Append(Vec<u8>),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        Just(Harm::None),
        any::<prop::sample::Index>().prop_map(Harm::Cut),
        (any::<prop::sample::Index>(), 0..8_u8).prop_map(|(place, bit)| Harm::Flip(place, bit)),
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..30),
            (0..600_usize).prop_map(|zeros| vec![0; zeros]),
        ]
        .prop_map(Harm::Append),
    ]
}

proptest! {
    #[test]
    fn both_ways_agree(
        members in proptest::collection::vec((text(), 0..10_u32), 1..5),
        harm in harm(),
        max_output in prop_oneof![Just(u64::MAX), 0..2000_u64],
    ) {
        let mut file: Vec<u8> =
            members.iter().flat_map(|(text, level)| member(text, *level)).collect();
        match harm {
            Harm::None => {}
            Harm::Cut(place) => file.truncate(place.index(file.len())),
            Harm::Flip(place, bit) => {
                let place = place.index(file.len());
                file[place] ^= 1 << bit;
            }
            Harm::Append(bytes) => file.extend(bytes),
        }
        let (streamed, whole) = both(&file, Limits { max_output, ..Limits::default() });
        if let Some(whole) = whole {
            prop_assert_eq!(whole, streamed);
        }
    }
}
