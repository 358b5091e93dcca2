//! Documents from servers nobody vouches for: bounded, guarded, tried again.
//!
//! [`Http`] asks, [`Response`](response::Response) is a body to read while it comes. Redirects are followed here and not
//! by the client, as each hop is checked ([`guard`]) and gets the token of its own host
//! ([`credentials`]).

mod cache;
mod client;
mod credentials;
mod error;
mod gate;
mod guard;
mod options;
mod response;
mod retry;

pub(crate) use self::{
    client::Http,
    credentials::{Credentials, Secret},
    error::{HttpError, HttpErrorKind, shown},
    options::{HttpOptions, RemoteLimits},
    response::{Text, decoded, is_html, is_html_type},
};
