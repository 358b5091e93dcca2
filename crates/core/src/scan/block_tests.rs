use crate::{Known, Loaded, Matcher, RunMeta, RunScan, ScanOptions};

/// How often a fingerprint hits in a log.
#[track_caller]
fn count(fingerprint: &str, log: &str) -> u64 {
    let loaded = Loaded::from_sources([("wanted.yaml", fingerprint)]);
    let fingerprints: Vec<_> = loaded.set.iter().map(|(_, known)| known.clone()).collect();
    assert_eq!(fingerprints.len(), 1, "{fingerprint}");
    let (matcher, rejected) = Matcher::builder().build(&fingerprints);
    assert!(rejected.is_empty());
    let options = ScanOptions::default();
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let mut scan = RunScan::new(known, RunMeta::new(), &options).log("job-output.txt");
    scan.feed(log.as_bytes());
    scan.finish().hits.iter().map(|hits| hits.count).sum()
}

#[test]
fn lines_are_read_without_their_returns() {
    let log =
        "one\r\ndisk full\r\nTraceback (most recent call last):\r\n  disk full\r\nKeyError: 1\r\n";
    assert_eq!(count("regex: '(?m)disk full$'", log), 2);
    assert_eq!(count("regex: 'full\\r'", log), 0);
    assert_eq!(count("query: 'message:full'", log), 2);
}

#[test]
fn what_a_format_puts_before_the_lines_of_an_event_is_no_message() {
    let stamp = "2022-02-28 09:44:58.839036 | controller | ";
    let lines = ["Traceback (most recent call last):", "  File \"a.py\"", "KeyError: 'subnet'"];
    let log: String = lines.iter().flat_map(|line| [stamp, line, "\n"]).collect();
    assert_eq!(count("query: 'message:keyerror AND message:subnet'", &log), 1);
    assert_eq!(count("query: 'message:keyerror AND message:controller'", &log), 0);
    assert_eq!(count("query: 'message:keyerror AND NOT message:controller'", &log), 1);
    assert_eq!(count("query: 'message:controller'", &log), 0);
    assert_eq!(count("query: 'message:\"subnet controller\" OR message:\"last file\"'", &log), 1);
}

#[test]
fn an_event_is_one_hit_however_often_it_has_the_phrases() {
    let log = "disk full and disk full again\nnothing\nno space: disk full, no space\n";
    assert_eq!(count("query: 'message:\"disk full\"'", log), 2);
    assert_eq!(count("query: 'message:\"disk full\" OR message:\"no space\"'", log), 2);
    assert_eq!(count("query: 'message:\"disk full\" AND message:\"no space\"'", log), 1);
}

#[test]
fn what_a_format_puts_before_a_line_is_no_message() {
    let log = "2022-02-28 09:44:58.839036 | controller | subnet lost: keyerror\r\n".repeat(3);
    assert_eq!(count("query: 'message:\"subnet lost\"'", &log), 3, "where the message begins");
    assert_eq!(count("query: 'message:\"controller subnet\"'", &log), 0);
    assert_eq!(count("query: 'message:keyerror AND message:controller'", &log), 0);
    assert_eq!(count("query: 'message:keyerror AND NOT message:controller'", &log), 3);
    assert_eq!(count("query: 'message:controller OR message:lost'", &log), 3);
    assert_eq!(count("query: 'message:controller'", &log), 0);
}
