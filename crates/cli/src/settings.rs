//! What the command line, the environment and the settings files mean together.
//!
//! From the strongest to the weakest, key by key:
//!
//! 1. the flag,
//! 2. the variable `RECHECK_…`,
//! 3. `recheck.toml` in the working directory, else in the nearest directory above it,
//! 4. `$XDG_CONFIG_HOME/recheck/recheck.toml` (by default `~/.config/recheck/recheck.toml`),
//! 5. the built-in default.
//!
//! `RECHECK_CONFIG=FILE` names a file that is read in place of both. One rule differs: `./queries`,
//! where it is a directory, stands between 2 and 3 for `fingerprints`.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};
use jiff::tz::TimeZone;
use recheck_index::ElasticAuth;
use reqwest::Url;
use serde::Deserialize;
use thiserror::Error;

use crate::{
    args::{FingerprintArgs, IndexArgs, ProfileArg},
    output::Output,
    place::address,
    remote::{Credentials, Secret},
    repository::{self, RepositoryError, is_repository},
};

/// Where the fingerprints are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// These directories and files, and repositories that are still to be fetched.
    Paths(Vec<PathBuf>),
    /// The pack that is compiled in.
    Pack,
}

impl Place {
    /// The same with the repositories among the paths fetched.
    ///
    /// # Errors
    ///
    /// When one can't be read and there is no copy of it.
    pub(crate) fn fetched(self, output: &Output) -> Result<Place, RepositoryError> {
        Ok(match self {
            Place::Paths(paths) => Place::Paths(repository::fetched(&paths, output)?),
            Place::Pack => Place::Pack,
        })
    }
}

/// The settings files, merged.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Directories of fingerprints, and repositories of them; relative to the file that names them.
    fingerprints: Option<Vec<PathBuf>>,
    /// The directory of the index, relative to the file that names it, or an address.
    index: Option<PathBuf>,
    /// The address of a bug, with `{id}` in the place of its id.
    pub(crate) tracker: Option<String>,
    /// More tags by the name of the log.
    #[serde(default)]
    pub(crate) tags: Vec<TagRule>,
    /// How lines become events.
    pub(crate) profile: Option<ProfileArg>,
    /// The zone of times that name none.
    timezone: Option<String>,
    /// What is known of servers, by host or `host:port`.
    #[serde(default)]
    hosts: BTreeMap<String, HostRule>,
}

/// One `[hosts."NAME"]` of a settings file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct HostRule {
    /// The variable that holds the token for this server alone.
    token_env: Option<String>,
    /// Who asks: with it the token is sent as a password.
    user: Option<String>,
    /// May be asked with `--untrusted` wherever it is.
    #[serde(default)]
    private: bool,
}

impl HostRule {
    /// The token for this host, where it has one.
    fn token(&self, host: &str) -> Result<Option<String>, SettingsError> {
        let Some(variable) = &self.token_env else { return Ok(None) };
        let token = env::var(variable).ok().filter(|token| !token.is_empty());
        let missing = || SettingsError::Token { host: host.to_owned(), variable: variable.clone() };
        token.ok_or_else(missing).map(Some)
    }
}

/// One `[[tags]]` of a settings file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagRule {
    /// The names it is about.
    pub(crate) glob: String,
    /// The tags such a log gets.
    pub(crate) tags: Vec<String>,
}

/// A setting that can't be used.
#[derive(Debug, Error)]
pub(crate) enum SettingsError {
    /// A file can't be read.
    #[error("cannot read the settings in {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {reason}\n  help: the keys are `fingerprints`, `index`, `tracker`, `profile`, `timezone`, `[[tags]]` with `glob` and `tags`, and `[hosts.\"NAME\"]` with `token-env`, `user` and `private`", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its place.
        reason: Box<toml::de::Error>,
    },
    /// No such zone.
    #[error(
        "no time zone `{0}`\n  help: give a name such as Europe/Berlin, an offset such as +02:00, or UTC"
    )]
    Zone(String),
    /// A glob that is none.
    #[error("in `[[tags]]`: {0}")]
    Tags(#[from] recheck_core::log::TagRuleError),
    /// The token of a server is not there.
    #[error(
        "`[hosts.\"{host}\"]` takes its token from the variable {variable}, which is not set\n  help: set it, or remove `token-env`"
    )]
    Token {
        /// The server.
        host: String,
        /// The variable.
        variable: String,
    },
    /// A variable has a value that it can't have.
    #[error("{variable} is `{text}`: {reason}")]
    Variable {
        /// Its name.
        variable: &'static str,
        /// What it is set to.
        text: String,
        /// What it should be.
        reason: String,
    },
    /// Nobody knows where the index is.
    #[error(
        "there is no directory for the index\n  help: give one with `--index PATH` or RECHECK_INDEX"
    )]
    NoDataDirectory,
    /// The tracker has no place for the id.
    #[error(
        "`tracker = \"{0}\"` has no `{{id}}`\n  help: write the address of a bug with {{id}} where its id stands"
    )]
    Tracker(String),
}

impl Settings {
    /// Reads the settings files.
    ///
    /// # Errors
    ///
    /// When a file that is there can't be read, or has an unknown key or a wrong value.
    pub(crate) fn load() -> Result<Settings, SettingsError> {
        let files = match env::var_os("RECHECK_CONFIG") {
            Some(path) => vec![PathBuf::from(path)],
            None => project_file().into_iter().chain(user_file()).collect(),
        };
        let mut merged = Settings::default();
        for file in files {
            merged = merged.or(Settings::read(&file)?);
        }
        match &merged.tracker {
            Some(tracker) if !tracker.contains("{id}") => {
                Err(SettingsError::Tracker(tracker.clone()))
            }
            _ => Ok(merged),
        }
    }

    fn read(path: &Path) -> Result<Settings, SettingsError> {
        let text = fs::read_to_string(path)
            .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
        let mut settings: Settings = toml::from_str(&text).map_err(|error| {
            SettingsError::Content { path: path.to_owned(), reason: Box::new(error) }
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for place in settings.fingerprints.iter_mut().flatten() {
            if !place.to_str().is_some_and(is_repository) {
                *place = folder.join(&place);
            }
        }
        settings.index = settings.index.map(|place| match address(&place) {
            Some(_) => place,
            None => folder.join(place),
        });
        Ok(settings)
    }

    /// Keys of `weaker` where there are none of ours; tag rules of both.
    fn or(mut self, weaker: Settings) -> Settings {
        self.tags.extend(weaker.tags);
        let mut hosts = weaker.hosts;
        hosts.append(&mut self.hosts);
        Settings {
            fingerprints: self.fingerprints.or(weaker.fingerprints),
            index: self.index.or(weaker.index),
            tracker: self.tracker.or(weaker.tracker),
            tags: self.tags,
            profile: self.profile.or(weaker.profile),
            timezone: self.timezone.or(weaker.timezone),
            hosts,
        }
    }

    /// Where the fingerprints are.
    pub(crate) fn fingerprints(&self, args: &FingerprintArgs) -> Place {
        if !args.fingerprints.is_empty() {
            return Place::Paths(args.fingerprints.clone());
        }
        if let Some(list) = env::var_os("RECHECK_FINGERPRINTS").filter(|list| !list.is_empty()) {
            // An address has colons of its own.
            return match list.to_str().filter(|list| is_repository(list)) {
                Some(repository) => Place::Paths(vec![PathBuf::from(repository)]),
                None => Place::Paths(env::split_paths(&list).collect()),
            };
        }
        let here = PathBuf::from("queries");
        if here.is_dir() {
            return Place::Paths(vec![here]);
        }
        self.fingerprints.clone().map_or(Place::Pack, Place::Paths)
    }

    /// Adds the tokens of servers.
    ///
    /// # Errors
    ///
    /// When a variable that should hold one is not set.
    pub(crate) fn add_credentials(&self, to: &mut Credentials) -> Result<(), SettingsError> {
        for (host, rule) in &self.hosts {
            let Some(token) = rule.token(host)? else { continue };
            let secret = match rule.user.clone() {
                Some(user) => Secret::Password { user, password: token },
                None => Secret::Token(token),
            };
            to.add(host, secret);
        }
        Ok(())
    }

    /// Who asks the cluster at an address.
    ///
    /// # Errors
    ///
    /// When a variable that should hold the token is not set.
    pub(crate) fn index_auth(&self, url: &Url) -> Result<Option<ElasticAuth>, SettingsError> {
        let host = url.host_str().unwrap_or_default();
        let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
        let rule = self.hosts.iter().find(|(name, _)| {
            name.eq_ignore_ascii_case(host) || name.eq_ignore_ascii_case(&with_port)
        });
        let Some((name, rule)) = rule else { return Ok(None) };
        let token = rule.token(name)?;
        Ok(token.map(|token| match rule.user.clone() {
            Some(user) => ElasticAuth::Basic { user, password: token },
            None => ElasticAuth::Bearer(token),
        }))
    }

    /// The hosts that may be asked with `--untrusted` though they are private.
    pub(crate) fn private_hosts(&self) -> Vec<String> {
        let private = self.hosts.iter().filter(|(_, rule)| rule.private);
        private.map(|(host, _)| host.to_ascii_lowercase()).collect()
    }

    /// Where the index is.
    ///
    /// # Errors
    ///
    /// When nothing says where, and the user has no directory for data.
    pub(crate) fn index(&self, args: &IndexArgs) -> Result<PathBuf, SettingsError> {
        let variable = || env::var_os("RECHECK_INDEX").filter(|place| !place.is_empty());
        let told = args.index.clone().or_else(|| Some(variable()?.into()));
        if let Some(place) = told.or_else(|| self.index.clone()) {
            return Ok(place);
        }
        let names =
            AppStrategyArgs { app_name: "recheck".to_owned(), ..AppStrategyArgs::default() };
        let strategy = choose_app_strategy(names).map_err(|_| SettingsError::NoDataDirectory)?;
        Ok(strategy.in_data_dir("index"))
    }

    /// The zone of times that name none; `given` is what flag or variable say.
    ///
    /// # Errors
    ///
    /// When there is no such zone.
    pub(crate) fn zone(&self, given: Option<&str>) -> Result<TimeZone, SettingsError> {
        let Some(name) = given.or(self.timezone.as_deref()) else { return Ok(TimeZone::UTC) };
        if name.eq_ignore_ascii_case("utc") || name == "Z" {
            return Ok(TimeZone::UTC);
        }
        let parser = jiff::fmt::temporal::DateTimeParser::new();
        parser.parse_time_zone(name).map_err(|_| SettingsError::Zone(name.to_owned()))
    }
}

fn project_file() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join("recheck.toml")).find(|file| file.is_file())
}

fn user_file() -> Option<PathBuf> {
    let folder = match env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => env::home_dir()?.join(".config"),
    };
    Some(folder.join("recheck").join("recheck.toml")).filter(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_file_wins_key_by_key() {
        let near: Settings = toml::from_str("profile = 'lines'").unwrap();
        let far = "profile = 'records'\ntracker = 'https://x/{id}'\n[[tags]]\nglob='*'\ntags=['a']";
        let merged = near.or(toml::from_str(far).unwrap());
        assert_eq!(merged.profile, Some(ProfileArg::Lines));
        assert_eq!(merged.tracker.as_deref(), Some("https://x/{id}"));
        assert_eq!(merged.tags.len(), 1);
    }

    #[test]
    fn unknown_keys_are_refused() {
        let error = toml::from_str::<Settings>("fingerprint = 'x'").unwrap_err().to_string();
        assert!(error.contains("unknown field `fingerprint`"), "{error}");
    }

    #[test]
    fn repositories_are_not_relative_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recheck.toml");
        fs::write(&file, "fingerprints = ['queries', 'https://h/r.git@main#queries']").unwrap();
        let settings = Settings::read(&file).unwrap();
        let places = settings.fingerprints.unwrap();
        assert_eq!(places[0], folder.path().join("queries"));
        assert_eq!(places[1], PathBuf::from("https://h/r.git@main#queries"));
    }

    #[test]
    fn zones_by_name_and_offset() {
        let zone = |name| Settings::default().zone(Some(name));
        assert!(zone("Europe/Berlin").is_ok() && zone("+02:00").is_ok());
        assert_eq!(zone("utc").unwrap(), TimeZone::UTC);
        assert!(matches!(zone("Mars/Base"), Err(SettingsError::Zone(_))));
    }
}
