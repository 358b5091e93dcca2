//! Why a file, or a place to look for files, gave no fingerprint.

use std::fmt;

use super::diagnostic::Diagnostic;

/// A fingerprint file that was left out, or a place that could not be read.
///
/// [`diagnostics`](LoadError::diagnostics) tells every problem, each with its place and cure.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {kind}")]
pub struct LoadError {
    /// The path as it was found, or the name the caller gave.
    pub origin: String,
    /// The id the file would have had; `None` when the problem is with a place and not a file.
    pub id: Option<String>,
    /// What went wrong.
    pub kind: LoadErrorKind,
    /// Every problem, in the order of the file; never empty.
    pub diagnostics: Vec<Diagnostic>,
}

/// What kept a file out of the set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// There is nothing at this path.
    #[error("no such file or directory")]
    Missing,
    /// The directory holds no `*.yaml` or `*.yml`.
    #[error("no fingerprint files in this directory")]
    EmptyDirectory,
    /// The operating system refused.
    #[error("cannot read: {0}")]
    Unreadable(std::io::Error),
    /// A link leads back to a directory it lies in.
    #[error("link loop")]
    LinkLoop,
    /// Sub-directories are nested deeper than is looked at.
    #[error("directories nested too deep")]
    TooDeep,
    /// Neither a regular file nor a directory.
    #[error("not a regular file")]
    NotAFile,
    /// Larger than [`MAX_FILE_BYTES`](crate::MAX_FILE_BYTES).
    #[error("too large")]
    TooLarge,
    /// The file's name gives no id, or one that is not UTF-8.
    #[error("the name gives no id")]
    BadName,
    /// Bytes that are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// Not one well-formed YAML mapping.
    #[error("not a YAML mapping")]
    Yaml,
    /// Well-formed, but a key or a value is wrong.
    #[error("{} in its keys or values", Problems(*.0))]
    Content(usize),
    /// Another file has the same id and was taken.
    #[error("same id as {first}")]
    DuplicateId {
        /// The file that stays.
        first: String,
    },
}

/// A number of problems in words.
struct Problems(usize);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 error"),
            count => write!(f, "{count} errors"),
        }
    }
}
