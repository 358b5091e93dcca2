//! Exit codes: a promise to scripts, described in `docs/exit-codes.md` and in every `--help`.

use std::process::ExitCode;

use recheck_core::Verdict;

use crate::failure::Failure;

/// `classify`: every run is `known` or `passed`. `match`, `lint`: nothing to complain about.
pub(crate) const EXPLAINED: u8 = 0;
/// `classify`: some run is `fallback` or `unclassified`. `match`: a fingerprint or a document was
/// in error. `lint`: there are errors or warnings.
pub(crate) const UNEXPLAINED: u8 = 1;
/// `classify`: some run is `incomplete`. All: nothing could be done, the usage is wrong.
pub(crate) const INCOMPLETE: u8 = 2;

/// How the program ends; of several, the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// [`EXPLAINED`].
    Explained,
    /// [`UNEXPLAINED`].
    Unexplained,
    /// [`INCOMPLETE`].
    Incomplete,
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Exit {
        match verdict {
            Verdict::Passed | Verdict::Known => Exit::Explained,
            Verdict::Fallback | Verdict::Unclassified => Exit::Unexplained,
            Verdict::Incomplete => Exit::Incomplete,
        }
    }
}

impl From<&Failure> for Exit {
    fn from(failure: &Failure) -> Exit {
        match failure {
            Failure::Output(_)
            | Failure::Settings(_)
            | Failure::Http(_)
            | Failure::NoFingerprints { .. }
            | Failure::Events { .. }
            | Failure::Index(_)
            | Failure::EmptyWindow { .. }
            | Failure::Query { .. }
            | Failure::Arrival { .. }
            | Failure::Run { .. }
            | Failure::RunList { .. }
            | Failure::Pages { .. }
            | Failure::Repository(_)
            | Failure::Threads(_) => Exit::Incomplete,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Explained => EXPLAINED,
            Exit::Unexplained => UNEXPLAINED,
            Exit::Incomplete => INCOMPLETE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_run_decides() {
        let worst = |verdicts: &[Verdict]| verdicts.iter().copied().map(Exit::from).max();
        assert_eq!(worst(&[Verdict::Known, Verdict::Passed]), Some(Exit::Explained));
        assert_eq!(worst(&[Verdict::Known, Verdict::Fallback]), Some(Exit::Unexplained));
        assert_eq!(worst(&[Verdict::Incomplete, Verdict::Unclassified]), Some(Exit::Incomplete));
    }
}
