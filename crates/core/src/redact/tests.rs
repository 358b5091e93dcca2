//! Every rule on a case of its own, what no rule may touch, and properties of any text.
//!
//! No secret stands here as a whole: tools that look for secrets in repositories would find it.

use std::borrow::Cow;

use proptest::prelude::*;
use regex::Regex;

use super::{redact, rules::RULES};

/// Letters and digits without a pattern.
fn letters(length: usize) -> String {
    "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zC0fR".chars().cycle().take(length).collect()
}

/// A hexadecimal number.
fn digits(length: usize) -> String {
    "3f2a9c81d7e04b56".chars().cycle().take(length).collect()
}

/// Capital letters and the digits of base 32.
fn capitals(length: usize) -> String {
    "Q7MZ2KX5RTLB4WJ6".chars().cycle().take(length).collect()
}

/// What the marker says, the text round the secret (which stands at `~`), the secret.
fn cases() -> Vec<(&'static str, &'static str, String)> {
    let own = |prefix: &str, body: String| format!("{prefix}{body}");
    let jwt = format!("eyJ{}.eyJ{}.{}", letters(30), letters(40), letters(43));
    vec![
        ("GitHub token", "remote: ~ was refused", own("ghp_", letters(36))),
        ("GitHub token", r#"{"log":"x\n~"}"#, own("ghs_", letters(40))),
        ("GitHub token", "GH_TOKEN=~", own("github_pat_", letters(82))),
        ("GitLab token", "PRIVATE-TOKEN: ~", own("glpat-", letters(20))),
        ("GitLab token", "CI_JOB_TOKEN=~", own("glcbt-", format!("64_{}", letters(20)))),
        ("GitLab token", "with ~.", own("glpat-", format!("{}.01.0a1b2c3d4", letters(27)))),
        ("AWS key", "AWS_ACCESS_KEY_ID: ~", own("AKIA", capitals(16))),
        ("Google key", "?key=~&x", own("AIza", letters(35))),
        ("Google key", "token ~ expired", own("ya29.", letters(60))),
        ("Azure secret", "pat ~ is old", format!("{}AZDO{}", letters(76), letters(4))),
        ("Azure secret", "secret is ~", format!("{}8Q~{}", letters(3), letters(34))),
        ("Slack token", "using ~", own("xoxb-", format!("{}-{}", "1".repeat(11), letters(24)))),
        (
            "Slack webhook",
            "POST https://hooks.slack.com/services/~ 404",
            format!("T{}/B{}/{}", capitals(8), capitals(8), letters(24)),
        ),
        ("npm token", "_authToken=~", own("npm_", letters(36))),
        ("PyPI token", "twine: ~", own("pypi-AgE", format!("IcHlwaS5vcmc{}", letters(80)))),
        ("Docker token", "login with ~", own("dckr_pat_", letters(27))),
        ("Docker token", "--join ~ now", format!("SWMTKN-1-{}-{}", digits(50), digits(25))),
        ("Stripe key", "Invalid API Key: ~", own("sk_live_", letters(24))),
        ("Stripe key", r"key\n~", own("rk_test_", letters(24))),
        ("crates.io token", "cargo publish ~", own("cio", letters(32))),
        ("RubyGems key", "gem push ~", own("rubygems_", digits(48))),
        ("NuGet key", "push -k ~", own("oy2", digits(43))),
        ("Hugging Face token", "user ~", own("hf_", letters(34))),
        ("API key", "key ~", own("sk-ant-", format!("api03-{}", letters(90)))),
        ("Vault token", "got ~", own("hvs.", letters(24))),
        ("Terraform token", "with ~", format!("{}.atlasv1.{}", letters(14), letters(64))),
        ("DigitalOcean token", "with ~", own("dop_v1_", digits(64))),
        ("SendGrid key", "with ~", format!("SG.{}.{}", letters(22), letters(43))),
        ("Sonar token", "-Dsonar.login=~", own("sqp_", digits(40))),
        ("Atlassian token", "with ~", own("ATATT3", letters(180))),
        ("Grafana token", "with ~", format!("glsa_{}_{}", letters(32), digits(8))),
        ("Databricks token", "with ~", own("dapi", digits(32))),
        ("Sentry token", "with ~", own("sntrys_", letters(60))),
        ("JWT", "jwt: ~ is expired", jwt.clone()),
        ("JWT", "Authorization: Bearer ~", jwt),
        ("password", "git clone https://bot:~@git.example.org/x", "hunter2".to_owned()),
        ("password", "redis://:~@cache:6379/0", "swordfish".to_owned()),
        ("password", "amqp://u:~@mq", "p%40ss@word".to_owned()),
        ("token", "fetch https://~@git.example.org/x.git", digits(32)),
        ("authorization", "> Authorization: Basic ~", "dXNlcjpwYXNzd29yZA==".to_owned()),
        ("authorization", r#"{"authorization": "token ~"}"#, digits(40)),
        ("authorization", r#"'Authorization', b'Basic ~')"#, "QWxhZGRpbjpPcGVu".to_owned()),
        (
            "authorization",
            "authorization: Digest ~",
            "username=\"u\", nonce=\"9c1b\", response=\"6629fae4\"".replace('"', ""),
        ),
        ("authorization", "authorization: ~", letters(24)),
        ("token", "curl -H 'X: Bearer ~'", letters(30)),
        ("cookie", "Set-Cookie: ~", format!("session={}; Path=/", letters(20))),
        (
            "signature",
            "GET https://x.blob.example.net/c/b?se=2025&sig=~&sv=1",
            format!("{}%3D", letters(43)),
        ),
        ("signature", "x?X-Amz-Date=1&X-Amz-Signature=~", digits(64)),
        ("secret", "::add-mask::~", "swordfish".to_owned()),
        ("password", "curl -sS -u admin:~ https://x.example.org", "swordfish".to_owned()),
        ("password", "docker login -u bot -p ~ r.example.org", "swordfish".to_owned()),
        ("password", "sshpass -p '~' ssh host", "swordfish".to_owned()),
        ("password", "machine x login y password ~", "swordfish".to_owned()),
        ("password", "mysql --password=~ db", "swordfish".to_owned()),
        ("password", "Uid=sa;Pwd=~;", "swordfish".to_owned()),
        ("password", "<password>~</password>", "swordfish".to_owned()),
        ("password", "DB_PASSWORD: ~", "S3cret-9".to_owned()),
        ("password", r#"{\"password\": \"~\"}"#, "x7!kQ,2".to_owned()),
        ("password", "connect(user='a', password='~')", "sword fish".replace(' ', "")),
        ("password", "tool --db-password ~ run", "hunter22".to_owned()),
        ("secret", "aws_secret_access_key = ~", letters(40)),
        ("secret", "AccountKey=~;Endpoint", format!("{}==", letters(86))),
        ("secret", "'client_secret': '~'", letters(32)),
        ("secret", "X-Auth-Token: ~", format!("gAAAAA{}", letters(120))),
        ("secret", "CODECOV_TOKEN=~", "9c1b3a52-7f4e-4d0a-8e21-6b5d3c9f0a17".to_owned()),
        ("secret", "\"_auth\": \"~\"", letters(24)),
        ("secret", "tool --api-key ~ run", digits(32)),
        ("secret", "<token>~</token>", digits(32)),
        ("private key", "identity ~ loaded", own("AGE-SECRET-KEY-1", capitals(58))),
    ]
}

/// A block of PEM, with these words between its dashes.
fn pem(words: &str, feed: &str) -> String {
    let rows = vec![letters(64); 3].join(feed);
    format!("-----BEGIN {words}-----{feed}{rows}{feed}-----END {words}-----")
}

#[test]
fn each_secret_is_replaced_by_its_kind() {
    for (kind, text, secret) in cases() {
        let shown = text.replace('~', &format!("[redacted: {kind}]"));
        assert_eq!(redact(&text.replace('~', &secret)), shown, "{secret}");
    }
}

#[test]
fn every_rule_has_a_case_and_its_anchors_are_no_lie() {
    for rule in RULES {
        let pattern = Regex::new(rule.pattern).unwrap();
        let mut texts: Vec<_> = cases().iter().map(|(_, t, s)| t.replace('~', s)).collect();
        texts.push(pem("RSA PRIVATE KEY", "\n"));
        let matched: Vec<_> = texts.into_iter().filter(|text| pattern.is_match(text)).collect();
        assert!(!matched.is_empty(), "{}: {}", rule.kind, rule.pattern);
        for text in matched {
            let lower = text.to_lowercase();
            let anchored = rule.anchors.iter().any(|a| lower.contains(&a.to_lowercase()));
            assert!(anchored, "{}: {text}", rule.pattern);
        }
    }
}

#[test]
fn a_private_key_keeps_its_lines() {
    let key = pem("OPENSSH PRIVATE KEY", "\n");
    let shown = redact(&format!("a\n{key}\nb")).into_owned();
    assert_eq!(shown, format!("a\n[redacted: private key]{}\nb", "\n".repeat(4)));
    let escaped = format!(r#"{{"private_key": "{}\n"}}"#, pem("PRIVATE KEY", r"\n"));
    assert_eq!(redact(&escaped), r#"{"private_key": "[redacted: private key]\n"}"#);
    // Cut off, and with the headers of an encrypted one.
    let cut = format!("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{}", letters(64));
    assert_eq!(redact(&cut), format!("[redacted: private key]{}", "\n".repeat(3)));
}

#[test]
fn several_in_a_line_are_all_replaced() {
    let (first, second) = (format!("ghp_{}", letters(36)), digits(32));
    let text = format!("TOKEN={first} API_KEY={second} PASSWORD=swordfish done");
    let shown = "TOKEN=[redacted: GitHub token] API_KEY=[redacted: secret] \
                 PASSWORD=[redacted: password] done";
    assert_eq!(redact(&text), shown);
}

/// Lines as logs have them, that name secrets and have none.
const HARMLESS: &[&str] = &[
    "password authentication failed for user \"root\"",
    "password: required",
    "PASSWORD=***",
    "password=$DB_PASSWORD",
    "password=\"${{ secrets.DB }}\"",
    "connect(host, password=password, token=self.token)",
    "password=getpass.getpass('x')",
    "token=os.environ['GITHUB_TOKEN']",
    "def login(self, password=None, token: str = None):",
    "SyntaxError: unexpected token: STRING_LITERAL_1",
    "Unexpected token < in JSON at position 0",
    "secret \"default-token-abc12\" not found",
    "error: expected -----BEGIN PRIVATE KEY----- in key.pem",
    "X-Auth-Token: {SHA256}9c1b3a527f4e4d0a8e216b5d3c9f0a17",
    "Authorization: Bearer ***",
    "authorization: token expired",
    "Authorization: Basic authentication failed",
    "bearer token is missing",
    "PWD=/home/runner/work/a1b2c3d4e5f6/x",
    "token_file=/run/secrets/token",
    "cookie: disabled",
    "git@github.com:org/repo.git",
    "ssh://git@example.org:22/org/repo.git",
    "https://example.org:8443/a@b?key=1",
    "http://user:$PASSWORD@example.org/",
    "pip install git+https://git@github.com/org/repo@3f2a9c81d7e04b56",
    "HEAD is now at 3f2a9c81d7e04b563f2a9c81d7e04b563f2a9c81 Merge",
    "sha256:3f2a9c81d7e04b563f2a9c81d7e04b563f2a9c81d7e04b563f2a9c81d7e04b56",
    "cache key: linux-cargo-3f2a9c81d7e04b56",
    "task_test_integration_of_everything failed",
    "npm_config_cache=/root/.npm npm_lifecycle_event=test",
    "use --password to give one, --token to give the other",
    "docker login succeeded",
    "curl: (22) The requested URL returned error: 404",
    "last login Mon Nov 24 password expires never",
    "primary key = 9c1b3a52-7f4e-4d0a-8e21-6b5d3c9f0a17",
    "",
];

#[test]
fn text_that_speaks_of_secrets_stays() {
    for text in HARMLESS {
        assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}: {}", redact(text));
    }
}

/// A line such as logs have, without secrets.
fn harmless() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-z]{1,12}",
        "[A-Z][A-Za-z]{2,15}",
        "[0-9]{1,12}",
        "[0-9a-f]{40}",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z",
        "(/[a-z0-9._-]{1,12}){1,5}",
        "https://[a-z]{3,9}\\.example\\.org(:[0-9]{2,4})?(/[a-z0-9]{1,9}){0,3}",
        "[a-z_]{1,8}(id|name|path|count|size)=[a-zA-Z0-9/._-]{1,20}",
        "[ \\t\\[\\](){}<>\"'`:;,.|&*?!-]{1,3}",
        prop::sample::select(HARMLESS).prop_map(|text| format!("{text} end")),
        "\\PC{0,6}",
    ];
    prop::collection::vec(part, 1..10).prop_map(|parts| parts.join(" "))
}

/// Any text: pieces of secrets and of what leads to them in any order, and anything between.
fn any_text() -> impl Strategy<Value = String> {
    let pieces: Vec<String> = cases()
        .into_iter()
        .flat_map(|(_, text, secret)| [text.replace('~', &secret), text.replace('~', ""), secret])
        .chain([pem("RSA PRIVATE KEY", "\n"), pem("RSA PRIVATE KEY", "\r\n")])
        .collect();
    let part = prop_oneof![
        prop::sample::select(pieces),
        harmless(),
        "[ \\n\"'=:@/\\\\-]{1,3}",
        any::<String>()
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn text_without_secrets_is_unchanged(text in harmless()) {
        let shown = redact(&text);
        prop_assert!(matches!(shown, Cow::Borrowed(_)), "{shown}");
    }

    #[test]
    fn a_secret_goes_wherever_it_stands(
        before in harmless(),
        after in harmless(),
        case in 0..cases().len(),
        feed in prop::sample::select(&["\n", "\r\n", "\n\t"][..]),
    ) {
        let (kind, text, secret) = cases().swap_remove(case);
        let line = |secret: &str| format!("{before}{feed}{}{feed}{after}", text.replace('~', secret));
        let shown = redact(&line(&secret)).into_owned();
        prop_assert_eq!(shown, line(&format!("[redacted: {kind}]")));
    }

    #[test]
    fn any_text_keeps_its_lines_and_is_settled_at_once(text in any_text()) {
        let shown = redact(&text).into_owned();
        prop_assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
        prop_assert_eq!(&*redact(&shown), shown.as_str());
    }
}
