//! A cluster that has no time, hangs, or goes away and comes back: a proxy before a real server lets it.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use recheck_index::{
    Elastic, ElasticOptions, Index, IndexErrorKind, IndexedEvent, RunSelection, Scanned, Scope,
    attach,
};

use crate::util::{Compiled, Gone, add, fresh_name, ids, json, options, request, servers};

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// Every other request is refused with 429.
    Busy,
    /// The first search of every other request of several is.
    BusyPart,
    /// It is passed on, and the connection ends before the answer: every other one.
    Lost,
    /// Nothing comes back.
    Hang,
    /// The connection ends at once.
    Down,
    /// The next documents that are read by their names have to wait: see [`Fault::Held`].
    Hold,
    /// Some do, until there is no fault any more; everything else is passed on.
    Held,
}

/// A server behind a proxy.
struct Faulty {
    address: String,
    fault: Arc<Mutex<Fault>>,
}

impl Faulty {
    fn before(server: &str) -> Faulty {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let fault = Arc::new(Mutex::new(Fault::None));
        let (told, host) = (fault.clone(), server.trim_start_matches("http://").to_owned());
        thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                let (told, host) = (told.clone(), host.clone());
                let client = client.unwrap();
                // What fails here fails for the client, which is what is tested.
                thread::spawn(move || pass(client, &host, (&told, number)));
            }
        });
        Faulty { address, fault }
    }

    fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    fn wait_for(&self, fault: Fault) {
        wait_for(&self.fault, fault);
    }
}

fn wait_for(told: &Mutex<Fault>, fault: Fault) {
    for _ in 0..4_000 {
        if *told.lock().unwrap() == fault {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("what was waited for did not come within 20 s");
}

/// One request of one connection, and its answer.
fn pass(
    mut client: TcpStream,
    host: &str,
    (told, number): (&Mutex<Fault>, usize),
) -> std::io::Result<()> {
    let request = read_request(&mut client)?;
    let is_other = number % 2 == 1;
    let fault = *told.lock().unwrap();
    match fault {
        Fault::Down => return Ok(()),
        Fault::Hang => {
            thread::sleep(Duration::from_secs(20));
            return Ok(());
        }
        Fault::Busy if is_other => {
            let body =
                r#"{"error":{"type":"rejected_execution_exception","reason":"full"},"status":429}"#;
            let length = body.len();
            return write!(
                client,
                "HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            );
        }
        _ => {}
    }
    let line = request.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if fault == Fault::Hold && String::from_utf8_lossy(line).contains("/_mget") {
        *told.lock().unwrap() = Fault::Held;
        wait_for(told, Fault::None);
    }
    let is_several = request.starts_with(b"POST /_msearch");
    let mut server = TcpStream::connect(host)?;
    server.write_all(&request)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    match fault {
        Fault::BusyPart if is_other && is_several => client.write_all(&first_refused(&answer)),
        Fault::Lost if is_other => Ok(()),
        _ => client.write_all(&answer),
    }
}

/// The answer to several searches, the first of them refused.
fn first_refused(answer: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(answer).unwrap();
    let mut body: serde_json::Value =
        serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
    body["responses"][0] = serde_json::json!({
        "error": {"type": "rejected_execution_exception", "reason": "full"}, "status": 429,
    });
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

const ENCODING: &[u8] = b"accept-encoding:";

/// The request, which asks for the connection to be closed behind it.
fn read_request(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut part = vec![0; 1 << 16];
    let (head, length) = loop {
        let read = client.read(&mut part)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        request.extend_from_slice(&part[..read]);
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            break (end + 4, length.map_or(0, |text| text.trim().parse().unwrap()));
        }
    };
    while request.len() < head + length {
        let read = client.read(&mut part)?;
        request.extend_from_slice(&part[..read]);
    }
    let first = request.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    request.splice(first..first, *b"Connection: close\r\n");
    // The answer is to be read here.
    let accepts = request.windows(ENCODING.len()).position(|window| window == ENCODING);
    if let Some(at) = accepts {
        request[at..at + 2].copy_from_slice(b"x-");
    }
    Ok(request)
}

const RUNS: usize = 4;
const EVENTS: usize = 30;

fn events() -> Vec<IndexedEvent> {
    let event = |number: usize| {
        let run = number / EVENTS;
        json(&format!(
            r#"{{"id": "{number}", "build_uuid": "r{run}", "build_status": "FAILURE",
                "message": "{}"}}"#,
            if number.is_multiple_of(3) { "boom" } else { "fine" }
        ))
    };
    (0..RUNS * EVENTS).map(event).collect()
}

/// Several batches, the second in the middle of a run; tells of each event what hits it.
fn ingest(index: &dyn Index, compiled: &Compiled) -> Result<(), recheck_index::IndexError> {
    let mut writer = index.writer(&options())?;
    writer.fingerprints(compiled.known());
    for (number, event) in events().iter().enumerate() {
        writer.event(event, if number % 3 == 0 { &[0] } else { &[] })?;
        if number % 40 == 39 {
            writer.commit()?;
        }
    }
    writer.finish()
}

/// All is there, once, and events and history agree.
fn check(index: &dyn Index, compiled: &Compiled) {
    assert_eq!(ids(index, "*:*").len(), RUNS * EVENTS);
    let runs = index.history().runs(&RunSelection::default()).unwrap();
    assert_eq!(runs.len(), RUNS);
    for run in &runs {
        assert_eq!((run.events, run.scanned), (EVENTS as u64, Scanned::Full));
        let asked = index.history().facts(&run.run.key).unwrap();
        let hits: Vec<u64> = asked.answers.values().map(|(count, _)| *count).collect();
        assert_eq!(hits, [EVENTS as u64 / 3]);
    }
    let attached = attach(index, compiled.known(), runs).unwrap();
    assert!(attached.iter().all(|run| run.bugs[0].hits == EVENTS as u64 / 3));
}

/// An index on every server, behind a proxy.
fn each_server(mut test: impl FnMut(&Faulty, &Elastic, &Compiled)) {
    for server in servers() {
        let name = fresh_name();
        let _gone = Gone::Server { server: server.clone(), name: name.clone() };
        let faulty = Faulty::before(&server);
        let timeout = Duration::from_secs(10);
        let options = ElasticOptions { timeout, ..ElasticOptions::default() };
        let address = format!("{}/{name}", faulty.address);
        let index = Elastic::open_or_create(&address, None, &options).unwrap();
        let compiled = Compiled::queries(&["boom"], index.schema());
        test(&faulty, &index, &compiled);
        request(&server, "GET", &format!("recheck-history-{name}/_refresh"), "");
    }
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    each_server(|faulty, index, compiled| {
        faulty.set(Fault::Busy);
        ingest(index, compiled).unwrap();
        check(index, compiled);
    });
}

#[test]
fn a_search_among_several_that_is_refused_is_asked_again() {
    each_server(|faulty, index, compiled| {
        ingest(index, compiled).unwrap();
        let count = || {
            let mut found = 0;
            index.hits(compiled.known(), &Scope::default(), &mut |_| found += 1).unwrap();
            found
        };
        let expected = count();
        faulty.set(Fault::BusyPart);
        // Several in a row: every other request meets it.
        assert_eq!((count(), count(), count()), (expected, expected, expected));
    });
}

/// What was written though nobody was told so is not written twice.
#[test]
fn answers_that_are_lost_double_nothing() {
    each_server(|faulty, index, compiled| {
        faulty.set(Fault::Lost);
        ingest(index, compiled).unwrap();
        check(index, compiled);
    });
}

/// A page of many is asked for once more when its answer is lost, and then it is the one behind it.
#[test]
fn a_page_that_is_lost_is_no_smaller_answer() {
    const COUNT: usize = 16_000;
    each_server(|faulty, index, compiled| {
        let event = |number| json(&format!(r#"{{"id": "{number}", "message": "boom"}}"#));
        add(index, &Vec::from_iter((0..COUNT).map(event)));
        faulty.set(Fault::Lost);
        let mut errors = 0;
        for _ in 0..4 {
            let mut found = 0;
            match index.hits(compiled.known(), &Scope::default(), &mut |_| found += 1) {
                Ok(()) => assert_eq!(found, COUNT),
                Err(error) => {
                    assert!(error.to_string().contains("documents arrived"), "{error}");
                    errors += 1;
                }
            }
        }
        assert!(errors > 0, "no page was lost");
    });
}

/// A new writer counts the events of runs that seem to be left over; they may be of one at work.
#[test]
fn what_is_finished_while_another_writer_counts_it_stays_finished() {
    each_server(|faulty, index, compiled| {
        let mut writer = index.writer(&options()).unwrap();
        writer.fingerprints(compiled.known());
        let events = &events()[..EVENTS];
        let (first, rest) = events.split_at(EVENTS / 3);
        first.iter().for_each(|event| writer.event(event, &[]).unwrap());
        writer.commit().unwrap();
        faulty.set(Fault::Hold);
        thread::scope(|scope| {
            let other = scope.spawn(|| drop(index.writer(&options()).unwrap()));
            // It has counted those that are there.
            faulty.wait_for(Fault::Held);
            rest.iter().for_each(|event| writer.event(event, &[]).unwrap());
            writer.finish().unwrap();
            faulty.set(Fault::None);
            other.join().unwrap();
        });
        // A new writer refreshes what is searched then.
        drop(index.writer(&options()).unwrap());
        let known = index.history().runs(&RunSelection::default()).unwrap();
        let found: Vec<_> = known.iter().map(|run| (run.events, run.scanned)).collect();
        assert_eq!(found, [(EVENTS as u64, Scanned::Full)]);
    });
}

#[test]
fn a_server_that_is_started_anew_is_waited_for() {
    each_server(|faulty, index, compiled| {
        faulty.set(Fault::Down);
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_secs(5));
                faulty.set(Fault::None);
            });
            ingest(index, compiled).unwrap();
        });
        check(index, compiled);
    });
}

#[test]
fn after_a_server_hung_nothing_is_missing_or_doubled() {
    each_server(|faulty, index, compiled| {
        let mut writer = index.writer(&options()).unwrap();
        let events = events();
        events[..20].iter().for_each(|event| writer.event(event, &[]).unwrap());
        writer.commit().unwrap();
        faulty.set(Fault::Hang);
        events[20..].iter().for_each(|event| writer.event(event, &[]).unwrap());
        let error = writer.finish().unwrap_err();
        assert!(matches!(*error.kind, IndexErrorKind::Silent(_)), "{error}");
        faulty.set(Fault::None);
        let known = index.history().runs(&RunSelection::default()).unwrap();
        assert_eq!((known.len(), known[0].scanned), (1, Scanned::Partial));
        ingest(index, compiled).unwrap();
        check(index, compiled);
        faulty.set(Fault::Hang);
        let error = attach(index, compiled.known(), known).unwrap_err();
        assert!(error.to_string().contains("did not answer within 10 s"), "{error}");
        faulty.set(Fault::None);
        check(index, compiled);
    });
}
