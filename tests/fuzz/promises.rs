//! What holds for every decision, whatever the policy and the request.

use crossgate::{Decision, Policy, Request, Rule};

use crate::{
    grammar,
    model::{Expected, Model, is_token, show},
};

/// Decides a request and fails if a promise is broken.
pub(crate) fn keep(model: &Model<'_>, policy: &Policy, request: &Request<'_>, given: bool) {
    let decision = policy.decide_given(request, given);
    agrees_with_the_model(model, request, given, &decision);
    writes_sound_headers(model, request, given, &decision);
    refuses_with_little(request, &decision);
    asks_only_what_a_host_may_decide(model, policy, request);
    depends_on_vary_alone(policy, request, given, &decision);
    assert_eq!(policy.decide(request).verdict(), policy.decide_given(request, false).verdict());
}

fn agrees_with_the_model(
    model: &Model<'_>,
    request: &Request<'_>,
    given: bool,
    decision: &Decision<'_>,
) {
    let got = Expected {
        status: decision.status(),
        denial: decision.denial().map(|denial| (denial.rule(), show(denial.value()))),
        headers: headers(decision),
        vary: decision.vary(),
    };
    let answers = model.answers(request, given);
    assert!(
        answers.contains(&got),
        "{:?}\n{}\ngiven {given}\ngot  {got:?}\nwant {answers:?}",
        model.config,
        describe(request)
    );
    assert_eq!(decision.continues(), got.status.is_none());
}

fn headers(decision: &Decision<'_>) -> Vec<(&'static str, String)> {
    decision.headers().map(|(name, value)| (name, value.into_owned())).collect()
}

fn writes_sound_headers(
    model: &Model<'_>,
    request: &Request<'_>,
    given: bool,
    decision: &Decision<'_>,
) {
    let headers = headers(decision);
    let value = |name: &str| {
        let mut values = headers.iter().filter(|(known, _)| *known == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} is written twice");
        value
    };
    let origin = value("access-control-allow-origin");
    match value("access-control-allow-credentials") {
        None => {}
        Some(credentials) => {
            assert_eq!(credentials, "true");
            assert!(origin.is_some_and(|origin| origin != "*"), "credentials for anybody");
            assert!(model.config.allow_credentials);
        }
    }
    match origin {
        None => assert_eq!(headers, [], "headers for an origin that may not read them"),
        Some("*") => assert!(!model.config.allow_credentials),
        Some(origin) => {
            // Nobody is reflected whom nothing admits: the bug of a dozen libraries.
            assert_eq!(Some(origin.as_bytes()), request.origin);
            let by_host = model.config.origins_by_host
                && given
                && grammar::origin(origin.as_bytes()).is_some();
            assert!(model.lists(origin.as_bytes()) || by_host, "{origin} is reflected");
        }
    }
    for name in ["methods", "headers"].map(|what| format!("access-control-allow-{what}")) {
        check_list(value(&name));
    }
    check_list(value("access-control-expose-headers"));
    if let Some(age) = value("access-control-max-age") {
        assert!(age.parse::<u32>().is_ok_and(|age| age <= 86_400), "max-age {age}");
    }
    assert_eq!(value("vary"), None, "Vary is a field of its own");
}

fn check_list(value: Option<&str>) {
    for element in value.iter().flat_map(|value| value.split(", ")) {
        assert!(is_token(element.as_bytes()), "`{element}` of `{value:?}` is no token");
    }
}

fn refuses_with_little(request: &Request<'_>, decision: &Decision<'_>) {
    let denial = decision.denial();
    if denial.is_some_and(|denial| {
        matches!(denial.rule(), Rule::OriginMalformed | Rule::OriginNull | Rule::OriginNotAllowed)
    }) {
        assert_eq!(headers(decision), []);
    }
    let refused = decision.status().is_some_and(|status| status >= 300);
    let body = decision.body();
    assert_eq!(body.is_some(), refused && request.method != b"HEAD");
    let Some((content_type, body)) = body else { return };
    let sentence = denial.map(|denial| denial.to_string()).unwrap_or_default();
    // At the worst every byte of 200 is shown as `\u{7f}`.
    assert!(!sentence.is_empty() && sentence.len() < 200 * 6 + 100, "{sentence}");
    assert!(sentence.chars().all(|c| matches!(c, ' '..='~' | '…')), "{sentence}");
    match content_type {
        "application/json" => {
            let body: serde_json::Value = serde_json::from_str(&body).expect("valid JSON");
            assert_eq!(body["error"]["message"], sentence);
            assert_eq!(body.get("id"), None);
        }
        _ => assert_eq!(body, format!("{sentence}\n")),
    }
}

/// Neither `null`, nor what no browser sends, nor what a rule has decided.
fn asks_only_what_a_host_may_decide(model: &Model<'_>, policy: &Policy, request: &Request<'_>) {
    let asked = policy.undecided_origin(request);
    if let Some(origin) = asked {
        assert!(model.config.origins_by_host && !model.lists(origin));
        assert!(grammar::origin(origin).is_some());
        assert_eq!(Some(origin), request.origin);
    } else {
        let words = [true, false].map(|given| policy.verdict_given(request, given));
        assert_eq!(words[0], words[1], "the host program was not asked, but heard");
    }
}

/// Requests that differ only in headers outside of `vary` get the same answer. Host belongs to the
/// URL; and an OPTIONS with a requested method is another exchange than one without.
fn depends_on_vary_alone(
    policy: &Policy,
    request: &Request<'_>,
    given: bool,
    decision: &Decision<'_>,
) {
    let vary = decision.vary().unwrap_or_default();
    let preflights = request.method == b"OPTIONS";
    let others: [Option<&[u8]>; 3] = [None, Some(b"PUT"), Some(b"x-other, \0")];
    for other in others {
        let mut changed = *request;
        if !vary.contains("Origin") && !preflights {
            changed.origin = other.map(|_| b"https://other.example".as_slice());
        }
        if !vary.contains("Request-Method") && !preflights {
            changed.access_control_request_method = other;
        }
        if !vary.contains("Request-Headers") {
            changed.access_control_request_headers = other;
        }
        let answer = policy.decide_given(&changed, given);
        assert_eq!(
            answer.status(),
            decision.status(),
            "{}\n{}",
            describe(request),
            describe(&changed)
        );
        assert_eq!(
            headers(&answer),
            headers(decision),
            "{}\n{}",
            describe(request),
            describe(&changed)
        );
        assert_eq!(answer.vary(), decision.vary(), "{}\n{}", describe(request), describe(&changed));
    }
}

pub(crate) fn describe(request: &Request<'_>) -> String {
    let header = |value: Option<&[u8]>| value.map(show);
    format!(
        "{} host {:?} origin {:?} method {:?} headers {:?}",
        show(request.method),
        header(request.host),
        header(request.origin),
        header(request.access_control_request_method),
        header(request.access_control_request_headers),
    )
}
