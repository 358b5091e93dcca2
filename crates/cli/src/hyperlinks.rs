//! From a line of a log to a link that a terminal opens.

use std::{
    path::{Path, absolute},
    str::FromStr,
};

/// How a link to a line of a file is written: text with `{path}` and `{line}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkFormat(String);

/// Formats by name. Terminals differ in what they make of the line behind a file's address: some open
/// it, some leave it out, and some, with an old GLib, refuse the whole.
const NAMED: &[(&str, &str)] = &[
    ("default", "file://{path}#{line}"),
    ("file", "file://{path}"),
    ("vscode", "vscode://file{path}:{line}"),
];

impl LinkFormat {
    /// The address of a line of a file, which is made absolute; `None` where it can't be.
    pub(crate) fn link(&self, file: &Path, line: u64) -> Option<String> {
        let path = encoded(&absolute(file).ok()?);
        Some(self.0.replace("{path}", &path).replace("{line}", &line.to_string()))
    }
}

impl FromStr for LinkFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<LinkFormat, String> {
        if let Some((_, format)) = NAMED.iter().find(|(name, _)| *name == text) {
            return Ok(LinkFormat((*format).to_owned()));
        }
        let rest = text.replace("{path}", "").replace("{line}", "");
        let is_address = text.contains(':')
            && text.contains("{path}")
            && rest.chars().all(|character| character.is_ascii_graphic())
            && !rest.contains(['{', '}']);
        match is_address {
            true => Ok(LinkFormat(text.to_owned())),
            false => Err("expected default, file, vscode, or an address with {path}, such as \
                          vim://open?file={path}&line={line}"
                .to_owned()),
        }
    }
}

/// An absolute path as that of an address: with slashes, all but unreserved characters
/// percent-encoded.
fn encoded(path: &Path) -> String {
    let mut encoded = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => encoded.push('/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    // A drive stands behind a slash of its own.
    if !encoded.starts_with('/') {
        encoded.insert(0, '/');
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(format: &str) -> Option<String> {
        format.parse::<LinkFormat>().unwrap().link(Path::new("/logs/a b#1;é.txt"), 7)
    }

    #[cfg(unix)]
    #[test]
    fn names_stand_for_formats() {
        let path = "/logs/a%20b%231%3B%C3%A9.txt";
        assert_eq!(link("default"), Some(format!("file://{path}#7")));
        assert_eq!(link("file"), Some(format!("file://{path}")));
        assert_eq!(link("vscode"), Some(format!("vscode://file{path}:7")));
        assert_eq!(link("x:{line}:{path}"), Some(format!("x:7:{path}")));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for format in ["", "file://", "{path}", "x:{path}{column}", "x:{path} y", "x:\u{1b}{path}"]
        {
            assert!(format.parse::<LinkFormat>().is_err(), "{format}");
        }
    }

    #[test]
    fn relative_paths_become_absolute() {
        let format: LinkFormat = "file".parse().unwrap();
        let here = encoded(&std::env::current_dir().unwrap());
        assert_eq!(format.link(Path::new("x.log"), 1), Some(format!("file://{here}/x.log")));
    }
}
