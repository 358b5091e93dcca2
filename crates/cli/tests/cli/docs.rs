//! The documentation says what is so.

use std::{fs, path::Path};

use crate::util::Dir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The fenced block of a page that begins with this line, without it.
fn block(page: &str, first: &str) -> String {
    let (_, rest) = page.split_once(first).expect("the page has the block");
    rest.split_once("```").unwrap().0.trim_start().to_owned()
}

#[test]
fn the_readme_shows_the_real_output() {
    let target = "fixtures/logs/zuul-disk-full";
    let command = format!("$ cargo run --release -p recheck -- classify {target}\n");
    let seconds = regex::Regex::new(r"\d+\.\d\d s\b").unwrap();
    let shown = block(&page("README.md"), &command);
    let shown = seconds.replace(&shown, "[time]");
    let here = root().join(target);
    let outcome = Dir::new().recheck(&["classify", here.to_str().unwrap()]);
    assert_eq!(outcome.code, 0);
    assert_eq!(outcome.out.replace(here.to_str().unwrap(), target), shown);
}

#[test]
fn the_documented_json_is_a_document() {
    let example = block(&page("docs/json.md"), "```json\n");
    let line = example.lines().map(str::trim).collect::<String>() + "\n";
    assert_eq!(crate::document::read(&line).runs[0].bugs[0].hits, 3);
}

#[test]
fn the_readme_settings_are_valid() {
    let dir = Dir::with_disk();
    dir.write("recheck.toml", block(&page("README.md"), "```toml\n"));
    let outcome = dir.recheck_with(&["classify", "-"], b"No space left on device\n");
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
}

#[test]
fn every_link_leads_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)#:]+)(#[^)]*)?\)").unwrap();
    let docs = ["exit-codes", "fingerprints", "json", "output", "query-language", "sources"];
    let docs = docs.iter().map(|name| format!("docs/{name}.md"));
    let pages = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(str::to_owned);
    for name in pages.into_iter().chain(docs) {
        let folder = root().join(&name);
        let folder = folder.parent().unwrap();
        for found in link.captures_iter(&page(&name)) {
            assert!(folder.join(&found[1]).exists(), "{name}: {}", &found[1]);
        }
    }
}
