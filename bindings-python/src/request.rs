//! What a policy reads of an ASGI scope.
//! Source: <https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope>.

use crossgate::Request;
use pyo3::{
    exceptions::PyKeyError,
    intern,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyString},
};

use crate::raw;

/// The header lines that a policy reads, repeated ones joined.
#[derive(Default)]
pub(crate) struct Lines<'py> {
    pub(crate) host: Option<Bound<'py, PyBytes>>,
    pub(crate) origin: Option<Bound<'py, PyBytes>>,
    pub(crate) request_method: Option<Bound<'py, PyBytes>>,
    pub(crate) request_headers: Option<Bound<'py, PyBytes>>,
}

impl<'py> Lines<'py> {
    fn take(&mut self, name: &[u8], value: Borrowed<'_, 'py, PyAny>) -> PyResult<()> {
        // Servers send lower case, as they must; what else comes is read all the same.
        let is = |known: &[u8]| name == known || name.eq_ignore_ascii_case(known);
        let line = match name.len() {
            4 if is(b"host") => &mut self.host,
            6 if is(b"origin") => &mut self.origin,
            29 if is(b"access-control-request-method") => &mut self.request_method,
            30 if is(b"access-control-request-headers") => &mut self.request_headers,
            _ => return Ok(()),
        };
        let value = value.cast::<PyBytes>()?;
        let bytes = without_whitespace(value.as_bytes());
        *line = Some(match line.take() {
            None if bytes.len() == value.as_bytes().len() => value.to_owned(),
            earlier => joined(earlier, bytes, value.py()),
        });
        Ok(())
    }
}

#[cold]
fn joined<'py>(
    earlier: Option<Bound<'py, PyBytes>>,
    line: &[u8],
    py: Python<'py>,
) -> Bound<'py, PyBytes> {
    match earlier {
        None => PyBytes::new(py, line),
        Some(earlier) => PyBytes::new(py, &[earlier.as_bytes(), line].join(&b", "[..])),
    }
}

/// A field's value has no whitespace around it, and httptools leaves it there.
/// <https://www.rfc-editor.org/rfc/rfc9110#section-5.5>
#[inline]
fn without_whitespace(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

/// The lengths of the names that [`Lines::take`] knows.
const LENGTHS: u64 = 1 << 4 | 1 << 6 | 1 << 29 | 1 << 30;

/// What is read of a scope besides its headers and the method of a preflight: each look-up costs as
/// much as a decision.
#[derive(Clone, Copy)]
pub(crate) struct Reads {
    pub(crate) path: bool,
    pub(crate) method: bool,
}

impl Reads {
    /// For those who tell of a request.
    pub(crate) fn with_method(self) -> Self {
        Self { method: true, ..self }
    }
}

/// A scope's part in a decision.
#[derive(Default)]
pub(crate) struct Scope<'py> {
    method: Option<Bound<'py, PyString>>,
    path: Option<Bound<'py, PyAny>>,
    pub(crate) lines: Lines<'py>,
}

impl<'py> Scope<'py> {
    /// Into a new one: to move it, out of a result too, costs as much as to read three headers.
    #[inline]
    pub(crate) fn fill(&mut self, scope: &Bound<'py, PyAny>, reads: Reads) -> PyResult<()> {
        let py = scope.py();
        if reads.path {
            self.path = get(scope, intern!(py, "raw_path"))?.filter(|raw| !raw.is_none());
            if self.path.is_none() {
                self.path = get(scope, intern!(py, "path"))?;
            }
        }
        if let Some(headers) = get(scope, intern!(py, "headers"))? {
            let headers = match headers.cast_into_exact::<PyList>() {
                Ok(list) => list,
                Err(error) => listed(scope, &error.into_inner())?,
            };
            raw::for_each_header(&headers, LENGTHS, |name, value| self.lines.take(name, value))?;
        }
        if reads.method || self.lines.request_method.is_some() {
            let method = get(scope, intern!(py, "method"))?;
            self.method = method.and_then(|method| method.cast_into().ok());
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn request(&self) -> Request<'_> {
        fn bytes<'a>(line: Option<&'a Bound<'_, PyBytes>>) -> Option<&'a [u8]> {
            line.map(pyo3::types::PyBytesMethods::as_bytes)
        }
        Request {
            // A WebSocket scope has none, but its handshake is a GET:
            // https://www.rfc-editor.org/rfc/rfc6455#section-4.1
            method: self.method.as_ref().map_or(b"GET", |method| text(method)),
            path: self.path.as_ref().map_or(b"", |path| path_of(path)),
            host: bytes(self.lines.host.as_ref()),
            origin: bytes(self.lines.origin.as_ref()),
            access_control_request_method: bytes(self.lines.request_method.as_ref()),
            access_control_request_headers: bytes(self.lines.request_headers.as_ref()),
        }
    }
}

/// Any iterable is allowed, so it might be one that can be read only once.
#[cold]
fn listed<'py>(
    scope: &Bound<'py, PyAny>,
    headers: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyList>> {
    let py = scope.py();
    let list = PyList::new(py, headers.try_iter()?.collect::<PyResult<Vec<_>>>()?)?;
    scope.set_item(intern!(py, "headers"), &list)?;
    Ok(list)
}

/// The raw path, without the query that some servers leave in it. Where a server gives none there
/// is only the decoded path, which is also all that the application's router sees.
fn path_of<'a>(path: &'a Bound<'_, PyAny>) -> &'a [u8] {
    if let Ok(raw) = path.cast::<PyBytes>() {
        return raw.as_bytes().split(|&byte| byte == b'?').next().unwrap_or_default();
    }
    path.cast::<PyString>().map_or(b"", |path| text(path))
}

/// A `str` that has no UTF-8 form equals nothing that a policy could list.
fn text<'a>(text: &'a Bound<'_, PyString>) -> &'a [u8] {
    text.to_str().map_or(b"\xff", str::as_bytes)
}

/// An entry of a scope or message, which may be any mapping.
#[inline]
pub(crate) fn get<'py>(
    mapping: &Bound<'py, PyAny>,
    key: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    match mapping.cast::<PyDict>() {
        Ok(dict) => raw::dict_item(dict, key.as_any()),
        Err(_) => get_of_mapping(mapping, key),
    }
}

#[cold]
fn get_of_mapping<'py>(
    mapping: &Bound<'py, PyAny>,
    key: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    match mapping.get_item(key) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<PyKeyError>(mapping.py()) => {
            raw::attached(|| drop(error));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

pub(crate) fn is_websocket(scope: &Bound<'_, PyAny>) -> PyResult<bool> {
    let kind = get(scope, intern!(scope.py(), "type"))?;
    Ok(kind.is_some_and(|kind| kind.extract::<&str>().is_ok_and(|kind| kind == "websocket")))
}
