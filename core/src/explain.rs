//! Feature `explain`: what a policy makes of a page's request, and how to make it otherwise.
//!
//! The request is played through: the browser's preflight, the policy's answer to it, the actual
//! request, the answer to that, as the model of [`browser`](crate::browser) judges them. This is the
//! one text that may show configured values: it is for the server's author, not for the page.

use alloc::{
    borrow::Cow,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use crate::{
    browser::{Blocked, Fetch, Leg, Profile, Reason, Response},
    denial::Rule,
    origin::{Origin, is_loopback},
    pattern::Pattern,
    policy::Policy,
    request::Request,
    response::Decision,
    verdict::Outcome,
};

/// Why a page can or cannot use a server, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Explanation {
    /// Whether the page gets the application's answer.
    pub allowed: bool,
    /// On which request it fails: `script`, `preflight` or `actual`; `actual` when it does not.
    pub leg: &'static str,
    /// The policy's rule that refuses, as in `origin-not-allowed`.
    pub rule: Option<&'static str>,
    /// The sentence that the server says of it.
    pub denial: Option<String>,
    /// The browser's reason, as in `missing-allow-origin`; `None` when the page can read even the
    /// refusal.
    pub reason: Option<&'static str>,
    /// The header line on which it turns, as sent or as lacking.
    pub header: Option<String>,
    /// The smallest change of the configuration, or of the page, that mends it.
    pub fix: Option<String>,
    /// What else to know before believing one's eyes.
    pub traps: Vec<String>,
}

impl Policy {
    /// Explains what becomes of a page's request to this server.
    ///
    /// `host` is the name in the URL that the page fetches, with its port, as in `Host`; `path` that
    /// URL's path. With [`Config::origins_by_host`](crate::Config::origins_by_host) the host
    /// program is taken to refuse.
    ///
    /// ```
    /// use crossgate::{Config, Policy, browser::Fetch};
    ///
    /// let policy =
    ///     Policy::new(&Config { allow_origins: &["https://a.example"], ..Config::DEFAULT })?;
    /// let fetch = Fetch { origin: "https://a.example", method: "PUT", ..Fetch::default() };
    /// let explanation = policy.explain(&fetch, "api.example", "/");
    /// assert_eq!(explanation.rule, Some("method-not-allowed"));
    /// assert_eq!(explanation.fix.as_deref(), Some("add `PUT` to allow_methods"));
    /// # Ok::<(), crossgate::ConfigError>(())
    /// ```
    #[must_use]
    pub fn explain(&self, fetch: &Fetch<'_>, host: &str, path: &str) -> Explanation {
        let traps = self.traps(fetch, host);
        // Below, `NotCors` is a page of the server's own, which the browser does not check.
        let profile = Profile::STANDARD;
        let asked = match profile.preflight(fetch) {
            Ok(asked) => asked,
            Err(blocked) => return Explanation::blocked_script(&blocked, traps),
        };
        let request = Request {
            method: fetch.method().as_bytes(),
            path: path.as_bytes(),
            host: Some(host.as_bytes()),
            origin: Some(fetch.origin.as_bytes()),
            ..Request::default()
        };
        if let Some(asked) = &asked {
            let names = asked.request_headers();
            let preflight = Request {
                method: b"OPTIONS",
                access_control_request_method: Some(asked.method.as_bytes()),
                access_control_request_headers: names.as_deref().map(str::as_bytes),
                ..request
            };
            let decision = self.decide(&preflight);
            let checked =
                answer(&decision, |response| profile.check_preflight(fetch, asked, response));
            if let Err(blocked) = checked
                && decision.verdict().outcome() != Outcome::NotCors
            {
                return self.blocked(fetch, host, &blocked, &decision, traps);
            }
        }
        let decision = self.decide(&request);
        let checked = answer(&decision, |response| profile.check(fetch, response).map(drop));
        if let Err(blocked) = checked
            && decision.verdict().outcome() != Outcome::NotCors
        {
            return self.blocked(fetch, host, &blocked, &decision, traps);
        }
        if decision.continues() {
            return Explanation {
                allowed: true,
                leg: "actual",
                rule: None,
                denial: None,
                reason: None,
                header: None,
                fix: None,
                traps,
            };
        }
        // The page reads a refusal.
        let denial = decision.denial();
        let rule = denial.map(|denial| denial.rule());
        Explanation {
            allowed: false,
            leg: "actual",
            rule: rule.map(Rule::as_str),
            denial: denial.map(|denial| denial.to_string()),
            reason: None,
            header: None,
            fix: rule.map(|rule| self.fix_rule(rule, fetch, host, "")),
            traps,
        }
    }

    fn blocked(
        &self,
        fetch: &Fetch<'_>,
        host: &str,
        blocked: &Blocked,
        decision: &Decision<'_>,
        traps: Vec<String>,
    ) -> Explanation {
        let denial = decision.denial();
        let culprit = blocked.value.as_deref().unwrap_or_default();
        let fix = match (denial, blocked.reason) {
            (Some(denial), _) => self.fix_rule(denial.rule(), fetch, host, culprit),
            (None, Reason::WildcardWithCredentials) => format!(
                "list `{}` in allow_origins instead of `*` and set allow_credentials, or let the \
                 page leave out credentials",
                fetch.origin
            ),
            (None, Reason::CredentialsNotTrue) => {
                String::from("set allow_credentials, or let the page leave out credentials")
            }
            (None, Reason::MethodNotAllowed) => self.fix_method(culprit),
            (None, Reason::HeaderNotAllowed | Reason::AuthorizationUnderStar) => {
                format!("add `{culprit}` to allow_headers")
            }
            (None, _) => format!("add `{}` to allow_origins", fetch.origin),
        };
        Explanation {
            allowed: false,
            leg: match blocked.leg {
                Leg::Script => "script",
                Leg::Preflight => "preflight",
                Leg::Actual => "actual",
            },
            rule: denial.map(|denial| denial.rule().as_str()),
            denial: denial.map(|denial| denial.to_string()),
            reason: Some(blocked.reason.as_str()),
            header: header_of(blocked, decision),
            fix: Some(fix),
            traps,
        }
    }

    fn fix_rule(&self, rule: Rule, fetch: &Fetch<'_>, host: &str, culprit: &str) -> String {
        match rule {
            Rule::HostMissing | Rule::HostMalformed => {
                format!("let the client send one well-formed Host; it sends `{host}`")
            }
            Rule::HostNotAllowed => format!("add `{host}` to allow_hosts"),
            Rule::OriginNull => String::from(
                "serve the page from an origin of its own: any page can take on `null`, which only \
                 dangerously_allow_null_origin allows",
            ),
            Rule::OriginMalformed => String::from(
                "no browser sends such an origin: look at the client, or at a proxy that rewrites it",
            ),
            Rule::OriginNotAllowed => match Pattern::parse(fetch.origin) {
                Ok(_) => format!("add `{}` to allow_origins", fetch.origin),
                Err(fault) => format!("allow_origins cannot list this origin ({})", fault.fix),
            },
            Rule::MethodNotAllowed => {
                self.fix_method(if culprit.is_empty() { fetch.method() } else { culprit })
            }
            Rule::HeaderNotAllowed => format!("add `{culprit}` to allow_headers"),
            Rule::HeadersTooMany => String::from(
                "let the page send fewer headers, or name them in allow_headers one by one",
            ),
        }
    }

    fn fix_method(&self, method: &str) -> String {
        let upper = method.to_ascii_uppercase();
        if upper != method && self.methods.allows(upper.as_bytes()) {
            return format!("let the page write `{upper}`: methods are case-sensitive");
        }
        format!("add `{upper}` to allow_methods")
    }

    fn traps(&self, fetch: &Fetch<'_>, host: &str) -> Vec<String> {
        let mut traps = Vec::new();
        if let Some(seconds) = self.max_age.as_deref().filter(|seconds| *seconds != "0") {
            traps.push(format!(
                "browsers keep the answer to a preflight for up to {seconds} seconds: after a change \
                 try in a new private window"
            ));
        }
        let page = Origin::parse(fetch.origin.as_bytes());
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        if page.is_some_and(|page| !is_loopback(page.host)) && is_loopback(name.as_bytes()) {
            traps.push(String::from(
                "a public page that calls this machine needs the visitor's permission (Local \
                 Network Access), which no header can give",
            ));
        }
        traps
    }
}

impl Explanation {
    fn blocked_script(blocked: &Blocked, traps: Vec<String>) -> Self {
        Self {
            allowed: false,
            leg: "script",
            rule: None,
            denial: None,
            reason: Some(blocked.reason.as_str()),
            header: None,
            fix: Some(format!("mend the page's script, which throws: {blocked}")),
            traps,
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.allowed {
            f.write_str("allowed: the page can read the answer")?;
        } else {
            write!(f, "refused on the {} request", self.leg)?;
            if self.reason.is_none() {
                f.write_str(" (the page can read why)")?;
            }
        }
        let optional = [
            ("server", self.denial.as_deref()),
            ("browser", self.reason),
            ("header", self.header.as_deref()),
            ("fix", self.fix.as_deref()),
        ];
        let lines = optional.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let traps = self.traps.iter().map(|trap| ("mind", trap.as_str()));
        for (name, text) in lines.chain(traps) {
            write!(f, "\n{name}: {text}")?;
        }
        Ok(())
    }
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
