//! The direction between core's rooms: each may use only what the table below allows it.
//!
//! The table is the one of ARCHITECTURE.md. It is read from the source text, so that a use which
//! only one feature set compiles counts too. Tests inside `src` may look anywhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Each room of `src` with the rooms it may use. A new room is added here on purpose.
const ALLOWED: &[(&str, &[&str])] = &[
    ("span", &[]),
    ("fields", &[]),
    ("redact", &[]),
    ("failure", &[]),
    ("query", &["span"]),
    ("schema", &["span", "fields", "query"]),
    ("analysis", &["span"]),
    ("bind", &["span", "fields", "query", "schema", "analysis"]),
    ("document", &["span", "fields"]),
    ("fingerprint", &["span", "fields", "query", "schema", "analysis", "bind"]),
    (
        "matcher",
        &[
            "span",
            "fields",
            "failure",
            "query",
            "schema",
            "analysis",
            "bind",
            "document",
            "fingerprint",
        ],
    ),
    ("run", &["span", "fields"]),
    ("log", &["span", "fields", "run"]),
    ("results", &["fields", "log"]),
    ("report", &["span", "fields", "run", "fingerprint", "matcher"]),
    (
        "scan",
        &[
            "span",
            "fields",
            "failure",
            "query",
            "schema",
            "analysis",
            "bind",
            "document",
            "fingerprint",
            "matcher",
            "run",
            "log",
            "results",
            "report",
            "redact",
        ],
    ),
    ("render", &["span", "fields", "query", "fingerprint", "run", "failure", "report", "scan"]),
];

#[test]
fn rooms_use_only_what_stands_left_of_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let exports = root_exports(&read(&src.join("lib.rs")));
    let mut wrong = BTreeSet::new();
    for file in rust_files(&src) {
        let relative = file.strip_prefix(&src).expect("found under src");
        let Some(room) = room_of(relative) else { continue };
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == room) else {
            wrong.insert(format!("room `{room}` is not in the table"));
            continue;
        };
        for used in used_names(&read(&file), module_depth(relative)) {
            let target = exports.get(&used).unwrap_or(&used);
            if *target != room && !allowed.contains(&target.as_str()) {
                wrong.insert(format!("{}: `{room}` may not use `{used}`", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", Vec::from_iter(wrong).join("\n"));
}

#[test]
fn the_table_has_no_cycle() {
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    while settled.len() < ALLOWED.len() {
        let before = settled.len();
        for (room, allowed) in ALLOWED {
            if allowed.iter().all(|used| settled.contains(used)) {
                settled.insert(room);
            }
        }
        assert!(settled.len() > before, "only these rooms can be ordered: {settled:?}");
    }
}

#[test]
fn every_way_to_name_a_room_is_seen() {
    let source = "
        //! Decided in [`bind`](crate::bind).
        use crate::span::Span; // not crate::render
        use crate::{analysis::{Token, tokens}, Query};
        fn f() -> crate::schema::Schema { let _ = \"crate::log\"; super::super::matcher::go() }
        #[cfg(test)]
        mod tests { use crate::scan; }
    ";
    let names = ["Query", "analysis", "matcher", "schema", "span"];
    assert_eq!(used_names(source, 2), names.map(String::from).into());
    assert_eq!(used_names("use super::ast::Node;", 2), BTreeSet::new());
    let exports = root_exports("pub use crate::{query::{Node, Query}, span::Span};\nmod x;");
    assert_eq!(exports["Query"], "query");
    assert_eq!(exports["Span"], "span");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Rust files below a directory, tests left out.
fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        } else if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// `query/ast.rs` and `query.rs` are both in the room `query`; `lib.rs` is in none.
fn room_of(relative: &Path) -> Option<String> {
    let first = relative.iter().next()?.to_str()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (room != "lib").then(|| room.to_owned())
}

/// How many `super` lead from a file's module to the crate's root.
fn module_depth(relative: &Path) -> usize {
    relative.iter().count() - usize::from(relative.ends_with("mod.rs"))
}

/// The first name after every path to the crate's root, outside comments, strings and tests.
fn used_names(source: &str, depth: usize) -> BTreeSet<String> {
    let code = code_only(source);
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let up = "super::".repeat(depth);
    let mut names = BTreeSet::new();
    for root in ["crate::", up.as_str()] {
        for (at, _) in code.match_indices(root) {
            let inside_path = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let further_up = code[..at].ends_with("super::");
            if !inside_path && !further_up {
                names.extend(first_names(&code[at + root.len()..]));
            }
        }
    }
    names.remove("super");
    names
}

/// `a::b` begins with `a`; `{a::{b, c}, d}` with `a` and `d`.
fn first_names(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else {
        return Vec::from_iter(identifier(rest));
    };
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut at_start = true;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            _ if at_start && !c.is_whitespace() => {
                names.extend(identifier(&group[at..]));
                at_start = false;
            }
            _ => {}
        }
    }
    names
}

fn identifier(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// What the crate's root re-exports: each name with the room it comes from.
fn root_exports(lib: &str) -> BTreeMap<String, String> {
    let code = code_only(lib);
    let mut exports = BTreeMap::new();
    for statement in code.split("pub use crate::").skip(1) {
        let statement = statement.split(';').next().unwrap_or_default();
        let mut room = String::new();
        for word in statement.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') {
            for name in word.split("::").filter(|name| !name.is_empty()) {
                if ALLOWED.iter().any(|(known, _)| *known == name) {
                    room = name.to_owned();
                } else {
                    exports.insert(name.to_owned(), room.clone());
                }
            }
        }
    }
    exports
}

/// The source without comments and string contents; each line keeps its place, indentation goes.
fn code_only(source: &str) -> String {
    let mut code = String::new();
    for line in source.lines() {
        let line = line.trim_start();
        for (index, part) in line.split('"').enumerate() {
            if index % 2 == 0 {
                let end = part.find("//");
                code.push_str(&part[..end.unwrap_or(part.len())]);
                if end.is_some() {
                    break;
                }
            }
        }
        code.push('\n');
    }
    code
}
