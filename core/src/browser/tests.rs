//! Facts that were seen in browsers or are read in the standard, as tables.

extern crate std;

use std::{format, string::String, vec, vec::Vec};

use super::*;

const PAGE: &str = "https://app.example.com";
const BROWSERS: [(&str, Profile); 4] = [
    ("standard", Profile::STANDARD),
    ("Chromium", Profile::CHROMIUM),
    ("Firefox", Profile::FIREFOX),
    ("WebKit", Profile::WEBKIT),
];

type Lines<'a> = &'a [(&'a str, &'a str)];

fn bytes<'a>(lines: Lines<'a>) -> Vec<(&'a str, &'a [u8])> {
    lines.iter().map(|(name, value)| (*name, value.as_bytes())).collect()
}

/// `none` or `METHOD names`, for each of [`BROWSERS`].
fn preflights(method: &str, headers: Lines<'_>) -> Vec<String> {
    let headers = bytes(headers);
    let fetch = Fetch { origin: PAGE, method, headers: &headers, ..Fetch::default() };
    let preflight = |profile: &Profile| match profile.preflight(&fetch) {
        Ok(None) => "none".into(),
        Ok(Some(asked)) => {
            format!("{} {}", asked.method, asked.request_headers().unwrap_or_default())
        }
        Err(blocked) => format!("{blocked}"),
    };
    BROWSERS.iter().map(|(_, profile)| preflight(profile)).collect()
}

#[track_caller]
fn assert_preflight(method: &str, headers: Lines<'_>, want: &str) {
    assert_eq!(preflights(method, headers), [want; 4], "{method} {headers:?}");
}

#[test]
fn sends_methods_as_the_standard_normalizes_them() {
    for (method, want) in [
        ("", "none"),
        ("get", "none"),
        ("Head", "none"),
        ("POST", "none"),
        ("put", "PUT "),
        ("dElEtE", "DELETE "),
        ("options", "OPTIONS "),
        ("patch", "patch "),
        ("query", "query "),
        ("PATCH", "PATCH "),
        ("CONNECT", "script: invalid-method `CONNECT`"),
        ("trace", "script: invalid-method `trace`"),
        ("A B", "script: invalid-method `A B`"),
    ] {
        assert_preflight(method, &[], want);
    }
}

#[test]
fn asks_for_unsafe_names_in_order_and_once() {
    assert_preflight(
        "GET",
        &[("X_u", ""), ("x-b", "1"), ("X-A-B", "1"), ("Authorization", "t"), ("X-A", "é")],
        "GET authorization,x-a,x-a-b,x-b,x_u",
    );
    let twice = preflights("GET", &[("X-A", "1"), ("x-b", ""), ("x-a", "2")]);
    assert_eq!(twice, ["GET x-a,x-b", "GET x-a,x-b", "GET x-a,x-a,x-b", "GET x-a,x-b"]);
}

#[test]
fn drops_what_script_may_not_set() {
    let forbidden = ["Cookie", "origin", "Host", "Sec-Anything", "PROXY-x", "DNT", "Via", "te"];
    for name in forbidden {
        assert_preflight("GET", &[(name, "1")], "none");
    }
    for (value, want) in [
        ("TRACE", "none"),
        ("get, track", "none"),
        ("\"a,b\", connect", "none"),
        ("PUT", "GET x-http-method-override"),
        ("\"a,trace,b\"", "GET x-http-method-override"),
    ] {
        assert_preflight("GET", &[("X-HTTP-Method-Override", value)], want);
    }
    assert_preflight("GET", &[("sec", "1")], "GET sec");
    assert_preflight("GET", &[("a b", "1")], "script: invalid-header `a b`");
    assert_preflight("GET", &[("x-a", "1\n2")], "script: invalid-header `x-a`");
    assert_preflight("GET", &[("x-a", "\r\n 1\t\n")], "GET x-a");
}

#[test]
fn safelists_by_value() {
    let long = "a".repeat(128);
    let longer = "a".repeat(129);
    let quoted = "text/plain; charset=\"utf-8\"";
    for (name, value, is_safe) in [
        ("Accept", "application/json;q=0.9, */*", true),
        ("accept", "a\tb", true),
        ("accept", "a:b", false),
        ("accept", "(a)", false),
        ("accept", "\x7f", false),
        ("accept", "\x01", false),
        ("accept", "é", true),
        ("accept", &long, true),
        ("accept", &longer, false),
        ("Accept-Language", "de-DE, *;q=0.5", true),
        ("accept-language", "en_US", false),
        ("content-language", "a\tb", false),
        ("content-language", "é", false),
        ("content-type", "text/plain", true),
        ("content-type", "TEXT/PLAIN", true),
        ("content-type", " text/plain ; charset=utf-8", true),
        ("content-type", "text/plain;", true),
        ("content-type", "multipart/form-data;boundary=x", true),
        ("content-type", "application/x-www-form-urlencoded", true),
        ("content-type", quoted, false),
        ("content-type", "text/plain, application/json", false),
        ("content-type", "text/plain x", false),
        ("content-type", "text /plain", false),
        ("content-type", "application/json", false),
        ("content-type", "", false),
        ("range", "bytes=0-", true),
        ("range", "bytes=0-9", true),
        ("range", "bytes=00009-9", true),
        ("range", "bytes=10-9", false),
        ("range", "bytes=-500", false),
        ("range", "bytes = 0-9", false),
        ("range", "Bytes=0-9", false),
        ("range", "bytes=0-9,11-", false),
        ("range", "bytes=0-9223372036854775807", true),
        ("range", "rows=0-9", false),
        ("last-event-id", "1", false),
        ("x-a", "", false),
    ] {
        let names = name.to_ascii_lowercase();
        let want = if is_safe { "none".into() } else { format!("GET {names}") };
        assert_preflight("GET", &[(name, value)], &want);
    }
}

#[test]
fn safelists_up_to_1024_bytes_in_all() {
    let value = "a".repeat(128);
    let mut headers =
        vec![("accept", value.as_str()), ("accept-language", &value), ("content-language", &value)];
    assert_preflight("GET", &headers, "none");
    headers.extend([("accept-language", value.as_str()); 5]);
    let joins = "GET accept-language";
    assert_eq!(preflights("GET", &headers), ["none", joins, "none", joins]);
    headers.push(("content-type", "text/plain"));
    let all = "GET accept,accept-language,content-language,content-type";
    let repeated = "GET accept,accept-language,accept-language,accept-language,accept-language,\
                    accept-language,accept-language,content-language,content-type";
    assert_eq!(preflights("GET", &headers), [all, joins, repeated, joins]);
}

#[test]
fn departs_from_the_safelist_where_a_browser_does() {
    let half = "a".repeat(65);
    let huge = format!("bytes={}-", "9".repeat(100));
    for (headers, want) in [
        (&[("accept", half.as_str()), ("accept", &half)] as Lines<'_>, [false, true, false, true]),
        (&[("content-type", "text/plain;"), ("content-type", "x")], [true, false, true, false]),
        (
            &[("content-type", "text/plain"), ("content-type", "text/plain")],
            [false, true, false, true],
        ),
        (&[("range", "bytes=0-"), ("range", "bytes=0-")], [false, true, false, true]),
        (&[("range", &huge)], [false, true, true, true]),
        (&[("DPR", "1.5"), ("downlink", "0"), ("RTT", "007")], [true, false, true, true]),
        (&[("device-memory", ".5")], [true; 4]),
        (&[("width", "1.5")], [true; 4]),
        (&[("dpr", "1"), ("dpr", "1")], [true; 4]),
        (&[("ect", "slow-2g")], [true, false, true, true]),
        (&[("ect", "4G")], [true; 4]),
        (&[("save-data", "ON")], [true, false, true, true]),
        (&[("save-data", "off")], [true; 4]),
        (&[("user-agent", "x")], [true, false, true, true]),
    ] {
        let asked: Vec<bool> =
            preflights("GET", headers).iter().map(|sent| sent != "none").collect();
        assert_eq!(asked, want, "{headers:?}");
    }
}

#[test]
fn preflights_whatever_when_told_to() {
    let fetch = Fetch { origin: PAGE, method: "POST", always_preflight: true, ..Fetch::default() };
    let asked = Profile::STANDARD.preflight(&fetch).unwrap().unwrap();
    assert_eq!((asked.method, asked.request_headers()), ("POST", None));
    let answer = Response { status: 204, headers: &[("access-control-allow-origin", b"*")] };
    assert_eq!(Profile::STANDARD.check_preflight(&fetch, &asked, &answer), Ok(()));
}

/// `ok` or `leg: code value` for an actual response.
fn check(origin: &str, credentials: bool, headers: Lines<'_>) -> String {
    let headers = bytes(headers);
    let fetch = Fetch { origin, credentials, ..Fetch::default() };
    match Profile::STANDARD.check(&fetch, &Response { status: 200, headers: &headers }) {
        Ok(_) => "ok".into(),
        Err(blocked) => format!("{blocked}"),
    }
}

#[test]
fn checks_allow_origin() {
    const ACAO: &str = "Access-Control-Allow-Origin";
    for (value, want) in [
        ("https://app.example.com", "ok"),
        (" \thttps://app.example.com\t ", "ok"),
        ("*", "ok"),
        ("https://app.example.com/", "allow-origin-mismatch"),
        ("https://APP.example.com", "allow-origin-mismatch"),
        ("http://app.example.com", "allow-origin-mismatch"),
        ("https://app.example.com:443", "allow-origin-mismatch"),
        ("null", "allow-origin-mismatch"),
        ("chrome-extension://x", "allow-origin-mismatch"),
        ("app.example.com", "invalid-allow-origin"),
        ("https://app.example.com:*", "invalid-allow-origin"),
        ("https://", "invalid-allow-origin"),
        ("undefined", "invalid-allow-origin"),
        ("true", "invalid-allow-origin"),
        ("\"*\"", "invalid-allow-origin"),
        ("", "invalid-allow-origin"),
        ("https://app.example.com, https://app.example.com", "multiple-allow-origin"),
        ("https://app.example.com https://b.example", "multiple-allow-origin"),
        ("https://app.example.com,", "multiple-allow-origin"),
        ("*, *", "multiple-allow-origin"),
    ] {
        let got = check(PAGE, false, &[(ACAO, value)]);
        assert_eq!(got.split(" `").next().unwrap().trim_start_matches("actual request: "), want);
    }
    assert_eq!(check(PAGE, false, &[]), "actual request: missing-allow-origin");
    for second in [PAGE, "*", "", "https://b.example"] {
        let got = check(PAGE, false, &[(ACAO, PAGE), ("access-control-allow-origin", second)]);
        assert_eq!(got, format!("actual request: multiple-allow-origin `{PAGE}, {second}`"));
    }
    assert_eq!(check("null", false, &[(ACAO, "null")]), "ok");
    assert_ne!(check("null", false, &[(ACAO, "NULL")]), "ok");
    assert_ne!(check("null", false, &[(ACAO, PAGE)]), "ok");
}

#[test]
fn checks_allow_credentials() {
    const ACAC: &str = "Access-Control-Allow-Credentials";
    let with = |origin, credentials, lines: Lines<'_>| {
        let mut headers = vec![("access-control-allow-origin", origin)];
        headers.extend(lines);
        check(PAGE, credentials, &headers)
    };
    assert_eq!(with(PAGE, true, &[(ACAC, " true ")]), "ok");
    assert_eq!(with(PAGE, true, &[]), "actual request: credentials-not-true");
    for value in ["True", "TRUE", "\"true\"", "1", "yes", "true;", "true, true", "false", ""] {
        let want = format!("actual request: credentials-not-true `{}`", value.escape_debug());
        assert_eq!(with(PAGE, true, &[(ACAC, value)]), want);
        assert_eq!(with(PAGE, false, &[(ACAC, value)]), "ok");
    }
    let twice = with(PAGE, true, &[(ACAC, "true"), (ACAC, "true")]);
    assert_eq!(twice, "actual request: credentials-not-true `true, true`");
    assert_eq!(with("*", true, &[(ACAC, "true")]), "actual request: wildcard-with-credentials");
    assert_eq!(with("*", false, &[(ACAC, "true")]), "ok");
}

/// `ok` or `code value` for the answer to a preflight, which besides the lines given allows the
/// page and credentials.
fn answer(profile: &Profile, fetch: &Fetch<'_>, status: u16, lines: Lines<'_>) -> String {
    let mut headers = bytes(&[
        ("access-control-allow-origin", PAGE),
        ("access-control-allow-credentials", "true"),
    ]);
    headers.extend(bytes(lines));
    let asked = profile.preflight(fetch).unwrap().expect("a preflight");
    let response = Response { status, headers: &headers };
    match profile.check_preflight(fetch, &asked, &response) {
        Ok(()) => "ok".into(),
        Err(blocked) => format!("{blocked}").trim_start_matches("preflight: ").into(),
    }
}

const ACAM: &str = "Access-Control-Allow-Methods";
const ACAH: &str = "Access-Control-Allow-Headers";

#[test]
fn checks_the_status_of_a_preflight() {
    let fetch = Fetch { origin: PAGE, method: "GET", headers: &[("x-a", b"")], ..Fetch::default() };
    let allow = (ACAH, "x-a");
    for status in [200, 204, 205, 206, 226, 299] {
        assert_eq!(answer(&Profile::STANDARD, &fetch, status, &[allow]), "ok");
    }
    for status in [101, 199, 300, 304, 308, 400, 401, 403, 404, 405, 500, 503] {
        assert_eq!(answer(&Profile::STANDARD, &fetch, status, &[allow]), "preflight-status");
    }
    for status in [301, 302, 303, 307, 308] {
        let got = answer(&Profile::STANDARD, &fetch, status, &[allow, ("location", "/")]);
        assert_eq!(got, "preflight-redirect");
    }
    let refused = Response { status: 403, headers: &[] };
    for (name, profile) in BROWSERS {
        let asked = profile.preflight(&fetch).unwrap().unwrap();
        let blocked = profile.check_preflight(&fetch, &asked, &refused).unwrap_err();
        let want =
            if name == "WebKit" { Reason::PreflightStatus } else { Reason::MissingAllowOrigin };
        assert_eq!(blocked, Blocked { leg: Leg::Preflight, status: 403, reason: want });
    }
}

#[test]
fn checks_the_method_list() {
    for (method, credentials, lines, want) in [
        ("PUT", false, &[(ACAM, "PUT")] as Lines<'_>, "ok"),
        ("put", false, &[(ACAM, "PUT")], "ok"),
        ("PUT", false, &[(ACAM, "put")], "method-not-allowed `PUT`"),
        ("patch", false, &[(ACAM, "PATCH")], "method-not-allowed `patch`"),
        ("PUT", false, &[], "method-not-allowed `PUT`"),
        ("PUT", false, &[("Allow", "PUT")], "method-not-allowed `PUT`"),
        ("PUT", false, &[(ACAM, "")], "method-not-allowed `PUT`"),
        ("PUT", false, &[(ACAM, ", ,\tPUT\t,")], "ok"),
        ("PUT", false, &[(ACAM, "GET"), (ACAM, "PUT")], "ok"),
        ("PUT", false, &[(ACAM, "*")], "ok"),
        ("PUT", true, &[(ACAM, "*")], "method-not-allowed `PUT`"),
        ("*", true, &[(ACAM, "*")], "ok"),
        ("OPTIONS", false, &[(ACAM, "GET")], "method-not-allowed `OPTIONS`"),
        ("PUT", false, &[(ACAM, "PUT, GET POST")], "bad-method-list `GET POST`"),
        ("PUT", false, &[(ACAM, "PUT"), (ACAM, "\"GET\"")], "bad-method-list `\\\"GET\\\"`"),
        ("PUT", false, &[(ACAM, "PUT;GET")], "bad-method-list `PUT;GET`"),
    ] {
        let fetch = Fetch { origin: PAGE, method, credentials, ..Fetch::default() };
        assert_eq!(answer(&Profile::STANDARD, &fetch, 204, lines), want, "{method} {lines:?}");
    }
    for method in ["GET", "HEAD", "POST"] {
        let headers: &[(&str, &[u8])] = &[("x-a", b"")];
        let fetch = Fetch { origin: PAGE, method, headers, ..Fetch::default() };
        let lines = [(ACAH, "x-a"), (ACAM, "PUT")];
        assert_eq!(answer(&Profile::STANDARD, &fetch, 204, &lines), "ok");
    }
}

#[test]
fn checks_the_header_list() {
    let headers: &[(&str, &[u8])] = &[("X-A", b""), ("Content-Type", b"application/json")];
    for (credentials, lines, want) in [
        (false, &[(ACAH, "content-type, x-a")] as Lines<'_>, "ok"),
        (true, &[(ACAH, "X-a"), (ACAH, ",CONTENT-TYPE")], "ok"),
        (false, &[(ACAH, "x-a")], "header-not-allowed `content-type`"),
        (false, &[(ACAH, "content-type, x-*")], "header-not-allowed `x-a`"),
        (false, &[(ACAH, "")], "header-not-allowed `content-type`"),
        (false, &[], "header-not-allowed `content-type`"),
        (false, &[(ACAH, "*")], "ok"),
        (true, &[(ACAH, "*")], "header-not-allowed `content-type`"),
        (true, &[(ACAH, "*, x-a")], "header-not-allowed `content-type`"),
        (false, &[(ACAH, "*, x a")], "bad-header-list `x a`"),
        (false, &[(ACAH, "x-a: 1, content-type")], "bad-header-list `x-a: 1`"),
    ] {
        let fetch = Fetch { origin: PAGE, headers, credentials, ..Fetch::default() };
        assert_eq!(answer(&Profile::STANDARD, &fetch, 204, lines), want, "{lines:?}");
    }
    let headers: &[(&str, &[u8])] = &[("*", b"")];
    let fetch = Fetch { origin: PAGE, headers, credentials: true, ..Fetch::default() };
    assert_eq!(answer(&Profile::STANDARD, &fetch, 204, &[(ACAH, "*")]), "ok");
}

#[test]
fn departs_from_the_lists_where_a_browser_does() {
    let headers: &[(&str, &[u8])] = &[("Authorization", b"t"), ("x-a", b"")];
    let fetch = Fetch { origin: PAGE, method: "PUT", headers, ..Fetch::default() };
    let answers = |credentials, lines: Lines<'_>| {
        let fetch = Fetch { credentials, ..fetch };
        BROWSERS.map(|(_, profile)| answer(&profile, &fetch, 204, lines))
    };
    let star = answers(false, &[(ACAM, "*"), (ACAH, "*")]);
    assert_eq!(star, ["authorization-under-star `authorization`", "ok", "ok", "ok"]);
    assert_eq!(answers(false, &[(ACAM, "*"), (ACAH, "*, authorization")]), ["ok"; 4]);
    let listed = answers(true, &[(ACAM, "PUT"), (ACAH, "*")]);
    assert_eq!(listed, ["header-not-allowed `authorization`"; 4]);
    let (list, method) = ("bad-header-list `a b`", "method-not-allowed `PUT`");
    assert_eq!(answers(false, &[(ACAH, "a b")]), [list, list, method, list]);
}

#[test]
fn exposes_what_the_response_lists() {
    let seen = |credentials, expose: Lines<'_>| {
        let mut headers = bytes(&[
            ("Access-Control-Allow-Origin", PAGE),
            ("Access-Control-Allow-Credentials", "true"),
            ("Content-Type", "text/plain"),
            ("ETag", "1"),
            ("X-A", "1"),
            ("*", "1"),
            ("Set-Cookie", "a=b"),
        ]);
        headers.extend(bytes(expose));
        let fetch = Fetch { origin: PAGE, credentials, ..Fetch::default() };
        let response = Response { status: 500, headers: &headers };
        let readable = Profile::STANDARD.check(&fetch, &response).unwrap();
        assert_eq!(readable.response().status, 500);
        readable.headers().map(|(name, _)| name).collect::<Vec<_>>().join(" ")
    };
    const ACEH: &str = "Access-Control-Expose-Headers";
    for (credentials, expose, want) in [
        (true, &[] as Lines<'_>, "Content-Type"),
        (true, &[(ACEH, "etag"), (ACEH, ", x-a,")], "Content-Type ETag X-A"),
        (true, &[(ACEH, "set-cookie, x-a, missing")], "Content-Type X-A"),
        (true, &[(ACEH, "x-a, e tag")], "Content-Type"),
        (true, &[(ACEH, "*")], "Content-Type *"),
        (
            false,
            &[(ACEH, "*")],
            "Access-Control-Allow-Origin Access-Control-Allow-Credentials Content-Type ETag X-A * \
             Access-Control-Expose-Headers",
        ),
    ] {
        assert_eq!(seen(credentials, expose), want, "{expose:?}");
    }
}

#[test]
fn carries_a_whole_exchange_out() {
    let allow: &[(&str, &[u8])] = &[("access-control-allow-origin", b"*")];
    let (open, closed) =
        (Response { status: 200, headers: allow }, Response { status: 200, headers: &[] });
    let put = Fetch { origin: PAGE, method: "PUT", ..Fetch::default() };
    let fetched = Profile::STANDARD.fetch(&put, &open, &open);
    assert!(fetched.preflight.is_some() && !fetched.sent);
    assert_eq!(fetched.result.unwrap_err().leg, Leg::Preflight);

    let get = Fetch { method: "GET", ..put };
    let fetched = Profile::STANDARD.fetch(&get, &closed, &open);
    assert!(fetched.preflight.is_none() && fetched.sent && fetched.result.is_ok());
    let fetched = Profile::STANDARD.fetch(&get, &open, &closed);
    assert!(fetched.sent);
    assert_eq!(fetched.result.unwrap_err().leg, Leg::Actual);

    let trace = Fetch { method: "TRACE", ..put };
    let fetched = Profile::STANDARD.fetch(&trace, &open, &open);
    assert!(fetched.preflight.is_none() && !fetched.sent);
    assert_eq!(fetched.result.unwrap_err().leg, Leg::Script);
}
