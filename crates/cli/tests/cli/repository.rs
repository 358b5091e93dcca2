//! Fingerprints from a git repository, with the real git and a repository made here.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::document;
use crate::util::{DISK, Dir, Outcome};

/// A repository with fingerprints in `queries/`, beside the directory in which `recheck` runs.
struct Remote {
    dir: Dir,
}

impl Remote {
    /// `None` where there is no git.
    fn new() -> Option<Remote> {
        if Command::new("git").arg("--version").output().is_err() {
            eprintln!("skipped: git is not installed");
            return None;
        }
        let remote = Remote { dir: Dir::new() };
        fs::create_dir(remote.path()).unwrap();
        remote.git(&["init", "--quiet", "--initial-branch=main"]);
        remote.dir.write("remote/queries/disk.yaml", DISK);
        remote.dir.write("remote/queries/deep/oom.yaml", "contains: Killed process\n");
        remote.dir.write("remote/other.yaml", "contains: never\n");
        remote.dir.write("remote/queries/README.md", "text\n");
        remote.commit();
        Some(remote)
    }

    fn path(&self) -> PathBuf {
        self.dir.path("remote")
    }

    fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.path()).args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
        ]);
        let output = command.args(args).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits everything and returns the commit.
    fn commit(&self) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=x"]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn url(&self, rest: &str) -> String {
        format!("file://{}{rest}", self.path().display())
    }

    /// Classifies a log in which the disk is full.
    fn classify(&self, rest: &str) -> Outcome {
        self.classify_from(&self.url(rest))
    }

    fn classify_from(&self, url: &str) -> Outcome {
        let cache = self.dir.path("cache");
        let args = ["classify", "--format", "json", "--fingerprints", url, "-"];
        let log = b"x: No space left on device\nKilled process 7\n";
        self.dir.run(&args, log, &[("XDG_CACHE_HOME", cache.to_str().unwrap())])
    }
}

#[track_caller]
fn bugs(outcome: &Outcome) -> Vec<String> {
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let mut bugs: Vec<_> = document::read(&outcome.out).runs[0]
        .bugs
        .iter()
        .map(|bug| bug.fingerprint.clone())
        .collect();
    bugs.sort();
    bugs
}

#[test]
fn branches_tags_commits_and_directories() {
    let Some(remote) = Remote::new() else { return };
    let first = remote.git(&["rev-parse", "HEAD"]);
    remote.git(&["tag", "v1"]);
    fs::remove_file(remote.path().join("queries/disk.yaml")).unwrap();
    remote.commit();
    assert_eq!(bugs(&remote.classify("")), ["oom"]);
    assert_eq!(bugs(&remote.classify("@main#queries")), ["oom"]);
    assert_eq!(bugs(&remote.classify("@v1#queries")), ["disk", "oom"]);
    assert_eq!(bugs(&remote.classify(&format!("@{first}"))), ["disk", "oom"]);
    assert_eq!(bugs(&remote.classify("@v1#queries/deep")), ["oom"]);
    assert_eq!(bugs(&remote.classify("@v1#queries/disk.yaml")), ["disk"]);
}

#[test]
fn what_changed_is_fetched() {
    let Some(remote) = Remote::new() else { return };
    // A server that sends parts, as the large ones do.
    remote.git(&["config", "uploadpack.allowFilter", "true"]);
    assert_eq!(bugs(&remote.classify("@main")), ["disk", "oom"]);
    remote.dir.write("remote/queries/new.yaml", "contains: Killed process\n");
    remote.commit();
    assert_eq!(bugs(&remote.classify("@main")), ["disk", "new", "oom"]);
}

#[test]
fn the_last_good_copy_stands_in() {
    let Some(remote) = Remote::new() else { return };
    let commit = remote.git(&["rev-parse", "HEAD"]);
    assert_eq!(bugs(&remote.classify("@main")), ["disk", "oom"]);
    assert_eq!(bugs(&remote.classify(&format!("@{commit}"))), ["disk", "oom"]);
    fs::rename(remote.path(), remote.dir.path("gone")).unwrap();

    let outcome = remote.classify("@main");
    assert_eq!(bugs(&outcome), ["disk", "oom"]);
    let told = "warning: cannot update the fingerprints from file://[dir]/remote@main: git fetch: ";
    assert!(outcome.err.starts_with(told), "{}", outcome.err);
    assert!(outcome.err.contains(&format!("using the copy of commit {commit}, fetched ")));
    // A commit never changes: nobody is asked.
    let outcome = remote.classify(&format!("@{commit}"));
    assert_eq!((bugs(&outcome), outcome.err.as_str()), (vec!["disk".into(), "oom".into()], ""));

    let outcome = remote.classify("@other");
    assert_eq!(outcome.code, 2);
    let told = "error: cannot read fingerprints from file://[dir]/remote@other: git fetch: ";
    assert!(outcome.err.starts_with(told), "{}", outcome.err);
    assert!(outcome.err.contains("help: check the address and REV"), "{}", outcome.err);
}

#[test]
fn what_cannot_be_had_is_told() {
    let Some(remote) = Remote::new() else { return };
    for (rest, told) in [
        ("@nowhere", "git fetch: fatal: couldn't find remote ref nowhere"),
        ("@--upload-pack=x", "REV is no name of a branch, a tag or a commit"),
        ("@main#nowhere", "has no *.yaml file there"),
        ("#../x", "the directory has `.` or `..` in it"),
    ] {
        let outcome = remote.classify(rest);
        assert_eq!(outcome.code, 2, "{rest}");
        assert!(outcome.err.contains(told), "{rest}: {}", outcome.err);
        assert!(outcome.err.contains("help: "), "{rest}: {}", outcome.err);
    }
    // Nobody listens there, nobody is asked for a password, and a token is not shown.
    let outcome = remote.classify_from("https://user:hunter2-secret@127.0.0.1:1/r.git@main");
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("git fetch: "), "{}", outcome.err);
    assert!(!outcome.err.contains("hunter2"), "{}", outcome.err);
}

#[cfg(unix)]
#[test]
fn hostile_trees_stay_where_they_are() {
    let Some(remote) = Remote::new() else { return };
    std::os::unix::fs::symlink("/etc/passwd", remote.path().join("link.yaml")).unwrap();
    std::os::unix::fs::symlink("/etc", remote.path().join("folder")).unwrap();
    remote.dir.write("remote/large.yaml", vec![b'#'; 2 << 20]);
    remote.dir.write("remote/.hidden/x.yaml", "contains: No space left\n");
    remote.dir.write("remote/.gitattributes", "*.yaml filter=evil\n");
    remote.commit();
    let outcome = remote.classify("");
    assert_eq!(bugs(&outcome), ["disk", "oom"]);
    assert!(outcome.err.contains("large.yaml"), "{}", outcome.err);
    assert!(!outcome.err.contains("link.yaml"), "{}", outcome.err);
    let mut found = Vec::new();
    files(&remote.dir.path("cache"), &mut found);
    assert!(found.iter().all(|path| !path.is_symlink()), "{found:?}");
    assert!(!found.iter().any(|path| path.ends_with("x.yaml")), "{found:?}");
    let repository = found.iter().any(|path| path.ends_with("HEAD") || path.ends_with("config"));
    assert!(!repository, "{found:?}");
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn processes_wait_for_each_other() {
    let Some(remote) = Remote::new() else { return };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| remote.classify("@main"))).collect();
        for one in all {
            let outcome = one.join().unwrap();
            assert_eq!((bugs(&outcome).len(), outcome.err.as_str()), (2, ""));
        }
    });
}

#[test]
fn a_process_that_was_killed_leaves_nothing_in_the_way() {
    let Some(remote) = Remote::new() else { return };
    assert_eq!(bugs(&remote.classify("@main")).len(), 2);
    let cache = remote.dir.path("cache/recheck/fingerprints");
    let root = fs::read_dir(cache).unwrap().next().unwrap().unwrap().path();
    fs::create_dir_all(root.join("tmp/files")).unwrap();
    fs::write(root.join("tmp/files/half.yaml"), "contains: x\n").unwrap();
    remote.dir.write("remote/queries/new.yaml", "contains: Killed process\n");
    remote.commit();
    assert_eq!(bugs(&remote.classify("@main")), ["disk", "new", "oom"]);
}

#[test]
fn settings_and_the_variable_name_repositories_too() {
    let Some(remote) = Remote::new() else { return };
    let cache = remote.dir.path("cache");
    let cache = ("XDG_CACHE_HOME", cache.to_str().unwrap());
    let url = remote.url("@main#queries");
    let args = ["classify", "--format", "json", "-"];
    let log = b"No space left on device\n";
    let outcome = remote.dir.run(&args, log, &[cache, ("RECHECK_FINGERPRINTS", &url)]);
    assert_eq!(bugs(&outcome), ["disk"]);
    remote.dir.write("recheck.toml", format!("fingerprints = [\"{url}\"]\n"));
    let outcome = remote.dir.run(&args, log, &[cache]);
    assert_eq!(bugs(&outcome), ["disk"]);
    let outcome = remote.dir.run(&["lint", &url], b"", &[cache]);
    assert!(outcome.out.contains("2 good fingerprints, 0 errors"), "{outcome:?}");
}

#[test]
fn a_missing_git_is_told_with_the_cure() {
    let dir = Dir::new();
    let cache = dir.path("cache");
    let variables = [("XDG_CACHE_HOME", cache.to_str().unwrap()), ("PATH", "/nowhere")];
    let outcome = dir.run(&["classify", "-f", "https://h.example.org/r.git", "-"], b"", &variables);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("the program `git` is not there"), "{}", outcome.err);
    assert!(outcome.err.contains("help: install git"), "{}", outcome.err);
}
