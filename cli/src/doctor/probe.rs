//! What is asked, in the order in which it is asked.

use super::{
    Examination,
    client::{Answer, Ask},
    target::{FOREIGN, Target},
};

/// A request and its answer.
pub(super) struct Probe {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The page's origin; none for a client that is no page.
    pub(super) origin: Option<String>,
    pub(super) ask: Ask,
    pub(super) answer: Result<Answer, String>,
}

/// What a probe is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A preflight, with the method and the names that it asks for.
    Preflight(String, Vec<String>),
    /// A GET of the URL.
    Actual,
    /// A request that ends in an error: an unknown path, nonsense.
    Error,
    /// A call of the protocol.
    Mcp,
}

pub(super) const PREFLIGHT: &str = "preflight";
pub(super) const ACTUAL: &str = "actual";

impl Examination<'_> {
    /// Plays through what the page would do. False if nobody answers.
    pub(super) fn page(&mut self) -> bool {
        let origin = self.target.origin.clone();
        self.preflight(PREFLIGHT, &origin);
        self.actual(ACTUAL, Some(&origin));
        self.probes.iter().any(|probe| probe.answer.is_ok())
    }

    /// What pages of others and clients without a page would do, and what an error looks like.
    pub(super) fn others(&mut self) {
        self.preflight("preflight, foreign page", FOREIGN);
        self.actual("foreign page", Some(FOREIGN));
        if self.target.origin != "null" {
            self.actual("`null` page", Some("null"));
        }
        for lookalike in self.target.lookalikes() {
            self.actual("lookalike page", Some(&lookalike));
        }
        self.actual("no page", None);
        let origin = self.target.origin.clone();
        let mut ask = self.target.ask("GET", Some(&origin));
        ask.url = self.target.unknown_url();
        self.send("unknown path", Kind::Error, Some(&origin), ask);
    }

    pub(super) fn send(&mut self, name: &str, kind: Kind, origin: Option<&str>, ask: Ask) -> usize {
        let answer = self.client.send(&ask);
        self.probes.push(Probe {
            name: name.to_owned(),
            kind,
            origin: origin.map(str::to_owned),
            ask,
            answer,
        });
        self.probes.len() - 1
    }

    pub(super) fn answer(&self, name: &str) -> Option<&Answer> {
        let probe = self.probes.iter().find(|probe| probe.name == name)?;
        probe.answer.as_ref().ok()
    }

    fn preflight(&mut self, name: &str, origin: &str) {
        if let Some((method, names)) = self.target.asked() {
            self.preflight_for(name, origin, &method, &names);
        }
    }

    pub(super) fn preflight_for(
        &mut self,
        name: &str,
        origin: &str,
        method: &str,
        names: &[String],
    ) -> usize {
        let mut headers = vec![
            (String::from("origin"), origin.to_owned()),
            (String::from("access-control-request-method"), method.to_owned()),
        ];
        if !names.is_empty() {
            headers.push((String::from("access-control-request-headers"), names.join(",")));
        }
        let url = self.target.uri.to_string();
        let ask = Ask { method: "OPTIONS", url, headers, body: None };
        let kind = Kind::Preflight(method.to_owned(), names.to_vec());
        self.send(name, kind, Some(origin), ask)
    }

    fn actual(&mut self, name: &str, origin: Option<&str>) {
        let is_head = self.target.method.eq_ignore_ascii_case("HEAD");
        let ask = self.target.ask(if is_head { "HEAD" } else { "GET" }, origin);
        self.send(name, Kind::Actual, origin, ask);
    }
}

impl Target {
    /// A request with the page's own headers.
    pub(super) fn ask(&self, method: &'static str, origin: Option<&str>) -> Ask {
        let mut headers = self.headers.clone();
        if let Some(origin) = origin {
            headers.push((String::from("origin"), origin.to_owned()));
        }
        Ask { method, url: self.uri.to_string(), headers, body: None }
    }
}
