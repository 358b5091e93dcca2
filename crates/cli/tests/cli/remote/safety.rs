//! Redirects, private addresses, tokens.

use super::{
    HIT, classify, classify_with,
    server::{Reply, Server},
};
use crate::util::Dir;

#[test]
fn redirects_are_followed_and_have_an_end() {
    let server = Server::start(|request| match request.path.as_str() {
        "/start.log" => Reply::redirect("next/x.log"),
        "/next/x.log" => Reply::text(HIT),
        other => Reply::redirect(other),
    });
    assert_eq!(classify(&Dir::with_disk(), &[&server.url("/start.log")]).code, 0);
    let outcome = classify(&Dir::with_disk(), &["--max-redirects", "3", &server.url("/round")]);
    assert_eq!(outcome.code, 2);
    let told = "redirects more than 3 times";
    assert!(outcome.out.contains(told) && outcome.out.contains("--max-redirects"), "{outcome:?}");
    assert_eq!(server.asked("/round").len(), 4);
}

#[test]
fn only_http_is_fetched_also_by_redirect() {
    let server = Server::start(|_| Reply::redirect("file:///etc/passwd"));
    let outcome = classify(&Dir::with_disk(), &[&server.url("/x.log")]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.out.contains("only http and https can be fetched"), "{outcome:?}");
}

#[test]
fn untrusted_addresses_are_not_private() {
    let server = Server::with(&[("/x.log", Reply::text(HIT))]);
    let port = server.port();
    for host in ["127.0.0.1", "localhost", "127.1", "0x7f000001", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let url = format!("http://{host}:{port}/x.log");
        let outcome = classify(&Dir::with_disk(), &["--untrusted", &url]);
        assert_eq!(outcome.code, 2, "{host}: {outcome:?}");
        assert!(outcome.out.contains("--untrusted refuses"), "{host}: {outcome:?}");
    }
    for (value, code) in [("1", 2), ("true", 2), ("0", 0)] {
        let variable = [("RECHECK_UNTRUSTED", value)];
        let outcome = classify_with(&Dir::with_disk(), &[&server.url("/x.log")], &variable);
        assert_eq!(outcome.code, code, "{value}: {outcome:?}");
    }
    assert_eq!(server.requests().len(), 1, "only by the trusting one");
}

#[test]
fn an_untrusted_redirect_leads_to_no_private_address() {
    let inner = Server::with(&[("/x.log", Reply::text(HIT))]);
    let (by_name, by_address) = (
        format!("http://localhost:{}/x.log", inner.port()),
        format!("http://127.9.9.9:{}/x.log", inner.port()),
    );
    let outer = Server::start(move |request| match request.path.as_str() {
        "/name" => Reply::redirect(&by_name),
        _ => Reply::redirect(&by_address),
    });
    let dir = Dir::with_disk();
    // The first server is one of the company's own.
    dir.write("recheck.toml", "[hosts.\"127.0.0.1\"]\nprivate = true\n");
    for path in ["/name", "/address"] {
        let outcome = classify(&dir, &["--untrusted", &outer.url(path)]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.out.contains("--untrusted refuses"), "{outcome:?}");
    }
    assert_eq!((outer.requests().len(), inner.requests().len()), (2, 0));
}

#[test]
fn an_untrusted_request_uses_no_proxy_but_a_named_one() {
    let proxy = Server::start(|_| Reply::text(HIT));
    let (here, dir) = (proxy.url(""), Dir::with_disk());
    let url = "http://logs.invalid/x.log";
    let environment = [("HTTP_PROXY", here.as_str()), ("http_proxy", &here)];
    assert_eq!(classify_with(&dir, &[url], &environment).code, 0);
    assert!(proxy.requests()[0].path.starts_with("http://logs.invalid/"));
    let before = proxy.requests().len();
    let retries = ["--untrusted", "--retries", "0"];
    assert_eq!(classify_with(&dir, &[&retries[..], &[url]].concat(), &environment).code, 2);
    assert_eq!(proxy.requests().len(), before);
    let named = ["--untrusted", "--proxy", &here, url];
    assert_eq!(classify(&dir, &named).code, 0);
    // A proxy that is named is no way round the guard where the address tells what it is.
    let private = ["--untrusted", "--proxy", &here, "http://10.0.0.1/x.log"];
    assert_eq!(classify(&dir, &private).code, 2);
}

#[test]
fn a_token_goes_to_its_host_alone_and_is_not_shown() {
    let other = Server::start(|_| Reply::text("fine\n"));
    // Another host for the client, as its name is another.
    let away = format!("http://localhost:{}/x.log", other.port());
    let server = Server::start(move |request| match request.path.as_str() {
        "/away.log" => Reply::redirect(&away),
        _ => Reply::new(401, "who are you"),
    });
    let dir = Dir::with_disk();
    let place = server.url("").replace("http://", "");
    dir.write("recheck.toml", format!("[hosts.\"{place}\"]\ntoken-env = \"MY_TOKEN\"\n"));
    let secret = [("MY_TOKEN", "very-secret")];
    let outcome = classify_with(
        &dir,
        &["--explain", &server.url("/x.log"), &server.url("/away.log")],
        &secret,
    );
    let sent = |server: &Server| {
        let requests = server.requests();
        requests.iter().filter(|request| request.header("authorization").is_some()).count()
    };
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer very-secret"));
    assert_eq!(sent(&server), server.requests().len());
    assert!(!other.requests().is_empty());
    assert_eq!(sent(&other), 0);
    assert!(!format!("{outcome:?}").contains("very-secret"), "{outcome:?}");
}

#[test]
fn a_token_that_is_not_there_is_told() {
    let dir = Dir::with_disk();
    dir.write("recheck.toml", "[hosts.\"ci.example\"]\ntoken-env = \"NO_SUCH_TOKEN\"\n");
    let outcome = classify(&dir, &["http://127.0.0.1:1/x.log"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("the variable NO_SUCH_TOKEN, which is not set"), "{outcome:?}");
}

#[test]
fn a_password_in_an_address_is_used_and_not_shown() {
    let server = Server::start(|request| match request.header("authorization") {
        // me:secret
        Some("Basic bWU6c2VjcmV0") => Reply::text("fine\n"),
        _ => Reply::new(401, ""),
    });
    let url = server.url("/x.log").replace("http://", "http://me:secret@");
    for format in ["text", "json"] {
        let outcome = classify(&Dir::with_disk(), &["--format", format, &url]);
        assert_eq!(outcome.code, 1, "{outcome:?}");
        assert!(!format!("{outcome:?}").contains("secret"), "{outcome:?}");
    }
}
