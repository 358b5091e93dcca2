//! A report from facts that some other store keeps: here, made up. Writes a page to standard output.
//!
//! ```sh
//! cargo run -p recheck-core --example report > /tmp/report.html
//! ```

use std::io;

use jiff::{SignedDuration, Timestamp};
use recheck_core::{
    Loaded, Matcher, RunMeta,
    render::report::{ReportLook, html},
    report::{By, HitFact, Report, RunFact, Scanned, Seen, Window},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let loaded = Loaded::from_sources([
        (
            "mirror-503.yaml",
            "query: message:\"503 Service Unavailable\"\ntitle: A mirror is down\n",
        ),
        ("disk-full.yaml", "query: message:\"No space left\"\ntitle: <b>Disk full</b>\n"),
        ("old-race.yaml", "query: message:deadlock\nresolved_at: 2023-05-01\n"),
    ]);
    let fingerprints: Vec<_> = loaded.set.iter().map(|(_, known)| known.clone()).collect();
    let (matcher, _) = Matcher::builder().build(&fingerprints);
    let window = Window { from: "2024-05-06T00:00Z".parse()?, until: "2024-05-13T00:00Z".parse()? };

    let runs: Vec<RunFact> = (0..2_000).map(|number| run(number, window.before().from)).collect();
    let seen = vec![Seen::default(); fingerprints.len()];
    let report = Report::new((&matcher, &fingerprints), &runs, &seen, (window, By::Job));
    html(&report, &ReportLook::default(), &mut io::stdout().lock())?;
    Ok(())
}

/// One of two thousand runs over two weeks.
fn run(number: u32, from: Timestamp) -> RunFact {
    let job = ["unit", "docs", "functional"][number as usize % 3];
    let failed = number.is_multiple_of(11);
    let mut meta = RunMeta::new();
    meta.set("build_uuid", &format!("run-{number:04}"));
    meta.set("build_name", job);
    meta.set("build_queue", if number.is_multiple_of(2) { "check" } else { "gate" });
    meta.set("build_status", if failed { "FAILURE" } else { "SUCCESS" });
    meta.set("change", &(number / 4).to_string());
    meta.set("log_url", &format!("https://logs.example.org/{number}/"));
    let fingerprint = number / 11 % 7;
    let hit = HitFact { fingerprint, events: 1, current: true, checked: true };
    RunFact {
        meta,
        time: from + SignedDuration::from_mins(10 * i64::from(number)),
        is_final: true,
        scanned: Scanned::Full,
        hits: (failed && fingerprint < 3).then_some(hit).into_iter().collect(),
    }
}
