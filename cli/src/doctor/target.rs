//! Which server is asked, and for what page.

use crossgate::{
    Config, Policy,
    browser::{Fetch, Preflight, Profile},
};
use ureq::http::Uri;

use crate::{args, text};

/// The page of a stranger: nobody can have that name.
/// <https://www.rfc-editor.org/rfc/rfc2606#section-2>
pub(super) const FOREIGN: &str = "https://crossgate-doctor.invalid";

/// What a page fetches.
pub(super) struct Target {
    pub(super) uri: Uri,
    pub(super) origin: String,
    pub(super) method: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) credentials: bool,
    pub(super) mcp: bool,
}

impl Target {
    pub(super) fn new(args: &args::Doctor) -> Result<Self, String> {
        let uri = parse_url(&args.url)?;
        check_origin(&args.origin)?;
        let mut headers = Vec::new();
        for line in &args.headers {
            let (name, value) = text::header(line);
            if NOT_OURS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                return Err(format!("--header {name}: the browser sets it, and so does doctor"));
            }
            headers.push((name.to_owned(), value.to_owned()));
        }
        let is_get = args.method.eq_ignore_ascii_case("GET");
        if args.mcp && is_get && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(TYPE)) {
            headers.push((TYPE.to_owned(), String::from("application/json")));
        }
        let target = Self {
            uri,
            origin: args.origin.clone(),
            method: if args.mcp && is_get { String::from("POST") } else { args.method.clone() },
            headers,
            credentials: args.credentials,
            mcp: args.mcp,
        };
        if target.own_origin() == target.origin {
            return Err(String::from(
                "the page is of the server's own origin: a browser asks it nothing about CORS",
            ));
        }
        target
            .with_fetch(|fetch| Profile::STANDARD.preflight(fetch).map(drop))
            .map_err(|blocked| format!("no page can make this request: {blocked}"))?;
        Ok(target)
    }

    /// The page's request.
    pub(super) fn with_fetch<R>(&self, f: impl FnOnce(&Fetch<'_>) -> R) -> R {
        self.with_fetch_of(&self.origin, self.credentials, f)
    }

    /// The same request of another page.
    pub(super) fn with_fetch_of<R>(
        &self,
        origin: &str,
        credentials: bool,
        f: impl FnOnce(&Fetch<'_>) -> R,
    ) -> R {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let method = &self.method;
        f(&Fetch { origin, method, headers: &headers, credentials, always_preflight: false })
    }

    /// The page's preflight, if its browser sends one: the method and the names that it asks for.
    pub(super) fn asked(&self) -> Option<(String, Vec<String>)> {
        self.with_fetch(|fetch| match Profile::STANDARD.preflight(fetch) {
            Ok(Some(Preflight { method, header_names })) => Some((method.to_owned(), header_names)),
            _ => None,
        })
    }

    /// Where the server is, as an origin.
    pub(super) fn own_origin(&self) -> String {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        let host = self.host().to_ascii_lowercase();
        match self.uri.port_u16() {
            Some(port) if Some(port) != default_port(scheme) => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }
    }

    pub(super) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    pub(super) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Whether the server runs on this machine, where every page that its user visits reaches it.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.host().to_ascii_lowercase();
        host == "localhost"
            || host.ends_with(".localhost")
            || host == "[::1]"
            || host.parse().is_ok_and(|ip: std::net::Ipv4Addr| ip.is_loopback())
    }

    /// A path below the URL's own, where nothing is.
    pub(super) fn unknown_url(&self) -> String {
        format!("{}{}/crossgate-doctor", self.root(), self.uri.path().trim_end_matches('/'))
    }

    /// What a careless comparison takes for the page's origin.
    pub(super) fn lookalikes(&self) -> Vec<String> {
        let Some((scheme, authority)) = self.origin.split_once("://") else {
            return Vec::new();
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, format!(":{port}")),
            _ => (authority, String::new()),
        };
        if host.starts_with('[') || !matches!(scheme, "http" | "https") {
            return Vec::new();
        }
        let mut lookalikes = vec![format!("{scheme}://{host}.crossgate-doctor.invalid{port}")];
        let mut labels = host.rsplit('.');
        if let (Some(top), Some(second)) = (labels.next(), labels.next())
            && top.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            lookalikes.push(format!("{scheme}://crossgate-doctor-{second}.{top}{port}"));
        }
        lookalikes
    }

    fn root(&self) -> String {
        let authority = self.uri.authority().map(ureq::http::uri::Authority::as_str);
        let scheme = self.uri.scheme_str().unwrap_or_default();
        format!("{scheme}://{}", authority.unwrap_or_default())
    }
}

const TYPE: &str = "content-type";

/// What frames the message or says who asks.
const NOT_OURS: [&str; 9] = [
    "host",
    "origin",
    "connection",
    "content-length",
    "transfer-encoding",
    "expect",
    "upgrade",
    "access-control-request-method",
    "access-control-request-headers",
];

fn parse_url(url: &str) -> Result<Uri, String> {
    let bare = url.split('#').next().unwrap_or_default();
    let uri: Uri = bare.parse().map_err(|error| format!("URL `{url}`: {error}"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
        return Err(format!("URL `{url}`: expected http:// or https:// and a host"));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(String::from("URL: no page can fetch one with a user name in it"));
    }
    Ok(uri)
}

fn check_origin(origin: &str) -> Result<(), String> {
    if origin == "null" {
        return Ok(());
    }
    if origin.contains('*') {
        return Err(format!("--origin {origin}: state the origin of one page"));
    }
    match Policy::new(&Config { allow_origins: &[origin], ..Config::DEFAULT }) {
        Ok(_) => Ok(()),
        Err(error) => {
            let fix = error.problems().first().map(crossgate::Problem::fix).unwrap_or_default();
            Err(format!("--origin {origin}: not what a browser sends ({fix})"))
        }
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}
