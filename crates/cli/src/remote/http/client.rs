use std::{
    future::Future,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use reqwest::{
    Client, Proxy, StatusCode, Url,
    header::{ACCEPT_ENCODING, HeaderMap, LOCATION},
    redirect::Policy,
};
use serde::de::DeserializeOwned;
use tokio::{runtime::Runtime, time::timeout};

use super::{
    credentials::Credentials,
    error::{HttpError, HttpErrorKind, root, shown},
    gate::{Gate, Permit},
    guard::{Guard, Refused},
    options::{HttpOptions, RemoteLimits},
    response::{Response, Text},
    retry::{Retries, is_passing, retry_after},
};

/// What is understood beside plain bytes. A server may pack otherwise when it was not asked.
const ENCODINGS: &str = "gzip, zstd";
/// What is read of an answer that refuses.
const MAX_WORD: usize = 64 * 1024;
const AGENT: &str = concat!("recheck/", env!("CARGO_PKG_VERSION"));
/// Longer than anyone waits.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Asks servers, on the caller's thread: a client to be shared by many threads.
///
/// One thread of its own drives the connections; whoever reads waits for it, with a bound. So a read
/// ends at the deadline even where the server keeps silent.
#[derive(Clone, Debug)]
pub(crate) struct Http(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    runtime: Runtime,
    client: Client,
    options: HttpOptions,
    credentials: Credentials,
    guard: Option<Guard>,
    gate: Arc<Gate>,
    received: AtomicU64,
    /// Answers of which nothing was read, by what was asked for.
    kept: Mutex<Vec<(Url, Answer)>>,
}

/// A server's answer, as far as its headers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) url: Url,
    pub(super) response: reqwest::Response,
    /// None while it is kept.
    pub(super) permit: Option<Permit>,
}

/// Why an attempt failed, and how long the server asks to wait before the next.
struct Failed {
    error: HttpError,
    is_passing: bool,
    wait: Option<Duration>,
}

impl From<HttpError> for Failed {
    fn from(error: HttpError) -> Failed {
        use HttpErrorKind::{Connect, Request, Timeout};
        let is_passing = matches!(error.kind, Connect(_) | Request(_) | Timeout { .. });
        Failed { error, is_passing, wait: None }
    }
}

impl Http {
    /// A client.
    ///
    /// # Errors
    ///
    /// When the proxy is none, the system's certificates can't be read, or there is no thread.
    pub(crate) fn new(options: HttpOptions, credentials: Credentials) -> Result<Http, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("recheck-net")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        // Bodies are unpacked as files are; the `elasticsearch` crate brings reqwest a decoder.
        let mut builder = Client::builder()
            .no_gzip()
            .user_agent(AGENT)
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(options.connect_timeout)
            .pool_max_idle_per_host(options.connections);
        let guard = options.untrusted.clone().map(|mut hosts| {
            // The proxy is the user's own, wherever it is.
            hosts.extend(options.proxy.as_ref().and_then(|url| Some(url.host_str()?.to_owned())));
            Guard::new(hosts)
        });
        if let Some(guard) = &guard {
            // A proxy resolves names itself, so nobody could look at the addresses.
            builder = builder.no_proxy().dns_resolver(Arc::new(guard.clone()));
        }
        if let Some(proxy) = &options.proxy {
            let proxy = Proxy::all(proxy.clone()).map_err(|error| root(&error))?;
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| root(&error))?;
        let gate = Gate::new(options.connections);
        Ok(Http(Arc::new(Inner {
            runtime,
            client,
            options,
            credentials,
            guard,
            gate,
            received: AtomicU64::new(0),
            kept: Mutex::default(),
        })))
    }

    /// Asks for a document and follows redirects. Tries again where that may help.
    ///
    /// The response holds one of its host's connections until it is read to its end or dropped: read
    /// it before you ask for the next.
    ///
    /// # Errors
    ///
    /// When the server does not give it, can't be reached, or must not be asked.
    pub(crate) fn get(&self, url: &Url) -> Result<Response, HttpError> {
        self.get_if(url, &HeaderMap::new())
    }

    /// The same under conditions: the answer may be that they do not hold
    /// ([`NOT_MODIFIED`](StatusCode::NOT_MODIFIED)).
    pub(super) fn get_if(&self, url: &Url, conditions: &HeaderMap) -> Result<Response, HttpError> {
        let answer = self.ask(url, conditions, &mut self.retries())?;
        Response::new(self.clone(), url, answer)
    }

    /// Keeps a response of which nothing was read for whoever fetches this file next: the headers
    /// told what it is, and it need not be asked for twice. It holds no connection's place.
    pub(crate) fn keep(&self, asked: &Url, response: Response) {
        // A cache asks otherwise.
        if self.cache().is_none() {
            self.kept().push((asked.clone(), response.into_answer()));
        }
    }

    /// The response that was kept, or another one.
    pub(super) fn get_kept(&self, url: &Url) -> Result<Response, HttpError> {
        let mut kept = self.kept();
        let place = kept.iter().position(|(asked, _)| asked == url);
        let Some((_, mut answer)) = place.map(|place| kept.swap_remove(place)) else {
            drop(kept);
            return self.get(url);
        };
        drop(kept);
        answer.permit = Some(self.enter(&answer.url)?);
        Response::new(self.clone(), url, answer)
    }

    /// Nothing can panic while it is held.
    fn kept(&self) -> MutexGuard<'_, Vec<(Url, Answer)>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place at a host.
    fn enter(&self, url: &Url) -> Result<Permit, HttpError> {
        let host = url.host_str().unwrap_or_default();
        let permit = self.0.gate.enter(host, self.time_left());
        permit.ok_or_else(|| HttpError::new(url, HttpErrorKind::Deadline))
    }

    /// A small document: a page, an answer of an API; as UTF-8, what is none replaced.
    ///
    /// # Errors
    ///
    /// As with [`get`](Http::get), and when it has more than 16 MiB.
    pub(crate) fn text(&self, url: &Url) -> Result<Text, HttpError> {
        self.get(url)?.text()
    }

    /// An answer of an API.
    ///
    /// # Errors
    ///
    /// As with [`text`](Http::text), and when it is not the JSON that was expected.
    pub(crate) fn json<T: DeserializeOwned>(&self, url: &Url) -> Result<T, HttpError> {
        self.text(url)?.json()
    }

    /// How much may come.
    pub(crate) fn limits(&self) -> RemoteLimits {
        self.0.options.limits
    }

    /// Requests to one host at a time: more threads than that do not help.
    pub(crate) fn connections(&self) -> usize {
        self.0.options.connections
    }

    /// Why nothing more is asked for, if so: all came that may come, or the time is up.
    pub(crate) fn spent(&self) -> Option<HttpErrorKind> {
        let limit = self.limits().bytes;
        if self.time_left().is_zero() {
            Some(HttpErrorKind::Deadline)
        } else if self.0.received.load(Relaxed) > limit {
            Some(HttpErrorKind::TooLarge { limit, flag: "--max-bytes" })
        } else {
            None
        }
    }

    /// Where bodies are kept.
    pub(super) fn cache(&self) -> Option<&Path> {
        self.0.options.cache.as_deref()
    }

    pub(super) fn retries(&self) -> Retries {
        Retries::new(self.0.options.retries)
    }

    /// Counts bytes of bodies; false when they are more than all may have together.
    pub(super) fn receive(&self, bytes: usize) -> bool {
        let before = self.0.received.fetch_add(bytes as u64, Relaxed);
        before + bytes as u64 <= self.0.options.limits.bytes
    }

    /// Waits for what the network does, as long as one may wait for something to come.
    pub(super) fn wait<T>(&self, url: &Url, work: impl Future<Output = T>) -> Result<T, HttpError> {
        self.wait_for(url, self.0.options.read_timeout, "--read-timeout", work)
    }

    fn wait_for<T>(
        &self,
        url: &Url,
        patience: Duration,
        flag: &'static str,
        work: impl Future<Output = T>,
    ) -> Result<T, HttpError> {
        let left = self.time_left();
        let runtime = self.0.runtime.handle();
        let waited = runtime.block_on(async { timeout(patience.min(left), work).await });
        waited.map_err(|_| {
            let kind = match left <= patience {
                true => HttpErrorKind::Deadline,
                false => HttpErrorKind::Timeout { waited: patience, flag },
            };
            HttpError::new(url, kind)
        })
    }

    fn time_left(&self) -> Duration {
        let deadline = self.0.options.deadline;
        deadline.map_or(FOREVER, |end| end.saturating_duration_since(Instant::now()))
    }

    /// Asks until there is an answer with a document, or no hope.
    pub(super) fn ask(
        &self,
        url: &Url,
        extra: &HeaderMap,
        retries: &mut Retries,
    ) -> Result<Answer, HttpError> {
        loop {
            let failed = match self.attempt(url, extra) {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            if !failed.is_passing {
                return Err(failed.error);
            }
            match retries.next(failed.wait) {
                Some(wait) if wait < self.time_left() => thread::sleep(wait),
                _ => return Err(failed.error),
            }
        }
    }

    /// One attempt: from redirect to redirect to a document.
    fn attempt(&self, start: &Url, extra: &HeaderMap) -> Result<Answer, Failed> {
        let limit = self.limits().redirects;
        let mut url = start.clone();
        for _ in 0..=limit {
            let answer = self.send(&url, extra)?;
            let status = answer.response.status();
            let is_unchanged = status == StatusCode::NOT_MODIFIED && !extra.is_empty();
            if status.is_success() || is_unchanged {
                return Ok(answer);
            }
            match answer.response.headers().get(LOCATION) {
                Some(place) if status.is_redirection() => {
                    let next = redirect(&url, place.as_bytes())?;
                    self.0.credentials.may_redirect(&url, &next)?;
                    url = next;
                }
                _ => return Err(self.refusal(answer)),
            }
        }
        let kind = HttpErrorKind::Redirects { limit, last: shown(&url) };
        Err(HttpError::new(start, kind).into())
    }

    /// Sends one request and waits for the headers of its answer.
    fn send(&self, url: &Url, extra: &HeaderMap) -> Result<Answer, HttpError> {
        let Inner { client, options, credentials, guard, .. } = &*self.0;
        let error = |kind| HttpError::new(url, kind);
        if let Some(spent) = self.spent() {
            return Err(error(spent));
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(error(HttpErrorKind::Scheme));
        }
        if let Some(Err(Refused(address))) = guard.as_ref().map(|guard| guard.check(url)) {
            return Err(error(HttpErrorKind::Private { address }));
        }
        let permit = Some(self.enter(url)?);
        let mut request =
            client.get(url.clone()).header(ACCEPT_ENCODING, ENCODINGS).headers(extra.clone());
        if let Some(secret) = credentials.of(url) {
            request = secret.add_to(request);
        }
        let patience = options.connect_timeout + options.read_timeout;
        let sent = self.wait_for(url, patience, "--read-timeout", request.send())?;
        let response = sent.map_err(|failed| error(HttpErrorKind::of(&failed)))?;
        Ok(Answer { url: url.clone(), response, permit })
    }

    /// What an answer says that is no document.
    fn refusal(&self, answer: Answer) -> Failed {
        let Answer { url, mut response, permit } = answer;
        let status = response.status();
        let wait = retry_after(response.headers(), Timestamp::now());
        let mut body = Vec::new();
        while body.len() < MAX_WORD {
            match self.wait(&url, response.chunk()) {
                Ok(Ok(Some(piece))) => body.extend_from_slice(&piece),
                _ => break,
            }
        }
        drop(permit);
        let error = HttpError::new(&url, HttpErrorKind::Status { status, word: word(&body) });
        Failed { error, is_passing: is_passing(status), wait }
    }
}

/// Where a redirect leads.
fn redirect(from: &Url, place: &[u8]) -> Result<Url, HttpError> {
    let place = String::from_utf8_lossy(place);
    let mut to = from.join(&place).map_err(|_| {
        HttpError::new(from, HttpErrorKind::Nowhere { to: place.chars().take(200).collect() })
    })?;
    // A server does not tell us who we are.
    let _ = to.set_username("");
    let _ = to.set_password(None);
    Ok(to)
}

/// What a body says of an error, in one line: the message of an API, or a line of text. Pages say
/// what the status says.
fn word(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let message = match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => ["message", "error", "description", "detail"]
            .iter()
            .find_map(|key| value.get(key)?.as_str().map(str::to_owned))
            .unwrap_or_default(),
        Err(_) if text.starts_with(['<', '{', '[']) => String::new(),
        Err(_) => text.lines().next().unwrap_or_default().to_owned(),
    };
    message.chars().filter(|character| !character.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_word_is_one_line() {
        assert_eq!(word(br#"{"message": "Not Found", "documentation_url": "x"}"#), "Not Found");
        assert_eq!(word(b"no such build\nat all"), "no such build");
        assert_eq!(word(b"<html><title>404</title>"), "");
        assert_eq!(word(b"\x1b[31mred"), "[31mred");
        assert_eq!(word(&[b'x'; 5000]).len(), 200);
    }

    #[test]
    fn a_redirect_brings_no_user() {
        let from = Url::parse("https://a/b/c").unwrap();
        assert_eq!(redirect(&from, b"//me:pw@d/e").unwrap().as_str(), "https://d/e");
        assert_eq!(redirect(&from, b"../x").unwrap().as_str(), "https://a/x");
        assert!(redirect(&from, b"http://[").is_err());
    }
}
