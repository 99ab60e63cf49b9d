//! Feature `tower`: a layer for axum, rmcp and anything else that speaks `tower`.
//!
//! Put it outermost, so that errors, authentication and rate limits below it answer readably.

mod answers;

use alloc::{string::String, sync::Arc, vec::Vec};
use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, HeaderValue, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use self::answers::Answers;
use crate::{
    http::with_request,
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
    answers: Vec<Answers>,
    origins: Option<OriginFn>,
    audit: Option<AuditFn>,
}

type OriginFn = Arc<dyn Fn(&str, &HeaderMap) -> bool + Send + Sync>;
type AuditFn = Arc<dyn Fn(&Request<'_>, &Decision<'_>) + Send + Sync>;

impl CorsLayer {
    /// A layer of these policies, or of one [`Policy`](crate::Policy).
    #[must_use]
    pub fn new(policies: impl Into<PolicySet>) -> Self {
        let policies = policies.into();
        let answers = policies.policies().map(Answers::new).collect();
        Self { shared: Arc::new(Shared { policies, answers, origins: None, audit: None }) }
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
    Continue(Option<Additions>),
}

/// What is to be written over the application's headers.
struct Additions {
    answer: Arc<HeaderMap>,
    origin: Option<HeaderValue>,
}

/// Without additions it is `Vary: Origin` alone, as for most requests.
fn write<B>(additions: &mut Option<Additions>, response: &mut http::Response<B>) {
    if answers::are_decided(response.headers()) || response.extensions().get::<Decided>().is_some()
    {
        return;
    }
    match additions {
        Some(Additions { answer, origin }) => {
            answers::write(response.headers_mut(), answer, origin.take());
        }
        None => answers::write_vary(response.headers_mut()),
    }
    // Where the application's own `Vary` has it all, nothing tells of this layer.
    if !answers::are_decided(response.headers()) {
        response.extensions_mut().insert(Decided);
    }
}

#[derive(Clone, Copy)]
struct Decided;

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
        // Always the request's own bytes, never a pattern's.
        let shared = verdict.has(Verdict::ALLOW_ORIGIN) && !policy.constant;
        let origin = origin_value.filter(|_| shared).cloned();
        let answers = self.answers.get(nth);
        if verdict.continues() {
            let additions = (!answers::is_vary_alone(verdict)).then(|| {
                let answer = answers.and_then(|answers| answers.get(verdict, false)).map_or_else(
                    || Arc::new(answers::make(policy, verdict, fields, false)),
                    Arc::clone,
                );
                Additions { answer, origin }
            });
            return Step::Continue(additions);
        }
        let body = policy.body(verdict, *fields).map(|(_, body)| body);
        let mut headers = match answers.and_then(|answers| answers.get(verdict, body.is_some())) {
            Some(answer) => HeaderMap::clone(answer),
            None => answers::make(policy, verdict, fields, body.is_some()),
        };
        answers::set_origin(&mut headers, origin);
        let mut response = http::Response::new(ResBody::from(body.unwrap_or_default()));
        let status = policy.status(verdict).and_then(|status| StatusCode::from_u16(status).ok());
        *response.status_mut() = status.unwrap_or(StatusCode::FORBIDDEN);
        *response.headers_mut() = headers;
        Step::Respond(response)
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
        Continue { #[pin] inner: F, additions: Option<Additions> },
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
                write(additions, &mut response);
                Poll::Ready(Ok(response))
            }
        }
    }
}
