//! A policy: a [`Config`], parsed.

use alloc::{borrow::Cow, format, string::String, vec::Vec};

use crate::{
    config::Config,
    denial::BodyFormat,
    error::{ConfigError, Fault, Problem},
    header_list::HeaderSet,
    header_name::{check_response_header, is_safelisted_response_header},
    host::HostSet,
    method::MethodSet,
    origin::is_domain,
    origin_set::OriginSet,
    verdict::Verdict,
};

/// What a server allows other origins, ready to decide requests.
///
/// Immutable and `Sync`: build it once at start-up and share it.
#[derive(Debug)]
pub struct Policy {
    pub(crate) origins: OriginSet,
    pub(crate) hosts: HostSet,
    pub(crate) methods: MethodSet,
    pub(crate) headers: HeaderSet,
    pub(crate) expose: String,
    pub(crate) max_age: Option<String>,
    pub(crate) preflight_status: u16,
    pub(crate) body_format: BodyFormat,
    /// Refused requests do not reach the application.
    pub(crate) reject: bool,
    pub(crate) origins_by_host: bool,
    /// `*` without credentials: the same answer for everybody, so that nothing varies.
    pub(crate) constant: bool,
    /// The headers that let a page read an answer, as bits of a [`Verdict`].
    pub(crate) share: u32,
    /// The headers of a preflight's answer.
    pub(crate) preflight: u32,
    notes: Vec<Problem>,
}

impl Policy {
    /// Parses a configuration.
    ///
    /// # Errors
    ///
    /// Everything that is dangerous or can never work, all at once, in the order of the options.
    /// What is merely useless is in [`notes`](Self::notes).
    pub fn new(config: &Config<'_>) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let mut notes = Vec::new();
        let credentials = config.allow_credentials;

        let origins = OriginSet::parse(config, &mut problems, &mut notes);
        #[cfg(not(feature = "regex"))]
        if let Some(source) = config.allow_origin_regex {
            let fault = Fault::prohibited("this build lacks the feature `regex`");
            problems.push(Problem::new("allow_origin_regex", "expression", source, fault));
        }
        let methods =
            MethodSet::parse(config.allow_methods, credentials, &mut problems, &mut notes);
        let headers =
            HeaderSet::parse(config.allow_headers, credentials, &mut problems, &mut notes);
        let expose = parse_expose(config, &mut problems, &mut notes);
        let max_age = parse_max_age(config.max_age, &mut problems, &mut notes);
        if config.denied == "reject" && config.allow_hosts.is_none() {
            let fault = Fault::missing(
                "`reject` needs the names this server answers to; `[]` for loopback names only, \
                 `[\"*\"]` for any",
            );
            problems.push(Problem::new("allow_hosts", "hosts", "", fault));
        }
        // Parsed before the hosts, which depend on it, and reported behind them, in their order.
        let mut later = Vec::new();
        let cluster_domain = parse_cluster_domain(config.cluster_domain, &mut later);
        let hosts = HostSet::parse(config.allow_hosts, cluster_domain, &mut problems, &mut notes);
        problems.append(&mut later);
        let reject = parse_word(config.denied, "denied", ["continue", "reject"], &mut problems);
        let json =
            parse_word(config.denied_body, "denied_body", ["text", "json-rpc"], &mut problems);
        let preflight_status = parse_preflight_status(config.preflight_status, &mut problems);
        if config.allow_private_network {
            let fault = Fault::prohibited(
                "remove it: browsers have replaced Private Network Access by a permission",
            );
            notes.push(Problem::new("allow_private_network", "option", "true", fault));
        }
        if !problems.is_empty() {
            return Err(ConfigError::new(problems));
        }

        let constant = origins.is_any() && !credentials;
        let share = Verdict::ALLOW_ORIGIN
            | bit(credentials, Verdict::ALLOW_CREDENTIALS)
            | bit(!expose.is_empty(), Verdict::EXPOSE_HEADERS)
            // Under `reject` a method can be refused to those who send an `Origin`, and to no others.
            | bit(!constant || reject, Verdict::VARY_ORIGIN);
        let preflight = Verdict::ALLOW_ORIGIN
            | bit(credentials, Verdict::ALLOW_CREDENTIALS)
            | bit(!methods.value.is_empty(), Verdict::ALLOW_METHODS)
            | bit(!headers.value.is_empty(), Verdict::ALLOW_HEADERS)
            | bit(max_age.is_some(), Verdict::MAX_AGE)
            | Verdict::VARY_ORIGIN
            | Verdict::VARY_PREFLIGHT;
        Ok(Self {
            origins,
            hosts,
            methods,
            headers,
            expose,
            max_age,
            preflight_status,
            body_format: if json { BodyFormat::JsonRpc } else { BodyFormat::Text },
            reject,
            origins_by_host: config.origins_by_host,
            constant,
            share,
            preflight,
            notes,
        })
    }

    /// What is useless or redundant in the configuration, to be logged once.
    #[must_use]
    pub fn notes(&self) -> &[Problem] {
        &self.notes
    }

    /// An origin under the one name by which rules know it: a service of the cluster
    /// ([`Config::cluster_domain`]) as `svc.ns.svc`. `None` when it is not well formed.
    #[must_use]
    pub fn normalized_origin<'o>(&self, origin: &'o [u8]) -> Option<Cow<'o, str>> {
        self.origins.normalize(origin)
    }
}

fn bit(condition: bool, bit: u32) -> u32 {
    if condition { bit } else { 0 }
}

fn parse_expose(
    config: &Config<'_>,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<Problem>,
) -> String {
    const OPTION: &str = "expose_headers";
    let mut exposed: Vec<&str> = Vec::new();
    for &header in config.expose_headers {
        let fault = if header == "*" && config.allow_credentials {
            // https://fetch.spec.whatwg.org/#cors-protocol-and-credentials
            Some(Fault::prohibited(
                "with allow_credentials browsers take `*` for a name: list the headers",
            ))
        } else {
            check_response_header(header).err()
        };
        if let Some(fault) = fault {
            problems.push(Problem::new(OPTION, "header", header, fault));
        } else if exposed.iter().any(|known| known.eq_ignore_ascii_case(header)) {
            notes.push(Problem::new(OPTION, "header", header, Fault::duplicate()));
        } else {
            if is_safelisted_response_header(header) {
                let fault = Fault::prohibited("remove it: every page can read it anyway");
                notes.push(Problem::new(OPTION, "header", header, fault));
            }
            exposed.push(header);
        }
    }
    if exposed.contains(&"*") {
        for name in exposed.iter().filter(|name| **name != "*") {
            notes.push(Problem::new(OPTION, "header", *name, Fault::redundant()));
        }
    }
    exposed.join(", ")
}

/// <https://fetch.spec.whatwg.org/#http-access-control-max-age>: delta-seconds.
fn parse_max_age(
    max_age: Option<i64>,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<Problem>,
) -> Option<String> {
    const OPTION: &str = "max_age";
    let seconds = max_age?;
    let mut problem = |fix| {
        problems.push(Problem::new(
            OPTION,
            "number of seconds",
            format!("{seconds}"),
            Fault::invalid(fix),
        ));
    };
    match seconds {
        ..0 => problem("write 0 to have nothing cached"),
        86_401.. => problem("expected 0 to 86400, the most that any browser keeps"),
        7_201.. => {
            let fault = Fault::prohibited("Chromium keeps an answer for 7200 seconds at the most");
            notes.push(Problem::new(OPTION, "number of seconds", format!("{seconds}"), fault));
        }
        _ => {}
    }
    Some(format!("{seconds}"))
}

fn parse_cluster_domain<'c>(
    domain: Option<&'c str>,
    problems: &mut Vec<Problem>,
) -> Option<&'c str> {
    let domain = domain?;
    if is_domain(domain.as_bytes()) {
        return Some(domain);
    }
    let fault = Fault::invalid("expected a domain such as `cluster.local`, without dots around it");
    problems.push(Problem::new("cluster_domain", "domain", domain, fault));
    None
}

/// Whether a word is the second of two.
fn parse_word(
    word: &str,
    option: &'static str,
    [no, yes]: [&str; 2],
    problems: &mut Vec<Problem>,
) -> bool {
    if word != no && word != yes {
        let fault = Fault::invalid(format!("expected `{no}` or `{yes}`"));
        problems.push(Problem::new(option, "word", word, fault));
    }
    word == yes
}

/// <https://fetch.spec.whatwg.org/#ok-status>: browsers take any other for a refusal.
fn parse_preflight_status(status: i64, problems: &mut Vec<Problem>) -> u16 {
    if let Ok(status @ 200..=299) = u16::try_from(status) {
        return status;
    }
    let fault = Fault::invalid("expected 200 to 299: browsers refuse any other");
    problems.push(Problem::new("preflight_status", "status", format!("{status}"), fault));
    204
}
