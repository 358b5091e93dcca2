//! One bad fingerprint, one exact message: `fixtures/diag/NAME.yaml` (or a directory `NAME`, whose
//! files are loaded together) and `NAME.out`.
//!
//! `BLESS=1` rewrites the expectations; read the difference before committing it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use recheck_core::{Loaded, MAX_FILE_BYTES, Severity, load_dirs, render};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/diag")
}

/// The fixture's files, with names that do not depend on where the repository lies.
fn sources(case: &Path) -> Vec<(String, Vec<u8>)> {
    let base = case.parent().expect("a fixture has a directory");
    let mut files = if case.is_dir() {
        fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path()).collect()
    } else {
        vec![case.to_owned()]
    };
    files.sort();
    let name = |file: &Path| file.strip_prefix(base).unwrap().to_string_lossy().into_owned();
    files.iter().map(|file| (name(file), fs::read(file).unwrap())).collect()
}

fn drawn(loaded: &Loaded) -> String {
    let mut out = String::new();
    for diagnostic in loaded.diagnostics() {
        writeln!(out, "{}", render::snippet(diagnostic, false)).unwrap();
    }
    writeln!(out, "{} loaded, {} rejected", loaded.set.len(), loaded.rejected.len()).unwrap();
    out
}

#[test]
fn every_message_is_drawn_as_expected() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut cases: Vec<_> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|suffix| suffix != "out"))
        .collect();
    cases.sort();
    assert!(cases.len() >= 25, "only {} cases in {}", cases.len(), fixtures().display());
    let mut wrong = Vec::new();
    for case in cases {
        let got = drawn(&Loaded::from_sources(sources(&case)));
        let expectation = case.with_extension("out");
        if bless {
            fs::write(&expectation, &got).unwrap();
        } else if fs::read_to_string(&expectation).unwrap_or_default() != got {
            wrong.push(format!("{}:\n{got}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "BLESS=1 rewrites these:\n{}", wrong.join("\n"));
}

#[test]
fn colours_change_nothing_but_the_colours() {
    let loaded = Loaded::from_sources([("a.yaml", "category: infro\nquery: 1\n")]);
    for diagnostic in loaded.diagnostics() {
        let coloured = render::snippet(diagnostic, true);
        assert!(coloured.contains("\x1b["));
        let plain = without_ansi(&coloured);
        assert_eq!(plain, render::snippet(diagnostic, false));
    }
}

fn without_ansi(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = after.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, rest)| rest);
    }
    plain + rest
}

/// The codes of the one file's diagnostics, and that it took no time worth mentioning.
fn codes(text: &str) -> Vec<&'static str> {
    let start = Instant::now();
    let loaded = Loaded::from_sources([("hostile.yaml", text)]);
    let codes = loaded.diagnostics().iter().map(|diagnostic| diagnostic.code).collect();
    let drawn = drawn(&loaded);
    assert!(drawn.len() < 200_000, "{} bytes drawn", drawn.len());
    let elapsed = start.elapsed();
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
    codes
}

#[test]
fn a_query_of_ten_megabytes_is_refused_unread() {
    let text = format!("query: {}\n", "a ".repeat(5 << 20));
    assert_eq!(codes(&text), ["F004"]);
}

#[test]
fn ten_thousand_groups_are_an_error() {
    let text = format!("query: {}a{}\n", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(codes(&text), ["Q002"]);
}

#[test]
fn deep_yaml_is_an_error() {
    assert_eq!(codes(&format!("query: {}\n", "[".repeat(10_000))), ["F015"]);
    let deep: String = (0..500).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_eq!(codes(&deep), ["F015"]);
    assert_eq!(codes(&format!("query: {}\n", "- ".repeat(10_000))), ["F010"]);
}

#[test]
fn anchors_cannot_multiply() {
    let mut lists = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (outer, inner) in
        ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"])
    {
        let items = vec![format!("*{inner}"); 10].join(", ");
        lists += &format!("{outer}: &{outer} [{items}]\n");
    }
    assert!(codes(&lists).contains(&"F015"));
    let text = "x".repeat(MAX_FILE_BYTES / 2);
    let long = format!("title: &t {text}\ncontains:\n{}", "- *t\n".repeat(900));
    assert_eq!(codes(&long), ["F015"]);
}

#[test]
fn a_million_mistakes_are_told_briefly() {
    let lines: String = (0..40_000).map(|line| format!("unknown{line}: 1\n")).collect();
    let found = codes(&lines);
    assert_eq!(found.iter().filter(|code| **code == "W001").count(), 25);
    assert!(found.contains(&"W009") && found.contains(&"F024"));
    let list = format!("contains: [{}]\n", "'',".repeat(90_000));
    let found = codes(&list);
    assert_eq!(found.len(), 26);
    assert_eq!(found.last(), Some(&"F029"));
}

#[test]
fn long_lines_are_drawn_in_part() {
    let text = format!("regex: 'é{}(b{}'\n", "a".repeat(500_000), "c".repeat(500_000));
    let loaded = Loaded::from_sources([("a.yaml", &text)]);
    let diagnostic = &loaded.rejected[0].diagnostics[0];
    assert_eq!(diagnostic.position.map(|position| position.column), Some(500_010));
    let drawn = render::snippet(diagnostic, false);
    assert!(
        drawn.len() < 2_000 && drawn.contains("(b") && drawn.contains("a.yaml:1:500010"),
        "{drawn}"
    );
}

#[test]
fn the_shared_fingerprints_load() {
    let Some(data) = std::env::var_os("RECHECK_DATA") else {
        println!("skipped: RECHECK_DATA is not set (the absolute path of the shared data)");
        return;
    };
    let start = Instant::now();
    let loaded = load_dirs(&[Path::new(&data).join("fingerprints")]);
    let elapsed = start.elapsed();
    let errors: Vec<_> = loaded.rejected.iter().map(ToString::to_string).collect();
    println!("{} loaded in {elapsed:?}, {} rejected", loaded.set.len(), errors.len());
    let mut counts = std::collections::BTreeMap::new();
    for warning in &loaded.warnings {
        assert_eq!(warning.severity, Severity::Warning);
        *counts.entry(warning.code).or_insert(0) += 1;
        println!("{warning}");
    }
    println!("{counts:?}");
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(loaded.set.len(), 676);
}

/// Queries as a program would write them into YAML: JSON's strings are YAML's.
#[test]
fn queries_survive_being_written_as_json_strings() {
    let Some(data) = std::env::var_os("RECHECK_DATA") else {
        println!("skipped: RECHECK_DATA is not set (the absolute path of the shared data)");
        return;
    };
    let mut seen = 0;
    for file in ["edge.jsonl", "random-logstash.jsonl", "answers-logstash.jsonl"] {
        for row in fs::read_to_string(Path::new(&data).join(file)).unwrap().lines() {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            let query = row["query"].as_str().unwrap();
            let text = serde_json::json!({ "query": query }).to_string();
            let loaded = Loaded::from_sources([("x.yaml", &text)]);
            match loaded.set.iter().next() {
                Some((_, fingerprint)) => assert_eq!(fingerprint.queries[0].source(), query),
                None => {
                    let diagnostics = &loaded.rejected[0].diagnostics;
                    // `Q`: it does not parse; `B`: it does not fit the schema.
                    let is_query = |diagnostic: &recheck_core::Diagnostic| {
                        diagnostic.code.starts_with(['Q', 'B'])
                    };
                    assert!(diagnostics.iter().any(is_query), "{diagnostics:?}");
                }
            }
            drawn(&loaded); // must not panic, wherever the labels are
            seen += 1;
        }
    }
    println!("{seen} queries");
}

#[test]
fn python_escapes_are_read() {
    let loaded = Loaded::from_sources([("x.yaml", r#"contains: "\ud83d\ude00 \u00e9""#)]);
    let (_, fingerprint) = loaded.set.by_name("x").expect("surrogate pairs are one character");
    assert_eq!(fingerprint.contains, ["😀 é"]);
}
