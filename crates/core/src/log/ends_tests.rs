use proptest::prelude::*;

use super::*;
use crate::log::split::{
    MAX_EVENT,
    tests::{FORMATS, log},
};

/// The words that the scan tells the places of.
const MARKS: [&str; 9] =
    ["traceback", "goroutine", "panicked", "panic", "fatal", "runtime", "at", "more", "common"];

fn marks(log: &str) -> Vec<u32> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut marks = Vec::new();
    let mut at = 0;
    for piece in log.split_inclusive(|c| !is_word(c)) {
        let word = piece.trim_end_matches(|c| !is_word(c)).to_ascii_lowercase();
        if MARKS.contains(&word.as_str()) {
            marks.push(at as u32);
        }
        at += piece.len();
    }
    marks
}

/// The events of a log and how many there are.
fn events(splitter: &Splitter, log: &str) -> (Vec<Range<usize>>, EventCount) {
    let text = log.as_bytes();
    let mut feeds = Vec::new();
    Lines::of(text).copy_feeds(&mut feeds);
    let count = text.iter().filter(|&&byte| byte == b'\n').count() as u64;
    let mut room = vec![u64::MAX; 3];
    let ends = splitter.ends((Lines::known(text, &feeds), count), &marks(log), &mut room);
    let mut events: Vec<Range<usize>> = (0..text.len()).map(|at| ends.event_at(at)).collect();
    events.dedup();
    (events, ends.count)
}

#[test]
fn a_gitlab_line_that_goes_on_ends_no_event() {
    let stamp = "2024-01-01T00:00:00.000000Z 00O";
    let log = format!("{stamp} a\n{stamp}+b\n{stamp} c\n");
    let splitter = Splitter::new(LogFormat::GitlabCi, Profile::Records);
    let (events, count) = events(&splitter, &log);
    assert_eq!(events, [0..68, 68..102]);
    assert_eq!(count.events, 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_found_at_once_are_those_of_the_walk(
        log in log(),
        format in prop::sample::select(&FORMATS[..]),
        records in any::<bool>(),
    ) {
        let profile = if records { Profile::Records } else { Profile::Lines };
        let splitter = Splitter::new(format, profile);
        let mut cursor = splitter.cursor(log.as_bytes());
        let walked: Vec<Range<usize>> = std::iter::from_fn(|| cursor.next_event()).collect();
        let (found, count) = events(&splitter, &log);
        prop_assert!(log.len() < MAX_EVENT);
        prop_assert_eq!(count, splitter.count(log.as_bytes()));
        prop_assert_eq!(found, walked);
    }
}
