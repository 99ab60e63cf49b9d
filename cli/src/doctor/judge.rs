//! What the answers are worth to the page, to strangers, and to caches.

use crossgate::browser::{Blocked, Fetch, Leg, Preflight, Profile, Reason};

use super::{
    Examination,
    client::Answer,
    finding::{Finding, Severity},
    lists::{Missing, has_lists, quoted},
    probe::{ACTUAL, Kind, PREFLIGHT, Probe},
    target::{FOREIGN, Target},
};

impl Examination<'_> {
    pub(super) fn judge(&mut self) {
        let mut findings = Vec::new();
        for probe in &self.probes {
            findings.extend(silence(probe));
            if probe.name == PREFLIGHT || probe.name == ACTUAL {
                for finding in self.page_findings(probe) {
                    add(&mut findings, finding);
                }
            }
        }
        let reads = self.probe(ACTUAL).is_some_and(|probe| self.verdict(probe) == Ok(()));
        findings.extend(self.strangers());
        findings.extend(self.errors(reads));
        findings.extend(self.vary());
        findings.extend(self.useless());
        self.findings.splice(0..0, findings);
    }

    pub(super) fn probe(&self, name: &str) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.name == name)
    }

    /// What a browser makes of one answer, if there is any.
    fn verdict(&self, probe: &Probe) -> Result<(), String> {
        verdict(self.target, probe, self.target.credentials)
    }

    fn page_findings(&self, probe: &Probe) -> Vec<Finding> {
        let (Ok(answer), target) = (&probe.answer, self.target) else {
            return Vec::new();
        };
        let mut findings = Vec::new();
        let checked = target.with_fetch(|fetch| {
            let blocked = blocked(fetch, probe, answer)?;
            Some((Finding::blocked(&probe.name, &blocked, answer, fetch, &probe.ask.url), blocked))
        });
        let reason = checked.as_ref().map(|(_, blocked)| blocked.reason);
        findings.extend(checked.map(|(finding, _)| finding));
        if let Kind::Preflight(method, names) = &probe.kind {
            let missing = match reason {
                // A server without CORS lacks everything: one finding says so.
                Some(Reason::MissingAllowOrigin) if !has_lists(answer) => Missing::default(),
                _ => Missing::from(answer, method, names, target.credentials),
            };
            findings.extend(missing_findings(&probe.name, &missing, answer, reason));
            if reason == Some(Reason::HeaderNotAllowed) && !missing.names.is_empty() {
                // One finding for all names, with the browsers' words for the first.
                let words = findings.remove(0).console;
                if let Some(named) =
                    findings.iter_mut().find(|finding| finding.id == "header-not-allowed")
                {
                    named.console = words;
                }
            } else if reason == Some(Reason::MethodNotAllowed) && missing.method.is_some() {
                let words = findings.remove(0).console;
                if let Some(named) = findings.first_mut() {
                    named.console = words;
                }
            }
        } else if (300..400).contains(&answer.status) && answer.has("location") {
            findings.push(
                Finding::new(
                    Severity::Note,
                    "redirect",
                    &probe.name,
                    "the answer is a redirect, which doctor does not follow",
                    "examine the URL that it leads to, and let the page fetch that one",
                )
                .with_lines(answer, "location"),
            );
        }
        findings
    }

    /// Whether pages that were not asked about can read or do as much.
    fn strangers(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        let mut reflects = false;
        for probe in &self.probes {
            let Some(origin) = probe.origin.as_deref().filter(|o| *o != self.target.origin) else {
                continue;
            };
            if probe.kind == Kind::Mcp || reflects && origin != FOREIGN {
                continue;
            }
            let Ok(answer) = &probe.answer else { continue };
            let (id, who) = match origin {
                FOREIGN => ("reflects-any-origin", "any page"),
                "null" => ("null-origin", "any page, by a sandboxed frame,"),
                _ => ("lookalike-origin", "a page that takes a similar name"),
            };
            let as_visitor = verdict(self.target, probe, true) == Ok(());
            let echoed =
                answer.lines("access-control-allow-origin").any(|v| v == origin.as_bytes());
            let (severity, what, fix) = if as_visitor {
                (
                    Severity::Vulnerability,
                    format!(
                        "{who} can act as its visitor: the origin is allowed, with credentials"
                    ),
                    "list the origins that may, and compare them whole; allow no `null`",
                )
            } else if echoed && id == "lookalike-origin" {
                (
                    Severity::Problem,
                    format!("{who} is taken for the listed one"),
                    "compare origins whole: an expression needs `^`, `$` and `\\.`",
                )
            } else if echoed && !lets_all(answer) {
                (
                    Severity::Note,
                    format!("{who} can read the answer, without credentials"),
                    "if that is meant, answer with `*`, which caches can keep; else list the origins",
                )
            } else {
                continue;
            };
            reflects |= id == "reflects-any-origin";
            // The worst of each kind, by the first that shows it.
            if findings.iter().any(|known| known.id == id && known.severity >= severity) {
                continue;
            }
            findings.retain(|known| known.id != id);
            findings.push(
                Finding::new(severity, id, &probe.name, what, fix)
                    .with_lines(answer, "access-control-allow-origin")
                    .with_lines(answer, "access-control-allow-credentials"),
            );
        }
        findings
    }

    fn errors(&self, reads: bool) -> Option<Finding> {
        let unreadable = |probe: &&Probe| {
            let wanted = probe.kind == Kind::Error
                || probe.kind == Kind::Mcp
                    && probe.origin.as_deref() == Some(self.target.origin.as_str());
            wanted
                && matches!(&probe.answer, Ok(answer) if answer.status >= 300)
                && self.verdict(probe).is_err()
        };
        let failing: Vec<&Probe> = self.probes.iter().filter(unreadable).collect();
        let first = failing.first().filter(|_| reads)?;
        let answer = first.answer.as_ref().ok()?;
        let names: Vec<&str> = failing.iter().map(|probe| probe.name.as_str()).collect();
        Some(
            Finding::new(
                Severity::Problem,
                "no-cors-on-errors",
                names.join(", "),
                format!(
                    "the page cannot read the status {}: it sees `Failed to fetch` in place of an \
                     error",
                    answer.status
                ),
                "put CORS outside of the router, of authentication and of the error handler (nginx: \
                 `add_header … always`)",
            )
            .with_lines(answer, "access-control-allow-origin"),
        )
    }

    /// Answers of one URL that differ by origin, to anyone who keeps them.
    fn vary(&self) -> Option<Finding> {
        let kept: Vec<(&Probe, &Answer)> = self
            .probes
            .iter()
            .filter(|probe| probe.kind == Kind::Actual)
            .filter_map(|probe| Some((probe, probe.answer.as_ref().ok()?)))
            .collect();
        let cors = |answer: &Answer| {
            ["access-control-allow-origin", "access-control-allow-credentials"]
                .map(|name| answer.lines(name).map(<[u8]>::to_vec).collect::<Vec<_>>())
        };
        let (_, first) = kept.first()?;
        let (_, differs) = kept.iter().find(|(_, answer)| cors(answer) != cors(first))?;
        let lacking: Vec<&(&Probe, &Answer)> = kept
            .iter()
            .filter(|(_, answer)| !answer.lists("vary", "origin") && !answer.lists("vary", "*"))
            .collect();
        let (_, shown) = lacking.first()?;
        let unkept = lacking.iter().all(|(_, answer)| answer.lists("cache-control", "no-store"));
        let names: Vec<&str> = lacking.iter().map(|(probe, _)| probe.name.as_str()).collect();
        Some(
            Finding::new(
                if unkept { Severity::Note } else { Severity::Problem },
                "missing-vary",
                names.join(", "),
                "the answers differ by origin and do not say so: a cache gives one page the answer \
                 that was meant for another",
                "send `Vary: Origin` on every answer, also without an Origin and on refusals",
            )
            .with_lines(first, "access-control-allow-origin")
            .with_lines(differs, "access-control-allow-origin")
            .with_lines(shown, "vary"),
        )
    }

    /// What says two things at once.
    fn useless(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for name in [PREFLIGHT, ACTUAL] {
            let Some(answer) = self.answer(name) else { continue };
            let star = answer.lines("access-control-allow-origin").any(|value| value == b"*");
            if star && !self.target.credentials && answer.has("access-control-allow-credentials") {
                findings.push(
                    Finding::new(
                        Severity::Problem,
                        Reason::WildcardWithCredentials.as_str(),
                        name,
                        "`*` and credentials together: every page that sends cookies is blocked",
                        "list the origins, or leave out Access-Control-Allow-Credentials",
                    )
                    .with_lines(answer, "access-control-allow-origin")
                    .with_lines(answer, "access-control-allow-credentials"),
                );
                break;
            }
            for header in [
                "access-control-allow-credentials",
                "access-control-allow-methods",
                "access-control-allow-headers",
                "access-control-expose-headers",
                "access-control-max-age",
            ] {
                if answer.lines(header).nth(1).is_some() {
                    findings.push(
                        Finding::new(
                            Severity::Note,
                            "repeated-header",
                            name,
                            "two programs on the way each add CORS headers",
                            "let one of them own CORS, and take it out of the other",
                        )
                        .with_lines(answer, header),
                    );
                }
            }
        }
        findings
    }
}

/// What a browser makes of one answer, for the page that the probe stands for.
pub(super) fn verdict(target: &Target, probe: &Probe, credentials: bool) -> Result<(), String> {
    let answer = probe.answer.as_ref().map_err(Clone::clone)?;
    let Some(origin) = probe.origin.as_deref() else { return Ok(()) };
    target.with_fetch_of(origin, credentials, |fetch| match blocked(fetch, probe, answer) {
        Some(blocked) => Err(blocked.reason.as_str().to_owned()),
        None => Ok(()),
    })
}

pub(super) fn blocked(fetch: &Fetch<'_>, probe: &Probe, answer: &Answer) -> Option<Blocked> {
    answer.with(|response| match &probe.kind {
        Kind::Preflight(method, names) => {
            let asked = Preflight { method, header_names: names.clone() };
            let checked = Profile::STANDARD.check_preflight(fetch, &asked, response);
            checked.err().map(|blocked| Blocked { leg: Leg::Preflight, ..blocked })
        }
        _ => Profile::STANDARD.check(fetch, response).err(),
    })
}

/// A server that does not answer all of it.
fn silence(probe: &Probe) -> Option<Finding> {
    let error = probe.answer.as_ref().err()?;
    Some(Finding::new(
        Severity::Problem,
        Reason::Network.as_str(),
        &probe.name,
        format!("no answer to judge: {error}"),
        "look at the server, and at what stands before it, for this request",
    ))
}

pub(super) fn missing_findings(
    probe: &str,
    missing: &Missing,
    answer: &Answer,
    reason: Option<Reason>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(method) = &missing.method {
        findings.push(
            Finding::new(
                Severity::Problem,
                Reason::MethodNotAllowed.as_str(),
                probe,
                format!("the method `{method}` is not allowed"),
                format!("add `{method}` to Access-Control-Allow-Methods"),
            )
            .with_lines(answer, "access-control-allow-methods"),
        );
    }
    if !missing.names.is_empty() && reason != Some(Reason::BadHeaderList) {
        let names = quoted(&missing.names);
        findings.push(
            Finding::new(
                Severity::Problem,
                Reason::HeaderNotAllowed.as_str(),
                probe,
                format!("not allowed to be sent: {names}"),
                format!("add {names} to Access-Control-Allow-Headers"),
            )
            .with_lines(answer, "access-control-allow-headers"),
        );
    }
    findings
}

/// What is wrong twice is told once.
fn add(findings: &mut Vec<Finding>, finding: Finding) {
    let same = |known: &&mut Finding| known.id == finding.id && known.what == finding.what;
    match findings.iter_mut().find(same) {
        Some(known) => known.probe = format!("{}, {}", known.probe, finding.probe),
        None => findings.push(finding),
    }
}

fn lets_all(answer: &Answer) -> bool {
    answer.lines("access-control-allow-origin").any(|value| value == b"*")
}
