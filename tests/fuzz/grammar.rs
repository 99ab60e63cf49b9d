//! Origins, hosts and their patterns once more, slowly: strings, no tables, no code of the core's.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A well-formed origin.
pub(crate) struct Origin<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
}

pub(crate) fn origin(bytes: &[u8]) -> Option<Origin<'_>> {
    let text = ascii(bytes)?;
    let (scheme, authority) = text.split_once("://")?;
    let mut letters = scheme.chars();
    let scheme_is_one = scheme.len() <= 64
        && letters.next()?.is_ascii_lowercase()
        && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
    let (host, port) = authority_parts(authority)?;
    let host_is_one = match bracketed(host) {
        Some(address) => {
            let parsed: Ipv6Addr = address.parse().ok()?;
            parsed.to_string() == address && parsed.to_ipv4_mapped().is_none()
        }
        None => is_name(host.strip_suffix('.').unwrap_or(host)) && !is_false_address(host),
    };
    let default_is_left_out = port.is_none() || port != default_port(scheme);
    (scheme_is_one && host_is_one && default_is_left_out).then_some(Origin { scheme, host, port })
}

/// A well-formed Host: the name in one spelling, and the port.
pub(crate) fn host(bytes: &[u8]) -> Option<(String, Option<u16>)> {
    let (host, port) = authority_parts(ascii(bytes)?)?;
    if let Some(address) = bracketed(host) {
        let address: Ipv6Addr = address.parse().ok()?;
        return Some((format!("[{address}]"), port));
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    (is_name(&name) && !is_false_address(&name)).then_some((name, port))
}

pub(crate) fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse().is_ok_and(|address: Ipv4Addr| address.octets()[0] == 127)
        || host == "[::1]"
}

pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}

/// Whether an entry of `allow_origins` other than `*` admits an origin.
pub(crate) fn entry_admits(entry: &str, origin: &Origin<'_>, cluster: Option<&str>) -> bool {
    let Some((scheme, authority)) = entry.split_once("://") else { return false };
    let Some((host, port)) = pattern_parts(authority) else { return false };
    let port_fits = match port {
        Port::Any => true,
        Port::One(port) => port == origin.port,
        Port::Unstated => origin.port.is_none(),
    };
    let scheme_alone = authority == "*" && !matches!(scheme, "http" | "https");
    scheme == origin.scheme && (scheme_alone || port_fits && host_fits(host, origin.host, cluster))
}

/// Whether an entry of `allow_hosts` other than `*` admits a Host.
pub(crate) fn host_entry_admits(
    entry: &str,
    (name, port): &(String, Option<u16>),
    cluster: Option<&str>,
) -> bool {
    let Some((host, entry_port)) = pattern_parts(entry) else { return false };
    let port_fits = match entry_port {
        Port::Any | Port::Unstated => true,
        Port::One(entry_port) => entry_port == *port,
    };
    port_fits && host_fits(host.strip_suffix('.').unwrap_or(host), name, cluster)
}

enum Port {
    Any,
    Unstated,
    One(Option<u16>),
}

fn pattern_parts(authority: &str) -> Option<(&str, Port)> {
    if let Some(host) = authority.strip_suffix(":*") {
        return Some((host, Port::Any));
    }
    let (host, port) = authority_parts(authority)?;
    Some((host, if port.is_some() { Port::One(port) } else { Port::Unstated }))
}

fn host_fits(pattern: &str, host: &str, cluster: Option<&str>) -> bool {
    aliases(host, cluster).iter().any(|name| match pattern.strip_prefix('*') {
        Some(parent) => name.len() > parent.len() && name.ends_with(parent),
        None => aliases(pattern, cluster).contains(name),
    })
}

/// All names of a host: three when it is a service of the cluster.
fn aliases(host: &str, cluster: Option<&str>) -> Vec<String> {
    let Some(domain) = cluster else { return vec![host.to_owned()] };
    let undotted = host.strip_suffix('.').unwrap_or(host);
    let short = undotted.strip_suffix(domain).and_then(|name| name.strip_suffix('.'));
    let short = short.unwrap_or(host);
    let is_service = short
        .strip_suffix(".svc")
        .is_some_and(|name| name.contains('.') && name.split('.').all(|label| !label.is_empty()));
    if !is_service {
        return vec![host.to_owned()];
    }
    vec![short.to_owned(), format!("{short}.{domain}"), format!("{short}.{domain}.")]
}

/// Host and port of an authority.
fn authority_parts(authority: &str) -> Option<(&str, Option<u16>)> {
    let port_at = match authority.rfind(']') {
        Some(end) => authority[end..].find(':').map(|colon| end + colon),
        None => authority.find(':'),
    };
    let Some(colon) = port_at else { return Some((authority, None)) };
    let (host, digits) = (&authority[..colon], &authority[colon + 1..]);
    let canonical = digits.parse::<u16>().is_ok_and(|port| port > 0 && port.to_string() == digits);
    canonical.then(|| (host, digits.parse().ok()))
}

fn bracketed(host: &str) -> Option<&str> {
    host.strip_prefix('[')?.strip_suffix(']')
}

fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// What ends in a number, decimal or hexadecimal, is an IPv4 address or nothing.
fn is_false_address(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    let decimal = !last.is_empty() && last.chars().all(|c| c.is_ascii_digit());
    let hexadecimal =
        last.strip_prefix("0x").is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
    (decimal || hexadecimal) && host.parse::<Ipv4Addr>().is_err()
}

fn ascii(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii())
}
