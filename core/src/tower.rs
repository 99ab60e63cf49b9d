//! Feature `tower`: a layer for axum, rmcp and anything else that speaks `tower`.
//!
//! Put it outermost, so that errors, authentication and rate limits below it answer readably.

use alloc::{string::String, sync::Arc, vec::Vec};
use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
        ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_MAX_AGE, CONTENT_TYPE, ORIGIN, VARY, X_CONTENT_TYPE_OPTIONS,
    },
};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    http::{merge, remove_shared, with_request},
    policy::Policy,
    policy_set::PolicySet,
    request::Request,
    response::Decision,
    verdict::{Outcome, Verdict},
};

/// Decides every request of the service that it wraps.
///
/// ```
/// use crossgate::{Config, Paths, PolicySet, tower::CorsLayer};
///
/// let layer = CorsLayer::new(PolicySet::mcp(
///     &Config {
///         allow_origins: &["https://app.example.com"],
///         allow_hosts: Some(&["mcp.example.com"]),
///         ..Config::MCP
///     },
///     &Paths::NONE,
/// )?);
/// # let _ = layer;
/// # Ok::<(), crossgate::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct CorsLayer {
    shared: Arc<Shared>,
}

struct Shared {
    policies: PolicySet,
    /// In the order of [`PolicySet::policies`].
    values: Vec<Values>,
    origins: Option<OriginFn>,
    audit: Option<AuditFn>,
}

type OriginFn = Arc<dyn Fn(&str, &HeaderMap) -> bool + Send + Sync>;
type AuditFn = Arc<dyn Fn(&Request<'_>, &Decision<'_>) + Send + Sync>;

impl CorsLayer {
    /// A layer of these policies, or of one [`Policy`].
    #[must_use]
    pub fn new(policies: impl Into<PolicySet>) -> Self {
        let policies = policies.into();
        let values = policies.policies().map(Values::new).collect();
        Self { shared: Arc::new(Shared { policies, values, origins: None, audit: None }) }
    }

    /// Decides the origins that are well formed and not listed
    /// ([`Config::origins_by_host`](crate::Config::origins_by_host)), given the origin and the
    /// request's headers.
    #[must_use]
    pub fn allow_origin_fn(
        self,
        allows: impl Fn(&str, &HeaderMap) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.with(|shared| shared.origins = Some(Arc::new(allows)))
    }

    /// Is told every decision on a request with `Origin`, and every refusal: preflights too, which
    /// log middleware below never sees.
    #[must_use]
    pub fn on_decision(
        self,
        audit: impl Fn(&Request<'_>, &Decision<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.with(|shared| shared.audit = Some(Arc::new(audit)))
    }

    fn with(self, change: impl FnOnce(&mut Shared)) -> Self {
        let mut shared = self.shared;
        // A layer that is being built has not been cloned; one that was keeps its clones as they are.
        if let Some(shared) = Arc::get_mut(&mut shared) {
            change(shared);
        }
        Self { shared }
    }
}

impl fmt::Debug for CorsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CorsLayer").field("policies", &self.shared.policies).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for CorsLayer {
    type Service = CorsService<S>;

    fn layer(&self, inner: S) -> CorsService<S> {
        CorsService { shared: Arc::clone(&self.shared), inner }
    }
}

/// A service behind a [`CorsLayer`].
#[derive(Clone)]
pub struct CorsService<S> {
    shared: Arc<Shared>,
    inner: S,
}

impl<S: fmt::Debug> fmt::Debug for CorsService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CorsService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, ReqBody, ResBody> Service<http::Request<ReqBody>> for CorsService<S>
where
    S: Service<http::Request<ReqBody>, Response = http::Response<ResBody>>,
    ResBody: From<String>,
{
    type Response = http::Response<ResBody>;
    type Error = S::Error;
    type Future = CorsFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<ReqBody>) -> Self::Future {
        let state = match self.shared.decide(&request) {
            Step::Respond(response) => State::Respond { response: Some(response) },
            Step::Continue(additions) => State::Continue {
                inner: self.inner.call(request),
                shared: Arc::clone(&self.shared),
                additions,
            },
        };
        CorsFuture { state }
    }
}

enum Step<ResBody> {
    Respond(http::Response<ResBody>),
    Continue(Additions),
}

/// What is to be written over the application's headers.
struct Additions {
    nth: usize,
    verdict: Verdict,
    origin: Option<HeaderValue>,
}

/// The innermost policy wins: whether an inner layer has written this response.
///
/// Its `Vary` line is these very bytes, not only equal ones, which costs nothing to leave and to
/// see; where it wrote none, it left a [`Decided`].
fn is_decided<B>(response: &http::Response<B>) -> bool {
    let ours = |line: &HeaderValue| {
        [VARY_ORIGIN.as_ptr(), VARY_PREFLIGHT.as_ptr()].contains(&line.as_bytes().as_ptr())
    };
    response.headers().get_all(VARY).iter().any(ours)
        || response.extensions().get::<Decided>().is_some()
}

#[derive(Clone, Copy)]
struct Decided;

/// A value is checked byte by byte when it is made, so these are made by the compiler.
fn vary(verdict: Verdict) -> Option<HeaderValue> {
    const ORIGIN: HeaderValue = constant(&VARY_ORIGIN);
    const PREFLIGHT: HeaderValue = constant(&VARY_PREFLIGHT);
    if verdict.has(Verdict::VARY_PREFLIGHT) {
        Some(PREFLIGHT)
    } else {
        verdict.has(Verdict::VARY_ORIGIN).then_some(ORIGIN)
    }
}

const fn constant(bytes: &'static [u8]) -> HeaderValue {
    match core::str::from_utf8(bytes) {
        Ok(text) => HeaderValue::from_static(text),
        Err(_) => HeaderValue::from_static(""),
    }
}

// Statics, for two of them never share an address, as equal constants may.
static VARY_ORIGIN: [u8; 6] = *b"Origin";
static VARY_PREFLIGHT: [u8; 69] =
    *b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

impl Shared {
    fn decide<ReqBody, ResBody: From<String>>(
        &self,
        request: &http::Request<ReqBody>,
    ) -> Step<ResBody> {
        with_request(request, |fields| self.decide_fields(fields, request.headers()))
    }

    fn decide_fields<ResBody: From<String>>(
        &self,
        fields: &Request<'_>,
        headers: &HeaderMap,
    ) -> Step<ResBody> {
        let nth = self.policies.index(fields.path);
        let policy = self.policies.policy(nth);
        let mut verdict = policy.verdict(fields);
        if verdict.outcome() == Outcome::Undecided {
            let origin = fields.origin.and_then(|origin| core::str::from_utf8(origin).ok());
            let allowed = origin
                .zip(self.origins.as_ref())
                .is_some_and(|(origin, allows)| allows(origin, headers));
            verdict = policy.verdict_given(fields, allowed);
        }
        if let Some(audit) = &self.audit
            && verdict.outcome() != Outcome::NotCors
        {
            audit(fields, &policy.decision(verdict, fields));
        }
        // A clone of the request's own value, never of a pattern.
        let shared = verdict.has(Verdict::ALLOW_ORIGIN) && !policy.constant;
        let origin = if shared { headers.get(ORIGIN).cloned() } else { None };
        let additions = Additions { nth, verdict, origin };
        if verdict.continues() {
            Step::Continue(additions)
        } else {
            Step::Respond(self.respond(policy, *fields, additions))
        }
    }

    fn respond<ResBody: From<String>>(
        &self,
        policy: &Policy,
        request: Request<'_>,
        mut additions: Additions,
    ) -> http::Response<ResBody> {
        let verdict = additions.verdict;
        let body = policy.body(verdict, request);
        let mut headers = HeaderMap::with_capacity(6);
        if let Some((content_type, _)) = &body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            headers.insert(X_CONTENT_TYPE_OPTIONS, const { constant(b"nosniff") });
        }
        let marked = if verdict.has(Verdict::METHODS_REQUESTED | Verdict::HEADERS_REQUESTED) {
            policy.decision(verdict, &request).apply(&mut headers);
            false
        } else {
            self.write(&mut headers, &mut additions)
        };
        let body = body.map_or_else(String::new, |(_, body)| body);
        let mut response = http::Response::new(ResBody::from(body));
        let status = policy.status(verdict).and_then(|status| StatusCode::from_u16(status).ok());
        *response.status_mut() = status.unwrap_or(StatusCode::FORBIDDEN);
        *response.headers_mut() = headers;
        if !marked {
            response.extensions_mut().insert(Decided);
        }
        response
    }

    /// Whether its own line of `Vary` now stands in the headers.
    fn write(&self, headers: &mut HeaderMap, additions: &mut Additions) -> bool {
        let verdict = additions.verdict;
        let Some(values) = self.values.get(additions.nth) else { return false };
        remove_shared(headers);
        if verdict.has(Verdict::ALLOW_ORIGIN)
            && let Some(origin) = values.any_origin.clone().or(additions.origin.take())
        {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        if verdict.has(Verdict::ALLOW_CREDENTIALS) {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, const { constant(b"true") });
        }
        if verdict.has(Verdict::ALLOW_METHODS) {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, values.methods.clone());
        }
        if verdict.has(Verdict::ALLOW_HEADERS) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, values.headers.clone());
        }
        if verdict.has(Verdict::MAX_AGE) {
            headers.insert(ACCESS_CONTROL_MAX_AGE, values.max_age.clone());
        }
        if verdict.has(Verdict::EXPOSE_HEADERS) {
            merge(headers, ACCESS_CONTROL_EXPOSE_HEADERS, values.expose.clone());
        }
        vary(verdict).is_some_and(|vary| merge(headers, VARY, vary))
    }
}

/// The constant header values of a policy: cloning one counts a reference.
struct Values {
    any_origin: Option<HeaderValue>,
    methods: HeaderValue,
    headers: HeaderValue,
    max_age: HeaderValue,
    expose: HeaderValue,
}

impl Values {
    fn new(policy: &Policy) -> Self {
        // INVARIANT: a policy holds nothing but tokens and digits.
        let value =
            |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
        Self {
            any_origin: policy.constant.then(|| HeaderValue::from_static("*")),
            methods: value(&policy.methods.value),
            headers: value(&policy.headers.value),
            max_age: value(policy.max_age.as_deref().unwrap_or_default()),
            expose: value(&policy.expose),
        }
    }
}

pin_project! {
    /// The answer of a [`CorsService`].
    pub struct CorsFuture<F, ResBody> {
        #[pin]
        state: State<F, ResBody>,
    }
}

pin_project! {
    #[project = Projection]
    enum State<F, ResBody> {
        Respond { response: Option<http::Response<ResBody>> },
        Continue { #[pin] inner: F, shared: Arc<Shared>, additions: Additions },
    }
}

impl<F, ResBody> fmt::Debug for CorsFuture<F, ResBody> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CorsFuture").finish_non_exhaustive()
    }
}

impl<F, ResBody, E> Future for CorsFuture<F, ResBody>
where
    F: Future<Output = Result<http::Response<ResBody>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project().state.project() {
            Projection::Respond { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                // Polled again after it was ready, which no executor does.
                None => Poll::Pending,
            },
            Projection::Continue { inner, shared, additions } => {
                let mut response = ready!(inner.poll(cx))?;
                if !is_decided(&response) && !shared.write(response.headers_mut(), additions) {
                    response.extensions_mut().insert(Decided);
                }
                Poll::Ready(Ok(response))
            }
        }
    }
}
