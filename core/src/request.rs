//! The request, so far as CORS reads it.
//! Source: <https://fetch.spec.whatwg.org/#http-requests>.

/// What the decision depends on. Header values are bytes, for nothing is known of them yet.
///
/// Whoever builds it joins repeated header lines with `, ` (so that two `Origin` lines are
/// malformed, as they should be) and leaves absent ones `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// The method, as received.
    pub method: &'a [u8],
    /// The path of the request target, as received: not decoded, without the query.
    pub path: &'a [u8],
    /// `Host`; in HTTP/2 and HTTP/3 `:authority`.
    pub host: Option<&'a [u8]>,
    /// `Origin`.
    pub origin: Option<&'a [u8]>,
    /// `Access-Control-Request-Method`.
    pub access_control_request_method: Option<&'a [u8]>,
    /// `Access-Control-Request-Headers`.
    pub access_control_request_headers: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    /// What kind of request this is, as the standard tells them apart.
    #[must_use]
    pub fn classify(&self) -> Exchange<'a> {
        // https://fetch.spec.whatwg.org/#cors-request
        let Some(origin) = self.origin else { return Exchange::NotCors };
        // https://fetch.spec.whatwg.org/#cors-preflight-request: all three, so that the
        // application's own OPTIONS routes are reached.
        match self.access_control_request_method {
            Some(method) if self.method == b"OPTIONS" => Exchange::Preflight {
                origin,
                method,
                // Absent when a page sends none but safelisted names.
                headers: self.access_control_request_headers.unwrap_or_default(),
            },
            _ => Exchange::Actual { origin, method: self.method },
        }
    }
}

/// A request, classified. After this a preflight without a method cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange<'a> {
    /// Without `Origin`: no CORS request.
    NotCors,
    /// With `Origin`: perhaps cross-origin, for same-origin requests carry it too.
    Actual {
        /// `Origin`.
        origin: &'a [u8],
        /// The method.
        method: &'a [u8],
    },
    /// A CORS-preflight request.
    Preflight {
        /// `Origin`.
        origin: &'a [u8],
        /// `Access-Control-Request-Method`.
        method: &'a [u8],
        /// `Access-Control-Request-Headers`, empty when absent.
        headers: &'a [u8],
    },
}
