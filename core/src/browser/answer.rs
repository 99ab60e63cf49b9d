//! What comes back: whether a response passes, and what of it the page sees.

use alloc::string::String;

use super::{
    Blocked, Fetch, Leg, Preflight, Profile, Reason, is_token,
    reason::{Fault, fault},
    request::is_safelisted_method,
    trim,
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
        self.preflight_check(fetch, preflight, response)
            .map_err(|fault| Leg::Preflight.blocked(response.status, fault))
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
        self.cors_check(fetch, response)
            .map_err(|fault| Leg::Actual.blocked(response.status, fault))?;
        Ok(Readable { response: *response, credentials: fetch.credentials })
    }

    fn preflight_check(
        self,
        fetch: &Fetch<'_>,
        preflight: &Preflight<'_>,
        response: &Response<'_>,
    ) -> Result<(), Fault> {
        if self.reports_redirect_first && response.is_redirect() {
            return Err((Reason::PreflightRedirect, None));
        }
        if self.reports_status_first {
            response.status_check()?;
        }
        // By the credentials mode of the actual request, although a preflight carries none.
        self.cors_check(fetch, response)?;
        response.status_check()?;
        self.list_check(response, ALLOW_METHODS, Reason::BadMethodList)?;
        if self.reports_method_first {
            self.method_check(fetch, preflight, response)?;
        }
        self.list_check(response, ALLOW_HEADERS, Reason::BadHeaderList)?;
        self.method_check(fetch, preflight, response)?;
        self.header_check(fetch, preflight, response)
    }

    /// <https://fetch.spec.whatwg.org/#concept-cors-check>
    fn cors_check(self, fetch: &Fetch<'_>, response: &Response<'_>) -> Result<(), Fault> {
        let mut values = self.values(response, ALLOW_ORIGIN);
        let first = values.next().ok_or((Reason::MissingAllowOrigin, None))?;
        let is_single = values.next().is_none();
        if if self.drops_empty_lines { response.repeats_allow_origin() } else { !is_single } {
            return Err((Reason::RepeatedAllowOrigin, self.joined(response, ALLOW_ORIGIN)));
        }
        if is_single && first == b"*" {
            // No value of Access-Control-Allow-Credentials makes up for it.
            return if fetch.credentials {
                Err((Reason::WildcardWithCredentials, None))
            } else {
                Ok(())
            };
        }
        if !is_single || first != fetch.origin.as_bytes() {
            let value = self.joined(response, ALLOW_ORIGIN).unwrap_or_default();
            return Err((allow_origin_fault(&value), Some(value)));
        }
        if !fetch.credentials {
            return Ok(());
        }
        let mut values = self.values(response, ALLOW_CREDENTIALS);
        match (values.next(), values.next()) {
            (Some(b"true"), None) => Ok(()),
            _ => Err((Reason::CredentialsNotTrue, self.joined(response, ALLOW_CREDENTIALS))),
        }
    }

    /// <https://fetch.spec.whatwg.org/#cors-preflight-fetch-0>
    fn method_check(
        self,
        fetch: &Fetch<'_>,
        preflight: &Preflight<'_>,
        response: &Response<'_>,
    ) -> Result<(), Fault> {
        let method = preflight.method.as_bytes();
        let listed = |method: &[u8]| response.members(ALLOW_METHODS).any(|member| member == method);
        let unlisted = fetch.always_preflight && response.lines(ALLOW_METHODS).next().is_none();
        if listed(method)
            || is_safelisted_method(preflight.method)
            || !fetch.credentials && listed(b"*")
            || unlisted && !self.upload_needs_method_list
        {
            return Ok(());
        }
        Err(fault(Reason::MethodNotAllowed, method))
    }

    fn header_check(
        self,
        fetch: &Fetch<'_>,
        preflight: &Preflight<'_>,
        response: &Response<'_>,
    ) -> Result<(), Fault> {
        let listed = |name: &str| {
            let mut members = response.members(ALLOW_HEADERS);
            members.any(|member| member.eq_ignore_ascii_case(name.as_bytes()))
        };
        let star = !fetch.credentials && listed("*");
        let mut missing = preflight.header_names.iter().filter(|name| !listed(name));
        if star {
            // https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
            return match missing.find(|name| *name == "authorization") {
                Some(_) if !self.star_covers_authorization => {
                    Err(fault(Reason::AuthorizationUnderStar, b"authorization"))
                }
                _ => Ok(()),
            };
        }
        missing.next().map_or(Ok(()), |name| Err(fault(Reason::HeaderNotAllowed, name.as_bytes())))
    }

    /// <https://fetch.spec.whatwg.org/#extract-header-list-values>
    fn list_check(
        self,
        response: &Response<'_>,
        name: &'static str,
        reason: Reason,
    ) -> Result<(), Fault> {
        if response.members(name).all(is_token) {
            return Ok(());
        }
        Err((reason, self.joined(response, name)))
    }

    /// The values that make up the value of a header.
    fn values<'a>(
        self,
        response: &Response<'a>,
        name: &'static str,
    ) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let drops = self.drops_empty_lines && response.lines(name).any(|value| !value.is_empty());
        response.lines(name).filter(move |value| !drops || !value.is_empty())
    }

    /// <https://fetch.spec.whatwg.org/#concept-header-list-get>
    fn joined(self, response: &Response<'_>, name: &'static str) -> Option<String> {
        self.values(response, name).fold(None, |joined: Option<String>, value| {
            let mut joined = joined.map_or_else(String::new, |joined| joined + ", ");
            joined.push_str(&String::from_utf8_lossy(value));
            Some(joined)
        })
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
        let mut is_listed = false;
        for member in self.response.members(EXPOSE_HEADERS) {
            if !is_token(member) {
                // One bad member and the whole list is void; the response stays readable.
                return false;
            }
            let is_star = member == b"*" && !self.credentials;
            is_listed |= is_star || member.eq_ignore_ascii_case(name.as_bytes());
        }
        is_listed
    }
}

impl<'a> Response<'a> {
    /// The values of the lines called `name`, which is in lower case.
    fn lines(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let lines = self.headers.iter().filter(move |(line, _)| line.eq_ignore_ascii_case(name));
        lines.map(|(_, value)| trim(value))
    }

    /// The members of a `#token` list, those that are no tokens too. Empty ones do not count:
    /// <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1.2>
    fn members(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.lines(name)
            .flat_map(|line| line.split(|byte| *byte == b','))
            .map(trim)
            .filter(|member| !member.is_empty())
    }

    fn status_check(&self) -> Result<(), Fault> {
        match self.status {
            // https://fetch.spec.whatwg.org/#ok-status
            200..=299 => Ok(()),
            _ if self.is_redirect() => Err((Reason::PreflightRedirect, None)),
            _ => Err((Reason::PreflightStatus, None)),
        }
    }

    /// <https://fetch.spec.whatwg.org/#redirect-status>
    fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308) && self.lines(LOCATION).next().is_some()
    }

    fn repeats_allow_origin(&self) -> bool {
        let spelled =
            self.headers.iter().filter(|(name, _)| *name == "Access-Control-Allow-Origin");
        spelled.count() > 1
    }
}

/// What is wrong with an `Access-Control-Allow-Origin` that is not the page's origin. The standard
/// has one failure for all of it; people are helped by telling three apart.
pub(super) fn allow_origin_fault(value: &str) -> Reason {
    if value.contains([' ', ',']) {
        Reason::MultipleAllowOrigin
    } else if value == "null" || is_origin_like(value) {
        Reason::AllowOriginMismatch
    } else {
        Reason::InvalidAllowOrigin
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
