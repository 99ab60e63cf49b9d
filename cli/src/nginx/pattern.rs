//! Entries of a policy as nginx's expressions, which compare with case and as a whole.

/// Labels of a host, each of at most 63 bytes.
const LABELS: &str = r"(?:[a-z0-9_-]{1,63}\.)+";
/// A host of any origin: names, or IPv6 in brackets.
const HOST: &str = r"(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])";
/// 1 to 65535.
const PORT: &str = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|\
                    655[0-2][0-9]|6553[0-5])";
/// <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>, where case does not count.
const TOKEN: &str = "[-!#$%&'*+.^_`|~0-9a-z]+";

/// The expression of an origin.
pub(super) fn origin(entry: &str) -> String {
    let Some((scheme, rest)) = entry.split_once("://") else {
        return String::from("^$");
    };
    let scheme = escape(scheme);
    if rest == "*" {
        return format!("^{scheme}://{HOST}(?::{PORT})?$");
    }
    let (host, port) = match rest.strip_suffix(":*") {
        // A browser leaves out the port that is the scheme's own.
        Some(host) => {
            let default = match &*scheme {
                "http" => "(?!80$)",
                "https" => "(?!443$)",
                _ => "",
            };
            (host, format!("(?::{default}{PORT})?"))
        }
        None => (rest, String::new()),
    };
    match host.strip_prefix("*.") {
        Some(parent) => format!("^{scheme}://{LABELS}{}{port}$", escape(parent)),
        None => format!("^{scheme}://{}{port}$", escape(host)),
    }
}

/// An origin that the entry admits.
pub(super) fn example(entry: &str) -> String {
    match entry {
        "*" => String::from("https://x.example"),
        _ => entry.replace("://*.", "://x.").replace(":*", "").replace("://*", "://x"),
    }
}

/// The expression of a list of names that may all be sent, if the list itself cannot say so.
pub(super) fn names(listed: &[String], credentials: bool) -> Option<String> {
    let is_any = listed.iter().any(|name| name == "*");
    if !(is_any && credentials || listed.iter().any(|name| name.ends_with("-*"))) {
        return None;
    }
    let names: Vec<String> = listed
        .iter()
        .map(|name| match (name.as_str(), name.strip_suffix('*')) {
            ("*", _) => TOKEN.to_owned(),
            (_, Some(prefix)) => escape(&prefix.to_ascii_lowercase()) + TOKEN,
            (name, None) => escape(&name.to_ascii_lowercase()),
        })
        .collect();
    Some(format!("^(?:(?:{})(?:,(?=.)|$))+$", names.join("|")))
}

/// Only what a token or an origin can hold arrives here.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if r".*+?^$|()[]{}\".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
