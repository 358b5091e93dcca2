//! The program `git`, run with nothing that could ask, run or leave anything.

use std::{
    env,
    io::{self, Read, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use recheck_core::redact;

use super::RepositoryErrorKind;

/// How long one command may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often is looked whether it has ended.
const TICK: Duration = Duration::from_millis(5);

/// Variables by which git would use another repository than ours, or ask somebody.
const FOREIGN: [&str; 11] = [
    "GIT_ASKPASS",
    "SSH_ASKPASS",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_COMMON_DIR",
    "GIT_QUARANTINE_PATH",
    "GIT_PREFIX",
];

/// Settings of ours, stronger than the user's.
const SETTINGS: [(&str, &str); 7] = [
    ("core.hooksPath", "/dev/null"),
    ("core.askPass", ""),
    ("core.fsmonitor", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    // A server that sends nothing for so long is dead.
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "20"),
];

/// A bare repository for one fetch.
pub(super) struct Git<'u> {
    directory: PathBuf,
    url: &'u str,
}

/// A file of a commit.
pub(super) struct Entry {
    /// Its path within the repository.
    pub(super) path: String,
    /// The id of its blob.
    pub(super) blob: String,
}

impl<'u> Git<'u> {
    /// Makes an empty repository in a directory that is not there yet.
    pub(super) fn init(directory: PathBuf, url: &'u str) -> Result<Git<'u>, RepositoryErrorKind> {
        let git = Git { directory, url };
        let mut command = git.command();
        command.args(["init", "--quiet", "--bare", "--template=", "--"]).arg(&git.directory);
        run("init", command, b"", &mut |_| Ok(()))?;
        Ok(git)
    }

    /// Fetches a commit with its directories and, where the server can do that, without files.
    /// Returns the commit's id.
    pub(super) fn fetch(&self, rev: &str) -> Result<String, RepositoryErrorKind> {
        let mut command = self.inside();
        command.args(["fetch", "--quiet", "--depth=1", "--filter=blob:none", "--no-tags"]);
        command.args(["--no-recurse-submodules", "--", "origin", rev]);
        run("fetch", command, b"", &mut |_| Ok(()))?;
        let mut command = self.inside();
        command.args([
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            "FETCH_HEAD^{commit}",
        ]);
        let mut id = String::new();
        run("rev-parse", command, b"", &mut |out| out.read_to_string(&mut id).map(drop))?;
        Ok(id.trim().to_owned())
    }

    /// The regular files below a directory of a commit, `limit` and one more at most.
    pub(super) fn files(
        &self,
        (commit, directory): (&str, &str),
        (limit, wanted): (usize, &dyn Fn(&str) -> bool),
    ) -> Result<Vec<Entry>, RepositoryErrorKind> {
        let mut command = self.inside();
        command.env("GIT_LITERAL_PATHSPECS", "1");
        command.args(["ls-tree", "-r", "-z", "--full-tree", commit]);
        if !directory.is_empty() {
            command.args(["--", directory]);
        }
        let mut entries = Vec::new();
        run("ls-tree", command, b"", &mut |out| {
            for record in io::BufRead::split(io::BufReader::new(out), 0) {
                let entry = entry(&record?).filter(|entry| wanted(&entry.path));
                entries.extend(entry.filter(|_| entries.len() <= limit));
            }
            Ok(())
        })?;
        Ok(entries)
    }

    /// Fetches blobs that are not there yet, all at once.
    pub(super) fn fetch_blobs(&self, entries: &[Entry]) -> Result<(), RepositoryErrorKind> {
        let mut command = self.inside();
        command.args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]);
        command.args(["--filter=blob:none", "--no-recurse-submodules", "--stdin", "--", "origin"]);
        run("fetch", command, &ids(entries), &mut |_| Ok(()))
    }

    /// Hands out the content of each blob, in order. `each` reads as much of it as it wants.
    pub(super) fn blobs(
        &self,
        entries: &[Entry],
        each: &mut dyn FnMut(&Entry, &mut dyn Read) -> io::Result<()>,
    ) -> Result<(), RepositoryErrorKind> {
        let mut command = self.inside();
        command.args(["cat-file", "--batch"]);
        run("cat-file", command, &ids(entries), &mut |out| {
            let mut out = io::BufReader::new(out);
            for entry in entries {
                let mut header = String::new();
                io::BufRead::read_line(&mut (&mut out).take(200), &mut header)?;
                let size = match *header.split_whitespace().collect::<Vec<_>>() {
                    [_, "blob", size] => size.parse::<u64>().ok(),
                    _ => None,
                };
                let missing = || io::Error::other(format!("no such file: {}", entry.path));
                let mut content = (&mut out).take(size.ok_or_else(missing)?);
                each(entry, &mut content)?;
                io::copy(&mut content, &mut io::sink())?;
                io::copy(&mut (&mut out).take(1), &mut io::sink())?;
            }
            Ok(())
        })
    }

    fn inside(&self) -> Command {
        let mut command = self.command();
        command.arg("--git-dir").arg(&self.directory);
        command
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ALLOW_PROTOCOL", "https:http:ssh:file");
        command.env("LC_ALL", "C");
        if env::var_os("GIT_SSH_COMMAND").is_none() && env::var_os("GIT_SSH").is_none() {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=20");
        }
        // The address in a variable: arguments are shown to everybody on the machine. The user's own
        // settings of this kind stay.
        let told = env::var("GIT_CONFIG_COUNT").ok();
        let first: usize = told.and_then(|count| count.parse().ok()).unwrap_or(0);
        let settings = SETTINGS.iter().copied().chain([("remote.origin.url", self.url)]);
        let mut count = first;
        for (key, value) in settings {
            command.env(format!("GIT_CONFIG_KEY_{count}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        command.env("GIT_CONFIG_COUNT", count.to_string());
        command
    }
}

/// `MODE TYPE ID<tab>PATH` of a regular file.
fn entry(record: &[u8]) -> Option<Entry> {
    let (about, path) = std::str::from_utf8(record).ok()?.split_once('\t')?;
    let [mode, "blob", blob] = *about.split(' ').collect::<Vec<_>>() else { return None };
    let regular = mode == "100644" || mode == "100755";
    regular.then(|| Entry { path: path.to_owned(), blob: blob.to_owned() })
}

fn ids(entries: &[Entry]) -> Vec<u8> {
    let mut ids = String::new();
    for entry in entries {
        ids.push_str(&entry.blob);
        ids.push('\n');
    }
    ids.into_bytes()
}

/// Runs a command: gives it `input`, has `read` take its output, and kills it when it takes too long.
fn run(
    action: &'static str,
    mut command: Command,
    input: &[u8],
    read: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
) -> Result<(), RepositoryErrorKind> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(RepositoryErrorKind::NoGit)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (ended, outcome, words) = thread::scope(|scope| {
        // A child that ends early closes the pipe: what it says of that is told, not the pipe.
        scope.spawn(move || stdin.map(|mut pipe| pipe.write_all(input)));
        let words = scope.spawn(move || stderr.map(words).unwrap_or_default());
        let ended = scope.spawn(move || wait(&mut child));
        let outcome = stdout.map_or(Ok(()), |mut pipe| read(&mut pipe));
        let ended = ended.join().unwrap_or_else(|_| Err(io::Error::other("a thread broke")));
        (ended, outcome, words.join().unwrap_or_default())
    });
    let failed = |words| RepositoryErrorKind::Git { action, words };
    match (ended, outcome) {
        (Ok(None), _) => Err(RepositoryErrorKind::Slow { action, seconds: PATIENCE.as_secs() }),
        (Ok(Some(true)), Ok(())) => Ok(()),
        (Ok(Some(true)), Err(error)) | (Err(error), _) => Err(failed(error.to_string())),
        (Ok(Some(false)), _) => Err(failed(words)),
    }
}

/// Whether the child succeeded; `None` when it was killed for its slowness.
fn wait(child: &mut Child) -> io::Result<Option<bool>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if started.elapsed() > PATIENCE {
            kill(child)?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(TICK);
    }
}

/// Kills the child, and where that can be done those that it has started: they hold our pipes open.
fn kill(child: &mut Child) -> io::Result<()> {
    if cfg!(unix) {
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
    }
    child.kill()
}

/// What git complains of, on one line, without secrets and control characters.
fn words(stderr: impl Read) -> String {
    let mut text = Vec::new();
    let mut stderr = stderr;
    let _ = (&mut stderr).take(64 << 10).read_to_end(&mut text);
    let _ = io::copy(&mut stderr, &mut io::sink());
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let told: Vec<_> = lines.filter(|line| !line.starts_with("warning: filtering")).collect();
    let told = told.join("; ");
    let told: String = redact(&told).chars().filter(|character| !character.is_control()).collect();
    if told.is_empty() { "it does not say why".to_owned() } else { told }
}
