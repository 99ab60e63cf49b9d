//! What comes back.

use std::{format, string::String, vec, vec::Vec};

use super::*;

#[test]
fn preflights_whatever_when_told_to() {
    let fetch = Fetch { origin: PAGE, method: "POST", always_preflight: true, ..Fetch::default() };
    let asked = Profile::STANDARD.preflight(&fetch).unwrap().unwrap();
    assert_eq!((asked.method, asked.request_headers()), ("POST", None));
    let answer = Response { status: 204, headers: &[("access-control-allow-origin", b"*")] };
    assert_eq!(Profile::STANDARD.check_preflight(&fetch, &asked, &answer), Ok(()));
    // The standard takes the method of a bare preflight as allowed, browsers do not.
    let fetch = Fetch { method: "PUT", ..fetch };
    let allowed = BROWSERS.map(|(_, profile)| {
        let asked = profile.preflight(&fetch).unwrap().unwrap();
        profile.check_preflight(&fetch, &asked, &answer).is_ok()
    });
    assert_eq!(allowed, [true, false, false, false]);
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
        assert_eq!(got, format!("actual request: repeated-allow-origin `{PAGE}, {second}`"));
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

#[test]
fn drops_empty_lines_where_a_browser_does() {
    const ACAO: &str = "Access-Control-Allow-Origin";
    let passes = |lines: Lines<'_>| {
        let headers = bytes(lines);
        let fetch = Fetch { origin: PAGE, credentials: true, ..Fetch::default() };
        let response = Response { status: 200, headers: &headers };
        [Profile::STANDARD, Profile::FIREFOX].map(|p| p.check(&fetch, &response).is_ok())
    };
    let (allow, credentials) = ((ACAO, PAGE), "Access-Control-Allow-Credentials");
    let (yes, no) = ((credentials, "true"), (credentials, ""));
    assert_eq!(passes(&[allow, yes]), [true, true]);
    assert_eq!(passes(&[allow, yes, no]), [false, true]);
    assert_eq!(passes(&[allow, no, yes, yes]), [false, false]);
    assert_eq!(passes(&[allow, no]), [false, false]);
    assert_eq!(passes(&[allow, ("access-control-allow-origin", ""), yes]), [false, true]);
    assert_eq!(passes(&[allow, (ACAO, ""), yes]), [false, false]);
    assert_eq!(passes(&[allow, ("access-control-allow-origin", PAGE), yes]), [false, false]);
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
    let Err(blocked) = profile.check_preflight(fetch, &asked, &response) else {
        return "ok".into();
    };
    assert_eq!((blocked.leg, blocked.status), (Leg::Preflight, status));
    match blocked.bad_member().or(blocked.value.as_deref()) {
        Some(value) => format!("{} `{value}`", blocked.reason.as_str()),
        None => blocked.reason.as_str().into(),
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
        ("PUT", false, &[(ACAM, "PUT"), (ACAM, "\"GET\"")], "bad-method-list `\"GET\"`"),
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
}

#[test]
fn reports_one_fault_of_several_as_a_browser_does() {
    use Reason::{
        BadHeaderList, BadMethodList, MethodNotAllowed, MissingAllowOrigin, PreflightRedirect,
        PreflightStatus,
    };
    let headers: &[(&str, &[u8])] = &[("x-a", b"")];
    let fetch = Fetch { origin: PAGE, method: "PUT", headers, ..Fetch::default() };
    let reasons = |status, lines: Lines<'_>| {
        let headers = bytes(lines);
        BROWSERS.map(|(_, profile)| {
            let asked = profile.preflight(&fetch).unwrap().unwrap();
            let response = Response { status, headers: &headers };
            profile.check_preflight(&fetch, &asked, &response).unwrap_err().reason
        })
    };
    let missing = MissingAllowOrigin;
    assert_eq!(reasons(403, &[]), [missing, missing, missing, PreflightStatus]);
    let redirect = [("location", "/")];
    assert_eq!(reasons(307, &redirect), [missing, PreflightRedirect, missing, PreflightRedirect]);
    let star = ("access-control-allow-origin", "*");
    let (list, method) = (BadHeaderList, MethodNotAllowed);
    assert_eq!(reasons(200, &[star, (ACAH, "a b")]), [list, list, method, list]);
    assert_eq!(reasons(200, &[star, (ACAH, "a b"), (ACAM, "a b")]), [BadMethodList; 4]);
}

#[test]
fn exposes_what_the_response_lists() {
    const ACEH: &str = "Access-Control-Expose-Headers";
    const ALL: &str = "Access-Control-Allow-Origin Access-Control-Allow-Credentials Content-Type \
                       ETag X-A * Access-Control-Expose-Headers";
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
    for (credentials, expose, want) in [
        (true, &[] as Lines<'_>, "Content-Type"),
        (true, &[(ACEH, "etag"), (ACEH, ", x-a,")], "Content-Type ETag X-A"),
        (true, &[(ACEH, "set-cookie, x-a, missing")], "Content-Type X-A"),
        (true, &[(ACEH, "x-a, e tag")], "Content-Type"),
        (true, &[(ACEH, "*")], "Content-Type *"),
        (false, &[(ACEH, "*")], ALL),
        (false, &[(ACEH, "*, e tag")], "Content-Type"),
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
