//! Bodies kept on disk, for `--cache`: what is in it is asked for again and sent only when it is
//! another one by now (RFC 9110, 13.1).

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use reqwest::{
    StatusCode, Url,
    header::{
        CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        LAST_MODIFIED,
    },
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{
    client::Http,
    error::{HttpError, shown},
    response::Response,
};

/// A file's body, from a server or from the cache.
pub(crate) struct Body {
    /// The media type, without parameters, in lower case.
    pub(crate) content_type: Option<String>,
    /// Whether the server says that it packed the body.
    pub(crate) is_encoded: bool,
    /// Its length as it is sent, where it is known.
    pub(crate) length: Option<u64>,
    /// The body.
    pub(crate) bytes: Box<dyn Read + Send>,
}

/// What is known of a body that is kept; a file beside it.
#[derive(Debug, Serialize, Deserialize)]
struct Label {
    /// For people: without what may be a secret in it.
    url: String,
    etag: Option<String>,
    last_modified: Option<String>,
    content_type: Option<String>,
    is_encoded: bool,
    length: u64,
}

/// Where a body is kept.
struct Place {
    directory: PathBuf,
    /// Of the address, so that names can't lead anywhere.
    digest: String,
}

impl Http {
    /// A file's body; from the cache, where there is one and the server says that it is still good.
    ///
    /// # Errors
    ///
    /// As with [`get`](Http::get).
    pub(crate) fn body(&self, url: &Url) -> Result<Body, HttpError> {
        let Some(directory) = self.cache() else { return Ok(Body::of(self.get_kept(url)?)) };
        let place = Place::new(directory, url);
        let kept = place.open();
        let conditions = kept.as_ref().map(|(label, _)| label.conditions()).unwrap_or_default();
        let response = self.get_if(url, &conditions)?;
        match kept {
            Some((label, file)) if response.status() == StatusCode::NOT_MODIFIED => Ok(Body {
                content_type: label.content_type,
                is_encoded: label.is_encoded,
                length: Some(label.length),
                bytes: Box::new(file),
            }),
            _ => {
                let label = Label::of(&response);
                let mut body = Body::of(response);
                if let (Some(label), Ok(copy)) = (label, place.begin()) {
                    body.bytes =
                        Box::new(Kept { body: body.bytes, copy: Some(copy), label, place });
                }
                Ok(body)
            }
        }
    }
}

impl Body {
    fn of(response: Response) -> Body {
        Body {
            content_type: response.content_type(),
            is_encoded: response.is_encoded(),
            length: response.content_length(),
            bytes: Box::new(response),
        }
    }
}

impl Label {
    /// `None` for what the server could not be asked about again.
    fn of(response: &Response) -> Option<Label> {
        let headers = response.headers();
        let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let (etag, last_modified) = (text(ETAG), text(LAST_MODIFIED));
        (etag.is_some() || last_modified.is_some()).then(|| Label {
            url: shown(response.url()),
            etag,
            last_modified,
            content_type: text(CONTENT_TYPE).and_then(|_| response.content_type()),
            is_encoded: response.is_encoded(),
            length: 0,
        })
    }

    fn conditions(&self) -> HeaderMap {
        let mut conditions = HeaderMap::new();
        let known = [(IF_NONE_MATCH, &self.etag), (IF_MODIFIED_SINCE, &self.last_modified)];
        for (name, value) in known {
            if let Some(Ok(value)) = value.as_deref().map(HeaderValue::from_str) {
                conditions.insert(name, value);
            }
        }
        conditions
    }
}

impl Place {
    fn new(directory: &Path, url: &Url) -> Place {
        let digest = Sha256::digest(url.as_str());
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Place { directory: directory.to_owned(), digest }
    }

    fn path(&self, suffix: &str) -> PathBuf {
        self.directory.join(format!("{}{suffix}", self.digest))
    }

    /// What is kept, if it is whole.
    fn open(&self) -> Option<(Label, File)> {
        let label: Label = serde_json::from_slice(&fs::read(self.path(".json")).ok()?).ok()?;
        let file = File::open(self.path(".body")).ok()?;
        let is_whole = file.metadata().ok()?.len() == label.length;
        is_whole.then_some((label, file))
    }

    fn begin(&self) -> io::Result<NamedTempFile> {
        fs::create_dir_all(&self.directory)?;
        NamedTempFile::new_in(&self.directory)
    }

    /// Puts a whole body in its place. The label comes last, and without a label of the body's own
    /// length there is nothing.
    fn keep(&self, body: NamedTempFile, label: &Label) -> io::Result<()> {
        let mut text = self.begin()?;
        serde_json::to_writer(&mut text, label)?;
        body.persist(self.path(".body"))?;
        text.persist(self.path(".json"))?;
        Ok(())
    }
}

/// A body that is copied while it is read. A cache that can't be written to is given up: the log
/// matters more.
struct Kept {
    body: Box<dyn Read + Send>,
    copy: Option<NamedTempFile>,
    label: Label,
    place: Place,
}

impl Read for Kept {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(out)?;
        let Some(mut copy) = self.copy.take() else { return Ok(read) };
        if read > 0 {
            self.label.length += read as u64;
            self.copy = copy.write_all(&out[..read]).is_ok().then_some(copy);
        } else if !out.is_empty() {
            // It stays in the temporary file, which goes.
            let _ = self.place.keep(copy, &self.label);
        }
        Ok(read)
    }
}
