//! Text of others, fit for a terminal.

use std::fmt::{self, Write};

/// The most bytes of a value that are shown.
const SHOWN: usize = 1000;

/// Bytes of a server or a user on one line: cut, and nothing in it that a terminal would obey.
pub(crate) struct Line<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..SHOWN).unwrap_or(self.0);
        for chunk in shown.utf8_chunks() {
            for c in chunk.valid().chars() {
                // Marks of direction and the like are no control characters, and mislead as well.
                if c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric() || "‘’“”…".contains(c)
                {
                    f.write_char(c)?;
                } else {
                    write!(f, "{}", c.escape_unicode())?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        if shown.len() < self.0.len() { f.write_char('…') } else { Ok(()) }
    }
}

/// `NAME: VALUE` or `NAME`, which then has the value `1`.
pub(crate) fn header(written: &str) -> (&str, &str) {
    match written.split_once(':') {
        Some((name, value)) => (name.trim(), value.trim()),
        None => (written.trim(), "1"),
    }
}
