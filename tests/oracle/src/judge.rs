//! Compares what a browser did with what the model says.

use crossgate::browser::{
    Blocked, Leg, Profile, Reason,
    console::{Engine, read},
};

use crate::{
    case::{Case, borrow},
    mounted::APPLICATION,
    server::{Asked, Page, Seen},
};

/// What can be seen of a case from outside.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    preflights: Vec<Asked>,
    requests: usize,
    /// The status and the header names the page reads; `None` if it reads nothing.
    read: Option<(u16, Vec<String>)>,
}

/// What the model says of a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Prediction {
    pub(crate) outcome: Outcome,
    pub(crate) blocked: Option<Blocked>,
    /// The console, in lines.
    pub(crate) texts: Vec<String>,
}

impl Prediction {
    /// Whether the page gets the application's answer, where the application answers with 200.
    pub(crate) fn is_answered(&self) -> bool {
        matches!(self.outcome.read, Some((200, _)))
    }
}

pub(crate) fn predict(
    case: &Case,
    page: &str,
    url: &str,
    engine: Engine,
    profile: Profile,
) -> Prediction {
    let headers = borrow(&case.headers);
    let (preflight, actual) = (borrow(&case.preflight.headers), borrow(&case.actual.headers));
    let fetch = case.fetch(page, &headers);
    let (preflight, actual) = (case.preflight.response(&preflight), case.actual.response(&actual));
    let fetched = profile.fetch(&fetch, &preflight, &actual);

    let strict = Profile { star_covers_authorization: false, ..profile };
    let warning = fetched.preflight.as_ref().and_then(|asked| {
        let blocked = strict.check_preflight(&fetch, asked, &preflight).err()?;
        // Chromium lists the warning under Issues, not in the console.
        let is_printed = engine != Engine::Chromium;
        (is_printed && blocked.reason == Reason::AuthorizationUnderStar).then_some(blocked)
    });
    let blocked = fetched.result.as_ref().err();
    let texts = warning.iter().chain(blocked).filter_map(|what| engine.text(&fetch, url, what));
    let preflights = fetched.preflight.iter().map(|asked| Asked {
        origin: fetch.origin.into(),
        method: asked.method.into(),
        headers: asked.request_headers(),
    });
    let read = fetched.result.as_ref().ok().map(|readable| {
        let names = readable.headers().map(|(name, _)| name.to_ascii_lowercase());
        (readable.response().status, sorted(names.collect()))
    });
    let outcome =
        Outcome { preflights: preflights.collect(), requests: usize::from(fetched.sent), read };
    Prediction {
        outcome: if case.mounted.is_some() { outcome.seen_afar() } else { outcome },
        texts: sorted(texts.flat_map(|text| lines(&text)).collect()),
        blocked: fetched.result.err(),
    }
}

impl Outcome {
    /// What can be seen of it at a server that is not ours, and adds headers of its own.
    fn seen_afar(mut self) -> Self {
        if let Some((_, names)) = &mut self.read {
            names.retain(|name| APPLICATION.contains(&name.as_str()));
        }
        Self { preflights: vec![], requests: 0, ..self }
    }
}

pub(crate) fn observe(case: &Case, seen: &Seen) -> Outcome {
    let read = match &seen.page {
        Some(Page::Read { status, names }) => Some((*status, sorted(names.clone()))),
        Some(Page::Failed | Page::TimedOut) | None => None,
    };
    let outcome = Outcome { preflights: seen.preflights.clone(), requests: seen.sent.len(), read };
    if case.mounted.is_some() { outcome.seen_afar() } else { outcome }
}

/// What is wrong with the console's `texts` on a case, if it behaved as predicted.
pub(crate) fn mishearing(
    case: &Case,
    engine: Engine,
    prediction: &Prediction,
    texts: &[String],
) -> Option<String> {
    let heard = sorted(texts.to_vec());
    let Some(blocked) = prediction.blocked.as_ref().filter(|blocked| blocked.leg != Leg::Script)
    else {
        return (heard != prediction.texts).then(|| format!("heard {heard:#?}"));
    };
    let value = blocked.value.as_deref().unwrap_or_default();
    if value.contains('\u{fffd}') {
        // Browsers print bytes that are no text in ways of their own.
        return None;
    }
    let joined = heard.join("\n");
    let Some(report) = read(&joined) else {
        return Some(format!("heard nothing that tells a reason: {heard:#?}"));
    };
    if report.engine != engine
        || !report.reasons.contains(&blocked.reason)
        || report.leg.is_some_and(|leg| leg != blocked.leg)
    {
        return Some(format!("read {report:#?}"));
    }
    let mut want = prediction.texts.clone();
    if let (Reason::HeaderNotAllowed, Some(told)) = (blocked.reason, report.value) {
        // Each browser names another one of several.
        if !case.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(told)) {
            return Some(format!("read {report:#?}"));
        }
        let spelled = case.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(value));
        let predicted = match engine {
            Engine::WebKit => spelled.map_or(value, |(name, _)| name),
            Engine::Chromium | Engine::Firefox => value,
        };
        for line in &mut want {
            *line = line.replacen(&format!("field {predicted} is"), &format!("field {told} is"), 1);
            *line = line.replacen(&format!("‘{predicted}’ is"), &format!("‘{told}’ is"), 1);
        }
    }
    (heard != want).then(|| format!("heard {heard:#?}\nnot {want:#?}"))
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(String::from).collect()
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.retain(|text| !text.is_empty());
    texts.sort_unstable();
    texts.dedup();
    texts
}
