//! Zuul: builds, buildsets, and the logs they leave.

mod builds;
mod inventory;
mod link;
mod manifest;
mod wire;

use recheck_core::{ResultClass, RunMeta, log::log_name};
use reqwest::{StatusCode, Url};

use self::{
    link::Item,
    manifest::Manifest,
    wire::{Build, Buildset},
};
use super::{
    MAX_RUNS,
    facts::{RUN_FILE, event, set, still_running},
    path,
    summary::Summary,
};
use crate::remote::{
    crawl, fan_out,
    http::{Http, HttpError},
    run::{RemoteError, RemoteFile, RemoteRun},
};

pub(crate) use self::{
    builds::{ListedBuild, ZuulTenant},
    link::{LogPath, ZuulLink},
};

/// The runs that a page of a Zuul stands for: its build, or the failed builds of its buildset.
///
/// # Errors
///
/// When the API does not tell of it.
pub(crate) fn resolve(http: &Http, link: &ZuulLink) -> Result<Vec<RemoteRun>, RemoteError> {
    match link.item {
        Item::Build => {
            let build: Build = http.json(&link.api()).map_err(with_cure)?;
            Ok(vec![run(http, link, &build, RunMeta::new())])
        }
        Item::Buildset => {
            let buildset: Buildset = http.json(&link.api()).map_err(with_cure)?;
            Ok(runs(http, link, &buildset))
        }
    }
}

/// The error with what helps against it.
fn with_cure(error: HttpError) -> RemoteError {
    if error.status() != Some(StatusCode::NOT_FOUND) {
        return error.into();
    }
    let cure = "the tenant has none of that id, or has forgotten it: look at the link";
    RemoteError::with_cure(error, cure)
}

/// The failed builds of a buildset; where there are none, the buildset itself.
fn runs(http: &Http, link: &ZuulLink, buildset: &Buildset) -> Vec<RemoteRun> {
    let mut shared = RunMeta::new();
    buildset.describe_builds(&mut shared);
    shared.set("build_set", &link.uuid);
    let mut summary = Summary::new("build");
    let mut chosen = Vec::new();
    for build in &buildset.builds {
        let name = build.job_name.as_deref().unwrap_or("?");
        let uuid = build.uuid.as_deref().filter(|_| build.class() == ResultClass::Failed);
        match uuid {
            Some(uuid) if build.is_final() && chosen.len() < MAX_RUNS => {
                summary.taken();
                chosen.push((link.build(uuid), build));
            }
            _ => summary.left_out(name, build.word(), build.is_final()),
        }
    }
    let mut runs = fan_out(&chosen, http.connections(), |(link, build)| {
        run(http, link, build, shared.clone())
    });
    if runs.is_empty() {
        runs.push(without_builds(link, buildset));
    }
    summary.tell(&mut runs[0]);
    runs
}

/// A buildset of which no build failed: its own result, and what Zuul says of it.
fn without_builds(link: &ZuulLink, buildset: &Buildset) -> RemoteRun {
    let mut run = RemoteRun::new(link.page());
    buildset.describe(&mut run.meta, &link.uuid);
    set(&mut run.meta, "tenant", link.tenant.as_ref());
    let message = buildset.message.as_deref().unwrap_or_default();
    run.events.push(result(buildset.word(), message, buildset.event_timestamp.as_deref()));
    if buildset.word() == wire::RUNNING {
        still_running(&mut run, "the buildset");
    }
    run
}

fn run(http: &Http, link: &ZuulLink, build: &Build, known: RunMeta) -> RemoteRun {
    let mut run = RemoteRun::new(link.page());
    run.meta = known;
    build.describe(&mut run.meta);
    set(&mut run.meta, "tenant", link.tenant.as_ref());
    let detail = build.error_detail.as_deref().unwrap_or_default();
    run.events.push(result(build.word(), detail, build.end_time.as_deref()));
    if build.word() == wire::RUNNING {
        still_running(&mut run, "the build");
    }
    match log_url(build) {
        Ok(root) => add_logs(http, &root, build.manifest(), &mut run),
        Err(reason) if build.class() == ResultClass::Passed => {
            run.notes.push((RUN_FILE.to_owned(), reason));
        }
        // The reason above is enough.
        Err(_) if build.word() == wire::RUNNING => {}
        Err(reason) => run.errors.push((RUN_FILE.to_owned(), reason)),
    }
    run
}

/// The result with its reason is one event, so that a query can ask for both.
fn result(word: &str, reason: &str, stamp: Option<&str>) -> recheck_core::Fields {
    let message = if reason.is_empty() { word.to_owned() } else { format!("{word}: {reason}") };
    event(&message, stamp)
}

/// Where the logs are, or why there are none.
fn log_url(build: &Build) -> Result<Url, String> {
    let Some(text) = build.log_url.as_deref() else {
        return Err(match &build.error_detail {
            Some(detail) => format!("Zuul has no log of it: {}", detail.trim()),
            None => format!("Zuul has no log of it, and no reason; its result is {}", build.word()),
        });
    };
    let mut url = Url::parse(text).map_err(|error| format!("its log_url {text:?}: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its log was not uploaded and is only on the executor, at {text}"));
    }
    // A directory, also where its last slash is missing.
    if let Ok(mut pieces) = url.path_segments_mut() {
        pieces.pop_if_empty().push("");
    }
    Ok(url)
}

/// The logs below this address: those of the manifest, else those that listings show.
fn add_logs(http: &Http, root: &Url, manifest: Option<&str>, run: &mut RemoteRun) {
    let place = manifest.and_then(|url| Url::parse(url).ok());
    let place = place.unwrap_or_else(|| path::below(root, ["zuul-manifest.json"]));
    match http.json::<Manifest>(&place) {
        Ok(manifest) => {
            let limit = http.limits().files;
            let found = manifest.files(root, limit);
            run.files.extend(found.files);
            let refused = |name| (name, "its name can't be that of a log; left out".to_owned());
            run.errors.extend(found.refused.into_iter().map(refused));
            if found.too_many {
                let reason = format!(
                    "it lists more than {limit} files; the others were left out; allow more with \
                     --max-files"
                );
                run.errors.push(("zuul-manifest.json".to_owned(), reason));
            }
        }
        Err(error) => {
            let reason = error.reason(&place);
            let note = format!("{reason}; the logs are those that the listing shows");
            run.notes.push(("zuul-manifest.json".to_owned(), note));
            add_listing(http, root, run);
        }
    }
    describe_by_inventory(http, run);
}

fn add_listing(http: &Http, root: &Url, run: &mut RemoteRun) {
    match crawl::resolve(http, root) {
        Ok(listed) => {
            run.files.extend(listed.files);
            run.errors.extend(listed.errors);
            run.notes.extend(listed.notes);
        }
        Err(error) => run.errors.push((root.to_string(), error.reason(root))),
    }
}

/// Adds what the run's inventory knows, where its logs have one.
pub(crate) fn describe_by_inventory(http: &Http, run: &mut RemoteRun) {
    let is_inventory = |file: &&RemoteFile| inventory::NAMES.contains(&log_name(&file.name));
    let Some(file) = run.files.iter().find(is_inventory) else { return };
    let described = match http.text(&file.url) {
        Ok(text) => inventory::describe(&text.body, &mut run.meta),
        Err(error) => Err(error.reason(&file.url)),
    };
    if let Err(reason) = described {
        let note = format!("says nothing of the run: {reason}");
        run.notes.push((file.name.clone(), note));
    }
}
