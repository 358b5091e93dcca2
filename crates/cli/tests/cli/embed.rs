//! The README's example of the library, as it stands there.

use recheck_core::{Known, Loaded, Matcher, RunMeta, RunScan, ScanOptions, Verdict};

#[test]
fn the_readme_example_works() {
    let loaded = Loaded::from_sources([("disk.yaml", "contains: No space left on device")]);
    let fingerprints: Vec<_> = loaded.set.iter().map(|(_, known)| known.clone()).collect();
    let (matcher, _errors) = Matcher::builder().build(&fingerprints);

    let options = ScanOptions::default();
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let mut run = RunScan::new(known, RunMeta::new(), &options);
    let mut log = run.log("job-output.txt");
    log.feed(b"cp: No space left on dev");
    log.feed(b"ice\n");
    let report = log.finish();
    run.add(report);
    assert_eq!(run.finish("my run").verdict, Verdict::Known);
}

#[test]
fn it_is_the_one_in_the_readme() {
    let readme = include_str!("../../../../README.md");
    let shown = readme.split_once("```rust\n").unwrap().1.split_once("```").unwrap().0;
    let tested = include_str!("embed.rs");
    for line in shown.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(tested.lines().any(|ours| ours.trim() == line), "{line}");
    }
}
