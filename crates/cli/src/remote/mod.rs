//! Runs that lie on servers: from an address to the files their logs are in.
//!
//! ```text
//!   address -> resolve -> RemoteRun: fields, events, files -> scan fetches and scans the files
//!                 |
//!                 +-> listing: any page of links below its own address
//! ```

mod args;
mod crawl;
mod fan_out;
mod http;
mod listing;
mod name;
mod run;
mod services;

use reqwest::Url;

pub(crate) use self::{
    args::RemoteArgs,
    crawl::has_page_name,
    fan_out::fan_out,
    http::{Credentials, Http, Secret, decoded, is_html},
    run::{RUN_FILE, RemoteError, RemoteFile, RemoteRun},
    services::{ListedRun, RunList, Selection},
};

/// The address that a target is, if it is one.
pub(crate) fn parse_url(target: &str) -> Option<Url> {
    let scheme = target.split_once("://")?.0;
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if is_web { Url::parse(target).ok() } else { None }
}

/// The runs that an address stands for.
///
/// # Errors
///
/// When nothing of it can be had. What is missing beside what can be had stands in the runs.
pub(crate) fn resolve(http: &Http, url: &Url) -> Result<Vec<RemoteRun>, RemoteError> {
    if let Some(runs) = services::resolve(http, url) {
        return runs;
    }
    let mut run = crawl::resolve(http, url)?;
    services::describe(http, url, &mut run);
    Ok(vec![run])
}
