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
        ACCESS_CONTROL_MAX_AGE, CONTENT_TYPE, ORIGIN, X_CONTENT_TYPE_OPTIONS,
    },
};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    http::{RequestFields, write},
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
#[derive(Clone)]
struct Additions {
    nth: usize,
    verdict: Verdict,
    origin: Option<HeaderValue>,
}

/// Left in a response by an inner layer: the innermost policy wins.
#[derive(Clone, Copy)]
struct Decided;

impl Shared {
    fn decide<ReqBody, ResBody: From<String>>(
        &self,
        request: &http::Request<ReqBody>,
    ) -> Step<ResBody> {
        let fields = RequestFields::from(request);
        let fields = fields.as_request();
        let nth = self.policies.index(fields.path);
        let policy = self.policies.policy(nth);
        let mut verdict = policy.verdict(&fields);
        if verdict.outcome() == Outcome::Undecided {
            let origin = fields.origin.and_then(|origin| core::str::from_utf8(origin).ok());
            let allowed = origin
                .zip(self.origins.as_ref())
                .is_some_and(|(origin, allows)| allows(origin, request.headers()));
            verdict = policy.verdict_given(&fields, allowed);
        }
        if let Some(audit) = &self.audit
            && verdict.outcome() != Outcome::NotCors
        {
            audit(&fields, &policy.decision(verdict, &fields));
        }
        // A clone of the request's own value, never of a pattern.
        let origin = request.headers().get(ORIGIN).filter(|_| verdict.has(Verdict::ALLOW_ORIGIN));
        let additions = Additions { nth, verdict, origin: origin.cloned() };
        if verdict.continues() {
            Step::Continue(additions)
        } else {
            Step::Respond(self.respond(policy, fields, additions))
        }
    }

    fn respond<ResBody: From<String>>(
        &self,
        policy: &Policy,
        request: Request<'_>,
        additions: Additions,
    ) -> http::Response<ResBody> {
        let verdict = additions.verdict;
        let body = policy.body(verdict, request);
        let mut headers = HeaderMap::with_capacity(8);
        if let Some((content_type, _)) = &body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        if verdict.has(Verdict::METHODS_REQUESTED | Verdict::HEADERS_REQUESTED) {
            policy.decision(verdict, &request).apply(&mut headers);
        } else {
            self.write(&mut headers, additions);
        }
        let body = body.map_or_else(String::new, |(_, body)| body);
        let mut response = http::Response::new(ResBody::from(body));
        let status = policy.status(verdict).and_then(|status| StatusCode::from_u16(status).ok());
        *response.status_mut() = status.unwrap_or(StatusCode::FORBIDDEN);
        *response.headers_mut() = headers;
        response.extensions_mut().insert(Decided);
        response
    }

    fn write(&self, headers: &mut HeaderMap, Additions { nth, verdict, origin }: Additions) {
        let Some(values) = self.values.get(nth) else { return };
        let constants = [
            (Verdict::ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_CREDENTIALS, &values.credentials),
            (Verdict::ALLOW_METHODS, ACCESS_CONTROL_ALLOW_METHODS, &values.methods),
            (Verdict::ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_HEADERS, &values.headers),
            (Verdict::MAX_AGE, ACCESS_CONTROL_MAX_AGE, &values.max_age),
            (Verdict::EXPOSE_HEADERS, ACCESS_CONTROL_EXPOSE_HEADERS, &values.expose),
        ];
        let origin = values.any_origin.clone().or(origin);
        let origin = origin.filter(|_| verdict.has(Verdict::ALLOW_ORIGIN));
        let origin = origin.map(|origin| (ACCESS_CONTROL_ALLOW_ORIGIN, origin));
        let constants = constants
            .into_iter()
            .filter(|&(bit, ..)| verdict.has(bit))
            .map(|(_, name, value)| (name, value.clone()));
        let vary = verdict.vary().map(HeaderValue::from_static);
        write(headers, origin.into_iter().chain(constants), vary);
    }
}

/// The constant header values of a policy: cloning one counts a reference.
struct Values {
    any_origin: Option<HeaderValue>,
    credentials: HeaderValue,
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
            credentials: HeaderValue::from_static("true"),
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
                if response.extensions_mut().insert(Decided).is_none() {
                    shared.write(response.headers_mut(), additions.clone());
                }
                Poll::Ready(Ok(response))
            }
        }
    }
}
