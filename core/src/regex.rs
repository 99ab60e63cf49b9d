//! `allow_origin_regex`: feature `regex`.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use regex_automata::{
    Anchored, Input,
    dfa::{Automaton, StartKind, dense},
    nfa::thompson,
    util::syntax,
};

use crate::error::{Fault, Problem};

/// An expression, compiled to the end when the policy is built: a match walks a table, in linear
/// time and without a cache that would allocate or be locked.
#[derive(Debug)]
pub(crate) struct Regex(dense::DFA<Vec<u32>>);

impl Regex {
    pub(crate) fn parse(source: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        if source.is_empty() {
            let fault = Fault::invalid("remove it: it matches no origin");
            problems.push(Problem::new(OPTION, "expression", source, fault));
            return None;
        }
        // Judged alone first: `a)|(b` must not escape the group that anchors it.
        match build(source).and_then(|_| build(&format!(r"(?:{source})\z"))) {
            Ok(dfa) => Some(Self(dfa)),
            Err(fix) => {
                problems.push(Problem::new(OPTION, "expression", source, Fault::invalid(fix)));
                None
            }
        }
    }

    /// Whether the expression matches the whole origin.
    pub(crate) fn is_match(&self, origin: &[u8]) -> bool {
        let input = Input::new(origin).anchored(Anchored::Yes);
        // A search fails at bytes for which the table has no answer: there are none.
        self.0.try_search_fwd(&input).is_ok_and(|found| found.is_some())
    }
}

/// Origins are ASCII, so there are no Unicode classes.
fn build(source: &str) -> Result<dense::DFA<Vec<u32>>, String> {
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Anchored)
                .dfa_size_limit(Some(SIZE))
                .determinize_size_limit(Some(SIZE)),
        )
        .thompson(thompson::Config::new().nfa_size_limit(Some(SIZE)))
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(source)
        .map_err(|error| {
            // The last line says what, those before it draw where.
            let text = core::error::Error::source(&error).map_or(error.to_string(), find_cause);
            let cause = text.lines().last().unwrap_or_default().trim();
            let cause = cause.strip_prefix("error: ").unwrap_or(cause);
            if error.is_size_limit_exceeded() || cause.contains("limit") {
                return "it is too large: shorten it, or use an origin function".to_string();
            }
            format!("{cause}: use the syntax of the regex crate, or an origin function")
        })
}

fn find_cause(error: &dyn core::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), find_cause)
}

/// Bytes of a compiled expression.
const SIZE: usize = 1 << 20;
const OPTION: &str = "allow_origin_regex";
