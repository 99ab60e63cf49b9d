//! The design's rules once more, slowly, sharing no code with the core: what a decision must be.

use crossgate::{Config, Request, Rule};

use crate::grammar;

/// What a request must get.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// `None`: the application answers.
    pub(crate) status: Option<u16>,
    pub(crate) denial: Option<(Rule, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) vary: Option<&'static str>,
}

/// The model of one policy. It knows no regular expressions.
pub(crate) struct Model<'a> {
    pub(crate) config: Config<'a>,
}

impl Model<'_> {
    /// The answers that a request may get: one, or two for a list so long that the core may give up.
    pub(crate) fn answers(&self, request: &Request<'_>, given: bool) -> Vec<Expected> {
        let config = &self.config;
        let host_fault = self.host_fault(request);
        let Some(origin) = request.origin else {
            return vec![match host_fault {
                Some((status, rule, value)) => {
                    Expected { headers: self.pass().headers, ..self.refusal(status, rule, value) }
                }
                None => self.pass(),
            }];
        };
        if host_fault.is_none() && !self.lists(origin) && self.is_own(origin, request.host) {
            return vec![self.pass()];
        }
        // Also when the Host is refused: the page can then read why.
        let allowed = self.lists(origin)
            || config.origins_by_host && grammar::origin(origin).is_some() && given;
        let preflight = request.method == b"OPTIONS";
        match request.access_control_request_method {
            Some(method) if preflight && allowed => self.preflights(request, method),
            Some(_) if preflight => {
                let (status, rule, value) =
                    host_fault.unwrap_or_else(|| (403, origin_rule(origin), show(origin)));
                let refusal = self.refusal(status, rule, value);
                vec![Expected { headers: vec![], vary: Some(ALL), ..refusal }]
            }
            _ => vec![self.actual(request, origin, allowed, host_fault)],
        }
    }

    fn actual(
        &self,
        request: &Request<'_>,
        origin: &[u8],
        allowed: bool,
        host_fault: Option<(u16, Rule, String)>,
    ) -> Expected {
        let reject = self.config.denied == "reject";
        let headers = if allowed { self.shared(origin) } else { vec![] };
        if let Some((status, rule, value)) = host_fault {
            return Expected { headers, ..self.refusal(status, rule, value) };
        }
        if !allowed {
            let denial = Some((origin_rule(origin), show(origin)));
            return Expected { status: reject.then_some(403), denial, headers, vary: self.vary() };
        }
        if reject && request.method != b"OPTIONS" && !self.allows_method(request.method) {
            let refusal = self.refusal(403, Rule::MethodNotAllowed, show(request.method));
            return Expected { headers, ..refusal };
        }
        Expected { status: None, denial: None, headers, vary: self.vary() }
    }

    fn preflights(&self, request: &Request<'_>, method: &[u8]) -> Vec<Expected> {
        let config = &self.config;
        let origin = request.origin.unwrap_or_default();
        let method_fault =
            (!self.allows_method(method)).then(|| (Rule::MethodNotAllowed, show(method)));
        let mut headers = self.shared(origin);
        headers.retain(|(name, _)| *name != "access-control-expose-headers");
        if method_fault.is_some() && matches!(method, b"GET" | b"HEAD" | b"POST") {
            return vec![Expected {
                status: Some(403),
                denial: method_fault,
                headers,
                vary: Some(ALL),
            }];
        }
        let answer = |reflected: &[&[u8]], fault: Option<(Rule, String)>| {
            let mut headers = headers.clone();
            let mut push = |name, value: String| {
                if !value.is_empty() {
                    headers.push((name, value));
                }
            };
            push("access-control-allow-methods", self.methods(method));
            push("access-control-allow-headers", self.headers(reflected));
            push(
                "access-control-max-age",
                config.max_age.map(|age| age.to_string()).unwrap_or_default(),
            );
            Expected {
                status: u16::try_from(config.preflight_status).ok(),
                denial: method_fault.clone().or(fault),
                headers,
                vary: Some(ALL),
            }
        };
        let list = request.access_control_request_headers.unwrap_or_default();
        if self.any_header() && !config.allow_credentials {
            return vec![answer(&[], None)];
        }
        let pieces = list.split(|&byte| byte == b',').count();
        let names: Vec<&[u8]> = elements(list).collect();
        let reflected: Vec<&[u8]> =
            names.iter().copied().filter(|name| self.admits_by_rule(name)).collect();
        let refused = names
            .iter()
            .find(|name| !self.lists_header(name) && !self.admits_by_rule(name))
            .map(|name| (Rule::HeaderNotAllowed, show(name)));
        let gives_up = answer(&[], Some((Rule::HeadersTooMany, show(list))));
        let decided = answer(&reflected, refused.clone());
        match (list.len() <= 1024 && pieces <= 32, refused) {
            (true, _) => vec![decided],
            // More white space or empty elements than names: it may count either.
            (false, Some(_)) if list.len() <= 1024 => vec![decided, gives_up],
            (false, Some(_)) => vec![gives_up],
            (false, None) if self.is_as_listed(list) => vec![decided],
            (false, None) => vec![decided, gives_up],
        }
    }

    /// Sorted, unique, in lower case, and all of it listed: decided however long it is.
    fn is_as_listed(&self, list: &[u8]) -> bool {
        let names: Vec<&[u8]> = list.split(|&byte| byte == b',').collect();
        names.windows(2).all(|pair| pair[0] < pair[1])
            && names
                .iter()
                .all(|name| self.lists_header(name) && !name.iter().any(u8::is_ascii_uppercase))
    }

    fn pass(&self) -> Expected {
        let headers = if self.is_constant() { self.shared(b"") } else { vec![] };
        Expected { status: None, denial: None, headers, vary: self.vary() }
    }

    fn refusal(&self, status: u16, rule: Rule, value: String) -> Expected {
        Expected {
            status: Some(status),
            denial: Some((rule, value)),
            headers: vec![],
            vary: self.vary(),
        }
    }

    /// The headers that let a page read an answer.
    fn shared(&self, origin: &[u8]) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let origin = if self.is_constant() { b"*" } else { origin };
        let origin = String::from_utf8_lossy(origin).into_owned();
        let mut headers = vec![("access-control-allow-origin", origin)];
        if config.allow_credentials {
            headers.push(("access-control-allow-credentials", String::from("true")));
        }
        if !config.expose_headers.is_empty() {
            let exposed = unique(config.expose_headers).join(", ");
            headers.push(("access-control-expose-headers", exposed));
        }
        headers
    }

    fn vary(&self) -> Option<&'static str> {
        // Under `reject` a method can be refused to those who send an Origin.
        let same_for_all = self.is_constant() && self.config.denied != "reject";
        (!same_for_all).then_some("Origin")
    }

    fn is_constant(&self) -> bool {
        self.config.allow_origins.contains(&"*") && !self.config.allow_credentials
    }

    /// Whether a listed rule allows an origin.
    pub(crate) fn lists(&self, origin: &[u8]) -> bool {
        let config = &self.config;
        if self.is_constant() {
            return true;
        }
        if origin == b"null" {
            return config.dangerously_allow_null_origin;
        }
        grammar::origin(origin).is_some_and(|parsed| {
            config.allow_origins.iter().any(|entry| {
                *entry == "*" || grammar::entry_admits(entry, &parsed, config.cluster_domain)
            })
        })
    }

    fn is_own(&self, origin: &[u8], host: Option<&[u8]>) -> bool {
        let Some((origin, host)) = grammar::origin(origin).zip(host.and_then(grammar::host)) else {
            return false;
        };
        let default = grammar::default_port(origin.scheme);
        let stated = self.config.allow_hosts.is_some_and(|hosts| !hosts.contains(&"*"));
        matches!(origin.scheme, "http" | "https")
            && origin.host.strip_suffix('.').unwrap_or(origin.host) == host.0
            && origin.port.or(default) == host.1.or(default)
            // Reached only when a stated list admits the Host.
            && (stated || grammar::is_loopback(&host.0))
    }

    fn host_fault(&self, request: &Request<'_>) -> Option<(u16, Rule, String)> {
        let config = &self.config;
        let hosts = config.allow_hosts.filter(|hosts| !hosts.contains(&"*"))?;
        let Some(bytes) = request.host else {
            return Some((400, Rule::HostMissing, String::new()));
        };
        let Some(host) = grammar::host(bytes) else {
            return Some((400, Rule::HostMalformed, show(bytes)));
        };
        let admitted = grammar::is_loopback(&host.0)
            || hosts
                .iter()
                .any(|entry| grammar::host_entry_admits(entry, &host, config.cluster_domain));
        (!admitted).then(|| (421, Rule::HostNotAllowed, show(bytes)))
    }

    fn allows_method(&self, method: &[u8]) -> bool {
        let forbidden = [b"CONNECT".as_slice(), b"TRACE", b"TRACK"];
        let listed = |method: &[u8]| {
            self.config.allow_methods.iter().any(|name| name.as_bytes() == method)
                || self.any_method() && STANDARD.iter().any(|name| name.as_bytes() == method)
        };
        listed(method)
            || method == b"HEAD" && listed(b"GET")
            || self.any_method()
                && is_token(method)
                && !forbidden.contains(&method.to_ascii_uppercase().as_slice())
    }

    fn any_method(&self) -> bool {
        self.config.allow_methods.contains(&"*")
    }

    /// `Access-Control-Allow-Methods`.
    fn methods(&self, requested: &[u8]) -> String {
        let config = &self.config;
        let mut names: Vec<&str> = Vec::new();
        for name in config.allow_methods.iter().filter(|name| **name != "*") {
            if !names.contains(name) {
                names.push(name);
            }
        }
        if !self.any_method() {
            return names.join(", ");
        }
        if !config.allow_credentials {
            return String::from("*");
        }
        names.extend(STANDARD);
        names.sort_unstable();
        names.dedup();
        let requested = String::from_utf8_lossy(requested);
        if self.allows_method(requested.as_bytes()) && !names.contains(&&*requested) {
            names.push(&requested);
        }
        names.join(", ")
    }

    fn any_header(&self) -> bool {
        self.config.allow_headers.contains(&"*")
    }

    fn lists_header(&self, name: &[u8]) -> bool {
        self.config
            .allow_headers
            .iter()
            .any(|known| !known.ends_with('*') && known.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Whether a rule admits a name that is not listed.
    fn admits_by_rule(&self, name: &[u8]) -> bool {
        let lower = name.to_ascii_lowercase();
        let prefixed = |rule: &&str| {
            let prefix = rule.strip_suffix('*').map(str::to_ascii_lowercase);
            prefix.is_some_and(|prefix| {
                lower.len() > prefix.len() && lower.starts_with(prefix.as_bytes())
            })
        };
        !self.lists_header(name)
            && name.len() <= 256
            && is_token(name)
            && (self.any_header() || self.config.allow_headers.iter().any(prefixed))
    }

    /// `Access-Control-Allow-Headers`.
    fn headers(&self, reflected: &[&[u8]]) -> String {
        let config = &self.config;
        if self.any_header() && !config.allow_credentials {
            return String::from("*, authorization");
        }
        let reflected: Vec<String> =
            reflected.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let mut names = unique(config.allow_headers);
        names.retain(|name| !name.ends_with('*'));
        names.extend(unique(&reflected.iter().map(String::as_str).collect::<Vec<_>>()));
        names.join(", ")
    }
}

/// A value of the request, fit for an assertion's text.
pub(crate) fn show(value: &[u8]) -> String {
    value.escape_ascii().to_string()
}

fn origin_rule(origin: &[u8]) -> Rule {
    match grammar::origin(origin) {
        _ if origin == b"null" => Rule::OriginNull,
        None => Rule::OriginMalformed,
        Some(_) => Rule::OriginNotAllowed,
    }
}

/// Each name once, in its first spelling.
fn unique<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut unique: Vec<&str> = Vec::new();
    for name in names {
        if !unique.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            unique.push(name);
        }
    }
    unique
}

fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_white = |byte: &&u8| matches!(byte, b' ' | b'\t');
    list.split(|&byte| byte == b',')
        .map(move |name| {
            let start = name.iter().take_while(is_white).count();
            let end = name.len() - name.iter().rev().take_while(is_white).count();
            name.get(start..end).unwrap_or_default()
        })
        .filter(|name| !name.is_empty())
}

pub(crate) fn is_token(name: &[u8]) -> bool {
    !name.is_empty()
        && name
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

const STANDARD: [&str; 8] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"];
const ALL: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
