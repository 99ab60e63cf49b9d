//! The decision.
//!
//! Rules are numbered as in the documentation, `docs/decisions.md`.
//! Source: <https://fetch.spec.whatwg.org/#http-responses>.

use alloc::{borrow::Cow, string::String};

use crate::{
    denial::{BodyFormat, Denial, Rule},
    header_list::Names,
    host::{HostCheck, is_own_origin},
    method::is_safelisted,
    origin::Origin,
    policy::Policy,
    request::{Exchange, Request},
    verdict::{Outcome, Verdict},
};

/// What to do with a request: a host program can do only these two things.
#[derive(Clone, Copy, Debug)]
pub enum Decision<'a> {
    /// Answer now; the application is not called.
    Respond(Answer<'a>),
    /// Call the application. On its answer remove `Access-Control-Allow-Origin` and
    /// `Access-Control-Allow-Credentials`, set these headers and merge `vary`.
    Continue(Answer<'a>),
}

/// The headers of a decision, and the reason when something is refused.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    policy: &'a Policy,
    request: Request<'a>,
    verdict: Verdict,
}

impl Decision<'_> {
    /// Whether the application is to be called.
    #[must_use]
    pub fn continues(&self) -> bool {
        matches!(self, Self::Continue(_))
    }
}

/// Either way there are headers.
impl<'a> core::ops::Deref for Decision<'a> {
    type Target = Answer<'a>;

    fn deref(&self) -> &Answer<'a> {
        match self {
            Self::Respond(answer) | Self::Continue(answer) => answer,
        }
    }
}

impl<'a> Answer<'a> {
    /// The status of an answer given now; `None` when the application gives it.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.policy.status(self.verdict)
    }

    /// The CORS headers, names in lower case, without `Vary`.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, Cow<'a, str>)> + use<'a> {
        self.policy.headers(self.verdict, self.request)
    }

    /// The names to merge into `Vary`: a field of its own, so that nobody overwrites the
    /// application's.
    #[must_use]
    pub fn vary(&self) -> Option<&'static str> {
        self.verdict.vary()
    }

    /// Why something was refused. A preflight's answer can be 2xx and yet refuse: the browser then
    /// names the culprit.
    #[must_use]
    pub fn denial(&self) -> Option<Denial<'a>> {
        self.policy.denial(self.verdict, self.request)
    }

    /// The body of a refusal and its `Content-Type`; send `X-Content-Type-Options: nosniff` with
    /// it. `None` for 2xx, for HEAD, and when the application answers.
    #[must_use]
    pub fn body(&self) -> Option<(&'static str, String)> {
        self.policy.body(self.verdict, self.request)
    }

    /// The decision as one integer.
    #[doc(hidden)]
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl Policy {
    /// Decides a request. Total: no input panics, allocates, or takes more than bounded work.
    ///
    /// With [`Config::origins_by_host`](crate::Config::origins_by_host) origins that are not listed
    /// are refused here; see [`decide_given`](Self::decide_given).
    #[must_use]
    pub fn decide<'a>(&'a self, request: &Request<'a>) -> Decision<'a> {
        self.decision(self.resolve(request, Some(false)), request)
    }

    /// Decides a request, given the host program's word on the origin. It counts for origins that
    /// [`undecided_origin`](Self::undecided_origin) names, and for no others.
    #[must_use]
    pub fn decide_given<'a>(&'a self, request: &Request<'a>, origin_allowed: bool) -> Decision<'a> {
        self.decision(self.resolve(request, Some(origin_allowed)), request)
    }

    /// The origin that the host program is to decide: well formed, not listed, and not the server's
    /// own. `None` when the policy does not ask
    /// ([`Config::origins_by_host`](crate::Config::origins_by_host)) or needs no answer.
    #[must_use]
    pub fn undecided_origin<'a>(&self, request: &Request<'a>) -> Option<&'a [u8]> {
        let undecided = self.verdict(request).outcome() == Outcome::Undecided;
        request.origin.filter(|_| undecided)
    }

    pub(crate) fn decision<'a>(&'a self, verdict: Verdict, request: &Request<'a>) -> Decision<'a> {
        let answer = Answer { policy: self, request: *request, verdict };
        if verdict.continues() { Decision::Continue(answer) } else { Decision::Respond(answer) }
    }

    /// The decision as one integer, perhaps [`Outcome::Undecided`].
    #[doc(hidden)]
    #[must_use]
    pub fn verdict(&self, request: &Request<'_>) -> Verdict {
        self.resolve(request, None)
    }

    /// The decision as one integer, given the host program's word.
    #[doc(hidden)]
    #[must_use]
    pub fn verdict_given(&self, request: &Request<'_>, origin_allowed: bool) -> Verdict {
        self.resolve(request, Some(origin_allowed))
    }

    fn resolve(&self, request: &Request<'_>, given: Option<bool>) -> Verdict {
        // Rule 0: the Host first, for every request.
        let host = self.hosts.check(request.host);
        let host_refused = match host {
            HostCheck::Unstated | HostCheck::Allowed => None,
            // https://www.rfc-editor.org/rfc/rfc9112#section-3.2
            HostCheck::Missing => Some((Outcome::HostInvalid, Rule::HostMissing)),
            HostCheck::Malformed => Some((Outcome::HostInvalid, Rule::HostMalformed)),
            // https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20
            HostCheck::NotAllowed => Some((Outcome::HostNotAllowed, Rule::HostNotAllowed)),
        };
        let exchange = request.classify();
        let (Exchange::Actual { origin, .. } | Exchange::Preflight { origin, .. }) = exchange
        else {
            return match host_refused {
                Some((outcome, rule)) => Verdict::new(outcome, self.not_cors_bits()).because(rule),
                None => self.not_cors(),
            };
        };
        let allowed = if self.constant || self.origins.allows(origin) {
            true
        } else if host_refused.is_none() && is_own_origin(origin, request.host, host) {
            return self.not_cors();
        } else if self.origins_by_host && Origin::parse(origin).is_some() {
            match given {
                Some(allowed) => allowed,
                None => return Verdict::new(Outcome::Undecided, 0),
            }
        } else {
            false
        };
        match exchange {
            Exchange::Preflight { method, headers, .. } if allowed => {
                self.answer_preflight(method, headers)
            }
            Exchange::Preflight { .. } => {
                let (outcome, rule) =
                    host_refused.unwrap_or((Outcome::PreflightRefused, Rule::OriginNotAllowed));
                Verdict::new(outcome, Verdict::VARY_ORIGIN | Verdict::VARY_PREFLIGHT).because(rule)
            }
            _ => match host_refused {
                Some((outcome, rule)) => {
                    let share = if allowed { self.share } else { self.vary_bit() };
                    Verdict::new(outcome, share).because(rule)
                }
                None if allowed => self.continue_allowed(request.method),
                // Rule 3: no CORS header at all. A denial is data for the log.
                None => {
                    let outcome = if self.reject { Outcome::Rejected } else { Outcome::Refused };
                    Verdict::new(outcome, self.vary_bit()).because(Rule::OriginNotAllowed)
                }
            },
        }
    }

    /// Rule 5: `Vary` also where there is no `Origin`, since what is stored without it would be
    /// served to those who send one; and for a constant policy the same answer to everybody.
    /// <https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches>
    fn not_cors(&self) -> Verdict {
        Verdict::new(Outcome::NotCors, self.not_cors_bits())
    }

    fn not_cors_bits(&self) -> u32 {
        if self.constant { self.share } else { Verdict::VARY_ORIGIN }
    }

    fn vary_bit(&self) -> u32 {
        self.share & Verdict::VARY_ORIGIN
    }

    /// Rule 2.
    fn answer_preflight(&self, method: &[u8], headers: &[u8]) -> Verdict {
        let method_allowed = self.methods.allows(method);
        if !method_allowed && is_safelisted(method) {
            // Browsers do not look for it in the list:
            // https://fetch.spec.whatwg.org/#cors-preflight-fetch
            let bits = Verdict::ALLOW_ORIGIN
                | self.share & Verdict::ALLOW_CREDENTIALS
                | Verdict::VARY_ORIGIN
                | Verdict::VARY_PREFLIGHT;
            return Verdict::new(Outcome::MethodRefused, bits).because(Rule::MethodNotAllowed);
        }
        let judgement = self.headers.judge(headers);
        let mut bits = self.preflight;
        if judgement.reflects {
            bits |= Verdict::ALLOW_HEADERS | Verdict::HEADERS_REQUESTED;
        }
        if self.methods.must_reflect(method) {
            bits |= Verdict::METHODS_REQUESTED;
        }
        let verdict = Verdict::new(Outcome::Preflight, bits);
        match judgement.names {
            _ if !method_allowed => verdict.because(Rule::MethodNotAllowed),
            Names::Allowed => verdict,
            Names::Refused => verdict.because(Rule::HeaderNotAllowed),
            Names::TooMany => verdict.because(Rule::HeadersTooMany),
        }
    }

    fn continue_allowed(&self, method: &[u8]) -> Verdict {
        // A plain OPTIONS belongs to the application, listed or not.
        if self.reject && !self.methods.allows(method) && method != b"OPTIONS" {
            return Verdict::new(Outcome::MethodRefused, self.share)
                .because(Rule::MethodNotAllowed);
        }
        Verdict::new(Outcome::Allowed, self.share)
    }

    /// The status of a verdict that answers.
    #[doc(hidden)]
    #[must_use]
    pub fn status(&self, verdict: Verdict) -> Option<u16> {
        match verdict.outcome() {
            Outcome::NotCors | Outcome::Allowed | Outcome::Refused | Outcome::Undecided => None,
            Outcome::Preflight => Some(self.preflight_status),
            Outcome::PreflightRefused | Outcome::Rejected | Outcome::MethodRefused => Some(403),
            Outcome::HostNotAllowed => Some(421),
            Outcome::HostInvalid => Some(400),
        }
    }

    /// The headers of a verdict, in a fixed order.
    #[doc(hidden)]
    pub fn headers<'a>(
        &'a self,
        verdict: Verdict,
        request: Request<'a>,
    ) -> impl Iterator<Item = (&'static str, Cow<'a, str>)> + use<'a> {
        let text = |bytes| core::str::from_utf8(bytes).unwrap_or_default();
        let header = move |bit: u32| -> Option<(&'static str, Cow<'a, str>)> {
            Some(match bit {
                _ if !verdict.has(bit) => return None,
                // One value, `*` or the origin's bytes: https://fetch.spec.whatwg.org/#cors-check
                Verdict::ALLOW_ORIGIN => (
                    "access-control-allow-origin",
                    Cow::Borrowed(if self.constant { "*" } else { text(request.origin?) }),
                ),
                Verdict::ALLOW_CREDENTIALS => {
                    ("access-control-allow-credentials", Cow::Borrowed("true"))
                }
                Verdict::ALLOW_METHODS => {
                    ("access-control-allow-methods", self.list_methods(verdict, &request))
                }
                Verdict::ALLOW_HEADERS => {
                    ("access-control-allow-headers", self.list_headers(verdict, &request))
                }
                Verdict::MAX_AGE => {
                    ("access-control-max-age", Cow::Borrowed(self.max_age.as_deref()?))
                }
                _ => ("access-control-expose-headers", Cow::Borrowed(self.expose.as_str())),
            })
        };
        [
            Verdict::ALLOW_ORIGIN,
            Verdict::ALLOW_CREDENTIALS,
            Verdict::ALLOW_METHODS,
            Verdict::ALLOW_HEADERS,
            Verdict::MAX_AGE,
            Verdict::EXPOSE_HEADERS,
        ]
        .into_iter()
        .filter_map(header)
    }

    fn list_methods(&self, verdict: Verdict, request: &Request<'_>) -> Cow<'_, str> {
        let requested = request.access_control_request_method.map(core::str::from_utf8);
        match requested {
            Some(Ok(requested)) if verdict.has(Verdict::METHODS_REQUESTED) => {
                Cow::Owned(alloc::format!("{}, {requested}", self.methods.value))
            }
            _ => Cow::Borrowed(&self.methods.value),
        }
    }

    fn list_headers(&self, verdict: Verdict, request: &Request<'_>) -> Cow<'_, str> {
        match request.access_control_request_headers {
            Some(requested) if verdict.has(Verdict::HEADERS_REQUESTED) => {
                Cow::Owned(self.headers.reflected(requested))
            }
            _ => Cow::Borrowed(&self.headers.value),
        }
    }

    /// Why a verdict refuses something.
    #[doc(hidden)]
    #[must_use]
    pub fn denial<'a>(&self, verdict: Verdict, request: Request<'a>) -> Option<Denial<'a>> {
        let rule = verdict.rule()?;
        let origin = request.origin.unwrap_or_default();
        // The verdict spares itself the question why an origin is not allowed.
        let rule = match rule {
            Rule::OriginNotAllowed if origin == b"null" => Rule::OriginNull,
            Rule::OriginNotAllowed if Origin::parse(origin).is_none() => Rule::OriginMalformed,
            rule => rule,
        };
        let value = match rule {
            Rule::HostMissing => b"",
            Rule::HostMalformed | Rule::HostNotAllowed => request.host.unwrap_or_default(),
            Rule::OriginMalformed | Rule::OriginNull | Rule::OriginNotAllowed => origin,
            Rule::MethodNotAllowed => match request.classify() {
                Exchange::Preflight { method, .. } => method,
                _ => request.method,
            },
            Rule::HeaderNotAllowed => self
                .headers
                .first_refused(request.access_control_request_headers.unwrap_or_default())
                .unwrap_or_default(),
            Rule::HeadersTooMany => request.access_control_request_headers.unwrap_or_default(),
        };
        Some(Denial { rule, value })
    }

    /// The body of a refusal.
    #[doc(hidden)]
    #[must_use]
    pub fn body(&self, verdict: Verdict, request: Request<'_>) -> Option<(&'static str, String)> {
        let refused = self.status(verdict).is_some_and(|status| status >= 300);
        // https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2
        if !refused || request.method == b"HEAD" {
            return None;
        }
        let denial = self.denial(verdict, request)?;
        Some((self.body_format.content_type(), self.body_format.body(&denial)))
    }

    /// How this policy words its refusals.
    #[doc(hidden)]
    #[must_use]
    pub fn body_format(&self) -> BodyFormat {
        self.body_format
    }
}
