use std::{
    num::NonZeroUsize,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Args, builder::FalseyValueParser};
use reqwest::Url;

use crate::{
    args::{duration, size},
    failure::Failure,
    settings::Settings,
};

use super::http::{Credentials, Http, HttpOptions, RemoteLimits};

/// How servers are asked.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options for addresses")]
pub(crate) struct RemoteArgs {
    /// Trust neither addresses nor servers: ask no private, loopback or link-local address, not even
    /// by redirect, and use no proxy but that of --proxy.
    #[arg(long, env = "RECHECK_UNTRUSTED", value_parser = FalseyValueParser::new())]
    pub(crate) untrusted: bool,
    /// Send all requests through this proxy, in place of those that HTTPS_PROXY, HTTP_PROXY and
    /// NO_PROXY name.
    #[arg(long, value_name = "URL", env = "RECHECK_PROXY", value_parser = proxy)]
    pub(crate) proxy: Option<Url>,
    /// Keep files here, and fetch those again only that have changed; without it nothing is written
    /// to disk.
    #[arg(long, value_name = "DIR", env = "RECHECK_CACHE")]
    pub(crate) cache: Option<PathBuf>,
    /// Requests to one server at a time.
    #[arg(long, value_name = "N", default_value = "8", env = "RECHECK_CONNECTIONS")]
    pub(crate) connections: NonZeroUsize,
    /// How long a connection may take.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) connect_timeout: Duration,
    /// How long a server may send nothing.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) read_timeout: Duration,
    /// How often to try again what may pass: no connection, a timeout, a body that breaks off, the
    /// answers 429, 502, 503 and 504.
    #[arg(long, value_name = "N", default_value = "3", env = "RECHECK_RETRIES")]
    pub(crate) retries: u32,
    /// Redirects to follow from one address.
    #[arg(long, value_name = "N", default_value = "10")]
    pub(crate) max_redirects: usize,
    /// Files of one run.
    #[arg(long, value_name = "N", default_value = "10000", env = "RECHECK_MAX_FILES")]
    pub(crate) max_files: usize,
    /// Directories within each other.
    #[arg(long, value_name = "N", default_value = "16")]
    pub(crate) max_depth: usize,
    /// Bytes of one file, as they are sent.
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "8G",
        value_parser = size,
        env = "RECHECK_MAX_FILE_BYTES"
    )]
    pub(crate) max_file_bytes: u64,
    /// Bytes of all files together, as they are sent.
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "32G",
        value_parser = size,
        env = "RECHECK_MAX_BYTES"
    )]
    pub(crate) max_bytes: u64,
}

impl RemoteArgs {
    /// A client as flags, settings and the environment say.
    ///
    /// # Errors
    ///
    /// When a token that the settings speak of is not there, or the client can't be made.
    pub(crate) fn client(
        &self,
        settings: &Settings,
        mut credentials: Credentials,
        deadline: Option<Instant>,
    ) -> Result<Http, Failure> {
        settings.add_credentials(&mut credentials)?;
        credentials.add_customary();
        let options = HttpOptions {
            connections: self.connections.get(),
            connect_timeout: self.connect_timeout,
            read_timeout: self.read_timeout,
            retries: self.retries,
            deadline,
            untrusted: self.untrusted.then(|| settings.private_hosts()),
            proxy: self.proxy.clone(),
            cache: self.cache.clone(),
            limits: RemoteLimits {
                bytes: self.max_bytes,
                file_bytes: self.max_file_bytes,
                files: self.max_files,
                depth: self.max_depth,
                redirects: self.max_redirects,
            },
        };
        Http::new(options, credentials).map_err(Failure::Http)
    }
}

fn proxy(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| {
        "expected the address of a proxy such as http://proxy.example:3128".to_owned()
    })
}
