//! The layer in front of axum: what only a real service can get wrong.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use axum::{
    Router,
    body::{Body, HttpBody},
    http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode},
    response::IntoResponse,
    routing::{get, options},
};
use crossgate::{Config, Paths, Policy, PolicySet, tower::CorsLayer};
use tower_service::Service;

#[test]
fn shares_answers_and_merges_what_the_application_says() {
    let answer = call(
        app().layer(CorsLayer::new(policy())),
        request("GET", "/headers").header("origin", ALLOWED),
    );
    let headers = answer.headers();
    assert_eq!(all(headers, "access-control-allow-origin"), [ALLOWED]);
    assert_eq!(all(headers, "access-control-allow-credentials"), ["true"]);
    assert_eq!(all(headers, "access-control-expose-headers"), ["X-App, x-request-id", "ETag"]);
    assert_eq!(all(headers, "vary"), ["Accept-Encoding", "Origin"]);
    assert_eq!(all(headers, "x-app"), ["kept"]);
}

#[test]
fn takes_back_what_a_handler_gives_to_strangers() {
    for origin in [Some("https://evil.example"), Some("null"), None] {
        let mut asked = request("GET", "/headers");
        if let Some(origin) = origin {
            asked = asked.header("origin", origin);
        }
        let answer = call(app().layer(CorsLayer::new(policy())), asked);
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(all(answer.headers(), "access-control-allow-origin").is_empty());
        assert!(all(answer.headers(), "access-control-allow-credentials").is_empty());
        assert_eq!(all(answer.headers(), "vary"), ["Accept-Encoding", "Origin"]);
    }
}

/// An inner layer is known by the address of its `Vary`; `cargo test --release` merges literals.
#[test]
fn takes_no_equal_vary_for_an_inner_layer() {
    for path in ["/vary", "/vary-preflight"] {
        let asked = request("GET", path).header("origin", "https://evil.example");
        let answer = call(app().layer(CorsLayer::new(policy())), asked);
        assert!(all(answer.headers(), "access-control-allow-origin").is_empty());
    }
}

#[test]
fn answers_preflights_and_leaves_plain_options_to_the_application() {
    let layer = CorsLayer::new(policy());
    let preflight = request("OPTIONS", "/headers")
        .header("origin", ALLOWED)
        .header("access-control-request-method", "PUT")
        // Split by an intermediary.
        .header("access-control-request-headers", "content-type")
        .header("access-control-request-headers", "x-trace-id");
    let answer = call(app().layer(layer.clone()), preflight);
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(all(answer.headers(), "access-control-allow-methods"), ["GET, PUT"]);
    assert_eq!(all(answer.headers(), "access-control-allow-headers"), ["Content-Type, x-trace-id"]);
    let plain = call(app().layer(layer), request("OPTIONS", "/options").header("origin", ALLOWED));
    assert_eq!(body(plain), "the application's own");
}

#[test]
fn shares_errors() {
    let answer = call(
        app().layer(CorsLayer::new(policy())),
        request("GET", "/nowhere").header("origin", ALLOWED),
    );
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(all(answer.headers(), "access-control-allow-origin"), [ALLOWED]);
}

#[test]
fn the_innermost_policy_wins() {
    let public = CorsLayer::new(Policy::new(&Config::PUBLIC).unwrap());
    let inner = Router::new().route("/public", get(|| async { "open" })).layer(public);
    let answer = call(
        app().merge(inner).layer(CorsLayer::new(policy())),
        request("GET", "/public").header("origin", "https://anyone.example"),
    );
    assert_eq!(all(answer.headers(), "access-control-allow-origin"), ["*"]);
    assert!(all(answer.headers(), "access-control-allow-credentials").is_empty());
}

#[test]
fn an_mcp_server_refuses_strangers_and_other_hosts() {
    let policies = || {
        PolicySet::mcp(
            &Config {
                allow_origins: &[ALLOWED],
                allow_hosts: Some(&["mcp.example.com"]),
                ..Config::MCP
            },
            &Paths { health: &["/healthz"], ..Paths::NONE },
        )
        .unwrap()
    };
    let app = || app().layer(CorsLayer::new(policies()));
    let stranger =
        call(app(), request("POST", "/headers").header("origin", "https://evil.example"));
    assert_eq!(stranger.status(), StatusCode::FORBIDDEN);
    assert_eq!(all(stranger.headers(), "x-content-type-options"), ["nosniff"]);
    assert_eq!(
        body(stranger),
        r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"origin `https://evil.example` is not allowed"}}"#
    );
    let rebound = Request::builder().uri("/headers").header("host", "evil.example");
    assert_eq!(call(app(), rebound).status(), StatusCode::MISDIRECTED_REQUEST);
    let two_hosts = request("GET", "/headers").header("host", "mcp.example.com");
    assert_eq!(call(app(), two_hosts).status(), StatusCode::BAD_REQUEST);
    let probe = Request::builder().uri("/healthz").header("host", "10.0.0.7:8080");
    assert_eq!(call(app(), probe).status(), StatusCode::OK);
    // HTTP/2 has its Host in the URI.
    let authority = Request::builder().uri("https://evil.example/headers");
    assert_eq!(call(app(), authority).status(), StatusCode::MISDIRECTED_REQUEST);
}

#[test]
fn asks_the_host_program_and_tells_the_audit() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let audit = Arc::clone(&told);
    let policy = Policy::new(&Config { origins_by_host: true, ..Config::DEFAULT }).unwrap();
    let layer = CorsLayer::new(policy)
        .allow_origin_fn(|origin, headers| {
            headers.contains_key("x-tenant") && origin.ends_with(".tenant.example")
        })
        .on_decision(move |request, decision| {
            let origin = String::from_utf8_lossy(request.origin.unwrap_or_default()).into_owned();
            let rule = decision.denial().map(|denial| denial.rule().as_str());
            audit.lock().unwrap().push((origin, rule));
        });
    let shared = |origin: &'static str| {
        let asked = request("GET", "/headers").header("origin", origin).header("x-tenant", "a");
        all(call(app().layer(layer.clone()), asked).headers(), "access-control-allow-origin").len()
    };
    assert_eq!(shared("https://a.tenant.example"), 1);
    assert_eq!(shared("https://evil.example"), 0);
    assert_eq!(shared("null"), 0);
    assert_eq!(
        *told.lock().unwrap(),
        [
            ("https://a.tenant.example".into(), None),
            ("https://evil.example".into(), Some("origin-not-allowed")),
            ("null".into(), Some("origin-null")),
        ]
    );
}

fn policy() -> Policy {
    Policy::new(&Config {
        allow_origins: &[ALLOWED],
        allow_methods: &["GET", "PUT"],
        allow_headers: &["Content-Type", "X-Trace-*"],
        allow_credentials: true,
        expose_headers: &["X-Request-Id", "ETag"],
        ..Config::DEFAULT
    })
    .unwrap()
}

/// A handler that writes CORS headers by hand, as streaming code does.
async fn by_hand() -> impl IntoResponse {
    [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "X-App, x-request-id"),
        ("vary", "Accept-Encoding"),
        ("x-app", "kept"),
    ]
}

/// As a handler that copies the layer's own answers.
fn by_literal(vary: &'static str) -> impl IntoResponse {
    [("access-control-allow-origin", "*"), ("vary", vary)]
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
}

fn app() -> Router {
    Router::new()
        .route("/vary", get(|| async { by_literal("Origin") }))
        .route(
            "/vary-preflight",
            get(|| async {
                by_literal("Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
            }),
        )
        .route("/headers", get(by_hand).post(by_hand))
        .route("/options", options(|| async { "the application's own" }))
        .route("/healthz", get(|| async { "ok" }))
}

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header("host", "mcp.example.com")
}

/// Nothing here waits for anything, so a poll is enough.
fn call(mut app: Router, request: axum::http::request::Builder) -> Response<Body> {
    let call = app.call(request.body(Body::empty()).unwrap());
    let polled: Poll<Result<_, Infallible>> =
        pin!(call).as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Ok(answer)) = polled else { panic!("the application waits") };
    answer
}

fn body(answer: Response<Body>) -> String {
    let mut body = answer.into_body();
    let mut text = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(Ok(frame))) = pin!(&mut body).poll_frame(&mut context) {
        text.extend_from_slice(&frame.into_data().unwrap_or_default());
    }
    String::from_utf8(text).unwrap()
}

fn all<'h>(headers: &'h HeaderMap, name: &str) -> Vec<&'h str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

const ALLOWED: &str = "https://app.example.com";
