//! A [`Config`] that owns its strings: from another language, a file, the environment.

use alloc::{string::String, vec::Vec};

use crate::{
    config::Config,
    error::ConfigError,
    policy::Policy,
    policy_set::{Paths, PolicySet},
};

/// The options of [`Config`] and [`Paths`], owned. Documented there.
///
/// With the feature `serde` it reads and writes any format: unknown keys are refused, missing ones
/// are [`Config::DEFAULT`]'s.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
#[expect(missing_docs, reason = "each option is documented once, on Config and Paths")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct OwnedConfig {
    pub allow_origins: Vec<String>,
    pub allow_origin_regex: Option<String>,
    pub origins_by_host: bool,
    pub allow_methods: Vec<String>,
    pub allow_headers: Vec<String>,
    pub allow_credentials: bool,
    pub expose_headers: Vec<String>,
    pub max_age: Option<i64>,
    pub allow_hosts: Option<Vec<String>>,
    pub cluster_domain: Option<String>,
    pub denied: String,
    pub denied_body: String,
    pub preflight_status: i64,
    pub allow_private_network: bool,
    pub dangerously_allow_null_origin: bool,
    pub dangerously_allow_any_origin_with_credentials: bool,
    pub dangerously_allow_public_suffixes: bool,
    pub dangerously_allow_insecure_origins: bool,
    pub discovery_paths: Vec<String>,
    pub authorize_paths: Vec<String>,
    pub health_paths: Vec<String>,
}

impl OwnedConfig {
    /// The policies for every path.
    ///
    /// # Errors
    ///
    /// As [`PolicySet::new`].
    pub fn policy_set(&self) -> Result<PolicySet, ConfigError> {
        self.borrow(PolicySet::new)
    }

    /// The policy of all paths that are not exceptions.
    ///
    /// # Errors
    ///
    /// As [`Policy::new`].
    pub fn policy(&self) -> Result<Policy, ConfigError> {
        self.borrow(|config, _| Policy::new(config))
    }

    /// Lends the options in their borrowed form.
    pub fn borrow<R>(&self, f: impl FnOnce(&Config<'_>, &Paths<'_>) -> R) -> R {
        let hosts = self.allow_hosts.as_deref().map(strs);
        f(
            &Config {
                allow_origins: &strs(&self.allow_origins),
                allow_origin_regex: self.allow_origin_regex.as_deref(),
                origins_by_host: self.origins_by_host,
                allow_methods: &strs(&self.allow_methods),
                allow_headers: &strs(&self.allow_headers),
                allow_credentials: self.allow_credentials,
                expose_headers: &strs(&self.expose_headers),
                max_age: self.max_age,
                allow_hosts: hosts.as_deref(),
                cluster_domain: self.cluster_domain.as_deref(),
                denied: &self.denied,
                denied_body: &self.denied_body,
                preflight_status: self.preflight_status,
                allow_private_network: self.allow_private_network,
                dangerously_allow_null_origin: self.dangerously_allow_null_origin,
                dangerously_allow_any_origin_with_credentials: self
                    .dangerously_allow_any_origin_with_credentials,
                dangerously_allow_public_suffixes: self.dangerously_allow_public_suffixes,
                dangerously_allow_insecure_origins: self.dangerously_allow_insecure_origins,
            },
            &Paths {
                discovery: &strs(&self.discovery_paths),
                authorize: &strs(&self.authorize_paths),
                health: &strs(&self.health_paths),
            },
        )
    }
}

impl Default for OwnedConfig {
    fn default() -> Self {
        Self::from(Config::DEFAULT)
    }
}

impl From<Config<'_>> for OwnedConfig {
    fn from(config: Config<'_>) -> Self {
        Self {
            allow_origins: strings(config.allow_origins),
            allow_origin_regex: config.allow_origin_regex.map(String::from),
            origins_by_host: config.origins_by_host,
            allow_methods: strings(config.allow_methods),
            allow_headers: strings(config.allow_headers),
            allow_credentials: config.allow_credentials,
            expose_headers: strings(config.expose_headers),
            max_age: config.max_age,
            allow_hosts: config.allow_hosts.map(strings),
            cluster_domain: config.cluster_domain.map(String::from),
            denied: String::from(config.denied),
            denied_body: String::from(config.denied_body),
            preflight_status: config.preflight_status,
            allow_private_network: config.allow_private_network,
            dangerously_allow_null_origin: config.dangerously_allow_null_origin,
            dangerously_allow_any_origin_with_credentials: config
                .dangerously_allow_any_origin_with_credentials,
            dangerously_allow_public_suffixes: config.dangerously_allow_public_suffixes,
            dangerously_allow_insecure_origins: config.dangerously_allow_insecure_origins,
            discovery_paths: Vec::new(),
            authorize_paths: Vec::new(),
            health_paths: Vec::new(),
        }
    }
}

fn strs(strings: &[String]) -> Vec<&str> {
    strings.iter().map(String::as_str).collect()
}

fn strings(strs: &[&str]) -> Vec<String> {
    strs.iter().copied().map(String::from).collect()
}
