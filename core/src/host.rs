//! The names a server answers to, against `Host`: a page that rebinds its own name to this machine
//! sends that name.

use alloc::{format, string::String, vec::Vec};

use crate::{
    cluster::{Buffer, ClusterDomain},
    error::{Fault, Problem},
    host_rules::HostRules,
    origin::{
        Origin, ends_in_a_number, is_host, is_loopback, parse_ipv6, parse_port, split_port,
        write_ipv6,
    },
    pattern::{Port, TWO_PORTS, has_two_ports, propose_ipv6},
};

/// `allow_hosts`, parsed.
#[derive(Debug, Default)]
pub(crate) struct HostSet {
    /// Whether names were stated: `None` and `["*"]` state none.
    stated: bool,
    rules: HostRules,
    cluster: Option<ClusterDomain>,
}

/// What the policy says of a request's Host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostCheck {
    /// Nothing is known: the policy states no names.
    Unstated,
    Allowed,
    Missing,
    Malformed,
    NotAllowed,
}

impl HostSet {
    pub(crate) fn parse(
        hosts: Option<&[&str]>,
        cluster_domain: Option<&str>,
        problems: &mut Vec<Problem>,
        notes: &mut Vec<Problem>,
    ) -> Self {
        let mut set = Self {
            stated: hosts.is_some_and(|hosts| !hosts.contains(&"*")),
            rules: HostRules::default(),
            cluster: cluster_domain.map(ClusterDomain::new),
        };
        for &entry in hosts.unwrap_or_default() {
            if entry == "*" {
                if hosts.is_some_and(|hosts| hosts.len() > 1) {
                    let fault =
                        Fault::prohibited("`*` alone checks no Host: remove it, or the others");
                    problems.push(Problem::new(OPTION, "host", entry, fault));
                }
                continue;
            }
            match parse_entry(entry) {
                Err(fault) => problems.push(Problem::new(OPTION, "host", entry, fault)),
                Ok((host, port)) => {
                    let full = set.cluster.as_ref().and_then(|cluster| cluster.full(host));
                    let host = full.as_ref().map_or(host, Buffer::as_bytes);
                    if !set.rules.insert(host, b"", port) {
                        notes.push(Problem::new(OPTION, "host", entry, Fault::duplicate()));
                    }
                }
            }
        }
        set.rules.index();
        set
    }

    /// Judges the `Host` of any request.
    pub(crate) fn check(&self, host: Option<&[u8]>) -> HostCheck {
        if !self.stated {
            return HostCheck::Unstated;
        }
        let Some(host) = host else { return HostCheck::Missing };
        match Host::parse(host) {
            None => HostCheck::Malformed,
            Some(host) if is_loopback(host.name.as_bytes()) || self.admits(&host) => {
                HostCheck::Allowed
            }
            Some(_) => HostCheck::NotAllowed,
        }
    }

    fn admits(&self, host: &Host) -> bool {
        let name = host.name.as_bytes();
        if self.rules.admit(name, b"", host.port) {
            return true;
        }
        let full = self.cluster.as_ref().and_then(|cluster| cluster.full(name));
        full.is_some_and(|full| self.rules.admit(full.as_bytes(), b"", host.port))
    }
}

/// Whether the page is served by this very server. Same-origin requests carry `Origin` too
/// (<https://fetch.spec.whatwg.org/#origin-header>), and nobody lists a server's own.
///
/// A page that rebinds its own name to this machine would pass for it, so the name must be one
/// that it cannot have: one that `allow_hosts` states, or a loopback name.
pub(crate) fn is_own_origin(origin: &[u8], host: Option<&[u8]>, check: HostCheck) -> bool {
    let Some(host) = host else { return false };
    let web = origin.strip_prefix(b"https://").or_else(|| origin.strip_prefix(b"http://"));
    // Most foreign origins begin with another letter: refuse those unparsed.
    let similar = web.and_then(|web| web.first().zip(host.first()));
    if !similar.is_some_and(|(ours, theirs)| ours.eq_ignore_ascii_case(theirs)) {
        return false;
    }
    let Some(origin) = Origin::parse(origin) else { return false };
    let Some(host) = Host::parse(host) else { return false };
    let origin_host = origin.host.strip_suffix(b".").unwrap_or(origin.host);
    origin_host == host.name.as_bytes()
        && origin.port_or_default()
            == host.port.or(Origin { port: None, ..origin }.port_or_default())
        && (check == HostCheck::Allowed || is_loopback(host.name.as_bytes()))
}

/// A well-formed `Host`. Source: <https://www.rfc-editor.org/rfc/rfc9110#section-7.2>.
struct Host {
    /// Lower case, without a final dot; an IPv6 address in its canonical form.
    name: Buffer,
    port: Option<u16>,
}

impl Host {
    fn parse(host: &[u8]) -> Option<Self> {
        let (host, digits) = split_port(host)?;
        let port = match digits {
            Some(digits) => Some(parse_port(digits)?),
            None => None,
        };
        let mut name = Buffer::default();
        if let [b'[', address @ .., b']'] = host {
            name.push(b"[")?;
            write_ipv6(parse_ipv6(address)?, &mut name).ok()?;
            name.push(b"]")?;
        } else {
            name.push_lower_case(host.strip_suffix(b".").unwrap_or(host))?;
            if !is_host(name.as_bytes()) || name.as_bytes().ends_with(b".") {
                return None;
            }
        }
        Some(Self { name, port })
    }
}

fn parse_entry(entry: &str) -> Result<(&[u8], Port), Fault> {
    if entry.is_empty() {
        return Err(Fault::invalid(EXPECTED));
    }
    if entry.contains([',', ' ']) {
        return Err(Fault::invalid("write one host an entry"));
    }
    if let Some((_, host)) = entry.split_once("://") {
        return Err(Fault::invalid(format!("remove the scheme: `{}`", host.trim_end_matches('/'))));
    }
    if entry.contains(['/', '?', '#', '@']) {
        return Err(Fault::invalid(EXPECTED));
    }
    if entry.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Fault::invalid(format!(
            "write it in lower case: `{}`",
            entry.to_ascii_lowercase()
        )));
    }
    if !entry.is_ascii() {
        return Err(Fault::invalid(match crate::punycode::to_ascii(entry) {
            Some(ascii) => format!("write the host in punycode: `{ascii}`"),
            None => String::from(EXPECTED),
        }));
    }
    if has_two_ports(entry) {
        return Err(Fault::invalid(TWO_PORTS));
    }
    if let Some(proposal) = propose_ipv6(entry, "") {
        return Err(Fault::invalid(proposal));
    }
    // Without a port, any.
    let authority = entry.strip_suffix(":*").unwrap_or(entry);
    let Some((host, digits)) = split_port(authority.as_bytes()) else {
        return Err(Fault::invalid(EXPECTED));
    };
    let port = match digits.map(parse_port) {
        None => Port::Any,
        Some(Some(port)) => Port::One(Some(port)),
        Some(None) => {
            return Err(Fault::invalid("expected a port from 1 to 65535, without leading zeros"));
        }
    };
    let name = host.strip_suffix(b".").unwrap_or(host);
    let parent = name.strip_prefix(b"*.");
    let domain = parent.unwrap_or(name);
    if !is_host(domain) || domain.ends_with(b".") {
        return Err(Fault::invalid(EXPECTED));
    }
    if parent.is_some_and(ends_in_a_number) {
        return Err(Fault::invalid("an IP address has no subdomains"));
    }
    Ok((if parent.is_some() { name.get(1..).unwrap_or_default() } else { name }, port))
}

const OPTION: &str = "allow_hosts";
const EXPECTED: &str = "expected `host[:port]` or `*.host[:port]`";
