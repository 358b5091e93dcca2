//! `bench-peers whole-process`: programs as they are started from a shell.

use std::{
    ffi::OsString,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::Command,
};

use recheck_benches::{
    Result,
    measure::{Row, Table},
    process::Process,
};

use crate::assemble::{HISTORIC, meta};

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) recheck: PathBuf,
    pub(crate) rg: PathBuf,
}

pub(crate) fn run(
    dir: &Path,
    rounds: usize,
    programs: &Programs,
    only: Option<&str>,
) -> Result<()> {
    let meta = meta(dir)?;
    let bench = Bench { dir, rounds, programs, only, meta };
    bench.plain()?;
    bench.gzip()?;
    bench.small()
}

/// Peak memory on a log of `gib` GiB and on a fifth of that in a single line. The logs are written for
/// it and removed.
pub(crate) fn memory(dir: &Path, gib: u64, programs: &Programs) -> Result<()> {
    let bench = Bench { dir, rounds: 1, programs, only: None, meta: meta(dir)? };
    let plain = dir.join("plain/console.html");
    for (name, size) in [("large", gib << 30), ("line", (gib << 30) / 5)] {
        let dir = dir.join(name);
        fs::create_dir_all(&dir)?;
        let log = dir.join("console.html");
        let end = if name == "line" { b' ' } else { b'\n' };
        repeat(&plain, end, size, &log)?;
        let bytes = fs::metadata(&log)?.len();
        let process = bench.recheck("recheck, two cores", "0,1", &[log.clone().into_os_string()]);
        let title = format!("Memory, {name} of {} MiB", bytes >> 20);
        let result = bench.table(&title, (&[log], bytes), &[process]);
        fs::remove_dir_all(&dir)?;
        result?;
    }
    Ok(())
}

/// Writes the log over and over, with `end` in place of its line feeds, up to `size` bytes. A little
/// at a time: what this process held in memory would count for the programs it starts.
fn repeat(log: &Path, end: u8, size: u64, to: &Path) -> Result<()> {
    let mut out = fs::File::create(to)?;
    let mut buffer = vec![0; 1 << 20];
    let mut left = size;
    while left > 0 {
        let mut log = fs::File::open(log)?.take(left);
        loop {
            let read = log.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            let feeds = buffer[..read].iter_mut().filter(|byte| **byte == b'\n');
            feeds.for_each(|byte| *byte = end);
            out.write_all(&buffer[..read])?;
            left -= read as u64;
        }
    }
    Ok(())
}

/// Has a file lie in the page cache as the kernel reads it from a disk. As programs write it, in small
/// pieces, it may lie there in single pages, which take all programs longer to read; and where the host of
/// a virtual machine takes memory back, pages of it are gone after a minute.
fn cache_anew(file: &Path) -> Result<()> {
    let done = |mut command: Command| -> Result<()> {
        match command.status()?.success() {
            true => Ok(()),
            false => Err(format!("{command:?} failed").into()),
        }
    };
    let mut sync = Command::new("sync");
    sync.arg(file);
    done(sync)?;
    // This drops what is cached of it.
    let mut dd = Command::new("dd");
    dd.args(["iflag=nocache", "count=0", "status=none"]).arg(argument("if=", file));
    done(dd)?;
    let mut buffer = vec![0; 1 << 20];
    let mut file = fs::File::open(file)?;
    while file.read(&mut buffer)? > 0 {}
    Ok(())
}

fn argument(key: &str, value: &Path) -> OsString {
    let mut argument = OsString::from(key);
    argument.push(value);
    argument
}

struct Bench<'a> {
    dir: &'a Path,
    rounds: usize,
    programs: &'a Programs,
    only: Option<&'a str>,
    meta: Vec<(String, String)>,
}

impl Bench<'_> {
    fn plain(&self) -> Result<()> {
        let file = self.dir.join("long/console.html");
        let bytes = fs::metadata(&file)?.len();
        let log = [file.clone().into_os_string()];
        let unexplained = self.unexplained();
        let processes = vec![
            self.recheck("recheck, one core", "0", &log),
            self.recheck("recheck, two cores", "0,1", &log),
            unexplained.recheck("recheck, one core, unexplained", "0", &log),
            unexplained.recheck("recheck, two cores, unexplained", "0,1", &log),
            self.rg("rg -F, one core", "0", &["-a", "-c", "-i", "-F", "-f"], &log),
            self.grep("0", &log),
        ];
        let title = format!("Whole process, plain log of {} MiB", bytes >> 20);
        self.table(&title, (&[file], bytes), &processes)
    }

    /// The same of a run that does not vote: no hit counts then, and failure lines are looked for up to
    /// the log's end, as where nothing explains a run.
    fn unexplained(&self) -> Self {
        let mut meta = self.meta.clone();
        meta.retain(|(key, _)| key != "voting");
        meta.push(("voting".to_owned(), "0".to_owned()));
        Bench { meta, ..*self }
    }

    fn gzip(&self) -> Result<()> {
        let gzip = self.dir.join("gzip");
        let (mut bytes, mut files) = (0, Vec::new());
        for entry in fs::read_dir(&gzip)? {
            let path = entry?.path().join("console.html.gz");
            let file = fs::read(&path)?;
            bytes += file.last_chunk().map_or(0, |length| u64::from(u32::from_le_bytes(*length)));
            files.push(path);
        }
        let gzip = [gzip.into_os_string()];
        let flags = ["-z", "-j2", "-a", "-c", "-i", "-F", "-f"];
        let processes = vec![
            self.recheck("recheck, two cores", "0,1", &gzip),
            self.recheck("recheck, one core", "0", &gzip),
            self.rg("rg -z -j2, two cores", "0,1", &flags, &gzip),
        ];
        let title = format!("Whole process, gzip logs of {} MiB", bytes >> 20);
        self.table(&title, (&files, bytes), &processes)
    }

    fn small(&self) -> Result<()> {
        let file = self.dir.join("small/console.html");
        let bytes = fs::metadata(&file)?.len();
        let log = [file.clone().into_os_string()];
        let processes = vec![
            self.recheck("recheck, two cores", "0,1", &log),
            self.rg("rg -F, one core", "0", &["-a", "-c", "-i", "-F", "-f"], &log),
        ];
        self.table("Whole process, log of 1 MiB", (&[file], bytes), &processes)
    }

    /// Runs the processes on these files, of so many bytes of text.
    fn table(
        &self,
        title: &str,
        (files, bytes): (&[PathBuf], u64),
        processes: &[Process],
    ) -> Result<()> {
        if self.only.is_some_and(|only| !title.contains(only)) {
            return Ok(());
        }
        let rows = processes.iter().map(|process| Row::new(&process.name, bytes)).collect();
        let table = Table::measure(title, rows, self.rounds, |index| {
            files.iter().try_for_each(|file| cache_anew(file))?;
            processes[index].run()
        })?;
        println!("{table}");
        Ok(())
    }

    fn recheck(&self, name: &str, cores: &'static str, paths: &[OsString]) -> Process {
        let fingerprints = self.dir.join(format!("fingerprints-{HISTORIC}")).into_os_string();
        let mut command: Vec<OsString> =
            vec![self.programs.recheck.clone().into(), "classify".into(), "--fingerprints".into()];
        command.push(fingerprints);
        for (key, value) in &self.meta {
            command.extend(["--meta".into(), format!("{key}={value}").into()]);
        }
        command.extend_from_slice(paths);
        Process { name: name.to_owned(), command, cores, max_code: 1 }
    }

    fn rg(&self, name: &str, cores: &'static str, flags: &[&str], paths: &[OsString]) -> Process {
        let mut command: Vec<OsString> =
            vec![self.programs.rg.clone().into(), "--no-config".into()];
        command.extend(flags.iter().map(OsString::from));
        command.push(self.phrases());
        command.extend_from_slice(paths);
        Process { name: name.to_owned(), command, cores, max_code: 1 }
    }

    fn grep(&self, cores: &'static str, paths: &[OsString]) -> Process {
        let flags = ["env", "LC_ALL=C", "grep", "-a", "-c", "-i", "-F", "-f"];
        let mut command: Vec<OsString> = flags.iter().map(OsString::from).collect();
        command.push(self.phrases());
        command.extend_from_slice(paths);
        Process {
            name: "GNU grep -F in the C locale, one core".to_owned(),
            command,
            cores,
            max_code: 1,
        }
    }

    fn phrases(&self) -> OsString {
        self.dir.join(format!("phrases-{HISTORIC}.txt")).into_os_string()
    }
}
