//! Lists the pack, `queries/*.yaml`, so that it is compiled in.
//!
//! `queries` is a link to the repository's folder; a packaged crate holds the files themselves.

use std::{env, error::Error, fmt::Write, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    // Where links are checked out as plain files (Windows), the folder itself is there.
    let places = [here.join("queries"), here.join("../../queries")];
    let folder = places.iter().find(|place| place.is_dir());
    let mut files = Vec::new();
    if let Some(folder) = folder {
        println!("cargo::rerun-if-changed={}", folder.display());
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|suffix| suffix == "yaml") {
                files.push(path.canonicalize()?);
            }
        }
    }
    files.sort();
    let mut source = String::from("[\n");
    for path in &files {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        writeln!(source, "    ({:?}, include_str!({path:?})),", format!("built-in/{name}"))?;
    }
    source.push_str("]\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("pack.rs"), source)?;
    Ok(())
}
