//! Why a page is not allowed to read a response.

use alloc::string::String;
use core::fmt;

/// A fetch that failed, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// What failed.
    pub leg: Leg,
    /// The status of the response that failed; 0 when there was none.
    pub status: u16,
    /// Why.
    pub reason: Reason,
}

/// A part of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// The call in the page's script, which throws before anything is sent.
    Script,
    /// The preflight.
    Preflight,
    /// The actual request, which was sent.
    Actual,
}

/// Why a browser blocks a fetch, with the value it objects to.
///
/// Values from headers are text for people: bytes that are not UTF-8 are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The method is no token, or one that browsers never send (CONNECT, TRACE, TRACK).
    InvalidMethod {
        /// The method as script wrote it.
        method: String,
    },
    /// A header's name is no token, or its value contains NUL, CR or LF.
    InvalidHeader {
        /// The name as script wrote it.
        name: String,
    },
    /// There is no `Access-Control-Allow-Origin`.
    MissingAllowOrigin,
    /// `Access-Control-Allow-Origin` is there several times, or holds several origins.
    MultipleAllowOrigin {
        /// All of its values, joined by `, `.
        value: String,
        /// How many header lines there are.
        lines: usize,
    },
    /// `Access-Control-Allow-Origin` holds neither an origin nor `null` nor `*`.
    InvalidAllowOrigin {
        /// Its value.
        value: String,
    },
    /// `Access-Control-Allow-Origin` holds another origin.
    AllowOriginMismatch {
        /// Its value.
        value: String,
    },
    /// `Access-Control-Allow-Origin` is `*`, which is never enough with credentials.
    WildcardWithCredentials,
    /// `Access-Control-Allow-Credentials` is not exactly `true`.
    CredentialsNotTrue {
        /// Its value, all lines joined by `, `; `None` when it is absent.
        value: Option<String>,
    },
    /// The preflight's status is not 200 to 299.
    PreflightStatus,
    /// The preflight was answered with a redirect, which browsers do not follow.
    PreflightRedirect,
    /// `Access-Control-Allow-Methods` does not hold the method.
    MethodNotAllowed {
        /// The method as the browser would have sent it.
        method: String,
    },
    /// `Access-Control-Allow-Headers` does not hold a name.
    HeaderNotAllowed {
        /// The first such name, in lower case.
        name: String,
    },
    /// `Access-Control-Allow-Headers` is `*`, which by the standard does not cover `Authorization`.
    AuthorizationUnderStar,
    /// `Access-Control-Allow-Methods` is not a comma-separated list of tokens.
    BadMethodList {
        /// The first member that is no token.
        token: String,
    },
    /// `Access-Control-Allow-Headers` is not a comma-separated list of tokens.
    BadHeaderList {
        /// The first member that is no token.
        token: String,
    },
}

impl Reason {
    /// The reason's name, for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidMethod { .. } => "invalid-method",
            Self::InvalidHeader { .. } => "invalid-header",
            Self::MissingAllowOrigin => "missing-allow-origin",
            Self::MultipleAllowOrigin { .. } => "multiple-allow-origin",
            Self::InvalidAllowOrigin { .. } => "invalid-allow-origin",
            Self::AllowOriginMismatch { .. } => "allow-origin-mismatch",
            Self::WildcardWithCredentials => "wildcard-with-credentials",
            Self::CredentialsNotTrue { .. } => "credentials-not-true",
            Self::PreflightStatus => "preflight-status",
            Self::PreflightRedirect => "preflight-redirect",
            Self::MethodNotAllowed { .. } => "method-not-allowed",
            Self::HeaderNotAllowed { .. } => "header-not-allowed",
            Self::AuthorizationUnderStar => "authorization-under-star",
            Self::BadMethodList { .. } => "bad-method-list",
            Self::BadHeaderList { .. } => "bad-header-list",
        }
    }

    /// The value the browser objects to: a method, a header name, a header's value.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::InvalidMethod { method: value }
            | Self::InvalidHeader { name: value }
            | Self::MultipleAllowOrigin { value, .. }
            | Self::InvalidAllowOrigin { value }
            | Self::AllowOriginMismatch { value }
            | Self::CredentialsNotTrue { value: Some(value) }
            | Self::MethodNotAllowed { method: value }
            | Self::HeaderNotAllowed { name: value }
            | Self::BadMethodList { token: value }
            | Self::BadHeaderList { token: value } => Some(value),
            Self::AuthorizationUnderStar => Some("authorization"),
            Self::MissingAllowOrigin
            | Self::WildcardWithCredentials
            | Self::CredentialsNotTrue { value: None }
            | Self::PreflightStatus
            | Self::PreflightRedirect => None,
        }
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leg = match self.leg {
            Leg::Script => "script",
            Leg::Preflight => "preflight",
            Leg::Actual => "actual request",
        };
        write!(f, "{leg}: {}", self.reason.code())?;
        self.reason.value().map_or(Ok(()), |value| write!(f, " `{}`", value.escape_debug()))
    }
}

impl core::error::Error for Blocked {}
