//! Runs the vectors against the core. Every mismatch of every row is reported, not only the first.

mod vector_files;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use crossgate::{Decision, PolicySet, Problem};
use serde::Deserialize;
use serde_json::{Map, Value};
use vector_files::{Case, File, OwnedRequest, all, rules};

#[test]
fn every_row_holds() {
    let mut rows = 0;
    let mut report = String::new();
    for (name, file) in all() {
        assert!(!file.about.is_empty(), "{name} does not say what it is about");
        for case in &file.cases {
            rows += 1;
            let mut faults = Vec::new();
            check(&file, case, &mut faults);
            if !faults.is_empty() {
                let _ = writeln!(report, "\n{name}: it {}", case.name);
                for fault in faults {
                    let _ = writeln!(report, "  {fault}");
                }
            }
        }
    }
    assert!(report.is_empty(), "{report}");
    assert!(rows >= 150, "only {rows} rows were found");
}

#[test]
fn every_server_side_rule_has_a_row() {
    let rules = rules();
    let files = all();
    let covered: BTreeSet<&str> = files
        .iter()
        .flat_map(|(_, file)| &file.cases)
        .flat_map(|case| &case.rules)
        .map(String::as_str)
        .collect();
    let bare: Vec<_> = rules.keys().filter(|rule| !covered.contains(rule.as_str())).collect();
    assert!(bare.is_empty(), "rules without a row: {bare:?}");
    let unknown: Vec<_> = covered.iter().filter(|rule| !rules.contains_key(**rule)).collect();
    assert!(unknown.is_empty(), "rows name rules that rules.json does not: {unknown:?}");
}

#[test]
fn no_row_is_written_twice() {
    let mut inputs: BTreeMap<String, String> = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, file) in all() {
        let mut names = BTreeSet::new();
        for case in &file.cases {
            let place = format!("{name}: it {}", case.name);
            if case.rules.is_empty() {
                faults.push(format!("{place}: names no rule"));
            }
            if !names.insert(&case.name) {
                faults.push(format!("{place}: the name is taken"));
            }
            let input = serde_json::json!([
                file.options(case),
                case.request,
                case.given,
                case.want.contains_key("notes")
            ]);
            if let Some(earlier) = inputs.insert(input.to_string(), place.clone()) {
                faults.push(format!("{place}: asks what is asked by {earlier}"));
            }
        }
        let used: BTreeSet<_> = file.cases.iter().filter_map(|case| case.policy.as_str()).collect();
        for policy in file.policies.keys().filter(|policy| !used.contains(policy.as_str())) {
            faults.push(format!("{name}: no row uses the policy `{policy}`"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn check(file: &File, case: &Case, faults: &mut Vec<String>) {
    let built = match file.build(case) {
        Ok(built) => built,
        Err(fault) => return faults.push(fault),
    };
    let want = Value::Object(case.want.clone());
    if let Some(wanted) = case.want.get("problems") {
        only("problems", case, faults);
        match built {
            Ok(_) => faults.push(format!("want problems {wanted}\n  got  a policy")),
            Err(error) => {
                compare_problems(wanted, error.problems(), faults);
                let lines: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
                if error.to_string() != lines.join("\n") {
                    faults.push(format!("the error is not one problem a line: {error}"));
                }
            }
        }
        return;
    }
    let policies = match built {
        Ok(policies) => policies,
        Err(error) => return faults.push(format!("the policy has problems: {error}")),
    };
    if let Some(wanted) = case.want.get("notes") {
        only("notes", case, faults);
        return compare_problems(wanted, policies.notes(), faults);
    }
    match serde_json::from_value(want) {
        Ok(want) => check_decision(&policies, case, &want, faults),
        Err(error) => faults.push(format!("`want`: {error}")),
    }
}

/// A row about a configuration has nothing else to say.
fn only(key: &str, case: &Case, faults: &mut Vec<String>) {
    if case.want.len() != 1 {
        faults.push(format!("`want` has more than `{key}`"));
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Want {
    decision: String,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    vary: Option<String>,
    denial: Option<WantDenial>,
    body: Option<String>,
    content_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantDenial {
    rule: String,
    value: String,
}

fn check_decision(policies: &PolicySet, case: &Case, want: &Want, faults: &mut Vec<String>) {
    let request = OwnedRequest::from(&case.request);
    let decision = case.decide(policies, &request);
    // A decision leaves nothing behind.
    let again = case.decide(policies, &request).verdict();
    let mut compare = |what: &str, got: String, want: String| {
        if got != want {
            faults.push(format!("{what}\n    got  {got}\n    want {want}"));
        }
    };
    let word = match decision {
        Decision::Respond(_) => "respond",
        Decision::Continue(_) => "continue",
    };
    compare(
        "verdict of the second time",
        format!("{again:?}"),
        format!("{:?}", decision.verdict()),
    );
    compare("decision", word.into(), want.decision.clone());
    compare("status", format!("{:?}", decision.status()), format!("{:?}", want.status));
    let written: Vec<(&str, String)> =
        decision.headers().map(|(name, value)| (name, value.into_owned())).collect();
    let headers: BTreeMap<String, String> =
        written.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
    compare("headers", format!("{headers:?}"), format!("{:?}", want.headers));
    compare("headers written once", written.len().to_string(), headers.len().to_string());
    compare("vary", format!("{:?}", decision.vary()), format!("{:?}", want.vary.as_deref()));
    let denial =
        decision.denial().map(|denial| (denial.rule().as_str().to_owned(), show(denial.value())));
    let wanted =
        want.denial.as_ref().map(|denial| (denial.rule.clone(), show(denial.value.as_bytes())));
    compare("denial", format!("{denial:?}"), format!("{wanted:?}"));
    let body = decision.body();
    if let Some(wanted) = &want.body {
        let body = body.as_ref().map_or("", |(_, body)| body.as_str());
        compare("body", format!("{body:?}"), format!("{wanted:?}"));
    }
    if let Some(wanted) = &want.content_type {
        let content_type = body.as_ref().map(|(content_type, _)| *content_type);
        compare("content_type", format!("{content_type:?}"), format!("{:?}", Some(wanted)));
    }
}

fn show(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn compare_problems(wanted: &Value, got: &[Problem], faults: &mut Vec<String>) {
    let got: Vec<Value> = got
        .iter()
        .map(|problem| {
            Value::Object(Map::from_iter([
                (String::from("option"), problem.option().into()),
                (String::from("value"), problem.value().into()),
                (String::from("reason"), problem.reason().as_str().into()),
                (String::from("text"), problem.to_string().into()),
            ]))
        })
        .collect();
    let none = Vec::new();
    let wanted = wanted.as_array().unwrap_or(&none);
    if wanted != &got {
        let lines = |problems: &[Value]| {
            problems
                .iter()
                .fold(String::new(), |lines, problem| lines + &format!("\n      {problem}"))
        };
        faults.push(format!("got{}\n    want{}", lines(&got), lines(wanted)));
    }
}
