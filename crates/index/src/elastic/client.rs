//! One request, one answer: the client with its runtime, its patience and its errors.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use elasticsearch::{
    auth::Credentials,
    cert::{Certificate, CertificateValidation},
    http::{
        Method,
        headers::{CONTENT_TYPE, HeaderMap, HeaderValue},
        response::Response,
        transport::{SingleNodeConnectionPool, Transport, TransportBuilder},
    },
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::{Outcome, address::Address, answer::Page};
use crate::{ElasticAuth, ElasticOptions, error::IndexErrorKind};

/// An answer with more bytes is not read.
const MAX_ANSWER: u64 = 512 << 20;
/// Characters of the server's words that are passed on.
const MAX_REASON: usize = 2_000;
/// Before the first repetition of what the server has no time for.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between two repetitions.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a server is tried that was never reached. One that was may be starting anew.
const CONNECT: Duration = Duration::from_secs(3);

/// A connection to a cluster.
pub(super) struct Client {
    runtime: Runtime,
    transport: Transport,
    timeout: Duration,
    /// Whether it ever answered.
    is_reached: AtomicBool,
}

/// What to ask.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    method: Method,
    path: &'a str,
    body: Bytes,
    is_lines: bool,
    /// A server that has no time is told of, not asked again.
    is_once: bool,
}

impl<'a> Ask<'a> {
    pub(super) fn get(path: &'a str) -> Ask<'a> {
        Ask { method: Method::Get, path, body: Bytes::new(), is_lines: false, is_once: false }
    }

    pub(super) fn post(path: &'a str, body: &Value) -> Ask<'a> {
        Ask { method: Method::Post, body: body.to_string().into(), ..Ask::get(path) }
    }

    pub(super) fn put(path: &'a str, body: &Value) -> Ask<'a> {
        Ask { method: Method::Put, ..Ask::post(path, body) }
    }

    pub(super) fn delete(path: &'a str, body: &Value) -> Ask<'a> {
        Ask { method: Method::Delete, ..Ask::post(path, body) }
    }

    /// A body of JSON objects, one a line.
    pub(super) fn lines(path: &'a str, body: Vec<u8>) -> Ask<'a> {
        Ask { method: Method::Post, body: body.into(), is_lines: true, ..Ask::get(path) }
    }

    /// The same for who repeats it otherwise where the server has no time.
    pub(super) fn once(self) -> Ask<'a> {
        Ask { is_once: true, ..self }
    }
}

impl Client {
    pub(super) fn new(address: &Address, options: &ElasticOptions) -> Outcome<Client> {
        let pool = SingleNodeConnectionPool::new(address.server.clone());
        // The header is Elastic's own; other products need not know it.
        let mut builder =
            TransportBuilder::new(pool).timeout(options.timeout).enable_meta_header(false);
        if let Some(auth) = address.auth.as_ref().or(options.auth.as_ref()) {
            builder = builder.auth(credentials(auth)?);
        }
        if let Some(path) = &options.ca {
            let wrong = |reason: String| {
                let path = path.display();
                IndexErrorKind::Credential(format!(
                    "cannot read the certificates in {path}: {reason}\n  help: RECHECK_INDEX_CA names a PEM file"
                ))
            };
            let pem = fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let certificate =
                Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))?;
            builder = builder.cert_validation(CertificateValidation::Full(certificate));
        }
        let transport =
            builder.build().map_err(|error| IndexErrorKind::Credential(error.to_string()))?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let is_reached = AtomicBool::new(false);
        Ok(Client { runtime, transport, timeout: options.timeout, is_reached })
    }

    /// The answer to a question.
    pub(super) fn ask<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Outcome<T> {
        let (status, answer) = self.send(ask)?;
        match status {
            200..=299 => serde_json::from_slice(&answer)
                .map_err(|error| IndexErrorKind::Answer(error.to_string())),
            _ => Err(refused(status, &answer)),
        }
    }

    /// The answer to a search, from every shard; asked again while some have no time.
    pub(super) fn page(&self, ask: Ask<'_>) -> Outcome<Page> {
        let mut patience = self.patience();
        loop {
            let page = self.ask::<Page>(ask.clone())?.whole();
            if !page.as_ref().is_err_and(is_busy_error) || !patience.pause() {
                return page;
            }
        }
    }

    /// The answer; `None` where what it is about is missing.
    pub(super) fn find<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Outcome<Option<T>> {
        match self.ask(ask) {
            Err(IndexErrorKind::Refused { status: 404, .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Repeats what the server has no time for. Every request of ours may be repeated: what it writes
    /// has a name.
    fn send(&self, ask: Ask<'_>) -> Outcome<(u16, Bytes)> {
        let mut patience = self.patience();
        loop {
            let outcome = self.runtime.block_on(self.once(ask.clone()));
            let is_repeated = match &outcome {
                Ok((status, _)) => !ask.is_once && is_busy(*status) && patience.pause(),
                Err(IndexErrorKind::Unreachable(_)) => {
                    self.is_reached.load(Ordering::Relaxed) && patience.pause()
                        || patience.pause_within(CONNECT)
                }
                Err(_) => false,
            };
            if !is_repeated {
                return outcome;
            }
        }
    }

    /// How long a server that has no time is asked again.
    pub(super) fn patience(&self) -> Patience {
        Patience { started: Instant::now(), pause: FIRST_PAUSE, longest: self.timeout }
    }

    async fn once(&self, ask: Ask<'_>) -> Outcome<(u16, Bytes)> {
        let mut headers = HeaderMap::new();
        if ask.is_lines {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        }
        let body = (!ask.body.is_empty()).then_some(ask.body);
        let sent = self.transport.send(ask.method, ask.path, headers, None::<&()>, body, None);
        let response = sent.await.map_err(|error| self.failed(&error))?;
        let status = response.status_code().as_u16();
        self.is_reached.store(true, Ordering::Relaxed);
        if response.content_length().is_some_and(|bytes| bytes > MAX_ANSWER) {
            return Err(IndexErrorKind::Answer(format!("it has more than {MAX_ANSWER} bytes")));
        }
        let bytes = Response::bytes(response).await.map_err(|error| self.failed(&error))?;
        Ok((status, bytes))
    }

    fn failed(&self, error: &elasticsearch::Error) -> IndexErrorKind {
        if error.is_timeout() {
            return IndexErrorKind::Silent(self.timeout);
        }
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            let text = cause.to_string();
            if !reason.contains(&text) {
                reason = format!("{reason}: {text}");
            }
            source = cause.source();
        }
        match reason.contains("invalid peer certificate") {
            true => IndexErrorKind::Certificate(reason),
            false => IndexErrorKind::Unreachable(reason),
        }
    }
}

/// Whether a status says that the server may have time later.
pub(super) fn is_busy(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// The same of an error.
pub(super) fn is_busy_error(error: &IndexErrorKind) -> bool {
    matches!(error, IndexErrorKind::Refused { status, .. } if is_busy(*status))
}

/// Ever longer pauses before what is repeated.
pub(super) struct Patience {
    started: Instant,
    pause: Duration,
    longest: Duration,
}

impl Patience {
    /// Waits before the next repetition; false, without waiting, where there should be none.
    pub(super) fn pause(&mut self) -> bool {
        self.pause_within(self.longest)
    }

    fn pause_within(&mut self, longest: Duration) -> bool {
        let is_left = self.started.elapsed() <= longest;
        if is_left {
            thread::sleep(self.pause);
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
        is_left
    }
}

fn credentials(auth: &ElasticAuth) -> Outcome<Credentials> {
    let visible = |text: &String| {
        match text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(text.clone()),
        false => Err(IndexErrorKind::Credential(
            "the key or token for the index has blanks or line ends in it\n  help: set the variable to the key alone"
                .to_owned(),
        )),
    }
    };
    Ok(match auth {
        ElasticAuth::Basic { user, password } => Credentials::Basic(user.clone(), password.clone()),
        ElasticAuth::Bearer(token) => Credentials::Bearer(visible(token)?),
        ElasticAuth::ApiKey(key) => match visible(key)?.split_once(':') {
            Some((id, key)) => Credentials::ApiKey(id.to_owned(), key.to_owned()),
            None => Credentials::EncodedApiKey(key.clone()),
        },
    })
}

/// The error that an answer tells.
pub(super) fn refused(status: u16, answer: &[u8]) -> IndexErrorKind {
    let reason = match serde_json::from_slice::<Value>(answer) {
        Ok(value) => reason(&value["error"]),
        Err(_) => String::from_utf8_lossy(answer).into_owned(),
    };
    IndexErrorKind::Refused { status, reason: shortened(&reason) }
}

/// The server's own words: the causes, the outermost first.
pub(super) fn reason(error: &Value) -> String {
    let own = |error: &Value| match (error["type"].as_str(), error["reason"].as_str()) {
        (Some(kind), Some(reason)) => Some(format!("{kind}: {reason}")),
        (one, other) => one.or(other).map(str::to_owned),
    };
    let mut causes: Vec<String> = own(error).into_iter().collect();
    let nested = [&error["root_cause"][0], &error["failed_shards"][0]["reason"]];
    for cause in nested.into_iter().chain([&error["caused_by"], &error["caused_by"]["caused_by"]]) {
        causes.extend(own(cause).filter(|text| !causes.contains(text)));
    }
    let text = match causes.is_empty() {
        true => error.as_str().map_or_else(|| error.to_string(), str::to_owned),
        false => causes.join("; "),
    };
    shortened(&text)
}

fn shortened(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_REASON) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_are_passed_on() {
        let answer = br#"{"error": {"type": "search_phase_execution_exception", "reason": "all shards failed",
            "root_cause": [{"type": "query_shard_exception", "reason": "Failed to parse query [a:]"}]}, "status": 400}"#;
        let IndexErrorKind::Refused { status, reason } = refused(400, answer) else { panic!() };
        assert_eq!(status, 400);
        assert!(reason.contains("all shards failed") && reason.contains("query [a:]"), "{reason}");
        let IndexErrorKind::Refused { reason, .. } = refused(502, b"<html>Bad Gateway") else {
            panic!()
        };
        assert_eq!(reason, "<html>Bad Gateway");
    }

    #[test]
    fn a_key_with_a_line_end_is_refused() {
        let key = ElasticAuth::ApiKey("abc\n".to_owned());
        assert!(matches!(credentials(&key), Err(IndexErrorKind::Credential(_))));
        let key = ElasticAuth::ApiKey("id:key".to_owned());
        assert!(matches!(credentials(&key), Ok(Credentials::ApiKey(..))));
    }
}
