//! What lies behind an address: plain, packed, packed twice, an archive, a page.

use super::{
    HIT, classify,
    server::{Reply, Server},
};
use crate::util::{Dir, gzip, tar};

#[test]
fn a_file_is_a_run() {
    let dir = Dir::with_disk();
    let server = Server::with(&[("/a%20b/job-output.txt?x=1", Reply::text(HIT))]);
    let outcome = classify(&dir, &[&server.url("/a%20b/job-output.txt?x=1")]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains("job-output.txt:1  cp: No space left"), "{}", outcome.out);
    assert_eq!(outcome.err, "");
}

#[test]
fn packed_bodies_are_unpacked_however_often_they_were_packed() {
    let encoded = |body: Vec<u8>| Reply::text(body).header("Content-Encoding", "gzip");
    let server = Server::with(&[
        ("/plain.txt.gz", Reply::new(200, gzip(HIT.as_bytes()))),
        ("/encoded.txt", encoded(gzip(HIT.as_bytes()))),
        ("/once.txt.gz", encoded(gzip(HIT.as_bytes()))),
        ("/twice.txt.gz", encoded(gzip(&gzip(HIT.as_bytes())))),
        ("/lie.txt", encoded(HIT.into())),
    ]);
    for path in ["/plain.txt.gz", "/encoded.txt", "/once.txt.gz", "/twice.txt.gz", "/lie.txt"] {
        let outcome = classify(&Dir::with_disk(), &[&server.url(path)]);
        assert_eq!(outcome.code, 0, "{path}: {outcome:?}");
        let name = path[1..].trim_end_matches(".gz");
        assert!(outcome.out.contains(&format!("{name}:1  cp")), "{}", outcome.out);
    }
}

#[test]
fn zstd_and_xz_are_known_by_their_content() {
    // `printf 'cp: No space left on device\n' | zstd`, and `| xz`.
    let zstd = include_bytes!("hit.zst");
    let xz = include_bytes!("hit.xz");
    let server = Server::with(&[
        ("/a", Reply::new(200, &zstd[..])),
        ("/b", Reply::new(200, &xz[..])),
        ("/c", Reply::text(&zstd[..]).header("Content-Encoding", "zstd")),
    ]);
    for path in ["/a", "/b", "/c"] {
        let outcome = classify(&Dir::with_disk(), &[&server.url(path)]);
        assert_eq!(outcome.code, 0, "{path}: {outcome:?}");
    }
}

#[test]
fn an_encoding_that_nobody_asked_for_is_told() {
    let reply = Reply::text("x").header("Content-Encoding", "br");
    let server = Server::with(&[("/x.log", reply)]);
    let outcome = classify(&Dir::with_disk(), &[&server.url("/x.log")]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.out.contains("the encoding \"br\", which was not asked for"), "{outcome:?}");
}

#[test]
fn an_archive_is_read_entry_by_entry() {
    let archive = gzip(&tar(&[("a/x.txt", HIT.as_bytes()), ("a/y.txt", b"fine\n")]));
    let server = Server::with(&[("/logs.tar.gz", Reply::new(200, archive))]);
    let outcome = classify(&Dir::with_disk(), &[&server.url("/logs.tar.gz")]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains("a/x.txt:1  cp"), "{}", outcome.out);
    assert!(outcome.out.contains("2 logs"), "{}", outcome.out);
}

#[test]
fn a_page_is_no_log() {
    let page = "<!DOCTYPE html>\n<html><title>Sign in</title>No space left on device</html>";
    let server = Server::with(&[
        ("/run/", Reply::html(r#"<html><a href="a.log">a</a><a href="b.log">b</a>"#)),
        ("/run/a.log", Reply::html(page)),
        ("/run/b.log", Reply::text("fine\n")),
        ("/alone.log", Reply::html(page)),
        ("/alone.html", Reply::html(page)),
    ]);
    let outcome = classify(&Dir::with_disk(), &[&server.url("/run/")]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.out.contains("a.log: the server gives a page (HTML) in place"), "{outcome:?}");
    for path in ["/alone.log", "/alone.html"] {
        let outcome = classify(&Dir::with_disk(), &[&server.url(path)]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.out.contains("neither a log nor a listing"), "{path}: {outcome:?}");
    }
}

/// OpenStack's jobs had their console as a page.
#[test]
fn a_page_whose_text_is_preformatted_is_a_log_if_its_name_says_so() {
    let page = format!("<html><body><pre>\n{HIT}</pre></body></html>");
    let server = Server::with(&[
        ("/console.html", Reply::html(page.clone())),
        ("/bare/console.html", Reply::html(format!("<pre>\n{HIT}</pre>"))),
        ("/console.log", Reply::html(page)),
    ]);
    let code = |path: &str| classify(&Dir::with_disk(), &[&server.url(path)]).code;
    assert_eq!(
        [code("/console.html"), code("/bare/console.html"), code("/console.log")],
        [0, 0, 2]
    );
}

#[test]
fn a_page_that_says_it_is_text_is_text() {
    let server = Server::with(&[("/curl.txt", Reply::text(format!("<html>\n{HIT}")))]);
    assert_eq!(classify(&Dir::with_disk(), &[&server.url("/curl.txt")]).code, 0);
}

#[test]
fn of_several_targets_the_others_go_on() {
    let dir = Dir::with_disk();
    dir.write("local.log", HIT);
    let server = Server::with(&[("/good.log", Reply::text(HIT))]);
    let (gone, good) = (server.url("/gone.log"), server.url("/good.log"));
    let outcome = classify(&dir, &[&gone, "local.log", &good]);
    assert_eq!(outcome.code, 2);
    let told: Vec<_> = outcome.out.lines().filter(|line| line.contains("known: ")).collect();
    assert_eq!(told, ["known: local.log", &format!("known: {good}")], "{}", outcome.out);
    let word = "the server answers 404 Not Found (no such document)";
    assert!(outcome.out.contains(&format!("{gone}: {word}")), "{}", outcome.out);
}

#[test]
fn a_line_links_to_its_file() {
    let server = Server::with(&[("/x.log", Reply::text(HIT))]);
    let url = server.url("/x.log");
    let outcome = classify(&Dir::with_disk(), &["--hyperlinks", "always", &url]);
    assert!(outcome.out.contains(&format!("\x1b]8;;{url}\x1b\\")), "{:?}", outcome.out);
}

#[test]
fn what_is_kept_is_fetched_again_only_when_it_changed() {
    let dir = Dir::with_disk();
    let server = Server::start(|request| {
        let tag = if request.path == "/old.log" { "\"a\"" } else { "\"b\"" };
        match request.header("if-none-match") == Some(tag) {
            true => Reply::new(304, ""),
            false => Reply::text(gzip(HIT.as_bytes()))
                .header("ETag", tag)
                .header("Content-Encoding", "gzip"),
        }
    });
    let (url, cache) = (server.url("/old.log"), dir.path("cache"));
    let args = ["--cache", cache.to_str().unwrap(), &url];
    let conditions = || {
        let sent = server.requests();
        sent.iter().filter(|request| request.header("if-none-match").is_some()).count()
    };
    for expected in [0, 1] {
        let outcome = classify(&dir, &args);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(outcome.out.contains("old.log:1  cp"), "{}", outcome.out);
        assert_eq!(conditions(), expected);
    }
    // A body that is not whole is not believed.
    for entry in std::fs::read_dir(&cache).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "body") {
            std::fs::write(path, "x").unwrap();
        }
    }
    assert_eq!(classify(&dir, &args).code, 0);
    assert_eq!(conditions(), 1);
}
