//! Public suffixes: names under which strangers register, so that a wildcard over one admits them.
//!
//! The rules are those of the Public Suffix List, <https://publicsuffix.org/list/>, its ICANN and
//! its private part alike. They stand in `public_suffix.bin` as an automaton that reads a name
//! from its end; `scripts/public-suffix` makes that file and describes its bytes.

/// Whether `domain` is a public suffix: `co.uk`, `github.io`, and any single label, by the list's
/// default rule, but for `localhost`, which no one can register.
///
/// `domain` is lower-case ASCII without a leading dot; one trailing dot is ignored.
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let Some((_, parent)) = domain.split_once('.') else {
        return !domain.is_empty() && domain != "localhost";
    };
    let Some(below) = after(parent).and_then(|node| follow(node, b'.')) else {
        return false;
    };
    let name = domain.bytes().rev().skip(parent.len() + 1);
    match walk(below, name) {
        // An exception rule prevails over every other: https://github.com/publicsuffix/list/wiki/Format
        Some(node) if follow(node, b'!').is_some() => false,
        Some(node) if is_rule(node) => true,
        _ => follow(below, b'*').is_some_and(is_rule),
    }
}

/// Whether a name below `domain` is a public suffix: `s3.amazonaws.com` is, so a wildcard over
/// `amazonaws.com` admits strangers although `amazonaws.com` is no suffix itself.
pub(crate) fn has_public_suffix_below(domain: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    !domain.is_empty() && after(domain).and_then(|node| follow(node, b'.')).is_some()
}

/// A node of the automaton: where its first edge stands in [`TABLE`].
type Node = usize;

/// The node reached by reading `domain` from its end, if a rule ends like it.
fn after(domain: &str) -> Option<Node> {
    walk(ROOT, domain.bytes().rev())
}

fn walk(from: Node, bytes: impl IntoIterator<Item = u8>) -> Option<Node> {
    bytes.into_iter().try_fold(from, follow)
}

/// The node that `node`'s edge for `byte` leads to.
fn follow(node: Node, byte: u8) -> Option<Node> {
    let symbol = match byte {
        b'a'..=b'z' => byte - b'a' + 1,
        b'0'..=b'9' => byte - b'0' + 27,
        b'-' => 37,
        b'.' => 38,
        b'*' => 39,
        b'!' => 40,
        _ => return None,
    };
    edge(node, symbol)
}

/// Whether the bytes read on the way to `node` are a whole rule.
fn is_rule(node: Node) -> bool {
    edge(node, END).is_some()
}

/// Where `node`'s edge for `symbol` leads.
fn edge(node: Node, symbol: u8) -> Option<Node> {
    let mut at = node;
    loop {
        let byte = *TABLE.get(at)?;
        at += 1;
        let has_distance = byte & SYMBOL != END && byte & ADJACENT == 0;
        let distance = if has_distance { read_distance(&mut at)? } else { 0 };
        if byte & SYMBOL == symbol {
            return at.checked_add(distance);
        }
        if byte & LAST != 0 {
            return None;
        }
    }
}

fn read_distance(at: &mut usize) -> Option<usize> {
    let mut distance = 0;
    for shift in [0, 7, 14, 21] {
        let byte = *TABLE.get(*at)?;
        *at += 1;
        distance |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(distance);
        }
    }
    None
}

static TABLE: &[u8] = include_bytes!("public_suffix.bin");

/// The automaton begins behind the NUL that closes the file's header.
const ROOT: Node = {
    let mut rest: &[u8] = include_bytes!("public_suffix.bin");
    let size = rest.len();
    while let [1..=u8::MAX, behind @ ..] = rest {
        rest = behind;
    }
    size - rest.len() + 1
};

const END: u8 = 0;
const SYMBOL: u8 = 0x3f;
const LAST: u8 = 0x40;
const ADJACENT: u8 = 0x80;

#[cfg(test)]
mod tests {
    extern crate std;

    use std::{collections::BTreeSet, format, fs, println, string::String, vec::Vec};

    use super::*;
    use crate::punycode;

    #[test]
    fn knows_what_strangers_register_under() {
        for domain in [
            "com",
            "com.",
            "co.uk",
            "uk.com",
            "k12.ak.us",
            "ide.kyoto.jp",
            "github.io",
            "vercel.app",
            "netlify.app",
            "pages.dev",
            "web.app",
            "herokuapp.com",
            "s3.amazonaws.com",
            "s3-website.eu-central-1.amazonaws.com",
            "ck",
            "anything.ck",
            "c.kobe.jp",
            "eu-west-1.compute.amazonaws.com",
            "z-1.compute-1.amazonaws.com.",
            "xn--55qx5d.cn",
            "xn--fiqs8s",
            "intranet",
            "example",
        ] {
            assert!(is_public_suffix(domain), "{domain}");
        }
    }

    #[test]
    fn knows_what_has_one_owner() {
        for domain in [
            "",
            ".",
            "localhost",
            "localhost.",
            "app.localhost",
            "example.com",
            "example.com.",
            "example.co.uk",
            "xco.uk",
            "octocat.github.io",
            "www.ck",
            "www.www.ck",
            "city.kobe.jp",
            "b.c.kobe.jp",
            "kobe.jp",
            "amazonaws.com",
            "compute.amazonaws.com",
            "bucket.s3.amazonaws.com",
            "xn--85x722f.xn--55qx5d.cn",
            "example.intranet",
            "CO.UK",
            "a..com",
            "a.!ck",
            "b\u{fc}cher.example",
        ] {
            assert!(!is_public_suffix(domain), "{domain}");
        }
    }

    #[test]
    fn knows_owned_names_with_public_suffixes_below() {
        for domain in ["amazonaws.com", "amazonaws.com.", "compute.amazonaws.com", "kobe.jp", "uk"]
        {
            assert!(has_public_suffix_below(domain), "{domain}");
        }
        for domain in ["", "example.com", "github.io", "mazonaws.com", "s.com", "localhost"] {
            assert!(!has_public_suffix_below(domain), "{domain}");
        }
    }

    #[test]
    fn stays_below_the_size_it_may_cost() {
        assert!(TABLE.len() <= 100_000, "{} bytes", TABLE.len());
    }

    /// `scripts/public-suffix --fetch` writes the list there.
    #[test]
    fn agrees_with_the_list_it_was_made_from() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/public_suffix_list.dat");
        let Ok(list) = fs::read_to_string(path) else {
            println!("SKIPPED: no list at {path}; scripts/public-suffix --fetch writes it");
            return;
        };
        let version = list.lines().find_map(|line| line.strip_prefix("// VERSION: ")).unwrap();
        let header = String::from_utf8_lossy(&TABLE[..ROOT]);
        assert!(header.contains(version), "the table is not of the list at {path}");

        let rules: BTreeSet<String> = list
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .filter(|rule| !rule.starts_with("//"))
            .map(|rule| punycode::to_ascii(rule).unwrap())
            .collect();
        assert!(header.contains(&format!("{} rules", rules.len())));
        for rule in &rules {
            let name = rule.trim_start_matches('!').replace('*', "any");
            for domain in
                [name.clone(), format!("x.{name}"), format!("x{name}"), format!("a.b.{name}")]
            {
                assert_eq!(is_public_suffix(&domain), by_the_list(&rules, &domain), "{domain}");
            }
            let mut parent = name.as_str();
            while let Some((_, above)) = parent.split_once('.') {
                parent = above;
                assert!(has_public_suffix_below(parent), "{parent} above {rule}");
                assert_eq!(is_public_suffix(parent), by_the_list(&rules, parent), "{parent}");
            }
        }
    }

    /// The algorithm as the list's own page words it.
    fn by_the_list(rules: &BTreeSet<String>, domain: &str) -> bool {
        let labels: Vec<&str> = domain.split('.').collect();
        let matching = |length: usize| {
            let tail = labels[labels.len() - length..].join(".");
            let starred = tail.replacen(labels[labels.len() - length], "*", 1);
            if rules.contains(&format!("!{tail}")) {
                Some(length - 1)
            } else if rules.contains(&tail) || rules.contains(&starred) {
                Some(length)
            } else {
                None
            }
        };
        let exception = (1..=labels.len()).find_map(|n| matching(n).filter(|found| *found < n));
        let longest = (1..=labels.len()).rev().find_map(matching);
        exception.or(longest).unwrap_or(1) == labels.len()
    }
}
