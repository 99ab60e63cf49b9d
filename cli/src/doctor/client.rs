//! One request, one answer: nothing is followed, kept or waited for longer than allowed.

use std::{io::Read, time::Duration};

use ureq::{
    Agent, Body,
    http::{Request, Response},
    tls::TlsConfig,
};

/// The most bytes of an answer's header, and of its body where that is looked at.
const LONGEST: usize = 1 << 16;

pub(super) struct Client {
    agent: Agent,
    timeout: Duration,
}

/// What is sent, beside `Host`, `User-Agent` and `Accept`.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Each line by itself, names in lower case.
    pub(super) headers: Vec<(String, Vec<u8>)>,
    /// As far as it was read: only for a POST, and up to the first JSON object.
    pub(super) body: Vec<u8>,
}

impl Client {
    pub(super) fn new(timeout: Duration, insecure: bool) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0)
            .max_response_header_size(LONGEST)
            .timeout_global(Some(timeout))
            // What stands between is to be seen by the page too, but is not the page's way.
            .proxy(None)
            .user_agent(concat!("crossgate-doctor/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().disable_verification(insecure).build())
            .build();
        Self { agent: config.new_agent(), timeout }
    }

    /// Sends it and waits for the answer's header.
    pub(super) fn send(&self, ask: &Ask) -> Result<Answer, String> {
        let mut request = Request::builder().method(ask.method).uri(&ask.url);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let answered = match &ask.body {
            Some(body) => {
                let request = request.body(body.as_str()).map_err(|error| error.to_string())?;
                self.agent.run(request)
            }
            None => self.agent.run(request.body(()).map_err(|error| error.to_string())?),
        };
        match answered {
            Ok(answered) => Ok(read(answered, ask.body.is_some())),
            Err(ureq::Error::Timeout(_)) => {
                Err(format!("no answer within {} s", self.timeout.as_secs()))
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

fn read(answered: Response<Body>, wants_body: bool) -> Answer {
    let (parts, mut body) = answered.into_parts();
    let headers = parts.headers.iter();
    let mut answer = Answer {
        status: parts.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: Vec::new(),
    };
    if wants_body {
        let mut reader = body.as_reader();
        let mut part = [0; 4096];
        // A stream stays open, so an end or a failure is not waited for.
        while answer.body.len() < LONGEST && answer.json().is_none() {
            match reader.read(&mut part) {
                Ok(0) | Err(_) => break,
                Ok(length) => answer.body.extend(part.iter().take(length)),
            }
        }
    }
    answer
}

impl Answer {
    /// The values of the lines called `name`, which is in lower case.
    pub(super) fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(line, _)| line == name).map(|(_, value)| value.as_slice())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.lines(name).next().is_some()
    }

    /// Whether a `#token` list has a member, in any case.
    pub(super) fn lists(&self, name: &str, member: &str) -> bool {
        self.lines(name)
            .flat_map(|line| line.split(|byte| *byte == b','))
            .any(|listed| listed.trim_ascii().eq_ignore_ascii_case(member.as_bytes()))
    }

    pub(super) fn is_stream(&self) -> bool {
        self.lines("content-type").any(|value| {
            value.get(..17).is_some_and(|start| start.eq_ignore_ascii_case(b"text/event-stream"))
        })
    }

    /// The body, or the first event of a stream that has any data.
    pub(super) fn json(&self) -> Option<serde_json::Value> {
        if !self.is_stream() {
            return serde_json::from_slice(&self.body).ok();
        }
        let text = String::from_utf8_lossy(&self.body);
        text.lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .find_map(|data| serde_json::from_str(data).ok())
    }

    /// Calls `f` with what the model of browsers reads.
    pub(super) fn with<R>(&self, f: impl FnOnce(&crossgate::browser::Response<'_>) -> R) -> R {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        f(&crossgate::browser::Response { status: self.status, headers: &headers })
    }
}
