//! How a repository is named.

/// A repository, what of it, and where in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spec {
    /// The address as git takes it.
    pub(super) url: String,
    /// A branch, a tag, a commit or a reference.
    pub(super) rev: String,
    /// The directory of the fingerprints, with slashes; empty for the root.
    pub(super) directory: String,
}

/// The transports that are allowed: those that git itself needs no helper of others for.
const SCHEMES: [&str; 4] = ["https://", "http://", "ssh://", "file://"];

/// Whether the text names a repository, and no directory.
pub(crate) fn is_repository(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.starts_with(scheme))
}

impl Spec {
    /// Reads `URL@REV#DIRECTORY`. The `@` of REV is the last one behind the host that does not begin
    /// a part of the path.
    pub(super) fn parse(text: &str) -> Result<Spec, &'static str> {
        let (text, directory) = text.split_once('#').unwrap_or((text, ""));
        let after_scheme = text.find("://").map_or(0, |at| at + 3);
        let path = text[after_scheme..].find('/').map(|at| after_scheme + at);
        let path = path.ok_or("the address has no path")?;
        let begins_rev = |at: &usize| !text[..*at].ends_with('/');
        let at = text[path..].rmatch_indices('@').map(|(at, _)| path + at).find(begins_rev);
        let (url, rev) = match at {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, "HEAD"),
        };
        let directory = directory.trim_matches('/');
        check_rev(rev)?;
        if text.chars().any(char::is_control) || url.contains(' ') {
            return Err("the address has a blank or a control character");
        }
        if directory.split('/').any(|part| matches!(part, "." | "..")) {
            return Err("the directory has `.` or `..` in it");
        }
        Ok(Spec { url: url.to_owned(), rev: rev.to_owned(), directory: directory.to_owned() })
    }

    /// The whole commit id, if that is what REV is: what it names never changes.
    pub(super) fn commit(&self) -> Option<&str> {
        let is_id = matches!(self.rev.len(), 40 | 64)
            && self.rev.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_id.then_some(self.rev.as_str())
    }

    /// The address without a user's name and password.
    pub(super) fn public_url(&self) -> String {
        let Some((scheme, rest)) = self.url.split_once("://") else { return self.url.clone() };
        let host = rest.find('/').unwrap_or(rest.len());
        let user = rest[..host].rfind('@').map_or(0, |at| at + 1);
        format!("{scheme}://{}", &rest[user..])
    }
}

/// Refuses what git would read as more than a name.
fn check_rev(rev: &str) -> Result<(), &'static str> {
    let allowed = |character: char| {
        character.is_alphanumeric() || matches!(character, '.' | '_' | '-' | '/' | '@')
    };
    if rev.is_empty() {
        Err("there is no REV behind the @")
    } else if rev.starts_with(['-', '/']) || rev.contains("..") || rev.contains("@{") {
        Err("REV is no name of a branch, a tag or a commit")
    } else if !rev.chars().all(allowed) {
        Err("REV has a character that no branch, tag or commit should have")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, url: &str, rev: &str, directory: &str) {
        let expected =
            Spec { url: url.to_owned(), rev: rev.to_owned(), directory: directory.to_owned() };
        assert_eq!(Spec::parse(text), Ok(expected));
    }

    #[test]
    fn parts() {
        check("https://h/r.git", "https://h/r.git", "HEAD", "");
        check("https://h/r.git@main", "https://h/r.git", "main", "");
        check(
            "https://h/r.git@stable/2024.1#/queries/",
            "https://h/r.git",
            "stable/2024.1",
            "queries",
        );
        check("https://h/r#queries", "https://h/r", "HEAD", "queries");
        check("ssh://git@h:22/r.git", "ssh://git@h:22/r.git", "HEAD", "");
        check("https://u:p@h/r@v1", "https://u:p@h/r", "v1", "");
        check("https://h/@me/r", "https://h/@me/r", "HEAD", "");
        check("https://h/@me/r@v1", "https://h/@me/r", "v1", "");
        check("file:///a/b@refs/changes/1/2", "file:///a/b", "refs/changes/1/2", "");
    }

    #[test]
    fn what_git_could_misread_is_refused() {
        for text in [
            "https://h",
            "https://h/r@",
            "https://h/r@--upload-pack=x",
            "https://h/r@a:b",
            "https://h/r@+a",
            "https://h/r@a..b",
            "https://h/r@a b",
            "https://h/r@a^",
            "https://h/r r",
            "https://h/r#../x",
            "https://h/r\n@x",
        ] {
            assert!(Spec::parse(text).is_err(), "{text}");
        }
        for text in ["ext::sh -c x", "git://h/r", "/a/b", "queries", "-", "h:r.git"] {
            assert!(!is_repository(text), "{text}");
        }
    }

    #[test]
    fn commits_are_whole_ids() {
        let commit =
            |rev: &str| Spec::parse(&format!("https://h/r@{rev}")).unwrap().commit().is_some();
        assert!(commit(&"0a".repeat(20)) && commit(&"0a".repeat(32)));
        assert!(!commit("0a0a0a0") && !commit(&"0A".repeat(20)) && !commit("main"));
    }

    #[test]
    fn users_are_not_public() {
        let public = |text| Spec::parse(text).unwrap().public_url();
        assert_eq!(public("https://u:p@h/r"), "https://h/r");
        assert_eq!(public("https://h/r"), "https://h/r");
        assert_eq!(public("file:///a@x/r@v"), "file:///a@x/r");
    }
}
