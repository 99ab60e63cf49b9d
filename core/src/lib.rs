//! One policy, written once, decides every cross-origin question a web server is asked: may this
//! page call me, which headers may it send and read, is this Host really mine, and what do I say
//! when the answer is no.
//!
//! ```text
//! options → Config → Policy::new → Policy ──┐
//!                                           ▼
//! request → Request → classify → Exchange → Policy::decide → Decision → response
//! ```
//!
//! ```
//! use crossgate::{Config, Decision, Policy, Request};
//!
//! let policy = Policy::new(&Config {
//!     allow_origins: &["https://app.example.com", "https://*.example.org", "http://localhost:*"],
//!     ..Config::DEFAULT
//! })?;
//! let request = Request {
//!     method: b"GET",
//!     path: b"/",
//!     origin: Some(b"https://app.example.com"),
//!     ..Request::default()
//! };
//! match policy.decide(&request) {
//!     Decision::Respond(_) => unreachable!("this is not a preflight"),
//!     Decision::Continue(answer) => {
//!         let headers: Vec<_> = answer.headers().collect();
//!         assert_eq!(
//!             headers,
//!             [("access-control-allow-origin", "https://app.example.com".into())]
//!         );
//!         assert_eq!(answer.vary(), Some("Origin"));
//!     }
//! }
//! # Ok::<(), crossgate::ConfigError>(())
//! ```
//!
//! The core does no I/O, reads no clock, calls nothing back and knows no framework. Deciding
//! neither allocates nor panics, whatever a request contains.
//!
//! # Features
//!
//! A feature adds API and never changes an answer. Without any, the crate is `no_std` and needs
//! `alloc`.
//!
//! | feature | adds |
//! |---|---|
//! | `std` (default) | lets the dependencies of other features use `std` |
//! | `regex` | [`Config::allow_origin_regex`] |
//! | `explain` | `Policy::explain`: why a page cannot use a server, for people |
//! | `http` | decisions on the types of the `http` crate |
//! | `tower` | a layer for axum, rmcp and anything else that speaks `tower` |
//! | `serde` | [`OwnedConfig`] in configuration files |
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(all(doctest, feature = "tower"))]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../README.md")]
struct Readmes;

pub mod browser;
mod cluster;
mod config;
mod denial;
mod error;
#[cfg(feature = "explain")]
mod explain;
mod header_list;
mod header_name;
mod host;
mod host_rules;
#[cfg(feature = "http")]
pub mod http;
mod method;
mod origin;
mod origin_set;
mod owned_config;
mod pattern;
mod policy;
mod policy_set;
mod preset;
mod public_suffix;
mod punycode;
#[cfg(feature = "regex")]
mod regex;
mod request;
mod response;
mod table;
#[cfg(feature = "tower")]
pub mod tower;
mod verdict;

pub use config::Config;
pub use denial::{BodyFormat, Denial, Rule};
pub use error::{ConfigError, Problem, Reason};
#[cfg(feature = "explain")]
pub use explain::{Explanation, InBrowser};
pub use owned_config::OwnedConfig;
pub use policy::Policy;
pub use policy_set::{Paths, PolicySet};
pub use request::{Exchange, Request};
pub use response::{Answer, Decision};
#[doc(hidden)]
pub use verdict::{Outcome, Verdict};
