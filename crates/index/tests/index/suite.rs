//! What every backend must do, whatever it is.

use recheck_core::{Fingerprint, Schema};
use recheck_index::{
    Horizon, Index, IndexedEvent, OverviewRequest, Run, RunKey, RunSelection, Scanned, Scope,
    Window, attach, facts,
};

use crate::util::{Compiled, Fresh, add, backends, hits, ids, json, options};

fn each(schema: Schema, case: fn(&dyn Index)) {
    for Fresh { index, .. } in backends(schema) {
        case(&*index);
    }
}

#[test]
fn an_empty_index_answers() {
    each(Schema::Logstash, |index| {
        assert_eq!(ids(index, "*:*"), [""; 0]);
        assert_eq!(ids(index, "NOT a"), [""; 0]);
        assert_eq!(index.info().unwrap().events, 0);
        assert_eq!(index.info().unwrap().span, None);
        assert_eq!(index.field_names().unwrap(), [""; 0]);
        assert_eq!(index.history().runs(&RunSelection::default()).unwrap(), []);
    });
}

#[test]
fn hits_come_in_the_order_of_arrival() {
    each(Schema::Logstash, |index| {
        let one = |id: u32| json(&format!(r#"{{"id": "{id}", "message": "boom {id}"}}"#));
        let events: Vec<_> = (0..500).rev().map(one).collect();
        add(index, &events);
        let wanted: Vec<String> = (0..500).rev().map(|id| id.to_string()).collect();
        assert_eq!(ids(index, "boom"), wanted);
    });
}

#[test]
fn events_of_one_name_replace_each_other_where_they_have_no_run() {
    each(Schema::Logstash, |index| {
        add(index, &[json(r#"{"id": "a", "message": "old"}"#), json(r#"{"message": "old"}"#)]);
        add(
            index,
            &[json(r#"{"id": "a", "message": "new"}"#), json(r#"{"id": "a", "message": "newer"}"#)],
        );
        assert_eq!(ids(index, "newer"), ["a"]);
        assert_eq!(ids(index, "new"), [""; 0]);
        assert_eq!(ids(index, "old").len(), 1, "the one without a name");
        let runs = [
            r#"{"id": "a", "build_uuid": "1", "message": "own"}"#,
            r#"{"id": "a", "build_uuid": "2", "message": "own"}"#,
        ];
        add(index, &runs.map(json));
        assert_eq!(ids(index, "own"), ["a", "a"], "names are unique within a run");
        assert_eq!(ids(index, "newer"), ["a"]);
    });
}

#[test]
fn a_run_that_comes_again_replaces_itself() {
    each(Schema::Logstash, |index| {
        let event = |id: u32, run: &str| {
            json(&format!(r#"{{"id": "{id}", "build_uuid": "{run}", "message": "boom"}}"#))
        };
        add(index, &[event(1, "r"), event(2, "r"), event(3, "s")]);
        add(index, &[event(4, "r")]);
        assert_eq!(ids(index, "boom"), ["3", "4"]);
        let again = IndexedEvent {
            run: Some(RunKey { build_uuid: "r".to_owned(), attempt: 2 }),
            ..event(5, "r")
        };
        add(index, &[again]);
        assert_eq!(ids(index, "boom"), ["3", "4", "5"], "another attempt is another run");
        let runs = index.history().runs(&RunSelection::default()).unwrap();
        let counted: Vec<_> = runs
            .iter()
            .map(|known| (known.run.key.to_string(), known.events, known.scanned))
            .collect();
        let full = Scanned::Full;
        let wanted = [("r", 1), ("r (attempt 2)", 1), ("s", 1)];
        assert_eq!(counted, wanted.map(|(key, events)| (key.to_owned(), events, full)));
    });
}

#[test]
fn windows_and_runs_narrow() {
    each(Schema::Logstash, |index| {
        let event = |id: u32| {
            let time = format!("2026-01-0{id}T00:00:00Z");
            json(&format!(
                r#"{{"id": "{id}", "@timestamp": "{time}", "build_uuid": "r{}", "message": "boom"}}"#,
                id % 2
            ))
        };
        add(
            index,
            &[event(1), event(2), event(3), event(4), json(r#"{"id": "x", "message": "boom"}"#)],
        );
        let compiled = Compiled::queries(&["boom", "NOT boom"], Schema::Logstash);
        let found = |scope: &Scope| -> Vec<String> {
            hits(index, &compiled, scope).into_iter().map(|hit| hit.id).collect()
        };
        let time = |day: u32| Some(format!("2026-01-0{day}T00:00:00Z").parse().unwrap());
        let window = Window { from: time(2), to: time(4) };
        assert_eq!(found(&Scope { window, runs: None }), ["2", "3"]);
        let runs = Some(vec![RunKey::first("r1")]);
        assert_eq!(found(&Scope { window, runs: runs.clone() }), ["3"]);
        assert_eq!(found(&Scope { runs, ..Scope::default() }), ["1", "3"]);
        assert_eq!(found(&Scope::default()), ["1", "2", "3", "4", "x"]);
        assert_eq!(found(&Scope { runs: Some(Vec::new()), ..Scope::default() }), [""; 0]);
    });
}

/// The index finds candidates by words, the matcher decides: however the text lies in the words.
#[test]
fn contains_and_regex_are_decided_on_the_text() {
    each(Schema::Logstash, |index| {
        let long = "x".repeat(250) + "needle" + &"y".repeat(50);
        let texts = [
            "No space left",
            "no space left",
            "xNo space leftovers",
            "No  space left",
            "code=42;",
            "code=43;",
            &long,
            "needl e",
            "ſpace K",
        ];
        let events: Vec<_> = texts
            .iter()
            .enumerate()
            .map(|(id, text)| {
                let mut event = IndexedEvent { id: Some(id.to_string()), ..Default::default() };
                event.fields.push("message", *text);
                event
            })
            .collect();
        add(index, &events);
        let found = |contains: &[&str], regex: &[&str], query: Option<&str>| -> String {
            let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
            let query = query.map(|text| recheck_core::Query::parse(text).unwrap());
            let fingerprint = Fingerprint {
                contains: own(contains),
                regex: own(regex),
                queries: query.into_iter().collect(),
                ..Fingerprint::default()
            };
            let compiled = Compiled::new(vec![fingerprint], Schema::Logstash);
            let hits = hits(index, &compiled, &Scope::default());
            hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found(&["No space left"], &[], None), "0 2");
        assert_eq!(found(&["o space l"], &[], None), "0 1 2");
        assert_eq!(found(&["No space left"], &[], Some("leftovers")), "2");
        assert_eq!(found(&["needle"], &[], None), "6", "across the cut of a long word");
        assert_eq!(found(&["="], &[], None), "4 5", "no word in it");
        assert_eq!(found(&["K"], &[], None), "8");
        assert_eq!(found(&[], &[r"code=\d3"], None), "5");
        assert_eq!(found(&[], &[r"(?i)no\s+space"], None), "0 1 2 3");
        assert_eq!(found(&[], &[r"\d;$"], None), "4 5");
        assert_eq!(found(&["code"], &[r"2;"], None), "4");
    });
}

/// A server's terms end at 32,766 bytes; what is longer is kept there, and not found.
#[test]
fn values_of_any_length_are_found() {
    each(Schema::Logstash, |index| {
        let is_cluster = !index.info().unwrap().backend.starts_with("tantivy");
        let values = [40_000, 62_000, 32_000, 32_002].map(|length| "é".repeat(length / 2) + "end");
        let events: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(id, value)| {
                let mut event = IndexedEvent { id: Some(id.to_string()), ..Default::default() };
                event.fields.push("path", value.as_str());
                event
            })
            .collect();
        add(index, &events);
        if is_cluster {
            assert_eq!(ids(index, "_exists_:path"), ["2", "3"]);
            assert_eq!(ids(index, &format!("path:{}", values[3])), ["3"]);
            assert_eq!(ids(index, "*:*").len(), 4);
            return;
        }
        for (id, value) in values.iter().enumerate() {
            assert_eq!(ids(index, &format!("path:{value}")), [id.to_string()]);
        }
        assert_eq!(ids(index, "path:éé*").len(), 4);
        assert_eq!(ids(index, "path:*end").len(), 4);
        assert_eq!(ids(index, &format!("path:{}*", &values[1][..50_000])), ["1"]);
        let mut above = ids(index, &format!("path:[{} TO *]", values[0]));
        above.sort();
        assert_eq!(above, ["0", "1"]);
    });
}

#[test]
fn facts_are_written_with_the_events() {
    each(Schema::Logstash, |index| {
        let compiled = Compiled::queries(&["boom", "never"], Schema::Logstash);
        let event = |id: u32, text: &str| {
            json(&format!(
                r#"{{"id": "{id}", "build_uuid": "r", "build_name": "unit", "filename": "console.html",
                    "@timestamp": "2026-01-0{id}T00:00:00Z", "message": "{text}"}}"#
            ))
        };
        let mut writer = index.writer(&options()).unwrap();
        writer.fingerprints(compiled.known());
        let mut run = Run::new(RunKey::first("r"));
        run.fields.push("build_status", "FAILURE");
        run.failed_tests = Some(vec!["a.b".to_owned()]);
        writer.run(&run).unwrap();
        writer.event(&event(3, "boom"), &[0]).unwrap();
        writer.commit().unwrap();
        let known = || index.history().runs(&RunSelection::default()).unwrap().remove(0);
        assert_eq!(known().scanned, Scanned::Partial, "more may follow");
        writer.event(&event(2, "boom"), &[0]).unwrap();
        writer.event(&event(4, "fine"), &[]).unwrap();
        writer.finish().unwrap();

        let run = known();
        assert_eq!((run.scanned, run.events), (Scanned::Full, 3));
        assert_eq!(run.run.failed_tests, Some(vec!["a.b".to_owned()]));
        assert_eq!(run.time, Some("2026-01-04T00:00:00Z".parse().unwrap()), "its last event");
        let asked = index.history().facts(&RunKey::first("r")).unwrap();
        let answers: Vec<_> = asked
            .answers
            .iter()
            .map(|(question, (count, place))| {
                (question.id.as_str(), *count, place.event.as_deref())
            })
            .collect();
        assert_eq!(answers, [("boom", 2, Some("2")), ("never", 0, None)]);
        let found = index.run_hits(compiled.known(), &Scope::default()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].count, found[0].first.event.as_deref()), (2, Some("2")));
        assert_eq!(found[0].first.file.as_deref(), Some("console.html"));
    });
}

#[test]
fn a_run_that_is_told_later_is_seen_by_queries() {
    each(Schema::Logstash, |index| {
        add(
            index,
            &[
                json(r#"{"id": "1", "build_uuid": "r", "message": "boom"}"#),
                json(r#"{"id": "2", "build_uuid": "r", "message": "boom", "build_name": "own"}"#),
            ],
        );
        assert_eq!(ids(index, "build_name:unit"), [""; 0]);
        let mut run = Run::new(RunKey::first("r"));
        run.fields.push("build_name", "unit");
        for _ in 0..2 {
            let mut writer = index.writer(&options()).unwrap();
            writer.run(&run).unwrap();
            writer.finish().unwrap();
            assert_eq!(ids(index, "build_name:unit"), ["1"]);
            assert_eq!(ids(index, "boom"), ["1", "2"]);
        }
        let known = index.history().runs(&RunSelection::default()).unwrap();
        assert_eq!((known[0].events, known[0].scanned), (2, Scanned::Full));
    });
}

/// What events say of their run is known of it, and no other event takes it.
#[test]
fn a_run_that_nobody_told_is_read_off_its_events() {
    each(Schema::Logstash, |index| {
        let event = |name: &str| {
            json(&format!(r#"{{"build_uuid": "r", "build_name": "{name}", "voting": 0}}"#))
        };
        for name in ["one", "two"] {
            add(index, &[event(name)]);
            let known = index.history().runs(&RunSelection::default()).unwrap().remove(0);
            assert_eq!((known.run.get("build_name"), known.told), (Some(name), false));
            assert_eq!(known.run.voting(), Some(false));
        }
    });
}

#[test]
fn an_overview_counts() {
    each(Schema::Logstash, |index| {
        let event = |id: u32| {
            json(&format!(
                r#"{{"id": "{id}", "build_uuid": "r{}", "build_name": ["n{}", "all"],
                    "@timestamp": "2026-01-01T0{id}:00:00Z", "message": "boom"}}"#,
                id % 2,
                id % 3
            ))
        };
        let events: Vec<_> = (0..8).map(event).collect();
        add(index, &events);
        let compiled = Compiled::queries(&["boom"], Schema::Logstash);
        let request = OverviewRequest {
            facets: vec!["build_name".to_owned(), "nothing".to_owned()],
            top: 3,
            examples: 2,
            ..OverviewRequest::default()
        };
        let overview = index.overview(compiled.known(), 0, &request).unwrap();
        assert_eq!((overview.hits, overview.runs), (8, 2));
        assert_eq!(overview.first_seen, events[0].time);
        assert_eq!(overview.last_seen, events[7].time);
        let facet = &overview.facets["build_name"];
        let wanted = [("all", 8), ("n0", 3), ("n1", 3)];
        assert_eq!(facet.values, wanted.map(|(value, count)| (value.to_owned(), count)));
        assert_eq!(facet.others, 1);
        assert!(overview.facets["nothing"].values.is_empty());
        assert_eq!(overview.examples[0].id.as_deref(), Some("7"));
        assert_eq!(overview.examples.len(), 2);
        assert_eq!(overview.histogram.counts.iter().map(|(_, count)| count).sum::<u64>(), 8);
    });
}

#[test]
fn what_is_old_goes() {
    each(Schema::Logstash, |index| {
        let event = |id: u32| {
            json(&format!(
                r#"{{"id": "{id}", "build_uuid": "r{id}", "@timestamp": "2026-01-0{id}T00:00:00Z"}}"#
            ))
        };
        add(index, &[event(1), event(2), event(3), json(r#"{"id": "x"}"#)]);
        let time = |day: u32| Some(format!("2026-01-0{day}T00:00:00Z").parse().unwrap());
        let mut writer = index.writer(&options()).unwrap();
        let pruned = writer.prune(&Horizon { events: time(3), history: time(2) }).unwrap();
        assert_eq!((pruned.events, pruned.runs), (2, 1));
        writer.finish().unwrap();
        assert_eq!(ids(index, "*:*"), ["3", "x"]);
        assert_eq!(index.history().size().unwrap().runs, 2);
    });
}

#[test]
fn what_was_found_stays_when_its_events_go() {
    each(Schema::Logstash, |index| {
        let compiled = Compiled::queries(&["boom", "never"], Schema::Logstash);
        let event = json(
            r#"{"id": "1", "build_uuid": "r", "@timestamp": "2026-01-01T00:00:00Z", "message": "boom"}"#,
        );
        let mut run = Run::new(RunKey::first("r"));
        run.fields.push("build_status", "FAILURE");
        run.start_time = Some("2026-01-01T00:00:00Z".parse().unwrap());
        let mut writer = index.writer(&options()).unwrap();
        writer.fingerprints(compiled.known());
        writer.run(&run).unwrap();
        writer.event(&event, &[0]).unwrap();
        writer.finish().unwrap();
        let from = Some("2026-01-01T00:00:00Z".parse().unwrap());
        let hits = |compiled: &Compiled| -> Vec<u32> {
            let facts = facts(index, compiled.known(), Window { from, to: None }).unwrap();
            facts.runs[0].hits.iter().map(|hit| hit.fingerprint).collect()
        };
        assert_eq!(hits(&compiled), [0]);

        let mut writer = index.writer(&options()).unwrap();
        let before = Some("2026-02-01T00:00:00Z".parse().unwrap());
        let pruned = writer.prune(&Horizon { events: before, history: None }).unwrap();
        assert_eq!(pruned.events, 1);
        writer.finish().unwrap();
        assert_eq!(hits(&compiled), [0]);
        // One that is new has nothing to be asked of, and the others keep what they found.
        let more = Compiled::queries(&["boom", "never", "boo*"], Schema::Logstash);
        assert_eq!(hits(&more), [0]);
        let runs = index.history().runs(&RunSelection::default()).unwrap();
        let attached = attach(index, more.known(), runs).unwrap();
        let bugs: Vec<u32> = attached[0].bugs.iter().map(|bug| bug.fingerprint).collect();
        assert_eq!(bugs, [0]);
        assert_eq!(hits(&more), [0]);
        let run = index.history().runs(&RunSelection::default()).unwrap().remove(0);
        assert_eq!((run.events, run.scanned), (0, Scanned::Full), "it was looked at");
        let mut writer = index.writer(&options()).unwrap();
        writer.run(&run.run).unwrap();
        writer.finish().unwrap();
        let run = index.history().runs(&RunSelection::default()).unwrap().remove(0);
        assert_eq!((run.events, run.scanned), (0, Scanned::Full), "also when it is told again");
    });
}

#[test]
fn first_and_last_seen_are_times_of_runs_and_outlive_them() {
    each(Schema::Logstash, |index| {
        let time = |day: u32| format!("2026-01-0{day}T00:00:00.000001Z").parse().ok();
        let compiled = Compiled::queries(&["boom", "never"], Schema::Logstash);
        let mut writer = index.writer(&options()).unwrap();
        writer.fingerprints(compiled.known());
        for day in 2..5 {
            let id = format!("r{day}");
            let mut run = Run::new(RunKey::first(id.as_str()));
            run.end_time = time(day);
            writer.run(&run).unwrap();
            // Its events are older than it is.
            let event = json(&format!(
                r#"{{"build_uuid": "{id}", "@timestamp": "2026-01-01T00:00:00Z", "message": "boom"}}"#
            ));
            writer.event(&event, &[0]).unwrap();
        }
        writer.finish().unwrap();
        let seen = || {
            let all = index.history().seen().unwrap();
            let times = |id| all.get(id).map_or((None, None), |times| (times.first, times.last));
            (times("boom"), times("never"))
        };
        assert_eq!(seen(), ((time(2), time(4)), (None, None)));
        let mut writer = index.writer(&options()).unwrap();
        for day in [3, 4] {
            writer.prune(&Horizon { events: None, history: time(day) }).unwrap();
        }
        writer.finish().unwrap();
        assert_eq!(index.history().size().unwrap().runs, 1);
        assert_eq!(seen(), ((time(2), time(4)), (None, None)), "of runs that are gone, too");
    });
}

#[test]
fn a_run_that_was_complete_and_comes_once_more_is_there_once() {
    for Fresh { index, .. } in backends(Schema::Logstash).into_iter().take(1) {
        let compiled = Compiled::queries(&["boom"], Schema::Logstash);
        let event = json(r#"{"id": "1", "build_uuid": "r", "message": "boom"}"#);
        let mut writer = index.writer(&options()).unwrap();
        writer.fingerprints(compiled.known());
        for _ in 0..2 {
            let mut run = Run::new(RunKey::first("r"));
            writer.run(&run).unwrap();
            writer.event(&event, &[0]).unwrap();
            run.scanned = Some(Scanned::Full);
            writer.run(&run).unwrap();
        }
        writer.commit().unwrap();
        let run = index.history().runs(&RunSelection::default()).unwrap().remove(0);
        assert_eq!((run.events, run.scanned), (1, Scanned::Full), "also before the writer ends");
        let asked = index.history().facts(&RunKey::first("r")).unwrap();
        assert_eq!(asked.answers.values().next().map(|(count, _)| *count), Some(1));
        writer.finish().unwrap();
        assert_eq!(ids(&*index, "boom"), ["1"]);
    }
}
