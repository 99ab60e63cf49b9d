//! The core's verdicts as Python's objects, made once and shared by all responses.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

use crossgate::{Policy, Request, Verdict};
use pyo3::{
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyBytes, PyDict, PyList, PyTuple},
};

use crate::raw;

/// What one policy answers, so far as that is the same for every request.
pub(crate) struct Answers {
    shared: PyOnceLock<Tail>,
    private: PyOnceLock<Tail>,
    /// With the message that they go into.
    preflight: PyOnceLock<(Tail, Py<PyDict>)>,
}

/// The headers of an answer, but for an origin that is the request's own.
pub(crate) struct Tail {
    headers: Py<PyTuple>,
    /// `Access-Control-Allow-Origin` is the request's own origin and stands before them.
    reflects: bool,
    /// All of them.
    last: raw::Last,
}

impl Answers {
    pub(crate) const fn new() -> Self {
        Self { shared: PyOnceLock::new(), private: PyOnceLock::new(), preflight: PyOnceLock::new() }
    }

    /// The headers of a verdict by which the application answers: they depend on nothing but
    /// whether the page may read the answer.
    #[inline]
    pub(crate) fn of_continued(
        &self,
        py: Python<'_>,
        policy: &Policy,
        verdict: Verdict,
    ) -> PyResult<&Tail> {
        let shared = verdict.has(Verdict::ALLOW_ORIGIN);
        let tail = if shared { &self.shared } else { &self.private };
        tail.get_or_try_init(py, || Tail::new(py, policy, verdict, Request::default(), None))
    }

    /// The start and the body of an answer given now.
    pub(crate) fn respond<'py>(
        &self,
        py: Python<'py>,
        policy: &Policy,
        verdict: Verdict,
        request: Request<'_>,
        origin: Option<&Bound<'py, PyBytes>>,
    ) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        const REQUESTED: u32 = Verdict::METHODS_REQUESTED | Verdict::HEADERS_REQUESTED;
        let status = policy.status(verdict).unwrap_or(403);
        // Copies, since servers and middleware change messages.
        let body = body_message(py)?.copy()?;
        let (start, headers) = if status < 300 && !verdict.has(REQUESTED) {
            let new = || {
                let tail = Tail::new(py, policy, verdict, request, Some((status, None)))?;
                PyResult::Ok((tail, start_message(py, status)?.unbind()))
            };
            let (tail, start) = self.preflight.get_or_try_init(py, new)?;
            let headers = raw::append(&PyList::empty(py), &tail.headers(py, origin)?)?;
            (start.bind(py).copy()?, headers)
        } else {
            let framed = policy.body(verdict, request);
            let framed = framed.as_ref().map(|(kind, text)| (*kind, &**text));
            let length = framed.map(|(kind, text)| (kind, text.len()));
            let tail = Tail::new(py, policy, verdict, request, Some((status, length)))?;
            if let Some((_, text)) = framed {
                body.set_item(intern!(py, "body"), PyBytes::new(py, text.as_bytes()))?;
            }
            let headers = raw::append(&PyList::empty(py), &tail.headers(py, origin)?)?;
            (start_message(py, status)?, headers)
        };
        start.set_item(intern!(py, "headers"), headers)?;
        Ok((start, body))
    }
}

/// The message that starts an answer, without its headers.
fn start_message(py: Python<'_>, status: u16) -> PyResult<Bound<'_, PyDict>> {
    let message = PyDict::new(py);
    message.set_item(intern!(py, "type"), intern!(py, "http.response.start"))?;
    message.set_item(intern!(py, "status"), status)?;
    Ok(message)
}

/// The message that ends an answer without content.
fn body_message(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static MESSAGE: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let new = || {
        let message = PyDict::new(py);
        message.set_item(intern!(py, "type"), intern!(py, "http.response.body"))?;
        message.set_item(intern!(py, "body"), PyBytes::new(py, b""))?;
        PyResult::Ok(message.unbind())
    };
    Ok(MESSAGE.get_or_try_init(py, new)?.bind(py))
}

impl Tail {
    /// `answer` is the status of an answer that we give ourselves, and its body's type and length.
    fn new(
        py: Python<'_>,
        policy: &Policy,
        verdict: Verdict,
        request: Request<'_>,
        answer: Option<(u16, Option<(&str, usize)>)>,
    ) -> PyResult<Self> {
        // Without the request's origin its header is left out, unless it is the constant `*`.
        let request = Request { origin: None, ..request };
        let mut reflects = verdict.has(Verdict::ALLOW_ORIGIN);
        let mut headers = Vec::new();
        for (name, value) in policy.headers(verdict, request) {
            reflects &= name.as_bytes() != ALLOW_ORIGIN;
            headers.push(header(py, name, &value)?);
        }
        if let Some(names) = verdict.vary() {
            headers.push(header(py, "vary", names)?);
        }
        if let Some((_, Some((content_type, _)))) = answer {
            headers.push(header(py, "content-type", content_type)?);
            headers.push(header(py, "x-content-type-options", "nosniff")?);
        }
        // https://www.rfc-editor.org/rfc/rfc9110#section-8.6: none with 204.
        if let Some((status, body)) = answer
            && status != 204
        {
            let length = body.map_or(0, |(_, length)| length);
            headers.push(header(py, "content-length", &length.to_string())?);
        }
        Ok(Self { headers: PyTuple::new(py, headers)?.unbind(), reflects, last: raw::Last::new() })
    }

    /// All headers of the answer to a request.
    #[inline]
    pub(crate) fn headers<'py>(
        &self,
        py: Python<'py>,
        origin: Option<&Bound<'py, PyBytes>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        match origin.filter(|_| self.reflects) {
            None => Ok(self.headers.bind(py).clone()),
            Some(origin) => match self.last.get(origin) {
                Some(headers) => Ok(headers),
                None => raw::attached(|| self.reflecting(origin)),
            },
        }
    }

    #[cold]
    fn reflecting<'py>(&self, origin: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyTuple>> {
        let py = origin.py();
        let allow_origin = (allow_origin(py), origin).into_pyobject(py)?.into_any();
        let others = self.headers.bind(py).iter();
        let headers =
            PyTuple::new(py, [allow_origin].into_iter().chain(others).collect::<Vec<_>>())?;
        self.last.set(origin, &headers);
        Ok(headers)
    }
}

fn header<'py>(py: Python<'py>, name: &str, value: &str) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, [PyBytes::new(py, name.as_bytes()), PyBytes::new(py, value.as_bytes())])
}

/// The name of `Access-Control-Allow-Origin`.
fn allow_origin(py: Python<'_>) -> &Bound<'_, PyBytes> {
    static NAME: PyOnceLock<Py<PyBytes>> = PyOnceLock::new();
    NAME.get_or_init(py, || PyBytes::new(py, ALLOW_ORIGIN).unbind()).bind(py)
}

const VARY: &[u8] = b"vary";
const ALLOW_ORIGIN: &[u8] = b"access-control-allow-origin";
const EXPOSE_HEADERS: &[u8] = b"access-control-expose-headers";
const ALLOW_CREDENTIALS: &[u8] = b"access-control-allow-credentials";
/// By this a Crossgate inside another one tells it that the answer is decided.
const DECIDED: &[u8] = b"crossgate-decided";

/// Whether an application's header is one that concerns us.
#[inline]
pub(crate) fn is_ours(name: &[u8]) -> bool {
    let own = match name.len() {
        4 => VARY,
        17 => DECIDED,
        27 => ALLOW_ORIGIN,
        29 => EXPOSE_HEADERS,
        32 => ALLOW_CREDENTIALS,
        _ => return false,
    };
    name.eq_ignore_ascii_case(own)
}

/// The mark of an inner Crossgate. Its value is this process's secret: what lies behind the
/// application must not be able to set it.
pub(crate) fn decided_mark(py: Python<'_>) -> PyResult<&Bound<'_, PyTuple>> {
    static MARK: PyOnceLock<Py<PyTuple>> = PyOnceLock::new();
    let new = || {
        let secret = format!("{:016x}", RandomState::new().build_hasher().finish());
        let mark = [PyBytes::new(py, DECIDED), PyBytes::new(py, secret.as_bytes())];
        PyResult::Ok(PyTuple::new(py, mark)?.unbind())
    };
    Ok(MARK.get_or_try_init(py, new)?.bind(py))
}

/// The application's headers and ours where both name the same: one
/// `Access-Control-Allow-Origin`, one `Access-Control-Allow-Credentials`, and lists joined.
pub(crate) fn merge<'py>(
    given: &Bound<'py, PyList>,
    ours: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyList>> {
    let py = given.py();
    let mark = decided_mark(py)?;
    let merged = PyList::empty(py);
    // The innermost Crossgate wins: it knows the route.
    if given.contains(mark)? {
        for header in given {
            if !header.eq(mark)? {
                merged.append(header)?;
            }
        }
        return Ok(merged);
    }
    let (mut vary, mut exposed) = (Vec::new(), Vec::new());
    for header in given {
        let name = header.get_item(0)?.cast_into::<PyBytes>()?;
        let (list, value) = match &*name.as_bytes().to_ascii_lowercase() {
            ALLOW_ORIGIN | ALLOW_CREDENTIALS | DECIDED => continue,
            VARY if has(ours, VARY)? => (&mut vary, header.get_item(1)?),
            EXPOSE_HEADERS if has(ours, EXPOSE_HEADERS)? => (&mut exposed, header.get_item(1)?),
            _ => {
                merged.append(header)?;
                continue;
            }
        };
        list.push(value.extract::<Vec<u8>>()?);
    }
    for header in ours {
        let (name, value): (Vec<u8>, Vec<u8>) = header.extract()?;
        let value = match &*name {
            // https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5: `*` says it all.
            VARY if vary.iter().any(|names| contains(names, b"*")) => b"*".to_vec(),
            VARY => union(vary.join(&b", "[..]), &value),
            EXPOSE_HEADERS => union(value, &exposed.join(&b", "[..])),
            _ => {
                merged.append(header)?;
                continue;
            }
        };
        merged.append((PyBytes::new(py, &name), PyBytes::new(py, &value)))?;
    }
    Ok(merged)
}

fn has(headers: &Bound<'_, PyTuple>, name: &[u8]) -> PyResult<bool> {
    for header in headers {
        if header.get_item(0)?.cast::<PyBytes>()?.as_bytes() == name {
            return Ok(true);
        }
    }
    Ok(false)
}

fn names(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty())
}

fn contains(list: &[u8], name: &[u8]) -> bool {
    names(list).any(|known| known.eq_ignore_ascii_case(name))
}

/// The names of one list, then those that it lacks of another.
fn union(mut list: Vec<u8>, added: &[u8]) -> Vec<u8> {
    for name in names(added) {
        if !contains(&list, name) {
            if !list.trim_ascii().is_empty() {
                list.extend_from_slice(b", ");
            }
            list.extend_from_slice(name);
        }
    }
    list
}
