//! `recheck`: tells which known bug broke a CI run.

fn main() {}
