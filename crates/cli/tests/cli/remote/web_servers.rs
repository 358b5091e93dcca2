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

use super::{
    HIT, classify, classify_with,
    server::{Reply, Server},
};
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

/// A configuration with one server, which serves the directory.
fn nginx_conf(dir: &Dir, server: &str) -> String {
    let root = show(&dir.path(""));
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temp = kinds.map(|kind| format!("{kind}_temp_path {root}/t;")).concat();
    dir.write(
        "nginx.conf",
        format!(
            "daemon off; pid {root}/pid; worker_processes 1; user root;
            events {{ worker_connections 64; }}
            http {{ access_log off; {temp} default_type application/octet-stream;
            types {{ text/plain txt log; application/gzip gz; }}
            server {{ root {root}; {server} }} }}"
        ),
    );
    show(&dir.path("nginx.conf"))
}

#[test]
fn nginx() {
    let dir = Dir::with_disk();
    tree(&dir);
    let port = free_port();
    let places = "location / { autoindex on; gzip_static on; }";
    let conf = nginx_conf(&dir, &format!("listen 127.0.0.1:{port}; {places}"));
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

/// A certificate that only those trust who are told to.
fn certificate(dir: &Dir) -> bool {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "key.pem"])
        .args(["-out", "cert.pem", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(dir.path(""))
        .stderr(Stdio::null())
        .status();
    made.is_ok_and(|status| status.success())
}

#[test]
fn https_needs_a_certificate_that_is_trusted_and_keeps_tokens() {
    let dir = Dir::with_disk();
    dir.write("x.log", HIT);
    if !certificate(&dir) {
        eprintln!("skipped: openssl is not installed");
        return;
    }
    let (port, plain) = (free_port(), Server::start(|_| Reply::text(HIT)));
    let places = format!("location = /away.log {{ return 302 {}; }}", plain.url("/x.log"));
    let tls = format!(
        "ssl_certificate {root}/cert.pem; ssl_certificate_key {root}/key.pem;",
        root = show(&dir.path(""))
    );
    let conf = nginx_conf(&dir, &format!("listen 127.0.0.1:{port} ssl; {tls} {places}"));
    let Some(_server) = Daemon::start("nginx", port, &["-c", &conf, "-e", "/dev/null"]) else {
        return;
    };
    let url = |path: &str| format!("https://localhost:{port}{path}");
    let outcome = classify(&dir, &["--retries", "0", &url("/x.log")]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.out.contains("certificate"), "{}", outcome.out);

    let cert = show(&dir.path("cert.pem"));
    let trusted = [("SSL_CERT_FILE", cert.as_str()), ("MY_TOKEN", "secret")];
    let code = |path: &str| classify_with(&dir, &[&url(path)], &trusted).code;
    assert_eq!((code("/x.log"), code("/away.log")), (0, 0));
    let settings = format!("[hosts.\"localhost:{port}\"]\ntoken-env = \"MY_TOKEN\"\n");
    dir.write("recheck.toml", settings);
    let outcome = classify_with(&dir, &[&url("/away.log")], &trusted);
    assert_eq!(outcome.code, 2);
    assert!(outcome.out.contains("a request with a token does not go there"), "{outcome:?}");
}
