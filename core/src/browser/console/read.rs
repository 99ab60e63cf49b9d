//! From what a browser printed back to the reason.

use super::{
    super::answer::allow_origin_fault,
    Engine, Leg, Reason,
    clues::{CLUES, Clue, DIFFERS, Value},
};

/// What a pasted console message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// Whose words they are.
    pub engine: Engine,
    /// The reason, or the reasons that this browser has the same words for, the likeliest first.
    pub reasons: &'static [Reason],
    /// What failed, if the words tell.
    pub leg: Option<Leg>,
    /// What the browser objects to, as [`Reason`] says, if the words tell. Of a malformed list
    /// Firefox tells the bad member only.
    pub value: Option<&'a str>,
    /// The status of the response, if the words tell.
    pub status: Option<u16>,
    /// The URL that was fetched.
    pub url: Option<&'a str>,
    /// Where the browser was first sent, if a redirect led to `url`.
    pub redirected_from: Option<&'a str>,
    /// The page's origin.
    pub origin: Option<&'a str>,
}

/// What a console message, or several pasted together, says about a blocked fetch; `None` if it is
/// no message of a browser about that. The most telling message counts.
#[must_use]
pub fn read(text: &str) -> Option<Report<'_>> {
    let clues = CLUES.iter().flat_map(|(engine, clues)| clues.iter().map(|clue| (*engine, clue)));
    let (engine, value, reasons) = clues.into_iter().find_map(|(engine, clue)| {
        let Clue(words, value, reasons) = clue;
        let (before, behind) = split(text, words)?;
        let value = match value {
            Value::Untold => None,
            Value::Until(end) => Some(split(behind, end)?.0),
            Value::Line => behind.lines().next(),
            Value::WordBefore => before.rsplit(char::is_whitespace).next(),
        };
        Some((engine, value, *reasons))
    })?;
    let reasons = match value {
        Some(value) if reasons == DIFFERS => match allow_origin_fault(value) {
            Reason::MultipleAllowOrigin => &[Reason::MultipleAllowOrigin],
            Reason::InvalidAllowOrigin => &[Reason::InvalidAllowOrigin],
            _ => &[Reason::AllowOriginMismatch],
        },
        _ => reasons,
    };
    let is_preflight = reasons.iter().all(|reason| PREFLIGHT.contains(reason))
        || split(text, "Response to preflight request").is_some();
    let between = |before, behind| split(split(text, before)?.1, behind).map(|(found, _)| found);
    let (url, origin) = match engine {
        Engine::Chromium => (
            between("Access to ", " from origin '").and_then(|what| {
                let (_, url) = split(what, " at '")?;
                Some(split(url, "'")?.0)
            }),
            between("from origin '", "'"),
        ),
        Engine::Firefox => (
            between("remote resource at ", ". (Reason")
                .or_else(|| between("remote resource at ", " soon. (Reason"))
                .map(|url| url.trim_matches(['‘', '’', '\''])),
            None,
        ),
        Engine::WebKit => (
            between("cannot load ", " due to access control checks"),
            between("Origin ", " is not allowed by Access-Control-Allow-Origin"),
        ),
    };
    Some(Report {
        engine,
        reasons,
        leg: match engine {
            _ if is_preflight => Some(Leg::Preflight),
            // The only one to say so of every preflight.
            Engine::Chromium => Some(Leg::Actual),
            Engine::Firefox | Engine::WebKit => None,
        },
        value,
        status: split(text, "Status code: ").and_then(|(_, code)| code.get(..3)?.parse().ok()),
        url,
        redirected_from: between("(redirected from '", "')"),
        origin,
    })
}

/// What stands before and behind the first `words`, whose quotes may be curly in `text`.
fn split<'a>(text: &'a str, words: &str) -> Option<(&'a str, &'a str)> {
    text.char_indices().find_map(|(at, _)| {
        let (before, behind) = text.split_at_checked(at)?;
        let mut behind = behind.chars();
        let is_here = words.chars().all(|c| behind.next().map(straight) == Some(c));
        is_here.then_some((before, behind.as_str()))
    })
}

fn straight(c: char) -> char {
    match c {
        '‘' | '’' => '\'',
        '“' | '”' => '"',
        _ => c,
    }
}

const PREFLIGHT: [Reason; 7] = [
    Reason::AuthorizationUnderStar,
    Reason::BadHeaderList,
    Reason::BadMethodList,
    Reason::HeaderNotAllowed,
    Reason::MethodNotAllowed,
    Reason::PreflightRedirect,
    Reason::PreflightStatus,
];
