//! `make bench-core`: what deciding costs, beside tower-http's `CorsLayer` on the same policy and
//! requests, in one process. One JSON object a line; times are nanoseconds, the least of many short
//! batches in turn, so that a noisy machine disturbs both alike. Quote the ratios.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking"
)]

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

use crossgate::{Config, Policy, Request, tower::CorsLayer};
use http::{HeaderName, HeaderValue, Method, Response};
use tower_http::cors::{AllowOrigin, CorsLayer as Peer};
use tower_layer::Layer;
use tower_service::Service;

fn main() {
    for case in cases() {
        service_and_decision(&case);
    }
    for (name, count) in [("10k", 10_000), ("1M", 1_000_000)] {
        many_origins(name, count);
    }
    hostile_lists();
}

struct Case {
    name: &'static str,
    method: &'static str,
    origin: Option<&'static str>,
    requested: Option<(&'static str, &'static str)>,
}

fn cases() -> [Case; 6] {
    let list = "authorization,content-type,mcp-protocol-version,mcp-session-id";
    [
        Case { name: "actual-allowed", method: "GET", origin: Some(ALLOWED), requested: None },
        Case { name: "actual-refused", method: "GET", origin: Some(REFUSED), requested: None },
        Case { name: "no-origin", method: "GET", origin: None, requested: None },
        Case {
            name: "preflight-allowed",
            method: "OPTIONS",
            origin: Some(ALLOWED),
            requested: Some(("POST", list)),
        },
        Case {
            name: "preflight-refused",
            method: "OPTIONS",
            origin: Some(REFUSED),
            requested: Some(("POST", list)),
        },
        Case {
            name: "preflight-header-refused",
            method: "OPTIONS",
            origin: Some(ALLOWED),
            requested: Some(("POST", "authorization,content-type,x-evil")),
        },
    ]
}

/// `bench: core` is the bare decision, its floor to read the origin once; `bench: core-tower` the
/// layer with its response headers, its floor to write the same headers without any decision. The
/// peer's time is its layer's in both. All less the bare service's.
fn service_and_decision(case: &Case) {
    let policy = Policy::new(&CONFIG).unwrap();
    let mut ours = CorsLayer::new(Policy::new(&CONFIG).unwrap()).layer(Application);
    let mut peer = peer_layer().layer(Application);
    let mut bare = Application;
    let request = http_request(case);
    let decided = core_request(case);
    let written = call(&mut ours, request.clone());
    let responds = case.method == "OPTIONS";
    let blind = |request: http::Request<()>| {
        let mut response =
            if responds { Response::new(String::new()) } else { call(&mut Application, request) };
        *response.status_mut() = written.status();
        for (name, value) in written.headers() {
            response.headers_mut().insert(name, value.clone());
        }
        response
    };
    let [bare_ns, ours_ns, peer_ns, blind_ns, decide_ns, floor_ns] = times([
        &mut || drop(black_box(call(&mut bare, request.clone()))),
        &mut || drop(black_box(call(&mut ours, request.clone()))),
        &mut || drop(black_box(call(&mut peer, request.clone()))),
        &mut || drop(black_box(blind(request.clone()))),
        &mut || {
            black_box(policy.verdict(black_box(&decided)));
        },
        &mut || {
            black_box(hash(black_box(decided.origin.unwrap_or_default())));
        },
    ]);
    let peer_ns = peer_ns - bare_ns;
    report("core", case.name, decide_ns, peer_ns, floor_ns);
    report("core-tower", case.name, ours_ns - bare_ns, peer_ns, blind_ns - bare_ns);
}

/// The origin last in a long list; the peer scans it.
fn many_origins(name: &str, count: usize) {
    let origins: Vec<String> =
        (0..count).map(|n| format!("https://tenant-{n}.app.example.com")).collect();
    let borrowed: Vec<&str> = origins.iter().map(String::as_str).collect();
    let policy = Policy::new(&Config { allow_origins: &borrowed, ..Config::DEFAULT }).unwrap();
    let values = origins.iter().map(|origin| HeaderValue::from_str(origin).unwrap());
    let mut peer = Peer::new().allow_origin(AllowOrigin::list(values)).layer(Application);
    let mut bare = Application;
    let last = origins.last().unwrap();
    let request =
        Request { method: b"GET", path: b"/", origin: Some(last.as_bytes()), ..Request::default() };
    let http_request = || http::Request::get("/").header("origin", last.as_str()).body(()).unwrap();
    let [bare_ns, peer_ns, decide_ns, floor_ns] = times([
        &mut || drop(black_box(call(&mut bare, http_request()))),
        &mut || drop(black_box(call(&mut peer, http_request()))),
        &mut || {
            black_box(policy.verdict(black_box(&request)));
        },
        &mut || {
            black_box(hash(black_box(last.as_bytes())));
        },
    ]);
    report("core", &format!("origins-{name}"), decide_ns, peer_ns - bare_ns, floor_ns);
}

/// Lists that no browser sends. The peer never reads them, so there is no ratio to quote; what
/// counts is that the time does not grow with the list.
fn hostile_lists() {
    let policy = Policy::new(&CONFIG).unwrap();
    for (size, bytes) in [("1k", 1024), ("8k", 8192), ("1M", 1 << 20)] {
        let distinct: String = (0..).map(|n| format!("x-{n},")).take(bytes / 8).collect();
        for (kind, list) in [
            ("commas", ",".repeat(bytes)),
            ("repeated", "accept,".repeat(bytes / 7)),
            ("distinct", distinct),
            ("one-name", "a".repeat(bytes)),
        ] {
            let request = Request {
                method: b"OPTIONS",
                path: b"/",
                origin: Some(ALLOWED.as_bytes()),
                access_control_request_method: Some(b"POST"),
                access_control_request_headers: Some(list.as_bytes()),
                ..Request::default()
            };
            let [decide_ns, floor_ns] = times([
                &mut || {
                    black_box(policy.verdict(black_box(&request)));
                },
                &mut || {
                    black_box(hash(black_box(ALLOWED.as_bytes())));
                },
            ]);
            println!(
                r#"{{"bench": "core", "case": "hostile-{kind}-{size}", "peer": null, "ours_ns": {decide_ns:.1}, "peer_ns": null, "floor_ns": {floor_ns:.1}, "ratio": null}}"#
            );
        }
    }
}

fn report(bench: &str, case: &str, ours_ns: f64, peer_ns: f64, floor_ns: f64) {
    let ratio = peer_ns / ours_ns;
    println!(
        r#"{{"bench": "{bench}", "case": "{case}", "peer": "tower-http", "ours_ns": {ours_ns:.1}, "peer_ns": {peer_ns:.1}, "floor_ns": {floor_ns:.1}, "ratio": {ratio:.1}}}"#
    );
}

/// Nanoseconds a call of each, the least over many rounds in which all take turns.
fn times<const N: usize>(mut subjects: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut least = [f64::INFINITY; N];
    let calls: Vec<u32> = subjects.iter_mut().map(|subject| calls_in_a_slot(*subject)).collect();
    for _ in 0..ROUNDS {
        for ((subject, least), calls) in subjects.iter_mut().zip(&mut least).zip(&calls) {
            let start = Instant::now();
            for _ in 0..*calls {
                subject();
            }
            *least = least.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(*calls));
        }
    }
    least
}

/// As many calls as fill about 200 microseconds, at least one.
fn calls_in_a_slot(subject: &mut dyn FnMut()) -> u32 {
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed().as_micros() < 200 {
        subject();
        calls += 1;
    }
    calls
}

/// The floor: reading the origin once.
fn hash(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(0, |hash: u64, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    })
}

#[derive(Clone)]
struct Application;

impl Service<http::Request<()>> for Application {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<()>) -> Self::Future {
        black_box(request);
        ready(Ok(Response::new(String::new())))
    }
}

fn call<S: Service<http::Request<()>>>(service: &mut S, request: http::Request<()>) -> S::Response {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(service.call(request));
    match future.as_mut().poll(&mut context) {
        Poll::Ready(Ok(response)) => response,
        _ => panic!("the bare service is always ready"),
    }
}

fn http_request(case: &Case) -> http::Request<()> {
    let mut request = http::Request::builder().method(case.method).uri("/mcp");
    for (name, value) in BROWSER {
        request = request.header(name, value);
    }
    if let Some(origin) = case.origin {
        request = request.header("origin", origin);
    }
    if let Some((method, headers)) = case.requested {
        request = request
            .header("access-control-request-method", method)
            .header("access-control-request-headers", headers);
    }
    request.body(()).unwrap()
}

fn core_request(case: &Case) -> Request<'static> {
    Request {
        method: case.method.as_bytes(),
        path: b"/mcp",
        host: Some(b"api.example.com"),
        origin: case.origin.map(str::as_bytes),
        access_control_request_method: case.requested.map(|(method, _)| method.as_bytes()),
        access_control_request_headers: case.requested.map(|(_, headers)| headers.as_bytes()),
    }
}

fn peer_layer() -> Peer {
    let origins = CONFIG.allow_origins.iter().map(|origin| HeaderValue::from_static(origin));
    let headers = CONFIG.allow_headers.iter().map(|name| name.parse::<HeaderName>().unwrap());
    let exposed = CONFIG.expose_headers.iter().map(|name| name.parse::<HeaderName>().unwrap());
    Peer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(headers.collect::<Vec<_>>())
        .expose_headers(exposed.collect::<Vec<_>>())
        .allow_credentials(true)
        .max_age(std::time::Duration::from_secs(600))
}

const ROUNDS: u32 = 150;
const ALLOWED: &str = "https://admin.example.com";
const REFUSED: &str = "https://evil.example.net";
const CONFIG: Config<'static> = Config {
    allow_origins: &["https://app.example.com", ALLOWED, "http://localhost:3000"],
    allow_methods: &["GET", "POST", "PUT", "DELETE"],
    allow_headers: &[
        "Authorization",
        "Content-Type",
        "Last-Event-ID",
        "Mcp-Protocol-Version",
        "Mcp-Session-Id",
        "X-Requested-With",
    ],
    allow_credentials: true,
    expose_headers: &["Mcp-Session-Id", "X-Request-Id"],
    max_age: Some(600),
    ..Config::DEFAULT
};
const BROWSER: [(&str, &str); 8] = [
    ("host", "api.example.com"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0"),
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-US,en;q=0.9"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-site", "cross-site"),
    ("referer", "https://admin.example.com/"),
];
