//! What comes back: whether a response passes, and what of it the page sees.

use alloc::string::String;

use super::{
    Blocked, Fetch, Leg, Preflight, Profile, Reason, is_token, request::is_safelisted_method, trim,
};

/// A server's response, so far as CORS reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Response<'a> {
    /// The status code.
    pub status: u16,
    /// The header lines as they arrived: repeated ones not joined.
    pub headers: &'a [(&'a str, &'a [u8])],
}

/// A response that the page may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readable<'a> {
    response: Response<'a>,
    credentials: bool,
}

impl Profile {
    /// Whether the answer to `preflight` lets the actual request go out.
    /// <https://fetch.spec.whatwg.org/#cors-preflight-fetch-0>
    ///
    /// # Errors
    ///
    /// Why not; the actual request is then never sent.
    pub fn check_preflight(
        self,
        fetch: &Fetch<'_>,
        preflight: &Preflight<'_>,
        response: &Response<'_>,
    ) -> Result<(), Blocked> {
        self.preflight_fault(fetch, preflight, response).map_err(|reason| Blocked {
            leg: Leg::Preflight,
            status: response.status,
            reason,
        })
    }

    /// Whether the page may read the response to the actual request, whatever its status.
    ///
    /// # Errors
    ///
    /// Why not; the server has handled the request all the same.
    pub fn check<'a>(
        self,
        fetch: &Fetch<'_>,
        response: &Response<'a>,
    ) -> Result<Readable<'a>, Blocked> {
        match cors_check(fetch, response) {
            Ok(()) => Ok(Readable { response: *response, credentials: fetch.credentials }),
            Err(reason) => Err(Blocked { leg: Leg::Actual, status: response.status, reason }),
        }
    }

    fn preflight_fault(
        self,
        fetch: &Fetch<'_>,
        preflight: &Preflight<'_>,
        response: &Response<'_>,
    ) -> Result<(), Reason> {
        // https://fetch.spec.whatwg.org/#redirect-status
        let redirects = matches!(response.status, 301 | 302 | 303 | 307 | 308);
        if redirects && response.lines(LOCATION).next().is_some() {
            return Err(Reason::PreflightRedirect);
        }
        // https://fetch.spec.whatwg.org/#ok-status
        let is_ok = matches!(response.status, 200..=299);
        if self.checks_status_first && !is_ok {
            return Err(Reason::PreflightStatus);
        }
        // By the credentials mode of the actual request, although a preflight carries none.
        cors_check(fetch, response)?;
        if !is_ok {
            return Err(Reason::PreflightStatus);
        }
        if let Some(token) = response.non_token(ALLOW_METHODS) {
            return Err(Reason::BadMethodList { token: text(token) });
        }
        if self.checks_method_before_header_list {
            method_check(fetch, preflight, response)?;
        }
        if let Some(token) = response.non_token(ALLOW_HEADERS) {
            return Err(Reason::BadHeaderList { token: text(token) });
        }
        method_check(fetch, preflight, response)?;
        self.header_check(fetch, preflight, response)
    }

    fn header_check(
        self,
        fetch: &Fetch<'_>,
        preflight: &Preflight<'_>,
        response: &Response<'_>,
    ) -> Result<(), Reason> {
        let listed = |name: &str| {
            response
                .members(ALLOW_HEADERS)
                .any(|member| member.eq_ignore_ascii_case(name.as_bytes()))
        };
        let star = !fetch.credentials && listed("*");
        let mut missing = preflight.header_names.iter().filter(|name| !listed(name));
        if !star {
            return missing
                .next()
                .map_or(Ok(()), |name| Err(Reason::HeaderNotAllowed { name: name.clone() }));
        }
        // https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
        if !self.star_covers_authorization && missing.any(|name| name == "authorization") {
            return Err(Reason::AuthorizationUnderStar);
        }
        Ok(())
    }
}

impl<'a> Readable<'a> {
    /// The response.
    #[must_use]
    pub fn response(&self) -> &Response<'a> {
        &self.response
    }

    /// The header lines the page sees. <https://fetch.spec.whatwg.org/#concept-main-fetch>
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + '_ {
        self.response.headers.iter().copied().filter(|(name, _)| self.exposes(name))
    }

    /// Whether the page sees the header called `name` if the response has it.
    /// <https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name>
    #[must_use]
    pub fn exposes(&self, name: &str) -> bool {
        if SAFELISTED.iter().any(|safe| safe.eq_ignore_ascii_case(name)) {
            return true;
        }
        // https://fetch.spec.whatwg.org/#forbidden-response-header-name
        if ["set-cookie", "set-cookie2"].iter().any(|hidden| hidden.eq_ignore_ascii_case(name)) {
            return false;
        }
        // A list with one bad member exposes nothing; the response stays readable.
        self.response.non_token(EXPOSE_HEADERS).is_none()
            && self.response.members(EXPOSE_HEADERS).any(|member| {
                member.eq_ignore_ascii_case(name.as_bytes()) || member == b"*" && !self.credentials
            })
    }
}

impl<'a> Response<'a> {
    /// The values of the lines called `name`, which is in lower case.
    fn lines(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let lines = self.headers.iter().filter(move |(line, _)| line.eq_ignore_ascii_case(name));
        lines.map(|(_, value)| trim(value))
    }

    /// All values joined by `, `. <https://fetch.spec.whatwg.org/#concept-header-list-get>
    fn joined(&self, name: &'static str) -> Option<String> {
        let mut joined: Option<String> = None;
        for line in self.lines(name) {
            match &mut joined {
                None => joined = Some(text(line)),
                Some(joined) => {
                    joined.push_str(", ");
                    joined.push_str(&text(line));
                }
            }
        }
        joined
    }

    /// The members of a `#token` list, non-tokens too. Empty ones are none:
    /// <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1.2>
    fn members(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.lines(name)
            .flat_map(|line| line.split(|byte| *byte == b','))
            .map(trim)
            .filter(|member| !member.is_empty())
    }

    /// The first member for which extracting the list fails.
    /// <https://fetch.spec.whatwg.org/#extract-header-list-values>
    fn non_token(&self, name: &'static str) -> Option<&'a [u8]> {
        self.members(name).find(|member| !is_token(member))
    }
}

/// <https://fetch.spec.whatwg.org/#concept-cors-check>
fn cors_check(fetch: &Fetch<'_>, response: &Response<'_>) -> Result<(), Reason> {
    let mut lines = response.lines(ALLOW_ORIGIN);
    let first = lines.next().ok_or(Reason::MissingAllowOrigin)?;
    let is_single = lines.next().is_none();
    if is_single && first == b"*" {
        // No value of Access-Control-Allow-Credentials makes up for it.
        return if fetch.credentials { Err(Reason::WildcardWithCredentials) } else { Ok(()) };
    }
    if !is_single || first != fetch.origin.as_bytes() {
        let value = response.joined(ALLOW_ORIGIN).unwrap_or_default();
        return Err(allow_origin_fault(value, response.lines(ALLOW_ORIGIN).count()));
    }
    if !fetch.credentials {
        return Ok(());
    }
    let mut lines = response.lines(ALLOW_CREDENTIALS);
    match (lines.next(), lines.next()) {
        (Some(b"true"), None) => Ok(()),
        _ => Err(Reason::CredentialsNotTrue { value: response.joined(ALLOW_CREDENTIALS) }),
    }
}

/// What is wrong with an `Access-Control-Allow-Origin` that is not the page's origin. The standard
/// has one failure for all of it; people are helped by telling three apart.
pub(super) fn allow_origin_fault(value: String, lines: usize) -> Reason {
    if lines > 1 || value.contains([' ', ',']) {
        Reason::MultipleAllowOrigin { value, lines }
    } else if value == "null" || is_origin_like(&value) {
        Reason::AllowOriginMismatch { value }
    } else {
        Reason::InvalidAllowOrigin { value }
    }
}

/// Whether a URL parser would take `value`, roughly: a scheme, and for http and https a host and a
/// numeric port.
fn is_origin_like(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once(':') else {
        return false;
    };
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    {
        return false;
    }
    if !["http", "https"].iter().any(|special| special.eq_ignore_ascii_case(scheme)) {
        return true;
    }
    let authority = rest.trim_start_matches('/').split(['/', '?', '#']).next().unwrap_or_default();
    let port = authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
    let (host, port) = port.unwrap_or((authority, ""));
    !host.is_empty() && (port.is_empty() || port.parse::<u16>().is_ok())
}

/// <https://fetch.spec.whatwg.org/#cors-preflight-fetch-0>
fn method_check(
    fetch: &Fetch<'_>,
    preflight: &Preflight<'_>,
    response: &Response<'_>,
) -> Result<(), Reason> {
    let listed =
        |method: &str| response.members(ALLOW_METHODS).any(|member| member == method.as_bytes());
    // No list at all is enough for a preflight that only the flag called for.
    let unlisted = fetch.always_preflight && response.lines(ALLOW_METHODS).next().is_none();
    if unlisted
        || listed(preflight.method)
        || is_safelisted_method(preflight.method)
        || !fetch.credentials && listed("*")
    {
        return Ok(());
    }
    Err(Reason::MethodNotAllowed { method: preflight.method.into() })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const ALLOW_CREDENTIALS: &str = "access-control-allow-credentials";
const ALLOW_HEADERS: &str = "access-control-allow-headers";
const ALLOW_METHODS: &str = "access-control-allow-methods";
const ALLOW_ORIGIN: &str = "access-control-allow-origin";
const EXPOSE_HEADERS: &str = "access-control-expose-headers";
const LOCATION: &str = "location";

const SAFELISTED: [&str; 7] = [
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];
