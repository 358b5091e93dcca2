//! What a fingerprint asks, as a short name: facts about one question are never taken for those
//! about another.

use recheck_core::Fingerprint;
use sha2::{Digest, Sha256};

/// A digest of what decides whether a fingerprint matches an event: its queries, `contains` and
/// `regex`. Its title, advice and the like change nothing.
///
/// # Example
///
/// ```
/// use recheck_core::{Fingerprint, Query};
/// let one = Fingerprint { contains: vec!["disk full".into()], ..Fingerprint::default() };
/// let titled = Fingerprint { title: Some("Full".into()), ..one.clone() };
/// assert_eq!(recheck_index::digest(&one), recheck_index::digest(&titled));
/// ```
pub fn digest(fingerprint: &Fingerprint) -> String {
    let mut hasher = Sha256::new();
    let queries = fingerprint.queries.iter().map(|query| ("q", query.source()));
    let contains = fingerprint.contains.iter().map(|text| ("c", text.as_str()));
    let regex = fingerprint.regex.iter().map(|text| ("r", text.as_str()));
    for (kind, text) in queries.chain(contains).chain(regex) {
        hasher.update(kind);
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_decides() {
        let texts = |contains: &[&str], regex: &[&str]| {
            let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
            digest(&Fingerprint {
                contains: own(contains),
                regex: own(regex),
                ..Default::default()
            })
        };
        assert_ne!(texts(&["a", "b"], &[]), texts(&["ab"], &[]));
        assert_ne!(texts(&["a"], &[]), texts(&[], &["a"]));
        assert_eq!(texts(&["a"], &[]).len(), 32);
    }
}
