//! What helps where GitHub refuses.

use std::env;

use jiff::Timestamp;
use reqwest::StatusCode;

use super::{link::Repository, wire::RateLimit};
use crate::remote::{
    http::{Http, HttpError},
    run::RemoteError,
};

/// The variables that a token is taken from.
const VARIABLES: [&str; 2] = ["GITHUB_TOKEN", "GH_TOKEN"];

/// The error with what helps against it.
pub(super) fn with_cure(http: &Http, repository: &Repository, error: HttpError) -> RemoteError {
    let limit = match error.status() {
        Some(StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) => {
            // To ask for it does not count.
            http.json::<RateLimit>(&repository.rate_limit()).ok().filter(RateLimit::is_used_up)
        }
        _ => None,
    };
    let cure = match (&limit, error.status()) {
        (Some(limit), _) => Some(used_up(limit, has_token())),
        (None, Some(status)) => refused(status, has_token()),
        (None, None) => None,
    };
    match cure {
        None => error.into(),
        Some(cure) => RemoteError::with_cure(error, &cure),
    }
}

/// What to say of a job's log beforehand: without a token GitHub gives none, also where all may
/// read the page (<https://docs.github.com/en/rest/actions/workflow-jobs>).
pub(super) fn log_needs_token(repository: &Repository) -> Option<String> {
    let needs = repository.is_public_site() && !has_token();
    needs.then(|| "GitHub gives logs only for a token: set GITHUB_TOKEN".to_owned())
}

fn has_token() -> bool {
    VARIABLES.iter().any(|name| env::var_os(name).is_some_and(|token| !token.is_empty()))
}

fn used_up(limit: &RateLimit, has_token: bool) -> String {
    let reset = Timestamp::from_second(limit.rate.reset).map(|time| time.to_string());
    let reset = reset.unwrap_or_else(|_| "later".to_owned());
    let more =
        if has_token { "" } else { ", or set GITHUB_TOKEN, with which it may be asked more" };
    format!("the API may not be asked more often for now: ask again after {reset}{more}")
}

fn refused(status: StatusCode, has_token: bool) -> Option<String> {
    let cure = match status {
        StatusCode::UNAUTHORIZED => "the token is not, or no longer, valid: see GITHUB_TOKEN",
        StatusCode::NOT_FOUND if has_token => {
            "it is not there, or the token in GITHUB_TOKEN may not read it: it needs `actions: read` \
             and `checks: read` for this repository"
        }
        StatusCode::NOT_FOUND => {
            "it is not there, or is private: set GITHUB_TOKEN to a token that may read it"
        }
        StatusCode::FORBIDDEN if has_token => {
            "the token in GITHUB_TOKEN may not read it: it needs `actions: read` and `checks: read`"
        }
        StatusCode::FORBIDDEN => "set GITHUB_TOKEN to a token that may read it",
        _ => return None,
    };
    Some(cure.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_cure() {
        let cure = |code, token| refused(StatusCode::from_u16(code).unwrap(), token);
        assert!(cure(404, false).unwrap().contains("set GITHUB_TOKEN"));
        assert!(cure(404, true).unwrap().contains("actions: read"));
        assert!(cure(403, false).unwrap().contains("set GITHUB_TOKEN"));
        assert!(cure(401, true).unwrap().contains("valid"));
        assert_eq!(cure(500, true), None);
    }

    #[test]
    fn a_limit_tells_when_it_ends() {
        let json =
            r#"{"resources": {}, "rate": {"limit": 60, "remaining": 0, "reset": 1796000000}}"#;
        let limit: RateLimit = serde_json::from_str(json).unwrap();
        assert!(limit.is_used_up());
        let told = used_up(&limit, false);
        assert!(
            told.contains("after 2026-11-30T00:53:20Z") && told.contains("GITHUB_TOKEN"),
            "{told}"
        );
    }
}
