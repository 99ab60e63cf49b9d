//! What a preflight's answer leaves out: every name at once, where a browser names the first.

use crossgate::browser::{Fetch, Preflight, Profile, Reason, Response};

use super::client::Answer;

/// Of what was asked for, what is not allowed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) method: Option<String>,
    pub(super) names: Vec<String>,
}

impl Missing {
    /// Looks at the lists alone, for some servers send them along with a refusal.
    pub(super) fn from(answer: &Answer, method: &str, names: &[String], credentials: bool) -> Self {
        if !has_lists(answer) && !(200..300).contains(&answer.status) {
            return Self::default();
        }
        let origin = "https://page.invalid";
        let lists = answer.headers.iter().filter(|(name, _)| {
            !matches!(
                name.as_str(),
                "access-control-allow-origin" | "access-control-allow-credentials"
            )
        });
        let mut headers: Vec<(&str, &[u8])> =
            lists.map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        headers.push(("access-control-allow-origin", origin.as_bytes()));
        headers.push(("access-control-allow-credentials", b"true"));
        let response = Response { status: 204, headers: &headers };
        let fetch = Fetch { origin, credentials, ..Fetch::default() };
        let refused = |method: &str, header_names: Vec<String>| {
            let asked = Preflight { method, header_names };
            let checked = Profile::STANDARD.check_preflight(&fetch, &asked, &response);
            checked.err().map(|blocked| blocked.reason)
        };
        Self {
            method: (refused(method, Vec::new()) == Some(Reason::MethodNotAllowed))
                .then(|| method.to_owned()),
            names: names
                .iter()
                .filter(|name| {
                    refused("GET", vec![(*name).clone()]) == Some(Reason::HeaderNotAllowed)
                })
                .cloned()
                .collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.method.is_none() && self.names.is_empty()
    }
}

/// Whether the answer says anything of what may be asked for.
pub(super) fn has_lists(answer: &Answer) -> bool {
    answer.has("access-control-allow-methods") || answer.has("access-control-allow-headers")
}

/// `a`, `b`
pub(super) fn quoted<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let quoted: Vec<String> =
        names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    quoted.join(", ")
}
