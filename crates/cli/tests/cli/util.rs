//! A directory to run `recheck` in, and what it answered.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

/// A fresh directory, with nothing of the user's settings in reach.
pub(crate) struct Dir {
    root: TempDir,
}

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Dir {
    pub(crate) fn new() -> Dir {
        Dir { root: TempDir::new().unwrap() }
    }

    /// A directory with one fingerprint, `queries/disk.yaml`.
    pub(crate) fn with_disk() -> Dir {
        let dir = Dir::new();
        dir.write("queries/disk.yaml", DISK);
        dir
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn recheck(&self, args: &[&str]) -> Outcome {
        self.run(args, b"", &[])
    }

    pub(crate) fn recheck_with(&self, args: &[&str], stdin: &[u8]) -> Outcome {
        self.run(args, stdin, &[])
    }

    pub(crate) fn run(&self, args: &[&str], stdin: &[u8], variables: &[(&str, &str)]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recheck"));
        command.args(args).current_dir(self.root.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("RECHECK_") {
                command.env_remove(name);
            }
        }
        command.env("XDG_CONFIG_HOME", self.path("config")).env("XDG_DATA_HOME", self.path("data"));
        command.env("COLUMNS", "100");
        command.envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let stdin = stdin.to_vec();
        // The program may end without reading it all.
        let writer = std::thread::spawn(move || drop(input.write_all(&stdin)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Outcome {
            code: output.status.code().unwrap(),
            out: self.redact(&String::from_utf8(output.stdout).unwrap()),
            err: self.redact(&String::from_utf8(output.stderr).unwrap()),
        }
    }

    /// Times and the directory's own name differ from run to run.
    fn redact(&self, text: &str) -> String {
        let here = self.root.path().to_string_lossy();
        let text = text.replace(&*here, "[dir]");
        let seconds = regex::Regex::new(r"\d+\.\d\d s\b").unwrap().replace_all(&text, "[time]");
        let elapsed = regex::Regex::new(r#""elapsed_ms":\d+"#).unwrap();
        elapsed.replace_all(&seconds, r#""elapsed_ms":0"#).into_owned()
    }
}

/// A fingerprint with everything that is told of a bug.
pub(crate) const DISK: &str = r#"title: The disk is full
bug: https://bugs.example.org/7
category: infra
advice: Free space on the node, then recheck.
query: message:"No space left on device"
"#;

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A tar archive of these files; the names may be anything.
pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        // `set_path` would refuse what a hostile archive holds.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

#[cfg(unix)]
pub(crate) fn symlink(to: impl AsRef<Path>, at: &Path) {
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(to, at).unwrap();
}
