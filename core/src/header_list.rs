//! `Access-Control-Allow-Headers` against `Access-Control-Request-Headers`.
//!
//! Browsers send the names in lower case, sorted, unique and joined by commas
//! (<https://fetch.spec.whatwg.org/#cors-preflight-fetch>): one merge walk decides those. People
//! with curl and intermediaries do not, and Firefox repeats names: one bounded tolerant pass decides
//! the rest. Neither allocates.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::cmp::Ordering;

use crate::{
    error::{Fault, Problem},
    header_name::{
        check_prefix, check_request_header, is_forbidden_request_header, is_token, is_token_byte,
    },
    method::duplicate,
};

/// The request headers a policy allows, and the header that says so.
#[derive(Debug)]
pub(crate) struct HeaderSet {
    /// Lower case, sorted.
    exact: Vec<Box<[u8]>>,
    /// Lower case.
    prefixes: Vec<Box<[u8]>>,
    any: bool,
    /// `Access-Control-Allow-Headers` without what is reflected; empty when there is nothing to list.
    pub(crate) value: String,
}

/// What a policy says of a list of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) names: Names,
    /// Whether some of the names are admitted by a rule only, and must be named in the answer.
    pub(crate) reflects: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    Allowed,
    Refused,
    TooMany,
}

impl HeaderSet {
    pub(crate) fn parse(
        headers: &[&str],
        credentials: bool,
        problems: &mut Vec<Problem>,
        notes: &mut Vec<Problem>,
    ) -> Self {
        let mut listed: Vec<&str> = Vec::new();
        let mut exact: Vec<Box<[u8]>> = Vec::new();
        let mut prefixes: Vec<Box<[u8]>> = Vec::new();
        let mut any = false;
        for &header in headers {
            let name = header.to_ascii_lowercase();
            if header == "*" {
                any = true;
                continue;
            }
            let known = match header.strip_suffix('*') {
                Some(prefix) => match check_prefix(prefix) {
                    Ok(()) => {
                        let prefix = name.trim_end_matches('*').as_bytes();
                        insert(&mut prefixes, prefix)
                    }
                    Err(fault) => {
                        problems.push(Problem::new(OPTION, "header", header, fault));
                        continue;
                    }
                },
                None => match check_request_header(header) {
                    Ok(()) => insert(&mut exact, name.as_bytes()),
                    Err(fault) => {
                        problems.push(Problem::new(OPTION, "header", header, fault));
                        continue;
                    }
                },
            };
            if !known {
                notes.push(Problem::new(OPTION, "header", header, duplicate()));
            } else if is_forbidden_request_header(header) {
                let fault = Fault::forbidden("remove it: no page can set it");
                notes.push(Problem::new(OPTION, "header", header, fault));
            }
            if known && !header.ends_with('*') {
                listed.push(header);
            }
        }
        exact.sort_unstable();
        let value = if any && !credentials {
            // The standard's `*` does not cover this one:
            // https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
            String::from("*, authorization")
        } else {
            listed.join(", ")
        };
        Self { exact, prefixes, any, value }
    }

    /// Decides a list; absent and empty lists are the same.
    pub(crate) fn judge(&self, list: &[u8]) -> Judgement {
        if list.is_empty() || self.is_constant_any() {
            return Judgement { names: Names::Allowed, reflects: false };
        }
        match self.walk(list) {
            Some(reflects) => Judgement { names: Names::Allowed, reflects },
            None => self.tolerate(list),
        }
    }

    /// The first name that is not allowed.
    pub(crate) fn first_refused<'l>(&self, list: &'l [u8]) -> Option<&'l [u8]> {
        elements(list).find(|name| !self.lists(name) && !self.admits(name))
    }

    /// The whole `Access-Control-Allow-Headers`, with what the policy's rules admit of `list`.
    pub(crate) fn reflected(&self, list: &[u8]) -> String {
        let mut value = self.value.clone();
        let listed = value.len();
        for name in elements(list).take(MOST_REFLECTED) {
            if self.lists(name) || !self.admits(name) {
                continue;
            }
            let Ok(name) = core::str::from_utf8(name) else { continue };
            let reflected = value.get(listed..).unwrap_or_default();
            if !reflected.split(", ").any(|earlier| earlier.eq_ignore_ascii_case(name)) {
                if !value.is_empty() {
                    value.push_str(", ");
                }
                value.push_str(name);
            }
        }
        value
    }

    /// `*` without credentials: a constant, whatever is asked.
    fn is_constant_any(&self) -> bool {
        self.any && self.value.starts_with('*')
    }

    /// The list as browsers send it, against the names in one walk. `None`: not so, or not allowed.
    ///
    /// Strictly increasing on both sides, so that the work is bounded by the policy, not by the
    /// request. The listed names are compared where they stand: nothing looks for commas.
    fn walk(&self, list: &[u8]) -> Option<bool> {
        let mut rest = Some(list);
        let mut expected = self.exact.as_slice();
        let mut previous: &[u8] = b"";
        let mut reflected = 0;
        while let Some(list) = rest {
            if take_listed(list, &mut expected, &mut rest) {
                continue;
            }
            let (name, tail) = split_name(list)?;
            reflected += 1;
            if name <= previous || reflected > MOST_REFLECTED || !self.admits(name) {
                return None;
            }
            previous = name;
            rest = tail;
        }
        Some(reflected > 0)
    }

    /// Any case and order, OWS, empty elements, duplicates
    /// (<https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1>), up to a limit.
    fn tolerate(&self, list: &[u8]) -> Judgement {
        let mut judgement = Judgement { names: Names::Allowed, reflects: false };
        if list.len() > LONGEST_TOLERATED {
            return Judgement { names: Names::TooMany, reflects: false };
        }
        for (nth, name) in elements(list).enumerate() {
            if nth == MOST_TOLERATED {
                return Judgement { names: Names::TooMany, reflects: false };
            }
            if self.lists(name) {
                continue;
            }
            if self.admits(name) {
                judgement.reflects = true;
            } else {
                judgement.names = Names::Refused;
            }
        }
        judgement
    }

    /// Whether a name, in any case, is one of the exact ones.
    fn lists(&self, name: &[u8]) -> bool {
        self.exact.binary_search_by(|known| cmp_ignoring_case(known, name)).is_ok()
    }

    /// Whether a rule admits a name, in any case.
    fn admits(&self, name: &[u8]) -> bool {
        if name.len() > LONGEST_NAME {
            return false;
        }
        if self.any {
            return is_token(name);
        }
        self.prefixes.iter().any(|prefix| {
            name.split_at_checked(prefix.len()).is_some_and(|(start, rest)| {
                start.eq_ignore_ascii_case(prefix)
                    && !rest.is_empty()
                    && rest.iter().all(|&byte| is_token_byte(byte))
            })
        })
    }
}

/// Whether the first name of a sorted list is one of the expected. Takes those up to it off the
/// expected, and leaves in `rest` what is behind its comma.
fn take_listed<'l>(
    list: &'l [u8],
    expected: &mut &[Box<[u8]>],
    rest: &mut Option<&'l [u8]>,
) -> bool {
    while let [name, later @ ..] = *expected {
        let (head, behind) = list.split_at_checked(name.len()).unwrap_or((list, b""));
        match (**name).cmp(head) {
            Ordering::Greater => return false,
            Ordering::Less => *expected = later,
            Ordering::Equal => {
                *expected = later;
                *rest = match behind {
                    [] => None,
                    [b',', tail @ ..] => Some(tail),
                    // The beginning of a longer name, which is greater.
                    _ => continue,
                };
                return true;
            }
        }
    }
    false
}

/// The first name of a list, unless it is too long for one, and what is behind its comma.
fn split_name(list: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    match list.iter().take(LONGEST_NAME + 1).position(|&byte| byte == b',') {
        Some(comma) => Some((list.get(..comma)?, Some(list.get(comma + 1..)?))),
        None => (list.len() <= LONGEST_NAME).then_some((list, None)),
    }
}

/// Inserts a name unless it is there.
fn insert(names: &mut Vec<Box<[u8]>>, name: &[u8]) -> bool {
    let new = !names.iter().any(|known| **known == *name);
    if new {
        names.push(name.into());
    }
    new
}

/// The elements of a list, without OWS and empty ones.
fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&byte| byte == b',').map(trim).filter(|name| !name.is_empty())
}

/// <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3>
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

fn cmp_ignoring_case(lower: &[u8], name: &[u8]) -> Ordering {
    lower.iter().copied().cmp(name.iter().map(u8::to_ascii_lowercase))
}

const OPTION: &str = "allow_headers";
const LONGEST_TOLERATED: usize = 1024;
const MOST_TOLERATED: usize = 32;
const MOST_REFLECTED: usize = 64;
const LONGEST_NAME: usize = 256;
