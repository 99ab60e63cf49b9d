//! What goes out: whether a preflight is needed, and what it asks.

use alloc::{string::String, vec::Vec};

use super::{
    Blocked, Leg, Profile, Reason, is_token,
    reason::{Fault, fault},
    safelist::{
        is_forbidden, is_forbidden_method, is_safelisted, is_valid, joined_length, normalize,
    },
};

/// What a page's script asks the browser to fetch from another origin, in mode `cors`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fetch<'a> {
    /// The page's origin as browsers send it: `https://app.example.com`, or `null`.
    pub origin: &'a str,
    /// The method as script wrote it; empty stands for `GET`.
    pub method: &'a str,
    /// The header fields that script adds, in its order and spelling, and the `Content-Type` that
    /// the body brings with it. Those that script may not set are dropped, as a browser does.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// Whether the credentials mode is `include`: cookies and HTTP authentication are sent, and
    /// the server has to agree to that.
    pub credentials: bool,
    /// The use-CORS-preflight flag, set by an `XMLHttpRequest` that listens for upload progress and
    /// by a streamed body: there is a preflight even if nothing else calls for one.
    /// <https://fetch.spec.whatwg.org/#use-cors-preflight-flag>
    pub always_preflight: bool,
}

/// The question a browser sends ahead: `OPTIONS`, with the page's `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preflight<'a> {
    /// `Access-Control-Request-Method`.
    pub method: &'a str,
    /// The names in `Access-Control-Request-Headers`, in lower case, sorted.
    pub header_names: Vec<String>,
}

impl Preflight<'_> {
    /// The value of `Access-Control-Request-Headers`, which is absent when there are no names.
    #[must_use]
    pub fn request_headers(&self) -> Option<String> {
        // Joined without a space: https://fetch.spec.whatwg.org/#cors-preflight-fetch-0
        (!self.header_names.is_empty()).then(|| self.header_names.join(","))
    }
}

impl Profile {
    /// The preflight of `fetch`, or `None` if the actual request is sent at once.
    ///
    /// # Errors
    ///
    /// When script cannot make that request at all.
    pub fn preflight<'a>(self, fetch: &Fetch<'a>) -> Result<Option<Preflight<'a>>, Blocked> {
        fetch.validate().map_err(|fault| Leg::Script.blocked(0, fault))?;
        let (method, header_names) = (fetch.method(), self.unsafe_names(fetch));
        // https://fetch.spec.whatwg.org/#concept-main-fetch
        let needed =
            fetch.always_preflight || !is_safelisted_method(method) || !header_names.is_empty();
        Ok(needed.then_some(Preflight { method, header_names }))
    }

    /// The CORS-unsafe request-header names.
    /// <https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names>
    fn unsafe_names(self, fetch: &Fetch<'_>) -> Vec<String> {
        let size: usize = self
            .judged(fetch)
            .filter(|header| header.is_safelisted)
            .map(|header| header.size)
            .sum();
        let mut names: Vec<String> = self
            .judged(fetch)
            .filter(|header| !header.is_safelisted || size > 1024)
            .map(|header| header.name.to_ascii_lowercase())
            .collect();
        // https://fetch.spec.whatwg.org/#convert-header-names-to-a-sorted-lowercase-set
        names.sort_unstable();
        if !self.repeats_header_names {
            names.dedup();
        }
        names
    }

    fn judged<'f>(self, fetch: &'f Fetch<'_>) -> impl Iterator<Item = Judged<'f>> {
        let joins = self.joins_before_safelisting;
        fetch.sent_headers().enumerate().filter_map(move |(place, (name, _))| {
            let same = move |(other, _): &(&str, &[u8])| other.eq_ignore_ascii_case(name);
            if joins && fetch.sent_headers().take(place).any(|header| same(&header)) {
                return None;
            }
            let values = fetch.sent_headers().skip(place).filter(same).map(|(_, value)| value);
            let values = values.take(if joins { usize::MAX } else { 1 });
            Some(Judged {
                name,
                is_safelisted: is_safelisted(name, values.clone(), self),
                size: joined_length(values),
            })
        })
    }
}

/// A header field, or all of one name, as looked up in the safelist.
struct Judged<'a> {
    name: &'a str,
    is_safelisted: bool,
    size: usize,
}

impl<'a> Fetch<'a> {
    /// The method as it is sent. <https://fetch.spec.whatwg.org/#concept-method-normalize>
    pub(crate) fn method(&self) -> &'a str {
        match self.method {
            "" => "GET",
            method => ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]
                .into_iter()
                .find(|normalized| normalized.eq_ignore_ascii_case(method))
                .unwrap_or(method),
        }
    }

    fn sent_headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + Clone {
        self.headers
            .iter()
            .filter(|(name, value)| !is_forbidden(name, value))
            .map(|(name, value)| (*name, normalize(value)))
    }

    /// <https://fetch.spec.whatwg.org/#dom-request>,
    /// <https://fetch.spec.whatwg.org/#headers-validate>
    fn validate(&self) -> Result<(), Fault> {
        let method = self.method();
        if !is_token(method.as_bytes()) || is_forbidden_method(method.as_bytes()) {
            return Err(fault(Reason::InvalidMethod, method.as_bytes()));
        }
        match self.headers.iter().find(|(name, value)| !is_valid(name, value)) {
            Some((name, _)) => Err(fault(Reason::InvalidHeader, name.as_bytes())),
            None => Ok(()),
        }
    }
}

/// <https://fetch.spec.whatwg.org/#cors-safelisted-method>
pub(super) fn is_safelisted_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}
