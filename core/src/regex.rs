//! `allow_origin_regex`: feature `regex`.

use alloc::{string::ToString, vec::Vec};

use regex::bytes::{Regex, RegexBuilder};

use crate::error::{Fault, Problem};

/// Linear time and bounded size; anchored at both ends by us, so that `example\.com` does not admit
/// `https://example.com.evil.io`. Origins are ASCII: no Unicode classes.
pub(crate) fn parse(source: &str, problems: &mut Vec<Problem>) -> Option<Regex> {
    let built = RegexBuilder::new(source)
        .unicode(false)
        .size_limit(SIZE)
        .build()
        // Judged alone first: `a)|(b` must not escape the group that anchors it.
        .and_then(|_| {
            RegexBuilder::new(&alloc::format!(r"\A(?:{source})\z"))
                .unicode(false)
                .size_limit(SIZE)
                .build()
        });
    match built {
        Ok(regex) => Some(regex),
        Err(error) => {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim();
            let fix = alloc::format!(
                "{}: use the syntax of the regex crate, or an origin function",
                reason.strip_prefix("error: ").unwrap_or(reason)
            );
            problems.push(Problem::new(OPTION, "expression", source, Fault::invalid(fix)));
            None
        }
    }
}

/// Bytes of a compiled expression.
const SIZE: usize = 1 << 20;
const OPTION: &str = "allow_origin_regex";
