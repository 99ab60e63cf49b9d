//! What JavaScript asks of the core apart from verdicts: rare questions, answered in JSON. Shared by
//! the N-API addon and the WebAssembly module, so that both answer the same.

use std::borrow::Cow;

use crossgate::{
    Config, Explanation, OwnedConfig, Paths, Policy, PolicySet, Problem, Request, Verdict,
    browser::Fetch,
};
use serde::{Deserialize, Serialize};

/// The presets, each with every option spelled, by name.
pub(crate) fn presets() -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "UPPERCASE")]
    struct Presets {
        default: OwnedConfig,
        mcp: OwnedConfig,
        public: OwnedConfig,
        starlette: OwnedConfig,
        express: OwnedConfig,
    }
    json(&Presets {
        default: Config::DEFAULT.into(),
        mcp: Config::MCP.into(),
        public: Config::PUBLIC.into(),
        starlette: Config::STARLETTE.into(),
        express: Config::EXPRESS.into(),
    })
}

/// Parses a configuration in which every option is spelled; with `mcp`, one whose header lists add
/// to the preset's. An error is the JSON of its problems.
pub(crate) fn parse(config: &str, mcp: bool) -> Result<PolicySet, String> {
    let config: OwnedConfig = serde_json::from_str(config).map_err(|error| {
        // The JavaScript side has checked the types.
        json(&[Told {
            option: "options",
            value: "",
            reason: "invalid",
            text: error.to_string(),
            fix: "",
        }])
    })?;
    let parsed = config.borrow(|config: &Config<'_>, paths: &Paths<'_>| {
        if mcp { PolicySet::mcp(config, paths) } else { PolicySet::new(config, paths) }
    });
    parsed.map_err(|error| tell(error.problems()))
}

/// What is useless or redundant in a configuration.
pub(crate) fn notes(set: &PolicySet) -> String {
    tell(set.notes())
}

/// The policies of a set, the strict one first, under the numbers that [`at`] gives.
pub(crate) fn policy(set: &PolicySet, index: usize) -> Option<&Policy> {
    set.policies().nth(index)
}

/// The number of the policy for a path.
pub(crate) fn at(set: &PolicySet, path: &[u8]) -> usize {
    let found = set.at(path);
    set.policies().position(|policy| core::ptr::eq(policy, found)).unwrap_or(0)
}

/// Everything that a verdict says.
pub(crate) fn answer(policy: &Policy, verdict: u32, request: Request<'_>) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer<'a> {
        origin: Option<Cow<'a, str>>,
        status: Option<u16>,
        headers: Vec<(&'static str, Cow<'a, str>)>,
        vary: Option<&'static str>,
        rule: Option<&'static str>,
        value: Option<String>,
        message: Option<String>,
        content_type: Option<&'static str>,
        body: Option<String>,
    }
    let verdict = Verdict(verdict);
    let denial = policy.denial(verdict, request);
    let (content_type, body) = policy.body(verdict, request).unzip();
    json(&Answer {
        origin: request.origin.and_then(|origin| policy.normalized_origin(origin)),
        status: policy.status(verdict),
        headers: policy.headers(verdict, request).collect(),
        vary: verdict.vary(),
        rule: denial.map(|denial| denial.rule().as_str()),
        value: denial.map(|denial| String::from_utf8_lossy(denial.value()).into_owned()),
        message: denial.map(|denial| denial.to_string()),
        content_type,
        body,
    })
}

/// What becomes of a page's request.
pub(crate) fn explain(set: &PolicySet, page: &str) -> String {
    #[derive(Deserialize)]
    struct Page {
        origin: String,
        url: String,
        method: String,
        headers: Vec<(String, String)>,
        credentials: bool,
        given: bool,
    }
    #[derive(Serialize)]
    struct Explained {
        #[serde(flatten)]
        explanation: Explanation,
        text: String,
    }
    // The JavaScript side has checked the types.
    let Ok(page) = serde_json::from_str::<Page>(page) else { return String::new() };
    let headers: Vec<_> =
        page.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let fetch = Fetch {
        origin: &page.origin,
        method: &page.method,
        headers: &headers,
        credentials: page.credentials,
        ..Fetch::default()
    };
    let explanation = set.explain_given(&fetch, &page.url, page.given);
    json(&Explained { text: explanation.to_string(), explanation })
}

#[derive(Serialize)]
struct Told<'a> {
    option: &'a str,
    value: &'a str,
    reason: &'a str,
    text: String,
    fix: &'a str,
}

fn tell(problems: &[Problem]) -> String {
    let told: Vec<_> = problems
        .iter()
        .map(|problem| Told {
            option: problem.option(),
            value: problem.value(),
            reason: problem.reason().as_str(),
            text: problem.to_string(),
            fix: problem.fix(),
        })
        .collect();
    json(&told)
}

fn json(value: &impl Serialize) -> String {
    // Only maps with keys that are no strings fail, and there are none.
    serde_json::to_string(value).unwrap_or_default()
}
