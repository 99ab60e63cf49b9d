//! One entry of `allow_origins`: what it admits, or what is wrong with it.

use alloc::{format, string::String};

use crate::{
    error::Fault,
    origin::{
        Origin, default_port, ends_in_a_number, is_domain, is_host, is_loopback, is_scheme,
        parse_port, split_port, write_ipv6,
    },
    punycode,
};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pattern<'a> {
    /// `*`
    Any,
    /// `chrome-extension://*`
    Scheme(&'a str),
    /// The entry itself.
    Exact(&'a str),
    /// `https://*.example.com`, `http://localhost:*`
    Hosts {
        scheme: &'a str,
        /// With a leading dot when it stands for its subdomains, as `.example.com`.
        host: &'a str,
        port: Port,
    },
}

/// The ports that a pattern admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Any,
    /// `None`: the scheme's default.
    One(Option<u16>),
}

impl Port {
    pub(crate) fn admits(self, port: Option<u16>) -> bool {
        match self {
            Self::Any => true,
            Self::One(one) => one == port,
        }
    }
}

impl<'a> Pattern<'a> {
    pub(crate) fn parse(entry: &'a str) -> Result<Self, Fault> {
        match Self::parse_well_formed(entry) {
            Some(pattern) => check_labels(entry).map(|()| pattern),
            None => Err(diagnose(entry)),
        }
    }

    fn parse_well_formed(entry: &'a str) -> Option<Self> {
        if entry == "*" {
            return Some(Self::Any);
        }
        let (scheme, authority) = entry.split_once("://")?;
        if !is_scheme(scheme.as_bytes()) || scheme == "file" {
            return None;
        }
        if authority == "*" {
            return (!is_web(scheme)).then_some(Self::Scheme(scheme));
        }
        let (authority, any_port) = match authority.strip_suffix(":*") {
            Some(authority) => (authority, true),
            None => (authority, false),
        };
        let (host, digits) = split_port(authority.as_bytes())?;
        let port = match digits {
            Some(_) if any_port => return None,
            Some(digits) => Some(parse_port(digits)?),
            None => None,
        };
        if port.is_some() && port == default_port(scheme.as_bytes()) {
            return None;
        }
        let port = if any_port { Port::Any } else { Port::One(port) };
        let host = authority.get(..host.len())?;
        match host.strip_prefix("*.") {
            Some(parent) => is_parent(parent)
                .then(|| host.get(1..))
                .flatten()
                .map(|host| Self::Hosts { scheme, host, port }),
            None if !is_host(host.as_bytes()) => None,
            None if any_port => Some(Self::Hosts { scheme, host, port }),
            None => Origin::parse(entry.as_bytes()).map(|_| Self::Exact(entry)),
        }
    }
}

/// A domain that can have subdomains: an IP address cannot. 251 bytes leave room for `a.`.
fn is_parent(host: &str) -> bool {
    let domain = host.strip_suffix('.').unwrap_or(host);
    domain.len() <= 251 && is_domain(domain.as_bytes()) && !ends_in_a_number(domain.as_bytes())
}

/// Rules for those who register names, which the URL grammar does not know.
fn check_labels(entry: &str) -> Result<(), Fault> {
    let Some((_, authority)) = entry.split_once("://") else { return Ok(()) };
    let host = authority.split(':').next().unwrap_or_default();
    for label in host.split('.') {
        if label.starts_with('-') || label.ends_with('-') {
            return Err(Fault::invalid("no name begins or ends with `-`"));
        }
        if label.strip_prefix("xn--").is_some_and(|encoded| !punycode::decodes(encoded)) {
            return Err(Fault::invalid(format!("`{label}` is not punycode")));
        }
    }
    Ok(())
}

/// Says what is wrong with an entry that does not parse, and what would.
fn diagnose(entry: &str) -> Fault {
    if entry.is_empty() {
        return Fault::invalid(EXPECTED);
    }
    if entry.eq_ignore_ascii_case("null") {
        return Fault::prohibited(
            "any page can take on `null` by a sandboxed frame: \
             set dangerously_allow_null_origin if you must",
        );
    }
    if entry.contains(',') {
        return Fault::invalid("write one origin an entry, without commas");
    }
    if entry.trim() != entry {
        return Fault::invalid("remove the white space");
    }
    if entry.contains(char::is_whitespace) {
        return Fault::invalid("write one origin an entry, without white space");
    }
    if entry.contains(['\\', '^', '$', '(', '|']) {
        return Fault::invalid("write an expression in allow_origin_regex");
    }
    let Some((scheme, authority)) = entry.split_once("://") else {
        let proposal = proposal(&format!("https://{entry}"));
        let loopback = Origin::parse(proposal.as_deref().unwrap_or_default().as_bytes())
            .is_some_and(|origin| is_loopback(origin.host));
        return match proposal {
            Some(origin) if loopback => {
                Fault::invalid(format!("add the scheme: `{}`", origin.replacen("https", "http", 1)))
            }
            Some(origin) => Fault::invalid(format!("add the scheme: `{origin}`")),
            None => Fault::invalid(EXPECTED),
        };
    };
    if scheme == "file" {
        return Fault::prohibited("pages from files send `null`: serve them over http");
    }
    if is_web(scheme) && authority.trim_end_matches('/').split(':').next() == Some("*") {
        return Fault::prohibited("write `*` for any origin, or name the hosts");
    }
    let end = authority.find(['/', '?', '#']).unwrap_or(authority.len());
    let (authority, rest) = authority.split_at_checked(end).unwrap_or((authority, ""));
    if authority.contains('@') {
        return Fault::invalid("remove the user name: an origin has none");
    }
    let repaired = proposal(entry);
    let offer = |what: &str| match &repaired {
        Some(origin) => Fault::invalid(format!("{what}: `{origin}`")),
        None => Fault::invalid(String::from(what)),
    };
    if rest == "/" && Pattern::parse_well_formed(entry.trim_end_matches('/')).is_some() {
        return Fault::invalid("remove the trailing `/`");
    }
    if !entry.is_ascii() {
        return offer("write the host in punycode, as browsers send it");
    }
    match rest.chars().next() {
        Some('?') => return offer("remove the query: an origin has none"),
        Some('#') => return offer("remove the fragment: an origin has none"),
        Some(_) => return offer("remove the path: an origin has none"),
        None => {}
    }
    if entry.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return offer("write it in lower case, as browsers send it");
    }
    let default = default_port(scheme.as_bytes()).map(|port| format!(":{port}"));
    if default.is_some_and(|default| authority.ends_with(&default)) {
        return offer("leave out the default port, as browsers do");
    }
    let host = authority.strip_prefix("*.").unwrap_or(authority);
    if host.strip_suffix(":*").unwrap_or(host).contains('*') {
        return Fault::invalid(
            "`*` stands for subdomains, as in `https://*.example.com`, or for the port, as in `:*`",
        );
    }
    if has_two_ports(authority) {
        return Fault::invalid(TWO_PORTS);
    }
    if let Some(proposal) = propose_ipv6(authority, scheme) {
        return Fault::invalid(proposal);
    }
    diagnose_name(authority, host)
}

/// `host:8080:*`.
pub(crate) fn has_two_ports(authority: &str) -> bool {
    let first = authority.strip_suffix(":*").map(|authority| split_port(authority.as_bytes()));
    matches!(first, Some(Some((_, Some(digits)))) if parse_port(digits).is_some())
}

/// What is meant by an authority that has an IPv6 address in it, not as browsers write it.
pub(crate) fn propose_ipv6(authority: &str, scheme: &str) -> Option<String> {
    let slashes = if scheme.is_empty() { "" } else { "://" };
    let example =
        || Some(format!("write an IPv6 address in brackets, as in `{scheme}{slashes}[::1]:3000`"));
    let Some(rest) = authority.strip_prefix('[') else {
        return (authority.matches(':').count() > 1 && !authority.starts_with("*."))
            .then(example)
            .flatten();
    };
    let Some((address, _)) = rest.split_once(']') else { return example() };
    let Ok(parsed) = address.parse() else {
        return Some(String::from("expected an IPv6 address in brackets"));
    };
    let mut canonical = String::new();
    write_ipv6(parsed, &mut canonical).ok()?;
    (canonical != address).then(|| format!("write the address as browsers do: `[{canonical}]`"))
}

fn diagnose_name(authority: &str, host: &str) -> Fault {
    if authority.starts_with("*.[") {
        return Fault::invalid("an IP address has no subdomains");
    }
    let digits = host.split_once(':').map(|(_, digits)| digits);
    if digits.is_some_and(|digits| digits != "*" && parse_port(digits.as_bytes()).is_none()) {
        return Fault::invalid("expected a port from 1 to 65535, without leading zeros");
    }
    let name = host.split(':').next().unwrap_or_default();
    let last = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    if ends_in_a_number(last.as_bytes()) && !last.is_empty() {
        return if authority.starts_with("*.") {
            Fault::invalid("an IP address has no subdomains")
        } else {
            Fault::invalid("write an IPv4 address as four decimal numbers")
        };
    }
    if !name.is_empty() && !is_domain(name.strip_suffix('.').unwrap_or(name).as_bytes()) {
        return Fault::invalid(
            "expected labels of 1 to 63 letters, digits, `-` and `_`, 253 in all",
        );
    }
    Fault::invalid(EXPECTED)
}

/// The entry that was meant, if there is one.
fn proposal(entry: &str) -> Option<String> {
    let (scheme, authority) = entry.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let end = authority.find(['/', '?', '#']).unwrap_or(authority.len());
    let authority = punycode::to_ascii(authority.get(..end)?)?;
    let default = default_port(scheme.as_bytes()).map(|port| format!(":{port}"));
    let authority =
        default.and_then(|default| authority.strip_suffix(&default)).unwrap_or(&authority);
    let origin = format!("{scheme}://{authority}");
    Pattern::parse_well_formed(&origin).and(check_labels(&origin).ok())?;
    Some(origin)
}

fn is_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https")
}

pub(crate) const TWO_PORTS: &str = "write one port, or `:*` for any";
const EXPECTED: &str = "expected `scheme://host[:port]`";
