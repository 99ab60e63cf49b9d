//! What is wrong: where, what it is, what to do.

use crossgate::browser::{Blocked, Fetch, Leg, Reason, console::Engine};
use serde::Serialize;

use super::client::Answer;
use crate::console::cause_and_fix;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Good to know.
    Note,
    /// The page cannot do what it asks for, or will not be able to in some cases.
    Problem,
    /// Other pages can do what they must not.
    Vulnerability,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// A browser's reason as in `missing-allow-origin`, or a name of doctor's own.
    pub(super) id: &'static str,
    /// The names of the probes that show it.
    pub(super) probe: String,
    pub(super) what: String,
    /// The header lines on which it turns, as they came.
    pub(super) got: Vec<String>,
    pub(super) fix: String,
    /// What each browser prints, where one does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) console: Vec<(&'static str, String)>,
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        id: &'static str,
        probe: impl Into<String>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            id,
            probe: probe.into(),
            what: what.into(),
            got: Vec::new(),
            fix: fix.into(),
            console: Vec::new(),
        }
    }

    /// With the lines of that name, or the word that there is none.
    pub(super) fn with_lines(mut self, answer: &Answer, name: &str) -> Self {
        let before = self.got.len();
        for value in answer.lines(name) {
            self.got.push(format!("{name}: {}", String::from_utf8_lossy(value)));
        }
        if self.got.len() == before {
            self.got.push(format!("no {name}"));
        }
        self
    }

    /// Why a browser blocks a page.
    pub(super) fn blocked(
        probe: &str,
        blocked: &Blocked,
        answer: &Answer,
        fetch: &Fetch<'_>,
        url: &str,
    ) -> Self {
        let (cause, fix) = cause_and_fix(blocked.reason, Some(answer.status));
        let is_authentication = matches!(answer.status, 401 | 407);
        let (id, severity) = match (blocked.leg, blocked.reason) {
            (_, Reason::AuthorizationUnderStar) => (blocked.reason.as_str(), Severity::Note),
            (Leg::Preflight, _) if is_authentication => ("auth-before-cors", Severity::Problem),
            _ => (blocked.reason.as_str(), Severity::Problem),
        };
        let (cause, fix) = if id == "auth-before-cors" {
            cause_and_fix(Reason::PreflightStatus, Some(answer.status))
        } else {
            (cause, fix)
        };
        let mut finding = Self::new(severity, id, probe, cause, fix);
        let names: &[&str] = match blocked.reason {
            Reason::PreflightStatus | Reason::PreflightRedirect => &["location"],
            Reason::CredentialsNotTrue => &["access-control-allow-credentials"],
            Reason::MethodNotAllowed | Reason::BadMethodList => &["access-control-allow-methods"],
            Reason::HeaderNotAllowed | Reason::BadHeaderList | Reason::AuthorizationUnderStar => {
                &["access-control-allow-headers"]
            }
            _ => &["access-control-allow-origin"],
        };
        finding.got.push(format!("status {}", answer.status));
        for name in names.iter().filter(|name| **name != "location" || answer.has(name)) {
            finding = finding.with_lines(answer, name);
        }
        finding.console = consoles(blocked, fetch, url);
        finding
    }
}

/// What each browser prints.
pub(super) fn consoles(
    blocked: &Blocked,
    fetch: &Fetch<'_>,
    url: &str,
) -> Vec<(&'static str, String)> {
    let texts = Engine::ALL.into_iter();
    texts.filter_map(|engine| Some((engine.as_str(), engine.text(fetch, url, blocked)?))).collect()
}
