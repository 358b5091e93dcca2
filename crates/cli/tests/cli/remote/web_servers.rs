//! Real servers: nginx and Apache as Debian packs them, and Python's own. Where a program is not
//! installed its test says so; `RECHECK_WEB_SERVERS=required` makes that a failure.

use std::{
    env, fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{HIT, classify};
use crate::util::{Dir, gzip};

/// A server at work, until it is dropped.
struct Daemon {
    process: Child,
    port: u16,
}

impl Daemon {
    /// Starts a program that listens on a port, as soon as it does; `None` where there is none.
    fn start(program: &str, port: u16, args: &[&str]) -> Option<Daemon> {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = match command.spawn() {
            Ok(process) => process,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let is_required = env::var_os("RECHECK_WEB_SERVERS").is_some();
                assert!(!is_required, "{program} is not installed");
                eprintln!("skipped: {program} is not installed");
                return None;
            }
            Err(error) => panic!("{program}: {error}"),
        };
        let mut daemon = Daemon { process, port };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(daemon.process.try_wait().unwrap().is_none(), "{program} ended");
            assert!(started.elapsed() < Duration::from_secs(30), "{program} does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Some(daemon)
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A tree with a name that needs encoding, an empty directory, and a log that is only there packed.
fn tree(dir: &Dir) {
    dir.write("logs/job-output.txt", "fine\n".repeat(100_000));
    dir.write("logs/a & b/é <1>.log", HIT);
    dir.write("logs/a & b/c/x.log.gz", gzip(b"fine\n"));
    dir.write("logs/static.txt.gz", gzip(HIT.as_bytes()));
    fs::create_dir(dir.path("logs/empty")).unwrap();
}

/// What every server's listing must give.
fn the_tree_is_read(dir: &Dir, server: &Daemon) {
    let outcome = classify(dir, &[&server.url("/logs/")]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains("a & b/é <1>.log:1  cp"), "{}", outcome.out);
    assert!(outcome.out.contains("static.txt:1  cp"), "{}", outcome.out);
    assert!(outcome.out.contains("4 logs"), "{}", outcome.out);
    // Without the slash, by the server's redirect.
    let outcome = classify(dir, &[&server.url("/logs/a%20&%20b")]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains("2 logs"), "{}", outcome.out);
    let outcome = classify(dir, &[&server.url("/logs/gone/")]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.out.contains("the server answers 404"), "{}", outcome.out);
}

fn show(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn nginx() {
    let dir = Dir::with_disk();
    tree(&dir);
    let port = free_port();
    let root = show(&dir.path(""));
    let types = "types { text/plain txt log; application/gzip gz; }";
    dir.write(
        "nginx.conf",
        format!(
            "daemon off; pid {root}/pid; error_log {root}/error.log; worker_processes 1;
            user root;
            events {{ worker_connections 64; }}
            http {{ access_log off; {types} default_type application/octet-stream;
            client_body_temp_path {root}/t; proxy_temp_path {root}/t; fastcgi_temp_path {root}/t;
            uwsgi_temp_path {root}/t; scgi_temp_path {root}/t;
            server {{ listen 127.0.0.1:{port}; root {root};
            location / {{ autoindex on; gzip_static on; }} }} }}"
        ),
    );
    let conf = show(&dir.path("nginx.conf"));
    let Some(server) = Daemon::start("nginx", port, &["-c", &conf, "-e", "/dev/null"]) else {
        return;
    };
    the_tree_is_read(&dir, &server);
    // Packed by `gzip_static`, as the file itself is not there.
    fs::copy(dir.path("logs/job-output.txt"), dir.path("logs/static.txt")).unwrap();
    let outcome = classify(&dir, &["--explain", &server.url("/logs/static.txt")]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[test]
fn apache() {
    let dir = Dir::with_disk();
    tree(&dir);
    let port = free_port();
    let root = show(&dir.path(""));
    let module =
        |name: &str| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n");
    let modules: String =
        ["mpm_event", "authz_core", "dir", "autoindex", "mime"].map(module).concat();
    dir.write("mime.types", "text/plain txt log\n");
    for options in ["", "IndexOptions FancyIndexing HTMLTable NameWidth=*\n"] {
        dir.write(
            "apache.conf",
            format!(
                "{modules}ServerName localhost\nServerRoot {root}\nDefaultRuntimeDir {root}\n\
                PidFile {root}/pid\nListen 127.0.0.1:{port}\nErrorLog {root}/error.log\n\
                DocumentRoot {root}\nTypesConfig {root}/mime.types\nAddEncoding x-gzip .gz\n\
                <Directory {root}>\nOptions Indexes\n{options}Require all granted\n</Directory>\n"
            ),
        );
        let conf = show(&dir.path("apache.conf"));
        let args = ["-X", "-f", &conf];
        let Some(server) = Daemon::start("apache2", port, &args) else { return };
        the_tree_is_read(&dir, &server);
    }
}

#[test]
fn python() {
    let dir = Dir::with_disk();
    tree(&dir);
    let port = free_port();
    let (root, text) = (show(&dir.path("")), port.to_string());
    let args = ["-m", "http.server", &text, "--bind", "127.0.0.1", "--directory", &root];
    let Some(server) = Daemon::start("python3", port, &args) else { return };
    the_tree_is_read(&dir, &server);
}
