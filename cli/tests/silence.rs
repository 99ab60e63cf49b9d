//! `crossgate doctor` and servers that do not answer, or not in HTTP.

use std::net::TcpListener;

use crate::server::{Asked, Reply, answer, crossgate, serve};

fn doctor(url: &str) -> (Option<i32>, String) {
    crossgate(&[
        "doctor",
        url,
        "--origin",
        "https://app.example.com",
        "--method",
        "PUT",
        "--timeout",
        "1",
    ])
}

fn silent(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static, words: &str) {
    let server = serve(reply);
    let (code, printed) = doctor(&server.url());
    assert!(printed.contains(words), "no {words} in:\n{printed}");
    assert!(printed.contains("no answer to judge"), "{printed}");
    assert_eq!(code, Some(3), "{printed}");
    // It asks as the page does, and no further.
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_server_that_hangs() {
    silent(|_| Reply::Hang, "no answer within 1 s");
}

#[test]
fn a_server_that_speaks_no_http() {
    silent(|_| Reply::Bytes(b"220 smtp.example.com ready\r\n".to_vec()), "protocol");
    silent(|_| Reply::Bytes(vec![0xff; 512]), "protocol");
    silent(|_| Reply::Bytes(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n".to_vec()), "protocol");
}

#[test]
fn a_server_that_closes_without_a_word() {
    silent(|_| Reply::Bytes(Vec::new()), "preflight");
}

#[test]
fn a_server_whose_header_never_ends() {
    silent(|_| Reply::Endless(b"HTTP/1.1 200 OK\r\nx: "), "preflight");
}

#[test]
fn a_server_that_resets_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    // Closing while there is something unread resets.
    std::thread::spawn(move || listener.incoming().flatten().for_each(drop));
    let (code, printed) = doctor(&format!("http://127.0.0.1:{port}/"));
    assert_eq!(code, Some(3), "{printed}");
}

#[test]
fn no_server_at_all() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let (code, printed) = doctor(&format!("http://127.0.0.1:{port}/"));
    assert_eq!(code, Some(3), "{printed}");
}

#[test]
fn a_server_that_hangs_on_preflights_only() {
    let server = serve(|asked| match asked.method.as_str() {
        "OPTIONS" => Reply::Hang,
        _ => answer(200, &["Access-Control-Allow-Origin: *"]),
    });
    let (code, printed) = doctor(&server.url());
    assert!(printed.contains("PROBLEM network (preflight)"), "{printed}");
    assert_eq!(code, Some(1), "{printed}");
}

#[test]
fn a_server_whose_streams_stay_open() {
    let server = serve(|_| {
        Reply::Held(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
              Access-Control-Allow-Origin: *\r\n\r\n: nothing\n",
        )
    });
    let url = server.url();
    let args = ["doctor", &url, "--origin", "https://app.example.com", "--mcp", "--timeout", "1"];
    let (code, printed) = crossgate(&args);
    assert!(printed.contains("origin-not-checked (foreign call)"), "{printed}");
    assert_eq!(code, Some(2), "{printed}");
}

#[test]
fn questions_that_cannot_be_put() {
    for (url, origin, more, words) in [
        ("ftp://a.example/", "https://b.example", "", "expected http:// or https://"),
        ("http://u:p@a.example/", "https://b.example", "", "a user name"),
        ("https://a.example/", "https://b.example/", "", "remove the trailing `/`"),
        ("https://a.example/", "https://*.b.example", "", "the origin of one page"),
        ("https://a.example/", "https://a.example", "", "the server's own origin"),
        ("https://a.example/", "https://b.example", "--method=TRACE", "no page can make this"),
        ("https://a.example/", "https://b.example", "--header=Host: c", "the browser sets it"),
        ("https://a.example/", "https://b.example", "--timeout=0", "1..=300"),
    ] {
        let mut args = vec!["doctor", url, "--origin", origin];
        args.extend(Some(more).filter(|more| !more.is_empty()));
        let (code, printed) = crossgate(&args);
        assert!(printed.contains(words), "no {words} in:\n{printed}");
        assert_eq!(code, Some(3), "{printed}");
    }
}
