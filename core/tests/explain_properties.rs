//! Explanations of random requests to random policies: they agree with the model of browsers over
//! what the policy decides, and the fix that they name is one.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::{borrow::Cow, fmt};

use crossgate::{
    Answer, Config, Decision, Explanation, OwnedConfig, Policy, Request,
    browser::{Fetch, Preflight, Profile, Response, console::Engine},
};
use proptest::{
    collection::vec,
    option::{of, weighted},
    prelude::*,
    sample::{select, subsequence},
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_explanation_is_true(config in configs(), page in pages(), given: bool) {
        let policy = config.policy().expect("sound");
        page.with(|fetch, url| {
            let explanation = policy.explain_given(fetch, url, given);
            let context = || format!("{fetch:?} {url}\n{explanation}");
            let allowed = plays(&policy, Profile::STANDARD, fetch, url, given);
            assert_eq!(explanation.allowed, allowed, "{}", context());
            assert_eq!(explanation.fix.is_none(), allowed, "{}", context());
            for (engine, seen) in Engine::ALL.into_iter().zip(&explanation.browsers) {
                let allowed = plays(&policy, engine.profile(), fetch, url, given);
                assert_eq!((seen.browser, seen.allowed), (engine.as_str(), allowed), "{}", context());
                assert!(!allowed || seen.console.is_none(), "{}", context());
            }
        });
    }

    #[test]
    fn a_fix_mends(config in configs(), page in pages()) {
        let policy = config.policy().expect("sound");
        page.with(|fetch, url| {
            let explanation = policy.explain(fetch, url);
            if let Some(config) = mended(&explanation, &config) {
                let context = || format!("{config:?}\n{fetch:?} {url}\n{explanation}");
                let policy = config.policy().unwrap_or_else(|error| panic!("{error}\n{}", context()));
                let now = policy.explain(fetch, url);
                assert!(now.allowed, "{}\n{now}", context());
            }
        });
    }
}

/// Whether the page reads the application's answer, by the model of browsers and `decide` alone.
fn plays(policy: &Policy, profile: Profile, fetch: &Fetch<'_>, url: &str, given: bool) -> bool {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (host, _) = rest.split_once('/').expect("a path");
    let own = fetch.origin == format!("{scheme}://{host}");
    let Ok(asked) = profile.preflight(fetch) else { return false };
    let method = match fetch.method {
        "put" => "PUT",
        method => method,
    };
    let origin =
        Some(fetch.origin.as_bytes()).filter(|_| !own || !["GET", "HEAD"].contains(&method));
    let request = Request {
        method: method.as_bytes(),
        path: b"/",
        host: Some(host.as_bytes()),
        origin,
        ..Request::default()
    };
    let actual = policy.decide_given(&request, given);
    let runs = matches!(actual, Decision::Continue(_));
    if own {
        return runs;
    }
    let list = asked.as_ref().and_then(Preflight::request_headers);
    let preflight = Request {
        method: b"OPTIONS",
        access_control_request_method: Some(method.as_bytes()),
        access_control_request_headers: list.as_deref().map(str::as_bytes),
        ..request
    };
    let preflight = policy.decide_given(&preflight, given);
    shown(&preflight, |preflight| {
        shown(&actual, |actual| profile.fetch(fetch, preflight, actual).result.is_ok() && runs)
    })
}

fn shown(decision: &Answer<'_>, look: impl FnOnce(&Response<'_>) -> bool) -> bool {
    let lines: Vec<(&str, Cow<'_, str>)> = decision.headers().collect();
    let lines: Vec<(&str, &[u8])> =
        lines.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    look(&Response { status: decision.status().unwrap_or(200), headers: &lines })
}

/// The configuration after the fix; `None` where it lies elsewhere.
fn mended(explanation: &Explanation, config: &OwnedConfig) -> Option<OwnedConfig> {
    let mut config = config.clone();
    for change in explanation.fix.as_deref()?.split("; ") {
        let mut quoted = change.split('`').skip(1).step_by(2).map(String::from);
        match change.split(' ').collect::<Vec<_>>().as_slice() {
            ["add", .., "allow_origins"] => config.allow_origins.extend(quoted),
            ["list", .., "instead", "of", "`*`"] => config.allow_origins = vec![quoted.next()?],
            ["add", .., "allow_methods"] => config.allow_methods.extend(quoted),
            ["add", .., "allow_headers"] => config.allow_headers.extend(quoted),
            ["add" | "state", .., "allow_hosts"] | ["state", ..] => {
                let hosts = config.allow_hosts.get_or_insert_default();
                hosts.retain(|host| host != "*");
                hosts.extend(quoted.next());
            }
            ["set", "allow_credentials,", ..] => config.allow_credentials = true,
            ["name", ..] => config.expose_headers = vec!["ETag".into()],
            _ => return None,
        }
    }
    Some(config)
}

struct Page {
    origin: &'static str,
    url: &'static str,
    method: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    credentials: bool,
    upload: bool,
}

impl Page {
    fn with(&self, look: impl FnOnce(&Fetch<'_>, &str)) {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let fetch = Fetch {
            origin: self.origin,
            method: self.method,
            headers: &headers,
            credentials: self.credentials,
            always_preflight: self.upload,
        };
        look(&fetch, self.url);
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = Ok(());
        self.with(|fetch, url| shown = write!(f, "{url} {fetch:?}"));
        shown
    }
}

fn pages() -> impl Strategy<Value = Page> {
    let headers = vec(select(HEADERS.to_vec()), 0..4);
    let words = (select(ORIGINS.to_vec()), select(URLS.to_vec()), select(METHODS.to_vec()));
    (words, headers, any::<bool>(), weighted(0.1, Just(()))).prop_map(
        |((origin, url, method), headers, credentials, upload)| Page {
            origin,
            url,
            method,
            headers,
            credentials,
            upload: upload.is_some(),
        },
    )
}

/// Sound policies.
fn configs() -> impl Strategy<Value = OwnedConfig> {
    let origins = (subsequence(LISTED.to_vec(), 0..4), weighted(0.15, Just("*")));
    let methods = (subsequence(METHODS.to_vec(), 0..5), weighted(0.2, Just("*")));
    let names = vec!["X-A", "content-type", "x-pre-*", "Authorization"];
    let headers = (subsequence(names, 0..4), weighted(0.2, Just("*")));
    let hosts = of(select(vec![&[] as &[&str], &["api.example.com"], &["*"]]));
    (origins, methods, headers, hosts, any::<[bool; 4]>()).prop_filter_map(
        "unsound",
        |(origins, methods, headers, hosts, [credentials, reject, by_host, star])| {
            let with = |(names, any): (Vec<&'static str>, Option<&'static str>)| {
                let names = names.into_iter().chain(any).filter(|name| !SCRIPT.contains(name));
                names.collect::<Vec<_>>()
            };
            let (origins, methods, headers) = (with(origins), with(methods), with(headers));
            let config = Config {
                allow_origins: &origins,
                allow_methods: &methods,
                allow_headers: &headers,
                allow_hosts: hosts,
                allow_credentials: credentials,
                expose_headers: if star { &["*"] } else { &[] },
                origins_by_host: by_host,
                denied: if reject { "reject" } else { "continue" },
                ..Config::DEFAULT
            };
            Policy::new(&config).is_ok().then(|| OwnedConfig::from(config))
        },
    )
}

const LISTED: [&str; 4] =
    ["https://app.example.com", "https://*.example.com", "http://localhost:*", "https://b.example"];
const ORIGINS: [&str; 9] = [
    "https://app.example.com",
    "https://b.example",
    "https://c.example",
    "http://localhost:3000",
    "http://c.example",
    "https://api.example.com",
    "http://api.example.com",
    "null",
    "https://a.example/",
];
const URLS: [&str; 4] = [
    "https://api.example.com/",
    "https://api.example.com:8443/",
    "http://localhost:3000/",
    "http://127.0.0.1:8000/",
];
const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "put", "PATCH", "patch", "OPTIONS", "TRACE"];
/// What only script writes: no policy can list it.
const SCRIPT: [&str; 3] = ["put", "patch", "TRACE"];
const HEADERS: [(&str, &str); 7] = [
    ("X-A", "1"),
    ("X-B", "1"),
    ("X-Pre-1", "1"),
    ("Authorization", "Bearer x"),
    ("Content-Type", "application/json"),
    ("DPR", "2"),
    ("Accept", "*/*"),
];
