//! `crossgate explain --console`: from what a browser printed to the cause and the fix.

use std::io::{self, Read};

use crossgate::browser::{
    Leg, Reason,
    console::{self, Report},
};

use crate::{Exit, text::Line};

/// Bytes; more than any console shows of one error.
const LONGEST: u64 = 1 << 16;

pub(crate) fn run(pasted: &str) -> Result<Exit, String> {
    let mut piped = Vec::new();
    if pasted == "-" {
        let read = io::stdin().lock().take(LONGEST).read_to_end(&mut piped);
        read.map_err(|error| format!("standard input: {error}"))?;
    }
    let piped = String::from_utf8_lossy(&piped);
    let pasted = if pasted == "-" { &piped } else { pasted };
    let Some(report) = console::read(pasted) else {
        anstream::println!(
            "no message of Chromium, Firefox or Safari about CORS. `Failed to fetch`, \
             `NetworkError` and `Load failed` are all that a page sees: the reason is in the \
             console, a line above."
        );
        return Ok(Exit::Problems);
    };
    print(&report);
    Ok(Exit::Fine)
}

fn print(report: &Report<'_>) {
    let leg = match report.leg {
        Some(Leg::Preflight) => " on the preflight: the actual request was never sent",
        Some(Leg::Actual) => " on the actual request: the server has handled it",
        Some(Leg::Script) | None => "",
    };
    anstream::println!("{} blocked it{leg}", report.engine.as_str());
    let status = report.status.map(|status| status.to_string());
    for (name, value) in [
        ("page", report.origin),
        ("url", report.url),
        ("redirected from", report.redirected_from),
        ("status", status.as_deref()),
        ("it says", report.value),
    ] {
        if let Some(value) = value {
            anstream::println!("{name}: {}", Line(value.as_bytes()));
        }
    }
    let one_of = if report.reasons.len() > 1 { " (one of these, the likeliest first)" } else { "" };
    for reason in report.reasons {
        let (cause, fix) = cause_and_fix(*reason, report.status);
        anstream::println!("\n{}{one_of}\ncause: {cause}\nfix: {fix}", reason.as_str());
    }
    if report.redirected_from.is_some() {
        anstream::println!(
            "\nmind: after a redirect to another origin the page's origin is `null`: let the page \
             fetch the final URL"
        );
    }
}

/// What lies behind a reason, and what to do about it.
#[expect(clippy::too_many_lines, reason = "one table")]
pub(crate) fn cause_and_fix(reason: Reason, status: Option<u16>) -> (&'static str, &'static str) {
    match reason {
        Reason::MissingAllowOrigin => match status {
            Some(401 | 403) => (
                "the request was refused before CORS was thought of: by authentication, a firewall \
                 or the CORS middleware itself, which does not know this origin",
                "put CORS outermost, before authentication, and add the page's origin to its list",
            ),
            Some(404 | 405) => (
                "the answer comes from somewhere that knows no CORS: a wrong path, or a router \
                 without the CORS middleware",
                "look at the URL first, then put CORS around the whole application",
            ),
            Some(500..) => (
                "the server failed, and its error page was made outside of the CORS middleware",
                "look for the failure in the server's log; put CORS outside of the error handler",
            ),
            _ => (
                "the server does not know this origin, or has no CORS at all",
                "add the page's origin to the server's list, byte for byte as it is shown",
            ),
        },
        Reason::RepeatedAllowOrigin => (
            "two programs each add Access-Control-Allow-Origin, mostly a proxy and the application",
            "let one of them own CORS, and take it out of the other",
        ),
        Reason::MultipleAllowOrigin => (
            "the header has a list of origins; it holds one only",
            "answer with the one origin that asked, if it is on the list, and `Vary: Origin`",
        ),
        Reason::InvalidAllowOrigin => (
            "the header holds something that is no origin: a pattern, `undefined`, quotes",
            "answer with the one origin that asked, if it is on the list, and `Vary: Origin`",
        ),
        Reason::AllowOriginMismatch => (
            "the server names another origin: a trailing slash, port, scheme or case, a fixed \
             origin, or an answer that a cache kept for another page",
            "compare byte by byte; answer with the origin that asked, and `Vary: Origin`",
        ),
        Reason::WildcardWithCredentials => (
            "the page sends cookies (`credentials: 'include'`), for which `*` never counts",
            "list the page's origin and allow credentials, or let the page leave out credentials",
        ),
        Reason::CredentialsNotTrue => (
            "the page sends cookies, and Access-Control-Allow-Credentials is not exactly `true`; \
             `true, true` means that two programs add it",
            "allow credentials for this origin, in one place, or let the page leave out credentials",
        ),
        Reason::PreflightStatus => match status {
            Some(401 | 407) => (
                "authentication answers the preflight, which never carries credentials",
                "put CORS before authentication",
            ),
            Some(404 | 405) => (
                "nobody answers OPTIONS there: the CORS middleware is missing or behind the router",
                "put CORS around the whole application",
            ),
            Some(500..) => ("the server failed on OPTIONS", "look for it in the server's log"),
            _ => (
                "the preflight was refused: by CORS, as the origin, the method or a header is not \
                 allowed, or by a firewall",
                "allow what the page asks for; `crossgate doctor` tells which it is",
            ),
        },
        Reason::PreflightRedirect => (
            "the preflight was redirected: to https, to a trailing slash, to a login page",
            "let the page fetch the final URL, and answer preflights before any redirect",
        ),
        Reason::MethodNotAllowed => (
            "the method is not in Access-Control-Allow-Methods; methods are case-sensitive, and with \
             credentials `*` is none",
            "add it, as it is written in the message; in the page write `PATCH`, not `patch`",
        ),
        Reason::HeaderNotAllowed => (
            "the page sends a header that is not in Access-Control-Allow-Headers; tracing scripts \
             add some (`traceparent`, `sentry-trace`), and with credentials `*` is none",
            "add it to the list of allowed request headers",
        ),
        Reason::AuthorizationUnderStar => (
            "`*` in Access-Control-Allow-Headers does not cover Authorization by the standard; \
             browsers only warn today",
            "list `Authorization` beside `*`",
        ),
        Reason::BadMethodList => (
            "Access-Control-Allow-Methods is malformed, which makes all of it void",
            "write names with commas between them: no quotes, no spaces, no brackets",
        ),
        Reason::BadHeaderList => (
            "Access-Control-Allow-Headers is malformed, which makes all of it void",
            "write names with commas between them: no quotes, no spaces, no brackets",
        ),
        Reason::RedirectCredentials => (
            "a redirect leads to a URL with a user name or password",
            "take them out of the Location",
        ),
        Reason::LocalNetwork => (
            "a public page calls this machine or the local network, and the visitor did not permit it",
            "no header helps: the visitor has to permit it, and the page has to come over https",
        ),
        Reason::ResourcePolicy => (
            "the page embeds a resource in mode no-cors that Cross-Origin-Resource-Policy refuses",
            "fetch it in mode cors (`crossorigin`), or send `Cross-Origin-Resource-Policy: \
             cross-origin`",
        ),
        Reason::Scheme => (
            "CORS exists for http and https only, and the page or the URL is neither, as with `file:`",
            "serve the page over http, from localhost if need be",
        ),
        Reason::InvalidMethod | Reason::InvalidHeader => {
            ("script asks for what no page may send", "mend the call in the page")
        }
        Reason::Network => (
            "there was no answer: nothing listens, the connection broke, DNS or TLS failed, or an \
             extension blocks it; Firefox prints this also behind a more telling message",
            "open the URL itself; look at the message before this one",
        ),
        _ => ("a reason that this version does not know", "take a newer version of crossgate"),
    }
}
