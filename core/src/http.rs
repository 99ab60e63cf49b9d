//! Feature `http`: decisions on the types of the `http` crate.
//!
//! ```
//! use crossgate::{Config, Policy, http::RequestFields};
//!
//! let policy = Policy::new(&Config { allow_origins: &["https://a.example"], ..Config::DEFAULT })?;
//! let request = http::Request::get("/").header("origin", "https://a.example").body(()).unwrap();
//! let fields = RequestFields::from(&request);
//! let mut response = http::Response::new("hello");
//! policy.decide(&fields.as_request()).apply(response.headers_mut());
//! assert_eq!(response.headers()["access-control-allow-origin"], "https://a.example");
//! assert_eq!(response.headers()["vary"], "Origin");
//! # Ok::<(), crossgate::ConfigError>(())
//! ```

use alloc::{borrow::Cow, vec::Vec};

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, Entry, HOST, ORIGIN, VARY,
    },
    request::Parts,
    uri::Uri,
};

use crate::{request::Request, response::Answer};

/// What CORS reads of an `http` request. It borrows, unless a header has several lines.
#[derive(Clone, Debug)]
pub struct RequestFields<'a> {
    method: &'a [u8],
    path: &'a [u8],
    host: Option<Cow<'a, [u8]>>,
    origin: Option<Cow<'a, [u8]>>,
    access_control_request_method: Option<Cow<'a, [u8]>>,
    access_control_request_headers: Option<Cow<'a, [u8]>>,
}

impl<'a> RequestFields<'a> {
    /// The same, for [`Policy::decide`](crate::Policy::decide).
    #[must_use]
    pub fn as_request(&self) -> Request<'_> {
        Request {
            method: self.method,
            path: self.path,
            host: self.host.as_deref(),
            origin: self.origin.as_deref(),
            access_control_request_method: self.access_control_request_method.as_deref(),
            access_control_request_headers: self.access_control_request_headers.as_deref(),
        }
    }

    fn new(method: &'a http::Method, uri: &'a Uri, headers: &'a HeaderMap) -> Self {
        let method = method.as_str().as_bytes();
        let preflight = method == b"OPTIONS";
        Self {
            method,
            path: uri.path().as_bytes(),
            host: host(uri, headers),
            origin: join(headers, &ORIGIN),
            access_control_request_method: preflight
                .then(|| join(headers, &ACCESS_CONTROL_REQUEST_METHOD))
                .flatten(),
            access_control_request_headers: preflight
                .then(|| join(headers, &ACCESS_CONTROL_REQUEST_HEADERS))
                .flatten(),
        }
    }
}

/// Lends what CORS reads of a request, and its (first) `Origin`, without the detour by
/// [`RequestFields`] where no header has a second line.
pub(crate) fn with_request<B, R>(
    request: &http::Request<B>,
    f: impl FnOnce(&Request<'_>, Option<&HeaderValue>) -> R,
) -> R {
    let headers = request.headers();
    if headers.len() != headers.keys_len() || request.uri().authority().is_some() {
        return f(&RequestFields::from(request).as_request(), headers.get(ORIGIN));
    }
    let mut fields = Request {
        method: request.method().as_str().as_bytes(),
        path: request.uri().path().as_bytes(),
        ..Request::default()
    };
    let mut origin = None;
    for (name, value) in headers {
        if *name == ORIGIN {
            origin = Some(value);
            fields.origin = Some(value.as_bytes());
        } else if *name == HOST {
            fields.host = Some(value.as_bytes());
        } else if *name == ACCESS_CONTROL_REQUEST_METHOD {
            fields.access_control_request_method = Some(value.as_bytes());
        } else if *name == ACCESS_CONTROL_REQUEST_HEADERS {
            fields.access_control_request_headers = Some(value.as_bytes());
        }
    }
    f(&fields, origin)
}

impl<'a> From<&'a Parts> for RequestFields<'a> {
    fn from(parts: &'a Parts) -> Self {
        Self::new(&parts.method, &parts.uri, &parts.headers)
    }
}

impl<'a, B> From<&'a http::Request<B>> for RequestFields<'a> {
    fn from(request: &'a http::Request<B>) -> Self {
        Self::new(request.method(), request.uri(), request.headers())
    }
}

impl Answer<'_> {
    /// Writes the headers of this decision over those of the application.
    ///
    /// Its `Access-Control-Allow-Origin` and `-Allow-Credentials` are removed, its
    /// `Access-Control-Expose-Headers` and `Vary` are merged; nothing else is touched.
    pub fn apply(&self, headers: &mut HeaderMap) {
        remove_shared(headers);
        for (name, value) in self.headers() {
            let Ok(value) = HeaderValue::from_str(&value) else { continue };
            let name = HeaderName::from_static(name);
            if name == ACCESS_CONTROL_EXPOSE_HEADERS {
                merge(headers, name, value);
            } else {
                headers.insert(name, value);
            }
        }
        if let Some(vary) = self.vary() {
            merge(headers, VARY, HeaderValue::from_static(vary));
        }
    }
}

/// One `Access-Control-Allow-Origin`, one `-Allow-Credentials`: browsers refuse two, even equal ones
/// (<https://fetch.spec.whatwg.org/#cors-check>).
pub(crate) fn remove_shared(headers: &mut HeaderMap) {
    // To compare with all names costs less than to hash one.
    let shared = |name: &HeaderName| {
        *name == ACCESS_CONTROL_ALLOW_ORIGIN || *name == ACCESS_CONTROL_ALLOW_CREDENTIALS
    };
    if headers.keys().any(shared) {
        headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
        headers.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
    }
}

/// Adds to a list the elements that it lacks, as a line of its own; `*` lacks none.
pub(crate) fn merge(headers: &mut HeaderMap, name: HeaderName, added: HeaderValue) {
    let mut lines = match headers.entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(added);
            return;
        }
        Entry::Occupied(lines) => lines,
    };
    let has = |element: &[u8]| {
        lines
            .iter()
            .flat_map(|line| elements(line.as_bytes()))
            .any(|known| known == b"*" || known.eq_ignore_ascii_case(element))
    };
    let lacking: Vec<&[u8]> = elements(added.as_bytes()).filter(|element| !has(element)).collect();
    if lacking.len() == elements(added.as_bytes()).count() {
        lines.append(added);
    } else if !lacking.is_empty()
        && let Ok(lacking) = HeaderValue::from_bytes(&lacking.join(b", ".as_slice()))
    {
        lines.append(lacking);
    }
}

fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

/// Several lines as one: so that two origins are malformed, and a split list is one list.
fn join<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, [u8]>> {
    let first = headers.get(name)?.as_bytes();
    // Nearly always no header at all has a second line.
    if headers.len() == headers.keys_len() {
        return Some(Cow::Borrowed(first));
    }
    let others = headers.get_all(name).iter().skip(1).map(HeaderValue::as_bytes);
    Some(others.fold(Cow::Borrowed(first), |joined, line| {
        Cow::Owned([joined.as_ref(), line].join(b", ".as_slice()))
    }))
}

/// `:authority`, which a server shows as the URI's, or `Host`; where both are and differ, neither
/// (<https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1>).
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<Cow<'a, [u8]>> {
    let host = join(headers, &HOST);
    let Some(authority) = uri.authority().map(|authority| authority.as_str().as_bytes()) else {
        return host;
    };
    match host {
        Some(host) if !host.eq_ignore_ascii_case(authority) => {
            Some(Cow::Owned([authority, host.as_ref()].join(b", ".as_slice())))
        }
        _ => Some(Cow::Borrowed(authority)),
    }
}
