//! The explanations of `tests/explain/`: each says the truth, and the fix it names is one.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fs, path::Path};

use crossgate::{Config, Explanation, OwnedConfig, Policy, PolicySet, browser::Fetch};
use serde::Deserialize;
use serde_json::{Map, Value};

type Options = Map<String, Value>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    policies: BTreeMap<String, Options>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    policy: String,
    page: Page,
    #[serde(default)]
    given: bool,
    want: Map<String, Value>,
    /// The options after the fix, over those of the policy.
    mended: Option<Options>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    origin: String,
    url: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    credentials: bool,
}

#[test]
fn every_explanation_is_as_wanted() {
    let mut faults = Vec::new();
    let mut count = 0;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/explain");
    for entry in fs::read_dir(folder).unwrap() {
        let file: File = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        assert!(!file.about.is_empty());
        count += file.cases.len();
        faults.extend(file.cases.iter().filter_map(|case| fault(case, &file.policies)));
    }
    assert!(count >= 25, "{count} rows");
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// The README shows what is said of a page, short of what the browsers print.
#[test]
fn the_readme_quotes_it() {
    let origin = "https://app.example.com";
    let allow_headers = &["Content-Type"];
    let config = Config { allow_origins: &[origin], allow_headers, ..Config::DEFAULT };
    let fetch = Fetch { origin, headers: &[("X-Api-Key", b"1")], ..Fetch::default() };
    let said = config_explains(&config, &fetch);
    let (quoted, printed) = said.split_once("\nChromium prints: Access to fetch").unwrap();
    assert!(include_str!("../README.md").contains(quoted), "{quoted}");
    assert!(printed.contains("\nWebKit prints: Request header field X-Api-Key"), "{printed}");
}

fn config_explains(config: &Config<'_>, fetch: &Fetch<'_>) -> String {
    Policy::new(config).unwrap().explain(fetch, "https://api.example.com/").to_string()
}

fn fault(case: &Case, policies: &BTreeMap<String, Options>) -> Option<String> {
    let options = policies.get(&case.policy).unwrap();
    let explanation = explain(case, options.clone());
    let Value::Object(mut found) = serde_json::to_value(&explanation).unwrap() else { panic!() };
    // The consoles are long: compared where they are stated.
    found.retain(|key, _| key != "browsers" || case.want.contains_key(key));
    if found != case.want {
        return Some(format!("it {}\n{}", case.name, serde_json::to_string(&found).unwrap()));
    }
    let mut mended = options.clone();
    mended.extend(case.mended.clone()?);
    let explanation = explain(case, mended);
    (!explanation.allowed).then(|| format!("it {}, mended\n{explanation}", case.name))
}

fn explain(case: &Case, mut options: Options) -> Explanation {
    let preset = match options.remove("preset") {
        None => Config::DEFAULT,
        Some(name) if name == "MCP" => Config::MCP,
        Some(name) => panic!("preset {name}"),
    };
    let mut all = serde_json::to_value(OwnedConfig::from(preset)).unwrap();
    all.as_object_mut().unwrap().extend(options);
    let config: OwnedConfig = serde_json::from_value(all).unwrap();
    let policies: PolicySet =
        config.policy_set().unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let Page { origin, url, method, headers, credentials } = &case.page;
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let fetch =
        Fetch { origin, method, headers: &headers, credentials: *credentials, ..Fetch::default() };
    policies.explain_given(&fetch, url, case.given)
}
