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
        TOKEN, check_prefix, check_request_header, is_forbidden_request_header, is_token,
    },
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
            let inserted = match name.strip_suffix('*') {
                Some("") => {
                    any = true;
                    continue;
                }
                Some(prefix) => check_prefix(prefix).map(|()| insert(&mut prefixes, prefix)),
                None => check_request_header(&name).map(|()| insert(&mut exact, &name)),
            };
            match inserted {
                Err(fault) => problems.push(Problem::new(OPTION, "header", header, fault)),
                Ok(false) => notes.push(Problem::new(OPTION, "header", header, Fault::duplicate())),
                Ok(true) => {
                    if is_forbidden_request_header(header) {
                        let fault = Fault::forbidden("remove it: no page can set it");
                        notes.push(Problem::new(OPTION, "header", header, fault));
                    }
                    if !name.ends_with('*') {
                        listed.push(header);
                    }
                }
            }
        }
        let covered = |name: &str| {
            let name = name.to_ascii_lowercase();
            // `*` without credentials covers every name but this one.
            (any && name != "authorization")
                || prefixes.iter().any(|prefix| name.as_bytes().starts_with(prefix))
        };
        for name in listed.iter().filter(|name| covered(name)) {
            notes.push(Problem::new(OPTION, "header", *name, Fault::redundant()));
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
        let mut elements = Elements::new(list);
        while let Some((name, lower)) = elements.next() {
            if self.find(lower).is_none() {
                return Some(name);
            }
        }
        None
    }

    /// The whole `Access-Control-Allow-Headers`, with what the policy's rules admit of `list`.
    pub(crate) fn reflected(&self, list: &[u8]) -> String {
        let mut value = self.value.clone();
        let listed = value.len();
        let mut elements = Elements::new(list);
        while let Some((name, lower)) = elements.next() {
            if self.find(lower) != Some(Admission::ByRule) {
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
    /// Increasing on both sides, so that the work is bounded by the policy, not by the
    /// request. The listed names are compared where they stand: nothing looks for commas.
    fn walk(&self, list: &[u8]) -> Option<bool> {
        let mut rest = Some(list);
        let mut expected = self.exact.as_slice();
        let mut previous: &[u8] = b"";
        let mut reflected = 0;
        while let Some(list) = rest {
            if let Some((name, tail)) = take_listed(list, &mut expected) {
                previous = name;
                rest = tail;
                continue;
            }
            // What follows is for the few: a rule's names, and Firefox, which repeats names.
            let (name, tail) = split_name(list)?;
            if name.is_empty() || name < previous || list.len() > LONGEST_TOLERATED {
                return None;
            }
            rest = tail;
            if name == previous {
                continue;
            }
            previous = name;
            reflected += 1;
            if reflected > MOST_REFLECTED || !self.admits(name) {
                return None;
            }
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
        let mut elements = Elements::new(list);
        let mut names = 0;
        while let Some((_, lower)) = elements.next() {
            names += 1;
            if names > MOST_TOLERATED {
                return Judgement { names: Names::TooMany, reflects: false };
            }
            match self.find(lower) {
                Some(Admission::Listed) => {}
                Some(Admission::ByRule) => judgement.reflects = true,
                None => judgement.names = Names::Refused,
            }
        }
        judgement
    }

    /// What admits a token in lower case; nothing admits what is none.
    #[inline]
    fn find(&self, token: Option<&[u8]>) -> Option<Admission> {
        let token = token?;
        let listed = if self.exact.len() <= FEW {
            // Most differ in their length already.
            self.exact.iter().any(|known| **known == *token)
        } else {
            self.exact.binary_search_by(|known| (**known).cmp(token)).is_ok()
        };
        if listed {
            return Some(Admission::Listed);
        }
        let longer = |prefix: &[u8]| token.len() > prefix.len() && token.starts_with(prefix);
        let by_rule = self.any || self.prefixes.iter().any(|prefix| longer(prefix));
        by_rule.then_some(Admission::ByRule)
    }

    /// Whether a rule admits a name, whose prefix is in lower case.
    fn admits(&self, name: &[u8]) -> bool {
        if self.any {
            return is_token(name);
        }
        self.prefixes.iter().filter_map(|prefix| name.strip_prefix(&**prefix)).any(is_token)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Admission {
    Listed,
    ByRule,
}

/// The first name of a sorted list, if it is one of the expected, and what is behind its comma.
/// Takes it and those before it off the expected.
fn take_listed<'l>(
    list: &'l [u8],
    expected: &mut &[Box<[u8]>],
) -> Option<(&'l [u8], Option<&'l [u8]>)> {
    while let [name, later @ ..] = *expected {
        let (head, behind) = list.split_at_checked(name.len()).unwrap_or((list, b""));
        let ordering = (**name).cmp(head);
        if ordering == Ordering::Greater {
            return None;
        }
        *expected = later;
        if ordering == Ordering::Equal {
            match behind {
                [] => return Some((head, None)),
                [b',', tail @ ..] => return Some((head, Some(tail))),
                // The beginning of a longer name, which is greater.
                _ => {}
            }
        }
    }
    None
}

/// The first name of a list, unless it is too long for one, and what is behind its comma.
fn split_name(list: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    match list.iter().take(LONGEST_NAME + 1).position(|&byte| byte == b',') {
        Some(comma) => Some((list.get(..comma)?, Some(list.get(comma + 1..)?))),
        None => (list.len() <= LONGEST_NAME).then_some((list, None)),
    }
}

/// Inserts a name, and says whether it was not there.
fn insert(names: &mut Vec<Box<[u8]>>, name: &str) -> bool {
    let new = !names.iter().any(|known| **known == *name.as_bytes());
    if new {
        names.push(name.as_bytes().into());
    }
    new
}

/// The elements of a list, without OWS and empty ones, each byte looked at once.
struct Elements<'l> {
    rest: &'l [u8],
    lower: [u8; LONGEST_NAME],
}

impl<'l> Elements<'l> {
    fn new(list: &'l [u8]) -> Self {
        Self { rest: list, lower: [0; LONGEST_NAME] }
    }

    /// An element, and the same in lower case if it is a token that a header can be named.
    #[inline]
    fn next(&mut self) -> Option<(&'l [u8], Option<&[u8]>)> {
        let start = self.rest.iter().position(|byte| !matches!(byte, b',' | b' ' | b'\t'))?;
        let list = self.rest.get(start..)?;
        let as_it_is = |&byte: &u8| TOKEN.get(usize::from(byte)) == Some(&byte);
        let short = list.get(..LONGEST_NAME).unwrap_or(list);
        let len = short.iter().position(|byte| !as_it_is(byte)).unwrap_or(short.len());
        if let (token, rest @ ([] | [b',', ..])) = list.split_at_checked(len)? {
            self.rest = rest;
            return Some((token, Some(token)));
        }
        let mut len = 0;
        for (lower, &byte) in self.lower.iter_mut().zip(list) {
            match TOKEN.get(usize::from(byte)) {
                Some(&token) if token.is_ascii() => *lower = token,
                _ => break,
            }
            len += 1;
        }
        let (token, rest) = list.split_at_checked(len)?;
        // https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3
        let end = rest.iter().position(|&byte| byte == b',').unwrap_or(rest.len());
        let (behind, rest) = rest.split_at_checked(end)?;
        self.rest = rest;
        if behind.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
            return Some((token, self.lower.get(..len)));
        }
        let mut element = list.get(..len + end)?;
        while let [trimmed @ .., b' ' | b'\t'] = element {
            element = trimmed;
        }
        Some((element, None))
    }
}

const OPTION: &str = "allow_headers";
const FEW: usize = 32;
const LONGEST_TOLERATED: usize = 1024;
const MOST_TOLERATED: usize = 32;
const MOST_REFLECTED: usize = 64;
const LONGEST_NAME: usize = 256;
