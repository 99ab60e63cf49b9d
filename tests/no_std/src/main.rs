//! The core on a machine without an operating system's library: this program has its own start,
//! panic handler and allocator, so a dependency that brings `std` cannot be linked. The allocator
//! only ever moves on, so that it also shows that deciding does not allocate.
#![no_std]
#![no_main]

extern crate alloc;
#[cfg(feature = "control")]
use http as _;

mod bare;

use crossgate::{Config, Decision, Paths, Policy, PolicySet, Request};

/// Called by `_start`.
extern "C" fn run() -> ! {
    assert_ne!(bare::allocated(), allocate(), "the allocator does not count");
    decides_requests();
    decides_by_path();
    decides_by_expression();
    bare::exit(0)
}

fn allocate() -> usize {
    drop(core::hint::black_box(alloc::vec![0_u8; 64]));
    bare::allocated()
}

fn decides_requests() {
    let policy = Policy::new(&Config {
        allow_origins: &["https://app.example.com", "https://*.example.org", "http://localhost:*"],
        allow_hosts: Some(&["api.example.com"]),
        allow_credentials: true,
        cluster_domain: Some("cluster.local"),
        ..Config::MCP
    });
    let policy = policy.expect("a sound configuration");
    let get = Request {
        method: b"GET",
        path: b"/",
        host: Some(b"api.example.com"),
        origin: Some(b"https://app.example.com"),
        ..Request::default()
    };
    let preflight = |headers| Request {
        method: b"OPTIONS",
        access_control_request_method: Some(b"POST"),
        access_control_request_headers: Some(headers),
        ..get
    };
    let many = [b','; 10_000];
    let cases = [
        (get, None),
        (Request { origin: Some(b"https://a.b.example.org"), ..get }, None),
        (Request { origin: Some(b"http://localhost:3000"), ..get }, None),
        (Request { origin: None, ..get }, None),
        (Request { origin: Some(b"https://evil.example"), ..get }, Some(403)),
        (Request { origin: Some(b"https://[::1"), ..get }, Some(403)),
        (Request { host: Some(b"[::1]:8080"), ..get }, None),
        (Request { host: Some(b"mcp.tools.svc.cluster.local"), ..get }, Some(421)),
        (Request { host: None, ..get }, Some(400)),
        (preflight(b"authorization,content-type,mcp-param-region"), Some(204)),
        (preflight(b"X-Other , authorization"), Some(204)),
        (preflight(&many), Some(204)),
    ];
    for (request, status) in cases {
        assert_eq!(decide(&policy, &request).status(), status);
    }
}

fn decides_by_path() {
    let policies = PolicySet::mcp(
        &Config { allow_hosts: Some(&["api.example.com"]), ..Config::MCP },
        &Paths { discovery: &["/.well-known/*"], ..Paths::NONE },
    );
    let policies = policies.expect("a sound configuration");
    let request = Request {
        method: b"GET",
        path: b"/.well-known/oauth-protected-resource",
        host: Some(b"api.example.com"),
        origin: Some(b"https://anyone.example"),
        ..Request::default()
    };
    assert!(decide(policies.at(request.path), &request).continues());
    assert!(!decide(policies.at(b"/mcp"), &request).continues());
}

fn decides_by_expression() {
    let config =
        Config { allow_origin_regex: Some("https://pr-[0-9]+\\.example"), ..Config::DEFAULT };
    let policy = Policy::new(&config);
    assert_eq!(policy.is_ok(), cfg!(feature = "regex"));
    let Ok(policy) = policy else { return };
    let decide = |origin| {
        let request =
            Request { method: b"GET", path: b"/", origin: Some(origin), ..Request::default() };
        decide(&policy, &request).denial().is_none()
    };
    assert!(decide(b"https://pr-42.example"));
    assert!(!decide(b"https://pr-42.example.evil.io"));
}

/// Decides, and fails if that allocated.
fn decide<'a>(policy: &'a Policy, request: &Request<'a>) -> Decision<'a> {
    let before = bare::allocated();
    let decision = core::hint::black_box(policy.decide(request));
    assert_eq!(before, bare::allocated(), "deciding allocated");
    decision
}
