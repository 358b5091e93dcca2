//! The shapes of secrets. A rule that is more telling stands before one that is less.
//!
//! Lengths are the least that a service gives: most say that theirs may grow.

use super::value::Value::{self, Encoded, Mixed, Placed, Random, Shaped};

/// One shape.
pub(super) struct Rule {
    /// What the text says in the secret's place.
    pub(super) kind: &'static str,
    /// Of these, one stands in every text that the pattern matches, in upper or lower case.
    pub(super) anchors: &'static [&'static str],
    /// Its first group that takes part is the secret; without groups all of it is.
    pub(super) pattern: &'static str,
    /// Which matches are secrets.
    pub(super) value: Value,
}

/// The start of a word, also behind a line end that JSON or a shell wrote as `\n`.
macro_rules! start {
    () => {
        r"(?:(?-u:\b)|\\[nrt])"
    };
}

/// What is assigned: in quotes, or up to what ends a bare word.
macro_rules! assigned {
    () => {
        r#"(?:[bu]?"([^"\s]{4,}?)\\*"|[bu]?'([^'\s]{4,}?)\\*'|([^\s"'`,;&<>(){}\[\]\\|]{4,}))"#
    };
}

/// Between a name and what is assigned to it: `=`, `: `, `" => "`, `\": \"`.
macro_rules! to {
    () => {
        r#"(?:\\*["']\]?)?[ \t]*[:=]{1,2}>?[ \t]*\\*"#
    };
}

/// Names of passwords, at their end: `DB_PASSWORD` is one, `password_file` is none.
macro_rules! password {
    () => {
        r"(?:passw(?:or)?d|passphrase|pwd)"
    };
}

/// Names of other secrets, at their end.
macro_rules! secret {
    () => {
        r"(?:secret|token|credentials?|_auth|(?:api|access|secret|private|account|encryption|signing|auth|master|session|deploy)[_-]?key)"
    };
}

const PASSWORDS: &[&str] = &["passwd", "password", "passphrase", "pwd"];
const SECRETS: &[&str] = &["secret", "token", "credential", "_auth", "key"];

/// The table.
pub(super) const RULES: &[Rule] = &[
    // RFC 7468 (PEM), RFC 9580 (OpenPGP), and OpenSSH's PROTOCOL.key. Without its end, all that
    // could belong to it.
    Rule {
        kind: "private key",
        anchors: &["PRIVATE KEY"],
        pattern: concat!(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----",
            r"(?:(?:\s|\\[nr])*(?:[A-Z][A-Za-z-]+: [^\r\n\\]+|[A-Za-z0-9+/=]{20,}))+",
            r"(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]*(?:\s|\\[nr])*",
            r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        value: Shaped,
    },
    // https://age-encryption.org/v1
    Rule {
        kind: "private key",
        anchors: &["AGE-SECRET-KEY-"],
        pattern: r"AGE-SECRET-KEY-1[0-9A-Z]{50,}",
        value: Shaped,
    },
    // https://github.blog/changelog/2021-03-31-authentication-token-format-updates-are-generally-available/
    // https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    Rule {
        kind: "GitHub token",
        anchors: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        pattern: r"(?:gh[pousr]_[A-Za-z0-9_]{36,}|github_pat_[A-Za-z0-9_]{22,})(?:\.[A-Za-z0-9_-]+)*",
        value: Shaped,
    },
    // https://docs.gitlab.com/security/tokens/#token-prefixes
    Rule {
        kind: "GitLab token",
        anchors: &[
            "glpat-",
            "gloas-",
            "gldt-",
            "glrt-",
            "glrtr-",
            "glcbt-",
            "glptt-",
            "glft-",
            "glimt-",
            "glagent-",
            "glwt-",
            "glsoat-",
            "glffct-",
            "GR1348941",
        ],
        pattern: r"(?:gl(?:pat|oas|dt|rtr?|cbt|ptt|ft|imt|agent|wt|soat|ffct)-|GR1348941)[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)*",
        value: Shaped,
    },
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    Rule {
        kind: "AWS key",
        anchors: &["AKIA", "ASIA", "ABIA", "ACCA"],
        pattern: r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
        value: Shaped,
    },
    // https://docs.cloud.google.com/docs/authentication/api-keys
    // https://developers.google.com/identity/protocols/oauth2
    Rule {
        kind: "Google key",
        anchors: &["AIza", "ya29.", "GOCSPX-"],
        pattern: r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_.-]{20,}|GOCSPX-[A-Za-z0-9_-]{28}",
        value: Shaped,
    },
    // https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate
    // https://learn.microsoft.com/en-us/purview/sit-defn-azure-ad-client-secret
    Rule {
        kind: "Azure secret",
        anchors: &["AZDO", "Q~"],
        pattern: r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}|[A-Za-z0-9_.~-]{3}[0-9]Q~[A-Za-z0-9_.~-]{31,}",
        value: Shaped,
    },
    // https://docs.slack.dev/authentication/tokens
    Rule {
        kind: "Slack token",
        anchors: &["xox", "xapp-", "xwfp-"],
        pattern: r"(?:xox[a-z](?:\.xox[bp])?|xapp|xwfp)-[A-Za-z0-9-]{10,}",
        value: Shaped,
    },
    // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    Rule {
        kind: "Slack webhook",
        anchors: &["hooks.slack.com/"],
        pattern: r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/_-]{20,})",
        value: Shaped,
    },
    // https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/
    Rule { kind: "npm token", anchors: &["npm_"], pattern: r"npm_[A-Za-z0-9]{36,}", value: Shaped },
    // https://pypi.org/help/#apitoken: a macaroon, whose first bytes are always the same.
    Rule {
        kind: "PyPI token",
        anchors: &["pypi-AgE"],
        pattern: r"pypi-AgE[A-Za-z0-9_-]{50,}",
        value: Shaped,
    },
    // https://docs.docker.com/security/access-tokens/
    Rule {
        kind: "Docker token",
        anchors: &["dckr_pat_", "dckr_oat_"],
        pattern: r"dckr_[po]at_[A-Za-z0-9_-]{20,}",
        value: Shaped,
    },
    // https://docs.docker.com/engine/swarm/join-nodes/
    Rule {
        kind: "Docker token",
        anchors: &["SWMTKN-1-", "SWMKEY-1-"],
        pattern: r"SWM(?:TKN|KEY)-1-[A-Za-z0-9+/-]{20,}",
        value: Shaped,
    },
    // https://docs.stripe.com/keys and https://docs.stripe.com/webhooks/signature
    Rule {
        kind: "Stripe key",
        anchors: &["sk_", "rk_", "whsec_"],
        pattern: concat!(
            start!(),
            "((?:[sr]k_(?:live|test|org)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}))"
        ),
        value: Shaped,
    },
    // https://crates.io/settings/tokens: `cio` and 32 letters and digits.
    Rule {
        kind: "crates.io token",
        anchors: &["cio"],
        pattern: concat!(start!(), r"(cio[A-Za-z0-9]{32})(?-u:\b)"),
        value: Random,
    },
    // https://guides.rubygems.org/api-key-scopes/
    Rule {
        kind: "RubyGems key",
        anchors: &["rubygems_"],
        pattern: "rubygems_[0-9a-f]{48}",
        value: Shaped,
    },
    // https://learn.microsoft.com/en-us/nuget/nuget-org/publish-a-package
    Rule {
        kind: "NuGet key",
        anchors: &["oy2"],
        pattern: concat!(start!(), r"(oy2[a-z0-9]{43})(?-u:\b)"),
        value: Shaped,
    },
    // https://huggingface.co/docs/hub/security-tokens
    Rule {
        kind: "Hugging Face token",
        anchors: &["hf_"],
        pattern: concat!(start!(), "(hf_[A-Za-z0-9]{30,})"),
        value: Shaped,
    },
    // https://platform.openai.com/docs/api-reference/authentication and
    // https://docs.anthropic.com/en/api/overview
    Rule {
        kind: "API key",
        anchors: &["sk-"],
        pattern: concat!(start!(), "(sk-(?:ant|proj|svcacct|admin)-[A-Za-z0-9_-]{20,})"),
        value: Random,
    },
    // https://developer.hashicorp.com/vault/docs/concepts/tokens
    Rule {
        kind: "Vault token",
        anchors: &["hvs.", "hvb.", "hvr."],
        pattern: concat!(start!(), r"(hv[sbr]\.[A-Za-z0-9_-]{24,})"),
        value: Shaped,
    },
    // https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens
    Rule {
        kind: "Terraform token",
        anchors: &[".atlasv1."],
        pattern: r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}",
        value: Shaped,
    },
    // https://docs.digitalocean.com/reference/api/create-personal-access-token/
    Rule {
        kind: "DigitalOcean token",
        anchors: &["dop_v1_", "doo_v1_", "dor_v1_"],
        pattern: "do[opr]_v1_[0-9a-f]{64}",
        value: Shaped,
    },
    // https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
    Rule {
        kind: "SendGrid key",
        anchors: &["SG."],
        pattern: concat!(start!(), r"(SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{40,})"),
        value: Shaped,
    },
    // https://docs.sonarsource.com/sonarqube-server/user-guide/managing-tokens/
    Rule {
        kind: "Sonar token",
        anchors: &["sqp_", "squ_", "sqa_"],
        pattern: "sq[pua]_[0-9a-f]{40}",
        value: Shaped,
    },
    // https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
    // https://support.atlassian.com/bitbucket-cloud/docs/app-passwords/
    Rule {
        kind: "Atlassian token",
        anchors: &["ATATT3", "ATCTT3", "ATBB"],
        pattern: "AT[AC]TT3[A-Za-z0-9_=-]{80,}|ATBB[A-Za-z0-9]{24,}",
        value: Shaped,
    },
    // https://grafana.com/docs/grafana/latest/administration/service-accounts/
    Rule {
        kind: "Grafana token",
        anchors: &["glsa_", "glc_"],
        pattern: concat!(
            start!(),
            "(glsa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}|glc_[A-Za-z0-9+/]{32,}=*)"
        ),
        value: Shaped,
    },
    // https://docs.databricks.com/aws/en/dev-tools/auth/pat
    Rule {
        kind: "Databricks token",
        anchors: &["dapi"],
        pattern: concat!(start!(), "(dapi[0-9a-f]{32}(?:-[0-9])?)"),
        value: Shaped,
    },
    // https://docs.sentry.io/account/auth-tokens/
    Rule {
        kind: "Sentry token",
        anchors: &["sntrys_", "sntryu_"],
        pattern: "sntry[su]_[A-Za-z0-9_+/=-]{40,}",
        value: Shaped,
    },
    // RFC 7519 (JWT) and RFC 7516 (JWE): `{"` in base64url, then at least two more parts.
    Rule {
        kind: "JWT",
        anchors: &["eyJ"],
        pattern: r"eyJ[A-Za-z0-9_-]{15,}(?:\.[A-Za-z0-9_-]*){2,4}",
        value: Shaped,
    },
    // RFC 3986, section 3.2.1: the user information of an address.
    Rule {
        kind: "password",
        anchors: &["://"],
        pattern: r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s/@:"'<>]*:([^\s/"'<>]+)@"#,
        value: Placed,
    },
    Rule {
        kind: "token",
        anchors: &["://"],
        pattern: r#"[A-Za-z][A-Za-z0-9+.-]*://([^\s/@:"'<>]{12,})@"#,
        value: Random,
    },
    // RFC 9110, section 11.6.2, with a scheme of IANA's registry or of GitHub and Splunk.
    Rule {
        kind: "authorization",
        anchors: &["authorization"],
        pattern: r#"(?i)authorization\\*["']?\s*[:=,]\s*\\*[bu]?["']?(?:basic|bearer|token|negotiate|apikey|splunk)\s+([^\s"'\\,;]{4,})"#,
        value: Encoded,
    },
    // The schemes whose credentials are lists: RFC 7616, and AWS's version 4
    // (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
    Rule {
        kind: "authorization",
        anchors: &["authorization"],
        pattern: r#"(?i)authorization\\*["']?\s*[:=]\s*\\*[bu]?["']?(?:digest|aws4-hmac-sha256|oauth|hawk)\s+([^\r\n'\\]*[A-Za-z]=[^\r\n'\\]*)"#,
        value: Shaped,
    },
    Rule {
        kind: "authorization",
        anchors: &["authorization"],
        pattern: concat!("(?i)authorization", to!(), assigned!()),
        value: Random,
    },
    // RFC 6750, section 2.1, wherever it stands.
    Rule {
        kind: "token",
        anchors: &["bearer"],
        pattern: r"(?i)(?-u:\b)bearer\s+([A-Za-z0-9._~+/-]{12,}=*)",
        value: Random,
    },
    // RFC 6265: a session's key, most of all.
    Rule {
        kind: "cookie",
        anchors: &["cookie"],
        pattern: r#"(?i)cookie\\*["']?\s*:\s*\\*["']?([^\s=;:"'\\]+=[^\r\n"'\\]{6,})"#,
        value: Shaped,
    },
    // Addresses that are signed are open to whoever has them:
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    // https://docs.cloud.google.com/storage/docs/authentication/signatures
    // https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas
    Rule {
        kind: "signature",
        anchors: &["sig="],
        pattern: r#"(?i)[?&;]sig=([^\s&"'<>\\]{16,})"#,
        value: Shaped,
    },
    Rule {
        kind: "signature",
        anchors: &["signature="],
        pattern: r#"(?i)[?&;](?:x-amz-|x-goog-)?signature=([^\s&"'<>\\]{16,})"#,
        value: Shaped,
    },
    // https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#masking-a-value-in-a-log
    Rule {
        kind: "secret",
        anchors: &["::add-mask::"],
        pattern: r"::add-mask::([^\s*]\S*)",
        value: Shaped,
    },
    // https://curl.se/docs/manpage.html#-u
    Rule {
        kind: "password",
        anchors: &["curl"],
        pattern: r#"curl(?-u:\b)[^\r\n]*?\s(?:-u|--user|-U|--proxy-user)[ =]?["']?[^\s:"']+:([^\s"']+)"#,
        value: Placed,
    },
    // https://docs.docker.com/reference/cli/docker/login/
    Rule {
        kind: "password",
        anchors: &["docker login", "podman login"],
        pattern: r#"(?:docker|podman) login(?-u:\b)[^\r\n]*?\s-p[ =]?["']?([^\s"']+)"#,
        value: Placed,
    },
    // sshpass(1)
    Rule {
        kind: "password",
        anchors: &["sshpass"],
        pattern: r#"sshpass\s+-p\s*["']?([^\s"']+)"#,
        value: Placed,
    },
    // netrc(5)
    Rule {
        kind: "password",
        anchors: &["machine"],
        pattern: r"machine\s+\S+\s+login\s+\S+\s+password\s+(\S+)",
        value: Placed,
    },
    // Assigned without a blank, given to a flag, or between tags: a value, not a sentence.
    Rule {
        kind: "password",
        anchors: PASSWORDS,
        pattern: concat!(
            "(?i)",
            password!(),
            r#"(?:(?:\\*["']\]?)?=\\*"#,
            assigned!(),
            r"|>([^\s<]{4,})</)"
        ),
        value: Placed,
    },
    // Set apart from its name by blanks: often a sentence.
    Rule {
        kind: "password",
        anchors: PASSWORDS,
        pattern: concat!(
            "(?i)(?:",
            password!(),
            to!(),
            "|--[A-Za-z0-9_-]*",
            password!(),
            r"\s+)",
            assigned!()
        ),
        value: Mixed,
    },
    Rule {
        kind: "secret",
        anchors: SECRETS,
        pattern: concat!(
            "(?i)(?:",
            secret!(),
            to!(),
            "|--[A-Za-z0-9_-]*",
            secret!(),
            r"\s+|",
            secret!(),
            r">)",
            assigned!()
        ),
        value: Random,
    },
];
