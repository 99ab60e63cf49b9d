//! Header names and what the standard says of each.
//! Source: <https://fetch.spec.whatwg.org/#terminology-headers>.

use crate::error::Fault;

/// <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>
pub(crate) fn is_token(name: &[u8]) -> bool {
    !name.is_empty()
        && name.iter().all(|&byte| TOKEN.get(usize::from(byte)).is_some_and(u8::is_ascii))
}

/// Whether a name can stand in `allow_headers`.
pub(crate) fn check_request_header(name: &str) -> Result<(), Fault> {
    if name.contains('*') {
        return Err(Fault::invalid(PREFIX_RULE));
    }
    check_token(name)?;
    if is_one_of(name, &RESPONSE_ONLY) {
        return Err(Fault::prohibited("remove it: this is a response header"));
    }
    Ok(())
}

/// A prefix rule without its `*`: `mcp-param-` for `Mcp-Param-*`.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), Fault> {
    if !is_token(prefix.as_bytes()) || prefix.contains('*') {
        return Err(Fault::invalid(PREFIX_RULE));
    }
    // `m*` admits more than anyone means, and a rule that admits everything has a name: `*`.
    match prefix.strip_suffix('-') {
        Some(words) if words.bytes().any(|byte| byte.is_ascii_alphanumeric()) => Ok(()),
        _ => Err(Fault::prohibited("end the prefix in a word and `-*`, or write `*`")),
    }
}

/// Whether a name can stand in `expose_headers`.
pub(crate) fn check_response_header(name: &str) -> Result<(), Fault> {
    if name.len() > 1 && name.contains('*') {
        return Err(Fault::invalid("name the header in full: only `*` alone stands for others"));
    }
    check_token(name)?;
    // https://fetch.spec.whatwg.org/#forbidden-response-header-name
    if is_one_of(name, &["set-cookie", "set-cookie2"]) {
        return Err(Fault::forbidden("remove it: no page can read it"));
    }
    if is_one_of(name, &REQUEST_ONLY) {
        return Err(Fault::prohibited("remove it: this is a request header"));
    }
    if is_one_of(name, &PREFLIGHT_ONLY) {
        return Err(Fault::prohibited("remove it: it is for the browser, not for the page"));
    }
    Ok(())
}

/// <https://fetch.spec.whatwg.org/#forbidden-request-header>: no page can set it.
pub(crate) fn is_forbidden_request_header(name: &str) -> bool {
    let starts = |prefix: &str| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    is_one_of(name, &FORBIDDEN) || starts("proxy-") || starts("sec-")
}

/// <https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name>: readable anyway.
pub(crate) fn is_safelisted_response_header(name: &str) -> bool {
    is_one_of(
        name,
        &[
            "cache-control",
            "content-language",
            "content-length",
            "content-type",
            "expires",
            "last-modified",
            "pragma",
        ],
    )
}

fn check_token(name: &str) -> Result<(), Fault> {
    if name.contains([',', ' ']) {
        return Err(Fault::invalid("write one header name an entry"));
    }
    if !is_token(name.as_bytes()) {
        return Err(Fault::invalid("expected a header name such as `Content-Type`"));
    }
    Ok(())
}

fn is_one_of(name: &str, lower_case_names: &[&str]) -> bool {
    lower_case_names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

const PREFIX_RULE: &str = "expected a prefix rule such as `Mcp-Param-*`";

const FORBIDDEN: [&str; 21] = [
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

const RESPONSE_ONLY: [&str; 6] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
    "access-control-expose-headers",
];

const REQUEST_ONLY: [&str; 3] =
    ["origin", "access-control-request-method", "access-control-request-headers"];

const PREFLIGHT_ONLY: [&str; 3] =
    ["access-control-allow-methods", "access-control-allow-headers", "access-control-max-age"];

/// The lower case of each byte of a token, and for every other a byte that is neither ASCII nor
/// itself. A table, for it is asked once a byte of a hostile list.
pub(crate) static TOKEN: [u8; 256] = {
    let mut table = [0xff; 256];
    table[0xff] = 0xfe;
    let mut rest: &[u8] =
        b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    while let [byte, behind @ ..] = rest {
        #[expect(clippy::indexing_slicing, reason = "a byte, into 256")]
        let lower = &mut table[*byte as usize];
        *lower = byte.to_ascii_lowercase();
        rest = behind;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_the_standard_says() {
        for byte in 0..=u8::MAX {
            let token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            assert_eq!(is_token(&[byte]), token, "{byte}");
            let unchanged = TOKEN[usize::from(byte)] == byte;
            assert_eq!(unchanged, token && !byte.is_ascii_uppercase(), "{byte}");
        }
    }
}
