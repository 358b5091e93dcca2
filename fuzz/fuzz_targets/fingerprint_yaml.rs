//! Any bytes as a fingerprint file: it loads, or is rejected with diagnostics that point into it.
//! Beside it a good file always loads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recheck_core::Loaded;

fuzz_target!(|bytes: &[u8]| {
    let good: &[u8] = b"query: message:\"no space left\"\n";
    let loaded = Loaded::from_sources([("fuzzed.yaml", bytes), ("good.yaml", good)]);
    assert!(loaded.set.by_name("good").is_some());
    let accepted = loaded.set.by_name("fuzzed");
    let rejected = loaded.rejected.iter().find(|error| error.id.as_deref() == Some("fuzzed"));
    assert!(accepted.is_some() != rejected.is_some(), "neither loaded nor rejected, or both");
    if let Some((_, fingerprint)) = accepted {
        let ways = fingerprint.queries.len() + fingerprint.contains.len() + fingerprint.regex.len();
        assert!(ways > 0, "a fingerprint that recognises nothing");
    }
    if let Some(error) = rejected {
        assert!(!error.diagnostics.is_empty(), "rejected without a word");
    }
    for diagnostic in loaded.diagnostics() {
        let text = diagnostic.excerpt.as_ref().map_or("", |excerpt| &excerpt.text);
        for label in &diagnostic.labels {
            assert!(text.get(label.span.range()).is_some(), "points outside: {diagnostic:?}");
        }
    }
});
