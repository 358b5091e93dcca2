//! From an address to the name of a log: a label, which must not look like a way out.

use percent_encoding::percent_decode_str;

/// The name that a path below the run's root stands for, decoded; `None` where a part of it is `.`
/// or `..`, or holds what separates parts.
///
/// Also for names that a source gives in other ways, such as a manifest.
pub(crate) fn label(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let part = percent_decode_str(part).decode_utf8_lossy();
        if matches!(&*part, "" | "." | "..") || part.contains(['/', '\\', '\0']) {
            return None;
        }
        parts.push(part.into_owned());
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded() {
        assert_eq!(label("a%20b/c%C3%A9.txt").as_deref(), Some("a b/cé.txt"));
        assert_eq!(label("a//b/").as_deref(), Some("a/b"));
        assert_eq!(label("100%").as_deref(), Some("100%"));
    }

    #[test]
    fn ways_out_are_refused() {
        for path in ["", "/", "..", "a/../b", "%2e%2e/x", "a%2Fb", "..%2f..%2fetc", "a%5Cb", "%00"]
        {
            assert_eq!(label(path), None, "{path}");
        }
    }
}
