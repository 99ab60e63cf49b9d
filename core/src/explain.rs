//! Feature `explain`: what a policy makes of a page's request, and how to make it otherwise.
//!
//! The request is played through: the browser's preflight, the policy's answer to it, the actual
//! request, the answer to that, as the model of [`browser`](crate::browser) judges them. This is the
//! one text that may show configured values: it is for the server's author, not for the page.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{
    browser::{Fetch, Profile, console::Engine},
    denial::Rule,
    policy::Policy,
    policy_set::PolicySet,
};

mod fix;
mod play;
mod traps;
mod url;

use play::Played;
use url::Url;

/// Why a page can or cannot use a server, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Explanation {
    /// Whether the page gets the application's answer, by the standard.
    pub allowed: bool,
    /// On which request it fails: `script`, `preflight` or `actual`; `actual` when it does not.
    pub leg: &'static str,
    /// The policy's rule that refuses, as in `origin-not-allowed`.
    pub rule: Option<&'static str>,
    /// The sentence that the server says of it.
    pub denial: Option<String>,
    /// The browser's reason, as in `missing-allow-origin`; `None` when the page can read even the
    /// refusal.
    pub reason: Option<&'static str>,
    /// The header line on which it turns, as sent or as lacking.
    pub header: Option<String>,
    /// The smallest change of the configuration, or of the page, that mends it: all of it, where
    /// several things are wrong.
    pub fix: Option<String>,
    /// What else to know before believing one's eyes.
    pub traps: Vec<String>,
    /// What becomes of it in Chromium, Firefox and `WebKit`, which depart from the standard in a few
    /// places.
    pub browsers: Vec<InBrowser>,
}

/// What becomes of a page's request in one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct InBrowser {
    /// `Chromium`, `Firefox` or `WebKit`.
    pub browser: &'static str,
    /// Whether the page gets the application's answer.
    pub allowed: bool,
    /// What its console shows, a line for each message; `None` when it shows nothing.
    pub console: Option<String>,
}

impl Policy {
    /// Explains what becomes of a page's request to this server.
    ///
    /// `url` is what the page fetches, whole. With
    /// [`Config::origins_by_host`](crate::Config::origins_by_host) the host program is taken to
    /// refuse.
    ///
    /// ```
    /// use crossgate::{Config, Policy, browser::Fetch};
    ///
    /// let policy =
    ///     Policy::new(&Config { allow_origins: &["https://a.example"], ..Config::DEFAULT })?;
    /// let fetch = Fetch { origin: "https://a.example", method: "PUT", ..Fetch::default() };
    /// let explanation = policy.explain(&fetch, "https://api.example/");
    /// assert_eq!(explanation.rule, Some("method-not-allowed"));
    /// assert_eq!(explanation.fix.as_deref(), Some("add `PUT` to allow_methods"));
    /// assert_eq!(
    ///     explanation.browsers[0].console.as_deref(),
    ///     Some(
    ///         "Access to fetch at 'https://api.example/' from origin 'https://a.example' has been \
    ///          blocked by CORS policy: Method PUT is not allowed by Access-Control-Allow-Methods \
    ///          in preflight response."
    ///     ),
    /// );
    /// # Ok::<(), crossgate::ConfigError>(())
    /// ```
    #[must_use]
    pub fn explain(&self, fetch: &Fetch<'_>, url: &str) -> Explanation {
        self.explain_given(fetch, url, false)
    }

    /// [`explain`](Self::explain), where the host program says of the origin what `origin_allowed`
    /// says.
    #[must_use]
    pub fn explain_given(&self, fetch: &Fetch<'_>, url: &str, origin_allowed: bool) -> Explanation {
        let Some(parsed) = Url::parse(url) else {
            return Explanation::of(&Played::unaddressed(), Some(url::FIX.into()));
        };
        let play = |profile| self.play(profile, fetch, &parsed, origin_allowed);
        let played = play(Profile::STANDARD);
        let fix = (!played.allowed).then(|| self.fix(fetch, &parsed, origin_allowed, &played));
        let mut explanation = Explanation::of(&played, fix);
        explanation.traps = self.traps(fetch, &parsed, &played);
        explanation.browsers = Engine::ALL
            .into_iter()
            .map(|engine| {
                let played = play(engine.profile());
                let blocked = played.blocked.as_ref();
                InBrowser {
                    browser: engine.as_str(),
                    allowed: played.allowed,
                    console: blocked.and_then(|blocked| engine.text(fetch, url, blocked)),
                }
            })
            .collect();
        explanation
    }
}

impl PolicySet {
    /// [`Policy::explain`] of the policy for the URL's path.
    #[must_use]
    pub fn explain(&self, fetch: &Fetch<'_>, url: &str) -> Explanation {
        self.explain_given(fetch, url, false)
    }

    /// [`Policy::explain_given`] of the policy for the URL's path.
    #[must_use]
    pub fn explain_given(&self, fetch: &Fetch<'_>, url: &str, origin_allowed: bool) -> Explanation {
        let path = Url::parse(url).map_or("/", |url| url.path);
        self.at(path.as_bytes()).explain_given(fetch, url, origin_allowed)
    }
}

impl Explanation {
    fn of(played: &Played, fix: Option<String>) -> Self {
        Self {
            allowed: played.allowed,
            leg: played.leg(),
            rule: played.rule.map(Rule::as_str),
            denial: played.denial.clone(),
            reason: played.blocked.as_ref().map(|blocked| blocked.reason.as_str()),
            header: played.header.clone(),
            fix,
            traps: Vec::new(),
            browsers: Vec::new(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.allowed {
            f.write_str("allowed: the page can read the answer")?;
        } else {
            write!(f, "refused on the {} request", self.leg)?;
            if self.reason.is_none() {
                f.write_str(" (the page can read why)")?;
            }
        }
        let optional = [
            ("server", self.denial.as_deref()),
            ("browser", self.reason),
            ("header", self.header.as_deref()),
            ("fix", self.fix.as_deref()),
        ];
        let lines = optional.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let traps = self.traps.iter().map(|trap| ("mind", trap.as_str()));
        for (name, text) in lines.chain(traps) {
            write!(f, "\n{name}: {text}")?;
        }
        for InBrowser { browser, allowed, console } in &self.browsers {
            if *allowed != self.allowed {
                write!(f, "\n{browser} {}", if *allowed { "allows it" } else { "refuses it" })?;
            }
            if let Some(console) = console {
                write!(f, "\n{browser} prints: {}", console.replace('\n', "\n  "))?;
            }
        }
        Ok(())
    }
}
