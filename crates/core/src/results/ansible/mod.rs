//! The results of Ansible's tasks, as Zuul's callback plugin `zuul_json` writes them to
//! `job-output.json`: a list of playbooks with plays, tasks and the result on each host.
//!
//! <https://opendev.org/zuul/zuul/src/branch/master/zuul/ansible/base/callback/zuul_json.py>

mod host;
mod playbook;

use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use self::playbook::{Failures, PlaybookSeed};
use super::{
    error::{ResultsError, ResultsErrorKind},
    json_bounds::JsonBounds,
};
use crate::fields::Fields;

/// A list of objects that have a playbook and plays.
pub(super) fn detect(start: &[u8]) -> bool {
    let Some(rest) = start.trim_ascii_start().strip_prefix(b"[") else { return false };
    let has = |key: &[u8]| memchr::memmem::find(rest, key).is_some();
    rest.trim_ascii_start().starts_with(b"{")
        && has(b"\"playbook\":")
        && (has(b"\"plays\":") || has(b"\"phase\":"))
}

pub(super) fn read(
    reader: &mut dyn Read,
    each: &mut dyn FnMut(Fields) -> bool,
) -> Result<(), ResultsError> {
    let bounds = JsonBounds::new(BufReader::with_capacity(64 << 10, reader));
    // serde_json asks for one byte at a time.
    let reader = BufReader::with_capacity(64 << 10, bounds);
    let mut stopped = false;
    let mut json = serde_json::Deserializer::from_reader(reader);
    let seed = Playbooks { each, stopped: &mut stopped };
    let outcome = seed.deserialize(&mut json).and_then(|()| json.end());
    match outcome {
        Err(error) if !stopped => Err(explain(error)),
        _ => Ok(()),
    }
}

fn explain(error: serde_json::Error) -> ResultsError {
    let line = error.line() as u64;
    let kind = if error.is_io() {
        ResultsErrorKind::Io(error.into())
    } else if error.is_eof() {
        ResultsErrorKind::Truncated
    } else {
        ResultsErrorKind::Json(error)
    };
    ResultsError::at_line(line.max(1), kind)
}

/// The whole file: playbook by playbook, so that no more than one is held.
struct Playbooks<'e> {
    each: &'e mut dyn FnMut(Fields) -> bool,
    stopped: &'e mut bool,
}

impl<'de> DeserializeSeed<'de> for Playbooks<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Playbooks<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of playbooks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut playbooks: A) -> Result<(), A::Error> {
        let Playbooks { each, stopped } = self;
        loop {
            let mut failures = Failures::default();
            let found = playbooks.next_element_seed(PlaybookSeed { failures: &mut failures });
            // What a broken playbook told before it broke counts.
            for event in failures.into_events() {
                if !each(event) {
                    *stopped = true;
                    return Err(serde::de::Error::custom("told to stop"));
                }
            }
            if found?.is_none() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests;
