//! `bench-peers build`: everything that the runs read, from the reference data.
//!
//! ```text
//! DIR/plain/console.html      real logs, shuffled in pieces
//! DIR/long/console.html       the same, four times as long
//! DIR/dense/console.html      OpenStack's words, hits on 5 % of the lines, near misses on 10 %
//! DIR/hits/console.html       real logs with a phrase on every second line
//! DIR/small/console.html      1 MiB of real logs
//! DIR/gzip/NNN/console.html.gz
//! DIR/fingerprints-N/         N fingerprints: the real ones, then variants of them
//! DIR/meta.txt                fields of a run that no fingerprint leaves out
//! DIR/phrases-963.txt         the peers' literals: one phrase a line
//! DIR/regexes-963.txt         the same as sequences of whole words
//! ```

use std::{fs, path::Path};

use recheck_benches::{
    Result, corpus,
    data::{self, RealFingerprint},
    dense::Dense,
    phrases::{self, Frequencies, Phrase},
    vary,
};

/// The fields of [`run`]'s `meta.txt`.
pub(crate) fn meta(dir: &Path) -> Result<Vec<(String, String)>> {
    let text = fs::read_to_string(dir.join("meta.txt"))?;
    let pair = |line: &str| line.split_once('=').map(|(key, value)| (key.into(), value.into()));
    Ok(text.lines().filter_map(pair).collect())
}

/// As many fingerprints as elastic-recheck ever had.
pub(crate) const HISTORIC: usize = 963;

/// Text that the peers' phrases are chosen by.
const SAMPLE: u64 = 16 << 20;

pub(crate) fn run(dir: &Path, size: u64, seed: u64) -> Result<()> {
    let data = data::data_dir()?;
    let logs = data::logs(&data)?;
    let real = data::fingerprints(&data)?;
    for count in [1, HISTORIC, 10 * HISTORIC] {
        vary::write_many(&real, count, &dir.join(format!("fingerprints-{count}")))?;
    }
    let phrases = peers_phrases(&data, &real, &sample(&logs, seed)?)?;
    let texts: Vec<String> = phrases.iter().map(|phrase| phrase.text.clone()).collect();
    let regexes: Vec<String> = phrases.iter().map(Phrase::token_regex).collect();
    fs::write(dir.join(format!("phrases-{HISTORIC}.txt")), texts.join("\n") + "\n")?;
    fs::write(dir.join(format!("regexes-{HISTORIC}.txt")), regexes.join("\n") + "\n")?;

    let trees = data::trees(&data)?;
    let meta: Vec<String> = data::asked_of_the_run(trees.values())
        .iter()
        .map(|(field, value)| format!("{field}={value}\n"))
        .collect();
    fs::write(dir.join("meta.txt"), meta.concat())?;

    let log = |kind: &str| dir.join(kind).join("console.html");
    corpus::write_log(&log("plain"), &logs, (seed, size), None)?;
    corpus::write_log(&log("long"), &logs, (seed, 4 * size), None)?;
    corpus::write_log(&log("small"), &logs, (seed, 1 << 20), None)?;
    let mut add_phrases = corpus::phrase_on_every_second_line(&texts, seed);
    corpus::write_log(&log("hits"), &logs, (seed, size / 4), Some(&mut add_phrases))?;
    corpus::write_gzip(&dir.join("gzip"), &logs, (seed, size))?;

    let real_events = data::messages(&data, "events-real.jsonl")?;
    let derived = data::messages(&data, "events-derived.jsonl")?;
    let (mut dense, mut text) =
        (Dense::new(&real_events, &derived, texts.clone(), seed)?, Vec::new());
    dense.write((size / 2) as usize, &mut text);
    fs::create_dir_all(dir.join("dense"))?;
    fs::write(log("dense"), text)?;
    Ok(())
}

/// The pieces that come first when the logs are shuffled.
fn sample(logs: &[Vec<u8>], seed: u64) -> Result<Vec<u8>> {
    let mut sample = Vec::new();
    corpus::shuffled(logs, seed, |piece| {
        sample.extend_from_slice(piece);
        Ok((sample.len() as u64) < SAMPLE)
    })?;
    Ok(sample)
}

/// One rarest phrase per AND-group of as many fingerprints as were ever there.
fn peers_phrases(data: &Path, real: &[RealFingerprint], sample: &[u8]) -> Result<Vec<Phrase>> {
    let frequencies = Frequencies::of(sample);
    let trees = data::trees(data)?;
    let (mut found, mut without) = (Vec::new(), 0);
    for (variant, fingerprint) in vary::many(real, HISTORIC) {
        for query in &fingerprint.queries {
            let tree = trees.get(query.trim());
            let tree = tree.ok_or_else(|| format!("{}: its tree is not known", fingerprint.id))?;
            match phrases::required(tree, &frequencies) {
                Some(required) => found.extend(
                    required
                        .into_iter()
                        .map(|phrase| Phrase { text: vary::vary_text(&phrase.text, variant) }),
                ),
                None => without += 1,
            }
        }
    }
    let (all, one_line) = (found.len(), |phrase: &Phrase| !phrase.text.contains('\n'));
    found.retain(one_line);
    found.sort_by_key(|phrase| phrase.text.to_lowercase());
    found.dedup_by_key(|phrase| phrase.text.to_lowercase());
    println!(
        "{HISTORIC} fingerprints: {all} AND-groups, {} different phrases; {without} queries require none",
        found.len()
    );
    Ok(found)
}
