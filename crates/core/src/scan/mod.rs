//! Logs and the matcher joined: one log fed in pieces, the logs of a run, a verdict.

mod around;
mod block;
mod choice;
mod doubt;
mod event_scan;
mod failing;
mod front;
mod hide;
mod log_scan;
mod merge;
#[cfg(feature = "parallel")]
mod parallel;
mod report;
mod run_scan;
mod settled;
mod test_ids;

use std::fmt;
use std::sync::Arc;

use crate::log::{Profile, TagTable, TimeContext};

pub use around::Context;
pub use event_scan::EventScan;
pub use log_scan::LogScan;
pub use report::{
    Bug, Evidence, FailureLine, LogHits, LogReport, RunError, RunReport, RunStats, TestIds,
};
pub use run_scan::{Known, RunScan};
pub use test_ids::{TestResults, is_failed_test, means_test};

/// Asked now and then whether to stop: a deadline, a cancel flag.
pub type StopFn = Arc<dyn Fn() -> bool + Send + Sync>;

/// How logs are scanned.
#[derive(Clone, Default)]
pub struct ScanOptions {
    /// How lines become events.
    pub profile: Profile,
    /// What the logs' times leave out.
    pub time: TimeContext,
    /// Keep every hit as evidence instead of the first and the last per fingerprint and log.
    pub all: bool,
    /// Lines of the log to give before and after each place in the report.
    pub context: usize,
    /// Which tags a log has by its name.
    pub tags: TagTable,
    /// Leave secrets in the report as they stand in the log. By default [`redact`](crate::redact())
    /// goes over every text of a [`RunReport`].
    pub keep_secrets: bool,
    /// Asked at every block; once it says true the scan ends and the run is `incomplete`.
    pub stop: Option<StopFn>,
}

impl fmt::Debug for ScanOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ScanOptions")
            .field("profile", &self.profile)
            .field("time", &self.time)
            .field("all", &self.all)
            .field("context", &self.context)
            .field("tags", &self.tags)
            .field("keep_secrets", &self.keep_secrets)
            .field("stop", &self.stop.is_some())
            .finish()
    }
}
