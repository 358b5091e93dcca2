//! Servers that are slow, busy, broken or gone.

use std::time::{Duration, Instant};

use super::{
    HIT, classify,
    server::{Reply, Server},
};
use crate::util::Dir;

const RANGES: (&str, &str) = ("ETag", "\"one\"");

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let server = Server::start(|request| match request.nth {
        0 => Reply::new(429, "slowly").header("Retry-After", "1"),
        1 => Reply::new(503, ""),
        _ => Reply::text(HIT),
    });
    let started = Instant::now();
    let outcome = classify(&Dir::with_disk(), &[&server.url("/x.log")]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn what_stays_broken_is_told_in_the_servers_words() {
    let server =
        Server::start(|_| Reply::new(503, r#"{"message": "down for \u001b maintenance"}"#));
    let outcome = classify(&Dir::with_disk(), &["--retries", "1", &server.url("/x.log")]);
    assert_eq!(outcome.code, 2);
    let told = "the server answers 503 Service Unavailable (down for  maintenance)";
    assert!(outcome.out.contains(told), "{}", outcome.out);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn what_will_not_pass_is_not_asked_again() {
    let server = Server::start(|_| Reply::new(403, ""));
    assert_eq!(classify(&Dir::with_disk(), &[&server.url("/x.log")]).code, 2);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn nobody_there_is_told() {
    let closed = Server::start_at("127.0.0.1:0", |_| Reply::text("")).port();
    // A port that was free a moment ago; nobody listens on the one before the first that is free.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_ne!(port, closed);
    let url = format!("http://127.0.0.1:{port}/x.log");
    let outcome = classify(&Dir::with_disk(), &["--retries", "1", &url]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.out.contains("cannot connect"), "{}", outcome.out);
}

#[test]
fn a_body_that_breaks_off_is_fetched_on() {
    let body = format!("{}{HIT}", "a line of a log\n".repeat(20_000));
    let server = Server::start(move |request| {
        let whole = Reply::text(body.clone()).header(RANGES.0, RANGES.1);
        let range = request.header("range").and_then(|range| range.strip_prefix("bytes="));
        let Some(from) = range.and_then(|range| range.strip_suffix('-')?.parse().ok()) else {
            return whole.cut(100_000);
        };
        assert_eq!(request.header("if-range"), Some("\"one\""));
        let place = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
        let rest = Reply::new(206, &body.as_bytes()[from..]).header("Content-Range", &place);
        // The second part breaks off as well.
        if request.nth == 1 { rest.cut(50_000) } else { rest }
    });
    let outcome = classify(&Dir::with_disk(), &[&server.url("/x.log")]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains("x.log:20001  cp"), "{}", outcome.out);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_body_that_can_not_be_fetched_on_is_cut_and_told() {
    let body = "a line of a log\n".repeat(20_000);
    for validator in [None, Some(RANGES)] {
        let body = body.clone();
        let server = Server::start(move |_| {
            let reply = Reply::text(body.clone()).cut(100_000);
            validator.map_or(reply.clone(), |(name, value)| reply.header(name, value))
        });
        let outcome = classify(&Dir::with_disk(), &[&server.url("/x.log")]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.out.contains("the body breaks off after 100.0 kB"), "{}", outcome.out);
        assert!(outcome.out.contains("incomplete"), "{}", outcome.out);
    }
}

#[test]
fn what_was_read_before_the_end_counts() {
    let server = Server::start(|_| Reply::text(HIT).length(1_000_000));
    let outcome = classify(&Dir::with_disk(), &[&server.url("/x.log")]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains("known") && outcome.out.contains("breaks off"), "{outcome:?}");
}

#[test]
fn a_length_that_is_too_short_ends_the_body() {
    let server = Server::start(|_| Reply::text(format!("fine\n{HIT}")).length(5));
    assert_eq!(classify(&Dir::with_disk(), &[&server.url("/x.log")]).code, 1);
}

#[test]
fn silence_has_an_end() {
    let slow = Duration::from_secs(30);
    let server = Server::with(&[
        ("/head.log", Reply::text(HIT).delay(slow)),
        ("/body.log", Reply::text("fine\n".repeat(100)).pause(100, slow)),
    ]);
    let started = Instant::now();
    let limits = ["--read-timeout", "300ms", "--connect-timeout", "200ms", "--retries", "0"];
    for path in ["/head.log", "/body.log"] {
        let outcome = classify(&Dir::with_disk(), &[&limits[..], &[&server.url(path)]].concat());
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.out.contains("allow more with --read-timeout"), "{}", outcome.out);
    }
    assert!(started.elapsed() < slow);
}

#[test]
fn the_deadline_ends_everything() {
    let slow = Duration::from_secs(60);
    let server = Server::with(&[
        ("/head.log", Reply::text(HIT).delay(slow)),
        ("/body.log", Reply::text("fine\n".repeat(100)).pause(100, slow)),
        ("/busy.log", Reply::new(503, "").header("Retry-After", "50")),
    ]);
    let started = Instant::now();
    for path in ["/head.log", "/body.log", "/busy.log"] {
        let outcome = classify(&Dir::with_disk(), &["--deadline", "500ms", &server.url(path)]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
    }
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_body_without_end_ends_at_its_limit() {
    let server = Server::start(|_| Reply::text("a line of a log\n".repeat(1000)).endless());
    for flag in ["--max-file-bytes", "--max-bytes"] {
        let outcome = classify(&Dir::with_disk(), &[flag, "1M", &server.url("/x.log")]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.out.contains(&format!("allow more with {flag}")), "{}", outcome.out);
    }
    let outcome = classify(&Dir::with_disk(), &["--max-output", "1M", &server.url("/x.log")]);
    assert!(outcome.out.contains("allow more with --max-output"), "{}", outcome.out);
}

#[test]
fn requests_to_a_server_are_side_by_side_and_bounded() {
    let names: String = (0..24).map(|n| format!("<a href=\"{n}.log\">{n}</a>")).collect();
    let page = format!("<html>{names}</html>");
    let busy = std::sync::Arc::new(std::sync::Mutex::new((0, 0)));
    let counts = busy.clone();
    let server = Server::start(move |request| {
        if request.path == "/" {
            return Reply::html(page.clone());
        }
        let mut now = counts.lock().unwrap();
        *now = (now.0 + 1, now.1.max(now.0 + 1));
        drop(now);
        std::thread::sleep(Duration::from_millis(50));
        counts.lock().unwrap().0 -= 1;
        Reply::text("fine\n")
    });
    let outcome = classify(&Dir::with_disk(), &["--connections", "4", &server.url("/")]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert_eq!(busy.lock().unwrap().1, 4);
}

#[test]
fn logs_that_are_not_begun_are_counted() {
    let names: String = (0..50).map(|n| format!("<a href=\"{n}.log\">{n}</a>")).collect();
    let page = format!("<html>{names}</html>");
    let server = Server::start(move |request| match request.path.as_str() {
        "/" => Reply::html(page.clone()),
        _ => Reply::text("fine\n".repeat(2_000)),
    });
    let args = ["--max-bytes", "100k", "--connections", "1", &server.url("/")];
    let outcome = classify(&Dir::with_disk(), &args);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.out.contains("logs not fetched: more than 102.4 kB came"), "{}", outcome.out);
    assert!(server.requests().len() < 20);
}
