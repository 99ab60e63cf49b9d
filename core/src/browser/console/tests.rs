//! Each engine's words for each reason, there and back.

extern crate std;

use std::{format, vec::Vec};

use super::*;
use crate::browser::Response;

const URL: &str = "http://127.0.0.1:8080/mcp";
const PAGE: &str = "http://127.0.0.1:3000";

/// What stands between what all messages of one engine have in common.
fn words(engine: Engine, fetch: &Fetch<'_>, blocked: &Blocked) -> String {
    let text = engine.text(fetch, URL, blocked).unwrap();
    let (before, behind) = match engine {
        Engine::Chromium => (
            format!(
                "Access to fetch at '{URL}' from origin '{PAGE}' has been blocked by CORS policy: "
            ),
            String::new(),
        ),
        Engine::Firefox => (
            format!(
                "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote \
                 resource at {URL}. (Reason: "
            ),
            String::new(),
        ),
        Engine::WebKit => {
            (String::new(), format!("\nFetch API cannot load {URL} due to access control checks."))
        }
    };
    let text = text.strip_prefix(before.as_str()).unwrap_or(&text);
    text.strip_suffix(behind.as_str()).unwrap_or(text).into()
}

/// A blocked fetch in each engine, from the answer to its preflight or to itself.
fn blocked(preflight: bool, credentials: bool, status: u16, lines: &[(&str, &str)]) -> Vec<String> {
    let headers: Vec<_> = lines.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let response = Response { status, headers: &headers };
    let asked: &[(&str, &[u8])] = &[("X-Trace", b"1")];
    let fetch = Fetch {
        origin: PAGE,
        method: if preflight { "PUT" } else { "GET" },
        headers: if preflight { asked } else { &[] },
        credentials,
        always_preflight: false,
    };
    Engine::ALL
        .into_iter()
        .map(|engine| {
            let profile = engine.profile();
            let blocked = match profile.preflight(&fetch).unwrap() {
                Some(asked) => profile.check_preflight(&fetch, &asked, &response).unwrap_err(),
                None => profile.check(&fetch, &response).unwrap_err(),
            };
            let text = engine.text(&fetch, URL, &blocked).unwrap();
            let report = read(&text).unwrap();
            assert_eq!(report.engine, engine, "{text}");
            assert!(report.reasons.contains(&blocked.reason), "{text}: {:?}", report.reasons);
            assert!(report.leg.is_none_or(|leg| leg == blocked.leg), "{text}");
            assert_eq!(report.url, Some(URL), "{text}");
            assert!(report.origin.is_none_or(|origin| origin == PAGE), "{text}");
            assert!(report.status.is_none_or(|code| code == status), "{text}");
            let value = blocked.bad_member().or(blocked.value.as_deref()).unwrap_or_default();
            let told = report.value.unwrap_or(value);
            assert!(told.eq_ignore_ascii_case(value) || Some(told) == blocked.value.as_deref());
            words(engine, &fetch, &blocked)
        })
        .collect()
}

const ACAO: &str = "Access-Control-Allow-Origin";
const ACAC: &str = "Access-Control-Allow-Credentials";
const REFUSED: &str = "Origin http://127.0.0.1:3000 is not allowed by \
                       Access-Control-Allow-Origin. Status code: 404";
const FAILED: &str = "\nCross-Origin Request Blocked: The Same Origin Policy disallows reading the \
                      remote resource at http://127.0.0.1:8080/mcp. (Reason: CORS request did not \
                      succeed). Status code: (null).";

#[test]
fn has_words_for_an_actual_response() {
    for (credentials, lines, want) in [
        (
            false,
            &[] as &[(&str, &str)],
            [
                "No 'Access-Control-Allow-Origin' header is present on the requested resource.",
                "CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 404.",
                REFUSED,
            ],
        ),
        (
            false,
            &[(ACAO, "https://b.example")],
            [
                "The 'Access-Control-Allow-Origin' header has a value 'https://b.example' that is \
                 not equal to the supplied origin. Have the server send the header with a valid \
                 value.",
                "CORS header ‘Access-Control-Allow-Origin’ does not match ‘https://b.example’).",
                REFUSED,
            ],
        ),
        (
            false,
            &[(ACAO, "undefined")],
            [
                "The 'Access-Control-Allow-Origin' header contains the invalid value 'undefined'. \
                 Have the server send the header with a valid value.",
                "CORS header ‘Access-Control-Allow-Origin’ does not match ‘undefined’).",
                REFUSED,
            ],
        ),
        (
            false,
            &[(ACAO, "*, *")],
            [
                "The 'Access-Control-Allow-Origin' header contains multiple values '*, *', but \
                 only one is allowed. Have the server send the header with a valid value.",
                "CORS header ‘Access-Control-Allow-Origin’ does not match ‘*, *’).",
                "Access-Control-Allow-Origin cannot contain more than one origin.",
            ],
        ),
        (
            false,
            &[(ACAO, "*"), (ACAO, "*")],
            [
                "The 'Access-Control-Allow-Origin' header contains multiple values '*, *', but \
                 only one is allowed. Have the server send the header with a valid value.",
                "Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed).",
                "Access-Control-Allow-Origin cannot contain more than one origin.",
            ],
        ),
        (
            true,
            &[(ACAO, "*")],
            [
                "The value of the 'Access-Control-Allow-Origin' header in the response must not be \
                 the wildcard '*' when the request's credentials mode is 'include'.",
                "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote \
             resource at ‘http://127.0.0.1:8080/mcp’. (Reason: Credential is not supported if the \
             CORS header ‘Access-Control-Allow-Origin’ is ‘*’).",
                "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.",
            ],
        ),
        (
            true,
            &[(ACAO, PAGE)],
            [
                "The value of the 'Access-Control-Allow-Credentials' header in the response is '' \
             which must be 'true' when the request's credentials mode is 'include'.",
                "expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’).",
                "Credentials flag is true, but Access-Control-Allow-Credentials is not \"true\".",
            ],
        ),
    ] {
        assert_eq!(blocked(false, credentials, 404, lines), want);
    }
}

#[test]
fn has_words_for_the_answer_to_a_preflight() {
    let allow = (ACAO, PAGE);
    let (methods, headers) = ("Access-Control-Allow-Methods", "Access-Control-Allow-Headers");
    let check = "Response to preflight request doesn't pass access control check: ";
    for (status, lines, chromium, firefox, webkit) in [
        (
            403,
            &[] as &[(&str, &str)],
            &*format!(
                "{check}No 'Access-Control-Allow-Origin' header is present on the requested \
                 resource."
            ),
            "CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 403.",
            "Preflight response is not successful. Status code: 403",
        ),
        (
            403,
            &[allow],
            &format!("{check}It does not have HTTP ok status."),
            "CORS preflight response did not succeed). Status code: 403.",
            "Preflight response is not successful. Status code: 403",
        ),
        (
            308,
            &[allow, ("Location", "/mcp/")],
            &format!("{check}Redirect is not allowed for a preflight request."),
            "CORS request external redirect not allowed).\nCross-Origin Request Blocked: The Same \
             Origin Policy disallows reading the remote resource at http://127.0.0.1:8080/mcp. \
             (Reason: CORS preflight response did not succeed). Status code: 308.",
            "Preflight response is not successful. Status code: 308",
        ),
        (
            200,
            &[allow],
            "Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.",
            "Did not find method in CORS header ‘Access-Control-Allow-Methods’).",
            "Method PUT is not allowed by Access-Control-Allow-Methods.",
        ),
        (
            200,
            &[allow, (methods, "PUT")],
            "Request header field x-trace is not allowed by Access-Control-Allow-Headers in \
             preflight response.",
            "header ‘x-trace’ is not allowed according to header ‘Access-Control-Allow-Headers’ \
             from CORS preflight response).",
            "Request header field X-Trace is not allowed by Access-Control-Allow-Headers.",
        ),
        (
            200,
            &[allow, (methods, "GET PUT")],
            "Cannot parse Access-Control-Allow-Methods response header field in preflight \
             response.",
            "invalid token ‘GET PUT’ in CORS header ‘Access-Control-Allow-Methods’).",
            "Header Access-Control-Allow-Methods has an invalid value: GET PUT",
        ),
        (
            200,
            &[allow, (methods, "PUT"), (headers, "x-a, \"x-trace\"")],
            "Cannot parse Access-Control-Allow-Headers response header field in preflight \
             response.",
            "invalid token ‘\"x-trace\"’ in CORS header ‘Access-Control-Allow-Headers’).",
            "Header Access-Control-Allow-Headers has an invalid value: x-a, \"x-trace\"",
        ),
    ] {
        let want = [chromium.into(), format!("{firefox}{FAILED}"), webkit.into()];
        assert_eq!(blocked(true, false, status, lines), want);
    }
    let wildcard = blocked(true, true, 200, &[(ACAO, "*"), (ACAC, "true")]);
    assert!(wildcard.iter().all(|words| words.contains("ildcard") || words.contains("‘*’")));
}

#[test]
fn warns_of_a_star_that_does_not_cover_authorization() {
    let (leg, reason) = (Leg::Preflight, Reason::AuthorizationUnderStar);
    let blocked = Blocked { leg, reason, value: None, status: 204 };
    let fetch = Fetch { origin: PAGE, ..Fetch::default() };
    let texts = Engine::ALL.map(|engine| engine.text(&fetch, URL, &blocked));
    let reports = texts.each_ref().map(|text| read(text.as_deref()?));
    let reasons = reports.map(|report| report.map(|report| report.reasons));
    assert_eq!(reasons, [Some(&[reason] as &[_]), Some(&[reason]), None]);
}

#[test]
fn leaves_what_script_throws_to_the_page() {
    let fetch = Fetch { method: "TRACE", ..Fetch::default() };
    for engine in Engine::ALL {
        let blocked = engine.profile().preflight(&fetch).unwrap_err();
        assert_eq!(engine.text(&fetch, URL, &blocked), None);
    }
}

#[test]
fn reads_what_people_paste() {
    use Reason::{LocalNetwork, MissingAllowOrigin, Network, PreflightStatus, Scheme};
    for (text, engine, reason, url) in [
        (
            "(index):1 Access to XMLHttpRequest at 'https://b.example/x' (redirected from \
             'https://b.example/') from origin 'https://a.example' has been blocked by CORS \
             policy: No 'Access-Control-Allow-Origin' header is present on the requested resource. \
             If an opaque response serves your needs, set the request's mode to 'no-cors' to fetch \
             the resource with CORS disabled.\nb.example/x:1 Failed to load resource: \
             net::ERR_FAILED",
            Engine::Chromium,
            MissingAllowOrigin,
            Some("https://b.example/x"),
        ),
        (
            "Access to script at 'file:///x.js' from origin 'null' has been blocked by CORS \
             policy: Cross origin requests are only supported for protocol schemes: chrome, data, \
             http.",
            Engine::Chromium,
            Scheme,
            Some("file:///x.js"),
        ),
        (
            "Access to fetch at 'http://localhost:1/' from origin 'https://a.example' has been \
             blocked by CORS policy: Permission was denied for this request to access the \
             `loopback` address space.",
            Engine::Chromium,
            LocalNetwork,
            Some("http://localhost:1/"),
        ),
        (
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote \
             resource at https://b.example/. (Reason: CORS request did not succeed). Status code: \
             (null).\nCross-Origin Request Blocked: The Same Origin Policy disallows reading the \
             remote resource at https://b.example/. (Reason: CORS preflight response did not \
             succeed). Status code: 401.",
            Engine::Firefox,
            PreflightStatus,
            Some("https://b.example/"),
        ),
        (
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote \
             resource at https://b.example/. (Reason: CORS request did not succeed). Status code: \
             (null).",
            Engine::Firefox,
            Network,
            Some("https://b.example/"),
        ),
        (
            "[Error] Origin https://a.example is not allowed by Access-Control-Allow-Origin. \
             Status code: 500\n[Error] Failed to load resource",
            Engine::WebKit,
            MissingAllowOrigin,
            None,
        ),
    ] {
        let report = read(text).unwrap();
        assert_eq!(
            (report.engine, report.reasons.first(), report.url),
            (engine, Some(&reason), url)
        );
    }
    let straight = "Reason: header 'x' is not allowed according to header \
                    'Access-Control-Allow-Headers' from CORS preflight response)";
    assert_eq!(read(&format!("({straight}")).unwrap().value, Some("x"));
    for text in ["", "TypeError: Failed to fetch", "net::ERR_FAILED", "Load failed", "‘’“”"]
    {
        assert_eq!(read(text), None);
    }
}
