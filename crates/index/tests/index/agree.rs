//! Random queries over random events: every backend answers as the reference evaluator does.

use proptest::prelude::*;
use recheck_core::{Fields, Query, Schema, reference};
use recheck_index::{IndexedEvent, Scope};

use crate::util::{Compiled, Fresh, add, backends, hits};

const WORDS: &[&str] = &[
    "timeout", "Timeouts", "time", "error", "ERROR", "disk", "a", "b", "c", "a.b", "x-y", "10",
    "10.0.0.1", "İx", "日本", "é", "_", "foo_bar",
];

/// Names that could be mistaken for each other, or for what separates name and term.
const FIELDS: &[&str] =
    &["message", "tags", "build_name", "build_queue", "f", "f\u{0}g", "f\u{1}0g"];

fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(WORDS);
    let separator = prop::sample::select(&[" ", " ", " ", "-", "\n", ": ", "\u{0}"][..]);
    prop::collection::vec((word, separator), 0..8)
        .prop_map(|parts| parts.into_iter().flat_map(|(word, end)| [word, end]).collect())
}

fn fields() -> impl Strategy<Value = Fields> {
    let value = (prop::sample::select(FIELDS), text());
    prop::collection::vec(value, 0..6).prop_map(|values| {
        let mut fields = Fields::new();
        values.into_iter().for_each(|(name, value)| fields.push(name, value));
        fields
    })
}

fn event() -> impl Strategy<Value = IndexedEvent> {
    (fields(), prop::option::weighted(0.3, fields())).prop_map(|(fields, inherited)| IndexedEvent {
        fields,
        inherited: inherited.unwrap_or_default(),
        ..IndexedEvent::default()
    })
}

fn clause() -> impl Strategy<Value = String> {
    let field = || {
        prop::sample::select(
            &["message:", "tags:", "build_name:", r"build_\*:", r"*:", "f:", ""][..],
        )
    };
    let word = || prop::sample::select(WORDS);
    let plain = || prop::sample::select(&["timeout", "error", "disk", "time", "foo_bar"][..]);
    let phrase =
        (field(), prop::collection::vec(word(), 1..4), 0..4_u8).prop_map(|(field, words, slop)| {
            match slop {
                0 => format!("{field}\"{}\"", words.join(" ")),
                slop => format!("{field}\"{}\"~{slop}", words.join(" ")),
            }
        });
    let pattern = (field(), plain(), 0..6_u8).prop_map(|(field, word, kind)| match kind {
        0 => format!("{field}{}*", &word[..2]),
        1 => format!("{field}*{}", &word[2..]),
        2 => format!("{field}{}?{}", &word[..1], &word[2..]),
        3 => format!("{field}{word}~1"),
        4 => format!("{field}/{}.*/", &word[..2]),
        _ => format!("{field}*"),
    });
    let range = (field(), word(), word())
        .prop_map(|(field, from, to)| format!("{field}[\"{from}\" TO \"{to}\"}}"));
    let exists = prop::sample::select(&["_exists_:f", "_exists_:tags", "*:*", "f:[* TO 10}"][..]);
    prop_oneof![6 => phrase, 4 => pattern, 1 => range, 1 => exists.prop_map(str::to_owned)]
}

fn query() -> impl Strategy<Value = String> {
    clause().boxed().prop_recursive(3, 12, 4, |inner| {
        let operator = prop::sample::select(
            &["AND", "OR", "AND NOT", "OR NOT", "", "", "&&", "||", "AND !"][..],
        );
        let sign = prop::sample::select(&["", "", "", "", "+", "-", "NOT "][..]);
        let field = prop::sample::select(&["", "", "", "message:", "tags:", "f:"][..]);
        let parts = prop::collection::vec((operator, sign, inner), 1..4);
        (parts, field).prop_map(|(parts, field)| {
            let mut text = String::new();
            for (place, (operator, sign, part)) in parts.iter().enumerate() {
                let operator = if place == 0 { "" } else { operator };
                text.push_str(&format!("{operator} {sign}{part} "));
            }
            format!("{field}({text})")
        })
    })
}

/// The events that the reference evaluator finds.
fn answer(query: &str, schema: &Schema, events: &[IndexedEvent]) -> Vec<String> {
    let bound = Query::parse(query).unwrap().bind(schema).unwrap();
    let found = events.iter().filter(|event| reference::matches(&bound, *event));
    found.filter_map(|event| event.id.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_index_equals_the_reference(
        events in prop::collection::vec(event(), 0..40),
        queries in prop::collection::vec(query(), 1..40),
        dynamic in any::<bool>(),
        parts in 1..3_usize,
    ) {
        let schema = if dynamic { Schema::Dynamic } else { Schema::Logstash };
        let mut events = events;
        if dynamic {
            // What no event has, a server does not know for a text.
            let mut all = IndexedEvent::default();
            FIELDS.iter().for_each(|name| all.fields.push(*name, "x"));
            events.insert(0, all);
        }
        let named: Vec<IndexedEvent> = events
            .iter()
            .enumerate()
            .map(|(id, event)| IndexedEvent { id: Some(id.to_string()), ..event.clone() })
            .collect();
        let accepted: Vec<&str> = queries
            .iter()
            .map(String::as_str)
            .filter(|text| Query::parse(text).is_ok_and(|query| query.bind(&schema).is_ok()))
            .collect();
        let compiled = Compiled::queries(&accepted, schema);
        let wanted: Vec<Vec<String>> =
            accepted.iter().map(|text| answer(text, &schema, &named)).collect();
        // The streaming matcher looks at each event once, for all queries.
        let mut streamed = vec![Vec::new(); accepted.len()];
        let (mut scratch, mut found) = (compiled.matcher.scratch(), Vec::new());
        for event in &named {
            compiled.matcher.matches_document(event, &mut scratch, &mut found);
            found.drain(..).for_each(|place| streamed[place as usize].extend(event.id.clone()));
        }
        for ((text, streamed), wanted) in accepted.iter().zip(&streamed).zip(&wanted) {
            prop_assert_eq!(streamed, wanted, "{} streamed, {:?}", text, schema);
        }
        for Fresh { index, backend, .. } in &backends(schema) {
            // Several commits, so that there are several segments.
            named.chunks(events.len() / parts + 1).for_each(|part| add(&**index, part));
            let mut found = vec![Vec::new(); accepted.len()];
            for hit in hits(&**index, &compiled, &Scope::default()) {
                found[hit.fingerprint as usize].push(hit.id);
            }
            for ((text, found), wanted) in accepted.iter().zip(&found).zip(&wanted) {
                prop_assert_eq!(found, wanted, "{} on {}, {:?}", text, backend, schema);
            }
        }
    }
}
