//! Tokens and passwords, each for one host, and never shown.

use std::{env, fmt};

use reqwest::{RequestBuilder, Url};

use super::error::{HttpError, HttpErrorKind};

/// Which token goes to which host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials(Vec<(Place, Secret)>);

/// A host, and its port where it is not the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    host: String,
    port: Option<u16>,
}

/// What proves who asks.
#[derive(Clone)]
pub(crate) enum Secret {
    /// `Authorization: Bearer`.
    Token(String),
    /// `Authorization: Basic`.
    Password {
        /// Who asks.
        user: String,
        /// The password, or a token that stands for it.
        password: String,
    },
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Variables that hold a token by custom, and the hosts that it is for. A job's own `GITHUB_TOKEN`
/// and the one of the program `gh`; the first that is set wins.
const CUSTOM: [(&str, &[&str]); 3] = [
    ("GITHUB_TOKEN", &["api.github.com", "github.com"]),
    ("GH_TOKEN", &["api.github.com", "github.com"]),
    ("GITLAB_TOKEN", &["gitlab.com"]),
];

impl Credentials {
    /// Adds the tokens in the variables that hold them by custom.
    pub(crate) fn add_customary(&mut self) {
        for (variable, hosts) in CUSTOM {
            let Some(token) = env::var(variable).ok().filter(|token| !token.is_empty()) else {
                continue;
            };
            hosts.iter().for_each(|host| self.add(host, Secret::Token(token.clone())));
        }
    }

    /// Adds what goes to `host`, which may name a port. What was added before for it stays.
    pub(crate) fn add(&mut self, host: &str, secret: Secret) {
        self.0.push((Place::parse(host), secret));
    }

    /// Takes the user and the password out of an address and keeps them for its host. They go before
    /// all others: they were typed.
    pub(crate) fn take_from(&mut self, url: &mut Url) {
        let Some(place) = Place::of(url) else { return };
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
        };
        let user = decoded(url.username());
        let password = url.password().map(decoded);
        if !user.is_empty() || password.is_some() {
            let secret = Secret::Password { user, password: password.unwrap_or_default() };
            self.0.insert(0, (place, secret));
        }
        // Only an address without a host refuses, and it has no user.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }

    /// What goes to this address: over https, or to this machine itself.
    pub(super) fn of(&self, url: &Url) -> Option<&Secret> {
        let place = Place::of(url)?;
        let (_, secret) = self.0.iter().find(|(known, _)| *known == place)?;
        is_private_talk(url).then_some(secret)
    }

    /// Whether a redirect may be followed: what was asked with a token is not asked in the open.
    pub(super) fn may_redirect(&self, from: &Url, to: &Url) -> Result<(), HttpError> {
        if self.of(from).is_some() && from.scheme() == "https" && to.scheme() != "https" {
            let to = super::error::shown(to);
            return Err(HttpError::new(from, HttpErrorKind::Downgrade { to }));
        }
        Ok(())
    }
}

impl Secret {
    pub(super) fn add_to(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Secret::Token(token) => request.bearer_auth(token),
            Secret::Password { user, password } => request.basic_auth(user, Some(password)),
        }
    }
}

impl Place {
    fn parse(text: &str) -> Place {
        let text = text.to_ascii_lowercase();
        let split = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        match split {
            Some((host, port)) if !text.ends_with(']') => {
                Place { host: host.to_owned(), port: Some(port).filter(|port| *port != 443) }
            }
            _ => Place { host: text, port: None },
        }
    }

    fn of(url: &Url) -> Option<Place> {
        Some(Place { host: url.host_str()?.to_owned(), port: url.port() })
    }
}

/// Whether nobody between here and there can listen.
fn is_private_talk(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https" || matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_token_is_for_its_host_alone() {
        let mut credentials = Credentials::default();
        credentials.add("Git.example", Secret::Token("t".to_owned()));
        credentials.add("ci.example:8443", Secret::Token("t".to_owned()));
        credentials.add("127.0.0.1:80", Secret::Token("t".to_owned()));
        for yes in ["https://git.example/x", "https://git.example:443/", "https://ci.example:8443/"]
        {
            assert!(credentials.of(&url(yes)).is_some(), "{yes}");
        }
        for no in [
            "http://git.example/x",
            "https://git.example:8443/",
            "https://ci.example/",
            "https://sub.git.example/",
            "https://git.example.org/",
        ] {
            assert!(credentials.of(&url(no)).is_none(), "{no}");
        }
    }

    #[test]
    fn what_was_typed_leaves_the_address() {
        let mut credentials = Credentials::default();
        let mut typed = url("https://me:p%40ss@git.example/x");
        credentials.take_from(&mut typed);
        assert_eq!(typed.as_str(), "https://git.example/x");
        let Some(Secret::Password { user, password }) = credentials.of(&typed) else { panic!() };
        assert_eq!((user.as_str(), password.as_str()), ("me", "p@ss"));
        assert!(!format!("{credentials:?}").contains("p@ss"));
    }

    #[test]
    fn a_request_with_a_token_stays_encrypted() {
        let mut credentials = Credentials::default();
        credentials.add("git.example", Secret::Token("t".to_owned()));
        let from = url("https://git.example/");
        assert!(credentials.may_redirect(&from, &url("http://other/")).is_err());
        assert!(credentials.may_redirect(&from, &url("https://other/")).is_ok());
        assert!(credentials.may_redirect(&url("https://other/"), &url("http://x/")).is_ok());
    }
}
