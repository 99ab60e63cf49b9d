//! One case for each place where a browser departs from the standard. The case turns out one way
//! with the departure and another way without it, so a browser that gives it up is found out.

use std::io;

use crossgate::browser::{Profile, console::Engine};

use crate::{
    case::{Answer, Case, line},
    judge::predict,
};

/// The sentinels of every departure: a browser that does not have one stands by the standard.
///
/// # Errors
///
/// When a sentinel cannot tell whether `engine` has the departure, one has no sentinel, or `engine`
/// has more departures than a model of it may.
pub(crate) fn all(page: &str, engine: Engine) -> io::Result<Vec<Case>> {
    let profile = engine.profile();
    let turns_out = |case: &Case, profile| predict(case, page, "", engine, profile);
    let (mut cases, mut standard) = (vec![], profile);
    let mut departures = vec![];
    for (departure, revoke, change) in SENTINELS {
        let mut case = Case { sentinel: Some(departure), ..Case::allowed(page) };
        change(&mut case);
        case.finish();
        let mut without = profile;
        revoke(&mut without);
        revoke(&mut standard);
        if without != profile {
            if turns_out(&case, without) == turns_out(&case, profile) {
                return Err(io::Error::other(format!("the sentinel of {departure} is blind")));
            }
            departures.push(departure);
        }
        cases.push(case);
    }
    if standard != Profile::STANDARD {
        return Err(io::Error::other(format!("a departure has no sentinel: {standard:#?}")));
    }
    departures.dedup();
    if departures.len() > MOST {
        return Err(io::Error::other(format!("more than {MOST} departures: {departures:?}")));
    }
    Ok(cases)
}

/// A model with an exception for everything predicts nothing.
const MOST: usize = 6;

/// The field of [`Profile`], what turns it off, and what makes a case that turns on it of one that
/// every server answers in the page's favour.
type Sentinel = (&'static str, fn(&mut Profile), fn(&mut Case));

const SENTINELS: [Sentinel; 13] = [
    (
        "star_covers_authorization",
        |p| p.star_covers_authorization = false,
        |case| {
            case.headers = vec![line("Authorization", "Bearer x")];
            case.preflight.headers.push(line("access-control-allow-headers", "*"));
        },
    ),
    (
        "upload_needs_method_list",
        |p| p.upload_needs_method_list = false,
        |case| {
            case.upload = true;
            case.method = "PUT".into();
        },
    ),
    (
        "joins_before_safelisting",
        |p| p.joins_before_safelisting = false,
        |case| {
            let half = "a".repeat(65);
            case.headers = vec![line("accept", &half), line("accept", &half)];
        },
    ),
    (
        "safelists_client_hints",
        |p| p.safelists_client_hints = false,
        |case| {
            case.headers = vec![line("DPR", "2")];
        },
    ),
    (
        "safelists_user_agent",
        |p| p.safelists_user_agent = false,
        |case| {
            case.headers = vec![line("User-Agent", "oracle")];
        },
    ),
    (
        "safelists_fewer_values",
        |p| p.safelists_fewer_values = false,
        |case| {
            case.headers = vec![line("Accept", b"\xe9")];
        },
    ),
    (
        "safelists_fewer_values",
        |p| p.safelists_fewer_values = false,
        |case| {
            case.headers = vec![line("Content-Type", "text/plain;charset=utf-8, x")];
        },
    ),
    (
        "reads_range_loosely",
        |p| p.reads_range_loosely = false,
        |case| {
            case.headers = vec![line("Range", "Bytes=0-1")];
        },
    ),
    (
        "repeats_header_names",
        |p| p.repeats_header_names = false,
        |case| {
            case.headers = vec![line("x-a", "1"), line("x-a", "2")];
            case.preflight.headers.push(line("access-control-allow-headers", "x-a"));
        },
    ),
    (
        "drops_empty_lines",
        |p| p.drops_empty_lines = false,
        |case| {
            case.credentials = "include";
            case.actual.headers.push(line("access-control-allow-credentials", "true"));
            case.actual.headers.push(line("access-control-allow-credentials", ""));
        },
    ),
    (
        "reports_redirect_first",
        |p| p.reports_redirect_first = false,
        |case| {
            case.method = "PUT".into();
            case.preflight = Answer { status: 307, headers: vec![line("location", "/elsewhere")] };
        },
    ),
    (
        "reports_status_first",
        |p| p.reports_status_first = false,
        |case| {
            case.method = "PUT".into();
            case.preflight = Answer { status: 403, headers: vec![] };
        },
    ),
    (
        "reports_method_first",
        |p| p.reports_method_first = false,
        |case| {
            case.method = "PUT".into();
            case.preflight.headers.push(line("access-control-allow-headers", "a b"));
        },
    ),
];
