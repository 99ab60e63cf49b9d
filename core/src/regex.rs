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

use crate::{
    config::Config,
    error::{Fault, Problem},
};

/// An expression, compiled to the end when the policy is built: a match walks a table, in linear
/// time and without a cache that would allocate or be locked.
#[derive(Debug)]
pub(crate) struct Regex(dense::DFA<Vec<u32>>);

impl Regex {
    pub(crate) fn parse(
        source: &str,
        config: &Config<'_>,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        if source.is_empty() {
            let fault = Fault::invalid("remove it: it matches no origin");
            problems.push(Problem::new(OPTION, "expression", source, fault));
            return None;
        }
        // Judged alone first: `a)|(b` must not escape the group that anchors it.
        match build(source).and_then(|_| build(&format!(r"(?:{source})\z"))) {
            Ok(dfa) => {
                let regex = Self(dfa);
                let open = config.allow_credentials
                    && !config.dangerously_allow_any_origin_with_credentials
                    && STRANGERS.iter().all(|stranger| regex.is_match(stranger.as_bytes()));
                if open {
                    let fault = Fault::prohibited(
                        "it matches any origin, and with allow_credentials any page could act as \
                         its visitor: name the hosts, or set \
                         dangerously_allow_any_origin_with_credentials",
                    );
                    problems.push(Problem::new(OPTION, "expression", source, fault));
                }
                Some(regex)
            }
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

fn build(source: &str) -> Result<dense::DFA<Vec<u32>>, String> {
    // Origins are ASCII, so there are no Unicode classes.
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    syntax::parse_with(source, &syntax).map_err(|error| {
        // The last line says what, those before it draw where.
        let text = error.to_string();
        let cause = text.lines().last().unwrap_or_default().trim();
        let cause = cause.strip_prefix("error: ").unwrap_or(cause);
        format!("{cause}: use the syntax of the regex crate, or an origin function")
    })?;
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Anchored)
                .dfa_size_limit(Some(SIZE))
                .determinize_size_limit(Some(SIZE)),
        )
        .thompson(thompson::Config::new().nfa_size_limit(Some(SIZE)))
        .syntax(syntax)
        .build(source)
        // What parses fails by its size alone.
        .map_err(|_| "it is too large: shorten it, or use an origin function".to_string())
}

/// Origins that nobody has, of shapes that have nothing in common but the scheme.
const STRANGERS: [&str; 2] = ["https://b7c4.invalid", "https://q.x9-f0.d2.example"];
/// Bytes of a compiled expression.
const SIZE: usize = 1 << 20;
const OPTION: &str = "allow_origin_regex";
