//! One server, several policies, by path.

use alloc::{boxed::Box, format, vec::Vec};
use core::cmp::Reverse;

use crate::{
    config::Config,
    error::{ConfigError, Fault, Problem},
    policy::Policy,
};

/// The paths of a server that are not as strict as the rest. Nothing is assumed: the author names
/// them.
///
/// An entry is a path, byte for byte as it arrives (`/healthz`), or everything below one
/// (`/.well-known/oauth-protected-resource/*`), by whole segments. A request path that contains
/// `%`, `\`, `//` or a `.` or `..` segment is no exception, whatever is listed: tricks can only be
/// judged more strictly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paths<'a> {
    /// OAuth discovery documents, `/register`, `/token`, `/revoke`: public, without credentials
    /// ([`Config::PUBLIC`]). The Host is still checked.
    pub discovery: &'a [&'a str],
    /// `/authorize`: a page to visit, never to fetch. No CORS at all. The Host is still checked.
    pub authorize: &'a [&'a str],
    /// Health probes, which call by IP address: as the rest, but the Host is not checked.
    pub health: &'a [&'a str],
}

impl Paths<'_> {
    /// No exceptions.
    pub const NONE: Paths<'static> = Paths { discovery: &[], authorize: &[], health: &[] };
}

/// A strict policy for every path, and the exceptions.
#[derive(Debug)]
pub struct PolicySet {
    /// The strict one first.
    policies: Vec<Policy>,
    /// Paths, and which of the policies holds there.
    exceptions: Vec<(Box<str>, usize)>,
}

impl PolicySet {
    /// The policy of `config` everywhere but at `paths`.
    ///
    /// # Errors
    ///
    /// All problems, as [`Policy::new`], and paths that can never match.
    pub fn new(config: &Config<'_>, paths: &Paths<'_>) -> Result<Self, ConfigError> {
        let hosts_of = |preset: Config<'static>| Config {
            allow_hosts: config.allow_hosts,
            cluster_domain: config.cluster_domain,
            denied_body: config.denied_body,
            ..preset
        };
        let mut problems = Vec::new();
        let mut policies = Vec::new();
        let mut exceptions = Vec::new();
        match Policy::new(config) {
            Ok(strict) => policies.push(strict),
            Err(error) => problems.extend_from_slice(error.problems()),
        }
        for (option, paths, config) in [
            ("discovery_paths", paths.discovery, hosts_of(Config::PUBLIC)),
            ("authorize_paths", paths.authorize, hosts_of(Config::DEFAULT)),
            ("health_paths", paths.health, Config { allow_hosts: Some(&["*"]), ..*config }),
        ] {
            for &path in paths {
                let listed = exceptions.iter().find(|(_, known, _)| *known == path);
                let checked = match listed {
                    Some((option, ..)) => {
                        Err(Fault::prohibited(format!("it is listed in {option} already")))
                    }
                    None => check(path),
                };
                match checked {
                    Ok(()) => exceptions.push((option, path, policies.len())),
                    Err(fault) => problems.push(Problem::new(option, "path", path, fault)),
                }
            }
            if problems.is_empty() && !paths.is_empty() {
                policies.push(Policy::new(&config)?);
            }
        }
        if !problems.is_empty() {
            return Err(ConfigError::new(problems));
        }
        // The first that covers a path is the most exact one.
        exceptions.sort_by_key(|(_, path, _)| (path.ends_with('*'), Reverse(path.len())));
        let exceptions =
            exceptions.into_iter().map(|(_, path, nth)| (Box::from(path), nth)).collect();
        Ok(Self { policies, exceptions })
    }

    /// The policies of an MCP server: [`Config::MCP`] with what `config` states beside it.
    ///
    /// The preset's `allow_headers` and `expose_headers` are in force, and those of `config` are
    /// added to them.
    ///
    /// ```
    /// use crossgate::{Config, Paths, PolicySet};
    ///
    /// let policies = PolicySet::mcp(
    ///     &Config {
    ///         allow_origins: &["https://app.example.com"],
    ///         allow_hosts: Some(&["mcp.example.com"]),
    ///         allow_headers: &["X-Api-Key"],
    ///         ..Config::MCP
    ///     },
    ///     &Paths { health: &["/healthz"], ..Paths::NONE },
    /// )?;
    /// # Ok::<(), crossgate::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn mcp(config: &Config<'_>, paths: &Paths<'_>) -> Result<Self, ConfigError> {
        Self::new(
            &Config {
                allow_headers: &union(Config::MCP.allow_headers, config.allow_headers),
                expose_headers: &union(Config::MCP.expose_headers, config.expose_headers),
                ..*config
            },
            paths,
        )
    }

    /// The policy for the path of a request target, as received, without the query.
    #[must_use]
    pub fn at(&self, path: &[u8]) -> &Policy {
        self.policy(self.index(path))
    }

    /// Which of [`policies`](Self::policies) holds at a path.
    #[doc(hidden)]
    #[must_use]
    pub fn index(&self, path: &[u8]) -> usize {
        if self.exceptions.is_empty() || !is_plain(path) {
            return 0;
        }
        let found = self.exceptions.iter().find(|(entry, _)| covers(entry.as_bytes(), path));
        found.map_or(0, |&(_, nth)| nth)
    }

    /// The policy of an [`index`](Self::index); the strict one of any other number.
    #[doc(hidden)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "the strict policy is always there")]
    pub fn policy(&self, nth: usize) -> &Policy {
        self.policies.get(nth).unwrap_or(&self.policies[0])
    }

    /// All policies, the strict one first: for a binding that prepares something for each.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter()
    }

    /// The strict policy's [`notes`](Policy::notes).
    #[must_use]
    pub fn notes(&self) -> &[Problem] {
        self.policy(0).notes()
    }
}

impl From<Policy> for PolicySet {
    fn from(strict: Policy) -> Self {
        Self { policies: Vec::from([strict]), exceptions: Vec::new() }
    }
}

/// The preset's names, then those that it lacks. Duplicates within `added` stay, to be noted.
pub(crate) fn union<'a>(preset: &[&'a str], added: &[&'a str]) -> Vec<&'a str> {
    let lacks = |name: &&&str| !preset.iter().any(|known| known.eq_ignore_ascii_case(name));
    preset.iter().chain(added.iter().filter(lacks)).copied().collect()
}

fn covers(entry: &[u8], path: &[u8]) -> bool {
    match entry.strip_suffix(b"*") {
        Some(folder) => path.len() > folder.len() && path.starts_with(folder),
        None => entry == path,
    }
}

/// Whether a path means the same to whoever routes it: nothing to decode, resolve or merge.
fn is_plain(path: &[u8]) -> bool {
    let mut segments = path.split(|&byte| byte == b'/');
    // A final `/` leaves an empty last segment, which no entry has.
    segments.next() == Some(b"")
        && segments.all(|segment| {
            !matches!(segment, b"" | b"." | b"..")
                && !segment.iter().any(|byte| matches!(byte, b'%' | b'\\' | b';'))
        })
}

fn check(entry: &str) -> Result<(), Fault> {
    if !entry.starts_with('/') {
        return Err(Fault::invalid("begin it with `/`"));
    }
    let path = entry.strip_suffix("/*").unwrap_or(entry);
    if path.is_empty() {
        return Err(Fault::prohibited("name the paths: this would be every path"));
    }
    if path.contains('*') {
        return Err(Fault::invalid("`*` stands for what is below a path, as in `/.well-known/*`"));
    }
    if !path.is_ascii() || path.contains([' ', '?', '#']) || !is_plain(path.as_bytes()) {
        return Err(Fault::invalid(
            "expected a plain path: without a final `/`, query, `%`, `\\`, `;`, `//`, `.` or `..`",
        ));
    }
    Ok(())
}
