//! `crossgate doctor`: asks a live server what a browser would ask it, and judges the answers by the
//! model of browsers.

use std::time::Duration;

use crate::{Exit, args};

mod client;
mod finding;
mod judge;
mod lists;
mod mcp;
mod probe;
mod report;
mod target;
mod versions;

use client::Client;
use finding::{Finding, Severity};
use probe::Probe;
use target::Target;

/// All that was asked, and what is wrong with the answers.
struct Examination<'a> {
    target: &'a Target,
    client: Client,
    probes: Vec<Probe>,
    findings: Vec<Finding>,
}

pub(crate) fn run(args: &args::Doctor) -> Result<Exit, String> {
    let target = Target::new(args)?;
    let mut examination = Examination {
        target: &target,
        client: Client::new(Duration::from_secs(args.timeout), args.insecure),
        probes: Vec::new(),
        findings: Vec::new(),
    };
    if examination.page() {
        examination.others();
        if args.mcp {
            examination.mcp();
        }
        examination.judge();
    }
    let Examination { probes, mut findings, .. } = examination;
    // Stable: of the same weight, the one that was found first.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let exit = exit(&probes, &findings);
    if args.json {
        report::json(&target, &probes, &findings, exit);
    } else {
        report::text(&target, &probes, &findings);
    }
    Ok(exit)
}

fn exit(probes: &[Probe], findings: &[Finding]) -> Exit {
    if probes.iter().all(|probe| probe.answer.is_err()) {
        return Exit::Unable;
    }
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Vulnerability) => Exit::Vulnerable,
        Some(Severity::Problem) => Exit::Problems,
        Some(Severity::Note) | None => Exit::Fine,
    }
}
