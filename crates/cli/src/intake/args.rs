use std::{path::Path, time::Duration};

use clap::Args;
use recheck_core::{
    ScanOptions,
    log::{Glob, Profile, TagTable, TimeContext},
};
use recheck_index::{Index, WriterOptions};

use crate::{
    args::{FingerprintArgs, IndexArgs, ProfileArg, SchemaArg, duration, glob, size},
    failure::Failure,
    fingerprints::{Fingerprints, Purpose},
    gather::Filter,
    output::Output,
    place::open_or_create,
    remote::RemoteArgs,
    settings::{Settings, SettingsError},
};

/// How logs are read into an index.
#[derive(Args, Debug)]
pub(crate) struct IntakeArgs {
    /// Read only these logs of a directory, listing or archive; may be repeated.
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    include: Vec<Glob>,
    /// Leave out these logs of a directory, listing or archive; may be repeated.
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    exclude: Vec<Glob>,
    /// How lines of logs become events [default: records].
    #[arg(long, value_enum, env = "RECHECK_PROFILE")]
    profile: Option<ProfileArg>,
    /// The zone of times that name none, by name or offset [default: UTC].
    #[arg(long, value_name = "ZONE", env = "RECHECK_TIMEZONE")]
    timezone: Option<String>,
    #[command(flatten)]
    pub(crate) index: IndexArgs,
    /// Which fields a new index analyses [default: logstash].
    #[arg(long, value_enum)]
    schema: Option<SchemaArg>,
    #[command(flatten)]
    fingerprints: FingerprintArgs,
    /// Memory to gather events in, such as 512M.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "256M")]
    memory: u64,
    /// How long to wait for another process that writes to the index.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    wait: Duration,
    /// Don't show how far it is; it is shown only where standard error is a terminal.
    #[arg(long)]
    pub(crate) no_progress: bool,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

impl IntakeArgs {
    /// Opens the index, or makes it.
    ///
    /// # Errors
    ///
    /// When it can't be made or written, or has another schema.
    pub(crate) fn open(&self, settings: &Settings, at: &Path) -> Result<Box<dyn Index>, Failure> {
        open_or_create(settings, at, (self.schema.map(Into::into), self.wait))
    }

    /// The fingerprints whose hits are recorded.
    ///
    /// # Errors
    ///
    /// When not one works.
    pub(crate) fn fingerprints(
        &self,
        settings: &Settings,
        index: &dyn Index,
        output: &Output,
    ) -> Result<Fingerprints, Failure> {
        let at = settings.fingerprints(&self.fingerprints).fetched(output)?;
        let fingerprints = Fingerprints::load(&at, None, Purpose::of(index.schema()));
        fingerprints.some(&at)?;
        Ok(fingerprints)
    }

    /// How the lines of logs become events.
    ///
    /// # Errors
    ///
    /// When the zone or a rule for tags is wrong.
    pub(crate) fn options(&self, settings: &Settings) -> Result<ScanOptions, Failure> {
        let rules = settings.tags.iter().map(|rule| (&rule.glob, &rule.tags));
        let zone = settings.zone(self.timezone.as_deref())?;
        Ok(ScanOptions {
            profile: match self.profile.or(settings.profile) {
                Some(ProfileArg::Lines) => Profile::Lines,
                Some(ProfileArg::Records) | None => Profile::Records,
            },
            time: TimeContext { zone, year: None },
            tags: TagTable::default().with_rules(rules).map_err(SettingsError::from)?,
            ..ScanOptions::default()
        })
    }

    /// Which logs are read.
    pub(crate) fn filter(&self) -> Filter {
        Filter::new(&self.include, &self.exclude)
    }

    /// How the index is written.
    pub(crate) fn writer(&self) -> WriterOptions {
        WriterOptions { memory: self.memory as usize, patience: self.wait }
    }
}
