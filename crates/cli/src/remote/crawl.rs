//! From an address to a run: a single file, or a tree of listings.

use std::collections::HashSet;

use recheck_core::log::log_name;
use reqwest::Url;

use super::{
    fan_out::fan_out,
    http::{Http, HttpError, HttpErrorKind, Text, is_html_type, shown},
    listing::{self, Entry, Listing},
    name::label,
    run::{RemoteError, RemoteFile, RemoteRun},
};

/// The run that an address of a file or a listing stands for.
///
/// # Errors
///
/// When it can't be had, or is a page that is neither.
pub(super) fn resolve(http: &Http, url: &Url) -> Result<RemoteRun, RemoteError> {
    let response = http.get(url)?;
    let size = response.content_length();
    if !response.content_type().is_none_or(|media| is_html_type(&media)) {
        http.keep(url, response);
        return Ok(single(url, size));
    }
    let page = match response.page() {
        Ok(Some(page)) => page,
        Ok(None) => return Ok(single(url, size)),
        // No listing is so long.
        Err(HttpError { kind: HttpErrorKind::LongDocument { .. }, .. }) => {
            return Ok(single(url, size));
        }
        Err(error) => return Err(error.into()),
    };
    match listing::read(&page) {
        Some(listing) => Ok(Crawl::new(http, url).run(page.url, listing)),
        None if is_log_in_page(url, &page) => Ok(single(url, size)),
        None => {
            let reason = "a page (HTML) that is neither a log nor a listing of logs: an error, a \
                          login, or a page about the run; give the address of its logs";
            Err(RemoteError::Content { url: page.url, reason: reason.to_owned() })
        }
    }
}

/// Whether a page is a log all the same, as OpenStack's `console.html` was: its name says that it
/// is a page, and its text is preformatted.
fn is_log_in_page(url: &Url, page: &Text) -> bool {
    has_page_name(url.path()) && page.body.to_ascii_lowercase().contains("<pre")
}

/// Whether a log's name says that it is a page.
pub(crate) fn has_page_name(name: &str) -> bool {
    let name = log_name(name).to_ascii_lowercase();
    [".html", ".htm", ".xhtml"].iter().any(|suffix| name.ends_with(suffix))
}

fn single(url: &Url, size: Option<u64>) -> RemoteRun {
    let last = url.path_segments().and_then(|mut parts| parts.rfind(|part| !part.is_empty()));
    let name = last.and_then(label).unwrap_or_else(|| "log".to_owned());
    let mut run = RemoteRun::new(url.as_str());
    run.files.push(RemoteFile { name, url: url.clone(), size });
    run
}

/// A walk through a tree of listings, level by level.
struct Crawl<'a> {
    http: &'a Http,
    run: RemoteRun,
    seen: HashSet<Url>,
    /// The directories of the level below.
    below: Vec<Directory>,
}

/// A directory to list.
struct Directory {
    /// Relative to the run's root; empty for the root.
    name: String,
    url: Url,
}

impl<'a> Crawl<'a> {
    fn new(http: &'a Http, target: &Url) -> Crawl<'a> {
        let run = RemoteRun::new(target.as_str());
        Crawl { http, run, seen: HashSet::new(), below: Vec::new() }
    }

    fn run(mut self, root: Url, listing: Listing) -> RemoteRun {
        self.seen.insert(root.clone());
        self.take(&Directory { name: String::new(), url: root }, listing);
        let limits = self.http.limits();
        let mut depth = 0;
        while !self.below.is_empty() && self.run.files.len() <= limits.files {
            depth += 1;
            if depth > limits.depth {
                let count = self.below.len();
                self.error(
                    self.below[0].name.clone(),
                    format!(
                        "{count} directories deeper than {} were left out; allow more with \
                         --max-depth",
                        limits.depth
                    ),
                );
                break;
            }
            if !self.level() {
                break;
            }
        }
        if self.run.files.len() > limits.files {
            self.run.files.truncate(limits.files);
            let message = format!(
                "there are more than {} files; the others were left out; allow more with \
                 --max-files, or give a directory below",
                limits.files
            );
            self.error(self.run.target.clone(), message);
        }
        self.run
    }

    /// Lists the directories of a level; false when there is no use in going on.
    fn level(&mut self) -> bool {
        let level = std::mem::take(&mut self.below);
        let http = self.http;
        let pages = fan_out(&level, http.connections(), |directory| list(http, &directory.url));
        for (directory, page) in level.iter().zip(pages) {
            match page {
                Ok(listing) => self.take(directory, listing),
                Err(error) => {
                    let is_end = matches!(
                        &error,
                        RemoteError::Http(HttpError {
                            kind: HttpErrorKind::Deadline | HttpErrorKind::TooLarge { .. },
                            ..
                        })
                    );
                    self.error(directory.name.clone(), error.reason(&directory.url));
                    if is_end {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn take(&mut self, directory: &Directory, listing: Listing) {
        let inside = |name: &str| match directory.name.as_str() {
            "" => name.to_owned(),
            parent => format!("{parent}/{name}"),
        };
        for name in &listing.refused {
            let message = "a link whose name leads out of the directory, left out";
            self.error(inside(name), message.to_owned());
        }
        for Entry { name, url, is_directory } in listing.entries {
            if !self.seen.insert(url.clone()) {
                continue;
            }
            let name = inside(&name);
            match is_directory {
                true => self.below.push(Directory { name, url }),
                false => self.run.files.push(RemoteFile { name, url, size: None }),
            }
        }
        if let Some(next) = listing.next.filter(|next| self.seen.insert(next.clone())) {
            self.below.push(Directory { name: directory.name.clone(), url: next });
        }
    }

    fn error(&mut self, name: String, message: String) {
        self.run.errors.push((name, message));
    }
}

/// A directory's listing, which must lie where it was said to.
fn list(http: &Http, url: &Url) -> Result<Listing, RemoteError> {
    let page = http.text(url)?;
    let content = |reason: String| RemoteError::Content { url: url.clone(), reason };
    if page.url.origin() != url.origin() || page.url.path() != url.path() {
        return Err(content(format!("leads to {}, not followed", shown(&page.url))));
    }
    let reason = "a page that is no listing, where a directory should be; give its logs' addresses";
    listing::read(&page).ok_or_else(|| content(reason.to_owned()))
}
