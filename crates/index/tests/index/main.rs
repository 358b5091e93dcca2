//! One binary for all integration tests of the crate.

mod agree;
mod cluster;
mod conformance;
mod crash;
mod faults;
mod places;
mod secured;
mod suite;
mod util;
