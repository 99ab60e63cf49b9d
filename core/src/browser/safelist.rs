//! Which request headers script may send, and which of them need no preflight.

use super::{Profile, is_token, trim};

/// <https://fetch.spec.whatwg.org/#header-name>, <https://fetch.spec.whatwg.org/#header-value>
pub(super) fn is_valid(name: &str, value: &[u8]) -> bool {
    is_token(name.as_bytes()) && !normalize(value).iter().any(|byte| b"\0\r\n".contains(byte))
}

/// <https://fetch.spec.whatwg.org/#concept-header-value-normalize>
pub(super) fn normalize(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..]
    | [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = value
    {
        value = rest;
    }
    value
}

/// <https://fetch.spec.whatwg.org/#forbidden-method>
pub(super) fn is_forbidden_method(method: &[u8]) -> bool {
    is_one_of(method, &["CONNECT", "TRACE", "TRACK"])
}

/// <https://fetch.spec.whatwg.org/#forbidden-request-header>
pub(super) fn is_forbidden(name: &str, value: &[u8]) -> bool {
    let name = name.as_bytes();
    let starts_with = |prefix: &[u8]| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    is_one_of(name, &FORBIDDEN)
        || starts_with(b"proxy-")
        || starts_with(b"sec-")
        || is_one_of(name, &METHOD_OVERRIDES) && members(normalize(value)).any(is_forbidden_method)
}

/// Whether `values`, all of one request header, need no preflight.
///
/// <https://fetch.spec.whatwg.org/#cors-safelisted-request-header>
pub(super) fn is_safelisted<'a>(
    name: &str,
    values: impl Iterator<Item = &'a [u8]> + Clone,
    profile: Profile,
) -> bool {
    let name = name.as_bytes();
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    if is("user-agent") {
        return profile.safelists_user_agent;
    }
    if joined_length(values.clone()) > 128 {
        return false;
    }
    let has = |unsafe_byte: fn(u8) -> bool| values.clone().flatten().copied().any(unsafe_byte);
    let fewer = profile.safelists_fewer_values;
    if is("accept") {
        !(has(is_unsafe_byte) || fewer && has(|byte| byte > 0x7f))
    } else if is("accept-language") || is("content-language") {
        !has(|byte| !byte.is_ascii_alphanumeric() && !b" *,-.;=".contains(&byte))
    } else if is("content-type") {
        let refused = fewer && has(|byte| byte > 0x7f || byte == b',');
        !refused && !has(is_unsafe_byte) && is_form_type(values)
    } else if is("range") {
        is_simple_range(values, profile.reads_range_loosely)
    } else {
        profile.safelists_client_hints && is_client_hint(name, values)
    }
}

/// The length of the values joined by `, `.
pub(super) fn joined_length<'a>(values: impl Iterator<Item = &'a [u8]>) -> usize {
    values.map(|value| value.len() + 2).sum::<usize>().saturating_sub(2)
}

/// <https://fetch.spec.whatwg.org/#cors-unsafe-request-header-byte>
fn is_unsafe_byte(byte: u8) -> bool {
    byte < 0x20 && byte != b'\t' || b"\"():<>?@[\\]{}\x7f".contains(&byte)
}

/// Whether the values, joined by `, `, are a MIME type whose essence is one that a form can send.
///
/// Neither parsing a MIME type nor its parameters need to be carried out: what stands before the
/// first `;`, less the spaces around it, has to be one of three words, else the parser fails or
/// finds another essence. With several values, a comma is part of that unless the first value
/// holds the `;`. <https://mimesniff.spec.whatwg.org/#parse-a-mime-type>
fn is_form_type<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> bool {
    let first = values.next().unwrap_or_default();
    let ends_first = first.contains(&b';') || values.next().is_none();
    let essence = first.split(|byte| *byte == b';').next().unwrap_or_default();
    ends_first
        && is_one_of(
            normalize(essence),
            &["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"],
        )
}

/// `bytes=1-` or `bytes=1-2`. <https://fetch.spec.whatwg.org/#simple-range-header-value>
fn is_simple_range<'a>(mut values: impl Iterator<Item = &'a [u8]>, loosely: bool) -> bool {
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Some((unit, range)) = value.split_at_checked(b"bytes=".len()) else {
        return false;
    };
    let mut numbers = range
        .splitn(2, |byte| *byte == b'-')
        .map(|number| number.strip_prefix(b"+").filter(|_| loosely).unwrap_or(number));
    let (Some(start), Some(end)) = (numbers.next(), numbers.next()) else {
        return false;
    };
    let is_bytes = unit == b"bytes=" || loosely && unit.eq_ignore_ascii_case(b"bytes=");
    is_bytes
        && !start.is_empty()
        && [start, end].into_iter().flatten().all(u8::is_ascii_digit)
        && (end.is_empty() || !exceeds(start, end))
}

/// Whether the first number is the greater one, however many digits they have.
fn exceeds(number: &[u8], other: &[u8]) -> bool {
    let (number, other) = (significant(number), significant(other));
    (number.len(), number) > (other.len(), other)
}

fn significant(mut digits: &[u8]) -> &[u8] {
    while let [b'0', rest @ ..] = digits {
        digits = rest;
    }
    digits
}

/// As Chromium knows them.
fn is_client_hint<'a>(name: &[u8], mut values: impl Iterator<Item = &'a [u8]>) -> bool {
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let is_integer = |number: &[u8]| !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    let is = |names: &[&str]| is_one_of(name, names);
    if is(&["save-data"]) {
        value.eq_ignore_ascii_case(b"on")
    } else if is(&["ect"]) {
        matches!(value, b"slow-2g" | b"2g" | b"3g" | b"4g")
    } else if is(&["dpr", "device-memory", "downlink"]) {
        let mut parts = value.splitn(2, |byte| *byte == b'.');
        parts.all(is_integer)
    } else {
        is(&["width", "viewport-width", "rtt"]) && is_integer(value)
    }
}

fn is_one_of(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other.as_bytes()))
}

/// <https://fetch.spec.whatwg.org/#header-value-get-decode-and-split>: commas in quotes do not
/// split.
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    value
        .split(move |byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ => {}
            }
            *byte == b',' && !quoted
        })
        .map(trim)
}

const FORBIDDEN: [&str; 21] = [
    "Accept-Charset",
    "Accept-Encoding",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Connection",
    "Content-Length",
    "Cookie",
    "Cookie2",
    "Date",
    "DNT",
    "Expect",
    "Host",
    "Keep-Alive",
    "Origin",
    "Referer",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Via",
];

const METHOD_OVERRIDES: [&str; 3] =
    ["X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override"];
