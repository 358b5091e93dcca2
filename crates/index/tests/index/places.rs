//! What is in a directory that is to be an index.

use std::{fs, time::Duration};

use recheck_core::Schema;
use recheck_index::{Embedded, Index};

use crate::util::{add, ids, json, open};

fn refused(dir: &std::path::Path, schema: Option<Schema>) -> String {
    Embedded::open_or_create(dir, schema, Duration::from_secs(1))
        .err()
        .expect("an error")
        .to_string()
}

#[test]
fn a_missing_index_is_told_with_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    let error = Embedded::open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("no index here") && error.contains("recheck ingest"), "{error}");
    let error = Embedded::open(&dir.path().join("missing")).err().unwrap().to_string();
    assert!(error.contains("no index here"), "{error}");
}

#[test]
fn something_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("letter.txt"), "dear").unwrap();
    assert!(refused(dir.path(), None).contains("something else"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(refused(&dir.path().join("letter.txt"), None).contains("something else"));
}

#[test]
fn another_format_or_schema_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), Schema::Dynamic);
    let error = refused(dir.path(), Some(Schema::Logstash));
    assert!(error.contains("`dynamic`") && error.contains("--schema"), "{error}");
    let manifest = dir.path().join("recheck-index.json");
    assert_eq!(fs::read_to_string(&manifest).unwrap(), "{\"format\":1,\"schema\":\"dynamic\"}\n");
    fs::write(&manifest, r#"{"format":2,"layout":"new"}"#).unwrap();
    let error = refused(dir.path(), None);
    assert!(error.contains("format 2") && error.contains("new directory"), "{error}");
    fs::write(&manifest, "{").unwrap();
    assert!(refused(dir.path(), None).contains("damaged"));
}

/// Whoever was killed while making an index left no manifest.
#[test]
fn a_half_made_index_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), Schema::Logstash);
    fs::remove_file(dir.path().join("recheck-index.json")).unwrap();
    let index = open(dir.path(), Schema::Dynamic);
    add(&index, &[json(r#"{"id": "1", "tags": "a b"}"#)]);
    assert_eq!(index.schema(), Schema::Dynamic);
    assert_eq!(ids(&index, "tags:b"), ["1"]);
}

#[test]
fn damaged_files_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), Schema::Logstash);
    fs::write(dir.path().join("events/meta.json"), "{").unwrap();
    let error = Embedded::open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("the event index cannot be used"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), Schema::Logstash);
    fs::write(dir.path().join("history.sqlite"), "no database at all, but text").unwrap();
    let error = Embedded::open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("the history cannot be used"), "{error}");
}
