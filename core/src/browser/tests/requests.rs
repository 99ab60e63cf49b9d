//! What goes out.

use std::{format, string::String, vec, vec::Vec};

use super::*;

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
        ("range", "bytes=", false),
        ("range", "bytes=1", false),
        ("range", "byte", false),
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
    let (half, longer) = ("a".repeat(65), "a".repeat(129));
    for (headers, want) in [
        (&[("accept", half.as_str()), ("accept", &half)] as Lines<'_>, [false, true, false, true]),
        (&[("content-type", "text/plain;"), ("content-type", "x")], [true, false, true, false]),
        (
            &[("content-type", "text/plain"), ("content-type", "text/plain")],
            [false, true, false, true],
        ),
        (&[("range", "bytes=0-"), ("range", "bytes=0-")], [false, true, false, true]),
        (&[("range", "BYTES=+1-2")], [true, true, true, false]),
        (&[("range", "BYTES=2-+1")], [true; 4]),
        (&[("accept", "é")], [false, false, true, false]),
        (&[("content-type", "text/plain;a,b")], [false, false, true, false]),
        (&[("user-agent", &longer)], [true, false, true, true]),
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
