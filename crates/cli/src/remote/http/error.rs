//! What a request can come to, told with the address and the cure.

use std::{error::Error, fmt, io, net::IpAddr, time::Duration};

use recheck_core::render::bytes;
use reqwest::{StatusCode, Url};
use thiserror::Error;

use super::guard::Refused;

/// A document could not be had.
#[derive(Debug, Error)]
#[error("{}: {kind}", shown(.url))]
pub(crate) struct HttpError {
    /// What was asked for, or where a redirect led.
    pub(crate) url: Box<Url>,
    /// What came of it.
    #[source]
    pub(crate) kind: HttpErrorKind,
}

/// Why a document could not be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum HttpErrorKind {
    /// The server answers something other than the document.
    #[error("the server answers {status}{}", Word(.word))]
    Status {
        /// Its code.
        status: StatusCode,
        /// What it says beside the code, in one line; may be empty.
        word: String,
    },
    /// Nobody answers, or what answers does not speak HTTP or has the wrong certificate.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// Nothing came in time.
    #[error("nothing came for {} s; allow more with {flag}", .waited.as_secs_f64())]
    Timeout {
        /// How long it was waited.
        waited: Duration,
        /// What allows more.
        flag: &'static str,
    },
    /// The body breaks off, and the rest can't be had.
    #[error("the body breaks off after {}: {reason}", bytes(*.read))]
    Broken {
        /// The bytes that came.
        read: u64,
        /// Why, and why there is no rest.
        reason: String,
    },
    /// Anything else that goes wrong on the way.
    #[error("the request failed: {0}")]
    Request(String),
    /// Not an address of the network.
    #[error("only http and https can be fetched")]
    Scheme,
    /// The address, or one that it redirects to, is private.
    #[error(
        "{address} is not a public address, and --untrusted refuses those; if it may be asked, \
         set `private = true` for this host in the settings"
    )]
    Private {
        /// What the name means.
        address: IpAddr,
    },
    /// A redirect from https to http, for a request with a token.
    #[error("redirects to {to}, which is not encrypted; a request with a token does not go there")]
    Downgrade {
        /// Where it leads.
        to: String,
    },
    /// A redirect without a place to go to.
    #[error("redirects to {to:?}, which is no address")]
    Nowhere {
        /// What the server says.
        to: String,
    },
    /// One redirect after the other.
    #[error(
        "redirects more than {limit} times, in the end from {last}; allow more with --max-redirects"
    )]
    Redirects {
        /// How many are allowed.
        limit: usize,
        /// Where it had come to.
        last: String,
    },
    /// More came than is allowed, of one body or of all.
    #[error("more than {} came; allow more with {flag}", bytes(*.limit))]
    TooLarge {
        /// The bound that is met.
        limit: u64,
        /// What allows more.
        flag: &'static str,
    },
    /// A small document that is not small.
    #[error("it has more than {}, too much for a page or an answer of an API", bytes(*.limit))]
    LongDocument {
        /// The bound that is met.
        limit: u64,
    },
    /// `--deadline` has come.
    #[error("the deadline came first")]
    Deadline,
    /// An encoding that nobody asked for.
    #[error("it comes with the encoding {0:?}, which was not asked for and is not understood")]
    Encoding(String),
    /// An answer that should be JSON and is none.
    #[error("expected JSON, and the answer is {found}: {reason}")]
    Json {
        /// What came.
        found: &'static str,
        /// What is wrong, with its line and column.
        reason: String,
    },
}

/// The server's word behind its code.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(formatter, " ({})", self.0) }
    }
}

impl HttpError {
    /// The error of asking for this address.
    pub(crate) fn new(url: &Url, kind: HttpErrorKind) -> HttpError {
        HttpError { url: Box::new(url.clone()), kind }
    }

    /// What went wrong, with its address only where that is another one than what was asked for.
    pub(crate) fn reason(&self, asked: &Url) -> String {
        if *self.url == *asked { self.kind.to_string() } else { self.to_string() }
    }

    /// The server's status, if it is one that kept the document back.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self.kind {
            HttpErrorKind::Status { status, .. } => Some(status),
            _ => None,
        }
    }
}

impl HttpErrorKind {
    /// What became of a request, from the client's own error.
    pub(super) fn of(error: &reqwest::Error) -> HttpErrorKind {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(now) = cause {
            if let Some(Refused(address)) = now.downcast_ref() {
                return HttpErrorKind::Private { address: *address };
            }
            cause = now.source();
        }
        match error.is_connect() {
            true => HttpErrorKind::Connect(root(error)),
            false => HttpErrorKind::Request(root(error)),
        }
    }
}

impl From<HttpError> for io::Error {
    fn from(error: HttpError) -> io::Error {
        io::Error::other(error)
    }
}

/// The innermost cause: those round it say only that a request failed.
pub(super) fn root(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

/// An address as it may be shown: a password and a query, which may be a signature, stay out.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // An address that can't have a user has none to hide.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    let query = if url.query().is_some() { "?…" } else { "" };
    url.set_query(None);
    url.set_fragment(None);
    format!("{url}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_passwords_nor_signatures_are_shown() {
        let url = Url::parse("https://me:secret@host/a?sig=secret#x").unwrap();
        assert_eq!(shown(&url), "https://host/a?…");
        let error = HttpError::new(&url, HttpErrorKind::Scheme).to_string();
        assert_eq!(error, "https://host/a?…: only http and https can be fetched");
    }
}
