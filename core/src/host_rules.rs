//! Rules by host name: `localhost` on any port, everything below `example.com`.

use alloc::{boxed::Box, vec::Vec};

use crate::{pattern::Port, table::Table};

/// Hosts, each with what else must be so. A host is compared as a whole, a `.example.com` as what
/// the name ends in: there is nothing between the two to get wrong.
#[derive(Debug, Default)]
pub(crate) struct HostRules {
    keys: Vec<Box<[u8]>>,
    rules: Vec<Vec<Rule>>,
    /// Many keys: the table, and for each of its slots the index of its rules.
    index: Option<(Table, Vec<usize>)>,
    /// A bit for each number of labels that a `.example.com` has.
    depths: u128,
}

#[derive(Debug, PartialEq, Eq)]
struct Rule {
    scheme: Box<[u8]>,
    port: Port,
}

impl HostRules {
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Adds a rule, unless it is there.
    pub(crate) fn insert(&mut self, host: &[u8], scheme: &[u8], port: Port) -> bool {
        let rule = Rule { scheme: scheme.into(), port };
        let known = self.keys.iter().position(|key| **key == *host);
        if let Some(rules) = known.and_then(|at| self.rules.get_mut(at)) {
            let new = !rules.contains(&rule);
            if new {
                rules.push(rule);
            }
            return new;
        }
        self.keys.push(host.into());
        self.rules.push(Vec::from([rule]));
        true
    }

    /// Prepares the look-up, when all rules are in.
    pub(crate) fn index(&mut self) {
        for key in self.keys.iter().filter(|key| key.starts_with(b".")) {
            self.depths |= 1_u128.checked_shl(depth(key)).unwrap_or(0);
        }
        if self.keys.len() > FEW {
            let (table, positions) = Table::build(&self.keys);
            let size = positions.iter().max().map_or(0, |most| most + 1);
            let mut by_slot = alloc::vec![usize::MAX; size];
            for (nth, position) in positions.into_iter().enumerate() {
                if let Some(slot) = by_slot.get_mut(position) {
                    *slot = nth;
                }
            }
            self.index = Some((table, by_slot));
        }
    }

    /// Whether a well-formed host in lower case, with this scheme and port, is admitted.
    pub(crate) fn admit(&self, host: &[u8], scheme: &[u8], port: Option<u16>) -> bool {
        let holds = |rules: &Vec<Rule>| {
            rules.iter().any(|rule| *rule.scheme == *scheme && rule.port.admits(port))
        };
        let Some((table, by_slot)) = &self.index else {
            return self
                .keys
                .iter()
                .zip(&self.rules)
                .any(|(key, rules)| covers(key, host) && holds(rules));
        };
        let find = |key: &[u8]| {
            let rules = self.rules.get(*by_slot.get(table.find(key)?)?)?;
            holds(rules).then_some(())
        };
        // A key with a leading dot is no host.
        let whole = (!host.starts_with(b".")).then(|| find(host)).flatten();
        whole.is_some() || self.parents(host).any(|parent| find(parent).is_some())
    }

    /// The `.example.com` of `a.b.example.com`, at the depths that occur.
    fn parents<'h>(&self, host: &'h [u8]) -> impl Iterator<Item = &'h [u8]> {
        let dots = host.iter().enumerate().skip(1).filter(|&(_, &byte)| byte == b'.');
        let mut depth = depth(host);
        dots.filter_map(move |(at, _)| {
            let wanted = 1_u128.checked_shl(depth).unwrap_or(0) & self.depths != 0;
            depth = depth.saturating_sub(1);
            wanted.then(|| host.get(at..)).flatten()
        })
    }
}

fn covers(key: &[u8], host: &[u8]) -> bool {
    if key.first() == Some(&b'.') {
        host.len() > key.len() && host.ends_with(key)
    } else {
        host == key
    }
}

fn depth(host: &[u8]) -> u32 {
    host.iter().map(|&byte| u32::from(byte == b'.')).sum()
}

const FEW: usize = 4;

#[cfg(test)]
mod tests {
    use alloc::{format, vec::Vec};

    use super::*;

    #[test]
    fn a_few_rules_and_many_agree() {
        let mut few = HostRules::default();
        let mut many = HostRules::default();
        for rules in [&mut few, &mut many] {
            rules.insert(b".example.com", b"https", Port::One(None));
            rules.insert(b"localhost", b"http", Port::Any);
            rules.insert(b".a.b.example", b"https", Port::Any);
        }
        for n in 0..100 {
            many.insert(format!(".t{n}.test").as_bytes(), b"https", Port::Any);
        }
        few.index();
        many.index();
        let mut admitted = Vec::new();
        for host in [
            "app.example.com",
            "a.b.c.example.com",
            "example.com",
            "evilexample.com",
            ".example.com",
            "localhost",
            "a.localhost",
            "a.b.example",
            "x.a.b.example",
            "example.com.evil",
        ] {
            for scheme in ["http", "https"] {
                for port in [None, Some(8080)] {
                    let verdict = few.admit(host.as_bytes(), scheme.as_bytes(), port);
                    assert_eq!(verdict, many.admit(host.as_bytes(), scheme.as_bytes(), port));
                    if verdict {
                        admitted.push((host, scheme, port));
                    }
                }
            }
        }
        assert_eq!(
            admitted,
            [
                ("app.example.com", "https", None),
                ("a.b.c.example.com", "https", None),
                ("localhost", "http", None),
                ("localhost", "http", Some(8080)),
                ("x.a.b.example", "https", None),
                ("x.a.b.example", "https", Some(8080)),
            ]
        );
    }
}
