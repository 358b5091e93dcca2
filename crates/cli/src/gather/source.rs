use std::io::Read;

use recheck_core::log::{Limits, LogReader, LogSource, log_name};

use crate::{
    hyperlinks::LinkFormat,
    progress::Progress,
    remote::{Http, RemoteFile, decoded, has_page_name, is_html},
};

/// A file with logs in it, here or on a server.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// On this machine.
    Local(LogSource),
    /// On a server.
    Remote(RemoteFile),
}

/// An opened file.
pub(crate) type Opened = LogReader<Box<dyn Read + Send>>;

impl Source {
    /// Relative to the run's root, without the suffix of a compression.
    pub(crate) fn name(&self) -> &str {
        match self {
            Source::Local(log) => &log.name,
            Source::Remote(file) => log_name(&file.name),
        }
    }

    /// The file's size as it is stored; 0 when unknown.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Source::Local(log) => log.size,
            Source::Remote(file) => file.size.unwrap_or(0),
        }
    }

    /// The address of one of its lines.
    pub(crate) fn link(&self, format: &LinkFormat, line: u64) -> Option<String> {
        match self {
            Source::Local(log) => format.link(log.path()?, line),
            // No server has a place for a line of a file.
            Source::Remote(file) => Some(file.url.as_str().to_owned()),
        }
    }

    /// Whether its name says that it is an archive, whose entries have names of their own.
    pub(crate) fn looks_packed(&self) -> bool {
        let name = self.name().to_ascii_lowercase();
        [".tar", ".tgz", ".tbz2", ".txz", ".tzst"].iter().any(|suffix| name.ends_with(suffix))
    }
}

/// Opens a file; of a server only where one can be asked.
///
/// # Errors
///
/// In words.
pub(crate) fn open(
    source: &Source,
    http: Option<&Http>,
    limits: Limits,
    progress: &Progress,
) -> Result<Opened, String> {
    match (source, http) {
        (Source::Local(log), _) => log.open(limits).map_err(|error| error.kind.to_string()),
        (Source::Remote(file), Some(http)) => fetch(http, file, limits, progress),
        (Source::Remote(_), None) => Err("no address was asked for".to_owned()),
    }
}

/// Opens a file of a server and counts what comes.
///
/// # Errors
///
/// In words: the server does not give it, or gives a page in its place.
fn fetch(
    http: &Http,
    file: &RemoteFile,
    limits: Limits,
    progress: &Progress,
) -> Result<Opened, String> {
    let body = http.body(&file.url).map_err(|error| error.reason(&file.url))?;
    if file.size.is_none() {
        progress.size(body.length.unwrap_or(0));
    }
    let input = decoded(progress.counted_size(body.bytes), body.is_encoded, limits);
    let reader = LogReader::new(input, limits);
    match is_html(body.content_type.as_deref(), reader.start()) && !has_page_name(&file.name) {
        true => Err("the server gives a page (HTML) in place of the log: an error, or a login; \
                     look at it in a browser"
            .to_owned()),
        false => Ok(reader),
    }
}
