//! Where an index is: a directory, or the address of one in a cluster. The one place where either is
//! opened.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use recheck_core::Schema;
use recheck_index::{Elastic, ElasticAuth, ElasticOptions, Embedded, Index};
use reqwest::Url;

use crate::{
    args::duration,
    failure::Failure,
    settings::{Settings, SettingsError},
};

/// The address, where a place is one.
pub(crate) fn address(place: &Path) -> Option<&str> {
    let is_address = |text: &&str| text.starts_with("http://") || text.starts_with("https://");
    place.to_str().filter(is_address)
}

/// The place as it may be shown: without a password.
pub(crate) fn shown(place: &Path) -> String {
    let Some(text) = address(place) else { return place.display().to_string() };
    let without = |mut url: Url| {
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        Some(url.to_string())
    };
    Url::parse(text).ok().and_then(without).unwrap_or_else(|| "the index".to_owned())
}

/// Opens an index to read.
///
/// # Errors
///
/// When there is none, or it can't be read.
pub(crate) fn open_index(settings: &Settings, place: &Path) -> Result<Box<dyn Index>, Failure> {
    Ok(match address(place) {
        Some(text) => Box::new(Elastic::open(text, &options(settings, text)?)?),
        None => Box::new(Embedded::open(place)?),
    })
}

/// Opens an index to write, or makes it.
///
/// # Errors
///
/// When it can't be made or written, or has another schema.
pub(crate) fn open_or_create(
    settings: &Settings,
    place: &Path,
    (schema, patience): (Option<Schema>, Duration),
) -> Result<Box<dyn Index>, Failure> {
    Ok(match address(place) {
        Some(text) => Box::new(Elastic::open_or_create(text, schema, &options(settings, text)?)?),
        None => Box::new(Embedded::open_or_create(place, schema, patience)?),
    })
}

/// Who asks, and how long: the variables, else what the settings file knows of the host.
fn options(settings: &Settings, address: &str) -> Result<ElasticOptions, SettingsError> {
    let mut options = ElasticOptions { auth: auth_of_variables(), ..ElasticOptions::default() };
    if options.auth.is_none()
        && let Ok(url) = Url::parse(address)
    {
        options.auth = settings.index_auth(&url)?;
    }
    options.ca = variable("RECHECK_INDEX_CA").map(PathBuf::from);
    if let Ok(name) = env::var("RECHECK_INDEX_TESTS") {
        options.test_results = Some(name);
    }
    if let Some(text) = variable("RECHECK_INDEX_TIMEOUT") {
        options.timeout = duration(&text).map_err(|reason| SettingsError::Variable {
            variable: "RECHECK_INDEX_TIMEOUT",
            text,
            reason,
        })?;
    }
    Ok(options)
}

fn auth_of_variables() -> Option<ElasticAuth> {
    let basic = |user| {
        let password = variable("RECHECK_INDEX_PASSWORD").unwrap_or_default();
        ElasticAuth::Basic { user, password }
    };
    variable("RECHECK_INDEX_API_KEY")
        .map(ElasticAuth::ApiKey)
        .or_else(|| variable("RECHECK_INDEX_TOKEN").map(ElasticAuth::Bearer))
        .or_else(|| variable("RECHECK_INDEX_USER").map(basic))
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let place = Path::new("https://me:secret@h:9200/logs");
        assert_eq!(shown(place), "https://h:9200/logs");
        assert!(address(place).is_some());
        assert_eq!(address(Path::new("./http")), None);
        assert_eq!(shown(Path::new("./i")), "./i");
    }
}
