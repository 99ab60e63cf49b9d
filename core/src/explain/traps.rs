//! What is not in the exchange, and misleads whoever looks at it.

use alloc::{format, string::String, vec::Vec};

use crate::{
    browser::Fetch,
    explain::{play::Played, url::Url},
    origin::{Origin, is_loopback, parse_ipv4, parse_ipv6},
    policy::Policy,
};

impl Policy {
    pub(super) fn traps(&self, fetch: &Fetch<'_>, url: &Url<'_>, played: &Played) -> Vec<String> {
        let mut traps = Vec::new();
        let seconds = self.max_age.as_deref().filter(|seconds| *seconds != "0");
        if let Some(seconds) = seconds.filter(|_| played.asked.is_some()) {
            traps.push(format!(
                "browsers keep the answer to a preflight for up to {seconds} seconds: after a change \
                 try in a new private window"
            ));
        }
        let page = Origin::parse(fetch.origin.as_bytes());
        if page.is_some_and(|page| space(page.host) < space(url.name())) {
            traps.push(String::from(
                "a page from afar that calls this machine or the local network needs the visitor's \
                 permission (Local Network Access), which no header can give",
            ));
        }
        let authorized = played.asked.iter().flatten().any(|name| name == "authorization");
        // https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
        if authorized && self.headers.value.starts_with('*') {
            traps.push(String::from(
                "`Authorization` passes because the answer names it beside `*`, which by the \
                 standard does not cover it: a proxy that rewrites the list to `*` takes it away",
            ));
        }
        if played.rule.is_some() && played.handled && played.leg() == "actual" {
            traps.push(String::from(
                "the application runs all the same: only `denied` = `reject` keeps requests from it",
            ));
        }
        traps
    }
}

/// How near an address is, so far as its name tells.
/// <https://wicg.github.io/local-network-access/#ip-address-space-section>
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Space {
    Public,
    Local,
    Loopback,
}

fn space(host: &[u8]) -> Space {
    if is_loopback(host) {
        return Space::Loopback;
    }
    let is_local = match host {
        [b'[', address @ .., b']'] => {
            parse_ipv6(address).is_some_and(|ip| ip.is_unique_local() || ip.is_unicast_link_local())
        }
        _ => {
            parse_ipv4(host).is_some_and(|ip| ip.is_private() || ip.is_link_local())
                || host.ends_with(b".local")
        }
    };
    if is_local { Space::Local } else { Space::Public }
}
