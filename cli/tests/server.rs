//! A server that answers whatever a test tells it to, and the command that asks it.
#![expect(clippy::expect_used, reason = "a test's own server has to start")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    sync::{Arc, Mutex},
    thread,
};

/// A request, names in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(line, _)| line == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_preflight(&self) -> bool {
        self.method == "OPTIONS" && self.get("access-control-request-method").is_some()
    }
}

/// What a server does with a connection whose request has arrived.
pub(crate) enum Reply {
    Bytes(Vec<u8>),
    /// Never answers, and keeps the connection open.
    Hang,
    /// Writes these bytes, and keeps the connection open.
    Held(&'static [u8]),
    /// Writes these bytes for as long as somebody reads them.
    Endless(&'static [u8]),
}

pub(crate) struct Server {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api", self.port)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

/// Starts it on a free port; it ends with the test's process.
pub(crate) fn serve(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (answer, log) = (Arc::new(answer), Arc::clone(&asked));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
            thread::spawn(move || converse(stream, &*answer, &log));
        }
    });
    Server { port, asked }
}

fn converse(mut stream: TcpStream, answer: &dyn Fn(&Asked) -> Reply, log: &Mutex<Vec<Asked>>) {
    let Some(asked) = read(&mut stream) else { return };
    log.lock().expect("not poisoned").push(asked.clone());
    // What the other side does to the connection is its own business.
    match answer(&asked) {
        Reply::Bytes(bytes) => drop(stream.write_all(&bytes)),
        Reply::Hang => drop(stream.read(&mut [0])),
        Reply::Held(bytes) => drop(stream.write_all(bytes).and_then(|()| stream.read(&mut [0]))),
        Reply::Endless(bytes) => while stream.write_all(bytes).is_ok() {},
    }
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let asked = parse(head, body)?;
            let length = asked.get("content-length").map_or(Ok(0), str::parse);
            if asked.body.len() >= length.unwrap_or(0) {
                return Some(asked);
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend(part.iter().take(length)),
        }
    }
}

fn parse(head: &str, body: &str) -> Option<Asked> {
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    Some(Asked {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        headers: lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect(),
        body: body.to_owned(),
    })
}

/// An answer of these header lines, without a body.
pub(crate) fn answer(status: u16, lines: &[&str]) -> Reply {
    with_body(status, lines, "")
}

pub(crate) fn with_body(status: u16, lines: &[&str], body: &str) -> Reply {
    let mut text = format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\n");
    for line in lines {
        text += &[line, "\r\n"].concat();
    }
    if !lines.iter().any(|line| line.contains("event-stream")) {
        text += &["Content-Length: ", &body.len().to_string(), "\r\n"].concat();
    }
    Reply::Bytes((text + "\r\n" + body).into_bytes())
}

/// Runs the command.
pub(crate) fn crossgate(args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_crossgate"))
        .args(args)
        .output()
        .expect("the command is built");
    let printed = [stdout, stderr].concat();
    (status.code(), String::from_utf8_lossy(&printed).into_owned())
}
