//! What is fuzzed. Each target takes bytes that are also readable, so that a seed is a text file.

use crossgate::{Config, Policy, Request};

use crate::{grammar, model::Model, promises};

/// Lines: the entries of `allow_origins`, and last an origin.
pub(crate) fn origin_pattern(data: &[u8]) {
    let mut lines: Vec<&[u8]> = data.split(|&byte| byte == b'\n').collect();
    let Some(origin) = lines.pop() else { return };
    let entries: Vec<&str> = lines.iter().filter_map(|line| str::from_utf8(line).ok()).collect();
    let model = Model {
        config: Config {
            allow_origins: &entries,
            // What is dangerous is not what is fuzzed.
            dangerously_allow_null_origin: true,
            ..Config::DEFAULT
        },
    };
    let Some(policy) = parse(&model.config) else { return };
    for origin in entries.iter().map(|entry| entry.as_bytes()).chain([origin]) {
        let request =
            Request { method: b"GET", path: b"/", origin: Some(origin), ..Request::default() };
        promises::keep(&model, &policy, &request, false);
    }
    for entry in entries.iter().filter(|entry| !entry.contains('*') && **entry != "null") {
        assert!(grammar::origin(entry.as_bytes()).is_some(), "`{entry}` can never match");
        assert!(model.lists(entry.as_bytes()), "`{entry}` does not admit itself");
    }
}

/// A line of words, the entries of `allow_headers`, and behind it
/// `Access-Control-Request-Headers`. The word `credentials` is not an entry.
pub(crate) fn header_list(data: &[u8]) {
    let (words, list) = first_line(data);
    let (options, headers): (Vec<&str>, Vec<&str>) =
        words.split(' ').filter(|word| !word.is_empty()).partition(|word| *word == "credentials");
    let model = Model {
        config: Config {
            allow_origins: &[ORIGIN],
            allow_headers: &headers,
            allow_credentials: !options.is_empty(),
            ..Config::DEFAULT
        },
    };
    let Some(policy) = parse(&model.config) else { return };
    let request = Request {
        method: b"OPTIONS",
        path: b"/",
        origin: Some(ORIGIN.as_bytes()),
        access_control_request_method: Some(b"GET"),
        access_control_request_headers: Some(list),
        ..Request::default()
    };
    promises::keep(&model, &policy, &request, false);
}

/// A line, `allow_origin_regex`, and behind it an origin. The crate `regex` must say the same.
pub(crate) fn expression(data: &[u8]) {
    let (source, origin) = first_line(data);
    let config = Config { allow_origin_regex: Some(source), ..Config::DEFAULT };
    let Some(policy) = parse(&config) else { return };
    let peer = |source: &str| {
        regex::bytes::RegexBuilder::new(source).unicode(false).size_limit(1 << 24).build()
    };
    assert!(peer(source).is_ok(), "`{source}` is no expression");
    let matches = peer(&format!(r"\A(?:{source})\z")).is_ok_and(|peer| peer.is_match(origin));
    let request =
        Request { method: b"GET", path: b"/", origin: Some(origin), ..Request::default() };
    assert_eq!(
        policy.decide(&request).denial().is_none(),
        matches && grammar::origin(origin).is_some(),
        "`{source}` and `{}`",
        origin.escape_ascii()
    );
}

/// Lines, each of words: options (see [`flags`]), `allow_origins`, `allow_methods`,
/// `allow_headers`, `expose_headers`, `allow_hosts` (`-`: not stated), the cluster's domain (`-`);
/// then the request: method, Host, Origin and the requested method (`-`: absent), and behind them
/// the requested headers.
pub(crate) fn request(data: &[u8]) {
    let mut rest = data;
    let mut line = || {
        let (line, tail) = first_line(rest);
        rest = tail;
        line
    };
    let flags = line();
    let [origins, methods, headers, expose, hosts] =
        std::array::from_fn(|_| line().split(' ').filter(|word| !word.is_empty()).collect());
    let hosts: Vec<&str> = hosts;
    let cluster = line();
    let mut bytes = || {
        let (line, tail) = split_line(rest);
        rest = tail;
        Some(line).filter(|line| *line != b"-")
    };
    let request = Request {
        method: bytes().unwrap_or(b"GET"),
        path: b"/",
        host: bytes(),
        origin: bytes(),
        access_control_request_method: bytes(),
        access_control_request_headers: Some(rest).filter(|list| *list != b"-"),
    };
    let has = |flag: &str| flags.split(' ').any(|word| word == flag);
    let origins: Vec<&str> = origins;
    let methods: Vec<&str> = methods;
    let model = Model {
        config: Config {
            allow_origins: &origins,
            origins_by_host: has("by-host"),
            allow_methods: &methods,
            allow_headers: &headers,
            allow_credentials: has("credentials"),
            expose_headers: &expose,
            max_age: has("max-age").then_some(600),
            allow_hosts: (hosts != ["-"]).then_some(&hosts),
            cluster_domain: (cluster != "-").then_some(cluster),
            denied: if has("reject") { "reject" } else { "continue" },
            denied_body: if has("json") { "json-rpc" } else { "text" },
            preflight_status: if has("200") { 200 } else { 204 },
            dangerously_allow_null_origin: has("null"),
            dangerously_allow_any_origin_with_credentials: has("danger"),
            dangerously_allow_public_suffixes: has("danger"),
            dangerously_allow_insecure_origins: has("danger"),
            ..Config::DEFAULT
        },
    };
    let Some(policy) = parse(&model.config) else { return };
    promises::keep(&model, &policy, &request, has("given"));
}

/// Parses a configuration; the problems of an unsound one must be fit to be read.
fn parse(config: &Config<'_>) -> Option<Policy> {
    match Policy::new(config) {
        Ok(policy) => {
            policy.notes().iter().for_each(check_text);
            Some(policy)
        }
        Err(error) => {
            assert!(!error.problems().is_empty());
            error.problems().iter().for_each(check_text);
            None
        }
    }
}

fn check_text(problem: &crossgate::Problem) {
    let text = problem.to_string();
    assert!(text.starts_with(problem.option()), "{text}");
    assert!(text.ends_with(')') && !problem.fix().is_empty(), "{text}");
    // A line of a log, whatever was configured.
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

fn first_line(data: &[u8]) -> (&str, &[u8]) {
    let (line, rest) = split_line(data);
    (str::from_utf8(line).unwrap_or_default(), rest)
}

fn split_line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, b""),
    }
}

const ORIGIN: &str = "https://app.example.com";
