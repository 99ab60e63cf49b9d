//! `crossgate doctor --mcp` and servers that lack one thing.

use crate::server::{Asked, Reply, Server, answer, crossgate, serve, with_body};

const APP: &str = "https://app.example.com";
const METHODS: &str = "Access-Control-Allow-Methods: GET, POST, DELETE";
const NAMES: &str = "content-type, authorization, last-event-id, mcp-session-id, \
     mcp-protocol-version, mcp-method, mcp-name, mcp-param-region";

/// What a server lacks, by one word; an empty one lacks nothing.
type Flaw = &'static str;

/// An MCP server of both eras for one page, with sessions.
fn mcp(flaw: Flaw) -> Server {
    serve(move |asked| match (asked.get("origin"), asked.get("host")) {
        (_, Some(host)) if !host.starts_with("127.0.0.1") && flaw != "hosts" => answer(421, &[]),
        (Some(origin), _) if origin != APP && flaw != "origins" && flaw != "hosts" => {
            answer(403, &["Vary: Origin"])
        }
        (origin, _) => respond(asked, flaw, origin.unwrap_or_default()),
    })
}

fn respond(asked: &Asked, flaw: Flaw, origin: &str) -> Reply {
    let allow = match flaw {
        "origins" => String::from("Access-Control-Allow-Origin: *"),
        _ if origin == APP => format!("Access-Control-Allow-Origin: {origin}"),
        _ => String::from("X-None: 1"),
    };
    let expose = match flaw {
        "expose" => "X-None: 1",
        _ => "Access-Control-Expose-Headers: Mcp-Session-Id",
    };
    let mut lines = vec![allow.as_str(), expose, "Vary: Origin"];
    if asked.is_preflight() {
        let names = match flaw {
            "names" => NAMES.replace("mcp-method, mcp-name, mcp-param-region", "x-none"),
            _ => NAMES.to_owned(),
        };
        let names = format!("Access-Control-Allow-Headers: {names}");
        lines.extend([if flaw == "delete" { "X-None: 1" } else { METHODS }, &names]);
        return answer(204, &lines);
    }
    if asked.method == "GET" && asked.get("mcp-session-id").is_some() {
        lines.push("Content-Type: text/event-stream");
        if flaw == "buffer" {
            lines.push("Content-Length: 0");
        }
        return answer(200, &lines);
    }
    lines.push("Content-Type: application/json");
    if flaw == "guard" && asked.method == "POST" {
        return with_body(403, &lines, "Invalid Origin header");
    }
    if asked.body.contains("initialize") {
        lines.push("Mcp-Session-Id: 7f");
        return with_body(200, &lines, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    }
    if asked.body.contains("server/discover") {
        return with_body(200, &lines, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    }
    answer(if asked.method == "DELETE" { 200 } else { 400 }, &lines)
}

fn doctor(server: &Server) -> (Option<i32>, String) {
    crossgate(&["doctor", &server.url(), "--origin", APP, "--mcp"])
}

fn finds(flaw: Flaw, exit: i32, finding: &str) -> String {
    let (code, printed) = doctor(&mcp(flaw));
    assert!(printed.contains(finding), "no {finding} in:\n{printed}");
    assert_eq!(code, Some(exit), "{printed}");
    printed
}

#[test]
fn finds_nothing_where_nothing_is_wrong() {
    finds("", 0, "nothing is wrong");
}

#[test]
fn sends_only_what_it_says_and_ends_every_session() {
    let server = mcp("hosts");
    doctor(&server);
    let asked = server.asked();
    let begun = asked.iter().filter(|asked| asked.body.contains("initialize")).count();
    let ended = asked.iter().filter(|asked| asked.method == "DELETE").count();
    assert_eq!((begun, ended), (3, 3));
    let bodies: Vec<_> = asked.iter().filter(|asked| asked.method == "POST").collect();
    for post in &bodies {
        let is_known = ["initialize", "server/discover"].iter().any(|m| post.body.contains(m));
        assert!(is_known || post.body == "{", "{post:?}");
    }
    assert_eq!(bodies.len(), 5);
}

#[test]
fn finds_headers_that_a_version_needs() {
    let printed = finds("names", 1, "PROBLEM mcp-headers");
    assert!(
        printed.contains("cannot send `mcp-method` (2026-07-28), `mcp-name` (2026-07-28)"),
        "{printed}"
    );
    assert!(printed.contains("note mcp-headers"), "{printed}");
    assert!(printed.contains("one of `Mcp-Param-*`"), "{printed}");
}

#[test]
fn finds_a_guard_that_knows_less_than_cors() {
    let printed = finds("guard", 1, "PROBLEM refused-by-guard (initialize)");
    assert!(printed.contains("got: Invalid Origin header"), "{printed}");
}

#[test]
fn finds_that_sessions_cannot_be_ended() {
    finds("delete", 1, "PROBLEM mcp-methods");
}

#[test]
fn finds_a_session_id_that_the_page_cannot_see() {
    finds("expose", 1, "PROBLEM not-exposed (initialize)");
}

#[test]
fn finds_a_stream_that_is_held_back() {
    finds("buffer", 1, "PROBLEM buffered-stream (stream)");
}

#[test]
fn finds_that_every_page_can_call_a_server_on_this_machine() {
    finds("origins", 2, "VULNERABILITY origin-not-checked");
}

#[test]
fn finds_that_a_name_can_be_rebound() {
    let printed = finds("hosts", 2, "VULNERABILITY dns-rebinding");
    // Foreign pages' calls are executed as well, though none can read the answer.
    assert!(printed.contains("PROBLEM origin-not-checked"), "{printed}");
}
