//! A decision as one integer: what happens, why it was refused, and a bit for each header to write.
//!
//! `Copy`, without a lifetime, half the cost of a struct of slices, and an integer across a
//! language border, where it indexes header objects that were built with the policy. Private to
//! Crossgate's packages: users see [`Decision`](crate::Decision).

use crate::denial::Rule;

/// Bits 0-3 the [`Outcome`], 4-7 the [`Rule`], 8-17 the headers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Verdict(pub u32);

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Outcome {
    /// Continue: no cross-origin request.
    NotCors = 0,
    /// Continue: an allowed origin.
    Allowed = 1,
    /// Continue: a refused origin, which cannot read the answer.
    Refused = 2,
    /// Respond: a preflight of an allowed origin, 2xx.
    Preflight = 3,
    /// Respond: a preflight of a refused origin, 403.
    PreflightRefused = 4,
    /// Respond: a refused origin, 403 before the application.
    Rejected = 5,
    /// Respond: a refused method of an allowed origin, 403 that the page can read.
    MethodRefused = 6,
    /// Respond: another server's name in `Host`, 421.
    HostNotAllowed = 7,
    /// Respond: no one name in `Host`, 400.
    HostInvalid = 8,
    /// Ask the host program for its word on the origin.
    Undecided = 9,
}

impl Verdict {
    /// `Access-Control-Allow-Origin`.
    pub const ALLOW_ORIGIN: u32 = 1 << 8;
    /// `Access-Control-Allow-Credentials`.
    pub const ALLOW_CREDENTIALS: u32 = 1 << 9;
    /// `Access-Control-Allow-Methods`.
    pub const ALLOW_METHODS: u32 = 1 << 10;
    /// `Access-Control-Allow-Headers`.
    pub const ALLOW_HEADERS: u32 = 1 << 11;
    /// `Access-Control-Max-Age`.
    pub const MAX_AGE: u32 = 1 << 12;
    /// `Access-Control-Expose-Headers`.
    pub const EXPOSE_HEADERS: u32 = 1 << 13;
    /// The methods depend on the request.
    pub const METHODS_REQUESTED: u32 = 1 << 14;
    /// The headers depend on the request.
    pub const HEADERS_REQUESTED: u32 = 1 << 15;
    /// `Vary: Origin`.
    pub const VARY_ORIGIN: u32 = 1 << 16;
    /// `Vary` on the two headers of a preflight as well.
    pub const VARY_PREFLIGHT: u32 = 1 << 17;

    pub(crate) const fn new(outcome: Outcome, bits: u32) -> Self {
        Self(outcome as u32 | bits)
    }

    pub(crate) const fn because(self, rule: Rule) -> Self {
        Self(self.0 | (rule as u32) << 4)
    }

    /// What becomes of the request.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self.0 & 0xf {
            0 => Outcome::NotCors,
            1 => Outcome::Allowed,
            2 => Outcome::Refused,
            3 => Outcome::Preflight,
            4 => Outcome::PreflightRefused,
            5 => Outcome::Rejected,
            6 => Outcome::MethodRefused,
            7 => Outcome::HostNotAllowed,
            8 => Outcome::HostInvalid,
            _ => Outcome::Undecided,
        }
    }

    /// The rule that refused something, if one did.
    #[must_use]
    pub const fn rule(self) -> Option<Rule> {
        Rule::from_bits(self.0 >> 4 & 0xf)
    }

    /// Whether a header is to be written.
    #[must_use]
    pub const fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }

    /// Whether the application runs.
    #[must_use]
    pub const fn continues(self) -> bool {
        self.0 & 0xf <= Outcome::Refused as u32
    }

    /// The names that `Vary` must have.
    #[must_use]
    pub const fn vary(self) -> Option<&'static str> {
        if self.has(Self::VARY_PREFLIGHT) {
            Some(VARY_PREFLIGHT)
        } else if self.has(Self::VARY_ORIGIN) {
            Some(VARY_ORIGIN)
        } else {
            None
        }
    }
}

const VARY_ORIGIN: &str = "Origin";
const VARY_PREFLIGHT: &str =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
