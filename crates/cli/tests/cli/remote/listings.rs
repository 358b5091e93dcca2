//! Trees of listings, with their limits.

use super::{
    HIT, classify,
    server::{Reply, Server},
};
use crate::util::Dir;

/// A page that links these names.
fn listing(names: &[&str]) -> Reply {
    let links: String =
        names.iter().map(|name| format!("<li><a href=\"{name}\">{name}</a></li>\n")).collect();
    Reply::html(format!("<!DOCTYPE HTML>\n<title>Directory listing for /</title><ul>{links}</ul>"))
}

fn tree() -> Server {
    Server::with(&[
        ("/logs/", listing(&["../", "job-output.txt", "sub/", "sub/"])),
        ("/logs/job-output.txt", Reply::text("fine\n")),
        ("/logs/sub/", listing(&["../", "deep%20er/", "x.log"])),
        ("/logs/sub/x.log", Reply::text("fine\n")),
        ("/logs/sub/deep%20er/", listing(&["y.log.gz"])),
        ("/logs/sub/deep%20er/y.log.gz", Reply::text(HIT)),
    ])
}

#[test]
fn a_tree_is_a_run() {
    let server = tree();
    let outcome = classify(&Dir::with_disk(), &[&server.url("/logs/")]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains("sub/deep er/y.log:1  cp"), "{}", outcome.out);
    assert!(outcome.out.contains("3 logs"), "{}", outcome.out);
    let times = |path| server.asked(path).len();
    assert_eq!([times("/logs/"), times("/logs/sub/"), times("/logs/sub/x.log")], [1, 1, 1]);
    assert_eq!(times("/"), 0, "nothing above is looked at");
}

#[test]
fn a_listing_that_redirects_to_its_slash_is_followed() {
    let server = Server::with(&[
        ("/logs", Reply::redirect("/logs/")),
        ("/logs/", listing(&["x.log"])),
        ("/logs/x.log", Reply::text(HIT)),
    ]);
    let outcome = classify(&Dir::with_disk(), &[&server.url("/logs")]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains("  x.log:1  cp"), "{}", outcome.out);
}

#[test]
fn include_and_exclude_choose() {
    let server = tree();
    let outcome = classify(
        &Dir::with_disk(),
        &["--include", "*.log", "--exclude", "sub/x*", &server.url("/logs/")],
    );
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains("1 log,"), "{}", outcome.out);
    assert_eq!(server.asked("/logs/sub/x.log").len(), 0);
    let outcome = classify(&Dir::with_disk(), &["--include", "*.xml", &server.url("/logs/")]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.out.contains("no log is left by --include and --exclude"), "{outcome:?}");
}

#[test]
fn what_no_fingerprint_can_match_is_not_fetched() {
    let dir = Dir::new();
    dir.write("queries/x.yaml", "query: 'tags:console AND message:\"No space\"'");
    let server = tree();
    let outcome = classify(&dir, &["--explain", &server.url("/logs/")]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(
        outcome.out.contains("2 files not fetched, as no fingerprint can match"),
        "{outcome:?}"
    );
    assert!(outcome.err.contains("sub/x.log: not fetched, tags [x.log]"), "{}", outcome.err);
    assert_eq!(server.asked("/logs/sub/x.log").len(), 0);
    assert_eq!(server.asked("/logs/job-output.txt").len(), 1);
    // What is named itself is fetched, and its absence told.
    assert_eq!(classify(&dir, &[&server.url("/logs/gone.log")]).code, 2);
}

#[test]
fn limits_are_told_with_their_flag() {
    let server = tree();
    let url = server.url("/logs/");
    for (flag, limit, told) in [
        ("--max-files", "1", "more than 1 files"),
        ("--max-depth", "1", "1 directories deeper than 1"),
    ] {
        let outcome = classify(&Dir::with_disk(), &[flag, limit, &url]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.out.contains(told) && outcome.out.contains(flag), "{}", outcome.out);
    }
}

#[test]
fn a_tree_without_end_ends() {
    let server = Server::start(|_| listing(&["again/", "x.log/"]));
    let outcome = classify(&Dir::with_disk(), &["--max-depth", "4", &server.url("/")]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.out.contains("--max-depth"), "{}", outcome.out);
    assert_eq!(server.requests().len(), 1 + 2 + 4 + 8 + 16);
}

#[test]
fn a_directory_that_is_missing_or_elsewhere_makes_the_run_incomplete() {
    let server = Server::with(&[
        ("/logs/", listing(&["x.log", "gone/", "away/"])),
        ("/logs/x.log", Reply::text("fine\n")),
        ("/logs/away/", Reply::redirect("/other/")),
        ("/other/", listing(&["y.log"])),
    ]);
    let outcome = classify(&Dir::with_disk(), &[&server.url("/logs/")]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.out.contains("gone: the server answers 404"), "{}", outcome.out);
    assert!(outcome.out.contains("away: leads to http://"), "{}", outcome.out);
    assert_eq!(server.asked("/other/y.log").len(), 0);
}

#[test]
fn names_that_lead_out_are_left_out_and_told() {
    let server = Server::with(&[
        ("/logs/", listing(&["x.log", "..%2f..%2fetc%2fpasswd"])),
        ("/logs/x.log", Reply::text("fine\n")),
    ]);
    let outcome = classify(&Dir::with_disk(), &[&server.url("/logs/")]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.out.contains("a link whose name leads out"), "{}", outcome.out);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn an_empty_listing_is_told() {
    let server = Server::with(&[("/logs/", listing(&[]))]);
    let outcome = classify(&Dir::with_disk(), &[&server.url("/logs/")]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.out.contains("no log in there"), "{}", outcome.out);
}
