//! One exchange: what the page asks for, and what the server will answer.

use std::{
    fmt::{self, Write},
    sync::Arc,
};

use crossgate::browser::{Fetch, Response};

use crate::mounted::Mounted;

pub(crate) type Line = (String, Vec<u8>);

#[derive(Clone)]
pub(crate) struct Case {
    /// The field of a profile that this case watches over; `None` for a random case.
    pub(crate) sentinel: Option<&'static str>,
    /// The policy that answers in a server of its own; `None` for answers that are scripted.
    pub(crate) mounted: Option<Arc<Mounted>>,
    /// Run in a sandboxed frame, whose origin is `null`.
    pub(crate) opaque: bool,
    /// By an `XMLHttpRequest` that listens for upload progress.
    pub(crate) upload: bool,
    pub(crate) method: String,
    pub(crate) headers: Vec<Line>,
    /// `include`, `same-origin` or `omit`.
    pub(crate) credentials: &'static str,
    pub(crate) preflight: Answer,
    pub(crate) actual: Answer,
}

#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<Line>,
}

impl Case {
    /// A GET that every server answers in the page's favour.
    pub(crate) fn allowed(origin: &str) -> Self {
        let allow = vec![line("access-control-allow-origin", origin)];
        Self {
            sentinel: None,
            mounted: None,
            opaque: false,
            upload: false,
            method: "GET".into(),
            headers: vec![],
            credentials: "omit",
            preflight: Answer { status: 204, headers: allow.clone() },
            actual: Answer { status: 200, headers: allow },
        }
    }

    pub(crate) fn fetch<'a>(
        &'a self,
        origin: &'a str,
        headers: &'a [(&'a str, &'a [u8])],
    ) -> Fetch<'a> {
        Fetch {
            origin: if self.opaque { "null" } else { origin },
            method: &self.method,
            headers,
            credentials: self.credentials == "include",
            always_preflight: self.upload,
        }
    }

    pub(crate) fn to_json(&self, id: usize, url: &str) -> String {
        let mut json = format!(
            "{{\"id\":{id},\"url\":\"{url}\",\"opaque\":{},\"upload\":{},\"credentials\":\"{}\",\"method\":",
            self.opaque, self.upload, self.credentials
        );
        push_string(&mut json, self.method.as_bytes());
        json.push_str(",\"headers\":[");
        for (place, (name, value)) in self.headers.iter().enumerate() {
            json.push_str(if place == 0 { "[" } else { ",[" });
            push_string(&mut json, name.as_bytes());
            json.push(',');
            push_string(&mut json, value);
            json.push(']');
        }
        json.push_str("]}");
        json
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = if self.upload { "XMLHttpRequest" } else { "fetch" };
        let page = if self.opaque { "null" } else { "page" };
        writeln!(f, "{by} {} from {page}, credentials {}", self.method, self.credentials)?;
        write_lines(f, ">", &self.headers)?;
        if let Some(mounted) = &self.mounted {
            writeln!(f, "to {} with {:?}", mounted.url, mounted.options)?;
        }
        for (leg, answer) in [("preflight", &self.preflight), ("actual", &self.actual)] {
            writeln!(f, "{leg} {}", answer.status)?;
            write_lines(f, "<", &answer.headers)?;
        }
        Ok(())
    }
}

fn write_lines(f: &mut fmt::Formatter<'_>, mark: &str, lines: &[Line]) -> fmt::Result {
    lines
        .iter()
        .try_for_each(|(name, value)| writeln!(f, "  {mark} {name}: {}", value.escape_ascii()))
}

impl Answer {
    pub(crate) fn response<'a>(&self, headers: &'a [(&'a str, &'a [u8])]) -> Response<'a> {
        Response { status: self.status, headers }
    }
}

pub(crate) fn line(name: &str, value: impl AsRef<[u8]>) -> Line {
    (name.into(), value.as_ref().into())
}

pub(crate) fn borrow(lines: &[Line]) -> Vec<(&str, &[u8])> {
    lines.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect()
}

/// A byte is the code point of the same number, as in the strings of the Fetch API.
fn push_string(json: &mut String, bytes: &[u8]) {
    json.push('"');
    for byte in bytes {
        match byte {
            b' '..=b'~' if !b"\"\\<".contains(byte) => json.push(char::from(*byte)),
            _ => {
                let _ = write!(json, "\\u{byte:04x}");
            }
        }
    }
    json.push('"');
}
