//! `recheck lint`.

use crate::util::Dir;

#[test]
fn mistakes_have_place_and_cure() {
    let dir = Dir::with_disk();
    let clean = dir.recheck(&["lint", "queries"]);
    assert_eq!((clean.code, clean.out.as_str()), (0, "1 good fingerprint, 0 errors, 0 warnings\n"));
    dir.write("queries/typo.yaml", "contains: boom\nfalback: true\n");
    dir.write("queries/bad.yaml", "query: message:\"never closed\n");
    let outcome = dir.recheck(&["lint", "queries"]);
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!("lint", outcome.out);
    let json = dir.recheck(&["lint", "queries", "--format", "json"]);
    let found: Vec<crate::document::Diagnostic> = serde_json::from_str(&json.out).unwrap();
    assert_eq!(found.len(), 2);
}
