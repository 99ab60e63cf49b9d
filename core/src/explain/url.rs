//! The URL that a page fetches, so far as it decides anything.

use alloc::{format, string::String};

use crate::origin::{default_port, parse_port, split_port};

pub(super) struct Url<'a> {
    /// The server's own origin.
    pub(super) origin: String,
    /// What the browser sends as `Host`: without the scheme's default port.
    pub(super) host: String,
    pub(super) path: &'a str,
}

impl<'a> Url<'a> {
    /// A whole URL of `http` or `https`, and nothing else that a page can fetch.
    pub(super) fn parse(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let path = path.split(['?', '#']).next().filter(|path| !path.is_empty());
        let authority = authority.to_ascii_lowercase();
        let (name, port) = split_port(authority.as_bytes())?;
        // A page cannot fetch a URL with a user name in it:
        // https://fetch.spec.whatwg.org/#dom-request
        if name.is_empty() || name.contains(&b'@') {
            return None;
        }
        let port = port.filter(|digits| !digits.is_empty()).map(parse_port);
        let name = core::str::from_utf8(name).ok()?;
        let host = match port {
            Some(None) => return None,
            Some(port) if port != default_port(scheme.as_bytes()) => {
                format!("{name}:{}", port.unwrap_or_default())
            }
            _ => name.into(),
        };
        Some(Self { origin: format!("{scheme}://{host}"), host, path: path.unwrap_or("/") })
    }

    /// The host without its port.
    pub(super) fn name(&self) -> &[u8] {
        split_port(self.host.as_bytes()).map_or(self.host.as_bytes(), |(name, _)| name)
    }
}

pub(super) const FIX: &str =
    "state the whole URL that the page fetches, as in `https://api.example.com/path`";
