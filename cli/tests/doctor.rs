//! `crossgate doctor` and servers that do one thing wrong.

use crate::server::{Asked, Reply, Server, answer, crossgate, serve};

const APP: &str = "https://app.example.com";

/// A server that does all of it right, for one page.
fn right(asked: &Asked) -> Reply {
    let allowed = asked.get("origin") == Some(APP);
    let mut lines = vec!["Vary: Origin"];
    if allowed {
        lines.extend([
            "Access-Control-Allow-Origin: https://app.example.com",
            "Access-Control-Allow-Credentials: true",
        ]);
    }
    if asked.is_preflight() {
        lines.extend([
            "Access-Control-Allow-Methods: GET, PUT",
            "Access-Control-Allow-Headers: Content-Type, X-Api-Key",
        ]);
        return answer(if allowed { 204 } else { 403 }, &lines);
    }
    answer(if asked.path == "/api" { 200 } else { 404 }, &lines)
}

/// Asks with a PUT and two headers, and gives the exit status and what was printed.
fn doctor(server: &Server, more: &[&str]) -> (Option<i32>, String) {
    let url = server.url();
    let mut args = vec!["doctor", &url, "--origin", APP, "--method", "PUT"];
    args.extend(["--header", "X-Api-Key: 1", "--header", "Content-Type: application/json"]);
    args.extend(more);
    crossgate(&args)
}

fn finds(server: &Server, more: &[&str], exit: i32, finding: &str) -> String {
    let (code, printed) = doctor(server, more);
    assert!(printed.contains(finding), "no {finding} in:\n{printed}");
    assert_eq!(code, Some(exit), "{printed}");
    printed
}

#[test]
fn finds_nothing_where_nothing_is_wrong() {
    let server = serve(right);
    finds(&server, &[], 0, "nothing is wrong");
    finds(&server, &["--credentials"], 0, "nothing is wrong");
}

#[test]
fn sends_only_what_it_says() {
    let server = serve(right);
    doctor(&server, &["--credentials"]);
    let asked = server.asked();
    for request in &asked {
        assert!(["OPTIONS", "GET"].contains(&&*request.method), "{request:?}");
        let is_known = ["/api", "/api/crossgate-doctor"].contains(&&*request.path);
        assert!(is_known, "{request:?}");
        assert!(request.body.is_empty());
        // A preflight carries nothing of the page's but names.
        assert_eq!(request.get("x-api-key").is_none(), request.is_preflight());
    }
    let origins: Vec<_> = asked.iter().map(|request| request.get("origin")).collect();
    assert_eq!(
        origins,
        [
            Some(APP),
            Some(APP),
            Some("https://crossgate-doctor.invalid"),
            Some("https://crossgate-doctor.invalid"),
            Some("null"),
            Some("https://app.example.com.crossgate-doctor.invalid"),
            Some("https://crossgate-doctor-example.com"),
            None,
            Some(APP),
        ]
    );
    let preflight = asked.first().map(|first| {
        (first.get("access-control-request-method"), first.get("access-control-request-headers"))
    });
    assert_eq!(preflight, Some((Some("PUT"), Some("content-type,x-api-key"))));
}

#[test]
fn names_everything_that_the_lists_lack() {
    let server = serve(|asked| {
        if asked.is_preflight() {
            let lists =
                ["Access-Control-Allow-Methods: GET", "Access-Control-Allow-Headers: Accept"];
            let origin = "Access-Control-Allow-Origin: https://app.example.com";
            return answer(400, &[origin, lists[0], lists[1], "Vary: Origin"]);
        }
        right(asked)
    });
    let printed = finds(&server, &[], 1, "PROBLEM preflight-status");
    assert!(printed.contains("the method `PUT` is not allowed"), "{printed}");
    assert!(printed.contains("not allowed to be sent: `content-type`, `x-api-key`"), "{printed}");
}

#[test]
fn tells_a_missing_header_in_the_browsers_words() {
    let server = serve(|asked| match asked.method.as_str() {
        "OPTIONS" => answer(
            204,
            &[
                "Access-Control-Allow-Origin: https://app.example.com",
                "Access-Control-Allow-Methods: PUT",
                "Access-Control-Allow-Headers: content-type",
            ],
        ),
        _ => right(asked),
    });
    let printed = finds(&server, &[], 1, "PROBLEM header-not-allowed (preflight)");
    assert!(printed.contains("Request header field x-api-key is not allowed by"), "{printed}");
    assert_eq!(printed.matches("PROBLEM").count(), 1, "{printed}");
}

#[test]
fn finds_headers_that_came_twice() {
    let server = serve(|asked| {
        let Reply::Bytes(bytes) = right(asked) else { return Reply::Hang };
        let line = "Access-Control-Allow-Origin: https://app.example.com\r\n";
        let text = String::from_utf8_lossy(&bytes).replace(line, &line.repeat(2));
        Reply::Bytes(text.into_bytes())
    });
    finds(&server, &[], 1, "PROBLEM repeated-allow-origin (preflight, actual)");
}

#[test]
fn finds_authentication_before_cors() {
    let server = serve(|asked| match asked.method.as_str() {
        "OPTIONS" => answer(401, &["WWW-Authenticate: Bearer"]),
        _ => right(asked),
    });
    finds(&server, &[], 1, "PROBLEM auth-before-cors (preflight)");
}

#[test]
fn finds_and_follows_no_redirect() {
    let elsewhere = serve(right);
    let location = format!("Location: http://127.0.0.1:{}/", elsewhere.port);
    let server = serve(move |asked| {
        let Reply::Bytes(bytes) = right(asked) else { return Reply::Hang };
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("Access-C") || line.contains("Vary"))
            .collect();
        answer(307, &[lines, vec![location.as_str()]].concat())
    });
    let printed = finds(&server, &[], 1, "PROBLEM preflight-redirect");
    assert!(printed.contains("note redirect (actual)"), "{printed}");
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn finds_answers_that_differ_without_vary() {
    let server = serve(|asked| {
        let Reply::Bytes(bytes) = right(asked) else { return Reply::Hang };
        let text = String::from_utf8_lossy(&bytes);
        let text = text.replace("Vary: Origin", "Vary: Accept-Encoding");
        Reply::Bytes(text.into_bytes())
    });
    let printed = finds(&server, &[], 1, "PROBLEM missing-vary");
    assert!(printed.contains("got: no access-control-allow-origin"), "{printed}");
    assert!(printed.contains("no page"), "{printed}");
}

/// Answers the origins that pass with credentials.
fn admits(passes: impl Fn(&str) -> bool + Send + Sync + 'static) -> Server {
    serve(move |asked| {
        let origin = asked.get("origin").unwrap_or_default();
        if !passes(origin) {
            return answer(200, &["Vary: Origin"]);
        }
        let line = format!("Access-Control-Allow-Origin: {origin}");
        let lists = ["Access-Control-Allow-Methods: PUT", "Access-Control-Allow-Headers: *"];
        let headers = "Access-Control-Allow-Headers: content-type, x-api-key";
        let credentials = "Access-Control-Allow-Credentials: true";
        answer(200, &[&line, credentials, lists[0], headers, "Vary: Origin"])
    })
}

#[test]
fn finds_that_any_page_can_act_as_its_visitor() {
    finds(&admits(|_| true), &[], 2, "VULNERABILITY reflects-any-origin");
}

#[test]
fn finds_that_the_null_origin_is_admitted() {
    let server = admits(|origin| origin == APP || origin == "null");
    finds(&server, &[], 2, "VULNERABILITY null-origin");
}

#[test]
fn finds_origins_that_are_not_compared_whole() {
    let starts = admits(|origin| origin.starts_with(APP));
    finds(&starts, &[], 2, "VULNERABILITY lookalike-origin");
    let ends = admits(|origin| origin.ends_with("example.com"));
    finds(&ends, &[], 2, "VULNERABILITY lookalike-origin");
}

#[test]
fn finds_a_star_with_credentials() {
    let server = serve(|_| {
        let star = ["Access-Control-Allow-Origin: *", "Access-Control-Allow-Credentials: true"];
        let lists = ["Access-Control-Allow-Methods: *", "Access-Control-Allow-Headers: *"];
        answer(200, &[star, lists].concat())
    });
    finds(&server, &[], 1, "PROBLEM wildcard-with-credentials");
    finds(&server, &["--credentials"], 1, "PROBLEM wildcard-with-credentials");
}

#[test]
fn finds_errors_that_the_page_cannot_read() {
    let server = serve(|asked| match asked.path.as_str() {
        "/api" => right(asked),
        _ => answer(404, &[]),
    });
    finds(&server, &[], 1, "PROBLEM no-cors-on-errors (unknown path)");
}

/// What a server that is right says in one line, what it says instead, the exit status and the finding.
const FAULTS: [(&str, &str, i32, &str); 8] = [
    ("Credentials: true", "Credentials: True", 1, "PROBLEM credentials-not-true"),
    ("Origin: https://app", "Origin: https://api", 1, "PROBLEM allow-origin-mismatch"),
    ("example.com\r\n", "example.com, *\r\n", 1, "PROBLEM multiple-allow-origin"),
    ("Methods: GET, PUT", "Methods: GET PUT", 1, "PROBLEM bad-method-list (preflight)"),
    ("Headers: Content-Type", "Headers: [Content-Type]", 1, "PROBLEM bad-header-list (preflight)"),
    (
        "Methods: GET, PUT\r\n",
        "Methods: GET\r\nAccess-Control-Allow-Methods: PUT\r\n",
        0,
        "note repeated-header (preflight)",
    ),
    // No cache keeps it, so it is of no harm as yet.
    ("Vary: Origin", "Cache-Control: no-store", 0, "note missing-vary"),
    ("204 Whatever", "404 Whatever", 1, "PROBLEM preflight-status (preflight)"),
];

#[test]
fn finds_each_fault_of_a_line() {
    for (line, instead, exit, finding) in FAULTS {
        let server = serve(move |asked| {
            let Reply::Bytes(bytes) = right(asked) else { return Reply::Hang };
            Reply::Bytes(String::from_utf8_lossy(&bytes).replace(line, instead).into_bytes())
        });
        finds(&server, &["--credentials"], exit, finding);
    }
}

#[test]
fn finds_a_star_that_does_not_cover_authorization() {
    let server = serve(|asked| {
        let Reply::Bytes(bytes) = right(asked) else { return Reply::Hang };
        let text = String::from_utf8_lossy(&bytes).replace("Content-Type, X-Api-Key", "*");
        Reply::Bytes(text.into_bytes())
    });
    finds(&server, &[], 0, "nothing is wrong");
    let more = ["--header", "Authorization: Bearer x"];
    let printed = finds(&server, &more, 0, "note authorization-under-star");
    assert!(printed.contains("Authorization will not be covered by the wildcard"), "{printed}");
}

#[test]
fn prints_one_object_for_machines() {
    let (code, printed) = doctor(&admits(|_| true), &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap_or_default();
    let at = |pointer: &str| report.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!((code, at("/verdict")), (Some(2), "vulnerable".into()));
    assert_eq!(at("/probes/0/name"), "preflight");
    assert_eq!(at("/probes/0/status"), 200);
    assert_eq!(at("/probes/0/readable"), true);
    assert_eq!(at("/findings/0/id"), "reflects-any-origin");
    assert_eq!(at("/findings/0/severity"), "vulnerability");
}

#[test]
fn colours_the_table_where_colour_is_wanted() {
    let server = admits(|origin| origin == APP || origin == "null");
    let coloured = |variable: &str| {
        let url = server.url();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_crossgate"))
            .args(["doctor", &url, "--origin", APP])
            .env(variable, "1")
            .output();
        let printed = output.map(|output| output.stdout).unwrap_or_default();
        let printed = String::from_utf8_lossy(&printed).into_owned();
        (
            printed.contains("\u{1b}[32mreadable"),
            printed.contains("\u{1b}[1m\u{1b}[7m\u{1b}[31mVULN"),
        )
    };
    assert_eq!(coloured("CLICOLOR_FORCE"), (true, true));
    assert_eq!(coloured("NO_COLOR"), (false, false));
}

#[test]
fn obeys_nothing_that_a_server_sends_to_the_terminal() {
    let server = serve(|_| answer(200, &["Access-Control-Allow-Origin: \u{9b}31m\u{202e}evil"]));
    let printed = finds(&server, &[], 1, "PROBLEM invalid-allow-origin");
    assert!(printed.contains(r"\u{9b}31m\u{202e}evil"), "{printed}");
    assert!(!printed.contains('\u{9b}'));
}
