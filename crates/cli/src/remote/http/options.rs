use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use reqwest::Url;

/// How servers are asked.
#[derive(Clone, Debug)]
pub(crate) struct HttpOptions {
    /// Requests to one host at a time.
    pub(crate) connections: usize,
    /// How long a connection may take.
    pub(crate) connect_timeout: Duration,
    /// How long nothing may come.
    pub(crate) read_timeout: Duration,
    /// Attempts beyond the first.
    pub(crate) retries: u32,
    /// When everything ends.
    pub(crate) deadline: Option<Instant>,
    /// Ask nothing but public addresses, and these hosts.
    pub(crate) untrusted: Option<Vec<String>>,
    /// Send everything through this proxy; without one, as the environment says.
    pub(crate) proxy: Option<Url>,
    /// Where bodies are kept.
    pub(crate) cache: Option<PathBuf>,
    /// What may come.
    pub(crate) limits: RemoteLimits,
}

/// How much may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RemoteLimits {
    /// Bytes of everything, as they are sent.
    pub(crate) bytes: u64,
    /// Bytes of one file, as they are sent.
    pub(crate) file_bytes: u64,
    /// Files of one run.
    pub(crate) files: usize,
    /// Directories within each other.
    pub(crate) depth: usize,
    /// Redirects of one request.
    pub(crate) redirects: usize,
}
