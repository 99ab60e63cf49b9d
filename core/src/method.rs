//! Methods. Source: <https://fetch.spec.whatwg.org/#methods>.

use alloc::{boxed::Box, string::String, vec::Vec};

use crate::{
    error::{Fault, Problem},
    header_name::is_token,
};

/// The methods a policy allows, and the header that says so.
#[derive(Debug)]
pub(crate) struct MethodSet {
    names: Vec<Box<[u8]>>,
    any: bool,
    /// `Access-Control-Allow-Methods`; empty when there is nothing to list.
    pub(crate) value: String,
}

impl MethodSet {
    pub(crate) fn parse(
        methods: &[&str],
        credentials: bool,
        problems: &mut Vec<Problem>,
        notes: &mut Vec<Problem>,
    ) -> Self {
        let mut names: Vec<&str> = Vec::new();
        let mut any = false;
        for &method in methods {
            if method == "*" {
                any = true;
            } else if let Err(fault) = check(method) {
                problems.push(Problem::new(OPTION, "method", method, fault));
            } else if names.contains(&method) {
                notes.push(Problem::new(OPTION, "method", method, Fault::duplicate()));
            } else {
                names.push(method);
            }
        }
        if any {
            for name in &names {
                notes.push(Problem::new(OPTION, "method", *name, Fault::redundant()));
            }
        }
        // With credentials browsers take `*` for the name of a method:
        // https://fetch.spec.whatwg.org/#cors-protocol-and-credentials
        if any && credentials {
            for method in STANDARD {
                if !names.contains(&method) {
                    names.push(method);
                }
            }
            names.sort_unstable();
        }
        let value = if any && !credentials { String::from("*") } else { names.join(", ") };
        Self { names: names.iter().map(|&name| Box::from(name.as_bytes())).collect(), any, value }
    }

    /// Compares bytes, for browsers do: <https://fetch.spec.whatwg.org/#concept-method-normalize>
    /// changes the case of six methods only.
    pub(crate) fn allows(&self, method: &[u8]) -> bool {
        self.lists(method)
            || (self.any && is_token(method) && !is_forbidden(method))
            // A resource that has GET has HEAD: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2
            || (method == b"HEAD" && self.lists(b"GET"))
    }

    /// Whether an allowed method must be added to the list for the browser to find it there.
    pub(crate) fn must_reflect(&self, method: &[u8]) -> bool {
        self.any && self.value != "*" && !self.lists(method) && self.allows(method)
    }

    fn lists(&self, method: &[u8]) -> bool {
        self.names.iter().any(|name| **name == *method)
    }
}

/// <https://fetch.spec.whatwg.org/#cors-safelisted-method>: no list can keep a page from using it.
pub(crate) fn is_safelisted(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"POST")
}

/// <https://fetch.spec.whatwg.org/#forbidden-method>
fn is_forbidden(method: &[u8]) -> bool {
    [b"CONNECT".as_slice(), b"TRACE", b"TRACK"]
        .iter()
        .any(|forbidden| forbidden.eq_ignore_ascii_case(method))
}

fn check(method: &str) -> Result<(), Fault> {
    if is_forbidden(method.as_bytes()) {
        return Err(Fault::forbidden("remove it: no page can send it"));
    }
    if method.contains([',', ' ']) {
        return Err(Fault::invalid("write one method an entry"));
    }
    if method.contains('*') {
        return Err(Fault::invalid("write `*` for any method, or name the methods"));
    }
    if !is_token(method.as_bytes()) {
        return Err(Fault::invalid("expected a token such as `PUT`"));
    }
    match STANDARD.iter().find(|standard| standard.eq_ignore_ascii_case(method)) {
        Some(standard) if *standard != method => {
            Err(Fault::invalid(alloc::format!("methods are case-sensitive: write `{standard}`")))
        }
        _ => Ok(()),
    }
}

const OPTION: &str = "allow_methods";
const STANDARD: [&str; 8] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"];
