//! The browser's side of CORS: what a page's request looks like on the wire, and what the page may
//! see of the answer.
//!
//! Written from the Fetch standard, <https://fetch.spec.whatwg.org/>, and kept apart from what
//! decides for the server, so that each can be tested against the other. Real browsers depart from
//! the standard in a few places; a [`Profile`] names those places one by one.
//!
//! ```
//! use crossgate::browser::{Fetch, Profile, Reason, Response};
//!
//! let fetch = Fetch {
//!     origin: "https://app.example.com",
//!     method: "put",
//!     headers: &[("X-Trace", b"1"), ("Content-Type", b"application/json")],
//!     ..Fetch::default()
//! };
//! let asked = Profile::CHROMIUM.preflight(&fetch)?.expect("PUT is not safelisted");
//! assert_eq!(asked.method, "PUT");
//! assert_eq!(asked.header_names, ["content-type", "x-trace"]);
//!
//! let answer = Response {
//!     status: 204,
//!     headers: &[
//!         ("Access-Control-Allow-Origin", b"https://app.example.com"),
//!         ("Access-Control-Allow-Methods", b"GET, PUT"),
//!         ("Access-Control-Allow-Headers", b"Content-Type"),
//!     ],
//! };
//! let blocked = Profile::CHROMIUM.check_preflight(&fetch, &asked, &answer).unwrap_err();
//! assert_eq!(blocked.reason, Reason::HeaderNotAllowed);
//! assert_eq!(blocked.value.as_deref(), Some("x-trace"));
//! # Ok::<(), crossgate::browser::Blocked>(())
//! ```
//!
//! Every URL is taken to be of another origin than the page. A redirect is judged like any other
//! response, as its hop has to pass the [CORS check] too; the request that follows it, and the
//! preflight cache, are not modelled.
//!
//! [CORS check]: https://fetch.spec.whatwg.org/#concept-cors-check

mod answer;
#[cfg(feature = "explain")]
pub mod console;
mod profile;
mod reason;
mod request;
mod safelist;

pub use answer::{Readable, Response};
pub use profile::Profile;
pub use reason::{Blocked, Leg, Reason};
pub use request::{Fetch, Preflight};

/// What came of a [`Fetch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched<'a> {
    /// The preflight, if one was sent.
    pub preflight: Option<Preflight<'a>>,
    /// Whether the actual request was sent: a server may act on it even if the page then cannot
    /// read the response.
    pub sent: bool,
    /// What the page may read, or why it may not.
    pub result: Result<Readable<'a>, Blocked>,
}

impl Profile {
    /// The whole exchange, when both responses are known beforehand. `preflight` is not looked at
    /// when the browser sends none.
    #[must_use]
    pub fn fetch<'a>(
        self,
        fetch: &Fetch<'a>,
        preflight: &Response<'a>,
        actual: &Response<'a>,
    ) -> Fetched<'a> {
        let sent = match self.preflight(fetch) {
            Ok(sent) => sent,
            Err(blocked) => return Fetched { preflight: None, sent: false, result: Err(blocked) },
        };
        if let Some(asked) = &sent
            && let Err(blocked) = self.check_preflight(fetch, asked, preflight)
        {
            return Fetched { preflight: sent, sent: false, result: Err(blocked) };
        }
        Fetched { preflight: sent, sent: true, result: self.check(fetch, actual) }
    }
}

/// A token, <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>.
fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// Without the spaces and tabs around it.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests;
