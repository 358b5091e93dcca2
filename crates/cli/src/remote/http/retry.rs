//! When to ask again, and how long to wait before.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    time::Duration,
};

use jiff::Timestamp;
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

/// The first wait; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(250);
/// No wait is longer, whatever a server asks for.
const LONGEST: Duration = Duration::from_secs(60);

/// Counts the attempts at one document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retries {
    left: u32,
    made: u32,
}

impl Retries {
    pub(super) fn new(allowed: u32) -> Retries {
        Retries { left: allowed, made: 0 }
    }

    /// How long to wait before the next attempt; `None` when there is none. `asked` is the wait that
    /// the server asks for.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let doubled = FIRST.saturating_mul(1 << self.made.min(16)).min(LONGEST);
        self.made += 1;
        // Between half and the whole, so that those who failed together do not come back together.
        let own = doubled / 2 + (doubled / 2).mul_f64(chance());
        Some(asked.map_or(own, |asked| asked.min(LONGEST).max(own)))
    }
}

/// Whether the same question may be answered a moment later.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// The wait that a server asks for: seconds, or a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

/// A number from 0 to 1. The hasher of a map is seeded by chance, and nothing here needs more.
fn chance() -> f64 {
    let number = RandomState::new().build_hasher().finish();
    number as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let mut retries = Retries::new(3);
        let waits: Vec<_> = std::iter::from_fn(|| retries.next(None)).collect();
        assert_eq!(waits.len(), 3);
        for (wait, whole) in waits.iter().zip([250, 500, 1000]) {
            let whole = Duration::from_millis(whole);
            assert!(*wait >= whole / 2 && *wait <= whole, "{wait:?} of {whole:?}");
        }
        let mut many = Retries::new(100);
        assert!(std::iter::from_fn(|| many.next(None)).all(|wait| wait <= LONGEST));
    }

    #[test]
    fn a_server_may_ask_for_a_wait_but_not_for_any() {
        let wait = |asked| Retries::new(1).next(Some(Duration::from_secs(asked))).unwrap();
        assert_eq!(wait(5), Duration::from_secs(5));
        assert_eq!(wait(86_400), LONGEST);
    }

    #[test]
    fn waits_are_read_as_seconds_and_as_dates() {
        let read = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            retry_after(&headers, "1994-11-06T08:49:00Z".parse().unwrap())
        };
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(37)));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
    }
}
