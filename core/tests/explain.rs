//! Explanations: that they say the truth, and that the fix they name is one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::too_many_lines, reason = "a table")]

use crossgate::{Config, Explanation, Policy, browser::Fetch};

const PAGE: &str = "https://app.example.com";

#[test]
fn every_fix_mends() {
    for (name, fetch, host, config, said, mended) in cases() {
        let explanation = explain(&config, &fetch, host);
        assert!(!explanation.allowed, "{name}: {explanation}");
        let told = (explanation.leg, explanation.rule, explanation.reason);
        assert_eq!(
            (told, explanation.fix.as_deref()),
            ((said.0, said.1, said.2), Some(said.3)),
            "{name}"
        );
        let explanation = explain(&mended, &fetch, host);
        assert!(explanation.allowed, "{name}, mended: {explanation}");
    }
}

type Said = (&'static str, Option<&'static str>, Option<&'static str>, &'static str);
type Case = (&'static str, Fetch<'static>, &'static str, Config<'static>, Said, Config<'static>);

/// What fails, what is said of it, and the configuration after the fix.
fn cases() -> Vec<Case> {
    let page = Fetch { origin: PAGE, ..Fetch::default() };
    let listed = Config { allow_origins: &[PAGE], ..Config::DEFAULT };
    let host = "api.example.com";
    vec![
        (
            "a foreign origin",
            page,
            host,
            Config { allow_origins: &["https://other.example"], ..Config::DEFAULT },
            (
                "actual",
                Some("origin-not-allowed"),
                Some("missing-allow-origin"),
                "add `https://app.example.com` to allow_origins",
            ),
            listed,
        ),
        (
            "a foreign origin's preflight",
            Fetch { method: "DELETE", ..page },
            host,
            Config { allow_methods: &["DELETE"], ..Config::DEFAULT },
            (
                "preflight",
                Some("origin-not-allowed"),
                Some("missing-allow-origin"),
                "add `https://app.example.com` to allow_origins",
            ),
            Config { allow_methods: &["DELETE"], ..listed },
        ),
        (
            "a method",
            Fetch { method: "put", ..page },
            host,
            listed,
            (
                "preflight",
                Some("method-not-allowed"),
                Some("method-not-allowed"),
                "add `PUT` to allow_methods",
            ),
            Config { allow_methods: &["PUT"], ..listed },
        ),
        (
            "a safelisted method, which no list refuses",
            Fetch { method: "POST", headers: &[("content-type", b"application/json")], ..page },
            host,
            Config { allow_methods: &["GET"], allow_headers: &["content-type"], ..listed },
            (
                "preflight",
                Some("method-not-allowed"),
                Some("preflight-status"),
                "add `POST` to allow_methods",
            ),
            Config { allow_methods: &["GET", "POST"], allow_headers: &["content-type"], ..listed },
        ),
        (
            "a header",
            Fetch { headers: &[("X-Api-Key", b"1")], ..page },
            host,
            listed,
            (
                "preflight",
                Some("header-not-allowed"),
                Some("header-not-allowed"),
                "add `x-api-key` to allow_headers",
            ),
            Config { allow_headers: &["x-api-key"], ..listed },
        ),
        (
            "credentials that the policy does not allow",
            Fetch { credentials: true, ..page },
            host,
            listed,
            (
                "actual",
                None,
                Some("credentials-not-true"),
                "set allow_credentials, or let the page leave out credentials",
            ),
            Config { allow_credentials: true, ..listed },
        ),
        (
            "credentials under `*`",
            Fetch { credentials: true, ..page },
            host,
            Config { allow_origins: &["*"], ..Config::DEFAULT },
            (
                "actual",
                None,
                Some("wildcard-with-credentials"),
                "list `https://app.example.com` in allow_origins instead of `*` and set \
                 allow_credentials, or let the page leave out credentials",
            ),
            Config { allow_credentials: true, ..listed },
        ),
        (
            "another server's name, readably",
            page,
            "mcp.example.com:8443",
            Config { allow_hosts: Some(&[]), ..listed },
            ("actual", Some("host-not-allowed"), None, "add `mcp.example.com:8443` to allow_hosts"),
            Config { allow_hosts: Some(&["mcp.example.com:8443"]), ..listed },
        ),
    ]
}

#[test]
fn a_method_in_another_case_is_the_pages_to_mend() {
    let config = Config { allow_origins: &[PAGE], allow_methods: &["PATCH"], ..Config::DEFAULT };
    let fetch = Fetch { origin: PAGE, method: "patch", ..Fetch::default() };
    let explanation = explain(&config, &fetch, "api.example.com");
    assert_eq!(
        explanation.fix.as_deref(),
        Some("let the page write `PATCH`: methods are case-sensitive")
    );
    assert_eq!(explanation.header.as_deref(), Some("access-control-allow-methods: PATCH"));
}

#[test]
fn null_and_what_is_no_origin_cannot_be_listed() {
    let policy = Config { allow_origins: &[PAGE], ..Config::DEFAULT };
    for (origin, rule) in [("null", "origin-null"), ("https://a.example/", "origin-malformed")] {
        let explanation =
            explain(&policy, &Fetch { origin, ..Fetch::default() }, "api.example.com");
        assert_eq!(explanation.rule, Some(rule));
        assert!(!explanation.fix.unwrap().starts_with("add"));
    }
}

#[test]
fn a_page_of_the_server_itself_needs_no_permission() {
    let policy = Config { allow_hosts: Some(&["app.example.com"]), ..Config::DEFAULT };
    let fetch = Fetch { origin: PAGE, ..Fetch::default() };
    assert!(explain(&policy, &fetch, "app.example.com").allowed);
}

#[test]
fn the_readme_quotes_it() {
    let config =
        Config { allow_origins: &[PAGE], allow_headers: &["Content-Type"], ..Config::DEFAULT };
    let fetch = Fetch { origin: PAGE, headers: &[("X-Api-Key", b"1")], ..Fetch::default() };
    let explanation = explain(&config, &fetch, "api.example.com").to_string();
    assert!(include_str!("../../README.md").contains(&explanation), "{explanation}");
}

#[test]
fn traps_are_named() {
    let config = Config { allow_origins: &[PAGE], max_age: Some(600), ..Config::DEFAULT };
    let fetch = Fetch { origin: PAGE, ..Fetch::default() };
    let explanation = explain(&config, &fetch, "127.0.0.1:8000");
    assert!(explanation.traps.iter().any(|trap| trap.contains("600 seconds")));
    assert!(explanation.traps.iter().any(|trap| trap.contains("Local Network Access")));
    assert!(explanation.to_string().starts_with("allowed"));
}

fn explain(config: &Config<'_>, fetch: &Fetch<'_>, host: &str) -> Explanation {
    Policy::new(config).unwrap().explain(fetch, host, "/")
}
