//! Why something was refused: data, not an error.

use alloc::string::String;
use core::fmt::{self, Write};

use crate::error::Excerpt;

/// The rule that refused something and the request's own value: what the body of a 403, an audit
/// event and `explain` say. Never a configured value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denial<'a> {
    pub(crate) rule: Rule,
    pub(crate) value: &'a [u8],
}

impl<'a> Denial<'a> {
    /// The rule.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// The value of the request that it refused, as received; empty when something is missing.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        self.value
    }
}

/// One sentence; the value escaped and cut at 200 bytes.
impl fmt::Display for Denial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl Denial<'_> {
    fn write(&self, to: &mut impl Write) -> fmt::Result {
        let (before, after) = match self.rule {
            Rule::HostMissing => return to.write_str("the request has no Host"),
            Rule::HeadersTooMany => {
                return to.write_str("Access-Control-Request-Headers is too long to be decided");
            }
            Rule::HostMalformed => ("host `", "` is malformed"),
            Rule::HostNotAllowed => ("host `", "` is not a name of this server"),
            Rule::OriginMalformed => ("origin `", "` is malformed"),
            Rule::OriginNull | Rule::OriginNotAllowed => ("origin `", "` is not allowed"),
            Rule::MethodNotAllowed => ("method `", "` is not allowed"),
            Rule::HeaderNotAllowed => ("request header `", "` is not allowed"),
        };
        to.write_str(before)?;
        Excerpt(self.value).write(to)?;
        to.write_str(after)
    }
}

/// What a request can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Rule {
    /// No `Host`.
    HostMissing = 1,
    /// A `Host` that names no host, or two.
    HostMalformed = 2,
    /// A `Host` that is not one of this server's names.
    HostNotAllowed = 3,
    /// An `Origin` that no browser sends.
    OriginMalformed = 4,
    /// The origin `null`.
    OriginNull = 5,
    /// An origin that nothing admits.
    OriginNotAllowed = 6,
    /// A method that is not listed.
    MethodNotAllowed = 7,
    /// A request header that is neither listed nor admitted by a rule.
    HeaderNotAllowed = 8,
    /// A list of request headers beyond the bounds of work.
    HeadersTooMany = 9,
}

impl Rule {
    /// The rule's name, as in `origin-not-allowed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HostMissing => "host-missing",
            Self::HostMalformed => "host-malformed",
            Self::HostNotAllowed => "host-not-allowed",
            Self::OriginMalformed => "origin-malformed",
            Self::OriginNull => "origin-null",
            Self::OriginNotAllowed => "origin-not-allowed",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::HeaderNotAllowed => "header-not-allowed",
            Self::HeadersTooMany => "headers-too-many",
        }
    }

    pub(crate) const fn from_bits(bits: u32) -> Option<Self> {
        Some(match bits {
            1 => Self::HostMissing,
            2 => Self::HostMalformed,
            3 => Self::HostNotAllowed,
            4 => Self::OriginMalformed,
            5 => Self::OriginNull,
            6 => Self::OriginNotAllowed,
            7 => Self::MethodNotAllowed,
            8 => Self::HeaderNotAllowed,
            9 => Self::HeadersTooMany,
            _ => return None,
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a refusal is worded on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// `text/plain`
    Text,
    /// A JSON-RPC error without `id`, as MCP has it:
    /// <https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning>
    JsonRpc,
}

impl BodyFormat {
    /// `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::JsonRpc => "application/json",
        }
    }

    /// The body that tells of a denial.
    #[must_use]
    pub fn body(self, denial: &Denial<'_>) -> String {
        let mut body = String::with_capacity(128);
        match self {
            Self::Text => {
                // A `String` takes whatever is written to it, here and below.
                let _ = denial.write(&mut body);
                body.push('\n');
            }
            Self::JsonRpc => {
                body.push_str(r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":""#);
                let _ = denial.write(&mut JsonString(&mut body));
                body.push_str(r#""}}"#);
            }
        }
        body
    }
}

/// Escapes what an [`Excerpt`] leaves: quotes and backslashes.
struct JsonString<'a>(&'a mut String);

impl Write for JsonString<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(['"', '\\']) {
            match part.strip_suffix(['"', '\\']) {
                Some(plain) => {
                    self.0.push_str(plain);
                    self.0.push('\\');
                    self.0.extend(part.chars().next_back());
                }
                None => self.0.push_str(part),
            }
        }
        Ok(())
    }
}
