//! A page's request from its script to its end, between a browser and a policy.

use alloc::{
    borrow::Cow,
    format,
    string::{String, ToString},
    vec::Vec,
};

use crate::{
    browser::{Blocked, Fetch, Leg, Profile, Reason, Response},
    denial::Rule,
    explain::url::Url,
    policy::Policy,
    request::Request,
    response::Decision,
};

/// How far a request came.
pub(super) struct Played {
    /// The page gets the application's answer.
    pub(super) allowed: bool,
    pub(super) blocked: Option<Blocked>,
    /// The header names that the preflight asked for, if there was one.
    pub(super) asked: Option<Vec<String>>,
    /// The application has run, or is about to.
    pub(super) handled: bool,
    /// Of the last answer, as all that follows.
    pub(super) rule: Option<Rule>,
    pub(super) denial: Option<String>,
    pub(super) header: Option<String>,
}

impl Played {
    pub(super) fn leg(&self) -> &'static str {
        match self.blocked.as_ref().map(|blocked| blocked.leg) {
            Some(Leg::Script) => "script",
            Some(Leg::Preflight) => "preflight",
            Some(Leg::Actual) | None => "actual",
        }
    }

    /// There is no server at such a URL.
    pub(super) fn unaddressed() -> Self {
        let blocked = Blocked { leg: Leg::Script, reason: Reason::Scheme, value: None, status: 0 };
        Self::unsent(blocked)
    }

    fn unsent(blocked: Blocked) -> Self {
        Self {
            allowed: false,
            blocked: Some(blocked),
            asked: None,
            handled: false,
            rule: None,
            denial: None,
            header: None,
        }
    }

    fn answered(decision: &Decision<'_>, blocked: Option<Blocked>) -> Self {
        let denial = decision.denial();
        Self {
            allowed: blocked.is_none() && decision.continues(),
            handled: decision.continues(),
            asked: None,
            rule: denial.map(|denial| denial.rule()),
            denial: denial.map(|denial| denial.to_string()),
            header: blocked.as_ref().and_then(|blocked| header_of(blocked, decision)),
            blocked,
        }
    }
}

impl Policy {
    pub(super) fn play(
        &self,
        profile: Profile,
        fetch: &Fetch<'_>,
        url: &Url<'_>,
        origin_allowed: bool,
    ) -> Played {
        let asked = match profile.preflight(fetch) {
            Ok(asked) => asked,
            Err(blocked) => return Played::unsent(blocked),
        };
        let method = fetch.method();
        let own = fetch.origin == url.origin;
        let request = Request {
            method: method.as_bytes(),
            path: url.path.as_bytes(),
            host: Some(url.host.as_bytes()),
            origin: sent_origin(fetch, url),
            ..Request::default()
        };
        if own {
            // No preflight, no check: https://fetch.spec.whatwg.org/#concept-main-fetch
            return Played::answered(&self.decide_given(&request, origin_allowed), None);
        }
        let mut played = None;
        if let Some(asked) = &asked {
            let list = asked.request_headers();
            let preflight = Request {
                method: b"OPTIONS",
                access_control_request_method: Some(asked.method.as_bytes()),
                access_control_request_headers: list.as_deref().map(str::as_bytes),
                ..request
            };
            let decision = self.decide_given(&preflight, origin_allowed);
            let checked =
                answer(&decision, |response| profile.check_preflight(fetch, asked, response));
            played = checked.err().map(|blocked| Played::answered(&decision, Some(blocked)));
        }
        let mut played = played.unwrap_or_else(|| {
            let decision = self.decide_given(&request, origin_allowed);
            let checked = answer(&decision, |response| profile.check(fetch, response).map(drop));
            Played::answered(&decision, checked.err())
        });
        played.asked = asked.map(|asked| asked.header_names);
        played
    }
}

/// The `Origin` of the actual request.
/// <https://fetch.spec.whatwg.org/#append-a-request-origin-header>
pub(super) fn sent_origin<'a>(fetch: &Fetch<'a>, url: &Url<'_>) -> Option<&'a [u8]> {
    let own = fetch.origin == url.origin;
    (!own || !matches!(fetch.method(), "GET" | "HEAD")).then_some(fetch.origin.as_bytes())
}

/// Shows a decision to the browser: the application's own answer is taken to be a 200.
fn answer<R>(decision: &Decision<'_>, check: impl FnOnce(&Response<'_>) -> R) -> R {
    let headers: Vec<(&str, Cow<'_, str>)> = decision.headers().collect();
    let headers: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    check(&Response { status: decision.status().unwrap_or(200), headers: &headers })
}

/// The line that the browser looked at, as the decision has it.
fn header_of(blocked: &Blocked, decision: &Decision<'_>) -> Option<String> {
    let name = match blocked.reason {
        Reason::MissingAllowOrigin
        | Reason::AllowOriginMismatch
        | Reason::InvalidAllowOrigin
        | Reason::WildcardWithCredentials => "access-control-allow-origin",
        Reason::CredentialsNotTrue => "access-control-allow-credentials",
        Reason::MethodNotAllowed => "access-control-allow-methods",
        Reason::HeaderNotAllowed | Reason::AuthorizationUnderStar => "access-control-allow-headers",
        _ => return None,
    };
    let line = decision.headers().find(|(sent, _)| *sent == name);
    Some(match line {
        Some((_, value)) => format!("{name}: {value}"),
        None => format!("{name} is missing"),
    })
}
