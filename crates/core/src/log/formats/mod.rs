//! One file per log format: what its lines begin with.

pub(super) mod apache;
pub(super) mod github;
pub(super) mod gitlab;
mod head;
pub(super) mod jenkins;
pub(super) mod klog;
pub(super) mod oslo;
pub(super) mod syslog;
pub(super) mod taskcluster;
pub(super) mod zuul;

pub(super) use head::{Head, Role};
