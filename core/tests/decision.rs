//! What a caller asks of a decision beside its answer.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use crossgate::{Config, Decision, Policy, Request, Verdict};

const PAGE: &[u8] = b"https://app.example.com";
const FOREIGN: &[u8] = b"https://evil.example.net";

fn policy(config: &Config) -> Policy {
    Policy::new(config).expect("it is sound")
}

#[test]
fn it_continues_or_responds() {
    let policy = policy(&Config {
        allow_origins: &["https://app.example.com"],
        allow_hosts: Some(&[]),
        ..Config::MCP
    });
    let actual = Request {
        method: b"GET",
        origin: Some(PAGE),
        host: Some(b"localhost"),
        ..Request::default()
    };
    let foreign = Request { origin: Some(FOREIGN), ..actual };
    let decision = policy.decide(&actual);
    assert!(decision.continues() && matches!(decision, Decision::Continue(_)));
    let decision = policy.decide(&foreign);
    assert!(!decision.continues() && matches!(decision, Decision::Respond(_)));
}

#[test]
fn only_what_the_host_program_is_to_decide_is_undecided() {
    let asking = Config {
        allow_origins: &["https://app.example.com"],
        origins_by_host: true,
        ..Config::DEFAULT
    };
    let asking = policy(&asking);
    let from = |origin| Request {
        method: b"GET",
        origin,
        host: Some(b"localhost:80"),
        ..Request::default()
    };
    assert_eq!(asking.undecided_origin(&from(Some(FOREIGN))), Some(FOREIGN));
    for settled in [None, Some(PAGE), Some(b"null"), Some(b"http://localhost"), Some(b"nonsense")] {
        assert_eq!(asking.undecided_origin(&from(settled)), None, "{settled:?}");
    }
    let never = policy(&Config { allow_origins: &["https://app.example.com"], ..Config::DEFAULT });
    assert_eq!(never.undecided_origin(&from(Some(FOREIGN))), None);
}

/// Bindings keep such answers ready.
#[test]
fn an_answer_without_reflected_names_is_a_constant() {
    let policy = policy(&Config {
        allow_origins: &["https://app.example.com"],
        allow_headers: &["X-Api-Key", "Mcp-Param-*"],
        ..Config::DEFAULT
    });
    let reflects = |names: &[u8]| {
        let verdict = policy.verdict(&Request {
            method: b"OPTIONS",
            origin: Some(PAGE),
            access_control_request_method: Some(b"GET"),
            access_control_request_headers: Some(names),
            ..Request::default()
        });
        verdict.0 & Verdict::HEADERS_REQUESTED != 0
    };
    assert!(!reflects(b""));
    assert!(!reflects(b"x-api-key"));
    assert!(!reflects(b"X-Api-Key, x-api-key"));
    assert!(reflects(b"mcp-param-a,x-api-key"));
}

#[test]
fn it_allows_the_longest_origin_and_refuses_a_longer_one() {
    let scheme = "x".repeat(64);
    let policy = policy(&Config { allow_origins: &[&format!("{scheme}://*")], ..Config::DEFAULT });
    let label = "a".repeat(63);
    let host = [&*label, &label, &label, &"a".repeat(61)].join(".");
    let longest = format!("{scheme}://{host}.:65535");
    for (origin, allowed) in [(&longest, true), (&format!("{longest}0"), false)] {
        let request = Request { origin: Some(origin.as_bytes()), ..Request::default() };
        assert_eq!(policy.decide(&request).denial().is_none(), allowed, "{}", origin.len());
    }
}
