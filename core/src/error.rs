//! What can be wrong with a configuration: every text about it that a user can read.
//!
//! Only configuration fails. A refused request is not an error but a [`Denial`](crate::Denial).

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt::{self, Write};

/// Every problem of a configuration, in the order of its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    /// At least one problem.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }
}

/// One problem a line.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, problem) in self.problems.iter().enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl core::error::Error for ConfigError {}

/// One thing that is wrong with an option, or useless in it, and how to mend it.
///
/// Displayed as ``allow_origins: invalid origin `https://a.example/` (remove the trailing `/`)``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    option: &'static str,
    reason: Reason,
    subject: &'static str,
    value: String,
    fix: Cow<'static, str>,
}

impl Problem {
    /// The option, as spelled in [`Config`](crate::Config).
    #[must_use]
    pub fn option(&self) -> &'static str {
        self.option
    }

    /// What its author wrote; empty when something is missing.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// In what way it is wrong.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &str {
        &self.fix
    }

    pub(crate) fn new(
        option: &'static str,
        subject: &'static str,
        value: impl Into<String>,
        Fault { reason, fix }: Fault,
    ) -> Self {
        Self { option, reason, subject, value: value.into(), fix }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.option, self.reason, self.subject)?;
        if self.reason != Reason::Missing {
            let end = (EXCERPT.saturating_sub(3)..=EXCERPT).rev();
            let cut = end.into_iter().find_map(|end| self.value.split_at_checked(end));
            match cut {
                Some((shown, behind)) if !behind.is_empty() => {
                    write!(f, " `{}…`", OneLine(shown))?;
                }
                _ => write!(f, " `{}`", OneLine(&self.value))?,
            }
        }
        write!(f, " ({})", OneLine(&self.fix))
    }
}

impl core::error::Error for Problem {}

/// The four ways in which a value can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing is stated where something must be.
    Missing,
    /// Not of the option's grammar, or nothing a browser could ever send.
    Invalid,
    /// Ruled out by the Fetch standard.
    Forbidden,
    /// Ruled out by us: dangerous, or without effect.
    Prohibited,
}

impl Reason {
    /// The word used in texts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Forbidden => "forbidden",
            Self::Prohibited => "prohibited",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reason and its remedy, found by a parser that does not know which option it serves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: Reason,
    pub(crate) fix: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn duplicate() -> Self {
        Self::prohibited("remove it: it is listed already")
    }

    pub(crate) fn redundant() -> Self {
        Self::prohibited("remove it: another entry covers it")
    }

    pub(crate) fn missing(fix: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Reason::Missing, fix: fix.into() }
    }

    pub(crate) fn invalid(fix: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Reason::Invalid, fix: fix.into() }
    }

    pub(crate) fn forbidden(fix: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Reason::Forbidden, fix: fix.into() }
    }

    pub(crate) fn prohibited(fix: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Reason::Prohibited, fix: fix.into() }
    }
}

/// Text of the configuration's author, on one line.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

/// Foreign bytes, fit to be shown: cut at 200 bytes, anything but printable ASCII escaped, so
/// that a request can forge neither a log line nor markup's quotes in one.
pub(crate) struct Excerpt<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl Excerpt<'_> {
    pub(crate) fn write(&self, to: &mut impl Write) -> fmt::Result {
        let shown = self.0.get(..EXCERPT).unwrap_or(self.0);
        let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'`' | b'\\');
        match core::str::from_utf8(shown) {
            Ok(text) if shown.iter().all(plain) => to.write_str(text)?,
            _ => {
                for chunk in shown.utf8_chunks() {
                    for c in chunk.valid().chars() {
                        match c {
                            '`' | '\\' => write!(to, "\\{c}")?,
                            ' '..='~' => to.write_char(c)?,
                            c => write!(to, "{}", c.escape_unicode())?,
                        }
                    }
                    for byte in chunk.invalid() {
                        write!(to, "\\x{byte:02x}")?;
                    }
                }
            }
        }
        if shown.len() < self.0.len() { to.write_str("…") } else { Ok(()) }
    }
}

const EXCERPT: usize = 200;
