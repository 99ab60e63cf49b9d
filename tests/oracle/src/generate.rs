//! Random cases. Most servers are nearly right: one that is wrong all over fails at its first
//! header and says nothing about the rest.

use crate::{
    case::{Answer, Case, Line, line},
    random::Random,
};

pub(crate) fn case(random: &mut Random, page: &str) -> Case {
    let upload = random.chance(5);
    let opaque = random.chance(10);
    let headers = if upload { vec![] } else { request_headers(random) };
    let method = if upload { random.pick(&["POST", "POST", "PUT"]) } else { method(random) };
    let credentials = random.pick(&["include", "include", "same-origin", "omit"]);
    let origin = if opaque { "null" } else { page };

    let mut names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    let mut preflight = allow_origin(random, origin, credentials == "include");
    preflight.extend(allow_methods(random, method));
    preflight.extend(allow_headers(random, &names));
    let mut actual = allow_origin(random, origin, credentials == "include");
    actual.extend(response_headers(random));

    let preflight = Answer { status: preflight_status(random), headers: preflight };
    let actual = Answer { status: actual_status(random), headers: actual };
    let mut case = Case {
        sentinel: None,
        mounted: None,
        opaque,
        upload,
        method: method.into(),
        headers,
        credentials,
        preflight,
        actual,
    };
    if matches!(case.preflight.status, 300..=399) && random.chance(50) {
        case.preflight.headers.push(line("location", "/elsewhere"));
    }
    case.finish();
    case
}

impl Case {
    /// Adds what makes the answers well-formed HTTP.
    pub(crate) fn finish(&mut self) {
        for answer in [&mut self.preflight, &mut self.actual] {
            if !matches!(answer.status, 204 | 304) {
                let length = answer.body().len().to_string();
                answer.headers.push(line("content-length", length));
            }
        }
    }
}

fn method(random: &mut Random) -> &'static str {
    if random.chance(45) {
        return random.pick(&["GET", "POST", "HEAD"]);
    }
    random.pick(&[
        "PUT", "DELETE", "PATCH", "patch", "put", "dElEtE", "OPTIONS", "options", "QUERY", "query",
        "post", "head", "X-Y", "*", "foo", "CONNECT", "trace", "A B",
    ])
}

fn request_headers(random: &mut Random) -> Vec<Line> {
    if random.chance(3) {
        // About as much as Chromium lets pass without a preflight. Firefox has no such limit, and
        // for WebKit too few names are safelisted to come near it.
        let digits = "1".repeat(128);
        let mut headers: Vec<Line> = NUMERIC_HINTS.map(|name| line(name, &digits)).into();
        headers.extend(["accept", "accept-language"].map(|name| line(name, &digits)));
        headers.push(line("content-language", "1".repeat(random.below(3))));
        return headers;
    }
    let count = random.pick(&[0, 0, 1, 1, 1, 2, 2, 3, 5, 12]);
    let mut headers: Vec<Line> = (0..count).map(|_| request_header(random)).collect();
    if random.chance(15)
        && let Some((name, value)) = headers.first().cloned()
    {
        let value = if random.chance(50) { value } else { request_header(random).1 };
        headers.push((name, value));
    }
    // Browsers that join fields do not agree on the space behind a joined empty value.
    let mut joined: Vec<Line> = vec![];
    for (name, value) in headers {
        let is_repeated = joined.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name));
        if !(is_repeated && value.is_empty()) {
            joined.push((name, value));
        }
    }
    joined
}

fn request_header(random: &mut Random) -> Line {
    let length = random.pick(&[64, 65, 100, 126, 127, 128, 129, 140]);
    let long = "a".repeat(length);
    match random.below(24) {
        0 => line("Accept", random.pick(&["*/*", "text/html;q=1", "a:b", "(a)", "a\tb", "a@b"])),
        1 => line("accept", random.pick(&[b"\xe9" as &[u8], b"\xff, b", b"\"a\"", b"", b"{}"])),
        2 => line("accept", &long),
        3 => line("Accept-Language", random.pick(&["de", "de-DE, *;q=0.5", "en_US", "a\tb", ""])),
        4 => line("accept-language", &long),
        5 => line("Content-Language", random.pick(&[b"fr" as &[u8], b"fr/ca", b"\xe9", b"a=b"])),
        6 => line("content-language", &long),
        7 | 8 => line("Content-Type", content_type(random)),
        9 => line("Range", range(random)),
        10 => line("authorization", "Bearer x"),
        11 => line("Authorization", "Basic eDp5"),
        12 | 13 => line(
            random.pick(&[
                "DPR",
                "width",
                "Viewport-Width",
                "RTT",
                "ECT",
                "Device-Memory",
                "Downlink",
            ]),
            random.pick(&["1", "1.5", "007", ".5", "5.", "-1", "1e3", "", "2g", "4G", "slow-2g"]),
        ),
        14 => line("Save-Data", random.pick(&["on", "off", "ON", ""])),
        15 => line("User-Agent", if random.chance(50) { "oracle/1" } else { &long }),
        16 => line(
            random.pick(&[
                "Cookie",
                "Host",
                "Origin",
                "Sec-Fetch-Mode",
                "Proxy-X",
                "DNT",
                "Via",
                "TE",
                "Accept-Encoding",
                "Accept-Charset",
                "Keep-Alive",
                "Referer",
                "Date",
                "Expect",
                "Access-Control-Request-Method",
                "Set-Cookie",
            ]),
            "1",
        ),
        17 => line(
            random.pick(&["X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override"]),
            random.pick(&["PUT", "TRACE", "GET, track", "connect,PUT", "TRACER", ""]),
        ),
        18 => line("Mcp-Session-Id", "1"),
        19 => line("mcp-protocol-version", "2025-11-25"),
        20 => line("Last-Event-ID", "1"),
        21 => line("*", "1"),
        22 => line("bad name", "1"),
        _ => line(
            random.pick(&["X-A", "x-a", "X-B", "x-a-b", "x_u", "X-C", "traceparent", "X.D", "Sec"]),
            random.pick(&["1", "", " 1 ", "a, b"]),
        ),
    }
}

const NUMERIC_HINTS: [&str; 6] =
    ["DPR", "Device-Memory", "Downlink", "RTT", "Viewport-Width", "Width"];

fn content_type(random: &mut Random) -> &'static str {
    random.pick(&[
        "text/plain",
        "TEXT/Plain",
        "text/plain;",
        "text/plain ;charset=utf-8",
        " text/plain",
        "text/plain;charset=\"utf-8\"",
        "text/plain, text/plain",
        "text/plain, application/json",
        "text/plain x",
        "text /plain",
        "text/plain;a, b",
        "text",
        "",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json",
        "application/json; charset=utf-8",
        "application/csp-report",
    ])
}

fn range(random: &mut Random) -> &'static str {
    random.pick(&[
        "bytes=0-",
        "bytes=0-10",
        "bytes=5-5",
        "bytes=9-5",
        "bytes=-5",
        "bytes=",
        "bytes=-",
        "bytes=0-1,3-4",
        "bytes= 0-1",
        "bytes=0 -1",
        "BYTES=0-1",
        "rows=0-1",
        "bytes=007-8",
        "bytes=+1-2",
        "bytes=0-x",
    ])
}

fn allow_origin(random: &mut Random, origin: &str, credentials: bool) -> Vec<Line> {
    const ACAO: &str = "Access-Control-Allow-Origin";
    const ACAC: &str = "access-control-allow-credentials";
    let mut lines = vec![];
    if !random.chance(4) {
        lines.push(line(ACAO, origin));
    }
    if random.chance(18) {
        let junk = ["", "true", "undefined", "localhost", "**", "NULL", "\"*\"", "*,"];
        lines = match random.below(16) {
            0 => vec![line(ACAO, format!("{origin}/"))],
            1 => vec![line(ACAO, origin.to_uppercase())],
            2 => vec![line(ACAO, format!(" \t{origin} \t"))],
            3 => vec![line(ACAO, format!("{origin}, {origin}"))],
            4 => vec![line(ACAO, format!("{origin},"))],
            5 => vec![line(ACAO, format!("{origin} https://b.example"))],
            6 => vec![line(ACAO, origin), line(ACAO, origin)],
            7 => vec![line(ACAO, origin), line("access-control-allow-origin", "")],
            8 => vec![line(ACAO, "*"), line(ACAO, "*")],
            9 => vec![line(ACAO, "null")],
            10 => vec![line(ACAO, "https://b.example")],
            11 => vec![line(ACAO, random.pick(&junk))],
            12 => vec![line(ACAO, "http://localhost:*")],
            13 => vec![line(ACAO, [origin.as_bytes(), b"\xa0"].concat())],
            _ => vec![line(ACAO, random.pick(&["*", " *\t"]))],
        };
    } else if !credentials && random.chance(25) {
        lines = vec![line(ACAO, "*")];
    }
    if if credentials { !random.chance(4) } else { random.chance(20) } {
        lines.push(line(ACAC, "true"));
        if random.chance(10) {
            lines.pop();
            lines.push(line(
                ACAC,
                random.pick(&[
                    "True",
                    "TRUE",
                    "\"true\"",
                    "1",
                    "",
                    "true;",
                    "true, true",
                    " true\t",
                ]),
            ));
        } else if random.chance(3) {
            lines.push(line("Access-Control-Allow-Credentials", "true"));
        }
    }
    lines
}

fn allow_methods(random: &mut Random, method: &str) -> Vec<Line> {
    const ACAM: &str = "Access-Control-Allow-Methods";
    let sent = if method.eq_ignore_ascii_case("patch") || method.eq_ignore_ascii_case("query") {
        method.into()
    } else {
        method.to_uppercase()
    };
    if random.chance(8) {
        return vec![];
    }
    let mut members: Vec<String> = vec!["GET".into(), "DELETE".into()];
    match random.below(20) {
        0 => {}
        1 => members.push(sent.to_lowercase()),
        2 => members.push(sent.to_uppercase()),
        3 | 4 => members = vec!["*".into()],
        5 => members = vec![],
        6 => members.push(method.into()),
        _ => members.push(sent),
    }
    if random.chance(10) {
        members.push(junk(random).into());
    }
    list(random, ACAM, &members)
}

fn allow_headers(random: &mut Random, names: &[&str]) -> Vec<Line> {
    const ACAH: &str = "Access-Control-Allow-Headers";
    if names.is_empty() && random.chance(50) {
        return vec![];
    }
    let mut members: Vec<String> = names
        .iter()
        .filter(|name| !name.contains(' '))
        .map(|name| match random.below(3) {
            0 => name.to_uppercase(),
            1 => name.to_lowercase(),
            _ => (*name).into(),
        })
        .collect();
    match random.below(20) {
        0 | 1 if !members.is_empty() => {
            members.swap_remove(random.below(members.len()));
        }
        2 | 3 => members = vec!["*".into()],
        4 => members.push("*".into()),
        5 => members = vec!["x-*".into(), "mcp-*".into()],
        6 => members.clear(),
        7 => members.push("X-Other".into()),
        _ => {}
    }
    if random.chance(8) {
        members.push(junk(random).into());
    }
    list(random, ACAH, &members)
}

fn junk(random: &mut Random) -> &'static str {
    random.pick(&["", "A B", "\"A\"", "A;B", "A@B", "A:B", "A/B", "(A)", "A=B", "[A]", "A\tB"])
}

/// The members on one line or several, with the spaces and empty members that lists may have.
fn list(random: &mut Random, name: &str, members: &[String]) -> Vec<Line> {
    let separator = random.pick(&[",", ", ", ", ", ", ", " , ", ",\t", ",,", ", ,"]);
    let at = if random.chance(12) { random.below(members.len() + 1) } else { members.len() };
    let (first, second) = members.split_at(at);
    let mut lines = vec![line(name, first.join(separator))];
    if !second.is_empty() {
        lines.push(line(&name.to_lowercase(), second.join(separator)));
    }
    lines
}

fn preflight_status(random: &mut Random) -> u16 {
    if random.chance(90) {
        return random.pick(&[200, 204]);
    }
    random.pick(&[
        200, 201, 205, 206, 226, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405,
        418, 429, 500, 502, 503, 599,
    ])
}

fn actual_status(random: &mut Random) -> u16 {
    if random.chance(70) {
        return 200;
    }
    random.pick(&[201, 204, 206, 226, 300, 302, 304, 307, 400, 401, 403, 404, 405, 429, 500, 503])
}

fn response_headers(random: &mut Random) -> Vec<Line> {
    const ACEH: &str = "Access-Control-Expose-Headers";
    let mut lines = vec![
        line("Cache-Control", "no-store"),
        line("ETag", "\"1\""),
        line("X-A", "1"),
        line("WWW-Authenticate-X", "1"),
        line("Mcp-Session-Id", "1"),
        line("Set-Cookie", "a=b"),
    ];
    if random.chance(10) {
        lines.push(line("*", "1"));
    }
    if random.chance(20) {
        lines.push(line("x-a", "2"));
    }
    if random.chance(40) {
        lines.extend([
            line("content-type", "text/plain"),
            line("Pragma", "x"),
            line("Expires", "0"),
        ]);
    }
    let mut members: Vec<String> = vec![];
    for name in ["etag", "X-A", "mcp-session-id", "set-cookie", "x-missing", "*"] {
        if random.chance(25) {
            members.push(name.into());
        }
    }
    // What is behind a `*` Firefox reads for XMLHttpRequest and not for fetch().
    if !members.iter().any(|member| member == "*") && random.chance(8) {
        members.push(junk(random).into());
    }
    if !members.is_empty() || random.chance(5) {
        lines.extend(list(random, ACEH, &members));
    }
    lines
}
