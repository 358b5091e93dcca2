//! Zuul, by `fixtures/services/zuul`.

use super::*;

const UUID: &str = "0123456789abcdef0123456789abcdef";

pub(super) const SITE: &[(&str, &str)] = &[
    ("/api/tenant/example/build/0123456789abcdef0123456789abcdef", "zuul/build-ref.json"),
    ("/api/build/0123456789abcdef0123456789abcdef", "zuul/build-flat.json"),
    ("/api/tenant/example/build/00000000000000000000000000000004", "zuul/build-node-failure.json"),
    ("/api/tenant/example/build/00000000000000000000000000000005", "zuul/build-running.json"),
    ("/api/tenant/example/build/00000000000000000000000000000006", "zuul/build-executor-only.json"),
    ("/api/tenant/example/buildset/fedcba9876543210fedcba9876543210", "zuul/buildset.json"),
    (
        "/api/tenant/example/buildset/fedcba98765432100000000000000002",
        "zuul/buildset-config-error.json",
    ),
    ("/logs/012/zuul-manifest.json", "zuul/manifest.json"),
    ("/logs/012/zuul-info/inventory.yaml", "zuul/inventory.yaml"),
    ("/logs/012/job-output.txt", "zuul/job-output.txt"),
    ("/logs/012/node%201%23a.txt", "zuul/job-output.txt"),
];

#[test]
fn a_build_page_leads_to_its_logs() {
    let server = serve(SITE);
    let dir =
        known(&[("queue", "message:\"No space left\" AND build_queue:gate AND tags:console")]);
    let page = server.url(&format!("/t/example/build/{UUID}"));
    let answer = Answer::of(&dir, &[&format!("{page}/log/job-output.txt#3")], &[]);
    let run = answer.only();
    assert_eq!(run["target"], page);
    assert_eq!((&run["verdict"], bugs(run).len()), (&"known".into(), 2));
    check_fields(
        run,
        &[
            ("build_uuid", UUID),
            ("build_name", "unit"),
            ("build_status", "FAILURE"),
            ("build_queue", "gate"),
            ("change", "810123"),
            ("build_patchset", "3"),
            ("project", "team/app"),
            ("voting", "1"),
            ("final", "true"),
            ("attempt", "2"),
            ("sha", "90164c47be167acbb4e7c05deddb72e89c321f9d"),
            ("node_provider", "example-east"),
            ("tenant", "example"),
            ("start_time", "2026-03-01T10:00:00.000Z"),
        ],
    );
    assert_eq!(server.asked("/logs/012/node%201%23a.txt").len(), 1, "its name is encoded once");
    assert_tells(run, "errors", "..: its name can't be that of a log");
    assert!(server.requests().iter().all(|request| !request.path.contains("secret")));
}

#[test]
fn a_white_label_site_in_the_form_until_zuul_9() {
    let server = serve(SITE);
    let answer = Answer::of(&known(&[]), &[&server.url(&format!("/build/{UUID}"))], &[]);
    let run = answer.only();
    // The run does not vote, and the fingerprint asks for those that do.
    assert_eq!(run["verdict"], "incomplete");
    check_fields(
        run,
        &[("voting", "0"), ("build_ref", "refs/changes/23/810123/3"), ("change", "810123")],
    );
    check_fields(run, &[("build_set", "fedcba9876543210fedcba9876543210")]);
}

#[test]
fn without_a_manifest_the_listing_tells() {
    let server = Server::start(|request| match request.path.as_str() {
        "/api/build/0123456789abcdef0123456789abcdef" => fixture("zuul/build-ref.json", request),
        "/logs/012/" => {
            Reply::html("<title>Index of /</title><a href='job-output.txt'>job-output.txt</a>")
        }
        "/logs/012/job-output.txt" => fixture("zuul/job-output.txt", request),
        _ => Reply::new(404, ""),
    });
    let answer = Answer::of(&known(&[]), &[&server.url(&format!("/build/{UUID}"))], &[]);
    assert_eq!(answer.only()["verdict"], "known");
    assert_tells(
        answer.only(),
        "notes",
        "zuul-manifest.json: the server answers 404 Not Found; the logs",
    );
}

#[test]
fn a_build_without_a_log_has_its_reason() {
    let server = serve(SITE);
    let page = server.url("/t/example/build/00000000000000000000000000000004");
    let dir = known(&[(
        "no-node",
        "filename:run AND tags:run AND message:NODE_FAILURE AND message:\"node set request\"",
    )]);
    let answer = Answer::of(&dir, &[&page], &[]);
    assert_eq!(bugs(answer.only()), ["no-node"]);
    assert_eq!(answer.only()["bugs"][0]["evidence"][0]["file"], "run");
    assert_eq!(answer.only()["bugs"][0]["evidence"][0]["timestamp"], "2026-03-01T10:00:01.000Z");

    let answer = Answer::of(&known(&[]), &[&page], &[]);
    assert_eq!((&answer.only()["verdict"], answer.outcome.code), (&"incomplete".into(), 2));
    assert_tells(
        answer.only(),
        "errors",
        "run: Zuul has no log of it: Node(set) request 100-0001 failed",
    );
}

#[test]
fn a_build_that_runs_or_was_not_uploaded_is_told() {
    let server = serve(SITE);
    let page = |id: u8| server.url(&format!("/t/example/build/{id:032}"));
    let answer = Answer::of(&known(&[]), &[&page(5), &page(6), &page(7)], &[]);
    let [running, local, unknown] = &answer.runs[..] else { panic!("{:#?}", answer.runs) };
    assert_tells(running, "errors", "run: the build has not ended");
    check_fields(running, &[("build_status", "RUNNING")]);
    assert_tells(local, "errors", "is only on the executor, at finger://executor1.example.org/");
    assert_tells(unknown, "errors", "404 Not Found");
    assert_tells(unknown, "errors", "has forgotten it");
    assert_eq!(answer.outcome.code, 2);
}

#[test]
fn of_a_buildset_the_failed_builds_are_runs() {
    let server = serve(SITE);
    let page = server.url("/t/example/buildset/fedcba9876543210fedcba9876543210");
    let answer = Answer::of(&known(&[]), &[&page], &[]);
    let [unit, functional] = &answer.runs[..] else { panic!("{:#?}", answer.runs) };
    assert_eq!(unit["target"], server.url(&format!("/t/example/build/{UUID}")));
    assert_eq!((&unit["verdict"], &functional["verdict"]), (&"known".into(), &"incomplete".into()));
    for run in [unit, functional] {
        check_fields(
            run,
            &[("build_queue", "gate"), ("change", "810123"), ("project", "team/app")],
        );
    }
    assert_tells(
        unit,
        "notes",
        "of 4 builds 2 failed; left out: docs (SUCCESS), functional (RETRY, tried again)",
    );
}

#[test]
fn a_buildset_without_builds_tells_why() {
    let server = serve(SITE);
    let page = server.url("/t/example/buildset/fedcba98765432100000000000000002");
    let dir = known(&[("syntax", "message:\"syntax error while parsing its configuration\"")]);
    let answer = Answer::of(&dir, &[&page], &[]);
    assert_eq!(bugs(answer.only()), ["syntax"]);
    check_fields(answer.only(), &[("build_status", "CONFIG_ERROR"), ("patchset", "3")]);
}

#[test]
fn an_old_address_tells_of_its_run() {
    let path = "/23/810123/3/check/unit/ab12cd3/job-output.txt";
    let server =
        serve(&[("/23/810123/3/check/unit/ab12cd3/job-output.txt", "zuul/job-output.txt")]);
    let answer = Answer::of(
        &known(&[("job", "build_name:unit AND message:core")]),
        &[&server.url(path)],
        &[],
    );
    assert_eq!(bugs(answer.only()).len(), 2);
    check_fields(
        answer.only(),
        &[("change", "810123"), ("build_queue", "check"), ("build_short_uuid", "ab12cd3")],
    );
}

#[test]
fn the_api_gets_no_token_of_another_host_and_the_logs_none_of_the_api() {
    let logs = serve(SITE);
    let elsewhere = logs.url("");
    let api = Server::start(move |request| {
        let build = fixture("zuul/build-ref.json", request);
        let text = String::from_utf8(build.body().to_vec()).unwrap();
        let own = format!("http://{}", request.header("host").unwrap());
        Reply::new(200, text.replace(&own, &elsewhere)).header("Content-Type", "application/json")
    });
    let dir = known(&[]);
    dir.write(
        "recheck.toml",
        format!("[hosts.\"127.0.0.1:{}\"]\ntoken-env = \"ZUUL_TOKEN\"\n", api.port()),
    );
    let page = api.url(&format!("/t/example/build/{UUID}"));
    let answer = Answer::of(&dir, &[&page], &[("ZUUL_TOKEN", "for-zuul")]);
    assert_eq!(answer.only()["verdict"], "known");
    assert!(
        api.requests()
            .iter()
            .all(|request| request.header("authorization") == Some("Bearer for-zuul"))
    );
    assert!(!logs.requests().is_empty());
    assert!(logs.requests().iter().all(|request| request.header("authorization").is_none()));
}
