//! What holds for every policy and every request, tried on random ones: the promises of
//! `tests/fuzz/promises.rs`, among them that the decision is the model's.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[path = "../../tests/fuzz/grammar.rs"]
mod grammar;
#[path = "../../tests/fuzz/model.rs"]
mod model;
#[path = "../../tests/fuzz/promises.rs"]
mod promises;

use std::fmt;

use crossgate::{Config, OwnedConfig, Policy, Request};
use model::Model;
use proptest::{
    collection::{btree_set, vec},
    option::{of, weighted},
    prelude::*,
    sample::{Index, select, subsequence},
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_promise_is_kept(config in configs(), request in requests(), given: bool) {
        config.borrow(|config, _| keep(config, &request.borrow(), given));
    }

    #[test]
    fn deciding_is_total(config in configs(), request in any_requests(), given: bool) {
        config.borrow(|config, _| keep(config, &request.borrow(), given));
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// An origin of many is found, whatever the shape of the set, and none that only resembles one.
    #[test]
    fn a_set_of_origins_admits_its_own(
        entries in btree_set(entry(), 0..300),
        picks in vec((any::<Index>(), any::<Index>(), lookalike()), 20),
    ) {
        let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
        let config = Config { allow_origins: &entries, ..Config::DEFAULT };
        for (first, second, lookalike) in picks.iter().filter(|_| !entries.is_empty()) {
            let origin = lookalike.of(first.get::<&str>(&entries), second.get::<&str>(&entries));
            keep(&config, &get(&origin), false);
        }
    }

    /// A header of many is found, and so is the first that is not.
    #[test]
    fn a_set_of_headers_admits_its_own(
        names in btree_set("[a-c]{1,2}(-[a-c]{1,3})?", 0..40),
        rules in subsequence(vec!["a-*", "ab-*", "b-c-*"], 0..3),
        others in vec("[a-d]{1,2}(-[a-d]{0,3})?", 0..6),
        taken in vec(any::<Index>(), 0..34),
        style in style(),
        credentials: bool,
        any in weighted(0.2, Just("*")),
    ) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut list: Vec<String> = others;
        if !names.is_empty() {
            list.extend(taken.iter().map(|at| (*at.get(&names)).to_owned()));
        }
        let list = style.write(list);
        let allow_headers: Vec<&str> = names.iter().copied().chain(rules).chain(any).collect();
        let config = Config {
            allow_origins: &[APP],
            allow_headers: &allow_headers,
            allow_credentials: credentials,
            ..Config::DEFAULT
        };
        let request = Request {
            method: b"OPTIONS",
            access_control_request_method: Some(b"POST"),
            access_control_request_headers: Some(&list),
            ..get(APP)
        };
        keep(&config, &request, false);
    }
}

fn keep(config: &Config<'_>, request: &Request<'_>, given: bool) {
    let policy = Policy::new(config).unwrap_or_else(|error| panic!("{error}"));
    promises::keep(&Model { config: *config }, &policy, request, given);
}

fn get(origin: &str) -> Request<'_> {
    Request { method: b"GET", path: b"/", origin: Some(origin.as_bytes()), ..Request::default() }
}

/// Sound policies of every kind.
fn configs() -> impl Strategy<Value = OwnedConfig> {
    let origins = (subsequence(ORIGINS.to_vec(), 0..6), weighted(0.15, Just("*")));
    let methods = (subsequence(METHODS.to_vec(), 0..5), weighted(0.2, Just("*")));
    let headers = (subsequence(HEADERS.to_vec(), 0..6), weighted(0.2, Just("*")));
    let hosts = of(prop_oneof![4 => subsequence(HOSTS.to_vec(), 0..4), 1 => Just(vec!["*"])]);
    let exposed = subsequence(vec!["ETag", "Mcp-Session-Id", "X-A"], 0..3);
    let words = (select(vec!["text", "json-rpc"]), select(vec![200, 204, 299]), of(0_i64..=86_400));
    let flags = any::<[bool; 4]>();
    (origins, methods, headers, hosts, exposed, words, flags).prop_map(
        |(origins, methods, headers, hosts, exposed, (body, status, max_age), flags)| {
            let [credentials, null, reject, by_host] = flags;
            let with = |(names, any): (Vec<&str>, Option<&str>)| {
                names.into_iter().chain(any).map(String::from).collect()
            };
            OwnedConfig {
                allow_origins: with(origins),
                origins_by_host: by_host,
                allow_methods: with(methods),
                allow_headers: with(headers),
                allow_credentials: credentials,
                expose_headers: exposed.into_iter().map(String::from).collect(),
                max_age,
                denied: String::from(if reject && hosts.is_some() { "reject" } else { "continue" }),
                allow_hosts: hosts.map(|hosts| hosts.into_iter().map(String::from).collect()),
                cluster_domain: null.then(|| String::from("cluster.local")),
                denied_body: String::from(body),
                preflight_status: status,
                dangerously_allow_null_origin: null,
                dangerously_allow_any_origin_with_credentials: true,
                dangerously_allow_public_suffixes: true,
                dangerously_allow_insecure_origins: true,
                ..OwnedConfig::default()
            }
        },
    )
}

/// A request's bytes.
#[derive(Clone)]
struct Row {
    method: Vec<u8>,
    host: Option<Vec<u8>>,
    origin: Option<Vec<u8>>,
    requested_method: Option<Vec<u8>>,
    requested_headers: Option<Vec<u8>>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&promises::describe(&self.borrow()))
    }
}

impl Row {
    fn borrow(&self) -> Request<'_> {
        Request {
            method: &self.method,
            path: b"/",
            host: self.host.as_deref(),
            origin: self.origin.as_deref(),
            access_control_request_method: self.requested_method.as_deref(),
            access_control_request_headers: self.requested_headers.as_deref(),
        }
    }
}

/// Requests that have something to do with the policies.
fn requests() -> impl Strategy<Value = Row> {
    let text = |text: &str| text.as_bytes().to_vec();
    let method = || {
        let known = select(METHODS.to_vec());
        prop_oneof![3 => Just("OPTIONS"), 3 => known, 1 => select(vec!["HEAD", "put", "TRACE", "a b"])]
            .prop_map(text)
    };
    let entries: Vec<&str> = ORIGINS.iter().chain(&FOREIGN).copied().collect();
    let origin = (select(entries.clone()), select(entries), lookalike())
        .prop_map(|(first, second, lookalike)| lookalike.of(first, second).into_bytes());
    let host = select(HOSTS.iter().chain(&FOREIGN_HOSTS).copied().collect::<Vec<_>>())
        .prop_map(|host| host.replace('*', "a").replace(":a", ":8080").into_bytes());
    let known = HEADERS.iter().map(|name| name.to_lowercase().replace('*', "a"));
    let known: Vec<String> = known.chain([String::from("x-other")]).collect();
    let headers =
        (vec(select(known), 0..40), style()).prop_map(|(names, style)| style.write(names));
    (method(), of(host), weighted(0.9, origin), of(method()), of(headers)).prop_map(
        |(method, host, origin, requested_method, requested_headers)| Row {
            method,
            host,
            origin,
            requested_method,
            requested_headers,
        },
    )
}

/// Requests of any bytes at all.
fn any_requests() -> impl Strategy<Value = Row> {
    let bytes = || vec(any::<u8>(), 0..50);
    (bytes(), of(bytes()), of(bytes()), of(bytes()), of(bytes())).prop_map(
        |(method, host, origin, requested_method, requested_headers)| Row {
            // Else hardly any would be a preflight.
            method: if method.len() % 2 == 0 { b"OPTIONS".to_vec() } else { method },
            host,
            origin,
            requested_method,
            requested_headers,
        },
    )
}

fn entry() -> impl Strategy<Value = String> {
    let name = "[ab]{1,2}(\\.[abc]{1,2}){0,2}\\.(example|test)";
    prop_oneof![
        4 => name.prop_map(|name| format!("https://{name}")),
        1 => name.prop_map(|name| format!("https://*.{name}")),
        1 => (name, 1_u16..1000).prop_map(|(name, port)| format!("http://{name}:{}", port + 80)),
        1 => name.prop_map(|name| format!("http://{name}:*")),
        1 => "[a-c]{1,3}://\\*",
    ]
}

/// How an origin resembles an entry.
#[derive(Clone, Copy, Debug)]
enum Lookalike {
    Same,
    Deeper,
    OtherPort,
    OtherScheme,
    Longer,
    Shorter,
    UpperCase,
    Slash,
    /// Two entries in one: the bug of a radix tree.
    Joined,
    Inside,
}

fn lookalike() -> impl Strategy<Value = Lookalike> {
    use Lookalike::*;
    select(vec![
        Same,
        Same,
        Deeper,
        OtherPort,
        OtherScheme,
        Longer,
        Shorter,
        UpperCase,
        Slash,
        Joined,
        Inside,
    ])
}

impl Lookalike {
    fn of(self, entry: &str, other: &str) -> String {
        let host = |entry: &str| entry.split_once("://").map_or("", |(_, host)| host).to_owned();
        let origin = match self {
            Self::Same | Self::Slash | Self::UpperCase => entry.to_owned(),
            Self::Deeper => entry.replace("://", "://x.y."),
            Self::OtherPort => format!("{}:8081", entry.trim_end_matches(":*")),
            Self::OtherScheme => entry.replace("https:", "http:"),
            Self::Longer => format!("{entry}.evil.example"),
            Self::Shorter => entry.replacen('.', "", 1),
            Self::Joined => format!("{entry}{}", host(other)),
            Self::Inside => format!("https://{}.{}", host(entry), host(other)),
        };
        let origin = origin.replace(":*", ":3000").replace('*', "sub");
        match self {
            Self::Slash => origin + "/",
            Self::UpperCase => origin.to_uppercase(),
            _ => origin,
        }
    }
}

/// How a list is written.
#[derive(Clone, Debug)]
enum Style {
    /// As browsers do.
    Sorted,
    Repeated,
    AsIs(&'static str),
    UpperCase,
}

fn style() -> impl Strategy<Value = Style> {
    prop_oneof![
        2 => Just(Style::Sorted),
        1 => Just(Style::Repeated),
        1 => select(vec![",", ", ", " ,\t", ",,", ",\u{e4},", ";"]).prop_map(Style::AsIs),
        1 => Just(Style::UpperCase),
    ]
}

impl Style {
    fn write(&self, mut names: Vec<String>) -> Vec<u8> {
        if let Self::Sorted | Self::Repeated = self {
            names.sort_unstable();
        }
        if let Self::Sorted = self {
            names.dedup();
        }
        let separator = if let Self::AsIs(separator) = self { separator } else { "," };
        let list = names.join(separator);
        if let Self::UpperCase = self { list.to_uppercase() } else { list }.into_bytes()
    }
}

const APP: &str = "https://app.example.com";

const ORIGINS: [&str; 14] = [
    APP,
    "https://*.example.com",
    "https://foo.com",
    "https://bar.com",
    "http://localhost:*",
    "http://127.0.0.1:3000",
    "http://[::1]:*",
    "https://*.deep.example.org:*",
    "https://*.one.test:8443",
    "chrome-extension://*",
    "tauri://localhost",
    "https://web.tools.svc",
    "https://*.apps.svc.cluster.local",
    "https://example.net.",
];

const FOREIGN: [&str; 10] = [
    "null",
    "NULL",
    "file://",
    "https://evil.example",
    "https://evil.com/.example.com",
    "http://localhost",
    "http://api.example.com:8443",
    "http://[::1]",
    "https://web.tools.svc.cluster.local.",
    "https://a.apps.svc",
];

const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "purge", "QUERY"];

const HEADERS: [&str; 9] = [
    "Authorization",
    "Content-Type",
    "Last-Event-ID",
    "Mcp-Session-Id",
    "X-A",
    "X-A-B",
    "Mcp-Param-*",
    "X-A-*",
    "x_u",
];

const HOSTS: [&str; 9] = [
    "api.example.com",
    "api.example.com:8443",
    "*.example.net",
    "[2001:db8::1]",
    "10.0.0.7:8080",
    "localhost",
    "mcp.tools.svc",
    "*.apps.svc.cluster.local:*",
    "dotted.example.",
];

const FOREIGN_HOSTS: [&str; 9] = [
    "API.example.com.",
    "evil.example",
    "127.0.0.1:3000",
    "[::1]",
    "[0:0::1]:8080",
    "0.0.0.0",
    "mcp.tools.svc.cluster.local:80",
    "api.example.com:0",
    "",
];
