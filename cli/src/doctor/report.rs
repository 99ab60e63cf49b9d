//! What doctor prints: a table and its findings for people, one object for machines.

use anstyle::{AnsiColor, Style};
use serde_json::json;

use super::{
    Target,
    finding::{Finding, Severity},
    judge::verdict,
    lists::quoted,
    probe::{Kind, Probe},
};
use crate::{Exit, text::Line};

pub(super) fn text(target: &Target, probes: &[Probe], findings: &[Finding]) {
    let headers = target.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    let with = if target.headers.is_empty() {
        String::new()
    } else {
        format!(" with {}", quoted(headers))
    };
    let credentials = if target.credentials { ", with credentials" } else { "" };
    anstream::println!(
        "{} {}{with}{credentials}\nfrom a page of {}\n",
        Line(target.method.as_bytes()),
        Line(target.uri.to_string().as_bytes()),
        target.origin
    );
    let widest = probes.iter().map(|probe| probe.name.len()).max().unwrap_or_default();
    for probe in probes {
        let (style, seen) = seen(target, probe);
        let status = match &probe.answer {
            Ok(answer) => answer.status.to_string(),
            Err(_) => String::from("-"),
        };
        anstream::println!(
            "  {:widest$}  {:7} {status:>3}  {style}{}{style:#}",
            probe.name,
            probe.ask.method,
            Line(seen.as_bytes())
        );
    }
    for finding in findings {
        print(finding);
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let summary = [
        (count(Severity::Vulnerability), "vulnerability", "vulnerabilities"),
        (count(Severity::Problem), "problem", "problems"),
        (count(Severity::Note), "note", "notes"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, more)| format!("{count} {}", if count == 1 { one } else { more }))
    .collect::<Vec<_>>();
    if probes.iter().all(|probe| probe.answer.is_err()) {
        anstream::println!("\nno answer to judge");
    } else if summary.is_empty() {
        anstream::println!("\n{GOOD}nothing is wrong{GOOD:#}");
    } else {
        anstream::println!("\n{}", summary.join(", "));
    }
}

fn print(finding: &Finding) {
    let (style, word) = match finding.severity {
        Severity::Vulnerability => (BAD.bold().invert(), "VULNERABILITY"),
        Severity::Problem => (BAD.bold(), "PROBLEM"),
        Severity::Note => (MIND, "note"),
    };
    anstream::println!("\n{style}{word}{style:#} {} ({})", finding.id, finding.probe);
    anstream::println!("  {}", Line(finding.what.as_bytes()));
    for line in &finding.got {
        anstream::println!("  got: {}", Line(line.as_bytes()));
    }
    anstream::println!("  fix: {}", Line(finding.fix.as_bytes()));
    for (engine, text) in finding.console.iter().take(1) {
        anstream::println!("  {engine} prints: {}", Line(text.as_bytes()));
    }
}

/// What the page that the probe stands for gets.
fn seen(target: &Target, probe: &Probe) -> (Style, String) {
    let is_page = probe.origin.as_deref() == Some(target.origin.as_str());
    match &probe.answer {
        Err(error) => (BAD, error.clone()),
        Ok(_) if probe.origin.is_none() => (Style::new(), String::from("no browser asks")),
        Ok(_) => match verdict(target, probe, target.credentials) {
            Ok(()) => {
                let word =
                    if matches!(probe.kind, Kind::Preflight(..)) { "allowed" } else { "readable" };
                (if is_page { GOOD } else { Style::new() }, word.to_owned())
            }
            Err(reason) => (if is_page { BAD } else { Style::new() }, format!("blocked: {reason}")),
        },
    }
}

pub(super) fn json(target: &Target, probes: &[Probe], findings: &[Finding], exit: Exit) {
    let probes: Vec<_> = probes.iter().map(|probe| probe_json(target, probe)).collect();
    let verdict = match exit {
        Exit::Fine => "fine",
        Exit::Problems => "problems",
        Exit::Vulnerable => "vulnerable",
        Exit::Unable => "unable",
    };
    let report = json!({
        "url": target.uri.to_string(),
        "origin": target.origin,
        "method": target.method,
        "headers": target.headers.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "credentials": target.credentials,
        "mcp": target.mcp,
        "verdict": verdict,
        "probes": probes,
        "findings": findings,
    });
    anstream::println!("{report:#}");
}

fn probe_json(target: &Target, probe: &Probe) -> serde_json::Value {
    let seen = probe.origin.as_ref().map(|_| verdict(target, probe, target.credentials));
    let (status, headers, error) = match &probe.answer {
        Ok(answer) => {
            let headers = answer.headers.iter();
            let headers: Vec<_> =
                headers.map(|(name, value)| (name, String::from_utf8_lossy(value))).collect();
            (Some(answer.status), headers, None)
        }
        Err(error) => (None, Vec::new(), Some(error)),
    };
    json!({
        "name": probe.name,
        "method": probe.ask.method,
        "url": probe.ask.url,
        "origin": probe.origin,
        "status": status,
        "headers": headers,
        "error": error,
        "readable": seen.as_ref().map(Result::is_ok),
        "reason": seen.filter(|_| error.is_none()).and_then(Result::err),
    })
}

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const MIND: Style = AnsiColor::Yellow.on_default();
