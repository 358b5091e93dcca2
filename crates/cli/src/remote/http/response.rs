use std::{
    fmt,
    io::{self, Read},
};

use bytes::Bytes;
use recheck_core::log::{Decompressor, Limits};
use reqwest::{
    StatusCode, Url,
    header::{
        CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
        IF_RANGE, LAST_MODIFIED, RANGE,
    },
};
use serde::de::DeserializeOwned;

use super::{
    client::{Answer, Http},
    error::{HttpError, HttpErrorKind, root},
    gate::Permit,
    retry::Retries,
};

/// The longest page or answer of an API.
const MAX_DOCUMENT: u64 = 16 << 20;
/// What tells a page from something else.
const SAMPLE: u64 = 1024;

/// A body that is read while it comes.
///
/// Where it breaks off, the rest is asked for, if the server tells how to know that it is still the
/// same. Errors are [`HttpError`]s within the [`io::Error`].
pub(crate) struct Response {
    http: Http,
    /// What was asked for, for asking again.
    asked: Url,
    url: Url,
    headers: HeaderMap,
    length: Option<u64>,
    body: reqwest::Response,
    /// What came and was not read.
    chunk: Bytes,
    /// Bytes that came.
    came: u64,
    /// Given back at the body's end, for the next who waits.
    permit: Option<Permit>,
    retries: Retries,
}

/// A small document.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// Where it lies, redirects followed.
    pub(crate) url: Url,
    /// The media type, without parameters, in lower case.
    pub(crate) content_type: Option<String>,
    /// The text.
    pub(crate) body: String,
}

impl Response {
    pub(super) fn new(http: Http, asked: &Url, answer: Answer) -> Result<Response, HttpError> {
        let Answer { url, response, permit } = answer;
        let headers = response.headers().clone();
        if let Some(other) = encodings(&headers).find(|name| !is_known_encoding(name)) {
            let kind = HttpErrorKind::Encoding(other.chars().take(40).collect());
            return Err(HttpError::new(&url, kind));
        }
        let retries = http.retries();
        Ok(Response {
            http,
            asked: asked.clone(),
            url,
            length: response.content_length(),
            headers,
            body: response,
            chunk: Bytes::new(),
            came: 0,
            permit,
            retries,
        })
    }

    /// What it was made of, without its place at the host.
    pub(super) fn into_answer(self) -> Answer {
        Answer { url: self.url, response: self.body, permit: None }
    }

    /// Where the document lies, redirects followed.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn status(&self) -> StatusCode {
        self.body.status()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The media type, without parameters, in lower case.
    pub(crate) fn content_type(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media = value.split(';').next().unwrap_or_default().trim();
        (!media.is_empty()).then(|| media.to_ascii_lowercase())
    }

    /// The body's length, if the server tells it; packed, where it is.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.length
    }

    /// Whether the server says that it packed the body. It may say so of a file that was packed
    /// before, and of a file that was packed twice.
    pub(crate) fn is_encoded(&self) -> bool {
        encodings(&self.headers).next().is_some()
    }

    /// The whole body as text.
    pub(super) fn text(self) -> Result<Text, HttpError> {
        let (url, content_type) = (self.url.clone(), self.content_type());
        let mut body = self.document();
        read_text(&url, content_type, &mut body, Vec::new())
    }

    /// The body, if it is a page, as far as its start tells; what is none is not read any further.
    ///
    /// # Errors
    ///
    /// When it can't be read, or has more than 16 MiB.
    pub(crate) fn page(self) -> Result<Option<Text>, HttpError> {
        let (url, content_type) = (self.url.clone(), self.content_type());
        let mut body = self.document();
        let mut start = Vec::new();
        let read = body.by_ref().take(SAMPLE).read_to_end(&mut start);
        read.map_err(|error| from_io(&url, error))?;
        if !is_html(content_type.as_deref(), &start) {
            return Ok(None);
        }
        read_text(&url, content_type, &mut body, start).map(Some)
    }

    /// The decoded body of a small document.
    fn document(self) -> Box<dyn Read + Send> {
        let is_encoded = self.is_encoded();
        decoded(self, is_encoded, Limits { max_output: 4 * MAX_DOCUMENT, max_ratio: u64::MAX })
    }

    fn error(&self, kind: HttpErrorKind) -> HttpError {
        HttpError::new(&self.url, kind)
    }

    /// The next piece, from the connection or from another one; `None` at the end.
    fn next(&mut self) -> Result<Option<Bytes>, HttpError> {
        loop {
            let reason = match self.http.wait(&self.url, self.body.chunk()) {
                Ok(Ok(piece)) => return Ok(piece),
                Ok(Err(failed)) => root(&failed),
                Err(late) if matches!(late.kind, HttpErrorKind::Timeout { .. }) => {
                    late.kind.to_string()
                }
                Err(error) => return Err(error),
            };
            self.resume(reason)?;
        }
    }

    /// Asks for the rest; `reason` is why it did not come.
    fn resume(&mut self, reason: String) -> Result<(), HttpError> {
        let asked = self.ask_for_rest();
        let Answer { url, response, permit } = asked.map_err(|hindrance| {
            let reason = format!("{reason}; {hindrance}");
            self.error(HttpErrorKind::Broken { read: self.came, reason })
        })?;
        (self.url, self.body, self.permit) = (url, response, permit);
        Ok(())
    }

    /// An answer with the body from where it stopped; or in words why there is none.
    fn ask_for_rest(&mut self) -> Result<Answer, String> {
        self.permit = None;
        let mut extra = HeaderMap::new();
        if self.came > 0 {
            let validator = validator(&self.headers);
            let validator = validator.ok_or("the server does not tell how to ask for the rest")?;
            let range = HeaderValue::try_from(format!("bytes={}-", self.came));
            extra.insert(RANGE, range.map_err(|error| error.to_string())?);
            extra.insert(IF_RANGE, validator);
        }
        self.retries.next(None).ok_or("no more attempts; allow more with --retries")?;
        let answer = self.http.ask(&self.asked, &extra, &mut self.retries);
        let answer = answer.map_err(|error| format!("asked for the rest, {}", error.kind))?;
        let is_rest = answer.response.status() == StatusCode::PARTIAL_CONTENT
            && begins_at(&answer.response, self.came);
        match is_rest || self.came == 0 {
            true => Ok(answer),
            false => Err("the server does not give the rest".to_owned()),
        }
    }

    /// Counts a piece; of one that goes over a limit nothing is given.
    fn count(&mut self, piece: &Bytes) -> Result<(), HttpError> {
        self.came += piece.len() as u64;
        let limits = self.http.limits();
        if self.came > limits.file_bytes {
            let (limit, flag) = (limits.file_bytes, "--max-file-bytes");
            return Err(self.error(HttpErrorKind::TooLarge { limit, flag }));
        }
        if !self.http.receive(piece.len()) {
            let kind = HttpErrorKind::TooLarge { limit: limits.bytes, flag: "--max-bytes" };
            return Err(self.error(kind));
        }
        Ok(())
    }
}

impl Read for Response {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.next()? {
                Some(piece) => {
                    self.count(&piece)?;
                    self.chunk = piece;
                }
                None => {
                    self.permit = None;
                    return Ok(0);
                }
            }
        }
        let length = out.len().min(self.chunk.len());
        out[..length].copy_from_slice(&self.chunk.split_to(length));
        Ok(length)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Response");
        shown.field("url", &super::error::shown(&self.url)).field("came", &self.came);
        shown.finish_non_exhaustive()
    }
}

impl Text {
    /// Whether it is a page.
    pub(crate) fn is_html(&self) -> bool {
        is_html(self.content_type.as_deref(), self.body.as_bytes())
    }

    /// The text read as JSON.
    ///
    /// # Errors
    ///
    /// When it is not the JSON that was expected.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_str(self.body.trim_start_matches('\u{feff}')).map_err(|error| {
            let found = match error.is_syntax() || error.is_eof() {
                true if self.is_html() => "a page (HTML): an error, or a login",
                true if self.body.trim().is_empty() => "empty",
                true => "no JSON",
                false => "other JSON",
            };
            let kind = HttpErrorKind::Json { found, reason: error.to_string() };
            HttpError::new(&self.url, kind)
        })
    }
}

/// A body without the encoding that the server gave it, if it says that it did. One that says so
/// wrongly of plain bytes is not believed.
pub(crate) fn decoded(
    body: impl Read + Send + 'static,
    is_encoded: bool,
    limits: Limits,
) -> Box<dyn Read + Send> {
    match is_encoded {
        true => Box::new(Decompressor::new(body, limits)),
        false => Box::new(body),
    }
}

/// The text of a small document, of which the start was read.
fn read_text(
    url: &Url,
    content_type: Option<String>,
    body: &mut dyn Read,
    mut bytes: Vec<u8>,
) -> Result<Text, HttpError> {
    let left = MAX_DOCUMENT + 1 - bytes.len() as u64;
    body.take(left).read_to_end(&mut bytes).map_err(|error| from_io(url, error))?;
    if bytes.len() as u64 > MAX_DOCUMENT {
        let kind = HttpErrorKind::LongDocument { limit: MAX_DOCUMENT };
        return Err(HttpError::new(url, kind));
    }
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Text { url: url.clone(), content_type, body })
}

/// Whether a document is a page: it is said to be one, or nothing is said, and it begins like one.
pub(crate) fn is_html(content_type: Option<&str>, start: &[u8]) -> bool {
    let said = content_type.is_none_or(is_html_type);
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let begins = |tag: &str| {
        start.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag.as_bytes()))
    };
    said && ["<!doctype html", "<html", "<head", "<body", "<title", "<!--"]
        .iter()
        .any(|tag| begins(tag))
}

/// Whether a media type is that of pages.
pub(crate) fn is_html_type(media: &str) -> bool {
    matches!(media, "text/html" | "application/xhtml+xml")
}

/// The encodings that the server gave the body, but for "none".
fn encodings(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let names = values.flat_map(|value| value.split(',')).map(str::trim);
    names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
}

/// Those that are recognised by their magic bytes. Some servers say so of an archive's own packing.
fn is_known_encoding(name: &str) -> bool {
    ["gzip", "x-gzip", "zstd", "xz", "x-xz", "bzip2", "x-bzip2", "aws-chunked", "utf-8"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// How the server knows that a body is still the same: a strong entity tag, or a time.
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    let get = |name: HeaderName| headers.get(name).cloned();
    get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/")).or_else(|| get(LAST_MODIFIED))
}

fn begins_at(response: &reqwest::Response, place: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
    start.and_then(|start| start.trim().parse().ok()) == Some(place)
}

/// The error of reading a body: our own within, or one of its decompression.
fn from_io(url: &Url, error: io::Error) -> HttpError {
    match error.downcast::<HttpError>() {
        Ok(error) => error,
        Err(error) => HttpError::new(url, HttpErrorKind::Request(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_told_from_text() {
        let html = Some("text/html");
        for page in ["<!DOCTYPE html>\n", "\u{feff} <HTML lang=en>", "<head>", "<!-- x -->"] {
            assert!(is_html(html, page.as_bytes()), "{page}");
            assert!(is_html(None, page.as_bytes()), "{page}");
            assert!(!is_html(Some("text/plain"), page.as_bytes()), "{page}");
        }
        for text in ["", "2024-01-01 x", "<pre>\n2024-01-01 x", "<7>kernel: x"] {
            assert!(!is_html(html, text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn json_errors_tell_what_came_and_where() {
        let text = |content_type: &str, body: &str| Text {
            url: Url::parse("http://a/b").unwrap(),
            content_type: Some(content_type.to_owned()),
            body: body.to_owned(),
        };
        let told = |text: Text| text.json::<Vec<u8>>().unwrap_err().to_string();
        let page = told(text("text/html", "<!doctype html><title>Sign in"));
        assert!(page.starts_with("http://a/b: expected JSON, and the answer is a page"), "{page}");
        let other = told(text("application/json", "[1,\n\"x\"]"));
        assert!(other.contains("other JSON: invalid type: string \"x\""), "{other}");
        assert!(other.ends_with("at line 2 column 3"), "{other}");
        assert!(told(text("", "")).contains("the answer is empty"));
    }

    #[test]
    fn only_a_strong_tag_or_a_time_tells_that_a_body_is_the_same() {
        let headers = |name: HeaderName, value: &'static str| {
            validator(&HeaderMap::from_iter([(name, HeaderValue::from_static(value))]))
        };
        assert!(headers(ETAG, "\"a\"").is_some());
        assert!(headers(ETAG, "W/\"a\"").is_none());
        assert!(headers(LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT").is_some());
    }
}
