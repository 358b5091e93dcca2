//! The reference data that the corpora are built from: `RECHECK_DATA`.

use std::{
    collections::{BTreeSet, HashMap},
    env, fs,
    io::Read,
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use recheck_core::load_dirs;
use serde_json::Value;

use crate::Result;

/// Where the data lies: `RECHECK_DATA`, or `../shared/data` beside the working directory.
pub fn data_dir() -> Result<PathBuf> {
    let dir = env::var_os("RECHECK_DATA").map_or_else(|| "../shared/data".into(), PathBuf::from);
    if dir.join("fingerprints").is_dir() {
        return Ok(dir);
    }
    let dir = dir.display();
    Err(format!("{dir} has no fingerprints; set RECHECK_DATA to the reference data").into())
}

/// One real fingerprint: its file's stem and its queries.
#[derive(Clone, Debug)]
pub struct RealFingerprint {
    /// The file's stem.
    pub id: String,
    /// The texts of its queries.
    pub queries: Vec<String>,
}

/// The real fingerprints, by id.
pub fn fingerprints(data: &Path) -> Result<Vec<RealFingerprint>> {
    let loaded = load_dirs(&[data.join("fingerprints")]);
    if let Some(error) = loaded.rejected.first() {
        eprintln!("left out: {error}");
    }
    let real = loaded.set.iter().map(|(_, fingerprint)| RealFingerprint {
        id: fingerprint.id.clone(),
        queries: fingerprint.queries.iter().map(|query| query.source().to_owned()).collect(),
    });
    Ok(real.collect())
}

/// The parsed tree of each query, by the query's text without blanks around it.
pub fn trees(data: &Path) -> Result<HashMap<String, Value>> {
    let mut by_number: HashMap<u64, Value> = HashMap::new();
    for mut row in json_lines(&data.join("trees.jsonl"))? {
        by_number.insert(row["n"].as_u64().unwrap_or_default(), row["tree"].take());
    }
    let mut trees = HashMap::new();
    for row in json_lines(&data.join("answers-logstash.jsonl"))? {
        let number = row["n"].as_u64().unwrap_or_default();
        if let (Some(query), Some(tree)) = (row["query"].as_str(), by_number.remove(&number)) {
            trees.insert(query.trim().to_owned(), tree);
        }
    }
    Ok(trees)
}

/// Every value that some query asks of a field other than `message`: a run that has them all is one
/// that no fingerprint leaves out for its job, its project or its kind of file.
pub fn asked_of_the_run<'t>(
    trees: impl IntoIterator<Item = &'t Value>,
) -> BTreeSet<(String, String)> {
    let mut asked = BTreeSet::new();
    let mut rest: Vec<&Value> = trees.into_iter().collect();
    while let Some(tree) = rest.pop() {
        let clauses = tree["bool"].as_array().map_or(&[][..], Vec::as_slice);
        rest.extend(clauses.iter().filter(|c| c[0] != "MUST_NOT").map(|clause| &clause[1]));
        if let (Some(field), Some(text)) = (tree["field"].as_str(), tree["text"].as_str())
            && !matches!(field, "message" | "filename")
            && !text.contains(['*', '?'])
        {
            asked.insert((field.to_owned(), text.to_owned()));
        }
    }
    asked
}

/// The messages of an event file with their ids, in order.
pub fn messages(data: &Path, file: &str) -> Result<Vec<(String, String)>> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let rows = json_lines(&data.join(file))?;
    Ok(rows.iter().map(|row| (text(row, "id"), text(row, "message"))).collect())
}

/// The real logs, decompressed, by file name.
pub fn logs(data: &Path) -> Result<Vec<Vec<u8>>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(data.join("logs"))? {
        paths.push(entry?.path());
    }
    paths.sort();
    let mut logs = Vec::new();
    for path in paths {
        let mut log = Vec::new();
        MultiGzDecoder::new(fs::File::open(&path)?).read_to_end(&mut log)?;
        logs.push(log);
    }
    Ok(logs)
}

fn json_lines(path: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}
