//! Runs on servers: small ones that misbehave on purpose, and real ones.

mod bodies;
mod listings;
mod safety;
mod server;
mod services;
mod trouble;
mod web_servers;

use crate::util::{Dir, Outcome};

pub(crate) const HIT: &str = "cp: No space left on device\n";

/// Classifies addresses, with waits that suit a test.
pub(crate) fn classify(dir: &Dir, args: &[&str]) -> Outcome {
    classify_with(dir, args, &[])
}

pub(crate) fn classify_with(dir: &Dir, args: &[&str], variables: &[(&str, &str)]) -> Outcome {
    // A proxy of the machine has no way to the test's own servers.
    let direct = [("NO_PROXY", "127.0.0.1,localhost"), ("no_proxy", "127.0.0.1,localhost")];
    dir.run(&[&["classify"], args].concat(), b"", &[&direct, variables].concat())
}
