//! The page's server and, on a port of its own, the one whose answers are scripted.

use std::{
    collections::{HashMap, VecDeque},
    io::{BufRead, BufReader, Result, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::case::{Answer, Case};

const BATCH: usize = 24;

/// What the page and the servers share.
pub(crate) struct Oracle {
    pub(crate) page: String,
    target: String,
    state: Mutex<State>,
    progress: Condvar,
}

#[derive(Default)]
struct State {
    cases: Vec<Case>,
    queue: VecDeque<usize>,
    seen: HashMap<usize, Seen>,
    finished: bool,
}

/// What came of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) preflights: Vec<Asked>,
    /// The methods of the actual requests.
    pub(crate) sent: Vec<String>,
    /// What the page says, once it has.
    pub(crate) page: Option<Page>,
}

/// A preflight as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) origin: String,
    pub(crate) method: String,
    pub(crate) headers: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Read { status: u16, names: Vec<String> },
    Failed,
    TimedOut,
}

impl Oracle {
    pub(crate) fn start() -> Result<Arc<Self>> {
        let (page, target) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
        let origin = |listener: &TcpListener| {
            listener.local_addr().map(|address| format!("http://{address}"))
        };
        let oracle = Arc::new(Self {
            page: origin(&page)?,
            target: origin(&target)?,
            state: Mutex::default(),
            progress: Condvar::new(),
        });
        for (listener, answer) in [(page, Self::serve_page as Serve), (target, Self::serve_target)]
        {
            let oracle = Arc::clone(&oracle);
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let oracle = Arc::clone(&oracle);
                    // A connection that breaks off is the browser's affair: its case shows it.
                    thread::spawn(move || oracle.serve(&stream, answer));
                }
            });
        }
        Ok(oracle)
    }

    pub(crate) fn url(&self, id: usize, case: &Case) -> String {
        let server = case.mounted.as_ref().map_or(&self.target, |mounted| &mounted.url);
        format!("{server}/c/{id}")
    }

    /// Has the browser run `cases`, and says what it saw. `Err` is how many were still running when
    /// nothing came back for `patience`.
    pub(crate) fn run(
        &self,
        cases: Vec<Case>,
        patience: Duration,
    ) -> std::result::Result<Vec<(usize, Case, Seen)>, usize> {
        let mut state = self.lock();
        let first = state.cases.len();
        state.cases.extend(cases);
        let ids = first..state.cases.len();
        state.queue.extend(ids.clone());
        let (mut left, mut deadline) = (ids.len(), Instant::now() + patience);
        self.progress.notify_all();
        while left > 0 {
            let Some(wait) = deadline.checked_duration_since(Instant::now()) else {
                return Err(left);
            };
            state =
                self.progress.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
            let waiting = ids
                .clone()
                .filter(|id| state.seen.get(id).is_none_or(|seen| seen.page.is_none()))
                .count();
            if waiting < left {
                (left, deadline) = (waiting, Instant::now() + patience);
            }
        }
        Ok(ids
            .filter_map(|id| Some((id, state.cases.get(id)?.clone(), state.seen.remove(&id)?)))
            .collect())
    }

    /// Tells the page that there is nothing more to do.
    pub(crate) fn finish(&self) {
        self.lock().finished = true;
        self.progress.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: &TcpStream, answer: Serve) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        while let Some(request) = Request::read(&mut reader)? {
            (&*stream).write_all(&answer(self, &request))?;
        }
        Ok(())
    }

    fn serve_page(&self, request: &Request) -> Vec<u8> {
        match request.path.as_str() {
            "/" | "/frame" => {
                respond(200, &[("content-type", b"text/html")], include_bytes!("page.html"))
            }
            "/next" => respond(200, &[], self.next_batch().as_bytes()),
            "/results" => {
                self.take_results(&String::from_utf8_lossy(&request.body));
                respond(204, &[], b"")
            }
            _ => respond(404, &[("content-length", b"0")], b""),
        }
    }

    fn next_batch(&self) -> String {
        let mut state = self.lock();
        while state.queue.is_empty() && !state.finished {
            state = self.progress.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let count = state.queue.len().min(BATCH);
        let ids: Vec<usize> = state.queue.drain(..count).collect();
        let case = |id| {
            let case: &Case = state.cases.get(id)?;
            Some(case.to_json(id, &self.url(id, case)))
        };
        let batch: Vec<String> = ids.into_iter().filter_map(case).collect();
        format!("[{}]", batch.join(","))
    }

    /// A line of the page: `id TAB status TAB name,name`, or `id TAB failed|timeout`.
    fn take_results(&self, lines: &str) {
        let mut state = self.lock();
        for line in lines.lines() {
            let mut fields = line.split('\t');
            let id = fields.next().and_then(|id| id.parse().ok());
            let page = match fields.next() {
                Some("failed") => Some(Page::Failed),
                Some("timeout") => Some(Page::TimedOut),
                Some(status) => status.parse().ok().map(|status| Page::Read {
                    status,
                    names: fields.next().unwrap_or_default().split(',').map(String::from).collect(),
                }),
                None => None,
            };
            if let (Some(id), Some(page)) = (id, page) {
                state.seen.entry(id).or_default().page = Some(page);
            }
        }
        self.progress.notify_all();
    }

    fn serve_target(&self, request: &Request) -> Vec<u8> {
        let mut state = self.lock();
        let id = request.path.strip_prefix("/c/").and_then(|id| id.parse::<usize>().ok());
        let Some((id, case)) = id.and_then(|id| Some((id, state.cases.get(id)?.clone()))) else {
            return respond(404, &[("content-length", b"0")], b"");
        };
        let seen = state.seen.entry(id).or_default();
        let answer = match request.header("access-control-request-method") {
            Some(method) if request.method == "OPTIONS" => {
                seen.preflights.push(Asked {
                    origin: request.header("origin").unwrap_or_default(),
                    method,
                    headers: request.header("access-control-request-headers"),
                });
                case.preflight
            }
            _ => {
                seen.sent.push(request.method.clone());
                case.actual
            }
        };
        let body: &[u8] = if request.method == "HEAD" { b"" } else { answer.body() };
        let headers: Vec<(&str, &[u8])> =
            answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let mut response = head(answer.status, &headers);
        response.extend_from_slice(body);
        response
    }
}

type Serve = fn(&Oracle, &Request) -> Vec<u8>;

impl Answer {
    /// As long as the `content-length` that the generator writes.
    pub(crate) fn body(&self) -> &'static [u8] {
        if matches!(self.status, 204 | 205 | 304) { b"" } else { b"body" }
    }
}

struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(reader: &mut impl BufRead) -> Result<Option<Self>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split(' ').map(String::from);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut request = Self { method, path, headers: vec![], body: vec![] };
        loop {
            // Not read_line: script may put bytes that are not UTF-8 into values.
            let mut line = vec![];
            reader.read_until(b'\n', &mut line)?;
            let line: String = line.trim_ascii_end().iter().copied().map(char::from).collect();
            match line.split_once(':') {
                Some((name, value)) => {
                    request.headers.push((name.to_ascii_lowercase(), value.trim().into()));
                }
                None => break,
            }
        }
        let length = request.header("content-length").and_then(|length| length.parse().ok());
        request.body.resize(length.unwrap_or(0), 0);
        reader.read_exact(&mut request.body)?;
        Ok(Some(request))
    }

    fn header(&self, name: &str) -> Option<String> {
        let mut lines = self.headers.iter().filter(|(line, _)| line == name);
        lines.next().map(|(_, value)| value.clone())
    }
}

fn respond(status: u16, headers: &[(&str, &[u8])], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let mut all = headers.to_vec();
    if status != 204 && headers.iter().all(|(name, _)| *name != "content-length") {
        all.push(("content-length", length.as_bytes()));
    }
    let mut response = head(status, &all);
    response.extend_from_slice(body);
    response
}

fn head(status: u16, headers: &[(&str, &[u8])]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} x\r\n").into_bytes();
    for (name, value) in headers {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}
