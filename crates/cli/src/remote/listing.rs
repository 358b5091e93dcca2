//! A page that lists a directory: any page that is mainly links below its own address.
//!
//! So do Apache, nginx, Python's http.server, the index that Zuul's jobs upload to Swift, and the
//! web front of GCS. The last (<https://github.com/kubernetes/test-infra/tree/master/gcsweb>) links
//! directories below itself and files where the bucket is served, and has pages.

use html5gum::{StartTag, Token, Tokenizer};
use reqwest::Url;

use super::{http::Text, name::label};

/// Where GCS serves files, for pages of `https://…/gcs/BUCKET/…`.
const GCS_HOST: &str = "storage.googleapis.com";
const GCS_ROOT: &str = "/gcs";
/// What the titles of listings begin with, for those that list nothing.
const TITLES: [&str; 3] = ["index of ", "directory listing for ", "gcs browser"];

/// What a page lists.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// Files and directories.
    pub(super) entries: Vec<Entry>,
    /// Links whose names lead out of the directory.
    pub(super) refused: Vec<String>,
    /// The page with what does not fit on this one.
    pub(super) next: Option<Url>,
}

/// A file or directory in a listing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Relative to the directory.
    pub(super) name: String,
    /// Where it lies.
    pub(super) url: Url,
    /// Whether it is a directory: its address ends in a slash.
    pub(super) is_directory: bool,
}

/// The links and the title of a page.
#[derive(Default)]
struct Links {
    title: String,
    base: Option<String>,
    hrefs: Vec<String>,
}

/// What a page lists; `None` when it is no listing.
pub(super) fn read(page: &Text) -> Option<Listing> {
    if !page.is_html() {
        return None;
    }
    let links = Links::of(&page.body);
    let base = links.base.as_ref().and_then(|base| page.url.join(base).ok());
    let base = base.unwrap_or_else(|| page.url.clone());
    let urls: Vec<Url> = links.hrefs.iter().filter_map(|href| base.join(href).ok()).collect();
    let place = Place::of(&page.url, &urls);
    let mut listing = Listing::default();
    let mut others = 0;
    for url in urls {
        match place.kind(&url) {
            Kind::Below(path) => listing.add(path, &url),
            Kind::Next => listing.next = Some(url.clone()),
            Kind::Related => {}
            Kind::Other => others += 1,
        }
    }
    let found = listing.entries.len() + listing.refused.len();
    let title = links.title.trim().to_ascii_lowercase();
    let is_listing = match found {
        0 => TITLES.iter().any(|start| title.starts_with(start)),
        _ => found >= others,
    };
    is_listing.then_some(listing)
}

impl Listing {
    fn add(&mut self, path: &str, url: &Url) {
        let Some(name) = label(path) else {
            self.refused.push(path.to_owned());
            return;
        };
        let mut url = url.clone();
        url.set_fragment(None);
        let is_directory = url.path().ends_with('/');
        // Names and icons often link to the same.
        if !self.entries.iter().rev().take(2).any(|entry| entry.url == url) {
            self.entries.push(Entry { name, url, is_directory });
        }
    }
}

impl Links {
    fn of(page: &str) -> Links {
        let mut links = Links::default();
        let mut in_title = false;
        for token in Tokenizer::new(page) {
            let Ok(token) = token;
            match token {
                Token::StartTag(tag) => {
                    in_title = **tag.name == *b"title";
                    links.tag(&tag);
                }
                Token::EndTag(_) => in_title = false,
                Token::String(text) if in_title => {
                    links.title.push_str(&String::from_utf8_lossy(&text));
                }
                _ => {}
            }
        }
        links
    }

    fn tag(&mut self, tag: &StartTag<()>) {
        let Some(href) = tag.attributes.get(&b"href"[..]) else { return };
        let href = String::from_utf8_lossy(href).trim().to_owned();
        match &**tag.name {
            b"a" => self.hrefs.push(href),
            b"base" if self.base.is_none() => self.base = Some(href),
            _ => {}
        }
    }
}

/// The directory that a page lists.
struct Place<'a> {
    page: &'a Url,
    /// Its path, with a slash at the end.
    root: String,
}

/// What a link is to a page.
enum Kind<'a> {
    /// It leads below; the path from there on.
    Below(&'a str),
    /// It leads to the next page.
    Next,
    /// To the page itself in another order, or to a directory above.
    Related,
    /// Elsewhere.
    Other,
}

impl<'a> Place<'a> {
    /// A page without a slash at its end is a directory if it links below itself, else a file
    /// (`index.html`) in the directory that it lists.
    fn of(page: &'a Url, links: &[Url]) -> Place<'a> {
        let path = page.path();
        let own = format!("{}/", path.trim_end_matches('/'));
        let is_below = |link: &Url| link.origin() == page.origin() && link.path().starts_with(&own);
        let root = match path.ends_with('/') || links.iter().any(is_below) {
            true => own,
            false => path[..=path.rfind('/').unwrap_or(0)].to_owned(),
        };
        Place { page, root }
    }

    fn kind<'l>(&self, link: &'l Url) -> Kind<'l> {
        let path = link.path();
        if link.origin() != self.page.origin() {
            return self.gcs_file(link).map_or(Kind::Other, Kind::Below);
        }
        if path == self.page.path() || path == self.root {
            let is_marker = link.query_pairs().any(|(key, _)| key == "marker");
            return if is_marker { Kind::Next } else { Kind::Related };
        }
        match path.strip_prefix(self.root.as_str()) {
            Some(rest) if link.query().is_none() => Kind::Below(rest),
            None if self.root.starts_with(path) && path.ends_with('/') => Kind::Related,
            _ => Kind::Other,
        }
    }

    fn gcs_file<'l>(&self, link: &'l Url) -> Option<&'l str> {
        let bucket = self.root.strip_prefix(GCS_ROOT).filter(|path| path.starts_with('/'))?;
        let is_served = link.scheme() == "https" && link.host_str() == Some(GCS_HOST);
        let rest = link.path().strip_prefix(bucket).filter(|rest| !rest.is_empty());
        if is_served { rest } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(url: &str, body: &str) -> Text {
        let content_type = Some("text/html".to_owned());
        Text { url: Url::parse(url).unwrap(), content_type, body: body.to_owned() }
    }

    fn names(listing: &Listing) -> Vec<(&str, bool)> {
        listing.entries.iter().map(|entry| (entry.name.as_str(), entry.is_directory)).collect()
    }

    /// The form of Apache's `IndexOptions FancyIndexing`.
    #[test]
    fn apache() {
        let listing = read(&page(
            "http://logs/a/",
            r#"<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
            <html><head><title>Index of /a</title></head><body><h1>Index of /a</h1>
            <pre><a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a><hr>
            <a href="/">Parent Directory</a>   -
            <a href="b%20c/">b c/</a>   2024-01-01 00:00    -
            <a href="x.log.gz">x.log.gz</a>   2024-01-01 00:00  1.2K
            <a href="&auml;.txt">&auml;.txt</a></pre></body></html>"#,
        ));
        let listing = listing.unwrap();
        assert_eq!(names(&listing), [("b c", true), ("x.log.gz", false), ("ä.txt", false)]);
        assert_eq!(listing.entries[0].url.as_str(), "http://logs/a/b%20c/");
    }

    #[test]
    fn gcsweb_links_files_elsewhere_and_has_pages() {
        let listing = read(&page(
            "https://gcsweb.example/gcs/bucket/logs/1/",
            r#"<!doctype html><title>GCS browser: bucket</title>
            <a href="/gcs/bucket/logs/1/?marker=m">Next page</a>
            <a href="/gcs/bucket/logs/">..</a>
            <a href="/gcs/bucket/logs/1/artifacts/">artifacts/</a>
            <a href="https://storage.googleapis.com/bucket/logs/1/build-log.txt">build-log.txt</a>
            <a href="https://storage.googleapis.com/other/x">x</a>"#,
        ));
        let listing = listing.unwrap();
        assert_eq!(names(&listing), [("artifacts", true), ("build-log.txt", false)]);
        let next = listing.next.unwrap();
        assert_eq!(next.as_str(), "https://gcsweb.example/gcs/bucket/logs/1/?marker=m");
    }

    #[test]
    fn a_page_of_links_elsewhere_is_none() {
        let site = r#"<html><a href="/docs">Docs</a><a href="https://b/">b</a><a href="x">x</a>"#;
        assert_eq!(read(&page("http://a/b/", site)), None);
        assert_eq!(read(&page("http://a/b/", "<html><title>Sign in</title>")), None);
        let mut text = page("http://a/b/", r#"<html><a href="x">x</a>"#);
        text.content_type = Some("text/plain".to_owned());
        assert_eq!(read(&text), None);
    }

    #[test]
    fn an_empty_directory_is_a_listing() {
        let empty = "<html><title>Index of /b/</title><a href=\"../\">../</a>";
        assert_eq!(read(&page("http://a/b/", empty)), Some(Listing::default()));
    }

    #[test]
    fn a_base_and_a_missing_slash_are_heeded() {
        let based = r#"<html><base href="/x/y/"><a href="z.log">z</a>"#;
        assert_eq!(names(&read(&page("http://a/x/y/", based)).unwrap()), [("z.log", false)]);
        let open = r#"<html><a href="/x/y/z.log">z</a><a href="/x/">up</a>"#;
        assert_eq!(names(&read(&page("http://a/x/y", open)).unwrap()), [("z.log", false)]);
        let index = r#"<html><a href="z.log">z</a>"#;
        let listing = read(&page("http://a/x/index.html", index)).unwrap();
        assert_eq!(names(&listing), [("z.log", false)]);
    }

    #[test]
    fn names_that_lead_out_are_refused() {
        let hostile = r#"<html><a href="a%2f..%2f..%2fetc">x</a><a href="ok">y</a>"#;
        let listing = read(&page("http://a/b/", hostile)).unwrap();
        assert_eq!(names(&listing), [("ok", false)]);
        assert_eq!(listing.refused, ["a%2f..%2f..%2fetc"]);
        let above = r#"<html><a href="../../x">x</a><a href="//b/x">y</a><a href="z">z</a>"#;
        assert_eq!(read(&page("http://a/b/c/", above)), None, "two of three lead elsewhere");
    }
}
