//! What the clients of an MCP server need, and what strangers must not get from it.

use crossgate::browser::{Profile, Reason};

use super::{
    Examination,
    client::{Answer, Ask},
    finding::{Finding, Severity},
    judge::{blocked, verdict},
    lists::{Missing, has_lists, quoted},
    probe::{Kind, PREFLIGHT},
    target::FOREIGN,
    versions::{NEEDS, Spoken, discover, has_result, initialize, purpose},
};

/// A name that is not the server's, which its owner lets point to the server's address.
const REBOUND: &str = "rebound.crossgate-doctor.invalid";

impl Examination<'_> {
    pub(super) fn mcp(&mut self) {
        let origin = self.target.origin.clone();
        let first = self.call("initialize", &origin, None, &initialize(), &[]);
        let modern = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "server/discover")];
        self.call("discover", &origin, None, &discover(), &modern);
        let answer = self.answer("initialize");
        let spoken = Spoken {
            legacy: answer.is_some_and(has_result),
            modern: self.answer("discover").is_some_and(has_result),
            sessions: answer.is_some_and(|answer| answer.has("mcp-session-id")),
            asks_authorization: answer.is_some_and(|answer| answer.status == 401),
        };
        for (name, method, names) in NEEDS {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            self.preflight_for(name, &origin, method, &names);
        }
        self.call("nonsense", &origin, None, "{", &[]);
        self.stream(&origin, first);
        self.call("foreign call", FOREIGN, None, &initialize(), &[]);
        let rebound = match self.target.uri.port_u16() {
            Some(port) => format!("{REBOUND}:{port}"),
            None => REBOUND.to_owned(),
        };
        let own = format!("http://{rebound}");
        self.call("rebound name", &own, Some(&rebound), &initialize(), &[]);

        self.needs(spoken);
        self.guarded();
        self.exposed();
        self.buffered();
        self.foreign();
        self.rebound();
    }

    /// A POST; the session that it begins is ended at once, but that of `initialize`.
    fn call(
        &mut self,
        name: &str,
        origin: &str,
        host: Option<&str>,
        body: &str,
        more: &[(&str, &str)],
    ) -> usize {
        let mut ask = self.mcp_ask("POST", origin, more);
        ask.headers.extend(host.map(|host| (String::from("host"), host.to_owned())));
        ask.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        ask.headers.push((String::from("content-type"), String::from("application/json")));
        ask.body = Some(body.to_owned());
        let nth = self.send(name, Kind::Mcp, Some(origin), ask);
        if name != "initialize" {
            self.end(nth);
        }
        nth
    }

    /// The stream from the server, of the session that `initialize` began, which is then ended.
    fn stream(&mut self, origin: &str, initialized: usize) {
        let session = self.session(initialized);
        let mut ask = self.mcp_ask("GET", origin, &[("mcp-protocol-version", "2025-11-25")]);
        ask.headers.extend(session.map(|id| (String::from("mcp-session-id"), id)));
        self.send("stream", Kind::Mcp, Some(origin), ask);
        self.end(initialized);
    }

    fn end(&mut self, nth: usize) {
        if let Some(session) = self.session(nth) {
            let origin = self.target.origin.clone();
            let more = [("mcp-session-id", &*session), ("mcp-protocol-version", "2025-11-25")];
            let ask = self.mcp_ask("DELETE", &origin, &more);
            self.send("end of session", Kind::Mcp, Some(&origin), ask);
        }
    }

    fn session(&self, nth: usize) -> Option<String> {
        let answer = self.probes.get(nth)?.answer.as_ref().ok()?;
        String::from_utf8(answer.lines("mcp-session-id").next()?.to_vec()).ok()
    }

    fn mcp_ask(&self, method: &'static str, origin: &str, more: &[(&str, &str)]) -> Ask {
        let mut ask = self.target.ask(method, Some(origin));
        ask.headers.retain(|(name, _)| {
            !name.eq_ignore_ascii_case("accept")
                && !more.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
        });
        ask.headers.push((
            String::from("accept"),
            String::from(if method == "GET" {
                "text/event-stream"
            } else {
                "application/json, text/event-stream"
            }),
        ));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ask.headers.extend(more);
        ask
    }

    fn needs(&mut self, spoken: Spoken) {
        let (mut names, mut methods) = (Vec::new(), Vec::new());
        let main_fails =
            self.probe(PREFLIGHT).is_some_and(|p| verdict(self.target, p, false).is_err());
        let mut findings = Vec::new();
        for probe in &self.probes {
            let (Kind::Preflight(method, asked), Ok(answer)) = (&probe.kind, &probe.answer) else {
                continue;
            };
            if !NEEDS.iter().any(|(name, ..)| *name == probe.name) {
                continue;
            }
            let blocked = self.target.with_fetch(|fetch| {
                let blocked = blocked(fetch, probe, answer)?;
                let url = &probe.ask.url;
                Some((Finding::blocked(&probe.name, &blocked, answer, fetch, url), blocked.reason))
            });
            if matches!(blocked, Some((_, Reason::MissingAllowOrigin)) if !has_lists(answer)) {
                continue;
            }
            let missing = Missing::from(answer, method, asked, self.target.credentials);
            names.extend(missing.names.iter().cloned());
            methods.extend(missing.method.clone());
            if missing.is_empty() && !main_fails {
                findings.extend(blocked.map(|(finding, _)| finding));
            }
        }
        names.sort_unstable();
        names.dedup();
        let (needed, useful) = names.into_iter().partition::<Vec<_>, _>(|n| spoken.needs(n));
        for (severity, names) in [(Severity::Problem, needed), (Severity::Note, useful)] {
            if !names.is_empty() {
                let told: Vec<String> =
                    names.iter().map(|name| format!("`{name}` ({})", purpose(name))).collect();
                findings.push(Finding::new(
                    severity,
                    "mcp-headers",
                    "the clients' preflights",
                    format!("clients cannot send {}", told.join(", ")),
                    format!("add {} to Access-Control-Allow-Headers", quoted(&names)),
                ));
            }
        }
        if methods.iter().any(|method| method == "DELETE") {
            findings.push(Finding::new(
                if spoken.sessions { Severity::Problem } else { Severity::Note },
                "mcp-methods",
                "2025 end",
                "clients cannot end their session: the method `DELETE` is not allowed",
                "add `DELETE` to Access-Control-Allow-Methods",
            ));
        }
        self.findings.extend(findings);
    }

    /// A list of origins or names beside that of CORS, which says otherwise.
    fn guarded(&mut self) {
        let Some(Ok(answer)) = self.probe("initialize").map(|probe| &probe.answer) else {
            return;
        };
        let (what, fix) = match answer.status {
            403 => (
                "the page's call is refused, although CORS may allow the page",
                "list the page's origin with the server's own check of origins too",
            ),
            421 => (
                "the server does not know the name that it is called by",
                "list the host of this URL among the server's names",
            ),
            _ => return,
        };
        let body: String = String::from_utf8_lossy(&answer.body).chars().take(200).collect();
        let got = vec![format!("status {}", answer.status), body];
        let finding = Finding::new(Severity::Problem, "refused-by-guard", "initialize", what, fix);
        self.findings.push(Finding { got, ..finding });
    }

    /// What the page must see of the answers, and what hides it.
    fn exposed(&mut self) {
        let mut hidden: Vec<(&str, String)> = Vec::new();
        for probe in &self.probes {
            let of_page = probe.origin.as_deref() == Some(self.target.origin.as_str());
            let (true, Ok(answer)) = (of_page, &probe.answer) else { continue };
            for name in ["mcp-session-id", "www-authenticate", "retry-after"] {
                let hides = self.target.with_fetch(|fetch| {
                    answer.with(|response| match Profile::STANDARD.check(fetch, response) {
                        Ok(readable) => answer.has(name) && !readable.exposes(name),
                        Err(_) => false,
                    })
                });
                if hides && !hidden.iter().any(|(known, _)| *known == name) {
                    hidden.push((name, probe.name.clone()));
                }
            }
        }
        self.findings.extend(hidden.into_iter().map(|(name, probe)| {
            Finding::new(
                Severity::Problem,
                "not-exposed",
                probe,
                format!("the page cannot see `{name}`, which is in the answer"),
                format!("add `{name}` to Access-Control-Expose-Headers"),
            )
        }));
    }

    fn buffered(&mut self) {
        // The answer to a POST may well end before it is sent; the server's own stream does not.
        let held = |answer: &Result<Answer, String>| match answer {
            Ok(answer) => answer.is_stream() && answer.has("content-length"),
            Err(_) => true,
        };
        if let Some(probe) = self.probe("stream").filter(|probe| held(&probe.answer)) {
            self.findings.push(Finding::new(
                Severity::Problem,
                "buffered-stream",
                &probe.name,
                "an event stream is held back until it ends, or until a buffer is full",
                "turn buffering and compression off for it (nginx: `proxy_buffering off`)",
            ));
        }
    }

    /// "If the Origin header is present and invalid, servers MUST respond with HTTP 403."
    /// <https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning>
    fn foreign(&mut self) {
        let Some(probe) = self.probe("foreign call") else { return };
        let Ok(answer) = &probe.answer else { return };
        let reads = verdict(self.target, probe, false).is_ok();
        let asks = self.probe("preflight, foreign page");
        let asks = asks.is_none_or(|asks| verdict(self.target, asks, false).is_ok());
        let fix = "answer an Origin that is not listed with 403, before the server runs";
        let (severity, id, what) = match answer.status {
            200..=299 if self.target.is_loopback() && reads && asks => (
                Severity::Vulnerability,
                "origin-not-checked",
                "every page that the user of this machine visits can call this server",
            ),
            200..=299 if reads && asks => {
                (Severity::Note, "origin-not-checked", "every page can call this server")
            }
            200..=299 => (
                Severity::Problem,
                "origin-not-checked",
                "a foreign page's call was executed, only its answer is withheld",
            ),
            400 | 404..=499 => (
                Severity::Note,
                "origin-status",
                "a foreign origin is refused by another status than 403",
            ),
            _ => return,
        };
        let finding = Finding::new(severity, id, "foreign call", what, fix);
        let finding = Finding { got: vec![format!("status {}", answer.status)], ..finding };
        self.findings.push(finding.with_lines(answer, "access-control-allow-origin"));
    }

    fn rebound(&mut self) {
        let Some(Ok(answer)) = self.probe("rebound name").map(|probe| &probe.answer) else {
            return;
        };
        if !(200..300).contains(&answer.status) {
            return;
        }
        let severity = match (self.target.is_loopback(), self.target.is_https()) {
            (true, _) => Severity::Vulnerability,
            // No certificate has that name, so no browser gets that far.
            (false, true) => Severity::Note,
            (false, false) => Severity::Problem,
        };
        let finding = Finding::new(
            severity,
            "dns-rebinding",
            "rebound name",
            "a page whose name is rebound to this address can call the server as its own",
            "answer only to the Hosts that are listed, 421 to others",
        );
        let got = vec![format!("status {} for Host {REBOUND}", answer.status)];
        self.findings.push(Finding { got, ..finding });
    }
}
