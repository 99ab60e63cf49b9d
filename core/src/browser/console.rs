//! What browsers print in their consoles: the words for a [`Blocked`] fetch, and the way back from
//! words that somebody pasted.
//!
//! The words are those of Chromium 156, Firefox 153 and `WebKit` 2.50, as `tests/oracle` hears
//! them; reading also knows those of some older ones.

use alloc::{format, string::String};

use super::{Blocked, Fetch, Leg, Profile, Reason};

mod clues;
mod read;

pub use read::{Report, read};

/// A family of browsers that print the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Chrome, Edge, Opera, Android.
    Chromium,
    /// Firefox.
    Firefox,
    /// Safari, and every browser on iOS.
    WebKit,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// The family's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::WebKit => "WebKit",
        }
    }

    /// How it behaves.
    #[must_use]
    pub fn profile(self) -> Profile {
        match self {
            Self::Chromium => Profile::CHROMIUM,
            Self::Firefox => Profile::FIREFOX,
            Self::WebKit => Profile::WEBKIT,
        }
    }

    /// What the console shows for `fetch` of `url`, a line for each message. `None` if it shows
    /// nothing: a call that throws in script is left to the page, and `WebKit` does not warn of
    /// [`Reason::AuthorizationUnderStar`]. (Chromium lists that warning under Issues.)
    ///
    /// The words for `always_preflight` are those for an `XMLHttpRequest`.
    #[must_use]
    pub fn text(self, fetch: &Fetch<'_>, url: &str, blocked: &Blocked) -> Option<String> {
        if blocked.leg == Leg::Script {
            return None;
        }
        match self {
            Self::Chromium => chromium(fetch, url, blocked),
            Self::Firefox => firefox(url, blocked),
            Self::WebKit => webkit(fetch, url, blocked),
        }
    }
}

fn chromium(fetch: &Fetch<'_>, url: &str, blocked: &Blocked) -> Option<String> {
    let value = blocked.value.as_deref().unwrap_or_default();
    let what = match blocked.reason {
        Reason::MissingAllowOrigin => {
            "No 'Access-Control-Allow-Origin' header is present on the requested resource.".into()
        }
        Reason::RepeatedAllowOrigin | Reason::MultipleAllowOrigin => format!(
            "The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but \
             only one is allowed."
        ),
        Reason::InvalidAllowOrigin => {
            format!(
                "The 'Access-Control-Allow-Origin' header contains the invalid value '{value}'."
            )
        }
        Reason::AllowOriginMismatch => format!(
            "The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to \
             the supplied origin."
        ),
        Reason::WildcardWithCredentials => {
            "The value of the 'Access-Control-Allow-Origin' header in the response must not be the \
             wildcard '*' when the request's credentials mode is 'include'."
                .into()
        }
        Reason::CredentialsNotTrue => format!(
            "The value of the 'Access-Control-Allow-Credentials' header in the response is \
             '{value}' which must be 'true' when the request's credentials mode is 'include'."
        ),
        Reason::PreflightStatus => "It does not have HTTP ok status.".into(),
        Reason::PreflightRedirect => "Redirect is not allowed for a preflight request.".into(),
        Reason::MethodNotAllowed => format!(
            "Method {value} is not allowed by Access-Control-Allow-Methods in preflight response."
        ),
        Reason::HeaderNotAllowed => format!(
            "Request header field {value} is not allowed by Access-Control-Allow-Headers in \
             preflight response."
        ),
        Reason::BadMethodList => cannot_parse("Methods"),
        Reason::BadHeaderList => cannot_parse("Headers"),
        Reason::AuthorizationUnderStar => {
            return Some(
                "Authorization will not be covered by the wildcard symbol (*) in CORS \
                 `Access-Control-Allow-Headers` handling."
                    .into(),
            );
        }
        _ => return None,
    };
    let is_list = matches!(
        blocked.reason,
        Reason::MethodNotAllowed
            | Reason::HeaderNotAllowed
            | Reason::BadMethodList
            | Reason::BadHeaderList
    );
    let check = if blocked.leg == Leg::Preflight && !is_list {
        "Response to preflight request doesn't pass access control check: "
    } else {
        ""
    };
    let hint = match blocked.reason {
        Reason::RepeatedAllowOrigin
        | Reason::MultipleAllowOrigin
        | Reason::InvalidAllowOrigin
        | Reason::AllowOriginMismatch
            if !fetch.always_preflight =>
        {
            " Have the server send the header with a valid value."
        }
        Reason::WildcardWithCredentials | Reason::CredentialsNotTrue if fetch.always_preflight => {
            " The credentials mode of requests initiated by the XMLHttpRequest is controlled by \
             the withCredentials attribute."
        }
        _ => "",
    };
    let by_script = if fetch.always_preflight { "XMLHttpRequest" } else { "fetch" };
    let origin = fetch.origin;
    Some(format!(
        "Access to {by_script} at '{url}' from origin '{origin}' has been blocked by CORS policy: \
         {check}{what}{hint}"
    ))
}

fn cannot_parse(list: &str) -> String {
    format!("Cannot parse Access-Control-Allow-{list} response header field in preflight response.")
}

fn firefox(url: &str, blocked: &Blocked) -> Option<String> {
    let (status, value) = (blocked.status, blocked.value.as_deref().unwrap_or_default());
    let line = |reason: &str, status: &str| {
        format!(
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote \
             resource at {url}. (Reason: {reason}).{status}"
        )
    };
    let status = format!(" Status code: {status}.");
    let failed = "CORS preflight response did not succeed";
    let mut text = match blocked.reason {
        Reason::MissingAllowOrigin => {
            line("CORS header ‘Access-Control-Allow-Origin’ missing", &status)
        }
        Reason::RepeatedAllowOrigin => {
            line("Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed", "")
        }
        Reason::MultipleAllowOrigin | Reason::InvalidAllowOrigin | Reason::AllowOriginMismatch => {
            let reason =
                format!("CORS header ‘Access-Control-Allow-Origin’ does not match ‘{value}’");
            line(&reason, "")
        }
        Reason::WildcardWithCredentials => format!(
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote \
             resource at ‘{url}’. (Reason: Credential is not supported if the CORS header \
             ‘Access-Control-Allow-Origin’ is ‘*’)."
        ),
        Reason::CredentialsNotTrue => {
            line("expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’", "")
        }
        Reason::PreflightStatus => line(failed, &status),
        Reason::PreflightRedirect => {
            line("CORS request external redirect not allowed", "") + "\n" + &line(failed, &status)
        }
        Reason::MethodNotAllowed => {
            line("Did not find method in CORS header ‘Access-Control-Allow-Methods’", "")
        }
        Reason::HeaderNotAllowed => {
            let reason = format!(
                "header ‘{value}’ is not allowed according to header \
                 ‘Access-Control-Allow-Headers’ from CORS preflight response"
            );
            line(&reason, "")
        }
        Reason::BadMethodList | Reason::BadHeaderList => {
            let list = if blocked.reason == Reason::BadMethodList { "Methods" } else { "Headers" };
            let member = blocked.bad_member().unwrap_or_default();
            let reason =
                format!("invalid token ‘{member}’ in CORS header ‘Access-Control-Allow-{list}’");
            line(&reason, "")
        }
        Reason::AuthorizationUnderStar => {
            return Some(format!(
                "Cross-Origin Request Warning: The Same Origin Policy will disallow reading the \
                 remote resource at {url} soon. (Reason: When the `Access-Control-Allow-Headers` \
                 is `*`, the `Authorization` header is not covered. To include the \
                 `Authorization` header, it must be explicitly listed in CORS header \
                 `Access-Control-Allow-Headers`)."
            ));
        }
        _ => return None,
    };
    if blocked.leg == Leg::Preflight {
        text = text + "\n" + &line("CORS request did not succeed", " Status code: (null).");
    }
    Some(text)
}

fn webkit(fetch: &Fetch<'_>, url: &str, blocked: &Blocked) -> Option<String> {
    let (origin, status) = (fetch.origin, blocked.status);
    let value = blocked.value.as_deref().unwrap_or_default();
    let what = match blocked.reason {
        Reason::RepeatedAllowOrigin => ONE_ORIGIN.into(),
        Reason::MultipleAllowOrigin if value.contains(',') => ONE_ORIGIN.into(),
        Reason::MissingAllowOrigin
        | Reason::MultipleAllowOrigin
        | Reason::InvalidAllowOrigin
        | Reason::AllowOriginMismatch => format!(
            "Origin {origin} is not allowed by Access-Control-Allow-Origin. Status code: {status}"
        ),
        Reason::WildcardWithCredentials => {
            "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true."
                .into()
        }
        Reason::CredentialsNotTrue => {
            "Credentials flag is true, but Access-Control-Allow-Credentials is not \"true\".".into()
        }
        Reason::PreflightStatus | Reason::PreflightRedirect => {
            format!("Preflight response is not successful. Status code: {status}")
        }
        Reason::MethodNotAllowed => {
            format!("Method {value} is not allowed by Access-Control-Allow-Methods.")
        }
        Reason::HeaderNotAllowed => {
            let mut spelled = fetch.headers.iter().map(|(name, _)| *name);
            let name = spelled.find(|name| name.eq_ignore_ascii_case(value)).unwrap_or(value);
            format!("Request header field {name} is not allowed by Access-Control-Allow-Headers.")
        }
        Reason::BadMethodList => {
            format!("Header Access-Control-Allow-Methods has an invalid value: {value}")
        }
        Reason::BadHeaderList => {
            format!("Header Access-Control-Allow-Headers has an invalid value: {value}")
        }
        _ => return None,
    };
    let by_script = if fetch.always_preflight { "XMLHttpRequest" } else { "Fetch API" };
    Some(format!("{what}\n{by_script} cannot load {url} due to access control checks."))
}

const ONE_ORIGIN: &str = "Access-Control-Allow-Origin cannot contain more than one origin.";

#[cfg(test)]
mod tests;
