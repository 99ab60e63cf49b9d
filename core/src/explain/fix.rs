//! What to change so that a page's request passes.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use crate::{
    browser::{Blocked, Fetch, Leg},
    denial::Rule,
    explain::{
        play::{Played, sent_origin},
        url::Url,
    },
    origin::{Origin, is_loopback},
    pattern::Pattern,
    policy::Policy,
    request::Request,
    verdict::Verdict,
};

impl Policy {
    /// All of what has to change, in the order of the options; if something is wrong that no option
    /// mends, that alone.
    pub(super) fn fix(
        &self,
        fetch: &Fetch<'_>,
        url: &Url<'_>,
        origin_allowed: bool,
        played: &Played,
    ) -> String {
        if let Some(blocked) = played.blocked.as_ref().filter(|b| b.leg == Leg::Script) {
            return fix_script(blocked);
        }
        if let Some(elsewhere) = played.rule.and_then(|rule| fix_elsewhere(rule, url)) {
            return elsewhere;
        }
        let mut changes = Vec::new();
        let own = fetch.origin == url.origin;
        let actual = Request {
            method: fetch.method().as_bytes(),
            path: url.path.as_bytes(),
            host: Some(url.host.as_bytes()),
            origin: sent_origin(fetch, url),
            ..Request::default()
        };
        let shares = self.decide_given(&actual, origin_allowed).headers().next().is_some();
        let star = self.constant && fetch.credentials && !own;
        let sends = self.has(Verdict::ALLOW_CREDENTIALS) || fetch.credentials && !own;
        if !shares && !own || star {
            if is_insecure(fetch.origin) && sends {
                return "serve the page over https: with credentials allow_origins takes no `http` \
                        origin"
                    .into();
            }
            if let Err(fault) = Pattern::parse(fetch.origin) {
                return format!("allow_origins cannot list this origin ({})", fault.fix);
            }
            changes.push(if star {
                format!("list `{}` in allow_origins instead of `*`", fetch.origin)
            } else {
                format!("add `{}` to allow_origins", fetch.origin)
            });
        } else if own && played.rule == Some(Rule::OriginNotAllowed) {
            changes.push(format!("state `{}` in allow_hosts: the page is its own", url.host));
        }
        let method = fetch.method();
        // Also of the server's own page, if it sends an `Origin` and that is listed.
        let is_cors = !own || shares && actual.origin.is_some();
        let is_decided = played.rule == Some(Rule::MethodNotAllowed)
            || is_cors && (played.asked.is_some() || self.reject);
        if is_decided && !self.methods.allows(method.as_bytes()) {
            let mut standard = CASE_SENSITIVE.into_iter();
            let listed = standard.find(|name| name.eq_ignore_ascii_case(method)).unwrap_or(method);
            if !self.methods.allows(listed.as_bytes()) {
                changes.push(format!("add `{listed}` to allow_methods"));
            }
            if listed != method {
                changes.push(format!("let the page write `{listed}`: methods are case-sensitive"));
            }
        }
        let names = played.asked.iter().flatten().map(String::as_str);
        let mut lacking: Vec<_> =
            names.filter(|name| self.headers.first_refused(name.as_bytes()).is_some()).collect();
        lacking.dedup();
        if !lacking.is_empty() {
            changes.push(format!("add `{}` to allow_headers", lacking.join("`, `")));
        }
        if fetch.credentials && !own && !self.has(Verdict::ALLOW_CREDENTIALS) {
            if self.expose == "*" {
                changes.push("name the headers of expose_headers one by one".into());
            }
            changes
                .push("set allow_credentials, or let the page leave out credentials".to_string());
        }
        let by_host = self.decide(&Request { origin: None, ..actual });
        if by_host.denial().is_some_and(|denial| denial.rule() == Rule::HostNotAllowed) {
            changes.push(format!("add `{}` to allow_hosts", url.host));
        }
        changes.join("; ")
    }

    fn has(&self, header: u32) -> bool {
        self.share & header != 0
    }
}

fn fix_script(blocked: &Blocked) -> String {
    let value = blocked.value.as_deref().unwrap_or_default().escape_debug();
    format!("mend the page's script, which throws: {} `{value}`", blocked.reason.as_str())
}

/// What no option mends.
fn fix_elsewhere(rule: Rule, url: &Url<'_>) -> Option<String> {
    Some(match rule {
        Rule::HostMissing | Rule::HostMalformed => {
            format!("let the client send one well-formed Host; it sends `{}`", url.host)
        }
        Rule::OriginNull => String::from(
            "serve the page from an origin of its own: any page can take on `null`, which only \
             dangerously_allow_null_origin allows",
        ),
        Rule::OriginMalformed => String::from(
            "no browser sends such an origin: look at the client, or at a proxy that rewrites it",
        ),
        Rule::HeadersTooMany => String::from(
            "let the page send fewer headers, or name them in allow_headers one by one",
        ),
        Rule::HostNotAllowed
        | Rule::OriginNotAllowed
        | Rule::MethodNotAllowed
        | Rule::HeaderNotAllowed => return None,
    })
}

fn is_insecure(origin: &str) -> bool {
    Origin::parse(origin.as_bytes())
        .is_some_and(|origin| origin.scheme == b"http" && !is_loopback(origin.host))
}

/// Of the standard methods, those that browsers send as script writes them.
/// <https://fetch.spec.whatwg.org/#concept-method-normalize>
const CASE_SENSITIVE: [&str; 2] = ["PATCH", "QUERY"];
