//! Why a page is not allowed to read a response.

use alloc::string::String;
use core::fmt;

use super::is_token;

/// A fetch that failed: where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// What failed.
    pub leg: Leg,
    /// Why.
    pub reason: Reason,
    /// What the browser objects to, as each [`Reason`] says; bytes that are not UTF-8 are replaced.
    pub value: Option<String>,
    /// The status of the response that failed; 0 when there was none.
    pub status: u16,
}

/// A part of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// The call in the page's script, which throws before anything is sent.
    Script,
    /// The preflight; the actual request was never sent.
    Preflight,
    /// The actual request; the server has handled it.
    Actual,
}

/// Why a browser blocks a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The method (the value) is no token, or one that browsers never send: CONNECT, TRACE, TRACK.
    InvalidMethod,
    /// The name of a header (the value) is no token, or its value contains NUL, CR or LF.
    InvalidHeader,
    /// There is no `Access-Control-Allow-Origin`.
    MissingAllowOrigin,
    /// There are several lines of `Access-Control-Allow-Origin` (the value: all, joined by `, `),
    /// mostly because two programs on the way each add one.
    RepeatedAllowOrigin,
    /// `Access-Control-Allow-Origin` (the value) is a list.
    MultipleAllowOrigin,
    /// `Access-Control-Allow-Origin` (the value) is neither an origin nor `null` nor `*`.
    InvalidAllowOrigin,
    /// `Access-Control-Allow-Origin` (the value) is another origin.
    AllowOriginMismatch,
    /// `Access-Control-Allow-Origin` is `*`, which is never enough with credentials.
    WildcardWithCredentials,
    /// `Access-Control-Allow-Credentials` (the value: all lines, joined by `, `) is not exactly
    /// `true`.
    CredentialsNotTrue,
    /// The preflight's status is not 200 to 299.
    PreflightStatus,
    /// The preflight was answered with a redirect, which browsers do not follow.
    PreflightRedirect,
    /// The method (the value, as it is sent) is not in `Access-Control-Allow-Methods`.
    MethodNotAllowed,
    /// A header name (the value, in lower case) is not in `Access-Control-Allow-Headers`.
    HeaderNotAllowed,
    /// `Access-Control-Allow-Headers` is `*`, which by the standard does not cover `Authorization`
    /// (the value, in lower case). Browsers only warn.
    AuthorizationUnderStar,
    /// A member of `Access-Control-Allow-Methods` (the value: all lines, joined by `, `) is no
    /// token; [`Blocked::bad_member`] says which.
    BadMethodList,
    /// A member of `Access-Control-Allow-Headers` (the value: all lines, joined by `, `) is no
    /// token; [`Blocked::bad_member`] says which.
    BadHeaderList,
    /// A redirect leads to a URL with a user name or password.
    ///
    /// This reason and those below never come from a [`Profile`](super::Profile): no header of the
    /// response shows them. They are read from what browsers print.
    RedirectCredentials,
    /// The user or the browser's settings refuse requests to this machine or the local network.
    LocalNetwork,
    /// `Cross-Origin-Resource-Policy` refuses a request that was made in mode `no-cors`.
    ResourcePolicy,
    /// The page's or the URL's scheme is none that CORS exists for, such as `file`.
    Scheme,
    /// There was no response: nothing listens, the connection broke, TLS or DNS failed.
    Network,
}

impl Reason {
    /// The reason's name, for machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidMethod => "invalid-method",
            Self::InvalidHeader => "invalid-header",
            Self::MissingAllowOrigin => "missing-allow-origin",
            Self::RepeatedAllowOrigin => "repeated-allow-origin",
            Self::MultipleAllowOrigin => "multiple-allow-origin",
            Self::InvalidAllowOrigin => "invalid-allow-origin",
            Self::AllowOriginMismatch => "allow-origin-mismatch",
            Self::WildcardWithCredentials => "wildcard-with-credentials",
            Self::CredentialsNotTrue => "credentials-not-true",
            Self::PreflightStatus => "preflight-status",
            Self::PreflightRedirect => "preflight-redirect",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::HeaderNotAllowed => "header-not-allowed",
            Self::AuthorizationUnderStar => "authorization-under-star",
            Self::BadMethodList => "bad-method-list",
            Self::BadHeaderList => "bad-header-list",
            Self::RedirectCredentials => "redirect-credentials",
            Self::LocalNetwork => "local-network",
            Self::ResourcePolicy => "resource-policy",
            Self::Scheme => "scheme",
            Self::Network => "network",
        }
    }
}

impl Blocked {
    /// Of a list that is malformed, the first member that is no token.
    #[must_use]
    pub fn bad_member(&self) -> Option<&str> {
        match self.reason {
            Reason::BadMethodList | Reason::BadHeaderList => {
                let members = self.value.iter().flat_map(|value| value.split(','));
                let mut members = members.map(|member| member.trim_matches([' ', '\t']));
                members.find(|member| !member.is_empty() && !is_token(member.as_bytes()))
            }
            _ => None,
        }
    }
}

/// A reason and its value, before it is known on which leg.
pub(super) type Fault = (Reason, Option<String>);

pub(super) fn fault(reason: Reason, value: &[u8]) -> Fault {
    (reason, Some(String::from_utf8_lossy(value).into_owned()))
}

impl Leg {
    pub(super) fn blocked(self, status: u16, (reason, value): Fault) -> Blocked {
        Blocked { leg: self, reason, value, status }
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leg = match self.leg {
            Leg::Script => "script",
            Leg::Preflight => "preflight",
            Leg::Actual => "actual request",
        };
        write!(f, "{leg}: {}", self.reason.as_str())?;
        self.value.as_ref().map_or(Ok(()), |value| write!(f, " `{}`", value.escape_debug()))
    }
}

impl core::error::Error for Blocked {}
