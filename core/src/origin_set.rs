//! The origins that a policy allows: for a few a comparison, for many one look-up, and only then
//! the patterns.

use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};
use core::fmt::Write;

use crate::{
    cluster::{Buffer, ClusterDomain},
    config::Config,
    error::{Fault, Problem},
    host_rules::HostRules,
    origin::{LONGEST, Origin, is_loopback},
    pattern::Pattern,
    public_suffix::{has_public_suffix_below, is_public_suffix},
    table::Table,
};

#[derive(Debug)]
pub(crate) struct OriginSet {
    any: bool,
    null: bool,
    exact: Exact,
    hosts: HostRules,
    schemes: Vec<Box<[u8]>>,
    cluster: Option<ClusterDomain>,
    #[cfg(feature = "regex")]
    regex: Option<crate::regex::Regex>,
}

#[derive(Debug)]
enum Exact {
    Few(Vec<Box<[u8]>>),
    Many(Table),
}

impl OriginSet {
    pub(crate) fn parse(
        config: &Config<'_>,
        problems: &mut Vec<Problem>,
        notes: &mut Vec<Problem>,
    ) -> Self {
        let cluster = config.cluster_domain.map(ClusterDomain::new);
        let mut any = false;
        // Each under its one name, and as its author wrote it.
        let mut exact: Vec<(Cow<'_, str>, &str)> = Vec::new();
        let mut hosts = HostRules::default();
        let mut schemes: Vec<Box<[u8]>> = Vec::new();
        for &entry in config.allow_origins {
            if entry == "null" && config.dangerously_allow_null_origin {
                continue;
            }
            let pattern = match Pattern::parse(entry) {
                Ok(pattern) => pattern,
                Err(fault) => {
                    problems.push(Problem::new(OPTION, "origin", entry, fault));
                    continue;
                }
            };
            if let Some(fault) = danger(&pattern, config) {
                problems.push(Problem::new(OPTION, "origin", entry, fault));
                continue;
            }
            let new = match pattern {
                Pattern::Any => !core::mem::replace(&mut any, true),
                Pattern::Exact(origin) => {
                    exact.push((full_origin(cluster.as_ref(), origin), entry));
                    true
                }
                Pattern::Scheme(scheme) => {
                    let new = !schemes.iter().any(|known| **known == *scheme.as_bytes());
                    if new {
                        schemes.push(scheme.as_bytes().into());
                    }
                    new
                }
                Pattern::Hosts { scheme, host, port } => {
                    let full = cluster.as_ref().and_then(|cluster| cluster.full(host.as_bytes()));
                    let host = full.as_ref().map_or(host.as_bytes(), Buffer::as_bytes);
                    hosts.insert(host, scheme.as_bytes(), port)
                }
            };
            if !new {
                notes.push(Problem::new(OPTION, "origin", entry, Fault::duplicate()));
            }
        }
        hosts.index();
        let covered = |origin: &str| {
            any || Origin::parse(origin.as_bytes()).is_some_and(|origin| {
                hosts.admit(origin.host, origin.scheme, origin.port)
                    || schemes.iter().any(|scheme| **scheme == *origin.scheme)
            })
        };
        for (_, entry) in exact.iter().filter(|(origin, _)| covered(origin)) {
            notes.push(Problem::new(OPTION, "origin", *entry, Fault::redundant()));
        }
        exact.sort();
        exact.dedup_by(|(later, entry), (origin, _)| {
            let twice = later == origin;
            if twice {
                notes.push(Problem::new(OPTION, "origin", *entry, Fault::duplicate()));
            }
            twice
        });
        let exact: Vec<&[u8]> = exact.iter().map(|(origin, _)| origin.as_bytes()).collect();
        Self {
            any,
            null: config.dangerously_allow_null_origin,
            exact: Exact::new(&exact),
            hosts,
            schemes,
            cluster,
            #[cfg(feature = "regex")]
            regex: config
                .allow_origin_regex
                .and_then(|source| crate::regex::Regex::parse(source, config, problems)),
        }
    }

    /// `*` is among them.
    pub(crate) fn is_any(&self) -> bool {
        self.any
    }

    /// Whether a listed rule allows the origin. No work for what is longer than any rule.
    pub(crate) fn allows(&self, origin: &[u8]) -> bool {
        if origin.len() > LONGEST {
            return false;
        }
        self.exact.contains(origin) || self.allows_by_rule(origin)
    }

    fn allows_by_rule(&self, origin: &[u8]) -> bool {
        if !self.has_rules() {
            return false;
        }
        if origin == b"null" {
            return self.null;
        }
        let Some(parsed) = Origin::parse(origin) else { return false };
        self.any
            || self.hosts.admit(parsed.host, parsed.scheme, parsed.port)
            || self.schemes.iter().any(|scheme| **scheme == *parsed.scheme)
            || self.allows_alias(parsed)
            || self.matches(origin)
    }

    fn has_rules(&self) -> bool {
        #[cfg(feature = "regex")]
        if self.regex.is_some() {
            return true;
        }
        self.any
            || self.null
            || !self.hosts.is_empty()
            || !self.schemes.is_empty()
            || self.cluster.is_some()
    }

    /// Another name of a listed service in the cluster.
    fn allows_alias(&self, origin: Origin<'_>) -> bool {
        let Some(full) = self.cluster.as_ref().and_then(|cluster| cluster.full(origin.host)) else {
            return false;
        };
        self.hosts.admit(full.as_bytes(), origin.scheme, origin.port)
            || with_host(origin, full.as_bytes())
                .is_some_and(|origin| self.exact.contains(origin.as_bytes()))
    }

    #[cfg(feature = "regex")]
    fn matches(&self, origin: &[u8]) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(origin))
    }

    #[cfg(not(feature = "regex"))]
    #[expect(clippy::unused_self, reason = "the same signature with and without the feature")]
    fn matches(&self, _: &[u8]) -> bool {
        false
    }

    /// The origin under the short name of a service, or as it is. `None` when it is not well formed.
    pub(crate) fn normalize<'o>(&self, origin: &'o [u8]) -> Option<Cow<'o, str>> {
        let parsed = Origin::parse(origin)?;
        let text = core::str::from_utf8(origin).ok()?;
        let short = self.cluster.as_ref().and_then(|cluster| cluster.short(parsed.host));
        let Some(short) = short else { return Some(Cow::Borrowed(text)) };
        let short = with_host(parsed, short)?;
        core::str::from_utf8(short.as_bytes()).ok().map(|short| Cow::Owned(String::from(short)))
    }
}

impl Exact {
    fn new(origins: &[&[u8]]) -> Self {
        if origins.len() <= FEW {
            Self::Few(origins.iter().map(|&origin| origin.into()).collect())
        } else {
            Self::Many(Table::build(origins).0)
        }
    }

    fn contains(&self, origin: &[u8]) -> bool {
        match self {
            Self::Few(origins) => origins.iter().any(|known| **known == *origin),
            Self::Many(table) => table.find(origin).is_some(),
        }
    }
}

/// What would let strangers in, or act as their visitors.
fn danger(pattern: &Pattern<'_>, config: &Config<'_>) -> Option<Fault> {
    if !config.allow_credentials {
        return None;
    }
    match *pattern {
        Pattern::Any if !config.dangerously_allow_any_origin_with_credentials => {
            Some(Fault::prohibited(
                "with allow_credentials any page could act as its visitor: list the origins, or \
                 set dangerously_allow_any_origin_with_credentials",
            ))
        }
        Pattern::Hosts { host, scheme, .. } => {
            let wildcard = host.strip_prefix('.');
            let public = |domain| is_public_suffix(domain) || has_public_suffix_below(domain);
            if wildcard.is_some_and(public) && !config.dangerously_allow_public_suffixes {
                return Some(Fault::prohibited(
                    "anyone can register a name below this public suffix: name the host, or set \
                     dangerously_allow_public_suffixes",
                ));
            }
            insecure(scheme, wildcard.unwrap_or(host), config)
        }
        Pattern::Exact(origin) => {
            let origin = Origin::parse(origin.as_bytes())?;
            let scheme = core::str::from_utf8(origin.scheme).ok()?;
            insecure(scheme, core::str::from_utf8(origin.host).ok()?, config)
        }
        Pattern::Any | Pattern::Scheme(_) => None,
    }
}

fn insecure(scheme: &str, host: &str, config: &Config<'_>) -> Option<Fault> {
    let insecure = scheme == "http" && !is_loopback(host.as_bytes());
    (insecure && !config.dangerously_allow_insecure_origins).then(|| {
        Fault::prohibited(
            "with allow_credentials anyone on the network path could act as this page: use \
             https, or set dangerously_allow_insecure_origins",
        )
    })
}

fn full_origin<'o>(cluster: Option<&ClusterDomain>, origin: &'o str) -> Cow<'o, str> {
    let full = cluster.and_then(|cluster| {
        let parsed = Origin::parse(origin.as_bytes())?;
        with_host(parsed, cluster.full(parsed.host)?.as_bytes())
    });
    match full.as_ref().and_then(|full| core::str::from_utf8(full.as_bytes()).ok()) {
        Some(full) => Cow::Owned(String::from(full)),
        None => Cow::Borrowed(origin),
    }
}

fn with_host(origin: Origin<'_>, host: &[u8]) -> Option<Buffer> {
    let mut text = Buffer::default();
    text.push(origin.scheme)?;
    text.push(b"://")?;
    text.push(host)?;
    if let Some(port) = origin.port {
        write!(text, ":{port}").ok()?;
    }
    Some(text)
}

const OPTION: &str = "allow_origins";
const FEW: usize = 4;
