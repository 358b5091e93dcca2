//! A cluster behind TLS that asks who one is: nginx before a real server, with a certificate of its own.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use recheck_index::{Elastic, ElasticAuth, ElasticOptions, IndexError};
use tempfile::TempDir;

use crate::util::{Gone, add, fresh_name, ids, json, servers};

/// `me:s3cret`, the API key `id:key`, and a token.
const ALLOWED: [&str; 3] = ["Basic bWU6czNjcmV0", "ApiKey aWQ6a2V5", "Bearer t0ken"];

/// nginx, while this lives.
struct Front {
    address: String,
    dir: TempDir,
    nginx: Child,
}

impl Drop for Front {
    fn drop(&mut self) {
        // A worker ends with its master when that is asked to end.
        let pid = self.nginx.id().to_string();
        let _ = Command::new("kill").arg(pid).status();
        let _ = self.nginx.wait();
    }
}

impl Front {
    /// `None` where a program is missing.
    fn before(server: &str) -> Option<Front> {
        let dir = tempfile::tempdir().unwrap();
        certificate(dir.path())?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let path = dir.path().display();
        let allowed: String = ALLOWED.iter().map(|one| format!("\"{one}\" 1; ")).collect();
        let config = format!(
            "daemon off; pid {path}/pid; error_log {path}/error.log; events {{ }}
            http {{
              access_log off; client_max_body_size 16k;
              client_body_temp_path {path}/body; proxy_temp_path {path}/proxy;
              fastcgi_temp_path {path}/f; uwsgi_temp_path {path}/u; scgi_temp_path {path}/s;
              map $http_authorization $is_allowed {{ default 0; {allowed} }}
              server {{
                listen 127.0.0.1:{port} ssl;
                ssl_certificate {path}/server.pem; ssl_certificate_key {path}/server.key;
                location /search/ {{
                  if ($is_allowed = 0) {{ return 401; }}
                  proxy_set_header Authorization \"\";
                  proxy_pass {server}/;
                }}
              }}
            }}"
        );
        fs::write(dir.path().join("nginx.conf"), config).unwrap();
        let nginx = Command::new("nginx")
            .arg("-c")
            .arg(dir.path().join("nginx.conf"))
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        Some(Front { address: format!("https://localhost:{port}/search"), dir, nginx })
    }
}

/// An authority, and a certificate for `localhost` that it signs.
fn certificate(dir: &Path) -> Option<()> {
    let openssl = |arguments: &str| -> Option<()> {
        let mut command = Command::new("openssl");
        let command = command.args(arguments.split(' ')).current_dir(dir).stderr(Stdio::null());
        assert!(command.status().ok()?.success(), "openssl {arguments}");
        Some(())
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=recheck-test"))?;
    openssl(&format!(
        "req {key} -keyout server.key -out server.csr -subj /CN=localhost \
         -addext subjectAltName=DNS:localhost"
    ))?;
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 \
         -copy_extensions copy",
    )
}

#[test]
fn an_index_behind_tls_that_asks_who_one_is() {
    for server in servers() {
        let Some(front) = Front::before(&server) else {
            println!("skipped: nginx or openssl is not installed");
            return;
        };
        let name = fresh_name();
        let _gone = Gone::Server { server: server.clone(), name: name.clone() };
        let open = |auth: Option<ElasticAuth>, ca: bool| -> Result<Elastic, IndexError> {
            let ca = ca.then(|| front.dir.path().join("ca.pem"));
            let options = ElasticOptions { auth, ca, ..ElasticOptions::default() };
            Elastic::open_or_create(&format!("{}/{name}", front.address), None, &options)
        };
        let basic = |password: &str| ElasticAuth::Basic {
            user: "me".to_owned(),
            password: password.to_owned(),
        };
        let ways = [
            basic("s3cret"),
            ElasticAuth::ApiKey("id:key".to_owned()),
            ElasticAuth::ApiKey("aWQ6a2V5".to_owned()),
            ElasticAuth::Bearer("t0ken".to_owned()),
        ];
        for (number, way) in ways.into_iter().enumerate() {
            let index = open(Some(way), true).unwrap();
            // More than nginx takes in one request.
            let long = "boom ".repeat(500);
            let event = |id| json(&format!(r#"{{"id": "{number} {id}", "message": "{long}"}}"#));
            add(&index, &Vec::from_iter((0..20).map(event)));
            assert_eq!(ids(&index, "boom").len(), (number + 1) * 20);
        }
        for wrong in [None, Some(basic("wr0ng")), Some(ElasticAuth::Bearer("wr0ng".to_owned()))] {
            let error = open(wrong, true).err().unwrap().to_string();
            assert!(error.contains("401") && !error.contains("wr0ng"), "{error}");
        }
        let error = open(Some(basic("s3cret")), false).err().unwrap().to_string();
        assert!(error.contains("RECHECK_INDEX_CA") && !error.contains("s3cret"), "{error}");
    }
}
