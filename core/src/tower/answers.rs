//! The headers of every answer that depends on its request by the origin alone, made with the
//! policy: cloning a map is cheaper than filling one, which hashes each name.

use alloc::{sync::Arc, vec::Vec};

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_TYPE, VARY,
        X_CONTENT_TYPE_OPTIONS,
    },
};

use crate::{
    http::{merge, remove_shared},
    policy::Policy,
    request::Request,
    verdict::Verdict,
};

/// By the bits of their headers, and whether there is a body.
pub(super) struct Answers(Vec<(u32, bool, Arc<HeaderMap>)>);

impl Answers {
    /// One that is not among these is made for its request ([`make`]).
    pub(super) fn new(policy: &Policy) -> Self {
        const VARYING: u32 = Verdict::VARY_ORIGIN | Verdict::VARY_PREFLIGHT;
        const READABLE: u32 = Verdict::ALLOW_ORIGIN | Verdict::ALLOW_CREDENTIALS | VARYING;
        let prepare = |(bits, body)| {
            let request = Request { origin: Some(b""), ..Request::default() };
            (bits, body, Arc::new(make(policy, Verdict(bits), &request, body)))
        };
        let answers = [
            (policy.share, false),
            (policy.preflight, false),
            (VARYING, true),
            (Verdict::VARY_ORIGIN, true),
            (policy.share, true),
            (policy.preflight & READABLE, true),
        ];
        Self(answers.map(prepare).into())
    }

    /// In place of an origin there is an empty value.
    pub(super) fn get(&self, verdict: Verdict, body: bool) -> Option<&Arc<HeaderMap>> {
        let found = self
            .0
            .iter()
            .find(|(bits, with_body, _)| *bits == verdict.0 & HEADERS && *with_body == body);
        found.map(|(.., headers)| headers)
    }
}

/// Whether `Vary: Origin` is all that a verdict writes: less work to insert than to clone.
pub(super) fn is_vary_alone(verdict: Verdict) -> bool {
    verdict.0 & HEADERS == Verdict::VARY_ORIGIN
}

/// The headers of an answer, `Access-Control-Allow-Origin` first.
pub(super) fn make(
    policy: &Policy,
    verdict: Verdict,
    request: &Request<'_>,
    body: bool,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(6);
    for (name, text) in policy.headers(verdict, *request) {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if policy.constant {
        set_origin(&mut headers, verdict.has(Verdict::ALLOW_ORIGIN).then_some(ANY));
    }
    if verdict.has(Verdict::VARY_PREFLIGHT) {
        headers.insert(VARY, VARY_PREFLIGHT);
    } else if verdict.has(Verdict::VARY_ORIGIN) {
        headers.insert(VARY, VARY_ORIGIN);
    }
    if body {
        let content_type = policy.body_format.content_type();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    headers
}

/// Of an answer that has one, in its first place.
pub(super) fn set_origin(answer: &mut HeaderMap, origin: Option<HeaderValue>) {
    if let Some(origin) = origin
        && let Some(first) = answer.values_mut().next()
    {
        *first = origin;
    }
}

/// Writes an answer over the application's headers.
pub(super) fn write(headers: &mut HeaderMap, answer: &HeaderMap, mut origin: Option<HeaderValue>) {
    if headers.is_empty() {
        headers.clone_from(answer);
        set_origin(headers, origin);
        return;
    }
    remove_shared(headers);
    for (name, value) in answer {
        if *name == ACCESS_CONTROL_ALLOW_ORIGIN {
            headers.insert(name, origin.take().unwrap_or_else(|| value.clone()));
        } else if *name == VARY || *name == ACCESS_CONTROL_EXPOSE_HEADERS {
            merge(headers, name.clone(), value.clone());
        } else {
            headers.insert(name, value.clone());
        }
    }
}

/// Writes the answer that [`is_vary_alone`].
pub(super) fn write_vary(headers: &mut HeaderMap) {
    remove_shared(headers);
    merge(headers, VARY, VARY_ORIGIN);
}

/// The innermost policy wins: whether an inner layer has written these headers.
///
/// Its `Vary` or its `*` are these very bytes, not only equal ones, which costs nothing to leave
/// and to see.
pub(super) fn are_decided(headers: &HeaderMap) -> bool {
    headers.values().any(|value| OURS.as_ptr_range().contains(&value.as_bytes().as_ptr()))
}

/// The linker gives equal bytes one address, an application's literal `"Origin"` those of a static
/// too: as a whole these equal nothing that anybody writes.
static OURS: [u8; 70] = *b"*Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
const ANY: HeaderValue = constant(OURS.split_at(1).0);
const VARY_ORIGIN: HeaderValue = constant(OURS.split_at(1).1.split_at(6).0);
const VARY_PREFLIGHT: HeaderValue = constant(OURS.split_at(1).1);

/// The bits of a [`Verdict`] that stand for headers.
const HEADERS: u32 = !0xff;

/// A value is checked byte by byte when it is made, so these are made by the compiler.
const fn constant(bytes: &'static [u8]) -> HeaderValue {
    match core::str::from_utf8(bytes) {
        Ok(text) => HeaderValue::from_static(text),
        Err(_) => HeaderValue::from_static(""),
    }
}
