//! A small server that does what it is told, right or wrong.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// With the query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// How many requests for this path came before.
    pub(crate) nth: usize,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Arc<Vec<u8>>,
    length: Option<usize>,
    delay: Duration,
    pause: Option<(usize, Duration)>,
    cut: Option<usize>,
    endless: bool,
}

/// A server on a port of its own, until the test ends.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply {
            status,
            headers: Vec::new(),
            body: Arc::new(body.into()),
            length: None,
            delay: Duration::ZERO,
            pause: None,
            cut: None,
            endless: false,
        }
    }

    pub(crate) fn text(body: impl Into<Vec<u8>>) -> Reply {
        Reply::new(200, body).header("Content-Type", "text/plain")
    }

    pub(crate) fn html(body: impl Into<Vec<u8>>) -> Reply {
        Reply::new(200, body).header("Content-Type", "text/html; charset=utf-8")
    }

    pub(crate) fn redirect(to: &str) -> Reply {
        Reply::new(302, "").header("Location", to)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Says that the body has this length, whatever it has.
    pub(crate) fn length(mut self, length: usize) -> Reply {
        self.length = Some(length);
        self
    }

    /// Waits before the answer.
    pub(crate) fn delay(mut self, delay: Duration) -> Reply {
        self.delay = delay;
        self
    }

    /// Waits within the body.
    pub(crate) fn pause(mut self, after: usize, pause: Duration) -> Reply {
        self.pause = Some((after, pause));
        self
    }

    /// Closes the connection after so many bytes of the body.
    pub(crate) fn cut(mut self, after: usize) -> Reply {
        self.cut = Some(after);
        self
    }

    /// Sends the body again and again, without a length.
    pub(crate) fn endless(mut self) -> Reply {
        self.endless = true;
        self
    }

    fn send(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        thread::sleep(self.delay);
        let mut head = format!("HTTP/1.1 {} Told\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.endless {
            let length = self.length.unwrap_or(self.body.len());
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        head.push_str("Connection: close\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        if self.endless {
            // Until who asks has enough.
            loop {
                stream.write_all(&self.body)?;
            }
        }
        let body = &self.body[..self.cut.unwrap_or(self.body.len())];
        let (before, after) = body.split_at(self.pause.map_or(0, |(place, _)| place));
        stream.write_all(before)?;
        stream.flush()?;
        thread::sleep(self.pause.map_or(Duration::ZERO, |(_, pause)| pause));
        stream.write_all(after)
    }
}

impl Server {
    /// A server that answers each request as `answer` says.
    pub(crate) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        Server::start_at("127.0.0.1:0", answer)
    }

    pub(crate) fn start_at(
        place: &str,
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind(place).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (Arc::new(answer), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                thread::spawn(move || {
                    // Who asks may leave before the end.
                    let _ = serve(stream, &seen, &*answer);
                });
            }
        });
        Server { address, requests }
    }

    /// A server with these documents and nothing else.
    pub(crate) fn with(documents: &[(&str, Reply)]) -> Server {
        let documents: Vec<(String, Reply)> =
            documents.iter().map(|(path, reply)| ((*path).to_owned(), reply.clone())).collect();
        Server::start(move |request| {
            let found = documents.iter().find(|(path, _)| *path == request.path);
            found.map_or_else(|| Reply::new(404, "no such document"), |(_, reply)| reply.clone())
        })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The requests that came so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The requests for a path that came so far.
    pub(crate) fn asked(&self, path: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.path == path).collect()
    }
}

fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &(impl Fn(&Request) -> Reply + ?Sized),
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let Some(first) = lines.next().transpose()? else { return Ok(()) };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let request = {
        let mut seen = seen.lock().unwrap();
        let nth = seen.iter().filter(|before| before.path == path).count();
        let request = Request { path, headers, nth };
        seen.push(request.clone());
        request
    };
    answer(&request).send(&mut stream)
}
