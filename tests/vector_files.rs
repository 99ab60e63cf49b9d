//! The vectors: their format, and how a row becomes a policy and a request.
//!
//! Unknown keys fail, so that a row cannot promise what nobody checks.
#![expect(clippy::expect_used, clippy::panic, reason = "a file that cannot be read fails a test")]

use std::{collections::BTreeMap, fs, path::Path};

use crossgate::{Config, ConfigError, Decision, OwnedConfig, PolicySet, Request};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// One file of `tests/vectors`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// What its rows are about.
    pub(crate) about: String,
    /// Policies that several rows use.
    #[serde(default)]
    pub(crate) policies: BTreeMap<String, Map<String, Value>>,
    pub(crate) cases: Vec<Case>,
}

/// One row. `name` finishes the sentence "it …".
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) rules: Vec<String>,
    pub(crate) policy: Value,
    #[serde(default)]
    pub(crate) request: RequestRow,
    /// The host program's word on the origin.
    pub(crate) given: Option<bool>,
    pub(crate) want: Map<String, Value>,
}

/// A request: absent headers are absent, a list is a header that is repeated.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RequestRow {
    method: Option<String>,
    path: Option<String>,
    host: Option<Lines>,
    origin: Option<Lines>,
    access_control_request_method: Option<Lines>,
    access_control_request_headers: Option<Lines>,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Lines {
    One(String),
    Many(Vec<String>),
}

/// A request whose repeated lines are joined.
#[derive(Default)]
pub(crate) struct OwnedRequest {
    method: String,
    path: String,
    host: Option<String>,
    origin: Option<String>,
    access_control_request_method: Option<String>,
    access_control_request_headers: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PathsRow {
    discovery: Vec<String>,
    authorize: Vec<String>,
    health: Vec<String>,
}

/// All files, by name, except the list of rules.
pub(crate) fn all() -> Vec<(String, File)> {
    let mut names: Vec<String> = fs::read_dir(FOLDER)
        .expect("tests/vectors is beside the core")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.strip_suffix(".json").is_some_and(|stem| stem != RULES))
        .collect();
    names.sort_unstable();
    names.into_iter().map(|name| (name.clone(), read(&name))).collect()
}

/// The rules that bind a server, and what each says.
pub(crate) fn rules() -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Rules {
        #[serde(rename = "about")]
        _about: String,
        rules: BTreeMap<String, String>,
    }
    read::<Rules>(&format!("{RULES}.json")).rules
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let text = fs::read_to_string(Path::new(FOLDER).join(name))
        .unwrap_or_else(|error| panic!("tests/vectors/{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("tests/vectors/{name}: {error}"))
}

impl File {
    /// Builds the policies of a row.
    pub(crate) fn build(&self, case: &Case) -> Result<Result<PolicySet, ConfigError>, String> {
        build(self.options(case)?)
    }

    /// The options of a row's policy, named or written in place.
    pub(crate) fn options<'f>(&'f self, case: &'f Case) -> Result<&'f Map<String, Value>, String> {
        match &case.policy {
            Value::String(name) => {
                self.policies.get(name).ok_or_else(|| format!("no policy is named `{name}`"))
            }
            Value::Object(options) => Ok(options),
            _ => Err(String::from("`policy` is neither a name nor an object")),
        }
    }
}

fn build(options: &Map<String, Value>) -> Result<Result<PolicySet, ConfigError>, String> {
    let mut options = options.clone();
    let mcp = match options.remove("add") {
        None => false,
        Some(Value::String(word)) if word == "mcp" => true,
        Some(other) => return Err(format!("`add` is {other}")),
    };
    let preset = match options.remove("preset") {
        None if mcp => Config::MCP,
        None => Config::DEFAULT,
        Some(name) => match name.as_str() {
            Some("DEFAULT") => Config::DEFAULT,
            Some("MCP") => Config::MCP,
            Some("PUBLIC") => Config::PUBLIC,
            Some("STARLETTE") => Config::STARLETTE,
            Some("EXPRESS") => Config::EXPRESS,
            _ => return Err(format!("no preset is named {name}")),
        },
    };
    let paths: PathsRow = match options.remove("paths") {
        Some(paths) => serde_json::from_value(paths).map_err(|error| error.to_string())?,
        None => PathsRow::default(),
    };
    let mut stated =
        serde_json::to_value(OwnedConfig::from(preset)).map_err(|error| error.to_string())?;
    for (option, value) in options {
        // Paths have a key of their own, for they are not options of a `Config`.
        match stated.get_mut(&option) {
            Some(known) if !option.ends_with("_paths") => *known = value,
            _ => return Err(format!("unknown option `{option}`")),
        }
    }
    let mut config: OwnedConfig =
        serde_json::from_value(stated).map_err(|error| error.to_string())?;
    config.discovery_paths = paths.discovery;
    config.authorize_paths = paths.authorize;
    config.health_paths = paths.health;
    Ok(if mcp { config.borrow(PolicySet::mcp) } else { config.policy_set() })
}

impl From<&RequestRow> for OwnedRequest {
    fn from(row: &RequestRow) -> Self {
        let joined = |lines: &Option<Lines>| match lines {
            None => None,
            Some(Lines::One(line)) => Some(line.clone()),
            Some(Lines::Many(lines)) => Some(lines.join(", ")),
        };
        Self {
            method: row.method.clone().unwrap_or_else(|| String::from("GET")),
            path: row.path.clone().unwrap_or_else(|| String::from("/")),
            host: joined(&row.host),
            origin: joined(&row.origin),
            access_control_request_method: joined(&row.access_control_request_method),
            access_control_request_headers: joined(&row.access_control_request_headers),
        }
    }
}

impl OwnedRequest {
    pub(crate) fn borrow(&self) -> Request<'_> {
        Request {
            method: self.method.as_bytes(),
            path: self.path.as_bytes(),
            host: self.host.as_ref().map(String::as_bytes),
            origin: self.origin.as_ref().map(String::as_bytes),
            access_control_request_method: self
                .access_control_request_method
                .as_ref()
                .map(String::as_bytes),
            access_control_request_headers: self
                .access_control_request_headers
                .as_ref()
                .map(String::as_bytes),
        }
    }
}

impl Case {
    /// Decides a row's request.
    pub(crate) fn decide<'a>(
        &self,
        policies: &'a PolicySet,
        request: &'a OwnedRequest,
    ) -> Decision<'a> {
        let request = request.borrow();
        let policy = policies.at(request.path);
        match self.given {
            Some(allowed) => policy.decide_given(&request, allowed),
            None => policy.decide(&request),
        }
    }
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
const RULES: &str = "rules";
