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

/// What a page shows of this command is what it writes of a log of the repository.
fn check_output(page: &str, command: &str, target: &str, code: i32) {
    let seconds = regex::Regex::new(r"\d+\.\d\d s\b").unwrap();
    let shown = block(page, &format!("$ {command} {target}\n"));
    let shown = seconds.replace(&shown, "[time]");
    let here = root().join(target);
    let outcome = Dir::new().recheck(&["classify", here.to_str().unwrap()]);
    assert_eq!(outcome.code, code);
    assert_eq!(outcome.out.replace(here.to_str().unwrap(), target), shown);
}

#[test]
fn the_pages_show_the_real_output() {
    let (readme, output) = (page("README.md"), page("docs/output.md"));
    let command = "cargo run --release -p recheck -- classify";
    check_output(&readme, command, "fixtures/logs/zuul-disk-full", 0);
    check_output(&readme, command, "fixtures/logs/zuul-failed-test", 1);
    check_output(&output, "recheck classify", "fixtures/logs/zuul-failed-test", 1);
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
fn the_documented_hosts_are_valid_settings() {
    let page = page("docs/sources.md");
    for block in page.split("```toml\n").skip(1) {
        let dir = Dir::with_disk();
        dir.write("recheck.toml", block.split("```").next().unwrap());
        let outcome = dir.recheck_with(&["classify", "-"], b"No space left on device\n");
        assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    }
}

/// The table of limits names the flags and their defaults.
#[test]
fn the_documented_limits_are_the_defaults() {
    let help = Dir::new().recheck(&["classify", "--help"]).out;
    let page = page("docs/sources.md");
    let rows = page.lines().filter(|line| line.starts_with("| `--"));
    let mut count = 0;
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [flag, _, default] = cells[..] else { panic!("{row}") };
        let (_, rest) = help.split_once(&format!("{} <", flag.trim_matches('`'))).expect(flag);
        let text = rest.split("\n      --").next().unwrap().split_whitespace();
        let text = text.collect::<Vec<_>>().join(" ");
        let told = default == "none" || text.contains(&format!("[default: {default}"));
        assert!(told, "{flag} {default}: {text}");
        count += 1;
    }
    assert_eq!(count, 11);
}

#[test]
fn every_link_leads_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)#:]+)(#[^)]*)?\)").unwrap();
    let docs =
        ["exit-codes", "fingerprints", "index", "json", "output", "query-language", "sources"];
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
