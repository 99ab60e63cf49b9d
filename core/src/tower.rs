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
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
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
            Step::Continue(additions) => {
                State::Continue { inner: self.inner.call(request), additions }
            }
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
    verdict: Verdict,
    origin: Option<HeaderValue>,
    expose: Option<HeaderValue>,
}

impl Additions {
    /// Whether its own line of `Vary` now stands in the headers.
    fn write(&mut self, headers: &mut HeaderMap) -> bool {
        remove_shared(headers);
        if let Some(origin) = self.origin.take() {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        if self.verdict.has(Verdict::ALLOW_CREDENTIALS) {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, const { constant(b"true") });
        }
        if let Some(expose) = self.expose.take() {
            merge(headers, ACCESS_CONTROL_EXPOSE_HEADERS, expose);
        }
        vary(self.verdict).is_some_and(|vary| merge(headers, VARY, vary))
    }
}

/// The innermost policy wins: whether an inner layer has written this response.
///
/// Its `Vary` line is these very bytes, not only equal ones, which costs nothing to leave and to
/// see; where it wrote none, it left a [`Decided`].
fn is_decided<B>(response: &http::Response<B>) -> bool {
    let ours = |line: &HeaderValue| OURS.as_ptr_range().contains(&line.as_bytes().as_ptr());
    response.headers().get_all(VARY).iter().any(ours)
        || response.extensions().get::<Decided>().is_some()
}

#[derive(Clone, Copy)]
struct Decided;

/// A value is checked byte by byte when it is made, so these are made by the compiler.
fn vary(verdict: Verdict) -> Option<HeaderValue> {
    const ORIGIN: HeaderValue = constant(OURS.split_at(1).1.split_at(6).0);
    const PREFLIGHT: HeaderValue = constant(OURS.split_at(1).1);
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

/// The linker gives equal bytes one address, an application's literal `"Origin"` those of a static
/// too: as a whole these equal nothing that anybody writes.
static OURS: [u8; 70] = *b"*Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

impl Shared {
    fn decide<ReqBody, ResBody: From<String>>(
        &self,
        request: &http::Request<ReqBody>,
    ) -> Step<ResBody> {
        with_request(request, |fields, origin| {
            self.decide_fields(fields, origin, request.headers())
        })
    }

    fn decide_fields<ResBody: From<String>>(
        &self,
        fields: &Request<'_>,
        origin_value: Option<&HeaderValue>,
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
        // `*`, or a clone of the request's own value, never of a pattern.
        let origin = if !verdict.has(Verdict::ALLOW_ORIGIN) {
            None
        } else if policy.constant {
            Some(const { constant(b"*") })
        } else {
            origin_value.cloned()
        };
        let values = self.values.get(nth);
        let expose = values
            .filter(|_| verdict.has(Verdict::EXPOSE_HEADERS))
            .map(|values| values.expose.clone());
        let additions = Additions { verdict, origin, expose };
        if verdict.continues() {
            return Step::Continue(additions);
        }
        let preflight = values.map(|values| &values.preflight);
        Step::Respond(respond(policy, fields, additions, preflight))
    }
}

fn respond<ResBody: From<String>>(
    policy: &Policy,
    request: &Request<'_>,
    mut additions: Additions,
    preflight: Option<&HeaderMap>,
) -> http::Response<ResBody> {
    let verdict = additions.verdict;
    let mut response = http::Response::new(ResBody::from(String::new()));
    let mut headers;
    let marked = if verdict.has(Verdict::METHODS_REQUESTED | Verdict::HEADERS_REQUESTED) {
        headers = HeaderMap::new();
        policy.decision(verdict, request).apply(&mut headers);
        false
    } else if verdict.outcome() == Outcome::Preflight
        && let Some(preflight) = preflight
    {
        headers = preflight.clone();
        if let Some(origin) = additions.origin
            && let Some(placeholder) = headers.get_mut(ACCESS_CONTROL_ALLOW_ORIGIN)
        {
            *placeholder = origin;
        }
        true
    } else {
        headers = HeaderMap::with_capacity(6);
        additions.write(&mut headers)
    };
    if let Some((content_type, body)) = policy.body(verdict, *request) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(X_CONTENT_TYPE_OPTIONS, const { constant(b"nosniff") });
        *response.body_mut() = ResBody::from(body);
    }
    let status = policy.status(verdict).and_then(|status| StatusCode::from_u16(status).ok());
    *response.status_mut() = status.unwrap_or(StatusCode::FORBIDDEN);
    *response.headers_mut() = headers;
    if !marked {
        response.extensions_mut().insert(Decided);
    }
    response
}

/// The constant header values of a policy: cloning one counts a reference.
struct Values {
    expose: HeaderValue,
    /// The whole answer to an allowed preflight, with a placeholder for an origin that is not `*`:
    /// cloning a map is cheaper than filling one, and leaves no room for another header.
    preflight: HeaderMap,
}

impl Values {
    fn new(policy: &Policy) -> Self {
        // INVARIANT: a policy holds nothing but tokens and digits.
        let value =
            |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
        let verdict = Verdict::new(Outcome::Preflight, policy.preflight);
        let request = Request { origin: Some(b""), ..Request::default() };
        let mut preflight = HeaderMap::with_capacity(6);
        for (name, text) in policy.headers(verdict, request) {
            preflight.insert(HeaderName::from_static(name), value(&text));
        }
        preflight.extend(vary(verdict).map(|vary| (VARY, vary)));
        Self { expose: value(&policy.expose), preflight }
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
        Continue { #[pin] inner: F, additions: Additions },
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
            Projection::Continue { inner, additions } => {
                let mut response = ready!(inner.poll(cx))?;
                if !is_decided(&response) && !additions.write(response.headers_mut()) {
                    response.extensions_mut().insert(Decided);
                }
                Poll::Ready(Ok(response))
            }
        }
    }
}
