//! Origins as browsers serialise them.
//! Source: <https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin>,
//! <https://fetch.spec.whatwg.org/#origin-header>.

use core::{
    fmt::{self, Write},
    net::{Ipv4Addr, Ipv6Addr},
};

/// A well-formed origin. Fewer bytes than a URL parser admits, for everything here came from one:
/// a host that no browser would write is not a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin<'a> {
    pub(crate) scheme: &'a [u8],
    pub(crate) host: &'a [u8],
    /// `None`: the scheme's default, which browsers leave out.
    pub(crate) port: Option<u16>,
}

impl<'a> Origin<'a> {
    pub(crate) fn parse(origin: &'a [u8]) -> Option<Self> {
        if origin.len() > LONGEST {
            return None;
        }
        let colon = origin.iter().position(|&byte| byte == b':')?;
        let (scheme, rest) = origin.split_at_checked(colon)?;
        let (host, port) = split_port(rest.strip_prefix(b"://")?)?;
        let port = match port {
            Some(digits) => Some(parse_port(digits)?),
            None => None,
        };
        let well_formed =
            is_scheme(scheme) && is_host(host) && (port.is_none() || port != default_port(scheme));
        well_formed.then_some(Self { scheme, host, port })
    }

    /// The port that a URL of this origin would be fetched from.
    pub(crate) fn port_or_default(&self) -> Option<u16> {
        self.port.or(default_port(self.scheme))
    }
}

/// Where the host ends and the digits of the port, if any, begin.
pub(crate) fn split_port(authority: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let host_len = match authority.first()? {
        b'[' => authority.iter().position(|&byte| byte == b']')? + 1,
        _ => authority.iter().position(|&byte| byte == b':').unwrap_or(authority.len()),
    };
    match authority.split_at_checked(host_len)? {
        (host, []) => Some((host, None)),
        (host, [b':', digits @ ..]) => Some((host, Some(digits))),
        _ => None,
    }
}

/// 1 to 65535, without leading zeros.
pub(crate) fn parse_port(digits: &[u8]) -> Option<u16> {
    if !matches!(digits, [b'1'..=b'9', rest @ ..] if rest.len() < 5) {
        return None;
    }
    let mut port = 0_u32;
    for digit in digits {
        port = port * 10 + char::from(*digit).to_digit(10)?;
    }
    u16::try_from(port).ok()
}

/// <https://url.spec.whatwg.org/#default-port>
pub(crate) fn default_port(scheme: &[u8]) -> Option<u16> {
    match scheme {
        b"http" | b"ws" => Some(80),
        b"https" | b"wss" => Some(443),
        b"ftp" => Some(21),
        _ => None,
    }
}

/// <https://url.spec.whatwg.org/#url-scheme-string>, in lower case.
pub(crate) fn is_scheme(scheme: &[u8]) -> bool {
    matches!(scheme, [b'a'..=b'z', rest @ ..] if rest.len() < LONGEST_SCHEME && rest.iter().all(|byte| {
        matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.')
    }))
}

/// A lower-case domain (one final dot at the most), or an IP address in its canonical form.
pub(crate) fn is_host(host: &[u8]) -> bool {
    if let [b'[', address @ .., b']'] = host {
        return is_canonical_ipv6(address);
    }
    let domain = host.strip_suffix(b".").unwrap_or(host);
    if !is_domain(domain) {
        return false;
    }
    !ends_in_a_number(domain) || parse_ipv4(host).is_some()
}

/// A URL parser takes such a host for an address:
/// <https://url.spec.whatwg.org/#ends-in-a-number-checker>.
pub(crate) fn ends_in_a_number(domain: &[u8]) -> bool {
    match domain.rsplit(|&byte| byte == b'.').next().unwrap_or_default() {
        [b'0', b'x', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

/// Labels of lower-case letters, digits, `-` and `_` (which is not in any standard, but sent).
pub(crate) fn is_domain(domain: &[u8]) -> bool {
    let mut label = 0;
    for byte in domain {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' if label < LONGEST_LABEL => label += 1,
            b'.' if label > 0 => label = 0,
            _ => return false,
        }
    }
    label > 0 && domain.len() <= LONGEST_DOMAIN
}

pub(crate) fn parse_ipv4(host: &[u8]) -> Option<Ipv4Addr> {
    core::str::from_utf8(host).ok()?.parse().ok()
}

pub(crate) fn parse_ipv6(address: &[u8]) -> Option<Ipv6Addr> {
    core::str::from_utf8(address).ok()?.parse().ok()
}

/// `localhost`, `*.localhost`, 127.0.0.0/8 and `[::1]`: names that no other machine can have, so
/// that no rebinding page can either. Not `0.0.0.0`, which is one.
/// Source: <https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy>.
pub(crate) fn is_loopback(host: &[u8]) -> bool {
    if let [b'[', address @ .., b']'] = host {
        return parse_ipv6(address).is_some_and(|address| address.is_loopback());
    }
    if parse_ipv4(host).is_some_and(|address| address.is_loopback()) {
        return true;
    }
    let domain = host.strip_suffix(b".").unwrap_or(host);
    domain
        .len()
        .checked_sub(b"localhost".len())
        .and_then(|at| domain.split_at_checked(at))
        .is_some_and(|(sub, top)| {
            top.eq_ignore_ascii_case(b"localhost") && (sub.is_empty() || sub.ends_with(b"."))
        })
}

fn is_canonical_ipv6(address: &[u8]) -> bool {
    parse_ipv6(address).is_some_and(|parsed| {
        let mut expected = Expected(address);
        write_ipv6(parsed, &mut expected).is_ok() && expected.0.is_empty()
    })
}

/// Compressed as <https://url.spec.whatwg.org/#concept-ipv6-serializer> does, which knows no
/// decimal form of mapped IPv4 addresses.
pub(crate) fn write_ipv6(address: Ipv6Addr, to: &mut impl Write) -> fmt::Result {
    match (address.to_ipv4_mapped(), address.segments()) {
        (Some(_), [.., high, low]) => write!(to, "::ffff:{high:x}:{low:x}"),
        _ => write!(to, "{address}"),
    }
}

/// Compares what is written with bytes, for want of a place to write to.
struct Expected<'a>(&'a [u8]);

impl Write for Expected<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(written.as_bytes()).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// A scheme, `://`, a domain with its final dot, and a port: nothing longer can match.
pub(crate) const LONGEST: usize = LONGEST_SCHEME + 3 + LONGEST_DOMAIN + 1 + 6;
pub(crate) const LONGEST_DOMAIN: usize = 253;
const LONGEST_SCHEME: usize = 64;
const LONGEST_LABEL: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_browsers_send() {
        for origin in [
            "https://example.com",
            "http://localhost:3000",
            "http://127.0.0.1:8080",
            "http://[::1]:3000",
            "https://[2001:db8::1]",
            "http://a_b.test",
            "http://example.test.",
            "http://-a.test",
            "chrome-extension://abcdefghijklmnop",
            "tauri://localhost",
            "https://xn--bcher-kva.test",
            "http://1.2.3.4.example",
            "http://db.4you:5432",
            "moz-extension://2c127fa4-62c7-4e4f-90e5-472b45eecfdc",
            "http://[::ffff:7f00:1]:3000",
        ] {
            assert!(Origin::parse(origin.as_bytes()).is_some(), "{origin}");
        }
    }

    #[test]
    fn refuses_what_they_do_not() {
        for origin in [
            "",
            "null",
            "example.com",
            "https://",
            "https://example.com/",
            "https://example.com/path",
            "https://example.com:443",
            "http://example.com:80",
            "http://example.com:",
            "http://example.com:0",
            "http://example.com:080",
            "http://example.com:65536",
            "http://example.com:evil",
            "http://example.com:1@evil.com",
            "https://Example.com",
            "HTTPS://example.com",
            "https://a..b",
            "https://.a",
            "https://user@example.com",
            "https://a b.example",
            "https://a,b.example",
            "https://a.example, https://b.example",
            "https://127.1",
            "https://0x7f.0.0.1",
            "https://1.2.3.4.",
            "https://[::1",
            "https://[0:0:0:0:0:0:0:1]",
            "https://[::FFFF]",
            "https://[::ffff:127.0.0.1]",
            "https://[::1]x",
            "file://",
            "https://bücher.test",
            "https://*.example.com",
        ] {
            assert!(Origin::parse(origin.as_bytes()).is_none(), "{origin}");
        }
    }

    #[test]
    fn parses_nothing_longer_than_the_longest() {
        let scheme = "x".repeat(LONGEST_SCHEME);
        let label = "a".repeat(LONGEST_LABEL);
        let domain = [&*label, &label, &label, &"a".repeat(61)].join(".");
        assert_eq!(domain.len(), LONGEST_DOMAIN);
        let longest = [&*scheme, "://", &domain, ".:65535"].concat();
        assert_eq!(longest.len(), LONGEST);
        assert!(Origin::parse(longest.as_bytes()).is_some());
        for longer in [["x", &longest].concat(), longest.replace("a.a", "aa.a")] {
            assert!(Origin::parse(longer.as_bytes()).is_none(), "{longer}");
        }
    }

    #[test]
    fn knows_loopback() {
        for host in ["localhost", "app.localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_loopback(host.as_bytes()), "{host}");
        }
        for host in
            ["0.0.0.0", "evil-localhost", "localhost.evil.com", "127.1", "[::]", "128.0.0.1"]
        {
            assert!(!is_loopback(host.as_bytes()), "{host}");
        }
    }
}
