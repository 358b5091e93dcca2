//! The forms against the portable one, and that against the texts.

use proptest::prelude::*;

use super::{
    super::{
        beside::{Beside, Sides},
        context::Context,
        sieve::{Sought, key_of},
    },
    *,
};

fn words(sieve: &Sieve, text: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Found::default();
    find(Filters { sieve, slots: &Slots::anything() }, Haystack::swept(text), &mut found);
    let words = found.words().map(|sifted| sifted.word);
    words.map(|word| (word.at as usize, usize::from(word.length))).collect()
}

fn sieve(words: &[&str]) -> Sieve {
    Sieve::new(words.iter().map(|word| Sought::AnyCase(word.as_bytes())))
}

#[test]
fn whole_words_in_any_case_are_found() {
    let sieve = sieve(&["deadlock", "503", "mirrors"]);
    assert_eq!(words(&sieve, b"x DeadLock; HTTP 503\nNo more mirrors"), [(2, 8), (17, 3), (29, 7)]);
    assert_eq!(words(&sieve, b"dead-lock 5030 mirror s _503"), []);
}

#[test]
fn words_as_written_keep_those_in_another_case_out() {
    let words_of = |text: &str| {
        let sought = [&b"TASK"[..], b"panic", b"UNEXPECTED", b"Exception"].map(Sought::AsWritten);
        let sieve = Sieve::new(sought.into_iter().chain([Sought::AnyCase(b"killed")]));
        words(&sieve, text.as_bytes()).len()
    };
    assert_eq!(words_of("[task 2025] Panic unexpected exception"), 0);
    assert_eq!(words_of("TASK panic UNEXPECTED Exception Killed killed"), 6);
}

#[test]
fn words_are_found_at_every_offset_of_the_windows() {
    let sieve = sieve(&["timeout", "libvirterror"]);
    for gap in 0..200 {
        let text = format!("{}timeout{}LibvirtError", " ".repeat(gap), "-".repeat(gap + 1));
        let expected = [(gap, 7), (2 * gap + 8, 12)];
        assert_eq!(words(&sieve, text.as_bytes()), expected, "gap {gap}");
    }
}

#[test]
fn of_any_number_of_words_those_that_are_sought_are_found() {
    let sieve = sieve(&["timeout", "more"]);
    for count in 0..40 {
        let (mut text, mut expected) = (String::new(), Vec::new());
        for number in 0..count {
            let word = ["mirrors", "timeout", "timer", "more"][number * number / 3 % 4];
            if ["timeout", "more"].contains(&word) {
                expected.push((text.len(), word.len()));
            }
            text.push_str(word);
            text.push(' ');
        }
        assert_eq!(words(&sieve, text.as_bytes()), expected, "{count} words");
    }
}

type Find = fn(Filters<'_>, Haystack<'_>, &mut Found);

/// Each form that runs here, by its name.
fn forms() -> Vec<(&'static str, Find)> {
    let mut forms: Vec<(_, Find)> = vec![("chosen", find), ("portable", find_portable)];
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_avx2() {
            // SAFETY: detected just above.
            forms.push(("AVX2", |filters, text, found| unsafe {
                x86::find_avx2(filters, text, found);
            }));
        }
        if x86::has_avx512() {
            // SAFETY: detected just above.
            forms.push(("AVX-512", |filters, text, found| unsafe {
                x86::find_avx512(filters, text, found);
            }));
        }
    }
    forms
}

#[test]
fn a_long_chain_is_told_once() {
    let sieve = sieve(&["mirrors"]);
    let mut found = Found::default();
    let filters = Filters { sieve: &sieve, slots: &Slots::anything() };
    find(filters, Haystack::swept("a.b:c'é,".repeat(100).as_bytes()), &mut found);
    assert_eq!(found.chains, [2 * WINDOW as u32]);
    assert_eq!(found.beyond_ascii, [0]);
    // Begun in the last window of a group.
    let blank = GROUP_BYTES - WINDOW;
    let text = " ".repeat(blank) + &"a.b:c'd,".repeat(100);
    find(filters, Haystack::swept(text.as_bytes()), &mut found);
    assert_eq!(found.chains, [(blank + 2 * WINDOW) as u32]);
    find(filters, Haystack::swept("a.b:c'd, ".repeat(100).as_bytes()), &mut found);
    assert!(found.chains.is_empty() && found.beyond_ascii.is_empty());
}

#[test]
fn chains_are_told_wherever_groups_end() {
    let sieve = sieve(&["mirrors"]);
    let filters = Filters { sieve: &sieve, slots: &Slots::anything() };
    for (form, find) in forms() {
        for first in [0, 1, 2, 3].into_iter().chain(GROUP - 4..GROUP + 2) {
            for windows in 1..6 {
                let chain = "a.b:c'\u{e9},_1;".as_bytes().iter().cycle().take(windows * WINDOW);
                let mut text = vec![b' '; first * WINDOW];
                text.extend(chain);
                text.extend([b' '; 3 * WINDOW]);
                let mut found = Found::default();
                find(filters, Haystack::swept(&text), &mut found);
                let third = (windows >= 3).then_some(((first + 2) * WINDOW) as u32);
                assert_eq!(found.chains, Vec::from_iter(third), "{form}: {windows} from {first}");
            }
        }
    }
}

#[test]
fn what_folds_into_ascii_is_found_once_wherever_groups_end() {
    let filters = Filters { sieve: &sieve(&["kernel"]), slots: &Slots::anything() };
    for gap in (0..GROUP_BYTES * 2).step_by(GROUP_BYTES / 2).flat_map(|at| at..at + 4) {
        let text = format!("{}\u{212A}\u{2014}\u{130}\u{c4}", "-".repeat(gap));
        let mut found = Found::default();
        find(filters, Haystack::swept(text.as_bytes()), &mut found);
        let places: Vec<u32> = found.folding_into_ascii(text.as_bytes()).collect();
        assert_eq!(places, [gap as u32, gap as u32 + 6], "gap {gap}");
    }
}

/// What may stand beside words of a text of few letters: on one side of them, on either, or on both.
fn slots() -> Slots {
    let phrase = |terms: &[&str], anchor: &str| {
        let terms: Vec<String> = terms.iter().map(|term| (*term).to_owned()).collect();
        let rarity = |word: &[u8]| if word == anchor.as_bytes() { 0.0 } else { 9.0 };
        let context = Context::new(&terms, true, rarity).expect("there is a word");
        (key_of(anchor.as_bytes()), anchor.len() as u8, Sides::of(Beside::asked_by(&context)))
    };
    let anchors = [
        phrase(&["a", "ab"], "ab"),
        phrase(&["ab", "b"], "ab"),
        phrase(&["aaaa", "a"], "aaaa"),
        phrase(&["b", "aabab", "aa"], "aabab"),
        phrase(&["_a_aa"], "_a_aa"),
        phrase(&["aaaaaaaabb", "a_"], "aaaaaaaabb"),
    ];
    Slots::new(anchors.into_iter())
}

proptest! {
    #[test]
    fn the_vector_forms_equal_the_portable_one(
        mut text in proptest::collection::vec(
            prop_oneof![4 => Just(b'a'), 2 => Just(b'B'), 1 => Just(b'_'), 1 => Just(b' '),
                1 => Just(b'.'), 1 => Just(b'\n'), 1 => any::<u8>()], 0..15_000),
        gaps in proptest::collection::vec((any::<prop::sample::Index>(), 50..90_usize), 0..4),
        is_picky in any::<bool>()
    ) {
        for (at, length) in gaps {
            let at = at.index(text.len() + 1);
            text.splice(at..at, vec![b' '; length]);
        }
        // No brief one begins as the last.
        let words = ["a", "ab", "aba", "aaaa", "aabab", "aaaaaa", "aaaaaaaabb", "_a_aa"];
        let any_case = words.iter().map(|word| Sought::AnyCase(word.as_bytes()));
        let written = [&b"BaB"[..], b"Ba", b"BBaa"].map(Sought::AsWritten);
        let sieve = Sieve::new(any_case.chain(written));
        let slots = if is_picky { slots() } else { Slots::anything() };
        let filters = Filters { sieve: &sieve, slots: &slots };
        // Sieves differ in what else they let through, but not in what is sought.
        let is_sought = |sifted: &Sifted| {
            let (at, length) = (sifted.word.at as usize, usize::from(sifted.word.length));
            let word = &text[at..at + length];
            words.iter().any(|sought| word.eq_ignore_ascii_case(sought.as_bytes()))
                || [&b"BaB"[..], b"Ba", b"BBaa"].contains(&word)
        };
        let sought = |found: &Found| -> Vec<Sifted> { found.words().filter(is_sought).collect() };
        let mut plain = Found::default();
        find_portable(filters, Haystack::swept(&text), &mut plain);
        for at in (0..text.len()).step_by(7).chain([text.len()]) {
            let feeds = text[..at].iter().filter(|byte| **byte == b'\n').count();
            prop_assert_eq!(plain.feeds_before(at), feeds as u64);
        }
        for (form, find) in forms() {
            let mut found = Found::default();
            find(filters, Haystack::swept(&text), &mut found);
            prop_assert_eq!(sought(&found), sought(&plain), "{}", form);
            if form == "AVX-512" {
                // It looks at the same bytes of a word in the same way.
                prop_assert!(found.words().eq(plain.words()), "{}", form);
            }
            prop_assert_eq!(&found.feeds, &plain.feeds, "{}", form);
            prop_assert_eq!(&found.run_feeds, &plain.run_feeds, "{}", form);
            prop_assert_eq!(&found.chains, &plain.chains, "{}", form);
            prop_assert_eq!(found.lines, plain.lines, "{}", form);
            prop_assert_eq!(&found.beyond_ascii, &plain.beyond_ascii, "{}", form);
        }
    }
}

#[test]
fn carriage_returns_are_seen_with_what_follows_wherever_windows_end() {
    let sieve = sieve(&["ab"]);
    let filters = Filters { sieve: &sieve, slots: &Slots::anything() };
    let ends = [WINDOW, 2 * WINDOW, GROUP_BYTES, 2 * GROUP_BYTES];
    for (form, find) in forms() {
        for at in ends.into_iter().flat_map(|end| end - 2..end + 2) {
            for (follows, is_dirty) in [("", true), ("a", true), ("\n", false), ("\nab", false)] {
                let text = format!("{}\r{follows}", "a".repeat(at));
                let mut found = Found::default();
                find(filters, Haystack::swept(text.as_bytes()), &mut found);
                assert_eq!(found.is_dirty(), is_dirty, "{form}: {follows:?} behind {at}");
            }
        }
    }
}

proptest! {
    #[test]
    fn what_needs_cleaning_is_told_wherever_it_stands(
        mut text in proptest::collection::vec(
            prop_oneof![20 => Just(&b"aB"[..]), 1 => Just(&b"\n"[..]), 1 => Just(&b"\r\n"[..])], 0..9000)
            .prop_map(|pieces| pieces.concat()),
        dirt in proptest::option::of((0..GROUP_BYTES * 5, prop_oneof![Just(b'\x1b'), Just(b'\r')]))
    ) {
        if let Some((at, byte)) = dirt
            && let Some(place) = text.get_mut(at)
        {
            *place = byte;
        }
        let lone = |at: usize| text[at] == b'\r' && text.get(at + 1) != Some(&b'\n');
        let is_dirty = (0..text.len()).any(|at| text[at] == b'\x1b' || lone(at));
        let sieve = sieve(&["ab"]);
        let filters = Filters { sieve: &sieve, slots: &Slots::anything() };
        for (form, find) in forms() {
            let mut all = Found::default();
            find(filters, Haystack::swept(&text), &mut all);
            prop_assert_eq!(all.is_dirty(), is_dirty, "{}", form);
            for sweep in [Sweep::Due, Sweep::DueInMemory] {
                let mut found = Found::default();
                find(filters, Haystack { bytes: &text, sweep }, &mut found);
                prop_assert_eq!(found.is_dirty(), is_dirty, "{} {:?}", form, sweep);
                if !is_dirty {
                    prop_assert!(found.words().eq(all.words()), "{} {:?}", form, sweep);
                    prop_assert_eq!(&found.feeds, &all.feeds, "{} {:?}", form, sweep);
                }
            }
        }
    }
}
